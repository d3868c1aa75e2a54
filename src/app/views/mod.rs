//! The views: what each shows, asks and does, and how it is drawn.
//!
//! [`views!`] is the table of them; the palette, the command line, the documentation and the tests of
//! the six states go through it. A view is a plain struct that implements [`Pane`].

use std::sync::Arc;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use super::effect::{Effect, Effects, Feed, Query, Slot, Timer};
use super::input::Keymap;
use super::model::Shared;
use super::msg::{Answer, FeedState, Subject};
use crate::core::action::{Action, Context};
use crate::core::{Error, Resource, Result, Safe, Ts, Untrusted};
use crate::ui::theme::Theme;

pub mod alert;
pub mod alerts;
pub mod board;
mod describe;
pub mod gitops;
pub mod journal;
pub mod logs;
mod modal;
pub mod paint;
pub mod plan;
pub mod release;
pub mod releases;
pub mod screen;
pub mod silences;
pub mod sources;
pub mod table;
pub mod text;
pub mod timeline;
mod trends;
pub mod watch;

/// What `update` and the views may know of the outside; never changed by them.
#[derive(Clone, Debug)]
pub struct Env {
    /// Now.
    pub now: Ts,
    /// Keys.
    pub keymap: Arc<Keymap>,
    /// Colours.
    pub theme: Arc<Theme>,
}

/// What a view may do while it handles something.
pub struct Cx<'a> {
    /// What all pages read.
    pub shared: &'a mut Shared,
    /// The outside.
    pub env: &'a Env,
    /// What is to be done.
    pub effects: &'a mut Effects,
    /// The page's number.
    pub page: u32,
    /// A page to open on top.
    pub open: Option<View>,
}

impl Cx<'_> {
    /// Returns the present.
    pub fn now(&self) -> Ts {
        self.env.now
    }

    /// Asks a question in a part of the page.
    pub fn ask(&mut self, part: u16, query: Query) {
        self.shared.asks.ask(Slot { page: self.page, part }, query, self.effects);
    }

    /// Returns whether a part of the page waits for an answer.
    pub fn is_open(&self, part: u16) -> bool {
        self.shared.asks.is_open(Slot { page: self.page, part })
    }

    /// Asks to be refreshed at a time.
    pub fn wake_at(&mut self, at: Ts) {
        self.effects.push(Effect::After(Timer::Page(self.page), at));
    }

    /// Tells the person something.
    pub fn tell(&mut self, text: &str, error: bool) {
        let id = self.shared.tell(Safe::of(text), error);
        self.effects.push(Effect::After(Timer::Notice(id), self.env.now + crate::core::Span::secs(8)));
    }

    /// Returns the part of the screen that a page has.
    pub fn body(&self) -> Rect {
        screen::body(self.shared.session.size)
    }
}

/// What a view may read while it draws itself.
pub struct Draw<'a> {
    /// What all pages read.
    pub shared: &'a Shared,
    /// The outside.
    pub env: &'a Env,
}

/// How true and how whole what a view shows is.
#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    /// Not there yet.
    Loading,
    /// Whole and current; the text says so in the view's words, as in `live` or `4s ago`.
    Good(String),
    /// Whole, and there is nothing: why that is no outage.
    Empty(String),
    /// The right is missing.
    Denied(Error),
    /// Old: since when, and why.
    Stale(Ts, Option<Error>),
    /// A part is missing: which.
    Partial(String),
    /// Nothing can be shown.
    Failed(Error),
}

impl Truth {
    /// Returns the truth of a list of objects with that many rows, and with as many that can't be read.
    pub fn of_feed(state: &FeedState, rows: usize, unreadable: usize, nothing: &str) -> Self {
        match state {
            FeedState::Loading => Self::Loading,
            FeedState::Live if unreadable > 0 => {
                Self::Partial(format!("{} undecodable", crate::core::num::count(unreadable)))
            }
            FeedState::Live if rows == 0 => Self::Empty(nothing.to_owned()),
            FeedState::Live => Self::Good("live".to_owned()),
            FeedState::Resync => Self::Partial("listing again".to_owned()),
            FeedState::Stale { since, error } => Self::Stale(*since, error.clone()),
            FeedState::Denied(error) => Self::Denied(error.clone()),
            FeedState::Failed(error) => Self::Failed(error.clone()),
        }
    }
}

/// The heading of a view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heading {
    /// What is shown.
    pub title: String,
    /// How many, written out; empty where nothing is counted.
    pub count: String,
}

/// One view.
pub trait Pane: std::fmt::Debug {
    /// Returns where its keys are looked up.
    fn context(&self) -> Context;

