//! What Flux, Argo CD and Argo Rollouts look after: how it is, what is deployed, and what is held back, by whom, why and
//! until when. What is held back stands first, for it waits for somebody.

use std::collections::BTreeSet;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::{Value, json};

use super::paint::{self, cell};
use super::{Cx, Draw, Heading, Pane, Truth, screen};
use crate::app::effect::{Effect, Query, Scope};
use crate::app::model::{ListState, Shared};
use crate::app::msg::{Answer, Listed, Subject};
use crate::core::action::{Action, Context};
use crate::core::filter::Filter;
use crate::core::{Error, Kind, Result, Safe, Span, Ts, num};
use crate::ops::kept::{Keeper, Kept, Standing};
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Column, Place, Row, Rows, Sample, made};

const LIST: u16 = 0;
const EVERY: Span = Span::secs(10);
/// How old the last answer may be before the list is marked as old.
const STALE: Span = Span::secs(30);

/// The view's state.
#[derive(Debug, Default)]
pub struct Gitops {
    told: Vec<Listed>,
    at: Option<Ts>,
    /// Why the last question was not answered at all.
    error: Option<Error>,
    rows: Vec<Kept>,
    list: ListState,
    text: String,
    filter: Filter,
    sample: Sample,
}

/// Title, least and most cells, and when it gives way: the highest number first.
const COLUMNS: [(&str, u16, u16, u8); 7] = [
    ("KIND", 11, 14, 1),
    ("NAMESPACE", 10, 24, 4),
    ("NAME", 10, 32, 0),
    ("STATE", 14, 28, 0),
    ("AT", 10, 28, 3),
    ("HELD", 24, 48, 0),
    ("WHY", 12, 60, 2),
];

fn columns() -> Vec<Column> {
    let column = |(name, least, most, shed)| Column::new(name, least, most).shed(shed);
    let mut all: Vec<Column> = COLUMNS.into_iter().map(column).collect();
    if let Some(last) = all.pop() {
        all.push(last.grow());
    }
    all
}

impl Gitops {
    fn ask(cx: &mut Cx<'_>) {
        if !cx.is_open(LIST) {
            let scope = cx.shared.session.scope.clone();
            cx.ask(LIST, Query::Kept(scope));
        }
        cx.wake_at(cx.now() + EVERY);
    }

    fn selected(&self) -> Option<&Kept> {
        self.rows.get(self.list.at)
    }

    /// Returns every object that was told of.
    fn all(&self) -> impl Iterator<Item = &Kept> {
        self.told.iter().filter_map(|listed| listed.told.as_ref().ok()?.as_ref()).flatten()
    }

    /// Returns those of which a kind is served, or may be.
    fn here(&self) -> BTreeSet<Keeper> {
        self.told.iter().filter(|listed| !matches!(listed.told, Ok(None))).map(|l| l.listing.keeper).collect()
    }

    /// Returns in words what is missing, kind by kind.
    fn missing(&self) -> Vec<String> {
        let why = |listed: &Listed| match &listed.told {
            Err(error) if error.kind == Kind::Denied => Some(format!("{} (denied)", listed.listing.plural)),
            Err(_) => Some(format!("{} (not read)", listed.listing.plural)),
            Ok(_) => listed.cut.then(|| format!("more {} than {}", listed.listing.plural, num::count(500))),
        };
        self.told.iter().filter_map(why).collect()
    }

    /// Returns which of them are not here, in words; empty where all are.
    fn absent(&self) -> String {
        let here = self.here();
        let absent: Vec<&str> = Keeper::ALL.iter().filter(|k| !here.contains(k)).map(|k| k.name()).collect();
        if absent.is_empty() { String::new() } else { format!("not installed: {}", absent.join(", ")) }
    }

    fn table<'a>(&'a self, cx: &'a Draw<'a>) -> impl Rows + 'a {
        let old = matches!(self.truth(cx), Truth::Stale(..));
        made(self.rows.len(), move |i| self.rows.get(i).map(|kept| row(kept, old, cx)).unwrap_or_default())
    }
}

