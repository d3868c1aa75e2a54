//! What was recorded of a rollback's writes, decoded: bodies in JSON and protobuf, and the releases inside of records.

use std::collections::BTreeMap;
use std::io::Read as _;

use base64::Engine as _;
use deckwatch_wire::core::{ConfigMap, Secret};
use deckwatch_wire::{Encoding, Limits, decode_object};
use serde_json::{Value, json};

use crate::proxy::Sent;

/// A request that may have changed something.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query's pairs, sorted.
    pub query: Vec<(String, String)>,
    /// What kind of patch its body is; empty for what is none.
    pub patch: String,
    /// The body.
    pub body: Value,
    /// What the server answered.
    pub status: Option<u16>,
}

impl Write {
    /// Decodes one.
    pub fn of(sent: &Sent) -> Self {
        let pairs = url::form_urlencoded::parse(sent.seen.query.as_bytes()).into_owned();
        let mut query: Vec<(String, String)> = pairs.collect();
        query.sort();
        let is_patch = sent.seen.method == http::Method::PATCH;
        Self {
            method: sent.seen.method.to_string(),
            path: sent.seen.path.clone(),
            query,
            patch: if is_patch { sent.content_type.clone() } else { String::new() },
            body: body(&sent.content_type, &sent.body),
            status: sent.status,
        }
    }

    /// Returns it without its body, in a line.
    pub fn line(&self) -> String {
        let query: Vec<String> = self.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        let status = self.status.map_or_else(|| "no answer".to_owned(), |s| s.to_string());
        let patch = if self.patch.is_empty() { String::new() } else { format!(" ({})", self.patch) };
        format!("{} {}{query}{patch} → {status}", self.method, self.path)
    }

    /// Returns whether it is about a release's record.
    pub fn is_of_record(&self) -> bool {
        let name = self.body.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        self.path.contains("/sh.helm.release.v1.") || name.starts_with("sh.helm.release.v1.")
    }
}

fn body(content_type: &str, bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    let mut body = if bytes.starts_with(b"k8s\0") {
        protobuf(bytes)
    } else {
        serde_json::from_slice(bytes)
            .unwrap_or_else(|e| panic!("{content_type}: {e}: {}", String::from_utf8_lossy(bytes)))
    };
    open_release(&mut body);
    body
}

/// Puts the release in the place of its encoded form, where an object is a record.
pub fn open_release(object: &mut Value) {
    let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    if !name.starts_with("sh.helm.release.v1.") {
        return;
    }
    let is_secret = object["kind"] == "Secret" || object.get("type").is_some();
    let Some(data) = object.pointer_mut("/data/release") else { return };
    let Some(text) = data.as_str().map(str::to_owned) else { return };
    let helm = if is_secret { base64(text.as_bytes()) } else { Some(text.into_bytes()) };
    // What can't be read stays as it is: some scenarios spoil a record.
    if let Some(release) = helm.and_then(|helm| release(&helm)) {
        *data = release;
    }
}

fn base64(text: &[u8]) -> Option<Vec<u8>> {
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

/// Reads a release as Helm writes it: JSON, packed or not, in base64.
fn release(text: &[u8]) -> Option<Value> {
    let bytes = base64(text)?;
    let mut json = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut json).ok()?;
    } else {
        json = bytes;
    }
    serde_json::from_slice(&json).ok()
}

/// Reads an object in Kubernetes' envelope: the magic bytes, then a message with the type in field 1 and the object in
/// field 2 (`k8s.io/apimachinery/pkg/runtime/generated.proto`, `Unknown`).
fn protobuf(bytes: &[u8]) -> Value {
    let envelope = message(&bytes[4..]);
    let kind_of = message(envelope[&1][0].bytes());
    let (api_version, kind) = (kind_of[&1][0].text(), kind_of[&2][0].text());
    let object = message(envelope[&2][0].bytes());
    let mut value = match kind.as_str() {
        // What is slim may leave nothing out here: metadata, data and type are all that records have.
        "Secret" => json!(whole(&object, &[1, 2, 3], || decode::<Secret>(bytes))),
        "ConfigMap" => json!(whole(&object, &[1, 2], || decode::<ConfigMap>(bytes))),
        "DeleteOptions" => delete_options(&object),
        other => panic!("a write of a {other} in protobuf is not known"),
    };
    value["apiVersion"] = json!(api_version);
    value["kind"] = json!(kind);
    value
}

fn decode<K: deckwatch_wire::Object>(bytes: &[u8]) -> K {
    decode_object(Encoding::Protobuf, bytes, &Limits::default()).unwrap()
}

fn whole<K>(object: &Message<'_>, known: &[u64], decode: impl FnOnce() -> K) -> K {
    assert!(object.keys().all(|field| known.contains(field)), "fields {:?}", object.keys());
    if let Some(meta) = object.get(&1) {
        // Name, namespace, an empty time of creation, labels, annotations.
        let meta = message(meta[0].bytes());
        let known =
            |field: &u64| [1, 3, 8, 11, 12].contains(field) || meta[field].iter().all(Field::is_empty);
        assert!(meta.keys().all(known), "fields of the metadata: {:?}", meta.keys());
    }
    decode()
}

