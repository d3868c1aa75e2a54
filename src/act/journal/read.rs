//! Reads journals, those of other processes too: what is in the files may be torn, foreign or hostile.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

use serde_json::Value;

use super::files::{self, Set};
use super::lines;
pub use super::lines::End;
use super::{disk, unread};
use crate::core::{Result, Safe, Ts, Untrusted};
use crate::ops::{PlanId, Record, What};

/// How many entries are kept of a journal that is read whole.
const KEPT: usize = 100_000;

/// How many bytes of entries are kept.
const KEPT_BYTES: usize = 64 << 20;

/// What was read of a journal.
#[derive(Debug, Default)]
pub struct Kept {
    /// The lines of JSON that are whole, in order.
    pub lines: VecDeque<Vec<u8>>,
    /// How many older ones than those are not kept, for there are too many; the first one is always kept.
    pub left_out: u64,
    /// How many lines are no JSON: torn, or too long.
    pub torn: u64,
    bytes: usize,
}

impl Kept {
    fn add(&mut self, line: Vec<u8>) {
        if !line.starts_with(b"{") || serde_json::from_slice::<serde::de::IgnoredAny>(&line).is_err() {
            self.torn += 1;
            return;
        }
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.lines.len() > 2 && (self.lines.len() > KEPT || self.bytes > KEPT_BYTES) {
            self.bytes -= self.lines.remove(1).map_or(0, |l| l.len());
            self.left_out += 1;
        }
    }
}

/// One entry as it was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// Of a kind that is known.
    Known(Record),
    /// Of another kind, such as a newer deckwatch writes, or one whose fields are not what they should be.
    Unknown {
        /// When.
        at: Option<Ts>,
        /// Its fields, in words.
        text: Safe,
    },
}

impl Entry {
    /// Returns what a line of JSON tells; none when it is no object.
    pub fn of(line: &[u8]) -> Option<Self> {
        if let Ok(record) = serde_json::from_slice::<Record>(line) {
            return Some(Self::Known(record));
        }
        let value: Value = serde_json::from_slice(line).ok()?;
        let fields = value.as_object()?;
        let at = fields.get("at").and_then(Value::as_str).and_then(Ts::parse_rfc3339);
        let told = |key: &str| matches!(key, "n" | "prev" | "hash") || (key == "at" && at.is_some());
        let mut words = Vec::new();
        for (key, inner) in fields.iter().filter(|(key, _)| !told(key)) {
            let text = inner.as_str().map_or_else(|| inner.to_string(), str::to_owned);
            words.push(if key == "what" { text } else { format!("{key} {text}") });
        }
        Some(Self::Unknown { at, text: Untrusted::from(words.join(" · ")).clipped(2_000) })
    }
}

/// Gives every line of a journal to `take`, with whether it has its end, until that returns `false`. What is left in a
/// file of a line that stands whole in the next one is passed over; of a line that is too long only the beginning is
/// given.
///
/// # Errors
/// `Io` or `NotFound` when a file can't be read.
pub fn each(set: &Set, mut take: impl FnMut(&[u8], End) -> bool) -> Result<()> {
    let mut tail: Vec<u8> = Vec::new();
    let mut line = Vec::new();
    for number in &set.numbers {
        let path = set.path(*number);
        let failed = |e| unread("read the journal", &path, &e);
        let mut reader = files::open(&path).map_err(failed)?;
        loop {
            let end = lines::next(&mut reader, &mut line).map_err(failed)?;
            if end == End::File && line.is_empty() {
                break;
            }
            if !tail.is_empty() && !line.starts_with(&tail) && !take(&tail, End::File) {
                return Ok(());
            }
            tail.clear();
            if end == End::File {
                std::mem::swap(&mut tail, &mut line);
                break;
            }
            if !take(&line, end) {
                return Ok(());
            }
            if end == End::TooLong {
                lines::skip(&mut reader).map_err(failed)?;
            }
        }
    }
    if !tail.is_empty() {
        take(&tail, End::File);
    }
    Ok(())
}

