//! Replicas that an autoscaler sets.

use pretty_assertions::assert_eq;

use super::*;
use crate::plan::{Autoscaler, Gvk, ObjectId, Warning};

const SCALERS: &str = "/apis/autoscaling/v2/namespaces/momo-store/horizontalpodautoscalers/backend";

/// A stand whose Deployment an autoscaler has brought from 3 pods to 20. `None`: the manifest names no number.
fn scaled(target: Option<u8>, current: Option<u8>, more: &[(&'static str, Value)]) -> Stand {
    let manifest = |image: &str, replicas: Option<u8>| {
        let text = deployment("backend", image, replicas.unwrap_or_default());
        if replicas.is_some() { text } else { text.replace("  replicas: 0\n", "") }
    };
    let revision = |version, status, manifest: &str| {
        let mut revision = Revision::new(version, status, manifest);
        revision.v4 = !more.is_empty();
        revision.extra = more.to_vec();
        revision
    };
    let mut stand = Stand::new(&[
        revision(6, "superseded", &manifest("shop:1042", target)),
        revision(7, "deployed", &manifest("shop:1043", current)),
    ]);
    stand.drift(BACKEND, |object| object["spec"]["replicas"] = json!(20));
    let target = ObjectId {
        gvk: Gvk::new("apps/v1", "Deployment"),
        namespace: "momo-store".to_owned(),
        name: "backend".to_owned(),
    };
    let id = ObjectId { gvk: Gvk::new("autoscaling/v2", "HorizontalPodAutoscaler"), ..target.clone() };
    stand.autoscalers = vec![Autoscaler { id, target }];
    stand
}

fn replicas(stand: &Stand) -> Value {
    stand.api.objects[BACKEND]["spec"]["replicas"].clone()
}

fn image(stand: &Stand) -> Value {
    stand.api.objects[BACKEND]["spec"]["template"]["spec"]["containers"][0]["image"].clone()
}

#[test]
fn they_stay_whatever_the_manifests_say() {
    for (target, current) in [(Some(3), Some(3)), (Some(3), None), (None, Some(3)), (None, None)] {
        let mut stand = scaled(target, current, &[]);
        let plan = stand.plan(6);
        let is_set = target.is_some() || current.is_some();
        let manifest = target.map_or("no number".to_owned(), |number| number.to_string());
        let kept = Warning::ReplicasKept {
            live: "20".to_owned(),
            manifest,
            by: "HorizontalPodAutoscaler backend".to_owned(),
        };
        let expected = if is_set { vec![kept] } else { vec![] };
        assert_eq!(plan.objects[0].warnings, expected, "{target:?} {current:?}");
        assert_eq!(run(&mut stand, 6).outcome, Outcome::Done { notes: vec![] });
        assert_eq!(
            (replicas(&stand), image(&stand)),
            (json!(20), json!("shop:1042")),
            "{target:?} {current:?}"
        );
    }
}

#[test]
fn with_the_autoscaler_they_go_back_too_and_it_is_told() {
    const SCALER: &str = "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: backend}\nspec: {}\n";
    for (policy, becomes) in [("", 3), ("keep", 20)] {
        let mut stand = scaled(Some(3), Some(3), &[]);
        let current = [deployment("backend", "shop:1043", 3), SCALER.to_owned()].concat();
        let mut of_both = Stand::new(&[
            Revision::new(6, "superseded", &deployment("backend", "shop:1042", 3)),
            Revision::new(7, "deployed", &current),
        ]);
        of_both.autoscalers = std::mem::take(&mut stand.autoscalers);
        of_both.drift(BACKEND, |object| object["spec"]["replicas"] = json!(20));
        of_both.drift(SCALERS, |object| {
            object["metadata"]["annotations"]["helm.sh/resource-policy"] = json!(policy);
        });
        let plan = of_both.plan(6);
        let backend = plan.objects.iter().find(|object| object.id.gvk.kind == "Deployment").unwrap();
        let taken = |warning: &Warning| matches!(warning, Warning::ReplicasTaken { .. });
        assert_eq!(backend.warnings.iter().any(taken), becomes == 3, "{:?}", backend.warnings);
        run(&mut of_both, 6);
        assert_eq!(replicas(&of_both), json!(becomes), "{policy}");
    }
}

#[test]
fn as_helm_does_it_they_are_set_and_it_is_told() {
    let mut stand = scaled(Some(3), Some(3), &[]);
    stand.options.strict = true;
    let plan = stand.plan(6);
    let taken = |warning: &Warning| matches!(warning, Warning::ReplicasTaken { live, .. } if live == "20");
    assert!(plan.objects[0].warnings.iter().any(taken), "{:?}", plan.objects[0].warnings);
    run(&mut stand, 6);
    assert_eq!(replicas(&stand), json!(3));
}

#[test]
fn what_the_autoscaler_does_after_the_plan_counts() {
    let mut stand = scaled(Some(3), Some(3), &[]);
    let mut engine = engine(&stand, 6);
    stand.drift(BACKEND, |object| object["spec"]["replicas"] = json!(25));
    drive(&mut engine, &mut stand.api, |_, _, _| {});
    assert_eq!((replicas(&stand), image(&stand)), (json!(25), json!("shop:1042")));
}

#[test]
fn the_server_is_given_the_live_number_to_apply() {
    for target in [Some(3), None] {
        let mut stand = scaled(target, Some(3), &[("apply_method", json!("ssa"))]);
        stand.api.own(BACKEND, "helm", "Apply");
        let mut engine = engine(&stand, 6);
        stand.drift(BACKEND, |object| object["spec"]["replicas"] = json!(25));
        let run = drive(&mut engine, &mut stand.api, |_, _, _| {});
        assert_eq!(run.outcome, Outcome::Done { notes: vec![] });
        assert_eq!((replicas(&stand), image(&stand)), (json!(25), json!("shop:1042")), "{target:?}");
    }
}

#[test]
fn what_is_replaced_keeps_them_too_and_what_is_created_has_the_manifests() {
    let mut stand = scaled(Some(3), Some(3), &[]);
    stand.options.force_replace = true;
    run(&mut stand, 6);
    assert_eq!(replicas(&stand), json!(20));
    let mut stand = scaled(Some(3), Some(3), &[]);
    stand.api.objects.remove(BACKEND);
    run(&mut stand, 6);
    assert_eq!(replicas(&stand), json!(3));
}
