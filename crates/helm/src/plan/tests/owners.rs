//! Objects that somebody else owns, and owners that are held back.

use pretty_assertions::assert_eq;

use super::*;

#[test]
fn objects_that_somebody_else_owns_are_refused_whoever_says_so() {
    let owned = |change: serde_json::Value| {
        let mut stand = two(&config_map("env", "1"), &config_map("env", "2"));
        stand.drift(ENV, |object| crate::merge::merge_apply(object, &json!({"metadata": change})));
        stand.plan(6).refusals.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let (there, flux) = ("change it there", "change it in git, or suspend that first");
    let cases = [
        (
            json!({"labels": {"helm.toolkit.fluxcd.io/name": "momo", "helm.toolkit.fluxcd.io/namespace": "flux"}}),
            ("Flux HelmRelease `flux/momo`", flux),
        ),
        (
            json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}),
            ("Flux Kustomization `apps`", there),
        ),
        (
            json!({"annotations": {"argocd.argoproj.io/tracking-id": "shop:/ConfigMap:momo-store/env"}}),
            ("Argo CD Application `shop`", there),
        ),
        (
            json!({"managedFields": [{"manager": "helm-controller", "operation": "Apply"}]}),
            ("a Flux HelmRelease", flux),
        ),
        (
            json!({"ownerReferences": [{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "r"}]}),
            ("Argo Rollout `r`", there),
        ),
    ];
    for (change, (owner, advice)) in cases {
        assert_eq!(owned(change), vec![format!("ConfigMap momo-store/env is owned by {owner}: {advice}")]);
    }
    // Every chart sets the instance label, and a controller that only writes the status owns nothing.
    assert_eq!(owned(json!({"labels": {"app.kubernetes.io/instance": "shop"}})), Vec::<String>::new());
    assert_eq!(
        owned(json!({"managedFields": [{"manager": "argocd-controller", "subresource": "status"}]})),
        Vec::<String>::new()
    );
}

#[test]
fn what_flux_has_written_is_written_under_its_name_while_it_is_held_back() {
    let owner = |name: &str| Owner { kind: OwnerKind::FluxHelmRelease, name: name.to_owned() };
    let plan = |held: Vec<Owner>| {
        let mut stand = two(&config_map("env", "1"), &config_map("env", "2"));
        let labels =
            json!({"helm.toolkit.fluxcd.io/name": "momo", "helm.toolkit.fluxcd.io/namespace": "flux"});
        let change =
            json!({"metadata": {"labels": labels, "managedFields": [{"manager": "helm-controller"}]}});
        stand.drift(ENV, |object| crate::merge::merge_apply(object, &change));
        stand.held = held;
        stand.plan(6)
    };
    let held = plan(vec![owner("flux/momo")]);
    assert_eq!((held.refusals, held.field_manager), (vec![], "helm-controller"));
    // Another one that is held back says nothing of this one.
    let other = plan(vec![owner("flux/other")]);
    assert_eq!(other.refusals.len(), 1);
    let free = plan(Vec::new());
    assert_eq!((free.refusals.len(), free.field_manager), (1, "helm"));
}

#[test]
fn an_owner_of_which_only_the_hand_is_seen_is_any_of_its_kind() {
    let owner = |kind, name: &str| Owner { kind, name: name.to_owned() };
    let held = owner(OwnerKind::FluxHelmRelease, "flux/momo");
    assert!(held.is(&owner(OwnerKind::FluxHelmRelease, "")));
    assert!(held.is(&held));
    assert!(!held.is(&owner(OwnerKind::FluxHelmRelease, "momo")));
    assert!(!held.is(&owner(OwnerKind::ArgoCd, "")));
}
