//! Objects of one kind, with the columns that `kubectl get` prints.

mod order;

use std::collections::HashMap;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::json;

use super::paint::cell;
use super::{Cx, Draw, Heading, Pane, Truth, View, logs, screen, text};
use crate::app::effect::{Feed, Scope};
use crate::app::model::cluster::GONE_FOR;
use crate::app::model::{ListState, Shared};
use crate::app::msg::Subject;
use crate::app::resolve::pods_of;
use crate::core::action::{Action, Context};
use crate::core::filter::Filter;
use crate::core::{ObjectRef, Resource, Ts, Uid, num};
use crate::store::columns::{self, Level};
use crate::store::objects::Object;
use crate::ui::text::Line;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{self as widget, Column, Place, Row, Rows, Sample, made};

/// What a table is limited to, beside the namespace.
#[derive(Clone, Debug, PartialEq)]
enum Only {
    All,
    /// Events about an object.
    About(ObjectRef),
    /// Pods of a workload.
    PodsOf(ObjectRef),
}

/// The view's state.
#[derive(Debug)]
pub struct Table {
    resource: Resource,
    only: Only,
    /// The object that a jump was about.
    wanted: Option<ObjectRef>,
    cache: order::Cache,
    /// Every row, in order.
    sorted: Vec<Uid>,
    /// Those that the filter lets through.
    order: Vec<Uid>,
    /// Rows that went a moment ago, with when that was seen: they stay, greyed, for a while.
    gone: HashMap<Uid, Ts>,
    /// How wide the columns' contents are.
    sample: Sample,
    /// Columns that are scrolled away to the left.
    left: usize,
    list: ListState,
    sort: (usize, bool),
    seen: u64,
    text: String,
    filter: Filter,
    wide: bool,
    faults: bool,
    marked: Vec<Uid>,
    stale: Stale,
}

/// What is to be made anew beside the rows of objects that have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stale {
    /// Nothing.
    Nothing,
    /// Which rows are let through.
    Filter,
    /// The order too.
    Order,
}

impl Table {
    /// Returns the table of a kind.
    pub fn new(resource: Resource) -> Self {
        // kubectl sorts events by when they were seen last; here the newest come first.
        let newest_first = resource == Resource::Event;
        Self {
            resource,
            only: Only::All,
            wanted: None,
            cache: order::Cache::new(),
            sorted: Vec::new(),
            order: Vec::new(),
            gone: HashMap::new(),
            sample: Sample::default(),
            left: 0,
            list: ListState::default(),
            sort: (0, newest_first),
            seen: u64::MAX,
            text: String::new(),
            filter: Filter::All,
            wide: false,
            faults: false,
            marked: Vec::new(),
            stale: Stale::Order,
        }
    }

    /// Returns the table of a kind with the cursor on an object.
    pub fn at(resource: Resource, object: &ObjectRef) -> Self {
        Self { wanted: Some(object.clone()), ..Self::new(resource) }
    }

    /// Returns the rows of a kind that are about an object: events.
    pub fn about(resource: Resource, object: ObjectRef) -> Self {
        Self { only: Only::About(object), ..Self::new(resource) }
    }

    /// Returns the pods of a workload.
    pub fn pods_of(owner: ObjectRef) -> Self {
        Self { only: Only::PodsOf(owner), ..Self::new(Resource::Pod) }
    }

    fn admits(&self, object: &Object, row: &columns::Row, now: Ts) -> bool {
        if self.faults && !row.health.level.is_fault() {
            return false;
        }
        if let (Only::About(about), Object::Event(event)) = (&self.only, object) {
            let involved = &event.involved_object;
            let same = if about.uid.is_empty() || involved.uid.is_empty() {
                involved.kind == *about.gvk.kind
                    && involved.name == about.name.as_str()
                    && involved.namespace == about.namespace.as_str()
            } else {
                involved.uid == about.uid.0.as_str()
            };
            // A workload's events are those of its pods and ReplicaSets too.
            let below = involved.namespace == about.namespace.as_str()
                && involved.name.strip_prefix(about.name.as_str()).is_some_and(|r| r.starts_with('-'));
            if !(same || (about.resource().is_some_and(Resource::is_workload) && below)) {
                return false;
            }
        }
        if self.filter.is_all() {
            return true;
        }
        let mut text = String::with_capacity(256);
        text.push_str(object.namespace());
        for cell in &row.cells {
            text.push(' ');
            text.push_str(&cell.show(now, true));
        }
        self.filter.matches(&text, |k| object.label(k))
    }

