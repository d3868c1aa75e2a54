//! The index of a chart repository: which versions of a chart there are.
//!
//! Owns the reading of `index.yaml`, as Helm, ChartMuseum and Nexus write it, and the order of versions (SemVer 2). An index is
//! data from outside: text, nodes and versions are bounded, and what cannot be read of it is counted, not guessed.
//! Tested by an index as Nexus serves it, by orders, and by hostile texts.

use serde_json::Value;
use thiserror::Error;

use crate::yaml11::parse_document;

mod version;

pub use version::Version;

/// How large an index may be, in bytes.
pub const MAX_TEXT: usize = 32 << 20;
/// How many versions of a chart are kept: the newest ones.
pub const MAX_VERSIONS: usize = 10_000;

/// Why an index cannot be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum IndexError {
    /// It is longer than the limit.
    #[error("the index is {len} bytes long, more than {MAX_TEXT}")]
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// It is no YAML, or none that is read here.
    #[error("the index is not valid YAML: {0}")]
    Yaml(String),
    /// It is YAML, but no index.
    #[error("this is no index of charts: {0}")]
    NotAnIndex(&'static str),
    /// It has no such chart.
    #[error("the index has no chart of this name; it has {count} others")]
    NoChart {
        /// How many charts it has.
        count: usize,
    },
}

/// The versions of a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// The newest first.
    pub all: Vec<ChartVersion>,
    /// How many entries have no version that can be read; Helm passes over them as well.
    pub skipped: usize,
    /// How many more there are than are kept.
    pub dropped: usize,
}

/// One version of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartVersion {
    /// The version.
    pub version: Version,
    /// The version of what the chart installs; empty where it does not say.
    pub app_version: String,
    /// When it was put into the repository, as the index says it; empty where it does not.
    pub created: String,
    /// One line about it.
    pub description: String,
    /// Whether the chart says that it is not to be used any more.
    pub deprecated: bool,
}

/// Reads the versions of a chart from an index.
///
/// # Errors
/// An index that is none, or that does not have the chart.
pub fn versions(text: &str, chart: &str) -> Result<Versions, IndexError> {
    if text.len() > MAX_TEXT {
        return Err(IndexError::TooLong { len: text.len() });
    }
    // Indexes are also served as JSON, which is read much faster.
    let json = text.trim_start().starts_with('{').then(|| serde_json::from_str::<Value>(text).ok()).flatten();
    let document = match json {
        Some(document) => document,
        None => parse_document(text).map_err(|e| IndexError::Yaml(e.to_string()))?.unwrap_or(Value::Null),
    };
    if document.get("apiVersion").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(IndexError::NotAnIndex("it has no `apiVersion`"));
    }
    let entries = match document.get("entries") {
        Some(Value::Object(entries)) => entries,
        None | Some(Value::Null) => return Err(IndexError::NoChart { count: 0 }),
        Some(_) => return Err(IndexError::NotAnIndex("its `entries` are no table")),
    };
    let list = match entries.get(chart) {
        Some(Value::Array(list)) => list,
        Some(Value::Null) => return Ok(Versions::default()),
        Some(_) => return Err(IndexError::NotAnIndex("the entries of the chart are no list")),
        None => return Err(IndexError::NoChart { count: entries.len() }),
    };
    let mut all: Vec<ChartVersion> = list.iter().filter_map(entry).collect();
    let skipped = list.len() - all.len();
    // Versions that differ only in what was built are equal to Helm; here the order says so too.
    all.sort_by(|a, b| b.version.cmp(&a.version));
    let dropped = all.len().saturating_sub(MAX_VERSIONS);
    all.truncate(MAX_VERSIONS);
    Ok(Versions { all, skipped, dropped })
}

/// Reads one entry. A version that YAML takes for a number, such as `1.0`, is read as the number is written.
fn entry(entry: &Value) -> Option<ChartVersion> {
    let text = |key: &str| match entry.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    Some(ChartVersion {
        version: Version::parse(&text("version"))?,
        app_version: text("appVersion"),
        created: text("created"),
        description: text("description"),
        deprecated: entry.get("deprecated").and_then(Value::as_bool).unwrap_or(false),
    })
}

#[cfg(test)]
mod tests;
