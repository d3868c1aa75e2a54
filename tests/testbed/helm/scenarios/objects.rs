//! What becomes of objects: changed, added, removed, kept, elsewhere.

use serde_json::json;

use crate::helm::charts::{Template, Web, any, chart, cluster_role, config, scaler, secret, service, web};
use crate::helm::scene::{ALL, Scene};

const KEPT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kept\n  annotations:\n    helm.sh/resource-policy: keep\ndata:\n  a: \"1\"\n";

fn a(value: &'static str) -> Template {
    config("a", &[("value", value)])
}

/// Returns them.
pub fn all() -> Vec<Scene> {
    let around = |version| {
        [config("env", &[("MODE", "x")]), service("web", "ports:\n- port: 80"), web("web", version)]
    };
    vec![
        Scene::new(1, "an image is changed", ALL)
            .install(chart(around("1")))
            .upgrade(chart(around("2")))
            .to(1)
            .sends(1)
            .sampled(),
        Scene::new(1, "an image is changed, with pods", ALL)
            .install(chart([Web { replicas: "1", ..Web::new("web", "1") }.template()]))
            .upgrade(chart([Web { replicas: "1", ..Web::new("web", "2") }.template()]))
            .to(1)
            .sends(1)
            .goes_on(),
        Scene::new(2, "nothing is to be done", ALL)
            .install(chart(around("1")))
            .upgrade(chart(around("1")))
            .to(1)
            .sends(0),
        Scene::new(3, "objects that were added are deleted", ALL)
            .install(chart([a("1"), web("web", "1")]))
            .upgrade(chart([
                a("2"),
                config("b", &[("value", "b")]),
                secret("b", &[("value", "b")]),
                service("web", "ports:\n- port: 80"),
                web("web", "1"),
                web("more", "1"),
            ]))
            .to(1)
            .sends(5)
            .goes_on()
            .sampled(),
        Scene::new(4, "objects that were removed are created again", ALL)
            .install(chart([a("1"), secret("b", &[("value", "b")]), service("web", "ports:\n- port: 80"), web("web", "1")]))
            .upgrade(chart([a("2")]))
            .to(1)
            .sends(4)
            .sampled(),
        Scene::new(4, "an object that somebody deleted is created again", ALL)
            .install(chart([a("1"), web("web", "1")]))
            .upgrade(chart([a("2"), web("web", "2")]))
            .kubectl("delete deployment web --cascade=foreground")
            .to(1)
            .sends(2),
        Scene::new(3, "an object that would be deleted is gone", ALL)
            .install(chart([a("1")]))
            .upgrade(chart([a("1"), config("b", &[("value", "b")])]))
            .kubectl("delete configmap b")
            .to(1)
            .sends(0),
        Scene::new(26, "the old manifest says keep", ALL)
            .install(chart([a("1")]))
            .upgrade(chart([a("1"), any("kept", KEPT)]))
            .to(1)
            .sends(0)
            .sampled(),
        Scene::new(26, "the live object alone says keep", ALL)
            .install(chart([a("1")]))
            .upgrade(chart([a("1"), config("kept", &[("a", "1")])]))
            .kubectl("annotate configmap kept helm.sh/resource-policy=keep")
            .to(1)
            .sends(0),
        Scene::new(26, "the live object does not say keep any more", ALL)
            .install(chart([a("1")]))
            .upgrade(chart([a("1"), any("kept", KEPT)]))
            .kubectl("annotate configmap kept helm.sh/resource-policy-")
            .to(1)
            .sends(1),
        Scene::new(26, "what was kept is added again", ALL)
            .install(chart([a("1")]))
            .upgrade(chart([a("1"), any("kept", KEPT)]))
            .rolled_back(1)
            .edited("configmaps/kept", "kubectl-edit", json!({ "data": { "a": "2", "b": "x" } }))
            .to(2)
            .conflicts()
            .sends(1)
            .sampled(),
        Scene::new(37, "an object in another namespace", ALL)
            .beside(&["-beside"])
            .install(chart([a("1"), elsewhere("1")]))
            .upgrade(chart([a("2"), elsewhere("2")]))
            .to(1)
            .sends(2),
        Scene::new(37, "an object leaves another namespace", ALL)
            .beside(&["-beside"])
            .install(chart([a("1")]))
            .upgrade(chart([a("1"), elsewhere("2")]))
            .to(1)
            .sends(1),
        Scene::new(37, "cluster-scoped objects", ALL)
            .cluster(&[CLUSTER_ROLE, ADDED_ROLE, REMOVED_ROLE])
            .install(chart([
                cluster_role("parity-changed", "[get]"),
                cluster_role("parity-removed", "[get]"),
                a("1"),
            ]))
            .upgrade(chart([
                cluster_role("parity-changed", "[get, list]"),
                cluster_role("parity-added", "[get]"),
                a("1"),
            ]))
            .to(1)
            .sends(3)
            .sampled(),
        Scene::new(37, "a kind in another version", ALL)
            .install(chart([web("web", "1"), scaler("autoscaling/v1", "web", "targetCPUUtilizationPercentage: 50")]))
            .upgrade(chart([
                web("web", "1"),
                scaler(
                    "autoscaling/v2",
                    "web",
                    "metrics:\n- type: Resource\n  resource:\n    name: cpu\n    target:\n      type: Utilization\n      averageUtilization: 70",
                ),
            ]))
            .to(1)
            .sends(1),
    ]
}

const CLUSTER_ROLE: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles/parity-changed";
const ADDED_ROLE: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles/parity-added";
const REMOVED_ROLE: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles/parity-removed";

fn elsewhere(value: &str) -> Template {
    any(
        "elsewhere",
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: elsewhere\n  namespace: {{{{ .Release.Namespace }}}}-beside\ndata:\n  value: {value:?}\n"
        ),
    )
}
