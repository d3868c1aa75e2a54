//! Small drawing for views: text cut to its room, cells of tables, messages.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use crate::core::num;
use crate::ui::text::{Line, Words, measure};
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::table::{Column, Place, Rows, Sample, Table};

pub use crate::ui::text::measure::width;

/// Returns the text cut to `room` cells, with `…` where something was cut.
pub fn cut(text: &str, room: u16) -> String {
    measure::cut(text, room).into_owned()
}

/// Draws how many lines do not fit below, in the last row.
pub fn more_below(buf: &mut Buffer, theme: &Theme, area: Rect, below: usize) {
    if below > 0 && area.height > 1 {
        let text = format!(" ▼ {}: ctrl-d ", num::counted(below, "more line", "more lines"));
        let x = area.right().saturating_sub(width(&text) + 1);
        put(buf, theme, x, area.bottom() - 1, area, Role::Warning, &text);
    }
}

/// Draws a text at a place, cut at the area's right end. Returns the column after it.
pub fn put(buf: &mut Buffer, theme: &Theme, x: u16, y: u16, area: Rect, role: Role, text: &str) -> u16 {
    if y < area.y || y >= area.bottom() || x >= area.right() {
        return x;
    }
    let text = measure::cut(text, area.right() - x);
    buf.set_string(x, y, &text, theme.style(role));
    x + width(&text)
}

/// Fills a row of an area with a style.
pub fn shade(buf: &mut Buffer, theme: &Theme, y: u16, area: Rect, role: Role) {
    if y >= area.y && y < area.bottom() {
        buf.set_style(Rect { x: area.x, y, width: area.width, height: 1 }, theme.style(role));
    }
}

/// Draws a line across with a title at the left and a state at the right.
pub fn ruled(buf: &mut Buffer, theme: &Theme, area: Rect, title: &str, state: Line) {
    let title = Line::new().with(Words::of(title), Role::Heading);
    crate::ui::widgets::rule::Rule::new(title).state(state).draw(buf, area, theme);
}

/// Returns a cell of a table.
pub fn cell(text: &str, role: Role) -> Line {
    Line::new().with(Words::of(text), role)
}

/// Draws a table with its titles.
pub fn table(
    (buf, theme): (&mut Buffer, &Theme),
    area: Rect,
    columns: &[Column],
    rows: &dyn Rows,
    place: Place,
    sample: &Sample,
) {
    Table { columns, rows, place, sample, sorted: None, headed: true }.draw(buf, area, theme);
}

/// Draws a table without titles.
pub fn rows(
    (buf, theme): (&mut Buffer, &Theme),
    area: Rect,
    columns: &[Column],
    rows: &dyn Rows,
    place: Place,
    sample: &Sample,
) {
    Table { columns, rows, place, sample, sorted: None, headed: false }.draw(buf, area, theme);
}

/// Draws lines of a text that says why there is nothing to draw, in the middle's upper part.
pub fn message(buf: &mut Buffer, theme: &Theme, area: Rect, role: Role, lines: &[String]) {
    for (y, line) in (area.y + 1..area.bottom()).zip(lines) {
        put(buf, theme, area.x + 2, y, area, role, line);
    }
}
