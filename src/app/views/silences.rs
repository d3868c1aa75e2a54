//! The list of silences: what is hidden at each Alertmanager, by whom, why, and until when.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::{Value, json};

use super::paint::{self, cell};
use super::{Cx, Draw, Heading, Pane, Truth, View, alerts, safe, screen};
use crate::app::effect::{Effect, Query};
use crate::app::model::{ListState, Shared};
use crate::app::msg::{Answer, Subject};
use crate::core::action::{Action, Context};
use crate::core::filter::Filter;
use crate::core::{Error, Kind, Result, Span, Ts, Untrusted, num};
use crate::ops::silence::{Live, SilenceId, spelled};
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Column, Place, Row, Rows, Sample, made};

const LIST: u16 = 0;
const EVERY: Span = Span::secs(10);
/// How old the last answer may be before the list is marked as old.
const STALE: Span = Span::secs(30);

/// What one Alertmanager told last.
#[derive(Debug, Default)]
struct Told {
    silences: Vec<Value>,
    /// Those that have not ended.
    ones: Vec<Arc<One>>,
    /// Those that have.
    ended: Vec<SilenceId>,
    dropped: usize,
    at: Option<Ts>,
    error: Option<Error>,
}

/// One silence that has not ended.
#[derive(Debug)]
struct One {
    at: Untrusted,
    id: SilenceId,
    pending: bool,
    alerts: String,
    starts: Option<Ts>,
    ends: Option<Ts>,
    by: Untrusted,
    comment: Untrusted,
}

impl Told {
    fn of(at: &Untrusted, silences: Vec<Value>, dropped: usize, now: Ts) -> Self {
        let live = |silence| {
            let live = Live(silence);
            (live.state() != "expired").then_some(live)
        };
        let all = silences.iter().filter_map(live);
        let ones: Vec<Arc<One>> = all.filter_map(|l| One::of(at, l)).map(Arc::new).collect();
        let expired = silences.iter().map(Live).filter(|live| live.state() == "expired");
        let ended = expired.filter_map(Live::id).collect();
        Self { ones, ended, silences, dropped, at: Some(now), error: None }
    }
}

impl One {
    fn of(at: &Untrusted, live: Live<'_>) -> Option<Self> {
        let alerts = live.matchers().map_or_else(|| "?".to_owned(), |m| spelled(&m));
        Some(Self {
            at: at.clone(),
            id: live.id()?,
            pending: live.state() == "pending",
            alerts: safe(&alerts).to_string(),
            starts: live.starts_at(),
            ends: live.ends_at(),
            by: live.created_by(),
            comment: live.comment(),
        })
    }
}

/// The view's state.
#[derive(Debug, Default)]
pub struct Silences {
    told: BTreeMap<Untrusted, Told>,
    /// Why nobody could be asked at all.
    error: Option<Error>,
    rows: Vec<Arc<One>>,
    /// How many have ended.
    ended: usize,
    /// How many alerts each silence hides, of those that are known.
    hides: BTreeMap<Untrusted, usize>,
    list: ListState,
    text: String,
    filter: Filter,
    sample: Sample,
}

/// Returns the silences of all: members of a cluster tell the same ones. Those of members that answer come first; of one
/// that does not only those stay that no other one lists, as ended or not.
fn merged(told: &BTreeMap<Untrusted, Told>) -> Vec<Arc<One>> {
    let (live, silent): (Vec<&Told>, Vec<&Told>) = told.values().partition(|told| told.error.is_none());
    let mut seen = BTreeSet::new();
    let mut out: Vec<Arc<One>> = Vec::new();
    out.extend(live.iter().flat_map(|told| &told.ones).filter(|one| seen.insert(one.id.clone())).cloned());
    seen.extend(live.iter().flat_map(|told| &told.ended).cloned());
    out.extend(silent.iter().flat_map(|told| &told.ones).filter(|one| seen.insert(one.id.clone())).cloned());
    out
}

fn columns(several: bool) -> Vec<Column> {
    let mut out = vec![
        Column::new("STATE", 9, 9).shed(0),
        Column::new("SILENCED", 20, 80).shed(0).grow(),
        Column::new("HIDES", 5, 6).shed(1).right(),
        Column::new("ENDS", 6, 12).shed(0),
        Column::new("BY", 4, 16).shed(3),
        Column::new("WHY", 10, 60).shed(2),
    ];
    out.extend(several.then(|| Column::new("AT", 4, 24).shed(4)));
    out
}

impl Silences {
    fn ask(cx: &mut Cx<'_>) {
        if !cx.is_open(LIST) {
            cx.ask(LIST, Query::Silences(None));
        }
        cx.wake_at(cx.now() + EVERY);
    }

