//! One release: its history, and of each revision the difference to the one before, values, manifest, hooks, notes,
//! metadata, and which newer versions of its chart there are.

mod offers;
mod parts;

use std::collections::BTreeMap;
use std::sync::Arc;

use deckwatch_helm::record::{Record, object_name};
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::json;

use offers::Offers;
use parts::line;
pub use parts::{Difference, compare};

use super::paint::{self, cell, put};
use super::{Cx, Draw, Heading, Pane, Truth, View, plan, releases, safe, screen};
use crate::app::effect::Query;
use crate::app::model::{ListState, Shared};
use crate::app::msg::{Answer, FeedState, Subject};
use crate::core::action::{Action, Context};
use crate::core::ids::Gvk;
use crate::core::{Error, Name, ObjectRef, Result, Safe, Ts, Uid, Untrusted, num};
use crate::ops::Wanted;
use crate::ops::deed::Deed;
use crate::ops::plan::DiffLine;
use crate::store::releases::{Driver, Release, Revision};
use crate::ui::text::Line;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Column, Place, Row, Sample, made};

/// The part of the page below the history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tab {
    #[default]
    Diff,
    Values,
    Computed,
    Manifest,
    Hooks,
    Notes,
    Metadata,
    Versions,
}

const TABS: [(Tab, &str); 8] = [
    (Tab::Diff, "diff"),
    (Tab::Values, "values"),
    (Tab::Computed, "all values"),
    (Tab::Manifest, "manifest"),
    (Tab::Hooks, "hooks"),
    (Tab::Notes, "notes"),
    (Tab::Metadata, "metadata"),
    (Tab::Versions, "versions"),
];

/// The page's state.
#[derive(Debug)]
pub struct ReleasePage {
    namespace: Name,
    name: Name,
    /// The revision that the jump was about; the newest otherwise.
    wanted: Option<u32>,
    list: ListState,
    revisions: Vec<Revision>,
    tab: Tab,
    lines: Vec<DiffLine>,
    /// What `lines` were made of.
    made: Option<(u32, Tab, bool, usize)>,
    top: usize,
    /// The revision that each part asks for.
    asked: [Option<u32>; PARTS as usize],
    /// Records that can't be read, and why.
    failed: BTreeMap<u32, Error>,
    /// The versions of the chart.
    offers: Offers,
}

/// How many records are asked for at once, each in a part of its own.
const PARTS: u16 = 3;
/// The part that the versions of the chart are asked for in.
const VERSIONS: u16 = PARTS;

/// Returns why there is nothing to free: the newest revision is not pending. None where it is, or is not known.
pub fn settled(release: &Release) -> Option<String> {
    let (number, status) = (release.latest()?.number, release.status());
    let pending = status.as_str().starts_with("pending-");
    (!pending).then(|| format!("nothing is pending: revision {number} is {status}"))
}

/// Returns what is wanted to free a release: a deed on its newest record. None where the release is not known.
pub fn freeing(shared: &Shared, namespace: &Name, release: &Name) -> Option<Wanted> {
    let known = shared.releases.list.iter().find(|r| r.namespace == *namespace && r.name == *release)?;
    let kind = match known.driver {
        Driver::Secret => "Secret",
        Driver::ConfigMap => "ConfigMap",
    };
    let record = object_name(release.as_str(), i64::from(known.latest()?.number));
    let object = ObjectRef {
        cluster: shared.session.cluster.clone(),
        gvk: Gvk { group: "".into(), version: "v1".into(), kind: kind.into() },
        namespace: namespace.clone(),
        name: Name::lossy(&record),
        uid: Uid::default(),
    };
    Some(Wanted::Deed { deed: Deed::Free, objects: vec![object] })
}

/// Keeps a record that was read.
pub fn remember(shared: &mut Shared, record: &Arc<Record>) {
    let place = (
        record.namespace().ok().as_deref().and_then(Name::new),
        record.name().ok().as_deref().and_then(Name::new),
    );
    if let ((Some(namespace), Some(name)), Ok(version)) = (place, record.version()) {
        shared
            .releases
            .records
            .insert((namespace, name, u32::try_from(version).unwrap_or(0)), Arc::clone(record));
    }
}

