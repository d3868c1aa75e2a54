//! A release that Flux owns: what deckwatch writes, and what comes of the controllers' own writes, which are made here in
//! their name.
//!
//! Not proven with the controllers: that they leave alone what is suspended, and what they do once it is resumed.

use std::collections::BTreeSet;
use std::path::Path;

use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::super::{by_deckwatch, by_deckwatch_for, object, refused, run};
use crate::stand::{apply, kubectl, printed, tool};

const NAME: &str = "demo";
const RELEASES: &str = "helmreleases.helm.toolkit.fluxcd.io";
/// What only the first revision has.
pub const FIRST: &str = "ONLY_FIRST";
const WHEN: &str = "2026-01-01T00:00:00Z";
const BACK: [&str; 3] = ["rollback", NAME, "1"];

/// A release that Helm has made twice in the name of helm-controller, and its HelmRelease.
pub struct Owned {
    pub namespace: &'static str,
    /// The Helm whose records it has.
    helm: &'static str,
}

fn fresh(namespace: &str) {
    kubectl(["delete", "namespace", namespace, "--ignore-not-found"]);
    kubectl(["create", "namespace", namespace]);
}

fn ready(message: &str) -> Value {
    json!({"type": "Ready", "status": "True", "reason": "UpgradeSucceeded", "message": message, "lastTransitionTime": WHEN})
}

/// Returns who has written what of an object, its status aside.
fn managed(kind: &str, namespace: &str) -> Vec<Value> {
    let text = kubectl(["get", kind, NAME, "-n", namespace, "-o", "json", "--show-managed-fields"]);
    let object: Value = serde_json::from_str(&text).unwrap();
    let all = object["metadata"]["managedFields"].as_array().unwrap().clone();
    all.into_iter().filter(|entry| entry["subresource"].is_null()).collect()
}

fn server_applies(manager: &str, object: &Value) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), object.to_string()).unwrap();
    let args = ["apply", "--server-side", "--field-manager", manager, "--force-conflicts", "-f"];
    kubectl(args.into_iter().chain([file.path().to_str().unwrap()]));
}

impl Owned {
    pub fn new(namespace: &'static str, helm: &'static str) -> Self {
        let owned = Self { namespace, helm };
        fresh(namespace);
        for number in [1, 2] {
            let chart = owned.chart(number);
            let verb = if number == 1 { "install" } else { "upgrade" };
            if number > 1 {
                owned.written_by("helm");
            }
            printed(tool(helm).args([verb, NAME]).arg(chart.path()).args(["-n", namespace]));
            owned.written_by("helm-controller");
        }
        apply(&owned.release(&json!({"interval": "5m", "releaseName": NAME, "chart": {"spec": {
            "chart": NAME, "version": "2.x", "sourceRef": {"kind": "HelmRepository", "name": "charts"},
        }}})));
        let snapshot = |number: i64| {
            json!({
                "name": NAME, "namespace": namespace, "version": number, "status": "deployed", "digest": "sha256:0",
                "configDigest": "sha256:0", "chartName": NAME, "chartVersion": format!("{number}.0.0"),
                "firstDeployed": WHEN, "lastDeployed": WHEN,
            })
        };
        owned.status(
            RELEASES,
            NAME,
            &json!({
                "history": [snapshot(2), snapshot(1)], "helmChart": format!("{namespace}/{namespace}-{NAME}"),
                "conditions": [ready("Helm upgrade succeeded")],
            }),
        );
        owned
    }