/// Returns how an object is held back: since when is in the hold, and whether it should be let go by now.
fn held(kept: &Kept, cx: &Draw<'_>) -> (String, Role) {
    let Some(how) = kept.held else { return (String::new(), Role::Text) };
    let (now, zone) = (cx.env.now, cx.shared.session.zone);
    let by = kept.hold.by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
    match kept.hold.until {
        Some(until) if until <= now => {
            (format!("{how}{by}, overdue since {}", until.near(now, zone)), Role::Failing)
        }
        Some(until) => (format!("{how}{by} until {}", until.near(now, zone)), Role::Warning),
        None => (format!("{how}{by}"), Role::Warning),
    }
}

fn row(kept: &Kept, old: bool, cx: &Draw<'_>) -> Row {
    let (glyph, role) = match kept.standing {
        Standing::Good => ("✔", Role::Ok),
        Standing::Moving => ("◌", Role::Pending),
        Standing::Bad => ("✖", Role::Failing),
    };
    let (held, warns) = held(kept, cx);
    let why = kept.hold.why.as_ref().filter(|_| kept.held.is_some()).unwrap_or(&kept.says);
    let cells = vec![
        cell(&kept.object.gvk.kind, Role::Dim),
        cell(kept.object.namespace.as_str(), Role::Dim),
        cell(kept.object.name.as_str(), Role::Strong),
        cell(&format!("{glyph} {}", kept.state), role),
        cell(kept.at.as_str(), Role::Text),
        cell(&held, warns),
        cell(why.as_str(), Role::Text),
    ];
    Row { cells, role: old.then_some(Role::Stale), ..Row::default() }
}

/// Returns whether an object is, or deploys into, what is shown.
fn is_shown(kept: &Kept, scope: &Scope) -> bool {
    scope.holds(kept.object.namespace.as_str()) || scope.holds(kept.into.as_str())
}

impl Pane for Gitops {
    fn context(&self) -> Context {
        Context::Gitops
    }

    fn heading(&self, _cx: &Draw<'_>) -> Heading {
        let held = self.rows.iter().filter(|kept| kept.held.is_some()).count();
        let bad = self.rows.iter().filter(|kept| kept.standing == Standing::Bad).count();
        let mut count = vec![num::count(self.rows.len())];
        count.extend((held > 0).then(|| format!("{held} held back")));
        count.extend((bad > 0).then(|| format!("{bad} not well")));
        count.extend(Some(self.absent()).filter(|absent| self.at.is_some() && !absent.is_empty()));
        Heading { title: "GitOps".to_owned(), count: count.join(" · ") }
    }

    fn truth(&self, cx: &Draw<'_>) -> Truth {
        let now = cx.env.now;
        let Some(at) = self.at else {
            return match &self.error {
                None => Truth::Loading,
                Some(error) if error.kind == Kind::Denied => Truth::Denied(error.clone()),
                Some(error) => Truth::Failed(error.clone()),
            };
        };
        if self.error.is_some() || now - at > STALE {
            return Truth::Stale(at, self.error.clone());
        }
        let errors = || self.told.iter().filter_map(|listed| listed.told.as_ref().err());
        let asked = self.told.iter().filter(|listed| !matches!(listed.told, Ok(None))).count();
        if self.here().is_empty() {
            let none = "neither Flux, nor Argo CD, nor Argo Rollouts is installed here";
            return Truth::Empty(none.to_owned());
        }
        if errors().count() == asked {
            let worst = errors().find(|e| e.kind != Kind::Denied).or_else(|| errors().next());
            return match worst {
                Some(error) if error.kind == Kind::Denied => Truth::Denied(error.clone()),
                Some(error) => Truth::Failed(error.clone()),
                None => Truth::Loading,
            };
        }
        let missing = self.missing();
        if !missing.is_empty() {
            return Truth::Partial(format!("without {}", missing.join(", ")));
        }
        if self.rows.is_empty() && self.filter.is_all() {
            let here: Vec<&str> = self.here().iter().map(|keeper| keeper.name()).collect();
            return Truth::Empty(format!("{} has nothing to look after here", here.join(", ")));
        }
        Truth::Good(num::ago(at, now))
    }

