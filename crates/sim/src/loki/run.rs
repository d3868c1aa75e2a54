//! Runs queries over the source. Owns limits and the shape of results; never reads a request.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value as Json, json};

use super::level;
use super::logql::metric::{Counted, join};
use super::logql::pipeline::Record;
use super::logql::{LogQuery, LogqlError, MetricQuery};
use super::source::{Direction, Source};
use crate::life::Nanos;
use crate::prom::promql::number;
use crate::shop::labels::Labels;

/// Series of a metric query at most.
const MAX_SERIES: usize = 500;
/// Lines that a metric query may look at.
const MAX_LINES: usize = 3_000_000;

/// What a query of lines asks for.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// First instant, inclusive.
    pub start: Nanos,
    /// Last instant, exclusive.
    pub end: Nanos,
    /// Entries at most.
    pub limit: usize,
    /// From which end.
    pub direction: Direction,
    /// Whether labels are told apart by where they come from.
    pub categorize: bool,
}

/// Metadata of lines, by level.
#[derive(Default)]
struct Metadata(HashMap<&'static str, Labels>);

impl Metadata {
    fn of(&mut self, line: &str) -> Labels {
        let level = level::detect(line);
        self.0.entry(level).or_insert_with(|| Labels::new([("detected_level", level)])).clone()
    }
}

/// Runs a query of lines and returns its streams.
pub fn lines(source: &Source, query: &LogQuery, ask: Ask) -> Json {
    let mut streams: BTreeMap<Labels, Vec<Json>> = BTreeMap::new();
    let mut metadata = Metadata::default();
    let mut left = ask.limit;
    let taken: Result<(), std::convert::Infallible> =
        source.each(&query.selector, (ask.start, ask.end), ask.direction, |entry| {
            let found = metadata.of(&entry.line);
            let mut record = Record {
                line: &entry.line,
                stream: entry.stream,
                metadata: found,
                parsed: Labels::default(),
            };
            if record.pass(&query.stages) {
                let (labels, value) = shaped(&record, entry.at, ask.categorize);
                streams.entry(labels).or_default().push(value);
                left -= 1;
            }
            Ok(left > 0)
        });
    let Ok(()) = taken;
    streams.into_iter().map(|(labels, values)| json!({"stream": labels.json(), "values": values})).collect()
}

fn shaped(record: &Record<'_>, at: Nanos, categorize: bool) -> (Labels, Json) {
    if !categorize {
        return (record.labels(), json!([at.to_string(), record.line]));
    }
    let mut apart = json!({"structuredMetadata": record.metadata.json()});
    if let Some(map) = apart.as_object_mut() {
        if record.metadata.is_empty() {
            map.clear();
        }
        if !record.parsed.is_empty() {
            map.insert("parsed".into(), record.parsed.json());
        }
    }
    (record.stream.clone(), json!([at.to_string(), record.line, apart]))
}

/// The instants at which a metric query is evaluated, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Steps {
    /// The first.
    pub start: Nanos,
    /// The last, at most.
    pub end: Nanos,
    /// The distance between them.
    pub step: Nanos,
}

/// Runs a query of numbers: for each series its points of instant and value.
pub fn numbers(
    source: &Source,
    query: &MetricQuery,
    steps: Steps,
) -> Result<BTreeMap<Labels, Vec<(Nanos, f64)>>, LogqlError> {
    let counted = count(source, query, steps)?;
    let mut series: BTreeMap<Labels, Vec<(Nanos, f64)>> = BTreeMap::new();
    let mut at = steps.start;
    while at <= steps.end {
        for (labels, v) in evaluate(query, &counted, at) {
            series.entry(labels).or_default().push((at, v));
        }
        if series.len() > MAX_SERIES {
            return Err(LogqlError(format!(
                "maximum number of series ({MAX_SERIES}) reached for a single query; consider reducing query \
                 cardinality by adding more specific stream selectors, reducing the time range, or aggregating \
                 results with functions like sum(), count() or topk()"
            )));
        }
        at += steps.step.max(1);
    }
    Ok(series)
}

fn count(source: &Source, query: &MetricQuery, steps: Steps) -> Result<Counted, LogqlError> {
    let (log, range, offset) = match query {
        MetricQuery::Vector { inner, .. } => return count(source, inner, steps),
        MetricQuery::Range { query, range, offset, .. } => (query, *range, *offset),
    };
    let window = (steps.start - offset - range + 1, steps.end - offset + 1);
    let mut counted = Counted::default();
    let mut metadata = Metadata::default();
    let mut seen = 0usize;
    source.each(&log.selector, window, Direction::Forward, |entry| {
        seen += 1;
        if seen > MAX_LINES {
            return Err(LogqlError(format!("the query would read more than {MAX_LINES} lines")));
        }
        let found = metadata.of(&entry.line);
        let mut record =
            Record { line: &entry.line, stream: entry.stream, metadata: found, parsed: Labels::default() };
        if record.pass(&log.stages) {
            counted.add(record.labels(), entry.at, entry.line.len())?;
        }
        Ok(true)
    })?;
    Ok(counted)
}

fn evaluate(query: &MetricQuery, counted: &Counted, at: Nanos) -> Vec<(Labels, f64)> {
    match query {
        MetricQuery::Range { op, range, offset, .. } => counted.at(*op, at - offset, *range),
        MetricQuery::Vector { op, grouping, inner } => join(*op, grouping, evaluate(inner, counted, at)),
    }
}

/// Returns nanoseconds as seconds with milliseconds.
fn seconds(at: Nanos) -> Json {
    let millis = at / 1_000_000;
    if millis % 1_000 == 0 { json!(millis / 1_000) } else { json!(millis as f64 / 1_000.0) }
}

/// Writes series as a matrix.
pub fn matrix(series: &BTreeMap<Labels, Vec<(Nanos, f64)>>) -> Json {
    let values = |points: &[(Nanos, f64)]| {
        points.iter().map(|(t, v)| json!([seconds(*t), number(*v)])).collect::<Json>()
    };
    series.iter().map(|(labels, points)| json!({"metric": labels.json(), "values": values(points)})).collect()
}

/// Writes the only point of each series as a vector.
pub fn vector(series: &BTreeMap<Labels, Vec<(Nanos, f64)>>) -> Json {
    let one = |(labels, points): (&Labels, &Vec<(Nanos, f64)>)| {
        let (t, v) = points.first()?;
        Some(json!({"metric": labels.json(), "value": [seconds(*t), number(*v)]}))
    };
    series.iter().filter_map(one).collect()
}
