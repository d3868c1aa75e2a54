//! Release records that are no records, or too much of one.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::corpus::CORPUS;
use crate::liar::Told;

/// A kind of bad record.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What is wrong with it.
    pub what: &'static str,
    /// Whether it is a record of its release all the same: bad is only a text in it.
    pub readable: bool,
}

const fn rubbish(what: &'static str) -> Kind {
    Kind { what, readable: false }
}

const fn readable(what: &'static str) -> Kind {
    Kind { what, readable: true }
}

/// A manifest of 9 levels of 9 references each: 387 million texts when it is unfolded.
fn alias_bomb() -> String {
    let mut out =
        String::from("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\ndata:\n  a: &a lol\n");
    for (level, name) in ('b'..='j').enumerate() {
        let before = char::from(b'a' + u8::try_from(level).unwrap());
        let all = vec![format!("*{before}"); 9].join(", ");
        out.push_str(&format!("  {name}: &{name} [{all}]\n"));
    }
    out
}

/// Returns the text that a Secret holds of a record's JSON.
pub fn pack(json: &[u8]) -> Vec<u8> {
    let mut zip = GzEncoder::new(Vec::new(), Compression::best());
    zip.write_all(json).unwrap();
    STANDARD.encode(zip.finish().unwrap()).into_bytes()
}

/// Returns the bytes of the record of release `evil-NN` with a change.
fn changed(good: &Value, number: usize, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut record = good.clone();
    record["name"] = json!(format!("evil-{number:02}"));
    record["version"] = json!(1);
    change(&mut record);
    pack(&serde_json::to_vec(&record).unwrap())
}

/// Returns every kind, and the bytes in its Secret.
fn payloads(good: &Value) -> Vec<(Kind, Vec<u8>)> {
    let all: String = CORPUS.iter().map(|(_, text)| *text).collect();
    let mut zip = GzEncoder::new(Vec::new(), Compression::best());
    zip.write_all(&good.to_string().into_bytes()).unwrap();
    let half = zip.finish().unwrap();
    vec![
        (rubbish("nothing"), Vec::new()),
        (rubbish("not base64"), b"%%%\xff\xfe not base64".to_vec()),
        (rubbish("not JSON"), pack(b"\x1b[2J{{{{")),
        (rubbish("half of a stream"), STANDARD.encode(&half[..half.len() / 2]).into_bytes()),
        (rubbish("300 MB of blanks"), pack(&vec![b' '; 300_000_000])),
        (rubbish("300 MB of text"), {
            let mut text = br#"{"name":""#.to_vec();
            text.resize(300_000_000, b'x');
            pack(&text)
        }),
        (rubbish("deep arrays"), pack("[".repeat(1_000_000).as_bytes())),
        (
            readable("deep manifest"),
            changed(good, 7, |r| r["manifest"] = json!("a: ".to_owned() + &"[".repeat(200_000))),
        ),
        (rubbish("types"), pack(br#"{"name":5,"info":[],"chart":"x","manifest":{},"version":"\u001b[2J"}"#)),
        (rubbish("invalid UTF-8"), pack(b"{\"name\":\"\xff\xfe\",\"version\":1}")),
        (readable("alias bomb"), changed(good, 10, |r| r["manifest"] = json!(alias_bomb()))),
        (readable("alias bomb in values"), changed(good, 11, |r| r["chart"]["values"] = json!(alias_bomb()))),
        (
            readable("a line of 5 MB"),
            changed(good, 12, |r| r["manifest"] = json!(format!("a: {}\n", "x".repeat(5_000_000)))),
        ),
        (readable("hostile texts"), {
            changed(good, 13, |r| {
                r["info"]["description"] = json!(all);
                r["info"]["notes"] = json!(all);
                r["chart"]["metadata"]["version"] = json!(format!("1{all}"));
                r["chart"]["metadata"]["appVersion"] = json!(all);
                r["info"]["status"] = json!(format!("deployed{all}"));
                r["manifest"] = json!(format!("---\n# Source: {all}\n{}", r["manifest"].as_str().unwrap()));
            })
        }),
        (rubbish("another release's"), pack(&good.to_string().into_bytes())),
    ]
}

/// Returns what a record of the simulated stand holds, taken from the Secret that holds it.
pub fn unpack(secret: &Value) -> Value {
    let stored = STANDARD.decode(secret["data"]["release"].as_str().unwrap()).unwrap();
    let mut json = Vec::new();
    GzDecoder::new(&*STANDARD.decode(stored).unwrap()).read_to_end(&mut json).unwrap();
    serde_json::from_slice(&json).unwrap()
}

/// Remembers a release of every kind of bad record, to be answered when it is asked for. Returns the kinds, in the
/// order of the releases' numbers.
pub fn remember(folder: &str, secret: &Value, told: &Told) -> Vec<Kind> {
    let (kinds, bytes): (Vec<_>, Vec<_>) = payloads(&unpack(secret)).into_iter().unzip();
    for (i, bytes) in bytes.into_iter().enumerate() {
        let mut copy = secret.clone();
        let release = format!("evil-{i:02}");
        let name = format!("sh.helm.release.v1.{release}.v1");
        copy["metadata"]["name"] = json!(name);
        copy["metadata"]["uid"] = json!(format!("00000000-0000-4000-8000-00000000{i:04}"));
        copy["metadata"]["labels"]["name"] = json!(release);
        copy["metadata"]["labels"]["version"] = json!("1");
        copy["data"]["release"] = json!(STANDARD.encode(bytes));
        told.lock().objects.insert(format!("{folder}/{name}"), copy);
    }
    kinds
}

/// Adds what is remembered to a list of metadata.
pub fn add(items: &mut Vec<Value>, told: &Told) {
    let Some(first) = items.first().cloned() else { return };
    for (path, secret) in &told.lock().objects {
        if path.contains("/secrets/sh.helm.release.v1.evil-") {
            let mut copy = first.clone();
            copy["metadata"] = secret["metadata"].clone();
            items.push(copy);
        }
    }
    for item in items.iter() {
        told.note("releases", item["metadata"]["labels"]["name"].as_str().unwrap_or_default());
    }
}
