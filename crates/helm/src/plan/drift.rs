//! Fields that somebody changed on the live object and that a rollback would set back.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::merge::Schema;
use crate::number::Num;
use crate::quantity;

/// A field whose live value is neither the old manifest's nor what it will be.
#[derive(Clone, Debug, PartialEq)]
pub struct DriftField {
    /// Where it is: `spec.template.spec.containers[app].image`.
    pub path: String,
    /// What it is; `None` when it was removed.
    pub live: Option<Value>,
    /// What it will be.
    pub target: Value,
}

/// Finds the fields of `target` that are changed on the live object since the old manifest and that `result` sets back.
pub(super) fn find(
    schema: Schema,
    target: &Value,
    old: &Value,
    live: &Value,
    result: &Value,
) -> Vec<DriftField> {
    let mut found = Vec::new();
    let [target, old, live, result] = [target, old, live, result].map(stored);
    let sides = Aligned { target: &target, old: Some(&old), live: Some(&live), result: Some(&result) };
    walk(Some(schema), String::new(), &sides, &mut found);
    found
}

/// Returns a Secret as the server keeps it: `stringData` is only written, and is never read back.
fn stored(object: &Value) -> Cow<'_, Value> {
    let texts = object.get("stringData").and_then(Value::as_object);
    let is_secret = object.get("kind").and_then(Value::as_str) == Some("Secret");
    let Some(texts) = texts.filter(|_| is_secret) else { return Cow::Borrowed(object) };
    let mut kept = object.clone();
    if let Some(kept) = kept.as_object_mut() {
        kept.remove("stringData");
        let data = kept.entry("data").or_insert(Value::Null);
        if data.is_null() {
            *data = Value::Object(Map::new());
        }
        for (key, text) in texts {
            let encoded = text.as_str().map(|text| STANDARD.encode(text));
            if let (Some(data), Some(encoded)) = (data.as_object_mut(), encoded) {
                data.insert(key.clone(), encoded.into());
            }
        }
    }
    Cow::Owned(kept)
}

/// The same place in four objects.
struct Aligned<'a> {
    target: &'a Value,
    old: Option<&'a Value>,
    live: Option<&'a Value>,
    result: Option<&'a Value>,
}

fn walk(schema: Option<Schema>, path: String, at: &Aligned<'_>, found: &mut Vec<DriftField>) {
    if let Value::Object(target) = at.target {
        for (key, target) in target {
            let inner = schema.and_then(|schema| field(schema, key));
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let get = |side: Option<&'_ Value>| side.and_then(|side| side.get(key)).cloned();
            let (old, live, result) = (get(at.old), get(at.live), get(at.result));
            let sides = Aligned { target, old: old.as_ref(), live: live.as_ref(), result: result.as_ref() };
            match (target, merge_key(schema, key)) {
                (Value::Array(items), Some(merge_key)) => {
                    walk_items(inner, &path, merge_key, items, &sides, found);
                }
                _ => walk(inner, path, &sides, found),
            }
        }
        return;
    }
    // What the old manifest did not say is no drift, and what stays is not set back.
    let Some(old) = at.old else { return };
    let differs = |side: Option<&Value>, other: Option<&Value>| match (side, other) {
        (Some(a), Some(b)) => !same(schema, a, b),
        (None, None) => false,
        _ => true,
    };
    if differs(at.live, Some(old)) && differs(at.live, at.result) {
        found.push(DriftField { path, live: at.live.cloned(), target: at.target.clone() });
    }
}

/// Walks the items of a list that is merged by key, each beside those of its key.
fn walk_items(
    schema: Option<Schema>,
    path: &str,
    key: &str,
    items: &[Value],
    at: &Aligned<'_>,
    found: &mut Vec<DriftField>,
) {
    let schema = schema.and_then(Schema::inner);
    let [old, live, result] = [at.old, at.live, at.result].map(|side| by_key(side, key));
    for item in items {
        let id = if key.is_empty() { item } else { item.get(key).unwrap_or(&Value::Null) };
        let text = id.to_string();
        let of = |side: &HashMap<String, &Value>| side.get(&text).map(|item| (*item).clone());
        let (old, live, result) = (of(&old), of(&live), of(&result));
        let name = id.as_str().map_or_else(|| text.clone(), str::to_owned);
        let sides = Aligned { target: item, old: old.as_ref(), live: live.as_ref(), result: result.as_ref() };
        walk(schema, format!("{path}[{name}]"), &sides, found);
    }
}

