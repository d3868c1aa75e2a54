//! Two manifests, object by object.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::Options;
use super::lines::{Line, diff_lines_as_helm_diff};
use crate::mask::{is_secret, mask_secret_sides};
use crate::record::{Hook, Record, RecordError};
use crate::values::to_yaml;
use crate::yaml11::{ManifestObject, YamlError, parse_document, read_manifest};

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

/// As helm-diff names objects; of the core group it writes the version.
impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = if self.group.is_empty() { "v1" } else { &self.group };
        write!(f, "{}, {}, {} ({group})", self.namespace, self.name, self.kind)
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
    /// It is only in the old manifest, whose annotation `helm.sh/resource-policy: keep` keeps it from being deleted.
    Keep,
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

/// Returns all that a revision holds as one manifest: its objects and its hooks. Those that only tests run are left out unless
/// asked for.
pub fn release_text(record: &Record, tests: bool) -> Result<String, RecordError> {
    let is_test = |hook: &Hook| {
        let test = |event: &String| event == "test" || event == "test-success";
        !hook.events.is_empty() && hook.events.iter().all(test)
    };
    let mut text = record.manifest()?;
    for hook in record.hooks()?.iter().filter(|hook| tests || !is_test(hook)) {
        text.extend(["\n---\n# Source: ", &hook.path, "\n", &hook.manifest]);
    }
    Ok(text)
}

/// Compares two manifests of a release in `namespace`. Objects that do not differ are left out; those that are in both come
/// first, then those that go or stay behind, then those that come, each by key, as helm-diff tells them.
pub fn diff_manifests(
    old: &str,
    new: &str,
    namespace: &str,
    options: Options,
) -> Result<Vec<ObjectDiff>, YamlError> {
    let (old, new) = (index(old, namespace)?, index(new, namespace)?);
    let mut found = Vec::new();
    for (key, before) in &old {
        let after = new.get(key);
        let change = match after {
            Some(_) => Change::Modify,
            None if is_kept(&before.value) => Change::Keep,
            None => Change::Remove,
        };
        found.extend(one(key, change, Some(before), after, options));
    }
    for (key, after) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
        found.extend(one(key, Change::Add, None, Some(after), options));
    }
    let place = |change: Change| match change {
        Change::Modify => 0,
        Change::Remove | Change::Keep => 1,
        Change::Add => 2,
    };
    found.sort_by_cached_key(|object| (place(object.change), object.key.to_string()));
    Ok(found)
}

fn is_kept(object: &Value) -> bool {
    let annotations = object.pointer("/metadata/annotations");
    let policy = annotations.and_then(|all| all.get("helm.sh/resource-policy")).and_then(Value::as_str);
    policy == Some("keep")
}

fn one(
    key: &ObjectKey,
    change: Change,
    before: Option<&ManifestObject>,
    after: Option<&ManifestObject>,
    options: Options,
) -> Option<ObjectDiff> {
    let (before_text, after_text) = texts(before, after, options.reveal);
    let lines = diff_lines_as_helm_diff(&before_text, &after_text, options.context);
    if change == Change::Modify && lines.is_empty() {
        return None;
    }
    let source = after.or(before).and_then(|object| object.source.clone());
    Some(ObjectDiff { key: key.clone(), change, source, lines })
}

/// Objects by key; of several with one key, the last counts.
fn index(manifest: &str, namespace: &str) -> Result<BTreeMap<ObjectKey, ManifestObject>, YamlError> {
    let keyed = read_manifest(manifest)?.into_iter().map(|mut object| {
        // Items of a list have the whole list's text: they are told apart by being written anew.
        if object.text.contains("items") && parse_document(&object.text)?.as_ref() != Some(&object.value) {
            object.text = to_yaml(&object.value);
        }
        Ok((ObjectKey::of(&object.value, namespace), object))
    });
    keyed.collect()
}

/// The texts to compare: as written, but for Secrets, which are masked together.
fn texts(old: Option<&ManifestObject>, new: Option<&ManifestObject>, reveal: bool) -> (String, String) {
    let secret = [old, new].into_iter().flatten().any(|object| is_secret(&object.value));
    if !secret || reveal {
        let plain =
            |object: Option<&ManifestObject>| object.map(|object| tidy(&object.text)).unwrap_or_default();
        return (plain(old), plain(new));
    }
    let (old_masked, new_masked) = mask_secret_sides(old.map(|o| &o.value), new.map(|n| &n.value));
    let text = |object: Option<&ManifestObject>, masked: Option<Value>| {
        let first = object.and_then(|object| tidy(&object.text).lines().next().map(str::to_owned));
        let comment = first.filter(|line| line.starts_with('#')).map(|line| line + "\n").unwrap_or_default();
        // It calls them `data` all the same, in the place of `stringData`.
        let yaml = masked.map(|masked| to_yaml(&masked).replacen("\nstringData:", "\ndata:", 1));
        yaml.map(|yaml| comment + &yaml).unwrap_or_default()
    };
    (text(old, old_masked), text(new, new_masked))
}

/// Blank lines around a document say nothing, nor do blanks at its end.
fn tidy(text: &str) -> String {
    let mut text = text.trim_start_matches('\n').trim_end().to_owned();
    text.push('\n');
    text
}
