//! Waiting until everything is ready, and cleaning up where it fails.

use serde_json::json;

use crate::helm::charts::{Web, chart, claim, config, job, service, web};
use crate::helm::scene::{ALL, FOUR, Scene, THREE};

/// A release with a Deployment that becomes ready.
fn of(name: &'static str) -> Scene {
    let ready = |version| Web { replicas: "1", ..Web::new("web", version) }.template();
    Scene::new(48, name, ALL)
        .install(chart([config("a", &[("value", "1")]), ready("1")]))
        .upgrade(chart([config("a", &[("value", "2")]), ready("2")]))
        .to(1)
}

/// A release that goes back to what never becomes ready.
fn never(name: &'static str) -> Scene {
    Scene::new(48, name, ALL)
        .install(chart([config("a", &[("value", "1")]), claim("never", "1Gi")]))
        .upgrade(chart([config("a", &[("value", "2")]), claim("never", "1Gi")]))
        .to(1)
}

/// A release with a Job that does not begin.
fn jobs(name: &'static str) -> Scene {
    Scene::new(48, name, ALL)
        .install(chart([config("a", &[("value", "1")]), job("work", "1")]))
        .upgrade(chart([config("a", &[("value", "2")]), job("work", "1")]))
        .to(1)
}

/// Returns them.
pub fn all() -> Vec<Scene> {
    let paused = Web { replicas: "1", spec: "paused: true", ..Web::new("web", "1") };
    let balanced = |ports| service("web", ports);
    vec![
        of("until everything is ready").flags("--wait --timeout 60s").sends(2),
        of("for hooks alone").flags("--wait=hookOnly").only(FOUR),
        of("as Helm 3 does").flags("--wait=legacy --timeout 60s").only(FOUR),
        of("by watching").flags("--wait=watcher --timeout 60s").only(FOUR),
        never("in vain").flags("--wait --timeout 1s").fails().sends(1),
        never("in vain, as Helm 3 does").flags("--wait=legacy --timeout 1s").fails().only(FOUR),
        Scene::new(48, "a paused rollout counts as ready to Helm 3", THREE)
            .install(chart([paused.template()]))
            .upgrade(chart([Web { version: "2", ..paused }.template()]))
            .to(1)
            .flags("--wait --timeout 20s")
            .sends(1)
            .restless(),
        Scene::new(48, "a balancer without an address is not ready to Helm 3", THREE)
            .install(chart([balanced("type: LoadBalancer\nports:\n- port: 80")]))
            .upgrade(chart([balanced("type: LoadBalancer\nports:\n- port: 81")]))
            .to(1)
            .flags("--wait --timeout 1s")
            .fails()
            .sends(1),
        jobs("Jobs are not waited for").only(THREE).flags("--wait --timeout 20s"),
        // To kstatus one that does not begin is under way.
        jobs("a Job that does not begin").only(FOUR).flags("--wait --timeout 2s").fails(),
        jobs("Jobs are waited for in vain").flags("--wait --wait-for-jobs --timeout 2s").fails(),
        Scene::new(48, "pods are recreated", THREE)
            .install(chart([web("web", "1")]))
            .upgrade(chart([web("web", "2")]))
            .to(1)
            .flags("--recreate-pods"),
        Scene::new(49, "what was created is deleted when it fails", ALL)
            .install(chart([config("created", &[("value", "1")]), config("z", &[("value", "1")])]))
            .upgrade(chart([config("z", &[("value", "2")])]))
            .edited("configmaps/z", "kubectl-patch", json!({ "immutable": true }))
            .to(1)
            .flags("--cleanup-on-fail")
            .fails(),
        Scene::new(49, "what was created stays when it fails", ALL)
            .install(chart([config("created", &[("value", "1")]), config("z", &[("value", "1")])]))
            .upgrade(chart([config("z", &[("value", "2")])]))
            .edited("configmaps/z", "kubectl-patch", json!({ "immutable": true }))
            .to(1)
            .fails()
            .sends(2),
        Scene::new(49, "it goes well, and nothing is cleaned up", ALL)
            .install(chart([config("created", &[("value", "1")]), config("z", &[("value", "1")])]))
            .upgrade(chart([config("z", &[("value", "2")])]))
            .to(1)
            .flags("--cleanup-on-fail"),
    ]
}
