//! Function calls: which there are, what their arguments are, and those that see one instant.
//! Ranges are worked on in `over_time`. Whatever is not here is refused by name.

use std::collections::HashSet;

use promql_parser::label::MatchOp;
use promql_parser::parser::{Call, Expr};
use regex::Regex;

use super::eval::{Evaluation, same_labels};
use super::{QueryError, Value, histogram, over_time};
use crate::shop::labels::{Labels, NAME};

type Vector = Vec<(Labels, f64)>;

/// Functions that take one range.
const RANGES: [&str; 19] = [
    "rate",
    "increase",
    "delta",
    "irate",
    "idelta",
    "deriv",
    "sum_over_time",
    "avg_over_time",
    "count_over_time",
    "min_over_time",
    "max_over_time",
    "last_over_time",
    "first_over_time",
    "present_over_time",
    "stdvar_over_time",
    "stddev_over_time",
    "changes",
    "resets",
    "absent_over_time",
];

/// Evaluates a call at one instant.
pub fn call(eval: &Evaluation<'_>, call: &Call, at: i64) -> Result<Value, QueryError> {
    let name = call.func.name;
    let arg = |i: usize| -> Result<&Expr, QueryError> {
        let missing = || QueryError::Parse(format!("expected more arguments in call to {name:?}"));
        call.args.args.get(i).map(AsRef::as_ref).ok_or_else(missing)
    };
    if RANGES.contains(&name) {
        return range(eval, name, arg(0)?, f64::NAN, at);
    }
    let vector = |i: usize| eval.vector(arg(i)?, at);
    let scalar = |i: usize| eval.scalar(call, i, at);
    match name {
        "quantile_over_time" => range(eval, name, arg(1)?, scalar(0)?, at),
        "predict_linear" => range(eval, name, arg(0)?, scalar(1)?, at),
        "time" => Ok(Value::Scalar(at as f64 / 1_000.0)),
        "pi" => Ok(Value::Scalar(std::f64::consts::PI)),
        "vector" => Ok(Value::Vector(vec![(Labels::default(), scalar(0)?)])),
        "scalar" => Ok(Value::Scalar(match vector(0)?.as_slice() {
            [(_, v)] => *v,
            _ => f64::NAN,
        })),
        "timestamp" => timestamp(eval, arg(0)?, at),
        "absent" => Ok(Value::Vector(absent(arg(0)?, vector(0)?.is_empty()))),
        "sort" | "sort_desc" => Ok(Value::Vector(sorted(vector(0)?, name == "sort_desc"))),
        "histogram_quantile" => {
            let q = scalar(0)?;
            Ok(Value::Vector(histogram::of_buckets(q, vector(1)?)))
        }
        "label_replace" => label_replace(eval, call, at),
        "label_join" => label_join(eval, call, at),
        "clamp" => {
            let (low, high) = (scalar(1)?, scalar(2)?);
            if low > high {
                return Ok(Value::Vector(Vec::new()));
            }
            mapped(vector(0)?, |v| if v.is_nan() { v } else { v.max(low).min(high) })
        }
        "clamp_min" => {
            let low = scalar(1)?;
            mapped(vector(0)?, |v| if v.is_nan() { v } else { v.max(low) })
        }
        "clamp_max" => {
            let high = scalar(1)?;
            mapped(vector(0)?, |v| if v.is_nan() { v } else { v.min(high) })
        }
        "round" => {
            let to = if call.args.len() > 1 { scalar(1)? } else { 1.0 };
            // Ties go up, as in Prometheus.
            mapped(vector(0)?, |v| (v / to + 0.5).floor() * to)
        }
        _ => match plain(name) {
            Some(f) => mapped(vector(0)?, f),
            None => Err(QueryError::NotHeld(format!("the function {name:?}"))),
        },
    }
}

fn plain(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "abs" => f64::abs,
        "ceil" => f64::ceil,
        "floor" => f64::floor,
        "exp" => f64::exp,
        "sqrt" => f64::sqrt,
        "ln" => f64::ln,
        "log2" => f64::log2,
        "log10" => f64::log10,
        "sgn" => |v| if v == 0.0 || v.is_nan() { v } else { v.signum() },
        _ => return None,
    })
}

fn mapped(vector: Vector, f: impl Fn(f64) -> f64) -> Result<Value, QueryError> {
    unique(vector.into_iter().map(|(labels, v)| (labels.nameless(), f(v))).collect())
}

/// Refuses a vector in which two series have become the same.
fn unique(vector: Vector) -> Result<Value, QueryError> {
    let mut seen = HashSet::with_capacity(vector.len());
    if vector.iter().all(|(labels, _)| seen.insert(labels)) {
        drop(seen);
        return Ok(Value::Vector(vector));
    }
    Err(same_labels())
}

