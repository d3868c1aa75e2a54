//! The one module that prints numbers: counts, percentages, bytes, rates, ages.

use super::time::{Span, Ts};

/// Prints a count with separators: `5,032`.
pub fn count(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Prints a count with its noun, `1 pod`, `5,032 pods`.
pub fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// How a value is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// A plain number.
    #[default]
    None,
    /// 0.05 is 5 %.
    Ratio,
    /// Bytes, by 1024.
    Bytes,
    /// Seconds.
    Seconds,
    /// Something a second.
    PerSecond,
    /// Cores of CPU.
    Cores,
}

/// Prints a value of a unit in about four significant figures: `5.2 %`, `1.5 MiB`, `280 ms`, `12.3/s`.
pub fn value(v: f64, unit: Unit) -> String {
    if v.is_nan() {
        return "NaN".to_owned();
    }
    if v.is_infinite() {
        return if v > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    match unit {
        Unit::None => si(v, ""),
        Unit::Ratio => format!("{} %", figures(v * 100.0)),
        Unit::Bytes => bytes(v),
        Unit::Seconds => seconds(v),
        Unit::PerSecond => format!("{}/s", si(v, "")),
        Unit::Cores => {
            if v.abs() < 1.0 && v != 0.0 {
                format!("{}m", figures(v * 1000.0))
            } else {
                figures(v)
            }
        }
    }
}

/// Prints three significant figures without needless zeros.
pub fn figures(v: f64) -> String {
    let a = v.abs();
    let text = if a == 0.0 {
        "0".to_owned()
    } else if a >= 100.0 {
        format!("{v:.0}")
    } else if a >= 10.0 {
        format!("{v:.1}")
    } else if a >= 0.01 {
        format!("{v:.2}")
    } else if a >= 0.000_1 {
        format!("{v:.4}")
    } else {
        format!("{v:.1e}")
    };
    if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

fn si(v: f64, suffix: &str) -> String {
    for (scale, prefix) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")] {
        if v.abs() >= scale {
            let scale = if prefix == "k" { 1e3 } else { scale };
            return format!("{}{prefix}{suffix}", figures(v / scale));
        }
    }
    format!("{}{suffix}", figures(v))
}

fn bytes(v: f64) -> String {
    for (scale, unit) in
        [(1_099_511_627_776.0, "TiB"), (1_073_741_824.0, "GiB"), (1_048_576.0, "MiB"), (1_024.0, "KiB")]
    {
        if v.abs() >= scale {
            return format!("{} {unit}", figures(v / scale));
        }
    }
    format!("{} B", figures(v))
}

fn seconds(v: f64) -> String {
    let a = v.abs();
    if a == 0.0 {
        "0 s".to_owned()
    } else if a < 1e-3 {
        format!("{} µs", figures(v * 1e6))
    } else if a < 1.0 {
        format!("{} ms", figures(v * 1e3))
    } else if a < 120.0 {
        format!("{} s", figures(v))
    } else {
        Span((v * 1e9) as i64 / 1_000_000_000 * 1_000_000_000).to_string()
    }
}

/// Prints an age as kubectl does: `45s`, `5m30s`, `45m`, `3h12m`, `26h`, `5d3h`, `40d`, `2y30d`.
///
/// The thresholds are those of `k8s.io/apimachinery/pkg/util/duration.HumanDuration`.
pub fn age(span: Span) -> String {
    let s = span.as_secs();
    if s < -1 {
        return "<invalid>".to_owned();
    }
    let s = s.max(0);
    let two =
        |a: i64, x: &str, b: i64, y: &str| if b == 0 { format!("{a}{x}") } else { format!("{a}{x}{b}{y}") };
    let (m, h) = (s / 60, s / 3600);
    if s < 120 {
        format!("{s}s")
    } else if m < 10 {
        two(m, "m", s % 60, "s")
    } else if m < 180 {
        format!("{m}m")
    } else if h < 8 {
        two(h, "h", m % 60, "m")
    } else if h < 48 {
        format!("{h}h")
    } else if h < 192 {
        two(h / 24, "d", h % 24, "h")
    } else if h < 24 * 365 * 2 {
        format!("{}d", h / 24)
    } else if h < 24 * 365 * 8 {
        two(h / 24 / 365, "y", h / 24 % 365, "d")
    } else {
        format!("{}y", h / 24 / 365)
    }
}

/// Prints how long ago an instant was: `4s ago`, `in 2m`, `now`.
pub fn ago(ts: Ts, now: Ts) -> String {
    let span = now - ts;
    if span.0 < -1_000_000_000 {
        format!("in {}", age(Span(-span.0)))
    } else if span.as_secs() <= 0 {
        "now".to_owned()
    } else {
        format!("{} ago", age(span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_written_out_with_separators() {
        assert_eq!(
            [count(0), count(999), count(5_032), count(1_234_567)],
            ["0", "999", "5,032", "1,234,567"].map(str::to_owned)
        );
        assert_eq!(counted(1, "pod", "pods"), "1 pod");
    }

    #[test]
    fn values_carry_their_unit() {
        for (v, unit, shown) in [
            (0.052, Unit::Ratio, "5.2 %"),
            (0.01, Unit::Ratio, "1 %"),
            (268_435_456.0, Unit::Bytes, "256 MiB"),
            (0.28, Unit::Seconds, "280 ms"),
            (2.8, Unit::Seconds, "2.8 s"),
            (5400.0, Unit::Seconds, "1h30m"),
            (12.34, Unit::PerSecond, "12.3/s"),
            (0.25, Unit::Cores, "250m"),
            (14.4, Unit::None, "14.4"),
            (1_234_567.0, Unit::None, "1.23M"),
            (f64::NAN, Unit::None, "NaN"),
            (f64::INFINITY, Unit::Ratio, "+Inf"),
        ] {
            assert_eq!(value(v, unit), shown);
        }
    }

    #[test]
    fn ages_change_their_unit_where_kubectl_does() {
        for (s, shown) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (599, "9m59s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_800, "3h"),
            (11_520, "3h12m"),
            (28_800, "8h"),
            (172_799, "47h"),
            (172_800, "2d"),
            (176_400, "2d1h"),
            (691_200, "8d"),
            (63_071_999, "729d"),
            (63_072_000, "2y"),
            (65_664_000, "2y30d"),
            (252_288_000, "8y"),
        ] {
            assert_eq!(age(Span::secs(s)), shown, "{s}");
        }
        assert_eq!(age(Span::secs(-5)), "<invalid>");
        assert_eq!(ago(Ts::from_secs(10), Ts::from_secs(14)), "4s ago");
    }
}
