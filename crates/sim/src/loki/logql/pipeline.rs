//! A pipeline at work on one line: filters, parsers, labels. Owns what `json` and `logfmt` make of
//! a line; tested in `tests`.

use serde_json::Value as Json;

use super::lex::{bytes, duration};
use super::{Filter, Order, Stage, Unit};
use crate::shop::labels::Labels;

/// The label that says that a stage failed.
pub const ERROR: &str = "__error__";
/// What Loki says of a line that is no JSON.
const JSON_DETAILS: &str = "Value looks like object, but can't find closing '}' symbol";
/// How deep objects are looked into.
const MAX_DEPTH: usize = 8;
/// Labels that a parser takes from a line at most.
const MAX_FIELDS: usize = 200;

/// A line on its way through the stages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The line.
    pub line: &'a str,
    /// The stream's labels.
    pub stream: Labels,
    /// Structured metadata.
    pub metadata: Labels,
    /// What parsers found.
    pub parsed: Labels,
}

impl Record<'_> {
    fn get(&self, name: &str) -> &str {
        [&self.parsed, &self.metadata, &self.stream]
            .into_iter()
            .map(|l| l.get(name))
            .find(|v| !v.is_empty())
            .unwrap_or("")
    }

    /// Returns all labels together.
    pub fn labels(&self) -> Labels {
        let mut all = self.stream.clone();
        for (name, value) in self.metadata.iter().chain(self.parsed.iter()) {
            all.set(name, value);
        }
        all
    }

    /// Passes through the stages; `false` when one of them drops it.
    pub fn pass(&mut self, stages: &[Stage]) -> bool {
        stages.iter().all(|stage| self.stage(stage))
    }

    fn stage(&mut self, stage: &Stage) -> bool {
        match stage {
            Stage::Contains(texts, wanted) => texts.iter().any(|t| self.line.contains(t)) == *wanted,
            Stage::Finds(expressions, wanted) => expressions.iter().any(|e| e.is_match(self.line)) == *wanted,
            Stage::Json => {
                self.json();
                true
            }
            Stage::Logfmt => {
                for (name, value) in logfmt(self.line) {
                    self.add(&name, &value);
                }
                true
            }
            Stage::Filter(filter) => self.filter(filter),
            Stage::Drop(names) => {
                self.retain(|n| !names.iter().any(|d| d == n));
                true
            }
            Stage::Keep(names) => {
                self.retain(|n| names.iter().any(|d| d == n));
                true
            }
        }
    }

    fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.stream = self.stream.keep(&keep);
        self.metadata = self.metadata.keep(&keep);
        self.parsed = self.parsed.keep(&keep);
    }

    fn add(&mut self, name: &str, value: &str) {
        let name: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
        let name = if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name };
        if name.is_empty() || self.parsed.len() >= MAX_FIELDS {
            return;
        }
        if self.stream.get(&name).is_empty() && self.metadata.get(&name).is_empty() {
            self.parsed.set(&name, value);
        } else {
            self.parsed.set(&format!("{name}_extracted"), value);
        }
    }

    fn json(&mut self) {
        let Ok(Json::Object(map)) = serde_json::from_str::<Json>(self.line) else {
            self.parsed.set(ERROR, "JSONParserErr");
            self.parsed.set("__error_details__", JSON_DETAILS);
            return;
        };
        for (name, value) in &map {
            self.field(name, value, 0);
        }
    }

    fn field(&mut self, name: &str, value: &Json, depth: usize) {
        match value {
            Json::Object(map) if depth < MAX_DEPTH => {
                for (inner, value) in map {
                    self.field(&format!("{name}_{inner}"), value, depth + 1);
                }
            }
            Json::String(text) => self.add(name, text),
            Json::Number(n) => self.add(name, &n.to_string()),
            Json::Bool(b) => self.add(name, if *b { "true" } else { "false" }),
            Json::Null | Json::Array(_) | Json::Object(_) => {}
        }
    }

    fn filter(&mut self, filter: &Filter) -> bool {
        match filter {
            Filter::Text(matcher) => matcher.accepts(self.get(&matcher.name)),
            Filter::And(a, b) => self.filter(a) && self.filter(b),
            Filter::Or(a, b) => self.filter(a) || self.filter(b),
            Filter::Number { name, order, value, unit } => {
                let text = self.get(name).to_owned();
                if text.is_empty() {
                    return false;
                }
                let Some(found) = quantity(&text, *unit) else {
                    // As in Loki, what cannot be compared passes and is marked.
                    self.parsed.set(ERROR, "LabelFilterErr");
                    return true;
                };
                compare(found, *order, *value)
            }
        }
    }
}

fn quantity(text: &str, unit: Unit) -> Option<f64> {
    match unit {
        Unit::Number => text.parse().ok(),
        Unit::Duration => duration(text).map(|nanos| nanos as f64 / 1e9),
        Unit::Bytes => bytes(text).or_else(|| text.parse().ok()),
    }
}

fn compare(found: f64, order: Order, value: f64) -> bool {
    #[expect(clippy::float_cmp, reason = "LogQL compares exactly")]
    match order {
        Order::Equal => found == value,
        Order::NotEqual => found != value,
        Order::Greater => found > value,
        Order::GreaterEqual => found >= value,
        Order::Less => found < value,
        Order::LessEqual => found <= value,
    }
}

/// Returns the pairs of a logfmt line; words without a value are passed over.
pub fn logfmt(line: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() && pairs.len() < MAX_FIELDS {
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let Some(value) = after.strip_prefix('=') else {
            rest = after.trim_start();
            continue;
        };
        let (value, after) = value_of(value);
        if !value.is_empty() && !name.contains('"') {
            pairs.push((name.to_owned(), value));
        }
        rest = after.trim_start();
    }
    pairs
}

fn value_of(text: &str) -> (String, &str) {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.to_owned(), rest);
    };
    let mut value = String::new();
    let mut chars = inner.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '"' => return (value, inner.get(i + 1..).unwrap_or("")),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, other)) => value.push(other),
                None => break,
            },
            other => value.push(other),
        }
    }
    (value, "")
}
