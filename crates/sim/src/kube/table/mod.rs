//! Tables, as `kubectl get` asks the server for them.
//!
//! Owns: columns and cells of each kind that the cluster holds, by the rules of the API server's
//! printers. Never used by the cockpit, which has its own. Tested on objects of a fresh stand.

mod age;
mod pods;
mod rest;
mod workloads;

use std::sync::Arc;

use serde_json::{Value, json};

pub use self::age::human_duration;

use super::read::metadata_of;
use crate::cluster::json::{list, text, time_at};
use crate::cluster::kinds::{K, Kind};
use crate::life::Nanos;

/// A column: name, type, format, priority (0 is always shown), description.
type Column = (&'static str, &'static str, &'static str, i32);

const NAME: Column = ("Name", "string", "name", 0);
const AGE: Column = ("Age", "string", "", 0);

fn columns(kind: K) -> Vec<Column> {
    match kind {
        K::Pod => pods::COLUMNS.to_vec(),
        K::Deployment => workloads::DEPLOYMENT.to_vec(),
        K::ReplicaSet => workloads::REPLICA_SET.to_vec(),
        K::StatefulSet => workloads::STATEFUL_SET.to_vec(),
        K::DaemonSet => workloads::DAEMON_SET.to_vec(),
        K::ControllerRevision => workloads::REVISION.to_vec(),
        K::Job => workloads::JOB.to_vec(),
        K::Node => rest::NODE.to_vec(),
        K::Service => rest::SERVICE.to_vec(),
        K::EndpointSlice => rest::SLICE.to_vec(),
        K::Namespace => rest::NAMESPACE.to_vec(),
        K::ConfigMap => rest::CONFIG_MAP.to_vec(),
        K::Secret => rest::SECRET.to_vec(),
        K::ServiceAccount => rest::ACCOUNT.to_vec(),
        K::Event => rest::EVENT.to_vec(),
    }
}

fn cells(kind: K, object: &Value, now: Nanos) -> Vec<Value> {
    match kind {
        K::Pod => pods::cells(object, now),
        K::Deployment => workloads::deployment(object, now),
        K::ReplicaSet => workloads::replica_set(object, now),
        K::StatefulSet => workloads::stateful_set(object, now),
        K::DaemonSet => workloads::daemon_set(object, now),
        K::ControllerRevision => workloads::revision(object, now),
        K::Job => workloads::job(object, now),
        K::Node => rest::node(object, now),
        K::Service => rest::service(object, now),
        K::EndpointSlice => rest::slice(object, now),
        K::Namespace => rest::namespace(object, now),
        K::ConfigMap => rest::config_map(object, now),
        K::Secret => rest::secret(object, now),
        K::ServiceAccount => rest::account(object, now),
        K::Event => rest::event(object, now),
    }
}

/// Returns a table of objects; `include` is what comes with each row: `None`, `Metadata`, `Object`.
pub fn of(
    kind: &Kind,
    objects: &[Arc<Value>],
    metadata: &Value,
    include: &str,
    with_columns: bool,
    now: Nanos,
) -> Value {
    let columns: Vec<Value> = columns(kind.id)
        .into_iter()
        .map(|(name, kind, format, priority)| {
            json!({ "name": name, "type": kind, "format": format, "description": "", "priority": priority })
        })
        .collect();
    let rows: Vec<Value> = objects
        .iter()
        .map(|object| {
            let mut row = json!({ "cells": cells(kind.id, object, now) });
            match include {
                "None" => {}
                "Object" => row["object"] = Value::clone(object),
                _ => row["object"] = metadata_of(object),
            }
            row
        })
        .collect();
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": if with_columns { Value::Array(columns) } else { Value::Null },
        "rows": rows,
    })
}

/// Returns how long ago an object was created.
fn created(object: &Value, now: Nanos) -> Value {
    since(object, &["metadata", "creationTimestamp"], now).into()
}

/// Returns how long ago the instant at a path was.
fn since(object: &Value, path: &[&str], now: Nanos) -> String {
    time_at(object, path).map_or_else(|| "<unknown>".to_owned(), |at| human_duration(now - at))
}

/// Returns the names and images of a template's containers.
fn containers(spec: &Value) -> (Value, Value) {
    let all = list(spec, &["containers"]);
    let join = |field: &str| all.iter().map(|c| text(c, &[field])).collect::<Vec<_>>().join(",");
    (join("name").into(), join("image").into())
}

/// Returns a label selector in its text form.
fn selector(selector: &Value) -> Value {
    let Some(map) = selector["matchLabels"].as_object() else { return "<none>".into() };
    pairs(map).into()
}

fn pairs(map: &serde_json::Map<String, Value>) -> String {
    let mut all: Vec<String> = map.iter().map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or(""))).collect();
    all.sort();
    all.join(",")
}