    fn columns(&self) -> Vec<(usize, &'static columns::Column)> {
        columns::columns(self.resource).iter().enumerate().filter(|(_, c)| self.wide || !c.wide).collect()
    }

    fn spread(&self, shared: &Shared) -> bool {
        self.resource.names().namespaced && shared.session.scope == Scope::All
    }

    fn sort_by(&mut self, heading: &str) {
        let Some(column) = columns::columns(self.resource).iter().position(|c| c.name == heading) else {
            return;
        };
        self.sort = if self.sort.0 == column { (column, !self.sort.1) } else { (column, false) };
        self.stale = Stale::Order;
    }

    /// Returns the heading that a sorting action means in this table, and whether it is a wide one.
    fn sorted_by(&self, action: Action) -> Option<(&'static str, bool)> {
        let all = columns::columns(self.resource);
        headings(action)?.iter().find_map(|h| all.iter().find(|c| c.name == *h)).map(|c| (c.name, c.wide))
    }

    /// Sorts by the next column that is shown.
    fn sort_next(&mut self) {
        let shown = self.columns();
        let at = shown.iter().position(|(i, _)| *i == self.sort.0).map_or(0, |at| (at + 1) % shown.len());
        if let Some((column, _)) = shown.get(at) {
            self.sort = (*column, false);
            self.stale = Stale::Order;
        }
    }

    fn selected<'a>(&self, shared: &'a Shared) -> Option<&'a Object> {
        shared.cluster.of(self.resource).get(self.order.get(self.list.at)?)
    }

    /// Returns how the objects differ from the rows that were made of them.
    fn news(&mut self, shared: &Shared) -> Vec<order::Change> {
        let kind = shared.cluster.of(self.resource);
        if self.seen == kind.version && self.stale < Stale::Order {
            return Vec::new();
        }
        let since = kind.changed_since(std::mem::replace(&mut self.seen, kind.version));
        match (&self.only, since.filter(|_| self.stale < Stale::Order)) {
            (Only::PodsOf(owner), _) => order::compared(&self.cache, &pods_of(owner, &shared.cluster)),
            (_, Some(uids)) => order::changes(&self.cache, uids.map(|uid| (uid, kind.get(uid)))),
            (_, None) => order::compared(&self.cache, &kind.iter().collect::<Vec<_>>()),
        }
    }

    /// Keeps the rows of objects that went a moment ago, and lets those go that went longer ago.
    fn keep_gone(&mut self, mut news: Vec<order::Change>, shared: &Shared, now: Ts) -> Vec<order::Change> {
        if self.gone.is_empty() && !news.iter().any(order::Change::is_gone) {
            return news;
        }
        let kind = shared.cluster.of(self.resource);
        let told: HashMap<&str, Ts> = kind.gone(now).map(|(o, at)| (o.meta().uid.as_str(), at)).collect();
        news.retain(|change| {
            let stays = told.get(change.uid().0.as_str()).filter(|_| change.is_gone());
            match stays {
                Some(at) => self.gone.insert(change.uid().clone(), *at),
                None => self.gone.remove(change.uid()),
            };
            stays.is_none()
        });
        let over: Vec<Uid> =
            self.gone.keys().filter(|uid| !told.contains_key(uid.0.as_str())).cloned().collect();
        for uid in over {
            self.gone.remove(&uid);
            news.push(order::Change::gone(uid));
        }
        news
    }

    /// Brings rows and their order up to date.
    fn reorder(&mut self, news: Vec<order::Change>, now: Ts) {
        let (column, reverse) = self.sort;
        let by = order::By { column, reverse, placed: self.resource != Resource::Event };
        // How long something lasts goes on while it lasts: what is in order now was not a moment ago.
        let moving = self.resource == Resource::Job && !news.is_empty();
        if moving || news.len() > self.sorted.len() / 8 {
            self.stale = Stale::Order;
        }
        if self.stale < Stale::Order {
            order::take_out(&mut self.sorted, &news, &self.cache, by, now);
            order::take_out(&mut self.order, &news, &self.cache, by, now);
        }
        let touched = order::apply(&mut self.cache, news);
        if self.stale == Stale::Order {
            self.sorted = order::sorted(&self.cache, by, now);
        } else {
            order::put_in(&mut self.sorted, &touched, &self.cache, by, now, |_| true);
        }
        let mut shown = std::mem::take(&mut self.order);
        if self.stale == Stale::Nothing {
            order::put_in(&mut shown, &touched, &self.cache, by, now, |(o, r)| self.admits(o, r, now));
        } else {
            let passes = |u: &&Uid| self.cache.get(*u).is_some_and(|(o, r)| self.admits(o, r, now));
            shown = self.sorted.iter().filter(passes).cloned().collect();
        }
        self.order = shown;
        self.stale = Stale::Nothing;
    }
}

