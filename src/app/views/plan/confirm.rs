//! How the confirmation looks: what is to be typed, what is typed, and why it is not taken.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use super::Step;
use crate::app::input_line::Line;
use crate::app::views::paint::put;
use crate::app::views::{Draw, safe, screen};
use crate::ops::Plan;
use crate::ui::text::measure;
use crate::ui::theme::Role;

/// The rule, what is typed, the reason, and what is told of them.
const ROWS: u16 = 4;
/// Left free on both sides.
const MARGIN: u16 = 2;

/// What stands before the name that is typed: beside it where both fit, else in rows of its own above it.
enum Label {
    Beside(String),
    Above(Vec<String>),
}

impl Label {
    /// Lays it out in an area in which so much of the height can be spared.
    fn new(plan: &Plan, area: Rect, most: u16) -> Self {
        let (phrase, what) = plan.phrase();
        let label = format!("type {what}, {phrase}, then enter: ");
        let room = area.width.saturating_sub(2 * MARGIN);
        // One cell for the cursor.
        let both = measure::width(&label).saturating_add(measure::width(phrase)).saturating_add(1);
        if both <= room {
            return Self::Beside(label);
        }
        let mut rows = screen::wrap(label.trim_end(), usize::from(room));
        rows.truncate(usize::from(most.max(1)));
        Self::Above(rows)
    }

    fn rows(&self) -> u16 {
        match self {
            Self::Beside(_) => 0,
            Self::Above(rows) => u16::try_from(rows.len()).unwrap_or(u16::MAX),
        }
    }
}

/// Returns how many rows the confirmation takes at the foot of an area.
pub fn height(plan: Option<&Plan>, step: &Step, area: Rect) -> u16 {
    match (plan, step) {
        (Some(plan), Step::Confirm { name: Some(_), .. }) => {
            ROWS + Label::new(plan, area, area.height / 2).rows()
        }
        _ => ROWS,
    }
}

/// Draws a label and the line that is typed behind it; where it is longer than its room, its end.
fn field(cx: &Draw<'_>, y: u16, (label, line): (&str, &Line), here: bool, area: Rect, buf: &mut Buffer) {
    let theme = &cx.env.theme;
    let x = put(buf, theme, area.x + MARGIN, y, area, Role::Text, label);
    let role = if here { Role::Strong } else { Role::Dim };
    let typed = safe(line.text());
    let room = area.right().saturating_sub(x).saturating_sub(1 + MARGIN);
    let hidden = measure::width(typed.as_str()).saturating_sub(room);
    let (seen, _) = measure::tail(typed.as_str(), hidden);
    let x = put(buf, theme, x, y, area, role, seen);
    if here {
        put(buf, theme, x, y, area, Role::Selected, " ");
    }
}

/// Draws the confirmation into the rows that it takes.
pub fn draw(plan: &Plan, step: &Step, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
    let Step::Confirm { name, reason, reasons, from, pressed, mistake, .. } = step else { return };
    let theme = &cx.env.theme;
    buf.set_string(area.x, area.y, "━".repeat(usize::from(area.width)), theme.style(Role::Protected));
    let context = cx.shared.session.cluster.0.clipped(60);
    let head = format!(" {} in {context} ", plan.order());
    put(buf, theme, area.x + MARGIN, area.y, area, Role::Protected, &head);
    let mut y = area.y + 1;
    if let Some(line) = name {
        match Label::new(plan, area, area.height.saturating_sub(ROWS)) {
            Label::Beside(label) => field(cx, y, (&label, line), !reasons, area, buf),
            Label::Above(rows) => {
                for row in rows {
                    put(buf, theme, area.x + MARGIN, y, area, Role::Text, &row);
                    y += 1;
                }
                field(cx, y, ("", line), !reasons, area, buf);
            }
        }
    } else {
        let ready = cx.env.now >= *from && pressed.is_none();
        let text = match (reasons, ready) {
            (true, _) => "enter or tab leaves the reason".to_owned(),
            (false, true) => format!("enter {} · esc leaves it as it is", plan.does()),
            (false, false) => "…".to_owned(),
        };
        put(buf, theme, area.x + MARGIN, y, area, Role::Text, &text);
    }
    field(cx, y + 1, ("reason (tab): ", reason), *reasons, area, buf);
    let frozen = cx.shared.gate.frozen(plan, cx.env.now);
    let told = match (mistake, frozen.first()) {
        (Some(why), _) => (Role::Failing, why.clone()),
        (None, Some(frozen)) => (Role::Warning, frozen.sentence(cx.shared.session.zone).to_string()),
        (None, None) if !plan.is_of_cluster() => {
            (Role::Dim, "it is sent once, and arms nothing in the cluster".to_owned())
        }
        (None, None) => (
            Role::Dim,
            "a process of its own carries it out: closing the cockpit does not stop it".to_owned(),
        ),
    };
    put(buf, theme, area.x + MARGIN, y + 2, area, told.0, &told.1);
}