    fn selected(&self) -> Option<&One> {
        self.rows.get(self.list.at).map(|one| &**one)
    }

    fn row(&self, one: &One, old: bool, cx: &Draw<'_>) -> Row {
        let hides = self.hides.get(&Untrusted::from(one.id.as_str())).copied().unwrap_or(0);
        row(one, hides, self.told.len() > 1, old, cx)
    }

    fn table<'a>(&'a self, cx: &'a Draw<'a>) -> impl Rows + 'a {
        let old = matches!(self.truth(cx), Truth::Stale(..));
        let one = move |i: usize| self.rows.get(i).map(|one| self.row(one, old, cx));
        made(self.rows.len(), move |i| one(i).unwrap_or_default())
    }
}

fn row(one: &One, hides: usize, several: bool, old: bool, cx: &Draw<'_>) -> Row {
    let now = cx.env.now;
    let (word, role) =
        if one.pending { ("◌ pending", Role::Pending) } else { ("∅ active", Role::Action) };
    let when = if one.pending { one.starts } else { one.ends };
    let ends = match when {
        Some(at) if one.pending => {
            let zone = cx.shared.session.zone;
            let soon = at - now < Span::hours(20);
            let text = if soon { at.clock_minutes(zone) } else { at.near(now, zone) };
            format!("from {}", text.split(' ').next().unwrap_or_default())
        }
        Some(at) if at > now => format!("in {}", num::age(at - now)),
        Some(_) => "ended".to_owned(),
        None => "?".to_owned(),
    };
    let mut cells = vec![
        cell(word, role),
        cell(&one.alerts, Role::Strong),
        cell(&hides.to_string(), Role::Text),
        cell(&ends, Role::Text),
        cell(one.by.clipped(80).as_str(), Role::Dim),
        cell(one.comment.clipped(300).as_str(), Role::Text),
    ];
    cells.extend(several.then(|| cell(one.at.clipped(80).as_str(), Role::Dim)));
    Row { cells, role: old.then_some(Role::Stale), ..Row::default() }
}

impl Pane for Silences {
    fn context(&self) -> Context {
        Context::Silences
    }

    fn heading(&self, _cx: &Draw<'_>) -> Heading {
        let pending = self.rows.iter().filter(|one| one.pending).count();
        let mut count = vec![format!("{} active", self.rows.len() - pending)];
        count.extend((pending > 0).then(|| format!("{pending} pending")));
        count.extend((self.ended > 0).then(|| format!("{} ended", self.ended)));
        Heading { title: "Silences".to_owned(), count: count.join(" · ") }
    }

    fn truth(&self, cx: &Draw<'_>) -> Truth {
        let now = cx.env.now;
        let newest = self.told.values().filter_map(|t| t.at).max();
        let errors = || self.told.values().filter_map(|t| t.error.clone()).chain(self.error.clone());
        let error = errors().find(|e| e.kind != Kind::Denied).or_else(|| errors().next());
        let silent: Vec<String> = self
            .told
            .iter()
            .filter(|(_, t)| t.error.is_some())
            .map(|(name, _)| name.clipped(80).to_string())
            .collect();
        let all = silent.len() == self.told.len() || self.error.is_some();
        match (newest, error) {
            (None, None) => Truth::Loading,
            (None, Some(error)) if error.kind == Kind::Denied => Truth::Denied(error),
            (None, Some(error)) if error.kind == Kind::NotFound && self.told.is_empty() => {
                Truth::Empty("no Alertmanager was found: silences are kept by one".to_owned())
            }
            (None, Some(error)) => Truth::Failed(error),
            (Some(at), error) if all && error.is_some() || now - at > STALE => Truth::Stale(at, error),
            (Some(_), _) if !silent.is_empty() => {
                Truth::Partial(format!("{} did not answer", silent.join(", ")))
            }
            (Some(_), _) if self.told.values().any(|t| t.dropped > 0) => {
                let dropped: usize = self.told.values().map(|t| t.dropped).sum();
                Truth::Partial(format!("{dropped} more were cut"))
            }
            (Some(_), _) if self.rows.is_empty() && self.filter.is_all() => {
                Truth::Empty("no silence hides anything now".to_owned())
            }
            (Some(at), _) => Truth::Good(num::ago(at, now)),
        }
    }

    fn only_now(&self) -> bool {
        true
    }

    fn init(&mut self, cx: &mut Cx<'_>) {
        self.settle(cx);
        Self::ask(cx);
    }

