//! `deckwatch release values|manifest|notes|hooks|metadata`: one revision, as `helm get` prints it.
//!
//! Secrets are masked unless they are asked for. What a chart or a record says is made harmless before it is printed.

use std::sync::Arc;

use deckwatch_helm::mask::{mask_manifest, mask_url, mask_values};
use deckwatch_helm::record::{Hook, Metadata, Record, RecordError};
use deckwatch_helm::values::{Computed, computed, given, to_yaml};
use serde_json::{Value, json};

use super::super::{PATIENCE, note, print, print_json};
use super::{harmless, locate_revision, record};
use crate::app::effect::Query;
use crate::app::msg::{Answer, Standing};
use crate::cli::args::{Output, Place};
use crate::cli::release::{Of, Shown};
use crate::core::{Error, Kind, Name, Result, Safe};

/// A revision and its record.
pub(super) struct Read<T> {
    pub namespace: Name,
    pub name: Name,
    pub revision: u32,
    pub what: T,
}

impl<T> Read<T> {
    /// Returns a document about the revision, its members named as in Helm's own.
    pub fn document(&self, schema: &str, members: Value) -> Value {
        let mut document = json!({
            "schema": format!("deckwatch.release-{schema}/1"),
            "name": self.name, "namespace": self.namespace, "revision": self.revision,
        });
        if let (Some(map), Value::Object(members)) = (document.as_object_mut(), members) {
            map.extend(members);
        }
        document
    }
}

fn read(place: &Place, of: &Of) -> Result<Read<Arc<Record>>> {
    let (mut headless, namespace, name, revision) = locate_revision(place, of)?;
    let record = record(&mut headless, &namespace, &name, revision);
    headless.finish();
    Ok(Read { namespace, name, revision, what: record? })
}

/// Reads a revision with what its record does not hold.
pub(super) fn standing(place: &Place, of: &Of, live: bool) -> Result<Read<Standing>> {
    let (mut headless, namespace, name, revision) = locate_revision(place, of)?;
    let query = Query::Standing { namespace: namespace.clone(), release: name.clone(), revision, live };
    let answer = headless.ask(query, PATIENCE);
    headless.finish();
    match answer? {
        Answer::Standing(standing) => Ok(Read { namespace, name, revision, what: *standing }),
        _ => Err(Error::new(Kind::Internal, "read a revision")),
    }
}

/// Says what of a record is not as it should be.
pub(super) fn bad(what: &'static str) -> impl Fn(RecordError) -> Error {
    move |error| Error::new(Kind::Decode, what).detail(error.to_string())
}

/// Prints a revision's values.
pub fn values(place: &Place, asked: &Shown, all: bool) -> Result<u8> {
    let read = read(place, &asked.of)?;
    let failed = bad("read values");
    let Computed { values, dropped } = if all {
        computed(&read.what).map_err(failed)?
    } else {
        Computed { values: given(&read.what).map_err(failed)?, dropped: Vec::new() }
    };
    let values = if asked.reveal { values } else { mask_values(&values) };
    for one in &dropped {
        let (chart, user) = if one.table { ("a table", "none") } else { ("no table", "one") };
        note(&format!("{}: the chart has {chart} there, the user's values have {user}", Safe::of(&one.path)));
    }
    if asked.of.printed.output == Output::Json {
        let members = json!({ "computed": all, "revealed": asked.reveal, "values": values });
        return print_json(&read.document("values", members));
    }
    // Helm keeps no empty values, and prints what it does not have as null.
    let nothing = !all && values.as_object().is_some_and(serde_json::Map::is_empty);
    let head = if all { "COMPUTED VALUES:" } else { "USER-SUPPLIED VALUES:" };
    let text = if nothing { "null\n".to_owned() } else { to_yaml(&values) };
    print(&format!("{head}\n{}", harmless(&text)))
}

/// Prints a revision's manifest.
pub fn manifest(place: &Place, asked: &Shown) -> Result<u8> {
    let read = read(place, &asked.of)?;
    let text = read.what.manifest().map_err(bad("read the manifest"))?;
    let text = if asked.reveal { text } else { mask_manifest(&text) };
    if asked.of.printed.output == Output::Json {
        return print_json(&read.document("manifest", json!({ "revealed": asked.reveal, "manifest": text })));
    }
    print(&format!("{}\n", harmless(&text)))
}

