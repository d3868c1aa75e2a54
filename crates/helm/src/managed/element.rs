//! A step of a path into an object, and its notation: `f:` a field, `k:` an item by its keys, `v:` an item by its value,
//! `i:` an item by its index.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::FieldsError;

/// A step of a path into an object. The order is that of `fieldpath.PathElement`: by kind, then by what it holds, numbers
/// as numbers.
#[derive(Clone, Debug)]
pub enum Element {
    /// A field of a struct, or an entry of a map.
    Field(String),
    /// The item of a list that has these values in its key fields, sorted by their names.
    Key(Vec<(String, Value)>),
    /// The item of a list of scalars that is this value.
    Item(Value),
    /// The item of a list at this place.
    Index(i64),
}

impl Element {
    /// Reads a step. `None` for a kind that only a later version may know: such steps are dropped, as the API machinery does.
    pub fn parse(text: &str) -> Result<Option<Self>, FieldsError> {
        let bad = || FieldsError::Element(text.to_owned());
        let [kind, b':', ..] = text.as_bytes() else { return Err(bad()) };
        let rest = text.get(2..).ok_or_else(bad)?;
        let json = || serde_json::from_str::<Value>(rest).map_err(|_| bad());
        Ok(Some(match kind {
            b'f' => Self::Field(rest.to_owned()),
            b'v' => Self::Item(json()?),
            b'i' => Self::Index(rest.parse().map_err(|_| bad())?),
            b'k' => {
                let Value::Object(map) = json()? else { return Err(bad()) };
                let mut fields: Vec<(String, Value)> = map.into_iter().collect();
                fields.sort_by(|a, b| a.0.cmp(&b.0));
                Self::Key(fields)
            }
            _ => return Ok(None),
        }))
    }

    /// Returns the step as the API machinery writes it.
    pub fn text(&self) -> String {
        let mut out = String::new();
        match self {
            Self::Field(name) => {
                out.push_str("f:");
                out.push_str(name);
            }
            Self::Key(fields) => {
                out.push_str("k:{");
                for (at, (name, value)) in fields.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    quote(&mut out, name, false);
                    out.push(':');
                    write(&mut out, value);
                }
                out.push('}');
            }
            Self::Item(value) => {
                out.push_str("v:");
                write(&mut out, value);
            }
            Self::Index(index) => out.push_str(&format!("i:{index}")),
        }
        out
    }

    /// The place of its kind in the order of kinds.
    fn rank(&self) -> u8 {
        match self {
            Self::Field(_) => 0,
            Self::Key(_) => 1,
            Self::Item(_) => 2,
            Self::Index(_) => 3,
        }
    }
}

impl Ord for Element {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Field(a), Self::Field(b)) => a.cmp(b),
            (Self::Key(a), Self::Key(b)) => compare_keys(a, b),
            (Self::Item(a), Self::Item(b)) => compare(a, b),
            (Self::Index(a), Self::Index(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Element {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Element {}

fn compare_keys(a: &[(String, Value)], b: &[(String, Value)]) -> Ordering {
    for ((name, value), (other_name, other)) in a.iter().zip(b) {
        let order = name.cmp(other_name).then_with(|| compare(value, other));
        if order != Ordering::Equal {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

/// Numbers come first, then texts, booleans, lists, maps, and nulls.
fn rank_of(value: &Value) -> u8 {
    match value {
        Value::Number(_) => 0,
        Value::String(_) => 1,
        Value::Bool(_) => 2,
        Value::Array(_) => 3,
        Value::Object(_) => 4,
        Value::Null => 5,
    }
}

/// Compares two values as the API machinery does; a number is what a 64-bit float makes of it.
pub(super) fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => float(a).partial_cmp(&float(b)).unwrap_or(Ordering::Equal),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Array(a), Value::Array(b)) => {
            let differs = a.iter().zip(b).map(|(a, b)| compare(a, b)).find(|order| order.is_ne());
            differs.unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        (Value::Object(a), Value::Object(b)) => compare_maps(a, b),
        _ => rank_of(a).cmp(&rank_of(b)),
    }
}

/// Walks the keys of both maps in order; the first difference counts, and a map that is through is the smaller one.
fn compare_maps(a: &Map<String, Value>, b: &Map<String, Value>) -> Ordering {
    let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    for (at, key) in keys.into_iter().enumerate() {
        let order = match (a.get(key), b.get(key)) {
            _ if at == a.len() => Ordering::Less,
            _ if at == b.len() => Ordering::Greater,
            (Some(a), Some(b)) => compare(a, b),
            (None, _) => Ordering::Greater,
            (_, None) => Ordering::Less,
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

fn float(number: &serde_json::Number) -> f64 {
    number.as_f64().unwrap_or(f64::NAN)
}

/// Appends a value as the API machinery writes it into a step: compact, maps by their keys, numbers as floats.
fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&float_text(float(number))),
        Value::String(text) => quote(out, text, true),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(out, item);
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (at, (key, item)) in entries.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                quote(out, key, true);
                out.push(':');
                write(out, item);
            }
            out.push('}');
        }
    }
}

/// Returns a float as JSON writers of Go print it: with an exponent below 1e-6 and from 1e21 on.
fn float_text(float: f64) -> String {
    let size = float.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return format!("{float}");
    }
    let text = format!("{float:e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// Appends a text in quotes. `html`: what could end a script is escaped too.
fn quote(out: &mut String, text: &str, html: bool) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' if html => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}