/// `k8s.io/apimachinery/pkg/apis/meta/v1/generated.proto`, `DeleteOptions`.
fn delete_options(object: &Message<'_>) -> Value {
    let mut out = json!({});
    for (field, values) in object {
        let value = &values[0];
        match field {
            1 => out["gracePeriodSeconds"] = json!(value.number()),
            2 => {
                for (field, values) in message(value.bytes()) {
                    let key = if field == 1 { "uid" } else { "resourceVersion" };
                    out["preconditions"][key] = json!(values[0].text());
                }
            }
            3 => out["orphanDependents"] = json!(value.number() == 1),
            4 => out["propagationPolicy"] = json!(value.text()),
            5 => out["dryRun"] = json!(values.iter().map(Field::text).collect::<Vec<_>>()),
            other => panic!("field {other} of DeleteOptions is not known"),
        }
    }
    out
}

/// A message's fields by their numbers.
type Message<'a> = BTreeMap<u64, Vec<Field<'a>>>;

/// What a field holds.
#[derive(Debug)]
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl Field<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Number(number) => panic!("{number} is no text and no message"),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Number(number) => *number == 0,
            Self::Bytes(bytes) => bytes.is_empty(),
        }
    }

    fn text(&self) -> String {
        String::from_utf8(self.bytes().to_vec()).unwrap()
    }

    fn number(&self) -> u64 {
        match self {
            Self::Number(number) => *number,
            Self::Bytes(bytes) => panic!("{bytes:?} is no number"),
        }
    }
}

fn message(mut bytes: &[u8]) -> Message<'_> {
    let mut fields = Message::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let field = match key & 7 {
            0 => Field::Number(varint(&mut bytes)),
            2 => {
                let length = usize::try_from(varint(&mut bytes)).unwrap();
                let (own, rest) = bytes.split_at(length);
                bytes = rest;
                Field::Bytes(own)
            }
            other => panic!("a field of wire type {other}"),
        };
        fields.entry(key >> 3).or_default().push(field);
    }
    fields
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut number = 0;
    for at in 0.. {
        let (first, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        number |= u64::from(first & 0x7f) << (7 * at);
        if first & 0x80 == 0 {
            break;
        }
    }
    number
}

#[cfg(test)]
mod tests {
    use deckwatch_wire::{ObjectMeta, encode_object};
    use pretty_assertions::assert_eq;

    use super::*;

    fn sent(method: http::Method, query: &str, content_type: &str, body: &[u8]) -> Sent {
        let seen = crate::proxy::Seen { method, path: "/api/v1/x".to_owned(), query: query.to_owned() };
        Sent {
            seen,
            arrived: true,
            content_type: content_type.to_owned(),
            body: body.to_vec().into(),
            status: Some(200),
        }
    }

    #[test]
    fn a_record_in_protobuf_is_the_record_in_json() {
        let helm = base64::engine::general_purpose::STANDARD.encode(r#"{"name":"demo","version":2}"#);
        let name = "sh.helm.release.v1.demo.v2";
        let meta = ObjectMeta {
            name: name.to_owned(),
            labels: [("owner".to_owned(), "helm".to_owned())].into(),
            ..ObjectMeta::default()
        };
        let secret = Secret {
            metadata: meta,
            data: [("release".to_owned(), helm.clone().into_bytes())].into(),
            r#type: "helm.sh/release.v1".to_owned(),
            ..Secret::default()
        };
        let protobuf = encode_object(Encoding::Protobuf, &secret).unwrap();
        let data = base64::engine::general_purpose::STANDARD.encode(helm);
        let json = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name, "labels": { "owner": "helm" } },
            "data": { "release": data }, "type": "helm.sh/release.v1" });
        let of = |content_type: &str, body: &[u8]| {
            Write::of(&sent(http::Method::POST, "b=2&a=1", content_type, body))
        };
        let ours = of("application/json", json.to_string().as_bytes());
        assert_eq!(of("application/vnd.kubernetes.protobuf", &protobuf), ours);
        assert_eq!(ours.body["data"]["release"], json!({ "name": "demo", "version": 2 }));
        assert_eq!(ours.line(), "POST /api/v1/x?a=1&b=2 → 200");
        assert!(ours.is_of_record());
    }

    #[test]
    fn options_of_a_deletion_are_read_field_by_field() {
        // {apiVersion: v1, kind: DeleteOptions}, and in it a policy and an uid as precondition.
        let object = b"\x22\x0aBackground\x12\x04\x0a\x02u1";
        let kind = b"\x0a\x02v1\x12\x0dDeleteOptions";
        let mut bytes = b"k8s\0\x0a".to_vec();
        bytes.push(u8::try_from(kind.len()).unwrap());
        bytes.extend(kind);
        bytes.push(0x12);
        bytes.push(u8::try_from(object.len()).unwrap());
        bytes.extend(object);
        assert_eq!(
            body("application/vnd.kubernetes.protobuf", &bytes),
            json!({ "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background", "preconditions": { "uid": "u1" } })
        );
    }
}
