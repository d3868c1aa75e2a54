//! A drain of a node with three pods.

use std::time::Duration;

use serde_json::{Value, json};

use super::scene::{Kill, Left, Phase, Scene};
use super::strike;
use crate::harness::Session;
use crate::stand::{apply, kubectl, wait_until};

const LIMIT: Duration = Duration::from_secs(60);
const PODS: usize = 3;
/// The node, and an eviction for each pod.
const WRITES: usize = 1 + PODS;

/// A node of its own with pods that nobody brings back, in a namespace of its own.
struct Node {
    name: String,
}

impl Node {
    fn join(lane: usize) -> Self {
        let name = format!("crash-node-{lane}");
        kubectl(["delete", "namespace,node", &name, "--ignore-not-found"]);
        apply(&json!({ "apiVersion": "v1", "kind": "List", "items": [
            { "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } },
            { "apiVersion": "v1", "kind": "Node", "metadata": { "name": name },
              "spec": { "taints": [{ "key": "crash", "effect": "NoSchedule" }] } } ] }));
        Self { name }
    }

    /// Lets it take pods, and puts those on it that are missing.
    fn fill(&self) {
        kubectl(["uncordon", &self.name]);
        // One that is still ending is made anew once it is gone.
        wait_until(LIMIT, "the node and its pods", || {
            for n in 1..=PODS {
                let name = format!("pod-{n}");
                if self.pod(&name).is_none() {
                    apply(&json!({ "apiVersion": "v1", "kind": "Pod",
                        "metadata": { "name": name, "namespace": self.name },
                        "spec": { "nodeName": self.name, "terminationGracePeriodSeconds": 0,
                            "containers": [{ "name": "app", "image": "registry.example/app:1" }] } }));
                }
            }
            let running = |n| {
                let pod = self.pod(&format!("pod-{n}")).unwrap_or_default();
                pod["status"]["phase"] == "Running" && pod["metadata"]["deletionTimestamp"].is_null()
            };
            ((1..=PODS).all(running) && self.is_ready()).then_some(())
        });
    }

    fn get(args: &[&str]) -> Option<Value> {
        let more = ["-o", "json", "--ignore-not-found"];
        serde_json::from_str(&kubectl(["get"].iter().chain(args).chain(&more))).ok()
    }

    fn pod(&self, name: &str) -> Option<Value> {
        Self::get(&["pod", name, "-n", &self.name])
    }

    fn node(&self) -> Value {
        Self::get(&["node", &self.name]).unwrap()
    }

    fn is_ready(&self) -> bool {
        let node = self.node();
        let ready = node["status"]["conditions"]
            .as_array()
            .is_some_and(|all| all.iter().any(|c| c["type"] == "Ready" && c["status"] == "True"));
        let noted = node["metadata"]["annotations"]["node.alpha.kubernetes.io/ttl"].is_string();
        ready && noted && node["spec"]["taints"].as_array().is_some_and(|t| t.len() == 1)
    }
}

fn begin(scene: &Scene, node: &str) -> Session {
    let session = scene.cockpit(node, "nodes");
    session.wait_for("worker-001").keys(&format!("/{node}\r")).wait_for("1 node of ");
    session.keys(":drain --force\r").wait_for("3 deleted").keys("\r").wait_for("enter drains");
    session.keys("\r");
    session
}

#[test]
fn a_drain_that_is_killed_at_any_write_is_explained() {
    let nodes: Vec<Node> = (0..super::AT_ONCE).map(Node::join).collect();
    strike(WRITES, |lane, blow| {
        let node = &nodes[lane];
        node.fill();
        let scene = Scene::new(blow);
        let session = begin(&scene, &node.name);
        let left = scene.strike(&node.name, session)?;
        let cordoned = node.node()["spec"]["unschedulable"] == true;
        let there = (1..=PODS).filter(|n| node.pod(&format!("pod-{n}")).is_some()).count();
        judge(&left, cordoned, there, blow.kill, blow.phase, blow.at)
            .map_err(|why| format!("{why}; cordoned: {cordoned}, {there} pods there, {:#?}", left.ended))
    });
    for node in &nodes {
        kubectl(["delete", "node", &node.name, "--wait=false"]);
        kubectl(["delete", "namespace", &node.name, "--wait=false"]);
    }
}

/// What is said fits what there is.
fn judge(
    left: &Left,
    cordoned: bool,
    there: usize,
    kill: Kill,
    phase: Phase,
    at: usize,
) -> Result<(), String> {
    let (word, text) = (left.ended.0.as_str(), left.ended.1.as_str());
    let got = left.passed.len();
    if cordoned != (got > 0) || there != PODS - got.saturating_sub(1) {
        return Err(format!("the cluster is not as the requests say: {:#?}", left.passed));
    }
    let lives = !matches!(kill, Kill::Both | Kill::Runner);
    let expected = at - usize::from(phase == Phase::Before);
    match kill {
        Kill::StopRunner => {}
        _ if lives && got != WRITES => return Err(format!("{got} writes: {:#?}", left.passed)),
        _ if !lives && got != expected => {
            return Err(format!("{got} writes, not {expected}: {:#?}", left.passed));
        }
        _ => {}
    }
    let all = there == 0 && cordoned;
    let fits = match word {
        "done" => all,
        "failed" => !all && !text.is_empty(),
        // What was on its way when its process was killed, or has just arrived; what was not begun is counted.
        "unknown" => !lives && (at == WRITES || text.contains(&format!("{} not reached", WRITES - at))),
        _ => false,
    };
    if fits { Ok(()) } else { Err(format!("`{word}: {text}` does not fit")) }
}
