//! One line of typing: filter, command, moment, a name to confirm. The editing is the text area's; what is
//! drawn is made harmless first, for what is pasted comes from outside.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::{Position, Rect};
use tui_textarea::{CursorMove, Input, Key, TextArea};

use crate::core::Untrusted;
use crate::ui::text::{Line, Words, measure, put};
use crate::ui::theme::{Role, Theme};

/// The most that a line takes, in bytes.
pub const LIMIT: usize = 4096;

/// A line that is being typed.
#[derive(Clone, Debug, Default)]
pub struct InputLine {
    area: TextArea<'static>,
}

impl InputLine {
    /// Returns a line with this text and the cursor behind it.
    pub fn new(text: &str) -> Self {
        let mut line = Self::default();
        line.set(text);
        line
    }

    /// Returns what was typed: raw, for parsing and comparing.
    pub fn text(&self) -> &str {
        self.area.lines().first().map_or("", String::as_str)
    }

    /// Replaces the text, cut at its first line and at the limit.
    pub fn set(&mut self, text: &str) {
        self.area = TextArea::new(vec![one_line(text, LIMIT)]);
        self.area.move_cursor(CursorMove::End);
    }

    /// Takes a key; returns whether the text or the cursor changed. Keys that would make a second line do
    /// nothing.
    pub fn key(&mut self, input: Input) -> bool {
        let breaks =
            matches!(input.key, Key::Enter) || (input.ctrl && matches!(input.key, Key::Char('m' | 'j')));
        let grows = matches!(input.key, Key::Char(_)) && !input.ctrl && !input.alt;
        if breaks || (grows && self.text().len() >= LIMIT) {
            return false;
        }
        let (text, cursor) = (self.text().to_owned(), self.area.cursor());
        self.area.input(input);
        text != self.text() || cursor != self.area.cursor()
    }

    /// Inserts pasted text, cut at its first line and at the limit.
    pub fn paste(&mut self, text: &Untrusted) {
        let room = LIMIT.saturating_sub(self.text().len());
        self.area.insert_str(one_line(text.raw(), room));
    }

    /// Draws it behind a prompt; returns where the cursor is to be shown.
    pub fn draw(&self, prompt: &Line, buffer: &mut Buffer, area: Rect, theme: &Theme) -> Option<Position> {
        let area = area.intersection(buffer.area);
        if area.is_empty() {
            return None;
        }
        let x = prompt.draw(buffer, theme, (area.x, area.y), area.width);
        let room = area.right().saturating_sub(x);
        if room == 0 {
            return None;
        }
        let at = self.area.cursor().1;
        let head: String = self.text().chars().take(at).collect();
        let head = Untrusted::from(head).safe();
        let whole = Untrusted::from(self.text()).safe();
        let before = measure::width(head.as_str());
        // The cursor needs a cell of its own behind the text.
        let hidden = (before + 1).saturating_sub(room);
        let (seen, blank) = measure::tail(whole.as_str(), hidden);
        put(buffer, (x + u16::from(blank), area.y), room - u16::from(blank), seen, theme.style(Role::Text));
        if hidden > 0 {
            put(buffer, (x, area.y), 1, theme.glyphs().more()[0], theme.style(Role::Dim));
        }
        Some(Position { x: x + before - hidden, y: area.y })
    }

    /// Returns the text as it may be shown elsewhere.
    pub fn words(&self) -> Words {
        Words::Safe(Untrusted::from(self.text()).safe())
    }
}

fn one_line(text: &str, most: usize) -> String {
    let line = text.split(['\n', '\r']).next().unwrap_or("");
    let mut end = line.len().min(most);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    line.get(..end).unwrap_or("").chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::ui::widgets::testing::{draw, text, theme};

    fn typed(line: &mut InputLine, keys: &str) {
        for c in keys.chars() {
            line.key(Input { key: Key::Char(c), ctrl: false, alt: false, shift: false });
        }
    }

    fn press(line: &mut InputLine, key: Key) -> bool {
        line.key(Input { key, ctrl: false, alt: false, shift: false })
    }

    #[test]
    fn a_line_is_typed_and_edited_and_stays_one_line() {
        let mut line = InputLine::new("status=run");
        typed(&mut line, "ning");
        assert!(!press(&mut line, Key::Enter));
        press(&mut line, Key::Backspace);
        assert_eq!(line.text(), "status=runnin");
        line.paste(&"g\nrm -rf /".into());
        assert_eq!(line.text(), "status=running");
        line.paste(&"\u{1b}[2J".into());
        assert_eq!(line.text(), "status=running[2J");
        typed(&mut line, &"x".repeat(2 * LIMIT));
        assert_eq!(line.text().len(), LIMIT);
    }

    #[test]
    fn the_cursor_is_always_in_sight() {
        let mut line = InputLine::new("momo-store/backend");
        let shown = |line: &InputLine| {
            let mut cursor = None;
            let buffer = draw(12, 1, |b, a| cursor = line.draw(&Line::from("/"), b, a, &theme()));
            (text(&buffer).remove(0), cursor.map(|c| c.x))
        };
        assert_eq!(shown(&line), ("/‹e/backend".to_owned(), Some(11)));
        press(&mut line, Key::Home);
        assert_eq!(shown(&line), ("/momo-store/".to_owned(), Some(1)));
        assert_eq!(shown(&InputLine::new("a\u{202e}b")), ("/a\\u{202e}b".to_owned(), Some(11)));
    }
}
