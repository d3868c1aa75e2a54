//! One alert's page: what it is about, its expression with the threshold, what changed before, the runbook.

use std::sync::Arc;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::json;

use super::board::chart;
use super::paint::{self, put};
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
use crate::store::changes::{Edit, Suspect};
use crate::store::series::Matrix;
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
    matrix: Option<Arc<Matrix>>,
    chart_error: Option<Error>,
    edits: Vec<Edit>,
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
            matrix: None,
            chart_error: None,
            edits: Vec::new(),
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
            cx.ask(EXPR, Query::Range { expr: shown.into(), window, step });
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
        let name = self.alert.as_ref().map(|a| safe(a.name()).to_string()).unwrap_or_default();
        Heading { title: format!("Alert {name}"), count: String::new() }
    }

    fn truth(&self, cx: &Draw<'_>) -> Truth {
        match alerts::truth(cx.shared, cx.env.now) {
            Truth::Empty(why) if self.alert.is_none() => Truth::Empty(why),
            Truth::Good(_) if self.alert.is_none() => {
                Truth::Empty("this alert is no longer known: it has resolved".to_owned())
            }
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
        self.suspects = changes::suspects(cx.shared, &self.edits, self.owner(), began);
        let rows = &self.suspects;
        let key = |s: &Suspect| format!("{}{}", s.change.at.0, s.change.text);
        self.list.settle(rows.len(), 8, |k| rows.iter().position(|s| key(s) == k), |i| rows.get(i).map(key));
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
                self.matrix = Some(matrix);
                self.chart_error = None;
            }
            (EXPR, Err(error)) => self.chart_error = Some(error),
            (EDITS, Ok(Answer::Edits(edits))) => self.edits = edits,
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
        let (theme, now, zone) = (&cx.env.theme, cx.env.now, cx.shared.session.zone);
        let (glyph, word, role) = alerts::badge(alert);
        let mut y = area.y;
        let mut line = |role: Role, text: &str, y: &mut u16| {
            put(buf, theme, area.x + 1, *y, area, role, text);
            *y += 1;
        };
        if let Some(since) = self.gone_since {
            line(Role::Ok, &format!("✔ resolved, {} (was {word})", num::ago(since, now)), &mut y);
        } else {
            let mut text = format!("{glyph} {word}");
            if let Some(began) = alert.began() {
                text.push_str(&format!(
                    "   condition began {} ({})",
                    began.near(now, zone),
                    num::ago(began, now)
                ));
            }
            if let Some(fired) = alert.starts_at.filter(|t| Some(*t) != alert.active_at) {
                text.push_str(&format!(", fired {}", fired.near(now, zone)));
            }
            line(role, &text, &mut y);
        }
        let about = self
            .resolved
            .owner
            .as_ref()
            .map_or_else(|| "cluster-wide: no object".to_owned(), ToString::to_string);
        let gone = if self.resolved.gone { ", gone" } else { "" };
        line(Role::Strong, &format!("  {about}{gone}   by {}", self.resolved.how), &mut y);
        for key in ["summary", "description", "message"] {
            if let Some(text) = alert.annotations.get(key).filter(|_| y < area.y + area.height / 3) {
                line(Role::Text, &format!("  {}", safe(text)), &mut y);
            }
        }
        let labels: Vec<String> =
            alert.labels.iter().map(|(k, v)| format!("{}={}", safe(k), safe(v))).collect();
        line(Role::Dim, &format!("  {}", labels.join("  ")), &mut y);
        if let Some(url) = alert.annotations.get("runbook_url") {
            line(Role::Dim, &format!("  runbook  {}", safe(url)), &mut y);
        }
        let rest = Rect { y, height: area.bottom().saturating_sub(y), ..area };
        self.draw_lower(cx, rest, buf);
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
    fn draw_lower(&self, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
        let theme = &cx.env.theme;
        let list = (self.suspects.len() as u16 + 1).clamp(3, (area.height / 2).max(3));
        let plot = Rect { height: area.height.saturating_sub(list), ..area };
        self.draw_expression(cx, plot, buf);
        let y = plot.bottom();
        buf.set_string(area.x, y, "─".repeat(usize::from(area.width)), theme.style(Role::Rule));
        put(buf, theme, area.x + 3, y, area, Role::Heading, " What changed before, likeliest first ");
        let inner = Rect { y: y + 1, height: area.bottom().saturating_sub(y + 1), ..area };
        if self.suspects.is_empty() {
            let looked = "nothing found in helm records, replicasets, managedFields, events and nodes of the 6 hours before";
            put(buf, theme, inner.x + 2, inner.y, inner, Role::Dim, looked);
            return;
        }
        super::timeline::draw_suspects(cx, &self.suspects, &self.list, inner, buf);
    }

    fn draw_expression(&self, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
        let theme = &cx.env.theme;
        let Some(expr) = self.expression() else {
            put(
                buf,
                theme,
                area.x + 2,
                area.y,
                area,
                Role::Dim,
                "its expression is not known: neither the rules nor a generatorURL tell it",
            );
            return;
        };
        if area.height < 4 {
            put(buf, theme, area.x + 2, area.y, area, Role::Dim, safe(&expr).as_str());
            return;
        }
        buf.set_string(area.x, area.y, "─".repeat(usize::from(area.width)), theme.style(Role::Rule));
        put(
            buf,
            theme,
            area.x + 3,
            area.y,
            area,
            Role::Heading,
            &paint::cut(&format!(" {} ", safe(&expr)), area.width.saturating_sub(8)),
        );
        let inner = Rect { y: area.y + 1, height: area.height - 1, ..area };
        let threshold = promql::threshold(&expr)
            .and_then(|t| if let promql::Limit::Scalar(v) = t.limit { Some(v) } else { None });
        match (&self.matrix, &self.chart_error) {
            (Some(matrix), _) => {
                let mut panel =
                    chart::Panel::of(Arc::clone(matrix), self.window(cx.env.now), num::Unit::None);
                panel.threshold = threshold;
                panel.markers = chart::markers(cx.shared, self.owner());
                panel.moment = self.alert.as_ref().and_then(|a| a.began());
                chart::draw(cx, &panel, inner, buf);
            }
            (None, Some(error)) => {
                screen::draw_instead(cx, &Truth::Failed(error.clone()), inner, buf);
            }
            (None, None) => {
                put(buf, theme, inner.x + 2, inner.y, inner, Role::Pending, "asking…");
            }
        }
    }
}
