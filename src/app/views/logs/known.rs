//! The lines that are known, how far each side of them is read, and what was cut; asks and draws nothing.
//!
//! A page is put in as if all had been read at once: what comes again is there once, and the kubelet's
//! lines give way to Loki's. Tested page by page.

use crate::app::effect::LogPage;
use crate::core::{Span, Ts, Window};
use crate::store::batch::{Batch, Cuts, Edge, LogReach};
use crate::store::logs::{Entry, Origin, join, unite};

/// Lines that are kept; beyond it the ones farthest from the cursor go, counted.
pub const KEPT: usize = 50_000;
/// How far older and newer lines are looked for at once.
const STRIDE: Span = Span::hours(12);
/// How late a line may come and is still found: agents send in batches, Loki takes some time, and the
/// clocks of nodes differ.
pub const OVERLAP: Span = Span::secs(10);
/// How far back a kubelet that did not answer is asked again while the lines are followed.
const AGAIN: Span = Span::mins(5);

/// The most different warnings that are kept.
const WARNINGS: usize = 5;

/// See the module.
#[derive(Debug, Default)]
pub struct Known {
    /// Oldest first.
    pub lines: Vec<Entry>,
    /// How far the older side is read.
    pub older: Edge,
    /// How far the newer side is read.
    pub newer: Edge,
    /// What Loki said.
    pub loki: LogReach,
    /// What the kubelet said.
    pub kubelet: LogReach,
    /// What was cut.
    pub cuts: Cuts,
    /// What the last page that overlapped had cut, for the next one has most of it again.
    polled: Cuts,
    /// Lines that were dropped here because they are too many.
    pub dropped: usize,
}

impl Known {
    /// Takes the answer that all begins with.
    pub fn begin(&mut self, batch: Batch) {
        let Batch { entries: lines, loki, kubelet, older, newer, cuts, .. } = batch;
        *self = Self { lines, older, newer, loki, kubelet, cuts, ..Self::default() };
    }

    /// Takes a page of older lines. Where `keeps_all`, none is dropped for being too many.
    pub fn take_older(&mut self, batch: Batch, keeps_all: bool) {
        let Batch { entries, loki, kubelet, older, mut cuts, .. } = batch;
        self.older = match (older, self.older.at(), &loki.error) {
            (Edge::Unknown, Some(at), Some(error)) => Edge::Failed(at, error.clone()),
            (older, ..) => older,
        };
        let counted = self.of_sources();
        cuts.doubles += self.put(entries);
        self.cuts.count(cuts);
        self.heard(&loki, &kubelet, counted);
        if let Some(first) = self.lines.get(KEPT).map(|e| e.ts).filter(|_| !keeps_all) {
            // Whole nanoseconds go, so that the next page can begin between two.
            let left = self.lines.partition_point(|e| e.ts < first);
            if left > 0 {
                self.dropped += self.lines.len() - left;
                self.lines.truncate(left);
                self.newer = Edge::More(first);
                self.kubelet.until = self.kubelet.until.map(|t| t.min(first));
            }
        }
    }

    /// Takes a page of newer lines.
    pub fn take_newer(&mut self, batch: Batch, keeps_all: bool) {
        let Batch { entries, loki, kubelet, newer, cuts, .. } = batch;
        let mut fresh = cuts;
        if matches!(self.newer, Edge::Now(_) | Edge::Failed(..)) {
            fresh = Cuts { doubles: 0, ..cuts.beyond(self.polled) };
        }
        self.polled = cuts;
        let error = loki.error.as_ref().or(kubelet.error.as_ref());
        self.newer = match (newer, self.newer.at(), error) {
            (Edge::Unknown, Some(at), Some(error)) => Edge::Failed(at, error.clone()),
            // The page began before what was known already.
            (Edge::Failed(at, error), Some(known), _) => Edge::Failed(at.max(known), error),
            (newer, ..) => newer,
        };
        let counted = self.of_sources();
        self.put(entries);
        self.cuts.count(fresh);
        self.cuts.held = cuts.held;
        if kubelet.asked {
            self.cuts.capped = cuts.capped;
        }
        self.heard(&loki, &kubelet, counted);
        let over = self.lines.len().saturating_sub(KEPT);
        if let Some(last) = self.lines.get(over.wrapping_sub(1)).map(|e| e.ts).filter(|_| !keeps_all) {
            let gone = self.lines.partition_point(|e| e.ts <= last);
            if gone < self.lines.len() {
                self.dropped += gone;
                self.lines.drain(..gone);
                self.older = Edge::More(Ts(last.0.saturating_add(1)));
            }
        }
    }

