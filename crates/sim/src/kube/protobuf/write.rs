//! JSON to protobuf.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::{Field, Schema, Shape};
use crate::cluster::json::parse_time;

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn tag(out: &mut Vec<u8>, number: u32, wire: u32) {
    varint(out, u64::from(number << 3 | wire));
}

/// Writes a field of bytes.
pub fn bytes(out: &mut Vec<u8>, number: u32, value: &[u8]) {
    tag(out, number, 2);
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

fn integer(out: &mut Vec<u8>, number: u32, value: i64) {
    tag(out, number, 0);
    varint(out, value as u64);
}

/// Returns an object as a message; `None` when the message is not in the table.
pub fn message(schema: &Schema, name: &str, value: &Value) -> Option<Vec<u8>> {
    let empty = Map::new();
    let map = value.as_object().unwrap_or(&empty);
    let mut out = Vec::new();
    for field in schema.fields(name)? {
        if field.shape == Shape::Inline {
            let inner = message(schema, field.of, value)?;
            if !inner.is_empty() {
                bytes(&mut out, field.number, &inner);
            }
            continue;
        }
        if let Some(value) = map.get(field.name).filter(|v| !v.is_null()) {
            whole(schema, &mut out, field, value)?;
        }
    }
    Some(out)
}

fn whole(schema: &Schema, out: &mut Vec<u8>, field: &Field, value: &Value) -> Option<()> {
    match field.shape {
        Shape::List => {
            for item in value.as_array().into_iter().flatten() {
                one(schema, out, field.number, field.of, item)?;
            }
        }
        Shape::Map => {
            // In the order of the keys, as the real one: equal objects are equal bytes.
            let mut pairs: Vec<(&String, &Value)> = value.as_object().into_iter().flatten().collect();
            pairs.sort_by_key(|(key, _)| *key);
            for (key, value) in pairs {
                let mut entry = Vec::new();
                bytes(&mut entry, 1, key.as_bytes());
                one(schema, &mut entry, 2, field.of, value)?;
                bytes(out, field.number, &entry);
            }
        }
        Shape::One | Shape::Inline => one(schema, out, field.number, field.of, value)?,
    }
    Some(())
}

fn one(schema: &Schema, out: &mut Vec<u8>, number: u32, of: &str, value: &Value) -> Option<()> {
    match of {
        "s" => bytes(out, number, value.as_str().unwrap_or("").as_bytes()),
        "b" => bytes(out, number, &STANDARD.decode(value.as_str().unwrap_or("")).unwrap_or_default()),
        "i" => integer(out, number, value.as_i64().unwrap_or(0)),
        "t" => integer(out, number, i64::from(value.as_bool().unwrap_or(false))),
        "d" => {
            tag(out, number, 1);
            out.extend_from_slice(&value.as_f64().unwrap_or(0.0).to_le_bytes());
        }
        "Q" => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let mut inner = Vec::new();
            bytes(&mut inner, 1, text.as_bytes());
            bytes(out, number, &inner);
        }
        "I" => {
            let mut inner = Vec::new();
            if let Some(text) = value.as_str() {
                integer(&mut inner, 1, 1);
                integer(&mut inner, 2, 0);
                bytes(&mut inner, 3, text.as_bytes());
            } else {
                integer(&mut inner, 1, 0);
                integer(&mut inner, 2, value.as_i64().unwrap_or(0));
                bytes(&mut inner, 3, b"");
            }
            bytes(out, number, &inner);
        }
        "M" | "U" => {
            let at = value.as_str().and_then(parse_time).unwrap_or(0);
            let mut inner = Vec::new();
            integer(&mut inner, 1, at.div_euclid(1_000_000_000));
            let nanos = if of == "U" { at.rem_euclid(1_000_000_000) } else { 0 };
            integer(&mut inner, 2, nanos);
            bytes(out, number, &inner);
        }
        "F" | "R" => {
            let mut inner = Vec::new();
            bytes(&mut inner, 1, value.to_string().as_bytes());
            bytes(out, number, &inner);
        }
        name => bytes(out, number, &message(schema, name, value)?),
    }
    Some(())
}
