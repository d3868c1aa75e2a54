//! How a plan looks: a form of labelled lines, its objects, the confirmation, progress and check.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use super::check::words;
use super::{Below, PlanView, Step};
use crate::app::model::Job;
use crate::app::views::Pane as _;
use crate::app::views::paint::{self, put};
use crate::app::views::{Draw, Truth, release, screen};
use crate::core::{Ts, num};
use crate::ops::plan::{Change, Preview};
use crate::ops::{Item, Outcome, RollbackPlan};
use crate::ui::theme::Role;

/// Returns a plan in one line.
pub fn summary(plan: &RollbackPlan) -> String {
    let parts = [
        (Change::Patch, "patched"),
        (Change::Create, "created"),
        (Change::Delete, "deleted"),
        (Change::Keep, "kept"),
        (Change::Unchanged, "unchanged"),
    ];
    let out: Vec<String> = parts
        .iter()
        .filter(|(c, _)| plan.count(*c) > 0)
        .map(|(c, word)| format!("{} {word}", plan.count(*c)))
        .collect();
    out.join(", ")
}

/// Returns how a running plan stands, in a word.
pub fn job_word(job: &Job) -> &'static str {
    match (&job.ended, job.check.healed) {
        (None, _) => "running",
        (Some((_, Outcome::Done)), Some(_)) => "done, healed",
        (Some((_, Outcome::Done)), None) => "done, watching",
        (Some((_, Outcome::Failed(_))), _) => "failed",
        (Some((_, Outcome::Unknown(_))), _) => "outcome unknown",
    }
}

/// Returns how true and whole a fresh plan is.
pub fn truth(plan: &RollbackPlan, now: Ts) -> Truth {
    let computed = plan.items.iter().filter(|i| matches!(i.preview, Preview::Computed(_))).count();
    if computed > 0 {
        let objects = num::counted(computed, "object", "objects");
        return Truth::Partial(format!("{objects} not previewed by the server"));
    }
    if plan.refusals.is_empty() && plan.items.iter().all(|i| i.change == Change::Unchanged) {
        return Truth::Empty(NOTHING.to_owned());
    }
    Truth::Good(format!("read {}", num::ago(plan.made_at, now)))
}

const NOTHING: &str = "no object would change: it would only write a new revision";

struct Form<'a, 'b> {
    cx: &'a Draw<'a>,
    area: Rect,
    y: u16,
    buf: &'b mut Buffer,
}

impl Form<'_, '_> {
    fn line(&mut self, label: &str, role: Role, text: &str) {
        let theme = &self.cx.env.theme;
        put(self.buf, theme, self.area.x + 2, self.y, self.area, Role::Dim, label);
        let x = self.area.x + 13;
        let room = usize::from(self.area.right().saturating_sub(x)).max(10);
        for part in screen::wrap(text, room) {
            put(self.buf, theme, x, self.y, self.area, role, &part);
            self.y += 1;
        }
    }
}

/// Draws the dialogue.
pub fn draw(view: &PlanView, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
    let Some(plan) = &view.plan else {
        screen::draw_instead(cx, &view.truth(cx), area, buf);
        return;
    };
    let foot = match &view.step {
        Step::Confirm { .. } => 4,
        Step::Run(_) => (area.height / 2).max(6),
        Step::Making | Step::Shown => 1,
    };
    let upper = Rect { height: area.height.saturating_sub(foot), ..area };
    let lower = Rect { y: upper.bottom(), height: foot.min(area.height), ..area };
    if view.below == Below::Summary {
        form(view, plan, cx, upper, buf);
    } else {
        release::draw_lines(cx, &view.lines(), view.top, upper, buf);
    }
    match &view.step {
        Step::Confirm { name, from, mistake } => {
            let typed = name.as_ref().map(|l| l.text().to_owned());
            let ready = cx.env.now >= *from;
            confirm(plan, (typed.as_deref(), ready), mistake.as_deref(), cx, lower, buf);
        }
        Step::Run(_) => {
            if let Some(job) = view.job(cx.shared) {
                progress(job, cx, lower, buf);
            }
        }
        Step::Making | Step::Shown => {
            let policy = cx.shared.gate.policy();
            let text = if policy.locked {
                "locked: nothing is written in this context"
            } else {
                "read-only: confirming arms for 10m"
            };
            let old = cx.env.now - plan.made_at > crate::ops::gate::FRESH;
            let text = if old { "too old to be confirmed: ctrl-r makes it anew" } else { text };
            put(buf, &cx.env.theme, lower.x + 2, lower.y, lower, Role::Dim, text);
        }
    }
}

fn form(view: &PlanView, plan: &RollbackPlan, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
    let mut form = Form { cx, area, y: area.y, buf };
    for refusal in &plan.refusals {
        form.line("refused", Role::Failing, refusal);
    }
    form.line("", Role::Text, &format!("{} → {}", plan.from.chart, plan.to.chart));
    for why in &plan.why {
        form.line("why", Role::Text, why.as_str());
    }
    form.line("owner", Role::Text, &format!("{}      rights   {}", plan.owner, plan.rights));
    let restarts = plan.restarts();
    let pods = if restarts > 0 {
        format!(" · {} restart", num::counted(restarts as usize, "pod", "pods"))
    } else {
        String::new()
    };
    form.line("changes", Role::Strong, &format!("{}{pods}", summary(plan)));
    if matches!(truth(plan, plan.made_at), Truth::Empty(_)) {
        form.line("", Role::Warning, NOTHING);
    }
    for item in plan.items.iter().filter(|i| i.change != Change::Unchanged) {
        object(item, &mut form);
    }
    for item in plan.items.iter().filter(|i| !i.drift.is_empty()) {
        let fields: Vec<&str> = item.drift.iter().map(crate::core::Safe::as_str).collect();
        form.line("drift", Role::Warning, &format!("{}: {} overwritten", item.object, fields.join(", ")));
    }
    let (have, most, pruned) = &plan.history;
    let prunes = if pruned.is_empty() { String::new() } else { format!(", prunes {pruned:?}") };
    form.line(
        "makes",
        Role::Text,
        &format!(
            "revision {}, like {}; what migrations did to data is not undone",
            plan.makes, plan.to.revision
        ),
    );
    form.line(
        "record",
        Role::Text,
        &format!(
            "{}   history {have} of {most}{prunes}",
            num::value(plan.record_bytes as f64, num::Unit::Bytes)
        ),
    );
    form.line("hooks", Role::Text, plan.hooks.as_str());
    for note in &plan.notes {
        form.line("note", Role::Text, note.as_str());
    }
    form.line("wait", Role::Text, if view.wait { "until everything is ready, at most 5m" } else { "no" });
}

