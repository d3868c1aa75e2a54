//! Whether an object fits the type of its kind.
//!
//! Helm makes a strategic patch only of objects that can be read into their Go type. One number in quotes where the type
//! has a number is enough for it to fall back, silently, to the patch that it makes of custom resources: then drift is
//! neither seen nor set back. So this is asked before a patch is made, and told in the plan.

use base64::Engine;
use serde_json::Value;

use super::schema::Schema;
use super::value::go_type;
use crate::gotime::{Shape, is_time};
use crate::number::{LENIENT_BASE64, Num};
use crate::quantity::is_quantity;

/// A value that does not fit the type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Where it is.
    pub path: String,
    /// What it is and what it should be.
    pub why: String,
}

/// Finds the first value of an object that does not fit its type. Fields that the type does not know are passed over.
pub fn misfit(schema: Schema, value: &Value) -> Option<Misfit> {
    find(schema, value, "", Reader::Converter)
}

/// Which of Go's two ways to read a value is taken: schemas inside of schemas of custom resources take the stricter one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    Converter,
    Json,
}

fn find(schema: Schema, value: &Value, path: &str, reader: Reader) -> Option<Misfit> {
    let not = |wanted: &str| {
        Some(Misfit { path: path.to_owned(), why: format!("{} is no {wanted}", go_type(value)) })
    };
    if value.is_null() {
        return None;
    }
    if let (Some(inner), is_list) = (schema.inner(), schema.name().starts_with("[]")) {
        return match value {
            Value::Array(items) if is_list => {
                let mut items = items.iter().enumerate();
                items.find_map(|(at, item)| find(inner, item, &format!("{path}[{at}]"), reader))
            }
            Value::Object(map) if !is_list => {
                map.iter().find_map(|(key, item)| find(inner, item, &format!("{path}.{key}"), reader))
            }
            _ => not(if is_list { "list" } else { "map" }),
        };
    }
    if schema.is_struct() {
        let Value::Object(map) = value else { return not("map") };
        return map.iter().find_map(|(key, item)| {
            let inner = schema.field(key)?;
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            find(inner, item, &path, reader)
        });
    }
    let fits = match schema.name() {
        "string" => value.is_string(),
        "bool" => value.is_boolean(),
        "int32" | "int64" => is_integral(value, reader),
        "float64" => value.is_number(),
        "bytes" => is_bytes(value),
        "time" => value.as_str().is_some_and(|text| is_time(text, Shape::Rfc3339)),
        "microtime" => value.as_str().is_some_and(|text| is_time(text, Shape::Micro)),
        "quantity" => match value {
            Value::String(text) => is_quantity(text),
            other => other.is_number(),
        },
        "int-or-string" => value.is_string() || is_int32(value),
        "any:JSONSchemaPropsOrBool" if !value.is_object() => value.is_boolean(),
        name if name.starts_with("any:JSONSchemaPropsOr") => return find_in_either(schema, value, path),
        _ => true,
    };
    if fits { None } else { not(schema.name()) }
}

/// What is either a schema or a list of something; all else passes.
fn find_in_either(schema: Schema, value: &Value, path: &str) -> Option<Misfit> {
    let name = match value {
        Value::Object(_) => "Schema",
        Value::Array(_) if schema.name().ends_with("StringArray") => "Property",
        Value::Array(_) => "JSONSchemas",
        _ => return None,
    };
    find(schema.field(name)?, value, path, Reader::Json)
}

/// Integers, also those written as floats; whatever their size, where the converter reads them.
fn is_integral(value: &Value, reader: Reader) -> bool {
    match value {
        Value::Number(number) => match Num::of(number) {
            Num::Int(_) => true,
            Num::Float(float) => {
                float.fract() == 0.0
                    && (reader == Reader::Converter || float.abs() < 9_223_372_036_854_775_808.0)
            }
        },
        _ => false,
    }
}

fn is_int32(value: &Value) -> bool {
    match value {
        Value::Number(number) => match Num::of(number) {
            Num::Int(int) => i32::try_from(int).is_ok(),
            Num::Float(float) => float.fract() == 0.0 && i32::try_from(float as i64).is_ok(),
        },
        _ => false,
    }
}

/// Base 64, or a list of numbers.
fn is_bytes(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            let joined: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
            LENIENT_BASE64.decode(joined).is_ok()
        }
        Value::Array(items) => {
            items.iter().all(|item| item.is_null() || is_integral(item, Reader::Converter))
        }
        _ => false,
    }
}
