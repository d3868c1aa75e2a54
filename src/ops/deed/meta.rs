//! Labels and annotations.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::act::{Act, Content};
use super::live::{Live, map_at};
use super::refusal::{Refusal, clip};
use super::revisions::CHANGE_CAUSE;

/// Where `kubectl apply` keeps a copy of the whole object.
pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// How long all annotations of an object may be together, in bytes.
const MOST_ANNOTATIONS: usize = 256 * 1024;

type Wanted = BTreeMap<String, Option<String>>;

pub(super) fn label(live: &Live<'_>, set: &Wanted, overwrite: bool) -> Result<Act, Refusal> {
    for value in set.values().flatten() {
        if !(value.is_empty() || is_name(value)) {
            return Err(Refusal::invalid(&format!("`{value}` cannot be the value of a label")));
        }
    }
    tags(live, "labels", set, overwrite)
}

pub(super) fn annotate(live: &Live<'_>, set: &Wanted, overwrite: bool) -> Result<Act, Refusal> {
    let size: usize = set.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, String::len)).sum();
    if size > MOST_ANNOTATIONS {
        return Err(Refusal::invalid("the annotations are larger than 256 KiB"));
    }
    tags(live, "annotations", set, overwrite)
}

fn tags(live: &Live<'_>, map: &'static str, set: &Wanted, overwrite: bool) -> Result<Act, Refusal> {
    if set.is_empty() {
        return Err(Refusal::invalid("nothing is given to be set or removed"));
    }
    let now = map_at(live.object, &format!("/metadata/{map}"))?;
    // Why something was changed is always that of the last change.
    let is_cause = |key: &str| map == "annotations" && key == CHANGE_CAUSE;
    let mut change = Map::new();
    for (key, wanted) in set {
        // What has a bad key already can still be removed.
        if wanted.is_some() && !is_key(key) {
            return Err(Refusal::invalid(&format!("`{key}` cannot be a key of {map}")));
        }
        let is = now.get(key).and_then(Value::as_str);
        match (is, wanted.as_deref()) {
            (None, None) => {}
            (Some(is), Some(wanted)) if is == wanted => {}
            (Some(is), Some(_)) if !(overwrite || is_cause(key)) => {
                return Err(Refusal::Overwrites { key: clip(key), value: hidden_copy(key, is) });
            }
            (_, wanted) => {
                change.insert(key.clone(), wanted.map_or(Value::Null, Value::from));
            }
        }
    }
    if change.is_empty() {
        return Err(Refusal::NoChange);
    }
    Act::patch(live, Content::Merge, json!({"metadata": {map: change}}))
}

/// The copy of a whole object may be one of a Secret.
fn hidden_copy(key: &str, value: &str) -> crate::core::Safe {
    if key == LAST_APPLIED { clip(&format!("({} bytes)", value.len())) } else { clip(value) }
}

/// Returns whether a text is a key: a name, perhaps with a domain in front.
fn is_key(key: &str) -> bool {
    match key.split_once('/') {
        None => is_name(key),
        Some((domain, name)) => is_subdomain(domain) && is_name(name),
    }
}

fn is_name(name: &str) -> bool {
    let inner = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
    let edge = |c: Option<&u8>| c.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    bytes.len() <= 63 && edge(bytes.first()) && edge(bytes.last()) && bytes.iter().all(|c| inner(*c))
}

/// Returns whether a text is a subdomain of RFC 1123.
pub(super) fn is_subdomain(text: &str) -> bool {
    let part = |part: &str| {
        let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        !part.is_empty() && !part.starts_with('-') && !part.ends_with('-') && part.bytes().all(inner)
    };
    text.len() <= 253 && text.split('.').all(part)
}
