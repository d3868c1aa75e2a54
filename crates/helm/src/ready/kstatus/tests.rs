//! Tables: an object as a server would have it, and what kstatus says of it. Every branch has a row.

use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::*;

mod generic;
mod kinds;
mod workloads;

use State::{Current, Failed, InProgress, NotFound, Terminating, Unknown};

/// 2026-11-21T07:40:48Z
const NOW_NS: i64 = 1_795_246_848_000_000_000;

fn said(live: &Value) -> (State, String) {
    said_with(live, &[])
}

fn said_with(live: &Value, pods: &[Value]) -> (State, String) {
    let Status { state, message } = status(live, pods, false, NOW_NS);
    (state, message)
}

fn is(state: State, message: &str) -> (State, String) {
    (state, message.to_owned())
}

/// An object of the second generation, as `kubectl get -o json` would print the parts that matter.
#[expect(clippy::needless_pass_by_value, reason = "a table reads better so")]
fn object(version: &str, kind: &str, spec: Value, status: Value) -> Value {
    json!({"apiVersion": version, "kind": kind,
        "metadata": {"name": "shop", "namespace": "momo", "uid": "u", "resourceVersion": "7", "generation": 2,
            "creationTimestamp": "2026-11-21T07:40:00Z"},
        "spec": spec, "status": status})
}

/// The same with some fields in the place of others; a null takes a field away.
fn with(mut object: Value, changes: &[(&str, Value)]) -> Value {
    for (at, value) in changes {
        let (parent, key) = at.rsplit_once('/').unwrap();
        let map = object.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        if value.is_null() {
            map.shift_remove(key);
        } else {
            map.insert(key.to_owned(), value.clone());
        }
    }
    object
}

fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": "2026-11-21T07:40:10Z", "lastUpdateTime": "2026-11-21T07:40:10Z"})
}

fn check(rows: &[(Value, (State, String))]) {
    for (live, expected) in rows {
        assert_eq!(&said(live), expected, "{live}");
    }
}
