//! Nodes, Services, configuration and events in tables.

use serde_json::{Value, json};

use super::{AGE, Column, NAME, created, pairs, since};
use crate::cluster::json::{at, int, list, name, text};
use crate::life::Nanos;

const fn shown(name: &'static str) -> Column {
    (name, "string", "", 0)
}

const fn wide(name: &'static str) -> Column {
    (name, "string", "", 1)
}

/// Columns of Nodes.
pub const NODE: [Column; 10] = [
    NAME,
    shown("Status"),
    shown("Roles"),
    AGE,
    shown("Version"),
    wide("Internal-IP"),
    wide("External-IP"),
    wide("OS-Image"),
    wide("Kernel-Version"),
    wide("Container-Runtime"),
];
/// Columns of Services.
pub const SERVICE: [Column; 7] =
    [NAME, shown("Type"), shown("Cluster-IP"), shown("External-IP"), shown("Port(s)"), AGE, wide("Selector")];
/// Columns of EndpointSlices.
pub const SLICE: [Column; 5] = [NAME, shown("AddressType"), shown("Ports"), shown("Endpoints"), AGE];
/// Columns of Namespaces.
pub const NAMESPACE: [Column; 3] = [NAME, shown("Status"), AGE];
/// Columns of ConfigMaps.
pub const CONFIG_MAP: [Column; 3] = [NAME, ("Data", "string", "", 0), AGE];
/// Columns of Secrets.
pub const SECRET: [Column; 4] = [NAME, shown("Type"), ("Data", "string", "", 0), AGE];
/// Columns of ServiceAccounts.
pub const ACCOUNT: [Column; 3] = [NAME, shown("Secrets"), AGE];
/// Columns of Events.
pub const EVENT: [Column; 10] = [
    ("Last Seen", "string", "", 0),
    shown("Type"),
    shown("Reason"),
    shown("Object"),
    wide("Subobject"),
    wide("Source"),
    shown("Message"),
    wide("First Seen"),
    wide("Count"),
    ("Name", "string", "name", 1),
];

/// Returns the cells of a Node.
pub fn node(n: &Value, now: Nanos) -> Vec<Value> {
    let ready = list(n, &["status", "conditions"]).iter().find(|c| text(c, &["type"]) == "Ready");
    let mut status = match ready.map(|c| text(c, &["status"])) {
        Some("True") => "Ready",
        Some("False") => "NotReady",
        _ => "Unknown",
    }
    .to_owned();
    if at(n, &["spec", "unschedulable"]) == &Value::Bool(true) {
        status.push_str(",SchedulingDisabled");
    }
    let mut roles: Vec<&str> = at(n, &["metadata", "labels"])
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(k, _)| k.strip_prefix("node-role.kubernetes.io/"))
        .collect();
    roles.sort_unstable();
    let roles = if roles.is_empty() { "<none>".to_owned() } else { roles.join(",") };
    let address = |kind: &str| {
        let found = list(n, &["status", "addresses"]).iter().find(|a| text(a, &["type"]) == kind);
        json!(found.map_or("<none>", |a| text(a, &["address"])))
    };
    let info = |field: &str| json!(text(n, &["status", "nodeInfo", field]));
    vec![
        json!(name(n)),
        json!(status),
        json!(roles),
        created(n, now),
        info("kubeletVersion"),
        address("InternalIP"),
        address("ExternalIP"),
        info("osImage"),
        info("kernelVersion"),
        info("containerRuntimeVersion"),
    ]
}

