//! The value axis: its range, its round ticks, and their labels with one unit for all.

use crate::core::num::Unit;

use super::{Plot, Stats};
use crate::ui::text::measure;

/// A value axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    log: bool,
    /// The ticks from low to high, with their labels.
    ticks: Vec<(f64, String)>,
    gutter: u16,
    /// Whether there is anything to draw.
    pub(super) any: bool,
}

impl Scale {
    /// Chooses range and ticks for the values in the window, in `rows` lines.
    pub(super) fn of(plot: &Plot<'_>, stats: &[Option<Stats>], rows: u16) -> Self {
        let log = plot.log;
        let placed = |v: &f64| v.is_finite() && (!log || *v > 0.0);
        let values = stats.iter().flatten().flat_map(|s| [s.min, s.max]);
        let all: Vec<f64> = values.chain(plot.include.iter().copied()).filter(placed).collect();
        let any = stats.iter().any(Option::is_some);
        let low = all.iter().copied().reduce(f64::min);
        let high = all.iter().copied().reduce(f64::max);
        let (low, high) = low.zip(high).unwrap_or((0.0, 1.0));
        let most = usize::from(rows / 3).clamp(2, 6);
        let (low, high, values) =
            if log { decades(low, high, most) } else { linear(low, high, plot.unit, most) };
        let labels = labels(&values, plot.unit, log);
        let widest = labels.iter().map(|l| measure::width(l)).max().unwrap_or(0);
        let ticks = values.into_iter().zip(labels).collect();
        Self { low, high, log, ticks, gutter: widest + 1, any }
    }

    /// Returns the cells at the left that labels and axis take.
    pub(super) fn gutter(&self) -> u16 {
        self.gutter
    }

    /// Returns the ticks from low to high.
    pub(super) fn ticks(&self) -> &[(f64, String)] {
        &self.ticks
    }

    /// Returns whether a value has a place on the axis.
    pub(super) fn has(&self, value: f64) -> bool {
        value.is_finite() && (!self.log || value > 0.0)
    }

    /// Returns the row of a value among `rows` rows of dots, the highest at 0.
    pub(super) fn row(&self, value: f64, rows: u16) -> u16 {
        let (low, high, value) = if self.log {
            (self.low.ln(), self.high.ln(), value.max(f64::MIN_POSITIVE).ln())
        } else {
            (self.low, self.high, value)
        };
        // Halves first: the difference of two huge numbers may be infinite.
        let part = ((high / 2.0 - value / 2.0) / (high / 2.0 - low / 2.0)).clamp(0.0, 1.0);
        (part * f64::from(rows.saturating_sub(1)) + 0.5) as u16
    }
}

/// Widens a range to round ticks; about rates and ratios zero is part of the picture.
fn linear(low: f64, high: f64, unit: Unit, most: usize) -> (f64, f64, Vec<f64>) {
    let (mut low, mut high) = (low, high);
    let from_zero = match unit {
        Unit::Ratio | Unit::PerSecond | Unit::Cores => true,
        Unit::None | Unit::Bytes | Unit::Seconds => low < high / 2.0 || low >= high,
    };
    if from_zero && low > 0.0 {
        low = 0.0;
    }
    if from_zero && high < 0.0 {
        high = 0.0;
    }
    if high <= low {
        // One value, and it is zero.
        high = low + 1.0;
    }
    let range = high - low;
    if !range.is_finite() {
        return (low, high, vec![low, high]);
    }
    let step = step(range / most as f64, unit);
    let (first, last) = ((low / step).floor(), (high / step).ceil());
    // The steps are counted, not summed up: no rounding gathers.
    let count = (last - first).clamp(1.0, 64.0) as usize;
    let ticks: Vec<f64> = (0..=count).map(|i| (first + i as f64) * step).collect();
    let (first, last) = (ticks.first().copied().unwrap_or(low), ticks.last().copied().unwrap_or(high));
    (first.min(low), last.max(high), ticks)
}