/// Reads a journal: the first entry, and the newest ones up to a bound.
///
/// # Errors
/// As [`each`].
pub fn lines(set: &Set) -> Result<Kept> {
    let mut kept = Kept::default();
    each(set, |line, end| {
        match end {
            End::TooLong => kept.torn += 1,
            End::Line | End::File if line.is_empty() => {}
            End::Line | End::File => kept.add(line.to_vec()),
        }
        true
    })?;
    Ok(kept)
}

/// How many entries a process that carries a plan out writes before it says so.
const FIRST: u32 = 8;

/// Returns the plan that the process of a journal carried out; none for other processes.
///
/// # Errors
/// As [`each`].
pub fn runs(set: &Set) -> Result<Option<PlanId>> {
    let (mut found, mut seen) = (None, 0);
    each(set, |line, _| {
        if let Some(Entry::Known(Record { what: What::Runner { plan, .. }, .. })) = Entry::of(line) {
            found = Some(plan);
        }
        seen += 1;
        found.is_none() && seen < FIRST
    })?;
    Ok(found)
}

/// Reads a journal together with what the processes noted that carried its plans out, in the order of time. `all` are the
/// journals of the folder; those that can't be read are counted as torn.
///
/// # Errors
/// As [`each`], for the journal itself.
pub fn with_runners(set: &Set, all: &[Set]) -> Result<Kept> {
    let mut kept = lines(set)?;
    let known = |line: &Vec<u8>| match Entry::of(line) {
        Some(Entry::Known(record)) => Some(record),
        _ => None,
    };
    let confirmed = kept.lines.iter().filter_map(known).filter_map(|r| match r.what {
        What::Intent { plan, .. } => Some(plan),
        _ => None,
    });
    let plans: BTreeSet<PlanId> = confirmed.collect();
    if plans.is_empty() {
        return Ok(kept);
    }
    // Every other entry stands in the journal of who confirmed the plan too.
    let own = |what: &What| {
        matches!(
            what,
            What::Runner { .. }
                | What::Step { .. }
                | What::Write { .. }
                | What::Series { .. }
                | What::Cancel { .. }
        )
    };
    for other in all.iter().filter(|other| other.id > set.id) {
        match runs(other) {
            Ok(Some(plan)) if plans.contains(&plan) => {}
            Ok(_) => continue,
            Err(_) => {
                kept.torn += 1;
                continue;
            }
        }
        let more = lines(other)?;
        (kept.torn, kept.left_out) = (kept.torn + more.torn, kept.left_out + more.left_out);
        kept.lines.extend(more.lines.into_iter().filter(|l| known(l).is_some_and(|r| own(&r.what))));
    }
    // What tells no time stays behind what stood before it.
    let mut last = Ts::default();
    let mut timed: Vec<(Ts, Vec<u8>)> = Vec::with_capacity(kept.lines.len());
    for line in kept.lines.drain(..) {
        last = match Entry::of(&line) {
            Some(Entry::Known(record)) => record.at,
            Some(Entry::Unknown { at, .. }) => at.unwrap_or(last),
            None => last,
        };
        timed.push((last, line));
    }
    timed.sort_by_key(|(at, _)| *at);
    kept.lines = timed.into_iter().map(|(_, line)| line).collect();
    Ok(kept)
}

/// Returns whether a journal tells more than that it was opened and which logs were read.
///
/// # Errors
/// As [`each`].
pub fn tells(set: &Set) -> Result<bool> {
    #[derive(serde::Deserialize)]
    struct Kind {
        what: Option<String>,
    }
    let mut found = false;
    each(set, |line, _| {
        let what = serde_json::from_slice::<Kind>(line).ok().and_then(|k| k.what);
        found = !matches!(what.as_deref(), Some("opened" | "logs"));
        !found
    })?;
    Ok(found)
}

/// Returns whether the process that writes a journal is still there, by the path of the journal's first file. What can't
/// be told counts as there; a file that is gone does not.
pub fn is_live(path: &Path) -> bool {
    match files::open(path) {
        Ok(reader) => disk::is_locked(reader.get_ref()),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}
