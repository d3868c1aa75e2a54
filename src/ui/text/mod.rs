//! Text as widgets take it: pieces of harmless words, each with a role, joined to lines.
//!
//! Never holds raw text from outside: a piece is made of [`Safe`], of a [`Name`], or of the program's own
//! words. Measuring and cutting is in [`measure`].

pub mod measure;

use ratatui_core::buffer::Buffer;
use ratatui_core::style::Style;

use crate::core::{Name, Safe};

use super::theme::{Role, Theme};

/// Words that may be drawn.
#[derive(Clone, PartialEq, Eq)]
pub enum Words {
    /// The program's own.
    Own(&'static str),
    /// From outside, made harmless.
    Safe(Safe),
}

impl Words {
    /// Returns words made of the program's own words and numbers.
    pub fn of(text: &str) -> Self {
        Self::Safe(Safe::of(text))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Own(text) => text,
            Self::Safe(text) => text.as_str(),
        }
    }

    /// Returns the number of cells that it takes.
    pub fn width(&self) -> u16 {
        measure::width(self.as_str())
    }

    /// Returns whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.as_str().is_empty()
    }
}

impl Default for Words {
    fn default() -> Self {
        Self::Own("")
    }
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self.as_str(), f)
    }
}

impl From<&'static str> for Words {
    fn from(text: &'static str) -> Self {
        Self::Own(text)
    }
}

impl From<Safe> for Words {
    fn from(text: Safe) -> Self {
        Self::Safe(text)
    }
}

impl From<&Safe> for Words {
    fn from(text: &Safe) -> Self {
        Self::Safe(text.clone())
    }
}

impl From<&Name> for Words {
    fn from(name: &Name) -> Self {
        Self::Safe(Safe::of(name.as_str()))
    }
}

/// Words with a role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// The words.
    pub words: Words,
    /// Their role.
    pub role: Role,
}

impl Piece {
    /// Returns a piece.
    pub fn new(words: impl Into<Words>, role: Role) -> Self {
        Self { words: words.into(), role }
    }
}

impl<T: Into<Words>> From<T> for Piece {
    fn from(words: T) -> Self {
        Self::new(words, Role::Text)
    }
}

/// One line of pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(pub Vec<Piece>);

impl Line {
    /// Returns an empty line.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a piece.
    #[must_use]
    pub fn with(mut self, words: impl Into<Words>, role: Role) -> Self {
        self.0.push(Piece::new(words, role));
        self
    }

    /// Adds a piece.
    pub fn push(&mut self, words: impl Into<Words>, role: Role) {
        self.0.push(Piece::new(words, role));
    }

    /// Returns the number of cells that it takes.
    pub fn width(&self) -> u16 {
        self.0.iter().fold(0, |sum: u16, p| sum.saturating_add(p.words.width()))
    }

    /// Returns whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|p| p.words.is_empty())
    }

    /// Returns the text without roles.
    pub fn text(&self) -> String {
        self.0.iter().map(|p| p.words.as_str()).collect()
    }

    /// Returns the end of the line in `max` cells, with the mark of a cut before it.
    #[must_use]
    pub fn end(&self, max: u16) -> Self {
        let mut over = (self.width() + 1).saturating_sub(max);
        let mut out = Self::new();
        for piece in &self.0 {
            let width = piece.words.width();
            if over >= width {
                over -= width;
                continue;
            }
            let (rest, _) = measure::tail(piece.words.as_str(), over);
            if out.0.is_empty() && max > 0 {
                out.push(measure::MARK, piece.role);
            }
            over = 0;
            out.push(Words::of(rest), piece.role);
        }
        if out.0.is_empty() && max > 0 {
            out.push(measure::MARK, self.0.last().map_or(Role::Text, |p| p.role));
        }
        out
    }

    /// Draws it at a place, at most `max` cells wide and cut with `…`; returns the column behind it.
    pub fn draw(&self, buffer: &mut Buffer, theme: &Theme, (x, y): (u16, u16), max: u16) -> u16 {
        let mut at = x;
        let end = x.saturating_add(max).min(buffer.area.right());
        let whole = self.width() <= end.saturating_sub(x);
        for (i, piece) in self.0.iter().enumerate() {
            let left = end.saturating_sub(at);
            let style = theme.style(piece.role);
            let last = self.0.get(i + 1..).is_none_or(|rest| rest.iter().all(|p| p.words.is_empty()));
            let width = piece.words.width();
            if whole || width < left || (last && width <= left) {
                at = put(buffer, (at, y), left, piece.words.as_str(), style);
            } else {
                // What follows does not fit, so the mark of the cut stands here.
                let cut = measure::cut_with_mark(piece.words.as_str(), left);
                return put(buffer, (at, y), left, &cut, style);
            }
        }
        at
    }
}

impl<T: Into<Piece>> From<T> for Line {
    fn from(piece: T) -> Self {
        Self(vec![piece.into()])
    }
}

/// Draws text at a place, at most `max` cells wide; what does not fit is left out. Returns the column behind
/// it. The cells have this style and nothing of what was there before.
pub fn put(buffer: &mut Buffer, (x, y): (u16, u16), max: u16, text: &str, style: Style) -> u16 {
    let area = buffer.area;
    if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() || max == 0 {
        return x;
    }
    buffer.set_stringn(x, y, text, usize::from(max), Style::reset().patch(style)).0
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use ratatui_core::layout::Rect;

    use super::*;

    #[test]
    fn a_line_that_does_not_fit_ends_with_the_mark_of_a_cut() {
        let line = Line::new().with("ab", Role::Text).with("cd", Role::Dim).with("ef", Role::Text);
        for (max, wanted) in [(6, "abcdef"), (5, "abcd…"), (4, "abc…"), (2, "a…"), (1, "…"), (0, "")]
        {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 1));
            line.draw(&mut buffer, &Theme::plain(), (0, 0), max);
            let text: String = buffer.content().iter().map(ratatui_core::buffer::Cell::symbol).collect();
            assert_eq!(text.trim_end(), wanted, "{max}");
        }
    }

    #[test]
    fn the_end_of_a_line_keeps_its_roles_and_has_the_mark_before_it() {
        let line = Line::new().with("momo-store/", Role::Dim).with("backend", Role::Strong);
        for (max, wanted) in [(12, "…ore/backend"), (8, "…backend"), (4, "…end"), (1, "…"), (0, "")] {
            assert_eq!(line.end(max).text(), wanted, "{max}");
        }
        assert_eq!(line.end(8).0.last().map(|p| p.role), Some(Role::Strong));
        assert_eq!(Line::new().with("漢字漢字", Role::Text).end(4).text(), "…字");
    }

    #[test]
    fn drawing_outside_the_buffer_draws_nothing() {
        let mut buffer = Buffer::empty(Rect::new(2, 2, 3, 1));
        for at in [(0, 2), (2, 0), (9, 2), (2, 9)] {
            put(&mut buffer, at, 5, "xxx", Style::default());
        }
        assert_eq!(buffer, Buffer::empty(Rect::new(2, 2, 3, 1)));
    }
}
