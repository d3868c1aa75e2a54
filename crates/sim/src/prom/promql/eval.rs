//! Walks a parsed query at each instant. Owns the order of evaluation and the conversion of
//! results; the functions themselves are in the modules beside it.

use promql_parser::parser::token::{self};
use promql_parser::parser::{Call, Expr, MatrixSelector, SubqueryExpr, VectorSelector};
use std::collections::BTreeMap;

use super::select::{Fetched, Span, millis, shifted};
use super::{LOOK_BACK, QueryError, Sample, Series, Store, Value, aggregate, binary, functions, is_stale};
use crate::shop::labels::Labels;

/// A query at work.
pub struct Evaluation<'a> {
    fetched: &'a Fetched,
    span: Span,
    /// The step of subqueries that name none, in milliseconds.
    interval: i64,
}

/// The samples that a range function sees of one series.
pub struct Window {
    /// The series' labels, its name included.
    pub labels: Labels,
    /// The samples, oldest first, none stale.
    pub samples: Vec<Sample>,
}

/// The bounds of a range at one instant.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Open start, milliseconds.
    pub start: i64,
    /// Closed end, milliseconds.
    pub end: i64,
}

/// Evaluates a query at one instant (milliseconds since 1970).
pub fn instant(store: &dyn Store, expr: &Expr, at: i64) -> Result<Value, QueryError> {
    let span = Span { start: at, end: at };
    let mut fetched = Fetched::default();
    fetched.fetch(store, expr, at, at, span)?;
    let eval = Evaluation { fetched: &fetched, span, interval: 5_000 };
    if let Expr::MatrixSelector(ms) = strip(expr) {
        let (windows, _) = eval.windows(ms, at);
        let series = windows.into_iter().map(|w| Series { labels: w.labels, samples: w.samples });
        return Ok(Value::Matrix(series.collect()));
    }
    eval.value(expr, at)
}

/// Evaluates a query at `start`, `start + step`, … up to `end` (milliseconds).
pub fn range(
    store: &dyn Store,
    expr: &Expr,
    start: i64,
    end: i64,
    step: i64,
) -> Result<Vec<Series>, QueryError> {
    let step = step.max(1);
    let last = start + (end - start).max(0) / step * step;
    let span = Span { start, end: last };
    let mut fetched = Fetched::default();
    fetched.fetch(store, expr, start, last, span)?;
    let eval = Evaluation { fetched: &fetched, span, interval: 5_000 };
    let mut series: BTreeMap<Labels, Vec<Sample>> = BTreeMap::new();
    let mut at = start;
    while at <= last {
        match eval.value(expr, at)? {
            Value::Scalar(v) => series.entry(Labels::default()).or_default().push(Sample { t: at, v }),
            Value::Vector(vector) => {
                for (labels, v) in vector {
                    let samples = series.entry(labels).or_default();
                    if samples.last().is_some_and(|s| s.t == at) {
                        return Err(same_labels());
                    }
                    samples.push(Sample { t: at, v });
                }
            }
            Value::String(_) | Value::Matrix(_) => {
                let why = "invalid expression type for range query, must be Scalar or instant Vector";
                return Err(QueryError::Parse(why.into()));
            }
        }
        at += step;
    }
    Ok(series.into_iter().map(|(labels, samples)| Series { labels, samples }).collect())
}

/// The error of a result in which two series are the same.
pub fn same_labels() -> QueryError {
    QueryError::Execution("vector cannot contain metrics with the same labelset".into())
}

fn strip(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(p) => strip(&p.expr),
        other => other,
    }
}

