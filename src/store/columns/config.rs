//! ConfigMaps and Secrets, read whole or as metadata only.
//!
//! From metadata the number of entries is counted in `managedFields`, which name every key that a writer owns; where they
//! are absent, or a type was not read, the cell says so instead of guessing.

use std::collections::BTreeSet;

use deckwatch_wire::core::{ConfigMap, Secret};
use deckwatch_wire::{ObjectMeta, PartialObjectMetadata};
use serde_json::Value;

use super::cell::{Cell, Text};
use super::health::{Health, Level};
use super::{Row, Tabled, age, name};
use crate::core::Resource;

const NOT_READ: Cell = Cell::Text(Text::Own("<not read>"));
/// The type of the Secrets that Helm keeps its records in.
const HELM: &str = "helm.sh/release.v1";

fn count(entries: usize) -> Cell {
    Cell::Number(i64::try_from(entries).unwrap_or(i64::MAX))
}

impl Tabled for ConfigMap {
    const RESOURCE: Resource = Resource::ConfigMap;

    fn cells(&self) -> Vec<Cell> {
        vec![name(&self.metadata), count(self.data.len() + self.binary_data.len()), age(&self.metadata)]
    }

    fn condition(&self) -> Health {
        Health::new(Level::Ok, "Ok")
    }
}

impl Tabled for Secret {
    const RESOURCE: Resource = Resource::Secret;

    fn cells(&self) -> Vec<Cell> {
        vec![name(&self.metadata), Cell::said(&self.r#type), count(self.data.len()), age(&self.metadata)]
    }

    fn condition(&self) -> Health {
        Health::new(Level::Ok, "Ok")
    }
}

/// Returns the row of an object of which only metadata was read; cells that need more say `<not read>`.
pub fn metadata_row(resource: Resource, object: &PartialObjectMetadata) -> Row {
    let meta = &object.metadata;
    let cell = |column: &super::Column| match column.name {
        "NAME" => name(meta),
        "AGE" => age(meta),
        "DATA" => entries(meta).map_or(NOT_READ, count),
        "TYPE" if resource == Resource::Secret && is_helm_record(meta) => Cell::Text(Text::Own(HELM)),
        _ => NOT_READ,
    };
    let cells = super::columns(resource).iter().map(cell).collect();
    Row { cells, health: Health::new(Level::Ok, "Ok").unless_deleted(meta) }
}

/// Whether labels and name are those that Helm gives its records.
fn is_helm_record(meta: &ObjectMeta) -> bool {
    meta.labels.get("owner").is_some_and(|owner| owner == "helm")
        && meta.name.starts_with("sh.helm.release.v1.")
}

/// Counts the keys of `data` and `binaryData` that any writer owns.
fn entries(meta: &ObjectMeta) -> Option<usize> {
    if meta.managed_fields.is_empty() {
        return None;
    }
    let mut keys = BTreeSet::new();
    for writer in &meta.managed_fields {
        let fields: Value = serde_json::from_slice(&writer.fields_v1.as_ref()?.raw).ok()?;
        for section in ["f:data", "f:binaryData"] {
            let owned = fields.get(section).and_then(Value::as_object).into_iter().flatten();
            keys.extend(
                owned.filter_map(|(key, _)| key.strip_prefix("f:").map(|key| (section, key.to_owned()))),
            );
        }
    }
    Some(keys.len())
}
