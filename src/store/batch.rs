//! What a log question brought: lines in order, the reach of each source, and everything that was cut.

use super::logs::Entry;
use crate::core::{Error, Safe, Ts, Untrusted, Window};

/// What one source of logs could say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogReach {
    /// How many lines it gave.
    pub lines: usize,
    /// The oldest line that it gave.
    pub oldest: Option<Ts>,
    /// The newest line that it gave.
    pub newest: Option<Ts>,
    /// Whether it was asked at all.
    pub asked: bool,
    /// Why it said nothing, or not all.
    pub error: Option<Error>,
    /// The instant up to which it was read whole, where it answered for the newest lines.
    pub until: Option<Ts>,
    /// What it warned of: its lines may be partial.
    pub warnings: Vec<Untrusted>,
}

/// How far one side of the lines is read, and what is known of what lies beyond. Between the instant and
/// the lines that are there none is missing, so the next question begins exactly there.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Edge {
    /// Nothing is known of it.
    #[default]
    Unknown,
    /// There is more beyond this instant, or may well be.
    More(Ts),
    /// Up to this instant nothing more was found; what lies beyond was not looked at.
    Looked(Ts),
    /// Read up to the present, which was then.
    Now(Ts),
    /// Beyond this instant the source failed.
    Failed(Ts, Error),
}

impl Edge {
    /// Returns the instant up to which the side is read.
    pub fn at(&self) -> Option<Ts> {
        match self {
            Self::Unknown => None,
            Self::More(at) | Self::Looked(at) | Self::Now(at) | Self::Failed(at, _) => Some(*at),
        }
    }

    /// Returns why the side is read no further.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Failed(_, error) => Some(error),
            Self::Unknown | Self::More(_) | Self::Looked(_) | Self::Now(_) => None,
        }
    }
}

/// Everything that was cut, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Cuts {
    /// Lines that were shortened.
    pub clipped: usize,
    /// Bytes of them that are not here.
    pub clipped_bytes: u64,
    /// The same line from Loki and from the kubelet: shown once.
    pub doubles: usize,
    /// Bytes that were not UTF-8.
    pub bad_utf8: usize,
    /// Lines that came without a time of their own and have that of the line before.
    pub undated: usize,
    /// Lines that a server gave although they were not asked for, left out.
    pub stray: usize,
    /// Pods that no kubelet tells of any more, and of which Loki has no line.
    pub unreachable_pods: usize,
    /// Containers whose kubelet was not asked, because there are too many.
    pub unasked: usize,
    /// Containers whose log was longer than is read at once: their newest lines are missing.
    pub capped: usize,
    /// Containers of which only the last lines were read, and that Loki has no line of.
    pub tailed: usize,
    /// Nanoseconds with as many lines as Loki gives at once: there may be more.
    pub overfull: usize,
    /// Lines of the kubelet beyond what is read of Loki: shown once Loki is read that far.
    pub held: usize,
}

/// A count in words, for one and for many.
pub type Count = (usize, &'static str, &'static str);

impl Cuts {
    /// Adds what a further page had cut. What is held back and what was cut short is for the next page to
    /// tell, so it is left alone.
    pub fn count(&mut self, page: Self) {
        self.clipped += page.clipped;
        self.clipped_bytes += page.clipped_bytes;
        self.doubles += page.doubles;
        self.bad_utf8 += page.bad_utf8;
        self.undated += page.undated;
        self.stray += page.stray;
        self.overfull += page.overfull;
        // The same pods and containers at every page.
        self.unreachable_pods = self.unreachable_pods.max(page.unreachable_pods);
        self.unasked = self.unasked.max(page.unasked);
        self.tailed = self.tailed.max(page.tailed);
    }

    /// Returns what is more than in the page before, which had read most of the same lines.
    #[must_use]
    pub fn beyond(self, before: Self) -> Self {
        Self {
            clipped: self.clipped.saturating_sub(before.clipped),
            clipped_bytes: self.clipped_bytes.saturating_sub(before.clipped_bytes),
            doubles: self.doubles.saturating_sub(before.doubles),
            bad_utf8: self.bad_utf8.saturating_sub(before.bad_utf8),
            undated: self.undated.saturating_sub(before.undated),
            stray: self.stray.saturating_sub(before.stray),
            overfull: self.overfull.saturating_sub(before.overfull),
            ..self
        }
    }

    /// Returns what is missing: parts of lines, lines, or whole containers.
    pub fn losses(&self) -> impl Iterator<Item = Count> {
        let all = [
            (self.clipped, "shortened", "shortened"),
            (self.unreachable_pods, "pod out of reach", "pods out of reach"),
            (self.unasked, "container not asked", "containers not asked"),
            (self.capped, "container cut short", "containers cut short"),
            (self.tailed, "container with its last lines only", "containers with their last lines only"),
            (self.overfull, "nanosecond cut", "nanoseconds cut"),
            (self.held, "held back", "held back"),
        ];
        all.into_iter().filter(|c| c.0 > 0)
    }

    /// Returns what is odd about the lines that are there.
    pub fn oddities(&self) -> impl Iterator<Item = Count> {
        let all = [
            (self.bad_utf8, "bad byte", "bad bytes"),
            (self.undated, "without a time", "without a time"),
            (self.stray, "unasked and left out", "unasked and left out"),
        ];
        all.into_iter().filter(|c| c.0 > 0)
    }
}

/// The answer to a log question.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Lines, oldest first.
    pub entries: Vec<Entry>,
    /// What was asked of Loki, as LogQL.
    pub query: Safe,
    /// The window that was looked through.
    pub window: Option<Window>,
    /// What Loki said.
    pub loki: LogReach,
    /// What the kubelet said.
    pub kubelet: LogReach,
    /// How far the older side is read.
    pub older: Edge,
    /// How far the newer side is read.
    pub newer: Edge,
    /// What was cut.
    pub cuts: Cuts,
}