    /// Returns its heading.
    fn heading(&self, cx: &Draw<'_>) -> Heading;

    /// Returns how true it is.
    fn truth(&self, cx: &Draw<'_>) -> Truth;

    /// Returns the lists and watches that it needs.
    fn feeds(&self) -> Vec<Feed> {
        Vec::new()
    }

    /// Begins: asks its questions.
    fn init(&mut self, cx: &mut Cx<'_>);

    /// Asks again: the moment has changed, `refresh` was pressed, or its timer is due.
    fn refresh(&mut self, cx: &mut Cx<'_>) {
        self.init(cx);
    }

    /// Is visible again after another page lay on it; `moved` when the moment has changed meanwhile.
    fn uncovered(&mut self, _moved: bool, cx: &mut Cx<'_>) {
        self.refresh(cx);
    }

    /// Makes its rows anew: something known or the size has changed.
    fn settle(&mut self, cx: &mut Cx<'_>);

    /// Does an action. Returns whether it was one of its own.
    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> bool;

    /// Takes the answer to one of its questions.
    fn answer(&mut self, _part: u16, _answer: Result<Answer>, _cx: &mut Cx<'_>) {}

    /// Returns what the selected row, or the page, is about.
    fn subject(&self, shared: &Shared) -> Subject;

    /// Returns the marked rows' objects, in their order.
    fn marked(&self, _shared: &Shared) -> Vec<crate::core::ObjectRef> {
        Vec::new()
    }

    /// Returns the filter's text, where it can filter.
    fn filter(&self) -> Option<&str> {
        None
    }

    /// Filters its rows.
    ///
    /// # Errors
    /// Why the filter does not compile.
    fn set_filter(&mut self, _text: &str, _cx: &mut Cx<'_>) -> std::result::Result<(), String> {
        Ok(())
    }

    /// Returns why an action that applies here is not available now.
    fn unavailable(&self, _action: Action, _shared: &Shared) -> Option<String> {
        None
    }

    /// Returns whether it shows now even while a moment is pinned.
    fn only_now(&self) -> bool {
        false
    }

    /// Takes a key before the keymap sees it: for steps where only typing works. Returns whether it took it.
    fn key(&mut self, _key: crate::core::key::Key, _repeat: bool, _cx: &mut Cx<'_>) -> bool {
        false
    }

    /// Draws itself below its heading.
    fn draw(&self, cx: &Draw<'_>, area: Rect, buf: &mut Buffer);

    /// Returns what it shows, for `-o json` and snapshots.
    fn json(&self, shared: &Shared) -> serde_json::Value;
}

macro_rules! views {
    ($( $variant:ident($module:ident::$state:ident) $name:literal [$($alias:literal)*] $opens:expr, $doc:literal; )+) => {
        /// A view with its state.
        #[derive(Debug)]
        pub enum View { $( #[doc = $doc] $variant($module::$state), )+ }

        impl View {
            /// Returns the view, to be read.
            pub fn pane(&self) -> &dyn Pane {
                match self { $( Self::$variant(state) => state, )+ }
            }

            /// Returns the view, to be changed.
            pub fn pane_mut(&mut self) -> &mut dyn Pane {
                match self { $( Self::$variant(state) => state, )+ }
            }

            /// Returns its name in the table.
            pub fn name(&self) -> &'static str {
                match self { $( Self::$variant(_) => $name, )+ }
            }

            /// Every view: name, aliases, how it is opened by name, what it shows.
            pub const TABLE: &'static [Entry] = &[
                $( Entry { name: $name, aliases: &[$($alias),*], opens: $opens, doc: $doc }, )+
            ];
        }
    };
}

/// A row of the table of views.
#[derive(Clone, Copy)]
pub struct Entry {
    /// The name that is typed.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// Makes the view; none where it is only reached from a row.
    pub opens: Option<fn() -> View>,
    /// What it shows.
    pub doc: &'static str,
}

views! {
    Watch(watch::Watch) "watch" ["home"] Some(|| View::Watch(watch::Watch::default())), "Alerts, unhealthy workloads, changes of the last hour and the state of the sources.";
    Alerts(alerts::Alerts) "alerts" ["al"] Some(|| View::Alerts(alerts::Alerts::default())), "Alerts of every place that knows of them.";
    Alert(alert::AlertPage) "alert" [] None, "One alert: objects, expression, what changed before, runbook.";
    Silences(silences::Silences) "silences" ["sil"] Some(|| View::Silences(silences::Silences::default())), "Silences of every Alertmanager: what they hide, until when, by whom and why.";
    Table(table::Table) "table" [] None, "Objects of one kind, with kubectl's columns.";
    Logs(logs::Logs) "logs" [] None, "Log lines, live or around the moment.";
    Board(board::Board) "board" ["panels" "boards"] Some(|| View::Board(board::Board::default())), "Panels of a workload at the moment.";
    Releases(releases::Releases) "releases" ["helm"] Some(|| View::Releases(releases::Releases::default())), "Helm releases.";
    Release(release::ReleasePage) "release" [] None, "One release: history, differences, values, manifest, hooks, notes, metadata, newer versions.";
    Gitops(gitops::Gitops) "gitops" ["flux" "argocd"] Some(|| View::Gitops(gitops::Gitops::default())), "What Flux, Argo CD and Argo Rollouts look after, and what is held back, by whom, why and until when.";
    Timeline(timeline::Timeline) "timeline" ["tl" "changes"] Some(|| View::Timeline(timeline::Timeline::default())), "What happened, over all sources, with the reach of each.";
    Sources(sources::Sources) "sources" ["src"] Some(|| View::Sources(sources::Sources::default())), "Every source: address, way, state, latency, exact error, hint.";
    Journal(journal::Journal) "journal" [] Some(|| View::Journal(journal::Journal::default())), "What was seen and done here.";
    Text(text::Text) "text" [] None, "Text to read: YAML, a runbook, patches.";
    Plan(plan::PlanView) "plan" [] None, "A plan: preview, confirmation, progress, the check afterwards.";
}

impl View {
    /// Returns the view of a name: of the table, or a table of a kind of objects.
    pub fn open(name: &str) -> Option<Self> {
        let entry = Self::TABLE.iter().find(|e| e.name == name || e.aliases.contains(&name));
        match entry {
            Some(entry) => entry.opens.map(|make| make()),
            None => Resource::parse(name).map(|r| Self::Table(table::Table::new(r))),
        }
    }

    /// Returns every name that can be typed, for completion.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let views = Self::TABLE.iter().filter(|e| e.opens.is_some()).map(|e| e.name);
        views.chain(Resource::ALL.into_iter().map(|r| r.names().plural))
    }
}

/// Returns text of a server as a safe string, for cells.
pub fn safe(text: &str) -> Safe {
    Untrusted::from(text).safe()
}
