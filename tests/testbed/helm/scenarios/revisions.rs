//! Which revision it goes to, what came before, and how many records stay.

use crate::helm::charts::{Chart, Template, Web, chart, claim, config, web};
use crate::helm::scene::{ALL, Scene};
use crate::helm::server::until;
use crate::proxy::Then;
use crate::stand::{printed, tool};

fn at(value: &'static str) -> Chart {
    chart([config("a", &[("value", value)])])
}

fn with(value: &'static str, more: impl IntoIterator<Item = Template>) -> Chart {
    chart(std::iter::once(config("a", &[("value", value)])).chain(more))
}

/// A claim that is never bound makes every waiting fail, without a pod.
fn never() -> Template {
    claim("never", "1Gi")
}

const IN_VAIN: &str = "--wait --timeout 1s";

/// Returns them.
pub fn all() -> Vec<Scene> {
    let mut all = chosen();
    all.extend(failed());
    all.extend(kept());
    all
}

fn chosen() -> Vec<Scene> {
    vec![
        Scene::new(5, "no revision is named, and the one before the last failed", ALL)
            .install(at("1"))
            .upgrade_fails(with("2", [never()]), IN_VAIN)
            .upgrade(at("3"))
            .sampled(),
        Scene::new(5, "no revision is named", ALL)
            .install(at("1"))
            .upgrade(at("2"))
            .upgrade(at("3"))
            .sends(1),
        Scene::new(6, "it goes to the last revision, over what somebody changed", ALL)
            .install(at("1"))
            .upgrade(at("2"))
            .edited("configmaps/a", "kubectl-edit", serde_json::json!({ "data": { "value": "by hand" } }))
            .to(2)
            .conflicts()
            .sends(1),
        Scene::new(7, "there is no revision before the first", ALL).install(at("1")).fails().sends(0),
        Scene::new(7, "the revision was removed from the history", ALL)
            .install(at("1"))
            .upgrade(at("2"))
            .upgrade_with(at("3"), "--history-max 2")
            .to(1)
            .fails()
            .sends(0),
        Scene::new(7, "there never was such a revision", ALL).install(at("1")).to(9).fails().sends(0),
        Scene::new(7, "revision 0 is the one before the last", ALL)
            .install(at("1"))
            .upgrade(at("2"))
            .to(0)
            .sends(1),
        Scene::new(13, "the release is uninstalled, its records are kept", ALL)
            .install(at("1"))
            .upgrade(with("2", [web("web", "1")]))
            .uninstalled()
            .to(1)
            .sends(1),
    ]
}