    fn only_now(&self) -> bool {
        true
    }

    fn init(&mut self, cx: &mut Cx<'_>) {
        self.settle(cx);
        Self::ask(cx);
    }

    fn settle(&mut self, cx: &mut Cx<'_>) {
        let scope = &cx.shared.session.scope;
        let passes = |kept: &Kept| {
            let text = format!(
                "{} {} {} {} {} {}",
                kept.object.gvk.kind, kept.object.namespace, kept.object.name, kept.state, kept.at, kept.says
            );
            self.filter.is_all() || self.filter.matches(&text, |_| None)
        };
        let mut rows: Vec<Kept> =
            self.all().filter(|kept| is_shown(kept, scope)).filter(|kept| passes(kept)).cloned().collect();
        rows.sort_by_cached_key(order);
        self.rows = rows;
        let page = usize::from(cx.body().height.saturating_sub(2));
        let rows = &self.rows;
        let find = |k: &str| rows.iter().position(|kept| key(kept) == k);
        self.list.settle(rows.len(), page, find, |i| rows.get(i).map(key));
        let draw = Draw { shared: cx.shared, env: cx.env };
        let sample = Sample::of(&self.table(&draw));
        self.sample = sample;
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> bool {
        let page = usize::from(cx.body().height.saturating_sub(2));
        let rows = &self.rows;
        if self.list.act(action, rows.len(), page, |i| rows.get(i).map(key)) {
            return true;
        }
        match action {
            Action::Copy => {
                if let Some(kept) = self.selected() {
                    cx.effects.push(Effect::Copy(Safe::of(&kept.object.to_string())));
                }
            }
            _ => return false,
        }
        true
    }

    fn answer(&mut self, part: u16, answer: Result<Answer>, cx: &mut Cx<'_>) {
        match answer {
            Ok(Answer::Kept(told)) if part == LIST => {
                self.told = told;
                self.at = Some(cx.now());
                self.error = None;
            }
            Ok(_) => {}
            // What was told last stays in sight.
            Err(error) => self.error = Some(error),
        }
        self.settle(cx);
    }

    fn unavailable(&self, action: Action, _shared: &Shared) -> Option<String> {
        let open = action == Action::Open;
        open.then(|| {
            "objects of kinds without a table are not shown yet: x tells what can be done".to_owned()
        })
    }

    fn subject(&self, _shared: &Shared) -> Subject {
        Subject { object: self.selected().map(|kept| kept.object.clone()), ..Subject::default() }
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
        let truth = self.truth(cx);
        if self.rows.is_empty() {
            let why = if self.filter.is_all() {
                "nothing to look after is known"
            } else {
                "nothing passes the filter"
            };
            screen::draw_no_rows(cx, &truth, why.to_owned(), area, buf);
            return;
        }
        let area = screen::banner(cx, &truth, area, buf);
        let place = Place { selected: Some(self.list.at), top: self.list.top, left: 0 };
        paint::table((buf, &cx.env.theme), area, &columns(), &self.table(cx), place, &self.sample);
    }

    fn json(&self, _shared: &Shared) -> Value {
        let one = |kept: &Kept| {
            json!({
                "object": kept.object, "keeper": kept.keeper, "standing": kept.standing, "state": kept.state,
                "at": kept.at, "into": kept.into, "says": kept.says, "held": kept.held,
                "by": kept.hold.by, "why": kept.hold.why, "since": kept.hold.at, "until": kept.hold.until,
            })
        };
        let absent = Keeper::ALL.into_iter().filter(|keeper| !self.here().contains(keeper));
        json!({
            "schema": "deckwatch.gitops/1",
            "not_installed": absent.collect::<Vec<_>>(),
            "missing": self.missing(),
            "objects": self.rows.iter().map(one).collect::<Vec<_>>(),
        })
    }
}

/// What is held back stands first, then what is not well.
fn order(kept: &Kept) -> (bool, Standing, Keeper, String) {
    (kept.held.is_none(), kept.standing, kept.keeper, key(kept))
}

fn key(kept: &Kept) -> String {
    kept.object.to_string()
}
