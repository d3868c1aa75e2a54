//! Helpers of widgets' tests: draw into a buffer, read its text, read its styles.

use ratatui_core::buffer::{Buffer, CellWidth as _};
use ratatui_core::layout::Rect;
use ratatui_core::style::Style;

use crate::ui::theme::{Depth, Glyphs, Role, Theme};

/// Returns the dark theme on 16 colours, as most tests use it.
pub fn theme() -> Theme {
    Theme::load("dark", &|_| None, Depth::Ansi16, Glyphs { unicode: true }).unwrap()
}

/// Returns the theme of a terminal without colours and without Unicode.
pub fn ascii() -> Theme {
    Theme::load("dark", &|_| None, Depth::None, Glyphs { unicode: false }).unwrap()
}

/// Draws into an empty buffer of a size.
pub fn draw(width: u16, height: u16, paint: impl FnOnce(&mut Buffer, Rect)) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    paint(&mut buffer, area);
    buffer
}

/// Returns the text of a buffer, line by line, without blanks at the ends.
pub fn text(buffer: &Buffer) -> Vec<String> {
    let area = buffer.area;
    (area.top()..area.bottom())
        .map(|y| {
            let mut line = String::new();
            let mut x = area.left();
            while x < area.right() {
                let symbol = buffer[(x, y)].symbol();
                line.push_str(symbol);
                x += symbol.cell_width().max(1);
            }
            line.trim_end().to_owned()
        })
        .collect()
}

/// Returns the runs of cells of one style that is not the default, as `line: first-last text`.
pub fn runs(buffer: &Buffer, style: Style) -> Vec<String> {
    let area = buffer.area;
    let wanted = Buffer::empty(Rect::new(0, 0, 1, 1))[(0, 0)].clone().set_style(style).style();
    let mut out = Vec::new();
    for y in area.top()..area.bottom() {
        let mut run: Option<(u16, String)> = None;
        for x in area.left()..=area.right() {
            let cell = (x < area.right()).then(|| &buffer[(x, y)]);
            match (cell.filter(|c| c.style() == wanted), &mut run) {
                (Some(cell), Some((_, text))) => text.push_str(cell.symbol()),
                (Some(cell), None) => run = Some((x, cell.symbol().to_owned())),
                (None, Some((start, text))) => {
                    out.push(format!("{y}: {start}-{} {}", x - 1, text.trim_end()));
                    run = None;
                }
                (None, None) => {}
            }
        }
    }
    out
}

/// Returns the runs of a role, as [`runs`].
pub fn role_runs(buffer: &Buffer, theme: &Theme, role: Role) -> Vec<String> {
    runs(buffer, theme.style(role))
}