    /// Makes a chart as helm-controller renders it: with its own labels on everything.
    fn chart(&self, number: u8) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &Path, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        std::fs::create_dir(folder.path().join("templates")).unwrap();
        write(Path::new("Chart.yaml"), &format!("apiVersion: v2\nname: {NAME}\nversion: {number}.0.0\n"));
        write(Path::new("templates/map.yaml"), &self.map(number).to_string());
        folder
    }

    fn map(&self, number: u8) -> Value {
        let mut data = json!({"VERSION": number.to_string()});
        if number == 1 {
            data[FIRST] = "yes".into();
        }
        json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": NAME, "namespace": self.namespace, "labels": {
                "app.kubernetes.io/managed-by": "Helm",
                "helm.toolkit.fluxcd.io/name": NAME, "helm.toolkit.fluxcd.io/namespace": self.namespace,
            }},
            "data": data,
        })
    }

    fn release(&self, spec: &Value) -> Value {
        json!({
            "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
            "metadata": {"name": NAME, "namespace": self.namespace}, "spec": spec,
        })
    }

    /// Calls whoever has written the release's object by another name: Helm's command can be told none.
    fn written_by(&self, name: &str) {
        let mut fields = managed("configmaps", self.namespace);
        for entry in &mut fields {
            entry["manager"] = name.into();
        }
        let patch =
            json!([{"op": "replace", "path": "/metadata/managedFields", "value": fields}]).to_string();
        kubectl(["patch", "configmaps", NAME, "-n", self.namespace, "--type", "json", "-p", &patch]);
        assert_eq!(self.managers(), BTreeSet::from([name.to_owned()]));
    }

    /// Returns who owns fields of the release's object.
    fn managers(&self) -> BTreeSet<String> {
        let name = |entry: &Value| entry["manager"].as_str().unwrap().to_owned();
        managed("configmaps", self.namespace).iter().map(name).collect()
    }

    fn status(&self, kind: &str, name: &str, status: &Value) {
        let patch = json!({"status": status}).to_string();
        let to = ["patch", kind, name, "-n", self.namespace, "--subresource", "status"];
        kubectl(to.into_iter().chain(["--type", "merge", "-p", &patch]));
    }

    pub fn data(&self) -> Value {
        object("configmaps", self.namespace, NAME)["data"].clone()
    }

    fn held(&self) -> Value {
        object(RELEASES, self.namespace, NAME)
    }

    /// Lets the HelmRelease's own chart be of a version that is newer than what was deployed.
    pub fn git_moves_on(&self) {
        let name = format!("{}-{NAME}", self.namespace);
        apply(&json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "HelmChart",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {"interval": "5m", "chart": NAME, "sourceRef": {"kind": "HelmRepository", "name": "charts"}},
        }));
        let artifact = json!({
            "path": "x", "url": "http://x", "revision": "2.1.0", "lastUpdateTime": WHEN,
            "digest": format!("sha256:{}", "0".repeat(64)),
        });
        self.status("helmcharts.source.toolkit.fluxcd.io", &name, &json!({"artifact": artifact}));
    }

    /// Holds Flux back for a reason, and checks what stands on its object.
    pub fn hold(&self) {
        let command = ["flux", "suspend", "hr/demo", "--for", "2h"];
        by_deckwatch_for(self.namespace, NAME, &command, "5xx since 14:00");
        let held = self.held();
        assert_eq!(held["spec"]["suspend"], true);
        let annotations = &held["metadata"]["annotations"];
        assert_eq!(annotations["deckwatch.dev/suspended-why"], "5xx since 14:00");
        for told in ["by", "at", "until"] {
            let told = &annotations[format!("deckwatch.dev/suspended-{told}")];
            assert!(told.as_str().is_some_and(|text| !text.is_empty()), "{annotations}");
        }
        // Under its own name: what a `kubectl` has written Flux takes away.
        let fields = managed(RELEASES, self.namespace);
        let suspends = |entry: &&Value| entry.pointer("/fieldsV1/f:spec/f:suspend").is_some();
        let owners: Vec<&Value> = fields.iter().filter(suspends).map(|entry| &entry["manager"]).collect();
        assert_eq!(owners, ["deckwatch"]);
    }

    /// Holds it as whoever has no deckwatch does.
    pub fn suspend_again(&self) {
        let patch = r#"{"spec":{"suspend":true}}"#;
        kubectl(["patch", RELEASES, NAME, "-n", self.namespace, "--type", "merge", "-p", patch]);
    }

    /// Refused, held, rolled back, let go.
    fn goes_the_whole_way(&self) {
        let namespace = self.namespace;
        refused(namespace, &BACK, &format!("release demo is owned by Flux HelmRelease `{namespace}/demo`"));
        refused(namespace, &BACK, "change it in git, or suspend that first");
        assert_eq!(self.data(), json!({"VERSION": "2"}));
        self.hold();

        // Suspending stops nothing that runs.
        let at_work = json!({"type": "Reconciling", "status": "True", "reason": "Progressing", "message": "",
                             "lastTransitionTime": WHEN});
        self.status(RELEASES, NAME, &json!({"conditions": [ready(""), at_work]}));
        refused(namespace, &BACK, "Flux is still at work on it: wait until it is idle");
        self.status(RELEASES, NAME, &json!({"conditions": [ready("Helm upgrade succeeded")]}));

        let plan = by_deckwatch(namespace, NAME, &BACK);
        for words in
            ["suspended by ", ": 5xx since 14:00", "Flux deploys again what git says: chart version 2.x"]
        {
            assert!(plan.contains(words), "`{words}` is not in: {plan}");
        }
        assert_eq!(self.data(), json!({"VERSION": "1", FIRST: "yes"}));
        // What it has written is helm-controller's, and nobody's beside it.
        assert_eq!(self.managers(), BTreeSet::from(["helm-controller".to_owned()]));
        let history = printed(tool(self.helm).args(["history", NAME, "-n", namespace, "-o", "json"]));
        let history: Value = serde_json::from_str(&history).unwrap();
        assert_eq!(history[2]["description"], "Rollback to 1");

        // Before it is let go: what its source has by now, which is not what it deployed last.
        self.git_moves_on();
        let plan = by_deckwatch(namespace, NAME, &["flux", "resume", "hr/demo"]);
        for words in
            [": 5xx since 14:00", "chart version 2.x", "has `2.1.0` ready: that is what will be deployed"]
        {
            assert!(plan.contains(words), "`{words}` is not in: {plan}");
        }
        let free = self.held();
        assert_eq!(free["spec"]["suspend"], false);
        let left = free["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
        assert!(left.keys().all(|key| !key.starts_with("deckwatch.dev/")), "{left:?}");
        refused(namespace, &BACK, "is owned by Flux HelmRelease");
    }
}

