//! Loki: labels, series, sizes, lines, and the lines around a moment.
//!
//! Reads only. Errors come as plain text and are told apart by it; structured metadata is asked for
//! apart from the labels of streams. Tested with a scripted transport, the paging by properties.

pub mod around;
mod decode;
pub mod detect;
mod fault;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{HeaderName, HeaderValue, Method};
use tokio::sync::OnceCell;

pub use decode::Page;
pub use fault::position;

use super::prom::{decode as results, envelope};
use super::transport::{Answer, Request, SharedTransport};
use crate::core::{Error, Kind, Labels, Result, Span, Ts, Window};
use crate::store::series::Matrix;

/// The longest line that is kept whole; what is cut is counted.
pub const LONGEST_LINE: usize = 256 * 1024;
/// The most entries that Loki gives at once, unless it is configured otherwise.
pub const MOST_ENTRIES: usize = 5_000;
const MOST_BYTES: usize = 64 << 20;
const LONGEST_URL: usize = 4_000;
const FLAGS: HeaderName = HeaderName::from_static("x-loki-response-encoding-flags");

/// A client of one Loki.
pub struct Loki {
    transport: SharedTransport,
    limit: Span,
    /// The server's own limit of entries, once it has told it.
    most: AtomicUsize,
    /// The names of index labels, asked once where a server mixes metadata into the streams.
    index: OnceCell<BTreeSet<String>>,
}

/// Which lines are asked for: `[start, end)`, at most `limit`, from its beginning or from its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lines {
    /// First instant inside.
    pub start: Ts,
    /// First instant after it.
    pub end: Ts,
    /// The most lines wanted.
    pub limit: usize,
    /// Whether the newest lines come first.
    pub backward: bool,
}

