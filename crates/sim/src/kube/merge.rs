//! Patches: JSON merge (RFC 7396), JSON patch (RFC 6902), and the seam for strategic merge.
//!
//! Owns: applying patches to values. Never writes to the cluster. Tested below.

use deckwatch_helm::merge::{Schema, strategic_apply};
use serde_json::Value;

use crate::cluster::json::object;
use crate::cluster::kinds::Kind;
use crate::cluster::status::ApiError;

/// Applies strategic merge patches.
pub trait Strategic: Send + Sync + 'static {
    /// Returns `live` with a strategic merge patch applied, or why it cannot be.
    fn apply(&self, kind: &Kind, live: &Value, patch: &Value) -> Result<Value, String>;
}

/// Strategic merge by the rules that Helm's engine knows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Helm;

impl Strategic for Helm {
    fn apply(&self, kind: &Kind, live: &Value, patch: &Value) -> Result<Value, String> {
        let version = kind.api_version();
        let schema = Schema::of_kind(&version, kind.kind)
            .ok_or_else(|| format!("no merge rules for {version} {}", kind.kind))?;
        strategic_apply(live, patch, schema).map_err(|e| e.to_string())
    }
}

/// Applies an RFC 7396 merge patch.
pub fn merge(base: &mut Value, patch: &Value) {
    let Some(map) = patch.as_object() else {
        *base = patch.clone();
        return;
    };
    object(base);
    for (key, value) in map {
        if value.is_null() {
            object(base).shift_remove(key);
        } else {
            merge(object(base).entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// Applies an RFC 6902 patch.
pub fn json_patch(base: &Value, patch: &Value) -> Result<Value, ApiError> {
    let Some(steps) = patch.as_array() else {
        return Err(ApiError::bad_request(
            "error decoding patch: json: cannot unmarshal object into Go value",
        ));
    };
    let mut value = base.clone();
    for step in steps {
        one(&mut value, step).map_err(|why| {
            let mut error = ApiError::bad_request(why);
            error.code = 422;
            error.reason = "Invalid";
            error.message =
                format!("the server rejected our request due to an error in our request: {}", error.message);
            error
        })?;
    }
    Ok(value)
}

fn one(value: &mut Value, step: &Value) -> Result<(), String> {
    let text = |key: &str| step.get(key).and_then(Value::as_str).unwrap_or("");
    let (operation, path) = (text("op"), text("path"));
    let given = step.get("value").cloned().unwrap_or(Value::Null);
    match operation {
        "add" => put(value, path, given, false),
        "replace" => put(value, path, given, true),
        "remove" => take(value, path).map(|_| ()),
        "move" => {
            let moved = take(value, text("from"))?;
            put(value, path, moved, false)
        }
        "copy" => {
            let copied = value.pointer(text("from")).cloned().ok_or("copy operation: missing from")?;
            put(value, path, copied, false)
        }
        "test" if value.pointer(path) == Some(&given) => Ok(()),
        "test" => Err(format!("testing value {path} failed")),
        other => Err(format!("unexpected kind: {other}")),
    }
}

fn split(path: &str) -> Result<(&str, String), String> {
    let (parent, last) = path.rsplit_once('/').ok_or_else(|| format!("invalid path: {path}"))?;
    Ok((parent, last.replace("~1", "/").replace("~0", "~")))
}

fn missing(path: &str) -> String {
    format!("missing path: {path}")
}

fn put(value: &mut Value, path: &str, given: Value, replace: bool) -> Result<(), String> {
    if path.is_empty() {
        *value = given;
        return Ok(());
    }
    let (parent, last) = split(path)?;
    match value.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            if replace && !map.contains_key(&last) {
                return Err(missing(path));
            }
            map.insert(last, given);
            Ok(())
        }
        Some(Value::Array(items)) => {
            let place = if last == "-" { Ok(items.len()) } else { last.parse::<usize>() };
            let place = place.map_err(|_| missing(path))?;
            if replace {
                *items.get_mut(place).ok_or_else(|| missing(path))? = given;
            } else if place <= items.len() {
                items.insert(place, given);
            } else {
                return Err(missing(path));
            }
            Ok(())
        }
        _ => Err(missing(path)),
    }
}

fn take(value: &mut Value, path: &str) -> Result<Value, String> {
    let (parent, last) = split(path)?;
    match value.pointer_mut(parent) {
        Some(Value::Object(map)) => map.shift_remove(&last).ok_or_else(|| missing(path)),
        Some(Value::Array(items)) => {
            let place =
                last.parse::<usize>().ok().filter(|p| *p < items.len()).ok_or_else(|| missing(path))?;
            Ok(items.remove(place))
        }
        _ => Err(missing(path)),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_merge_patch_deletes_by_null_and_replaces_lists() {
        let mut value = json!({"a": 1, "b": {"c": 2, "d": 3}, "e": [1, 2]});
        merge(&mut value, &json!({"a": null, "b": {"c": 4}, "e": [3], "f": {"g": null}}));
        assert_eq!(value, json!({"b": {"c": 4, "d": 3}, "e": [3], "f": {}}));
    }

    #[test]
    fn a_json_patch_is_applied_step_by_step_or_refused() {
        let value = json!({"a": [1, 2], "b": {"x/y": 1}});
        let patch = json!([
            {"op": "add", "path": "/a/1", "value": 9},
            {"op": "replace", "path": "/b/x~1y", "value": 2},
            {"op": "remove", "path": "/a/0"},
            {"op": "test", "path": "/a", "value": [9, 2]},
        ]);
        assert_eq!(json_patch(&value, &patch), Ok(json!({"a": [9, 2], "b": {"x/y": 2}})));
        let bad = json!([{"op": "test", "path": "/a", "value": []}]);
        assert_eq!(json_patch(&value, &bad).map_err(|e| e.code), Err(422));
    }
}
