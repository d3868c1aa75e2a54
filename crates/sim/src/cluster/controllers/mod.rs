//! The controllers: what kube-controller-manager and the scheduler do, one pass at a time.
//!
//! Each looks at the store and takes the next step towards what the objects ask for. A pass that
//! finds nothing to do writes nothing, so passes are repeated until the store stands still.

mod daemonset;
mod deployment;
mod endpoints;
mod garbage;
mod job;
mod nodes;
mod replicaset;
mod scheduler;
mod statefulset;

use std::sync::Arc;

use serde_json::{Value, json};

use super::json::{at, controller, controller_ref, list, name, set, text, time, uid};
use super::kinds::K;
use super::{Dirty, World};
use crate::life::Nanos;

/// Who writes for the controllers, in managed fields.
const MANAGER: &str = "kube-controller-manager";

/// Runs every controller once, where something has changed.
pub fn run(world: &mut World, dirty: &Dirty, now: Nanos) {
    if dirty.deletions {
        garbage::run(world, now);
    }
    deployment::run(world, dirty, now);
    replicaset::run(world, dirty, now);
    statefulset::run(world, dirty, now);
    daemonset::run(world, dirty, now);
    job::run(world, dirty, now);
    scheduler::run(world, dirty, now);
    endpoints::run(world, dirty, now);
}

/// Runs what depends on time alone.
pub fn timed(world: &mut World, now: Nanos) {
    deployment::deadlines(world, now);
    nodes::heartbeats(world, now);
}

/// Returns the objects of a kind that `owner` controls, oldest first.
fn owned(world: &World, kind: K, owner: &Value) -> Vec<Arc<Value>> {
    let ns = super::json::namespace(owner).to_owned();
    let mut all: Vec<Arc<Value>> = world
        .store
        .within(kind, &ns)
        .filter(|o| controller(o).is_some_and(|c| uid_of(c) == uid(owner)))
        .cloned()
        .collect();
    all.sort_by(|a, b| {
        let key = |v: &Value| (text(v, &["metadata", "creationTimestamp"]).to_owned(), name(v).to_owned());
        key(a).cmp(&key(b))
    });
    all
}

fn uid_of(reference: &Value) -> &str {
    text(reference, &["uid"])
}

/// Returns whether a pod's `Ready` condition is true.
fn ready(pod: &Value) -> bool {
    list(pod, &["status", "conditions"])
        .iter()
        .any(|c| text(c, &["type"]) == "Ready" && text(c, &["status"]) == "True")
}

/// Returns whether a pod has run to its end.
fn finished(pod: &Value) -> bool {
    matches!(text(pod, &["status", "phase"]), "Succeeded" | "Failed")
}

/// Returns a pod made of `owner`'s template.
fn pod_of(owner: &Value, prefix: &str) -> Value {
    let template = at(owner, &["spec", "template"]);
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": at(template, &["metadata"]).clone(),
        "spec": at(template, &["spec"]).clone(),
    });
    super::json::remove(&mut pod, &["metadata", "creationTimestamp"]);
    set(&mut pod, &["metadata", "generateName"], prefix);
    set(&mut pod, &["metadata", "ownerReferences"], json!([controller_ref(owner)]));
    pod
}

/// Sets a condition; its transition time moves only when the status does.
fn condition(status: &mut Value, kind: &str, value: bool, why: (&str, &str), now: Nanos) {
    let word = if value { "True" } else { "False" };
    let old = list(status, &["conditions"]).iter().find(|c| text(c, &["type"]) == kind).cloned();
    let old = old.unwrap_or(Value::Null);
    let same = text(&old, &["status"]) == word;
    if same && text(&old, &["reason"]) == why.0 && text(&old, &["message"]) == why.1 {
        return;
    }
    let moved = if same { text(&old, &["lastTransitionTime"]).to_owned() } else { time(now) };
    let new = json!({
        "type": kind,
        "status": word,
        "lastUpdateTime": time(now),
        "lastTransitionTime": moved,
        "reason": why.0,
        "message": why.1,
    });
    let conditions = super::json::slot(status, &["conditions"]);
    if !conditions.is_array() {
        *conditions = json!([]);
    }
    if let Some(all) = conditions.as_array_mut() {
        match all.iter_mut().find(|c| text(c, &["type"]) == kind) {
            Some(place) => *place = new,
            None => all.push(new),
        }
    }
}
