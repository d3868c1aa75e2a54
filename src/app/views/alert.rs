//! One alert's page: what it is about, its expression with the threshold, what changed before, the runbook.

use std::sync::Arc;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::json;

use super::board::chart;
use super::paint::{self, cell, put};
use super::{Cx, Draw, Heading, Pane, Truth, View, alerts, release, safe, screen};
use crate::app::changes;
use crate::app::effect::Query;
use crate::app::model::{ListState, Shared};
use crate::app::msg::{Answer, Subject};
use crate::app::resolve::{Resolution, resolve_alert};
use crate::core::action::{Action, Context};
use crate::core::{Error, Fingerprint, ObjectRef, Result, Span, Ts, Window, num};
use crate::ops::What;
use crate::query::{generator, promql, step};
use crate::store::alerts::Alert;
use crate::store::changes::{Edits, Suspect};
use crate::ui::theme::Role;

const EXPR: u16 = 0;
const EDITS: u16 = 1;
const EVERY: Span = Span::secs(15);
/// The finest step that is asked: most stands scrape no faster.
const SCRAPE: Span = Span::secs(5);

/// The page's state.
#[derive(Debug)]
pub struct AlertPage {
    fingerprint: Fingerprint,
    /// The alert as it was seen last: it stays readable after it has resolved.
    alert: Option<Arc<Alert>>,
    resolved: Resolution,
    panel: Option<chart::Panel>,
    /// The window that is asked.
    asked: Option<Window>,
    chart_error: Option<Error>,
    edits: Edits,
    edits_error: Option<Error>,
    suspects: Vec<Suspect>,
    list: ListState,
    told: bool,
    gone_since: Option<Ts>,
}

/// Returns an alert that is known now.
pub fn find(shared: &Shared, fingerprint: Fingerprint) -> Option<&Alert> {
    shared.alerts.known.alerts.iter().find(|a| a.fingerprint == fingerprint)
}

/// Returns what an alert is about, with the time when its condition began.
pub fn subject_of(alert: &Alert, shared: &Shared) -> Subject {
    let found = resolve_alert(alert, shared);
    Subject {
        object: found.owner.or(found.object),
        alert: Some(alert.fingerprint),
        silence: None,
        release: None,
        time: alert.began(),
    }
}

impl AlertPage {
    /// Returns the page of an alert.
    pub fn new(fingerprint: Fingerprint) -> Self {
        Self {
            fingerprint,
            alert: None,
            resolved: Resolution::default(),
            panel: None,
            asked: None,
            chart_error: None,
            edits: Edits::default(),
            edits_error: None,
            suspects: Vec::new(),
            list: ListState::default(),
            told: false,
            gone_since: None,
        }
    }

    fn expression(&self) -> Option<String> {
        let alert = self.alert.as_ref()?;
        let rule = alert.rule.as_ref().map(|r| r.query.raw().to_owned());
        rule.or_else(|| generator::expression(alert.generator_url.raw()))
    }

    fn window(&self, now: Ts) -> Window {
        let began = self.alert.as_ref().and_then(|a| a.began()).unwrap_or(now);
        let start = (began - Span::mins(20)).min(now - Span::mins(30));
        Window { start: start.max(now - Span::hours(24)), end: now }
    }

    fn owner(&self) -> Option<&ObjectRef> {
        self.resolved.owner.as_ref()
    }

    fn ask(&mut self, cx: &mut Cx<'_>) {
        let now = cx.now();
        if let Some(expr) = self.expression().filter(|_| !cx.is_open(EXPR)) {
            let threshold = promql::threshold(&expr);
            let shown = threshold.map_or(expr, |t| t.expr);
            let window = self.window(now);
            let step = step::choose(window.span(), cx.body().width, SCRAPE);
            let window = step::align(window, step);
            self.asked = Some(window);
            let told_by = self.alert.as_ref().map(|a| a.told_by.clone()).unwrap_or_default();
            cx.ask(EXPR, Query::RuleRange { told_by, expr: shown.into(), window, step });
        }
        if let Some(owner) = self.owner().cloned().filter(|_| !cx.is_open(EDITS)) {
            cx.ask(EDITS, Query::Edits(owner));
        }
        cx.wake_at(now + EVERY);
    }
}

impl Pane for AlertPage {
    fn context(&self) -> Context {
        Context::AlertPage
    }

