//! Numbers over lines: counts in ranges, joined by labels. Owns the arithmetic; the lines come from
//! whoever calls it. Tested in `tests`.

use std::collections::BTreeMap;

use super::pipeline::ERROR;
use super::{Grouping, LogqlError, RangeOp, VectorOp};
use crate::life::Nanos;
use crate::shop::labels::Labels;

/// Lines of one label set: instants in order, with the bytes up to each.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    times: Vec<Nanos>,
    bytes: Vec<u64>,
}

/// Lines by label set.
#[derive(Default)]
pub struct Counted(BTreeMap<Labels, Lines>);

impl Counted {
    /// Adds a line; lines come in the order of time.
    ///
    /// # Errors
    /// When a stage of the pipeline failed on it.
    pub fn add(&mut self, labels: Labels, at: Nanos, bytes: usize) -> Result<(), LogqlError> {
        let error = labels.get(ERROR);
        if !error.is_empty() {
            let series = labels.to_string();
            return Err(LogqlError(format!(
                "pipeline error: '{error}' for series: '{series}'.\nUse a label filter to intentionally skip this \
                 error. (e.g | __error__!=\"{error}\").\nTo skip all potential errors you can match empty \
                 errors.(e.g __error__=\"\")\nThe label filter can also be specified after unwrap. (e.g | unwrap \
                 latency | __error__=\"\" )\n"
            )));
        }
        let lines = self.0.entry(labels).or_default();
        let before = lines.bytes.last().copied().unwrap_or(0);
        lines.times.push(at);
        lines.bytes.push(before + bytes as u64);
        Ok(())
    }

    /// Returns how many label sets there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the value of each label set that has lines in `at - range < t ≤ at`.
    pub fn at(&self, op: RangeOp, at: Nanos, range: Nanos) -> Vec<(Labels, f64)> {
        let value = |lines: &Lines| {
            let from = lines.times.partition_point(|t| *t <= at - range);
            let to = lines.times.partition_point(|t| *t <= at);
            if from == to {
                return None;
            }
            let sum = |i: usize| i.checked_sub(1).and_then(|i| lines.bytes.get(i)).copied().unwrap_or(0);
            let (count, bytes) = ((to - from) as f64, (sum(to) - sum(from)) as f64);
            let seconds = range as f64 / 1e9;
            Some(match op {
                RangeOp::Count => count,
                RangeOp::Rate => count / seconds,
                RangeOp::Bytes => bytes,
                RangeOp::BytesRate => bytes / seconds,
            })
        };
        self.0.iter().filter_map(|(labels, lines)| Some((labels.clone(), value(lines)?))).collect()
    }
}

/// Joins the series of one instant.
pub fn join(op: VectorOp, grouping: &Grouping, vector: Vec<(Labels, f64)>) -> Vec<(Labels, f64)> {
    let mut groups: BTreeMap<Labels, Vec<(Labels, f64)>> = BTreeMap::new();
    for (labels, v) in vector {
        let key = labels.keep(|n| grouping.labels.iter().any(|l| l == n) != grouping.without);
        groups.entry(key).or_default().push((labels, v));
    }
    let mut out = Vec::new();
    for (labels, mut members) in groups {
        let values = || members.iter().map(|(_, v)| *v);
        let v = match op {
            VectorOp::Sum => values().sum(),
            VectorOp::Min => values().fold(f64::INFINITY, f64::min),
            VectorOp::Max => values().fold(f64::NEG_INFINITY, f64::max),
            VectorOp::Avg => values().sum::<f64>() / members.len() as f64,
            VectorOp::Count => members.len() as f64,
            VectorOp::TopK(k) | VectorOp::BottomK(k) => {
                members.sort_by(|(_, a), (_, b)| a.total_cmp(b));
                if matches!(op, VectorOp::TopK(_)) {
                    members.reverse();
                }
                out.extend(members.into_iter().take(k));
                continue;
            }
        };
        out.push((labels, v));
    }
    out
}
