//! Log lines of a container, pod, workload or namespace: around the moment, or live.
//!
//! Never "complete": the heading says what each source holds, how far it reaches, and what was cut.

mod draw;
mod known;
mod line;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::json;

use self::known::Known;
use super::{Cx, Draw, Heading, Pane, Truth};
use crate::app::effect::{LogPage, LogScope, PodContainers, Query};
use crate::app::model::{ListState, Shared};
use crate::app::msg::{Answer, Subject};
use crate::app::resolve::{pods_of, workload_of};
use crate::core::action::{Action, Context};
use crate::core::filter::Filter;
use crate::core::{Error, Name, ObjectRef, Resource, Result, Span, Ts, Window, Zone, num};
use crate::ops::What;
use crate::query::profile::{self, WorkloadKind};
use crate::store::batch::{Batch, Edge, LogReach};
use crate::store::logs::Entry;
use crate::store::objects::Object;

const MAIN: u16 = 0;
const OLDER: u16 = 1;
const NEWER: u16 = 2;

/// Lines that one question brings in each direction.
const LIMIT: usize = 300;
/// The same where lines are followed or a whole window is read: as many as Loki gives at once.
const PAGE: usize = 5_000;
const EVERY: Span = Span::secs(2);

/// The view's state.
#[derive(Debug)]
pub struct Logs {
    object: ObjectRef,
    scope: profile::Scope,
    around: bool,
    previous: bool,
    anchor: Option<Ts>,
    known: Known,
    shown: Vec<usize>,
    list: ListState,
    follow: bool,
    text: String,
    filter: Filter,
    wrap: bool,
    errors_only: bool,
    query: crate::core::Safe,
    error: Option<Error>,
    at: Option<Ts>,
    /// The window that is to be read whole.
    whole: Option<Window>,
}

impl Logs {
    fn new(object: ObjectRef, around: bool) -> Self {
        let scope = match object.resource() {
            Some(Resource::Pod) => profile::Scope::Pod,
            Some(Resource::Namespace) => profile::Scope::Namespace,
            Some(Resource::Node) => profile::Scope::Node,
            _ => profile::Scope::Workload,
        };
        Self {
            object,
            scope,
            around,
            previous: false,
            anchor: None,
            known: Known::default(),
            shown: Vec::new(),
            list: ListState::default(),
            follow: !around,
            text: String::new(),
            filter: Filter::All,
            wrap: false,
            errors_only: false,
            query: crate::core::Safe::default(),
            error: None,
            at: None,
            whole: None,
        }
    }

    /// Returns the logs of an object around the moment.
    pub fn around(object: ObjectRef, _shared: &Shared) -> Self {
        Self::new(object, true)
    }

    /// Returns the logs of an object, live.
    pub fn live(object: ObjectRef, shared: &Shared) -> Self {
        Self::new(object, shared.moment.pinned().is_some())
    }

    /// Returns the logs of the container before its last restart.
    pub fn before_restart(object: ObjectRef) -> Self {
        Self { previous: true, around: false, follow: false, ..Self::new(object, false) }
    }

    /// Returns the logs of an object that read a whole window, page by page.
    pub fn whole(object: ObjectRef, window: Window) -> Self {
        Self { whole: Some(window), ..Self::new(object, true) }
    }

