//! `deckwatch journal`: what was seen and done, and whether its files are as they were written.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{note, print, print_json};
use crate::act::journal::files::{self, Set};
use crate::act::journal::verify::{LIMITS, Report, Verdict, verify};
use crate::act::journal::{markdown, read};
use crate::cli::args::{JournalCommand, Output};
use crate::cli::setup;
use crate::core::{Error, Kind, Result, Untrusted, num};

/// Prints the newest journal, or verifies journals.
pub fn run(command: Option<JournalCommand>, output: Output) -> Result<u8> {
    match command {
        None => export(output),
        Some(JournalCommand::Export { printed }) => export(printed.output),
        Some(JournalCommand::Verify { files, printed }) => check(&files, printed.output),
    }
}

fn failed(path: &Path, error: &io::Error) -> Error {
    let kind = if error.kind() == io::ErrorKind::NotFound { Kind::NotFound } else { Kind::Io };
    Error::new(kind, "read the journal").on(path.display().to_string()).detail(error.to_string())
}

fn all() -> Result<Vec<Set>> {
    let state = setup::state_folder();
    files::sets(&state).map_err(|e| failed(&state, &e))
}

/// Returns the newest journal that tells something. Every process keeps one; those of commands that only read say that
/// they ran, and what they read.
fn newest() -> Result<Set> {
    let mut newest = None;
    for set in all()?.into_iter().rev() {
        // What carried a plan out is told with the journal of who confirmed it.
        if read::runs(&set)?.is_some() {
            continue;
        }
        if read::tells(&set)? {
            return Ok(set);
        }
        newest = newest.or(Some(set));
    }
    newest.ok_or_else(|| {
        Error::new(Kind::NotFound, "export the journal")
            .on(setup::state_folder().display().to_string())
            .detail("there is none yet")
            .hint("the cockpit and `deckwatch rollback --write` keep one each in the state folder")
    })
}

fn export(output: Output) -> Result<u8> {
    let set = newest()?;
    let kept = read::with_runners(&set, &all()?)?;
    if output == Output::Text {
        return print(&markdown::handover(&set.id, &kept, 0));
    }
    let entries: Vec<Value> = kept.lines.iter().filter_map(|l| serde_json::from_slice(l).ok()).collect();
    let document = json!({ "schema": "deckwatch.journal/1", "entries": entries, "torn": kept.torn });
    let code = print_json(&document)?;
    if kept.left_out > 0 {
        note(&format!("{} older entries are in the files and were left out", kept.left_out));
    }
    Ok(if kept.torn == 0 && kept.left_out == 0 { code } else { 3 })
}

/// Returns the journal that somebody means by a path, or by a name in the state folder, with or without `.jsonl`.
fn meant(file: &Path) -> Result<Set> {
    let folder = setup::state_folder().join("journal");
    let plain = file.components().count() == 1 && !file.exists();
    let mut path = if plain { folder.join(file) } else { file.to_owned() };
    if path.extension().is_none_or(|e| e != "jsonl") && !path.exists() {
        path.as_mut_os_string().push(".jsonl");
    }
    files::set_of(&path).map_err(|e| failed(file, &e))
}

/// A journal with what was found of it.
struct Found {
    set: Set,
    live: bool,
    report: Result<Report>,
}

fn check(asked: &[PathBuf], output: Output) -> Result<u8> {
    let sets = if asked.is_empty() {
        all()?
    } else {
        let mut sets = asked.iter().map(|f| meant(f)).collect::<Result<Vec<Set>>>()?;
        sets.dedup();
        sets
    };
    // Looked at before: who ends meanwhile has left whole entries.
    let found: Vec<Found> = sets
        .into_iter()
        .map(|set| Found { live: read::is_live(&set.first()), report: verify(&set), set })
        .collect();
    let broken =
        found.iter().any(|f| !matches!(&f.report, Ok(r) if !matches!(r.verdict, Verdict::Broken { .. })));
    if output == Output::Json {
        let journals: Vec<Value> = found.iter().map(document).collect();
        print_json(
            &json!({ "schema": "deckwatch.verify/1", "journals": journals, "broken": broken, "limits": LIMITS }),
        )?;
    } else if found.is_empty() {
        print(&format!("There is no journal in {} yet.\n", setup::state_folder().display()))?;
    } else {
        let lines: String = found.iter().map(line).collect();
        print(&format!("{lines}\nThis is {LIMITS}.\n"))?;
    }
    Ok(u8::from(broken))
}

fn line(found: &Found) -> String {
    let id = Untrusted::from(&*found.set.id).safe();
    let (entries, told, head) = match &found.report {
        Err(error) => ("?".to_owned(), format!("can't be read: {}", error.line()), None),
        Ok(report) => {
            let told = match &report.verdict {
                Verdict::Good => "good".to_owned(),
                Verdict::Torn { file, line } if found.live => {
                    format!("good so far; line {line} of {file} is being written")
                }
                Verdict::Torn { file, line } => format!(
                    "torn: line {line} of {file} was cut off while it was written; all before it is good"
                ),
                Verdict::Broken { file, line: 0, why } => format!("BROKEN: {file}: {why}"),
                Verdict::Broken { file, line, why } => format!("BROKEN at line {line} of {file}: {why}"),
            };
            let entries = usize::try_from(report.entries).unwrap_or(usize::MAX);
            (num::counted(entries, "entry", "entries"), told, report.head)
        }
    };
    let live = if found.live { "  (its process still runs)" } else { "" };
    let head = head.map_or_else(|| "-".to_owned(), |h| h.to_string());
    format!("{id}  {entries}  {}  head {head}{live}\n", Untrusted::from(told).safe())
}

fn document(found: &Found) -> Value {
    let files: Vec<String> = found.set.numbers.iter().map(|n| files::name(&found.set.id, *n)).collect();
    let (report, error) = match &found.report {
        Ok(report) => (Some(report), None),
        Err(error) => (None, Some(error.line())),
    };
    let (file, line, why) = match report.map(|r| &r.verdict) {
        Some(Verdict::Broken { file, line, why }) => (Some(file), Some(line), Some(why.clone())),
        Some(Verdict::Torn { file, line }) => (Some(file), Some(line), None),
        Some(Verdict::Good) | None => (None, None, error),
    };
    json!({
        "journal": found.set.id, "files": files, "live": found.live,
        "entries": report.map(|r| r.entries),
        "verdict": report.map_or("unreadable", |r| r.verdict.word()),
        "file": file, "line": line, "why": why,
        "head": report.and_then(|r| r.head).map(|h| h.to_string()),
    })
}
