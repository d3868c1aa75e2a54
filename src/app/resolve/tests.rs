//! Alerts' labels to the objects of a small shop.

use pretty_assertions::assert_eq;
use serde_json::json;

use super::*;
use crate::app::testing::{alert, meta, put, reference, shared};

const BORN: &str = "2026-11-20T09:00:00Z";

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
    let mut shared = shop();
    put(&mut shared, Resource::Pod, []);
    for (pod, owner) in [
        ("backend-7c5d9f8b6-x2xkl", "Deployment shop/backend"),
        ("backend-worker-5d8f7c6b9-4hd2v", "Deployment shop/backend-worker"),
        ("cart-5d8f7c6b9-4hd2v", "nothing"),
    ] {
        let (about, how, gone) = told(&shared, &[("namespace", "shop"), ("pod", pod)]);
        assert_eq!((about.as_str(), how.as_str(), gone), (owner, "label pod; the pod is gone", true));
    }
}

#[test]
fn a_named_workload_that_is_gone_is_told_as_gone_once_all_are_known() {
    let mut shared = shop();
    let cart = [("namespace", "shop"), ("deployment", "cart")];
    let of = |text: &str, how: &str, gone| (text.to_owned(), how.to_owned(), gone);
    assert_eq!(told(&shared, &cart), of("Deployment shop/cart", "label deployment=cart; it is gone", true));
    // StatefulSets are not on any list: nothing is known of them.
    let db = [("namespace", "shop"), ("statefulset", "db")];
    assert_eq!(told(&shared, &db), of("Namespace shop", "label namespace only", false));
    put(&mut shared, Resource::ReplicaSet, []);
    let set = [("namespace", "shop"), ("replicaset", "backend-worker-5d8f7c6b9")];
    let how = "label replicaset=backend-worker-5d8f7c6b9; it is gone";
    assert_eq!(told(&shared, &set), of("Deployment shop/backend-worker", how, true));
    // Another namespace than the one that is listed, and a list that has failed.
    let kind = shared.cluster.of_mut(Resource::Deployment);
    kind.scope = crate::app::effect::Scope::Namespace(crate::core::Name::lossy("other"));
    assert_eq!(told(&shared, &cart), of("Namespace shop", "label namespace only", false));
    let pod = [("namespace", "shop"), ("pod", "backend-5d8f7c6b9-4hd2v")];
    assert_eq!(
        told(&shared, &pod),
        of("Deployment shop/backend", "label pod; not all pods are known", false)
    );
}

#[test]
fn an_instance_is_a_node_or_else_the_one_running_pod_with_its_address() {
    let mut shared = shop();
    let pod = |name: &str, ip: &str, phase: &str, host_network: bool| {
        json!({"metadata": meta(name, BORN, Some(("ReplicaSet", "backend-5d8f7c6b9"))),
            "spec": {"hostNetwork": host_network},
            "status": {"phase": phase, "podIP": ip, "podIPs": [{"ip": ip}, {"ip": "fd00::7"}]}})
    };
    let set = json!({"metadata": meta("backend-5d8f7c6b9", BORN, Some(("Deployment", "backend")))});
    put(&mut shared, Resource::ReplicaSet, [set]);
    let mut node = json!({"metadata": {"name": "worker-3", "uid": "uid-worker-3"},
        "status": {"addresses": [{"type": "InternalIP", "address": "10.0.0.3"}]}});
    put(&mut shared, Resource::Node, [node.take()]);
    put(
        &mut shared,
        Resource::Pod,
        [
            pod("running", "10.1.4.7", "Running", false),
            pod("ended", "10.1.4.8", "Succeeded", false),
            pod("on-the-host", "10.0.0.3", "Running", true),
            pod("twin-a", "10.1.4.9", "Failed", false),
        ],
    );
    for (instance, owner) in [
        ("10.0.0.3:9100", "Node worker-3"),
        ("worker-3", "Node worker-3"),
        ("10.1.4.7:8080", "Deployment shop/backend"),
        ("10.1.4.8:8080", "nothing"),
        ("backend:8080", "nothing"),
    ] {
        assert_eq!(told(&shared, &[("instance", instance)]).0, owner, "{instance}");
    }
    assert_eq!(["[fd00::7]:80", "fd00::7", "a:1", "a"].map(host), ["fd00::7", "fd00::7", "a", "a"]);
}

#[test]
fn where_labels_name_nothing_the_expressions_matchers_do() {
    let mut shared = shop();
    let asks = |shared: &mut Shared, labels: &[(&str, &str)], asked: &[(&str, &str)]| {
        let alert = alert(labels);
        let asked = asked.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        shared.alerts.known.asked.insert(alert.fingerprint, asked);
        let found = resolve_alert(&alert, shared);
        (found.owner.map_or_else(|| "nothing".to_owned(), |o| o.to_string()), found.how.to_string())
    };
    let of = |owner: &str, how: &str| (owner.to_owned(), how.to_owned());
    let backend = [("namespace", "shop"), ("deployment", "backend")];
    assert_eq!(
        asks(&mut shared, &[("severity", "page")], &backend),
        of("Deployment shop/backend", "matcher deployment=backend (from its rule's expression)")
    );
    assert_eq!(
        asks(&mut shared, &[("severity", "page"), ("namespace", "")], &[("namespace", "shop")]),
        of("Namespace shop", "matcher namespace only (from its rule's expression)")
    );
    // The alert's own labels win.
    let worker = [("namespace", "shop"), ("deployment", "backend-worker")];
    assert_eq!(
        asks(&mut shared, &worker, &backend),
        of("Deployment shop/backend-worker", "label deployment=backend-worker")
    );
    assert_eq!(
        asks(&mut shared, &[("namespace", "shop")], &[("job", "nothing-like-it")]),
        of("Namespace shop", "label namespace only")
    );
    let (owner, how) =
        asks(&mut shared, &[("severity", "info")], &[("cluster", "stage"), backend[0], backend[1]]);
    assert_eq!((owner.as_str(), how.starts_with("label cluster=stage")), ("nothing", true));
}

#[test]
fn only_labels_that_an_object_is_found_by_are_taken_from_an_expression() {
    for name in ["namespace", "exported_pod", "deployment", "job", "instance", "cluster", "app"] {
        assert!(names_an_object(name), "{name}");
    }
    for name in ["code", "le", "exported_code", ""] {
        assert!(!names_an_object(name), "{name}");
    }
}
