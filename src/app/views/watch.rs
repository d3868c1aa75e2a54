//! The home view: alerts, unhealthy workloads, changes of the last hour, the state of the sources.
//!
//! Never "all quiet": it says what is known wrong and what could not be checked.

use std::sync::Arc;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::json;

use super::paint::{self, Col, Row, put};
use super::{Cx, Draw, Heading, Pane, Truth, View, alert, alerts, table, timeline};
use crate::app::changes::{self, Focus};
use crate::app::model::{ListState, Shared};
use crate::app::msg::{FeedState, Subject};
use crate::core::action::{Action, Context};
use crate::core::{ObjectRef, Resource, Span, Window, num};
use crate::store::alerts::{Alert, State as AlertIs};
use crate::store::changes::{Change, Sort};
use crate::store::columns::{Health as RowHealth, Level};
use crate::store::health::State;
use crate::store::objects::Object;
use crate::ui::theme::Role;

/// A row of the view.
#[derive(Clone, Debug, PartialEq)]
enum Entry {
    Alert(Arc<Alert>),
    Unhealthy(ObjectRef, RowHealth, String, String),
    Change(Change),
}

/// The view's state.
#[derive(Debug, Default)]
pub struct Watch {
    entries: Vec<Entry>,
    checked: usize,
    list: ListState,
}

const UNHEALTHY: [Col; 4] = [
    Col { name: "", min: 2, max: 14, shed: 0 },
    Col { name: "", min: 12, max: 50, shed: 0 },
    Col { name: "", min: 8, max: 14, shed: 0 },
    Col { name: "", min: 10, max: 90, shed: 1 },
];

const CHANGES: [Col; 3] = [
    Col { name: "", min: 8, max: 14, shed: 0 },
    Col { name: "", min: 7, max: 8, shed: 0 },
    Col { name: "", min: 20, max: 200, shed: 0 },
];

const WORKLOADS: [Resource; 4] =
    [Resource::Deployment, Resource::StatefulSet, Resource::DaemonSet, Resource::Job];

impl Entry {
    fn key(&self) -> String {
        match self {
            Self::Alert(a) => format!("a{}", a.fingerprint),
            Self::Unhealthy(o, ..) => format!("u{o}"),
            Self::Change(c) => format!("c{}{}", c.at.0, c.text),
        }
    }
}

/// Returns the worst thing that the pods of a workload say, in words.
fn worst_pod(owner: &ObjectRef, shared: &Shared) -> String {
    let pods = crate::app::resolve::pods_of(owner, &shared.cluster);
    let judged = pods.iter().map(|p| (p.row().health, *p));
    let bad: Vec<_> = judged.filter(|(h, _)| h.level == Level::Failing).collect();
    let Some((health, pod)) = bad.first() else { return String::new() };
    let last = match pod {
        Object::Pod(p) => p
            .status
            .container_statuses
            .iter()
            .find_map(|s| s.last_state.terminated.as_ref())
            .map(|t| format!(": exit {}, {}", t.exit_code, t.reason)),
        _ => None,
    };
    format!("{}{}", health.word.as_str(), last.map(|l| super::safe(&l).to_string()).unwrap_or_default())
}

impl Watch {
    fn unhealthy(&mut self, shared: &Shared) -> Vec<Entry> {
        let mut out = Vec::new();
        self.checked = 0;
        for resource in WORKLOADS {
            for object in shared.cluster.of(resource).iter() {
                self.checked += 1;
                let health = object.row().health;
                let reference = object.reference(&shared.session.cluster);
                let pods = worst_pod(&reference, shared);
                let bad = matches!(health.level, Level::Failing | Level::Warning);
                if bad || !pods.is_empty() {
                    let ready = ready(object);
                    out.push(Entry::Unhealthy(reference, health, ready, pods));
                }
            }
        }
        out.sort_by_key(|e| match e {
            Entry::Unhealthy(o, h, _, pods) => (h.level != Level::Failing, pods.is_empty(), o.to_string()),
            Entry::Alert(_) | Entry::Change(_) => (true, true, String::new()),
        });
        out
    }

