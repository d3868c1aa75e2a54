//! Merging a strategic merge patch into an object, or into another patch.
//!
//! Owns the walk over maps and the directives `$patch`, `$retainKeys`, `$setElementOrder` and `$deleteFromPrimitiveList`;
//! lists are in [`super::merge_lists`]. Merging into an object carries the directives out, merging into a patch keeps them.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::lists::{element_type, order_merged};
use super::merge_lists::{merge_lists, partition, validate_order};
use super::schema::{Schema, Strategy};
use super::value::{GoType, as_list, contains, go_text, type_of};
use super::{DELETE, DELETE_FROM_LIST, DIRECTIVE, MAX_DEPTH, MergeError, ORDER, REPLACE, RETAIN_KEYS};
use crate::faults::{Fault, on};

/// What is told of a `$setElementOrder` that is none.
const BAD_ORDER: &str = "invalid patch format of setElementOrder list";

/// Into what a patch is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MergeOptions {
    /// Whether directives are carried out, and nulls that delete nothing dropped.
    pub carry_out: bool,
}

impl MergeOptions {
    /// Merging a patch into a patch.
    pub(super) fn of_patches() -> Self {
        Self { carry_out: false }
    }

    /// Merging a patch into an object.
    pub(super) fn of_object() -> Self {
        Self { carry_out: true }
    }
}

pub(super) fn merge_map(
    original: Map<String, Value>,
    mut patch: Map<String, Value>,
    schema: Schema,
    options: MergeOptions,
    depth: usize,
) -> Result<Map<String, Value>, MergeError> {
    if depth > MAX_DEPTH {
        return Err(MergeError::TooDeep);
    }
    if let Some(directive) = patch.get(DIRECTIVE) {
        return match directive.as_str() {
            Some(REPLACE) => {
                patch.shift_remove(DIRECTIVE);
                Ok(patch)
            }
            Some(DELETE) => Ok(Map::new()),
            _ => Err(MergeError::bad_patch_type(directive, &patch)),
        };
    }
    let mut original = original;
    retain_keys(&mut original, &mut patch, options)?;
    ordered_lists(&mut original, &mut patch, schema, options, depth)?;
    // The lists that something was deleted from, with how long they were: what is then appended is appended in place.
    let mut rooms = HashMap::new();
    for (key, value) in patch {
        if !key.starts_with(DELETE_FROM_LIST) {
            let room = rooms.get(&key).copied();
            merge_field(&mut original, key, value, schema, options, depth, room)?;
        } else if options.carry_out {
            let field = directive_field(&key, DELETE_FROM_LIST)?;
            if let Some(room) = delete_from_list(&mut original, field, value, schema, depth)? {
                rooms.insert(field.to_owned(), room);
            }
        } else {
            original.insert(key, value);
        }
    }
    Ok(original)
}

fn merge_field(
    original: &mut Map<String, Value>,
    key: String,
    mut value: Value,
    schema: Schema,
    options: MergeOptions,
    depth: usize,
    room: Option<usize>,
) -> Result<(), MergeError> {
    if value.is_null() {
        original.shift_remove(&key);
        if options.carry_out {
            return Ok(());
        }
    }
    let old = original.get_mut(&key).filter(|old| type_of(old) == type_of(&value));
    let kept = match (old, value) {
        (Some(old), value @ (Value::Object(_) | Value::Array(_))) => {
            Some(merge_collection(old, value, &key, schema, options, depth, room)?)
        }
        (old, new) => {
            value = new;
            if old.is_none() && options.carry_out && !on(Fault::NullsKept) {
                discard_nulls(&mut value);
            }
            remove_directives(value)
        }
    };
    match kept {
        Some(kept) => {
            original.insert(key, kept);
        }
        None => {
            original.shift_remove(&key);
        }
    }
    Ok(())
}

/// Merges a map into a map, or a list into a list.
fn merge_collection(
    old: &mut Value,
    new: Value,
    key: &str,
    schema: Schema,
    options: MergeOptions,
    depth: usize,
    room: Option<usize>,
) -> Result<Value, MergeError> {
    Ok(match (std::mem::take(old), new) {
        (Value::Object(old), Value::Object(new)) => {
            let field = schema.map_field(key)?;
            let replaced = field.strategy == Strategy::Replace;
            let merged = if replaced { new } else { merge_map(old, new, field.schema, options, depth + 1)? };
            Value::Object(merged)
        }
        (Value::Array(old), Value::Array(new)) => {
            let field = schema.list_field(key)?;
            let merged = field.strategy == Strategy::Merge;
            Value::Array(if merged {
                merge_lists(old, new, field, options, depth + 1, room)?.list
            } else {
                new
            })
        }
        (_, new) => new,
    })
}

/// Carries `$deleteFromPrimitiveList` of a field out; returns how long the list was. What it says of anything but a list of
/// scalars is merged, as the API machinery does it.
fn delete_from_list(
    original: &mut Map<String, Value>,
    key: &str,
    value: Value,
    schema: Schema,
    depth: usize,
) -> Result<Option<usize>, MergeError> {
    if value.is_null() {
        original.shift_remove(key);
        return Ok(None);
    }
    let Some(old) = original.get_mut(key).filter(|old| type_of(old) == type_of(&value)) else {
        return Ok(None);
    };
    let options = MergeOptions::of_object();
    match (&mut *old, value) {
        (Value::Array(old), Value::Array(gone)) => {
            let field = schema.list_field(key)?;
            let room = old.len();
            if old.is_empty() && gone.is_empty() {
                return Ok(None);
            }
            if element_type(&[old, &gone])? == GoType::Map {
                *old = merge_lists(std::mem::take(old), gone, field, options, depth + 1, None)?.list;
                return Ok(None);
            }
            old.retain(|item| !gone.contains(item) || on(Fault::ScalarsStay));
            return Ok(Some(room));
        }
        (_, value @ Value::Object(_)) => {
            *old = merge_collection(old, value, key, schema, options, depth, None)?;
        }
        (_, scalar) => *old = scalar,
    }
    Ok(None)
}

