//! The upgrade of an object's managed fields from patches that were computed by the client to the server's apply.
//!
//! Helm 4 sends it before each apply to an object that exists. The entry of the manager with operation `Update` is merged
//! into the one with operation `Apply`, or becomes it: otherwise fields that the manager once set and does not apply any
//! more would stay for ever.

use serde_json::{Map, Value, json};

use super::{FieldsError, Set};

/// What is to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Upgrade {
    /// The JSON patch: the managed fields, and the resource version that they were made for, by which the server refuses
    /// it with a conflict when the object changed in between.
    pub patch: Value,
    /// Whether it changes anything. Helm compares bytes and not sets: where the server's order of items is not that of
    /// their texts (`k:{"port":80}` before `k:{"port":443}`), it sends what is there already.
    pub changes: bool,
}

/// Makes the patch that Helm sends for a live object, or nothing. `csa_managers` are the managers whose patches become
/// what `ssa_manager` applies.
pub fn upgrade(
    live: &Value,
    csa_managers: &[&str],
    ssa_manager: &str,
) -> Result<Option<Upgrade>, FieldsError> {
    let Some(before) = entries(live) else { return Ok(None) };
    let mut after = before.clone();
    for csa_manager in csa_managers {
        after = upgraded(after, csa_manager, ssa_manager)?;
    }
    if after.len() == before.len() && after.iter().zip(&before).all(|(a, b)| a.is_written_as(b)) {
        return Ok(None);
    }
    let changes = after.len() != before.len() || after.iter().zip(&before).any(|(a, b)| !a.means(b));
    let version = live.pointer("/metadata/resourceVersion").and_then(Value::as_str).unwrap_or_default();
    let fields: Vec<Value> = after.iter().map(Entry::to_value).collect();
    let patch = json!([
        {"op": "replace", "path": "/metadata/managedFields", "value": fields},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
    ]);
    Ok(Some(Upgrade { patch, changes }))
}

/// An entry of the managed fields.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    manager: String,
    operation: String,
    pub(super) api_version: String,
    time: Option<String>,
    fields_type: String,
    fields: Option<Value>,
    subresource: String,
    /// Whether the fields are written anew, in their order.
    written: bool,
}

/// Reads the managed fields of an object. `None` when it has none, or any that are no entries.
pub(super) fn entries(object: &Value) -> Option<Vec<Entry>> {
    object.pointer("/metadata/managedFields")?.as_array()?.iter().map(Entry::read).collect()
}

impl Entry {
    fn read(value: &Value) -> Option<Self> {
        let map = value.as_object()?;
        let text = |key: &str| match map.get(key) {
            None | Some(Value::Null) => Some(String::new()),
            Some(other) => other.as_str().map(str::to_owned),
        };
        Some(Self {
            manager: text("manager")?,
            operation: text("operation")?,
            api_version: text("apiVersion")?,
            time: Some(text("time")?).filter(|time| !time.is_empty()),
            fields_type: text("fieldsType")?,
            fields: map.get("fieldsV1").filter(|fields| !fields.is_null()).cloned(),
            subresource: text("subresource")?,
            written: false,
        })
    }

    fn to_value(&self) -> Value {
        let mut out = Map::new();
        let texts = [
            ("manager", Some(&self.manager)),
            ("operation", Some(&self.operation)),
            ("apiVersion", Some(&self.api_version)),
            ("time", self.time.as_ref()),
            ("fieldsType", Some(&self.fields_type)),
        ];
        let mut put = |key: &str, text: Option<&String>| {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                out.insert(key.to_owned(), Value::from(text.as_str()));
            }
        };
        for (key, text) in texts {
            put(key, text);
        }
        if let Some(fields) = &self.fields {
            out.insert("fieldsV1".to_owned(), fields.clone());
        }
        if !self.subresource.is_empty() {
            out.insert("subresource".to_owned(), Value::from(self.subresource.as_str()));
        }
        Value::Object(out)
    }

    /// The main resource's entry of a manager.
    pub(super) fn is(&self, manager: &str, operation: &str) -> bool {
        self.manager == manager && self.operation == operation && self.subresource.is_empty()
    }

    pub(super) fn set(&self) -> Result<Set, FieldsError> {
        Set::from_value(self.fields.as_ref().ok_or(FieldsError::NotAnObject)?)
    }

    /// Whether both are the same but for their fields.
    fn is_like(&self, other: &Self) -> bool {
        let head = |entry: &Self| Self { fields: None, written: false, ..entry.clone() };
        head(self) == head(other)
    }

    /// Whether this entry has the bytes of the one that was read.
    fn is_written_as(&self, read: &Self) -> bool {
        self.is_like(read)
            && match (&self.fields, &read.fields) {
                (Some(ours), Some(theirs)) if self.written => same_writing(ours, theirs),
                (ours, theirs) => ours == theirs,
            }
    }

    fn means(&self, other: &Self) -> bool {
        let same = match (self.set(), other.set()) {
            (Ok(ours), Ok(theirs)) => ours == theirs,
            _ => self.fields == other.fields,
        };
        same && self.is_like(other)
    }
}

/// Whether a set, in the order in which the API machinery writes it, has the same bytes as what a client that keeps objects
/// as maps makes of the server's: there keys are sorted by their text, and a few characters are written in another way.
fn same_writing(ours: &Value, theirs: &Value) -> bool {
    let (Value::Object(ours), Value::Object(theirs)) = (ours, theirs) else { return ours == theirs };
    let mut sorted: Vec<(&String, &Value)> = theirs.iter().collect();
    sorted.sort_by_key(|(key, _)| *key);
    let other_bytes = |c: char| matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\u{8}' | '\u{c}');
    ours.len() == sorted.len()
        && ours.iter().zip(sorted).all(|((key, ours), (other, theirs))| {
            key == other && !key.contains(other_bytes) && same_writing(ours, theirs)
        })
}

fn upgraded(
    mut entries: Vec<Entry>,
    csa_manager: &str,
    ssa_manager: &str,
) -> Result<Vec<Entry>, FieldsError> {
    let of = |entries: &[Entry], manager: &str, operation: &str| {
        entries.iter().position(|entry| entry.is(manager, operation))
    };
    // Where nothing is applied yet, the newest update becomes what is: the first.
    let target = of(&entries, ssa_manager, "Apply").or_else(|| of(&entries, csa_manager, "Update"));
    let Some(target) = target else { return Ok(entries) };
    if let Some(entry) = entries.get_mut(target) {
        "Apply".clone_into(&mut entry.operation);
        ssa_manager.clone_into(&mut entry.manager);
    }
    // Of the updates only one of the same version is merged; the others are dropped.
    let Some(applied) = entries.get(target) else { return Ok(entries) };
    let same_version =
        |entry: &&Entry| entry.is(csa_manager, "Update") && entry.api_version == applied.api_version;
    let mut set = applied.set()?;
    if let Some(update) = entries.iter().find(same_version) {
        set = set.union(&update.set()?);
    }
    if let Some(entry) = entries.get_mut(target) {
        entry.fields = Some(set.to_value());
        entry.written = true;
    }
    entries.retain(|entry| !entry.is(csa_manager, "Update"));
    Ok(entries)
}
