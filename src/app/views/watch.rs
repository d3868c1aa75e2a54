//! The home view: alerts, unhealthy workloads, changes of the last hour, the state of the sources.
//!
//! Never "all quiet": it says what is known wrong and what could not be checked.

use std::sync::Arc;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::json;

use super::paint::{self, cell, put};
use super::trends::Trends;
use super::{Cx, Draw, Heading, Pane, Truth, View, alert, alerts, screen, table, timeline};
use crate::app::changes::{self, Focus};
use crate::app::effect::Feed;
use crate::app::model::{ListState, Shared};
use crate::app::msg::{Answer, FeedState, Subject};
use crate::core::action::{Action, Context};
use crate::core::{ObjectRef, Resource, Span, Ts, Window, num};
use crate::store::alerts::{Alert, State as AlertIs};
use crate::store::changes::{Change, Edits, Sort};
use crate::store::columns::{Health as RowHealth, Level};
use crate::store::health::State;
use crate::store::objects::Object;
use crate::ui::text::{Line, Words};
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Column, Place, Row, Rows, Sample, made};

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
    trends: Trends,
}

fn unhealthy_columns() -> [Column; 5] {
    [
        Column::new("", 8, 18).shed(0),
        Column::new("", 3, 6).shed(2),
        Column::new("", 14, 60).shed(0).keeps_end(),
        Column::new("", 8, 14).shed(0),
        Column::new("", 10, 120).shed(1).grow(),
    ]
}

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

/// Returns the short name of a kind of workload.
fn short(resource: Resource) -> &'static str {
    match resource {
        Resource::Deployment => "deploy",
        Resource::StatefulSet => "sts",
        Resource::DaemonSet => "ds",
        Resource::Job => "job",
        other => other.names().plural,
    }
}

