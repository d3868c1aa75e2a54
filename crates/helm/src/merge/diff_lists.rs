//! The difference of two lists that are merged by key, or as sets of scalars.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::diff::{DiffOptions, diff_maps};
use super::lists::{
    dedup_scalars, element_type, key_text, keys_equal, merge_key_of, sort_by_merge_key, sort_scalars,
    sort_to_order,
};
use super::schema::Schema;
use super::value::{GoType, as_map, go_text};
use super::{DELETE, DIRECTIVE, MergeError};
use crate::faults::{Fault, on};

/// The parts of a list's difference; an empty part is not written into a patch.
#[derive(Debug, Default)]
pub(super) struct ListDiff {
    /// Changed and added items; for maps, deletions too, at the end.
    pub changes: Vec<Value>,
    /// Deleted scalars.
    pub deletions: Vec<Value>,
    /// The order that the items should have.
    pub order: Vec<Value>,
}

pub(super) fn diff_lists(
    original: &[Value],
    modified: &[Value],
    schema: Schema,
    key: &str,
    options: DiffOptions,
    depth: usize,
) -> Result<ListDiff, MergeError> {
    if original.is_empty() {
        let changes = if options.ignore_changes { Vec::new() } else { modified.to_vec() };
        return Ok(ListDiff { changes, ..ListDiff::default() });
    }
    match element_type(&[original, modified])? {
        GoType::Map => diff_maps_lists(original, modified, schema, key, options, depth),
        _ => diff_scalar_lists(original, modified, options),
    }
}

fn diff_maps_lists(
    original: &[Value],
    modified: &[Value],
    schema: Schema,
    key: &str,
    options: DiffOptions,
    depth: usize,
) -> Result<ListDiff, MergeError> {
    let (changes, deletions) = walk(original, modified, schema, key, options, depth)?;
    let mut changes = sort_to_order(changes, modified, key, GoType::Map)?;
    let same_order = same_order(original, modified, key)?;
    changes.extend(deletions);
    let wanted = (!options.ignore_changes && (!changes.is_empty() || !same_order))
        || (!options.ignore_deletions && !changes.is_empty());
    let mut order = Vec::new();
    if wanted && !on(Fault::NoElementOrder) {
        for item in modified {
            let mut only_key = Map::new();
            only_key.insert(key.to_owned(), as_map(item)?.get(key).cloned().unwrap_or(Value::Null));
            order.push(Value::Object(only_key));
        }
    }
    Ok(ListDiff { changes, deletions: Vec::new(), order })
}

/// Walks both lists sorted by their keys; returns changed and added items, and directives to delete.
fn walk(
    original: &[Value],
    modified: &[Value],
    schema: Schema,
    key: &str,
    options: DiffOptions,
    depth: usize,
) -> Result<(Vec<Value>, Vec<Value>), MergeError> {
    let original = sort_by_merge_key(original, key);
    let modified = sort_by_merge_key(modified, key);
    let (mut changes, mut deletions) = (Vec::new(), Vec::new());
    let (mut left, mut right) = (original.iter().peekable(), modified.iter().peekable());
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => break,
            (Some(old), Some(new)) => key_text(old, key)?.cmp(&key_text(new, key)?),
            (Some(old), None) => merge_key_of(old, key).map(|_| Ordering::Less)?,
            (None, Some(new)) => merge_key_of(new, key).map(|_| Ordering::Greater)?,
        };
        match order {
            Ordering::Equal => {
                let (Some(old), Some(new)) = (left.next(), right.next()) else { break };
                let mut patch = diff_maps(as_map(old)?, as_map(new)?, schema, options, depth)?;
                if !patch.is_empty() {
                    patch.insert(key.to_owned(), merge_key_of(new, key)?.clone());
                    changes.push(Value::Object(patch));
                }
            }
            Ordering::Greater => {
                let Some(new) = right.next() else { break };
                if !options.ignore_changes {
                    changes.push(new.clone());
                }
            }
            Ordering::Less => {
                let Some(old) = left.next() else { break };
                if !options.ignore_deletions {
                    deletions.push(delete_directive(key, merge_key_of(old, key)?));
                }
            }
        }
    }
    Ok((changes, deletions))
}

fn delete_directive(key: &str, value: &Value) -> Value {
    let mut directive = Map::new();
    directive.insert(key.to_owned(), value.clone());
    directive.insert(DIRECTIVE.to_owned(), Value::from(DELETE));
    Value::Object(directive)
}

fn same_order(original: &[Value], modified: &[Value], key: &str) -> Result<bool, MergeError> {
    if original.len() != modified.len() {
        return Ok(false);
    }
    for (old, new) in original.iter().zip(modified) {
        if !keys_equal(old, new, key)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn diff_scalar_lists(
    original: &[Value],
    modified: &[Value],
    options: DiffOptions,
) -> Result<ListDiff, MergeError> {
    let (mut old_sorted, mut new_sorted) = (original.to_vec(), modified.to_vec());
    sort_scalars(&mut old_sorted);
    sort_scalars(&mut new_sorted);
    let (mut changes, mut deletions) = (Vec::new(), Vec::new());
    let (mut left, mut right) = (old_sorted.iter().peekable(), new_sorted.iter().peekable());
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => break,
            (Some(old), Some(new)) => go_text(old).cmp(&go_text(new)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
        };
        let old = if order == Ordering::Greater { None } else { left.next() };
        let new = if order == Ordering::Less { None } else { right.next() };
        match (old, new) {
            (Some(old), None) if !options.ignore_deletions && !on(Fault::DeletionsLost) => {
                deletions.push(old.clone());
            }
            (None, Some(new)) if !options.ignore_changes => changes.push(new.clone()),
            _ => {}
        }
    }
    dedup_scalars(&mut deletions);
    let changes = sort_to_order(changes, modified, "", GoType::Text)?;
    // The API machinery compares with the list that it has just sorted in place.
    let wanted = (!options.ignore_deletions && !deletions.is_empty())
        || (!options.ignore_changes && old_sorted != modified);
    let order = if wanted { modified.to_vec() } else { Vec::new() };
    Ok(ListDiff { changes, deletions, order })
}
