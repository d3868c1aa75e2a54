//! The last line: the keys that work here and now.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use crate::ui::text::{Line, Words};
use crate::ui::theme::{Role, Theme};

/// One key and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The key, as people write it: `g l`, `enter`.
    pub key: Words,
    /// What it does.
    pub does: Words,
}

impl Hint {
    /// Returns a hint.
    pub fn new(key: impl Into<Words>, does: impl Into<Words>) -> Self {
        Self { key: key.into(), does: does.into() }
    }
}

/// Draws the hints in their order, as many as fit whole; the last one (help) always has its place.
pub fn draw(hints: &[Hint], buffer: &mut Buffer, area: Rect, theme: &Theme) {
    let area = area.intersection(buffer.area);
    let Some((last, others)) = hints.split_last().filter(|_| !area.is_empty()) else { return };
    let width = |h: &Hint| h.key.width() + 1 + h.does.width();
    let gap = 3;
    let mut line = Line::new();
    let mut used = 1;
    for hint in others {
        if used + width(hint) + gap + width(last) > area.width {
            continue;
        }
        used += width(hint) + gap;
        line.push(hint.key.clone(), Role::Key);
        line.push(" ", Role::Text);
        line.push(hint.does.clone(), Role::Text);
        line.push("   ", Role::Text);
    }
    line.push(last.key.clone(), Role::Key);
    line.push(" ", Role::Text);
    line.push(last.does.clone(), Role::Text);
    line.draw(buffer, theme, (area.x + 1, area.y), area.width - 1);
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::ui::widgets::testing::{draw as into, role_runs, text, theme};

    #[test]
    fn as_many_keys_as_fit_and_always_the_help() {
        let hints = [Hint::new("enter", "open"), Hint::new("g l", "logs around"), Hint::new("?", "keys")];
        let shown = |w| text(&into(w, 1, |b, a| draw(&hints, b, a, &theme()))).remove(0);
        assert_eq!(shown(60), " enter open   g l logs around   ? keys");
        assert_eq!(shown(30), " enter open   ? keys");
        assert_eq!(shown(8), " ? keys");
        assert_eq!(shown(4), " ? …");
        let theme = theme();
        let buffer = into(60, 1, |b, a| draw(&hints, b, a, &theme));
        assert_eq!(role_runs(&buffer, &theme, Role::Key), ["0: 1-5 enter", "0: 14-16 g l", "0: 32-32 ?"]);
    }
}