fn object(item: &Item, form: &mut Form<'_, '_>) {
    let role = match item.change {
        Change::Patch => Role::Action,
        Change::Create => Role::DiffAdd,
        Change::Delete => Role::DiffRemove,
        Change::Keep | Change::Unchanged => Role::Dim,
    };
    let fields: Vec<&str> = item.fields.iter().map(crate::core::Safe::as_str).collect();
    let mut text = format!("{} {}  {}", item.change.glyph(), item.object, fields.join(", "));
    if item.restarts > 0 {
        text.push_str(&format!("  → {} restart", num::counted(item.restarts as usize, "pod", "pods")));
    }
    match &item.preview {
        Preview::DryRun => text.push_str("  ✔"),
        Preview::Computed(why) => text.push_str(&format!("  (computed here: {why})")),
        Preview::Refused(why) => text.push_str(&format!("  ✖ the server refuses: {why}")),
        Preview::Nothing => {}
    }
    form.line("", role, &text);
}

fn confirm(
    plan: &RollbackPlan,
    (typed, ready): (Option<&str>, bool),
    mistake: Option<&str>,
    cx: &Draw<'_>,
    area: Rect,
    buf: &mut Buffer,
) {
    let theme = &cx.env.theme;
    buf.set_string(area.x, area.y, "━".repeat(usize::from(area.width)), theme.style(Role::Protected));
    let context = cx.shared.session.cluster.0.clipped(60);
    let head =
        format!(" Roll back {}/{} to {} in {context} ", plan.namespace, plan.release, plan.to.revision);
    put(buf, theme, area.x + 2, area.y, area, Role::Protected, &head);
    match typed {
        Some(text) => {
            let x = put(
                buf,
                theme,
                area.x + 2,
                area.y + 1,
                area,
                Role::Text,
                &format!("type the release's name, {}, then enter: ", plan.release),
            );
            let x = put(buf, theme, x, area.y + 1, area, Role::Strong, super::super::safe(text).as_str());
            put(buf, theme, x, area.y + 1, area, Role::Selected, " ");
        }
        None => {
            put(
                buf,
                theme,
                area.x + 2,
                area.y + 1,
                area,
                Role::Text,
                if ready { "enter rolls back · esc leaves it as it is" } else { "…" },
            );
        }
    }
    put(
        buf,
        theme,
        area.x + 2,
        area.y + 2,
        area,
        Role::Dim,
        "it runs in this process: closing it stops before the next object",
    );
    if let Some(why) = mistake {
        put(buf, theme, area.x + 2, area.y + 3, area, Role::Failing, why);
    }
}

fn progress(job: &Job, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
    let theme = &cx.env.theme;
    buf.set_string(area.x, area.y, "─".repeat(usize::from(area.width)), theme.style(Role::Rule));
    let done = job.steps.iter().filter(|(_, finished)| *finished).count();
    put(
        buf,
        theme,
        area.x + 3,
        area.y,
        area,
        Role::Heading,
        &format!(" {} · step {done} of {} ", job_word(job), job.of.max(done)),
    );
    let mut y = area.y + 1;
    match &job.ended {
        None => {}
        Some((at, Outcome::Done)) => {
            let took = num::age(*at - job.started);
            put(buf, theme, area.x + 2, y, area, Role::Ok, &format!("✔ rolled back: {} ({took})", job.told));
            y += 1;
        }
        Some((_, Outcome::Failed(error))) => {
            put(buf, theme, area.x + 2, y, area, Role::Failing, &format!("✖ failed: {}", error.line()));
            y += 1;
        }
        Some((_, Outcome::Unknown(error))) => {
            put(
                buf,
                theme,
                area.x + 2,
                y,
                area,
                Role::Warning,
                &format!("? outcome unknown, nothing was sent again: {}", error.line()),
            );
            y += 1;
        }
    }
    if job.ended.is_some() {
        match job.check.healed {
            Some(at) => put(
                buf,
                theme,
                area.x + 2,
                y,
                area,
                Role::Ok,
                &format!("✔ healed {}: {}", num::ago(at, cx.env.now), words(&job.check)),
            ),
            None => put(
                buf,
                theme,
                area.x + 2,
                y,
                area,
                Role::Warning,
                &format!("◌ not healed yet: {}", words(&job.check)),
            ),
        };
        y += 1;
    }
    let room = usize::from(area.bottom().saturating_sub(y));
    for (text, finished) in job.steps.iter().rev().take(room) {
        let (glyph, role) = if *finished { ("✔", Role::Dim) } else { ("◌", Role::Action) };
        put(
            buf,
            theme,
            area.x + 2,
            y,
            area,
            role,
            &paint::cut(&format!("{glyph} {text}"), area.width.saturating_sub(3)),
        );
        y += 1;
    }
}
