//! The few changes that an operation makes to a record.
//!
//! Owns the writing of `info`, `version` and `apply_method` in the way of the Helm generation that wrote the release
//! last. It never touches chart, values, config, manifest or a field that this crate does not know.

use serde_json::value::RawValue;

use super::{HookRun, RawMap, Record, RecordError, Status};
use crate::options::Method;
use crate::time::Now;

/// Which Helm wrote a record. The two differ in how they write no time and in the fields that they know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Generation {
    /// Helm 3: `info.deleted` is always there, empty when the release is not uninstalled.
    V3,
    /// Helm 4: a time that is not set is left out, and `apply_method` says how objects were applied.
    V4,
}

/// What a rollback's new record says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollbackInfo {
    /// The revision that is rolled back to.
    pub to: i64,
    /// The new revision's number.
    pub version: i64,
    /// When the rollback began.
    pub now: Now,
    /// The log line, such as `Rollback to 6`.
    pub description: String,
    /// The generation in whose way the record is written.
    pub generation: Generation,
    /// How the objects are applied; told by Helm 4 only.
    pub method: Method,
}

impl Record {
    /// Returns which Helm wrote the record: 3 when `info.deleted` is the empty text that only Helm 3 writes, 4 when there is
    /// an `apply_method` or no `info.deleted` at all, else 3.
    pub fn generation(&self) -> Result<Generation, RecordError> {
        let info = self.info_raw()?;
        let deleted = info.get("deleted").map(RawValue::get);
        Ok(match (deleted, self.apply_method()?) {
            (Some("\"\""), _) | (Some(_), None) => Generation::V3,
            (_, Some(_)) | (None, None) => Generation::V4,
        })
    }

    /// Returns a copy whose `info.status`, and `info.description` if given, are replaced; all else stays as it is.
    pub fn with_status(&self, status: &Status, description: Option<&str>) -> Result<Self, RecordError> {
        let mut info = self.info_raw()?;
        info.set("status", status.as_str()).map_err(json)?;
        if let Some(description) = description {
            info.set("description", description).map_err(json)?;
        }
        let mut record = self.clone();
        record.top.set("info", &info).map_err(json)?;
        Ok(record)
    }

    /// Returns a copy that says that it was deployed now.
    pub fn with_last_deployed(&self, now: Now) -> Result<Self, RecordError> {
        let mut info = self.info_raw()?;
        info.set("last_deployed", &now.to_rfc3339()).map_err(json)?;
        let mut record = self.clone();
        record.top.set("info", &info).map_err(json)?;
        Ok(record)
    }

    /// Returns a copy in which a hook's last run, and its policies, are told; all else of it stays as it is. The place is
    /// the hook's among the record's; a place that there is not changes nothing.
    pub fn with_hook(
        &self,
        index: usize,
        run: &HookRun,
        delete: &[String],
        generation: Generation,
    ) -> Result<Self, RecordError> {
        let mut hooks: Vec<RawMap> = self.top.read("hooks").map_err(json)?.unwrap_or_default();
        let mut record = self.clone();
        if let Some(hook) = hooks.get_mut(index) {
            let mut told = RawMap::new();
            for (key, time) in [("started_at", &run.started_at), ("completed_at", &run.completed_at)] {
                // Helm 3 writes no time as an empty text, Helm 4 leaves it out.
                if generation == Generation::V3 || !time.is_empty() {
                    told.set(key, time).map_err(json)?;
                }
            }
            told.set("phase", &run.phase).map_err(json)?;
            hook.set("last_run", &told).map_err(json)?;
            hook.set("delete_policies", delete).map_err(json)?;
            record.top.set("hooks", &hooks).map_err(json)?;
        }
        Ok(record)
    }

    /// Returns the record of the revision that rolls back to `self`: its chart, values, manifest, hooks and notes, and an
    /// `info` of its own, as Helm writes it before it touches the first object. `current` is the release's last record.
    pub fn rolled_back(&self, current: &Self, about: &RollbackInfo) -> Result<Self, RecordError> {
        let v3 = about.generation == Generation::V3;
        let old = current.info_raw()?;
        let mut info = RawMap::new();
        match old.get("first_deployed").filter(|raw| !matches!(raw.get(), "\"\"" | "null")) {
            Some(raw) => info.set_raw("first_deployed", raw.to_owned()),
            None if v3 => info.set("first_deployed", "").map_err(json)?,
            None => {}
        }
        info.set("last_deployed", &about.now.to_rfc3339()).map_err(json)?;
        if v3 {
            info.set("deleted", "").map_err(json)?;
        }
        info.set("description", &about.description).map_err(json)?;
        info.set("status", Status::PendingRollback.as_str()).map_err(json)?;
        if !v3 {
            info.set("rollback_revision", &about.to).map_err(json)?;
        }
        if let Some(notes) = self.info_raw()?.get("notes").filter(|raw| !matches!(raw.get(), "\"\"" | "null"))
        {
            info.set_raw("notes", notes.to_owned());
        }
        let mut record = self.clone();
        record.top.set("info", &info).map_err(json)?;
        record.top.set("version", &about.version).map_err(json)?;
        // Helm takes these from the last record, not from the one that is rolled back to.
        if let Some(namespace) = current.top.get("namespace") {
            record.top.set_raw("namespace", namespace.to_owned());
        }
        if !v3 {
            record.top.set("apply_method", about.method.as_str()).map_err(json)?;
        }
        Ok(record)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
pub(super) fn json(err: serde_json::Error) -> RecordError {
    RecordError::Json(err.to_string())
}
