//! Whether the server applied an object already.

use serde_json::{Map, Value};

use super::element::compare;
use super::upgrade::entries;
use super::{Element, Set};

/// What every object says and nobody owns.
const NOT_OWNED: [&str; 2] = ["apiVersion", "kind"];
/// What nobody owns of the metadata.
const NOT_OWNED_METADATA: [&str; 8] = [
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "generation",
    "managedFields",
    "resourceVersion",
];

/// Returns whether the fields that `manager` applies on the live object are those that `object` says, no more and no less:
/// then applying the object again would give it nothing and take nothing from it. Lists are told apart by how the server
/// wrote them down: where it merges by keys, an item counts for those keys that it has, as the others have defaults.
pub fn holds_exactly(live: &Value, manager: &str, object: &Value) -> bool {
    let Some(entries) = entries(live) else { return false };
    let Some(entry) = entries.iter().find(|entry| entry.is(manager, "Apply")) else { return false };
    let Ok(set) = entry.set() else { return false };
    let version = object.get("apiVersion").and_then(Value::as_str);
    let mut object = object.clone();
    if let Some(map) = object.as_object_mut() {
        map.retain(|key, _| !NOT_OWNED.contains(&key.as_str()));
        let metadata = map.get_mut("metadata").and_then(Value::as_object_mut);
        if let Some(metadata) = metadata {
            metadata.retain(|key, _| !NOT_OWNED_METADATA.contains(&key.as_str()));
        }
    }
    version == Some(entry.api_version.as_str()) && is_in(&set, &object) && covers(&set, &object, true)
}

/// Whether every field of the set is in the value.
fn is_in(set: &Set, value: &Value) -> bool {
    set.members.iter().all(|element| find(value, element).is_some())
        && set.children.iter().all(|(element, below)| find(value, element).is_some_and(|v| is_in(below, v)))
}

/// Whether every leaf of the value is in the set, itself or by something around it that is owned whole.
fn covers(set: &Set, value: &Value, is_root: bool) -> bool {
    let below = |element: &Element, value: &Value| match set.children.get(element) {
        Some(below) => covers(below, value, false),
        None => set.members.contains(element),
    };
    match value {
        Value::Object(map) => map.iter().all(|(key, value)| {
            let metadata = is_root && key == "metadata" && value.as_object().is_some_and(Map::is_empty);
            metadata || below(&Element::Field(key.clone()), value)
        }),
        Value::Array(items) => {
            let all: Vec<&Element> = set.members.iter().chain(set.children.keys()).collect();
            let owner = |item: &Value| all.iter().find(|element| matches(item, element));
            items.iter().all(|item| owner(item).is_some_and(|element| below(element, item)))
        }
        _ => false,
    }
}

fn find<'a>(value: &'a Value, element: &Element) -> Option<&'a Value> {
    match (element, value) {
        (Element::Field(name), Value::Object(map)) => map.get(name),
        (Element::Key(_) | Element::Item(_), Value::Array(items)) => {
            items.iter().find(|item| matches(item, element))
        }
        (Element::Index(at), Value::Array(items)) => items.get(usize::try_from(*at).ok()?),
        _ => None,
    }
}

fn matches(item: &Value, element: &Element) -> bool {
    match element {
        Element::Key(fields) => fields.iter().all(|(name, wanted)| match item.get(name) {
            Some(value) => compare(value, wanted).is_eq(),
            None => item.is_object(),
        }),
        Element::Item(wanted) => compare(item, wanted).is_eq(),
        Element::Field(_) | Element::Index(_) => false,
    }
}
