//! A plan: what it will do, the confirmation on a step of its own, progress, and the check afterwards.
//!
//! The target is fixed when the plan is made; nothing that changes below can move it. In the
//! confirmation only its own keys work: pasted text, held keys and keys typed ahead confirm nothing.

mod check;
mod confirm;
pub mod draw;
mod form;

pub use check::follow;

use std::sync::Arc;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::json;

use super::{Cx, Draw, Heading, Pane, Truth};
use crate::app::effect::{Effect, Query};
use crate::app::input_line::Line;
use crate::app::model::Job;
use crate::app::model::Shared;
use crate::app::msg::{Answer, Subject};
use crate::core::action::{Action, Context};
use crate::core::key::{Code, Key};
use crate::core::{Error, Result, Safe, Span, Ts};
use crate::ops::deed::Deed;
use crate::ops::gate::{Confirmation, Consent, FRESH};
use crate::ops::plan::{Change, DiffLine};
use crate::ops::{How, Plan, PlanId, Wanted, What};

const PLAN: u16 = 0;
const RATIO: u16 = 1;

/// After a confirmation opens, and after each `enter` that came too early, this long must pass without one.
const QUIET: Span = Span::millis(500);

/// After an `enter` that confirms without a name, this long must pass without any key: how long a key is held before it
/// comes again is the keyboard's own affair, and a link that stood still hands over all that was typed at once.
const ALONE: Span = Span::millis(150);
const WAIT: Span = Span::mins(5);

/// Where the dialogue stands.
#[derive(Debug)]
enum Step {
    /// The plan is being made.
    Making,
    /// It is shown.
    Shown,
    /// It is being confirmed.
    Confirm {
        /// The typed name, where one is asked for.
        name: Option<Box<Line>>,
        /// Why it is done.
        reason: Box<Line>,
        /// Whether the reason is typed.
        reasons: bool,
        /// Whether it was frozen when it opened: only then is the reason one for overriding a freeze.
        frozen: bool,
        /// `enter` counts from here on.
        from: Ts,
        /// When the `enter` came that confirms, if it stays alone.
        pressed: Option<Ts>,
        /// Why the last try was refused.
        mistake: Option<String>,
    },
    /// It is carried out, or has been.
    Run(PlanId),
}

/// What the lower part shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Below {
    #[default]
    Summary,
    Diff,
    Patches,
}

/// The dialogue's state.
#[derive(Debug)]
pub struct PlanView {
    wanted: Wanted,
    step: Step,
    plan: Option<Arc<Plan>>,
    error: Option<Error>,
    wait: bool,
    below: Below,
    top: usize,
    told: Option<PlanId>,
    /// When the confirmation asked to be woken.
    woken: Option<Ts>,
}

impl PlanView {
    /// Returns the dialogue for what is wanted.
    pub fn new(wanted: Wanted) -> Self {
        Self {
            wanted,
            step: Step::Making,
            plan: None,
            error: None,
            wait: true,
            below: Below::Summary,
            top: 0,
            told: None,
            woken: None,
        }
    }

    /// Returns the dialogue of a plan that has been confirmed.
    pub fn of(job: &Job) -> Self {
        let plan = &job.plan;
        let mut view = Self::new(job.wanted.clone());
        view.plan = Some(Arc::clone(plan));
        view.told = Some(plan.id);
        view.step = Step::Run(plan.id);
        view
    }

