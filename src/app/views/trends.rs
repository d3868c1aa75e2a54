//! How the values of the most urgent alerts went: a few small range queries behind the rows of a list.
//!
//! Bounded: the first eight alerts, one question each, every half minute. What Prometheus does not say is
//! left blank; a row is never held back for it. Tested with the views that show it.

use std::sync::Arc;

use super::Cx;
use crate::app::effect::Query;
use crate::app::msg::Answer;
use crate::core::{Fingerprint, Result, Span, Ts, Untrusted, Window};
use crate::query::{promql, step};
use crate::store::alerts::{Alert, State};
use crate::store::series::{Matrix, Series};
use crate::ui::text::Words;
use crate::ui::theme::Glyphs;
use crate::ui::widgets::sparkline::sparkline;

/// How many alerts are drawn.
const MOST: usize = 8;
/// How far back.
const BACK: Span = Span::mins(30);
const EVERY: Span = Span::secs(30);
const STEP: Span = Span::mins(1);
/// Cells of a line of bars.
pub const WIDTH: u16 = 8;

#[derive(Debug)]
struct Trend {
    fingerprint: Fingerprint,
    window: Window,
    matrix: Option<Arc<Matrix>>,
}

/// The trends of a list; its parts are questions 0 to 7 of its page.
#[derive(Debug, Default)]
pub struct Trends {
    all: Vec<Trend>,
    next: Option<Ts>,
}

impl Trends {
    /// Asks for the first alerts of a list, unless they were asked a moment ago.
    pub fn ask<'a>(&mut self, alerts: impl Iterator<Item = &'a Arc<Alert>>, cx: &mut Cx<'_>) {
        let now = cx.now();
        let drawn = |a: &&Arc<Alert>| a.state != State::Suppressed && !super::alerts::is_heartbeat(a);
        let wanted: Vec<(Fingerprint, String, Vec<Untrusted>)> = alerts
            .filter(drawn)
            .filter_map(|a| Some((a.fingerprint, a.rule.as_ref()?.query.raw().to_owned(), a.told_by.clone())))
            .take(MOST)
            .collect();
        let same = wanted.iter().map(|(f, ..)| f).eq(self.all.iter().map(|t| &t.fingerprint));
        if wanted.is_empty() || (same && self.next.is_some_and(|at| now < at)) {
            return;
        }
        let window = asked(now);
        let mut before = std::mem::take(&mut self.all);
        for (part, (fingerprint, expr, told_by)) in wanted.into_iter().enumerate() {
            // What was drawn stays until the new answer is there.
            let known = before.iter().position(|t| t.fingerprint == fingerprint);
            let trend = known.map(|i| before.swap_remove(i));
            self.all.push(trend.unwrap_or(Trend { fingerprint, window, matrix: None }));
            let drawn = promql::threshold(&expr).map_or(expr, |t| t.expr);
            cx.ask(part as u16, Query::RuleRange { told_by, expr: drawn.into(), window, step: STEP });
        }
        self.next = Some(now + EVERY);
        cx.wake_at(now + EVERY);
    }

    /// Takes the answer to one of the questions.
    pub fn take(&mut self, part: u16, answer: Result<Answer>, cx: &Cx<'_>) {
        let Some(trend) = self.all.get_mut(usize::from(part)) else { return };
        if let Ok(Answer::Range(matrix)) = answer {
            trend.window = asked(cx.env.now);
            trend.matrix = Some(matrix);
        }
    }

    /// Returns whether anything is there to be drawn.
    pub fn any(&self) -> bool {
        self.all.iter().any(|t| t.matrix.is_some())
    }

    /// Returns the bars of an alert.
    pub fn bars(&self, alert: &Alert, glyphs: Glyphs) -> Words {
        let trend = self.all.iter().find(|t| t.fingerprint == alert.fingerprint);
        let found = trend.and_then(|t| Some((series_of(alert, t.matrix.as_ref()?)?, t.window)));
        found.map(|(series, window)| sparkline(series, window, WIDTH, glyphs)).unwrap_or_default()
    }
}

fn asked(now: Ts) -> Window {
    step::align(Window { start: now - BACK, end: now }, STEP)
}

/// Returns the series that an alert is of: the one whose labels it carries, or the only one.
fn series_of<'a>(alert: &Alert, matrix: &'a Matrix) -> Option<&'a Series> {
    let mine = |s: &&Series| {
        s.labels.iter().filter(|(k, _)| *k != "__name__").all(|(k, v)| alert.labels.get(k) == Some(v))
    };
    matrix.series.iter().find(mine).or(match matrix.series.as_slice() {
        [only] => Some(only),
        _ => None,
    })
}
