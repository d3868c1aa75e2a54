//! Alerts' labels to the objects of a small shop.

use pretty_assertions::assert_eq;
use serde_json::json;

use super::*;
use crate::app::testing::{NOW, meta, put, reference, shared};
use crate::store::alerts::State;

const BORN: &str = "2026-11-20T09:00:00Z";

fn alert(labels: &[(&str, &str)]) -> Alert {
    let labels: Labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Alert {
        fingerprint: labels.fingerprint(),
        labels,
        annotations: Labels::default(),
        state: State::Firing,
        starts_at: Some(NOW),
        active_at: None,
        ends_at: None,
        updated_at: None,
        value: None,
        generator_url: Untrusted::default(),
        receivers: Vec::new(),
        silenced_by: Vec::new(),
        inhibited_by: Vec::new(),
        muted_by: Vec::new(),
        told_by: Vec::new(),
        rule: None,
    }
}

fn shop() -> Shared {
    let mut shared = shared();
    let workload = |name: &str| json!({"metadata": meta(name, BORN, None)});
    put(&mut shared, Resource::Deployment, ["backend", "backend-worker"].map(workload));
    shared
}

fn told(shared: &Shared, labels: &[(&str, &str)]) -> (String, String, bool) {
    let found = resolve_alert(&alert(labels), shared);
    (found.owner.map_or_else(|| "nothing".to_owned(), |o| o.to_string()), found.how.to_string(), found.gone)
}

#[test]
fn an_alert_of_another_cluster_is_not_resolved_to_a_namesake_here() {
    let mut shared = shop();
    let of = |shared: &Shared, cluster: &str| {
        let alert = alert(&[("namespace", "shop"), ("deployment", "backend"), ("cluster", cluster)]);
        let found = resolve_alert(&alert, shared);
        (found.owner.is_some(), found.object.is_some(), found.elsewhere.map(|c| c.to_string()))
    };
    assert_eq!(of(&shared, "prod"), (true, true, None));
    assert_eq!(of(&shared, ""), (true, true, None));
    for other in ["stage", "prod-eu", "pro", "PROD"] {
        assert_eq!(of(&shared, other), (false, false, Some(other.to_owned())));
    }
    let (_, how, _) = told(&shared, &[("cluster", "stage")]);
    assert_eq!(how, "label cluster=stage (`clusters` in config.toml says which are this context's)");
    // The kubeconfig's entry names it, or the configuration does.
    for name in ["stage", "gke_acme_europe-west1_stage", "arn:aws:eks:eu-west-1:1:cluster/stage", "ann@stage"]
    {
        shared.names = vec![name.to_owned()];
        assert_eq!(of(&shared, "stage"), (true, true, None), "{name}");
        assert_eq!(of(&shared, "prod-eu").2.as_deref(), Some("prod-eu"), "{name}");
    }
    // What a person has bound stays bound.
    let foreign = alert(&[("cluster", "prod-eu")]);
    shared.bound.insert(foreign.fingerprint, reference(Resource::Deployment, "backend"));
    let found = resolve_alert(&foreign, &shared);
    assert_eq!((found.elsewhere, found.owner.is_some()), (None, true));
}

#[test]
fn a_pod_that_is_gone_is_told_by_the_longest_name() {
    let shared = shop();
    for (pod, owner) in [
        ("backend-7c5d9f8b6-x2xkl", "Deployment shop/backend"),
        ("backend-worker-5d8f7c6b9-4hd2v", "Deployment shop/backend-worker"),
        ("cart-5d8f7c6b9-4hd2v", "nothing"),
    ] {
        let (about, how, gone) = told(&shared, &[("namespace", "shop"), ("pod", pod)]);
        assert_eq!((about.as_str(), how.as_str(), gone), (owner, "label pod; the pod is gone", true));
    }
}