/// Returns the least round step that is not below `rough`.
fn step(rough: f64, unit: Unit) -> f64 {
    match unit {
        Unit::Bytes => {
            let base = 1024_f64.powf((rough.max(1.0).ln() / 1024_f64.ln()).floor());
            decimal(rough / base) * base
        }
        Unit::Seconds if rough >= 20.0 => {
            const ROUND: [f64; 12] = [
                30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 21_600.0, 43_200.0, 86_400.0,
            ];
            ROUND.into_iter().find(|s| *s >= rough).unwrap_or_else(|| decimal(rough / 86_400.0) * 86_400.0)
        }
        Unit::None | Unit::Ratio | Unit::Seconds | Unit::PerSecond | Unit::Cores => decimal(rough),
    }
}

/// Returns the least of 1, 2, 5 times a power of ten that is not below `rough`.
fn decimal(rough: f64) -> f64 {
    let base = 10_f64.powf(rough.log10().floor());
    if !base.is_normal() {
        return rough.max(f64::MIN_POSITIVE);
    }
    let part = rough / base;
    // A hair of tolerance: 0.2 / 0.1 is not exactly 2.
    let round = [1.0, 2.0, 5.0].into_iter().find(|r| part <= r * 1.000_001).unwrap_or(10.0);
    round * base
}

/// Widens a range to powers of ten, with a tick on each, or on every n-th when they are many.
fn decades(low: f64, high: f64, most: usize) -> (f64, f64, Vec<f64>) {
    let (low, high) = if low > 0.0 { (low, high) } else { (1.0, 10.0) };
    let first = low.log10().floor() as i32;
    let last = (high.log10().ceil() as i32).max(first + 1);
    let every = ((last - first) as usize).div_ceil(most).max(1);
    let ticks: Vec<f64> = (first..=last).step_by(every).map(|e| 10_f64.powi(e)).collect();
    (10_f64.powi(first).max(f64::MIN_POSITIVE), 10_f64.powi(last), ticks)
}

/// Returns the ticks' labels: one unit for all, as many decimals as tell them apart.
fn labels(ticks: &[f64], unit: Unit, log: bool) -> Vec<String> {
    let greatest = ticks.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    if log {
        return ticks.iter().map(|v| crate::core::num::value(*v, unit)).collect();
    }
    let (scale, suffix) = shared(greatest, unit);
    let gap = match ticks {
        [a, b, ..] => ((b - a) / scale).abs(),
        _ => 1.0,
    };
    let decimals = if gap > 0.0 && gap.is_finite() {
        (-(gap.log10() + 1e-9).floor()).clamp(0.0, 9.0) as usize
    } else {
        0
    };
    let label = |v: &f64| {
        let v = v / scale;
        // Minus zero is zero.
        let v = if v == 0.0 { 0.0 } else { v };
        if v.abs() >= 1e15 { format!("{v:.1e}{suffix}") } else { format!("{v:.decimals$}{suffix}") }
    };
    ticks.iter().map(label).collect()
}

