use pretty_assertions::assert_eq;
use serde_json::json;

use super::*;
use Generation::{V3, V4};

/// The two ways of Helm, each as it is chosen.
const LEGACY: [(Generation, Wait); 3] = [(V3, Wait::None), (V3, Wait::Legacy), (V4, Wait::Legacy)];
const WATCHER: [(Generation, Wait); 2] = [(V4, Wait::None), (V4, Wait::Watcher)];

#[expect(clippy::needless_pass_by_value, reason = "a table reads better so")]
fn object(version: &str, kind: &str, status: Value) -> Value {
    json!({"apiVersion": version, "kind": kind, "metadata": {"name": "migrate", "namespace": "shop", "generation": 1},
        "spec": {"completions": 1, "parallelism": 1, "backoffLimit": 2}, "status": status})
}

fn ended(kind: &str, status: &str, reason: &str) -> Value {
    json!({"startTime": "2026-11-21T07:40:48Z", "failed": 3, "conditions": [
        {"type": "FailureTarget", "status": "True", "reason": reason},
        {"type": kind, "status": status, "reason": reason, "message": "Job has reached the specified backoff limit"}]})
}

fn running(text: &str) -> HookState {
    HookState::Running(text.to_owned())
}

fn failed(text: &str) -> HookState {
    HookState::Failed(text.to_owned())
}

#[test]
fn jobs_and_pods_are_watched_until_they_are_over_in_helm_3s_way() {
    let job = |status| object("batch/v1", "Job", status);
    let pod = |phase: &str| object("v1", "Pod", json!({ "phase": phase }));
    let rows = [
        (job(json!({})), running("0 of its pods run, 0 have failed, 0 have succeeded")),
        (
            job(json!({"active": 1, "failed": 1})),
            running("1 of its pods run, 1 have failed, 0 have succeeded"),
        ),
        (job(ended("Complete", "True", "CompletionsReached")), HookState::Ready),
        (job(ended("Complete", "False", "")), running("0 of its pods run, 3 have failed, 0 have succeeded")),
        (
            job(ended("Failed", "True", "BackoffLimitExceeded")),
            failed("job migrate failed: BackoffLimitExceeded"),
        ),
        (job(ended("Failed", "False", "")), running("0 of its pods run, 3 have failed, 0 have succeeded")),
        (pod("Pending"), running("it is pending")),
        (pod("Running"), running("it is running")),
        (pod("Unknown"), running("it is unknown")),
        (object("v1", "Pod", json!({})), running("it has not begun")),
        (pod("Succeeded"), HookState::Ready),
        (pod("Failed"), failed("pod migrate failed")),
        (object("v1", "ConfigMap", json!(null)), HookState::Ready),
        (object("apps/v1", "Deployment", json!({})), HookState::Ready),
        // The name alone chooses what is watched, and then the type does not fit.
        (
            object("batch.volcano.sh/v1alpha1", "Job", json!({})),
            failed("expected migrate to be a *batch.Job, got *unstructured.Unstructured"),
        ),
        (
            object("example.com/v1", "Pod", json!({})),
            failed("expected migrate to be a *v1.Pod, got *unstructured.Unstructured"),
        ),
    ];
    for (live, state) in rows {
        for (helm, wait) in LEGACY {
            assert_eq!(hook(&live, helm, wait), state, "{helm:?} {wait:?} {live}");
        }
    }
}

#[test]
fn jobs_and_pods_must_be_over_and_all_else_must_be_there_in_helm_4s_way() {
    let job = |status| object("batch/v1", "Job", status);
    let pod = |phase: &str| object("v1", "Pod", json!({ "phase": phase }));
    let not_ready = |kind: &str, state: &str, message: &str| {
        format!("resource {kind}/shop/migrate not ready. status: {state}, message: {message}")
    };
    let rows = [
        (job(json!({})), running(&not_ready("Job", "InProgress", "Job in progress"))),
        (
            job(json!({"active": 1, "startTime": "2026-11-21T07:40:48Z"})),
            running(&not_ready("Job", "InProgress", "Job in progress")),
        ),
        (job(ended("Complete", "True", "CompletionsReached")), HookState::Ready),
        (
            job(ended("Failed", "True", "BackoffLimitExceeded")),
            failed(&not_ready("Job", "Failed", "Job Failed. failed: 3/1")),
        ),
        (pod("Pending"), running(&not_ready("Pod", "InProgress", "Pod in progress"))),
        (pod("Running"), running(&not_ready("Pod", "InProgress", "Pod in progress"))),
        (pod("Succeeded"), HookState::Ready),
        (pod("Failed"), failed(&not_ready("Pod", "Failed", "pod migrate failed"))),
        (object("v1", "ConfigMap", json!(null)), HookState::Ready),
        (object("apps/v1", "Deployment", json!({"observedGeneration": 0})), HookState::Ready),
        (object("batch.volcano.sh/v1alpha1", "Job", json!({})), HookState::Ready),
        (object("example.com/v1", "Pod", json!({"phase": "Failed"})), HookState::Ready),
        // Conditions that cannot be read.
        (job(json!({"conditions": "none"})), running(&not_ready("Job", "Unknown", ""))),
    ];
    for (live, state) in rows {
        for (helm, wait) in WATCHER {
            assert_eq!(hook(&live, helm, wait), state, "{helm:?} {wait:?} {live}");
        }
    }
}