/// The field that a directive such as `$setElementOrder/ports` is about.
fn directive_field<'a>(directive: &'a str, prefix: &str) -> Result<&'a str, MergeError> {
    match directive.split_once('/') {
        Some((found, field)) if found == prefix => Ok(field),
        _ if prefix == ORDER => Err(MergeError::BadDirective(BAD_ORDER.to_owned())),
        _ => Err(MergeError::BadDirective("invalid patch format of primitive list".to_owned())),
    }
}

fn retain_keys(
    original: &mut Map<String, Value>,
    patch: &mut Map<String, Value>,
    options: MergeOptions,
) -> Result<(), MergeError> {
    let Some(retained) = patch.shift_remove(RETAIN_KEYS) else { return Ok(()) };
    if !options.carry_out {
        return match original.get(RETAIN_KEYS) {
            Some(theirs) if *theirs != retained => Err(MergeError::BadDirective(format!(
                "{} and {} are not deep equal: this may happen when calculating the 3-way diff patch",
                go_text(theirs),
                go_text(&retained)
            ))),
            _ => {
                original.insert(RETAIN_KEYS.to_owned(), retained);
                Ok(())
            }
        };
    }
    let bad = || MergeError::BadDirective("invalid patch format of retainKeys".to_owned());
    let retained = retained.as_array().ok_or_else(bad)?;
    contains(retained, &Value::Null)?;
    let is_retained = |key: &str| retained.iter().any(|item| item.as_str() == Some(key));
    for (key, value) in patch.iter() {
        let directive = key.starts_with(DELETE_FROM_LIST) || key.starts_with(ORDER);
        if !value.is_null() && !directive && !is_retained(key) {
            return Err(bad());
        }
    }
    original.retain(|key, _| is_retained(key) || on(Fault::RetainKeysIgnored));
    Ok(())
}

/// Merges every list that a `$setElementOrder` speaks of, and takes both out of the patch.
fn ordered_lists(
    original: &mut Map<String, Value>,
    patch: &mut Map<String, Value>,
    schema: Schema,
    options: MergeOptions,
    depth: usize,
) -> Result<(), MergeError> {
    let directives: Vec<String> = patch.keys().filter(|key| key.starts_with(ORDER)).cloned().collect();
    for directive in directives {
        let Some(order) = patch.shift_remove(&directive) else { continue };
        if !options.carry_out {
            match original.get(&directive) {
                Some(theirs) if *theirs != order => {
                    return Err(MergeError::BadDirective(BAD_ORDER.to_owned()));
                }
                Some(_) => {}
                None => {
                    original.insert(directive.clone(), order.clone());
                }
            }
        }
        let order = as_list(&order)?;
        let key = directive_field(&directive, ORDER)?;
        let old = original.get(key).map(as_list).transpose()?;
        let new = patch.get(key).map(as_list).transpose()?;
        let field = schema.list_field(key)?;
        validate_order(new.map_or(&[][..], Vec::as_slice), order, field.merge_key)?;
        let mut server_order = old.cloned().unwrap_or_default();
        let merged = match (old, new) {
            (None, None) => continue,
            (Some(old), None) => old.clone(),
            (None, Some(new)) => match remove_directives(Value::Array(new.clone())) {
                Some(Value::Array(items)) => items,
                _ => continue,
            },
            (Some(old), Some(new)) if field.strategy == Strategy::Merge => {
                let (old, new) = (old.clone(), new.clone());
                let merged = merge_lists(old, new, field, options, depth + 1, None)?;
                server_order = merged.original;
                merged.list
            }
            (Some(_), Some(new)) => new.clone(),
        };
        let (patched, server_only) = partition(merged, order, field.merge_key)?;
        let kind = element_type(&[&server_order, new.map_or(&[][..], Vec::as_slice)])?;
        let order = if on(Fault::OrderIgnored) { &Vec::new() } else { order };
        let both = order_merged(patched, server_only, order, &server_order, field.merge_key, kind)?;
        let key = key.to_owned();
        patch.shift_remove(&key);
        original.insert(key, Value::Array(both));
    }
    Ok(())
}

/// Removes whatever carries a `$patch`; `None` when the value itself does.
pub(super) fn remove_directives(value: Value) -> Option<Value> {
    match value {
        Value::Object(map) if map.contains_key(DIRECTIVE) => None,
        Value::Object(map) => {
            let kept = map.into_iter().filter_map(|(key, item)| Some((key, remove_directives(item)?)));
            Some(Value::Object(kept.collect()))
        }
        Value::Array(items) => Some(Value::Array(items.into_iter().filter_map(remove_directives).collect())),
        other => Some(other),
    }
}

fn discard_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, item| !item.is_null());
            map.values_mut().for_each(discard_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(discard_nulls),
        _ => {}
    }
}
