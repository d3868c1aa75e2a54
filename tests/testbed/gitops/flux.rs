//! Flux's kinds, without its controllers.

mod keys;
mod moment;
mod owned;

use serde_json::{Value, json};

use crate::stand::{apply, kubectl, tool};

/// The kinds and the versions that are stored.
const KINDS: [(&str, &str); 6] = [
    ("helmreleases.helm.toolkit.fluxcd.io", "v2"),
    ("kustomizations.kustomize.toolkit.fluxcd.io", "v1"),
    ("gitrepositories.source.toolkit.fluxcd.io", "v1"),
    ("helmrepositories.source.toolkit.fluxcd.io", "v1"),
    ("helmcharts.source.toolkit.fluxcd.io", "v1"),
    ("ocirepositories.source.toolkit.fluxcd.io", "v1"),
];

#[test]
fn its_kinds_are_served_with_a_status_of_their_own() {
    for (kind, version) in KINDS {
        let definition: Value = serde_json::from_str(&kubectl(["get", "crd", kind, "-o", "json"])).unwrap();
        let stored = definition["spec"]["versions"].as_array().unwrap().iter().find(|v| v["storage"] == true);
        let stored = stored.unwrap();
        assert_eq!((&stored["name"], &stored["served"]), (&json!(version), &json!(true)), "{kind}");
        assert_eq!(stored["subresources"]["status"], json!({}), "{kind}");
        kubectl(["get", kind, "-A"]);
    }
}

fn release(interval: &str) -> Value {
    json!({
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": "momo", "namespace": "default"},
        "spec": {
            "interval": interval,
            "releaseName": "momo",
            "chartRef": {"kind": "OCIRepository", "name": "momo-store"},
        },
    })
}

#[test]
fn a_release_is_suspended_by_a_merge_patch_and_nonsense_is_refused() {
    apply(&release("5m"));
    let suspend = r#"{"spec":{"suspend":true}}"#;
    kubectl([
        "patch",
        "helmreleases.helm.toolkit.fluxcd.io",
        "momo",
        "-n",
        "default",
        "--type",
        "merge",
        "-p",
        suspend,
    ]);
    let path = "jsonpath={.spec.suspend} {.metadata.generation}";
    assert_eq!(
        kubectl(["get", "helmreleases.helm.toolkit.fluxcd.io", "momo", "-n", "default", "-o", path]),
        "true 2"
    );

    // The schema is Flux's own: it knows how an interval is written.
    let nonsense = r#"{"spec":{"interval":"soon"}}"#;
    let mut patch = tool("kubectl");
    patch.args(["patch", "helmreleases.helm.toolkit.fluxcd.io", "momo", "-n", "default", "--type", "merge"]);
    let refused = patch.args(["-p", nonsense]).output().unwrap();
    assert!(!refused.status.success());
    let words = String::from_utf8_lossy(&refused.stderr);
    assert!(words.contains("spec.interval"), "{words}");
}
