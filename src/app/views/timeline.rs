//! What happened, over all sources; and what changed before the moment, likeliest cause first.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::json;

use super::paint::{self, cell, put};
use super::{Cx, Draw, Heading, Pane, Truth, View, release, screen, table};
use crate::app::changes::{self, Focus};
use crate::app::effect::Query;
use crate::app::model::{ListState, Shared};
use crate::app::msg::{Answer, FeedState, Subject};
use crate::core::action::{Action, Context};
use crate::core::filter::Filter;
use crate::core::{Error, ObjectRef, Result, Span, Ts, Window, num};
use crate::ops::Wanted;
use crate::store::changes::{Change, Edits, Reach, Sort, Suspect};
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Column, Place, Row, Sample, made};

const EDITS: u16 = 0;

/// The view's state.
#[derive(Debug, Default)]
pub struct Timeline {
    owner: Option<ObjectRef>,
    /// Whether it ranks what came before the moment.
    ranked: bool,
    rows: Vec<Suspect>,
    reach: Vec<Reach>,
    edits: Edits,
    edits_error: Option<Error>,
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

/// The columns of changes.
pub fn columns() -> [Column; 3] {
    [
        Column::new("TIME", 8, 14).shed(0),
        Column::new("WHAT", 7, 8).shed(0),
        Column::new("CHANGE", 20, 400).shed(0).grow(),
    ]
}

/// The columns of suspects: how long before the moment comes before what, for it is what is looked for.
fn suspect_columns() -> [Column; 5] {
    [
        Column::new("TIME", 8, 14).shed(2),
        Column::new("BEFORE", 9, 13).shed(0),
        Column::new("WHAT", 7, 8).shed(0),
        Column::new("CHANGE", 36, 120).shed(0).grow(),
        Column::new("WHY", 14, 60).shed(3),
    ]
}

/// Returns the row of a change.
pub fn row(cx: &Draw<'_>, change: &Change) -> Row {
    let cells = vec![
        cell(&change.at.near(cx.env.now, cx.shared.session.zone), Role::Dim),
        cell(change.sort.word(), role(change.sort)),
        cell(change.text.as_str(), Role::Text),
    ];
    Row { cells, ..Row::default() }
}

fn suspect_row(cx: &Draw<'_>, suspect: &Suspect, moment: Ts) -> Row {
    let mut row = row(cx, &suspect.change);
    let gap = moment - suspect.change.at;
    let before = if gap.0 > 0 { format!("{} before", num::age(gap)) } else { "as it began".to_owned() };
    row.cells.insert(1, cell(&before, Role::Strong));
    // The first reason is the kind, the second the distance: both have columns of their own.
    let why: Vec<&str> = suspect.reasons.iter().skip(2).map(crate::core::Safe::as_str).collect();
    row.cells.push(cell(&why.join(", "), Role::Dim));
    row
}

/// Draws suspects with how long before the moment they came, and why they are suspected.
pub fn draw_suspects(
    cx: &Draw<'_>,
    (suspects, moment): (&[Suspect], Ts),
    list: &ListState,
    area: Rect,
    buf: &mut Buffer,
) {
    let rows =
        made(suspects.len(), |i| suspects.get(i).map(|s| suspect_row(cx, s, moment)).unwrap_or_default());
    let place = Place { selected: Some(list.at), ..Place::default() };
    paint::rows((buf, &cx.env.theme), area, &suspect_columns(), &rows, place, &Sample::of(&rows));
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

    fn window(shared: &Shared, now: Ts) -> Window {
        match shared.moment.pinned() {
            Some(_) => shared.moment.window(now),
            None => {
                Window { start: now - Span::hours(1).max(shared.moment.before()), end: now + Span::secs(5) }
            }
        }
    }

    fn nothing(&self) -> &'static str {
        if self.ranked {
            "nothing changed in the 6 hours before, as far as the sources below reach"
        } else {
            "nothing happened in this window, as far as the sources below reach"
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

    fn truth(&self, cx: &Draw<'_>) -> Truth {
        let states = changes::evidence_states(cx.shared);
        let alerts = super::alerts::truth(cx.shared, cx.env.now);
        let all = |of: fn(&FeedState) -> bool| states.iter().all(|s| of(s));
        let error = states.iter().find_map(|s| match s {
            FeedState::Failed(e) => Some((false, e)),
            _ => None,
        });
        let error = error.or_else(|| {
            states.iter().find_map(|s| if let FeedState::Denied(e) = s { Some((true, e)) } else { None })
        });
        if all(|s| matches!(s, FeedState::Loading)) && matches!(alerts, Truth::Loading) {
            return Truth::Loading;
        }
        if let Some((denied, error)) = error.filter(|_| {
            all(|s| matches!(s, FeedState::Denied(_) | FeedState::Failed(_)))
                && matches!(alerts, Truth::Denied(_) | Truth::Failed(_))
        }) {
            return if denied { Truth::Denied(error.clone()) } else { Truth::Failed(error.clone()) };
        }
        let stale = states.iter().filter_map(|s| match s {
            FeedState::Stale { since, error } => Some((*since, error.clone())),
            _ => None,
        });
        if let Some((since, error)) = stale.min_by_key(|(since, _)| *since) {
            return Truth::Stale(since, error);
        }
        let lacks: Vec<&str> = self.reach.iter().filter(|r| r.lacks.is_some()).map(|r| r.source).collect();
        if !lacks.is_empty() {
            return Truth::Partial(format!("without {}", lacks.join(", ")));
        }
        if self.rows.is_empty() && self.filter.is_all() && !self.faults {
            return Truth::Empty(self.nothing().to_owned());
        }
        Truth::Good("live".to_owned())
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
        if let Some(error) = &self.edits_error
            && let Some(reach) = self.reach.iter_mut().find(|r| r.source == "managedFields")
        {
            reach.lacks = Some(crate::core::Safe::of(error.kind.word()));
        }
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
                    let wanted = Wanted::rollback(namespace, name, None);
                    cx.open = Some(View::Plan(super::plan::PlanView::new(wanted)));
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
        match (part, answer) {
            (EDITS, Ok(Answer::Edits(edits))) => {
                self.edits = edits;
                self.edits_error = None;
            }
            (EDITS, Err(error)) => self.edits_error = Some(error),
            _ => return,
        }
        self.settle(cx);
    }

    fn subject(&self, _shared: &Shared) -> Subject {
        let Some(row) = self.rows.get(self.list.at) else {
            return Subject { object: self.owner.clone(), ..Subject::default() };
        };
        let release = row.change.release.clone().map(|(ns, name, revision)| (ns, name, Some(revision)));
        Subject {
            object: row.change.object.clone().or_else(|| self.owner.clone()),
            alert: None,
            silence: None,
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
        let (now, zone) = (cx.env.now, cx.shared.session.zone);
        let reach: Vec<String> = self
            .reach
            .iter()
            .map(|r| match (&r.lacks, r.since) {
                (Some(why), _) => format!("{}: {}", r.source, why),
                (None, Some(since)) => format!("{} {}", r.source, since.near(now, zone)),
                (None, None) => format!("{}: nothing", r.source),
            })
            .collect();
        let lines = screen::wrap(
            &format!("reaching back to: {}", reach.join(" · ")),
            usize::from(area.width.saturating_sub(2)),
        );
        let foot = (lines.len() as u16).min(4).min(area.height / 3);
        for (y, line) in (area.bottom().saturating_sub(foot)..area.bottom()).zip(&lines) {
            put(buf, theme, area.x + 1, y, area, Role::Dim, line);
        }
        let inner = Rect { height: area.height.saturating_sub(foot), ..area };
        let truth = self.truth(cx);
        if self.rows.is_empty() {
            let filtered = !self.filter.is_all() || self.faults;
            let looked = if filtered { "no change passes the filter" } else { self.nothing() };
            let known = !matches!(truth, Truth::Loading | Truth::Denied(_) | Truth::Failed(_));
            let truth = if known { Truth::Empty(looked.to_owned()) } else { truth };
            screen::draw_instead(cx, &truth, inner, buf);
            return;
        }
        let inner = screen::banner(cx, &truth, inner, buf);
        if self.ranked {
            let moment = cx.shared.moment.instant(now);
            draw_suspects(cx, (&self.rows, moment), &self.list, inner, buf);
        } else {
            let row = |i: usize| self.rows.get(i).map(|s| row(cx, &s.change)).unwrap_or_default();
            let place = Place { selected: Some(self.list.at), top: self.list.top, left: 0 };
            let rows = made(self.rows.len(), row);
            paint::table((buf, theme), inner, &columns(), &rows, place, &Sample::of(&rows));
        }
    }

    fn json(&self, _shared: &Shared) -> serde_json::Value {
        json!({ "schema": "deckwatch.timeline/1", "object": self.owner, "changes": self.rows, "reach": self.reach })
    }
}
