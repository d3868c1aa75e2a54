//! The one rule above each pane: its title and count at the left, the state of its data at the right.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use crate::ui::text::{Line, put};
use crate::ui::theme::{Role, Theme};

/// Cells of the rule in front of the title and behind the state.
const LEAD: u16 = 2;

/// A rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// The title, with its count written out.
    pub title: Line,
    /// The state of the data: how many, how old, from where.
    pub state: Line,
    /// Whether the pane has the keys.
    pub focused: bool,
}

impl Rule {
    /// Returns a rule with a title.
    pub fn new(title: impl Into<Line>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// Adds the state at the right.
    #[must_use]
    pub fn state(mut self, state: impl Into<Line>) -> Self {
        self.state = state.into();
        self
    }

    /// Draws it on the first line of an area. When narrow the title gives way to the state, which is the
    /// truth about the data, down to a third of the line.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect, theme: &Theme) {
        let area = area.intersection(buffer.area);
        if area.is_empty() {
            return;
        }
        let style = theme.style(Role::Rule);
        let dash = theme.glyphs().horizontal();
        for x in area.left()..area.right() {
            put(buffer, (x, area.y), 1, dash, style);
        }
        let room = area.width.saturating_sub(2 * LEAD + 2);
        let least = self.title.width().min(room / 3);
        let state = self.state.width().min(room.saturating_sub(least + 2));
        let title = room.saturating_sub(if state > 0 { state + 2 } else { 0 });
        let mut named = self.title.clone();
        for piece in &mut named.0 {
            if piece.role == Role::Text {
                piece.role = if self.focused { Role::Heading } else { Role::Text };
            }
        }
        spaced(&named, buffer, theme, area.x + LEAD, area.y, title);
        if state > 0 {
            spaced(&self.state, buffer, theme, area.right() - LEAD - state - 2, area.y, state);
        }
    }
}

fn spaced(line: &Line, buffer: &mut Buffer, theme: &Theme, x: u16, y: u16, max: u16) {
    if line.is_empty() || max == 0 {
        return;
    }
    let style = theme.style(Role::Rule);
    put(buffer, (x, y), 1, " ", style);
    let end = line.draw(buffer, theme, (x + 1, y), max);
    put(buffer, (end, y), 1, " ", style);
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::ui::widgets::testing::{draw, role_runs, text, theme};

    fn shown(width: u16) -> Vec<String> {
        let state = Line::new().with("3 firing", Role::Failing).with(" · 4s ago", Role::Dim);
        let rule = Rule { focused: true, ..Rule::new("Alerts").state(state) };
        text(&draw(width, 1, |b, a| rule.draw(b, a, &theme())))
    }

    #[test]
    fn a_rule_has_its_title_at_the_left_and_its_state_at_the_right() {
        assert_eq!(shown(50), ["── Alerts ─────────────────── 3 firing · 4s ago ──"]);
        assert_eq!(shown(32), ["── Alerts ─ 3 firing · 4s ago ──"]);
        assert_eq!(shown(24), ["── Alerts  3 firing … ──"]);
        for width in 0..12 {
            shown(width);
        }
    }

    #[test]
    fn the_state_keeps_its_roles_in_the_rule() {
        let theme = theme();
        let rule = Rule::new("Logs").state(Line::new().with("stale", Role::Stale));
        let buffer = draw(30, 1, |b, a| rule.draw(b, a, &theme));
        assert_eq!(role_runs(&buffer, &theme, Role::Stale), ["0: 22-26 stale"]);
    }
}
