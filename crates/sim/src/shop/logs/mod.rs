//! The lines that the shop's containers print. Each comes from a request of `backend` (or from the
//! start of a container), carries that request's trace id through the services that it passes, and
//! is found again, to the nanosecond, whatever window is asked for.
//!
//! Owns: which lines there are and when ([`Scribe`]). Never filters by content. Tested below.

pub mod kubelet;
pub mod requests;
pub mod text;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::life::Nanos;
use crate::shop::archive::{PodRecord, Shop};
use crate::shop::runs::Run;
use crate::shop::traffic::{self, Traffic};
use crate::shop::{SECOND, hash};
use requests::Request;

/// Where a line was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// Returns `stdout` or `stderr`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// A line of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it was printed.
    pub at: Nanos,
    /// Where.
    pub stream: Stream,
    /// The line, without its end.
    pub text: String,
}

/// A line and where it belongs.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The pod.
    pub pod: Arc<PodRecord>,
    /// The number of the container's run.
    pub run: u32,
    /// The line.
    pub line: Line,
    /// Decides between lines of one pod at one instant: the same in every window.
    order: (u64, u64, u32),
}

/// How far a line may lie before its request's end: `catalog` and `payments` answer before
/// `backend` does.
const LEAD: Nanos = 11 * SECOND;
/// How far a line may lie after its request's end.
const TRAIL: Nanos = 5_000_000;
/// How often a container near its memory limit warns.
const WARN_EVERY: Nanos = 15 * SECOND;

/// Writes the lines of a window; made once per question.
pub struct Scribe<'a> {
    shop: &'a Shop,
    backends: Vec<(Arc<PodRecord>, Vec<Option<Traffic<'a>>>)>,
    others: Vec<Arc<PodRecord>>,
}

impl<'a> Scribe<'a> {
    /// Prepares the lines of a time span.
    pub fn new(shop: &'a Shop, from: Nanos, to: Nanos) -> Self {
        let mut backends = Vec::new();
        let mut others = Vec::new();
        let near =
            |p: &&Arc<PodRecord>| p.since < to + LEAD && p.life.ended.is_none_or(|end| end >= from - LEAD);
        for pod in shop.pods().filter(near) {
            if pod.life.service == "backend" {
                let traffic = pod.runs.iter().map(|run| Traffic::new(shop, pod, run)).collect();
                backends.push((pod.clone(), traffic));
            } else if shop.plan(&pod.life.service).is_some() {
                others.push(pod.clone());
            }
        }
        Self { shop, backends, others }
    }

    /// Returns the lines in `from ≤ t < to` of the pods that `wanted` names, sorted by time and,
    /// within a pod, by the order in which they were printed.
    pub fn window(&self, from: Nanos, to: Nanos, wanted: impl Fn(&PodRecord) -> bool) -> Vec<Entry> {
        let mut out = Vec::new();
        for pod in self.backends.iter().map(|(p, _)| p).chain(&self.others).filter(|p| wanted(p)) {
            self.own_lines(pod, from, to, &mut out);
        }
        let downstream = self.others.iter().any(|p| p.life.service != "frontend" && wanted(p));
        for (pod, traffic) in &self.backends {
            let reach = if downstream { LEAD } else { 0 };
            for (run, traffic) in pod.runs.iter().zip(traffic) {
                let Some(traffic) = traffic else { continue };
                requests::logged(pod, run, traffic, from - TRAIL, to + reach, |request| {
                    self.request(request, &wanted, &mut out);
                });
            }
        }
        out.retain(|e| from <= e.line.at && e.line.at < to);
        out.sort_by_key(|e| (e.line.at, e.order));
        out
    }

    fn request(&self, request: &Request<'_>, wanted: &impl Fn(&PodRecord) -> bool, out: &mut Vec<Entry>) {
        if wanted(request.pod) {
            for (i, line) in text::backend(request).into_iter().enumerate() {
                let order = (1, request.n, i as u32);
                out.push(Entry { pod: request.pod.clone(), run: request.run.number, line, order });
            }
        }
        let h = request.hash;
        if h % 3 < 2 {
            // One in sixteen is stamped with the very instant of the line behind it.
            let after = if h % 16 == 5 { 0 } else { 200_000 + (h >> 8) as i64 % 700_000 };
            self.passed(request, "frontend", request.at + after, wanted, out, text::frontend);
        }
        let spent = request.micros as i64 * 1_000;
        if request.class.route != "/auth/whoami" {
            self.passed(request, "catalog", request.at - spent * 2 / 3, wanted, out, text::catalog);
        }
        if request.class.route == "/orders/" {
            self.passed(request, "payments", request.at - spent / 3, wanted, out, text::payments);
        }
    }

    fn passed(
        &self,
        request: &Request<'_>,
        service: &str,
        at: Nanos,
        wanted: &impl Fn(&PodRecord) -> bool,
        out: &mut Vec<Entry>,
        write: fn(&Request<'_>, Nanos) -> Line,
    ) {
        let namespace = &request.pod.life.namespace;
        let there = |p: &&Arc<PodRecord>| {
            p.life.service == service && p.life.namespace == *namespace && p.run_at(at).is_some()
        };
        let count = self.others.iter().filter(there).count() as u64;
        let Some(pick) = (request.hash >> 20).checked_rem(count) else { return };
        let Some(pod) = self.others.iter().filter(there).nth(pick as usize).filter(|p| wanted(p)) else {
            return;
        };
        let run = pod.run_at(at).map_or(0, |r| r.number);
        let order = (2, request.hash, 0);
        out.push(Entry { pod: pod.clone(), run, line: write(request, at), order });
    }

    fn own_lines(&self, pod: &Arc<PodRecord>, from: Nanos, to: Nanos, out: &mut Vec<Entry>) {
        for run in &pod.runs {
            let mut push = |i: u32, line| {
                out.push(Entry { pod: pod.clone(), run: run.number, line, order: (0, 0, i) });
            };
            if run.start + SECOND >= from && run.start < to {
                for (i, line) in text::started(pod, run).into_iter().enumerate() {
                    push(i as u32, line);
                }
            }
            for at in warnings(run, from, to) {
                let used = traffic::memory_bytes(pod, run, self.shop.speed, at);
                if used > 0.8 * traffic::memory_limit(pod) {
                    push(100, text::memory(pod, used, at));
                }
            }
        }
    }
}

/// Returns the instants within a window at which a run looks at its memory.
fn warnings(run: &Run, from: Nanos, to: Nanos) -> impl Iterator<Item = Nanos> {
    let end = run.end.map_or(to, |end| end.min(to));
    let first = (from - run.start).max(WARN_EVERY);
    let step = first.div_euclid(WARN_EVERY) + i64::from(first.rem_euclid(WARN_EVERY) != 0);
    let start = run.start;
    (step..)
        .map(move |i| start + i * WARN_EVERY + (hash::mix(i as u64) % 1_000_000) as i64)
        .take_while(move |at| *at < end)
}

/// Returns the lines of one container in `from ≤ t < to`, of one run or of all.
pub fn container(shop: &Shop, uid: &str, run: Option<u32>, from: Nanos, to: Nanos) -> Vec<Line> {
    let scribe = Scribe::new(shop, from, to);
    let mut entries = scribe.window(from, to, |p| p.life.uid == uid);
    entries.retain(|e| run.is_none_or(|r| r == e.run));
    entries.into_iter().map(|e| e.line).collect()
}
