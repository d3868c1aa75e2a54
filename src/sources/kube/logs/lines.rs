//! Lines from bytes, however they are cut on their way; each at most so long.

use crate::core::{Labels, Ts, Untrusted};
use crate::store::batch::Cuts;
use crate::store::logs::{Entry, Origin};

/// The most bytes of a line that are kept, its time aside.
pub const LINE: usize = 64 << 10;
/// The most bytes of the time before a line.
const STAMP: usize = 40;

/// Takes bytes in any pieces and gives lines.
#[derive(Debug)]
pub struct Lines {
    labels: Labels,
    origin: Origin,
    since: Option<Ts>,
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    /// Bytes of that line that were thrown away.
    dropped: u64,
    last: Option<Ts>,
    cuts: Cuts,
    undated: usize,
}

impl Lines {
    /// Makes a reader; lines before `since` are left out.
    pub fn new(labels: Labels, origin: Origin, since: Option<Ts>) -> Self {
        Self {
            labels,
            origin,
            since,
            line: Vec::new(),
            dropped: 0,
            last: None,
            cuts: Cuts::default(),
            undated: 0,
        }
    }

    /// Takes bytes and returns the lines that they end.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut rest = bytes;
        while let Some(at) = rest.iter().position(|b| *b == b'\n') {
            self.keep(rest.get(..at).unwrap_or_default());
            entries.extend(self.end());
            rest = rest.get(at + 1..).unwrap_or_default();
        }
        self.keep(rest);
        entries
    }

    /// Returns the last line, if it has no end.
    pub fn finish(&mut self) -> Option<Entry> {
        if self.line.is_empty() { None } else { self.end() }
    }

    /// Returns what was cut so far.
    pub fn cuts(&self) -> Cuts {
        self.cuts
    }

    /// Returns how many lines came without a time.
    pub fn undated(&self) -> usize {
        self.undated
    }

    fn keep(&mut self, part: &[u8]) {
        let room = (LINE + STAMP).saturating_sub(self.line.len()).min(part.len());
        self.line.extend_from_slice(part.get(..room).unwrap_or_default());
        self.dropped += (part.len() - room) as u64;
    }

    fn end(&mut self) -> Option<Entry> {
        let bytes = std::mem::take(&mut self.line);
        let mut dropped = std::mem::take(&mut self.dropped);
        let (stamp, text) = match split_stamp(&bytes) {
            Some((ts, text)) => (Some(ts), text),
            None => (None, bytes.as_slice()),
        };
        let ts = stamp.or(self.last).or(self.since).unwrap_or_default();
        self.undated += usize::from(stamp.is_none());
        self.last = Some(ts);
        if stamp.is_some() && self.since.is_some_and(|since| ts < since) {
            return None;
        }
        let mut text = text.strip_suffix(b"\r").unwrap_or(text);
        if text.len() > LINE {
            let end = floor_char(text, LINE);
            dropped += (text.len() - end) as u64;
            text = text.get(..end).unwrap_or_default();
        }
        self.cuts.clipped += usize::from(dropped > 0);
        self.cuts.clipped_bytes += dropped;
        self.cuts.bad_utf8 += text.utf8_chunks().map(|chunk| chunk.invalid().len()).sum::<usize>();
        Some(Entry {
            ts,
            line: Untrusted::from_bytes(text),
            labels: self.labels.clone(),
            metadata: Labels::default(),
            origin: self.origin,
        })
    }
}

/// Splits `2026-11-21T05:34:15.092392123Z text`.
fn split_stamp(line: &[u8]) -> Option<(Ts, &[u8])> {
    let head = line.get(..STAMP).unwrap_or(line);
    let end = head.iter().position(|b| *b == b' ').unwrap_or(head.len());
    let ts = Ts::parse_rfc3339(std::str::from_utf8(head.get(..end)?).ok()?)?;
    Some((ts, line.get(end + 1..).unwrap_or_default()))
}

/// Returns the last place at or before `at` where a character of UTF-8 begins.
fn floor_char(text: &[u8], at: usize) -> usize {
    (at.saturating_sub(3)..=at).rev().find(|i| text.get(*i).is_none_or(|b| b & 0xc0 != 0x80)).unwrap_or(at)
}