/// Returns `name-version` of a record's chart.
pub fn chart_label(record: &Record) -> String {
    record.chart().ok().flatten().map_or_else(|| "MISSING".to_owned(), |c| safe(&c.label()).to_string())
}

/// Returns a record's chart version.
pub fn chart_of(record: &Record) -> String {
    record.chart().ok().flatten().map_or_else(|| "?".to_owned(), |c| safe(&c.version).to_string())
}

/// Returns the version of what a record's chart installs.
pub fn app_version(record: &Record) -> String {
    record.chart().ok().flatten().map_or_else(String::new, |c| safe(&c.app_version).to_string())
}

/// Returns the names of all releases, for JSON.
pub fn names(shared: &Shared) -> Vec<String> {
    shared.releases.list.iter().map(|r| format!("{}/{}", r.namespace, r.name)).collect()
}

fn columns() -> [Column; 5] {
    [
        Column::new("REV", 3, 5).shed(0),
        Column::new("UPDATED", 8, 14).shed(1),
        Column::new("STATUS", 10, 17).shed(0),
        Column::new("CHART", 8, 34).shed(2),
        Column::new("DESCRIPTION", 10, 200).shed(3).grow(),
    ]
}

impl ReleasePage {
    /// Returns the page of a release, on a revision.
    pub fn new(namespace: Name, name: Name, revision: Option<u32>) -> Self {
        Self {
            namespace,
            name,
            wanted: revision,
            list: ListState::default(),
            revisions: Vec::new(),
            tab: Tab::Diff,
            lines: Vec::new(),
            made: None,
            top: 0,
            asked: [None; PARTS as usize],
            failed: BTreeMap::new(),
            offers: Offers::default(),
        }
    }

    fn selected(&self) -> Option<&Revision> {
        self.revisions.get(self.list.at)
    }

    fn record<'a>(&self, shared: &'a Shared, revision: u32) -> Option<&'a Arc<Record>> {
        shared.releases.records.get(&(self.namespace.clone(), self.name.clone(), revision))
    }

    /// The revision before one: the next lower number that is still kept.
    fn before(&self, revision: u32) -> Option<u32> {
        self.revisions.iter().map(|r| r.number).filter(|n| *n < revision).max()
    }

    fn ask(&mut self, cx: &mut Cx<'_>) {
        let selected = self.selected().map(|r| r.number);
        let near = selected.into_iter().chain(selected.and_then(|n| self.before(n)));
        let rest = self.revisions.iter().map(|r| r.number);
        let open = |part: &u16| cx.is_open(*part);
        let asked: Vec<u32> =
            (0..PARTS).filter(open).filter_map(|p| *self.asked.get(usize::from(p))?).collect();
        let lacks = |n: &u32| {
            self.record(cx.shared, *n).is_none() && !self.failed.contains_key(n) && !asked.contains(n)
        };
        let mut missing: Vec<u32> = near.chain(rest).filter(lacks).collect();
        let mut seen = std::collections::HashSet::new();
        missing.retain(|n| seen.insert(*n));
        for (part, revision) in (0..PARTS).filter(|p| !cx.is_open(*p)).zip(missing).collect::<Vec<_>>() {
            if let Some(place) = self.asked.get_mut(usize::from(part)) {
                *place = Some(revision);
            }
            cx.ask(
                part,
                Query::Record { namespace: self.namespace.clone(), release: self.name.clone(), revision },
            );
        }
    }

    /// Asks for the versions of the chart where they are looked at.
    fn ask_versions(&mut self, cx: &mut Cx<'_>) {
        let record = self.selected().and_then(|r| self.record(cx.shared, r.number));
        let chart = record.and_then(|record| record.chart().ok().flatten());
        let Some(chart) = chart.filter(|_| self.tab == Tab::Versions && !cx.is_open(VERSIONS)) else {
            return;
        };
        if self.offers.lack(&chart.name) {
            self.offers.asked(&chart.name);
            cx.ask(VERSIONS, Query::Versions(chart.name.as_str().into()));
        }
    }

    fn make(&mut self, shared: &Shared) {
        let Some(revision) = self.selected().map(|r| r.number) else { return };
        let before = self.before(revision);
        let old = before.and_then(|n| self.record(shared, n));
        let new = self.record(shared, revision);
        let wanted = (revision, self.tab, old.is_some() && new.is_some(), self.offers.answers);
        let needed = [Some(revision), before.filter(|_| self.tab == Tab::Diff)];
        if let Some(error) = needed.into_iter().flatten().find_map(|n| self.failed.get(&n)) {
            let hint = error.hint.as_ref().map(|h| format!("hint: {h}"));
            self.lines = std::iter::once(error.line()).chain(hint).map(|l| line('-', &l)).collect();
            self.made = None;
            return;
        }
        if self.made == Some(wanted) {
            return;
        }
        let Some(new) = new else {
            self.lines = vec![line(' ', "reading…")];
            return;
        };
        let made = match self.tab {
            Tab::Diff => match (before, old) {
                (None, _) => Ok(vec![line(
                    ' ',
                    "the first revision that is kept: there is none before it to compare with",
                )]),
                (Some(_), None) => Ok(vec![line(' ', "reading…")]),
                (Some(_), Some(old)) => parts::difference(old, new, self.namespace.as_str()),
            },
            Tab::Values => parts::values(new),
            Tab::Computed => parts::computed_values(new),
            Tab::Manifest => parts::manifest(new),
            Tab::Hooks => parts::hooks(new),
            Tab::Notes => parts::notes(new),
            Tab::Metadata => parts::metadata(new, &shared.releases.links),
            Tab::Versions => Ok(match new.chart().ok().flatten() {
                Some(chart) => self.offers.lines(&chart.name, &chart.version),
                None => vec![line(' ', "the record holds no chart")],
            }),
        };
        self.lines = made.unwrap_or_else(|e| vec![line('-', &e.line())]);
        self.made = Some(wanted);
    }

    fn show(&mut self, tab: Tab, cx: &mut Cx<'_>) {
        self.tab = tab;
        self.top = 0;
        self.ask_versions(cx);
        self.make(cx.shared);
    }

    fn history_height(&self, area: Rect) -> u16 {
        (self.revisions.len() as u16 + 1).min((area.height / 3).max(4))
    }
}