    /// Returns the lines that were read, oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.known.lines
    }

    /// Returns why sources did not say everything.
    fn errors(&self) -> impl Iterator<Item = (&'static str, &Error)> {
        let both = [("loki", &self.known.loki.error), ("kubelet", &self.known.kubelet.error)];
        both.into_iter().filter_map(|(name, error)| Some((name, error.as_ref()?)))
    }

    /// Returns what sources warned of.
    fn warnings(&self, most: usize) -> impl Iterator<Item = String> {
        self.known.loki.warnings.iter().map(move |w| format!("loki warns: {}", w.clipped(most)))
    }

    /// Returns what is odd about the lines that are there, as notes tell it; none of it is missing.
    pub fn oddities(&self) -> Option<String> {
        let all: Vec<_> =
            self.known.cuts.oddities().map(|(n, one, many)| num::counted(n, one, many)).collect();
        (!all.is_empty()).then(|| all.join(" · "))
    }

    /// Returns what is missing of the window that is to be read whole, a line each, as errors and notes tell it.
    pub fn missing(&self, zone: Zone) -> Vec<String> {
        let known = &self.known;
        let mut out: Vec<String> = self.errors().map(|(name, e)| format!("{name}: {}", e.line())).collect();
        out.extend(self.error.as_ref().map(Error::line));
        out.extend(self.warnings(500));
        let cut: Vec<_> = known.cuts.losses().map(|(n, one, many)| num::counted(n, one, many)).collect();
        if !cut.is_empty() {
            out.push(format!("cut: {}", cut.join(" · ")));
        }
        if let Some(read) = self.whole.and_then(|w| known.read_only(w)) {
            let (from, to) = (read.start.rfc3339_millis_in(zone), read.end.rfc3339_millis_in(zone));
            let full = if known.lines.len() >= known::KEPT {
                format!("; more than {} lines are not kept", num::count(known::KEPT))
            } else {
                String::new()
            };
            out.push(format!(
                "Loki was read only from {from} to {to}{full}: ask for less with --before and --after"
            ));
        }
        out
    }

    /// Asks on until the whole window is there.
    fn go_on(&mut self, cx: &mut Cx<'_>) {
        let Some(window) = self.whole else { return };
        let rest = self.known.ask_rest(window);
        for (part, page) in [OLDER, NEWER].into_iter().zip(rest) {
            self.ask_page(part, page, cx);
        }
    }

    /// Asks for a page, if there is one to ask for and none is under way.
    fn ask_page(&mut self, part: u16, page: Option<LogPage>, cx: &mut Cx<'_>) {
        if let Some(page) = page.filter(|_| !cx.is_open(part)) {
            self.ask(part, page, cx);
        }
    }

    fn target(&self, shared: &Shared) -> LogScope {
        let found = self.object.resource().and_then(|r| {
            shared.cluster.of(r).named(self.object.namespace.as_str(), self.object.name.as_str())
        });
        let owner = found
            .and_then(|o| workload_of(o, &shared.cluster, &shared.session.cluster))
            .unwrap_or_else(|| self.object.clone());
        let is = |r: Resource| self.object.resource() == Some(r);
        let name = self.object.name.as_str();
        let workload = owner
            .resource()
            .filter(|r| r.is_workload())
            .map(|_| (WorkloadKind::of(&owner.gvk.kind), owner.name.as_str().to_owned()));
        let whose = match self.scope {
            profile::Scope::Workload => owner.clone(),
            profile::Scope::Namespace => {
                ObjectRef::new(&shared.session.cluster, Resource::Namespace, "", self.namespace(), "")
            }
            profile::Scope::Container | profile::Scope::Pod | profile::Scope::Node => self.object.clone(),
        };
        let containers = |o: &Object| {
            o.pod_spec()
                .map(|s| s.containers.iter().filter_map(|c| Name::new(&c.name)).collect())
                .unwrap_or_default()
        };
        let pod = |o: &&Object| Some(PodContainers { pod: Name::new(o.name())?, containers: containers(o) });
        let pods = pods_of(&whose, &shared.cluster).iter().filter_map(pod).collect();
        let target = profile::Target {
            namespace: self.namespace().to_owned(),
            pod: is(Resource::Pod).then(|| name.to_owned()),
            container: None,
            workload,
            node: is(Resource::Node).then(|| name.to_owned()),
        };
        LogScope { scope: self.scope, target, pods }
    }

    fn namespace(&self) -> &str {
        if self.object.resource() == Some(Resource::Namespace) {
            self.object.name.as_str()
        } else {
            self.object.namespace.as_str()
        }
    }

    fn ask(&mut self, part: u16, page: LogPage, cx: &mut Cx<'_>) {
        let now = cx.now();
        let window = cx.shared.moment.window(now);
        let scope = self.target(cx.shared);
        let many = part != MAIN && (self.whole.is_some() || (part == NEWER && !self.around));
        let limit = if many { PAGE } else { LIMIT };
        cx.ask(part, Query::Logs { scope, page, window, limit, previous: self.previous });
    }

    fn take(&mut self, batch: Batch, part: u16) {
        if !batch.query.as_str().is_empty() {
            self.query = batch.query.clone();
        }
        let keeps_all = self.whole.is_some();
        match part {
            MAIN => self.known.begin(batch),
            OLDER => self.known.take_older(batch, keeps_all),
            _ => self.known.take_newer(batch, keeps_all),
        }
    }

    fn passes(&self, entry: &Entry) -> bool {
        let label = |k: &str| entry.labels.get(k).or_else(|| entry.metadata.get(k));
        (!self.errors_only || matches!(draw::level(entry), draw::Level::Error))
            && self.filter.matches(entry.line.raw(), label)
    }

    fn show(&mut self, page: usize) {
        self.shown = (0..self.known.lines.len())
            .filter(|i| self.known.lines.get(*i).is_some_and(|e| self.passes(e)))
            .collect();
        if self.list.key.is_none() && self.around {
            let anchor = self.anchor.unwrap_or_default();
            self.list.at = self
                .shown
                .iter()
                .position(|i| self.known.lines.get(*i).is_some_and(|e| e.ts >= anchor))
                .unwrap_or(self.shown.len().saturating_sub(1));
            self.list.top = self.list.at.saturating_sub(page / 2);
        }
        if self.follow {
            self.list.at = self.shown.len().saturating_sub(1);
            self.list.key = None;
        }
        let (lines, shown) = (&self.known.lines, &self.shown);
        let key = |i: usize| shown.get(i).and_then(|n| identity(lines, *n));
        let find = |k: &str| {
            let (ts, nth) = k.split_once('/')?;
            let (ts, nth): (i64, usize) = (ts.parse().ok()?, nth.parse().ok()?);
            let line = lines.partition_point(|e| e.ts.0 < ts) + nth;
            shown.binary_search(&line).ok().filter(|_| lines.get(line).is_some_and(|e| e.ts.0 == ts))
        };
        self.list.settle(shown.len(), page, find, key);
    }

    fn selected(&self) -> Option<&Entry> {
        self.known.lines.get(*self.shown.get(self.list.at)?)
    }
}