impl Pane for Table {
    fn context(&self) -> Context {
        Context::Table
    }

    fn heading(&self, cx: &Draw<'_>) -> Heading {
        let names = self.resource.names();
        let title = match &self.only {
            Only::All => names.plural.to_owned(),
            Only::About(object) => format!("{} · {object}", names.plural),
            Only::PodsOf(owner) => format!("{} · {owner}", names.plural),
        };
        let one = names.plural.strip_suffix('s').unwrap_or(names.plural);
        let here = self.order.iter().filter(|u| !self.gone.contains_key(*u)).count();
        let mut count = num::counted(here, one, names.plural);
        let all = cx.shared.cluster.of(self.resource).len();
        if self.only == Only::All && here < all {
            count.push_str(&format!(" of {}", num::count(all)));
        }
        Heading { title, count }
    }

    fn truth(&self, cx: &Draw<'_>) -> Truth {
        let kind = cx.shared.cluster.of(self.resource);
        let nothing = match &cx.shared.session.scope {
            Scope::Namespace(ns) if self.resource.names().namespaced => {
                format!("no {} in namespace {ns}", self.resource.names().plural)
            }
            _ => format!("no {} in the cluster", self.resource.names().plural),
        };
        Truth::of_feed(&kind.state, kind.len(), kind.undecodable(), &nothing)
    }

    fn feeds(&self) -> Vec<Feed> {
        vec![Feed::Objects(self.resource)]
    }

    fn only_now(&self) -> bool {
        self.resource != Resource::Event
    }

    fn init(&mut self, cx: &mut Cx<'_>) {
        self.stale = Stale::Order;
        self.settle(cx);
    }

