//! The table of what was seen, as `docs/helm-parity.md` shows it.

use std::fmt::Write as _;

use super::Seen;
use super::known::{Entry, Known};
use super::neutral::{ALIKE, OTHERWISE};
use super::run::Cell;
use super::scene::{Scene, Variant};

/// Returns the page's body.
pub fn page(all: &[Scene], seen: &[Seen]) -> String {
    let mut out = String::new();
    let count = |is: fn(&Cell) -> bool| seen.iter().filter(|seen| is(&seen.cell)).count();
    let same = count(|cell| matches!(cell, Cell::Same));
    let _ = writeln!(
        out,
        "With `--strict-helm` all {} runs are the same. Without it {same} are; {} differ as is said below.\n",
        seen.len(),
        seen.len() - same
    );
    let _ = writeln!(out, "| | scenario | {} |", Variant::ALL.map(Variant::heading).join(" | "));
    let _ = writeln!(out, "|{}", "---|".repeat(Variant::ALL.len() + 2));
    // What is known in the same words is one note.
    let mut notes: Vec<(&str, Vec<&Entry>)> = Vec::new();
    for scene in all {
        let cells = Variant::ALL.map(|variant| {
            let found =
                seen.iter().find(|s| (s.number, s.name, s.variant) == (scene.number, scene.name, variant));
            match found.map(|seen| &seen.cell) {
                Some(Cell::Same) => "same".to_owned(),
                Some(Cell::Known(entry)) => {
                    let at = notes.iter().position(|(why, _)| *why == entry.why).unwrap_or_else(|| {
                        notes.push((entry.why, Vec::new()));
                        notes.len() - 1
                    });
                    if !notes[at].1.contains(entry) {
                        notes[at].1.push(entry);
                    }
                    format!("[{}]", at + 1)
                }
                None => String::new(),
            }
        });
        let _ = writeln!(out, "| {} | {} | {} |", scene.number, scene.name, cells.join(" | "));
    }
    out.push_str("\n## What differs\n\n");
    for (at, (why, entries)) in notes.iter().enumerate() {
        let mut how: Vec<String> = Vec::new();
        for entry in entries {
            how.push(match entry.known {
                Known::Refused(words) => {
                    format!("deckwatch refuses before it writes anything: “… {words} …”")
                }
                Known::Differs(_) => "both go on".to_owned(),
            });
        }
        how.dedup();
        let _ = writeln!(out, "- [{}] {why}: {}.", at + 1, how.join(", or "));
    }
    out.push_str("\n## What is made alike before the two are compared\n\n");
    for alike in ALIKE {
        let _ = writeln!(out, "- {}: `{}`", alike.what, alike.places.join("`, `"));
    }
    for otherwise in OTHERWISE {
        let _ = writeln!(out, "- {otherwise}");
    }
    out
}