    fn heading(&self, _cx: &Draw<'_>) -> Heading {
        let name = self.alert.as_ref().map(|a| format!(" {}", safe(a.name()))).unwrap_or_default();
        Heading { title: format!("Alert{name}"), count: String::new() }
    }

    fn truth(&self, cx: &Draw<'_>) -> Truth {
        match alerts::truth(cx.shared, cx.env.now) {
            Truth::Empty(why) if self.alert.is_none() && cx.shared.alerts.known.places.is_empty() => {
                Truth::Empty(why)
            }
            Truth::Good(_) | Truth::Empty(_) if self.alert.is_none() => {
                Truth::Empty("this alert is no longer known: it has resolved".to_owned())
            }
            // The page has its alert: that the list is empty means that it has resolved.
            Truth::Empty(_) if self.alert.is_some() => Truth::Good("resolved".to_owned()),
            Truth::Good(text) => match self.lacks() {
                Some(lacks) => Truth::Partial(lacks),
                None => Truth::Good(text),
            },
            other => other,
        }
    }

    fn init(&mut self, cx: &mut Cx<'_>) {
        self.settle(cx);
        self.ask(cx);
    }

    fn settle(&mut self, cx: &mut Cx<'_>) {
        match find(cx.shared, self.fingerprint) {
            Some(alert) => {
                self.alert = Some(Arc::new(alert.clone()));
                self.gone_since = None;
            }
            None if self.alert.is_some() && self.gone_since.is_none() => self.gone_since = Some(cx.now()),
            None => {}
        }
        let Some(alert) = self.alert.clone() else { return };
        self.resolved = resolve_alert(&alert, cx.shared);
        if !self.told {
            self.told = true;
            let object = self.owner().map(|o| crate::core::Safe::of(&o.to_string()));
            let what = What::Alert { fingerprint: self.fingerprint, name: safe(alert.name()), object };
            let now = cx.now();
            cx.shared.journal(now, what, cx.effects);
        }
        let began = alert.began().unwrap_or_else(|| cx.now());
        // What changed here did not cause what began in another cluster.
        self.suspects = match self.resolved.elsewhere {
            Some(_) => Vec::new(),
            None => changes::suspects(cx.shared, &self.edits, self.owner(), began),
        };
        let rows = &self.suspects;
        let key = |s: &Suspect| format!("{}{}", s.change.at.0, s.change.text);
        self.list.settle(rows.len(), 8, |k| rows.iter().position(|s| key(s) == k), |i| rows.get(i).map(key));
        let draw = Draw { shared: cx.shared, env: cx.env };
        let area = screen::inside(self, cx.shared);
        let (plot, _) = self.parts(self.head(&alert, &draw, area).len() as u16, area);
        if let Some(panel) = &mut self.panel {
            panel.prepare(chart::below_title(plot));
        }
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> bool {
        let rows = &self.suspects;
        let key = |s: &Suspect| format!("{}{}", s.change.at.0, s.change.text);
        if self.list.act(action, rows.len(), 8, |i| rows.get(i).map(key)) {
            return true;
        }
        match action {
            Action::Open => {
                if let Some(suspect) = self.suspects.get(self.list.at) {
                    cx.open = super::timeline::open(&suspect.change);
                }
            }
            Action::Logs => {
                if let Some(owner) = self.owner().cloned() {
                    cx.open = Some(View::Logs(super::logs::Logs::live(owner, cx.shared)));
                }
            }
            Action::Yaml => {
                if let Some(owner) = self.owner().cloned() {
                    cx.open = Some(View::Text(super::text::Text::yaml(owner)));
                }
            }
            _ => return false,
        }
        true
    }

    fn answer(&mut self, part: u16, answer: Result<Answer>, cx: &mut Cx<'_>) {
        match (part, answer) {
            (EXPR, Ok(Answer::Range(matrix))) => {
                let now = cx.now();
                let window = self.asked.unwrap_or_else(|| self.window(now));
                let unit = self.unit();
                self.panel = Some(chart::Panel::of(matrix, window, unit, self.threshold()));
                self.chart_error = None;
            }
            (EXPR, Err(error)) => self.chart_error = Some(error),
            (EDITS, Ok(Answer::Edits(edits))) => {
                self.edits = edits;
                self.edits_error = None;
            }
            (EDITS, Err(error)) => self.edits_error = Some(error),
            _ => {}
        }
        self.settle(cx);
    }

    fn subject(&self, shared: &Shared) -> Subject {
        self.alert.as_ref().map(|a| subject_of(a, shared)).unwrap_or_default()
    }

    fn draw(&self, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
        let Some(alert) = &self.alert else {
            screen::draw_instead(cx, &self.truth(cx), area, buf);
            return;
        };
        let lines = self.head(alert, cx, area);
        for (y, (role, text)) in (area.y..area.bottom()).zip(&lines) {
            put(buf, &cx.env.theme, area.x + 1, y, area, *role, text);
        }
        let (plot, list) = self.parts(lines.len() as u16, area);
        self.draw_expression(cx, plot, buf);
        self.draw_suspects(cx, list, buf);
    }

    fn json(&self, shared: &Shared) -> serde_json::Value {
        json!({
            "alert": self.alert.as_ref().map(|a| crate::store::alerts_json::to_api_json(a)),
            "object": self.resolved.owner,
            "how": self.resolved.how,
            "suspects": self.suspects,
            "releases": release::names(shared),
        })
    }
}

impl AlertPage {
    fn threshold(&self) -> Option<f64> {
        let threshold = promql::threshold(&self.expression()?)?;
        if let promql::Limit::Scalar(v) = threshold.limit { Some(v) } else { None }
    }

