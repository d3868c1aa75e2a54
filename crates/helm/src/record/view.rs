//! What a record says, read on demand.
//!
//! Views borrow nothing and cost a parse of the one field that is asked for; charts are never read beyond their metadata.
//! A view never changes the record.

use serde::Deserialize;
use serde_json::Value;

use super::{RawMap, Record, RecordError, Status};
use crate::time::Stamp;

/// The state of a revision and how it came to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Info {
    /// When the release was first installed.
    pub first_deployed: Option<Stamp>,
    /// When this revision was made.
    pub last_deployed: Option<Stamp>,
    /// When the release was uninstalled, if it was.
    pub deleted: Option<Stamp>,
    /// The log line of the operation.
    pub description: String,
    /// The state.
    pub status: Status,
    /// The revision that was rolled back to; Helm writes it from 4.3 on.
    pub rollback_revision: Option<i64>,
    /// The rendered notes.
    pub notes: String,
}

/// What a chart says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ChartMeta {
    /// The chart's name.
    pub name: String,
    /// The chart's version.
    pub version: String,
    /// The version of what the chart installs.
    pub app_version: String,
    /// One line about the chart.
    pub description: String,
}

impl ChartMeta {
    /// Returns `name-version`, as Helm's tables show it.
    pub fn label(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }
}

/// A hook of a release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Hook {
    /// Name of the hook's object.
    pub name: String,
    /// Kind of the hook's object.
    pub kind: String,
    /// Path of the template in the chart.
    pub path: String,
    /// The rendered object.
    pub manifest: String,
    /// The events that it runs on, such as `pre-rollback`.
    #[serde(deserialize_with = "or_default")]
    pub events: Vec<String>,
    /// Its last run.
    #[serde(deserialize_with = "or_default")]
    pub last_run: HookRun,
    /// Its place among hooks of the same event.
    pub weight: i64,
    /// When its object is deleted.
    #[serde(deserialize_with = "or_default")]
    pub delete_policies: Vec<String>,
    /// When its logs are printed.
    #[serde(deserialize_with = "or_default")]
    pub output_log_policies: Vec<String>,
}

/// The last run of a hook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct HookRun {
    /// RFC 3339, or empty.
    #[serde(deserialize_with = "or_default")]
    pub started_at: String,
    /// RFC 3339, or empty.
    #[serde(deserialize_with = "or_default")]
    pub completed_at: String,
    /// `Unknown`, `Running`, `Succeeded` or `Failed`, or empty.
    pub phase: String,
}

/// Go leaves a field alone when it reads `null`.
fn or_default<'de, D: serde::Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

impl Record {
    /// Returns the release's name.
    pub fn name(&self) -> Result<String, RecordError> {
        self.text("name")?.filter(|name| !name.is_empty()).ok_or(RecordError::Missing("name"))
    }

    /// Returns the release's namespace; empty when the record has none.
    pub fn namespace(&self) -> Result<String, RecordError> {
        Ok(self.text("namespace")?.unwrap_or_default())
    }

    /// Returns the revision.
    pub fn version(&self) -> Result<i64, RecordError> {
        self.read("version", "an integer")?.ok_or(RecordError::Missing("version"))
    }

    /// Returns the objects of the release as YAML, hooks excluded.
    pub fn manifest(&self) -> Result<String, RecordError> {
        Ok(self.text("manifest")?.unwrap_or_default())
    }

    /// Returns `ssa` or `csa`, or `None` when the record does not say (client-side, then).
    pub fn apply_method(&self) -> Result<Option<String>, RecordError> {
        Ok(self.text("apply_method")?.filter(|method| !method.is_empty()))
    }

    /// Returns the values that the user gave.
    pub fn config(&self) -> Result<Value, RecordError> {
        Ok(self.read("config", "an object")?.unwrap_or(Value::Null))
    }

    /// Returns the chart's own values.
    pub fn chart_values(&self) -> Result<Value, RecordError> {
        let chart: Option<RawMap> = self.read("chart", "an object")?;
        let Some(chart) = chart else { return Ok(Value::Null) };
        let values: Option<Value> = chart.read("values").map_err(wrong("chart.values", "an object"))?;
        Ok(values.unwrap_or(Value::Null))
    }

    /// Returns the chart's metadata; `None` when the record holds no chart.
    pub fn chart(&self) -> Result<Option<ChartMeta>, RecordError> {
        let chart: Option<RawMap> = self.read("chart", "an object")?;
        let Some(chart) = chart else { return Ok(None) };
        chart.read("metadata").map_err(wrong("chart.metadata", "a chart's metadata"))
    }

    /// Returns all that the chart's metadata say, as they are written; `None` when the record holds no chart.
    pub(super) fn chart_metadata(&self) -> Result<Option<RawMap>, RecordError> {
        let chart: Option<RawMap> = self.read("chart", "an object")?;
        let Some(chart) = chart else { return Ok(None) };
        chart.read("metadata").map_err(wrong("chart.metadata", "an object"))
    }

    /// Returns the hooks.
    pub fn hooks(&self) -> Result<Vec<Hook>, RecordError> {
        Ok(self.read("hooks", "a list of hooks")?.unwrap_or_default())
    }

    /// Returns the state of the revision and how it came to be.
    pub fn info(&self) -> Result<Info, RecordError> {
        let info = self.info_raw()?;
        let text = |key: &'static str| -> Result<String, RecordError> {
            Ok(info.read::<String>(key).map_err(wrong("info", "of strings"))?.unwrap_or_default())
        };
        // A time that cannot be read is shown as no time: the rest of the record is still worth showing.
        let time =
            |key: &'static str| -> Result<Option<Stamp>, RecordError> { Ok(Stamp::parse(&text(key)?)) };
        Ok(Info {
            first_deployed: time("first_deployed")?,
            last_deployed: time("last_deployed")?,
            deleted: time("deleted")?,
            description: text("description")?,
            status: Status::parse(&text("status")?),
            rollback_revision: info
                .read::<i64>("rollback_revision")
                .map_err(wrong("info.rollback_revision", "an integer"))?
                .filter(|revision| *revision != 0),
            notes: text("notes")?,
        })
    }

    /// Returns `info` as it is written.
    pub(super) fn info_raw(&self) -> Result<RawMap, RecordError> {
        self.read("info", "an object")?.ok_or(RecordError::Missing("info"))
    }

    fn text(&self, key: &'static str) -> Result<Option<String>, RecordError> {
        self.read(key, "a string")
    }

    fn read<'a, T: Deserialize<'a>>(
        &'a self,
        key: &'static str,
        wanted: &'static str,
    ) -> Result<Option<T>, RecordError> {
        self.top.read(key).map_err(wrong(key, wanted))
    }
}

pub(super) fn wrong(field: &'static str, wanted: &'static str) -> impl Fn(serde_json::Error) -> RecordError {
    move |err| RecordError::WrongType { field, wanted, detail: err.to_string() }
}