    fn settle(&mut self, cx: &mut Cx<'_>) {
        let now = cx.now();
        let news = self.news(cx.shared);
        let news = self.keep_gone(news, cx.shared, now);
        if !news.is_empty() || self.stale > Stale::Nothing {
            self.reorder(news, now);
            let draw = Draw { shared: cx.shared, env: cx.env };
            let sample = Sample::of(&self.rows(&draw, false));
            self.sample = sample;
        }
        if let Some(first) = self.gone.values().min() {
            cx.wake_at(*first + GONE_FOR);
        }
        if let Some(wanted) = self.wanted.clone() {
            let kind = cx.shared.cluster.of(self.resource);
            if let Some(object) = kind.named(wanted.namespace.as_str(), wanted.name.as_str()) {
                self.list.key = Some(object.uid().0.to_string());
                self.wanted = None;
            }
        }
        let order = &self.order;
        let page = usize::from(cx.body().height.saturating_sub(2));
        self.list.settle(
            order.len(),
            page,
            |k| order.iter().position(|u| u.0.as_str() == k),
            |i| order.get(i).map(|u| u.0.to_string()),
        );
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> bool {
        let page = usize::from(cx.body().height.saturating_sub(2));
        let order = &self.order;
        if self.list.act(action, order.len(), page, |i| order.get(i).map(|u| u.0.to_string())) {
            return true;
        }
        let object = self.selected(cx.shared).map(|o| o.reference(&cx.shared.session.cluster));
        match (action, object) {
            (Action::SortNext, _) => self.sort_next(),
            (sort, _) if self.sorted_by(sort).is_some() => {
                let (heading, wide) = self.sorted_by(sort).unwrap_or_default();
                self.wide |= wide;
                self.sort_by(heading);
            }
            (Action::Wide, _) => {
                self.wide = !self.wide;
                self.stale = self.stale.max(Stale::Filter);
            }
            (Action::Left, _) => self.left = self.left.saturating_sub(1),
            (Action::Right, _) => self.left = (self.left + 1).min(self.columns().len().saturating_sub(2)),
            (Action::Faults, _) => {
                self.faults = !self.faults;
                self.stale = self.stale.max(Stale::Filter);
            }
            (Action::Open, Some(object)) => {
                cx.open = Some(if object.resource().is_some_and(Resource::is_workload) {
                    View::Table(Self::pods_of(object))
                } else {
                    View::Text(text::Text::yaml(object))
                });
            }
            (Action::Logs, Some(object)) => cx.open = Some(View::Logs(logs::Logs::live(object, cx.shared))),
            (Action::PreviousLogs, Some(object)) => {
                cx.open = Some(View::Logs(logs::Logs::before_restart(object)));
            }
            (Action::Describe, Some(object)) => {
                cx.open = Some(View::Text(text::Text::describe(object)));
            }
            (Action::Yaml, Some(object)) => cx.open = Some(View::Text(text::Text::yaml(object))),
            (Action::Copy, Some(object)) => {
                cx.effects.push(crate::app::Effect::Copy(super::safe(object.name.as_str())));
            }
            (Action::Mark, Some(object)) => {
                let before = self.marked.len();
                self.marked.retain(|u| *u != object.uid);
                if self.marked.len() == before {
                    self.marked.push(object.uid);
                }
            }
            (
                Action::Open
                | Action::Logs
                | Action::PreviousLogs
                | Action::Yaml
                | Action::Describe
                | Action::Copy
                | Action::Mark,
                None,
            ) => {}
            _ => return false,
        }
        true
    }

    fn marked(&self, shared: &Shared) -> Vec<ObjectRef> {
        let objects = shared.cluster.of(self.resource);
        let shown = self.order.iter().filter(|uid| self.marked.contains(uid));
        let live = shown.filter_map(|uid| objects.get(uid));
        live.map(|o| o.reference(&shared.session.cluster)).collect()
    }

    fn unavailable(&self, action: Action, shared: &Shared) -> Option<String> {
        let logs = self.resource == Resource::Pod
            || self.resource.is_workload()
            || self.resource == Resource::Namespace;
        match action {
            Action::Logs if !logs => Some(format!("{} have no logs", self.resource.names().plural)),
            Action::PreviousLogs if self.resource != Resource::Pod => {
                Some("only pods have previous logs".to_owned())
            }
            sort if headings(sort).is_some() && self.sorted_by(sort).is_none() => {
                let wanted = headings(sort).map(|h| h.join(" or ")).unwrap_or_default();
                Some(format!("{} have no column {wanted}", self.resource.names().plural))
            }
            Action::Open | Action::Yaml | Action::Describe | Action::Copy | Action::Logs
                if self.selected(shared).is_none() =>
            {
                let gone = self.order.get(self.list.at).is_some_and(|u| self.gone.contains_key(u));
                Some(if gone { "it is gone" } else { "there is no row" }.to_owned())
            }
            _ => None,
        }
    }

    fn subject(&self, shared: &Shared) -> Subject {
        let Some(object) = self.selected(shared) else { return Subject::default() };
        let id = &shared.session.cluster;
        if let Object::Event(event) = object {
            let about = &event.involved_object;
            let group = about.api_version.split_once('/').map_or("", |(g, _)| g);
            let involved = Resource::of_kind(group, &about.kind)
                .map(|r| ObjectRef::new(id, r, &about.namespace, &about.name, &about.uid));
            return Subject { object: involved, time: columns::last_seen(event), ..Subject::default() };
        }
        Subject { object: Some(object.reference(id)), ..Subject::default() }
    }

    fn filter(&self) -> Option<&str> {
        Some(&self.text)
    }

    fn set_filter(&mut self, text: &str, cx: &mut Cx<'_>) -> std::result::Result<(), String> {
        self.filter = Filter::parse(text)?;
        text.clone_into(&mut self.text);
        self.stale = self.stale.max(Stale::Filter);
        self.settle(cx);
        Ok(())
    }

    fn draw(&self, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
        let truth = self.truth(cx);
        if self.order.is_empty() {
            let plural = self.resource.names().plural;
            let filtered = !self.filter.is_all() || self.faults;
            let why = if filtered && !self.cache.is_empty() {
                format!("of {} {plural} none passes the filter", num::count(self.cache.len()))
            } else {
                format!("no {plural} known")
            };
            screen::draw_no_rows(cx, &truth, why, area, buf);
            return;
        }
        let area = screen::banner(cx, &truth, area, buf);
        let old = matches!(truth, Truth::Stale(..) | Truth::Failed(_));
        let columns = self.placed(self.spread(cx.shared));
        let sorted = self.columns().iter().position(|(i, _)| *i == self.sort.0);
        let sorted = sorted.map(|at| at + usize::from(self.spread(cx.shared)));
        widget::Table {
            columns: &columns,
            rows: &self.rows(cx, old),
            place: Place { selected: Some(self.list.at), top: self.list.top, left: self.left },
            sample: &self.sample,
            sorted: sorted.map(|at| (at, self.sort.1)),
            headed: true,
        }
        .draw(buf, area, &cx.env.theme);
    }

    fn json(&self, shared: &Shared) -> serde_json::Value {
        let now = shared.cluster.of(self.resource).as_of.unwrap_or_default();
        let rows: Vec<_> = self
            .order
            .iter()
            .filter_map(|u| self.cache.get(u))
            .map(|(object, row)| {
                let mut map = serde_json::Map::new();
                map.insert("namespace".to_owned(), json!(object.namespace()));
                for (column, cell) in columns::columns(self.resource).iter().zip(row.cells.iter()) {
                    map.insert(column.name.to_lowercase(), json!(cell.show(now, true)));
                }
                map
            })
            .collect();
        json!({ "schema": "deckwatch.table/1", "kind": self.resource.names().kind, "rows": rows })
    }
}

impl Table {
    fn placed(&self, spread: bool) -> Vec<Column> {
        let space = spread.then(|| Column::new("NAMESPACE", 6, 30).pinned().shed(2));
        let column = |(i, c): (usize, &columns::Column)| {
            let text = matches!(c.name, "MESSAGE" | "NAME" | "STATUS");
            let least = if i == 0 { 12 } else { width_of(c.name) };
            let greatest = if c.name == "MESSAGE" { 300 } else { 63 };
            let column = Column::new(c.name, least, greatest);
            let column = column.shed(if text { 0 } else { (3 + i as u8).min(250) });
            match c.name {
                // Pods of one workload differ at their ends.
                "NAME" => column.pinned().keeps_end(),
                "MESSAGE" => column.grow(),
                _ => column,
            }
        };
        space.into_iter().chain(self.columns().into_iter().map(column)).collect()
    }

