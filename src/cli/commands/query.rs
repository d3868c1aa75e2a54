//! `deckwatch query`: what a PromQL expression gives.

use serde_json::json;

use super::{PATIENCE, headless, print_json};
use crate::app::effect::Query;
use crate::app::views::{View, text};
use crate::cli::args::{Output, Place};
use crate::cli::commands::cluster::align;
use crate::core::{Error, Kind, Result, Safe, Span, Ts, Untrusted, Window};
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
    if output == Output::Json {
        print_json(&document(&matrix))
    } else {
        super::print(&table(&matrix, range.is_some(), zone))
    }
    .map(|_| code)
}

fn document(matrix: &Matrix) -> serde_json::Value {
    json!({
        "schema": "deckwatch.query/1",
        "series": crate::app::views::board::chart::series_json(matrix),
        "warnings": matrix.warnings, "infos": matrix.infos, "dropped": matrix.dropped,
    })
}

fn table(matrix: &Matrix, range: bool, zone: crate::core::Zone) -> String {
    let mut lines = Vec::new();
    for series in &matrix.series {
        let labels: Vec<String> = series.labels.iter().map(|(k, v)| format!("{k}={v:?}")).collect();
        let name = Untrusted::from(format!("{{{}}}", labels.join(", "))).safe();
        if range {
            lines.extend(
                series.points.iter().map(|(t, v)| vec![name.to_string(), t.rfc3339_in(zone), v.to_string()]),
            );
        } else {
            lines.extend(series.points.last().map(|(_, v)| vec![name.to_string(), v.to_string()]));
        }
    }
    for warning in &matrix.warnings {
        lines.push(vec![Safe::own("warning").to_string(), warning.safe().to_string()]);
    }
    if lines.is_empty() { "no data\n".to_owned() } else { align(&lines) }
}
