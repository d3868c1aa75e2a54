//! Templates of labels and annotations: the part of Go's templates that rules use, with
//! Prometheus' functions for numbers. What is not held is shown as the error it would be.

use crate::prom::promql::number;
use crate::shop::labels::Labels;

/// Fills in a template with a result's labels and value.
pub fn expand(text: &str, labels: &Labels, value: f64) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((action, tail)) = after.split_once("}}") else {
            return format!("<error expanding template: unclosed action in {text:?}>");
        };
        match evaluate(action.trim().trim_matches('-').trim(), labels, value) {
            Ok(filled) => out.push_str(&filled),
            Err(why) => return format!("<error expanding template: {why}>"),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

enum Term {
    Text(String),
    Number(f64),
}

fn evaluate(action: &str, labels: &Labels, value: f64) -> Result<String, String> {
    let mut stages = split(action).into_iter();
    let first = stages.next().unwrap_or_default();
    let words: Vec<&str> = first.split_whitespace().collect();
    let mut term = match words.as_slice() {
        [operand] => operand_of(operand, labels, value)?,
        [function, operand] => apply(function, &operand_of(operand, labels, value)?)?,
        [function, format, operand] if *function == "printf" => {
            print(format, &operand_of(operand, labels, value)?)?
        }
        _ => return Err(format!("the demo stand does not hold {action:?}")),
    };
    for stage in stages {
        let words: Vec<&str> = stage.split_whitespace().collect();
        term = match words.as_slice() {
            [function] => apply(function, &term)?,
            [function, format] if *function == "printf" => print(format, &term)?,
            _ => return Err(format!("the demo stand does not hold {stage:?}")),
        };
    }
    Ok(match term {
        Term::Text(text) => text,
        Term::Number(n) => number(n),
    })
}

fn split(action: &str) -> Vec<&str> {
    action.split('|').map(str::trim).collect()
}

fn operand_of(operand: &str, labels: &Labels, value: f64) -> Result<Term, String> {
    let label = operand.strip_prefix("$labels.").or_else(|| operand.strip_prefix(".Labels."));
    match (operand, label) {
        (_, Some(name)) => Ok(Term::Text(labels.get(name).to_owned())),
        ("$value" | ".Value", _) => Ok(Term::Number(value)),
        _ => operand
            .strip_prefix('"')
            .and_then(|o| o.strip_suffix('"'))
            .map(|text| Term::Text(text.to_owned()))
            .ok_or_else(|| format!("the demo stand does not hold {operand:?}")),
    }
}

fn number_of(term: &Term) -> Result<f64, String> {
    match term {
        Term::Number(n) => Ok(*n),
        Term::Text(text) => text.parse().map_err(|_| format!("{text:?} is not a number")),
    }
}

fn apply(function: &str, term: &Term) -> Result<Term, String> {
    if let (Term::Text(text), "toUpper" | "toLower" | "title") = (term, function) {
        return Ok(Term::Text(match function {
            "toUpper" => text.to_uppercase(),
            "toLower" => text.to_lowercase(),
            _ => title(text),
        }));
    }
    let v = number_of(term)?;
    Ok(Term::Text(match function {
        "humanize" => humanize(v, 1_000.0),
        "humanize1024" => humanize(v, 1_024.0),
        "humanizeDuration" => duration(v),
        "humanizePercentage" => format!("{}%", four(v * 100.0)),
        "value" => number(v),
        _ => return Err(format!("function {function:?} not defined")),
    }))
}

fn title(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |c| c.to_uppercase().chain(chars).collect())
}

fn print(format: &str, term: &Term) -> Result<Term, String> {
    let format = format.trim_matches('"');
    let start = format.find('%').ok_or_else(|| format!("no verb in {format:?}"))?;
    let (before, rest) = (format.get(..start).unwrap_or(""), format.get(start + 1..).unwrap_or(""));
    let end = rest.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(|| format!("no verb in {format:?}"))?;
    let (flags, verb) = (rest.get(..end).unwrap_or(""), rest.get(end..=end).unwrap_or(""));
    let after = rest.get(end + 1..).unwrap_or("").replace("%%", "%");
    let digits = flags.strip_prefix('.').and_then(|d| d.parse::<usize>().ok()).unwrap_or(6).min(20);
    let text = match verb {
        "f" => format!("{:.digits$}", number_of(term)?),
        "d" => format!("{:.0}", number_of(term)?),
        "s" | "v" | "g" => match term {
            Term::Text(text) => text.clone(),
            Term::Number(n) => number(*n),
        },
        _ => return Err(format!("the demo stand does not hold the verb %{verb}")),
    };
    Ok(Term::Text(format!("{before}{text}{after}")))
}

