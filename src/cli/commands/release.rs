//! `deckwatch releases`, `history` and `diff`.

use std::sync::Arc;

use deckwatch_helm::record::Record;
use serde_json::{Value, json};

use super::table::of_rows;
use super::{PATIENCE, narrow, print, print_json};
use crate::app::effect::Query;
use crate::app::msg::{Answer, FeedState};
use crate::app::views::{View, release, releases};
use crate::cli::args::{Output, Place};
use crate::core::{Error, Kind, Name, Result};
use crate::runtime::headless::Headless;

fn open(place: &Place) -> Result<Headless> {
    let view = View::open("releases").ok_or_else(|| Error::new(Kind::Internal, "open releases"))?;
    let mut headless = narrow(place, view, (160, 200))?;
    headless.run_until(PATIENCE, |m, _| !matches!(m.shared.releases.state, FeedState::Loading));
    let state = headless.model.shared.releases.state.clone();
    if let FeedState::Denied(error) | FeedState::Failed(error) = state {
        headless.finish();
        return Err(error);
    }
    Ok(headless)
}

/// Finds a release by name, in the namespace or, where it is the only one, anywhere.
fn find(headless: &Headless, release: &str) -> Result<(Name, Name)> {
    let shared = &headless.model.shared;
    let scope = shared.session.scope.clone();
    let fits: Vec<_> = shared
        .releases
        .list
        .iter()
        .filter(|r| r.name.as_str() == release && scope.holds(r.namespace.as_str()))
        .collect();
    match fits.as_slice() {
        [one] => Ok((one.namespace.clone(), one.name.clone())),
        [] => Err(Error::new(Kind::NotFound, "find a release")
            .on(release.to_owned())
            .hint("name its namespace with -n; `deckwatch releases -A` lists them")),
        _ => Err(Error::new(Kind::Usage, "find a release")
            .on(release.to_owned())
            .detail("there are several of that name")
            .hint("name the namespace with -n")),
    }
}

/// Reads a record.
pub fn record(headless: &mut Headless, namespace: &Name, name: &Name, revision: u32) -> Result<Arc<Record>> {
    let query = Query::Record { namespace: namespace.clone(), release: name.clone(), revision };
    match headless.ask(query, PATIENCE)? {
        Answer::Record(record) => {
            release::remember(&mut headless.model.shared, &record);
            Ok(record)
        }
        _ => Err(Error::new(Kind::Internal, "read a record")),
    }
}

fn cells(rows: &Value, columns: &[(&str, &str)]) -> String {
    of_rows(rows.as_array().map_or(&[], Vec::as_slice), columns)
}

/// Prints releases with Helm's own field names.
pub fn list(place: &Place, output: Output) -> Result<u8> {
    let mut headless = open(place)?;
    let newest: Vec<(Name, Name, u32)> = headless
        .model
        .shared
        .releases
        .list
        .iter()
        .filter_map(|r| r.latest().map(|l| (r.namespace.clone(), r.name.clone(), l.number)))
        .collect();
    let mut code = 0;
    for (namespace, name, revision) in newest {
        if record(&mut headless, &namespace, &name, revision).is_err() {
            code = 3;
        }
    }
    let rows = releases::list_json(&headless.model.shared);
    headless.finish();
    let columns = [
        ("NAME", "name"),
        ("NAMESPACE", "namespace"),
        ("REVISION", "revision"),
        ("UPDATED", "updated"),
        ("STATUS", "status"),
        ("CHART", "chart"),
        ("APP VERSION", "app_version"),
    ];
    if output == Output::Json { print_json(&rows) } else { print(&cells(&rows, &columns)) }.map(|_| code)
}

/// Prints a release's history with Helm's own field names.
pub fn history(place: &Place, name: &str, output: Output) -> Result<u8> {
    let (mut headless, namespace, name) = locate(place, name)?;
    let revisions = revisions(&headless, &namespace, &name);
    let mut code = 0;
    for revision in revisions {
        if record(&mut headless, &namespace, &name, revision).is_err() {
            code = 3;
        }
    }
    let rows = release::history_json(&headless.model.shared, &namespace, &name);
    headless.finish();
    let columns = [
        ("REVISION", "revision"),
        ("UPDATED", "updated"),
        ("STATUS", "status"),
        ("CHART", "chart"),
        ("APP VERSION", "app_version"),
        ("DESCRIPTION", "description"),
    ];
    if output == Output::Json { print_json(&rows) } else { print(&cells(&rows, &columns)) }.map(|_| code)
}

/// Prints what differs between two revisions, secrets masked.
pub fn diff(place: &Place, name: &str, from: Option<u32>, to: Option<u32>, output: Output) -> Result<u8> {
    let (mut headless, namespace, name) = locate(place, name)?;
    let revisions = revisions(&headless, &namespace, &name);
    let to = to.or(revisions.last().copied()).unwrap_or(0);
    let before = revisions.iter().copied().filter(|n| *n < to).max();
    let (Some(from), true) = (from.or(before), revisions.contains(&to)) else {
        headless.finish();
        return Err(Error::new(Kind::NotFound, "compare revisions")
            .on(format!("{name} revision {to}"))
            .detail("there is no such revision, or none before it")
            .hint(format!("`deckwatch history {name}` lists them")));
    };
    let old = record(&mut headless, &namespace, &name, from);
    let new = record(&mut headless, &namespace, &name, to);
    headless.finish();
    let lines = release::difference(&*old?, &*new?, namespace.as_str())?;
    if output == Output::Json {
        return print_json(&json!({
            "schema": "deckwatch.diff/1",
            "namespace": namespace, "release": name, "from": from, "to": to,
            "lines": lines,
        }));
    }
    let mut text = String::new();
    for line in &lines {
        text.push_str(&format!("{}{}\n", line.sign, line.text));
    }
    print(&format!("--- {name} revision {from}\n+++ {name} revision {to}\n{text}"))
}

fn revisions(headless: &Headless, namespace: &Name, name: &Name) -> Vec<u32> {
    let found = headless.model.shared.release(namespace.as_str(), name.as_str());
    found.map(|r| r.revisions.iter().map(|v| v.number).collect()).unwrap_or_default()
}

/// Finds the release that a command names, with its session.
pub fn locate(place: &Place, name: &str) -> Result<(Headless, Name, Name)> {
    let headless = open(place)?;
    match find(&headless, name) {
        Ok((namespace, name)) => Ok((headless, namespace, name)),
        Err(error) => {
            headless.finish();
            Err(error)
        }
    }
}