    fn settle(&mut self, cx: &mut Cx<'_>) {
        let passes = |one: &One| {
            let text = format!("{} {} {}", one.alerts, one.by.raw(), one.comment.raw());
            self.filter.is_all() || self.filter.matches(&text, |_| None)
        };
        self.ended = self.told.values().flat_map(|t| &t.ended).collect::<BTreeSet<_>>().len();
        let mut rows = merged(&self.told);
        rows.retain(|one| passes(one));
        rows.sort_by(|a, b| (a.pending, a.ends, &a.id).cmp(&(b.pending, b.ends, &b.id)));
        self.rows = rows;
        self.hides.clear();
        for id in cx.shared.alerts.known.alerts.iter().flat_map(|alert| &alert.silenced_by) {
            *self.hides.entry(id.clone()).or_default() += 1;
        }
        let page = usize::from(cx.body().height.saturating_sub(2));
        let rows = &self.rows;
        let key = |one: &Arc<One>| one.id.to_string();
        let find = |k: &str| rows.iter().position(|one| one.id.as_str() == k);
        self.list.settle(rows.len(), page, find, |i| rows.get(i).map(key));
        let draw = Draw { shared: cx.shared, env: cx.env };
        let sample = Sample::of(&self.table(&draw));
        self.sample = sample;
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> bool {
        let page = usize::from(cx.body().height.saturating_sub(2));
        let rows = &self.rows;
        if self.list.act(action, rows.len(), page, |i| rows.get(i).map(|one| one.id.to_string())) {
            return true;
        }
        match action {
            // What it hides stands in the list of alerts.
            Action::Open => cx.open = Some(View::Alerts(alerts::Alerts::default())),
            Action::Copy => {
                if let Some(one) = self.selected() {
                    cx.effects.push(Effect::Copy(safe(one.id.as_str())));
                }
            }
            _ => return false,
        }
        true
    }

    fn answer(&mut self, part: u16, answer: Result<Answer>, cx: &mut Cx<'_>) {
        match answer {
            Ok(Answer::Silences(all)) if part == LIST => {
                self.error = None;
                let here: Vec<Untrusted> = all.iter().map(|one| one.at.clone()).collect();
                self.told.retain(|name, _| here.contains(name));
                for one in all {
                    let told = self.told.entry(one.at.clone()).or_default();
                    match one.silences {
                        Ok(silences) => *told = Told::of(&one.at, silences, one.dropped, cx.now()),
                        // What it told last stays in sight.
                        Err(error) => told.error = Some(error),
                    }
                }
            }
            Ok(_) => {}
            Err(error) => self.error = Some(error),
        }
        self.settle(cx);
    }

    fn subject(&self, _shared: &Shared) -> Subject {
        let silence = self.selected().map(|one| (one.at.clone(), one.id.clone()));
        Subject { silence, time: self.selected().and_then(|one| one.starts), ..Subject::default() }
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
            let why =
                if self.filter.is_all() { "no silence is known" } else { "no silence passes the filter" };
            screen::draw_no_rows(cx, &truth, why.to_owned(), area, buf);
            return;
        }
        let area = screen::banner(cx, &truth, area, buf);
        let place = Place { selected: Some(self.list.at), top: self.list.top, left: 0 };
        let columns = columns(self.told.len() > 1);
        paint::table((buf, &cx.env.theme), area, &columns, &self.table(cx), place, &self.sample);
    }

    fn json(&self, _shared: &Shared) -> Value {
        json!(self.told.values().flat_map(|told| &told.silences).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn silence(digit: char, state: &str, comment: &str) -> Value {
        json!({
            "id": format!("8d6b6a2e-0000-4000-8000-00000000000{digit}"),
            "status": {"state": state}, "matchers": [], "comment": comment,
        })
    }

    #[test]
    fn one_that_answers_wins_over_one_that_does_not() {
        let told = |name: &str, silences: Vec<Value>| {
            let at = Untrusted::from(name);
            let told = Told::of(&at, silences, 0, Ts::from_secs(1));
            (at, told)
        };
        let old =
            vec![silence('1', "active", "old"), silence('2', "active", "old"), silence('3', "active", "old")];
        let new = vec![silence('1', "active", "new"), silence('2', "expired", "new")];
        let mut all = BTreeMap::from([told("a", old), told("b", new)]);
        let found = |all: &BTreeMap<Untrusted, Told>| -> Vec<String> {
            merged(all).iter().map(|o| format!("{} {}", &o.id.as_str()[35..], o.comment.raw())).collect()
        };
        assert_eq!(found(&all), ["1 old", "2 old", "3 old"]);
        if let Some(a) = all.get_mut(&Untrusted::from("a")) {
            a.error = Some(Error::new(Kind::Timeout, "read silences"));
        }
        assert_eq!(found(&all), ["1 new", "3 old"]);
    }
}