/// Prints a revision's notes.
pub fn notes(place: &Place, asked: &Shown) -> Result<u8> {
    let read = read(place, &asked.of)?;
    let text = read.what.info().map_err(bad("read the notes"))?.notes;
    let text = if asked.reveal { text } else { mask_url(&text) };
    if asked.of.printed.output == Output::Json {
        return print_json(&read.document("notes", json!({ "revealed": asked.reveal, "notes": text })));
    }
    if text.is_empty() { Ok(0) } else { print(&format!("NOTES:\n{}\n", harmless(&text))) }
}

/// Prints a revision's hooks.
pub fn hooks(place: &Place, asked: &Shown) -> Result<u8> {
    let read = read(place, &asked.of)?;
    let mut hooks = read.what.hooks().map_err(bad("read the hooks"))?;
    if !asked.reveal {
        for hook in &mut hooks {
            hook.manifest = mask_manifest(&hook.manifest);
        }
    }
    if asked.of.printed.output == Output::Json {
        let hooks: Vec<Value> = hooks.iter().map(hook_json).collect();
        return print_json(&read.document("hooks", json!({ "revealed": asked.reveal, "hooks": hooks })));
    }
    let one =
        |hook: &Hook| format!("---\n# Source: {}\n{}\n", Safe::of(&hook.path), harmless(&hook.manifest));
    print(&hooks.iter().map(one).collect::<Vec<_>>().concat())
}

fn hook_json(hook: &Hook) -> Value {
    let mut document = json!({
        "name": hook.name, "kind": hook.kind, "path": hook.path, "manifest": hook.manifest, "events": hook.events,
        "weight": hook.weight, "delete_policies": hook.delete_policies,
        "output_log_policies": hook.output_log_policies, "last_run": run_json(hook),
    });
    if hook.last_run.phase.is_empty()
        && let Some(map) = document.as_object_mut()
    {
        map.shift_remove("last_run");
    }
    document
}

/// Returns a hook's last run; times that are not known are left out.
pub(super) fn run_json(hook: &Hook) -> Value {
    let run = &hook.last_run;
    let mut document = json!({ "phase": run.phase });
    let times = [("started_at", &run.started_at), ("completed_at", &run.completed_at)];
    if let Some(map) = document.as_object_mut() {
        map.extend(
            times.iter().filter(|(_, at)| !at.is_empty()).map(|(key, at)| ((*key).to_owned(), json!(at))),
        );
    }
    document
}

/// Prints what is known of a revision and its chart.
pub fn metadata(place: &Place, of: &Of) -> Result<u8> {
    let read = standing(place, of, false)?;
    let mut metadata = read.what.record.metadata().map_err(bad("read the metadata"))?;
    metadata.labels =
        read.what.labels.iter().map(|(key, value)| (key.clone(), value.raw().to_owned())).collect();
    if of.printed.output == Output::Json {
        let members = serde_json::to_value(&metadata).unwrap_or_default();
        return print_json(&read.document("metadata", members));
    }
    print(&metadata_text(&metadata))
}

fn metadata_text(told: &Metadata) -> String {
    let pairs = |of: &std::collections::BTreeMap<String, String>| {
        of.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
    };
    let revision = told.revision.to_string();
    let lines = [
        ("NAME", told.name.clone()),
        ("CHART", told.chart.clone()),
        ("VERSION", told.version.clone()),
        ("APP_VERSION", told.app_version.clone()),
        ("ANNOTATIONS", pairs(&told.annotations)),
        ("LABELS", pairs(&told.labels)),
        ("DEPENDENCIES", told.dependency_names().join(",")),
        ("NAMESPACE", told.namespace.clone()),
        ("REVISION", revision),
        ("STATUS", told.status.clone()),
        ("DEPLOYED_AT", told.deployed_at.clone()),
        ("APPLY_METHOD", told.apply_words()),
    ];
    lines.map(|(head, text)| format!("{head}: {}\n", Safe::of(&text))).concat()
}
