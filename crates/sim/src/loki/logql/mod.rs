//! The part of LogQL that views ask: stream selectors, line filters, `json`, `logfmt`, label
//! filters, `drop`, `keep`, and counts over ranges with aggregations.
//!
//! Owns the syntax tree, its parser and the pipeline. Never reads lines itself. What it does not
//! hold is refused with Loki's form of a parse error. Tested in `tests`.

mod lex;
pub mod metric;
mod parse;
pub mod pipeline;

#[cfg(test)]
mod tests;

use regex::Regex;

use crate::shop::labels::Labels;

pub use parse::parse;

/// Bytes of a query at most.
pub const MAX_QUERY: usize = 32 * 1024;
/// Stages of a pipeline, and depth of an aggregation, at most.
pub const MAX_STAGES: usize = 100;

/// A query that cannot be answered; the text is Loki's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LogqlError(pub String);

impl LogqlError {
    /// A syntax error at a byte offset of the query.
    pub fn at(query: &str, offset: usize, why: &str) -> Self {
        let before = query.get(..offset.min(query.len())).unwrap_or(query);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Self(format!("parse error at line {line}, col {column}: {why}"))
    }
}

/// How a matcher compares.
#[derive(Clone, Debug)]
pub enum Test {
    /// `=` and `!=`.
    Equal(String),
    /// `=~` and `!~`, anchored.
    Regex(Regex),
}

/// A matcher of a label.
#[derive(Clone, Debug)]
pub struct Matcher {
    /// The label's name.
    pub name: String,
    /// How it compares.
    pub test: Test,
    /// Whether it must match, rather than not.
    pub wanted: bool,
}

impl Matcher {
    /// Whether a value matches.
    pub fn accepts(&self, value: &str) -> bool {
        let found = match &self.test {
            Test::Equal(text) => text == value,
            Test::Regex(regex) => regex.is_match(value),
        };
        found == self.wanted
    }
}

/// The streams that a query is about.
#[derive(Clone, Debug)]
pub struct Selector(pub Vec<Matcher>);

impl Selector {
    /// Whether a stream's labels match.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|m| m.accepts(labels.get(&m.name)))
    }
}

/// How a number is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
}

/// The unit of a number in a label filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A plain number.
    Number,
    /// Seconds.
    Duration,
    /// Bytes.
    Bytes,
}

/// A filter of labels.
#[derive(Clone, Debug)]
pub enum Filter {
    /// A text.
    Text(Matcher),
    /// A number.
    Number {
        /// The label's name.
        name: String,
        /// How it is compared.
        order: Order,
        /// With what.
        value: f64,
        /// In which unit.
        unit: Unit,
    },
    /// Both hold.
    And(Box<Self>, Box<Self>),
    /// One holds.
    Or(Box<Self>, Box<Self>),
}

/// A stage of a pipeline.
#[derive(Clone, Debug)]
pub enum Stage {
    /// `|=` and `!=`: one of the texts is in the line.
    Contains(Vec<String>, bool),
    /// `|~` and `!~`: one of the expressions is found in the line.
    Finds(Vec<Regex>, bool),
    /// `| json`.
    Json,
    /// `| logfmt`.
    Logfmt,
    /// A label filter.
    Filter(Filter),
    /// `| drop`.
    Drop(Vec<String>),
    /// `| keep`.
    Keep(Vec<String>),
}

/// A query of lines.
#[derive(Clone, Debug)]
pub struct LogQuery {
    /// The streams.
    pub selector: Selector,
    /// What is done with their lines.
    pub stages: Vec<Stage>,
}

/// What is counted over a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeOp {
    /// `count_over_time`
    Count,
    /// `rate`
    Rate,
    /// `bytes_over_time`
    Bytes,
    /// `bytes_rate`
    BytesRate,
}

/// How series are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VectorOp {
    /// `sum`
    Sum,
    /// `min`
    Min,
    /// `max`
    Max,
    /// `avg`
    Avg,
    /// `count`
    Count,
    /// `topk`
    TopK(usize),
    /// `bottomk`
    BottomK(usize),
}

/// By which labels series are joined.
#[derive(Clone, Debug, Default)]
pub struct Grouping {
    /// The labels' names.
    pub labels: Vec<String>,
    /// Whether these are left out, rather than kept.
    pub without: bool,
}

/// A query of numbers.
#[derive(Clone, Debug)]
pub enum MetricQuery {
    /// Over a range of each stream.
    Range {
        /// What is counted.
        op: RangeOp,
        /// The lines.
        query: LogQuery,
        /// The range in nanoseconds.
        range: i64,
        /// How far back it is asked, in nanoseconds.
        offset: i64,
    },
    /// Over series.
    Vector {
        /// How they are joined.
        op: VectorOp,
        /// By what.
        grouping: Grouping,
        /// Which.
        inner: Box<Self>,
    },
}

/// A query.
#[derive(Clone, Debug)]
pub enum Query {
    /// Of lines.
    Log(LogQuery),
    /// Of numbers.
    Metric(MetricQuery),
}
