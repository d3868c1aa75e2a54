//! The list of alerts: flat, merged, most urgent first.

use std::sync::Arc;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::json;

use super::paint::{self, Col, Row};
use super::{Cx, Draw, Heading, Pane, Truth, View, alert, safe, screen};
use crate::app::model::{ListState, Shared};
use crate::app::msg::Subject;
use crate::app::resolve::resolve_alert;
use crate::core::action::{Action, Context};
use crate::core::filter::Filter;
use crate::core::{Span, Ts, num};
use crate::store::alerts::{Alert, State};
use crate::ui::theme::Role;

/// How old the last answer may be before the list is marked as old.
pub const STALE: Span = Span::secs(12);

/// The view's state.
#[derive(Debug, Default)]
pub struct Alerts {
    list: ListState,
    rows: Vec<Arc<Alert>>,
    text: String,
    filter: Filter,
    faults: bool,
}

/// Returns the glyph, the word and the role of an alert.
pub fn badge(alert: &Alert) -> (&'static str, &'static str, Role) {
    match (alert.state, alert.rank()) {
        (State::Pending, _) => ("◌", "pending", Role::Pending),
        (State::Suppressed, _) => ("∅", "silenced", Role::Dim),
        (State::Firing, 0 | 1) => ("✖", "critical", Role::Failing),
        (State::Firing, 2 | 3) => ("▲", "warning", Role::Warning),
        (State::Firing, _) => ("·", "info", Role::Dim),
    }
}

/// Returns alerts in the order of urgency: state, severity, and what began first, which is nearest to the
/// cause; deterministic.
pub fn ordered(mut alerts: Vec<Arc<Alert>>) -> Vec<Arc<Alert>> {
    alerts.sort_by(|a, b| {
        let key = |x: &Alert| (x.state, x.rank(), x.began(), x.fingerprint);
        // Dead-man's switches fire always; they come last.
        let watchdog = |x: &Alert| x.rank() == 5;
        (watchdog(a), key(a)).cmp(&(watchdog(b), key(b)))
    });
    alerts
}

/// Returns how true the alerts are.
pub fn truth(shared: &Shared, now: Ts) -> Truth {
    let state = &shared.alerts;
    match (state.at, &state.error) {
        (None, Some(error)) => return Truth::Failed(error.clone()),
        (None, None) => return Truth::Loading,
        (Some(at), Some(error)) if now - at > STALE => return Truth::Stale(at, Some(error.clone())),
        (Some(at), _) if now - at > STALE => return Truth::Stale(at, None),
        (Some(_), _) => {}
    }
    let places = &state.known.places;
    if places.is_empty() {
        return Truth::Empty(
            "no place that knows of alerts was found: neither an Alertmanager nor rules".to_owned(),
        );
    }
    let silent: Vec<String> =
        places.iter().filter(|(_, e)| e.is_some()).map(|(n, _)| n.safe().to_string()).collect();
    if silent.len() == places.len() {
        let error = places.iter().find_map(|(_, e)| e.clone());
        return match (state.known.since, error) {
            (Some(since), error) => Truth::Stale(since, error),
            (None, Some(error)) => Truth::Failed(error),
            (None, None) => Truth::Loading,
        };
    }
    if !silent.is_empty() {
        let old = state.known.since.map(|t| format!(", last heard {}", num::ago(t, now))).unwrap_or_default();
        return Truth::Partial(format!("{} did not answer{old}", silent.join(", ")));
    }
    Truth::Good(state.at.map_or_else(String::new, |at| num::ago(at, now)))
}

/// Returns the counts of the heading: `3 firing · 1 pending · 2 silenced`.
pub fn counts(shared: &Shared) -> String {
    let of = |s: State| shared.alerts.known.alerts.iter().filter(|a| a.state == s).count();
    let mut out = vec![format!("{} firing", of(State::Firing))];
    out.extend((of(State::Pending) > 0).then(|| format!("{} pending", of(State::Pending))));
    out.extend((of(State::Suppressed) > 0).then(|| format!("{} silenced", of(State::Suppressed))));
    out.join(" · ")
}

/// The columns of a list of alerts.
pub const COLS: [Col; 5] = [
    Col { name: "STATE", min: 10, max: 10, shed: 0 },
    Col { name: "ALERT", min: 14, max: 34, shed: 0 },
    Col { name: "ABOUT", min: 12, max: 44, shed: 1 },
    Col { name: "VALUE", min: 6, max: 18, shed: 3 },
    Col { name: "SINCE", min: 4, max: 7, shed: 0 },
];

