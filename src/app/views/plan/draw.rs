//! How a plan looks: a form of labelled lines, its objects, the confirmation, progress and check.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use super::check::words;
use super::{Below, PlanView, Step, confirm, form};
use crate::app::model::Job;
use crate::app::views::Pane as _;
use crate::app::views::paint::{self, put};
use crate::app::views::{Draw, Truth, release, screen};
use crate::core::{Ts, num};
use crate::ops::plan::{Change, Preview};
use crate::ops::{Outcome, Plan};
use crate::ui::theme::Role;

/// Returns how a running plan stands, in a word.
pub fn job_word(job: &Job) -> &'static str {
    match (&job.ended, job.check.healed) {
        (None, _) => "running",
        (Some((_, Outcome::Done)), _) if !job.plan.is_checked() => "done",
        (Some((_, Outcome::Done)), Some(_)) => "done, healed",
        (Some((_, Outcome::Done)), None) => "done, watching",
        (Some((_, Outcome::Failed(_))), _) => "failed",
        (Some((_, Outcome::Unknown(_))), _) => "outcome unknown",
    }
}

/// Returns how true and whole a fresh plan is.
pub fn truth(plan: &Plan, now: Ts) -> Truth {
    let computed = plan.items.iter().filter(|i| matches!(i.preview, Preview::Computed(_))).count();
    if computed > 0 {
        let objects = num::counted(computed, "object", "objects");
        return Truth::Partial(format!("{objects} not previewed by the server"));
    }
    if plan.is_of_cluster()
        && plan.refusals.is_empty()
        && plan.items.iter().all(|i| i.change == Change::Unchanged)
    {
        return Truth::Empty(NOTHING.to_owned());
    }
    Truth::Good(format!("read {}", num::ago(plan.made_at, now)))
}

pub(super) const NOTHING: &str = "no object would change: it would only write a new revision";

/// Returns the room above the confirmation or the progress.
pub(super) fn upper(plan: Option<&Plan>, step: &Step, area: Rect) -> Rect {
    let foot = match step {
        Step::Confirm { .. } => confirm::height(plan, step, area),
        Step::Run(_) => (area.height / 2).max(6),
        Step::Making | Step::Shown => 1,
    };
    Rect { height: area.height.saturating_sub(foot), ..area }
}

/// Draws the dialogue.
pub fn draw(view: &PlanView, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
    let Some(plan) = &view.plan else {
        screen::draw_instead(cx, &view.truth(cx), area, buf);
        return;
    };
    let upper = upper(Some(plan), &view.step, area);
    let foot = area.height - upper.height;
    let lower = Rect { y: upper.bottom(), height: foot.min(area.height), ..area };
    if view.below == Below::Summary {
        let lines = form::lines(plan, view.wait, area.width, cx.shared.session.zone);
        form::draw(cx, &lines, view.top, upper, buf);
    } else {
        release::draw_lines(cx, &view.lines(), view.top, upper, buf);
    }
    match &view.step {
        Step::Confirm { .. } => confirm::draw(plan, &view.step, cx, lower, buf),
        Step::Run(_) => {
            if let Some(job) = view.job(cx.shared) {
                progress(job, cx, lower, buf);
            }
        }
        Step::Making | Step::Shown => {
            let gate = &cx.shared.gate;
            let text = match gate.armed(cx.env.now) {
                _ if gate.policy().locked => "locked: nothing is written in this context".to_owned(),
                _ if !plan.is_of_cluster() => {
                    "a silence is the Alertmanager's: confirming it arms nothing in the cluster".to_owned()
                }
                None => "read-only: confirming arms for 10m".to_owned(),
                Some((until, _)) => {
                    format!("armed for {}: confirming arms for 10m anew", num::age(until - cx.env.now))
                }
            };
            let old = cx.env.now - plan.made_at > crate::ops::gate::FRESH;
            let text = if old { "too old to be confirmed: ctrl-r makes it anew".to_owned() } else { text };
            put(buf, &cx.env.theme, lower.x + 2, lower.y, lower, Role::Dim, &text);
        }
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
            put(
                buf,
                theme,
                area.x + 2,
                y,
                area,
                Role::Ok,
                &format!("✔ {}: {} ({took})", job.plan.past(), job.told),
            );
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
    if job.ended.is_none() && job.steps.is_empty() {
        put(buf, theme, area.x + 2, y, area, Role::Action, "◌ waiting for the server's first answer");
    }
    if let Some(text) = overtaken(job, cx) {
        put(buf, theme, area.x + 2, y, area, Role::Warning, &text);
        y += 1;
    }
    if job.ended.is_some() && job.plan.is_checked() {
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

/// Says that the release has gone on since it was rolled back.
fn overtaken(job: &Job, cx: &Draw<'_>) -> Option<String> {
    let rollback = job.plan.rollback().filter(|_| job.ended.is_some())?;
    let release = cx.shared.release(job.plan.namespace.as_str(), rollback.release.as_str())?;
    let newest = release.revisions.iter().map(|r| r.number).max().filter(|n| *n > rollback.makes)?;
    Some(format!("▲ revision {newest} came after it: what is below is about revision {}", rollback.makes))
}
