//! The parts of a release's page as lines: what a record says, made harmless, secrets masked.

use deckwatch_helm::diff::{
    Change, Line, LineKind, ObjectDiff, Options, diff_manifests, diff_values_lines, release_text,
};
use deckwatch_helm::mask::{mask_manifest, mask_object, mask_url, mask_values};
use deckwatch_helm::record::{Hook, Record, RecordError};
use deckwatch_helm::values::{computed, given, to_yaml};
use deckwatch_helm::yaml11::read_manifest;

use super::super::safe;
use crate::core::{Error, Kind, Result};
use crate::ops::plan::DiffLine;
use crate::store::charts::Links;

/// What differs between two revisions.
pub struct Difference {
    /// The lines of the values that the user gave.
    pub values: Vec<Line>,
    /// The objects.
    pub objects: Vec<ObjectDiff>,
}

/// Compares two revisions; hooks are objects too where they are asked for, those that only tests run excepted.
///
/// # Errors
/// A record or a manifest that can't be read.
pub fn compare(
    old: &Record,
    new: &Record,
    namespace: &str,
    options: Options,
    hooks: bool,
) -> Result<Difference> {
    let bad = |why: String| Error::new(Kind::Decode, "compare revisions").detail(why);
    let config = |record: &Record| given(record).map_err(|e| bad(e.to_string()));
    let text = |record: &Record| {
        let text = if hooks { release_text(record, false) } else { record.manifest() };
        text.map_err(|e| bad(e.to_string()))
    };
    let objects = diff_manifests(&text(old)?, &text(new)?, namespace, options);
    Ok(Difference {
        values: diff_values_lines(&config(old)?, &config(new)?, options),
        objects: objects.map_err(|e| bad(e.to_string()))?,
    })
}

/// Returns what differs between two revisions: values first, then objects; secrets masked.
pub fn difference(old: &Record, new: &Record, namespace: &str) -> Result<Vec<DiffLine>> {
    let found = compare(old, new, namespace, Options::default(), true)?;
    let mut out = Vec::new();
    if !found.values.is_empty() {
        out.push(line('@', "values"));
        out.extend(found.values.iter().map(diff_line));
    }
    for object in found.objects {
        let word = match object.change {
            Change::Add => "added",
            Change::Remove => "removed",
            Change::Modify => "changed",
            Change::Keep => "stays behind: its resource policy keeps it",
        };
        out.push(line('@', &format!("{} {}  {word}", object.key.kind, object.key.name)));
        out.extend(object.lines.iter().map(diff_line));
    }
    if out.is_empty() {
        out.push(line(' ', "the two revisions do not differ in values and manifest"));
    }
    Ok(out)
}

/// Returns a line with its sign.
pub fn line(sign: char, text: &str) -> DiffLine {
    DiffLine { sign, text: safe(text) }
}

fn diff_line(l: &Line) -> DiffLine {
    let sign = match l.kind {
        LineKind::Same => ' ',
        LineKind::Removed => '-',
        LineKind::Added => '+',
        LineKind::Skipped => '@',
    };
    line(sign, &l.text)
}

fn lines(text: &str) -> impl Iterator<Item = DiffLine> + '_ {
    text.lines().map(|l| line(' ', l))
}

fn bad(what: &'static str) -> impl Fn(RecordError) -> Error {
    move |e| Error::new(Kind::Decode, what).detail(e.to_string())
}

/// Returns the values that the user gave.
pub fn values(record: &Record) -> Result<Vec<DiffLine>> {
    let values = given(record).map_err(bad("read values"))?;
    Ok(lines(&to_yaml(&mask_values(&values))).collect())
}

/// Returns all values that the revision was rendered with.
pub fn computed_values(record: &Record) -> Result<Vec<DiffLine>> {
    let computed = computed(record).map_err(bad("read values"))?;
    let dropped = computed.dropped.iter().map(|one| {
        let (chart, user) = if one.table { ("a table", "none") } else { ("no table", "one") };
        line('@', &format!("{}: the chart has {chart} there, the user's values have {user}", one.path))
    });
    let mut out: Vec<DiffLine> = dropped.collect();
    out.extend(lines(&to_yaml(&mask_values(&computed.values))));
    Ok(out)
}

