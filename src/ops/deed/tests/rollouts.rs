use pretty_assertions::assert_eq;
use serde_json::json;

use super::super::rollout::{Rollout, status};
use super::*;

fn text(object: &Value) -> (&'static str, String) {
    match status(object) {
        Rollout::Done(text) => ("done", text.to_string()),
        Rollout::Waiting(text) => ("waiting", text.to_string()),
        Rollout::Failed(text) => ("failed", text.to_string()),
    }
}

fn waiting(object: &Value) -> String {
    let (state, text) = text(object);
    assert_eq!(state, "waiting", "{text}");
    text
}

#[test]
fn a_deployment_is_told_in_kubectls_words() {
    let with_status = |status: Value| with(deployment(), "/status", status);
    assert_eq!(text(&deployment()), ("done", "deployment \"backend\" successfully rolled out".to_owned()));
    assert_eq!(
        waiting(&with_status(json!({"observedGeneration": 2}))),
        "Waiting for deployment spec update to be observed..."
    );
    assert_eq!(
        waiting(&with_status(json!({"observedGeneration": 3, "replicas": 5, "updatedReplicas": 2}))),
        "Waiting for deployment \"backend\" rollout to finish: 2 out of 4 new replicas have been updated..."
    );
    assert_eq!(
        waiting(&with_status(json!({"observedGeneration": 3, "replicas": 5, "updatedReplicas": 4}))),
        "Waiting for deployment \"backend\" rollout to finish: 1 old replicas are pending termination..."
    );
    assert_eq!(
        waiting(&with_status(
            json!({"observedGeneration": 3, "replicas": 4, "updatedReplicas": 4, "availableReplicas": 3})
        )),
        "Waiting for deployment \"backend\" rollout to finish: 3 of 4 updated replicas are available..."
    );
    let late = json!({"observedGeneration": 3, "conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]});
    assert_eq!(
        text(&with_status(late.clone())),
        ("failed", "deployment \"backend\" exceeded its progress deadline".to_owned())
    );
    // What the controller has not seen yet cannot be late.
    assert!(waiting(&with_status(with(late, "/observedGeneration", json!(2)))).contains("observed"));
}

#[test]
fn a_daemonset_is_told_in_kubectls_words() {
    let set = |strategy: &str, status: Value| {
        json!({"kind": "DaemonSet", "metadata": {"name": "agent", "generation": 1},
            "spec": {"updateStrategy": {"type": strategy}}, "status": status})
    };
    let rolling = |status: Value| set("RollingUpdate", status);
    let counts = |updated: i64, available: i64| json!({"observedGeneration": 1, "desiredNumberScheduled": 3, "updatedNumberScheduled": updated, "numberAvailable": available});
    assert_eq!(waiting(&rolling(json!({}))), "Waiting for daemon set spec update to be observed...");
    assert_eq!(
        waiting(&rolling(counts(1, 3))),
        "Waiting for daemon set \"agent\" rollout to finish: 1 out of 3 new pods have been updated..."
    );
    assert_eq!(
        waiting(&rolling(counts(3, 2))),
        "Waiting for daemon set \"agent\" rollout to finish: 2 of 3 updated pods are available..."
    );
    assert_eq!(
        text(&rolling(counts(3, 3))),
        ("done", "daemon set \"agent\" successfully rolled out".to_owned())
    );
    assert_eq!(
        text(&set("OnDelete", counts(3, 3))),
        ("failed", "rollout status is only available for RollingUpdate strategy type".to_owned())
    );
}

#[test]
fn a_statefulset_is_told_in_kubectls_words() {
    let full = stateful_set();
    assert_eq!(
        text(&full),
        ("done", "partitioned roll out complete: 3 new pods have been updated...".to_owned())
    );
    assert_eq!(
        waiting(&with(full.clone(), "/status/observedGeneration", json!(0))),
        "Waiting for statefulset spec update to be observed..."
    );
    assert_eq!(
        waiting(&with(full.clone(), "/status/readyReplicas", json!(1))),
        "Waiting for 2 pods to be ready..."
    );
    let canary = with(full.clone(), "/spec/updateStrategy/rollingUpdate/partition", json!(1));
    assert_eq!(
        waiting(&with(canary, "/status/updatedReplicas", json!(1))),
        "Waiting for partitioned roll out to finish: 1 out of 2 new pods have been updated..."
    );
    let plain = with(full, "/spec/updateStrategy", json!({"type": "RollingUpdate"}));
    assert_eq!(
        text(&plain),
        ("done", "statefulset rolling update complete 3 pods at revision db-b...".to_owned())
    );
    let half =
        with(with(plain, "/status/updateRevision", json!("db-c")), "/status/updatedReplicas", json!(1));
    assert_eq!(
        waiting(&half),
        "waiting for statefulset rolling update to complete 1 pods at revision db-c..."
    );
}

#[test]
fn what_cannot_be_told_is_a_failure_not_a_panic() {
    assert_eq!(text(&json!({"kind": "Pod"})).0, "failed");
    assert_eq!(text(&json!(null)).0, "failed");
    let odd = with(deployment(), "/status/replicas", json!("many"));
    assert_eq!(text(&odd), ("failed", "the object cannot be read: status.replicas is no integer".to_owned()));
    let huge = with(deployment(), "/spec/replicas", json!(i64::MAX));
    assert!(waiting(&with(huge, "/status/updatedReplicas", json!(i64::MIN))).contains("9223372036854775807"));
    let sts = with(stateful_set(), "/status/readyReplicas", json!(i64::MIN));
    assert!(waiting(&sts).contains("pods to be ready"));
}