/// Returns the cells of a Service.
pub fn service(s: &Value, now: Nanos) -> Vec<Value> {
    let kind = text(s, &["spec", "type"]);
    let or_none = |text: &str| if text.is_empty() { "<none>".to_owned() } else { text.to_owned() };
    let external = match kind {
        "ExternalName" => or_none(text(s, &["spec", "externalName"])),
        "LoadBalancer" => {
            let all: Vec<&str> = list(s, &["status", "loadBalancer", "ingress"])
                .iter()
                .map(|i| if text(i, &["ip"]).is_empty() { text(i, &["hostname"]) } else { text(i, &["ip"]) })
                .collect();
            if all.is_empty() { "<pending>".to_owned() } else { all.join(",") }
        }
        _ => {
            let all: Vec<&str> = list(s, &["spec", "externalIPs"]).iter().filter_map(Value::as_str).collect();
            or_none(&all.join(","))
        }
    };
    let ports: Vec<String> = list(s, &["spec", "ports"])
        .iter()
        .map(|p| {
            let (port, node, protocol) = (int(p, &["port"]), int(p, &["nodePort"]), text(p, &["protocol"]));
            if node > 0 { format!("{port}:{node}/{protocol}") } else { format!("{port}/{protocol}") }
        })
        .collect();
    let selector = at(s, &["spec", "selector"]).as_object().filter(|m| !m.is_empty());
    vec![
        json!(name(s)),
        json!(kind),
        json!(or_none(text(s, &["spec", "clusterIP"]))),
        json!(external),
        json!(or_none(&ports.join(","))),
        created(s, now),
        json!(selector.map_or_else(|| "<none>".to_owned(), pairs)),
    ]
}

/// Joins at most three texts, counting the rest.
fn first_three(all: &[String]) -> String {
    match all.len() {
        0 => "<unset>".to_owned(),
        n if n > 3 => format!("{} + {} more...", all.get(..3).unwrap_or_default().join(","), n - 3),
        _ => all.join(","),
    }
}

/// Returns the cells of an EndpointSlice.
pub fn slice(s: &Value, now: Nanos) -> Vec<Value> {
    let ports: Vec<String> = list(s, &["ports"]).iter().map(|p| int(p, &["port"]).to_string()).collect();
    let ends: Vec<String> = list(s, &["endpoints"])
        .iter()
        .flat_map(|e| list(e, &["addresses"]))
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    vec![
        json!(name(s)),
        json!(text(s, &["addressType"])),
        json!(first_three(&ports)),
        json!(first_three(&ends)),
        created(s, now),
    ]
}

/// Returns the cells of a Namespace.
pub fn namespace(n: &Value, now: Nanos) -> Vec<Value> {
    vec![json!(name(n)), json!(text(n, &["status", "phase"])), created(n, now)]
}

fn count(object: &Value, field: &str) -> usize {
    at(object, &[field]).as_object().map_or(0, serde_json::Map::len)
}

/// Returns the cells of a ConfigMap.
pub fn config_map(c: &Value, now: Nanos) -> Vec<Value> {
    vec![json!(name(c)), json!(count(c, "data") + count(c, "binaryData")), created(c, now)]
}

/// Returns the cells of a Secret.
pub fn secret(s: &Value, now: Nanos) -> Vec<Value> {
    vec![json!(name(s)), json!(text(s, &["type"])), json!(count(s, "data")), created(s, now)]
}

/// Returns the cells of a ServiceAccount.
pub fn account(a: &Value, now: Nanos) -> Vec<Value> {
    vec![json!(name(a)), json!(list(a, &["secrets"]).len()), created(a, now)]
}

/// Returns the cells of an Event, in either of its faces.
pub fn event(e: &Value, now: Nanos) -> Vec<Value> {
    let either = |old: &'static str, new: &'static str| if e.get(old).is_some() { old } else { new };
    let (first, last) = (
        either("firstTimestamp", "deprecatedFirstTimestamp"),
        either("lastTimestamp", "deprecatedLastTimestamp"),
    );
    let about = at(e, &[either("involvedObject", "regarding")]);
    let source = at(e, &[either("source", "deprecatedSource")]);
    let (component, host) = (text(source, &["component"]), text(source, &["host"]));
    let source = if host.is_empty() { component.to_owned() } else { format!("{component}, {host}") };
    let about_name = format!("{}/{}", text(about, &["kind"]).to_ascii_lowercase(), text(about, &["name"]));
    vec![
        json!(since(e, &[last], now)),
        json!(text(e, &["type"])),
        json!(text(e, &["reason"])),
        json!(about_name),
        json!(text(about, &["fieldPath"])),
        json!(source),
        json!(text(e, &[either("message", "note")]).trim()),
        json!(since(e, &[first], now)),
        json!(int(e, &[either("count", "deprecatedCount")]).max(1)),
        json!(name(e)),
    ]
}
