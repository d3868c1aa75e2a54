//! JSON values as Go's `interface{}`: their types, their equality, their text.

use serde_json::{Map, Value};

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

/// Returns the map of a value, or the error that the API machinery has for other types.
pub(super) fn as_map(value: &Value) -> Result<&Map<String, Value>, super::MergeError> {
    value.as_object().ok_or_else(|| super::MergeError::wrong_type(value, "map[string]interface {}"))
}

/// Returns the list of a value, or the error that the API machinery has for other types.
pub(super) fn as_list(value: &Value) -> Result<&Vec<Value>, super::MergeError> {
    value.as_array().ok_or_else(|| super::MergeError::wrong_type(value, "[]interface {}"))
}
