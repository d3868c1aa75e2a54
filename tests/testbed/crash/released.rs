//! A rollback of a release of nine objects.

use base64::Engine as _;
use serde_json::Value;

use super::scene::{Kill, Left, Phase, Scene};
use super::strike;
use crate::harness::Session;
use crate::stand::{apply, kubectl, printed, tool};

/// The record, nine objects, the records' two states.
const WRITES: usize = 12;

/// A namespace with a release of nine objects, which the real Helm brings forward for every blow.
struct Release {
    namespace: String,
    chart: tempfile::TempDir,
}

impl Release {
    fn install(lane: usize) -> Self {
        let namespace = format!("crash-{lane}");
        kubectl(["delete", "namespace", &namespace, "--ignore-not-found"]);
        apply(
            &serde_json::json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } }),
        );
        let chart = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| std::fs::write(chart.path().join(path), text).unwrap();
        std::fs::create_dir(chart.path().join("templates")).unwrap();
        write("Chart.yaml", "apiVersion: v2\nname: nine\nversion: 1.0.0\n");
        let mut all = String::new();
        for n in 1..=9 {
            let kind = if n < 7 { "ConfigMap" } else { "Secret" };
            let data = if n < 7 { "data" } else { "stringData" };
            all.push_str(&format!(
                "---\napiVersion: v1\nkind: {kind}\nmetadata: {{name: nine-{n}}}\n\
                 {data}: {{version: {{{{ quote .Values.version }}}}}}\n"
            ));
        }
        write("templates/all.yaml", &all);
        let release = Self { namespace, chart };
        release.upgrade();
        release.upgrade();
        release
    }

    fn helm(&self, args: &[&str]) -> String {
        printed(tool("helm3").args(args).args(["-n", &self.namespace]))
    }

    /// Makes a revision with a value of its own.
    fn upgrade(&self) {
        let next = self.history().last().map_or(1, |(revision, _)| revision + 1);
        let chart = self.chart.path().display().to_string();
        let version = format!("version=v{next}");
        self.helm(&["upgrade", "--install", "--history-max", "6", "nine", &chart, "--set-string", &version]);
    }

    /// Returns revisions and their states, oldest first.
    fn history(&self) -> Vec<(u64, String)> {
        let mut helm = tool("helm3");
        let output = helm.args(["history", "nine", "-o", "json", "-n", &self.namespace]).output().unwrap();
        let all: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap_or_default();
        all.iter()
            .map(|r| (r["revision"].as_u64().unwrap(), r["status"].as_str().unwrap().to_owned()))
            .collect()
    }

    /// Returns the values of the nine objects.
    fn values(&self) -> Vec<String> {
        let of = |kind: &str| -> Vec<String> {
            let path = "{range .items[*]}{.metadata.name}={.data.version}{\"\\n\"}{end}";
            let text = kubectl(["get", kind, "-n", &self.namespace, "-o", &format!("jsonpath={path}")]);
            text.lines().filter(|l| l.starts_with("nine-")).map(str::to_owned).collect()
        };
        [of("configmaps"), of("secrets")].concat()
    }
}

/// Opens the plan and confirms it.
fn begin(scene: &Scene, namespace: &str) -> Session {
    let session = scene.cockpit(namespace, "releases");
    session.wait_for("nine-1.0.0").keys("\r").wait_for("Upgrade complete");
    session.keys("r").wait_for("9 patched").keys("\r").wait_for("enter rolls back").keys("\r");
    session
}

#[test]
fn a_rollback_that_is_killed_at_any_write_is_explained_and_helm_goes_on() {
    let releases: Vec<Release> = (0..super::AT_ONCE).map(Release::install).collect();
    strike(WRITES, |lane, blow| {
        let release = &releases[lane];
        let (before, _) = release.history().last().unwrap().clone();
        let scene = Scene::new(blow);
        let session = begin(&scene, &release.namespace);
        let left = scene.strike(&release.namespace, session)?;
        let made = release.history().into_iter().find(|(revision, _)| *revision == before + 1);
        let state = made.as_ref().map(|(_, state)| state.as_str());
        judge(&left, state, blow.kill, blow.phase, blow.at).map_err(|why| {
            format!("{why}; the record is {state:?}, objects {:?}, {:#?}", release.values(), left.ended)
        })?;
        // The real Helm goes on, whatever was left.
        if state == Some("pending-rollback") {
            release.helm(&["rollback", "nine", &before.to_string()]);
        }
        release.upgrade();
        let (last, state) = release.history().last().unwrap().clone();
        let version = format!("v{last}");
        let encoded = base64::engine::general_purpose::STANDARD.encode(&version);
        let is =
            |line: &String| line.ends_with(&format!("={version}")) || line.ends_with(&format!("={encoded}"));
        let values = release.values();
        if state != "deployed" || values.len() != 9 || !values.iter().all(is) {
            return Err(format!("after Helm's upgrade it is {state}: {values:?}"));
        }
        Ok(())
    });
    for release in &releases {
        kubectl(["delete", "namespace", &release.namespace, "--wait=false"]);
    }
}

/// What is said fits what the record says, and what the one who was killed could have done.
fn judge(left: &Left, state: Option<&str>, kill: Kill, phase: Phase, at: usize) -> Result<(), String> {
    let (word, text) = (left.ended.0.as_str(), left.ended.1.as_str());
    let fits = match state {
        None => word == "failed" && left.passed.is_empty(),
        Some("deployed") => word == "done",
        Some("pending-rollback") => word == "unknown" && text.contains("pending-rollback"),
        Some("failed") => word == "failed",
        Some(_) => false,
    };
    if !fits {
        return Err(format!("`{word}: {text}` does not fit the record"));
    }
    let lives = !matches!(kill, Kill::Both | Kill::Runner);
    let expected = match (lives, kill) {
        // Who only looks on changes nothing.
        (true, Kill::StopRunner) => return Ok(()),
        (true, _) => WRITES,
        (false, _) => at - usize::from(phase == Phase::Before),
    };
    if left.passed.len() != expected {
        return Err(format!("{} writes, not {expected}: {:#?}", left.passed.len(), left.passed));
    }
    Ok(())
}
