//! What a log question brought: lines in order, the reach of each source, and everything that was cut.

use super::logs::Entry;
use crate::core::{Error, Safe, Ts, Window};

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
    /// Pods that are gone and out of every source's reach.
    pub unreachable_pods: usize,
}

impl Cuts {
    /// Adds what another page had cut.
    pub fn count(&mut self, page: Self) {
        self.clipped += page.clipped;
        self.clipped_bytes += page.clipped_bytes;
        self.doubles += page.doubles;
        self.bad_utf8 += page.bad_utf8;
        self.unreachable_pods = self.unreachable_pods.max(page.unreachable_pods);
    }

    /// Returns what is more than in the page before, which had read most of the same lines.
    #[must_use]
    pub fn beyond(self, before: Self) -> Self {
        Self {
            clipped: self.clipped.saturating_sub(before.clipped),
            clipped_bytes: self.clipped_bytes.saturating_sub(before.clipped_bytes),
            doubles: self.doubles.saturating_sub(before.doubles),
            bad_utf8: self.bad_utf8.saturating_sub(before.bad_utf8),
            unreachable_pods: self.unreachable_pods,
        }
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
