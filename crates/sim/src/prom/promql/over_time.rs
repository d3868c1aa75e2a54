//! Functions over the samples of a range. Owns the extrapolation of rates; each function sees one
//! series' window and its bounds. Tested against hand-computed values in `tests`.

use super::eval::Bounds;
use super::{Sample, histogram};

/// Returns the function's value over a window, `None` where it has none.
/// `extra` is the number that `quantile_over_time` and `predict_linear` take.
pub fn apply(name: &str, samples: &[Sample], bounds: Bounds, extra: f64) -> Option<f64> {
    let values = || samples.iter().map(|s| s.v);
    let count = samples.len() as f64;
    let (first, last) = (samples.first()?, samples.last()?);
    match name {
        "rate" => extrapolated(samples, bounds, true, true),
        "increase" => extrapolated(samples, bounds, true, false),
        "delta" => extrapolated(samples, bounds, false, false),
        "irate" | "idelta" => newest_two(samples, name == "irate"),
        "deriv" => regression(samples, first.t).map(|(slope, _)| slope),
        "predict_linear" => {
            regression(samples, bounds.end).map(|(slope, intercept)| intercept + slope * extra)
        }
        "sum_over_time" => Some(values().sum()),
        "avg_over_time" => Some(values().sum::<f64>() / count),
        "count_over_time" => Some(count),
        "min_over_time" => Some(values().fold(f64::NAN, f64::min)),
        "max_over_time" => Some(values().fold(f64::NAN, f64::max)),
        "last_over_time" => Some(last.v),
        "first_over_time" => Some(first.v),
        "present_over_time" => Some(1.0),
        "stdvar_over_time" => Some(variance(values(), count)),
        "stddev_over_time" => Some(variance(values(), count).sqrt()),
        "quantile_over_time" => Some(histogram::quantile(extra, values().collect())),
        "changes" => Some(pairs(samples, |a, b| a.total_cmp(&b).is_ne())),
        "resets" => Some(pairs(samples, |a, b| b < a)),
        _ => None,
    }
}

fn pairs(samples: &[Sample], differ: impl Fn(f64, f64) -> bool) -> f64 {
    let counted = samples.iter().zip(samples.iter().skip(1)).filter(|(a, b)| differ(a.v, b.v));
    counted.count() as f64
}

fn variance(values: impl Iterator<Item = f64> + Clone, count: f64) -> f64 {
    let mean = values.clone().sum::<f64>() / count;
    values.map(|v| (v - mean).powi(2)).sum::<f64>() / count
}

fn newest_two(samples: &[Sample], rate: bool) -> Option<f64> {
    let last = samples.last()?;
    let before = samples.get(samples.len().checked_sub(2)?)?;
    // A counter that fell began again from nothing.
    let rise = if rate && last.v < before.v { last.v } else { last.v - before.v };
    let seconds = (last.t - before.t) as f64 / 1_000.0;
    if seconds == 0.0 {
        return None;
    }
    Some(if rate { rise / seconds } else { rise })
}

/// Returns slope and intercept of the least-squares line, the intercept at `zero` (milliseconds).
fn regression(samples: &[Sample], zero: i64) -> Option<(f64, f64)> {
    if samples.len() < 2 {
        return None;
    }
    let n = samples.len() as f64;
    let (mut sx, mut sy, mut sxy, mut sxx) = (0.0, 0.0, 0.0, 0.0);
    for s in samples {
        let x = (s.t - zero) as f64 / 1_000.0;
        sx += x;
        sy += s.v;
        sxy += x * s.v;
        sxx += x * x;
    }
    let covariance = sxy - sx * sy / n;
    let spread = sxx - sx * sx / n;
    let slope = covariance / spread;
    Some((slope, sy / n - slope * sx / n))
}

/// The change over a window, stretched to the window's bounds where the samples come near them,
/// and not below zero for a counter that began within it.
fn extrapolated(samples: &[Sample], bounds: Bounds, counter: bool, per_second: bool) -> Option<f64> {
    if samples.len() < 2 {
        return None;
    }
    let (first, last) = (samples.first()?, samples.last()?);
    let mut change = last.v - first.v;
    if counter {
        let falls = samples.iter().zip(samples.iter().skip(1)).filter(|(a, b)| b.v < a.v);
        change += falls.map(|(a, _)| a.v).sum::<f64>();
    }
    let seconds = |a: i64, b: i64| (b - a) as f64 / 1_000.0;
    let sampled = seconds(first.t, last.t);
    let between = sampled / (samples.len() - 1) as f64;
    let threshold = between * 1.1;
    let mut to_start = seconds(bounds.start, first.t);
    let mut to_end = seconds(last.t, bounds.end);
    if to_start >= threshold {
        to_start = between / 2.0;
    }
    if counter && change > 0.0 && first.v >= 0.0 {
        to_start = to_start.min(sampled * (first.v / change));
    }
    if to_end >= threshold {
        to_end = between / 2.0;
    }
    let mut factor = (sampled + to_start + to_end) / sampled;
    if per_second {
        factor /= seconds(bounds.start, bounds.end);
    }
    Some(change * factor)
}
