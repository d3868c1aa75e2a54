//! Loki's JSON: streams, names, label sets.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::LONGEST_LINE;
use crate::core::{Labels, Ts, Untrusted};
use crate::sources::prom::{Capped, envelope::Told};
use crate::store::logs::{Entry, Origin};

const MOST_NAMES: usize = 10_000;
const MOST_STREAMS: usize = 20_000;

/// An answer with lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The lines; of each stream in the server's order.
    pub entries: Vec<Entry>,
    /// The limit that was asked: as many lines mean that there may be more.
    pub limit: usize,
    /// How many lines were longer than is kept.
    pub cut: usize,
    /// Whether the server told labels and metadata apart.
    pub categorized: bool,
    /// Warnings of the server: the lines may be partial.
    pub warnings: Vec<Untrusted>,
}

impl Page {
    /// Returns whether there may be more lines than these.
    pub fn is_full(&self) -> bool {
        self.entries.len() >= self.limit
    }

    /// Moves what is no index label from the labels to the metadata.
    pub(super) fn separate(&mut self, index: &BTreeSet<String>) {
        for entry in &mut self.entries {
            let mixed = &entry.labels;
            if mixed.iter().all(|(name, _)| index.contains(name)) {
                continue;
            }
            let extra = mixed.without(|name| index.contains(name));
            let labels = mixed.without(|name| !index.contains(name));
            entry.metadata = entry
                .metadata
                .iter()
                .chain(extra.iter())
                .map(|(n, v)| (n.to_owned(), v.to_owned()))
                .collect();
            entry.labels = labels;
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    result_type: String,
    #[serde(borrow)]
    result: &'a RawValue,
    #[serde(default)]
    encoding_flags: Vec<String>,
}

#[derive(Deserialize)]
struct Stream<'a> {
    #[serde(default)]
    stream: Labels,
    #[serde(borrow, default)]
    values: Vec<Value<'a>>,
}

struct Value<'a> {
    ts: Ts,
    line: Cow<'a, str>,
    metadata: Labels,
}

pub fn page(data: &RawValue, told: Told, limit: usize) -> Result<Page, String> {
    let text = |e: serde_json::Error| e.to_string();
    let data: Data<'_> = serde_json::from_str(data.get()).map_err(text)?;
    if data.result_type != "streams" {
        return Err(format!("the query answers with a {}, not with lines", data.result_type));
    }
    let streams: Capped<Stream<'_>, MOST_STREAMS> = serde_json::from_str(data.result.get()).map_err(text)?;
    if streams.dropped > 0 {
        return Err(format!("more than {MOST_STREAMS} streams in one answer"));
    }
    let categorized = data.encoding_flags.iter().any(|f| f == "categorize-labels");
    let mut page = Page { limit, categorized, warnings: told.warnings, ..Page::default() };
    for stream in streams.items {
        for value in stream.values {
            let line = kept(&value.line);
            page.cut += usize::from(line.len() < value.line.len());
            page.entries.push(Entry {
                ts: value.ts,
                line: Untrusted::from(line),
                labels: stream.stream.clone(),
                metadata: value.metadata,
                origin: Origin::Loki,
            });
        }
    }
    Ok(page)
}

/// Returns as much of a line as is kept, cut between characters.
fn kept(line: &str) -> &str {
    if line.len() <= LONGEST_LINE {
        return line;
    }
    let end = (0..=LONGEST_LINE).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
    line.get(..end).unwrap_or("")
}

pub fn names(data: &RawValue) -> Result<Vec<String>, String> {
    let list: Capped<String, MOST_NAMES> = serde_json::from_str(data.get()).map_err(|e| e.to_string())?;
    Ok(list.items)
}

pub fn series(data: &RawValue) -> Result<Vec<Labels>, String> {
    let list: Capped<Labels, MOST_STREAMS> = serde_json::from_str(data.get()).map_err(|e| e.to_string())?;
    Ok(list.items)
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts;

        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct Extra {
            structured_metadata: Option<Labels>,
        }

        impl<'de> Visitor<'de> for Parts {
            type Value = Value<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time, a line and perhaps metadata")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                use serde::de::Error as _;
                let ts: Text<'de> =
                    list.next_element()?.ok_or_else(|| A::Error::custom("a value without a time"))?;
                let line: Text<'de> =
                    list.next_element()?.ok_or_else(|| A::Error::custom("a value without a line"))?;
                let extra: Option<Extra> = list.next_element()?;
                while list.next_element::<IgnoredAny>()?.is_some() {}
                let ns = ts.0.parse().map_err(|_| A::Error::custom("a time that is not in nanoseconds"))?;
                let metadata = extra.and_then(|e| e.structured_metadata).unwrap_or_default();
                Ok(Value { ts: Ts(ns), line: line.0, metadata })
            }
        }

        deserializer.deserialize_seq(Parts)
    }
}

/// A string that is borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
