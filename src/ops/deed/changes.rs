//! What differs between two states of an object, in words.

use std::collections::BTreeMap;

use deckwatch_helm::mask;
use serde_json::{Map, Value};

use super::expect::same;
use crate::core::{Safe, Untrusted};

/// How many differences are told.
const MOST: usize = 200;
/// How long a told value may be, in characters.
const LONGEST: usize = 160;
/// How deep it is looked; what lies deeper is told as a whole.
const DEEPEST: usize = 32;

/// Returns what differs between two states of an object, a line each: `spec.replicas 2 → 3`,
/// `image backend nginx:1 → nginx:2`. At most 200 lines; a last one counts the rest. Values of Secrets are hidden. What
/// only the server writes is passed over: resourceVersion, managedFields, generation.
pub fn changes(before: &Value, after: &Value) -> Vec<Safe> {
    told(before, after).0
}

/// Returns what differs, and the new state with the values of Secrets hidden.
pub(super) fn told(before: &Value, after: &Value) -> (Vec<Safe>, Value) {
    let (old, new) = mask::mask_object_pair(Some(before), Some(after));
    let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
    let mut lines = Lines { told: Vec::new(), left_out: 0 };
    walk(&mut lines, "", Some(&old), Some(&new), 0);
    if lines.left_out > 0 {
        lines.told.push(Safe::of(&format!("… and {} more", lines.left_out)));
    }
    (lines.told, new)
}

struct Lines {
    told: Vec<Safe>,
    left_out: usize,
}

impl Lines {
    fn push(&mut self, path: &str, old: Option<&Value>, new: Option<&Value>) {
        if self.told.len() >= MOST {
            self.left_out += 1;
            return;
        }
        let line = format!("{} {} → {}", title(path), shown(old), shown(new));
        self.told.push(Untrusted::from(line).clipped(4 * LONGEST));
    }
}

fn walk(lines: &mut Lines, path: &str, old: Option<&Value>, new: Option<&Value>, depth: usize) {
    let (old, new) = (old.filter(|v| !v.is_null()), new.filter(|v| !v.is_null()));
    match (old, new) {
        (None, None) => {}
        (Some(Value::Object(a)), Some(Value::Object(b))) if depth < DEEPEST => maps(lines, path, a, b, depth),
        (Some(Value::Array(a)), Some(Value::Array(b))) if depth < DEEPEST => match (by_name(a), by_name(b)) {
            (Some(a), Some(b)) => {
                let names = a.keys().chain(b.keys().filter(|name| !a.contains_key(*name)));
                for name in names {
                    let inner = format!("{path}[{name}]");
                    walk(lines, &inner, a.get(name).copied(), b.get(name).copied(), depth + 1);
                }
            }
            _ if a == b => {}
            _ => lines.push(path, old, new),
        },
        // A new map inside: its keys say more than its text.
        (None, Some(Value::Object(b))) if depth < 3 && !b.is_empty() => {
            maps(lines, path, &Map::new(), b, depth);
        }
        (Some(a), Some(b)) if same(a, b, path.contains(".resources.")) => {}
        _ => lines.push(path, old, new),
    }
}

fn maps(lines: &mut Lines, path: &str, a: &Map<String, Value>, b: &Map<String, Value>, depth: usize) {
    let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
    for key in keys {
        let own =
            path == "metadata" && matches!(key.as_str(), "resourceVersion" | "managedFields" | "generation");
        if !own {
            walk(lines, &joined(path, key), a.get(key), b.get(key), depth + 1);
        }
    }
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else if key.contains(['.', '/', '[']) {
        format!("{path}[{key}]")
    } else {
        format!("{path}.{key}")
    }
}

/// Returns the items of a list by their names, if all have one of their own.
fn by_name(items: &[Value]) -> Option<BTreeMap<&str, &Value>> {
    let named: BTreeMap<&str, &Value> =
        items.iter().map(|item| Some((item.get("name")?.as_str()?, item))).collect::<Option<_>>()?;
    (named.len() == items.len()).then_some(named)
}

/// Returns the path, or what people call what is there.
fn title(path: &str) -> String {
    let image = path.strip_suffix("].image").and_then(|path| path.rsplit_once("ontainers["));
    match image {
        Some((list, name)) if list.ends_with("initC") => format!("image {name} (init)"),
        Some((_, name)) => format!("image {name}"),
        None => path.to_owned(),
    }
}

fn shown(value: Option<&Value>) -> String {
    let text = match value {
        None => return "none".to_owned(),
        Some(Value::String(text)) if text.is_empty() => return "\"\"".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    match text.char_indices().nth(LONGEST) {
        None => text,
        Some((at, _)) => format!("{}… (+{} bytes)", text.get(..at).unwrap_or_default(), text.len() - at),
    }
}
