//! Every source: address, way, state, latency, last good answer, next try, exact error, hint.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::json;

use super::paint::{self, Col, Row, put};
use super::{Cx, Draw, Heading, Pane, Truth, screen};
use crate::app::model::{ListState, Shared};
use crate::app::msg::Subject;
use crate::core::action::{Action, Context};
use crate::core::num;
use crate::store::health::{Health, State};
use crate::ui::theme::Role;

/// The view's state.
#[derive(Debug, Default)]
pub struct Sources {
    list: ListState,
}

const COLS: [Col; 7] = [
    Col { name: "SOURCE", min: 10, max: 14, shed: 0 },
    Col { name: "STATE", min: 11, max: 15, shed: 0 },
    Col { name: "ADDRESS", min: 16, max: 46, shed: 1 },
    Col { name: "VIA", min: 6, max: 13, shed: 3 },
    Col { name: "LATENCY", min: 7, max: 8, shed: 5 },
    Col { name: "LAST GOOD", min: 9, max: 10, shed: 2 },
    Col { name: "FOUND BY", min: 8, max: 40, shed: 6 },
];

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

fn row(health: &Health, cx: &Draw<'_>, selected: bool) -> Row {
    let (word, role) = state(health);
    let now = cx.env.now;
    let cells = vec![
        (format!("{:?} {}", health.id.kind, health.id.index + 1), Role::Strong),
        (word.to_owned(), role),
        (health.address.clipped(60).to_string(), Role::Text),
        (health.via.word().to_owned(), Role::Text),
        (
            health.latency.map(|l| num::value(l.as_secs_f64(), num::Unit::Seconds)).unwrap_or_default(),
            Role::Text,
        ),
        (health.last_good.map_or_else(|| "never".to_owned(), |t| num::ago(t, now)), Role::Text),
        (health.found.clipped(60).to_string(), Role::Dim),
    ];
    Row { cells, selected, marked: false }
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
        if cx.shared.health.is_empty() {
            return Truth::Loading;
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
        if screen::draw_instead(
            cx,
            &if cx.shared.health.is_empty() { Truth::Loading } else { Truth::Good(String::new()) },
            area,
            buf,
        ) {
            return;
        }
        let rows: Vec<Row> =
            cx.shared.health.values().enumerate().map(|(i, h)| row(h, cx, i == self.list.at)).collect();
        paint::grid(buf, &cx.env.theme, area, &COLS, &rows, true);
        let y = area.y + rows.len() as u16 + 2;
        let Some(health) = cx.shared.health.values().nth(self.list.at) else { return };
        let Some(error) = &health.error else { return };
        let room = usize::from(area.width.saturating_sub(4)).max(20);
        let mut lines = screen::wrap(&error.line(), room);
        lines.extend(error.hint.iter().map(|h| format!("hint: {h}")));
        lines.extend(
            health.next_try.map(|t| format!("next try {}; ctrl-r tries now", num::ago(t, cx.env.now))),
        );
        for (y, line) in (y..area.bottom()).zip(lines) {
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