impl Pane for ReleasePage {
    fn context(&self) -> Context {
        Context::ReleasePage
    }

    fn heading(&self, _cx: &Draw<'_>) -> Heading {
        Heading {
            title: format!("Release {}/{}", self.namespace, self.name),
            count: num::counted(self.revisions.len(), "revision", "revisions"),
        }
    }

    fn truth(&self, cx: &Draw<'_>) -> Truth {
        let state = &cx.shared.releases.state;
        if *state == FeedState::Live && !self.failed.is_empty() {
            let numbers: Vec<String> = self.failed.keys().map(ToString::to_string).collect();
            return Truth::Partial(format!("without the records of {}", numbers.join(", ")));
        }
        Truth::of_feed(state, self.revisions.len(), 0, "this release has no records any more")
    }

    fn init(&mut self, cx: &mut Cx<'_>) {
        self.failed.clear();
        self.offers.forget();
        self.settle(cx);
    }

    fn settle(&mut self, cx: &mut Cx<'_>) {
        let known = cx.shared.release(self.namespace.as_str(), self.name.as_str());
        self.revisions = known.map(|r| r.revisions.iter().rev().cloned().collect()).unwrap_or_default();
        if let Some(wanted) = self.wanted.filter(|w| self.revisions.iter().any(|r| r.number == *w)) {
            self.list.key = Some(wanted.to_string());
            self.wanted = None;
        }
        let rows = &self.revisions;
        let find = |k: &str| rows.iter().position(|r| r.number.to_string() == k);
        let page = usize::from(self.history_height(cx.body()).saturating_sub(1));
        self.list.settle(rows.len(), page, find, |i| rows.get(i).map(|r| r.number.to_string()));
        self.ask(cx);
        self.ask_versions(cx);
        self.make(cx.shared);
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> bool {
        let room = usize::from(cx.body().height / 2);
        match action {
            Action::HalfDown => self.top = (self.top + room).min(self.lines.len().saturating_sub(1)),
            Action::HalfUp => self.top = self.top.saturating_sub(room),
            Action::Diff => self.show(Tab::Diff, cx),
            Action::Values => self.show(Tab::Values, cx),
            Action::Computed => self.show(Tab::Computed, cx),
            Action::Manifest => self.show(Tab::Manifest, cx),
            Action::Hooks => self.show(Tab::Hooks, cx),
            Action::Notes => self.show(Tab::Notes, cx),
            Action::Metadata => self.show(Tab::Metadata, cx),
            Action::Versions => self.show(Tab::Versions, cx),
            Action::NextTab | Action::PreviousTab => {
                let at = TABS.iter().position(|(t, _)| *t == self.tab).unwrap_or(0);
                let step = if action == Action::NextTab { 1 } else { TABS.len() - 1 };
                let next = TABS.get((at + step) % TABS.len()).map_or(Tab::Diff, |(t, _)| *t);
                self.show(next, cx);
            }
            Action::Roll => {
                let wanted = Wanted::rollback(self.namespace.clone(), self.name.clone(), self.target());
                cx.open = Some(View::Plan(plan::PlanView::new(wanted)));
            }
            Action::Free => {
                let wanted = freeing(cx.shared, &self.namespace, &self.name);
                cx.open = wanted.map(|wanted| View::Plan(plan::PlanView::new(wanted)));
            }
            Action::Open => {}
            _ => {
                let rows = &self.revisions;
                let moved =
                    self.list.act(action, rows.len(), room, |i| rows.get(i).map(|r| r.number.to_string()));
                if moved {
                    self.top = 0;
                    self.ask(cx);
                    self.ask_versions(cx);
                    self.make(cx.shared);
                }
                return moved;
            }
        }
        true
    }

    fn answer(&mut self, part: u16, answer: Result<Answer>, cx: &mut Cx<'_>) {
        if part == VERSIONS {
            match answer {
                Ok(Answer::Versions(offered)) => self.offers.answered(Ok(offered)),
                Ok(_) => {}
                Err(error) => self.offers.answered(Err(error)),
            }
            return self.settle(cx);
        }
        let asked = self.asked.get_mut(usize::from(part)).and_then(Option::take);
        match (answer, asked) {
            (Ok(Answer::Record(record)), _) => remember(cx.shared, &record),
            (Err(error), Some(revision)) => {
                self.failed.insert(revision, error);
            }
            _ => {}
        }
        self.settle(cx);
    }

    fn unavailable(&self, action: Action, shared: &Shared) -> Option<String> {
        if action != Action::Free {
            return None;
        }
        let known = shared.release(self.namespace.as_str(), self.name.as_str());
        known.map_or_else(|| Some("the release is not known".to_owned()), settled)
    }

    fn subject(&self, _shared: &Shared) -> Subject {
        let revision = self.selected();
        let release = Some((self.namespace.clone(), self.name.clone(), revision.map(|r| r.number)));
        Subject { release, time: revision.map(|r| r.created), ..Subject::default() }
    }

    fn draw(&self, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
        if self.revisions.is_empty() {
            screen::draw_instead(cx, &self.truth(cx), area, buf);
            return;
        }
        let theme = &cx.env.theme;
        let head = Rect { height: self.history_height(area), ..area };
        let rows = made(self.revisions.len(), |i| {
            self.revisions.get(i).map(|r| self.row(cx, r)).unwrap_or_default()
        });
        let place = Place { selected: Some(self.list.at), top: self.list.top, left: 0 };
        paint::table((buf, theme), head, &columns(), &rows, place, &Sample::of(&rows));
        let y = head.bottom();
        buf.set_string(area.x, y, "─".repeat(usize::from(area.width)), theme.style(Role::Rule));
        self.draw_tabs(cx, Rect { y, height: 1, ..area }, buf);
        let inner = Rect { y: y + 1, height: area.bottom().saturating_sub(y + 1), ..area };
        draw_lines(cx, &self.lines, self.top, inner, buf);
    }

    fn json(&self, shared: &Shared) -> serde_json::Value {
        history_json(shared, &self.namespace, &self.name)
    }
}

impl ReleasePage {
    /// Draws the names of the parts; where there is no room for the rule between them, without it.
    fn draw_tabs(&self, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
        let theme = &cx.env.theme;
        let head = format!(" revision {} ", self.selected().map_or(0, |r| r.number));
        let wide: usize = 3 + head.len() + TABS.iter().map(|(_, name)| name.len() + 3).sum::<usize>();
        let fits = wide <= usize::from(area.width);
        let mut x =
            put(buf, theme, if fits { area.x + 3 } else { area.x }, area.y, area, Role::Heading, &head);
        for (tab, name) in TABS {
            let role = if tab == self.tab { Role::Selected } else { Role::Dim };
            x = if fits {
                put(buf, theme, x + 1, area.y, area, role, &format!(" {name} "))
            } else {
                let x = put(buf, theme, x, area.y, area, role, name);
                put(buf, theme, x, area.y, area, Role::Dim, " ")
            };
        }
    }

