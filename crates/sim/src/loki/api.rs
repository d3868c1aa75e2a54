//! The HTTP API. Owns the reading of parameters with Loki's words for what is wrong.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use chrono::DateTime;
use serde_json::{Value as Json, json};

use super::answer::{Refused, data, document, result};
use super::logql::{self, Query, Selector};
use super::run::{self, Ask, Steps};
use super::source::{Direction, Source};
use crate::life::Nanos;
use crate::prom::Params;
use crate::shop::labels::Labels;
use crate::shop::{Feed, SECOND};

/// Entries of an answer at most.
const MAX_ENTRIES: i64 = 5_000;
/// Entries of an answer where no limit is given.
const ENTRIES: i64 = 100;
/// Points of a series at most.
const MAX_POINTS: i64 = 11_000;
/// The window of labels where none is given.
const LABELS_WINDOW: Nanos = 6 * 3_600 * SECOND;

/// Reads a time: at most ten digits are seconds, more are nanoseconds; or RFC 3339.
fn time(text: &str) -> Option<Nanos> {
    if text.contains('.')
        && let Ok(seconds) = text.parse::<f64>()
    {
        // Milliseconds is all that a fraction of a second gives.
        return (seconds.abs() < 9e9).then(|| (seconds * 1_000.0).round() as i64 * 1_000_000);
    }
    match text.parse::<i64>() {
        Ok(n) if text.len() <= 10 => Some(n * SECOND),
        Ok(n) => Some(n),
        Err(_) => DateTime::parse_from_rfc3339(text).ok()?.timestamp_nanos_opt(),
    }
}

fn bound(params: &Params, name: &str, default: Nanos) -> Result<Nanos, Refused> {
    let Some(text) = params.get(name) else { return Ok(default) };
    let why =
        format!("could not parse '{name}' parameter: strconv.ParseInt: parsing {text:?}: invalid syntax");
    time(text).ok_or(Refused(why))
}

fn duration(params: &Params, name: &str) -> Result<Option<Nanos>, Refused> {
    let Some(text) = params.get(name) else { return Ok(None) };
    let seconds = text.parse::<f64>().ok().filter(|s| s.is_finite() && s.abs() < 9e9);
    let nanos = seconds.map(|s| (s * 1e9) as i64).or_else(|| {
        promql_parser::util::parse_duration(text).ok().and_then(|d| i64::try_from(d.as_nanos()).ok())
    });
    let why = format!("cannot parse {text:?} to a valid duration");
    nanos.map(Some).ok_or(Refused(why))
}

/// Returns the window of a request, by default the hour up to now.
fn window(params: &Params, now: Nanos, default: Nanos) -> Result<(Nanos, Nanos), Refused> {
    let end = bound(params, "end", now)?;
    let since = duration(params, "since")?.unwrap_or(default);
    let start = bound(params, "start", end.min(now) - since)?;
    if end <= start {
        return Err(Refused("end timestamp must not be before or equal to start time".into()));
    }
    Ok((start, end))
}

async fn away(work: impl FnOnce() -> Result<Response, Refused> + Send + 'static) -> Response {
    match tokio::task::spawn_blocking(work).await {
        Ok(answer) => answer.into_response(),
        Err(_) => Refused("the query was cut off".into()).into_response(),
    }
}

fn categorizes(headers: &HeaderMap) -> bool {
    let flags = headers.get("x-loki-response-encoding-flags").and_then(|v| v.to_str().ok());
    flags.unwrap_or_default().split(',').any(|f| f.trim() == "categorize-labels")
}

/// Answers `/query_range`.
pub async fn range(State(feed): State<Feed>, headers: HeaderMap, params: Params) -> Response {
    away(move || ranged(&feed, &headers, &params)).await
}

fn ranged(feed: &Feed, headers: &HeaderMap, params: &Params) -> Result<Response, Refused> {
    let limit = limit(params)?;
    let (start, end) = window(params, feed.now(), 3_600 * SECOND)?;
    let direction = match params.get("direction").map(str::to_lowercase).as_deref() {
        None | Some("backward") => Direction::Backward,
        Some("forward") => Direction::Forward,
        Some(_) => {
            let given = params.get("direction").unwrap_or_default();
            return Err(Refused(format!("invalid direction '{given}'")));
        }
    };
    let step = match duration(params, "step")? {
        Some(step) if step <= 0 => {
            let why =
                "zero or negative query resolution step widths are not accepted. Try a positive integer";
            return Err(Refused(why.into()));
        }
        Some(step) => step,
        None => ((end - start) / 250 / SECOND).max(1) * SECOND,
    };
    let query = logql::parse(params.get("query").unwrap_or_default())?;
    let source = Source::now(feed);
    let categorize = categorizes(headers);
    match query {
        Query::Log(query) => {
            if limit > MAX_ENTRIES {
                return Err(Refused(format!(
                    "max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > \
                     {MAX_ENTRIES})"
                )));
            }
            let ask = Ask { start, end, limit: limit as usize, direction, categorize };
            Ok(result("streams", run::lines(&source, &query, ask), categorize))
        }
        Query::Metric(query) => {
            if (end - start) / step > MAX_POINTS {
                let why = "exceeded maximum resolution of 11,000 points per time series. Try increasing the value \
                           of the step parameter";
                return Err(Refused(why.into()));
            }
            // Steps are multiples of the step: the start is moved down to one, the end up.
            let up = end.rem_euclid(step) != 0;
            let steps = Steps {
                start: start.div_euclid(step) * step,
                end: (end.div_euclid(step) + i64::from(up)) * step,
                step,
            };
            let series = run::numbers(&source, &query, steps)?;
            Ok(result("matrix", run::matrix(&series), categorize))
        }
    }
}

