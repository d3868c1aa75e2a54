//! `metadata.managedFields`: who set which field, and when.
//!
//! Owns: the sets of fields (`fieldsV1`) of client-side writers (`Update`) and their bookkeeping:
//! a writer owns what it changed, and what it changed is taken from the others. Server-side apply
//! is not simulated. Tested on small objects below.

use serde_json::{Map, Value, json};

use super::json::{list, object, set, slot, text};
use crate::life::Nanos;

/// Who writes, for `managedFields`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The field manager.
    pub manager: String,
    /// The subresource that is written, empty for the object itself.
    pub subresource: &'static str,
}

impl Actor {
    /// Returns a manager that writes the object itself.
    pub fn new(manager: &str) -> Self {
        Self { manager: manager.to_owned(), subresource: "" }
    }

    /// Returns a manager that writes the status.
    pub fn status(manager: &str) -> Self {
        Self { manager: manager.to_owned(), subresource: "status" }
    }
}

/// Fields of `metadata` that nobody owns.
const SYSTEM: &[&str] = &[
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
];

/// Returns the keys by which the items of a list field are told apart; `None`: the list is one value.
fn list_keys(field: &str, item: &Value) -> Option<&'static [&'static str]> {
    match field {
        "containers" | "initContainers" | "volumes" | "env" | "imagePullSecrets" => Some(&["name"]),
        "ports" if item.get("containerPort").is_some() => Some(&["containerPort", "protocol"]),
        "ports" if item.get("port").is_some() => Some(&["port", "protocol"]),
        "conditions" => Some(&["type"]),
        "ownerReferences" => Some(&["uid"]),
        "volumeMounts" => Some(&["mountPath"]),
        "podIPs" | "hostIPs" => Some(&["ip"]),
        _ => None,
    }
}

fn item_key(keys: &[&str], item: &Value) -> String {
    let named: Map<String, Value> =
        keys.iter().filter_map(|k| item.get(*k).map(|v| ((*k).to_owned(), v.clone()))).collect();
    format!("k:{}", Value::Object(named))
}

/// Returns the fields that differ from `old` to `new`, as a `fieldsV1` tree; `None` when none do.
pub fn changed(old: &Value, new: &Value) -> Option<Value> {
    let mut tree = Map::new();
    let empty = Map::new();
    let before = old.as_object().unwrap_or(&empty);
    for (key, value) in new.as_object().unwrap_or(&empty) {
        if matches!(key.as_str(), "apiVersion" | "kind") {
            continue;
        }
        let was = before.get(key).unwrap_or(&Value::Null);
        let sub = if key == "metadata" { metadata(was, value) } else { difference(key, was, value) };
        if let Some(sub) = sub {
            tree.insert(format!("f:{key}"), sub);
        }
    }
    (!tree.is_empty()).then_some(Value::Object(tree))
}

fn metadata(old: &Value, new: &Value) -> Option<Value> {
    let mut tree = Map::new();
    for (key, value) in new.as_object().into_iter().flatten().filter(|(k, _)| !SYSTEM.contains(&k.as_str())) {
        if let Some(sub) = difference(key, old.get(key).unwrap_or(&Value::Null), value) {
            tree.insert(format!("f:{key}"), sub);
        }
    }
    (!tree.is_empty()).then_some(Value::Object(tree))
}

fn difference(field: &str, old: &Value, new: &Value) -> Option<Value> {
    if old == new {
        return None;
    }
    match new {
        Value::Object(map) if !map.is_empty() => {
            let mut tree = Map::new();
            if !old.is_object() && field != "spec" && field != "status" {
                tree.insert(".".to_owned(), json!({}));
            }
            for (key, value) in map {
                let was = old.get(key).unwrap_or(&Value::Null);
                if let Some(sub) = difference(key, was, value) {
                    tree.insert(format!("f:{key}"), sub);
                }
            }
            (!tree.is_empty()).then_some(Value::Object(tree))
        }
        Value::Array(items) => list_difference(field, old, items),
        Value::Null => None,
        _ => Some(json!({})),
    }
}

fn list_difference(field: &str, old: &Value, items: &[Value]) -> Option<Value> {
    let Some(keys) = items.first().and_then(|first| list_keys(field, first)) else { return Some(json!({})) };
    let mut tree = Map::new();
    if !old.is_array() {
        tree.insert(".".to_owned(), json!({}));
    }
    for item in items {
        let key = item_key(keys, item);
        let was = list(old, &[]).iter().find(|o| item_key(keys, o) == key).unwrap_or(&Value::Null);
        if let Some(sub) = difference("item", was, item) {
            tree.insert(key, sub);
        }
    }
    (!tree.is_empty()).then_some(Value::Object(tree))
}

