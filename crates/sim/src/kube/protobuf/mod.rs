//! The API's protobuf encoding of JSON objects, both ways.
//!
//! Owns: the envelope, watch frames, and a table of the messages' field numbers (`fields.tsv`: a
//! line per message, `number:name:type` per field). Clients built on client-go read and write
//! built-in kinds so. Hostile bytes are refused, never trusted. Tested by round trips.
//!
//! Types of the table: `s` text, `b` bytes (base64 in JSON), `i` integer, `t` truth, `d` double,
//! `Q` quantity, `I` integer or text, `M` and `U` times, `F` and `R` raw JSON, else a message; in
//! front of it `*` a list, `%` a map by text, `<` fields that JSON has in the parent.

mod read;
mod write;

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use crate::cluster::json::text;

/// What an enveloped object begins with.
const MAGIC: &[u8] = b"k8s\0";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    One,
    List,
    Map,
    Inline,
}

#[derive(Clone, Debug)]
struct Field {
    number: u32,
    name: &'static str,
    shape: Shape,
    of: &'static str,
}

/// The table of messages.
#[derive(Clone, Debug)]
pub struct Schema(Arc<HashMap<&'static str, Vec<Field>>>);

impl Default for Schema {
    fn default() -> Self {
        let messages = include_str!("fields.tsv").lines().filter_map(|line| {
            let (name, fields) = line.split_once('\t')?;
            Some((name, fields.split(' ').filter_map(field).collect()))
        });
        Self(Arc::new(messages.collect()))
    }
}

fn field(text: &'static str) -> Option<Field> {
    let mut parts = text.splitn(3, ':');
    let (number, name, of) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
    let shape = match of.as_bytes().first()? {
        b'*' => Shape::List,
        b'%' => Shape::Map,
        b'<' => Shape::Inline,
        _ => Shape::One,
    };
    let of = if shape == Shape::One { of } else { of.get(1..)? };
    Some(Field { number, name, shape, of })
}

/// Returns the message of an API version and kind.
fn message(api_version: &str, kind: &str) -> Option<String> {
    let package = match api_version {
        "v1" if matches!(kind, "Status" | "DeleteOptions") => "meta",
        "v1" => "core",
        "apps/v1" => "apps",
        "batch/v1" => "batch",
        "discovery.k8s.io/v1" => "discovery",
        "events.k8s.io/v1" => "events",
        "authorization.k8s.io/v1" => "authz",
        "authentication.k8s.io/v1" => "authn",
        "autoscaling/v1" => "autoscaling",
        "meta.k8s.io/v1" => "meta",
        _ => return None,
    };
    // Options are sent under the group of what they are about.
    let package = if kind == "DeleteOptions" { "meta" } else { package };
    Some(format!("{package}.{kind}"))
}

impl Schema {
    fn fields(&self, message: &str) -> Option<&[Field]> {
        self.0.get(message).map(Vec::as_slice)
    }

    /// Returns an object in its envelope, `None` for kinds that are not in the table.
    pub fn encode(&self, object: &Value) -> Option<Vec<u8>> {
        let (version, kind) = (text(object, &["apiVersion"]), text(object, &["kind"]));
        let message = message(version, kind)?;
        let body = write::message(self, &message, object)?;
        let mut types = Vec::new();
        write::bytes(&mut types, 1, version.as_bytes());
        write::bytes(&mut types, 2, kind.as_bytes());
        let mut out = MAGIC.to_vec();
        write::bytes(&mut out, 1, &types);
        write::bytes(&mut out, 2, &body);
        write::bytes(&mut out, 3, b"");
        write::bytes(&mut out, 4, b"");
        Some(out)
    }

    /// Returns the object of an envelope.
    pub fn decode(&self, bytes: &[u8]) -> Option<Value> {
        read::envelope(self, bytes)
    }

    /// Returns a frame of a watch: its length, then the event with the enveloped object.
    pub fn watch_frame(&self, verb: &str, object: &Value) -> Option<Vec<u8>> {
        let mut raw = Vec::new();
        write::bytes(&mut raw, 1, &self.encode(object)?);
        let mut event = Vec::new();
        write::bytes(&mut event, 1, verb.as_bytes());
        write::bytes(&mut event, 2, &raw);
        let mut frame = u32::try_from(event.len()).ok()?.to_be_bytes().to_vec();
        frame.extend_from_slice(&event);
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::cluster::kinds::KINDS;

    #[test]
    fn every_object_of_a_fresh_stand_survives_the_way_there_and_back() {
        let world = crate::cluster::seed::fresh(3, 1.0, 1_790_000_000_123_456_789);
        let schema = Schema::default();
        for info in KINDS {
            for object in world.store.all(info.id) {
                let bytes = schema.encode(object).expect("a known kind");
                let back = schema.decode(&bytes).expect("readable");
                assert_eq!(bare(&back), bare(object));
            }
        }
    }

    /// Drops what protobuf does not tell from nothing.
    fn bare(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let kept = map.iter().map(|(k, v)| (k.clone(), bare(v)));
                Value::Object(kept.filter(|(_, v)| !empty(v)).collect())
            }
            Value::Array(items) => Value::Array(items.iter().map(bare).collect()),
            other => other.clone(),
        }
    }

    fn empty(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Bool(on) => !on,
            Value::Number(n) => n.as_i64() == Some(0),
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
        }
    }

    #[test]
    fn bytes_that_are_no_envelope_are_refused() {
        let schema = Schema::default();
        for bytes in [&b""[..], b"k8s\0", b"k8s\0\xff\xff\xff\xff\xff\xff\xff", b"{}", b"k8s\0\x0a\x7f"] {
            assert_eq!(schema.decode(bytes), None, "{bytes:?}");
        }
    }
}
