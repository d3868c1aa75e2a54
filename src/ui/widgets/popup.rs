//! A box over everything else, for help, the palette and menus: the only boxes there are.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use crate::ui::text::{Line, put};
use crate::ui::theme::{Role, Theme};

/// A box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Popup {
    /// Its title, in the upper border.
    pub title: Line,
    /// The width that its content would like, without the border.
    pub width: u16,
    /// The height that its content would like, without the border.
    pub height: u16,
}

impl Popup {
    /// Returns the area that it takes in the middle of the screen, border included.
    pub fn area(&self, screen: Rect) -> Rect {
        let width = self.width.saturating_add(4).min(screen.width);
        let height = self.height.saturating_add(2).min(screen.height);
        Rect {
            x: screen.x + (screen.width - width) / 2,
            y: screen.y + (screen.height - height) / 3,
            width,
            height,
        }
    }

    /// Clears its area, draws the border and the title; returns the area of the content.
    pub fn draw(&self, buffer: &mut Buffer, screen: Rect, theme: &Theme) -> Rect {
        let area = self.area(screen).intersection(buffer.area);
        if area.width < 4 || area.height < 2 {
            return Rect { width: 0, height: 0, ..area };
        }
        clear(buffer, area);
        let style = theme.style(Role::Rule);
        let glyphs = theme.glyphs();
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        for x in area.x + 1..right {
            put(buffer, (x, area.y), 1, glyphs.horizontal(), style);
            put(buffer, (x, bottom), 1, glyphs.horizontal(), style);
        }
        for y in area.y + 1..bottom {
            put(buffer, (area.x, y), 1, glyphs.vertical(), style);
            put(buffer, (right, y), 1, glyphs.vertical(), style);
        }
        let places = [(area.x, area.y), (right, area.y), (area.x, bottom), (right, bottom)];
        for (corner, at) in glyphs.corners().into_iter().zip(places) {
            put(buffer, at, 1, corner, style);
        }
        if !self.title.is_empty() && area.width > 6 {
            put(buffer, (area.x + 2, area.y), 1, " ", style);
            let end = self.title.draw(buffer, theme, (area.x + 3, area.y), area.width - 6);
            put(buffer, (end, area.y), 1, " ", style);
        }
        Rect { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 2 }
    }
}

/// Blanks an area; a wide character that reaches into it from the left is blanked too.
pub fn clear(buffer: &mut Buffer, area: Rect) {
    let area = area.intersection(buffer.area);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.reset();
            }
        }
        if let Some(before) = area.left().checked_sub(1).and_then(|x| buffer.cell_mut((x, y)))
            && crate::ui::text::measure::width(before.symbol()) > 1
        {
            before.set_symbol(" ");
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use ratatui_core::style::Style;

    use super::*;
    use crate::ui::widgets::testing::{ascii, draw, text, theme};

    fn shown(w: u16, h: u16, theme: &Theme) -> Vec<String> {
        let popup = Popup { title: Line::from("Keys"), width: 8, height: 1 };
        text(&draw(w, h, |b, a| {
            for y in 0..h {
                b.set_string(0, y, "漢字".repeat(20), Style::default());
            }
            let inner = popup.draw(b, a, theme);
            put(b, (inner.x, inner.y), inner.width, "j   down", Style::default());
        }))
    }

    #[test]
    fn a_box_hides_what_is_below_and_nothing_else() {
        assert_eq!(
            shown(19, 4, &theme()),
            ["漢 ╭─ Keys ───╮ 漢", "漢 │ j   down │ 漢", "漢 ╰──────────╯ 漢", "漢字漢字漢字漢字漢"]
        );
        assert_eq!(shown(19, 4, &ascii())[2], "漢 +----------+ 漢");
        assert_eq!(shown(3, 1, &theme()), ["漢"]);
    }
}
