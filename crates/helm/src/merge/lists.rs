//! Sorting, deduplication and look-ups in lists, in the API machinery's own ways.

use std::cell::Cell;
use std::collections::HashMap;

use serde_json::{Map, Value};

use super::value::{GoType, as_map, equal, go_text, type_of};
use super::{DELETE, DIRECTIVE, MAX_ITEMS, MergeError, sort};
use crate::faults::{Fault, on};

/// Returns the one type of all items; an error when there are several, when they are lists, or when there are no items.
pub(super) fn element_type(lists: &[&[Value]]) -> Result<GoType, MergeError> {
    if lists.iter().map(|list| list.len()).sum::<usize>() > MAX_ITEMS {
        return Err(MergeError::TooLong { limit: MAX_ITEMS });
    }
    let mut found = None;
    for item in lists.iter().copied().flatten() {
        match (found, type_of(item)) {
            (None, GoType::List) => return Err(MergeError::ListOfLists),
            (None, GoType::Nil) => return Err(MergeError::Panics("a list begins with null")),
            (None, first) => found = Some(first),
            (Some(first), this) if first == this => {}
            _ => {
                let all = lists.iter().map(|list| go_text(&Value::Array(list.to_vec())));
                return Err(MergeError::MixedList(all.collect::<Vec<_>>().join(" ")));
            }
        }
    }
    found.ok_or(MergeError::NoItems)
}

/// Returns the value of an item's merge key.
pub(super) fn merge_key_of<'a>(item: &'a Value, key: &str) -> Result<&'a Value, MergeError> {
    key_of(as_map(item)?, key)
}

fn key_of<'a>(map: &'a Map<String, Value>, key: &str) -> Result<&'a Value, MergeError> {
    map.get(key).ok_or_else(|| MergeError::no_key(map, key))
}

/// Returns the text of an item's merge key, by which items are sorted and paired.
pub(super) fn key_text(item: &Value, key: &str) -> Result<String, MergeError> {
    let text = go_text(merge_key_of(item, key)?);
    let by_protocol = key == "containerPort" && on(Fault::PortsByProtocol);
    Ok(if by_protocol { text + &item.get("protocol").map(go_text).unwrap_or_default() } else { text })
}

/// Whether two items have the same merge key; scalars that are merged are their own.
pub(super) fn keys_equal(left: &Value, right: &Value, key: &str) -> Result<bool, MergeError> {
    if key.is_empty() {
        return equal(left, right);
    }
    let (left, right) = (as_map(left)?, as_map(right)?);
    equal(key_of(left, key)?, key_of(right, key)?)
}