fn failed() -> Vec<Scene> {
    let leaking = Web {
        env: &[("A", "1"), ("LEAKED", "yes")],
        containers: "- name: side\n  image: shop/side:1",
        ..Web::new("web", "1")
    };
    let sound = Web { env: &[("A", "1")], ..Web::new("web", "1") };
    vec![
        Scene::new(8, "the last revision failed while it was waited for", ALL)
            .install(at("1"))
            .upgrade_fails(with("2", [never()]), IN_VAIN)
            .to(1)
            .sends(2),
        Scene::new(9, "the last revision failed and had added a container and a variable", ALL)
            .install(with("1", [sound.template()]))
            .upgrade_fails(with("2", [leaking.template(), never()]), IN_VAIN)
            .to(1)
            .sends(3),
        Scene::new(9, "two failed, and the last does not know what the first added", ALL)
            .install(with("1", [sound.template()]))
            .upgrade_fails(with("2", [leaking.template(), never()]), IN_VAIN)
            .upgrade_fails(with("3", [sound.template(), never()]), IN_VAIN)
            .to(1),
        Scene::new(10, "a second rollback after one that failed", ALL)
            .install(at("1"))
            .upgrade(with("2", [config("b", &[("value", "b")])]))
            // Immutable, so that the first rollback fails and never comes to what is to be deleted.
            .edited("configmaps/a", "kubectl-patch", serde_json::json!({ "immutable": true }))
            .rollback_failed(1)
            .kubectl("delete configmap a")
            .to(1)
            .sends(1)
            .goes_on(),
        Scene::new(10, "a rollback that fails at an object", ALL)
            .install(with("1", [config("z", &[("value", "1")])]))
            .upgrade(with("2", [config("b", &[("value", "b")]), config("z", &[("value", "2")])]))
            .edited("configmaps/a", "kubectl-patch", serde_json::json!({ "immutable": true }))
            .to(1)
            .fails()
            .sends(2)
            .sampled(),
        Scene::new(11, "the last revision is pending: its upgrade died", ALL)
            .install(at("1"))
            .run(|place| {
                let mut command = tool(place.variant.helm());
                command.args(["upgrade", "demo", "-n", place.namespace, "--wait", "--timeout", "60s"]);
                let chart = place.charts.last().unwrap().display().to_string();
                let mut helm = command.arg(chart).spawn().unwrap();
                let claim = place.path("persistentvolumeclaims/never");
                until("the upgrade to wait", || place.server.get(&claim).is_some());
                helm.kill().unwrap();
                helm.wait().unwrap();
            })
            // Never gets so far: its chart is the one that the step before takes.
            .upgrade_fails(with("2", [never()]), "")
            .to(1)
            .sends(2),
        Scene::new(12, "somebody else is faster", ALL)
            .install(at("1"))
            .upgrade(at("2"))
            .faults(|scope| {
                let mut raced = false;
                Box::new(move |seen| {
                    let creates = seen.method == http::Method::POST && seen.path.ends_with("/secrets");
                    if creates && !raced && seen.mutates() {
                        raced = true;
                        let chart = scope.charts[0].display().to_string();
                        let mut helm = tool(scope.variant.helm());
                        printed(helm.args(["upgrade", "demo", &chart, "-n", &scope.namespace]));
                    }
                    Then::Pass
                })
            })
            .to(1)
            .fails()
            .sends(0),
        Scene::new(14, "the first install failed", ALL)
            .install_fails(with("1", [never()]), IN_VAIN)
            .to(1)
            .sends(0),
        Scene::new(14, "the first install failed, and no revision is named", ALL)
            .install_fails(with("1", [never()]), IN_VAIN)
            .fails()
            .sends(0),
    ]
}

fn kept() -> Vec<Scene> {
    let history = |name, flags| {
        Scene::new(40, name, ALL)
            .install(at("1"))
            .upgrade(at("2"))
            .upgrade_fails(with("3", [never()]), IN_VAIN)
            .upgrade(at("4"))
            .upgrade_fails(with("5", [never()]), IN_VAIN)
            .flags(flags)
            .to(4)
    };
    vec![
        history("one record is to stay, failures between", "--history-max 1"),
        history("three records are to stay, failures between", "--history-max 3").sampled(),
        history("as many as there are", "--history-max 5"),
        history("no limit", "--history-max 0"),
        Scene::new(40, "the default limit of ten", ALL)
            .install(at("1"))
            .run(|place| {
                let chart = place.charts[0].display().to_string();
                for _ in 0..10 {
                    let mut helm = tool(place.variant.helm());
                    printed(helm.args([
                        "upgrade",
                        "demo",
                        &chart,
                        "-n",
                        place.namespace,
                        "--history-max",
                        "0",
                    ]));
                }
            })
            .to(5)
            .sends(0),
        Scene::new(40, "a record can't be removed", ALL)
            .install(at("1"))
            .upgrade(at("2"))
            .upgrade(at("3"))
            .upgrade(at("4"))
            .flags("--history-max 2")
            .faults(|_| {
                Box::new(|seen| {
                    if seen.method == http::Method::DELETE && seen.path.ends_with("demo.v1") {
                        return Then::Answer(403, forbidden());
                    }
                    Then::Pass
                })
            })
            .to(3)
            .fails()
            .sends(0),
    ]
}

fn forbidden() -> serde_json::Value {
    serde_json::json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 403,
        "reason": "Forbidden", "message": "secrets \"x\" is forbidden: nobody may" })
}
