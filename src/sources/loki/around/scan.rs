//! Paging through the half-open window `[start, end)` in one direction.

use crate::core::{Ts, Window};
use crate::sources::loki::{Lines, Page};
use crate::store::logs::Entry;

/// The unread rest of a window.
///
/// A full page may end in the middle of the lines of one nanosecond. That last group is dropped and
/// the next page begins with it; where one page holds nothing else, the group is asked for alone, with
/// the server's highest limit. So nothing is lost or doubled, without comparing lines.
///
/// Within a nanosecond Loki promises no order, and real ones give another one backward than forward;
/// each group is taken whole from one answer, so what is shown stays where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    start: Ts,
    end: Ts,
    backward: bool,
    /// A nanosecond with more lines than a page holds, to be read alone.
    group: Option<Ts>,
}

/// What a page brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The lines, in ascending order.
    pub entries: Vec<Entry>,
    /// A nanosecond with at least as many lines as the server gives at once: some may be missing.
    pub overfull: Option<Ts>,
    /// Lines that the server gave although they were not asked for.
    pub stray: usize,
}

impl Scan {
    /// Returns a scan of a whole window, from its end if `backward`.
    pub fn new(window: Window, backward: bool) -> Self {
        Self { start: window.start, end: window.end.max(window.start), backward, group: None }
    }

    /// Returns whether everything has been read.
    pub fn is_done(&self) -> bool {
        self.start >= self.end
    }

    /// Returns the instant up to which everything has been read: the end of the unread rest when going
    /// backward, its start when going forward.
    pub fn reached(&self) -> Ts {
        if self.backward { self.end } else { self.start }
    }

    /// Returns what to ask next, in pages of `page` lines, with at most `most` for one nanosecond.
    pub fn ask(&self, page: usize, most: usize) -> Option<Lines> {
        if self.is_done() {
            return None;
        }
        Some(match self.group {
            Some(ts) => {
                Lines { start: ts, end: Ts(ts.0.saturating_add(1)), limit: most, backward: self.backward }
            }
            None => Lines {
                start: self.start,
                end: self.end,
                limit: page.clamp(1, most),
                backward: self.backward,
            },
        })
    }

    /// Takes the answer to [`Self::ask`].
    pub fn take(&mut self, asked: Lines, page: Page) -> Taken {
        let full = page.is_full();
        let window = Window { start: asked.start, end: asked.end };
        let given = page.entries.len();
        let mut entries: Vec<Entry> = page.entries.into_iter().filter(|e| window.contains(e.ts)).collect();
        let stray = given - entries.len();
        if self.backward {
            entries.reverse();
        }
        // Within a nanosecond: by stream, and of one stream as the server has them.
        entries.sort_by(|a, b| a.ts.cmp(&b.ts).then_with(|| a.labels.cmp(&b.labels)));
        if let Some(ts) = self.group.take() {
            self.pass(ts);
            return Taken { entries, overfull: full.then_some(ts), stray };
        }
        let last = if self.backward { entries.first() } else { entries.last() }.map(|e| e.ts);
        let Some(last) = last.filter(|_| full) else {
            self.finish();
            return Taken { entries, overfull: None, stray };
        };
        if self.backward {
            self.end = Ts(last.0.saturating_add(1));
        } else {
            self.start = last;
        }
        entries.retain(|e| e.ts != last);
        if entries.is_empty() {
            self.group = Some(last);
        }
        Taken { entries, overfull: None, stray }
    }

    fn pass(&mut self, ts: Ts) {
        if self.backward {
            self.end = ts;
        } else {
            self.start = Ts(ts.0.saturating_add(1));
        }
    }

    fn finish(&mut self) {
        if self.backward {
            self.end = self.start;
        } else {
            self.start = self.end;
        }
    }
}
