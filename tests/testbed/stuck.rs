//! What Helm leaves an on-call engineer with, by keys and on the real servers: an upgrade that died, and a revision that
//! brought a definition of its own.

use std::fmt::Write as _;
use std::time::Duration;

use pretty_assertions::assert_eq;
use serde_json::Value;

use crate::harness::Session;
use crate::stand::{User, cockpit, kubectl, printed, tool, wait_until};

const NAME: &str = "demo";
const SOON: Duration = Duration::from_secs(30);

/// A release of the real Helm in a namespace of its own, which goes with it.
struct Release {
    helm: &'static str,
    namespace: String,
    chart: tempfile::TempDir,
}

impl Release {
    fn new(helm: &'static str, what: &str) -> Self {
        let release = Self { helm, namespace: format!("{what}-{helm}"), chart: tempfile::tempdir().unwrap() };
        std::fs::create_dir(release.chart.path().join("templates")).unwrap();
        kubectl(["delete", "namespace", &release.namespace, "--ignore-not-found"]);
        release.becomes(1, "");
        printed(&mut release.helm("install", &["--create-namespace"]));
        release
    }

    /// Makes the chart's next version: a ConfigMap that knows it, and whatever else.
    fn becomes(&self, number: u8, more: &str) {
        let write = |name: &str, text: String| std::fs::write(self.chart.path().join(name), text).unwrap();
        write("Chart.yaml", format!("apiVersion: v2\nname: {NAME}\nversion: 0.0.{number}\n"));
        let mut all = String::new();
        let _ = write!(
            all,
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {NAME}\ndata:\n  value: '{number}'\n---\n{more}"
        );
        write("templates/all.yaml", all);
    }

    fn helm(&self, verb: &str, flags: &[&str]) -> std::process::Command {
        let mut command = tool(self.helm);
        command.args([verb, NAME]).arg(self.chart.path()).args(["-n", &self.namespace]).args(flags);
        command
    }

    fn history(&self) -> Vec<(u64, String)> {
        let text = printed(tool(self.helm).args(["history", NAME, "-n", &self.namespace, "-o", "json"]));
        let all: Vec<Value> = serde_json::from_str(&text).unwrap();
        let one = |r: &Value| (r["revision"].as_u64().unwrap(), r["status"].as_str().unwrap().to_owned());
        all.iter().map(one).collect()
    }

    fn get(&self, kind: &str, name: &str) -> Option<Value> {
        let text = kubectl(["get", kind, name, "-n", &self.namespace, "-o", "json", "--ignore-not-found"]);
        (!text.is_empty()).then(|| serde_json::from_str(&text).unwrap())
    }

    fn value(&self) -> String {
        self.get("configmap", NAME).unwrap()["data"]["value"].as_str().unwrap().to_owned()
    }

    /// Shows the releases of its namespace.
    fn releases(&self, size: (u16, u16)) -> Session {
        let launch = cockpit(User::Admin, size, true);
        let session = launch.arg("-n").arg(&self.namespace).arg("--view").arg("releases").start();
        session.wait_for("── Helm releases").wait_for("demo-0.0.");
        session
    }
}

impl Drop for Release {
    fn drop(&mut self) {
        drop(tool("kubectl").args(["delete", "namespace", &self.namespace, "--wait=false"]).output());
    }
}

fn revisions(all: &[(u64, &str)]) -> Vec<(u64, String)> {
    all.iter().map(|(number, status)| (*number, (*status).to_owned())).collect()
}

/// An upgrade of the real Helm that was killed while it waited.
fn dies(release: &Release) {
    release.becomes(
        2,
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: never\nspec:\n  accessModes: [ReadWriteOnce]\n  \
         storageClassName: nobody-makes-it\n  resources:\n    requests:\n      storage: 1Gi\n",
    );
    let mut helm = release.helm("upgrade", &["--wait", "--timeout", "120s"]).spawn().unwrap();
    wait_until(SOON, "the upgrade to wait for its claim", || release.get("pvc", "never"));
    helm.kill().unwrap();
    helm.wait().unwrap();
    assert_eq!(release.history(), revisions(&[(1, "deployed"), (2, "pending-upgrade")]));
}

#[test]
fn an_upgrade_that_died_is_explained_and_freed_and_the_real_helm_goes_on() {
    for (helm, size) in [("helm3", (120, 40)), ("helm4", (80, 24))] {
        let release = Release::new(helm, "stuck");
        dies(&release);
        // What brings people here.
        let refused = release.helm("upgrade", &[]).output().unwrap();
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && words.contains("another operation"), "{words}");

        let session = release.releases(size);
        session.wait_for("pending-upgrade").wait_for("f free").keys("f");
        session
            .wait_for("revision 2 of demo is pending-upgrade")
            .wait_for("somebody may still be at work on it");
        session.keys("\r").wait_for("type the release's name").keys("wrong\r");
        session.wait_for("not the release's name");
        assert_eq!(release.history().last().unwrap().1, "pending-upgrade", "nothing was confirmed");
        session.keys("\x15demo\r").wait_for("✔ freed");
        assert_eq!(release.history(), revisions(&[(1, "deployed"), (2, "failed")]));
        session.keys("\x1b").wait_for("failed");
        session.quit();
        session.assert_left_clean();

        release.becomes(3, "");
        printed(&mut release.helm("upgrade", &[]));
        assert_eq!(release.history(), revisions(&[(1, "superseded"), (2, "failed"), (3, "deployed")]));
        assert_eq!(release.value(), "3");
    }
}

/// The definition that the second version brings, and how many objects of its kind there are.
fn definition(group: &str) -> String {
    format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: shelves.{group}\nspec:\n  \
         group: {group}\n  scope: Namespaced\n  names: {{plural: shelves, singular: shelf, kind: Shelf}}\n  versions:\n  \
         - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n"
    )
}

#[test]
fn a_rollback_that_deletes_a_definition_asks_for_its_name() {
    for (helm, size) in [("helm3", (80, 24)), ("helm4", (120, 40))] {
        let release = Release::new(helm, "definition");
        let group = format!("{helm}.stuck.example");
        let name = format!("shelves.{group}");
        kubectl(["delete", "crd", &name, "--ignore-not-found"]);
        release.becomes(2, &definition(&group));
        printed(&mut release.helm("upgrade", &[]));
        kubectl(["wait", "crd", &name, "--for=condition=Established", "--timeout=30s"]);
        crate::stand::apply(&serde_json::json!({
            "apiVersion": format!("{group}/v1"), "kind": "Shelf",
            "metadata": {"name": "upper", "namespace": release.namespace},
        }));

        let session = release.releases(size);
        session.wait_for("demo-0.0.2").keys("r").wait_for("loses").wait_for("enter go on");
        let plan = session.see(crate::harness::State::text);
        let plan = plan.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(plan.contains(&format!("{name} and the one object of its kind")), "{plan}");
        session.keys("\r").wait_for(&name).wait_for("then enter");
        // The release's own name is not enough here.
        session.keys("demo\r").wait_for("not the names of what is lost");
        assert!(release.get("crd", &name).is_some() && release.value() == "2", "nothing was confirmed");
        session.keys("\x15").keys(&format!("{name}\r")).wait_for("✔ rolled back");
        assert_eq!(release.value(), "1");
        wait_until(SOON, "the definition to go", || release.get("crd", &name).is_none().then_some(()));
        session.quit();
        session.assert_left_clean();
        let expected = [(1, "superseded"), (2, "superseded"), (3, "deployed")];
        assert_eq!(release.history(), revisions(&expected));
    }
}