fn range(eval: &Evaluation<'_>, name: &str, arg: &Expr, extra: f64, at: i64) -> Result<Value, QueryError> {
    let (windows, bounds) = eval.ranges(arg, at)?;
    if name == "absent_over_time" {
        return Ok(Value::Vector(absent(arg, windows.is_empty())));
    }
    let keeps = matches!(name, "last_over_time" | "first_over_time");
    let value = |w: super::eval::Window| {
        let v = over_time::apply(name, &w.samples, bounds, extra)?;
        Some((if keeps { w.labels } else { w.labels.nameless() }, v))
    };
    unique(windows.into_iter().filter_map(value).collect())
}

fn timestamp(eval: &Evaluation<'_>, arg: &Expr, at: i64) -> Result<Value, QueryError> {
    let vector = match arg {
        Expr::VectorSelector(vs) => {
            let found = eval.latest_with_time(vs, at).into_iter();
            found.map(|(labels, s)| (labels.nameless(), s.t as f64 / 1_000.0)).collect()
        }
        other => {
            let found = eval.vector(other, at)?.into_iter();
            found.map(|(labels, _)| (labels.nameless(), at as f64 / 1_000.0)).collect()
        }
    };
    unique(vector)
}

/// Returns the one sample of `absent`: its labels are what the selector asks for by equality.
fn absent(arg: &Expr, empty: bool) -> Vector {
    if !empty {
        return Vec::new();
    }
    let selector = match arg {
        Expr::VectorSelector(vs) => Some(vs),
        Expr::MatrixSelector(ms) => Some(&ms.vs),
        _ => None,
    };
    let mut labels = Labels::default();
    let matchers = selector.map(|vs| vs.matchers.matchers.as_slice()).unwrap_or_default();
    for matcher in matchers.iter().filter(|m| m.name != NAME) {
        let single = matchers.iter().filter(|m| m.name == matcher.name).count() == 1;
        if single && matcher.op == MatchOp::Equal {
            labels.set(&matcher.name, &matcher.value);
        }
    }
    vec![(labels, 1.0)]
}

fn sorted(mut vector: Vector, descending: bool) -> Vector {
    vector.sort_by(|(_, a), (_, b)| match (a.is_nan(), b.is_nan()) {
        (true, true) => std::cmp::Ordering::Equal,
        (true, false) => std::cmp::Ordering::Greater,
        (false, true) => std::cmp::Ordering::Less,
        _ if descending => b.total_cmp(a),
        _ => a.total_cmp(b),
    });
    vector
}

fn label_name(name: &str, what: &str, function: &str) -> Result<(), QueryError> {
    let mut chars = name.chars();
    let valid = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
    let why = || QueryError::Execution(format!("invalid {what} label name in {function}(): {name}"));
    valid.then_some(()).ok_or_else(why)
}

fn label_replace(eval: &Evaluation<'_>, call: &Call, at: i64) -> Result<Value, QueryError> {
    let [target, with, source, pattern] = [1, 2, 3, 4].map(|i| eval.text(call, i, at));
    let (target, with, source, pattern) = (target?, with?, source?, pattern?);
    let regex = Regex::new(&format!("^(?s:{pattern})$")).map_err(|_| {
        QueryError::Execution(format!("invalid regular expression in label_replace(): {pattern}"))
    })?;
    label_name(&target, "destination", "label_replace")?;
    let vector = eval.vector(call.args.args.first().ok_or_else(same_labels)?, at)?;
    let replaced = vector.into_iter().map(|(labels, v)| {
        let Some(found) = regex.captures(labels.get(&source)) else { return (labels, v) };
        let mut text = String::new();
        found.expand(&with, &mut text);
        (labels.with(&target, &text), v)
    });
    unique(replaced.collect())
}

fn label_join(eval: &Evaluation<'_>, call: &Call, at: i64) -> Result<Value, QueryError> {
    let (target, between) = (eval.text(call, 1, at)?, eval.text(call, 2, at)?);
    label_name(&target, "destination", "label_join")?;
    let sources: Vec<String> =
        (3..call.args.len()).map(|i| eval.text(call, i, at)).collect::<Result<_, _>>()?;
    let vector = eval.vector(call.args.args.first().ok_or_else(same_labels)?, at)?;
    let joined = vector.into_iter().map(|(labels, v)| {
        let parts: Vec<&str> = sources.iter().map(|s| labels.get(s)).collect();
        let text = parts.join(&between);
        (labels.with(&target, &text), v)
    });
    unique(joined.collect())
}