/// Its records are those of a Helm that patches.
#[test]
fn a_release_of_flux_is_refused_held_rolled_back_and_let_go() {
    Owned::new("flux-patched", "helm3").goes_the_whole_way();
}

/// Here the server applies. Had the rollback written in another name, what only the first revision has would stay for good.
#[test]
fn what_flux_applies_after_it_is_let_go_leaves_nothing_of_the_rollback() {
    let owned = Owned::new("flux-applied", "helm4");
    owned.goes_the_whole_way();
    server_applies("helm-controller", &owned.map(2));
    assert_eq!(owned.data(), json!({"VERSION": "2"}));
    assert_eq!(owned.managers(), BTreeSet::from(["helm-controller".to_owned()]));
}

/// The control: what Helm's command itself leaves of a rollback beside Flux.
#[test]
fn what_is_rolled_back_in_helms_own_name_stays_when_flux_applies() {
    let owned = Owned::new("flux-mixed", "helm4");
    printed(tool("helm4").args(["rollback", NAME, "1", "-n", owned.namespace, "--force-conflicts"]));
    server_applies("helm-controller", &owned.map(2));
    assert_eq!(owned.data(), json!({"VERSION": "2", FIRST: "yes"}));
    assert_eq!(owned.managers(), BTreeSet::from(["helm".to_owned(), "helm-controller".to_owned()]));
}

/// Where Flux's own Kustomization writes `spec.suspend`, holding the release would be undone within its interval.
#[test]
fn what_a_kustomization_would_undo_is_held_there() {
    const KUSTOMIZATIONS: &str = "kustomizations.kustomize.toolkit.fluxcd.io";
    let owned = Owned { namespace: "flux-parent", helm: "helm4" };
    let namespace = owned.namespace;
    fresh(namespace);
    let spec =
        json!({"interval": "5m", "suspend": false, "chartRef": {"kind": "OCIRepository", "name": "momo"}});
    let mut release = owned.release(&spec);
    release["metadata"]["labels"] = json!({
        "kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": namespace,
    });
    server_applies("kustomize-controller", &release);
    apply(&json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": namespace},
        "spec": {"interval": "5m", "prune": true, "sourceRef": {"kind": "GitRepository", "name": "apps"}},
    }));

    let command = ["flux", "suspend", "hr/demo", "--write", "--confirm", NAME, "--reason", "5xx"];
    let output = run(namespace, &command);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(!output.status.success(), "{said}");
    let words =
        format!("Kustomization {namespace}/apps writes its `spec.suspend` and would undo this: suspend that");
    assert!(said.contains(&words), "`{words}` is not in: {said}");
    assert_eq!(owned.held()["spec"]["suspend"], false);

    let parent = || object(KUSTOMIZATIONS, namespace, "apps");
    by_deckwatch_for(namespace, "apps", &["flux", "suspend", "ks/apps"], "5xx");
    assert_eq!(parent()["spec"]["suspend"], true);
    refused(namespace, &["flux", "reconcile", "ks/apps"], "it is suspended: resume it first");
    let plan = by_deckwatch(namespace, "apps", &["flux", "resume", "ks/apps"]);
    assert!(plan.contains("GitRepository flux-parent/apps, its source, is not there"), "{plan}");
    by_deckwatch(namespace, "apps", &["flux", "reconcile", "ks/apps"]);
    let asked = parent()["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"].clone();
    assert!(asked.is_string(), "{asked}");
}