/// Returns the row of an alert.
pub fn row(alert: &Alert, shared: &Shared, now: Ts, selected: bool) -> Row {
    let (glyph, word, role) = badge(alert);
    let found = resolve_alert(alert, shared);
    let about = found.owner.map_or_else(|| "cluster-wide".to_owned(), |o| o.to_string());
    let value = alert.value.map(num::figures).unwrap_or_default();
    let since = alert.began().map(|t| num::age(now - t)).unwrap_or_default();
    let cells = vec![
        (format!("{glyph} {word}"), role),
        (safe(alert.name()).to_string(), Role::Strong),
        (about, Role::Text),
        (value, Role::Text),
        (since, Role::Dim),
    ];
    Row { cells, selected, marked: false }
}

impl Alerts {
    fn selected(&self) -> Option<&Arc<Alert>> {
        self.rows.get(self.list.at)
    }
}

impl Pane for Alerts {
    fn context(&self) -> Context {
        Context::Alerts
    }

    fn heading(&self, cx: &Draw<'_>) -> Heading {
        Heading { title: "Alerts".to_owned(), count: counts(cx.shared) }
    }

    fn truth(&self, cx: &Draw<'_>) -> Truth {
        truth(cx.shared, cx.env.now)
    }

    fn init(&mut self, cx: &mut Cx<'_>) {
        self.settle(cx);
    }

    fn settle(&mut self, cx: &mut Cx<'_>) {
        let passes = |a: &Alert| {
            let text = a.labels.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ");
            (!self.faults || a.state == State::Firing) && self.filter.matches(&text, |k| a.labels.get(k))
        };
        let all = cx.shared.alerts.known.alerts.iter().filter(|a| passes(a)).cloned().map(Arc::new).collect();
        self.rows = ordered(all);
        let page = usize::from(cx.body().height.saturating_sub(2));
        let rows = &self.rows;
        let find = |k: &str| rows.iter().position(|a| a.fingerprint.to_string() == k);
        self.list.settle(rows.len(), page, find, |i| rows.get(i).map(|a| a.fingerprint.to_string()));
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> bool {
        let page = usize::from(cx.body().height.saturating_sub(2));
        let rows = &self.rows;
        if self.list.act(action, rows.len(), page, |i| rows.get(i).map(|a| a.fingerprint.to_string())) {
            return true;
        }
        match action {
            Action::Open => {
                if let Some(alert) = self.selected() {
                    cx.open = Some(View::Alert(alert::AlertPage::new(alert.fingerprint)));
                }
            }
            Action::Faults => self.faults = !self.faults,
            Action::Copy => {
                if let Some(alert) = self.selected() {
                    let text = safe(alert.name());
                    cx.effects.push(crate::app::Effect::Copy(text));
                }
            }
            _ => return false,
        }
        true
    }

    fn subject(&self, shared: &Shared) -> Subject {
        self.selected().map(|a| alert::subject_of(a, shared)).unwrap_or_default()
    }

    fn filter(&self) -> Option<&str> {
        Some(&self.text)
    }

    fn set_filter(&mut self, text: &str, cx: &mut Cx<'_>) -> Result<(), String> {
        self.filter = Filter::parse(text)?;
        text.clone_into(&mut self.text);
        self.settle(cx);
        Ok(())
    }

    fn draw(&self, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
        let truth = self.truth(cx);
        if self.rows.is_empty() {
            let nothing = Truth::Empty(nothing(cx.shared, cx.env.now));
            let shown = if matches!(truth, Truth::Good(_) | Truth::Partial(_) | Truth::Stale(..)) {
                &nothing
            } else {
                &truth
            };
            screen::draw_instead(cx, shown, area, buf);
            return;
        }
        let rows: Vec<Row> = self
            .rows
            .iter()
            .enumerate()
            .skip(self.list.top)
            .take(usize::from(area.height))
            .map(|(i, a)| row(a, cx.shared, cx.env.now, i == self.list.at))
            .collect();
        paint::grid(buf, &cx.env.theme, area, &COLS, &rows, true);
    }

    fn json(&self, shared: &Shared) -> serde_json::Value {
        json!(
            shared.alerts.known.alerts.iter().map(crate::store::alerts_json::to_api_json).collect::<Vec<_>>()
        )
    }
}

/// Says what an empty list means: green is only shown where rules are seen to run.
pub fn nothing(shared: &Shared, now: Ts) -> String {
    match shared.alerts.known.evaluated {
        Some(at) if now - at <= Span::mins(5) => {
            format!("no alerts; rules were evaluated {}", num::ago(at, now))
        }
        Some(at) => {
            format!("no alerts, but rules were last evaluated {}: nobody may be watching", num::ago(at, now))
        }
        None => "no alerts, but no rules are seen to run: nobody may be watching".to_owned(),
    }
}
