//! Deployments, ReplicaSets, StatefulSets, DaemonSets, and the pods that make them fail.

use pretty_assertions::assert_eq;

use super::*;

/// A Deployment of three that has rolled out.
fn deployment() -> Value {
    let spec =
        json!({"replicas": 3, "progressDeadlineSeconds": 600, "selector": {"matchLabels": {"app": "shop"}}});
    let conditions = json!([
        condition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability."),
        condition(
            "Progressing",
            "True",
            "NewReplicaSetAvailable",
            "ReplicaSet \"shop-5d\" has successfully progressed."
        )
    ]);
    let status = json!({"observedGeneration": 2, "replicas": 3, "updatedReplicas": 3, "readyReplicas": 3,
        "availableReplicas": 3, "conditions": conditions});
    object("apps/v1", "Deployment", spec, status)
}

#[test]
fn a_deployment_goes_through_its_counts_and_fails_at_its_deadline() {
    let changed = |changes: &[(&str, Value)]| with(deployment(), changes);
    let progressing = |status: &str, reason: &str| {
        json!([
            condition("Available", "True", "MinimumReplicasAvailable", ""),
            condition("Progressing", status, reason, "")
        ])
    };
    let available = json!([condition("Available", "True", "MinimumReplicasAvailable", "")]);
    check(&[
        (deployment(), is(Current, "Deployment is available. Replicas: 3")),
        (
            changed(&[("/metadata/generation", json!(3))]),
            is(InProgress, "Deployment generation is 3, but latest observed generation is 2"),
        ),
        (changed(&[("/status", json!({}))]), is(InProgress, "Replicas: 0/3")),
        (changed(&[("/status/replicas", json!(2))]), is(InProgress, "Replicas: 2/3")),
        (
            changed(&[("/status/replicas", json!(4)), ("/status/updatedReplicas", json!(1))]),
            is(InProgress, "Updated: 1/3"),
        ),
        (changed(&[("/status/replicas", json!(5))]), is(InProgress, "Pending termination: 2")),
        (changed(&[("/status/availableReplicas", json!(null))]), is(InProgress, "Available: 0/3")),
        (changed(&[("/status/readyReplicas", json!(2))]), is(InProgress, "Ready: 2/3")),
        (
            changed(&[("/status/conditions", progressing("True", "ReplicaSetUpdated"))]),
            is(InProgress, "ReplicaSet not Available"),
        ),
        (
            changed(&[("/status/conditions", progressing("Unknown", "NewReplicaSetAvailable"))]),
            is(InProgress, "ReplicaSet not Available"),
        ),
        (
            changed(&[(
                "/status/conditions",
                json!([
                    condition("Progressing", "True", "NewReplicaSetAvailable", ""),
                    condition("Available", "False", "MinimumReplicasUnavailable", "")
                ]),
            )]),
            is(InProgress, "Deployment not Available"),
        ),
        // A deadline that has passed counts before any number.
        (
            changed(&[
                ("/status/conditions", progressing("False", "ProgressDeadlineExceeded")),
                ("/status/replicas", json!(1)),
            ]),
            is(Failed, "Progress deadline exceeded"),
        ),
        // Without a deadline there is no such condition.
        (changed(&[("/status/conditions", available.clone())]), is(InProgress, "ReplicaSet not Available")),
        (
            changed(&[
                ("/status/conditions", available.clone()),
                ("/spec/progressDeadlineSeconds", json!(null)),
            ]),
            is(Current, "Deployment is available. Replicas: 3"),
        ),
        (
            changed(&[
                ("/status/conditions", available),
                ("/spec/progressDeadlineSeconds", json!(2_147_483_647)),
            ]),
            is(Current, "Deployment is available. Replicas: 3"),
        ),
        // One is what the controller takes where nothing is said.
        (
            changed(&[("/spec/replicas", json!(null)), ("/status/replicas", json!(0))]),
            is(InProgress, "Replicas: 0/1"),
        ),
        // Of the old group, where nobody looks for a selector.
        (
            changed(&[("/apiVersion", json!("extensions/v1beta1")), ("/spec/selector", json!(null))]),
            is(Current, "Deployment is available. Replicas: 3"),
        ),
        (changed(&[("/spec/selector", json!(null))]), is(Unknown, "")),
        (changed(&[("/spec/selector", json!("app=shop"))]), is(Unknown, "")),
    ]);
    assert_eq!(wants(&deployment()), None, "its pods tell nothing");
}

fn replica_set() -> Value {
    let spec = json!({"replicas": 2, "selector": {"matchLabels": {"app": "shop"}}});
    let status = json!({"observedGeneration": 2, "replicas": 2, "fullyLabeledReplicas": 2, "readyReplicas": 2,
        "availableReplicas": 2});
    object("apps/v1", "ReplicaSet", spec, status)
}

