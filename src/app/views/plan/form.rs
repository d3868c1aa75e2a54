//! A plan as labelled lines: what decides first, then object by object. Whoever confirms must be able to read all of it,
//! so what does not fit is scrolled, and how much that is stands below.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use super::draw::{NOTHING, truth};
use crate::app::views::paint::{self, put};
use crate::app::views::{Draw, Truth, screen};
use crate::core::{Safe, Zone, num};
use crate::ops::plan::Rollback;
use crate::ops::plan::{Change, Preview};
use crate::ops::{Item, Plan};
use crate::ui::theme::Role;

/// One line; the label stands in the first of a text's lines only.
#[derive(Clone, Debug, PartialEq)]
pub struct FormLine {
    label: &'static str,
    role: Role,
    text: String,
}

/// Where the texts begin, in cells.
const INDENT: u16 = 13;

struct Form {
    room: usize,
    lines: Vec<FormLine>,
}

impl Form {
    fn line(&mut self, label: &'static str, role: Role, text: &str) {
        let parts = screen::wrap(text, self.room);
        self.lines.extend(parts.into_iter().enumerate().map(|(i, text)| {
            let label = if i == 0 { label } else { "" };
            FormLine { label, role, text }
        }));
    }
}

/// Returns a plan's lines for a width in cells; times are told in the zone.
pub fn lines(plan: &Plan, wait: bool, width: u16, zone: Zone) -> Vec<FormLine> {
    let mut form = Form { room: usize::from(width.saturating_sub(INDENT)).max(10), lines: Vec::new() };
    for refusal in &plan.refusals {
        form.line("refused", Role::Failing, refusal);
    }
    if let Some(rollback) = plan.rollback() {
        form.line("", Role::Text, &format!("{} → {}", rollback.from.chart, rollback.to.chart));
    }
    for why in &plan.why {
        form.line("why", Role::Text, why.as_str());
    }
    form.line("owner", Role::Text, &format!("{}      rights   {}", plan.owner, plan.rights));
    if let Some(silences) = plan.silences() {
        // What must be known stands before the alerts, however many they are.
        for note in &plan.notes {
            form.line("note", Role::Warning, note.as_str());
        }
        for (label, text) in silences.lines(plan.made_at, zone) {
            let strong = matches!(label, "silence" | "hides now" | "comes back");
            form.line(label, if strong { Role::Strong } else { Role::Text }, &text);
        }
        return form.lines;
    }
    let restarts = plan.restarts();
    let pods = if restarts > 0 {
        format!(" · {} restart", num::counted(restarts as usize, "pod", "pods"))
    } else {
        String::new()
    };
    form.line("changes", Role::Strong, &format!("{}{pods}", plan.summary()));
    if matches!(truth(plan, plan.made_at), Truth::Empty(_)) {
        form.line("", Role::Warning, NOTHING);
    }
    // What a reader must know before he confirms stands above the objects, however many they are.
    for note in &plan.notes {
        form.line("note", Role::Warning, note.as_str());
    }
    for loss in plan.rollback().map(|r| r.losses.as_slice()).unwrap_or_default() {
        form.line("loses", Role::DiffRemove, &format!("{} {}", loss.object, loss.what));
    }
    for item in plan.items.iter().filter(|i| !i.drift.is_empty()) {
        let fields: Vec<&str> = item.drift.iter().map(Safe::as_str).collect();
        form.line("drift", Role::Warning, &format!("{}: {} overwritten", item.object, fields.join(", ")));
    }
    if plan.rollback().is_some() {
        form.line("wait", Role::Text, if wait { "until everything is ready, at most 5m" } else { "no" });
    }
    let changed = plan.items.iter().filter(|i| i.change != Change::Unchanged);
    for (i, item) in changed.enumerate() {
        object(if i == 0 { "objects" } else { "" }, item, &mut form);
    }
    if let Some(rollback) = plan.rollback() {
        records(rollback, &mut form);
    }
    form.lines
}

/// What a rollback writes beside the objects.
fn records(rollback: &Rollback, form: &mut Form) {
    let kept = &rollback.history;
    let prunes = if kept.prunes.is_empty() { String::new() } else { format!(", prunes {:?}", kept.prunes) };
    form.line("makes", Role::Text, &rollback.makes_words());
    let bytes = num::value(rollback.record_bytes as f64, num::Unit::Bytes);
    form.line("record", Role::Text, &format!("{bytes}   history {} of {}{prunes}", kept.kept, kept.limit));
    if rollback.hooks.is_empty() {
        form.line("hooks", Role::Text, "none that a rollback runs");
    }
    for (at, hook) in rollback.hooks.iter().enumerate() {
        form.line(if at == 0 { "hooks" } else { "" }, Role::Warning, hook.as_str());
    }
}

fn object(label: &'static str, item: &Item, form: &mut Form) {
    let role = match item.change {
        Change::Patch => Role::Action,
        Change::Create => Role::DiffAdd,
        Change::Delete => Role::DiffRemove,
        Change::Keep | Change::Unchanged => Role::Dim,
    };
    let fields: Vec<&str> = item.fields.iter().map(Safe::as_str).collect();
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
    form.line(label, role, &text);
}

/// Draws them from a line on; no further than to the last one.
pub fn draw(cx: &Draw<'_>, lines: &[FormLine], top: usize, area: Rect, buf: &mut Buffer) {
    let theme = &cx.env.theme;
    let room = usize::from(area.height);
    let top = top.min(lines.len().saturating_sub(room));
    for (y, line) in (area.y..area.bottom()).zip(lines.iter().skip(top)) {
        put(buf, theme, area.x + 2, y, area, Role::Dim, line.label);
        put(buf, theme, area.x + INDENT, y, area, line.role, &line.text);
    }
    paint::more_below(buf, theme, area, lines.len().saturating_sub(top + room));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Ts;

    #[test]
    fn what_decides_stands_above_the_objects_and_long_texts_are_broken() {
        let mut plan = Plan::example(Ts::from_secs(1_000));
        plan.notes.push(Safe::own("revision 6 failed when it was made, which is long enough to be broken"));
        let lines = lines(&plan, true, 40, Zone::Utc);
        let at = |label: &str| lines.iter().position(|l| l.label == label).unwrap();
        assert!(at("changes") < at("note") && at("note") < at("wait") && at("wait") < at("makes"));
        assert_eq!(lines.iter().filter(|l| l.label == "note").count(), 1);
        assert!(lines.iter().all(|l| l.text.chars().count() <= 27), "{lines:?}");
    }
}
