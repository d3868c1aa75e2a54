//! Prometheus and what speaks like it: Thanos, Mimir, VictoriaMetrics, Loki's ruler.
//!
//! Reads queries, rules and alerts; never writes and never calls an admin route. What is partial says
//! so: warnings, cut series and histograms that are not drawn are kept beside the data. Tested with a
//! scripted transport.

pub(in crate::sources) mod decode;
pub(in crate::sources) mod envelope;
mod rules;

use std::sync::atomic::{AtomicBool, Ordering};

use http::Method;

pub use decode::Capped;
pub use rules::{Active, Rules};

use super::transport::{Answer, Request, SharedTransport};
use crate::core::{Error, Kind, Result, Span, Ts, Window};
use crate::store::series::Matrix;

/// The most series of one answer that are kept; the rest is counted.
pub const MOST_SERIES: usize = 500;
const MOST_BYTES: usize = 32 << 20;

/// A client of one Prometheus.
pub struct Prom {
    transport: SharedTransport,
    limit: Span,
    /// Set once a POST was refused where a GET was not: some proxies and roles allow GET only.
    get_only: AtomicBool,
}

/// What a server says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default)]
pub struct BuildInfo {
    /// Its version.
    pub version: crate::core::Untrusted,
    /// Its name, where it is not Prometheus itself.
    pub application: crate::core::Untrusted,
}

impl Prom {
    /// Returns a client; `limit` is the time limit of each request.
    pub fn new(transport: SharedTransport, limit: Span) -> Self {
        Self { transport, limit, get_only: AtomicBool::new(false) }
    }

    /// Evaluates an expression at an instant.
    ///
    /// # Errors
    /// `BadQuery` with the server's own words; those of the way.
    pub async fn query(&self, expr: &str, at: Ts) -> Result<Matrix> {
        let form = [("query", expr.to_owned()), ("time", seconds(at.0)), self.timeout(), series_limit()];
        let answer = self.ask("/api/v1/query", &form).await?;
        self.decoded("query Prometheus", &answer, |data, told| decode::matrix(data, told, Span::default()))
    }

    /// Evaluates an expression over a window; both ends are inclusive, as Prometheus has it.
    ///
    /// # Errors
    /// As [`Self::query`].
    pub async fn query_range(&self, expr: &str, window: Window, step: Span) -> Result<Matrix> {
        let form = [
            ("query", expr.to_owned()),
            ("start", seconds(window.start.0)),
            ("end", seconds(window.end.0)),
            ("step", seconds(step.0.max(1_000_000))),
            self.timeout(),
            series_limit(),
        ];
        let answer = self.ask("/api/v1/query_range", &form).await?;
        self.decoded("query Prometheus", &answer, |data, told| decode::matrix(data, told, step))
    }

    /// Reads the alerting rules with their active alerts, pending ones too. `base` is empty for
    /// Prometheus and `/prometheus` for Loki's ruler.
    ///
    /// # Errors
    /// Those of the way; `NotFound` where there is no such route.
    pub async fn rules(&self, base: &str) -> Result<Rules> {
        let answer = self.get(&format!("{base}/api/v1/rules?type=alert")).await?;
        self.decoded("read rules", &answer, |data, _| rules::rules(data))
    }

    /// Reads the active alerts, pending ones too, where the rules may not be read.
    ///
    /// # Errors
    /// As [`Self::rules`].
    pub async fn alerts(&self, base: &str) -> Result<Rules> {
        let answer = self.get(&format!("{base}/api/v1/alerts")).await?;
        self.decoded("read alerts", &answer, |data, _| rules::alerts(data))
    }

    /// Asks the server what it is; the probe of discovery.
    ///
    /// # Errors
    /// Those of the way; `Decode` where something else answers.
    pub async fn build_info(&self) -> Result<BuildInfo> {
        let answer = self.get("/api/v1/status/buildinfo").await?;
        self.decoded("probe Prometheus", &answer, |data, _| {
            serde_json::from_str(data.get()).map_err(|e| e.to_string())
        })
    }

    /// Returns how the source is reached.
    pub fn transport(&self) -> &SharedTransport {
        &self.transport
    }

    fn timeout(&self) -> (&'static str, String) {
        ("timeout", seconds(self.limit.0))
    }

    async fn get(&self, path: &str) -> Result<Answer> {
        self.send(Method::GET, path.to_owned(), None).await
    }

    /// Sends a query as a form, because long expressions break the limits of URLs; where POST is
    /// refused, as GET, from then on.
    async fn ask(&self, path: &str, form: &[(&'static str, String)]) -> Result<Answer> {
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        if !self.get_only.load(Ordering::Relaxed) {
            let answer = self.send(Method::POST, path.to_owned(), Some(text.clone())).await;
            let refused = match &answer {
                Ok(answer) => matches!(answer.status, 403 | 405),
                Err(error) => error.kind == Kind::Denied,
            };
            if !refused {
                return answer;
            }
        }
        let answer = self.get(&format!("{path}?{text}")).await?;
        if !matches!(answer.status, 401 | 403 | 405) {
            self.get_only.store(true, Ordering::Relaxed);
        }
        Ok(answer)
    }

    async fn send(&self, method: Method, path: String, form: Option<String>) -> Result<Answer> {
        let request = Request { method, path, headers: Vec::new(), form, limit: self.limit, cap: MOST_BYTES };
        self.transport.send(request).await
    }

    fn decoded<T>(
        &self,
        what: &'static str,
        answer: &Answer,
        read: impl FnOnce(&serde_json::value::RawValue, envelope::Told) -> Result<T, String>,
    ) -> Result<T> {
        let on = || self.transport.address();
        let (data, told) = envelope::open(what, &on, answer)?;
        read(data, told).map_err(|e| Error::new(Kind::Decode, what).on(on()).detail(e))
    }
}

fn series_limit() -> (&'static str, String) {
    // One more than is kept, so that a cut can be told from a full answer.
    ("limit", (MOST_SERIES + 1).to_string())
}

/// Prints nanoseconds as seconds with three decimals, which is all that Prometheus keeps.
fn seconds(ns: i64) -> String {
    let ms = ns.div_euclid(1_000_000);
    let (sign, ms) = if ms < 0 { ("-", ms.unsigned_abs()) } else { ("", ms.unsigned_abs()) };
    format!("{sign}{}.{:03}", ms / 1_000, ms % 1_000)
}

#[cfg(test)]
mod tests;