#[test]
fn a_replica_set_goes_through_its_counts() {
    let changed = |changes: &[(&str, Value)]| with(replica_set(), changes);
    let failure =
        |status: &str| json!([condition("ReplicaFailure", status, "FailedCreate", "quota exceeded")]);
    check(&[
        (replica_set(), is(Current, "ReplicaSet is available. Replicas: 2")),
        (
            changed(&[("/status/conditions", failure("True"))]),
            is(InProgress, "Replica Failure condition. Check Pods"),
        ),
        (
            changed(&[("/status/conditions", failure("False"))]),
            is(Current, "ReplicaSet is available. Replicas: 2"),
        ),
        (changed(&[("/status/fullyLabeledReplicas", json!(1))]), is(InProgress, "Labelled: 1/2")),
        (changed(&[("/status/availableReplicas", json!(null))]), is(InProgress, "Available: 0/2")),
        (changed(&[("/status/readyReplicas", json!(1))]), is(InProgress, "Ready: 1/2")),
        (changed(&[("/status/replicas", json!(3))]), is(InProgress, "Pending termination: 1")),
        (changed(&[("/spec/selector", json!(null))]), is(Unknown, "")),
        (
            changed(&[("/apiVersion", json!("extensions/v1beta1")), ("/spec/selector", json!(null))]),
            is(Current, "ReplicaSet is available. Replicas: 2"),
        ),
        // One, where nothing is said.
        (
            changed(&[("/spec/replicas", json!(null)), ("/status/fullyLabeledReplicas", json!(0))]),
            is(InProgress, "Labelled: 0/1"),
        ),
    ]);
}

/// A StatefulSet of two that has rolled out, with the partition that the server writes.
fn stateful_set() -> Value {
    let spec = json!({"replicas": 2, "selector": {"matchLabels": {"app": "shop"}},
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}});
    let status = json!({"observedGeneration": 2, "replicas": 2, "readyReplicas": 2, "availableReplicas": 2,
        "currentReplicas": 2, "updatedReplicas": 2, "currentRevision": "shop-5d", "updateRevision": "shop-5d",
        "collisionCount": 0});
    object("apps/v1", "StatefulSet", spec, status)
}

#[test]
fn a_stateful_set_goes_through_its_counts_its_partition_or_its_revisions() {
    let changed = |changes: &[(&str, Value)]| with(stateful_set(), changes);
    let whole = ("/spec/updateStrategy", json!({"type": "RollingUpdate"}));
    check(&[
        (stateful_set(), is(Current, "Partition rollout complete. updated: 2")),
        (
            changed(&[
                ("/spec/updateStrategy", json!({"type": "OnDelete"})),
                ("/status/readyReplicas", json!(0)),
            ]),
            is(Current, "StatefulSet is using the ondelete update strategy"),
        ),
        (changed(&[("/status/replicas", json!(1))]), is(InProgress, "Replicas: 1/2")),
        (changed(&[("/status/readyReplicas", json!(null))]), is(InProgress, "Ready: 0/2")),
        (changed(&[("/status/replicas", json!(5))]), is(InProgress, "Pending termination: 3")),
        (changed(&[("/status/updatedReplicas", json!(1))]), is(InProgress, "updated: 1/2")),
        (
            changed(&[
                ("/spec/updateStrategy/rollingUpdate/partition", json!(1)),
                ("/status/updatedReplicas", json!(1)),
            ]),
            is(Current, "Partition rollout complete. updated: 1"),
        ),
        (
            changed(std::slice::from_ref(&whole)),
            is(Current, "All replicas scheduled as expected. Replicas: 2"),
        ),
        (changed(&[whole.clone(), ("/status/currentReplicas", json!(1))]), is(InProgress, "current: 1/2")),
        (
            changed(&[whole.clone(), ("/status/updateRevision", json!("shop-7f"))]),
            is(InProgress, "Waiting for updated revision to match current"),
        ),
        (
            changed(&[("/spec/replicas", json!(null)), ("/status/replicas", json!(0))]),
            is(InProgress, "Replicas: 0/1"),
        ),
        (changed(&[("/spec/selector", json!(null))]), is(Unknown, "")),
    ]);
    let wanted = wants(&stateful_set()).unwrap();
    assert_eq!((wanted.resource, wanted.selector.as_str()), ("pods", "app=shop"));
    assert_eq!(wants(&replica_set()).map(|wanted| wanted.selector).as_deref(), Some("app=shop"));
    assert_eq!(wants(&with(stateful_set(), &[("/spec/selector", json!(null))])), None);
    assert_eq!(wants(&with(replica_set(), &[("/apiVersion", json!("extensions/v1beta1"))])), None);
}

