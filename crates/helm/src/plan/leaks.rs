//! What earlier failures left behind in the cluster.
//!
//! Helm compares with the last revision's manifest only. After a failed upgrade, and a rollback that failed too, that manifest
//! says nothing of what the upgrade had added: its objects and fields stay for good (helm#12436, #13346, #13089). They are
//! told of, and taken away where that is asked for: then everything that the manifests since the last good revision said
//! together stands in for the last manifest.

use serde_json::{Map, Value};

use super::object::PlanObject;
use crate::merge::{Schema, merge_apply, strategic_apply};

/// How many fields are named.
const MOST: usize = 20;

/// Returns all that manifests said of an object, the earliest first; later ones win.
pub(super) fn union<'a>(all: impl Iterator<Item = &'a PlanObject>) -> Option<Value> {
    all.fold(None, |before: Option<Value>, object| {
        let Some(mut before) = before else { return Some(object.value.clone()) };
        let gvk = &object.id.gvk;
        let merged = Schema::of_kind(&gvk.api_version(), &gvk.kind)
            .and_then(|schema| strategic_apply(&before, &object.value, schema).ok());
        Some(merged.unwrap_or_else(|| {
            merge_apply(&mut before, &object.value);
            before
        }))
    })
}

/// Returns the paths of what `before` has and `after` does not; of a thing that is gone, its own path alone.
pub(super) fn gone(before: &Value, after: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    walk(before, after, &mut String::new(), &mut paths);
    paths.truncate(MOST);
    paths
}

fn walk(before: &Value, after: &Value, path: &mut String, out: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => maps(before, after, path, out),
        (Value::Array(before), Value::Array(after)) => {
            for item in before.iter().filter(|item| !after.contains(item)) {
                let name = name_of(item);
                let same = name.and_then(|name| after.iter().find(|other| name_of(other) == Some(name)));
                let length = path.len();
                path.push_str(&format!("[{}]", name.map_or_else(|| item.to_string(), str::to_owned)));
                match same {
                    Some(other) => walk(item, other, path, out),
                    None => out.push(path.clone()),
                }
                path.truncate(length);
            }
        }
        _ => {}
    }
}

fn maps(before: &Map<String, Value>, after: &Map<String, Value>, path: &mut String, out: &mut Vec<String>) {
    for (key, value) in before {
        let length = path.len();
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(key);
        match after.get(key) {
            Some(other) => walk(value, other, path, out),
            None => out.push(path.clone()),
        }
        path.truncate(length);
    }
}

fn name_of(item: &Value) -> Option<&str> {
    item.get("name").and_then(Value::as_str)
}
