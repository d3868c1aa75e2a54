//! Server-side apply, as far as the tests need it: who owns which field, conflicts, and what is taken away.
//!
//! Lists whose items all have a `name` are merged by it; all others are one field.

use serde_json::{Map, Value, json};

use crate::managed::{Element, Set};

type Path = Vec<Element>;

/// The object as it is when a manager has applied another; the error names the conflicts.
pub fn applied(live: Option<&Value>, body: &Value, manager: &str, force: bool) -> Result<Value, String> {
    let mut object = live.cloned().unwrap_or_else(|| json!({}));
    let entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let is_ours = |entry: &Value| entry["manager"] == json!(manager) && entry["operation"] == json!("Apply");
    let (ours, others): (Vec<Value>, Vec<Value>) = entries.into_iter().partition(is_ours);
    let new = paths_of(body);
    let mut conflicts = Vec::new();
    let mut kept = Vec::new();
    for mut entry in others {
        let set = Set::from_value(&entry["fieldsV1"]).unwrap();
        let differs = |path: &Path| get(&object, path).is_some_and(|value| Some(value) != get(body, path));
        let (taken, left): (Vec<Path>, Vec<Path>) = flat(&set)
            .into_iter()
            .partition(|path| new.contains(path) && is_leaf(body, path) && differs(path));
        conflicts.extend(taken.iter().map(|path| format!("{}: {}", entry["manager"], text(path))));
        entry["fieldsV1"] = set_of(&left).to_value();
        kept.push((entry, left));
    }
    if !conflicts.is_empty() && !force {
        return Err(format!("Apply failed with {} conflict: {}", conflicts.len(), conflicts.join(", ")));
    }
    for entry in &ours {
        let mut before = flat(&Set::from_value(&entry["fieldsV1"]).unwrap());
        before.sort_by_key(|path| std::cmp::Reverse(path.len()));
        let is_anothers = |path: &Path| kept.iter().any(|(_, left)| left.contains(path));
        for path in before.iter().filter(|path| !new.contains(path) && !is_anothers(path)) {
            remove(&mut object, path);
        }
    }
    merge(&mut object, body);
    let mut managed: Vec<Value> = ours.into_iter().take(1).collect();
    let entry = entry(body, manager, "Apply");
    match managed.first_mut() {
        Some(old) => *old = entry,
        None => managed.push(entry),
    }
    managed.extend(kept.into_iter().map(|(entry, _)| entry));
    object["metadata"]["managedFields"] = json!(managed);
    Ok(object)
}

/// An entry by which a manager owns all that an object says.
pub fn entry(object: &Value, manager: &str, operation: &str) -> Value {
    json!({
        "manager": manager, "operation": operation, "apiVersion": object["apiVersion"],
        "time": "2026-11-21T07:30:48Z", "fieldsType": "FieldsV1", "fieldsV1": set_of(&paths_of(object)).to_value(),
    })
}

fn paths_of(object: &Value) -> Vec<Path> {
    let mut owned = object.clone();
    let map = owned.as_object_mut().unwrap();
    map.retain(|key, _| !matches!(key.as_str(), "apiVersion" | "kind"));
    if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|key, _| matches!(key.as_str(), "labels" | "annotations"));
    }
    let mut paths = Vec::new();
    collect(&owned, &Vec::new(), &mut paths);
    paths
}

fn collect(value: &Value, at: &Path, out: &mut Vec<Path>) {
    let step = |element: Element| [at.clone(), vec![element]].concat();
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                collect(value, &step(Element::Field(key.clone())), out);
            }
        }
        Value::Array(items) if is_keyed(items) => {
            for item in items {
                let path = step(key_of(item));
                out.push(path.clone());
                collect(item, &path, out);
            }
        }
        _ => out.push(at.clone()),
    }
}

fn is_keyed(items: &[Value]) -> bool {
    !items.is_empty() && items.iter().all(|item| item.get("name").is_some())
}

fn key_of(item: &Value) -> Element {
    Element::Key(vec![("name".to_owned(), item["name"].clone())])
}

fn set_of(paths: &[Path]) -> Set {
    let mut set = Set::default();
    for path in paths {
        let (last, before) = path.split_last().unwrap();
        let at = before.iter().fold(&mut set, |at, step| at.children.entry(step.clone()).or_default());
        at.members.insert(last.clone());
    }
    set
}

fn flat(set: &Set) -> Vec<Path> {
    let mut paths: Vec<Path> = set.members.iter().map(|element| vec![element.clone()]).collect();
    for (element, below) in &set.children {
        paths.extend(flat(below).into_iter().map(|path| [vec![element.clone()], path].concat()));
    }
    paths
}

fn text(path: &Path) -> String {
    path.iter().map(Element::text).collect::<Vec<_>>().join(".")
}

fn get<'a>(value: &'a Value, path: &[Element]) -> Option<&'a Value> {
    path.iter().try_fold(value, |at, element| match element {
        Element::Field(name) => at.get(name),
        key => at.as_array()?.iter().find(|item| key_of(item) == *key),
    })
}

fn is_leaf(value: &Value, path: &[Element]) -> bool {
    !matches!(path.last(), Some(Element::Key(_))) && get(value, path).is_some()
}

fn remove(value: &mut Value, path: &[Element]) {
    let Some((element, rest)) = path.split_first() else { return };
    match (element, value) {
        (Element::Field(name), Value::Object(map)) if rest.is_empty() => {
            map.shift_remove(name);
        }
        (Element::Field(name), Value::Object(map)) => {
            if let Some(inner) = map.get_mut(name) {
                remove(inner, rest);
            }
        }
        (key, Value::Array(items)) if rest.is_empty() => items.retain(|item| key_of(item) != *key),
        (key, Value::Array(items)) => {
            if let Some(item) = items.iter_mut().find(|item| key_of(item) == *key) {
                remove(item, rest);
            }
        }
        _ => {}
    }
}

fn merge(object: &mut Value, body: &Value) {
    match (object, body) {
        (object, Value::Object(body)) => {
            if !object.is_object() {
                *object = Value::Object(Map::new());
            }
            for (key, value) in body {
                merge(object.as_object_mut().unwrap().entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (Value::Array(items), Value::Array(body)) if is_keyed(body) && is_keyed(items) => {
            for value in body {
                match items.iter_mut().find(|item| item["name"] == value["name"]) {
                    Some(item) => merge(item, value),
                    None => items.push(value.clone()),
                }
            }
        }
        (object, body) => *object = body.clone(),
    }
}
