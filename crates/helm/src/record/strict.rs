//! A record as one Helm or the other writes it anew, whoever wrote it before.
//!
//! Helm reads a record into its types and writes those: members that they do not have are lost, and times that are not set
//! are written its own way. Everywhere else this crate keeps what it does not know.

use serde_json::value::RawValue;

use super::edit::json;
use super::{Generation, RawMap, Record, RecordError};

const RELEASE: &[&str] = &["name", "info", "chart", "config", "manifest", "hooks", "version", "namespace"];
const INFO: &[&str] =
    &["first_deployed", "last_deployed", "deleted", "description", "status", "notes", "resources"];
const CHART: &[&str] = &["metadata", "lock", "templates", "values", "schema", "files"];
const FILE: &[&str] = &["name", "data"];
const HOOK: &[&str] = &[
    "name",
    "kind",
    "path",
    "manifest",
    "events",
    "last_run",
    "weight",
    "delete_policies",
    "output_log_policies",
];
const RUN: &[&str] = &["started_at", "completed_at", "phase"];
/// Go's time that is not set.
const NEVER: &str = "0001-01-01T00:00:00Z";

impl Record {
    /// Returns the record as a Helm writes it that has read it: without members that its types do not have, and with times
    /// written its way.
    pub fn as_written_by(&self, helm: Generation) -> Result<Self, RecordError> {
        let mut top = self.top.clone();
        keep(&mut top, RELEASE, helm, &["apply_method"]);
        change(&mut top, "info", |info| {
            keep(info, INFO, helm, &["rollback_revision"]);
            ["first_deployed", "last_deployed", "deleted"].iter().try_for_each(|key| time(info, key, helm))
        })?;
        change(&mut top, "chart", |chart| {
            keep(chart, CHART, helm, &["schemamodtime", "modtime"]);
            if helm == Generation::V4 && chart.get("schemamodtime").is_none() {
                chart.set("schemamodtime", NEVER).map_err(json)?;
            }
            ["templates", "files"].iter().try_for_each(|list| {
                change_all(chart, list, |file| {
                    keep(file, FILE, helm, &["modtime"]);
                    Ok(())
                })
            })
        })?;
        change_all(&mut top, "hooks", |hook| {
            keep(hook, HOOK, helm, &[]);
            change(hook, "last_run", |run| {
                keep(run, RUN, helm, &[]);
                ["started_at", "completed_at"].iter().try_for_each(|key| time(run, key, helm))
            })
        })?;
        Ok(Self { top })
    }
}

/// Takes away what a type does not have.
fn keep(map: &mut RawMap, known: &[&str], helm: Generation, of_helm_4: &[&str]) {
    let is_known = |key: &str| known.contains(&key) || (helm == Generation::V4 && of_helm_4.contains(&key));
    let others: Vec<String> =
        map.iter().map(|(key, _)| key.to_owned()).filter(|key| !is_known(key)).collect();
    for key in others {
        map.remove(&key);
    }
}

/// Writes a time that is not set as that Helm does: as an empty text, or not at all.
fn time(map: &mut RawMap, key: &str, helm: Generation) -> Result<(), RecordError> {
    let is_set = map.get(key).map(RawValue::get).is_some_and(|raw| !matches!(raw, "\"\"" | "null"));
    match helm {
        _ if is_set => {}
        Generation::V3 => map.set(key, "").map_err(json)?,
        Generation::V4 => {
            map.remove(key);
        }
    }
    Ok(())
}

/// Changes a member that is an object.
fn change(
    map: &mut RawMap,
    key: &str,
    with: impl FnOnce(&mut RawMap) -> Result<(), RecordError>,
) -> Result<(), RecordError> {
    if let Some(mut inner) = map.read::<RawMap>(key).map_err(json)? {
        with(&mut inner)?;
        map.set(key, &inner).map_err(json)?;
    }
    Ok(())
}

/// Changes every object of a member that is a list.
fn change_all(
    map: &mut RawMap,
    key: &str,
    with: impl FnMut(&mut RawMap) -> Result<(), RecordError>,
) -> Result<(), RecordError> {
    if let Some(mut all) = map.read::<Vec<RawMap>>(key).map_err(json)? {
        all.iter_mut().try_for_each(with)?;
        map.set(key, &all).map_err(json)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use serde_json::{Value, json};

    use super::*;

    fn written(record: &Value, helm: Generation) -> Value {
        let top: RawMap = serde_json::from_str(&record.to_string()).unwrap();
        let record = Record::from_top(top).as_written_by(helm).unwrap();
        serde_json::from_str(&serde_json::to_string(record.top()).unwrap()).unwrap()
    }

    #[test]
    fn helm_4_leaves_times_out_that_are_not_set_and_tells_when_a_schema_changed() {
        let record = json!({
            "name": "momo", "later": {"z": 1.5},
            "info": {"first_deployed": "2026-11-21T07:30:48Z", "deleted": "", "status": "deployed", "by": "x"},
            "chart": {"metadata": {"name": "momo", "own": 1}, "files": [{"name": "a", "data": "", "mode": 1}]},
            "hooks": [{"name": "h", "last_run": {"started_at": "", "completed_at": "", "phase": ""}, "x": 1}],
        });
        let four = json!({
            "name": "momo",
            "info": {"first_deployed": "2026-11-21T07:30:48Z", "status": "deployed"},
            "chart": {
                "metadata": {"name": "momo", "own": 1}, "files": [{"name": "a", "data": ""}],
                "schemamodtime": "0001-01-01T00:00:00Z",
            },
            "hooks": [{"name": "h", "last_run": {"phase": ""}}],
        });
        assert_eq!(written(&record, Generation::V4), four);
    }

    #[test]
    fn helm_3_knows_nothing_of_what_helm_4_tells() {
        let record = json!({
            "info": {"last_deployed": "2026-11-21T07:30:48Z", "status": "deployed", "rollback_revision": 3},
            "chart": {"schemamodtime": "2026-11-21T07:30:48Z", "templates": [{"name": "a", "data": "", "modtime": "x"}]},
            "hooks": [{"last_run": {"phase": ""}}],
            "apply_method": "csa",
        });
        let three = json!({
            "info": {
                "last_deployed": "2026-11-21T07:30:48Z", "status": "deployed", "first_deployed": "", "deleted": "",
            },
            "chart": {"templates": [{"name": "a", "data": ""}]},
            "hooks": [{"last_run": {"phase": "", "started_at": "", "completed_at": ""}}],
        });
        assert_eq!(written(&record, Generation::V3), three);
    }

    #[test]
    fn a_record_of_the_same_helm_stays_as_it_is() {
        let record = json!({
            "name": "momo",
            "info": {"first_deployed": "2026-11-21T07:30:48Z", "last_deployed": "2026-11-21T07:30:48Z", "deleted": ""},
            "chart": {"metadata": null, "lock": null, "templates": null, "values": {"a": 1e3}, "schema": null, "files": []},
            "config": {"b": 0.10}, "manifest": "x", "version": 1, "namespace": "momo-store",
        });
        assert_eq!(written(&record, Generation::V3), record);
    }
}
