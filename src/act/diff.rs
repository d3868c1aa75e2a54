//! Live objects against what they would be, line by line.

use deckwatch_helm::diff::{LineKind, diff_lines};
use deckwatch_helm::mask::mask_object_pair;
use deckwatch_helm::yaml11::to_yaml;
use serde_json::Value;

use super::said;
use crate::ops::plan::DiffLine;

/// Returns live against what it would be, without what the server keeps for itself, secrets masked.
pub fn lines(live: Option<&Value>, result: Option<&Value>) -> Vec<DiffLine> {
    let clean = |value: &Value| {
        let mut value = value.clone();
        if let Some(map) = value.as_object_mut() {
            map.remove("status");
        }
        if let Some(meta) = value.get_mut("metadata").and_then(Value::as_object_mut) {
            for key in
                ["managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"]
            {
                meta.remove(key);
            }
        }
        value
    };
    let (before, after) = (live.map(clean), result.map(clean));
    let (before, after) = mask_object_pair(before.as_ref(), after.as_ref());
    let text = |v: Option<Value>| v.map(|v| to_yaml(&v)).unwrap_or_default();
    diff_lines(&text(before), &text(after), Some(2))
        .iter()
        .map(|l| DiffLine {
            sign: match l.kind {
                LineKind::Same => ' ',
                LineKind::Removed => '-',
                LineKind::Added => '+',
                LineKind::Skipped => '@',
            },
            text: said(&l.text),
        })
        .collect()
}
