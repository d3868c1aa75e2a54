//! A line to type into, over the text area of the given library; pure.

use tui_textarea::{Input, TextArea};

use crate::core::key::{Code, Key};

/// One line of typed text with a cursor.
#[derive(Clone, Debug)]
pub struct Line {
    area: TextArea<'static>,
}

/// The longest text that can be typed or pasted.
const LONGEST: usize = 4_096;

impl Line {
    /// Returns a line with a text and the cursor at its end.
    pub fn new(text: &str) -> Self {
        let mut area = TextArea::new(vec![text.to_owned()]);
        area.move_cursor(tui_textarea::CursorMove::End);
        Self { area }
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        self.area.lines().first().map_or("", String::as_str)
    }

    /// Returns the cursor's column, in characters.
    pub fn cursor(&self) -> usize {
        let tui_textarea::DataCursor(_, column) = self.area.cursor();
        column
    }

    /// Replaces the text.
    pub fn set(&mut self, text: &str) {
        *self = Self::new(text);
    }

    /// Takes a key; line ends are never taken. Returns whether the text changed.
    pub fn key(&mut self, key: Key) -> bool {
        let code = match key.code {
            Code::Char(c) => tui_textarea::Key::Char(c),
            Code::Backspace => tui_textarea::Key::Backspace,
            Code::Delete => tui_textarea::Key::Delete,
            Code::Left => tui_textarea::Key::Left,
            Code::Right => tui_textarea::Key::Right,
            Code::Home => tui_textarea::Key::Home,
            Code::End => tui_textarea::Key::End,
            _ => return false,
        };
        if matches!(key.code, Code::Char(_)) && !key.ctrl && self.text().len() >= LONGEST {
            return false;
        }
        if key.ctrl && key.code == Code::Char('u') {
            return self.area.delete_line_by_head();
        }
        if key.ctrl && matches!(key.code, Code::Char('m' | 'j' | 'n' | 'p' | 'v' | 'y' | 'r')) {
            return false;
        }
        self.area.input(Input { key: code, ctrl: key.ctrl, alt: key.alt, shift: false })
    }

    /// Takes pasted text up to its first line end.
    pub fn paste(&mut self, text: &str) -> bool {
        let line: String =
            text.lines().next().unwrap_or("").chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        self.area.insert_str(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_takes_text_and_never_a_line_end() {
        let mut line = Line::new("ab");
        for key in [Key::char('c'), Key::plain(Code::Enter), Key::plain(Code::Left), Key::char('X')] {
            line.key(key);
        }
        line.paste("12\n34");
        assert_eq!((line.text(), line.cursor()), ("abX12c", 5));
        line.key(Key::plain(Code::Backspace));
        assert_eq!(line.text(), "abX1c");
    }
}
