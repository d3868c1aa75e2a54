//! `deckwatch releases` and `history`.
//!
//! A record that can't be read is a row all the same, which says so: Helm leaves it out, and takes an older revision
//! for the newest.

use std::sync::Arc;

use deckwatch_helm::record::Record;
use regex::Regex;
use serde_json::{Value, json};

use super::super::table::align;
use super::super::{print, print_json};
use super::{locate, open, record};
use crate::app::views::release::{app_version, chart_label};
use crate::cli::args::{Output, Place};
use crate::cli::release::Listed;
use crate::core::{Error, Kind, Name, Result, Safe, Ts, Untrusted};
use crate::store::releases::Revision;

/// A revision as it is listed.
struct Row {
    namespace: Name,
    name: Name,
    number: u32,
    status: Untrusted,
    created: Ts,
    record: Result<Arc<Record>>,
}

impl Row {
    fn new(place: (&Name, &Name), revision: &Revision, record: Result<Arc<Record>>) -> Self {
        // What counts for Helm is in the record; the label is there to find it by.
        let info = record.as_ref().ok().and_then(|r| r.info().ok());
        let status = info.map(|info| Untrusted::from(info.status.as_str()));
        Self {
            namespace: place.0.clone(),
            name: place.1.clone(),
            number: revision.number,
            status: status.unwrap_or_else(|| revision.status.clone()),
            created: revision.created,
            record,
        }
    }

    /// The time of the revision in seconds, as Helm sorts by it.
    fn seconds(&self) -> i64 {
        let info = self.record.as_ref().ok().and_then(|r| r.info().ok());
        let at = info.and_then(|info| info.last_deployed).map_or(self.created.0, |at| at.ns);
        at.div_euclid(1_000_000_000)
    }

    fn readable(&self) -> Option<&Record> {
        self.record.as_deref().ok()
    }

    /// A text of the record, or of the metadata where it can't be read.
    fn updated(&self, of: fn(&deckwatch_helm::time::Stamp) -> String, otherwise: fn(Ts) -> String) -> String {
        let info = self.readable().and_then(|r| r.info().ok());
        info.and_then(|info| info.last_deployed).map_or_else(|| otherwise(self.created), |at| of(&at))
    }

    fn description(&self) -> Safe {
        match &self.record {
            Ok(record) => Safe::of(&record.info().map(|info| info.description).unwrap_or_default()),
            Err(error) => Safe::of(&format!("can't be read: {}", error.line())),
        }
    }

    fn rolled_back_to(&self) -> Option<i64> {
        self.readable()?.info().ok()?.rollback_revision
    }
}

/// Adds why a row's record can't be read.
fn with_error(mut row: Value, record: &Result<Arc<Record>>) -> Value {
    if let (Some(map), Err(error)) = (row.as_object_mut(), record) {
        map.insert("error".to_owned(), json!(error.line()));
    }
    row
}

/// Prints releases with Helm's own field names. Returns 3 where a record can't be read.
///
/// # Errors
/// Denied, and a filter that is no regular expression.
pub fn list(place: &Place, asked: &Listed) -> Result<u8> {
    let filter = asked.filter.as_deref().map(Regex::new).transpose().map_err(|e| {
        Error::new(Kind::Usage, "list releases").on("--filter".to_owned()).detail(e.to_string())
    })?;
    let mut headless = open(place)?;
    let fits = |name: &Name| filter.as_ref().is_none_or(|f| f.is_match(name.as_str()));
    let superseded = superseded_alone(asked);
    let mut wanted: Vec<(Name, Name, Revision)> = Vec::new();
    for release in headless.model.shared.releases.list.iter().filter(|r| fits(&r.name)) {
        let all = release.revisions.iter();
        let skipped = if superseded { 0 } else { release.revisions.len().saturating_sub(1) };
        let revisions = all.skip(skipped).cloned();
        wanted.extend(revisions.map(|r| (release.namespace.clone(), release.name.clone(), r)));
    }
    let mut rows: Vec<Row> = Vec::new();
    for (namespace, name, revision) in &wanted {
        let record = record(&mut headless, namespace, name, revision.number);
        rows.push(Row::new((namespace, name), revision, record));
    }
    headless.finish();
    let shown = |row: &Row| row.record.is_err() || passes(asked, row.status.raw());
    rows.retain(shown);
    rows.sort_by(|a, b| (&a.name, &a.namespace, a.number).cmp(&(&b.name, &b.namespace, b.number)));
    if asked.date {
        rows.sort_by_key(Row::seconds);
    }
    if asked.reverse {
        rows.reverse();
    }
    let most = if asked.max == 0 { usize::MAX } else { asked.max };
    let rows: Vec<Row> = rows.into_iter().skip(asked.offset).take(most).collect();
    print_list(&rows, asked)?;
    Ok(if rows.iter().any(|row| row.record.is_err()) { 3 } else { 0 })
}

