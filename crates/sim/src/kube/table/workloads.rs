//! Workloads in tables.

use serde_json::{Value, json};

use super::{AGE, Column, NAME, containers, created, selector};
use crate::cluster::json::{at, controller, deleting, int, list, name, text, time_at};
use crate::life::Nanos;

const CONTAINERS: Column = ("Containers", "string", "", 1);
const IMAGES: Column = ("Images", "string", "", 1);
const SELECTOR: Column = ("Selector", "string", "", 1);

const fn text_column(name: &'static str) -> Column {
    (name, "string", "", 0)
}

const fn number(name: &'static str) -> Column {
    (name, "integer", "", 0)
}

/// Columns of Deployments.
pub const DEPLOYMENT: [Column; 8] = [
    NAME,
    text_column("Ready"),
    number("Up-to-date"),
    number("Available"),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];
/// Columns of ReplicaSets.
pub const REPLICA_SET: [Column; 8] =
    [NAME, number("Desired"), number("Current"), number("Ready"), AGE, CONTAINERS, IMAGES, SELECTOR];
/// Columns of StatefulSets.
pub const STATEFUL_SET: [Column; 5] = [NAME, text_column("Ready"), AGE, CONTAINERS, IMAGES];
/// Columns of DaemonSets.
pub const DAEMON_SET: [Column; 11] = [
    NAME,
    number("Desired"),
    number("Current"),
    number("Ready"),
    number("Up-to-date"),
    number("Available"),
    text_column("Node Selector"),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];
/// Columns of Jobs.
pub const JOB: [Column; 8] = [
    NAME,
    text_column("Status"),
    text_column("Completions"),
    text_column("Duration"),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];
/// Columns of ControllerRevisions.
pub const REVISION: [Column; 4] = [NAME, text_column("Controller"), number("Revision"), AGE];

fn tail(object: &Value, cells: &mut Vec<Value>, with_selector: bool) {
    let (names, images) = containers(at(object, &["spec", "template", "spec"]));
    cells.extend([names, images]);
    if with_selector {
        cells.push(selector(at(object, &["spec", "selector"])));
    }
}

/// Returns the cells of a Deployment.
pub fn deployment(d: &Value, now: Nanos) -> Vec<Value> {
    let status = |field: &str| int(d, &["status", field]);
    let mut cells = vec![
        json!(name(d)),
        json!(format!("{}/{}", status("readyReplicas"), int(d, &["spec", "replicas"]))),
        json!(status("updatedReplicas")),
        json!(status("availableReplicas")),
        created(d, now),
    ];
    tail(d, &mut cells, true);
    cells
}

/// Returns the cells of a ReplicaSet.
pub fn replica_set(s: &Value, now: Nanos) -> Vec<Value> {
    let status = |field: &str| json!(int(s, &["status", field]));
    let desired = json!(int(s, &["spec", "replicas"]));
    let mut cells =
        vec![json!(name(s)), desired, status("replicas"), status("readyReplicas"), created(s, now)];
    tail(s, &mut cells, true);
    cells
}

/// Returns the cells of a StatefulSet.
pub fn stateful_set(s: &Value, now: Nanos) -> Vec<Value> {
    let ready = format!("{}/{}", int(s, &["status", "readyReplicas"]), int(s, &["spec", "replicas"]));
    let mut cells = vec![json!(name(s)), json!(ready), created(s, now)];
    tail(s, &mut cells, false);
    cells
}

/// Returns the cells of a DaemonSet.
pub fn daemon_set(d: &Value, now: Nanos) -> Vec<Value> {
    let status = |field: &str| json!(int(d, &["status", field]));
    let nodes = at(d, &["spec", "template", "spec", "nodeSelector"]);
    let nodes = nodes.as_object().filter(|m| !m.is_empty()).map_or_else(|| "<none>".to_owned(), super::pairs);
    let mut cells = vec![
        json!(name(d)),
        status("desiredNumberScheduled"),
        status("currentNumberScheduled"),
        status("numberReady"),
        status("updatedNumberScheduled"),
        status("numberAvailable"),
        json!(nodes),
        created(d, now),
    ];
    tail(d, &mut cells, true);
    cells
}

/// Returns the cells of a Job.
pub fn job(j: &Value, now: Nanos) -> Vec<Value> {
    let is = |kind: &str| {
        list(j, &["status", "conditions"])
            .iter()
            .any(|c| text(c, &["type"]) == kind && text(c, &["status"]) == "True")
    };
    let word = if is("Complete") {
        "Complete"
    } else if is("Failed") {
        "Failed"
    } else if deleting(j) {
        "Terminating"
    } else if is("Suspended") {
        "Suspended"
    } else if is("FailureTarget") {
        "FailureTarget"
    } else {
        "Running"
    };
    let done = int(j, &["status", "succeeded"]);
    let completions = match at(j, &["spec", "completions"]).as_i64() {
        Some(wanted) => format!("{done}/{wanted}"),
        None => match int(j, &["spec", "parallelism"]) {
            n if n > 1 => format!("{done}/1 of {n}"),
            _ => format!("{done}/1"),
        },
    };
    let end = time_at(j, &["status", "completionTime"]);
    let duration = time_at(j, &["status", "startTime"])
        .map_or_else(String::new, |start| super::human_duration(end.unwrap_or(now) - start));
    let mut cells = vec![json!(name(j)), json!(word), json!(completions), json!(duration), created(j, now)];
    tail(j, &mut cells, true);
    cells
}

/// Returns the cells of a ControllerRevision.
pub fn revision(r: &Value, now: Nanos) -> Vec<Value> {
    let owner = controller(r).map_or_else(
        || "<none>".to_owned(),
        |o| format!("{}.apps/{}", text(o, &["kind"]).to_ascii_lowercase(), text(o, &["name"])),
    );
    vec![json!(name(r)), json!(owner), json!(int(r, &["revision"])), created(r, now)]
}
