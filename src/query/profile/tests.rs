use super::*;

fn target() -> Target {
    Target {
        namespace: "momo-store".into(),
        pod: Some("backend-7c5d-x2x".into()),
        container: Some("backend".into()),
        workload: Some((WorkloadKind::Deployment, "backend".into())),
        node: Some("worker-3".into()),
    }
}

fn chosen(labels: &[&str]) -> Mapping {
    candidates(labels).into_iter().next().unwrap_or_else(|| panic!("nothing for {labels:?}"))
}

#[test]
fn each_agents_labels_give_its_selector() {
    for (labels, profile, query) in [
        (
            &["namespace", "pod", "container", "node_name", "app", "job", "stream", "filename"][..],
            "promtail or alloy",
            r#"{namespace="momo-store", pod="backend-7c5d-x2x", container="backend"}"#,
        ),
        (
            &["namespace", "container", "job", "level", "service_name", "cluster"],
            "k8s-monitoring",
            r#"{namespace="momo-store", container="backend"} | pod="backend-7c5d-x2x""#,
        ),
        (
            &["k8s_namespace_name", "k8s_pod_name", "k8s_container_name", "service_name"],
            "otlp",
            r#"{k8s_namespace_name="momo-store", k8s_pod_name="backend-7c5d-x2x", k8s_container_name="backend"}"#,
        ),
        (
            &["k8s_namespace_name", "k8s_container_name", "service_name"],
            "otlp, pod as metadata",
            r#"{k8s_namespace_name="momo-store", k8s_container_name="backend"} | k8s_pod_name="backend-7c5d-x2x""#,
        ),
        (
            &["job", "namespace", "container", "node", "stream", "app", "release", "instance"],
            "fluent-bit chart",
            r#"{namespace="momo-store", instance="backend-7c5d-x2x", container="backend"}"#,
        ),
        (
            &["kubernetes_namespace_name", "kubernetes_pod_name", "kubernetes_container_name"],
            "vector or fluentd",
            r#"{kubernetes_namespace_name="momo-store", kubernetes_pod_name="backend-7c5d-x2x", kubernetes_container_name="backend"}"#,
        ),
    ] {
        let mapping = chosen(labels);
        let got = mapping.query(Scope::Container, &target()).map(|q| q.to_string());
        assert_eq!((mapping.profile, got.as_deref()), (profile, Some(query)));
    }
}

#[test]
fn labels_without_a_namespace_fit_no_profile() {
    assert_eq!(candidates(&["job", "level"]), []);
    assert_eq!(candidates::<&str>(&[]), []);
}

#[test]
fn the_ladder_widens_from_container_to_node() {
    let mapping = chosen(&["namespace", "pod", "container", "node_name"]);
    let query = |scope| mapping.query(scope, &target()).map(|q| q.to_string()).unwrap_or_default();
    assert_eq!(
        [query(Scope::Pod), query(Scope::Workload), query(Scope::Namespace), query(Scope::Node)],
        [
            r#"{namespace="momo-store", pod="backend-7c5d-x2x"}"#,
            r#"{namespace="momo-store", pod=~"backend-[a-z0-9]+-[a-z0-9]+"}"#,
            r#"{namespace="momo-store"}"#,
            r#"{node_name="worker-3"}"#,
        ]
    );
    let only_namespace = Target { namespace: "n".into(), ..Target::default() };
    assert_eq!(mapping.narrowest(&only_namespace), Some(Scope::Namespace));
    assert_eq!(mapping.narrowest(&Target::default()), None);
    assert_eq!(mapping.query(Scope::Container, &only_namespace), None);
}

#[test]
fn a_workloads_pods_are_told_from_its_namesakes() {
    for (kind, name, pod, is) in [
        (WorkloadKind::Deployment, "backend", "backend-7c5d6f-x2x9k", true),
        (WorkloadKind::Deployment, "backend", "backend-worker-7c5d6f-x2x9k", false),
        (WorkloadKind::StatefulSet, "db", "db-0", true),
        (WorkloadKind::StatefulSet, "db", "db-replica-0", false),
        (WorkloadKind::Direct, "node-exporter", "node-exporter-x2x9k", true),
        (WorkloadKind::Direct, "node", "node-exporter-x2x9k", false),
        (WorkloadKind::Other, "a.b", "a.b-anything-at-all", true),
        (WorkloadKind::Other, "a.b", "axb-anything", false),
    ] {
        let regex = regex::Regex::new(&format!("^(?:{})$", kind.pods(name))).unwrap();
        assert_eq!(regex.is_match(pod), is, "{kind:?} {name} {pod}");
    }
    let long = "a".repeat(60);
    let regex = regex::Regex::new(&format!("^(?:{})$", WorkloadKind::Deployment.pods(&long))).unwrap();
    assert!(regex.is_match(&format!("{}x2x9k", "a".repeat(58))));
}

#[test]
fn only_labels_that_identify_are_kept_of_a_stream() {
    let labels: Labels = [
        ("namespace", "a"),
        ("pod", "b"),
        ("level", "error"),
        ("filename", "/x"),
        ("stream", "stderr"),
        ("trace_id", "1"),
    ]
    .into_iter()
    .collect();
    assert_eq!(identity(&labels), [("namespace", "a"), ("pod", "b")].into_iter().collect());
}

#[test]
fn a_shared_loki_is_narrowed_to_this_cluster() {
    let values = ["prod-ru1", "prod-ru2", "ru1"];
    for (context, found) in [
        ("prod-ru2", Some("prod-ru2")),
        ("admin@prod-ru1", Some("prod-ru1")),
        ("arn:aws:eks:x:1:cluster/prod-ru2", Some("prod-ru2")),
        ("other", None),
        ("xprod-ru1", None),
    ] {
        assert_eq!(cluster_of(&values, context).as_deref(), found, "{context}");
    }
    assert_eq!(cluster_of(&["prod-ru1"], "prod-ru1"), None);
    let mut mapping = chosen(&["namespace", "pod"]);
    mapping.cluster = Some(("cluster".into(), "prod-ru1".into()));
    let query = mapping.query(Scope::Namespace, &target()).unwrap();
    assert_eq!(query.to_string(), r#"{cluster="prod-ru1", namespace="momo-store"}"#);
}

#[test]
fn the_pod_of_a_line_is_found_where_the_mapping_says() {
    let labels: Labels = [("namespace", "n"), ("container", "c")].into_iter().collect();
    let metadata: Labels = [("pod", "p")].into_iter().collect();
    let mapping = chosen(&["namespace", "container"]);
    assert_eq!(
        (mapping.pod_of(&labels, &metadata), mapping.container_of(&labels, &metadata)),
        (Some("p"), Some("c"))
    );
}
