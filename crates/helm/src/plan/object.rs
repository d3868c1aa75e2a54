//! Objects of a release, as the API server addresses them.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use crate::faults::{self, Fault};

/// A kind in a version of a group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Gvk {
    /// The group; empty for the core group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind.
    pub kind: String,
}

impl Gvk {
    /// Reads the kind of an object; the version is empty when the object does not say.
    pub fn of(object: &Value) -> Self {
        let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
        Self::new(text("apiVersion"), text("kind"))
    }

    /// Makes a kind from `group/version` or `version`.
    pub fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        Self { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned() }
    }

    /// Returns `group/version`, or the version alone in the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}

impl fmt::Display for Gvk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.api_version(), self.kind)
    }
}

/// How the API server serves a kind.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mapping {
    /// The plural name in paths, such as `deployments`.
    pub resource: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

/// The kinds that the API server serves, from its discovery.
pub type Kinds = BTreeMap<Gvk, Mapping>;

/// What identifies an object on the server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct ObjectId {
    /// Its kind.
    pub gvk: Gvk,
    /// Its namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl ObjectId {
    /// Returns whether Helm takes both for one object: versions may differ.
    pub fn matches(&self, other: &Self) -> bool {
        self.name == other.name
            && self.namespace == other.namespace
            && self.gvk.kind == other.gvk.kind
            && self.gvk.group == other.gvk.group
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{} {}", self.gvk.kind, self.name)
        } else {
            write!(f, "{} {}/{}", self.gvk.kind, self.namespace, self.name)
        }
    }
}

/// An object of a manifest, ready to be sent.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PlanObject {
    /// What identifies it.
    pub id: ObjectId,
    /// How the server serves its kind.
    pub mapping: Mapping,
    /// The template that it was rendered from.
    pub source: Option<String>,
    /// The object, its namespace filled in.
    pub value: Value,
}

/// Sets the label and the annotations by which Helm knows its objects.
pub(super) fn stamp(object: &mut Value, release: &str, namespace: &str) {
    if faults::on(Fault::NoOwnLabels) {
        return;
    }
    merge_texts(object, "labels", &[("app.kubernetes.io/managed-by", "Helm")]);
    let annotations = [("meta.helm.sh/release-name", release), ("meta.helm.sh/release-namespace", namespace)];
    merge_texts(object, "annotations", &annotations);
}

/// Adds texts to a map of the metadata. A map that holds anything but texts and nulls is lost, as it is in Helm.
fn merge_texts(object: &mut Value, field: &str, added: &[(&str, &str)]) {
    let Some(object) = object.as_object_mut() else { return };
    let metadata = object.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
    let Some(metadata) = metadata.as_object_mut() else { return };
    let old = metadata.get(field).and_then(Value::as_object);
    let mut texts = old.and_then(all_texts).unwrap_or_default();
    for (key, value) in added {
        texts.insert((*key).to_owned(), Value::from(*value));
    }
    metadata.insert(field.to_owned(), Value::Object(texts));
}

fn all_texts(map: &Map<String, Value>) -> Option<Map<String, Value>> {
    let text = |value: &Value| match value {
        Value::Null => Some(Value::from("")),
        Value::String(_) => Some(value.clone()),
        _ => None,
    };
    map.iter().map(|(key, value)| Some((key.clone(), text(value)?))).collect()
}
