//! A rollback of a release of 60 objects, whole process, beside the real Helm's.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::stand::Stand;
use super::table::{Row, Verdict, percentiles, time};
use super::{Bench, Result, sys};

const RELEASE: &str = "sixty";
const NAMESPACE: &str = "bench-rollback";
const RUNS: usize = 5;

/// Measures.
pub fn rows(bench: &Bench, stand: &Stand) -> Result<Vec<Row>> {
    println!("── a rollback of 60 objects");
    let chart = bench.workspace.join("target/bench/sixty");
    write(&chart).map_err(|e| format!("write {}: {e}", chart.display()))?;
    let chart = chart.display().to_string();
    let helm = stand.get("HELM3")?.to_owned();
    stand.ask(&helm, &["uninstall", RELEASE, "-n", NAMESPACE, "--ignore-not-found"])?;
    let place = ["-n", NAMESPACE, "--create-namespace", "--set", "turn=1"];
    stand.ask(&helm, &[&["install", RELEASE, &chart][..], &place[..]].concat())?;
    let (mut own, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        for deckwatch in [false, true] {
            stand.ask(&helm, &["upgrade", RELEASE, &chart, "-n", NAMESPACE, "--set", "turn=2"])?;
            let to = before(stand, &helm)?;
            if deckwatch {
                let mut command = stand.command(&bench.deckwatch.display().to_string());
                command.args(["rollback", RELEASE, &to, "-n", NAMESPACE, "--write", "--yes"]);
                own.push(sys::run(command)?.took.as_secs_f64());
            } else {
                let mut command = stand.command(&helm);
                command.args(["rollback", RELEASE, &to, "-n", NAMESPACE]);
                theirs.push(sys::run(command)?.took.as_secs_f64());
            }
            settled(stand)?;
        }
    }
    stand.ask(&helm, &["uninstall", RELEASE, "-n", NAMESPACE])?;
    let (own, theirs) = (percentiles(own).0, percentiles(theirs).0);
    Ok(vec![
        Row::new("`deckwatch rollback`, whole process, no wait", time(own))
            .beside("`helm rollback` (Helm 3)", &time(theirs), own / theirs)
            .judged("≤ 0.5×", Verdict::at_most(own / theirs, 0.5)),
    ])
}

/// Returns the revision before the last one.
fn before(stand: &Stand, helm: &str) -> Result<String> {
    let text = stand.ask(helm, &["history", RELEASE, "-n", NAMESPACE, "-o", "json"])?;
    let all: serde_json::Value = serde_json::from_str(&text).map_err(|e| format!("helm history: {e}"))?;
    let last = all.as_array().and_then(|r| r.last()?["revision"].as_u64());
    let before = last.and_then(|n| n.checked_sub(1)).filter(|n| *n > 0);
    before.map(|n| n.to_string()).ok_or_else(|| "helm history names no earlier revision".to_owned())
}

/// Demands that the rollback has really taken every object back.
fn settled(stand: &Stand) -> Result<()> {
    let text = stand.ask(
        "kubectl",
        &["get", "configmaps,deployments", "-n", NAMESPACE, "-o", "name", "-l", "app=sixty,turn=t1"],
    )?;
    match text.lines().count() {
        60 => Ok(()),
        other => Err(format!("after a rollback {other} of 60 objects are as they were")),
    }
}

/// Writes a chart of 45 ConfigMaps and 15 Deployments; Deployments without pods, so that only requests are measured.
fn write(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder.join("templates"))?;
    fs::write(folder.join("Chart.yaml"), "apiVersion: v2\nname: sixty\nversion: 0.0.1\n")?;
    fs::write(folder.join("values.yaml"), "turn: 0\n")?;
    let mut text = String::new();
    for i in 0..45 {
        let _ = write!(
            text,
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: config-{i:02}\n  \
             labels: {{app: sixty, turn: 't{{{{ .Values.turn }}}}'}}\ndata:\n  turn: '{{{{ .Values.turn }}}}'\n"
        );
        for key in 0..20 {
            let _ =
                writeln!(text, "  key-{key:02}: 'a value as services have them, number {key} of config {i}'");
        }
    }
    for i in 0..15 {
        let _ = write!(
            text,
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: service-{i:02}\n  \
             labels: {{app: sixty, turn: 't{{{{ .Values.turn }}}}'}}\nspec:\n  replicas: 0\n  \
             selector: {{matchLabels: {{app: service-{i:02}}}}}\n  template:\n    \
             metadata: {{labels: {{app: service-{i:02}}}}}\n    spec:\n      containers:\n      - name: app\n        \
             image: 'registry.example/service-{i:02}:0.0.{{{{ .Values.turn }}}}'\n        \
             ports: [{{containerPort: 8080}}]\n"
        );
    }
    fs::write(folder.join("templates/all.yaml"), text)
}
