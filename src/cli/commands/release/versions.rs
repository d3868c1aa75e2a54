//! `deckwatch release versions`: the versions of a release's chart that the repositories have.

use std::cmp::Ordering;

use deckwatch_helm::index::Version;
use serde_json::{Value, json};

use super::super::table::align;
use super::super::{PATIENCE, note, print, print_json};
use super::show::bad;
use super::{locate_revision, record};
use crate::app::effect::Query;
use crate::app::msg::Answer;
use crate::cli::args::{Output, Place};
use crate::cli::release::Of;
use crate::core::{Error, Kind, Result, Safe};
use crate::store::charts::{Candidate, Offered, candidates};

/// Which versions are printed.
pub struct Which {
    /// Those that are not newer too.
    pub all: bool,
    /// Those that come before a release too.
    pub devel: bool,
    /// How many at most; 0 for all.
    pub max: usize,
}

/// Prints versions. Returns 3 where a repository did not give its own.
///
/// # Errors
/// No such revision, one without a chart, or no repository for it.
pub fn versions(place: &Place, of: &Of, which: &Which) -> Result<u8> {
    let (mut headless, namespace, name, revision) = locate_revision(place, of)?;
    let record = record(&mut headless, &namespace, &name, revision);
    let chart = record.and_then(|r| r.chart().map_err(bad("read the chart")));
    let none = || Error::new(Kind::NotFound, "look for versions").detail("the record holds no chart");
    let chart = chart.and_then(|chart| chart.ok_or_else(none));
    let asked = chart.and_then(|chart| {
        let answer = headless.ask(Query::Versions(chart.name.as_str().into()), PATIENCE)?;
        Ok((chart, answer))
    });
    headless.finish();
    let (chart, answer) = asked?;
    let Answer::Versions(offered) = answer else {
        return Err(Error::new(Kind::Internal, "look for versions"));
    };
    let current = Version::parse(&chart.version);
    let rows = rows(&offered, current.as_ref(), which);
    let most = if which.max == 0 { usize::MAX } else { which.max };
    let cut = rows.len().saturating_sub(most);
    let shown: Vec<&Candidate<'_>> = rows.iter().take(most).collect();
    if of.printed.output == Output::Json {
        print_json(&json!({
            "schema": "deckwatch.release-versions/1",
            "name": name, "namespace": namespace, "revision": revision, "chart": chart.name, "version": chart.version,
            "versions": shown.iter().map(|row| row_json(row, &chart.name)).collect::<Vec<_>>(),
            "repositories": offered.iter().map(repository_json).collect::<Vec<_>>(),
        }))?;
    } else if shown.is_empty() {
        let what = if which.all { "no version" } else { "no newer version" };
        note(&format!("{what} than {} of {} is offered", Safe::of(&chart.version), Safe::of(&chart.name)));
    } else {
        print(&table(&shown, &chart.name))?;
    }
    if cut > 0 {
        note(&format!("{cut} more; --max 0 prints all"));
    }
    Ok(tell(&offered))
}

/// Says what is missing. Returns the exit code.
fn tell(offered: &[Offered]) -> u8 {
    let mut code = 0;
    for one in offered {
        let name = one.repository.safe();
        match &one.versions {
            Ok(versions) if versions.skipped > 0 || versions.dropped > 0 => {
                let (skipped, dropped) = (versions.skipped, versions.dropped);
                note(&format!("{name}: {skipped} entries without a version, {dropped} beyond the limit"));
            }
            Ok(_) => {}
            Err(error) => {
                note(&format!("partial: {name}: {}", error.line()));
                code = 3;
            }
        }
    }
    code
}

/// The versions that are wanted.
fn rows<'a>(offered: &'a [Offered], current: Option<&Version>, which: &Which) -> Vec<Candidate<'a>> {
    let mut rows = candidates(offered, current, which.devel);
    rows.retain(|row| which.all || row.than.is_none_or(|than| than == Ordering::Greater));
    rows
}

fn table(rows: &[&Candidate<'_>], chart: &str) -> String {
    let heads = ["VERSION", "APP VERSION", "CREATED", "REPOSITORY", "", "PIPELINE"].map(str::to_owned);
    let cells = |row: &&Candidate<'_>| {
        let version = row.version;
        let deprecated = if version.deprecated { ", deprecated" } else { "" };
        vec![
            Safe::of(version.version.as_str()).to_string(),
            Safe::of(&version.app_version).to_string(),
            Safe::of(&version.created).to_string(),
            row.repository.repository.safe().to_string(),
            format!("{}{deprecated}", row.place()),
            row.pipeline(chart).unwrap_or_default(),
        ]
    };
    align(&std::iter::once(heads.to_vec()).chain(rows.iter().map(cells)).collect::<Vec<_>>())
}

fn row_json(row: &Candidate<'_>, chart: &str) -> Value {
    let version = row.version;
    json!({
        "version": version.version.as_str(), "appVersion": version.app_version, "created": version.created,
        "description": version.description, "deprecated": version.deprecated,
        "repository": row.repository.repository, "than": row.place(), "pipeline": row.pipeline(chart),
    })
}

fn repository_json(offered: &Offered) -> Value {
    let (skipped, dropped) = offered.versions.as_ref().map_or((0, 0), |v| (v.skipped, v.dropped));
    json!({
        "name": offered.repository, "error": offered.versions.as_ref().err().map(Error::line),
        "skipped": skipped, "dropped": dropped,
    })
}