    fn unit(&self) -> num::Unit {
        self.alert.as_ref().map_or(num::Unit::None, |a| alerts::unit(a))
    }

    /// Says what is missing on the page, if anything is.
    fn lacks(&self) -> Option<String> {
        let mut out = Vec::new();
        let chart = self.chart_error.as_ref().filter(|_| self.panel.is_none());
        out.extend(chart.map(|e| format!("the expression ({})", e.kind.word())));
        let edits = self.edits_error.as_ref().map(|e| e.kind.word().to_owned());
        let edits = edits.or_else(|| self.edits.missing().map(|m| m.to_string()));
        out.extend(edits.map(|why| format!("edits ({why})")));
        (!out.is_empty()).then(|| format!("without {}", out.join(", ")))
    }

    /// The lines above: state, what it is about, what it says, labels, runbook.
    fn head(&self, alert: &Alert, cx: &Draw<'_>, area: Rect) -> Vec<(Role, String)> {
        let (now, zone) = (cx.env.now, cx.shared.session.zone);
        let (glyph, word, role) = alerts::badge(alert);
        let mut out = Vec::new();
        if let Some(since) = self.gone_since {
            out.push((Role::Ok, format!("✔ resolved, seen {} (was {word})", num::ago(since, now))));
        } else {
            let mut text = format!("{glyph} {word}");
            let (value, limit) = alerts::value(alert);
            if !value.is_empty() {
                text.push_str(&format!("   {value} {limit}"));
            }
            if let Some(began) = alert.began() {
                text.push_str(&format!("   began {} ({})", began.near(now, zone), num::ago(began, now)));
            }
            if let Some(fired) = alert.starts_at.filter(|t| Some(*t) != alert.active_at) {
                text.push_str(&format!(", fired {}", fired.near(now, zone)));
            }
            out.push((role, text));
        }
        if !alert.silenced_by.is_empty() {
            let ids: Vec<String> =
                alert.silenced_by.iter().take(3).map(|id| id.clipped(8).to_string()).collect();
            let ids = ids.iter().filter_map(|id| id.split('…').next()).collect::<Vec<_>>().join(", ");
            out.push((Role::Dim, format!("  silenced by {ids}: x extends or ends it, :silences tells why")));
        }
        let owner = self.resolved.owner.as_ref();
        let nothing = match &self.resolved.elsewhere {
            Some(other) => format!("cluster {other}: no object here"),
            None => format!("{}: no object", alerts::place(alert)),
        };
        let about = owner.map_or(nothing, ToString::to_string);
        let gone = if self.resolved.gone { ", gone" } else { "" };
        out.push((Role::Strong, format!("  {about}{gone}   by {}", self.resolved.how)));
        let room = usize::from(area.width.saturating_sub(4)).max(20);
        let most = usize::from(area.height / 3);
        let more = |role: Role, text: String, out: &mut Vec<(Role, String)>| {
            let parts = screen::wrap(&text, room);
            let left = most.saturating_sub(out.len());
            let cut = parts.len() > left.max(1);
            for (i, part) in parts.iter().take(left.max(1)).enumerate() {
                let last = cut && i + 1 == left.max(1);
                out.push((role, format!("  {part}{}", if last { "…" } else { "" })));
            }
        };
        for key in ["summary", "description", "message"] {
            if let Some(text) = alert.annotations.get(key).filter(|_| out.len() < most) {
                more(Role::Text, safe(text).to_string(), &mut out);
            }
        }
        if let Some(url) = alert.annotations.get("runbook_url") {
            out.push((Role::Dim, format!("  runbook  {}", safe(url))));
        }
        let shown = |k: &str| !matches!(k, "alertname" | "severity");
        let labels: Vec<String> = alert
            .labels
            .iter()
            .filter(|(k, v)| shown(k) && !v.is_empty())
            .map(|(k, v)| format!("{}={}", safe(k), safe(v)))
            .collect();
        more(Role::Dim, labels.join("  "), &mut out);
        out
    }

