//! The requests of a window that leave lines: all that failed and one in [`SAMPLE`] of the rest.
//! Owns the choice and the trace ids; never writes text.

use std::sync::Arc;

use crate::life::Nanos;
use crate::shop::archive::PodRecord;
use crate::shop::hash;
use crate::shop::profile::{Class, Mode};
use crate::shop::runs::Run;
use crate::shop::traffic::Traffic;

/// One in so many requests that did not fail leaves lines.
pub const SAMPLE: u64 = 5;

/// A request of `backend`.
pub struct Request<'a> {
    /// The pod that answered.
    pub pod: &'a Arc<PodRecord>,
    /// The run that answered.
    pub run: &'a Run,
    /// Its number within the run.
    pub n: u64,
    /// When it was answered.
    pub at: Nanos,
    /// The state that its pod was in.
    pub mode: Mode,
    /// Route, method, code.
    pub class: Class,
    /// How long it took.
    pub micros: u64,
    /// A number of its own.
    pub hash: u64,
}

impl Request<'_> {
    /// Returns the trace id: 32 hexadecimal digits.
    pub fn trace(&self) -> String {
        format!("{:016x}{:016x}", hash::mix(self.hash ^ 0x7261_6365), hash::mix(self.hash))
    }
}

/// Calls `each` for the logged requests of a run that were answered in `from ≤ t < to`.
pub fn logged<'a>(
    pod: &'a Arc<PodRecord>,
    run: &'a Run,
    traffic: &Traffic<'_>,
    from: Nanos,
    to: Nanos,
    mut each: impl FnMut(&Request<'a>),
) {
    let from = from.max(run.start);
    let to = run.end.map_or(to, |end| end.min(to));
    if from >= to {
        return;
    }
    let mut guess = from;
    for n in traffic.arrivals.numbers(from, to) {
        // The mode may change within the window, so the outcome needs the time; only requests
        // that cannot be logged in any mode are passed over without it.
        let (_, early) = traffic.outcome(n, guess);
        let sampled = n % SAMPLE == 0;
        if !sampled && traffic.plan().class(early).code < 500 {
            continue;
        }
        let at = traffic.arrivals.near(n, guess);
        guess = at;
        if at < from || at >= to {
            continue;
        }
        let (mode, outcome) = traffic.outcome(n, at);
        let class = traffic.plan().class(outcome);
        let hash = hash::of(&[pod.hash, u64::from(run.number), n]);
        each(&Request { pod, run, n, at, mode, class, micros: outcome.micros, hash });
    }
}
