//! Helm releases, as `helm list -A` shows them, from the metadata of their records.

use std::collections::{HashMap, HashSet};

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::json;

use super::paint::{self, cell};
use super::{Cx, Draw, Heading, Pane, Truth, View, plan, release, screen};
use crate::app::effect::{Feed, Query};
use crate::app::model::{ListState, Shared};
use crate::app::msg::{Answer, Subject};
use crate::core::action::{Action, Context};
use crate::core::filter::Filter;
use crate::core::{Name, Result, num};
use crate::ops::Wanted;
use crate::store::releases::Release;
use crate::ui::text::measure;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Column, Place, Row, Sample, made};

/// The view's state.
#[derive(Debug, Default)]
pub struct Releases {
    list: ListState,
    rows: Vec<Release>,
    text: String,
    filter: Filter,
    faults: bool,
    asked: Vec<Key>,
    /// Which record each part is being asked for.
    parts: HashMap<u16, Key>,
    /// Records that could not be read.
    failed: HashSet<Key>,
}

/// A revision's record: namespace, release, revision.
type Key = (Name, Name, u32);

/// Returns the columns, that of the status so wide at least.
fn columns(status: u16) -> [Column; 7] {
    [
        Column::new("NAME", 8, 40).pinned(),
        Column::new("NAMESPACE", 8, 30).shed(1),
        Column::new("REVISION", 8, 8).shed(0),
        Column::new("UPDATED", 8, 14).shed(2),
        Column::new("STATUS", status.clamp(8, 17), 17).shed(0),
        Column::new("CHART", 10, 34).shed(3),
        Column::new("APP VERSION", 8, 20).shed(4),
    ]
}

/// Returns the role of a release's status.
pub fn status_role(status: &str) -> Role {
    match status {
        "deployed" => Role::Ok,
        "failed" => Role::Failing,
        s if s.starts_with("pending") => Role::Warning,
        "unknown" => Role::Warning,
        _ => Role::Dim,
    }
}

/// How many rows' charts are read at once, one after the other.
const PARTS: u16 = 4;

impl Releases {
    fn key(release: &Release) -> String {
        format!("{}/{}", release.namespace, release.name)
    }

    /// Reads the newest record of visible rows: only it knows the chart.
    fn ask(&mut self, cx: &mut Cx<'_>) {
        let page = usize::from(cx.body().height);
        for release in self.rows.iter().skip(self.list.top).take(page) {
            let Some(latest) = release.latest() else { continue };
            let key = (release.namespace.clone(), release.name.clone(), latest.number);
            if cx.shared.releases.records.contains_key(&key) || self.asked.contains(&key) {
                continue;
            }
            let Some(part) = (0..PARTS).find(|p| !cx.is_open(*p)) else { return };
            cx.ask(part, Query::Record { namespace: key.0.clone(), release: key.1.clone(), revision: key.2 });
            self.parts.insert(part, key.clone());
            self.asked.push(key);
        }
    }

    fn row(&self, r: &Release, cx: &Draw<'_>) -> Row {
        let latest = r.latest();
        let key = latest.map(|l| (r.namespace.clone(), r.name.clone(), l.number));
        let record = key.as_ref().and_then(|k| cx.shared.releases.records.get(k));
        let (chart, role) = match record {
            Some(record) => (release::chart_label(record), Role::Text),
            None if key.is_some_and(|k| self.failed.contains(&k)) => {
                ("record unreadable".to_owned(), Role::Failing)
            }
            None => ("…".to_owned(), Role::Dim),
        };
        let app = record.map_or_else(String::new, |r| release::app_version(r));
        let status = r.status();
        let number = latest.map(|l| l.number.to_string()).unwrap_or_default();
        let updated = r.updated().map(|t| t.near(cx.env.now, cx.shared.session.zone)).unwrap_or_default();
        let cells = vec![
            cell(r.name.as_str(), Role::Strong),
            cell(r.namespace.as_str(), Role::Text),
            cell(&number, Role::Text),
            cell(&updated, Role::Text),
            cell(status.as_str(), status_role(status.as_str())),
            cell(&chart, role),
            cell(&app, Role::Text),
        ];
        Row { cells, ..Row::default() }
    }
}

impl Pane for Releases {
    fn context(&self) -> Context {
        Context::Releases
    }

    fn heading(&self, _cx: &Draw<'_>) -> Heading {
        Heading {
            title: "Helm releases".to_owned(),
            count: num::counted(self.rows.len(), "release", "releases"),
        }
    }

    fn truth(&self, cx: &Draw<'_>) -> Truth {
        Truth::of_feed(
            &cx.shared.releases.state,
            cx.shared.releases.list.len(),
            cx.shared.releases.unreadable,
            "no Helm release: neither Secrets nor ConfigMaps hold a record here",
        )
    }

