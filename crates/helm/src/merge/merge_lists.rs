//! Merging the lists of a strategic merge patch.

use serde_json::Value;

use super::lists::{dedup_scalars, element_type, find_by_key, merge_key_of, order_merged};
use super::merge_map::{MergeOptions, merge_map};
use super::schema::Schema;
use super::value::{GoType, as_map, go_text};
use super::{DELETE, DIRECTIVE, MergeError, REPLACE};

pub(super) fn merge_lists(
    original: Vec<Value>,
    patch: Vec<Value>,
    schema: Schema,
    key: &str,
    options: MergeOptions,
    depth: usize,
) -> Result<Vec<Value>, MergeError> {
    if original.is_empty() && patch.is_empty() {
        return Ok(original);
    }
    let kind = element_type(&[&original, &patch])?;
    if kind != GoType::Map {
        let mut merged = original.clone();
        merged.extend(patch.iter().cloned());
        dedup_scalars(&mut merged);
        let (patched, server_only) = partition(merged, &patch, key)?;
        return order_merged(patched, server_only, &patch, &original, key, kind);
    }
    if key.is_empty() {
        return Err(MergeError::NoKeyDeclared(schema.go_kind().to_owned()));
    }
    let (original, patch) = carry_out_directives(original, patch, key)?;
    let merged = merge_items(original.clone(), patch.clone(), schema, key, options, depth)?;
    let (patched, server_only) = partition(merged, &patch, key)?;
    order_merged(patched, server_only, &patch, &original, key, kind)
}

/// Carries the items with a `$patch` out; returns the list without what they delete, and the patch without them.
fn carry_out_directives(
    mut original: Vec<Value>,
    patch: Vec<Value>,
    key: &str,
) -> Result<(Vec<Value>, Vec<Value>), MergeError> {
    let mut plain = Vec::new();
    let mut replace = false;
    for item in patch {
        let Some(directive) = as_map(&item)?.get(DIRECTIVE) else {
            plain.push(item);
            continue;
        };
        match directive.as_str() {
            Some(DELETE) => {
                let value = merge_key_of(&item, key)?;
                while let Some(index) = find_by_key(&original, key, value)? {
                    original.remove(index);
                }
            }
            Some(REPLACE) => replace = true,
            Some("merge") => {
                return Err(MergeError::BadDirective(
                    "merging lists cannot yet be specified in the patch".to_owned(),
                ));
            }
            _ => return Err(MergeError::BadDirective(format!("unknown patch type: {}", go_text(directive)))),
        }
    }
    Ok(if replace { (plain, Vec::new()) } else { (original, plain) })
}

/// Merges each item into the first one with its key, or appends it.
fn merge_items(
    mut original: Vec<Value>,
    patch: Vec<Value>,
    schema: Schema,
    key: &str,
    options: MergeOptions,
    depth: usize,
) -> Result<Vec<Value>, MergeError> {
    for item in patch {
        let found = find_by_key(&original, key, merge_key_of(&item, key)?)?;
        match (found.and_then(|index| original.get_mut(index)), item) {
            (Some(place), Value::Object(item)) => {
                let old = as_map(place)?.clone();
                *place = Value::Object(merge_map(old, item, schema, options, depth)?);
            }
            (_, item) => original.push(item),
        }
    }
    Ok(original)
}

/// Splits a list into what is in `by` and what is not.
pub(super) fn partition(
    list: Vec<Value>,
    by: &[Value],
    key: &str,
) -> Result<(Vec<Value>, Vec<Value>), MergeError> {
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for item in list {
        let found = if key.is_empty() {
            by.contains(&item)
        } else {
            find_by_key(by, key, merge_key_of(&item, key)?)?.is_some()
        };
        if found { &mut inside } else { &mut outside }.push(item);
    }
    Ok((inside, outside))
}

/// Checks that a patch's items stand in the order that its `$setElementOrder` says.
pub(super) fn validate_order(patch: &[Value], order: &[Value], key: &str) -> Result<(), MergeError> {
    if patch.is_empty() || order.is_empty() {
        return Ok(());
    }
    let directive = |item: &Value| item.get(DIRECTIVE).map(|value| value.as_str() == Some(DELETE));
    let items: Vec<&Value> = if key.is_empty() {
        patch.iter().collect()
    } else {
        for item in patch {
            as_map(item)?;
        }
        patch.iter().filter(|item| directive(item) != Some(true)).collect()
    };
    let (mut at, mut wanted) = (0, order.iter());
    while let Some(item) = items.get(at) {
        if directive(item).is_some() {
            at += 1;
            continue;
        }
        let Some(next) = wanted.next() else {
            let (patch, order) = (Value::Array(patch.to_vec()), Value::Array(order.to_vec()));
            return Err(MergeError::BadDirective(format!(
                "The order in patch list:\n{}\n doesn't match $setElementOrder list:\n{}\n",
                go_text(&patch),
                go_text(&order)
            )));
        };
        let equal =
            if key.is_empty() { *item == next } else { merge_key_of(item, key)? == merge_key_of(next, key)? };
        at += usize::from(equal);
    }
    Ok(())
}