/// Finds the first item whose key has a value.
pub(super) fn find_by_key(list: &[Value], key: &str, value: &Value) -> Result<Option<usize>, MergeError> {
    for (index, item) in list.iter().enumerate() {
        let map = item
            .as_object()
            .ok_or_else(|| MergeError::BadDirective(format!("value for key {index} is not a map")))?;
        if map.get(key).map(|found| equal(found, value)).transpose()?.unwrap_or(false) {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// Where items stand in a list: by their merge keys, or, for scalars, by themselves. Of equal ones the first counts.
struct Places<'a> {
    key: &'a str,
    kind: GoType,
    first: HashMap<(GoType, String), usize>,
    /// Whether maps or lists had to be compared, for which Go has a panic.
    panics: Cell<bool>,
}

impl<'a> Places<'a> {
    fn new(order: &[Value], key: &'a str, kind: GoType) -> Self {
        let mut places = Self { key, kind, first: HashMap::new(), panics: Cell::new(false) };
        for (index, item) in order.iter().enumerate() {
            places.first.entry(places.id(item)).or_insert(index);
        }
        places
    }

    fn id(&self, item: &Value) -> (GoType, String) {
        let nil = Value::Null;
        let id = match self.kind {
            GoType::Map => item.as_object().and_then(|map| map.get(self.key)).unwrap_or(&nil),
            _ => item,
        };
        match type_of(id) {
            // There may be one of them at most: a second one would be compared with it.
            kind @ (GoType::Map | GoType::List) => (kind, String::new()),
            kind => (kind, go_text(id)),
        }
    }

    fn of(&self, item: &Value) -> Option<usize> {
        let id = self.id(item);
        let place = self.first.get(&id).copied();
        if place.is_some() && matches!(id.0, GoType::Map | GoType::List) {
            self.panics.set(true);
        }
        place
    }

    fn check(&self) -> Result<(), MergeError> {
        if self.panics.get() { Err(MergeError::cannot_compare()) } else { Ok(()) }
    }
}

/// Sorts items by where they stand in `order`; directives that delete go to the end.
pub(super) fn sort_to_order(
    items: Vec<Value>,
    order: &[Value],
    key: &str,
    kind: GoType,
) -> Result<Vec<Value>, MergeError> {
    let mut deletions = Vec::new();
    let mut kept = items;
    if kind == GoType::Map {
        for item in kept.iter().chain(order) {
            merge_key_of(item, key)?;
        }
        let is_deletion = |item: &Value| item.get(DIRECTIVE).and_then(Value::as_str) == Some(DELETE);
        (deletions, kept) = kept.into_iter().partition(is_deletion);
    }
    let places = Places::new(order, key, kind);
    sort::stable(&mut kept, |a, b| match places.of(a).map(|a| (a, places.of(b))) {
        Some((a, Some(b))) => a < b,
        _ => true,
    });
    places.check()?;
    kept.extend(deletions);
    Ok(kept)
}

/// Orders what a patch changed by `patch_order`, what only the other side has by `server_order`, and puts both together.
pub(super) fn order_merged(
    patch_items: Vec<Value>,
    server_only: Vec<Value>,
    patch_order: &[Value],
    server_order: &[Value],
    key: &str,
    kind: GoType,
) -> Result<Vec<Value>, MergeError> {
    let patch_items = sort_to_order(patch_items, patch_order, key, kind)?;
    let server_only = sort_to_order(server_only, server_order, key, kind)?;
    let places = Places::new(server_order, key, kind);
    let mut merged = Vec::with_capacity(patch_items.len() + server_only.len());
    let (mut left, mut right) = (server_only.into_iter().peekable(), patch_items.into_iter().peekable());
    loop {
        let left_first = match (left.peek(), right.peek()) {
            (None, None) => break,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(a), Some(b)) => {
                matches!((places.of(a), places.of(b)), (Some(a), Some(b)) if a < b)
            }
        };
        merged.extend(if left_first { left.next() } else { right.next() });
    }
    places.check()?;
    Ok(merged)
}

/// Sorts scalars by their texts.
pub(super) fn sort_scalars(list: &mut [Value]) {
    list.sort_by_cached_key(go_text);
}

/// Sorts maps by the texts of their merge keys, those with equal keys in the order that Go's sort leaves them in.
pub(super) fn sort_by_merge_key(list: &[Value], key: &str) -> Vec<Value> {
    let text = |item: &Value| key_text(item, key).unwrap_or_else(|_| "<nil>".to_owned());
    let mut keyed: Vec<(String, &Value)> = list.iter().map(|item| (text(item), item)).collect();
    sort::unstable(&mut keyed, |a, b| if on(Fault::StableSort) { a.0 < b.0 } else { a.0 <= b.0 });
    keyed.into_iter().map(|(_, item)| item.clone()).collect()
}

/// Removes equal scalars, each time moving the last one into the gap.
pub(super) fn dedup_scalars(list: &mut Vec<Value>) {
    let kept = dedup_in_place(list);
    list.truncate(kept);
}

/// Moves the last scalar over every equal one; returns how many at the beginning count. What lies behind stays as it was.
pub(super) fn dedup_in_place(list: &mut [Value]) -> usize {
    let mut kept = list.len();
    let mut first = 0;
    while first < kept {
        let mut second = first + 1;
        while second < kept {
            if list.get(first) == list.get(second) {
                kept -= 1;
                let last = list.get(kept).cloned();
                if let (Some(last), Some(gap)) = (last, list.get_mut(second)) {
                    *gap = last;
                }
            } else {
                second += 1;
            }
        }
        first += 1;
    }
    kept
}
