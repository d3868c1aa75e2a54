//! `deckwatch releases`, `history` and `diff`.

use std::sync::Arc;

use deckwatch_helm::record::Record;
use serde_json::Value;

use super::cluster::align;
use super::{PATIENCE, narrow, print, print_json};
use crate::app::effect::{Query, Scope};
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
    let text = |row: &Value, key: &str| match row.get(key) {
        Some(Value::String(s)) => crate::core::Untrusted::from(s.as_str()).safe().to_string(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    let mut lines = vec![columns.iter().map(|(head, _)| (*head).to_owned()).collect()];
    lines.extend(
        rows.as_array()
            .into_iter()
            .flatten()
            .map(|row| columns.iter().map(|(_, key)| text(row, key)).collect()),
    );
    align(&lines)
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
    let mut headless = open(place)?;
    let (namespace, name) = find(&headless, name)?;
    let revisions: Vec<u32> = headless
        .model
        .shared
        .release(namespace.as_str(), name.as_str())
        .map(|r| r.revisions.iter().map(|v| v.number).collect())
        .unwrap_or_default();
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
pub fn diff(place: &Place, name: &str, from: Option<u32>, to: Option<u32>) -> Result<u8> {
    let mut headless = open(place)?;
    let (namespace, name) = find(&headless, name)?;
    let revisions: Vec<u32> = headless
        .model
        .shared
        .release(namespace.as_str(), name.as_str())
        .map(|r| r.revisions.iter().map(|v| v.number).collect())
        .unwrap_or_default();
    let to = to.or(revisions.last().copied()).unwrap_or(0);
    let before = revisions.iter().copied().filter(|n| *n < to).max();
    let Some(from) = from.or(before) else {
        headless.finish();
        return Err(Error::new(Kind::NotFound, "compare revisions")
            .on(name.to_string())
            .detail("there is no revision before it"));
    };
    let old = record(&mut headless, &namespace, &name, from);
    let new = record(&mut headless, &namespace, &name, to);
    headless.finish();
    let lines = release::difference(&*old?, &*new?, namespace.as_str())?;
    let mut text = String::new();
    for line in &lines {
        text.push_str(&format!("{}{}\n", line.sign, line.text));
    }
    print(&format!("--- {name} revision {from}\n+++ {name} revision {to}\n{text}"))
}

/// Finds the release that a command names, with its session.
pub fn locate(place: &Place, name: &str) -> Result<(Headless, Name, Name)> {
    let headless = open(place)?;
    match (find(&headless, name), &headless.model.shared.session.scope) {
        (Ok((namespace, name)), _) => Ok((headless, namespace, name)),
        (Err(error), Scope::All | Scope::Namespace(_)) => {
            headless.finish();
            Err(error)
        }
    }
}
