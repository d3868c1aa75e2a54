//! This process's journal: what was seen and done here.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::json;

use super::paint::{self, cell};
use super::plan::PlanView;
use super::{Cx, Draw, Heading, Pane, Truth, View, screen};
use crate::app::effect::Effect;
use crate::app::model::{ListState, Shared};
use crate::app::msg::Subject;
use crate::core::action::{Action, Context};
use crate::core::num;
use crate::ops::What;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Column, Place, Row, Sample, made};

/// The view's state.
#[derive(Debug, Default)]
pub struct Journal {
    list: ListState,
}

fn columns() -> [Column; 2] {
    [Column::new("TIME", 8, 14).shed(0), Column::new("ENTRY", 20, 400).shed(0).grow()]
}

fn role(what: &What) -> Role {
    match what {
        What::Plan { .. }
        | What::Armed { .. }
        | What::Intent { .. }
        | What::Runner { .. }
        | What::Step { .. }
        | What::Write { .. }
        | What::Series { .. }
        | What::Cancel { .. }
        | What::Found { .. }
        | What::Outcome { .. } => Role::Action,
        What::Check { healed: true, .. } => Role::Ok,
        What::Check { .. } => Role::Warning,
        What::Opened { .. }
        | What::Alert { .. }
        | What::Moment { .. }
        | What::Logs { .. }
        | What::Note { .. } => Role::Text,
    }
}

impl Pane for Journal {
    fn context(&self) -> Context {
        Context::Journal
    }

    fn heading(&self, cx: &Draw<'_>) -> Heading {
        Heading {
            title: "Journal of this process".to_owned(),
            count: num::counted(cx.shared.journal.len(), "entry", "entries"),
        }
    }

    fn truth(&self, cx: &Draw<'_>) -> Truth {
        match &cx.shared.journal_error {
            Some(error) => Truth::Partial(format!("not on disk ({})", error.kind.word())),
            None => Truth::Good("on disk".to_owned()),
        }
    }

    fn init(&mut self, cx: &mut Cx<'_>) {
        self.list.at = cx.shared.journal.len().saturating_sub(1);
        self.list.key = None;
        self.settle(cx);
    }

    fn settle(&mut self, cx: &mut Cx<'_>) {
        let page = usize::from(cx.body().height.saturating_sub(2));
        self.list.settle(cx.shared.journal.len(), page, |k| k.parse().ok(), |i| Some(i.to_string()));
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> bool {
        let page = usize::from(cx.body().height.saturating_sub(2));
        if self.list.act(action, cx.shared.journal.len(), page, |i| Some(i.to_string())) {
            return true;
        }
        match action {
            Action::Open => {
                let plan = cx.shared.journal.get(self.list.at).and_then(|r| r.what.plan());
                let Some(job) = plan.and_then(|p| cx.shared.jobs.0.get(&p)) else { return false };
                cx.open = Some(View::Plan(PlanView::of(job)));
            }
            Action::Export => cx.effects.push(Effect::ExportJournal),
            Action::Copy => {
                if let Some(record) = cx.shared.journal.get(self.list.at) {
                    let line =
                        crate::core::Safe::of(&format!("{} {}", record.at.rfc3339(), record.what.line()));
                    cx.effects.push(Effect::Copy(line));
                }
            }
            _ => return false,
        }
        true
    }

    fn unavailable(&self, action: Action, shared: &Shared) -> Option<String> {
        let plan = || shared.journal.get(self.list.at).and_then(|r| r.what.plan());
        let opens = || plan().is_some_and(|p| shared.jobs.0.contains_key(&p));
        (action == Action::Open && !opens())
            .then(|| "the entry is of no plan that was confirmed here".to_owned())
    }

    fn subject(&self, shared: &Shared) -> Subject {
        Subject { time: shared.journal.get(self.list.at).map(|r| r.at), ..Subject::default() }
    }

    fn draw(&self, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
        if cx.shared.journal.is_empty() {
            screen::draw_instead(cx, &Truth::Empty("nothing yet".to_owned()), area, buf);
            return;
        }
        let area = match &cx.shared.journal_error {
            Some(error) => screen::banner(cx, &Truth::Failed(error.clone()), area, buf),
            None => area,
        };
        let row = |i: usize| {
            let Some(r) = cx.shared.journal.get(i) else { return Row::default() };
            let time = r.at.near(cx.env.now, cx.shared.session.zone);
            let cells = vec![cell(&time, Role::Dim), cell(&r.what.line(), role(&r.what))];
            Row { cells, ..Row::default() }
        };
        let rows = made(cx.shared.journal.len(), row);
        let place = Place { selected: Some(self.list.at), top: self.list.top, left: 0 };
        paint::table((buf, &cx.env.theme), area, &columns(), &rows, place, &Sample::default());
    }

    fn json(&self, shared: &Shared) -> serde_json::Value {
        json!({ "schema": "deckwatch.journal/1", "entries": shared.journal, "torn": 0 })
    }
}