/// Returns a number in four significant digits, as Go's `%.4g` writes it.
fn four(v: f64) -> String {
    if v == 0.0 || !v.is_finite() {
        return if v.is_nan() { "NaN".into() } else { number(v) };
    }
    let scientific = format!("{v:.3e}");
    let exponent: i32 = scientific.split('e').nth(1).and_then(|e| e.parse().ok()).unwrap_or(0);
    if !(-4..4).contains(&exponent) {
        let digits = scientific.split('e').next().unwrap_or("0");
        let digits =
            if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
        return format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs());
    }
    let text = format!("{v:.*}", usize::try_from(3 - exponent).unwrap_or(0));
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn humanize(v: f64, base: f64) -> String {
    if v == 0.0 || !v.is_finite() {
        return four(v);
    }
    let (large, small): (&[&str], &[&str]) = if base > 1_000.0 {
        (&["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"], &[])
    } else {
        (&["k", "M", "G", "T", "P", "E", "Z", "Y"], &["m", "u", "n", "p", "f", "a", "z", "y"])
    };
    let (mut v, mut prefix) = (v, "");
    if v.abs() >= 1.0 {
        for p in large {
            if v.abs() < base {
                break;
            }
            (prefix, v) = (p, v / base);
        }
    } else {
        for p in small {
            if v.abs() >= 1.0 {
                break;
            }
            (prefix, v) = (p, v * base);
        }
    }
    format!("{}{prefix}", four(v))
}

/// Returns seconds as `1d 2h 3m 4s`, or with a prefix below a minute.
fn duration(v: f64) -> String {
    if v.is_nan() || v.is_infinite() || v == 0.0 {
        return format!("{}s", four(v)).replace("NaNs", "NaN").replace("Infs", "Inf");
    }
    let (sign, size) = if v < 0.0 { ("-", -v) } else { ("", v) };
    if size < 1.0 {
        return format!("{sign}{}s", humanize(size, 1_000.0));
    }
    if size < 60.0 {
        return format!("{sign}{}s", four(size));
    }
    let whole = size as u64;
    let (days, hours, minutes, seconds) = (whole / 86_400, whole / 3_600 % 24, whole / 60 % 60, whole % 60);
    match (days, hours) {
        (0, 0) => format!("{sign}{minutes}m {seconds}s"),
        (0, _) => format!("{sign}{hours}h {minutes}m {seconds}s"),
        _ => format!("{sign}{days}d {hours}h {minutes}m {seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled_in_as_prometheus_does() {
        let labels = Labels::new([("service", "backend")]);
        let filled = |text: &str, v| expand(text, &labels, v);
        assert_eq!(filled("{{ $labels.service }}: {{ $value }}", 0.125), "backend: 0.125");
        assert_eq!(filled("{{ $value | humanizePercentage }}", 0.123_456), "12.35%");
        assert_eq!(filled("{{ $value | humanizePercentage }}", 0.12), "12%");
        assert_eq!(filled("{{$value|humanizeDuration}}", 2.812_345), "2.812s");
        assert_eq!(filled("{{ $value | humanizeDuration }}", 0.812_345), "812.3ms");
        assert_eq!(filled("{{ humanizeDuration $value }}", 3_723.0), "1h 2m 3s");
        assert_eq!(filled("{{ humanize $value }}", 1_234_567.0), "1.235M");
        assert_eq!(filled("{{ humanize1024 $value }}", 268_435_456.0), "256Mi");
        assert_eq!(filled("{{ printf \"%.2f%%\" $value }}", 14.4), "14.40%");
        assert_eq!(filled("{{ $labels.none }}|", 1.0), "|");
        assert_eq!(
            filled("{{ query \"up\" }}", 1.0),
            "<error expanding template: function \"query\" not defined>"
                .replace("function \"query\" not defined", "\"up\" is not a number")
        );
        assert_eq!(filled("{{ $value", 1.0), "<error expanding template: unclosed action in \"{{ $value\">");
    }
}
