//! What the stand's cluster holds before anybody uses it: kwok's kinds and stages, nodes,
//! namespaces, rights, and the pods that stand for the monitoring servers.
//!
//! Owns these objects. Everything is applied, so that a second time changes nothing. Tested by
//! `cargo xtask testbed up` on the real servers.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::crds;
use super::error::{Error, On, Result};
use super::stand::Stand;

/// How many nodes there are, and how many pods each takes: 13,200 in all.
pub const NODES: u32 = 120;
/// Pods per node.
pub const PODS_PER_NODE: u32 = 110;

/// Applies what kwok needs before it starts: its kinds, stages and their settings.
pub fn prepare_kwok(stand: &Stand) -> Result<()> {
    crds::apply(stand, &["kwok"])?;
    stand.apply("the stages", &stages(stand)?)
}

/// Applies namespaces, rights, nodes and the monitoring pods.
pub fn fill_in(stand: &Stand) -> Result<()> {
    stand.apply("the namespaces", &stand.config("namespaces.yaml")?)?;
    stand.apply("the users' rights", &stand.config("users.yaml")?)?;
    stand.apply("the nodes", &nodes().to_string())?;
    stand.apply("the monitoring pods", &stand.config("monitoring.yaml")?)?;
    stand.apply("what the pods answer", &stand.config("pods-answer.yaml")?)
}

/// Waits until the nodes are ready and the monitoring pods run.
pub fn wait(stand: &Stand, patience: Duration) -> Result<()> {
    let end = Instant::now() + patience;
    loop {
        let why = match lacking(stand) {
            Ok(None) => return Ok(()),
            Ok(Some(why)) => why,
            Err(e) => e.to_string(),
        };
        if Instant::now() >= end {
            return Err(Error::new("the cluster", why).hint(super::proc::tail(&stand.run(), "kwok")));
        }
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// Tells what the cluster still lacks; `None` when it has its nodes and its monitoring pods.
pub fn lacking(stand: &Stand) -> Result<Option<String>> {
    let nodes = r#"jsonpath={range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}"#;
    let timeout = "--request-timeout=5s";
    let ready =
        stand.kubectl(&["get", "nodes", "-o", nodes, timeout])?.lines().filter(|l| *l == "True").count();
    if ready < NODES as usize {
        return Ok(Some(format!("{ready} of {NODES} nodes are ready")));
    }
    let pods =
        r#"jsonpath={range .items[*]}{.metadata.name}={.status.conditions[?(@.type=="Ready")].status} {end}"#;
    let text = stand.kubectl(&["get", "pods", "-n", "monitoring", "-o", pods, timeout])?;
    for name in ["prometheus-0", "loki-0", "alertmanager-0"] {
        if !text.contains(&format!("{name}=True ")) {
            return Ok(Some(format!("the pod monitoring/{name} is not ready")));
        }
    }
    Ok(None)
}

/// Returns all stages of `testbed/stages` as one text.
fn stages(stand: &Stand) -> Result<String> {
    let folder = stand.dirs.source("stages");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .on(folder.display())?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|path| has_extension(path, "yaml"))
        .collect();
    files.sort();
    let mut all = String::new();
    for file in &files {
        all.push_str("---\n");
        all.push_str(&fs::read_to_string(file).on(file.display())?);
    }
    Ok(all)
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|e| e == extension)
}

/// Returns the nodes as one list. Their sizes and states are set by the node stages.
fn nodes() -> Value {
    let items: Vec<Value> = (1..=NODES).map(node).collect();
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}

fn node(number: u32) -> Value {
    let name = format!("worker-{number:03}");
    let zone = ["zone-a", "zone-b", "zone-c"].get(number as usize % 3).copied().unwrap_or("zone-a");
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "node-role.kubernetes.io/worker": "",
                "node.kubernetes.io/instance-type": "standard-16",
                "topology.kubernetes.io/region": "testbed",
                "topology.kubernetes.io/zone": zone,
            },
        },
        "spec": {"podCIDR": format!("10.244.{number}.0/24"), "podCIDRs": [format!("10.244.{number}.0/24")]},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_12_000_pods() {
        const { assert!(NODES * PODS_PER_NODE >= 12_000) };
        assert_eq!(nodes().pointer("/items").and_then(Value::as_array).map(Vec::len), Some(NODES as usize));
    }

    #[test]
    fn the_stage_gives_nodes_the_size_that_this_module_counts_with() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testbed/stages/node.yaml");
        let text = fs::read_to_string(path).unwrap();
        assert_eq!(text.matches(&format!("pods: \"{PODS_PER_NODE}\"")).count(), 2);
    }
}