    fn job<'a>(&self, shared: &'a Shared) -> Option<&'a Job> {
        match &self.step {
            Step::Run(id) => shared.jobs.0.get(id),
            Step::Making | Step::Shown | Step::Confirm { .. } => None,
        }
    }

    /// Returns the plan, while it is carried out.
    pub fn running(&self, shared: &Shared) -> Option<PlanId> {
        self.job(shared).filter(|job| job.ended.is_none()).map(|job| job.plan.id)
    }

    /// The reason that the journal keeps: the alert that led here.
    fn reason(shared: &Shared) -> String {
        let alert = shared.journal.iter().rev().find_map(|r| match &r.what {
            What::Alert { fingerprint, name, .. } => Some(format!("alert {name} ({fingerprint})")),
            _ => None,
        });
        alert.unwrap_or_else(|| "no alert led here".to_owned())
    }

    fn confirm(
        &mut self,
        consent: Consent<'_>,
        (reason, overrides): (&str, bool),
        cx: &mut Cx<'_>,
    ) -> std::result::Result<(), String> {
        let Some(plan) = self.plan.clone() else { return Err("there is no plan".to_owned()) };
        if let Some(error) = &cx.shared.journal_error {
            return Err(format!("the journal can't be written, so nothing is: {}", error.line()));
        }
        let now = cx.now();
        let wait = self.wait.then_some(WAIT);
        let asked = Confirmation { consent, wait, reason, overrides };
        let confirmed = cx.shared.gate.confirm(&plan, asked, now)?;
        let id = plan.id;
        let intent = confirmed.intent();
        let alert = check::alert_of(cx.shared, &plan);
        let check = crate::app::model::jobs::Check { alert, ..Default::default() };
        let job = Job::begun(plan, self.wanted.clone(), now, check);
        cx.shared.jobs.0.insert(id, job);
        cx.shared.journal(now, intent, cx.effects);
        cx.effects.push(Effect::Run(Box::new(confirmed)));
        self.step = Step::Run(id);
        self.below = Below::Summary;
        self.top = 0;
        cx.wake_at(now + Span::secs(2));
        Ok(())
    }

    /// Has the confirmation looked at again at a time.
    fn wake_at(&mut self, at: Ts, cx: &mut Cx<'_>) {
        self.woken = Some(at);
        cx.wake_at(at);
    }

    /// Confirms by the `enter` that stayed alone. One that nobody looked after in time, as the process stood still, is
    /// asked for again: what was typed meanwhile may not be known yet.
    fn alone(&mut self, cx: &mut Cx<'_>) {
        let now = cx.now();
        let Step::Confirm { pressed, from, mistake, reason, frozen, .. } = &mut self.step else { return };
        let Some(at) = pressed.filter(|at| now >= *at + ALONE) else { return };
        *pressed = None;
        *from = now;
        if now > at + ALONE + QUIET {
            *mistake = Some("that enter was not looked after in time: press it again".to_owned());
            return;
        }
        let (why, over) = (reason.text().trim().to_owned(), *frozen);
        let result = self.confirm(Consent::Yes(How::Enter), (&why, over), cx);
        self.refused(result, cx);
    }

    /// Confirms by the typed name.
    fn named(&mut self, text: &str, cx: &mut Cx<'_>) {
        let Step::Confirm { reason, frozen, .. } = &self.step else { return };
        let (why, over) = (reason.text().trim().to_owned(), *frozen);
        let result = self.confirm(Consent::Name(text, How::TypedName), (&why, over), cx);
        self.refused(result, cx);
    }

    /// Tells why the confirmation was refused.
    fn refused(&mut self, result: std::result::Result<(), String>, cx: &Cx<'_>) {
        if let (Err(why), Step::Confirm { from, mistake, .. }) = (result, &mut self.step) {
            *mistake = Some(why);
            *from = cx.now() + QUIET;
        }
    }

    fn lines(&self) -> Vec<DiffLine> {
        let Some(plan) = &self.plan else { return Vec::new() };
        let heading = |item: &crate::ops::Item| DiffLine {
            sign: '@',
            text: Safe::of(&format!("{} {}", item.change.glyph(), item.object)),
        };
        let mut out = Vec::new();
        for item in &plan.items {
            match self.below {
                Below::Diff if !item.diff.is_empty() => {
                    out.push(heading(item));
                    out.extend(item.diff.iter().cloned());
                }
                Below::Patches => {
                    let (Some(patch), true) = (&item.patch, item.change == Change::Patch) else {
                        if matches!(item.change, Change::Create | Change::Delete) {
                            out.push(heading(item));
                            let text = match item.change {
                                Change::Create => "is created whole: d shows it",
                                _ => "is deleted, and in the background what it owns",
                            };
                            out.push(DiffLine { sign: ' ', text: Safe::own(text) });
                        }
                        continue;
                    };
                    out.push(heading(item));
                    // A patch that was cut is no JSON any more: it is shown as it is.
                    let pretty = serde_json::from_str::<serde_json::Value>(patch.as_str())
                        .and_then(|p| serde_json::to_string_pretty(&p));
                    let pretty = pretty.unwrap_or_else(|_| patch.to_string());
                    out.extend(pretty.lines().map(|l| DiffLine { sign: ' ', text: Safe::of(l) }));
                }
                Below::Diff | Below::Summary => {}
            }
        }
        out
    }
}