    /// The revision that `r` goes back to: the selected one, but the default from the newest one.
    fn target(&self) -> Option<u32> {
        let newest = self.revisions.first().map(|r| r.number);
        self.selected().map(|r| r.number).filter(|n| Some(*n) != newest)
    }

    fn row(&self, cx: &Draw<'_>, r: &Revision) -> Row {
        let record = self.record(cx.shared, r.number);
        let status = r.status.safe();
        let described = record.and_then(|r| r.info().ok());
        let description = match (described, self.failed.get(&r.number)) {
            (Some(info), _) => cell(Untrusted::from(info.description).clipped(200).as_str(), Role::Dim),
            (None, Some(error)) => cell(&format!("✖ can't be read: {}", error.kind.word()), Role::Failing),
            (None, None) => Line::new(),
        };
        let cells = vec![
            cell(&r.number.to_string(), Role::Strong),
            cell(&r.created.near(cx.env.now, cx.shared.session.zone), Role::Text),
            cell(status.as_str(), releases::status_role(status.as_str())),
            cell(&record.map_or_else(|| "…".to_owned(), |r| chart_label(r)), Role::Text),
            description,
        ];
        Row { cells, ..Row::default() }
    }
}

/// Draws lines of a difference from one on.
pub fn draw_lines(cx: &Draw<'_>, lines: &[DiffLine], top: usize, area: Rect, buf: &mut Buffer) {
    for (y, l) in (area.y..area.bottom()).zip(lines.iter().skip(top)) {
        let role = match l.sign {
            '+' => Role::DiffAdd,
            '-' => Role::DiffRemove,
            '@' => Role::DiffMeta,
            _ => Role::Text,
        };
        let x = put(buf, &cx.env.theme, area.x + 1, y, area, role, &l.sign.to_string().replace('@', "─"));
        put(buf, &cx.env.theme, x + 1, y, area, role, l.text.as_str());
    }
    let below = lines.len().saturating_sub(top + usize::from(area.height));
    paint::more_below(buf, &cx.env.theme, area, below);
}

/// Returns when a record says that its revision was made: Helm's `last_deployed`.
pub fn deployed(record: Option<&Record>) -> Option<Ts> {
    Some(Ts(record?.info().ok()?.last_deployed?.ns))
}

/// Returns a history with the field names of `helm history -o json`.
pub fn history_json(shared: &Shared, namespace: &Name, name: &Name) -> serde_json::Value {
    let Some(release) = shared.release(namespace.as_str(), name.as_str()) else { return json!([]) };
    let rows: Vec<_> = release
        .revisions
        .iter()
        .map(|r| {
            let record = shared.releases.records.get(&(namespace.clone(), name.clone(), r.number));
            let info = record.and_then(|r| r.info().ok());
            let updated = deployed(record.map(|r| &**r)).unwrap_or(r.created);
            json!({
                "revision": r.number, "updated": updated, "status": r.status,
                "chart": record.map(|r| chart_label(r)), "app_version": record.map(|r| app_version(r)),
                "description": info.map(|i| Safe::of(&i.description)),
            })
        })
        .collect();
    json!(rows)
}