    fn section(&self, of: fn(&Entry) -> bool) -> Vec<(usize, &Entry)> {
        self.entries.iter().enumerate().filter(|(_, e)| of(e)).collect()
    }
}

fn ready(object: &Object) -> String {
    match object {
        Object::Deployment(d) => {
            format!("{}/{} ready", d.status.ready_replicas, d.spec.replicas.unwrap_or(1))
        }
        Object::StatefulSet(s) => {
            format!("{}/{} ready", s.status.ready_replicas, s.spec.replicas.unwrap_or(1))
        }
        Object::DaemonSet(d) => {
            format!("{}/{} ready", d.status.number_ready, d.status.desired_number_scheduled)
        }
        Object::Job(j) => format!("{} failed", j.status.failed),
        _ => String::new(),
    }
}

/// Returns what could not be checked, in words.
fn unchecked(shared: &Shared) -> Vec<String> {
    let mut out = Vec::new();
    for resource in
        [Resource::Pod, Resource::Deployment, Resource::StatefulSet, Resource::DaemonSet, Resource::Node]
    {
        let word = match &shared.cluster.of(resource).state {
            FeedState::Denied(_) => "denied",
            FeedState::Failed(_) => "failed",
            FeedState::Stale { .. } => "stale",
            FeedState::Loading => "loading",
            FeedState::Live | FeedState::Resync => continue,
        };
        out.push(format!("{} ({word})", resource.names().plural));
    }
    if matches!(shared.releases.state, FeedState::Denied(_) | FeedState::Failed(_)) {
        out.push("helm records (denied)".to_owned());
    }
    out
}

impl Pane for Watch {
    fn context(&self) -> Context {
        Context::Watch
    }

    fn heading(&self, cx: &Draw<'_>) -> Heading {
        Heading { title: "Alerts".to_owned(), count: alerts::counts(cx.shared) }
    }

    fn truth(&self, cx: &Draw<'_>) -> Truth {
        alerts::truth(cx.shared, cx.env.now)
    }

    fn only_now(&self) -> bool {
        true
    }

    fn init(&mut self, cx: &mut Cx<'_>) {
        self.settle(cx);
    }

