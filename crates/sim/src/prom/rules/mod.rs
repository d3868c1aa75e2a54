//! Alerting rules: read from the same file as a real Prometheus reads, evaluated at their interval,
//! from pending to firing to gone.
//!
//! Owns the rules ([`file`]), their state ([`state`]), the templates of annotations ([`template`])
//! and the evaluation ([`RuleBook`]). Never notifies: whoever shows alerts asks. Tested in `tests`.

pub mod file;
pub mod state;
pub mod template;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use super::promql::{self, LOOK_BACK, QueryError, Series, Value};
use super::store::{Recorded, Snapshot};
use crate::life::Nanos;
use crate::shop::Feed;
use crate::shop::labels::Labels;
use file::Group;
use state::{Alert, RuleState};

const MILLI: i64 = 1_000_000;
/// How far back the rules are evaluated before the stand's start.
const HISTORY: i64 = 3 * 3_600_000;
/// How much of it is evaluated at the rules' own interval.
const CLOSE: i64 = 12 * 60_000;
/// The interval before that: less than the look-back, so that series have no holes.
const COARSE: i64 = 4 * 60_000;

/// The rules of the shop, as every Prometheus of the project reads them.
pub const SHOP_RULES: &str = include_str!("../../../../../testbed/rules/momo-store.yaml");

/// A group at work.
pub struct RunningGroup {
    /// What the file says, durations already divided by the speed.
    pub group: Group,
    /// The state of each of its rules.
    pub rules: Vec<RuleState>,
    /// When it was last evaluated, in milliseconds; 0 for never.
    pub evaluated: i64,
}

struct Book {
    groups: Vec<RunningGroup>,
}

/// The rules of a stand and their state; shared by the simulated Prometheus and Alertmanager.
#[derive(Clone)]
pub struct RuleBook {
    book: Arc<Mutex<Book>>,
    recorded: Arc<Recorded>,
    feed: Feed,
}

impl RuleBook {
    /// Reads the shop's rules and evaluates the hours before the stand's start, so that what fires
    /// has been firing. Takes a while: not for a thread that must answer.
    ///
    /// # Errors
    /// When the rules cannot be read.
    pub fn new(feed: Feed) -> Result<Self, file::RuleError> {
        let speed = feed.shop().speed;
        Self::with(feed, file::parse(SHOP_RULES, speed)?)
    }

    /// The same for other rules.
    ///
    /// # Errors
    /// Never for rules that were parsed.
    pub fn with(feed: Feed, groups: Vec<Group>) -> Result<Self, file::RuleError> {
        let recorded = Arc::new(Recorded::default());
        let running = groups.into_iter().map(|group| RunningGroup {
            rules: group.rules.iter().map(|_| RuleState::default()).collect(),
            group,
            evaluated: 0,
        });
        let mut groups: Vec<RunningGroup> = running.collect();
        // Told in the order of their names, as Prometheus does.
        groups.sort_by(|a, b| a.group.name.cmp(&b.group.name));
        let book = Book { groups };
        let this = Self { book: Arc::new(Mutex::new(book)), recorded, feed };
        this.back_fill();
        Ok(this)
    }

    /// Returns the samples known now, after evaluating what was due.
    pub fn snapshot(&self) -> Snapshot {
        self.advance();
        self.unevaluated(self.feed.now())
    }

    fn unevaluated(&self, now: Nanos) -> Snapshot {
        Snapshot { shop: self.feed.shop(), now, recorded: self.recorded.clone() }
    }

    /// Evaluates whatever is due by now.
    pub fn advance(&self) {
        let now = self.feed.now();
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = self.unevaluated(now);
        let now = now / MILLI;
        for running in &mut book.groups {
            let step = running.group.interval;
            // After a long sleep only the last hour is made up for.
            running.evaluated = running.evaluated.max(now - 3_600_000);
            let mut at = (running.evaluated / step + 1) * step;
            while at <= now {
                evaluate(running, &snapshot, &self.recorded, at, i64::MAX);
                at += step;
            }
        }
    }

    fn back_fill(&self) {
        let start = self.feed.start.min(self.feed.now());
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = self.unevaluated(start);
        let start = start / MILLI;
        for running in &mut book.groups {
            let step = running.group.interval;
            let close = (start - CLOSE).div_euclid(step) * step;
            // Nothing has happened hours ago: now and then is enough, and rules that look far back
            // are left to the close past.
            let mut at = (start - HISTORY).div_euclid(step) * step;
            while at < close {
                evaluate(running, &snapshot, &self.recorded, at, LOOK_BACK);
                at += COARSE.max(step).div_euclid(step) * step;
            }
            past(running, &snapshot, &self.recorded, close, start, step);
        }
    }

    /// Calls `look` with every group, evaluated up to now.
    pub fn look<T>(&self, look: impl FnOnce(&[RunningGroup]) -> T) -> T {
        self.advance();
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        look(&book.groups)
    }

    /// Returns every active alert (pending and firing) with its rule's name.
    pub fn alerts(&self) -> Vec<Alert> {
        self.look(|groups| {
            let rules = groups.iter().flat_map(|g| &g.rules);
            rules.flat_map(RuleState::active).cloned().collect()
        })
    }

    /// Returns the clock and lives that the rules follow.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }
}

/// Evaluates the rules of a group that look back no further than `reach`, at one instant.
fn evaluate(running: &mut RunningGroup, snapshot: &Snapshot, recorded: &Recorded, at: i64, reach: i64) {
    let rules = running.group.rules.iter().zip(&mut running.rules);
    for (rule, state) in rules.filter(|(rule, _)| rule.reach <= reach) {
        let result = promql::instant(snapshot, &rule.expr, at);
        match result.and_then(vector) {
            Ok(vector) => recorded.append(at, state.step(rule, vector, at)),
            Err(error) => state.failed(at, &error),
        }
    }
    running.evaluated = at;
}

fn vector(value: Value) -> Result<Vec<(Labels, f64)>, QueryError> {
    match value {
        Value::Vector(vector) => Ok(vector),
        Value::Scalar(v) => Ok(vec![(Labels::default(), v)]),
        _ => Err(QueryError::Execution("rule result is not a vector or scalar".into())),
    }
}

/// Evaluates a group over the past: one range query for each rule, then its state step by step.
fn past(running: &mut RunningGroup, snapshot: &Snapshot, recorded: &Recorded, from: i64, to: i64, step: i64) {
    for (rule, state) in running.group.rules.iter().zip(&mut running.rules) {
        let series = match promql::range(snapshot, &rule.expr, from, to, step) {
            Ok(series) => series,
            Err(error) => {
                state.failed(to, &error);
                continue;
            }
        };
        let mut next = vec![0usize; series.len()];
        let mut at = from;
        while at <= to {
            let vector = series.iter().zip(&mut next).filter_map(|(s, i)| take(s, i, at)).collect();
            recorded.append(at, state.step(rule, vector, at));
            at += step;
        }
    }
    running.evaluated = from + (to - from).max(0) / step * step;
}

fn take(series: &Series, next: &mut usize, at: i64) -> Option<(Labels, f64)> {
    let sample = series.samples.get(*next).filter(|s| s.t == at)?;
    *next += 1;
    Some((series.labels.clone(), sample.v))
}