impl Evaluation<'_> {
    /// Evaluates an expression at one instant.
    pub fn value(&self, expr: &Expr, at: i64) -> Result<Value, QueryError> {
        match expr {
            Expr::NumberLiteral(n) => Ok(Value::Scalar(n.val)),
            Expr::StringLiteral(s) => Ok(Value::String(s.val.clone())),
            Expr::Paren(p) => self.value(&p.expr, at),
            Expr::Unary(u) => match self.value(&u.expr, at)? {
                Value::Scalar(v) => Ok(Value::Scalar(-v)),
                Value::Vector(vector) => {
                    Ok(Value::Vector(vector.into_iter().map(|(l, v)| (l.nameless(), -v)).collect()))
                }
                _ => Err(QueryError::Parse("unary expression only allowed on numbers and vectors".into())),
            },
            Expr::VectorSelector(vs) => Ok(Value::Vector(self.latest(vs, at))),
            Expr::Binary(b) => binary::evaluate(b, self.value(&b.lhs, at)?, self.value(&b.rhs, at)?),
            Expr::Aggregate(a) => {
                let param = a.param.as_ref().map(|p| self.value(p, at)).transpose()?;
                aggregate::evaluate(a, param.as_ref(), self.vector(&a.expr, at)?)
            }
            Expr::Call(call) => functions::call(self, call, at),
            Expr::MatrixSelector(_) | Expr::Subquery(_) => {
                Err(QueryError::Parse("a range is only allowed as the argument of a function".into()))
            }
            Expr::Extension(_) => Err(QueryError::NotHeld("an extension".into())),
        }
    }

    /// Evaluates an expression that must be a vector.
    pub fn vector(&self, expr: &Expr, at: i64) -> Result<Vec<(Labels, f64)>, QueryError> {
        match self.value(expr, at)? {
            Value::Vector(vector) => Ok(vector),
            _ => Err(QueryError::Parse("expected type instant vector".into())),
        }
    }

    /// Evaluates an argument that must be a number.
    pub fn scalar(&self, call: &Call, index: usize, at: i64) -> Result<f64, QueryError> {
        match call.args.args.get(index).map(|a| self.value(a, at)).transpose()? {
            Some(Value::Scalar(v)) => Ok(v),
            _ => {
                Err(QueryError::Parse(format!("expected type scalar in call to function {}", call.func.name)))
            }
        }
    }

    /// Returns an argument that must be a text.
    pub fn text(&self, call: &Call, index: usize, at: i64) -> Result<String, QueryError> {
        match call.args.args.get(index).map(|a| self.value(a, at)).transpose()? {
            Some(Value::String(s)) => Ok(s),
            _ => {
                Err(QueryError::Parse(format!("expected type string in call to function {}", call.func.name)))
            }
        }
    }

    fn latest(&self, vs: &VectorSelector, at: i64) -> Vec<(Labels, f64)> {
        self.latest_with_time(vs, at).into_iter().map(|(labels, s)| (labels, s.v)).collect()
    }

    /// Returns the newest sample of each series that is no older than the look-back.
    pub fn latest_with_time(&self, vs: &VectorSelector, at: i64) -> Vec<(Labels, Sample)> {
        let at = shifted(at, vs.offset.as_ref(), vs.at.as_ref(), self.span);
        let newest = |series: &Series| {
            let after = series.samples.partition_point(|s| s.t <= at);
            let sample = *series.samples.get(after.checked_sub(1)?)?;
            (sample.t > at - LOOK_BACK && !is_stale(sample.v)).then(|| (series.labels.clone(), sample))
        };
        self.fetched.of(vs).iter().filter_map(newest).collect()
    }

    /// Returns the windows of a range expression at an instant, with their bounds.
    pub fn ranges(&self, expr: &Expr, at: i64) -> Result<(Vec<Window>, Bounds), QueryError> {
        match strip(expr) {
            Expr::MatrixSelector(ms) => Ok(self.windows(ms, at)),
            Expr::Subquery(sub) => self.subquery(sub, at),
            _ => Err(QueryError::Parse("expected type range vector".into())),
        }
    }

    fn windows(&self, ms: &MatrixSelector, at: i64) -> (Vec<Window>, Bounds) {
        let end = shifted(at, ms.vs.offset.as_ref(), ms.vs.at.as_ref(), self.span);
        let bounds = Bounds { start: end - millis(ms.range), end };
        let cut = |series: &Series| {
            let from = series.samples.partition_point(|s| s.t <= bounds.start);
            let to = series.samples.partition_point(|s| s.t <= bounds.end);
            let samples = series.samples.get(from..to)?.to_vec();
            (!samples.is_empty()).then(|| Window { labels: series.labels.clone(), samples })
        };
        (self.fetched.of(&ms.vs).iter().filter_map(cut).collect(), bounds)
    }

    fn subquery(&self, sub: &SubqueryExpr, at: i64) -> Result<(Vec<Window>, Bounds), QueryError> {
        let end = shifted(at, sub.offset.as_ref(), sub.at.as_ref(), self.span);
        let bounds = Bounds { start: end - millis(sub.range), end };
        let step = sub.step.map_or(self.interval, millis).max(1);
        if (end - bounds.start) / step > 11_000 {
            return Err(QueryError::Execution("subquery of more than 11,000 steps".into()));
        }
        let mut series: BTreeMap<Labels, Vec<Sample>> = BTreeMap::new();
        // Steps are multiples of the step itself, whatever the query's own start.
        let mut t = (bounds.start.div_euclid(step) + 1) * step;
        while t <= end {
            match self.value(&sub.expr, t)? {
                Value::Scalar(v) => series.entry(Labels::default()).or_default().push(Sample { t, v }),
                Value::Vector(vector) => {
                    for (labels, v) in vector {
                        series.entry(labels).or_default().push(Sample { t, v });
                    }
                }
                _ => return Err(QueryError::Parse("subquery is only allowed on instant vector".into())),
            }
            t += step;
        }
        let windows = series.into_iter().map(|(labels, samples)| Window { labels, samples });
        Ok((windows.collect(), bounds))
    }
}

/// Returns how an operator is written.
pub fn operator(id: token::TokenId) -> &'static str {
    match id {
        token::T_ADD => "+",
        token::T_SUB => "-",
        token::T_MUL => "*",
        token::T_DIV => "/",
        token::T_MOD => "%",
        token::T_POW => "^",
        token::T_EQLC => "==",
        token::T_NEQ => "!=",
        token::T_GTR => ">",
        token::T_LSS => "<",
        token::T_GTE => ">=",
        token::T_LTE => "<=",
        token::T_LAND => "and",
        token::T_LOR => "or",
        token::T_LUNLESS => "unless",
        _ => "operator",
    }
}
