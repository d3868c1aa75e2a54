//! `logs --around` against logcli: the same lines, each once.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::stand::{User, apply, deckwatch_text, http, kubectl, printed, tool, variable, wait_until};

const SECOND: i64 = 1_000_000_000;

/// Lines by time in ns, pod and text, with how often each was seen.
type Lines = BTreeMap<(i64, String, String), usize>;

/// Returns the namespace of this run: lines of an earlier one stay in Loki.
fn namespace() -> String {
    format!("logs-around-{}", std::process::id())
}

fn deployment() -> Value {
    let labels = json!({ "app": "talker" });
    json!({ "apiVersion": "v1", "kind": "List", "items": [
        { "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace() } },
        { "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "talker", "namespace": namespace() },
          "spec": { "replicas": 2, "selector": { "matchLabels": labels }, "template": {
            "metadata": { "labels": labels },
            "spec": { "containers": [{ "name": "talker", "image": "registry.momo.example/talker:1" }] } } } },
    ] })
}

fn pods() -> Vec<String> {
    wait_until(Duration::from_secs(60), "two running pods", || {
        let path = "jsonpath={range .items[?(@.status.phase=='Running')]}{.metadata.name}{'\\n'}{end}";
        let text = kubectl(["get", "pods", "-n", &namespace(), "-o", path]);
        let names: Vec<String> = text.lines().map(str::to_owned).collect();
        (names.len() == 2).then_some(names)
    })
}

/// Pushes what each pod has said, with the labels that Promtail gives; more than twelve pages of 300 lines, and
/// groups of 40 lines on one nanosecond that lie across the pages' ends.
fn push(pods: &[String], middle: i64) {
    let streams: Vec<Value> = pods
        .iter()
        .enumerate()
        .map(|(p, pod)| {
            let mut values = Vec::new();
            for group in 0..50_i64 {
                // The first group lies on the window's very start, the last one nanosecond before its end.
                let at = match group {
                    0 => middle - 300 * SECOND,
                    49 => middle + 300 * SECOND - 1,
                    n => middle + (n - 25) * 12 * SECOND + 17,
                };
                for line in 0..40 {
                    // Every third line is word for word the other pod's.
                    let who = if line % 3 == 0 { "both".to_owned() } else { format!("pod {p}") };
                    values
                        .push(json!([at.to_string(), format!("{who} says {group}/{line} \u{1b}[31mred ü")]));
                }
            }
            // Just outside the window: on its end, and before its start.
            values.push(json!([(middle + 300 * SECOND).to_string(), "after the end"]));
            values.insert(0, json!([(middle - 300 * SECOND - 1).to_string(), "before the start"]));
            let labels = json!({
                "namespace": namespace(), "pod": pod, "container": "talker", "app": "talker",
                "job": format!("{}/talker", namespace()), "stream": "stdout", "node_name": "node-0",
            });
            json!({ "stream": labels, "values": values })
        })
        .collect();
    http(&format!("{}/loki/api/v1/push", variable("LOKI_ADDR")), Some(&json!({ "streams": streams })));
}

fn rfc3339(ns: i64) -> String {
    deckwatch::core::Ts(ns).rfc3339()
}

/// Returns logcli's lines of a window, end not included.
fn by_logcli(selector: &str, from: i64, to: i64) -> Lines {
    let mut command = tool("logcli");
    command.env("LOKI_ADDR", variable("LOKI_ADDR")).args(["query", "--quiet", "-o", "jsonl", "--limit=0"]);
    command.args(["--batch=5000", "--forward", "--include-label=pod", "--timezone=UTC"]);
    command.arg(format!("--from={}", rfc3339(from))).arg(format!("--to={}", rfc3339(to))).arg(selector);
    let mut lines = Lines::new();
    for line in printed(&mut command).lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        let at = deckwatch::core::Ts::parse_rfc3339(entry["timestamp"].as_str().unwrap()).unwrap();
        let text = |v: &Value| v.as_str().unwrap().to_owned();
        *lines.entry((at.0, text(&entry["labels"]["pod"]), text(&entry["line"]))).or_default() += 1;
    }
    lines
}

/// Returns the lines that deckwatch prints as JSON, with where each comes from.
fn by_deckwatch(at: i64) -> (Lines, Vec<Value>) {
    let (around, namespace) = (rfc3339(at), namespace());
    let args = [
        "logs",
        "deploy/talker",
        "-n",
        &namespace,
        "--around",
        &around,
        "--before",
        "5m",
        "--after",
        "5m",
        "-o",
        "json",
    ];
    let text = deckwatch_text(User::Admin, &args);
    let entries: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let mut lines = Lines::new();
    for entry in entries.iter().filter(|e| e["source"] == "loki") {
        let at: i64 = entry["ts"].as_str().unwrap().parse().unwrap();
        let text = |v: &Value| v.as_str().unwrap().to_owned();
        *lines.entry((at, text(&entry["labels"]["pod"]), text(&entry["line"]))).or_default() += 1;
    }
    (lines, entries)
}

#[test]
fn the_lines_around_a_moment_are_logclis_each_once() {
    apply(&deployment());
    let pods = pods();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let middle = i64::try_from(now.as_secs()).unwrap() * SECOND - 400 * SECOND;
    push(&pods, middle);
    let selector = format!("{{namespace=\"{}\",app=\"talker\"}}", namespace());
    let (from, to) = (middle - 300 * SECOND, middle + 300 * SECOND);
    let theirs = wait_until(Duration::from_secs(30), "all lines in Loki", || {
        let lines = by_logcli(&selector, from, to);
        (lines.values().sum::<usize>() == 2 * 50 * 40).then_some(lines)
    });
    // In the middle of a group of equal nanoseconds, beside it, and at both ends.
    for at in [middle + 17, middle + 16, middle + 18] {
        let (ours, entries) = by_deckwatch(at);
        let (from, to) = (at - 300 * SECOND, at + 300 * SECOND);
        let expected = if at == middle { theirs.clone() } else { by_logcli(&selector, from, to) };
        let lost: Vec<_> = expected.iter().filter(|(k, n)| ours.get(*k) != Some(n)).take(3).collect();
        let more: Vec<_> = ours.iter().filter(|(k, n)| expected.get(*k) != Some(n)).take(3).collect();
        assert_eq!((lost, more), (Vec::new(), Vec::new()), "around {at}");
        let times: Vec<&str> = entries.iter().map(|e| e["ts"].as_str().unwrap()).collect();
        assert!(times.is_sorted(), "in the order of time");
    }
    let (ours, _) = by_deckwatch(middle);
    assert_eq!(ours, theirs);
}