    /// Puts lines in. Returns how many of the kubelet gave way to Loki's.
    fn put(&mut self, new: Vec<Entry>) -> usize {
        let (Some(first), Some(last)) = (new.first().map(|e| e.ts), new.last().map(|e| e.ts)) else {
            return 0;
        };
        let from = self.lines.partition_point(|e| e.ts < first);
        let to = self.lines.partition_point(|e| e.ts <= last);
        let known: Vec<Entry> = self.lines.drain(from..to).collect();
        let split = |lines: Vec<Entry>| lines.into_iter().partition(|e: &Entry| e.origin == Origin::Loki);
        let (loki, kubelet): (Vec<_>, Vec<_>) = split(known);
        let (new_loki, new_kubelet): (Vec<_>, Vec<_>) = split(new);
        let joined = join(unite(loki, new_loki), unite(kubelet, new_kubelet), None, Entry::place);
        self.lines.splice(from..from, joined.entries);
        joined.duplicates + joined.covered
    }

    /// Returns how many lines are from Loki, and how many from the kubelet.
    fn of_sources(&self) -> [usize; 2] {
        let loki = self.lines.iter().filter(|e| e.origin == Origin::Loki).count();
        [loki, self.lines.len() - loki]
    }

    fn heard(&mut self, loki: &LogReach, kubelet: &LogReach, before: [usize; 2]) {
        let now = self.of_sources();
        let both = [(&mut self.loki, loki), (&mut self.kubelet, kubelet)];
        for ((mine, theirs), (now, before)) in both.into_iter().zip(now.into_iter().zip(before)) {
            mine.asked |= theirs.asked;
            mine.lines += now.saturating_sub(before);
            mine.oldest = mine.oldest.into_iter().chain(theirs.oldest).min();
            mine.newest = mine.newest.into_iter().chain(theirs.newest).max();
            mine.until = theirs.until.or(mine.until);
            let new = theirs.warnings.iter().filter(|w| !mine.warnings.contains(w)).cloned();
            let new: Vec<_> = new.take(WARNINGS.saturating_sub(mine.warnings.len())).collect();
            mine.warnings.extend(new);
        }
        // What failed on one side is told until that side has been read.
        self.loki.error = self.older.error().or(self.newer.error()).cloned();
        if kubelet.asked {
            self.kubelet.error.clone_from(&kubelet.error);
        }
    }

    /// Returns the question for older lines, where they can be asked for.
    pub fn ask_older(&self) -> Option<LogPage> {
        let end = self.older.at()?;
        Some(LogPage::Older(Window { start: (end - STRIDE).max(Ts(0)), end })).filter(|_| end > Ts(0))
    }

    /// Returns the question for lines that are newer, or come late.
    pub fn ask_newer(&self) -> Option<LogPage> {
        let start = match &self.newer {
            Edge::Unknown => return None,
            Edge::More(at) | Edge::Looked(at) => *at,
            Edge::Now(at) | Edge::Failed(at, _) => *at - OVERLAP,
        };
        let kubelet = self.kubelet.until.map_or(start, |at| at - OVERLAP).max(start - AGAIN);
        Some(LogPage::Newer { window: Window { start, end: start + STRIDE }, kubelet })
    }

    /// Returns the questions that are left of a window that is to be read whole; none once a side failed,
    /// or no more lines are kept.
    pub fn ask_rest(&self, whole: Window) -> [Option<LogPage>; 2] {
        if self.lines.len() >= KEPT {
            return [None, None];
        }
        let older = match &self.older {
            Edge::More(end) | Edge::Looked(end) if *end > whole.start => {
                Some(LogPage::Older(Window { start: (*end - STRIDE).max(whole.start), end: *end }))
            }
            _ => None,
        };
        let newer = match &self.newer {
            Edge::More(start) | Edge::Looked(start) if *start < whole.end => Some(LogPage::Newer {
                window: Window { start: *start, end: (*start + STRIDE).min(whole.end) },
                kubelet: self.kubelet.until.unwrap_or(*start),
            }),
            _ => None,
        };
        [older, newer]
    }

    /// Returns the part of a window that is read, where that is not all of it.
    pub fn read_only(&self, whole: Window) -> Option<Window> {
        let start = self.older.at().map_or(whole.start, |at| at.max(whole.start));
        let end = match &self.newer {
            Edge::Unknown | Edge::Now(_) => whole.end,
            Edge::More(at) | Edge::Looked(at) | Edge::Failed(at, _) => (*at).min(whole.end),
        };
        Some(Window { start, end }).filter(|read| *read != whole)
    }
}

#[cfg(test)]
mod tests;
