//! Two manifests, object by object.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde_json::Value;

use super::Options;
use super::lines::{Line, diff_lines};
use crate::mask::{is_secret, mask_object_pair};
use crate::record::{Hook, Record, RecordError};
use crate::yaml11::{ManifestObject, YamlError, read_manifest, to_yaml};

/// What identifies an object across revisions; its version is not part of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// The namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The kind.
    pub kind: String,
    /// The API group; empty for the core group.
    pub group: String,
}

impl ObjectKey {
    /// Reads the key of an object; objects that name no namespace get the given one.
    pub fn of(object: &Value, namespace: &str) -> Self {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let group = text("/apiVersion").rsplit_once('/').map_or("", |(group, _)| group);
        let own = text("/metadata/namespace");
        let name = Some(text("/metadata/name")).filter(|name| !name.is_empty());
        Self {
            namespace: if own.is_empty() { namespace } else { own }.to_owned(),
            name: name.unwrap_or_else(|| text("/metadata/generateName")).to_owned(),
            kind: text("/kind").to_owned(),
            group: group.to_owned(),
        }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, {}", self.namespace, self.name, self.kind)?;
        if self.group.is_empty() { Ok(()) } else { write!(f, " ({})", self.group) }
    }
}

/// What becomes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is only in the new manifest.
    Add,
    /// It is only in the old manifest.
    Remove,
    /// It is in both, and differs.
    Modify,
}

/// The difference of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectDiff {
    /// The object.
    pub key: ObjectKey,
    /// What becomes of it.
    pub change: Change,
    /// The template that it was rendered from: the new one's, else the old one's.
    pub source: Option<String>,
    /// The lines.
    pub lines: Vec<Line>,
}

/// Returns all that a revision holds as one manifest: its objects and its hooks, tests left out unless asked for.
pub fn release_text(record: &Record, tests: bool) -> Result<String, RecordError> {
    let is_test = |hook: &Hook| hook.events.iter().any(|event| event == "test" || event == "test-success");
    let mut text = record.manifest()?;
    for hook in record.hooks()?.iter().filter(|hook| tests || !is_test(hook)) {
        text.extend(["\n---\n# Source: ", &hook.path, "\n", &hook.manifest]);
    }
    Ok(text)
}

/// Compares two manifests of a release in `namespace`; objects that do not differ are left out, the others sorted by key.
pub fn diff_manifests(
    old: &str,
    new: &str,
    namespace: &str,
    options: Options,
) -> Result<Vec<ObjectDiff>, YamlError> {
    let (old, new) = (index(old, namespace)?, index(new, namespace)?);
    let keys: std::collections::BTreeSet<&ObjectKey> = old.keys().chain(new.keys()).collect();
    let mut found = Vec::new();
    for key in keys {
        let (before, after) = (old.get(key), new.get(key));
        let change = match (before, after) {
            (None, _) => Change::Add,
            (_, None) => Change::Remove,
            (Some(_), Some(_)) => Change::Modify,
        };
        let (before_text, after_text) = texts(before, after, options.reveal);
        let lines = diff_lines(&before_text, &after_text, options.context);
        if change == Change::Modify && lines.is_empty() {
            continue;
        }
        let source = after.or(before).and_then(|object| object.source.clone());
        found.push(ObjectDiff { key: key.clone(), change, source, lines });
    }
    Ok(found)
}

/// Objects by key; of several with one key, the last counts.
fn index(manifest: &str, namespace: &str) -> Result<BTreeMap<ObjectKey, ManifestObject>, YamlError> {
    let objects = read_manifest(manifest)?;
    // Items of a list share its text: they are told apart by being written anew.
    let mut seen = HashSet::new();
    let shared: HashSet<String> = objects
        .iter()
        .filter(|object| !seen.insert(object.text.clone()))
        .map(|object| object.text.clone())
        .collect();
    let keyed = objects.into_iter().map(|mut object| {
        if shared.contains(&object.text) {
            object.text = to_yaml(&object.value);
        }
        (ObjectKey::of(&object.value, namespace), object)
    });
    Ok(keyed.collect())
}

/// The texts to compare: as written, but for Secrets, which are masked together.
fn texts(old: Option<&ManifestObject>, new: Option<&ManifestObject>, reveal: bool) -> (String, String) {
    let secret = [old, new].into_iter().flatten().any(|object| is_secret(&object.value));
    if !secret || reveal {
        let plain =
            |object: Option<&ManifestObject>| object.map(|object| tidy(&object.text)).unwrap_or_default();
        return (plain(old), plain(new));
    }
    let (old_masked, new_masked) = mask_object_pair(old.map(|o| &o.value), new.map(|n| &n.value));
    let text = |value: Option<Value>| value.as_ref().map(to_yaml).unwrap_or_default();
    (text(old_masked), text(new_masked))
}

/// Blank lines around a document say nothing.
fn tidy(text: &str) -> String {
    let mut text = text.trim_matches('\n').to_owned();
    text.push('\n');
    text
}