/// What a selector would read; Loki leaves out what is not flushed yet, so it is a lower bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default)]
pub struct Stats {
    /// Streams.
    pub streams: u64,
    /// Chunks.
    pub chunks: u64,
    /// Entries.
    pub entries: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Loki {
    /// Returns a client; `limit` is the time limit of each request.
    pub fn new(transport: SharedTransport, limit: Span) -> Self {
        Self { transport, limit, most: AtomicUsize::new(MOST_ENTRIES), index: OnceCell::new() }
    }

    /// Returns how the source is reached.
    pub fn transport(&self) -> &SharedTransport {
        &self.transport
    }

    /// Returns the most entries that the server gives at once, as far as it is known.
    pub fn most_entries(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }

    /// Reads the names of index labels that streams had in a window.
    ///
    /// # Errors
    /// Those of the way, and Loki's own words by their class.
    pub async fn labels(&self, window: Window) -> Result<Vec<String>> {
        self.names("/loki/api/v1/labels", window, None).await
    }

    /// Reads the values of an index label, of all streams or of those that a selector lets through.
    ///
    /// # Errors
    /// As [`Self::labels`].
    pub async fn label_values(
        &self,
        name: &str,
        window: Window,
        selector: Option<&str>,
    ) -> Result<Vec<String>> {
        let name = crate::query::matcher::logql_name(name);
        self.names(&format!("/loki/api/v1/label/{name}/values"), window, selector).await
    }

    async fn names(&self, path: &str, window: Window, selector: Option<&str>) -> Result<Vec<String>> {
        const WHAT: &str = "read Loki's labels";
        let mut form = bounds(window);
        form.extend(selector.map(|s| ("query", s.to_owned())));
        let answer = self.ask(path, &form).await?;
        self.decoded(WHAT, &answer, |data, _| decode::names(data))
    }

    /// Reads the label sets of the streams that a selector lets through.
    ///
    /// # Errors
    /// As [`Self::labels`].
    pub async fn series(&self, selector: &str, window: Window) -> Result<Vec<Labels>> {
        let mut form = bounds(window);
        form.push(("match[]", selector.to_owned()));
        let answer = self.ask("/loki/api/v1/series", &form).await?;
        self.decoded("read Loki's streams", &answer, |data, _| decode::series(data))
    }

    /// Asks how much a selector would read; filters and metadata are no part of a selector.
    ///
    /// # Errors
    /// As [`Self::labels`].
    pub async fn stats(&self, selector: &str, window: Window) -> Result<Stats> {
        let mut form = bounds(window);
        form.push(("query", selector.to_owned()));
        let answer = self.ask("/loki/api/v1/index/stats", &form).await?;
        // The one route whose answer has no envelope.
        if let (200, Ok(stats)) = (answer.status, serde_json::from_slice(&answer.body)) {
            return Ok(stats);
        }
        Err(fault::of("read Loki's index", self.transport.address(), &answer))
    }

    /// Reads lines. A limit beyond the server's is asked again, once, with the server's.
    ///
    /// # Errors
    /// As [`Self::labels`]; `BadQuery` where the query is about numbers.
    pub async fn lines(&self, query: &str, lines: Lines) -> Result<Page> {
        let limit = lines.limit.clamp(1, self.most_entries());
        match self.lines_once(query, lines, limit).await {
            Err(error) => match fault::most_entries(&error) {
                Some(most) if most < limit && most > 0 => {
                    self.most.store(most, Ordering::Relaxed);
                    self.lines_once(query, lines, most).await
                }
                _ => Err(error),
            },
            page => page,
        }
    }

    async fn lines_once(&self, query: &str, lines: Lines, limit: usize) -> Result<Page> {
        let window = Window { start: lines.start, end: lines.end };
        let mut form = bounds(window);
        form.push(("query", query.to_owned()));
        form.push(("limit", limit.to_string()));
        form.push(("direction", if lines.backward { "backward" } else { "forward" }.to_owned()));
        let answer = self.ask("/loki/api/v1/query_range", &form).await?;
        let mut page =
            self.decoded("read Loki's lines", &answer, |data, told| decode::page(data, told, limit))?;
        if !page.categorized {
            let index = self.index.get_or_try_init(|| self.index_labels(window)).await?;
            page.separate(index);
        }
        Ok(page)
    }

    async fn index_labels(&self, window: Window) -> Result<BTreeSet<String>> {
        Ok(self.labels(window).await?.into_iter().collect())
    }

    /// Evaluates a metric query over a window.
    ///
    /// # Errors
    /// As [`Self::labels`].
    pub async fn metric(&self, query: &str, window: Window, step: Span) -> Result<Matrix> {
        let mut form = bounds(window);
        form.push(("query", query.to_owned()));
        form.push(("step", format!("{}ms", step.0.max(1_000_000) / 1_000_000)));
        let answer = self.ask("/loki/api/v1/query_range", &form).await?;
        self.decoded("query Loki", &answer, |data, told| results::matrix(data, told, step))
    }

    /// Asks the server whether it is Loki; the probe of discovery.
    ///
    /// # Errors
    /// As [`Self::labels`].
    pub async fn probe(&self) -> Result<()> {
        let answer = self.ask("/loki/api/v1/status/buildinfo", &[]).await?;
        let version = serde_json::from_slice::<Version>(&answer.body).ok();
        if answer.status == 200 && version.is_some() {
            return Ok(());
        }
        // Gateways and old servers have no such route; labels they all have.
        let answer = self.ask("/loki/api/v1/labels", &[]).await?;
        self.decoded("probe Loki", &answer, |data, _| decode::names(data)).map(drop)
    }

    async fn ask(&self, path: &str, form: &[(&'static str, String)]) -> Result<Answer> {
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let headers = vec![(FLAGS, HeaderValue::from_static("categorize-labels"))];
        let (method, path, form) = if text.is_empty() {
            (Method::GET, path.to_owned(), None)
        } else if text.len() <= LONGEST_URL {
            (Method::GET, format!("{path}?{text}"), None)
        } else {
            (Method::POST, path.to_owned(), Some(text))
        };
        let request = Request { method, path, headers, form, limit: self.limit, cap: MOST_BYTES };
        self.transport.send(request).await
    }

    fn decoded<T>(
        &self,
        what: &'static str,
        answer: &Answer,
        read: impl FnOnce(&serde_json::value::RawValue, envelope::Told) -> Result<T, String>,
    ) -> Result<T> {
        let on = || self.transport.address();
        if answer.status >= 300 {
            return Err(fault::of(what, on(), answer));
        }
        let (data, told) = envelope::open(what, &on, answer)?;
        read(data, told).map_err(|e| Error::new(Kind::Decode, what).on(on()).detail(e))
    }
}

#[derive(serde::Deserialize)]
struct Version {
    #[serde(rename = "version")]
    _version: String,
}

/// Prints a window as Loki reads it without loss: whole nanoseconds, never floats or milliseconds.
fn bounds(window: Window) -> Vec<(&'static str, String)> {
    vec![("start", window.start.0.max(0).to_string()), ("end", window.end.0.max(0).to_string())]
}

#[cfg(test)]
mod tests;
