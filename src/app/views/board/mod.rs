//! The panels of a workload at the moment: requests, errors, latency, CPU, memory, restarts.

pub mod chart;
mod workload;

pub use workload::error_ratio;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::json;

use super::{Cx, Draw, Heading, Pane, Truth, screen};
use crate::app::effect::Query;
use crate::app::model::Shared;
use crate::app::msg::{Answer, Subject};
use crate::app::resolve::workload_of;
use crate::core::action::{Action, Context};
use crate::core::{Error, Kind, ObjectRef, Result, Span, Ts, Window, num};
use crate::query::step;
use crate::store::health::{SourceKind, State};
use workload::PANELS;

/// One panel's data.
#[derive(Debug, Default)]
struct Panel {
    drawn: Option<chart::Panel>,
    /// The window that is asked.
    asked: Option<Window>,
    at: Option<Ts>,
    error: Option<Error>,
}

/// The view's state.
#[derive(Debug, Default)]
pub struct Board {
    owner: Option<ObjectRef>,
    panels: Vec<Panel>,
    selected: usize,
    /// The crosshair, shared by all panels.
    cross: Option<Ts>,
    step: Span,
}

const EVERY: Span = Span::secs(15);
/// The finest step that is asked: most stands scrape no faster.
const SCRAPE: Span = Span::secs(5);

impl Board {
    /// Returns the board of an object's workload.
    pub fn of(object: ObjectRef, shared: &Shared) -> Self {
        let found = object
            .resource()
            .and_then(|r| shared.cluster.of(r).named(object.namespace.as_str(), object.name.as_str()));
        let owner =
            found.and_then(|o| workload_of(o, &shared.cluster, &shared.session.cluster)).unwrap_or(object);
        Self { owner: Some(owner), ..Self::default() }
    }

    fn ask(&mut self, cx: &mut Cx<'_>) {
        self.panels.resize_with(PANELS.len(), Panel::default);
        let now = cx.now();
        let pinned = cx.shared.moment.pinned().is_some();
        let mut window = cx.shared.moment.window(now);
        window.end = window.end.min(now);
        let columns = layout(cx.body(), self.selected).first().map_or(80, |r| r.width);
        let step = step::choose(window.span(), columns, SCRAPE);
        let window = step::align(window, step);
        self.step = step;
        for (part, panel) in PANELS.iter().enumerate() {
            let part = part as u16;
            if let Some(expr) =
                self.owner.as_ref().map(|o| panel.expr(o, step)).filter(|_| pinned || !cx.is_open(part))
            {
                if let Some(panel) = self.panels.get_mut(usize::from(part)) {
                    panel.asked = Some(window);
                }
                cx.ask(part, Query::Range { expr: expr.into(), window, step });
            }
        }
        if !pinned || cx.shared.moment.window(now).end > now {
            cx.wake_at(now + EVERY);
        }
    }

    fn no_prometheus(shared: &Shared) -> Option<String> {
        let mut all = shared.health.values().filter(|h| h.id.kind == SourceKind::Prometheus).peekable();
        all.peek()?;
        all.all(|h| h.state == State::NotInstalled)
            .then(|| "no Prometheus was found in configuration, environment or cluster".to_owned())
    }
}

/// The rows of the selected panel where not all of them fit.
const SELECTED: u16 = 9;

/// Returns where the panels lie: two columns where they fit, else one; where they are too many for the
/// screen the selected one has more room, and they are scrolled.
fn layout(area: Rect, selected: usize) -> Vec<Rect> {
    let columns: u16 = if area.width >= 100 { 2 } else { 1 };
    let rows = (PANELS.len() as u16).div_ceil(columns);
    let height = (area.height / rows).max(5);
    let width = area.width / columns;
    let scrolled = height * rows > area.height;
    let mut y = area.y;
    let mut out = Vec::with_capacity(PANELS.len());
    for row in 0..rows {
        let holds = selected as u16 / columns == row;
        let height = if scrolled && holds { SELECTED.max(height).min(area.height.max(5)) } else { height };
        // A gap keeps the axis of one from the line of the other.
        let gap = u16::from(columns > 1);
        let place = |c: u16| Rect { x: area.x + c * width, y, width: width - gap, height };
        out.extend((0..columns).map(place));
        y += height;
    }
    out.truncate(PANELS.len());
    out
}

impl Pane for Board {
    fn context(&self) -> Context {
        Context::Board
    }

    fn heading(&self, _cx: &Draw<'_>) -> Heading {
        let about = self.owner.as_ref().map_or_else(|| "no workload".to_owned(), ToString::to_string);
        Heading {
            title: format!("Panels · {about}"),
            count: if self.step.0 > 0 { format!("step {}", self.step) } else { String::new() },
        }
    }