fn union(into: &mut Value, from: &Value) {
    for (key, value) in from.as_object().into_iter().flatten() {
        let place = object(into).entry(key.clone()).or_insert_with(|| json!({}));
        union(place, value);
    }
}

/// Takes the leaves of `gone` out of `from`; returns whether anything is left.
fn subtract(from: &mut Value, gone: &Value) -> bool {
    let Some(map) = from.as_object_mut() else { return false };
    for (key, value) in gone.as_object().into_iter().flatten() {
        if key == "." {
            continue;
        }
        let Some(mine) = map.get_mut(key) else { continue };
        let leaf = mine.as_object().is_none_or(Map::is_empty) || value.as_object().is_none_or(Map::is_empty);
        if leaf || !subtract(mine, value) {
            map.shift_remove(key);
        }
    }
    map.keys().any(|key| key != ".")
}

/// Records in `new` that `actor` made it out of `old` at `now`; an unchanged object keeps its entries.
pub fn record(old: &Value, new: &mut Value, actor: &Actor, now: Nanos) {
    let mut entries: Vec<Value> = list(old, &["metadata", "managedFields"]).to_vec();
    if let Some(fields) = changed(old, new) {
        let version = text(new, &["apiVersion"]).to_owned();
        let mine = |e: &Value| {
            text(e, &["manager"]) == actor.manager
                && text(e, &["subresource"]) == actor.subresource
                && text(e, &["operation"]) == "Update"
        };
        for entry in entries.iter_mut().filter(|e| !mine(e)) {
            let keep = subtract(slot(entry, &["fieldsV1"]), &fields);
            if !keep {
                *entry = Value::Null;
            }
        }
        entries.retain(|e| !e.is_null());
        match entries.iter_mut().find(|e| mine(e)) {
            Some(entry) => {
                union(slot(entry, &["fieldsV1"]), &fields);
                set(entry, &["time"], super::json::time(now));
                set(entry, &["apiVersion"], version);
            }
            None => entries.push(entry(actor, &version, &fields, now)),
        }
    }
    set(new, &["metadata", "managedFields"], entries);
}

fn entry(actor: &Actor, version: &str, fields: &Value, now: Nanos) -> Value {
    let mut entry = json!({
        "manager": actor.manager,
        "operation": "Update",
        "apiVersion": version,
        "time": super::json::time(now),
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    });
    if !actor.subresource.is_empty() {
        set(&mut entry, &["subresource"], actor.subresource);
    }
    entry
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn managed(value: &Value) -> Vec<(String, Value)> {
        list(value, &["metadata", "managedFields"])
            .iter()
            .map(|e| (text(e, &["manager"]).to_owned(), e["fieldsV1"].clone()))
            .collect()
    }

    #[test]
    fn a_field_belongs_to_the_writer_that_changed_it_last() {
        let mut one = json!({"apiVersion": "apps/v1", "metadata": {"name": "x", "labels": {"a": "1"}},
            "spec": {"replicas": 3, "containers": [{"name": "c", "image": "i:1"}]}});
        record(&Value::Null, &mut one, &Actor::new("helm"), 0);
        let mut two = one.clone();
        set(&mut two, &["spec", "replicas"], 5);
        record(&one, &mut two, &Actor::new("kubectl"), 0);
        let containers = json!({".": {}, "k:{\"name\":\"c\"}": {".": {}, "f:name": {}, "f:image": {}}});
        let helm =
            json!({"f:metadata": {"f:labels": {".": {}, "f:a": {}}}, "f:spec": {"f:containers": containers}});
        assert_eq!(
            managed(&two),
            vec![("helm".to_owned(), helm), ("kubectl".to_owned(), json!({"f:spec": {"f:replicas": {}}}))]
        );
    }

    #[test]
    fn a_write_without_a_change_leaves_no_trace() {
        let mut one = json!({"apiVersion": "v1", "metadata": {"name": "x"}, "data": {"a": "1"}});
        record(&Value::Null, &mut one, &Actor::new("helm"), 0);
        let mut two = one.clone();
        record(&one, &mut two, &Actor::new("kubectl"), 60_000_000_000);
        assert_eq!(two, one);
    }
}
