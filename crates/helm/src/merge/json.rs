//! RFC 7396: the difference of two objects as a JSON merge patch, and merging one.
//!
//! Owns what custom resources are patched with. The difference is two-way, as Helm's: a list that differs is replaced
//! whole, and an explicit null in the new object is kept.

use serde_json::{Map, Value};

use crate::faults::{Fault, on};

/// Returns the merge patch that turns `old` into `new`; `{}` when they are equal.
pub fn merge_diff(old: &Map<String, Value>, new: &Map<String, Value>) -> Map<String, Value> {
    let mut patch = Map::new();
    for (key, value) in new {
        match (old.get(key), value) {
            (Some(Value::Object(before)), Value::Object(after)) => {
                let inner = merge_diff(before, after);
                if !inner.is_empty() {
                    patch.insert(key.clone(), Value::Object(inner));
                }
            }
            (Some(before), after) if before == after => {}
            (_, after) => {
                patch.insert(key.clone(), after.clone());
            }
        }
    }
    for key in old.keys().filter(|key| !new.contains_key(*key) && !on(Fault::FieldsStay)) {
        patch.insert(key.clone(), Value::Null);
    }
    patch
}

/// Merges a merge patch into a value.
pub fn merge_apply(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(map) = target else { return };
    for (key, value) in patch {
        if value.is_null() {
            map.shift_remove(key);
        } else {
            merge_apply(map.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}
