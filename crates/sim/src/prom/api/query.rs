//! `/query`, `/query_range` and their kin.

use axum::extract::State;
use serde_json::{Value as Json, json};

use super::params::Params;
use super::{Answer, away};
use crate::prom::promql::{self, Sample, Series, Value, number};
use crate::prom::rules::RuleBook;

/// Points of a series at most.
const MAX_POINTS: i64 = 11_000;

/// Returns milliseconds as seconds, a whole number where they are whole.
pub fn seconds(t: i64) -> Json {
    if t % 1_000 == 0 { json!(t / 1_000) } else { json!(t as f64 / 1_000.0) }
}

fn pair(t: i64, v: f64) -> Json {
    json!([seconds(t), number(v)])
}

/// Answers `/api/v1/query`.
pub async fn instant(State(book): State<RuleBook>, params: Params) -> Answer {
    away(move || instantly(&book, &params).unwrap_or_else(|answer| answer)).await
}

fn instantly(book: &RuleBook, params: &Params) -> Result<Answer, Answer> {
    let at = params.time("time", book.feed().now() / 1_000_000)?;
    let limit = params.limit()?;
    let expr = params.query()?;
    let value = promql::instant(&book.snapshot(), &expr, at)?;
    let (kind, mut result) = match value {
        Value::Scalar(v) => ("scalar", pair(at, v)),
        Value::String(text) => ("string", json!([seconds(at), text])),
        Value::Vector(vector) => (
            "vector",
            vector.iter().map(|(l, v)| json!({"metric": l.json(), "value": pair(at, *v)})).collect(),
        ),
        Value::Matrix(series) => ("matrix", matrix(&series)),
    };
    let warnings = cut(&mut result, limit, kind);
    Ok(Answer::Data(json!({"resultType": kind, "result": result}), warnings))
}

fn cut(result: &mut Json, limit: usize, kind: &str) -> Vec<&'static str> {
    match result.as_array_mut() {
        Some(list) if limit > 0 && list.len() > limit && matches!(kind, "vector" | "matrix") => {
            list.truncate(limit);
            vec!["results truncated due to limit"]
        }
        _ => Vec::new(),
    }
}

fn matrix(series: &[Series]) -> Json {
    let values = |samples: &[Sample]| samples.iter().map(|s| pair(s.t, s.v)).collect::<Json>();
    series.iter().map(|s| json!({"metric": s.labels.json(), "values": values(&s.samples)})).collect()
}

/// Answers `/api/v1/query_range`.
pub async fn range(State(book): State<RuleBook>, params: Params) -> Answer {
    away(move || ranged(&book, &params).unwrap_or_else(|answer| answer)).await
}

fn ranged(book: &RuleBook, params: &Params) -> Result<Answer, Answer> {
    let (start, end) = (params.required_time("start")?, params.required_time("end")?);
    if end < start {
        let why = "invalid parameter \"end\": end timestamp must not be before start time";
        return Err(Answer::Bad(why.into()));
    }
    let step = params.duration("step")?;
    if step <= 0 {
        let why = "invalid parameter \"step\": zero or negative query resolution step widths are not \
                   accepted. Try a positive integer";
        return Err(Answer::Bad(why.into()));
    }
    if (end - start) / step > MAX_POINTS {
        let why = "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query \
                   resolution (?step=XX)";
        return Err(Answer::Bad(why.into()));
    }
    let limit = params.limit()?;
    let expr = params.query()?;
    let series = promql::range(&book.snapshot(), &expr, start, end, step)?;
    let mut result = matrix(&series);
    let warnings = cut(&mut result, limit, "matrix");
    Ok(Answer::Data(json!({"resultType": "matrix", "result": result}), warnings))
}

/// Answers `/api/v1/format_query`.
pub async fn format(params: Params) -> Answer {
    params.query().map_or_else(|answer| answer, |expr| Answer::data(json!(expr.prettify())))
}

/// Answers `/api/v1/query_exemplars`: the shop has none.
pub async fn exemplars(params: Params) -> Answer {
    params.query().map_or_else(|answer| answer, |_| Answer::data(json!([])))
}
