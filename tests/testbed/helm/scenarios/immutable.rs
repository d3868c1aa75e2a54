//! Fields that can't be changed, and replacing instead of patching.
//!
//! A real upgrade could not have changed such a field either: in between somebody deletes the object, so that the upgrade
//! makes it anew.

use crate::helm::charts::{Template, Web, chart, claim, config, job, service, stateful, web};
use crate::helm::scene::{ALL, CLIENT, Scene};

/// A scenario in which the object is deleted between the revisions: `kubectl delete` and what follows it.
fn anew(number: u32, name: &'static str, deleted: &'static str, before: Template, after: Template) -> Scene {
    Scene::new(number, name, ALL)
        .install(chart([config("a", &[("value", "1")]), before]))
        .kubectl(deleted)
        .upgrade(chart([config("a", &[("value", "2")]), after]))
        .to(1)
}

const CLAIMS: &str = "serviceName: db\nvolumeClaimTemplates:\n- metadata:\n    name: data\n  spec:\n    accessModes: [ReadWriteOnce]\n    \
                      resources:\n      requests:\n        storage: 1Gi";
const MORE_CLAIMS: &str = "serviceName: db\nvolumeClaimTemplates:\n- metadata:\n    name: data\n  spec:\n    accessModes: [ReadWriteOnce]\n    \
                           resources:\n      requests:\n        storage: 2Gi";

fn jobs() -> Scene {
    anew(20, "a Job's template", "delete job work", job("work", "1"), job("work", "2"))
}

fn selectors() -> Scene {
    let other = Web { label: "other", ..Web::new("web", "1") };
    anew(
        22,
        "a Deployment's selector",
        "delete deployment web --cascade=foreground",
        web("web", "1"),
        other.template(),
    )
}

/// Returns them.
pub fn all() -> Vec<Scene> {
    let mut all = vec![
        jobs().fails().sends(2),
        anew(
            21,
            "a StatefulSet's claims",
            "delete statefulset db --cascade=foreground",
            stateful("db", "1", CLAIMS),
            stateful("db", "1", MORE_CLAIMS),
        )
        .fails()
        .sends(2),
        anew(
            21,
            "a StatefulSet's service",
            "delete statefulset db --cascade=foreground",
            stateful("db", "1", "serviceName: db"),
            stateful("db", "1", "serviceName: other"),
        )
        .fails()
        .sends(2),
        Scene::new(21, "a StatefulSet's image", ALL)
            .install(chart([stateful("db", "1", CLAIMS)]))
            .upgrade(chart([stateful("db", "2", CLAIMS)]))
            .to(1)
            .sends(1),
        selectors().fails().sends(2),
        anew(24, "a claim that shrinks", "delete pvc data", claim("data", "1Gi"), claim("data", "2Gi"))
            .fails()
            .sends(2),
    ];
    all.extend(services());
    all.extend(forced());
    all
}

fn services() -> Vec<Scene> {
    let of = |name, before, after| {
        Scene::new(23, name, ALL)
            .install(chart([service("web", before)]))
            .upgrade(chart([service("web", after)]))
            .to(1)
            .sends(1)
    };
    vec![
        of(
            "from LoadBalancer to ClusterIP",
            "type: ClusterIP\nports:\n- port: 80",
            "type: LoadBalancer\nports:\n- port: 80",
        ),
        of("from NodePort to no type", "ports:\n- port: 80", "type: NodePort\nports:\n- port: 80"),
        of(
            "from ClusterIP to NodePort",
            "type: NodePort\nports:\n- port: 80\n  name: a\n- port: 81\n  name: b",
            "type: ClusterIP\nports:\n- port: 80\n  name: a",
        ),
        of(
            "from ClusterIP to LoadBalancer",
            "type: LoadBalancer\nexternalTrafficPolicy: Local\nports:\n- port: 80",
            "type: ClusterIP\nports:\n- port: 80",
        ),
        anew(
            23,
            "a headless Service",
            "delete service web",
            service("web", "clusterIP: None\nports:\n- port: 80"),
            service("web", "ports:\n- port: 80"),
        )
        .fails()
        .sends(2),
        anew(
            23,
            "a Service that was headless",
            "delete service web",
            service("web", "ports:\n- port: 80"),
            service("web", "clusterIP: None\nports:\n- port: 80"),
        ),
    ]
}

fn forced() -> Vec<Scene> {
    let plain = |name| {
        Scene::new(25, name, CLIENT)
            .install(chart([web("web", "1"), config("a", &[("value", "1")])]))
            .upgrade(chart([web("web", "2"), config("a", &[("value", "2")])]))
            .to(1)
            .flags("--force")
    };
    let renamed =
        |scene: Scene, name| Scene { number: 25, name, flags: "--force", variants: CLIENT, ..scene };
    vec![
        plain("objects are replaced").sends(2),
        plain("objects are replaced over what somebody changed")
            .kubectl("set env deployment/web ADDED=x")
            .sends(2),
        renamed(jobs(), "a Job's template, replaced").fails(),
        renamed(selectors(), "a Deployment's selector, replaced").fails(),
        Scene::new(25, "a Service, replaced", CLIENT)
            .install(chart([service("web", "ports:\n- port: 80")]))
            .upgrade(chart([service("web", "ports:\n- port: 81")]))
            .to(1)
            .flags("--force"),
        Scene::new(25, "nothing has changed, replaced all the same", CLIENT)
            .install(chart([web("web", "1"), config("a", &[("value", "1")])]))
            .upgrade(chart([web("web", "1"), config("a", &[("value", "1")])]))
            .to(1)
            .flags("--force")
            .sends(2),
    ]
}