impl Pane for PlanView {
    fn context(&self) -> Context {
        Context::Plan
    }

    fn heading(&self, _cx: &Draw<'_>) -> Heading {
        let title = self.plan.as_ref().map_or_else(|| self.wanted.title(), |p| p.title());
        let count = self.plan.as_ref().map(|p| format!("plan {}", p.id.short())).unwrap_or_default();
        Heading { title, count }
    }

    fn truth(&self, cx: &Draw<'_>) -> Truth {
        match (&self.step, &self.plan, &self.error) {
            (Step::Making, None, Some(e)) if e.kind == crate::core::Kind::Denied => Truth::Denied(e.clone()),
            (Step::Making, None, Some(e)) => Truth::Failed(e.clone()),
            (Step::Making, ..) | (_, None, _) => Truth::Loading,
            (Step::Run(_), Some(_), _) => {
                Truth::Good(self.job(cx.shared).map_or("", draw::job_word).to_owned())
            }
            // The gate takes no plan that is older: it is to be made anew.
            (Step::Shown | Step::Confirm { .. }, Some(p), _) if cx.env.now - p.made_at > FRESH => {
                Truth::Stale(p.made_at, None)
            }
            (Step::Shown | Step::Confirm { .. }, Some(p), _) => draw::truth(p, cx.env.now),
        }
    }

    fn init(&mut self, cx: &mut Cx<'_>) {
        // What runs already is looked at; another plan for the release would only meet its lock.
        // What was edited is never the same as what is being written.
        let edits = matches!(&self.wanted, Wanted::Deed { deed: Deed::Edit { .. }, .. });
        let same = |j: &&Job| !edits && j.plan.is_for(&self.wanted);
        if let Some(job) = cx.shared.jobs.0.values().filter(|j| j.ended.is_none()).find(same) {
            *self = Self::of(job);
        }
        if let Step::Run(_) = self.step {
            return self.refresh(cx);
        }
        if !cx.is_open(PLAN) {
            cx.ask(PLAN, Query::Plan(self.wanted.clone()));
        }
    }

    fn refresh(&mut self, cx: &mut Cx<'_>) {
        let woken = self.woken.take_if(|at| *at <= cx.now()).is_some();
        match &self.step {
            Step::Making => self.init(cx),
            // The confirmation asked for this, and was left meanwhile: the plan is still the one that was read.
            Step::Shown if woken => {}
            Step::Shown => {
                self.step = Step::Making;
                self.plan = None;
                self.init(cx);
            }
            Step::Confirm { .. } => self.alone(cx),
            Step::Run(_) => {
                check::ask_ratio(self.job(cx.shared).cloned().as_ref(), RATIO, cx);
                follow(cx.shared, cx.env.now, cx.effects);
            }
        }
    }

    fn uncovered(&mut self, _moved: bool, cx: &mut Cx<'_>) {
        // A plan that was read is not made anew behind the reader's back.
        if !matches!(self.step, Step::Shown) {
            self.refresh(cx);
        }
    }

