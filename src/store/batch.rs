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
    /// Whether older lines exist: known, known not to, or not known.
    pub older: Option<bool>,
    /// The same for newer ones.
    pub newer: Option<bool>,
    /// What was cut.
    pub cuts: Cuts,
}
