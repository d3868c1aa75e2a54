//! Merging a strategic merge patch into an object, or into another patch.
//!
//! Owns the walk over maps and the directives `$patch`, `$retainKeys`, `$setElementOrder` and `$deleteFromPrimitiveList`;
//! lists are in [`super::merge_lists`]. Merging into an object carries the directives out, merging into a patch keeps them.

use serde_json::{Map, Value};

use super::lists::{element_type, order_merged};
use super::merge_lists::{merge_lists, partition, validate_order};
use super::schema::{Schema, Strategy};
use super::value::{as_list, go_text, type_of};
use super::{DELETE, DELETE_FROM_LIST, DIRECTIVE, MAX_DEPTH, MergeError, ORDER, REPLACE, RETAIN_KEYS};

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
    if let Some(directive) = patch.remove(DIRECTIVE) {
        return match directive.as_str() {
            Some(REPLACE) => Ok(patch),
            Some(DELETE) => Ok(Map::new()),
            _ => Err(MergeError::BadDirective(format!("unknown patch type: {}", go_text(&directive)))),
        };
    }
    let mut original = original;
    retain_keys(&mut original, &mut patch, options)?;
    ordered_lists(&mut original, &mut patch, schema, options, depth)?;
    for (key, value) in patch {
        if key.starts_with(DELETE_FROM_LIST) {
            if options.carry_out {
                delete_from_list(&mut original, &key, value, schema)?;
            } else {
                original.insert(key, value);
            }
            continue;
        }
        merge_field(&mut original, key, value, schema, options, depth)?;
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
) -> Result<(), MergeError> {
    if value.is_null() {
        original.shift_remove(&key);
        if options.carry_out {
            return Ok(());
        }
    }
    let same_type = original.get(&key).is_some_and(|old| type_of(old) == type_of(&value));
    let merged = match (original.get_mut(&key).filter(|_| same_type), value) {
        (Some(Value::Object(old)), Value::Object(new)) => {
            let field = schema.map_field(&key)?;
            let merged = if field.strategy == Strategy::Replace {
                new
            } else {
                merge_map(std::mem::take(old), new, field.schema, options, depth + 1)?
            };
            Some(Value::Object(merged))
        }
        (Some(Value::Array(old)), Value::Array(new)) => {
            let field = schema.list_field(&key)?;
            let merged = if field.strategy == Strategy::Merge {
                merge_lists(std::mem::take(old), new, field.schema, field.merge_key, options, depth + 1)?.list
            } else {
                new
            };
            Some(Value::Array(merged))
        }
        (old, new) => {
            value = new;
            if old.is_none() && options.carry_out {
                discard_nulls(&mut value);
            }
            remove_directives(value)
        }
    };
    match merged {
        Some(merged) => {
            original.insert(key, merged);
        }
        None => {
            original.shift_remove(&key);
        }
    }
    Ok(())
}

/// Carries `$deleteFromPrimitiveList/field` out.
fn delete_from_list(
    original: &mut Map<String, Value>,
    directive: &str,
    value: Value,
    schema: Schema,
) -> Result<(), MergeError> {
    let key = directive_field(directive, DELETE_FROM_LIST)?;
    if value.is_null() {
        original.shift_remove(key);
        return Ok(());
    }
    let Some(Value::Array(old)) = original.get_mut(key) else { return Ok(()) };
    let Value::Array(gone) = value else { return Ok(()) };
    schema.list_field(key)?;
    if old.is_empty() && gone.is_empty() {
        return Ok(());
    }
    element_type(&[old, &gone])?;
    old.retain(|item| !gone.contains(item));
    Ok(())
}

/// The field that a directive such as `$setElementOrder/ports` is about.
fn directive_field<'a>(directive: &'a str, prefix: &str) -> Result<&'a str, MergeError> {
    match directive.split_once('/') {
        Some((found, field)) if found == prefix => Ok(field),
        _ => Err(MergeError::BadDirective(format!("invalid patch format of {prefix}: {directive}"))),
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
    let is_retained = |key: &str| retained.iter().any(|item| item.as_str() == Some(key));
    for (key, value) in patch.iter() {
        let directive = key.starts_with(DELETE_FROM_LIST) || key.starts_with(ORDER);
        if !value.is_null() && !directive && !is_retained(key) {
            return Err(bad());
        }
    }
    original.retain(|key, _| is_retained(key));
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
                    return Err(MergeError::BadDirective(
                        "invalid patch format of setElementOrder list".to_owned(),
                    ));
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
                let merged = merge_lists(old, new, field.schema, field.merge_key, options, depth + 1)?;
                server_order = merged.original;
                merged.list
            }
            (Some(_), Some(new)) => new.clone(),
        };
        let kind = element_type(&[&server_order, new.map_or(&[][..], Vec::as_slice)])?;
        let (patched, server_only) = partition(merged, order, field.merge_key)?;
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