fn print_list(rows: &[Row], asked: &Listed) -> Result<u8> {
    let json = asked.printed.output == Output::Json;
    if asked.short {
        let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        return if json { print_json(&json!(names)) } else { print(&lines(&names)) };
    }
    if json {
        return print_json(&json!(rows.iter().map(list_row).collect::<Vec<_>>()));
    }
    let heads = ["NAME", "NAMESPACE", "REVISION", "UPDATED", "STATUS", "CHART", "APP VERSION"];
    let cells = |row: &Row| {
        let chart = row.readable().map_or_else(|| row.description().to_string(), chart_label);
        vec![
            row.name.to_string(),
            row.namespace.to_string(),
            row.number.to_string(),
            row.updated(deckwatch_helm::time::Stamp::go_string, Ts::go_string),
            row.status.safe().to_string(),
            chart,
            row.readable().map_or_else(String::new, app_version),
        ]
    };
    let head = heads.map(str::to_owned).to_vec();
    print(&align(&std::iter::once(head).chain(rows.iter().map(cells)).collect::<Vec<_>>()))
}

fn lines(texts: &[&str]) -> String {
    texts.iter().flat_map(|text| [text, "\n"]).collect()
}

fn list_row(row: &Row) -> Value {
    let updated = row.updated(deckwatch_helm::time::Stamp::go_string, Ts::go_string);
    let document = json!({
        "name": row.name, "namespace": row.namespace, "revision": row.number.to_string(), "updated": updated,
        "status": row.status, "chart": row.readable().map(chart_label), "app_version": row.readable().map(app_version),
    });
    with_error(document, &row.record)
}

/// Whether only superseded revisions are wanted: then older ones are listed too, for the newest is none.
fn superseded_alone(asked: &Listed) -> bool {
    let others = asked.deployed || asked.failed || asked.pending || asked.uninstalled || asked.uninstalling;
    asked.superseded && !others && !asked.all
}

/// Whether a state is wanted; one that no Helm knows is only where none is named.
fn passes(asked: &Listed, status: &str) -> bool {
    let masks = [
        (asked.deployed, ["deployed"].as_slice()),
        (asked.failed, &["failed"]),
        (asked.pending, &["pending-install", "pending-upgrade", "pending-rollback"]),
        (asked.superseded, &["superseded"]),
        (asked.uninstalled, &["uninstalled"]),
        (asked.uninstalling, &["uninstalling"]),
    ];
    asked.all
        || masks.iter().all(|(on, _)| !on)
        || masks.iter().any(|(on, states)| *on && states.contains(&status))
}

/// Prints a release's history with Helm's own field names. Returns 3 where a record can't be read.
///
/// # Errors
/// No such release, or denied.
pub fn history(place: &Place, name: &str, max: usize, output: Output) -> Result<u8> {
    let (mut headless, namespace, name) = locate(place, name)?;
    let known = headless.model.shared.release(namespace.as_str(), name.as_str());
    let all = known.map(|r| r.revisions.clone()).unwrap_or_default();
    let mut rows: Vec<Row> = Vec::new();
    for revision in all.iter().skip(all.len().saturating_sub(max)) {
        let record = record(&mut headless, &namespace, &name, revision.number);
        rows.push(Row::new((&namespace, &name), revision, record));
    }
    headless.finish();
    if output == Output::Json {
        print_json(&json!(rows.iter().map(history_row).collect::<Vec<_>>()))?;
    } else {
        print(&history_table(&rows))?;
    }
    Ok(if rows.iter().any(|row| row.record.is_err()) { 3 } else { 0 })
}

fn history_row(row: &Row) -> Value {
    let mut document = json!({
        "revision": row.number, "updated": row.updated(|at| at.text.clone(), Ts::rfc3339), "status": row.status,
        "chart": row.readable().map(chart_label), "app_version": row.readable().map(app_version),
    });
    if let Some(map) = document.as_object_mut() {
        if let Some(to) = row.rolled_back_to() {
            map.insert("rollback_revision".to_owned(), json!(to));
        }
        let description = row.readable().and_then(|r| r.info().ok()).map(|info| Safe::of(&info.description));
        map.insert("description".to_owned(), json!(description));
    }
    with_error(document, &row.record)
}

/// Returns the table of `helm history`; where a record tells of a revision that was gone back to, with a column for it.
fn history_table(rows: &[Row]) -> String {
    let rolled = rows.iter().any(|row| row.rolled_back_to().is_some());
    let with = |mut cells: Vec<String>, rollback: String| {
        if rolled {
            cells.insert(cells.len() - 1, rollback);
        }
        cells
    };
    let heads = ["REVISION", "UPDATED", "STATUS", "CHART", "APP VERSION", "DESCRIPTION"];
    let head = with(heads.map(str::to_owned).to_vec(), "ROLLBACK".to_owned());
    let cells = |row: &Row| {
        let cells = vec![
            row.number.to_string(),
            row.updated(deckwatch_helm::time::Stamp::ansic, |at| at.go_ansic(crate::core::Zone::Utc)),
            row.status.safe().to_string(),
            row.readable().map_or_else(String::new, chart_label),
            row.readable().map_or_else(String::new, app_version),
            row.description().to_string(),
        ];
        with(cells, row.rolled_back_to().map(|to| to.to_string()).unwrap_or_default())
    };
    align(&std::iter::once(head).chain(rows.iter().map(cells)).collect::<Vec<_>>())
}