/// Returns what a line is known by: its time, and its number among those of the same nanosecond. Such a
/// group always comes whole, so the number stays.
fn identity(lines: &[Entry], at: usize) -> Option<String> {
    let ts = lines.get(at)?.ts;
    let first = lines.partition_point(|e| e.ts < ts);
    Some(format!("{}/{}", ts.0, at - first))
}

impl Pane for Logs {
    fn context(&self) -> Context {
        Context::Logs
    }

    fn heading(&self, cx: &Draw<'_>) -> Heading {
        let zone = cx.shared.session.zone;
        let what = match (self.previous, self.around, self.anchor) {
            (true, ..) => "Previous logs".to_owned(),
            (false, true, Some(at)) => format!("Logs around {}", at.near(cx.env.now, zone)),
            _ => "Logs".to_owned(),
        };
        let scope = format!("{:?}", self.scope).to_lowercase();
        Heading { title: format!("{what} · {} · {scope}", self.object), count: self.counts() }
    }

    fn truth(&self, cx: &Draw<'_>) -> Truth {
        match (&self.error, self.at) {
            (Some(e), None) if e.kind == crate::core::Kind::Denied => Truth::Denied(e.clone()),
            (Some(e), None) => Truth::Failed(e.clone()),
            (None, None) => Truth::Loading,
            (Some(e), Some(at)) => Truth::Stale(at, Some(e.clone())),
            (None, Some(at)) => {
                let mut lacks: Vec<String> =
                    self.errors().map(|(name, e)| format!("{name}: {}", e.kind.word())).collect();
                lacks.extend(self.warnings(80).take(1));
                match lacks.is_empty() {
                    false => Truth::Partial(lacks.join(" · ")),
                    true if self.known.lines.is_empty() => Truth::Empty(self.nothing(cx)),
                    true => Truth::Good(self.reach(cx, at)),
                }
            }
        }
    }

