//! Argo Rollouts' controller: a canary that waits, is aborted, and goes on.

use std::time::Duration;

use serde_json::{Value, json};

use super::{fresh, image, object};
use crate::stand::{kubectl, wait_until, xtask};

const STABLE: &str = "2.0.0";
const CANARY: &str = "2.1.0";

fn rollout(name: &str) -> Value {
    object("rollouts.argoproj.io", name, name)
}

fn named(name: &str, tag: &str) -> String {
    format!("registry.momo.example/shop/{name}:{tag}")
}

/// Returns image, wanted and available pods of each ReplicaSet that has any, by image.
pub fn sets(namespace: &str, name: &str) -> Vec<(String, u64, u64)> {
    let text = kubectl([
        "get",
        "replicasets",
        "-n",
        namespace,
        "-l",
        &format!("app.kubernetes.io/name={name}"),
        "-o",
        "json",
    ]);
    let list: Value = serde_json::from_str(&text).unwrap();
    let mut sets: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|set| {
            let available = set["status"]["availableReplicas"].as_u64().unwrap_or(0);
            (image(set).to_owned(), set["spec"]["replicas"].as_u64().unwrap(), available)
        })
        .filter(|(_, wanted, _)| *wanted > 0)
        .collect();
    sets.sort();
    sets
}

#[test]
fn a_canary_pauses_at_its_step() {
    let name = "paused";
    fresh(name);
    xtask(&["testbed", "argo", "rollout", name, "--tag", STABLE]);
    let first = rollout(name);
    assert_eq!(first["status"]["phase"], "Healthy");
    assert_eq!(sets(name, name), [(named(name, STABLE), 4, 4)]);

    xtask(&["testbed", "argo", "rollout", name, "--tag", CANARY]);
    let paused = rollout(name);
    let status = &paused["status"];
    assert_eq!((&status["phase"], &status["message"]), (&json!("Paused"), &json!("CanaryPauseStep")));
    // The second of its steps, which waits for somebody.
    assert_eq!(status["currentStepIndex"], 1);
    assert_eq!(paused["spec"]["strategy"]["canary"]["steps"][1], json!({"pause": {}}));
    assert_eq!(status["pauseConditions"][0]["reason"], "CanaryPauseStep");
    assert_eq!(status["controllerPause"], true);
    assert_eq!(status["stableRS"], first["status"]["stableRS"]);
    assert_ne!(status["currentPodHash"], status["stableRS"]);
    wait_until(Duration::from_secs(30), "a quarter of the pods to be the canary's", || {
        (sets(name, name) == [(named(name, STABLE), 3, 3), (named(name, CANARY), 1, 1)]).then_some(())
    });
}

#[test]
fn an_aborted_canary_gives_all_pods_back_and_keeps_its_template() {
    let name = "aborted";
    fresh(name);
    xtask(&["testbed", "argo", "rollout", name, "--tag", STABLE]);
    xtask(&["testbed", "argo", "rollout", name, "--tag", CANARY]);
    assert_eq!(rollout(name)["status"]["phase"], "Paused");

    let abort = r#"{"status":{"abort":true}}"#;
    let patch = ["patch", "rollouts.argoproj.io", name, "-n", name, "--subresource", "status"];
    kubectl(patch.into_iter().chain(["--type", "merge", "-p", abort]));
    wait_until(Duration::from_secs(60), "the stable pods to come back", || {
        (sets(name, name) == [(named(name, STABLE), 4, 4)]).then_some(())
    });
    let aborted = wait_until(Duration::from_secs(30), "the Rollout to be degraded", || {
        let now = rollout(name);
        (now["status"]["phase"] == "Degraded").then_some(now)
    });
    assert!(aborted["status"]["message"].as_str().unwrap().starts_with("RolloutAborted"), "{aborted}");
    assert_eq!(image(&aborted), named(name, CANARY));
}
