//! What others changed on live objects, and numbers of replicas.

use serde_json::json;

use crate::helm::charts::{Template, Web, chart, config, scaler, service, web};
use crate::helm::scene::{ALL, Scene};

fn container(container: &serde_json::Value) -> serde_json::Value {
    json!({ "spec": { "template": { "spec": { "containers": [container] } } } })
}

fn shop(version: &'static str) -> [Template; 2] {
    let web =
        Web { env: &[("A", "1"), ("B", "2")], meta: "labels:\n  tier: front", ..Web::new("web", version) };
    [web.template(), config("env", &[("MODE", "x"), ("LEVEL", "1")])]
}

/// Returns them.
pub fn all() -> Vec<Scene> {
    let upgraded = |name| Scene::new(27, name, ALL).install(chart(shop("1"))).upgrade(chart(shop("2"))).to(1);
    let mut all = vec![
        upgraded("an image by hand").conflicts()
            .kubectl("set image deployment/web web=shop/web:hotfix")
            .sends(1)
            .sampled(),
        upgraded("a variable changed by hand").conflicts().kubectl("set env deployment/web A=by-hand").sends(1),
        upgraded("a variable added by hand").kubectl("set env deployment/web ADDED=x").sends(1).sampled(),
        upgraded("a variable removed by hand").kubectl("set env deployment/web B-").sends(1),
        upgraded("a label added by hand").kubectl("label deployment web by=hand").sends(1),
        upgraded("a label changed by hand").conflicts().kubectl("label deployment web tier=back --overwrite").sends(1),
        upgraded("a label removed by hand").kubectl("label deployment web tier-").sends(1),
        upgraded("Helm's own label and annotations removed by hand")
            .kubectl("label deployment web app.kubernetes.io/managed-by-")
            .kubectl("annotate deployment web meta.helm.sh/release-name-")
            .sends(1),
        upgraded("a container added by hand")
            .edited(
                "apps/v1/deployments/web",
                "kubectl-edit",
                container(
                    &json!({ "name": "web", "image": "shop/web:2", "ports": [{ "containerPort": 80 }] }),
                ),
            )
            .sends(1),
        upgraded("keys of a ConfigMap changed, added and removed by hand").conflicts()
            .edited(
                "configmaps/env",
                "kubectl-edit",
                json!({ "data": { "MODE": "y", "LEVEL": null, "ADDED": "x" } }),
            )
            .sends(2),
        // As `kubectl rollout restart` does it, at one time for both.
        upgraded("rollout restart")
            .edited(
                "apps/v1/deployments/web",
                "kubectl-rollout",
                json!({ "spec": { "template": { "metadata": { "annotations": { "kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z" } } } } }),
            )
            .sends(1),
        upgraded("rollout undo").kubectl("rollout undo deployment/web"),
    ];
    let scaled = |name, from: &'static str, to: &'static str| {
        let of = |replicas, version| chart([Web { replicas, ..Web::new("web", version) }.template()]);
        Scene::new(28, name, ALL).install(of(from, "1")).upgrade(of(to, "2")).to(1)
    };
    all.extend([
        scaled("kubectl scale, the same number in both", "0", "0")
            .conflicts()
            .kubectl("scale deployment web --replicas=1")
            .sends(1)
            .sampled(),
        scaled("kubectl scale, no number in the target", "", "1")
            .kubectl("scale deployment web --replicas=2")
            .sends(1),
        scaled("kubectl scale, no number in either", "", "")
            .kubectl("scale deployment web --replicas=0")
            .sends(1)
            .sampled(),
        scaled("no number in the target, one in what is left", "", "2").sends(1),
        scaled("a number in the target, none in what is left", "2", "").sends(1),
        scaled("null in the target", "null", "2").sends(1),
        scaled("null in what is left", "0", "null").sends(1),
        Scene::new(28, "an autoscaler's target without a number", ALL)
            .install(chart([
                Web { replicas: "", ..Web::new("web", "1") }.template(),
                scaler("autoscaling/v2", "web", ""),
            ]))
            .upgrade(chart([
                Web { replicas: "", ..Web::new("web", "2") }.template(),
                scaler("autoscaling/v2", "web", ""),
            ]))
            .kubectl("scale deployment web --replicas=2")
            .to(1)
            .sends(1),
        Scene::new(28, "the paused rollout of somebody", ALL)
            .install(chart([web("web", "1"), service("web", "ports:\n- port: 80")]))
            .upgrade(chart([web("web", "2"), service("web", "ports:\n- port: 81")]))
            .kubectl("rollout pause deployment/web")
            .to(1)
            .sends(2),
    ]);
    all
}