/// Returns the worst thing that the pods of a workload say, in words.
fn worst_pod(owner: &ObjectRef, shared: &Shared) -> String {
    let pods = crate::app::resolve::pods_of(owner, &shared.cluster);
    let judged = pods.iter().map(|p| (p.row().health, *p));
    let bad: Vec<_> = judged.filter(|(h, _)| h.level == Level::Failing).collect();
    let Some((health, pod)) = bad.first() else { return String::new() };
    let more = if bad.len() > 1 { format!(" · {} pods", bad.len()) } else { String::new() };
    let last = match pod {
        Object::Pod(p) => p
            .status
            .container_statuses
            .iter()
            .find_map(|s| s.last_state.terminated.as_ref())
            .map(|t| format!(": exit {}, {}", t.exit_code, t.reason)),
        _ => None,
    };
    let last = last.map(|l| super::safe(&l).to_string()).unwrap_or_default();
    format!("{}{last}{more}", health.word.as_str())
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

/// Returns the state of the list that tells of most changes.
fn shared_evidence(shared: &Shared) -> &FeedState {
    &shared.cluster.of(Resource::ReplicaSet).state
}

/// Returns how a list stands where it is not whole and current.
fn lack(state: &FeedState, now: Ts) -> Option<String> {
    Some(match state {
        FeedState::Denied(_) => "denied".to_owned(),
        FeedState::Failed(_) => "failed".to_owned(),
        FeedState::Stale { since, .. } => format!("stale, {}", num::ago(*since, now)),
        FeedState::Loading => "loading".to_owned(),
        FeedState::Live | FeedState::Resync => return None,
    })
}

/// Returns what could not be checked, in words.
fn unchecked(shared: &Shared, now: Ts) -> Vec<String> {
    let mut out = Vec::new();
    for resource in WORKLOADS.into_iter().chain([Resource::Pod, Resource::Node]) {
        let kind = shared.cluster.of(resource);
        let bad = kind.undecodable();
        let word = lack(&kind.state, now).or_else(|| (bad > 0).then(|| format!("{bad} undecodable")));
        out.extend(word.map(|w| format!("{} ({w})", resource.names().plural)));
    }
    out.extend(lack(&shared.releases.state, now).map(|w| format!("helm records ({w})")));
    out
}

/// Returns the state of the lists behind a section, the worst one: a glyph and a word.
fn section_state<'a>(states: impl Iterator<Item = &'a FeedState>, now: Ts) -> (String, Role) {
    let weight = |s: &FeedState| match s {
        FeedState::Live => 0,
        FeedState::Resync => 1,
        FeedState::Loading => 2,
        FeedState::Stale { .. } => 3,
        FeedState::Denied(_) => 4,
        FeedState::Failed(_) => 5,
    };
    match states.max_by_key(|s| weight(s)) {
        None | Some(FeedState::Live) => ("live".to_owned(), Role::Dim),
        Some(FeedState::Resync) => ("◐ listing again".to_owned(), Role::Warning),
        Some(FeedState::Loading) => ("◌ loading".to_owned(), Role::Pending),
        Some(FeedState::Stale { since, .. }) => (format!("▲ stale: {}", num::ago(*since, now)), Role::Stale),
        Some(FeedState::Denied(_)) => ("⊘ partly denied".to_owned(), Role::Warning),
        Some(FeedState::Failed(_)) => ("✖ partly failed".to_owned(), Role::Failing),
    }
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

    fn feeds(&self) -> Vec<Feed> {
        vec![Feed::Objects(Resource::Job)]
    }

    fn only_now(&self) -> bool {
        true
    }

    fn init(&mut self, cx: &mut Cx<'_>) {
        self.settle(cx);
    }

    fn settle(&mut self, cx: &mut Cx<'_>) {
        let now = cx.now();
        let all = cx
            .shared
            .alerts
            .known
            .alerts
            .iter()
            .filter(|a| a.state != AlertIs::Suppressed && !alerts::is_heartbeat(a));
        let mut entries: Vec<Entry> =
            alerts::ordered(all.cloned().map(Arc::new).collect()).into_iter().map(Entry::Alert).collect();
        entries.extend(self.unhealthy(cx.shared));
        let window = Window { start: now - Span::hours(1), end: now + Span::secs(5) };
        let found =
            changes::collect(cx.shared, &Edits::default(), &Focus { owner: None, window: Some(window) });
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
        let alerts = rows.iter().filter_map(|e| if let Entry::Alert(a) = e { Some(a) } else { None });
        self.trends.ask(alerts, cx);
    }

    fn answer(&mut self, part: u16, answer: crate::core::Result<Answer>, cx: &mut Cx<'_>) {
        self.trends.take(part, answer, cx);
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
        let now = cx.env.now;
        let lines = screen::wrap(&closing(cx.shared, now), usize::from(area.width.saturating_sub(2)));
        let foot = (lines.len() as u16).min(2);
        let room = area.height.saturating_sub(2 + foot);
        let instead = self.instead(cx, area.width);
        let first = if firing.is_empty() { instead.len() } else { firing.len() };
        let heights = heights([first, sick.len(), changed.len()], room);
        let mut y = area.y;
        let mut place = |height: u16| {
            let rect = Rect { y, height, ..area }.intersection(area);
            y += height;
            rect
        };
        let part = place(heights[0]);
        self.draw_alerts(cx, &firing, &instead, part, buf);
        let head = place(1);
        let of = |r: &Resource| &cx.shared.cluster.of(*r).state;
        let (word, role) = section_state(WORKLOADS.iter().chain([&Resource::Pod]).map(of), now);
        let count = format!("{} of {}", sick.len(), num::counted(self.checked, "workload", "workloads"));
        let count = if self.checked == 0 { "" } else { &count };
        heading(cx, "Unhealthy", (count, &word, role), head, buf);
        let part = place(heights[1]);
        self.draw_unhealthy(cx, &sick, part, buf);
        let head = place(1);
        let evidence = [Resource::ReplicaSet, Resource::Event, Resource::Node];
        let states = evidence.iter().map(of).chain([&cx.shared.releases.state]);
        let (word, role) = section_state(states, now);
        let count =
            if changed.is_empty() && word != "live" { String::new() } else { num::count(changed.len()) };
        heading(cx, "Changed in the last hour", (&count, &word, role), head, buf);
        let part = place(heights[2]);
        self.draw_changes(cx, &changed, part, buf);
        for (y, line) in (area.bottom().saturating_sub(foot)..area.bottom()).zip(&lines) {
            put(buf, &cx.env.theme, area.x + 1, y, area, Role::Dim, line);
        }
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
            "known": closing(shared, shared.alerts.at.unwrap_or_default()),
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

fn heading(
    cx: &Draw<'_>,
    title: &str,
    (count, word, role): (&str, &str, Role),
    area: Rect,
    buf: &mut Buffer,
) {
    let mut state = Line::new();
    if !count.is_empty() {
        state = cell(count, Role::Dim).with(" · ", Role::Dim);
    }
    let state = state.with(Words::of(word), role);
    paint::ruled(buf, &cx.env.theme, area, title, state);
}

/// Says what is known and what could not be checked.
fn closing(shared: &Shared, now: Ts) -> String {
    let all = shared.health.values().filter(|h| h.state != State::NotInstalled).count();
    let ready = shared.health.values().filter(|h| h.state == State::Ready).count();
    if all == 0 {
        return "the sources are being looked for".to_owned();
    }
    let lacks = unchecked(shared, now);
    let lacks = if lacks.is_empty() { String::new() } else { format!("; not checked: {}", lacks.join(", ")) };
    format!("{ready} of {all} sources answer{lacks}")
}

impl Watch {
    /// Says why there is no alert to show.
    fn instead(&self, cx: &Draw<'_>, width: u16) -> Vec<String> {
        let truth = self.truth(cx);
        let mut lines = match truth {
            Truth::Good(_) | Truth::Partial(_) | Truth::Stale(..) => {
                vec![alerts::nothing(cx.shared, cx.env.now)]
            }
            Truth::Loading => vec!["◌ loading…".to_owned()],
            Truth::Empty(why) => vec![why],
            Truth::Denied(e) | Truth::Failed(e) => {
                std::iter::once(e.line()).chain(e.hint.iter().map(|h| format!("hint: {h}"))).collect()
            }
        };
        let silenced =
            cx.shared.alerts.known.alerts.iter().filter(|a| a.state == AlertIs::Suppressed).count();
        if silenced > 0 {
            lines.push(format!(
                "{} silenced: g a shows them",
                num::counted(silenced, "alert is", "alerts are")
            ));
        }
        let room = usize::from(width.saturating_sub(4));
        lines.iter().flat_map(|l| screen::wrap(l, room)).collect()
    }

    fn draw_alerts(
        &self,
        cx: &Draw<'_>,
        rows: &[(usize, &Entry)],
        instead: &[String],
        area: Rect,
        buf: &mut Buffer,
    ) {
        if rows.is_empty() {
            let role = match self.truth(cx) {
                Truth::Failed(_) => Role::Failing,
                Truth::Denied(_) => Role::Warning,
                _ => Role::Dim,
            };
            for (y, line) in (area.y..area.bottom()).zip(instead) {
                put(buf, &cx.env.theme, area.x + 2, y, area, role, line);
            }
            return;
        }
        let old = matches!(self.truth(cx), Truth::Stale(..));
        let row = |i: usize| match rows.get(i) {
            Some((_, Entry::Alert(a))) => alerts::row(a, &self.trends, old, cx),
            _ => Row::default(),
        };
        let columns = alerts::columns(self.trends.any());
        self.section_of(cx, &columns, &made(rows.len(), row), rows, area, buf);
    }

    /// Draws the rows of a section around its selected one.
    fn section_of(
        &self,
        cx: &Draw<'_>,
        columns: &[Column],
        rows: &dyn Rows,
        entries: &[(usize, &Entry)],
        area: Rect,
        buf: &mut Buffer,
    ) {
        let selected = entries.iter().position(|(i, _)| *i == self.list.at);
        let place = Place { selected, ..Place::default() };
        paint::rows((buf, &cx.env.theme), area, columns, rows, place, &Sample::of(rows));
    }

    fn draw_unhealthy(&self, cx: &Draw<'_>, rows: &[(usize, &Entry)], area: Rect, buf: &mut Buffer) {
        if rows.is_empty() {
            let text =
                if self.checked == 0 { "no workload has been read yet" } else { "nothing known wrong" };
            put(buf, &cx.env.theme, area.x + 2, area.y, area, Role::Dim, text);
            return;
        }
        let row = |i: usize| {
            let Some((_, Entry::Unhealthy(o, h, ready, pods))) = rows.get(i) else { return Row::default() };
            let failing = h.level == Level::Failing || !pods.is_empty();
            let (glyph, role) = if failing { ("✖", Role::Failing) } else { ("▲", Role::Warning) };
            let why = if pods.is_empty() { h.reason.as_str() } else { pods };
            let why = if why == ready { "" } else { why };
            let cells = vec![
                cell(&format!("{glyph} {}", h.word.as_str()), role),
                cell(o.resource().map_or("", short), Role::Text),
                cell(&format!("{}/{}", o.namespace, o.name), Role::Strong),
                cell(ready, Role::Text),
                cell(why, Role::Text),
            ];
            Row { cells, ..Row::default() }
        };
        self.section_of(cx, &unhealthy_columns(), &made(rows.len(), row), rows, area, buf);
    }

    fn draw_changes(&self, cx: &Draw<'_>, rows: &[(usize, &Entry)], area: Rect, buf: &mut Buffer) {
        if rows.is_empty() {
            let loading = matches!(shared_evidence(cx.shared), FeedState::Loading);
            let text = if loading {
                "nothing has been read yet"
            } else {
                "no release, rollout, edit, scaling or node change is known"
            };
            put(buf, &cx.env.theme, area.x + 2, area.y, area, Role::Dim, text);
            return;
        }
        let row = |i: usize| match rows.get(i) {
            Some((_, Entry::Change(c))) => timeline::row(cx, c),
            _ => Row::default(),
        };
        self.section_of(cx, &timeline::columns(), &made(rows.len(), row), rows, area, buf);
    }
}
