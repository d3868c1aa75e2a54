//! The part of PromQL that boards, rules and views ask, evaluated as Prometheus 3 does: ranges and
//! the look-back are open at their start, rates are extrapolated, stale series are gone.
//!
//! Owns parsing (with bounds), evaluation at one instant and over a range. Never samples anything
//! itself: it asks a [`Store`]. What it does not hold is refused by name. Tested in `tests`.

mod aggregate;
mod binary;
mod eval;
mod functions;
mod histogram;
mod over_time;
mod select;

#[cfg(test)]
mod tests;

use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::Expr;

use crate::shop::labels::{Labels, NAME};

pub use eval::{instant, range};

/// How far back an instant selector looks, in milliseconds.
pub const LOOK_BACK: i64 = 300_000;
/// Bytes of a query at most.
const MAX_QUERY: usize = 32 * 1024;
/// Nested brackets of a query at most.
const MAX_DEPTH: usize = 64;
/// Operators of a query at most: each may make the tree one level deeper.
const MAX_OPERATORS: usize = 300;
/// Samples that one query may touch.
pub const MAX_SAMPLES: usize = 20_000_000;
/// The bits of the value that marks the end of a series.
const STALE_BITS: u64 = 0x7ff0_0000_0000_0002;

/// Returns the value that marks the end of a series.
pub fn stale() -> f64 {
    f64::from_bits(STALE_BITS)
}

/// Whether a value marks the end of a series.
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE_BITS
}

/// A sample: milliseconds since 1970 and a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Milliseconds since 1970.
    pub t: i64,
    /// The value.
    pub v: f64,
}

/// A series with its samples in the order of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its labels.
    pub labels: Labels,
    /// Its samples.
    pub samples: Vec<Sample>,
}

/// What a query comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Scalar(f64),
    /// A text.
    String(String),
    /// One value per series.
    Vector(Vec<(Labels, f64)>),
    /// Samples per series.
    Matrix(Vec<Series>),
}

/// Why a query has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The text is not PromQL.
    #[error("{0}")]
    Parse(String),
    /// It cannot be evaluated.
    #[error("{0}")]
    Execution(String),
    /// The simulated Prometheus does not hold it.
    #[error("{0} is not held by the demo stand")]
    NotHeld(String),
}

/// A set of matchers; alternatives where the selector has `or`.
#[derive(Clone, Debug)]
pub struct Selector(Vec<Vec<Matcher>>);

impl Selector {
    /// Returns the selector of an expression.
    pub fn of(selector: &promql_parser::parser::VectorSelector) -> Self {
        let mut all: Vec<Vec<Matcher>> = if selector.matchers.or_matchers.is_empty() {
            vec![selector.matchers.matchers.clone()]
        } else {
            selector.matchers.or_matchers.clone()
        };
        if let Some(name) = &selector.name {
            for matchers in &mut all {
                // First, since it rules out most series.
                matchers.insert(0, Matcher::new(MatchOp::Equal, NAME, name));
            }
        }
        Self(all)
    }

    /// Whether the labels match.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().any(|all| all.iter().all(|m| m.is_match(labels.get(&m.name))))
    }

    /// Whether a series with this label, whatever its others, might match.
    pub fn might(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|all| all.iter().all(|m| m.name != name || m.is_match(value)))
    }
}

/// Whoever holds samples.
pub trait Store {
    /// Returns the series that match, with their samples in `from ≤ t ≤ to`, ends marked stale.
    fn select(&self, selector: &Selector, from: i64, to: i64) -> Result<Vec<Series>, QueryError>;
}

/// Parses a query.
///
/// # Errors
/// [`QueryError::Parse`] with the position and the reason in Prometheus' form.
pub fn parse(query: &str) -> Result<Expr, QueryError> {
    let refuse = |why: String| QueryError::Parse(format!("{}: parse error: {why}", position(query)));
    if query.trim().is_empty() {
        return Err(refuse("no expression found in input".into()));
    }
    if query.len() > MAX_QUERY {
        return Err(refuse(format!("query longer than {MAX_QUERY} bytes")));
    }
    if depth(query) > MAX_DEPTH || operators(query) > MAX_OPERATORS {
        let bounds = format!("{MAX_DEPTH} nested brackets or {MAX_OPERATORS} operators");
        return Err(refuse(format!("query of more than {bounds}")));
    }
    promql_parser::parser::parse(query).map_err(|why| {
        let why = if why == "invalid promql query" { unexpected(query) } else { why };
        refuse(why)
    })
}

/// Returns how deeply a query's brackets are nested.
fn depth(query: &str) -> usize {
    let (mut open, mut deepest) = (0usize, 0usize);
    for c in query.chars() {
        match c {
            '(' | '[' => open += 1,
            ')' | ']' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}

/// Returns how many operators a query has at most, words in texts included.
fn operators(query: &str) -> usize {
    let signs = query.chars().filter(|c| "+-*/%^=<>~:".contains(*c)).count();
    let word = |w: &&str| ["and", "or", "unless", "atan2"].contains(&w.to_lowercase().as_str());
    signs + query.split(|c: char| !c.is_ascii_alphanumeric()).filter(word).count()
}

/// Returns line and column of the place that a parse error is about: the end of a query that
/// stops too early, else its first unbalanced bracket, else its start.
fn position(query: &str) -> String {
    let offset = unbalanced(query).unwrap_or_else(|| if complete(query) { 0 } else { query.len() });
    let before = query.get(..offset).unwrap_or(query);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    format!("{line}:{column}")
}

fn unexpected(query: &str) -> String {
    match unbalanced(query).and_then(|i| query.get(i..)?.chars().next()) {
        Some(c) => format!("unexpected {c:?}"),
        None if complete(query) => "unexpected token in query".into(),
        None => "unexpected end of input".into(),
    }
}

/// Returns the offset of a closing bracket that nothing opened.
fn unbalanced(query: &str) -> Option<usize> {
    let mut open = Vec::new();
    let mut quote = None;
    for (i, c) in query.char_indices() {
        match (quote, c) {
            (Some(q), _) => quote = (q != c).then_some(q),
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '(' | '[' | '{') => open.push(c),
            (None, ')' | ']' | '}') => {
                let pair = matches!((open.pop(), c), (Some('('), ')') | (Some('['), ']') | (Some('{'), '}'));
                if !pair {
                    return Some(i);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether a query's brackets are closed and it does not end in an operator.
fn complete(query: &str) -> bool {
    let count = |c| query.matches(c).count();
    let closed = [('(', ')'), ('[', ']'), ('{', '}')].iter().all(|(a, b)| count(*a) == count(*b));
    closed && !query.trim_end().ends_with(['+', '-', '*', '/', '%', '^', '=', '>', '<', ','])
}

/// Returns a number as Prometheus writes it.
pub fn number(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    let size = value.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return format!("{value}");
    }
    let text = format!("{value:e}");
    if size >= 1e21 { text.replacen('e', "e+", 1) } else { text }
}
