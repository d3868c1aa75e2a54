//! Where Loki's entries come from: the shop's lines as streams with Promtail's labels. Owns the
//! labels, what is kept and how windows are gone through; never parses queries. Tested in `tests`.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::logql::Selector;
use crate::life::Nanos;
use crate::shop::labels::Labels;
use crate::shop::logs::{Entry, Scribe, Stream};
use crate::shop::profile::{Mode, own_mode};
use crate::shop::{Feed, PodRecord, SECOND, Shop};

/// How far back lines are kept.
const KEPT: Nanos = 6 * 3_600 * SECOND;
/// How long a line takes from a container into the store.
const LAG: Nanos = SECOND;
/// The first step through a window, and the largest.
const STEPS: (Nanos, Nanos) = (10 * SECOND, 300 * SECOND);

/// Returns the labels with which Promtail ships a container's lines.
pub fn promtail(pod: &PodRecord, run: u32, stream: Stream) -> Labels {
    let life = &pod.life;
    let folder = format!("{}_{}_{}", life.namespace, life.name, life.uid);
    Labels::new([
        ("namespace", life.namespace.as_str()),
        ("pod", &life.name),
        ("container", &life.service),
        ("node_name", &life.node),
        ("app", &life.service),
        ("job", &format!("{}/{}", life.namespace, life.service)),
        ("stream", stream.name()),
        ("filename", &format!("/var/log/pods/{folder}/{}/{run}.log", life.service)),
    ])
}

/// An entry of a stream.
pub struct Stored {
    /// When it was printed.
    pub at: Nanos,
    /// Its stream.
    pub stream: Labels,
    /// The line.
    pub line: String,
}

/// The store at one instant.
pub struct Source {
    shop: Arc<Shop>,
    /// The first instant that is kept.
    pub first: Nanos,
    /// The instant up to which lines have arrived.
    pub last: Nanos,
}

/// Which way a window is gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the oldest.
    Forward,
    /// From the newest.
    Backward,
}

impl Source {
    /// Returns what is stored now.
    pub fn now(feed: &Feed) -> Self {
        let now = feed.now();
        Self { shop: feed.shop(), first: now - KEPT, last: now - LAG }
    }

    /// Calls `take` with the entries in `start ≤ t < end` of the streams that match, in order,
    /// until it returns `false`.
    pub fn each<E>(
        &self,
        selector: &Selector,
        (start, end): (Nanos, Nanos),
        direction: Direction,
        mut take: impl FnMut(Stored) -> Result<bool, E>,
    ) -> Result<(), E> {
        let (mut start, mut end) = (start.max(self.first), end.min(self.last));
        let mut step = STEPS.0;
        let mut streams = Streams { selector, known: HashMap::new() };
        let scribe = Scribe::new(&self.shop, start, end);
        while start < end {
            let (from, to) = match direction {
                Direction::Forward => (start, (start + step).min(end)),
                Direction::Backward => ((end - step).max(start), end),
            };
            let mut entries = scribe.window(from, to, |p| streams.concern(p));
            if direction == Direction::Backward {
                entries.reverse();
            }
            for entry in entries {
                let Some(stream) = streams.of(&entry) else { continue };
                if !take(Stored { at: entry.line.at, stream, line: entry.line.text })? {
                    return Ok(());
                }
            }
            match direction {
                Direction::Forward => start = to,
                Direction::Backward => end = from,
            }
            step = (step * 2).min(STEPS.1);
        }
        Ok(())
    }

    /// Returns the streams that may have lines in a window.
    pub fn streams(&self, selectors: &[Selector], start: Nanos, end: Nanos) -> BTreeSet<Labels> {
        let (start, end) = (start.max(self.first), end.min(self.last));
        let mut found = BTreeSet::new();
        for pod in self.shop.pods().filter(|p| self.shop.plan(&p.life.service).is_some()) {
            let runs = pod.runs.iter().filter(|r| r.start < end && r.end.is_none_or(|e| e > start));
            for run in runs {
                for stream in [Stream::Stdout, Stream::Stderr] {
                    let labels = stored(promtail(pod, run.number, stream));
                    let wanted = selectors.is_empty() || selectors.iter().any(|s| s.matches(&labels));
                    if wanted && (stream == Stream::Stdout || talks_of_errors(pod, run.start, start)) {
                        found.insert(labels);
                    }
                }
            }
        }
        found
    }

    /// Estimates streams, entries and bytes of a window, from a sample of it.
    pub fn stats(&self, selector: &Selector, start: Nanos, end: Nanos) -> (usize, u64, u64) {
        let (start, end) = (start.max(self.first), end.min(self.last));
        if start >= end {
            return (0, 0, 0);
        }
        let streams = self.streams(std::slice::from_ref(selector), start, end).len();
        let sample = (end - start).min(60 * SECOND);
        let (mut entries, mut bytes) = (0u64, 0u64);
        let window = (end - sample, end);
        let counted: Result<(), std::convert::Infallible> =
            self.each(selector, window, Direction::Forward, |entry| {
                entries += 1;
                bytes += entry.line.len() as u64;
                Ok(true)
            });
        let Ok(()) = counted;
        let scale = (end - start) as f64 / sample as f64;
        (streams, (entries as f64 * scale) as u64, (bytes as f64 * scale) as u64)
    }
}

/// Whether a pod's standard error has lines: failures of a bad version, or nginx's start.
fn talks_of_errors(pod: &PodRecord, started: Nanos, start: Nanos) -> bool {
    match pod.life.service.as_str() {
        "backend" => own_mode("backend", &pod.life.version) != Mode::Good || started >= start - SECOND,
        "frontend" => started >= start - SECOND,
        _ => false,
    }
}

/// Returns the labels as Loki stores them: it adds the service's name.
fn stored(labels: Labels) -> Labels {
    let app = labels.get("app").to_owned();
    labels.with("service_name", &app)
}

/// The labels of streams, made once each.
struct Streams<'a> {
    selector: &'a Selector,
    known: HashMap<(String, u32, Stream), Option<Labels>>,
}

impl Streams<'_> {
    /// Whether any stream of a pod may match.
    fn concern(&self, pod: &PodRecord) -> bool {
        let labels = stored(promtail(pod, 0, Stream::Stdout));
        let varies = |name: &str| name == "stream" || name == "filename";
        self.selector.0.iter().all(|m| varies(&m.name) || m.accepts(labels.get(&m.name)))
    }

    fn of(&mut self, entry: &Entry) -> Option<Labels> {
        let key = (entry.pod.life.uid.clone(), entry.run, entry.line.stream);
        let selector = self.selector;
        let make = || {
            let labels = stored(promtail(&entry.pod, entry.run, entry.line.stream));
            selector.matches(&labels).then_some(labels)
        };
        self.known.entry(key).or_insert_with(make).clone()
    }
}
