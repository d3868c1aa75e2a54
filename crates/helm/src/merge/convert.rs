//! Whether an object fits the type of its kind.
//!
//! Helm makes a strategic patch only of objects that can be read into their Go type. One number in quotes where the type
//! has a number is enough for it to fall back, silently, to the patch that it makes of custom resources: then drift is
//! neither seen nor set back. So this is asked before a patch is made, and told in the plan.

use base64::Engine;
use serde_json::Value;

use super::schema::Schema;
use super::value::go_type;
use crate::number::Num;
use crate::quantity::is_quantity;
use crate::time::parse_rfc3339;

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
    find(schema, value, "")
}

fn find(schema: Schema, value: &Value, path: &str) -> Option<Misfit> {
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
                items.find_map(|(at, item)| find(inner, item, &format!("{path}[{at}]")))
            }
            Value::Object(map) if !is_list => {
                map.iter().find_map(|(key, item)| find(inner, item, &format!("{path}.{key}")))
            }
            _ => not(if is_list { "list" } else { "map" }),
        };
    }
    if schema.is_struct() {
        let Value::Object(map) = value else { return not("map") };
        return map.iter().find_map(|(key, item)| {
            let inner = schema.field(key)?;
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            find(inner, item, &path)
        });
    }
    let fits = match schema.name() {
        "object" => value.is_object(),
        "string" => value.is_string(),
        "bool" => value.is_boolean(),
        "int32" | "int64" => is_integral(value),
        "number" => value.is_number(),
        "bytes" => {
            value.as_str().is_some_and(|text| base64::engine::general_purpose::STANDARD.decode(text).is_ok())
        }
        "time" => value.as_str().is_some_and(is_time),
        "quantity" => match value {
            Value::String(text) => is_quantity(text),
            other => other.is_number(),
        },
        "int-or-string" => value.is_string() || is_int32(value),
        _ => true,
    };
    if fits { None } else { not(schema.name()) }
}

/// Integers, also those written as floats; whatever their size.
fn is_integral(value: &Value) -> bool {
    match value {
        Value::Number(number) => match Num::of(number) {
            Num::Int(_) => true,
            Num::Float(float) => float.fract() == 0.0,
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

/// RFC 3339 of any year: the reader of records knows only those that fit nanoseconds.
fn is_time(text: &str) -> bool {
    let rest = text.get(4..).unwrap_or_default();
    let year_ok = text.get(..4).is_some_and(|year| year.bytes().all(|c| c.is_ascii_digit()));
    year_ok && (parse_rfc3339(text).is_some() || parse_rfc3339(&format!("2000{rest}")).is_some())
}