/// The items of a list by their merge keys; of equal ones the first.
fn by_key<'a>(list: Option<&'a Value>, key: &str) -> HashMap<String, &'a Value> {
    let mut found = HashMap::new();
    for item in list.and_then(Value::as_array).into_iter().flatten() {
        let id = if key.is_empty() { item } else { item.get(key).unwrap_or(&Value::Null) };
        found.entry(id.to_string()).or_insert(item);
    }
    found
}

fn field(schema: Schema, key: &str) -> Option<Schema> {
    if let (false, Some(values)) = (schema.name().starts_with("[]"), schema.inner()) {
        return Some(values);
    }
    schema.field(key)
}

fn merge_key(schema: Option<Schema>, key: &str) -> Option<&'static str> {
    schema.and_then(|schema| schema.merge_key(key))
}

/// Returns whether two values mean the same to the server: quantities by their value, absent and null alike.
pub(super) fn same(schema: Option<Schema>, a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            // Each pair is compared once: definitions are deep, and twice at every level is without end.
            same_maps(schema, a, b) && b.iter().all(|(key, value)| value.is_null() || a.contains_key(key))
        }
        (Value::Array(a), Value::Array(b)) => {
            let inner = schema.and_then(Schema::inner);
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(inner, a, b))
        }
        _ if a == b => true,
        _ if schema.is_some_and(|schema| schema.name() == "quantity") => {
            matches!((scalar_text(a), scalar_text(b)), (Some(a), Some(b)) if quantity::same(&a, &b))
        }
        _ => false,
    }
}

/// Returns whether everything in the first is so in the second.
fn same_maps(schema: Option<Schema>, a: &Map<String, Value>, b: &Map<String, Value>) -> bool {
    a.iter().all(|(key, value)| match b.get(key) {
        None | Some(Value::Null) => value.is_null(),
        Some(other) => same(schema.and_then(|schema| field(schema, key)), value, other),
    })
}

fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(Num::of(number).go_text()),
        _ => None,
    }
}

/// Returns whether two states of an object mean the same to the server: quantities by their value, absent and null alike,
/// what is written into a Secret as text as what is kept of it, and what only the server writes left aside.
pub fn means_the_same(a: &Value, b: &Value) -> bool {
    let text = |key: &str| a.get(key).and_then(Value::as_str).unwrap_or_default();
    let schema = Schema::of_kind(text("apiVersion"), text("kind"));
    same(schema, &without_servers_own(&stored(a)), &without_servers_own(&stored(b)))
}

pub(super) fn without_servers_own(object: &Value) -> Value {
    let mut object = crate::number::canonical(object.clone());
    if let Some(map) = object.as_object_mut() {
        map.shift_remove("status");
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        for key in ["managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"]
        {
            metadata.shift_remove(key);
        }
    }
    object
}

/// Finds lists of an object in which two items have one merge key; returns their paths.
pub(super) fn duplicate_keys(schema: Schema, object: &Value) -> Vec<String> {
    let mut found = Vec::new();
    duplicates(Some(schema), "", object, &mut found);
    found
}

fn duplicates(schema: Option<Schema>, path: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                if let (Value::Array(items), Some(id)) = (value, merge_key(schema, key)) {
                    let ids =
                        items.iter().filter_map(|item| if id.is_empty() { Some(item) } else { item.get(id) });
                    let mut seen = HashSet::new();
                    if ids.map(Value::to_string).any(|id| !seen.insert(id)) {
                        found.push(path.clone());
                    }
                }
                duplicates(schema.and_then(|schema| field(schema, key)), &path, value, found);
            }
        }
        Value::Array(items) => {
            let inner = schema.and_then(Schema::inner);
            for (at, item) in items.iter().enumerate() {
                duplicates(inner, &format!("{path}[{at}]"), item, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_lies_deep_is_compared_once_at_every_level() {
        let nested = |inner: Value| (0..64).fold(inner, |inside, _| json!({"properties": inside, "x": null}));
        let (one, same, other) =
            (nested(json!({"a": 1})), nested(json!({"a": 1, "b": null})), nested(json!({"a": 2})));
        assert!(means_the_same(&one, &same) && means_the_same(&same, &one));
        assert!(!means_the_same(&one, &other) && !means_the_same(&other, &one));
        assert!(!means_the_same(&json!({"a": {"b": 1}}), &json!({"a": {"b": 1, "c": 2}})));
        assert!(!means_the_same(&json!({"a": {"b": 1, "c": 2}}), &json!({"a": {"b": 1}})));
    }
}