fn limit(params: &Params) -> Result<i64, Refused> {
    let Some(text) = params.get("limit") else { return Ok(ENTRIES) };
    let limit: i64 =
        text.parse().map_err(|_| Refused(format!("strconv.Atoi: parsing {text:?}: invalid syntax")))?;
    if limit <= 0 {
        return Err(Refused("limit must be a positive value".into()));
    }
    Ok(limit)
}

/// Answers `/query`.
pub async fn instant(State(feed): State<Feed>, headers: HeaderMap, params: Params) -> Response {
    away(move || {
        limit(&params)?;
        let at = bound(&params, "time", feed.now())?;
        match logql::parse(params.get("query").unwrap_or_default())? {
            Query::Log(_) => {
                let why = "log queries are not supported as an instant query type, please change your query to a \
                           range query type";
                Err(Refused(why.into()))
            }
            Query::Metric(query) => {
                let steps = Steps { start: at, end: at, step: SECOND };
                let series = run::numbers(&Source::now(&feed), &query, steps)?;
                Ok(result("vector", run::vector(&series), categorizes(&headers)))
            }
        }
    })
    .await
}

fn selector(text: &str) -> Result<Selector, Refused> {
    match logql::parse(text)? {
        Query::Log(query) if query.stages.is_empty() => Ok(query.selector),
        _ => Err(Refused("only label matchers are supported".into())),
    }
}

fn of_query(params: &Params) -> Result<Vec<Selector>, Refused> {
    params.get("query").into_iter().map(selector).collect()
}

/// Answers `/labels`.
pub async fn labels(State(feed): State<Feed>, params: Params) -> Response {
    away(move || {
        let (start, end) = window(&params, feed.now(), LABELS_WINDOW)?;
        let streams = Source::now(&feed).streams(&of_query(&params)?, start, end);
        let names: BTreeSet<&str> = streams.iter().flat_map(|s| s.iter().map(|(n, _)| n)).collect();
        Ok(data(&json!(names)))
    })
    .await
}

/// Answers `/label/…/values`.
pub async fn values(State(feed): State<Feed>, Path(name): Path<String>, params: Params) -> Response {
    away(move || {
        let (start, end) = window(&params, feed.now(), LABELS_WINDOW)?;
        let streams = Source::now(&feed).streams(&of_query(&params)?, start, end);
        let values: BTreeSet<&str> = streams.iter().map(|s| s.get(&name)).filter(|v| !v.is_empty()).collect();
        Ok(data(&json!(values)))
    })
    .await
}

/// Answers `/series`.
pub async fn series(State(feed): State<Feed>, params: Params) -> Response {
    away(move || {
        let texts = params.all("match[]").into_iter().chain(params.all("match"));
        let selectors: Vec<Selector> = texts.map(selector).collect::<Result<_, _>>()?;
        let (start, end) = window(&params, feed.now(), LABELS_WINDOW)?;
        let streams = Source::now(&feed).streams(&selectors, start, end);
        Ok(data(&streams.iter().map(Labels::json).collect::<Json>()))
    })
    .await
}

/// Answers `/index/stats`.
pub async fn stats(State(feed): State<Feed>, params: Params) -> Response {
    away(move || {
        let (start, end) = window(&params, feed.now(), 3_600 * SECOND)?;
        let selector = selector(params.get("query").unwrap_or_default())?;
        let (streams, entries, bytes) = Source::now(&feed).stats(&selector, start, end);
        Ok(document(&json!({"streams": streams, "chunks": streams, "bytes": bytes, "entries": entries})))
    })
    .await
}

/// Answers `/status/buildinfo`.
pub async fn build() -> Response {
    document(&json!({
        "version": "3.6.0",
        "revision": "",
        "branch": "",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
    }))
}
