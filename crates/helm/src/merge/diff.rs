//! The difference of two objects as a strategic merge patch.
//!
//! Owns the walk over maps; lists are in [`super::diff_lists`]. The three-way patch is made of two such differences: what
//! changed between the live object and the target, without deletions, and what was deleted between the old manifest and
//! the target, without changes; the first is then merged into the second as a patch.

use serde_json::{Map, Value};

use super::diff_lists::{ListDiff, diff_lists};
use super::lists::sort_scalars;
use super::merge_map::{MergeOptions, merge_map};
use super::schema::{Schema, Strategy};
use super::value::type_of;
use super::{DELETE_FROM_LIST, DIRECTIVE, MAX_DEPTH, MergeError, ORDER, RETAIN_KEYS};
use crate::faults::{Fault, on};

/// What a difference leaves out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DiffOptions {
    /// Leave changed and added values out: only deletions are wanted.
    pub ignore_changes: bool,
    /// Leave deletions out.
    pub ignore_deletions: bool,
    /// Name the keys that stay.
    pub retain_keys: bool,
}

/// Makes the patch that turns `live` into what it would be had `target` been applied after `old`: changed and added values of
/// the target win over the live ones, what is in the old manifest and not in the target is deleted, and all else stays.
pub(super) fn three_way(
    old: &Map<String, Value>,
    target: &Map<String, Value>,
    live: &Map<String, Value>,
    schema: Schema,
) -> Result<Map<String, Value>, MergeError> {
    let changes = DiffOptions { ignore_deletions: true, ..DiffOptions::default() };
    let delta = diff_maps(if on(Fault::DriftStays) { old } else { live }, target, schema, changes, 0)?;
    let deletions = DiffOptions { ignore_changes: true, ..DiffOptions::default() };
    let deletions = diff_maps(old, target, schema, deletions, 0)?;
    merge_map(deletions, delta, schema, MergeOptions::of_patches(), 0)
}

/// Makes the patch that turns `original` into `modified`, leaving out what the options say.
pub(super) fn diff_maps(
    original: &Map<String, Value>,
    modified: &Map<String, Value>,
    schema: Schema,
    options: DiffOptions,
    depth: usize,
) -> Result<Map<String, Value>, MergeError> {
    if depth > MAX_DEPTH {
        return Err(MergeError::TooDeep);
    }
    let mut patch = Map::new();
    let mut retained = Vec::new();
    for (key, new) in modified.iter().filter(|(_, new)| !new.is_null() || !on(Fault::NullIsAbsent)) {
        if options.retain_keys && !new.is_null() {
            retained.push(Value::from(key.as_str()));
        }
        let Some(old) = original.get(key) else {
            if !options.ignore_changes {
                patch.insert(key.clone(), new.clone());
            }
            continue;
        };
        if key == DIRECTIVE {
            diff_directive(old, new, &mut patch)?;
            continue;
        }
        if type_of(old) != type_of(new) {
            if !options.ignore_changes {
                patch.insert(key.clone(), new.clone());
            }
            continue;
        }
        match (old, new) {
            (Value::Object(old), Value::Object(new)) => {
                diff_map_field(key, old, new, &mut patch, schema, options, depth)?;
            }
            (Value::Array(old), Value::Array(new)) => {
                diff_list_field(key, old, new, &mut patch, schema, options, depth)?;
            }
            _ => replace_if_changed(key, old, new, &mut patch, options),
        }
    }
    if !options.ignore_deletions {
        for key in original.keys().filter(|key| !modified.contains_key(*key)) {
            patch.insert(key.clone(), Value::Null);
        }
    }
    let extra = || original.iter().any(|(key, value)| !value.is_null() && !modified.contains_key(key));
    if !retained.is_empty() && (!patch.is_empty() || extra()) {
        sort_scalars(&mut retained);
        patch.insert(RETAIN_KEYS.to_owned(), Value::Array(retained));
    }
    Ok(patch)
}

/// A directive that stands in both manifests.
fn diff_directive(old: &Value, new: &Value, patch: &mut Map<String, Value>) -> Result<(), MergeError> {
    if !old.is_string() || !new.is_string() {
        return Err(MergeError::BadDirective(format!("invalid value for special key: {DIRECTIVE}")));
    }
    if old != new {
        patch.insert(DIRECTIVE.to_owned(), new.clone());
    }
    Ok(())
}

fn diff_map_field(
    key: &str,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    patch: &mut Map<String, Value>,
    schema: Schema,
    options: DiffOptions,
    depth: usize,
) -> Result<(), MergeError> {
    let field = match schema.map_field(key) {
        Ok(field) => field,
        // What the type does not know may stay as it is.
        Err(_) if old == new => return Ok(()),
        Err(err) => return Err(err),
    };
    if field.strategy == Strategy::Replace {
        if !options.ignore_changes {
            patch.insert(key.to_owned(), Value::Object(new.clone()));
        }
        return Ok(());
    }
    let inner = DiffOptions { retain_keys: field.retain_keys, ..options };
    let inner = diff_maps(old, new, field.schema, inner, depth + 1)?;
    if !inner.is_empty() {
        patch.insert(key.to_owned(), Value::Object(inner));
    }
    Ok(())
}

fn diff_list_field(
    key: &str,
    old: &[Value],
    new: &[Value],
    patch: &mut Map<String, Value>,
    schema: Schema,
    options: DiffOptions,
    depth: usize,
) -> Result<(), MergeError> {
    let field = match schema.list_field(key) {
        Ok(field) => field,
        Err(_) if old == new => return Ok(()),
        Err(err) => return Err(err),
    };
    if field.strategy != Strategy::Merge {
        if !options.ignore_changes && old != new {
            patch.insert(key.to_owned(), Value::Array(new.to_vec()));
        }
        return Ok(());
    }
    let inner = DiffOptions { retain_keys: field.retain_keys, ..options };
    let ListDiff { changes, deletions, order } =
        diff_lists(old, new, field.schema, field.merge_key, inner, depth + 1)?;
    let mut put = |key: String, list: Vec<Value>| {
        if !list.is_empty() {
            patch.insert(key, Value::Array(list));
        }
    };
    put(key.to_owned(), changes);
    put(format!("{DELETE_FROM_LIST}/{key}"), deletions);
    put(format!("{ORDER}/{key}"), order);
    Ok(())
}

fn replace_if_changed(
    key: &str,
    old: &Value,
    new: &Value,
    patch: &mut Map<String, Value>,
    options: DiffOptions,
) {
    if !options.ignore_changes && old != new {
        patch.insert(key.to_owned(), new.clone());
    }
}
