//! Merging the lists of a strategic merge patch.

use serde_json::Value;

use super::lists::{dedup_in_place, element_type, find_by_key, keys_equal, merge_key_of, order_merged};
use super::merge_map::{MergeOptions, merge_map};
use super::schema::{Field, Schema};
use super::value::{GoType, as_map, contains, go_text};
use super::{DELETE, DIRECTIVE, MergeError, REPLACE};

/// A merged list, and what has become of the list that it was merged into.
pub(super) struct Merged {
    pub list: Vec<Value>,
    /// The API machinery deletes and appends in place, and later takes this for the server's order.
    pub original: Vec<Value>,
}

/// Merges a list into a list. `room`: how many items Go has room for in the original, where it is no decoded list.
pub(super) fn merge_lists(
    original: Vec<Value>,
    patch: Vec<Value>,
    field: Field,
    options: MergeOptions,
    depth: usize,
    room: Option<usize>,
) -> Result<Merged, MergeError> {
    if original.is_empty() && patch.is_empty() {
        return Ok(Merged { list: Vec::new(), original });
    }
    let (schema, key) = (field.schema, field.merge_key);
    let kind = element_type(&[&original, &patch])?;
    if kind != GoType::Map {
        let (merged, original) = merge_scalars(original, &patch, room);
        let (patched, server_only) = partition(merged, &patch, key)?;
        let list = order_merged(patched, server_only, &patch, &original, key, kind)?;
        return Ok(Merged { list, original });
    }
    if key.is_empty() {
        return Err(MergeError::NoKeyDeclared(schema.name_of_kind().to_owned()));
    }
    let mut slots = Slots { used: original.len(), items: original };
    let (replace, patch) = carry_out_directives(&mut slots, patch, key)?;
    if replace {
        let merged = merge_items(patch, &[], schema, key, options, depth)?;
        let (patched, server_only) = partition(merged.clone(), &[], key)?;
        let list = order_merged(patched, server_only, &[], &merged, key, kind)?;
        return Ok(Merged { list, original: slots.items });
    }
    let left = slots.left().to_vec();
    let merged = merge_items(left.clone(), &patch, schema, key, options, depth)?;
    slots.append(merged.get(left.len()..).unwrap_or_default());
    let (patched, server_only) = partition(merged, &patch, key)?;
    let list = order_merged(patched, server_only, &patch, &left, key, kind)?;
    Ok(Merged { list, original: slots.items })
}

/// Appends scalars and removes duplicates; returns the result, and what has become of the original.
fn merge_scalars(original: Vec<Value>, patch: &[Value], room: Option<usize>) -> (Vec<Value>, Vec<Value>) {
    let mut merged = original.clone();
    merged.extend(patch.iter().cloned());
    // What Go has room for is appended, and deduplicated, in place.
    let in_place = merged.len() <= room.unwrap_or_else(|| decoded_room(original.len()));
    let kept = dedup_in_place(&mut merged);
    let original = if in_place { merged.iter().take(original.len()).cloned().collect() } else { original };
    merged.truncate(kept);
    (merged, original)
}

/// How many items Go has room for in a list that it has decoded: lists are doubled when they are full, long ones grow by less.
fn decoded_room(len: usize) -> usize {
    if len <= 512 { len.next_power_of_two() } else { len }
}

/// A list as Go keeps it: what is deleted leaves its last slot behind, and what is appended goes there first.
struct Slots {
    items: Vec<Value>,
    used: usize,
}

impl Slots {
    fn left(&self) -> &[Value] {
        self.items.get(..self.used).unwrap_or_default()
    }

    /// Moves what stands behind up by one; the last slot keeps what it held.
    fn delete(&mut self, index: usize) {
        let Some(last) = self.left().last().cloned() else { return };
        self.items.remove(index);
        self.used -= 1;
        self.items.insert(self.used, last);
    }

    fn append(&mut self, items: &[Value]) {
        for (slot, item) in self.items.iter_mut().skip(self.used).zip(items) {
            slot.clone_from(item);
        }
    }
}

/// Carries the items with a `$patch` out; returns whether the whole list is replaced, and the patch without them.
fn carry_out_directives(
    original: &mut Slots,
    patch: Vec<Value>,
    key: &str,
) -> Result<(bool, Vec<Value>), MergeError> {
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
                while let Some(index) = find_by_key(original.left(), key, value)? {
                    original.delete(index);
                }
            }
            Some(REPLACE) => replace = true,
            Some("merge") => {
                return Err(MergeError::BadDirective(
                    "merging lists cannot yet be specified in the patch".to_owned(),
                ));
            }
            _ => return Err(MergeError::bad_patch_type(directive, as_map(&item)?)),
        }
    }
    Ok((replace, plain))
}

/// Merges each item into the first one with its key, or appends it.
fn merge_items(
    mut original: Vec<Value>,
    patch: &[Value],
    schema: Schema,
    key: &str,
    options: MergeOptions,
    depth: usize,
) -> Result<Vec<Value>, MergeError> {
    for item in patch {
        let found = find_by_key(&original, key, merge_key_of(item, key)?)?;
        match (found.and_then(|index| original.get_mut(index)), item) {
            (Some(place), Value::Object(item)) => {
                let old = as_map(place)?.clone();
                *place = Value::Object(merge_map(old, item.clone(), schema, options, depth)?);
            }
            (_, item) => original.push(item.clone()),
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
            contains(by, &item)?
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
    let mut items: Vec<&Value> = patch.iter().collect();
    if !key.is_empty() {
        for item in patch {
            as_map(item)?;
        }
        items.retain(|item| item.get(DIRECTIVE).and_then(Value::as_str) != Some(DELETE));
    }
    let (mut at, mut passed) = (0, 0);
    while let (Some(item), Some(next)) = (items.get(at), order.get(passed)) {
        if item.get(DIRECTIVE).is_some() {
            at += 1;
            continue;
        }
        at += usize::from(keys_equal(item, next, key)?);
        passed += 1;
    }
    if at >= items.len() {
        return Ok(());
    }
    let (patch, order) = (Value::Array(patch.to_vec()), Value::Array(order.to_vec()));
    Err(MergeError::BadDirective(format!(
        "The order in patch list:\n{}\n doesn't match $setElementOrder list:\n{}\n",
        go_text(&patch),
        go_text(&order)
    )))
}
