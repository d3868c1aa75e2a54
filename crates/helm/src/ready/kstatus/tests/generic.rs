//! What all kinds have in common, and kinds that kstatus does not know.

use pretty_assertions::assert_eq;

use super::*;

fn custom(status: Value) -> Value {
    object("example.com/v1", "Widget", json!({}), status)
}

fn says(conditions: &Value) -> Value {
    custom(json!({"observedGeneration": 2, "conditions": conditions}))
}

#[test]
fn deletion_comes_first_then_the_generation_then_the_standard_conditions() {
    let deleted = json!("2026-11-21T07:40:30Z");
    let reconciling = condition("Reconciling", "True", "Progressing", "building artifact");
    let stalled = condition("Stalled", "True", "BuildFailed", "no such path");
    let behind = "Widget generation is 2, but latest observed generation is 1";
    check(&[
        (
            with(custom(json!({"observedGeneration": 1})), &[("/metadata/deletionTimestamp", deleted)]),
            is(Terminating, "Resource scheduled for deletion"),
        ),
        (
            with(custom(json!({"observedGeneration": 2})), &[("/metadata/deletionTimestamp", json!(""))]),
            is(Current, "Resource is current"),
        ),
        (custom(json!({"observedGeneration": 1, "conditions": [stalled]})), is(InProgress, behind)),
        // Ahead is as much another one as behind.
        (
            custom(json!({"observedGeneration": 3})),
            is(InProgress, "Widget generation is 2, but latest observed generation is 3"),
        ),
        // Where either says nothing there is nothing to compare.
        (
            with(custom(json!({"observedGeneration": 1})), &[("/metadata/generation", json!(null))]),
            is(Current, "Resource is current"),
        ),
        (custom(json!({"conditions": []})), is(Current, "Resource is current")),
        (says(&json!([reconciling])), is(InProgress, "building artifact")),
        (says(&json!([stalled])), is(Failed, "no such path")),
        // The first of them counts.
        (says(&json!([reconciling, stalled])), is(InProgress, "building artifact")),
        (says(&json!([stalled, reconciling])), is(Failed, "no such path")),
        (
            says(&json!([condition("Reconciling", "False", "Succeeded", "done")])),
            is(Current, "Resource is current"),
        ),
        (
            says(&json!([condition("Stalled", "False", "Succeeded", "done")])),
            is(Current, "Resource is current"),
        ),
        // They go before the rules of a kind.
        (
            object(
                "v1",
                "PersistentVolumeClaim",
                json!({}),
                json!({"phase": "Pending", "conditions": [stalled]}),
            ),
            is(Failed, "no such path"),
        ),
    ]);
}

#[test]
fn other_kinds_are_ready_by_their_condition_or_when_they_have_none() {
    check(&[
        (custom(json!(null)), is(Current, "Resource is current")),
        (with(custom(json!({})), &[("/status", json!(null))]), is(Current, "Resource is current")),
        (
            says(&json!([condition("Ready", "True", "Issued", "up to date")])),
            is(Current, "Resource is Ready"),
        ),
        (
            says(&json!([condition("Ready", "False", "DoesNotExist", "issuing certificate")])),
            is(InProgress, "issuing certificate"),
        ),
        (
            says(&json!([condition("Ready", "Unknown", "Pending", "no word yet")])),
            is(InProgress, "no word yet"),
        ),
        (says(&json!([{"type": "Ready", "status": "False"}])), is(InProgress, "")),
        (says(&json!([condition("Ready", "Perhaps", "", "")])), is(Current, "Resource is current")),
        (
            says(&json!([condition("Ready", "Perhaps", "", ""), condition("Ready", "False", "", "second")])),
            is(InProgress, "second"),
        ),
        (says(&json!([condition("Synced", "False", "", "")])), is(Current, "Resource is current")),
        // Another group's kind of a known name is another kind.
        (
            object(
                "serving.knative.dev/v1",
                "Service",
                json!({"type": "LoadBalancer"}),
                json!({"observedGeneration": 2,
                "conditions": [condition("Ready", "False", "RevisionMissing", "no revision yet")]}),
            ),
            is(InProgress, "no revision yet"),
        ),
        (
            object("v1", "Namespace", json!({}), json!({"phase": "Active"})),
            is(Current, "Resource is current"),
        ),
        // Nodes, the one of Kubernetes' own with this condition beside pods.
        (
            object(
                "v1",
                "Node",
                json!({}),
                json!({"conditions": [condition("Ready", "True", "KubeletReady", "")]}),
            ),
            is(Current, "Resource is Ready"),
        ),
    ]);
}

#[test]
fn what_cannot_be_read_is_unknown_without_a_message() {
    let unknown = is(Unknown, "");
    let rows: Vec<Value> = vec![
        with(custom(json!({})), &[("/metadata/deletionTimestamp", json!(7))]),
        with(custom(json!({})), &[("/metadata/generation", json!("2"))]),
        // Some controllers write numbers as texts.
        custom(json!({"observedGeneration": "2"})),
        custom(json!({"observedGeneration": 2.5})),
        custom(json!("all is well")),
        custom(json!({"conditions": "none"})),
        custom(json!({"conditions": {"Ready": "True"}})),
        custom(json!({"conditions": ["Ready"]})),
        custom(json!({"conditions": [{"type": "Ready", "status": true}]})),
        custom(json!({"conditions": [{"type": "Ready", "status": "True", "message": 7}]})),
    ];
    for live in rows {
        assert_eq!(said(&live), unknown, "{live}");
    }
    // Nulls are nothing.
    let nulls = custom(json!({"conditions": [null, {"type": "Ready", "status": "True", "message": null}]}));
    assert_eq!(said(&nulls), is(Current, "Resource is Ready"));
    assert_eq!(said(&custom(json!({"conditions": null}))), is(Current, "Resource is current"));
}

#[test]
fn what_helm_says_of_an_object_names_its_kind_its_namespace_and_itself() {
    let id = |namespace: &str| ObjectId {
        gvk: Gvk::new("apps/v1", "Deployment"),
        namespace: namespace.to_owned(),
        name: "backend".to_owned(),
    };
    assert_eq!(
        not_ready(&id("shop"), &Status::in_progress("Ready: 0/1")),
        "resource Deployment/shop/backend not ready. status: InProgress, message: Ready: 0/1"
    );
    assert_eq!(
        not_ready(&id(""), &Status::unknown()),
        "resource Deployment//backend not ready. status: Unknown, message: "
    );
    assert_eq!(
        still_exists(&id("shop"), &Status::not_found()),
        "resource Deployment/shop/backend still exists. status: NotFound, message: Resource not found"
    );
    let settled = |state| Status::new(state, "").is_settled();
    assert_eq!([Current, Failed].map(settled), [true, true]);
    assert_eq!([InProgress, Terminating, NotFound, Unknown].map(settled), [false; 4]);
}