    /// The rows as they are drawn, each made when it is asked for; `old` when none of them may be true.
    fn rows<'a>(&'a self, cx: &'a Draw<'a>, old: bool) -> impl Rows + 'a {
        let columns = self.columns();
        let spread = self.spread(cx.shared);
        made(self.order.len(), move |i| {
            let Some((uid, (object, row))) = self.order.get(i).and_then(|u| Some((u, self.cache.get(u)?)))
            else {
                return Row::default();
            };
            let gone = self.gone.get(uid).map(|at| format!("✝ gone {}", num::ago(*at, cx.env.now)));
            let role = if old { Role::Stale } else { role(row.health.level) };
            let space = spread.then(|| cell(super::safe(object.namespace()).as_str(), role));
            let one = |(at, column): &(usize, &columns::Column)| match (&gone, row.cells.get(*at)) {
                (Some(words), _) if matches!(column.name, "AGE" | "LAST SEEN") => cell(words, role),
                (_, Some(value)) => cell(&value.show(cx.env.now, self.wide), role),
                (_, None) => Line::new(),
            };
            Row {
                cells: space.into_iter().chain(columns.iter().map(one)).collect(),
                marked: self.marked.contains(uid),
                role: gone.as_ref().map(|_| Role::Gone),
            }
        })
    }
}

/// Returns the headings that a sorting action may mean, of which a kind has one at most.
const fn headings(action: Action) -> Option<&'static [&'static str]> {
    Some(match action {
        Action::SortName => &["NAME"],
        Action::SortAge => &["AGE", "LAST SEEN"],
        Action::SortStatus => &["STATUS"],
        Action::SortReady => &["READY"],
        Action::SortRestarts => &["RESTARTS"],
        Action::SortType => &["TYPE", "ADDRESSTYPE"],
        Action::SortIp => &["IP", "INTERNAL-IP", "CLUSTER-IP"],
        Action::SortNode => &["NODE"],
        Action::SortDesired => &["DESIRED"],
        Action::SortCurrent => &["CURRENT"],
        Action::SortUpToDate => &["UP-TO-DATE"],
        Action::SortAvailable => &["AVAILABLE"],
        _ => return None,
    })
}

fn width_of(name: &str) -> u16 {
    match name {
        "READY" | "AGE" => 5,
        "STATUS" => 10,
        "RESTARTS" => 8,
        "MESSAGE" => 20,
        other => other.len().min(12) as u16,
    }
}

fn role(level: Level) -> Role {
    match level {
        Level::Done => Role::Done,
        Level::Ok => Role::Text,
        Level::Unknown | Level::Warning => Role::Warning,
        Level::Failing => Role::Failing,
    }
}
