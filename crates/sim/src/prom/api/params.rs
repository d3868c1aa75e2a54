//! Parameters of requests, from the query string and from a form. Owns the reading of times and
//! durations with Prometheus' words for what is wrong.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use chrono::DateTime;
use promql_parser::util::parse_duration;

use super::Answer;
use crate::prom::promql::{self, Selector};
use promql_parser::parser::Expr;

/// The parameters of one request.
pub struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Params {
    type Rejection = Infallible;

    async fn from_request(request: Request, state: &S) -> Result<Self, Infallible> {
        let mut pairs = Vec::new();
        let query = request.uri().query().unwrap_or_default().to_owned();
        // A form's values come before those of the address.
        if let Ok(body) = Bytes::from_request(request, state).await {
            pairs.extend(decoded(&body));
        }
        pairs.extend(decoded(query.as_bytes()));
        Ok(Self(pairs))
    }
}

fn decoded(bytes: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(bytes).map(|(n, v)| (n.into_owned(), v.into_owned())).take(1_000).collect()
}

impl Params {
    /// Returns a parameter, `None` when it is absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
    }

    /// Returns every value of a parameter that may be repeated.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect()
    }

    /// Returns a time in milliseconds.
    pub fn time(&self, name: &str, default: i64) -> Result<i64, Answer> {
        let Some(text) = self.get(name) else { return Ok(default) };
        time(text).ok_or_else(|| {
            Answer::Bad(format!("invalid parameter {name:?}: cannot parse {text:?} to a valid timestamp"))
        })
    }

    /// Returns a time that must be there, in milliseconds.
    pub fn required_time(&self, name: &str) -> Result<i64, Answer> {
        if self.get(name).is_none() {
            let why = format!("invalid parameter {name:?}: cannot parse \"\" to a valid timestamp");
            return Err(Answer::Bad(why));
        }
        self.time(name, 0)
    }

    /// Returns a duration in milliseconds.
    pub fn duration(&self, name: &str) -> Result<i64, Answer> {
        let text = self.get(name).unwrap_or_default();
        let seconds = match text.parse::<f64>() {
            Ok(seconds) if seconds.is_finite() => Some(seconds * 1_000.0),
            _ => parse_duration(text).ok().map(|d| d.as_secs_f64() * 1_000.0),
        };
        seconds.filter(|ms| ms.abs() < 9e15).map(|ms| ms as i64).ok_or_else(|| {
            Answer::Bad(format!("invalid parameter {name:?}: cannot parse {text:?} to a valid duration"))
        })
    }

    /// Returns a limit, 0 for none.
    pub fn limit(&self) -> Result<usize, Answer> {
        let Some(text) = self.get("limit") else { return Ok(0) };
        let why = || {
            Answer::Bad(format!(
                "invalid parameter \"limit\": limit must be a non-negative number, not {text:?}"
            ))
        };
        text.parse().map_err(|_| why())
    }

    /// Parses the query.
    pub fn query(&self) -> Result<Expr, Answer> {
        Ok(promql::parse(self.get("query").unwrap_or_default())?)
    }

    /// Parses the repeated selectors of a parameter.
    pub fn selectors(&self, name: &str) -> Result<Vec<Selector>, Answer> {
        let wrong = |why: String| Answer::Bad(format!("invalid parameter {name:?}: {why}"));
        let parse = |text: &str| match promql::parse(text) {
            Ok(Expr::VectorSelector(vs)) => Ok(Selector::of(&vs)),
            Ok(_) => Err(wrong("1:1: parse error: expected a series selector".into())),
            Err(error) => Err(wrong(error.to_string())),
        };
        self.all(name).into_iter().map(parse).collect()
    }
}

/// Reads seconds since 1970 or RFC 3339 as milliseconds.
pub fn time(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds.abs() < 9e15).then(|| (seconds * 1_000.0).round() as i64);
    }
    DateTime::parse_from_rfc3339(text).ok().map(|t| t.timestamp_millis())
}
