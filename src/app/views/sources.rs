//! Every source: address, way, state, latency, last good answer, next try, exact error, hint.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::json;

use super::paint::{self, cell, put};
use super::{Cx, Draw, Heading, Pane, Truth, screen};
use crate::app::model::{ListState, Shared};
use crate::app::msg::Subject;
use crate::core::action::{Action, Context};
use crate::core::num;
use crate::store::health::{Health, State};
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Column, Place, Row, Sample, made};

/// The view's state.
#[derive(Debug, Default)]
pub struct Sources {
    list: ListState,
}

fn columns() -> [Column; 7] {
    [
        Column::new("SOURCE", 10, 14).shed(0),
        Column::new("STATE", 11, 15).shed(0),
        Column::new("ADDRESS", 16, 60).shed(1),
        Column::new("VIA", 6, 13).shed(3),
        Column::new("LATENCY", 7, 8).shed(5),
        Column::new("LAST GOOD", 9, 12).shed(2),
        Column::new("FOUND BY", 8, 60).shed(6),
    ]
}

fn state(health: &Health) -> (&'static str, Role) {
    match health.state {
        State::Ready => ("● ready", Role::Ok),
        State::Connecting => ("◌ connecting", Role::Pending),
        State::Degraded => ("◐ degraded", Role::Warning),
        State::Down => ("✖ down", Role::Failing),
        State::Denied => ("⊘ denied", Role::Warning),
        State::NotInstalled => ("– not found", Role::Dim),
    }
}

fn row(health: &Health, cx: &Draw<'_>) -> Row {
    let (word, role) = state(health);
    let now = cx.env.now;
    let latency = health.latency.map(|l| num::value(l.as_secs_f64(), num::Unit::Seconds)).unwrap_or_default();
    let good = health.last_good.map_or_else(|| "never".to_owned(), |t| num::ago(t, now));
    let cells = vec![
        cell(&format!("{:?} {}", health.id.kind, health.id.index + 1), Role::Strong),
        cell(word, role),
        cell(health.address.clipped(120).as_str(), Role::Text),
        cell(health.via.word(), Role::Text),
        cell(&latency, Role::Text),
        cell(&good, Role::Text),
        cell(health.found.clipped(120).as_str(), Role::Dim),
    ];
    Row { cells, ..Row::default() }
}

impl Pane for Sources {
    fn context(&self) -> Context {
        Context::Sources
    }

    fn heading(&self, cx: &Draw<'_>) -> Heading {
        let all = cx.shared.health.len();
        let ready = cx.shared.health.values().filter(|h| h.state == State::Ready).count();
        Heading { title: "Sources".to_owned(), count: format!("{ready} of {all} answer") }
    }

    fn truth(&self, cx: &Draw<'_>) -> Truth {
        let all: Vec<&Health> = cx.shared.health.values().collect();
        if all.is_empty() {
            return Truth::Loading;
        }
        if all.iter().all(|h| h.state == State::NotInstalled) {
            return Truth::Empty("no source was found in configuration, environment or cluster".to_owned());
        }
        let mut installed = all.iter().filter(|h| h.state != State::NotInstalled);
        let down = |h: &&&Health| matches!(h.state, State::Down | State::Denied);
        if let Some(error) =
            installed.clone().all(|h| down(&h)).then(|| installed.find_map(|h| h.error.clone()))
        {
            return error.map_or_else(|| Truth::Partial("no source answers".to_owned()), Truth::Failed);
        }
        let lost: Vec<String> = cx
            .shared
            .health
            .values()
            .filter(|h| matches!(h.state, State::Down | State::Denied | State::Degraded))
            .map(|h| h.id.kind.short().to_owned())
            .collect();
        if lost.is_empty() {
            Truth::Good("live".to_owned())
        } else {
            Truth::Partial(format!("{} not answering in full", lost.join(", ")))
        }
    }

    fn init(&mut self, cx: &mut Cx<'_>) {
        self.settle(cx);
    }

    fn settle(&mut self, cx: &mut Cx<'_>) {
        let keys: Vec<String> = cx.shared.health.keys().map(|id| format!("{id:?}")).collect();
        let page = usize::from(cx.body().height.saturating_sub(6));
        self.list.settle(keys.len(), page, |k| keys.iter().position(|x| x == k), |i| keys.get(i).cloned());
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> bool {
        let keys: Vec<String> = cx.shared.health.keys().map(|id| format!("{id:?}")).collect();
        let page = usize::from(cx.body().height.saturating_sub(6));
        self.list.act(action, keys.len(), page, |i| keys.get(i).cloned()) || action == Action::Open
    }

    fn subject(&self, _shared: &Shared) -> Subject {
        Subject::default()
    }

    fn draw(&self, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
        let truth = self.truth(cx);
        let mut area = area;
        if let Truth::Loading | Truth::Empty(_) = &truth {
            screen::draw_instead(cx, &truth, area, buf);
            area = Rect { y: area.y + 3, height: area.height.saturating_sub(3), ..area };
        }
        let all: Vec<&Health> = cx.shared.health.values().collect();
        if all.is_empty() {
            return;
        }
        let rows = made(all.len(), |i| all.get(i).map(|h| row(h, cx)).unwrap_or_default());
        let place = Place { selected: Some(self.list.at), ..Place::default() };
        let upper = Rect { height: (all.len() as u16 + 1).min(area.height), ..area };
        paint::table((buf, &cx.env.theme), upper, &columns(), &rows, place, &Sample::of(&rows));
        // The selected one's error, else those of all that have one.
        let selected = all.get(self.list.at).filter(|h| h.error.is_some());
        let told = selected.map_or_else(|| all.clone(), |h| vec![*h]);
        let room = usize::from(area.width.saturating_sub(4)).max(20);
        let mut lines = Vec::new();
        for health in told {
            let Some(error) = &health.error else { continue };
            let name = format!("{:?} {}", health.id.kind, health.id.index + 1);
            lines.extend(screen::wrap(&format!("{name}: {}", error.line()), room));
            lines.extend(error.hint.iter().flat_map(|h| screen::wrap(&format!("hint: {h}"), room)));
            lines.extend(
                health.next_try.map(|t| format!("next try {}; ctrl-r tries now", num::ago(t, cx.env.now))),
            );
        }
        for (y, line) in (upper.bottom() + 1..area.bottom()).zip(lines) {
            put(buf, &cx.env.theme, area.x + 2, y, area, Role::Warning, &line);
        }
    }

    fn json(&self, shared: &Shared) -> serde_json::Value {
        list_json(shared.health.values())
    }
}

/// Returns sources as JSON.
pub fn list_json<'a>(all: impl Iterator<Item = &'a Health>) -> serde_json::Value {
    let rows: Vec<_> = all
        .map(|h| {
            json!({
                "kind": h.id.kind, "index": h.id.index, "address": h.address, "found": h.found, "via": h.via, "state": h.state,
                "since": h.since,
                "latency_seconds": h.latency.map(crate::core::Span::as_secs_f64),
                "last_good": h.last_good,
                "next_try": h.next_try,
                "error": h.error.as_ref().map(crate::core::Error::line),
                "hint": h.error.as_ref().and_then(|e| e.hint.clone()),
            })
        })
        .collect();
    json!({ "schema": "deckwatch.sources/1", "sources": rows })
}