    fn init(&mut self, cx: &mut Cx<'_>) {
        let pinned = cx.shared.moment.pinned();
        self.around = !self.previous && (pinned.is_some() || self.around);
        if !self.around && !self.previous {
            self.ask(MAIN, LogPage::Newest, cx);
            cx.wake_at(cx.now() + EVERY);
            return;
        }
        let at = pinned.unwrap_or_else(|| cx.now());
        let moved = self.anchor != Some(at);
        self.anchor = Some(at);
        if self.previous {
            self.ask(MAIN, LogPage::Newest, cx);
        } else {
            self.ask(MAIN, LogPage::Around(at), cx);
        }
        if moved {
            self.list = ListState::default();
        }
    }

    fn refresh(&mut self, cx: &mut Cx<'_>) {
        let live = cx.shared.moment.pinned().is_none();
        if live && self.around && self.anchor.is_some() && !self.previous {
            (self.around, self.anchor, self.follow) = (false, None, true);
            return self.init(cx);
        }
        if self.around || self.at.is_none() || !live {
            return self.init(cx);
        }
        if !self.previous {
            match self.known.ask_newer() {
                _ if cx.is_open(MAIN) => {}
                Some(page) => self.ask_page(NEWER, Some(page), cx),
                None => self.ask(MAIN, LogPage::Newest, cx),
            }
            cx.wake_at(cx.now() + EVERY);
        }
    }

    fn uncovered(&mut self, moved: bool, cx: &mut Cx<'_>) {
        // What is pinned and has not moved is as it was left, down to the line.
        if moved || cx.shared.moment.pinned().is_none() {
            self.refresh(cx);
        }
    }

    fn settle(&mut self, cx: &mut Cx<'_>) {
        self.show(usize::from(cx.body().height.saturating_sub(2)));
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> bool {
        let page = usize::from(cx.body().height.saturating_sub(2));
        let (lines, shown) = (&self.known.lines, &self.shown);
        let key = |i: usize| shown.get(i).and_then(|n| identity(lines, *n));
        let before = self.list.at;
        if self.list.act(action, shown.len(), page, key) {
            self.follow = action == Action::Last && !self.around;
            // At an end more is read by itself only where there is known to be more.
            let goes_on = |edge: &Edge| matches!(edge, Edge::More(_) | Edge::Failed(..));
            if self.list.at == 0 && before == 0 && goes_on(&self.known.older) {
                return self.act(Action::Older, cx);
            }
            if self.list.at + 1 >= self.shown.len()
                && self.around
                && goes_on(&self.known.newer)
                && before == self.list.at
            {
                return self.act(Action::Newer, cx);
            }
            return true;
        }
        match action {
            Action::Older => {
                let page = self.known.ask_older();
                self.ask_page(OLDER, page, cx);
            }
            Action::Newer => {
                let page = self.known.ask_newer();
                self.ask_page(NEWER, page, cx);
            }
            Action::Scope => {
                self.scope = match (self.scope, self.object.resource()) {
                    (profile::Scope::Pod, _) => profile::Scope::Workload,
                    (profile::Scope::Workload, _) => profile::Scope::Namespace,
                    (profile::Scope::Namespace, Some(Resource::Pod)) => profile::Scope::Pod,
                    (s, Some(Resource::Namespace | Resource::Node)) => s,
                    _ => profile::Scope::Workload,
                };
                self.known = Known::default();
                self.at = None;
                self.list = ListState::default();
                self.init(cx);
            }
            Action::Wide | Action::Open => self.wrap = !self.wrap,
            Action::Faults => self.errors_only = !self.errors_only,
            Action::Copy => {
                if let Some(entry) = self.selected() {
                    let text = entry.line.clipped(8_000);
                    cx.effects.push(crate::app::Effect::Copy(text));
                }
            }
            _ => return false,
        }
        true
    }

    fn answer(&mut self, part: u16, answer: Result<Answer>, cx: &mut Cx<'_>) {
        match answer {
            Ok(Answer::Logs(batch)) => {
                let window = batch.window;
                self.take(*batch, part);
                self.error = None;
                self.at = Some(cx.now());
                if let (MAIN, Some(window)) = (part, window) {
                    let query = if self.query.as_str().is_empty() {
                        crate::core::Safe::own("kubelet only")
                    } else {
                        self.query.clone()
                    };
                    let now = cx.now();
                    cx.shared.journal(now, What::Logs { query, window }, cx.effects);
                }
            }
            Ok(_) => {}
            Err(error) => self.error = Some(error),
        }
        if self.error.is_none() {
            self.go_on(cx);
        }
        self.settle(cx);
    }

    fn subject(&self, shared: &Shared) -> Subject {
        let entry = self.selected();
        let pod = entry
            .and_then(Entry::pod)
            .and_then(|p| shared.cluster.of(Resource::Pod).named(self.namespace(), p));
        let object = pod.map(|p| p.reference(&shared.session.cluster));
        // From the logs of a workload, panels and changes are the workload's.
        let object = if self.scope == profile::Scope::Workload {
            Some(self.object.clone())
        } else {
            object.or_else(|| Some(self.object.clone()))
        };
        let time = if self.around && self.list.at == self.anchor_index() {
            self.anchor
        } else {
            entry.map(|e| e.ts)
        };
        Subject { object, time, ..Subject::default() }
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
        draw::draw(self, cx, area, buf);
    }

    fn json(&self, _shared: &Shared) -> serde_json::Value {
        json!(self.known.lines.iter().map(entry_json).collect::<Vec<_>>())
    }
}

/// Returns a line as `deckwatch logs -o json` prints it; `metadata` where Loki has some.
pub fn entry_json(e: &Entry) -> serde_json::Value {
    let mut entry =
        json!({ "ts": e.ts.0.to_string(), "line": e.line, "labels": e.labels, "source": e.origin });
    if let Some(map) = entry.as_object_mut().filter(|_| e.metadata.iter().next().is_some()) {
        map.insert("metadata".to_owned(), json!(e.metadata));
    }
    entry
}

impl Logs {
    fn anchor_index(&self) -> usize {
        let anchor = self.anchor.unwrap_or_default();
        self.shown
            .iter()
            .position(|i| self.known.lines.get(*i).is_some_and(|e| e.ts >= anchor))
            .unwrap_or(self.shown.len().saturating_sub(1))
    }