    fn truth(&self, cx: &Draw<'_>) -> Truth {
        if self.owner.is_none() {
            return Truth::Empty("choose a workload: `g p` on an alert, a pod or a Deployment".to_owned());
        }
        if let Some(why) = Self::no_prometheus(cx.shared) {
            return Truth::Empty(why);
        }
        let known: Vec<&chart::Panel> = self.panels.iter().filter_map(|p| p.drawn.as_ref()).collect();
        let failed: Vec<&Error> = self.panels.iter().filter_map(|p| p.error.as_ref()).collect();
        let oldest = self.panels.iter().filter_map(|p| p.at).min();
        // What is pinned lies in the past and does not grow old.
        let live = cx.shared.moment.pinned().is_none();
        let old = oldest.filter(|t| live && cx.env.now - *t > EVERY.times(3));
        match (known.len(), failed.first(), old) {
            (0, Some(error), _) => {
                let denied = failed.iter().all(|e| e.kind == Kind::Denied);
                let truth = if denied { Truth::Denied } else { Truth::Failed };
                truth((*error).clone())
            }
            (0, None, _) => Truth::Loading,
            (_, error, Some(at)) => Truth::Stale(at, error.map(|e| (*e).clone())),
            (n, Some(error), None) if n < self.panels.len() => {
                let lost: Vec<&str> = PANELS
                    .iter()
                    .zip(&self.panels)
                    .filter(|(_, p)| p.drawn.is_none())
                    .map(|(p, _)| p.title)
                    .collect();
                Truth::Partial(format!("without {} ({})", lost.join(", "), error.kind.word()))
            }
            (n, None, None) if n < self.panels.len() => {
                Truth::Partial(format!("{n} of {} panels so far", self.panels.len()))
            }
            (_, Some(error), None) => {
                Truth::Partial(format!("{} of the panels are not new ({})", failed.len(), error.kind.word()))
            }
            (_, None, None) if known.iter().all(|p| p.matrix.series.is_empty()) => {
                Truth::Empty("Prometheus knows no series of this workload in this window".to_owned())
            }
            (_, None, None) => {
                let warned = known.iter().any(|p| !p.matrix.warnings.is_empty() || p.matrix.dropped > 0);
                if warned {
                    Truth::Partial("the server warns: see the panels".to_owned())
                } else {
                    Truth::Good(oldest.map(|t| num::ago(t, cx.env.now)).unwrap_or_default())
                }
            }
        }
    }

    fn init(&mut self, cx: &mut Cx<'_>) {
        self.ask(cx);
    }

    fn settle(&mut self, cx: &mut Cx<'_>) {
        let places = layout(screen::inside(self, cx.shared), self.selected);
        for (panel, place) in self.panels.iter_mut().zip(places) {
            if let Some(drawn) = &mut panel.drawn {
                drawn.prepare(chart::below_title(place));
            }
        }
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> bool {
        let window = cx.shared.moment.window(cx.env.now);
        let step = if self.step.0 > 0 { self.step } else { Span::secs(15) };
        match action {
            Action::Down => self.selected = (self.selected + 1).min(PANELS.len() - 1),
            Action::Up => self.selected = self.selected.saturating_sub(1),
            Action::Left => self.cross = Some((self.cross.unwrap_or(window.end) - step).max(window.start)),
            Action::Right => self.cross = Some((self.cross.unwrap_or(window.start) + step).min(window.end)),
            Action::Back if self.cross.is_some() => self.cross = None,
            Action::Open => {
                if let Some(owner) = self.owner.clone() {
                    let at = self.cross.or(cx.shared.moment.pinned());
                    cx.open = Some(super::View::Logs(at.map_or_else(
                        || super::logs::Logs::live(owner.clone(), cx.shared),
                        |_| super::logs::Logs::around(owner.clone(), cx.shared),
                    )));
                }
            }
            _ => return false,
        }
        true
    }

    fn answer(&mut self, part: u16, answer: Result<Answer>, cx: &mut Cx<'_>) {
        let now = cx.now();
        let Some(panel) = self.panels.get_mut(usize::from(part)) else { return };
        match answer {
            Ok(Answer::Range(matrix)) => {
                let window = panel.asked.unwrap_or_else(|| cx.shared.moment.window(now));
                let unit = PANELS.get(usize::from(part)).map_or(num::Unit::None, |p| p.unit);
                panel.drawn = Some(chart::Panel::of(matrix, window, unit, None));
                (panel.at, panel.error) = (Some(now), None);
            }
            Ok(_) => {}
            Err(error) => panel.error = Some(error),
        }
    }

    fn subject(&self, _shared: &Shared) -> Subject {
        Subject { object: self.owner.clone(), time: self.cross, ..Subject::default() }
    }

    fn draw(&self, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
        let truth = self.truth(cx);
        if matches!(truth, Truth::Loading | Truth::Empty(_) | Truth::Failed(_) | Truth::Denied(_))
            && screen::draw_instead(cx, &truth, area, buf)
        {
            return;
        }
        let places = layout(area, self.selected);
        let first = places.get(self.selected).map_or(0, |r| r.bottom().saturating_sub(area.bottom()));
        let over = chart::Over {
            markers: chart::markers(cx.shared, self.owner.as_ref()),
            moment: cx.shared.moment.pinned(),
            cross: self.cross,
        };
        for (i, (panel, place)) in PANELS.iter().zip(&places).enumerate() {
            let Some(y) = place.y.checked_sub(first).filter(|y| *y >= area.y) else { continue };
            let place = Rect { y, ..*place }.intersection(area);
            if place.height < 4 {
                continue;
            }
            let data = self.panels.get(i);
            let title = format!("{}{}", if i == self.selected { "▸ " } else { "" }, panel.title);
            chart::titled(cx, &title, data.and_then(|d| d.error.as_ref()), place, buf);
            let inner = chart::below_title(place);
            if let Some(drawn) = data.and_then(|d| d.drawn.as_ref()) {
                chart::draw(cx, drawn, &over, inner, buf);
            } else if let Some(error) = data.and_then(|d| d.error.as_ref()) {
                screen::draw_instead(cx, &Truth::Failed(error.clone()), inner, buf);
            }
        }
    }

    fn json(&self, _shared: &Shared) -> serde_json::Value {
        let panels: Vec<_> = PANELS
            .iter()
            .zip(&self.panels)
            .map(|(p, d)| json!({ "title": p.title, "unit": p.unit, "series": d.drawn.as_ref().map(|d| chart::series_json(&d.matrix)) }))
            .collect();
        json!({ "schema": "deckwatch.board/1", "object": self.owner, "panels": panels })
    }
}
