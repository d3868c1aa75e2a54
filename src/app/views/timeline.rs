//! What happened, over all sources; and what changed before the moment, likeliest cause first.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::json;

use super::paint::{self, Col, Row, put};
use super::{Cx, Draw, Heading, Pane, Truth, View, release, screen, table};
use crate::app::changes::{self, Focus};
use crate::app::effect::Query;
use crate::app::model::{ListState, Shared};
use crate::app::msg::{Answer, Subject};
use crate::core::action::{Action, Context};
use crate::core::filter::Filter;
use crate::core::{ObjectRef, Result, Span, Window, num};
use crate::store::changes::{Change, Edit, Reach, Sort, Suspect};
use crate::ui::theme::Role;

const EDITS: u16 = 0;

/// The view's state.
#[derive(Debug, Default)]
pub struct Timeline {
    owner: Option<ObjectRef>,
    /// Whether it ranks what came before the moment.
    ranked: bool,
    rows: Vec<Suspect>,
    reach: Vec<Reach>,
    edits: Vec<Edit>,
    list: ListState,
    text: String,
    filter: Filter,
    faults: bool,
}

/// Returns the view that a change's row opens.
pub fn open(change: &Change) -> Option<View> {
    if let Some((namespace, name, revision)) = &change.release {
        return Some(View::Release(release::ReleasePage::new(
            namespace.clone(),
            name.clone(),
            Some(*revision),
        )));
    }
    let object = change.object.clone()?;
    Some(View::Table(table::Table::at(object.resource()?, &object)))
}

/// Returns the role of a kind of change.
fn role(sort: Sort) -> Role {
    match sort {
        Sort::Release | Sort::Rollout | Sort::Edit => Role::Action,
        Sort::Alert | Sort::Restart => Role::Failing,
        Sort::Warning | Sort::Node => Role::Warning,
        Sort::Scaled | Sort::Own => Role::Text,
    }
}

const COLS: [Col; 3] = [
    Col { name: "TIME", min: 8, max: 14, shed: 0 },
    Col { name: "WHAT", min: 7, max: 8, shed: 0 },
    Col { name: "CHANGE", min: 20, max: 200, shed: 0 },
];

const SUSPECT_COLS: [Col; 4] = [
    Col { name: "TIME", min: 8, max: 14, shed: 0 },
    Col { name: "WHAT", min: 7, max: 8, shed: 0 },
    Col { name: "CHANGE", min: 24, max: 90, shed: 0 },
    Col { name: "WHY", min: 10, max: 90, shed: 1 },
];

/// Returns the rows of changes for a grid.
pub fn rows<'a>(
    cx: &Draw<'_>,
    changes: impl Iterator<Item = &'a Change>,
    selected: Option<usize>,
) -> Vec<Row> {
    let (now, zone) = (cx.env.now, cx.shared.session.zone);
    changes
        .enumerate()
        .map(|(i, c)| {
            let cells = vec![
                (c.at.near(now, zone), Role::Dim),
                (c.sort.word().to_owned(), role(c.sort)),
                (c.text.to_string(), Role::Text),
            ];
            Row { cells, selected: selected == Some(i), marked: false }
        })
        .collect()
}

/// Draws suspects with their reasons.
pub fn draw_suspects(cx: &Draw<'_>, suspects: &[Suspect], list: &ListState, area: Rect, buf: &mut Buffer) {
    let page = usize::from(area.height);
    let top = (list.at + 1).saturating_sub(page);
    let shown = suspects.iter().skip(top).take(page);
    let mut grid = rows(cx, shown.clone().map(|s| &s.change), list.at.checked_sub(top));
    for (row, suspect) in grid.iter_mut().zip(shown) {
        let why: Vec<String> = suspect.reasons.iter().skip(1).map(ToString::to_string).collect();
        row.cells.push((why.join(", "), Role::Dim));
    }
    paint::grid(buf, &cx.env.theme, area, &SUSPECT_COLS, &grid, false);
}

impl Timeline {
    /// Returns the timeline of an object, or of everything.
    pub fn of(owner: Option<ObjectRef>) -> Self {
        Self { owner, ..Self::default() }
    }

    /// Returns what changed before the moment, for an object or everywhere.
    pub fn before(owner: Option<ObjectRef>) -> Self {
        Self { owner, ranked: true, ..Self::default() }
    }

    fn window(shared: &Shared, now: crate::core::Ts) -> Window {
        match shared.moment.pinned() {
            Some(_) => shared.moment.window(now),
            None => {
                Window { start: now - Span::hours(1).max(shared.moment.before()), end: now + Span::secs(5) }
            }
        }
    }

    fn key(row: &Suspect) -> String {
        format!("{}/{}/{}", row.change.at.0, row.change.sort.word(), row.change.text)
    }
}

impl Pane for Timeline {
    fn context(&self) -> Context {
        Context::Timeline
    }

    fn heading(&self, cx: &Draw<'_>) -> Heading {
        let about = self.owner.as_ref().map_or_else(|| "everything".to_owned(), ToString::to_string);
        let title = if self.ranked {
            let at = cx.shared.moment.instant(cx.env.now).near(cx.env.now, cx.shared.session.zone);
            format!("What changed before {at} · {about}")
        } else {
            format!("Timeline · {about}")
        };
        Heading { title, count: num::counted(self.rows.len(), "change", "changes") }
    }

