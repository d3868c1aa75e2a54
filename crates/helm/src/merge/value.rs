//! JSON values as Go's `interface{}`: their types, their equality, their text.

use serde_json::{Map, Value};

use super::MergeError;
use crate::number::Num;

/// The types that Go tells apart in decoded JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum GoType {
    Nil,
    Bool,
    Int,
    Float,
    Text,
    List,
    Map,
}

pub(super) fn type_of(value: &Value) -> GoType {
    match value {
        Value::Null => GoType::Nil,
        Value::Bool(_) => GoType::Bool,
        Value::Number(number) => match Num::of(number) {
            Num::Int(_) => GoType::Int,
            Num::Float(_) => GoType::Float,
        },
        Value::String(_) => GoType::Text,
        Value::Array(_) => GoType::List,
        Value::Object(_) => GoType::Map,
    }
}

/// The name of a value's type in Go's messages.
pub(super) fn go_type(value: &Value) -> &'static str {
    match type_of(value) {
        GoType::Nil => "<nil>",
        GoType::Bool => "bool",
        GoType::Int => "int64",
        GoType::Float => "float64",
        GoType::Text => "string",
        GoType::List => "[]interface {}",
        GoType::Map => "map[string]interface {}",
    }
}

/// A value as Go's `%v` prints it.
pub(super) fn go_text(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => Num::of(number).go_text(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(go_text).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            let entry = |key: &String| format!("{key}:{}", map.get(key).map(go_text).unwrap_or_default());
            format!("map[{}]", keys.into_iter().map(entry).collect::<Vec<_>>().join(" "))
        }
    }
}

/// Whether two values are equal as Go's `==` has it. An error where Go has a panic: two maps or two lists cannot be compared.
pub(super) fn equal(a: &Value, b: &Value) -> Result<bool, MergeError> {
    match (a, b) {
        (Value::Object(_), Value::Object(_)) | (Value::Array(_), Value::Array(_)) => {
            Err(MergeError::cannot_compare())
        }
        _ => Ok(a == b),
    }
}

/// Whether a list holds a value, as a Go map says it that has the list's items as keys. An error where Go has a panic.
pub(super) fn contains(list: &[Value], value: &Value) -> Result<bool, MergeError> {
    let hashable = |value: &Value| !value.is_object() && !value.is_array();
    if !hashable(value) || !list.iter().all(hashable) {
        return Err(MergeError::cannot_compare());
    }
    Ok(list.contains(value))
}

/// A value as Go's `%s` prints it, which only knows texts.
pub(super) fn go_text_only(value: &Value) -> String {
    match value {
        Value::Null => "%!s(<nil>)".to_owned(),
        Value::Bool(_) | Value::Number(_) => format!("%!s({}={})", go_type(value), go_text(value)),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let inner = |item: &Value| if item.is_null() { "<nil>".to_owned() } else { go_text_only(item) };
            format!("[{}]", items.iter().map(inner).collect::<Vec<_>>().join(" "))
        }
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            let inner = |item: &Value| if item.is_null() { "<nil>".to_owned() } else { go_text_only(item) };
            let entry = |key: &String| format!("{key}:{}", map.get(key).map(inner).unwrap_or_default());
            format!("map[{}]", keys.into_iter().map(entry).collect::<Vec<_>>().join(" "))
        }
    }
}

/// Returns the map of a value, or the error that the API machinery has for other types.
pub(super) fn as_map(value: &Value) -> Result<&Map<String, Value>, MergeError> {
    value.as_object().ok_or_else(|| MergeError::wrong_type(value, "map[string]interface {}"))
}

/// Returns the list of a value, or the error that the API machinery has for other types.
pub(super) fn as_list(value: &Value) -> Result<&Vec<Value>, MergeError> {
    value.as_array().ok_or_else(|| MergeError::wrong_type(value, "[]interface {}"))
}

/// A text in quotes, as Go's `%q` prints it.
pub(super) fn go_quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            ' ' => quoted.push(c),
            c if c.is_control() || c.is_whitespace() => {
                let (mark, width) = if c.is_ascii() { ('x', 2) } else { ('u', 4) };
                quoted.push_str(&format!("\\{mark}{:0width$x}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
