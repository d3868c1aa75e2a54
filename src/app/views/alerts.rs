//! The list of alerts: flat, merged, most urgent first.

use std::sync::Arc;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::json;

use super::paint::{self, cell, put};
use super::trends::{self, Trends};
use super::{Cx, Draw, Heading, Pane, Truth, View, alert, safe, screen};
use crate::app::model::{ListState, Shared};
use crate::app::msg::{Answer, Subject};
use crate::app::resolve::{release_of, resolve_alert};
use crate::core::action::{Action, Context};
use crate::core::filter::Filter;
use crate::core::{Kind, ObjectRef, Resource, Span, Ts, num};
use crate::query::promql::{self, Limit};
use crate::store::alerts::{Alert, State};
use crate::store::health::{SourceKind, State as Health};
use crate::ui::text::Line;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Column, Place, Row, Rows, Sample, made};

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
    trends: Trends,
    sample: Sample,
}

/// Returns whether an alert is a dead-man's switch; see [`Alert::is_heartbeat`].
pub fn is_heartbeat(alert: &Alert) -> bool {
    alert.is_heartbeat()
}

/// Returns the glyph, the word and the role of an alert.
pub fn badge(alert: &Alert) -> (&'static str, &'static str, Role) {
    if is_heartbeat(alert) && alert.state == State::Firing {
        return ("✔", "alive", Role::Ok);
    }
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
        (is_heartbeat(a), key(a)).cmp(&(is_heartbeat(b), key(b)))
    });
    alerts
}

/// Returns how true the alerts are.
pub fn truth(shared: &Shared, now: Ts) -> Truth {
    let state = &shared.alerts;
    match (state.at, &state.error) {
        (None, Some(error)) if error.kind == Kind::Denied => return Truth::Denied(error.clone()),
        (None, Some(error)) => return Truth::Failed(error.clone()),
        (None, None) => return Truth::Loading,
        (Some(at), Some(error)) if now - at > STALE => return Truth::Stale(at, Some(error.clone())),
        (Some(at), _) if now - at > STALE => return Truth::Stale(at, None),
        (Some(_), _) => {}
    }
    let places = &state.known.places;
    if places.is_empty() {
        if let Some(why) = unreached(shared) {
            return why;
        }
        return Truth::Empty(
            "no place that knows of alerts was found: neither an Alertmanager nor rules".to_owned(),
        );
    }
    let silent: Vec<String> =
        places.iter().filter(|(_, e)| e.is_some()).map(|(n, _)| n.safe().to_string()).collect();
    if silent.len() == places.len() {
        let denied = places.iter().all(|(_, e)| e.as_ref().is_some_and(|e| e.kind == Kind::Denied));
        // Of several the one that is no lack of a right is the news.
        let errors = || places.iter().filter_map(|(_, e)| e.clone());
        let error = errors().find(|e| e.kind != Kind::Denied).or_else(|| errors().next());
        return match (state.known.since, error) {
            (_, Some(error)) if denied => Truth::Denied(error),
            (Some(since), error) => Truth::Stale(since, error),
            (None, Some(error)) => Truth::Failed(error),
            (None, None) => Truth::Loading,
        };
    }
    if !silent.is_empty() {
        let old = state.known.since.map(|t| format!(", last heard {}", num::ago(t, now))).unwrap_or_default();
        return Truth::Partial(format!("{} did not answer{old}", silent.join(", ")));
    }
    if state.known.alerts.iter().all(is_heartbeat) {
        return Truth::Empty(nothing(shared, now));
    }
    Truth::Good(state.at.map_or_else(String::new, |at| num::ago(at, now)))
}

/// Returns why alerts are missing among what is known, if they are.
pub fn lacks(shared: &Shared) -> Option<crate::core::Safe> {
    let state = &shared.alerts;
    let silent = state.known.places.iter().find_map(|(_, e)| e.as_ref()).or(state.error.as_ref());
    match (silent, state.at) {
        (Some(error), _) => Some(crate::core::Safe::of(error.kind.word())),
        (None, None) => Some(crate::core::Safe::own("still loading")),
        (None, Some(_)) if state.known.places.is_empty() => Some(crate::core::Safe::own("no source found")),
        (None, Some(_)) => None,
    }
}

/// Returns why no place that knows of alerts can be asked, where one is known, or may not be looked for.
fn unreached(shared: &Shared) -> Option<Truth> {
    let kinds = [SourceKind::Alertmanager, SourceKind::Prometheus];
    let mut asked = shared.health.values().filter(|h| kinds.contains(&h.id.kind));
    asked.find_map(|h| match (h.state, &h.error) {
        (Health::Denied, Some(error)) => Some(Truth::Denied(error.clone())),
        (Health::Down, Some(error)) => Some(Truth::Failed(error.clone())),
        _ => None,
    })
}

