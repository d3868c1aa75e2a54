//! Protobuf to JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::{Field, MAGIC, Schema, Shape, message};
use crate::cluster::json::{micro_time, time};

/// How deep messages may be nested.
const DEEPEST: usize = 64;

/// The bytes of a message that are not read yet.
struct Cursor<'a>(&'a [u8]);

/// A field's raw value.
enum Raw<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Fixed(u64),
}

impl<'a> Cursor<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.0.get(..count)?;
        self.0 = self.0.get(count..)?;
        Some(taken)
    }

    fn next(&mut self) -> Option<(u32, Raw<'a>)> {
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).ok()?;
        let raw = match tag & 7 {
            0 => Raw::Number(self.varint()?),
            1 => Raw::Fixed(u64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Raw::Bytes(self.take(length)?)
            }
            5 => Raw::Fixed(u64::from(u32::from_le_bytes(self.take(4)?.try_into().ok()?))),
            _ => return None,
        };
        Some((number, raw))
    }
}

fn part(bytes: &[u8], wanted: u32) -> Option<&[u8]> {
    let mut cursor = Cursor(bytes);
    let mut found = None;
    while !cursor.0.is_empty() {
        if let (number, Raw::Bytes(bytes)) = cursor.next()?
            && number == wanted
        {
            found = Some(bytes);
        }
    }
    found
}

/// Returns the object of an envelope.
pub fn envelope(schema: &Schema, bytes: &[u8]) -> Option<Value> {
    let unknown = bytes.strip_prefix(MAGIC)?;
    let types = part(unknown, 1)?;
    let word = |number| part(types, number).and_then(|b| std::str::from_utf8(b).ok());
    let (version, kind) = (word(1)?, word(2)?);
    let name = message(version, kind)?;
    let mut object = json!({ "apiVersion": version, "kind": kind });
    fill(schema, &name, part(unknown, 2).unwrap_or_default(), crate::cluster::json::object(&mut object), 0)?;
    Some(object)
}

fn fill(
    schema: &Schema,
    name: &str,
    bytes: &[u8],
    into: &mut Map<String, Value>,
    depth: usize,
) -> Option<()> {
    if depth > DEEPEST {
        return None;
    }
    let fields = schema.fields(name)?;
    let mut cursor = Cursor(bytes);
    while !cursor.0.is_empty() {
        let (number, raw) = cursor.next()?;
        let Some(field) = fields.iter().find(|f| f.number == number) else { continue };
        put(schema, field, &raw, into, depth)?;
    }
    Some(())
}

fn put(
    schema: &Schema,
    field: &Field,
    raw: &Raw<'_>,
    into: &mut Map<String, Value>,
    depth: usize,
) -> Option<()> {
    match (field.shape, raw) {
        (Shape::Inline, Raw::Bytes(bytes)) => fill(schema, field.of, bytes, into, depth + 1)?,
        (Shape::List, raw) => {
            let value = value(schema, field.of, raw, depth)?;
            let list = into.entry(field.name).or_insert_with(|| json!([]));
            list.as_array_mut()?.push(value);
        }
        (Shape::Map, Raw::Bytes(bytes)) => {
            let key = std::str::from_utf8(part(bytes, 1).unwrap_or_default()).ok()?.to_owned();
            let value = value(schema, field.of, &Raw::Bytes(part(bytes, 2).unwrap_or_default()), depth)?;
            let map = into.entry(field.name).or_insert_with(|| json!({}));
            map.as_object_mut()?.insert(key, value);
        }
        (Shape::Inline | Shape::Map, _) => return None,
        (Shape::One, raw) => {
            let value = value(schema, field.of, raw, depth)?;
            // Go writes the zero values that JSON leaves out; only a grace of 0 seconds means something.
            let nothing = value.is_null() || value == "" || value == 0 || value == false;
            if !nothing || field.name == "gracePeriodSeconds" || field.name == "replicas" {
                into.insert(field.name.to_owned(), value);
            }
        }
    }
    Some(())
}

fn value(schema: &Schema, of: &str, raw: &Raw<'_>, depth: usize) -> Option<Value> {
    match (of, raw) {
        ("i", Raw::Number(n)) => Some(json!(*n as i64)),
        ("t", Raw::Number(n)) => Some(json!(*n != 0)),
        ("d", Raw::Fixed(bits)) => Some(json!(f64::from_bits(*bits))),
        ("s", Raw::Bytes(bytes)) => Some(json!(std::str::from_utf8(bytes).ok()?)),
        ("b", Raw::Bytes(bytes)) => Some(json!(STANDARD.encode(bytes))),
        ("Q", Raw::Bytes(bytes)) => Some(json!(std::str::from_utf8(part(bytes, 1)?).ok()?)),
        ("I", Raw::Bytes(bytes)) => int_or_text(bytes),
        ("M" | "U", Raw::Bytes(bytes)) => instant(of, bytes),
        ("F" | "R", Raw::Bytes(bytes)) => serde_json::from_slice(part(bytes, 1)?).ok(),
        ("i" | "t" | "d" | "s" | "b" | "Q" | "I" | "M" | "U" | "F" | "R", _) => None,
        (name, Raw::Bytes(bytes)) => {
            let mut map = Map::new();
            fill(schema, name, bytes, &mut map, depth + 1)?;
            Some(Value::Object(map))
        }
        _ => None,
    }
}

fn numbers(bytes: &[u8]) -> Option<[i64; 4]> {
    let mut cursor = Cursor(bytes);
    let mut found = [0; 4];
    while !cursor.0.is_empty() {
        if let (number, Raw::Number(n)) = cursor.next()?
            && let Some(place) = found.get_mut(number as usize)
        {
            *place = n as i64;
        }
    }
    Some(found)
}

fn int_or_text(bytes: &[u8]) -> Option<Value> {
    let [_, kind, number, _] = numbers(bytes)?;
    if kind == 0 {
        return Some(json!(number));
    }
    Some(json!(std::str::from_utf8(part(bytes, 3)?).ok()?))
}

fn instant(of: &str, bytes: &[u8]) -> Option<Value> {
    let [_, seconds, nanos, _] = numbers(bytes)?;
    if bytes.is_empty() {
        return Some(Value::Null);
    }
    let at = seconds.checked_mul(1_000_000_000)?.checked_add(nanos)?;
    Some(json!(if of == "U" { micro_time(at) } else { time(at) }))
}
