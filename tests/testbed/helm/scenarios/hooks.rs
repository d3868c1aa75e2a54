//! Hooks before and after a rollback.

use crate::helm::charts::{Ends, Template, chart, config, hook, quick_hook};
use crate::helm::scene::{ALL, CLIENT, SERVER, Scene};

const PRE: &str = "pre-rollback";
const POST: &str = "post-rollback";

/// A release whose first revision has hooks.
fn with(number: u32, name: &'static str, hooks: impl IntoIterator<Item = Template>) -> Scene {
    let first = std::iter::once(config("a", &[("value", "1")])).chain(hooks);
    Scene::new(number, name, ALL).install(chart(first)).upgrade(chart([config("a", &[("value", "2")])])).to(1)
}

/// Returns them.
pub fn all() -> Vec<Scene> {
    let mut all = vec![
        with(
            15,
            "Jobs before and after",
            [hook("before", PRE, "", Ends::Well), hook("after", POST, "", Ends::Well)],
        ),
        with(
            15,
            "in the order of their weights, then of their names",
            [
                quick_hook("late", PRE, "helm.sh/hook-weight: \"5\""),
                quick_hook("b", PRE, "helm.sh/hook-weight: \"0\""),
                quick_hook("a-hook", PRE, ""),
                quick_hook("early", PRE, "helm.sh/hook-weight: \"-5\""),
                quick_hook("after", POST, "helm.sh/hook-weight: \"-9\""),
            ],
        ),
        with(15, "one hook of both events", [quick_hook("both", "pre-rollback,post-rollback", "")]),
        with(15, "hooks of other events", [quick_hook("other", "pre-install,post-upgrade,pre-delete", "")]),
        Scene::new(15, "the hooks are those of the revision that is gone back to", ALL)
            .install(chart([config("a", &[("value", "1")]), quick_hook("old", PRE, "")]))
            .upgrade(chart([config("a", &[("value", "2")]), quick_hook("new", PRE, "")]))
            .to(1),
        with(16, "the hook before fails", [hook("before", PRE, "", Ends::Badly)])
            .flags("--timeout 20s")
            .fails(),
        with(16, "the hook after fails", [hook("after", POST, "", Ends::Badly)])
            .flags("--timeout 20s")
            .fails(),
        with(
            16,
            "the second hook before fails",
            [
                quick_hook(
                    "first",
                    PRE,
                    "helm.sh/hook-weight: \"-1\"\nhelm.sh/hook-delete-policy: hook-succeeded",
                ),
                hook("second", PRE, "helm.sh/hook-delete-policy: hook-failed", Ends::Badly),
            ],
        )
        .flags("--timeout 20s")
        .fails(),
        with(
            16,
            "the hook can't be made",
            [quick_hook("before", PRE, "helm.sh/hook-delete-policy: hook-succeeded")],
        )
        .kubectl("create configmap before")
        .fails()
        .only(CLIENT),
        // The server applies it over the one that is there.
        with(
            16,
            "the hook is there already",
            [quick_hook("before", PRE, "helm.sh/hook-delete-policy: hook-succeeded")],
        )
        .kubectl("create configmap before")
        .only(SERVER),
    ];
    for (policy, name) in [
        ("before-hook-creation", "it is deleted before it is made"),
        ("hook-succeeded", "it is deleted when it has succeeded"),
        ("hook-failed", "it is deleted when it has failed, and does not fail"),
        ("hook-succeeded,hook-failed", "it is deleted whatever becomes of it"),
    ] {
        let lines = match policy {
            "before-hook-creation" => "helm.sh/hook-delete-policy: before-hook-creation",
            "hook-succeeded" => "helm.sh/hook-delete-policy: hook-succeeded",
            "hook-failed" => "helm.sh/hook-delete-policy: hook-failed",
            _ => "helm.sh/hook-delete-policy: hook-succeeded,hook-failed",
        };
        all.push(with(17, name, [quick_hook("one", PRE, lines), hook("two", POST, lines, Ends::Well)]));
    }
    all.extend([
        with(17, "one is there from an earlier time, without a policy", [quick_hook("one", PRE, "")])
            .kubectl("create configmap one"),
        with(17, "one is still going", [quick_hook("one", PRE, "")])
            .kubectl("create configmap one")
            .edited(
                "configmaps/one",
                "kubectl-edit",
                serde_json::json!({ "metadata": { "finalizers": ["parity.example/stays"] } }),
            )
            .kubectl("delete configmap one --wait=false")
            .flags("--timeout 2s")
            .fails()
            .only(CLIENT),
        with(
            18,
            "logs of a hook are shown",
            [hook("one", PRE, "helm.sh/hook-output-log-policy: hook-succeeded", Ends::Well)],
        ),
        with(
            18,
            "logs of a hook that fails are shown",
            [hook("one", PRE, "helm.sh/hook-output-log-policy: hook-failed", Ends::Badly)],
        )
        .flags("--timeout 20s")
        .fails(),
        with(19, "hooks are left out", [quick_hook("one", PRE, ""), hook("two", POST, "", Ends::Badly)])
            .flags("--no-hooks")
            .sends(1),
    ]);
    all
}