    fn settle(&mut self, _cx: &mut Cx<'_>) {}

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> bool {
        match action {
            Action::Back => {
                if matches!(self.step, Step::Confirm { .. }) {
                    self.step = Step::Shown;
                } else if self.below != Below::Summary {
                    self.below = Below::Summary;
                } else {
                    return false;
                }
            }
            Action::Diff => self.below = if self.below == Below::Diff { Below::Summary } else { Below::Diff },
            Action::Patches => {
                self.below = if self.below == Below::Patches { Below::Summary } else { Below::Patches }
            }
            Action::Wait => self.wait = !self.wait,
            Action::Confirm => {
                let Some(plan) = &self.plan else { return true };
                if matches!(self.step, Step::Shown) {
                    let gate = &cx.shared.gate;
                    let name = gate.asks_for_name(plan, cx.now()).then(|| Box::new(Line::new("")));
                    let frozen = !gate.frozen(plan, cx.now()).is_empty();
                    // Why it is silenced has been said.
                    let comment = plan.silences().and_then(|s| s.silences.first());
                    let comment = comment.map(|s| s.comment.safe().to_string()).filter(|c| !c.is_empty());
                    let offered = comment.unwrap_or_else(|| Self::reason(cx.shared));
                    let offered = if frozen { String::new() } else { offered };
                    let reason = Box::new(Line::new(&offered));
                    // The typed name is a guard of its own; a plain `enter` must not come from a held or hasty key.
                    let from = if name.is_some() { cx.now() } else { cx.now() + QUIET };
                    self.step = Step::Confirm {
                        name,
                        reason,
                        reasons: frozen,
                        frozen,
                        from,
                        pressed: None,
                        mistake: None,
                    };
                    self.wake_at(from, cx);
                }
            }
            _ => return false,
        }
        self.top = 0;
        true
    }

    fn unavailable(&self, action: Action, shared: &Shared) -> Option<String> {
        let writes = matches!(action, Action::Confirm | Action::Wait);
        if action == Action::Stop {
            return self.running(shared).is_none().then(|| "nothing of it runs".to_owned());
        }
        match (&self.step, &self.plan) {
            (Step::Run(_), _) if writes => Some("the plan has been confirmed".to_owned()),
            // In the confirmation only its own keys work.
            (Step::Confirm { .. }, _) if action != Action::Back => {
                Some("the confirmation is open: enter or esc".to_owned())
            }
            (_, Some(p)) if matches!(action, Action::Diff | Action::Patches) && !p.is_of_cluster() => {
                Some("a silence changes no object: all of it is shown".to_owned())
            }
            (_, Some(p)) if action == Action::Wait && p.rollback().is_none() => {
                Some("only a rollback waits".to_owned())
            }
            (_, Some(p)) if action == Action::Confirm && !p.refusals.is_empty() => {
                p.refusals.first().cloned()
            }
            _ if action == Action::Confirm && shared.gate.policy().locked => {
                Some("this context is locked by the configuration".to_owned())
            }
            (_, None) if action != Action::Back => Some("the plan is not made yet".to_owned()),
            _ => None,
        }
    }

    fn key(&mut self, key: Key, repeat: bool, cx: &mut Cx<'_>) -> bool {
        let now = cx.now();
        if let Step::Shown | Step::Run(_) = self.step {
            return self.scroll(key, cx);
        }
        if let Step::Confirm { from, pressed, .. } = &mut self.step
            && pressed.take().is_some()
        {
            *from = now + QUIET;
            self.wake_at(now + QUIET, cx);
        }
        // In a line that is typed, keys of shells edit it.
        let typing = matches!(&self.step, Step::Confirm { name, reasons, .. } if name.is_some() || *reasons);
        let edits = typing && key.ctrl && matches!(key.code, Code::Char('a' | 'e' | 'k' | 'u' | 'w'));
        let moves = matches!(key.code, Code::Down | Code::Up | Code::PageDown | Code::PageUp);
        if moves || (key.ctrl && !edits && matches!(key.code, Code::Char('d' | 'u'))) {
            return self.scroll(key, cx);
        }
        // Quitting and suspending work everywhere.
        if key.ctrl && !edits {
            return false;
        }
        let Step::Confirm { name, reason, reasons, from, pressed, mistake, .. } = &mut self.step else {
            return false;
        };
        // What looks like alt may be an escape and a key that arrived together; lines have keys of their own with alt.
        if key.alt && (key.code == Code::Enter || !typing) {
            return false;
        }
        let mut again = None;
        match key.code {
            Code::Esc => self.step = Step::Shown,
            Code::Tab | Code::BackTab => *reasons = !*reasons,
            // What is typed for the reason confirms nothing: it goes on to the name.
            Code::Enter if *reasons => {
                *reasons = false;
                *from = now + QUIET;
                again = Some(*from);
            }
            Code::Enter if repeat || now < *from => {
                *from = now + QUIET;
                again = Some(*from);
            }
            Code::Enter => {
                if let Some(text) = name.as_ref().map(|l| l.text().to_owned()) {
                    self.named(&text, cx);
                } else {
                    *pressed = Some(now);
                    again = Some(now + ALONE);
                }
            }
            _ => {
                // A name may hold doubled letters, so held characters do count; they confirm nothing.
                if *reasons {
                    reason.key(key);
                } else if let Some(line) = name {
                    line.key(key);
                    // Who types letters does not hold `enter`.
                    *from = now;
                }
                *mistake = None;
            }
        }
        if let Some(at) = again {
            self.wake_at(at, cx);
        }
        true
    }

    fn answer(&mut self, part: u16, answer: Result<Answer>, cx: &mut Cx<'_>) {
        match (part, answer) {
            (PLAN, Ok(Answer::Plan(plan))) => {
                if matches!(self.step, Step::Making) {
                    self.step = Step::Shown;
                }
                if self.told != Some(plan.id) {
                    self.told = Some(plan.id);
                    cx.shared.journal(cx.env.now, What::made(&plan), cx.effects);
                }
                self.plan = Some(plan);
                self.error = None;
            }
            (PLAN, Err(error)) => self.error = Some(error),
            (RATIO, Ok(Answer::Range(matrix))) => {
                if let Step::Run(id) = self.step {
                    check::take_ratio(cx.shared, id, &matrix, cx.env.now);
                    follow(cx.shared, cx.env.now, cx.effects);
                }
            }
            _ => {}
        }
    }

    fn subject(&self, _shared: &Shared) -> Subject {
        match &self.wanted {
            Wanted::Rollback { namespace, release, .. } => {
                Subject { release: Some((namespace.clone(), release.clone(), None)), ..Subject::default() }
            }
            Wanted::Deed { objects, .. } => {
                Subject { object: objects.first().cloned(), ..Subject::default() }
            }
            Wanted::Silence { .. } => Subject::default(),
        }
    }

    fn draw(&self, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
        draw::draw(self, cx, area, buf);
    }

    fn json(&self, _shared: &Shared) -> serde_json::Value {
        plan_json(self.plan.as_deref())
    }
}

impl PlanView {
    fn scroll(&mut self, key: Key, cx: &Cx<'_>) -> bool {
        let body = cx.body();
        let count = match (&self.plan, self.below) {
            (Some(plan), Below::Summary) => {
                form::lines(plan, self.wait, body.width, cx.shared.session.zone).len()
            }
            _ => self.lines().len(),
        };
        let room = usize::from(draw::upper(self.plan.as_deref(), &self.step, body).height);
        let (last, half) = (count.saturating_sub(room), (room / 2).max(1));
        self.top = match (key.ctrl, key.code) {
            (false, Code::Down | Code::Char('j')) => self.top + 1,
            (false, Code::Up | Code::Char('k')) => self.top.saturating_sub(1),
            (true, Code::Char('d')) => self.top + half,
            (true, Code::Char('u')) => self.top.saturating_sub(half),
            (false, Code::PageDown) => self.top + room,
            (false, Code::PageUp) => self.top.saturating_sub(room),
            (false, Code::Home) => 0,
            (false, Code::End | Code::Char('G')) => last,
            _ => return false,
        }
        .min(last);
        true
    }
}

/// Returns a plan as our own document.
pub fn plan_json(plan: Option<&Plan>) -> serde_json::Value {
    let mut document = json!({ "schema": "deckwatch.plan/1" });
    if let (Some(map), serde_json::Value::Object(plan)) = (document.as_object_mut(), json!(plan)) {
        map.extend(plan);
    }
    document
}
