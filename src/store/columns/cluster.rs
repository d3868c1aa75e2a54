//! Nodes and namespaces.

use std::collections::BTreeSet;

use deckwatch_wire::core::{Namespace, Node, NodeCondition};

use super::cell::Cell;
use super::health::{Health, Level};
use super::{Tabled, age, name};
use crate::core::Resource;

const ROLE_PREFIX: &str = "node-role.kubernetes.io/";
const ROLE: &str = "kubernetes.io/role";
const UNKNOWN: &str = "<unknown>";
const NONE: &str = "<none>";

impl Tabled for Node {
    const RESOURCE: Resource = Resource::Node;

    fn cells(&self) -> Vec<Cell> {
        let info = &self.status.node_info;
        let kernel = if info.kernel_version.is_empty() { UNKNOWN } else { &info.kernel_version };
        let kernel = match info.architecture.as_str() {
            "" => kernel.to_owned(),
            architecture => format!("{kernel} ({architecture})"),
        };
        vec![
            name(&self.metadata),
            Cell::said(&node_status(self)),
            Cell::said_or(&roles(self), NONE),
            age(&self.metadata),
            Cell::said(&info.kubelet_version),
            address(self, "InternalIP"),
            address(self, "ExternalIP"),
            Cell::said_or(&info.os_image, UNKNOWN),
            Cell::said(&kernel),
            Cell::said_or(&info.container_runtime_version, UNKNOWN),
        ]
    }

    fn condition(&self) -> Health {
        let Some(ready) = condition(self, "Ready") else { return Health::new(Level::Unknown, "Unknown") };
        if ready.status != "True" {
            return Health::new(Level::Failing, "NotReady").because(&why(ready));
        }
        // Every other condition of a node is bad news when it is true, whoever made it.
        let problem = self.status.conditions.iter().find(|c| c.r#type != "Ready" && c.status == "True");
        match problem {
            Some(problem) => Health::said(Level::Warning, &problem.r#type).because(&why(problem)),
            None if self.spec.unschedulable => Health::new(Level::Warning, "SchedulingDisabled"),
            None => Health::new(Level::Ok, "Ready"),
        }
    }
}

fn why(condition: &NodeCondition) -> String {
    if condition.message.is_empty() { condition.reason.clone() } else { condition.message.clone() }
}

/// The last condition of a type: kubectl lets a later one replace an earlier one.
fn condition<'a>(node: &'a Node, kind: &str) -> Option<&'a NodeCondition> {
    node.status.conditions.iter().rev().find(|condition| condition.r#type == kind)
}

fn node_status(node: &Node) -> String {
    let word = match condition(node, "Ready") {
        Some(ready) if ready.status == "True" => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    if node.spec.unschedulable { format!("{word},SchedulingDisabled") } else { word.to_owned() }
}

fn roles(node: &Node) -> String {
    let role = |(key, value): (&String, &String)| match key.strip_prefix(ROLE_PREFIX) {
        Some(role) => Some(role.to_owned()),
        None => (key == ROLE).then(|| value.clone()),
    };
    let roles: BTreeSet<String> =
        node.metadata.labels.iter().filter_map(role).filter(|role| !role.is_empty()).collect();
    roles.into_iter().collect::<Vec<_>>().join(",")
}

fn address(node: &Node, kind: &str) -> Cell {
    let found = node.status.addresses.iter().find(|address| address.r#type == kind);
    found.map_or(Cell::said(NONE), |address| Cell::said(&address.address))
}

impl Tabled for Namespace {
    const RESOURCE: Resource = Resource::Namespace;

    fn cells(&self) -> Vec<Cell> {
        vec![name(&self.metadata), Cell::said(&self.status.phase), age(&self.metadata)]
    }

    fn condition(&self) -> Health {
        if self.status.phase != "Terminating" {
            return Health::said(Level::Ok, &self.status.phase);
        }
        let blocked: Vec<&str> = self
            .status
            .conditions
            .iter()
            .filter(|c| c.status == "True")
            .map(|c| c.message.as_str())
            .collect();
        Health::new(Level::Warning, "Terminating").because(&blocked.join("; "))
    }
}
