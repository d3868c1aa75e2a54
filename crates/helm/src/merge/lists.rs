//! Sorting, deduplication and look-ups in lists, in the API machinery's own ways.

use std::collections::HashMap;

use serde_json::Value;

use super::value::{GoType, as_map, go_text, type_of};
use super::{DELETE, DIRECTIVE, MAX_ITEMS, MergeError, sort};

/// Returns the one type of all items; an error when there are several, when they are lists, or when there are no items.
pub(super) fn element_type(lists: &[&[Value]]) -> Result<GoType, MergeError> {
    let mixed = || {
        let all: Vec<String> = lists
            .iter()
            .map(|list| format!("[{}]", list.iter().map(go_text).collect::<Vec<_>>().join(" ")))
            .collect();
        MergeError::MixedList(all.join(" "))
    };
    if lists.iter().map(|list| list.len()).sum::<usize>() > MAX_ITEMS {
        return Err(MergeError::TooLong { limit: MAX_ITEMS });
    }
    let mut found = None;
    for item in lists.iter().copied().flatten() {
        match (found, type_of(item)) {
            (None, GoType::List) => return Err(MergeError::ListOfLists),
            (None, GoType::Nil) => return Err(mixed()),
            (None, first) => found = Some(first),
            (Some(first), this) if first == this => {}
            _ => return Err(mixed()),
        }
    }
    found.ok_or_else(|| MergeError::MixedList("no elements in any of the given slices".to_owned()))
}

/// Returns the value of an item's merge key.
pub(super) fn merge_key_of<'a>(item: &'a Value, key: &str) -> Result<&'a Value, MergeError> {
    let value = as_map(item)?.get(key).ok_or_else(|| MergeError::no_key(item, key))?;
    // Maps and lists cannot be compared there, nor be keys.
    if value.is_object() || value.is_array() {
        return Err(MergeError::BadDirective(format!(
            "the merge key {key} holds no scalar: {}",
            go_text(item)
        )));
    }
    Ok(value)
}

/// Finds the first item whose key has a value.
pub(super) fn find_by_key(list: &[Value], key: &str, value: &Value) -> Result<Option<usize>, MergeError> {
    for (index, item) in list.iter().enumerate() {
        let map = item
            .as_object()
            .ok_or_else(|| MergeError::BadDirective(format!("value for key {index} is not a map")))?;
        if map.get(key) == Some(value) {
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
}

impl<'a> Places<'a> {
    fn new(order: &[Value], key: &'a str, kind: GoType) -> Self {
        let mut places = Self { key, kind, first: HashMap::new() };
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
        (type_of(id), go_text(id))
    }

    fn of(&self, item: &Value) -> Option<usize> {
        self.first.get(&self.id(item)).copied()
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
    let mut placed: Vec<(Option<usize>, Value)> =
        kept.into_iter().map(|item| (places.of(&item), item)).collect();
    sort::stable(&mut placed, |a, b| match (a.0, b.0) {
        (Some(a), Some(b)) => a < b,
        _ => true,
    });
    let mut sorted: Vec<Value> = placed.into_iter().map(|(_, item)| item).collect();
    sorted.extend(deletions);
    Ok(sorted)
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
    Ok(merged)
}

/// Sorts scalars by their texts.
pub(super) fn sort_scalars(list: &mut Vec<Value>) {
    let mut keyed: Vec<(String, Value)> =
        std::mem::take(list).into_iter().map(|item| (go_text(&item), item)).collect();
    keyed.sort_by(|a, b| a.0.cmp(&b.0));
    *list = keyed.into_iter().map(|(_, item)| item).collect();
}

/// Sorts maps by the texts of their merge keys, those with equal keys in the order that Go's sort leaves them in.
pub(super) fn sort_by_merge_key(list: &mut Vec<Value>, key: &str) {
    let text = |item: &Value| item.get(key).map_or_else(|| "<nil>".to_owned(), go_text);
    let mut keyed: Vec<(String, Value)> =
        std::mem::take(list).into_iter().map(|item| (text(&item), item)).collect();
    sort::unstable(&mut keyed, |a, b| a.0 <= b.0);
    *list = keyed.into_iter().map(|(_, item)| item).collect();
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

pub(super) fn dedup_and_sort_scalars(mut list: Vec<Value>) -> Vec<Value> {
    dedup_scalars(&mut list);
    sort_scalars(&mut list);
    list
}