    /// Shares the room below the head between the expression and what changed before.
    fn parts(&self, head: u16, area: Rect) -> (Rect, Rect) {
        let head = head.min(area.height);
        let rest = Rect { y: area.y + head, height: area.height - head, ..area };
        let list = (self.suspects.len() as u16 + 1).clamp(2, (rest.height / 2).max(2)).min(rest.height);
        let plot = Rect { height: rest.height - list, ..rest };
        (plot, Rect { y: plot.bottom(), height: list, ..rest })
    }

    fn draw_suspects(&self, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
        let theme = &cx.env.theme;
        if area.height == 0 {
            return;
        }
        let more = (self.suspects.len() + 1).saturating_sub(usize::from(area.height));
        let state = if more > 0 { format!("{more} more: g c") } else { String::new() };
        let error = self.edits_error.as_ref().map(|e| format!("◐ without edits: {}", e.kind.word()));
        let error = error.or_else(|| self.edits.missing().map(|m| format!("◐ edits: {m}")));
        let state = error.map_or_else(|| cell(&state, Role::Dim), |e| cell(&e, Role::Warning));
        paint::ruled(buf, theme, area, "What changed before, likeliest first", state);
        let inner = Rect { y: area.y + 1, height: area.height - 1, ..area };
        if self.suspects.is_empty() {
            let looked = match self.resolved.elsewhere {
                Some(_) => "not looked for: the alert is another cluster's, which this session does not see",
                None => "nothing found in the 6 hours before: g c says how far each source reaches",
            };
            put(buf, theme, inner.x + 2, inner.y, inner, Role::Dim, looked);
            return;
        }
        let began = self.alert.as_ref().and_then(|a| a.began()).unwrap_or(cx.env.now);
        super::timeline::draw_suspects(cx, (&self.suspects, began), &self.list, inner, buf);
    }

    fn draw_expression(&self, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
        let theme = &cx.env.theme;
        if area.height == 0 {
            return;
        }
        let Some(expr) = self.expression() else {
            let why = "its expression is not known: neither the rules nor a generatorURL tell it";
            put(buf, theme, area.x + 2, area.y, area, Role::Dim, why);
            return;
        };
        if area.height < 4 {
            put(buf, theme, area.x + 2, area.y, area, Role::Dim, safe(&expr).as_str());
            return;
        }
        let old = self.chart_error.as_ref().filter(|_| self.panel.is_some());
        let state =
            old.map(|e| cell(&format!("▲ not new: {}", e.kind.word()), Role::Stale)).unwrap_or_default();
        paint::ruled(buf, theme, area, safe(&expr).as_str(), state);
        let inner = chart::below_title(area);
        match (&self.panel, &self.chart_error) {
            (Some(panel), _) => {
                let over = chart::Over {
                    markers: chart::markers(cx.shared, self.owner()),
                    moment: self.alert.as_ref().and_then(|a| a.began()),
                    cross: None,
                };
                chart::draw(cx, panel, &over, inner, buf);
            }
            (None, Some(error)) => {
                screen::draw_instead(cx, &Truth::Failed(error.clone()), inner, buf);
            }
            (None, None) => {
                put(buf, theme, inner.x + 2, inner.y, inner, Role::Pending, "◌ asking…");
            }
        }
    }
}