    fn feeds(&self) -> Vec<Feed> {
        vec![Feed::Releases]
    }

    fn init(&mut self, cx: &mut Cx<'_>) {
        self.settle(cx);
    }

    fn settle(&mut self, cx: &mut Cx<'_>) {
        let well = |r: &Release| matches!(r.status().as_str(), "deployed" | "superseded");
        let passes = |r: &&Release| {
            (!self.faults || !well(r))
                && self.filter.matches(&format!("{} {} {}", r.name, r.namespace, r.status()), |_| None)
        };
        self.rows = cx.shared.releases.list.iter().filter(passes).cloned().collect();
        self.rows.sort_by(|a, b| (&a.name, &a.namespace).cmp(&(&b.name, &b.namespace)));
        let page = usize::from(cx.body().height.saturating_sub(2));
        let rows = &self.rows;
        self.list.settle(
            rows.len(),
            page,
            |k| rows.iter().position(|r| Self::key(r) == k),
            |i| rows.get(i).map(Self::key),
        );
        self.ask(cx);
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> bool {
        let page = usize::from(cx.body().height.saturating_sub(2));
        let rows = &self.rows;
        if self.list.act(action, rows.len(), page, |i| rows.get(i).map(Self::key)) {
            return true;
        }
        let Some(selected) = self.rows.get(self.list.at).cloned() else { return false };
        match action {
            Action::Open => {
                cx.open =
                    Some(View::Release(release::ReleasePage::new(selected.namespace, selected.name, None)));
            }
            Action::Roll => {
                let (namespace, release) = (selected.namespace, selected.name);
                let wanted = Wanted::rollback(namespace, release, None);
                cx.open = Some(View::Plan(plan::PlanView::new(wanted)));
            }
            Action::Free => {
                let (namespace, release) = (selected.namespace, selected.name);
                let wanted = release::freeing(cx.shared, &namespace, &release);
                cx.open = wanted.map(|wanted| View::Plan(plan::PlanView::new(wanted)));
            }
            Action::Faults => self.faults = !self.faults,
            Action::Copy => cx.effects.push(crate::app::Effect::Copy(super::safe(selected.name.as_str()))),
            _ => return false,
        }
        true
    }

    fn answer(&mut self, part: u16, answer: Result<Answer>, cx: &mut Cx<'_>) {
        let key = self.parts.remove(&part);
        match answer {
            Ok(Answer::Record(record)) => release::remember(cx.shared, &record),
            Ok(_) => {}
            Err(_) => self.failed.extend(key),
        }
        self.ask(cx);
    }

    fn unavailable(&self, action: Action, _shared: &Shared) -> Option<String> {
        if action != Action::Free {
            return None;
        }
        self.rows
            .get(self.list.at)
            .map_or_else(|| Some("no release is selected".to_owned()), release::settled)
    }

    fn subject(&self, _shared: &Shared) -> Subject {
        let Some(row) = self.rows.get(self.list.at) else { return Subject::default() };
        Subject {
            release: Some((row.namespace.clone(), row.name.clone(), None)),
            time: row.updated(),
            ..Subject::default()
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
        let truth = self.truth(cx);
        if self.rows.is_empty() {
            let filtered = !cx.shared.releases.list.is_empty();
            let why = if filtered { "no release passes the filter" } else { "no release is known" };
            screen::draw_no_rows(cx, &truth, why.to_owned(), area, buf);
            return;
        }
        let area = screen::banner(cx, &truth, area, buf);
        let rows = made(self.rows.len(), |i| self.rows.get(i).map(|r| self.row(r, cx)).unwrap_or_default());
        let place = Place { selected: Some(self.list.at), top: self.list.top, left: 0 };
        // Never cut: it tells a release that is pending from one that is well.
        let status = self.rows.iter().map(|r| measure::width(r.status().as_str())).max().unwrap_or(0);
        paint::table((buf, &cx.env.theme), area, &columns(status), &rows, place, &Sample::of(&rows));
    }

    fn json(&self, shared: &Shared) -> serde_json::Value {
        list_json(shared)
    }
}

/// Returns releases with the field names of `helm list -o json`.
pub fn list_json(shared: &Shared) -> serde_json::Value {
    let rows: Vec<_> = shared
        .releases
        .list
        .iter()
        .filter_map(|r| {
            let latest = r.latest()?;
            let record = shared.releases.records.get(&(r.namespace.clone(), r.name.clone(), latest.number));
            let updated = release::deployed(record.map(|r| &**r)).unwrap_or(latest.created);
            Some(json!({
                "name": r.name, "namespace": r.namespace, "revision": latest.number.to_string(),
                "updated": updated.go_string(), "status": latest.status,
                "chart": record.map(|r| release::chart_label(r)), "app_version": record.map(|r| release::app_version(r)),
            }))
        })
        .collect();
    json!(rows)
}
