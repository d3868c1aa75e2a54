//! Small drawing for lists of few columns: text cut to its room, and rows in columns.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::ui::theme::{Role, Theme};

/// Returns how many cells a text takes.
pub fn width(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// Returns the text cut to `room` cells, with `…` where something was cut.
pub fn cut(text: &str, room: u16) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let w = c.width().unwrap_or(0) as u16;
        if used + w + 1 > room {
            break;
        }
        out.push(c);
        used += w;
    }
    if room > 0 {
        out.push('…');
    }
    out
}

/// Draws a text at a place, cut at the area's right end. Returns the column after it.
pub fn put(buf: &mut Buffer, theme: &Theme, x: u16, y: u16, area: Rect, role: Role, text: &str) -> u16 {
    if y < area.y || y >= area.bottom() || x >= area.right() {
        return x;
    }
    let text = cut(text, area.right() - x);
    buf.set_string(x, y, &text, theme.style(role));
    x + width(&text)
}

/// Fills a row of an area with a style.
pub fn shade(buf: &mut Buffer, theme: &Theme, y: u16, area: Rect, role: Role) {
    if y >= area.y && y < area.bottom() {
        buf.set_style(Rect { x: area.x, y, width: area.width, height: 1 }, theme.style(role));
    }
}

/// A column of a grid.
#[derive(Clone, Copy, Debug)]
pub struct Col {
    /// Its heading.
    pub name: &'static str,
    /// The least width; it is shed when there is less room.
    pub min: u16,
    /// The most it takes of what is left.
    pub max: u16,
    /// What is shed first has the largest number; 0 is never shed.
    pub shed: u8,
}

/// A row of a grid.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Cells with their roles.
    pub cells: Vec<(String, Role)>,
    /// Whether the cursor is on it.
    pub selected: bool,
    /// Whether it is marked.
    pub marked: bool,
}

/// Returns the width of each column for a room, 0 for those that are shed.
///
/// First the columns that may be shed give down to their least, the most dispensable first; then all but
/// the last of them go; then the others give; then the last one goes.
pub fn widths(cols: &[Col], rows: &[Row], room: u16) -> Vec<u16> {
    let want = |(i, c): (usize, &Col)| {
        let cells = rows.iter().filter_map(|r| r.cells.get(i)).map(|(t, _)| width(t)).max().unwrap_or(0);
        cells.max(width(c.name)).clamp(c.min, c.max.max(c.min))
    };
    let wanted: Vec<u16> = cols.iter().enumerate().map(want).collect();
    let mut by_shed: Vec<usize> = (0..cols.len()).collect();
    by_shed.sort_by_key(|i| std::cmp::Reverse((cols.get(*i).map_or(0, |c| c.shed), *i)));
    let sheds = |i: &usize| cols.get(*i).is_some_and(|c| c.shed > 0);
    let mut gone: Vec<usize> = Vec::new();
    loop {
        let mut out: Vec<u16> =
            wanted.iter().enumerate().map(|(i, w)| if gone.contains(&i) { 0 } else { *w }).collect();
        let next = by_shed.iter().copied().find(|i| sheds(i) && !gone.contains(i));
        let last_one = by_shed.iter().filter(|i| sheds(i) && !gone.contains(i)).count() <= 1;
        for i in by_shed.iter().filter(|i| sheds(i) || last_one) {
            give(&mut out, cols, *i, room);
        }
        match next {
            Some(next) if used(&out) > room => gone.push(next),
            _ => return out,
        }
    }
}

/// Returns the cells that columns take, with two blanks between them.
fn used(widths: &[u16]) -> u16 {
    let shown = widths.iter().filter(|w| **w > 0).count() as u16;
    widths.iter().sum::<u16>() + shown.saturating_sub(1) * 2
}

/// Narrows a column as far as the room asks and its least allows.
fn give(widths: &mut [u16], cols: &[Col], i: usize, room: u16) {
    let over = used(widths).saturating_sub(room);
    let least = cols.get(i).map_or(0, |c| c.min);
    if let Some(w) = widths.get_mut(i).filter(|w| **w > 0) {
        *w = w.saturating_sub(over).max(least.min(*w));
    }
}

/// Draws rows in columns, with a heading line when one of the columns has a name.
pub fn grid(buf: &mut Buffer, theme: &Theme, area: Rect, cols: &[Col], rows: &[Row], headed: bool) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let widths = widths(cols, rows, inner.width);
    let mut y = area.y;
    if headed {
        let mut x = inner.x;
        for (col, w) in cols.iter().zip(&widths).filter(|(_, w)| **w > 0) {
            put(
                buf,
                theme,
                x,
                y,
                Rect { width: x + w - inner.x.min(x + w), ..inner }.intersection(inner),
                Role::Heading,
                &cut(col.name, *w),
            );
            x += w + 2;
        }
        y += 1;
    }
    for row in rows {
        if y >= area.bottom() {
            break;
        }
        let mut x = inner.x;
        for ((text, role), w) in row.cells.iter().zip(&widths).filter(|(_, w)| **w > 0) {
            put(buf, theme, x, y, inner, *role, &cut(text, *w));
            x += w + 2;
        }
        if row.selected {
            shade(buf, theme, y, area, Role::Selected);
        }
        if row.marked {
            put(buf, theme, area.x, y, area, Role::Marked, "▌");
        }
        y += 1;
    }
}

/// Draws lines of a text that says why there is nothing to draw, in the middle's upper part.
pub fn message(buf: &mut Buffer, theme: &Theme, area: Rect, role: Role, lines: &[String]) {
    for (y, line) in (area.y + 1..area.bottom()).zip(lines) {
        put(buf, theme, area.x + 2, y, area, role, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLS: [Col; 3] = [
        Col { name: "NAME", min: 4, max: 20, shed: 0 },
        Col { name: "STATUS", min: 6, max: 10, shed: 1 },
        Col { name: "NOTE", min: 4, max: 40, shed: 2 },
    ];

    fn rows() -> Vec<Row> {
        let cell = |t: &str| (t.to_owned(), Role::Text);
        vec![Row {
            cells: vec![cell("backend-7c5d"), cell("Running"), cell(&"x".repeat(60))],
            ..Row::default()
        }]
    }

    #[test]
    fn columns_give_before_they_go() {
        assert_eq!(widths(&COLS, &rows(), 100), [12, 7, 40]);
        assert_eq!(widths(&COLS, &rows(), 40), [12, 7, 17]);
        assert_eq!(widths(&COLS, &rows(), 18), [10, 6, 0]);
        assert_eq!(widths(&COLS, &rows(), 6), [6, 0, 0]);
    }

    #[test]
    fn text_is_cut_by_its_width_on_the_screen() {
        assert_eq!(cut("漢字漢字", 5), "漢字…");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("abcd", 0), "");
    }
}
