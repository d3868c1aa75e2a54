//! Pods in tables: the status that is put together from phase, conditions and containers.

use serde_json::{Value, json};

use super::{AGE, Column, NAME, created};
use crate::cluster::json::{at, deleting, int, list, text, time_at};
use crate::life::Nanos;

/// Columns of pods.
pub const COLUMNS: [Column; 9] = [
    NAME,
    ("Ready", "string", "", 0),
    ("Status", "string", "", 0),
    ("Restarts", "string", "", 0),
    AGE,
    ("IP", "string", "", 1),
    ("Node", "string", "", 1),
    ("Nominated Node", "string", "", 1),
    ("Readiness Gates", "string", "", 1),
];

/// Returns the cells of a pod.
pub fn cells(pod: &Value, now: Nanos) -> Vec<Value> {
    let total = list(pod, &["spec", "containers"]).len();
    let statuses = list(pod, &["status", "containerStatuses"]);
    let mut ready = 0;
    let mut restarts = 0;
    let mut last: Option<Nanos> = None;
    let mut reason = match text(pod, &["status", "reason"]) {
        "" => text(pod, &["status", "phase"]).to_owned(),
        reason => reason.to_owned(),
    };
    let mut running = false;
    for status in statuses.iter().rev() {
        restarts += int(status, &["restartCount"]);
        last = last.max(time_at(status, &["lastState", "terminated", "finishedAt"]));
        let waiting = text(status, &["state", "waiting", "reason"]);
        let ended = at(status, &["state", "terminated"]);
        if !waiting.is_empty() {
            waiting.clone_into(&mut reason);
        } else if !ended.is_null() {
            let (word, code, signal) =
                (text(ended, &["reason"]), int(ended, &["exitCode"]), int(ended, &["signal"]));
            reason = match (word, signal) {
                ("", 0) => format!("ExitCode:{code}"),
                ("", signal) => format!("Signal:{signal}"),
                (word, _) => word.to_owned(),
            };
        } else if at(status, &["ready"]) == &Value::Bool(true) && !at(status, &["state", "running"]).is_null()
        {
            running = true;
            ready += 1;
        }
    }
    if reason == "Completed" && running {
        let is_ready = list(pod, &["status", "conditions"])
            .iter()
            .any(|c| text(c, &["type"]) == "Ready" && text(c, &["status"]) == "True");
        if is_ready { "Running" } else { "NotReady" }.clone_into(&mut reason);
    }
    let phase = text(pod, &["status", "phase"]);
    if deleting(pod) && !matches!(phase, "Succeeded" | "Failed") {
        "Terminating".clone_into(&mut reason);
    }
    let mut restarted = restarts.to_string();
    if restarts > 0
        && let Some(last) = last
    {
        restarted = format!("{restarts} ({} ago)", super::human_duration(now - last));
    }
    let or_none = |s: &str| if s.is_empty() { json!("<none>") } else { json!(s) };
    vec![
        json!(text(pod, &["metadata", "name"])),
        json!(format!("{ready}/{total}")),
        json!(reason),
        json!(restarted),
        created(pod, now),
        or_none(text(pod, &["status", "podIP"])),
        or_none(text(pod, &["spec", "nodeName"])),
        or_none(text(pod, &["status", "nominatedNodeName"])),
        json!("<none>"),
    ]
}
