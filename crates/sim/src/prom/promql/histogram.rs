//! Quantiles: of plain values and of classic histograms. Tested in `tests`.

use std::collections::BTreeMap;

use crate::shop::labels::{Labels, NAME};

/// Returns the quantile of values, interpolated between neighbours.
pub fn quantile(q: f64, mut values: Vec<f64>) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    values.sort_by(f64::total_cmp);
    let rank = q * (values.len() - 1) as f64;
    let low = rank.floor().max(0.0) as usize;
    let high = (low + 1).min(values.len() - 1);
    let weight = rank - rank.floor();
    match (values.get(low), values.get(high)) {
        (Some(a), Some(b)) => a * (1.0 - weight) + b * weight,
        _ => f64::NAN,
    }
}

/// Returns `histogram_quantile` of a vector of classic buckets.
pub fn of_buckets(q: f64, vector: Vec<(Labels, f64)>) -> Vec<(Labels, f64)> {
    let mut groups: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
    for (labels, count) in vector {
        let Some(bound) = bound(labels.get("le")) else { continue };
        groups.entry(labels.keep(|n| n != "le" && n != NAME)).or_default().push((bound, count));
    }
    groups.into_iter().map(|(labels, buckets)| (labels, buckets_quantile(q, buckets))).collect()
}

fn bound(le: &str) -> Option<f64> {
    match le {
        "+Inf" | "Inf" | "inf" | "+inf" => Some(f64::INFINITY),
        other => other.parse().ok(),
    }
}

/// Returns the quantile of buckets of (upper bound, cumulative count).
pub fn buckets_quantile(q: f64, mut buckets: Vec<(f64, f64)>) -> f64 {
    if q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut merged: Vec<(f64, f64)> = Vec::with_capacity(buckets.len());
    for (bound, count) in buckets {
        match merged.last_mut() {
            Some(last) if last.0.total_cmp(&bound).is_eq() => last.1 += count,
            _ => merged.push((bound, count)),
        }
    }
    // Rates of buckets may fall short of the one before by a rounding: lift them.
    let mut highest = f64::NEG_INFINITY;
    for bucket in &mut merged {
        highest = highest.max(bucket.1);
        bucket.1 = highest;
    }
    let Some(&(top, all)) = merged.last() else { return f64::NAN };
    if top != f64::INFINITY || merged.len() < 2 || all == 0.0 || all.is_nan() {
        return f64::NAN;
    }
    let rank = q * all;
    let at = merged.partition_point(|(_, count)| *count < rank).min(merged.len() - 1);
    let previous = at.checked_sub(1).and_then(|i| merged.get(i)).copied();
    if at == merged.len() - 1 {
        return previous.map_or(f64::NAN, |(bound, _)| bound);
    }
    let Some(&(end, count)) = merged.get(at) else { return f64::NAN };
    match previous {
        None if end <= 0.0 => end,
        None => end * (rank / count),
        Some((start, before)) => start + (end - start) * ((rank - before) / (count - before)),
    }
}