/// Returns the counts of the heading: `3 firing · 1 pending · 2 silenced · Watchdog alive`. They count
/// what the rows show: a dead-man's switch is told by its name.
pub fn counts(shared: &Shared) -> String {
    let all = &shared.alerts.known.alerts;
    let of = |s: State| all.iter().filter(|a| a.state == s && !is_heartbeat(a)).count();
    let mut out = vec![format!("{} firing", of(State::Firing))];
    out.extend((of(State::Pending) > 0).then(|| format!("{} pending", of(State::Pending))));
    out.extend((of(State::Suppressed) > 0).then(|| format!("{} silenced", of(State::Suppressed))));
    out.extend(heartbeat(shared).map(|a| format!("{} alive", safe(a.name()))));
    out.join(" · ")
}

/// Returns the dead-man's switch that fires.
fn heartbeat(shared: &Shared) -> Option<&Alert> {
    shared.alerts.known.alerts.iter().find(|a| is_heartbeat(a) && a.state == State::Firing)
}

/// Returns the columns of a list of alerts; that of trends only where there are some.
pub fn columns(trends: bool) -> Vec<Column> {
    let mut out = vec![
        Column::new("STATE", 10, 10).shed(0),
        Column::new("ALERT", 14, 34).shed(0),
        Column::new("ABOUT", 12, 44).shed(0).keeps_end(),
        Column::new("VALUE", 6, 12).shed(1).right(),
        Column::new("LIMIT", 6, 14).shed(4),
        Column::new("AGE", 3, 5).shed(0),
        Column::new("AFTER", 20, 26).shed(2),
    ];
    out.extend(trends.then(|| Column::new("TREND", trends::WIDTH, trends::WIDTH).shed(3)));
    out
}

/// Returns the unit of an alert's value, as its expression tells it.
pub fn unit(alert: &Alert) -> num::Unit {
    let expr = alert.rule.as_ref().map_or("", |r| r.query.raw());
    let threshold = promql::threshold(expr);
    let limit = threshold.as_ref().and_then(|t| if let Limit::Scalar(v) = t.limit { Some(v) } else { None });
    unit_of(threshold.as_ref().map_or(expr, |t| &t.expr), alert.value.unwrap_or_default(), limit)
}

/// Returns where an alert without an object is, as its labels say.
pub fn place(alert: &Alert) -> String {
    let label = |name: &str| alert.labels.get(name).map(safe);
    match (label("namespace"), label("pod")) {
        (Some(namespace), Some(pod)) => format!("{namespace}/{pod}"),
        (Some(namespace), None) => format!("namespace {namespace}"),
        _ => "cluster-wide".to_owned(),
    }
}

/// Returns an alert's value and its threshold, in the unit that its expression tells: `5.2 %`, `> 1 %`.
pub fn value(alert: &Alert) -> (String, String) {
    let Some(value) = alert.value.filter(|_| !is_heartbeat(alert)) else { return Default::default() };
    let expr = alert.rule.as_ref().map_or("", |r| r.query.raw());
    let threshold = promql::threshold(expr);
    let limit = threshold.as_ref().and_then(|t| match t.limit {
        Limit::Scalar(v) => Some((t.comparison.as_str(), v)),
        Limit::Expression(_) => None,
    });
    let unit = unit_of(threshold.as_ref().map_or(expr, |t| &t.expr), value, limit.map(|(_, v)| v));
    let limit = limit.map(|(sign, v)| format!("{sign} {}", num::value(v, unit)));
    (num::value(value, unit), limit.unwrap_or_default())
}

/// A quotient whose value and limit lie below one is a ratio; a quantile of a metric in seconds is a time.
fn unit_of(expr: &str, value: f64, limit: Option<f64>) -> num::Unit {
    if expr.contains("histogram_quantile") && expr.contains("_seconds") {
        num::Unit::Seconds
    } else if expr.contains(" / ") && (0.0..=1.0).contains(&value) && limit.is_some_and(|l| l <= 1.0) {
        num::Unit::Ratio
    } else {
        num::Unit::None
    }
}

/// Prints an age in one unit: in a row of many columns the seconds of minutes only take room.
fn short(span: Span) -> String {
    let s = span.as_secs().max(0);
    match s {
        0..120 => format!("{s}s"),
        120..10_800 => format!("{}m", s / 60),
        10_800..172_800 => format!("{}h", s / 3600),
        _ => format!("{}d", s / 86_400),
    }
}

/// How long before an alert's beginning a release is still told in its row.
const AFTER_RELEASE: Span = Span::hours(1);

/// Returns how long after a release of its object an alert's condition began: `2m after release 7`.
fn after(alert: &Alert, owner: Option<&ObjectRef>, shared: &Shared) -> Option<String> {
    let began = alert.began()?;
    let (namespace, name) = release_of(owner?, &shared.cluster)?;
    let release = shared.release(&namespace, &name)?;
    let before = release.revisions.iter().rev().find(|r| r.created <= began)?;
    let gap = began - before.created;
    (gap <= AFTER_RELEASE).then(|| format!("{} after release {}", short(gap), before.number))
}