    fn counts(&self) -> String {
        let mut out = num::counted(self.shown.len(), "line", "lines");
        if self.shown.len() < self.known.lines.len() {
            out.push_str(&format!(" of {}", num::count(self.known.lines.len())));
        }
        let cut = &self.known.cuts;
        let here = [(cut.doubles, "double", "doubles"), (self.known.dropped, "dropped here", "dropped here")];
        for (n, one, many) in cut.losses().chain(cut.oddities()).chain(here) {
            if n > 0 {
                out.push_str(&format!(" · {}", num::counted(n, one, many)));
            }
        }
        out
    }

    fn reach(&self, cx: &Draw<'_>, _at: Ts) -> String {
        let (now, zone) = (cx.env.now, cx.shared.session.zone);
        let one = |name: &str, r: &LogReach| {
            let newest = r.newest.map(|t| format!(", newest {}", t.near(now, zone))).unwrap_or_default();
            r.asked.then(|| format!("{name} {}{newest}", num::count(r.lines)))
        };
        let parts: Vec<String> = [one("loki", &self.known.loki), one("kubelet", &self.known.kubelet)]
            .into_iter()
            .flatten()
            .collect();
        parts.join(" · ")
    }

    fn nothing(&self, _cx: &Draw<'_>) -> String {
        match (self.known.loki.asked, self.known.kubelet.asked) {
            (true, true) => "no lines: neither Loki nor the kubelet holds any in this window".to_owned(),
            (true, false) => {
                "no lines: Loki holds none in this window, and no pod is there whose kubelet could be asked"
                    .to_owned()
            }
            (false, true) => "no lines: the kubelet holds none; Loki was not asked".to_owned(),
            (false, false) => {
                "no source of logs was found: no Loki, and no pod whose kubelet could be asked".to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests;
