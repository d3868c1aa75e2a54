//! Two sets of values.

use serde_json::Value;

use super::Options;
use super::lines::{Line, diff_lines};
use crate::mask::mask_values_pair;
use crate::values::to_yaml;

/// A value that differs between two sets.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueChange {
    /// Where it is, such as `image.tag` or `hosts[0]`.
    pub path: String,
    /// What it was; `None` when it was not there.
    pub old: Option<Value>,
    /// What it is; `None` when it is not there.
    pub new: Option<Value>,
}

/// Compares two sets of values leaf by leaf, in the order of their keys.
pub fn diff_values(old: &Value, new: &Value, options: Options) -> Vec<ValueChange> {
    let masked;
    let (old, new) = if options.reveal {
        (old, new)
    } else {
        masked = mask_values_pair(old, new);
        (&masked.0, &masked.1)
    };
    let mut found = Vec::new();
    compare(String::new(), Some(old), Some(new), &mut found);
    found
}

/// Compares two sets of values as YAML, line by line.
pub fn diff_values_lines(old: &Value, new: &Value, options: Options) -> Vec<Line> {
    if options.reveal {
        return diff_lines(&to_yaml(old), &to_yaml(new), options.context);
    }
    let (old, new) = mask_values_pair(old, new);
    diff_lines(&to_yaml(&old), &to_yaml(&new), options.context)
}

fn compare(path: String, old: Option<&Value>, new: Option<&Value>, found: &mut Vec<ValueChange>) {
    match (old, new) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(inner, old.get(key), new.get(key), found);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for index in 0..old.len().max(new.len()) {
                compare(format!("{path}[{index}]"), old.get(index), new.get(index), found);
            }
        }
        (old, new) if old == new => {}
        (old, new) => found.push(ValueChange { path, old: old.cloned(), new: new.cloned() }),
    }
}