#[test]
fn a_hook_that_is_deleted_while_it_runs_has_run_for_helm_3_and_never_does_for_helm_4() {
    let id = ObjectId {
        gvk: Gvk::new("batch/v1", "Job"),
        namespace: "shop".to_owned(),
        name: "migrate".to_owned(),
    };
    for (helm, wait) in LEGACY {
        assert_eq!(missing(&id, true, helm, wait), HookState::Ready);
        assert_eq!(missing(&id, false, helm, wait), running("it is not there"));
    }
    let line = |state: &str, message: &str| {
        running(&format!("resource Job/shop/migrate not ready. status: {state}, message: {message}"))
    };
    for (helm, wait) in WATCHER {
        assert_eq!(missing(&id, true, helm, wait), line("NotFound", "Resource not found"));
        assert_eq!(missing(&id, false, helm, wait), line("Unknown", ""));
    }
}

#[test]
fn what_need_not_be_watched_is_not() {
    for (helm, wait) in LEGACY {
        let watched = |kind| is_watched(kind, helm, wait);
        assert_eq!((watched("Job"), watched("Pod"), watched("ConfigMap")), (true, true, false));
    }
    for (helm, wait) in WATCHER {
        assert!(is_watched("Job", helm, wait) && is_watched("ConfigMap", helm, wait));
    }
}

#[test]
fn the_watching_ends_with_helms_own_words() {
    let bad = failed("job migrate failed: BackoffLimitExceeded");
    let slow = running("line");
    for (states, timed_out, v3, v4_legacy, watcher) in [
        (vec![HookState::Ready], false, None, None, None),
        (vec![HookState::Ready], true, None, None, None),
        (vec![], false, None, None, None),
        (
            vec![bad.clone(), HookState::Ready],
            false,
            Some("1 error occurred:\n\t* job migrate failed: BackoffLimitExceeded\n\n"),
            Some("job migrate failed: BackoffLimitExceeded"),
            Some("job migrate failed: BackoffLimitExceeded"),
        ),
        (vec![slow.clone()], false, None, None, None),
        (
            vec![slow.clone()],
            true,
            Some("1 error occurred:\n\t* timed out waiting for the condition\n\n"),
            Some("timed out waiting for the condition"),
            Some("line\ncontext deadline exceeded"),
        ),
        (
            vec![bad, slow],
            true,
            Some(
                "2 errors occurred:\n\t* job migrate failed: BackoffLimitExceeded\n\t* timed out waiting for the condition\n\n",
            ),
            Some("job migrate failed: BackoffLimitExceeded\ntimed out waiting for the condition"),
            Some("job migrate failed: BackoffLimitExceeded\nline\ncontext deadline exceeded"),
        ),
    ] {
        let said = |helm, wait| error(&states, timed_out, helm, wait);
        assert_eq!(said(V3, Wait::None).as_deref(), v3, "{states:?}");
        assert_eq!(said(V3, Wait::Legacy).as_deref(), v3, "{states:?}");
        assert_eq!(said(V4, Wait::Legacy).as_deref(), v4_legacy, "{states:?}");
        assert_eq!(said(V4, Wait::None).as_deref(), watcher, "{states:?}");
        assert_eq!(said(V4, Wait::Watcher).as_deref(), watcher, "{states:?}");
    }
}

#[test]
fn whether_a_deletion_is_waited_for_is_the_strategys_to_say() {
    for (helm, wait, how) in [
        (V3, Wait::None, Deletion::Polled),
        (V3, Wait::Legacy, Deletion::Polled),
        (V4, Wait::Legacy, Deletion::Polled),
        (V4, Wait::Watcher, Deletion::Watched),
        (V4, Wait::None, Deletion::Not),
    ] {
        assert_eq!(deletion(helm, wait), how, "{helm:?} {wait:?}");
    }
    let live = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "migrate", "namespace": "shop",
        "deletionTimestamp": "2026-11-21T07:40:48Z", "finalizers": ["foregroundDeletion"]}});
    let left = [(id_of(&live, Gvk::of(&live)), kstatus::status(&live, &[], false, 0))];
    assert_eq!(deletion_error(&left, V3, Wait::None), "context deadline exceeded");
    assert_eq!(deletion_error(&left, V4, Wait::Legacy), "context deadline exceeded");
    assert_eq!(
        deletion_error(&left, V4, Wait::Watcher),
        "resource Job/shop/migrate still exists. status: Terminating, message: Resource scheduled for deletion\n\
         context deadline exceeded"
    );
}
