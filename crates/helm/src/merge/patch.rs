//! The patch that Helm would send for an object.

use serde_json::{Map, Value};

use super::MergeError;
use super::convert::misfit;
use super::diff::{self, DiffOptions, diff_maps};
use super::json::{merge_apply, merge_diff};
use super::merge_map::{MergeOptions, merge_map};
use super::schema::Schema;
use crate::faults::{Fault, on};
use crate::number::{canonical, written};

/// The kind of a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum PatchKind {
    /// A strategic merge patch.
    Strategic,
    /// An RFC 7396 merge patch.
    Merge,
}

impl PatchKind {
    /// Returns the content type that the API server knows it by.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Strategic => "application/strategic-merge-patch+json",
            Self::Merge => "application/merge-patch+json",
        }
    }
}

/// A patch that changes something.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Patch {
    /// Its kind.
    pub kind: PatchKind,
    /// Its body, an object with at least one key.
    pub body: Value,
}

/// Makes the patch that Helm sends to turn `live` into `target`, given the object of the manifest that is being left.
/// `None` when there is nothing to send. A live object that has vanished in between counts as empty, and an object that does
/// not fit its type is patched as a custom resource is, whatever is live: both as in Helm.
pub fn create_patch(old: &Value, target: &Value, live: Option<&Value>) -> Result<Option<Patch>, MergeError> {
    let text = |key: &str| target.get(key).and_then(Value::as_str).unwrap_or_default();
    let schema = Schema::of_kind(text("apiVersion"), text("kind"));
    let fitting = schema.filter(|schema| on(Fault::MisfitIgnored) || misfit(*schema, target).is_none());
    let (old, target) = (written(old.clone()), written(target.clone()));
    let (kind, body) = match fitting {
        Some(schema) => {
            let live = live.cloned().map_or_else(|| Value::Object(Map::new()), written);
            (PatchKind::Strategic, three_way(&old, &target, &live, schema)?)
        }
        None => (PatchKind::Merge, two_way_merge(&old, &target)?),
    };
    let is_empty = body.as_object().is_none_or(Map::is_empty);
    Ok(if is_empty { None } else { Some(Patch { kind, body }) })
}

fn two_way_merge(old: &Value, target: &Value) -> Result<Value, MergeError> {
    Ok(Value::Object(merge_diff(&object(old)?, &object(target)?)))
}

/// Makes the three-way strategic merge patch: what the target says wins over the live object, what was in the old manifest
/// and is not in the target is deleted, all else stays.
pub fn three_way(old: &Value, target: &Value, live: &Value, schema: Schema) -> Result<Value, MergeError> {
    let patch = diff::three_way(&object(old)?, &object(target)?, &object(live)?, schema)?;
    Ok(written(Value::Object(patch)))
}

/// Makes the two-way strategic merge patch that turns `original` into `modified`.
pub fn two_way(original: &Value, modified: &Value, schema: Schema) -> Result<Value, MergeError> {
    let patch = diff_maps(&object(original)?, &object(modified)?, schema, DiffOptions::default(), 0)?;
    Ok(written(Value::Object(patch)))
}

/// Merges a strategic merge patch into an object, as the API server does before it validates and fills in defaults.
pub fn strategic_apply(original: &Value, patch: &Value, schema: Schema) -> Result<Value, MergeError> {
    let merged = merge_map(object(original)?, object(patch)?, schema, MergeOptions::of_object(), 0)?;
    Ok(written(Value::Object(merged)))
}

/// Applies a patch to an object.
pub fn apply(object: &Value, patch: &Patch) -> Result<Value, MergeError> {
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    match patch.kind {
        PatchKind::Strategic => {
            let schema = Schema::of_kind(text("apiVersion"), text("kind"));
            let schema = schema.ok_or_else(|| MergeError::NotAStruct(text("kind").to_owned()))?;
            strategic_apply(object, &patch.body, schema)
        }
        PatchKind::Merge => {
            let mut patched = canonical(object.clone());
            merge_apply(&mut patched, &canonical(patch.body.clone()));
            Ok(patched)
        }
    }
}

/// Lays an object over a live one, as far as that can be known without the server: what `target` says wins, what `old` said
/// and `target` does not is gone, all else stays. Lists of built-in kinds are merged by the keys of strategic patches; of
/// other kinds, and of objects of which no such patch can be made, they are replaced whole.
pub fn lay_over(old: &Value, target: &Value, live: &Value) -> Value {
    let text = |key: &str| target.get(key).and_then(Value::as_str).unwrap_or_default();
    let schema = Schema::of_kind(text("apiVersion"), text("kind"));
    let merged = schema.filter(|schema| misfit(*schema, target).is_none()).and_then(|schema| {
        let patch = three_way(old, target, live, schema).ok()?;
        strategic_apply(live, &patch, schema).ok()
    });
    merged.unwrap_or_else(|| {
        let mut result = canonical(live.clone());
        if let Ok(patch) = two_way_merge(old, target) {
            merge_apply(&mut result, &patch);
        }
        merge_apply(&mut result, &canonical(target.clone()));
        result
    })
}

fn object(value: &Value) -> Result<Map<String, Value>, MergeError> {
    match canonical(value.clone()) {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        _ => Err(MergeError::NotAnObject),
    }
}
