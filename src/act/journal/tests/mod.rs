//! The journal: what is written, what a disk that fails leaves, what is found of a file that was changed.

mod told;
mod verified;
mod written;

use std::path::Path;

use super::files::{self, Set};
use super::verify::{Report, Verdict, verify};
use super::{Journal, read};
use crate::core::{Fingerprint, Name, Safe, Ts, Window};
use crate::ops::{Ended, How, PlanId, Record, What, WriteState};

const AT: Ts = Ts::from_secs(1_000_000_000);

fn note(text: &str) -> Record {
    Record { at: AT, what: What::Note { text: Safe::of(text) } }
}

/// An entry that is synced.
fn intent() -> Record {
    let reason = Safe::own("Backend5xxHigh");
    Record {
        at: AT,
        what: What::Intent { plan: PlanId::new(AT, 7), how: How::Enter, reason, user: None, overrides: None },
    }
}

/// One entry of every kind, whose fields are all there.
fn every_kind() -> Vec<Record> {
    let plan = PlanId::new(AT, 7);
    let text = Safe::own("PATCH Deployment /apis/apps/v1/namespaces/momo-store/deployments/backend");
    let write = |state, detail| What::Write { plan, text: text.clone(), state, detail };
    let window = Window { start: AT, end: Ts(AT.0 + 1) };
    let kinds = [
        What::Opened {
            context: Safe::own("prod-ru1"),
            version: Safe::own("0.1.0"),
            who: Safe::own("ann from 10.0.0.1, process 4711"),
            server: Some(Safe::own("https://10.0.0.1:6443")),
        },
        What::Alert {
            fingerprint: Fingerprint(0xdead_beef),
            name: Safe::own("Backend5xxHigh"),
            object: Some(Safe::own("Deployment momo-store/backend")),
        },
        What::Moment { pinned: Some(AT), window: Some(window) },
        What::Logs { query: Safe::own("{namespace=\"momo-store\"}"), window },
        What::Plan {
            plan,
            action: Safe::own("rollback"),
            namespace: Name::new("momo-store"),
            release: Name::new("momo"),
            from: Some(7),
            to: Some(6),
            objects: vec![Safe::own("Deployment momo-store/backend")],
            summary: Safe::own("1 changed, 2 unchanged"),
            digest: Some(Safe::own("sha256:0")),
        },
        What::Intent {
            plan,
            how: How::TypedName,
            reason: Safe::own("alert Backend5xxHigh"),
            user: Some(Safe::own("ann@example.org")),
            overrides: Some(Safe::own("Friday evening")),
        },
        What::Runner { plan, pid: 4711 },
        What::Step { plan, number: 1, of: 4, text: Safe::own("record v8 created"), finished: true },
        What::Series { plan, of: 2, objects: vec![text.clone()] },
        write(WriteState::Sending, None),
        write(WriteState::Refused, Some(Safe::own("409: it was changed"))),
        write(WriteState::Sending, None),
        write(WriteState::Done, None),
        What::Cancel { plan },
        What::Outcome {
            plan,
            from: Some(7),
            to: Some(6),
            outcome: Ended::Failed,
            text: Safe::own("roll back: cancelled"),
            hint: Some(Safe::own("look at the release")),
        },
        What::Check { plan, healed: false, text: Safe::own("errors 4 % > 1 %") },
        What::Note { text: Safe::own("copied: ünïcode, \"quoted\", a,\\b") },
    ];
    kinds.into_iter().enumerate().map(|(i, what)| Record { at: Ts(AT.0 + i as i64), what }).collect()
}

fn fill(journal: &Journal) {
    for record in every_kind() {
        journal.append(&record).unwrap();
    }
}

/// Returns a journal that is ended, with every kind of entry in two files.
fn two_files(folder: &Path) -> Set {
    let journal = Journal::with(folder, AT, 1, 2_900);
    fill(&journal);
    let set = set(&journal);
    assert_eq!(set.numbers, [0, 1]);
    set
}

fn set(journal: &Journal) -> Set {
    files::set_of(&journal.path()).unwrap()
}

fn verdict(set: &Set) -> Verdict {
    verify(set).unwrap().verdict
}

/// Returns the entries of a journal in words.
fn texts(set: &Set) -> Vec<String> {
    let kept = read::lines(set).unwrap();
    assert_eq!((kept.torn, kept.left_out), (0, 0));
    let told = |line: &Vec<u8>| match read::Entry::of(line) {
        Some(read::Entry::Known(Record { what, .. })) => what.line(),
        Some(read::Entry::Unknown { text, .. }) => text.to_string(),
        None => "?".to_owned(),
    };
    kept.lines.iter().map(told).collect()
}

/// Demands that a journal is good. Returns how many entries it has.
fn good(set: &Set) -> u64 {
    let Report { entries, verdict, head } = verify(set).unwrap();
    assert_eq!((verdict, head.is_some()), (Verdict::Good, entries > 0), "{}", set.id);
    entries
}
