//! Small helpers over `serde_json::Value`: reading by path, writing by path, times.
//!
//! Owns no state and never panics on a missing or oddly typed field: reads answer with an empty
//! value, writes replace what stands in the way. Tested with the modules that use them.

use chrono::{DateTime, SecondsFormat, TimeZone, Utc};
use serde_json::{Map, Value};

use crate::life::Nanos;

/// Returns the value at a path of object keys, `Null` when a part is missing.
pub fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(value, |v, key| v.get(*key).unwrap_or(&Value::Null))
}

/// Returns the string at a path, empty when there is none.
pub fn text<'a>(value: &'a Value, path: &[&str]) -> &'a str {
    at(value, path).as_str().unwrap_or("")
}

/// Returns the integer at a path, 0 when there is none.
pub fn int(value: &Value, path: &[&str]) -> i64 {
    at(value, path).as_i64().unwrap_or(0)
}

/// Returns the array at a path, empty when there is none.
pub fn list<'a>(value: &'a Value, path: &[&str]) -> &'a [Value] {
    at(value, path).as_array().map_or(&[], Vec::as_slice)
}

/// Returns the object at a mutable value, made empty when it was something else.
pub fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("made an object above"),
    }
}

/// Returns the value at a path for writing; missing objects are made.
pub fn slot<'a>(value: &'a mut Value, path: &[&str]) -> &'a mut Value {
    path.iter().fold(value, |v, key| object(v).entry(*key).or_insert(Value::Null))
}

/// Sets the value at a path; missing objects are made.
pub fn set(value: &mut Value, path: &[&str], new: impl Into<Value>) {
    *slot(value, path) = new.into();
}

/// Sets the value at a path only when nothing (or null) is there.
pub fn default(value: &mut Value, path: &[&str], new: impl Into<Value>) {
    let place = slot(value, path);
    if place.is_null() {
        *place = new.into();
    }
}

/// Removes the key at the end of a path.
pub fn remove(value: &mut Value, path: &[&str]) {
    let Some((last, parents)) = path.split_last() else { return };
    let mut here = value;
    for key in parents {
        match here.get_mut(*key) {
            Some(next) => here = next,
            None => return,
        }
    }
    if let Some(map) = here.as_object_mut() {
        map.shift_remove(*last);
    }
}

/// Returns `metadata.name`.
pub fn name(value: &Value) -> &str {
    text(value, &["metadata", "name"])
}

/// Returns `metadata.namespace`, empty for cluster-wide objects.
pub fn namespace(value: &Value) -> &str {
    text(value, &["metadata", "namespace"])
}

/// Returns `metadata.uid`.
pub fn uid(value: &Value) -> &str {
    text(value, &["metadata", "uid"])
}

/// Returns whether the object is being deleted.
pub fn deleting(value: &Value) -> bool {
    !at(value, &["metadata", "deletionTimestamp"]).is_null()
}

/// Returns the first owner reference with `controller: true`.
pub fn controller(value: &Value) -> Option<&Value> {
    list(value, &["metadata", "ownerReferences"])
        .iter()
        .find(|o| at(o, &["controller"]) == &Value::Bool(true))
}

/// Returns a reference to `owner` as the controller of something.
pub fn controller_ref(owner: &Value) -> Value {
    serde_json::json!({
        "apiVersion": text(owner, &["apiVersion"]),
        "kind": text(owner, &["kind"]),
        "name": name(owner),
        "uid": uid(owner),
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// Returns an instant as chrono's type; out-of-range instants are the epoch.
pub fn instant(at: Nanos) -> DateTime<Utc> {
    Utc.timestamp_nanos(at)
}

/// Returns an instant as `metav1.Time` writes it: RFC 3339 in whole seconds.
pub fn time(at: Nanos) -> String {
    instant(at).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Returns an instant as `metav1.MicroTime` writes it.
pub fn micro_time(at: Nanos) -> String {
    instant(at).to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Returns the instant of an RFC 3339 text.
pub fn parse_time(text: &str) -> Option<Nanos> {
    DateTime::parse_from_rfc3339(text).ok()?.timestamp_nanos_opt()
}

/// Returns the instant at a path, when there is one.
pub fn time_at(value: &Value, path: &[&str]) -> Option<Nanos> {
    parse_time(text(value, path))
}