/// Returns the row of an alert; `old` when it may no longer be true.
pub fn row(alert: &Alert, trends: &Trends, old: bool, cx: &Draw<'_>) -> Row {
    let (glyph, word, role) = badge(alert);
    let found = resolve_alert(alert, cx.shared);
    // Of several alerts of one workload each has its own pod.
    let pod = found.object.as_ref().filter(|o| o.resource() == Some(Resource::Pod));
    let about = match pod.or(found.owner.as_ref()) {
        Some(o) if o.resource() == Some(Resource::Pod) => format!("{}/{}", o.namespace, o.name),
        Some(o) if o.resource().is_some_and(Resource::is_workload) => format!("{}/{}", o.namespace, o.name),
        Some(o) => o.to_string(),
        None => match &found.elsewhere {
            Some(other) => format!("cluster {other}"),
            None => place(alert),
        },
    };
    let since = alert.began().map(|t| short(cx.env.now - t)).unwrap_or_default();
    let (value, limit) = value(alert);
    let cells = vec![
        cell(&format!("{glyph} {word}"), role),
        cell(safe(alert.name()).as_str(), Role::Strong),
        cell(&about, Role::Text),
        cell(&value, Role::Text),
        cell(&limit, Role::Dim),
        cell(&since, Role::Dim),
        cell(&after(alert, found.owner.as_ref(), cx.shared).unwrap_or_default(), Role::Warning),
        Line::new().with(trends.bars(alert, cx.env.theme.glyphs()), role),
    ];
    Row { cells, role: old.then_some(Role::Stale), ..Row::default() }
}

impl Alerts {
    fn selected(&self) -> Option<&Arc<Alert>> {
        self.rows.get(self.list.at)
    }

    fn table<'a>(&'a self, cx: &'a Draw<'a>) -> impl Rows + 'a {
        let old = matches!(self.truth(cx), Truth::Stale(..));
        let one = move |i: usize| self.rows.get(i).map(|a| row(a, &self.trends, old, cx));
        made(self.rows.len(), move |i| one(i).unwrap_or_default())
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
            (!self.faults || (a.state == State::Firing && !is_heartbeat(a)))
                && self.filter.matches(&text, |k| a.labels.get(k))
        };
        let all = cx.shared.alerts.known.alerts.iter().filter(|a| passes(a)).cloned().map(Arc::new).collect();
        self.rows = ordered(all);
        let page = usize::from(cx.body().height.saturating_sub(2));
        let rows = &self.rows;
        let find = |k: &str| rows.iter().position(|a| a.fingerprint.to_string() == k);
        self.list.settle(rows.len(), page, find, |i| rows.get(i).map(|a| a.fingerprint.to_string()));
        let draw = Draw { shared: cx.shared, env: cx.env };
        let sample = Sample::of(&self.table(&draw));
        self.sample = sample;
        self.trends.ask(self.rows.iter(), cx);
    }

    fn answer(&mut self, part: u16, answer: crate::core::Result<Answer>, cx: &mut Cx<'_>) {
        self.trends.take(part, answer, cx);
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
            let filtered = !self.filter.is_all() || self.faults;
            let nothing = if filtered && !cx.shared.alerts.known.alerts.is_empty() {
                Truth::Empty("no alert passes the filter".to_owned())
            } else {
                Truth::Empty(nothing(cx.shared, cx.env.now))
            };
            let known =
                matches!(truth, Truth::Good(_) | Truth::Partial(_) | Truth::Stale(..) | Truth::Empty(_));
            let whole = known && !cx.shared.alerts.known.places.is_empty();
            screen::draw_instead(cx, if whole { &nothing } else { &truth }, area, buf);
            return;
        }
        let mut area = screen::banner(cx, &truth, area, buf);
        if let Truth::Empty(why) = &truth {
            put(buf, &cx.env.theme, area.x + 2, area.y, area, Role::Dim, why);
            area = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
        }
        let place = Place { selected: Some(self.list.at), top: self.list.top, left: 0 };
        let columns = columns(self.trends.any());
        paint::table((buf, &cx.env.theme), area, &columns, &self.table(cx), place, &self.sample);
    }

    fn json(&self, shared: &Shared) -> serde_json::Value {
        json!(
            shared.alerts.known.alerts.iter().map(crate::store::alerts_json::to_api_json).collect::<Vec<_>>()
        )
    }
}

/// Says what an empty list means: green is only shown where rules are seen to run.
pub fn nothing(shared: &Shared, now: Ts) -> String {
    let alive = heartbeat(shared).map(|a| format!("; {} fires, so alerting is alive", safe(a.name())));
    let alive = alive.unwrap_or_default();
    match shared.alerts.known.evaluated {
        Some(at) if now - at <= Span::mins(5) => {
            format!("no alerts; rules were evaluated {}{alive}", num::ago(at, now))
        }
        Some(at) => {
            format!("no alerts, but rules were last evaluated {}: nobody may be watching", num::ago(at, now))
        }
        None if alive.is_empty() => {
            "no alerts, but no rules are seen to run: nobody may be watching".to_owned()
        }
        None => format!("no alerts{alive}"),
    }
}
