//! The Secrets and ConfigMaps that hold records.
//!
//! Owns their names, types and labels, and which labels Helm writes when. It never sends them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::codec::{decode_base64, encode_base64};
use super::{Limits, Record, RecordError, decode, encode};
use crate::faults::{self, Fault};
use crate::time::Now;

/// The type of Secrets that hold records.
pub const SECRET_TYPE: &str = "helm.sh/release.v1";

const NAME_PREFIX: &str = "sh.helm.release.v1.";
/// Labels that Helm sets itself; all others are the user's.
const SYSTEM_LABELS: [&str; 6] = ["name", "owner", "status", "version", "createdAt", "modifiedAt"];

/// Where Helm keeps the records of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Driver {
    /// In Secrets, as it does by default.
    Secret,
    /// In ConfigMaps.
    ConfigMap,
}

impl Driver {
    /// Returns the kind of the objects.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
        }
    }
}

/// A record and the object that holds it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct StoredRecord {
    /// The kind of the object.
    pub driver: Driver,
    /// The object's name.
    pub object_name: String,
    /// The object's namespace.
    pub namespace: String,
    /// The object's labels, system labels included.
    pub labels: BTreeMap<String, String>,
    /// The object's uid; empty when the server did not say.
    pub uid: String,
    /// The object's resourceVersion; empty when the server did not say.
    pub resource_version: String,
    /// The record.
    pub record: Record,
}

/// Returns the name of the object that holds a revision.
pub fn object_name(release: &str, revision: i64) -> String {
    format!("{NAME_PREFIX}{release}.v{revision}")
}

/// Returns the release and the revision that an object's name speaks of; `None` for names that Helm would not give.
pub fn parse_object_name(name: &str) -> Option<(&str, i64)> {
    let (release, revision) = name.strip_prefix(NAME_PREFIX)?.rsplit_once(".v")?;
    let canonical = revision.bytes().all(|c| c.is_ascii_digit()) && !revision.starts_with('0');
    if release.is_empty() || !canonical {
        return None;
    }
    Some((release, revision.parse().ok()?))
}

/// Returns the labels that are the user's.
pub fn user_labels(labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let is_users = |key: &str| !SYSTEM_LABELS.contains(&key);
    labels.iter().filter(|(key, _)| is_users(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

impl StoredRecord {
    /// Reads a record from a Secret or ConfigMap, given as the API server's JSON.
    pub fn from_object(object: &Value, limits: Limits) -> Result<Self, RecordError> {
        let meta = object.get("metadata").unwrap_or(&Value::Null);
        let text = |key: &str| meta.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let object_name = text("name");
        // Items of a list carry no kind; only Secrets have a type.
        let kind = object
            .get("kind")
            .and_then(Value::as_str)
            .unwrap_or_else(|| if object.get("type").is_some() { "Secret" } else { "ConfigMap" });
        let refuse = |why: &str| RecordError::NotARecord {
            kind: kind.to_owned(),
            name: object_name.clone(),
            why: why.to_owned(),
        };
        let driver = match kind {
            "Secret" => Driver::Secret,
            "ConfigMap" => Driver::ConfigMap,
            _ => return Err(refuse("it is neither a Secret nor a ConfigMap")),
        };
        let data = object.get("data").and_then(|data| data.get("release")).and_then(Value::as_str);
        let data = data.ok_or_else(|| refuse("it has no data key `release`"))?;
        let record = match driver {
            Driver::Secret => {
                let bytes = decode_base64(data, limits.text)?;
                let text = String::from_utf8(bytes).map_err(|err| RecordError::Base64(err.to_string()))?;
                decode(&text, limits)?
            }
            Driver::ConfigMap => decode(data, limits)?,
        };
        let labels = meta.get("labels").and_then(Value::as_object).map(read_labels).unwrap_or_default();
        Ok(Self {
            driver,
            namespace: text("namespace"),
            labels,
            uid: text("uid"),
            resource_version: text("resourceVersion"),
            object_name,
            record,
        })
    }

    /// Returns the object to create for a new record: the user's labels, Helm's, and `createdAt`.
    pub fn to_create(&self, now: Now) -> Result<Value, RecordError> {
        self.to_object("createdAt", &user_labels(&self.labels), now)
    }

    /// Returns the object to put in place of the stored one: built from scratch, its labels those that the record came with
    /// (which is why `createdAt` survives on records read by a query and not on a record that was just created) and
    /// `modifiedAt`.
    pub fn to_update(&self, now: Now) -> Result<Value, RecordError> {
        self.to_object("modifiedAt", &self.labels, now)
    }

    fn to_object(
        &self,
        stamp: &str,
        labels: &BTreeMap<String, String>,
        now: Now,
    ) -> Result<Value, RecordError> {
        // Helm sets the time first and the record's labels over it: a `modifiedAt` that came with the record stays.
        let mut all = BTreeMap::new();
        let again = stamp == "modifiedAt";
        if !(again && faults::on(Fault::NotModified)) {
            all.insert(stamp.to_owned(), now.unix_seconds().to_string());
        }
        if again || !faults::on(Fault::UserLabelsLost) {
            all.extend(labels.clone());
        }
        all.insert("name".to_owned(), self.record.name()?);
        all.insert("owner".to_owned(), "helm".to_owned());
        if !(again && faults::on(Fault::StatusLabelStale)) {
            all.insert("status".to_owned(), self.record.info()?.status.as_str().to_owned());
        }
        all.insert("version".to_owned(), self.record.version()?.to_string());
        let text = encode(&self.record)?;
        let mut object = Map::new();
        object.insert("apiVersion".to_owned(), json!("v1"));
        object.insert("kind".to_owned(), json!(self.driver.kind()));
        object.insert("metadata".to_owned(), json!({ "name": self.object_name, "labels": all }));
        match self.driver {
            Driver::Secret => {
                object.insert("data".to_owned(), json!({ "release": encode_base64(text.as_bytes()) }));
                object.insert("type".to_owned(), json!(SECRET_TYPE));
            }
            Driver::ConfigMap => {
                object.insert("data".to_owned(), json!({ "release": text }));
            }
        }
        Ok(Value::Object(object))
    }

    /// Returns how many bytes of the object's 1 MiB the record takes.
    pub fn stored_len(&self) -> Result<usize, RecordError> {
        Ok(encode(&self.record)?.len())
    }
}

fn read_labels(labels: &Map<String, Value>) -> BTreeMap<String, String> {
    labels.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}