#[test]
fn a_daemon_set_must_have_been_seen_by_its_controller() {
    let status = json!({"observedGeneration": 2, "desiredNumberScheduled": 3, "currentNumberScheduled": 3,
        "updatedNumberScheduled": 3, "numberAvailable": 3, "numberReady": 3, "numberMisscheduled": 0});
    let done = object("apps/v1", "DaemonSet", json!({"updateStrategy": {"type": "OnDelete"}}), status);
    let changed = |changes: &[(&str, Value)]| with(done.clone(), changes);
    check(&[
        (done.clone(), is(Current, "All replicas scheduled as expected. Replicas: 3")),
        (
            changed(&[("/metadata/generation", json!(null))]),
            is(InProgress, "DaemonSet metadata.generation not found"),
        ),
        (
            changed(&[("/status/observedGeneration", json!(null))]),
            is(InProgress, "DaemonSet status.observedGeneration not found"),
        ),
        (
            changed(&[("/status/desiredNumberScheduled", json!(null))]),
            is(InProgress, "Missing .status.desiredNumberScheduled"),
        ),
        (changed(&[("/status/currentNumberScheduled", json!(2))]), is(InProgress, "Current: 2/3")),
        (changed(&[("/status/updatedNumberScheduled", json!(null))]), is(InProgress, "Updated: 0/3")),
        (changed(&[("/status/numberAvailable", json!(1))]), is(InProgress, "Available: 1/3")),
        (changed(&[("/status/numberReady", json!(2))]), is(InProgress, "Ready: 2/3")),
        (
            changed(&[("/status/desiredNumberScheduled", json!(0))]),
            is(Current, "All replicas scheduled as expected. Replicas: 0"),
        ),
        (
            changed(&[("/apiVersion", json!("extensions/v1beta1")), ("/status/numberReady", json!(0))]),
            is(InProgress, "Ready: 0/3"),
        ),
    ]);
    assert_eq!(wants(&done), None, "its pods are not looked at");
}

/// A pod as lists have it: without kind.
#[expect(clippy::needless_pass_by_value, reason = "a table reads better so")]
fn pod(status: Value) -> Value {
    json!({"metadata": {"name": "shop-0", "namespace": "momo", "creationTimestamp": "2026-11-21T07:40:00Z"},
        "spec": {}, "status": status})
}

#[test]
fn pods_that_failed_fail_what_runs_them_while_it_is_on_its_way() {
    let looping = || {
        pod(json!({"phase": "Running", "containerStatuses": [
            {"name": "app", "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}))
    };
    let unscheduled = json!([condition("PodScheduled", "False", "Unschedulable", "0/3 nodes are available")]);
    let nowhere = pod(json!({"phase": "Pending", "conditions": unscheduled}));
    let leaving = with(looping(), &[("/metadata/deletionTimestamp", json!("2026-11-21T07:40:30Z"))]);
    let over = pod(json!({"phase": "Failed", "reason": "Evicted"}));
    let odd = pod(json!({"phase": "Running", "conditions": "none"}));
    let ready = pod(json!({"phase": "Running", "conditions": [condition("Ready", "True", "", "")]}));
    let slow = with(stateful_set(), &[("/status/readyReplicas", json!(0))]);
    let on_its_way = is(InProgress, "Ready: 0/2");
    for (pods, expected) in [
        (vec![], on_its_way.clone()),
        (vec![looping()], is(Failed, "1 pods have failed")),
        (vec![looping(), ready, looping()], is(Failed, "2 pods have failed")),
        // A node may still come; what leaves is not counted; what is over is as it should be.
        (vec![nowhere], on_its_way.clone()),
        (vec![leaving], on_its_way.clone()),
        (vec![over], on_its_way.clone()),
        (vec![odd], on_its_way),
    ] {
        assert_eq!(said_with(&slow, &pods), expected, "{pods:?}");
    }
    let few = with(replica_set(), &[("/status/readyReplicas", json!(0))]);
    assert_eq!(said_with(&few, &[looping()]), is(Failed, "1 pods have failed"));
    assert_eq!(
        said_with(&stateful_set(), &[looping()]),
        is(Current, "Partition rollout complete. updated: 2"),
        "what is as it should be is not looked into"
    );
    // Nobody else's pods are counted.
    let waits = with(deployment(), &[("/status/readyReplicas", json!(0))]);
    assert_eq!(said_with(&waits, &[looping()]), is(InProgress, "Ready: 0/3"));
}