    fn settle(&mut self, cx: &mut Cx<'_>) {
        let now = cx.now();
        let all =
            cx.shared.alerts.known.alerts.iter().filter(|a| a.state != AlertIs::Suppressed && a.rank() < 5);
        let mut entries: Vec<Entry> =
            alerts::ordered(all.cloned().map(Arc::new).collect()).into_iter().map(Entry::Alert).collect();
        entries.extend(self.unhealthy(cx.shared));
        let window = Window { start: now - Span::hours(1), end: now + Span::secs(5) };
        let found = changes::collect(cx.shared, &[], &Focus { owner: None, window: Some(window) });
        let told = |c: &Change| {
            matches!(
                c.sort,
                Sort::Release | Sort::Rollout | Sort::Edit | Sort::Scaled | Sort::Node | Sort::Own
            )
        };
        entries.extend(found.changes.into_iter().filter(told).map(Entry::Change));
        self.entries = entries;
        let rows = &self.entries;
        let find = |k: &str| rows.iter().position(|e| e.key() == k);
        // Nothing has been chosen yet: the cursor stays on the first row while rows arrive.
        if self.list.at == 0 {
            self.list.key = None;
        }
        self.list.settle(rows.len(), rows.len().max(1), find, |i| rows.get(i).map(Entry::key));
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> bool {
        let rows = &self.entries;
        if self.list.act(action, rows.len(), rows.len().max(1), |i| rows.get(i).map(Entry::key)) {
            return true;
        }
        let selected = self.entries.get(self.list.at);
        match (action, selected) {
            (Action::Open, Some(Entry::Alert(a))) => {
                cx.open = Some(View::Alert(alert::AlertPage::new(a.fingerprint)));
            }
            (Action::Open, Some(Entry::Unhealthy(o, ..))) => {
                cx.open = o.resource().map(|_| View::Table(table::Table::pods_of(o.clone())));
            }
            (Action::Open, Some(Entry::Change(c))) => cx.open = timeline::open(c),
            (Action::Logs, Some(Entry::Unhealthy(o, ..))) => {
                cx.open = Some(View::Logs(super::logs::Logs::live(o.clone(), cx.shared)));
            }
            (Action::Copy, Some(entry)) => {
                let text = match entry {
                    Entry::Alert(a) => super::safe(a.name()),
                    Entry::Unhealthy(o, ..) => super::safe(o.name.as_str()),
                    Entry::Change(c) => c.text.clone(),
                };
                cx.effects.push(crate::app::Effect::Copy(text));
            }
            (Action::Open | Action::Copy | Action::Logs, _) => {}
            _ => return false,
        }
        true
    }

    fn subject(&self, shared: &Shared) -> Subject {
        match self.entries.get(self.list.at) {
            Some(Entry::Alert(a)) => alert::subject_of(a, shared),
            Some(Entry::Unhealthy(o, ..)) => Subject { object: Some(o.clone()), ..Subject::default() },
            Some(Entry::Change(c)) => {
                let release = c.release.clone().map(|(ns, name, revision)| (ns, name, Some(revision)));
                Subject { object: c.object.clone(), release, time: Some(c.at), ..Subject::default() }
            }
            None => Subject::default(),
        }
    }

    fn draw(&self, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
        let firing = self.section(|e| matches!(e, Entry::Alert(_)));
        let sick = self.section(|e| matches!(e, Entry::Unhealthy(..)));
        let changed = self.section(|e| matches!(e, Entry::Change(_)));
        let heights = heights([firing.len(), sick.len(), changed.len()], area.height.saturating_sub(3));
        let mut y = area.y;
        let mut place = |height: u16| {
            let rect = Rect { y, height, ..area }.intersection(area);
            y += height;
            rect
        };
        let part = place(heights[0]);
        self.draw_alerts(cx, &firing, part, buf);
        let head = place(1);
        let state = format!("{} of {} workloads", sick.len(), num::count(self.checked));
        heading(cx, "Unhealthy", &state, head, buf);
        let part = place(heights[1]);
        self.draw_unhealthy(cx, &sick, part, buf);
        let head = place(1);
        heading(cx, "Changed in the last hour", &num::count(changed.len()), head, buf);
        let part = place(heights[2]);
        self.draw_changes(cx, &changed, part, buf);
        let last = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
        put(buf, &cx.env.theme, last.x + 1, last.y, last, Role::Dim, &closing(cx.shared));
    }

    fn json(&self, shared: &Shared) -> serde_json::Value {
        let sick: Vec<_> = self
            .entries
            .iter()
            .filter_map(|e| match e {
                Entry::Unhealthy(o, h, ready, why) => {
                    Some(json!({ "object": o, "state": h.word.as_str(), "ready": ready, "why": why }))
                }
                Entry::Alert(_) | Entry::Change(_) => None,
            })
            .collect();
        json!({
            "schema": "deckwatch.watch/1",
            "alerts": shared.alerts.known.alerts.iter().map(crate::store::alerts_json::to_api_json).collect::<Vec<_>>(),
            "unhealthy": sick,
            "changes": self.entries.iter().filter_map(|e| if let Entry::Change(c) = e { Some(json!(c)) } else { None }).collect::<Vec<_>>(),
            "known": closing(shared),
        })
    }
}

/// Shares rows among three sections: each its need, the largest give first.
fn heights(need: [usize; 3], room: u16) -> [u16; 3] {
    let mut out = need.map(|n| (n.max(1) as u16).min(room));
    while out.iter().sum::<u16>() > room {
        let Some(largest) = out.iter_mut().max() else { break };
        *largest -= 1;
    }
    out
}

fn heading(cx: &Draw<'_>, title: &str, state: &str, area: Rect, buf: &mut Buffer) {
    let theme = &cx.env.theme;
    buf.set_string(area.x, area.y, "─".repeat(usize::from(area.width)), theme.style(Role::Rule));
    put(buf, theme, area.x + 3, area.y, area, Role::Heading, &format!(" {title} "));
    let x = area.right().saturating_sub(paint::width(state) + 5);
    put(buf, theme, x, area.y, area, Role::Dim, &format!(" {state} "));
}

/// Says what is known and what could not be checked.
fn closing(shared: &Shared) -> String {
    let all = shared.health.values().filter(|h| h.state != State::NotInstalled).count();
    let ready = shared.health.values().filter(|h| h.state == State::Ready).count();
    let lacks = unchecked(shared);
    let lacks = if lacks.is_empty() { String::new() } else { format!("; not checked: {}", lacks.join(", ")) };
    format!("{ready} of {all} sources answer{lacks}")
}

impl Watch {
    fn visible<'a, T>(&self, rows: &'a [(usize, T)], height: u16) -> impl Iterator<Item = &'a (usize, T)> {
        let at = rows.iter().position(|(i, _)| *i == self.list.at);
        let top = at.map_or(0, |a| (a + 1).saturating_sub(usize::from(height)));
        rows.iter().skip(top).take(usize::from(height))
    }

    fn draw_alerts(&self, cx: &Draw<'_>, rows: &[(usize, &Entry)], area: Rect, buf: &mut Buffer) {
        if rows.is_empty() {
            let truth = self.truth(cx);
            let text = match truth {
                Truth::Good(_) | Truth::Partial(_) | Truth::Stale(..) => {
                    alerts::nothing(cx.shared, cx.env.now)
                }
                Truth::Loading => "loading…".to_owned(),
                Truth::Empty(why) => why,
                Truth::Denied(e) | Truth::Failed(e) => e.line(),
            };
            put(buf, &cx.env.theme, area.x + 1, area.y, area, Role::Dim, &text);
            return;
        }
        let shown: Vec<Row> = self
            .visible(rows, area.height)
            .filter_map(|(i, e)| {
                if let Entry::Alert(a) = e {
                    Some(alerts::row(a, cx.shared, cx.env.now, *i == self.list.at))
                } else {
                    None
                }
            })
            .collect();
        paint::grid(buf, &cx.env.theme, area, &alerts::COLS, &shown, false);
    }

    fn draw_unhealthy(&self, cx: &Draw<'_>, rows: &[(usize, &Entry)], area: Rect, buf: &mut Buffer) {
        if rows.is_empty() {
            let text =
                if self.checked == 0 { "no workload has been read yet" } else { "nothing known wrong" };
            put(buf, &cx.env.theme, area.x + 1, area.y, area, Role::Dim, text);
            return;
        }
        let shown: Vec<Row> = self
            .visible(rows, area.height)
            .filter_map(|(i, e)| {
                let Entry::Unhealthy(o, h, ready, pods) = e else { return None };
                let failing = h.level == Level::Failing || !pods.is_empty();
                let (glyph, role) = if failing { ("✖", Role::Failing) } else { ("▲", Role::Warning) };
                let why = if pods.is_empty() { h.reason.as_str().to_owned() } else { pods.clone() };
                let cells = vec![
                    (format!("{glyph} {}", h.word.as_str()), role),
                    (o.to_string(), Role::Strong),
                    (ready.clone(), Role::Text),
                    (why, Role::Text),
                ];
                Some(Row { cells, selected: *i == self.list.at, marked: false })
            })
            .collect();
        paint::grid(buf, &cx.env.theme, area, &UNHEALTHY, &shown, false);
    }

    fn draw_changes(&self, cx: &Draw<'_>, rows: &[(usize, &Entry)], area: Rect, buf: &mut Buffer) {
        if rows.is_empty() {
            put(
                buf,
                &cx.env.theme,
                area.x + 1,
                area.y,
                area,
                Role::Dim,
                "no release, rollout, edit, scaling or node change is known",
            );
            return;
        }
        let visible: Vec<&(usize, &Entry)> = self.visible(rows, area.height).collect();
        let changes =
            visible.iter().filter_map(|(_, e)| if let Entry::Change(c) = e { Some(c) } else { None });
        let selected = visible.iter().position(|(i, _)| *i == self.list.at);
        let grid = timeline::rows(cx, changes, selected);
        paint::grid(buf, &cx.env.theme, area, &CHANGES, &grid, false);
    }
}
