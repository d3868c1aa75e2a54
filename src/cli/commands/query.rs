//! `deckwatch query`: what a PromQL expression gives.

use serde_json::json;

use super::{PATIENCE, headless, print_json};
use crate::app::effect::Query;
use crate::app::views::{View, text};
use crate::cli::args::{Output, Place};
use crate::cli::commands::table::align;
use crate::core::{Error, Kind, Result, Span, Ts, Untrusted, Window};
use crate::query::step;
use crate::store::series::Matrix;

fn usage(what: &str, detail: &str) -> Error {
    Error::new(Kind::Usage, "query").on(what.to_owned()).detail(detail.to_owned())
}

/// Prints the answer.
pub fn print(place: &Place, expr: &str, at: Option<&str>, range: Option<&str>, output: Output) -> Result<u8> {
    let mut headless = headless(place, View::Text(text::Text::default()), (120, 40))?;
    let now = headless.env.now;
    let zone = headless.model.shared.session.zone;
    let at = match at {
        Some(text) => Ts::parse_moment(text, now, zone)
            .ok_or_else(|| usage(text, "--at is a time, as in 14:02, -15m or RFC 3339"))?,
        None => now,
    };
    let (window, step) = match range {
        Some(text) => {
            let span = Span::parse(text)
                .filter(|s| s.0 > 0)
                .ok_or_else(|| usage(text, "--range is a length, as in 1h"))?;
            let step = step::choose(span, 120, Span::secs(1));
            (step::align(Window { start: at - span, end: at }, step), step)
        }
        None => (Window { start: at, end: at }, Span::secs(1)),
    };
    let answer = headless.ask(Query::Range { expr: expr.into(), window, step }, PATIENCE);
    headless.finish();
    let Ok(crate::app::msg::Answer::Range(matrix)) = answer else {
        return Err(answer.err().unwrap_or_else(|| Error::new(Kind::Internal, "query")));
    };
    let code = if matrix.warnings.is_empty() && matrix.dropped == 0 { 0 } else { 3 };
    for warning in matrix.warnings.iter().chain(&matrix.infos) {
        super::note(&format!("prometheus: {}", warning.safe()));
    }
    if matrix.dropped > 0 {
        super::note(&format!("{} more series were cut", matrix.dropped));
    }
    if output == Output::Json {
        print_json(&document(&matrix, range.is_some()))
    } else {
        super::print(&table(&matrix, range.is_some(), zone))
    }
    .map(|_| code)
}

/// Returns the answer in the shape of `data` of Prometheus' HTTP API: a vector at one time, a matrix over a range.
fn document(matrix: &Matrix, range: bool) -> serde_json::Value {
    let sample = |(t, v): &(Ts, f64)| json!([t.as_secs_f64(), value(*v)]);
    let result: Vec<_> = matrix
        .series
        .iter()
        .filter_map(|s| {
            let values: Vec<_> = s.points.iter().map(sample).collect();
            if range {
                return Some(json!({ "metric": s.labels, "values": values }));
            }
            values.last().map(|last| json!({ "metric": s.labels, "value": last }))
        })
        .collect();
    json!({ "resultType": if range { "matrix" } else { "vector" }, "result": result })
}

/// Prints a value as Prometheus does.
fn value(v: f64) -> String {
    if v.is_infinite() { if v > 0.0 { "+Inf" } else { "-Inf" }.to_owned() } else { v.to_string() }
}

fn table(matrix: &Matrix, range: bool, zone: crate::core::Zone) -> String {
    let mut lines = Vec::new();
    for series in &matrix.series {
        let labels: Vec<String> = series.labels.iter().map(|(k, v)| format!("{k}={v:?}")).collect();
        let name = Untrusted::from(format!("{{{}}}", labels.join(", "))).safe();
        if range {
            lines.extend(
                series.points.iter().map(|(t, v)| vec![name.to_string(), t.rfc3339_in(zone), value(*v)]),
            );
        } else {
            lines.extend(series.points.last().map(|(_, v)| vec![name.to_string(), value(*v)]));
        }
    }
    if lines.is_empty() { "no data\n".to_owned() } else { align(&lines) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_printed_as_prometheus_prints_them() {
        let values = [0.125, 3.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
        assert_eq!(values.map(value), ["0.125", "3", "+Inf", "-Inf", "NaN"]);
    }
}
