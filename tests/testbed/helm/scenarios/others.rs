//! Objects without a name, objects that are going, and objects that are somebody else's.

use serde_json::json;

use crate::helm::charts::{Template, any, chart, claim, config, service, web};
use crate::helm::scene::{ALL, Scene, Variant};
use crate::stand::{printed, tool};

fn a(value: &'static str) -> Template {
    config("a", &[("value", value)])
}

const NAMELESS: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  generateName: drawn-\ndata:\n  a: \"1\"\n";
const KEEP: &str = "  annotations:\n    helm.sh/resource-policy: keep\n";

/// The same template, whose object asks to be kept.
fn kept(mut template: Template) -> Template {
    let at = template.text.find("spec:\n").unwrap_or(template.text.len());
    template.text.insert_str(at, KEEP);
    template
}

/// An object that was kept is added again: there is no old manifest of it, so that all that is live and not in the new one
/// would go. Somebody has labelled it in between.
fn again(name: &'static str, object: &'static str, template: Template) -> Scene {
    Scene::new(26, name, ALL)
        .install(chart([a("1")]))
        .upgrade(chart([a("1"), kept(template)]))
        .rolled_back(1)
        .edited(object, "kubectl-label", json!({ "metadata": { "labels": { "by": "hand" } } }))
        .to(2)
        .sends(1)
}

/// Returns them.
pub fn all() -> Vec<Scene> {
    const STAYS: &str = "parity.example/stays";
    let account = any("account", "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: shop\n");
    vec![
        again("a Service that was kept is added again", "services/web", service("web", "ports:\n- port: 80")),
        again("a claim that was kept is added again", "persistentvolumeclaims/data", claim("data", "1Gi")),
        again("a service account that was kept is added again", "serviceaccounts/shop", account),
        again("a Deployment that was kept is added again", "apps/v1/deployments/web", web("web", "1")),
        // Helm 3 does not even install it.
        Scene::new(50, "an object whose name the server draws", &[Variant::FourClient])
            .install(chart([a("1"), any("nameless", NAMELESS)]))
            .upgrade_fails(chart([a("2"), any("nameless", NAMELESS)]), "")
            .to(1)
            .fails(),
        Scene::new(50, "what is deleted is kept by a finalizer", ALL)
            .install(chart([a("1")]))
            .upgrade(chart([a("1"), config("b", &[("value", "1")])]))
            .edited("configmaps/b", "kubectl-edit", json!({ "metadata": { "finalizers": [STAYS] } }))
            .to(1)
            .sends(1),
        Scene::new(50, "what is changed is going already", ALL)
            .install(chart([a("1")]))
            .upgrade(chart([a("2")]))
            .edited("configmaps/a", "kubectl-edit", json!({ "metadata": { "finalizers": [STAYS] } }))
            .kubectl("delete configmap a --wait=false")
            .to(1)
            .sends(1),
        Scene::new(51, "an object of another release is taken over", ALL)
            .install(chart([a("1"), config("shared", &[("value", "1")])]))
            .upgrade(chart([a("1")]))
            .run(|place| {
                // The other release's chart is the first one's: it has `a` too, which is demo's.
                let folder = tempfile::tempdir().unwrap();
                chart([config("shared", &[("value", "other's"), ("own", "x")])]).write(folder.path());
                let mut helm = tool(place.variant.installs());
                helm.args(["install", "other", &folder.path().display().to_string(), "-n", place.namespace]);
                printed(helm.args(place.variant.install_flags()));
            })
            .to(1)
            .sampled(),
        Scene::new(51, "an object that nobody's release made is taken over", ALL)
            .install(chart([a("1"), config("shared", &[("value", "1")])]))
            .upgrade(chart([a("1")]))
            .kubectl("create configmap shared --from-literal=value=x --from-literal=own=y")
            .to(1)
            .conflicts(),
        Scene::new(52, "Flux owns the objects", ALL)
            .install(chart([a("1")]))
            .upgrade(chart([a("2")]))
            .kubectl(
                "label configmap a helm.toolkit.fluxcd.io/name=demo helm.toolkit.fluxcd.io/namespace=flux",
            )
            .to(1)
            .sends(1),
    ]
}
