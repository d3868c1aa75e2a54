//! `deckwatch releases`, `history`, `diff` and `release`: what Helm keeps, as its own commands print it.

mod diff;
mod list;
mod show;
mod status;
mod versions;

use std::sync::Arc;

use deckwatch_helm::record::Record;

use super::{PATIENCE, narrow};
use crate::app::effect::Query;
use crate::app::msg::{Answer, FeedState};
use crate::app::views::{View, release};
use crate::cli::args::Place;
use crate::cli::release::{Of, ReleaseCommand};
use crate::core::{Error, Kind, Name, Result, Untrusted};
use crate::runtime::headless::Headless;

pub use diff::diff;
pub use list::{history, list};

/// Prints something of one revision.
pub fn run(place: &Place, command: ReleaseCommand) -> Result<u8> {
    match command {
        ReleaseCommand::Values { all, of } => show::values(place, &of, all),
        ReleaseCommand::Manifest(of) => show::manifest(place, &of),
        ReleaseCommand::Notes(of) => show::notes(place, &of),
        ReleaseCommand::Hooks(of) => show::hooks(place, &of),
        ReleaseCommand::Metadata(of) => show::metadata(place, &of),
        ReleaseCommand::Status(of) => status::status(place, &of),
        ReleaseCommand::Versions { all, devel, max, of } => {
            versions::versions(place, &of, &versions::Which { all, devel, max })
        }
    }
}

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

/// Finds the revision that a command names, with its session: the newest one where it names none. Helm takes the newest
/// whose record can be read, and does not say that there is a newer one.
fn locate_revision(place: &Place, of: &Of) -> Result<(Headless, Name, Name, u32)> {
    let (headless, namespace, name) = locate(place, &of.release)?;
    let known = revisions(&headless, &namespace, &name);
    match of.revision.or(known.last().copied()) {
        Some(revision) if known.contains(&revision) => Ok((headless, namespace, name, revision)),
        wanted => {
            headless.finish();
            Err(none(&name, wanted.unwrap_or(0)))
        }
    }
}

fn none(name: &Name, revision: u32) -> Error {
    Error::new(Kind::NotFound, "find a revision")
        .on(format!("{name} revision {revision}"))
        .detail("there is no such revision")
        .hint(format!("`deckwatch history {name}` lists them"))
}

/// Returns a text of several lines made harmless, its line ends kept.
fn harmless(text: &str) -> String {
    let lines: Vec<String> = Untrusted::from(text).lines().map(|line| line.to_string()).collect();
    lines.join("\n") + if text.ends_with('\n') { "\n" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_several_lines_keeps_them_and_loses_what_could_harm() {
        for (text, shown) in
            [("", ""), ("a", "a"), ("a\n", "a\n"), ("a\n\n", "a\n\n"), ("\n a\u{1b}[2J\r\n", "\n a^[[2J\n")]
        {
            assert_eq!(harmless(text), shown, "{text:?}");
        }
    }
}