fn shared(greatest: f64, unit: Unit) -> (f64, &'static str) {
    let pick = |table: &[(f64, &'static str)], least: (f64, &'static str)| {
        table.iter().copied().find(|(scale, _)| greatest >= *scale).unwrap_or(least)
    };
    match unit {
        Unit::None => pick(&[(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")], (1.0, "")).pipe_k(""),
        Unit::PerSecond => {
            pick(&[(1e12, "T/s"), (1e9, "G/s"), (1e6, "M/s"), (1e4, "k/s")], (1.0, "/s")).pipe_k("/s")
        }
        Unit::Ratio => (0.01, " %"),
        Unit::Bytes => {
            const K: f64 = 1024.0;
            pick(&[(K * K * K * K, " TiB"), (K * K * K, " GiB"), (K * K, " MiB"), (K, " KiB")], (1.0, " B"))
        }
        Unit::Seconds => {
            pick(&[(7200.0, "h"), (120.0, "m"), (1.0, " s"), (1e-3, " ms")], (1e-6, " µs")).time()
        }
        Unit::Cores => pick(&[(1.0, "")], (1e-3, "m")),
    }
}

/// Turns the bound at which a unit begins into its scale.
trait Begins {
    /// Thousands begin at ten thousand.
    fn pipe_k(self, suffix: &'static str) -> Self;
    /// Minutes begin at two minutes, hours at two hours.
    fn time(self) -> Self;
}

impl Begins for (f64, &'static str) {
    fn pipe_k(self, suffix: &'static str) -> Self {
        if self.1 == suffix || self.0 > 1e4 { self } else { (1e3, self.1) }
    }

    fn time(self) -> Self {
        match self.1 {
            "h" => (3600.0, "h"),
            "m" => (60.0, "m"),
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn ticks(low: f64, high: f64, unit: Unit) -> Vec<String> {
        let (_, _, ticks) = linear(low, high, unit, 4);
        labels(&ticks, unit, false)
    }

    #[test]
    fn ticks_are_round_and_share_one_unit() {
        for (low, high, unit, wanted) in [
            (0.0, 0.052, Unit::Ratio, &["0 %", "2 %", "4 %", "6 %"][..]),
            (3.0, 97.0, Unit::PerSecond, &["0/s", "50/s", "100/s"]),
            (0.0, 9.0e6, Unit::None, &["0M", "5M", "10M"]),
            (0.0, 20_000.0, Unit::None, &["0k", "5k", "10k", "15k", "20k"]),
            (0.12, 0.9, Unit::Seconds, &["0.0 s", "0.5 s", "1.0 s"]),
            (0.0, 0.28, Unit::Seconds, &["0 ms", "100 ms", "200 ms", "300 ms"]),
            (0.0, 2.8, Unit::Seconds, &["0 s", "1 s", "2 s", "3 s"]),
            (0.0, 5400.0, Unit::Seconds, &["0m", "30m", "60m", "90m"]),
            (0.0, 268_435_456.0, Unit::Bytes, &["0 MiB", "100 MiB", "200 MiB", "300 MiB"]),
            (0.0, 0.25, Unit::Cores, &["0m", "100m", "200m", "300m"]),
            (100.0, 104.0, Unit::None, &["100", "101", "102", "103", "104"]),
            (5.0, 5.0, Unit::None, &["0", "2", "4", "6"]),
            (0.0, 0.0, Unit::None, &["0.0", "0.5", "1.0"]),
            (-3.0, 3.0, Unit::None, &["-4", "-2", "0", "2", "4"]),
        ] {
            assert_eq!(ticks(low, high, unit), wanted, "{low} {high} {unit:?}");
        }
    }

    #[test]
    fn a_logarithmic_axis_has_a_tick_on_each_decade() {
        let (low, high, ticks) = decades(0.003, 42.0, 6);
        assert_eq!((low, high, ticks), (0.001, 100.0, vec![0.001, 0.01, 0.1, 1.0, 10.0, 100.0]));
    }

    proptest! {
        #[test]
        fn every_finite_range_has_a_few_ticks_around_it(a in any::<f64>(), b in any::<f64>(), bytes in any::<bool>()) {
            prop_assume!(a.is_finite() && b.is_finite());
            let unit = if bytes { Unit::Bytes } else { Unit::Seconds };
            let (low, high, ticks) = linear(a.min(b), a.max(b), unit, 4);
            prop_assert!(low <= a.min(b) && high >= a.max(b) && low < high);
            prop_assert!((2..=65).contains(&ticks.len()), "{ticks:?}");
            prop_assert!(labels(&ticks, unit, false).iter().all(|l| l.len() < 40));
        }
    }
}