    fn truth(&self, _cx: &Draw<'_>) -> Truth {
        let lacks: Vec<&str> = self.reach.iter().filter(|r| r.lacks.is_some()).map(|r| r.source).collect();
        if lacks.is_empty() {
            Truth::Good("live".to_owned())
        } else {
            Truth::Partial(format!("without {}", lacks.join(", ")))
        }
    }

    fn init(&mut self, cx: &mut Cx<'_>) {
        if let Some(owner) = self.owner.clone().filter(|_| !cx.is_open(EDITS)) {
            cx.ask(EDITS, Query::Edits(owner));
        }
        self.settle(cx);
    }

    fn settle(&mut self, cx: &mut Cx<'_>) {
        let now = cx.now();
        let moment = cx.shared.moment.instant(now);
        let focus = Focus { owner: self.owner.clone(), window: Some(Self::window(cx.shared, now)) };
        let found = changes::collect(cx.shared, &self.edits, &focus);
        self.reach = found.reach;
        let all: Vec<Suspect> = if self.ranked {
            changes::suspects(cx.shared, &self.edits, self.owner.as_ref(), moment)
        } else {
            found
                .changes
                .into_iter()
                .map(|change| Suspect { change, weight: 0, reasons: Vec::new() })
                .collect()
        };
        let passes = |s: &Suspect| {
            (!self.faults
                || matches!(s.change.sort, Sort::Alert | Sort::Restart | Sort::Warning | Sort::Node))
                && self.filter.matches(&format!("{} {}", s.change.sort.word(), s.change.text), |_| None)
        };
        self.rows = all.into_iter().filter(passes).collect();
        let page = usize::from(cx.body().height.saturating_sub(3));
        let rows = &self.rows;
        self.list.settle(
            rows.len(),
            page,
            |k| rows.iter().position(|r| Self::key(r) == k),
            |i| rows.get(i).map(Self::key),
        );
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> bool {
        let page = usize::from(cx.body().height.saturating_sub(3));
        let rows = &self.rows;
        if self.list.act(action, rows.len(), page, |i| rows.get(i).map(Self::key)) {
            return true;
        }
        let selected = self.rows.get(self.list.at);
        match action {
            Action::Open => cx.open = selected.and_then(|s| open(&s.change)),
            Action::Roll => {
                if let Some((namespace, name, _)) = selected.and_then(|s| s.change.release.clone()) {
                    cx.open = Some(View::Plan(super::plan::PlanView::new(namespace, name, None)));
                }
            }
            Action::Faults => self.faults = !self.faults,
            Action::Copy => {
                if let Some(row) = selected {
                    cx.effects.push(crate::app::Effect::Copy(row.change.text.clone()));
                }
            }
            _ => return false,
        }
        true
    }

    fn unavailable(&self, action: Action, _shared: &Shared) -> Option<String> {
        let release = self.rows.get(self.list.at).is_some_and(|s| s.change.release.is_some());
        (action == Action::Roll && !release).then(|| "the row is about no Helm release".to_owned())
    }

    fn answer(&mut self, part: u16, answer: Result<Answer>, cx: &mut Cx<'_>) {
        if let (EDITS, Ok(Answer::Edits(edits))) = (part, answer) {
            self.edits = edits;
            self.settle(cx);
        }
    }

    fn subject(&self, _shared: &Shared) -> Subject {
        let Some(row) = self.rows.get(self.list.at) else {
            return Subject { object: self.owner.clone(), ..Subject::default() };
        };
        let release = row.change.release.clone().map(|(ns, name, revision)| (ns, name, Some(revision)));
        Subject {
            object: row.change.object.clone().or_else(|| self.owner.clone()),
            alert: None,
            release,
            time: Some(row.change.at),
        }
    }

    fn filter(&self) -> Option<&str> {
        Some(&self.text)
    }

    fn set_filter(&mut self, text: &str, cx: &mut Cx<'_>) -> std::result::Result<(), String> {
        self.filter = Filter::parse(text)?;
        text.clone_into(&mut self.text);
        self.settle(cx);
        Ok(())
    }

    fn draw(&self, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
        let theme = &cx.env.theme;
        let last = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
        let (now, zone) = (cx.env.now, cx.shared.session.zone);
        let reach: Vec<String> = self
            .reach
            .iter()
            .map(|r| match (&r.lacks, r.since) {
                (Some(why), _) => format!("{}: {}", r.source, why),
                (None, Some(since)) => format!("{} back to {}", r.source, since.near(now, zone)),
                (None, None) => format!("{}: nothing", r.source),
            })
            .collect();
        put(buf, theme, last.x + 1, last.y, last, Role::Dim, &format!("reach: {}", reach.join(" · ")));
        let inner = Rect { height: area.height.saturating_sub(1), ..area };
        if self.rows.is_empty() {
            let looked = if self.ranked {
                "nothing changed in the 6 hours before, as far as the sources below reach"
            } else {
                "nothing happened in this window, as far as the sources below reach"
            };
            screen::draw_instead(cx, &Truth::Empty(looked.to_owned()), inner, buf);
        } else if self.ranked {
            draw_suspects(cx, &self.rows, &self.list, inner, buf);
        } else {
            let shown =
                self.rows.iter().skip(self.list.top).take(usize::from(inner.height)).map(|s| &s.change);
            let grid = rows(cx, shown, self.list.at.checked_sub(self.list.top));
            paint::grid(buf, theme, inner, &COLS, &grid, true);
        }
    }

    fn json(&self, _shared: &Shared) -> serde_json::Value {
        json!({ "schema": "deckwatch.timeline/1", "object": self.owner, "changes": self.rows, "reach": self.reach })
    }
}
