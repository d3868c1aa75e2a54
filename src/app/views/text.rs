//! Text to read: an object as YAML, where a runbook is.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::json;

use super::{Cx, Draw, Heading, Pane, Truth, describe, release, safe, screen};
use crate::app::effect::Query;
use crate::app::model::Shared;
use crate::app::msg::{Answer, Subject};
use crate::core::action::{Action, Context};
use crate::core::filter::Filter;
use crate::core::{Error, ObjectRef, Result, Ts, num};
use crate::ops::plan::DiffLine;
use crate::store::alerts::Alert;

/// The view's state.
#[derive(Debug, Default)]
pub struct Text {
    title: String,
    object: Option<ObjectRef>,
    /// Whether the object is described; told as YAML otherwise.
    described: bool,
    all: Vec<DiffLine>,
    lines: Vec<DiffLine>,
    top: usize,
    typed: String,
    filter: Filter,
    error: Option<Error>,
    /// Whether there is text, and when it was read, where it was.
    read: bool,
    at: Option<Ts>,
}

fn plain(text: &str) -> DiffLine {
    DiffLine { sign: ' ', text: safe(text) }
}

impl Text {
    /// Returns the view of an object as YAML.
    pub fn yaml(object: ObjectRef) -> Self {
        Self { title: format!("YAML · {object}"), object: Some(object), ..Self::default() }
    }

    /// Returns the view of an object as `kubectl describe` tells it.
    pub fn describe(object: ObjectRef) -> Self {
        Self {
            title: format!("Describe · {object}"),
            object: Some(object),
            described: true,
            ..Self::default()
        }
    }

    /// Returns lines to read.
    pub fn lines(title: &str, lines: Vec<DiffLine>) -> Self {
        Self { title: title.to_owned(), all: lines.clone(), lines, read: true, ..Self::default() }
    }

    /// Returns where an alert's runbook is; deckwatch opens no address that data names.
    pub fn runbook(alert: &Alert) -> Self {
        let mut lines = Vec::new();
        for key in ["runbook_url", "runbook", "dashboard_url"] {
            if let Some(url) = alert.annotations.get(key) {
                lines.push(plain(&format!("{key}: {url}")));
            }
        }
        if lines.is_empty() {
            lines.push(plain("this alert names no runbook"));
        }
        lines.push(plain(""));
        for key in ["summary", "description", "message"] {
            if let Some(text) = alert.annotations.get(key) {
                lines.extend(text.lines().map(plain));
            }
        }
        Self::lines(&format!("Runbook · {}", safe(alert.name())), lines)
    }

    fn settle_lines(&mut self) {
        self.lines =
            self.all.iter().filter(|l| self.filter.matches(l.text.as_str(), |_| None)).cloned().collect();
        self.top = self.top.min(self.lines.len().saturating_sub(1));
    }
}

impl Pane for Text {
    fn context(&self) -> Context {
        Context::Text
    }

    fn heading(&self, _cx: &Draw<'_>) -> Heading {
        Heading { title: self.title.clone(), count: num::counted(self.lines.len(), "line", "lines") }
    }

    fn truth(&self, cx: &Draw<'_>) -> Truth {
        match (&self.error, self.at) {
            (Some(error), Some(at)) => Truth::Stale(at, Some(error.clone())),
            (Some(error), None) if error.kind == crate::core::Kind::Denied => Truth::Denied(error.clone()),
            (Some(error), None) => Truth::Failed(error.clone()),
            (None, Some(at)) => Truth::Good(format!("read {}", num::ago(at, cx.env.now))),
            (None, None) if self.read => Truth::Good("as told".to_owned()),
            (None, None) => Truth::Loading,
        }
    }

    fn only_now(&self) -> bool {
        self.object.is_some()
    }

    fn init(&mut self, cx: &mut Cx<'_>) {
        if let Some(object) = self.object.clone().filter(|_| !cx.is_open(0)) {
            cx.ask(0, Query::Object(object));
        }
    }

    fn settle(&mut self, _cx: &mut Cx<'_>) {
        self.settle_lines();
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> bool {
        let page = usize::from(cx.body().height.saturating_sub(1));
        let last = self.lines.len().saturating_sub(page);
        self.top = match action {
            Action::Down => (self.top + 1).min(last),
            Action::Up => self.top.saturating_sub(1),
            Action::HalfDown => (self.top + page / 2).min(last),
            Action::HalfUp => self.top.saturating_sub(page / 2),
            Action::First => 0,
            Action::Last => last,
            _ => return action == Action::Open,
        };
        true
    }

    fn answer(&mut self, _part: u16, answer: Result<Answer>, cx: &mut Cx<'_>) {
        match answer {
            Ok(Answer::Object(value)) => {
                let masked = deckwatch_helm::mask::mask_object(&value);
                self.all = match self.object.as_ref().filter(|_| self.described) {
                    Some(object) => describe::lines(&masked, object, cx.shared, cx.now()),
                    None => deckwatch_helm::yaml11::to_yaml(&without_managed_fields(masked))
                        .lines()
                        .map(plain)
                        .collect(),
                };
                self.read = true;
                self.at = Some(cx.now());
                self.error = None;
                self.settle_lines();
            }
            Ok(_) => {}
            Err(error) => self.error = Some(error),
        }
    }

    fn subject(&self, _shared: &Shared) -> Subject {
        Subject { object: self.object.clone(), ..Subject::default() }
    }

    fn filter(&self) -> Option<&str> {
        Some(&self.typed)
    }

    fn set_filter(&mut self, text: &str, _cx: &mut Cx<'_>) -> std::result::Result<(), String> {
        self.filter = Filter::parse(text)?;
        text.clone_into(&mut self.typed);
        self.settle_lines();
        Ok(())
    }

    fn draw(&self, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
        let truth = self.truth(cx);
        if self.read {
            release::draw_lines(cx, &self.lines, self.top, area, buf);
        } else {
            screen::draw_instead(cx, &truth, area, buf);
        }
    }

    fn json(&self, _shared: &Shared) -> serde_json::Value {
        json!({ "title": self.title, "lines": self.lines.iter().map(|l| l.text.as_str()).collect::<Vec<_>>() })
    }
}

fn without_managed_fields(mut value: serde_json::Value) -> serde_json::Value {
    if let Some(meta) = value.get_mut("metadata").and_then(serde_json::Value::as_object_mut) {
        meta.remove("managedFields");
    }
    value
}