/// Returns the objects, tests and other hooks too, each under its template.
pub fn manifest(record: &Record) -> Result<Vec<DiffLine>> {
    let failed = |e: String| Error::new(Kind::Decode, "read the manifest").detail(e);
    let text = release_text(record, true).map_err(|e| failed(e.to_string()))?;
    let mut out = Vec::new();
    for object in read_manifest(&text).map_err(|e| failed(e.to_string()))? {
        out.push(line('@', object.source.as_deref().unwrap_or("(no source)")));
        out.extend(lines(&to_yaml(&mask_object(&object.value))));
    }
    Ok(out)
}

/// Returns the hooks: when each runs, how it last ran, and its object.
pub fn hooks(record: &Record) -> Result<Vec<DiffLine>> {
    let hooks = record.hooks().map_err(bad("read the hooks"))?;
    if hooks.is_empty() {
        return Ok(vec![line(' ', "this revision has no hooks")]);
    }
    let mut out = Vec::new();
    for hook in &hooks {
        out.push(line('@', &format!("{} {}  {}", hook.kind, hook.name, hook.events.join(", "))));
        out.extend(about(hook).iter().map(|told| line(' ', told)));
        let text = mask_manifest(&hook.manifest);
        out.extend(lines(text.strip_prefix("---\n").unwrap_or(&text)));
    }
    Ok(out)
}

fn about(hook: &Hook) -> Vec<String> {
    let mut told = vec![format!("template {}, weight {}", hook.path, hook.weight)];
    if !hook.delete_policies.is_empty() {
        told.push(format!("deleted: {}", hook.delete_policies.join(", ")));
    }
    let run = &hook.last_run;
    told.push(match (run.phase.as_str(), run.started_at.as_str(), run.completed_at.as_str()) {
        ("", _, _) => "it has not run".to_owned(),
        (phase, started, "") => format!("last run: {phase}, begun {started}"),
        (phase, started, completed) => format!("last run: {phase}, {started} to {completed}"),
    });
    told
}

/// Returns the notes, passwords in URLs masked.
pub fn notes(record: &Record) -> Result<Vec<DiffLine>> {
    let notes = record.info().map_err(bad("read the notes"))?.notes;
    if notes.is_empty() {
        return Ok(vec![line(' ', "this chart has no notes")]);
    }
    Ok(lines(&mask_url(&notes)).collect())
}

/// Returns what is known of the revision and its chart, and where the pipeline of the chart's version is.
pub fn metadata(record: &Record, links: &Links) -> Result<Vec<DiffLine>> {
    let failed = bad("read the metadata");
    let told = record.metadata().map_err(&failed)?;
    let info = record.info().map_err(&failed)?;
    let time = |at: Option<deckwatch_helm::time::Stamp>| at.map(|at| at.text).unwrap_or_default();
    let mut rows = vec![
        ("chart", format!("{} {}", told.chart, told.version)),
        ("pipeline", links.pipeline(&told.chart, &told.version).unwrap_or_default()),
        ("app version", told.app_version.clone()),
        ("status", told.status.clone()),
        ("description", info.description.clone()),
        ("deployed", time(info.last_deployed)),
        ("first deployed", time(info.first_deployed)),
        ("applied by", told.apply_words()),
        ("depends on", told.dependency_names().join(", ")),
    ];
    if let Some(to) = info.rollback_revision {
        rows.push(("rolled back to", to.to_string()));
    }
    rows.extend(told.annotations.iter().map(|(key, value)| ("annotation", format!("{key}: {value}"))));
    let shown = rows.iter().filter(|(_, text)| !text.trim().is_empty());
    Ok(shown.map(|(head, text)| line(' ', &format!("{head:<15} {text}"))).collect())
}
