//! A place in a text, and what stands there.
//!
//! Owns lines, columns and the five ways in which a line ends in YAML 1.1: CR, LF, CRLF, and the three of Unicode. Never
//! knows what a character means.

/// A place in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    /// How many characters stand before it; a CRLF counts as two.
    pub index: usize,
    /// The line.
    pub line: usize,
    /// The column, from 0.
    pub column: usize,
}

/// Reads a text from its beginning to its end. Behind the end stands NUL, which no text contains.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    pub mark: Mark,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str, first_line: usize) -> Self {
        Self { text, at: 0, mark: Mark { index: 0, line: first_line, column: 0 } }
    }

    /// Returns a byte ahead of the place; what is looked for there is ASCII.
    pub(super) fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    pub(super) fn is_end(&self) -> bool {
        self.byte(0) == 0
    }

    pub(super) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), b' ' | b'\t')
    }

    pub(super) fn is_break(&self, ahead: usize) -> bool {
        match self.byte(ahead) {
            b'\r' | b'\n' => true,
            0xc2 => self.byte(ahead + 1) == 0x85,
            0xe2 => self.byte(ahead + 1) == 0x80 && matches!(self.byte(ahead + 2), 0xa8 | 0xa9),
            _ => false,
        }
    }

    /// Whether the line ends here, or the text.
    pub(super) fn is_line_end(&self, ahead: usize) -> bool {
        self.byte(ahead) == 0 || self.is_break(ahead)
    }

    /// Whether a word ends here.
    pub(super) fn is_word_end(&self, ahead: usize) -> bool {
        self.is_blank(ahead) || self.is_line_end(ahead)
    }

    /// Whether three equal characters stand at the beginning of a line, and nothing right behind them.
    pub(super) fn is_document_mark(&self, c: u8) -> bool {
        self.mark.column == 0 && (0..3).all(|ahead| self.byte(ahead) == c) && self.is_word_end(3)
    }

    /// Letters, digits, `_` and `-`.
    pub(super) fn is_alpha(&self) -> bool {
        matches!(self.byte(0), b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'-')
    }

    /// Passes one character.
    pub(super) fn skip(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest.chars().next().map_or(0, char::len_utf8);
        self.mark.index += 1;
        self.mark.column += 1;
    }

    /// Passes blanks, and a comment if one stands there.
    pub(super) fn skip_to_line_end(&mut self) {
        while self.is_blank(0) {
            self.skip();
        }
        self.skip_comment();
    }

    /// Passes a comment, if one stands here.
    pub(super) fn skip_comment(&mut self) {
        if self.byte(0) == b'#' {
            while !self.is_line_end(0) {
                self.skip();
            }
        }
    }

    /// Passes the end of a line, if one is here.
    pub(super) fn skip_break(&mut self) {
        self.take_break(&mut String::new());
    }

    /// Passes one character and appends it.
    pub(super) fn take(&mut self, into: &mut String) {
        let from = self.at;
        self.skip();
        into.push_str(self.text.get(from..self.at).unwrap_or_default());
    }

    /// Passes the end of a line, if one is here, and appends it: the two separators of Unicode as they are, all others as LF.
    pub(super) fn take_break(&mut self, into: &mut String) {
        if !self.is_break(0) {
            return;
        }
        if self.byte(0) == b'\r' && self.byte(1) == b'\n' {
            self.at += 1;
            self.mark.index += 1;
        }
        let c = self.text.get(self.at..).and_then(|rest| rest.chars().next()).unwrap_or('\n');
        self.at += c.len_utf8();
        self.mark = Mark { index: self.mark.index + 1, line: self.mark.line + 1, column: 0 };
        into.push(if matches!(c, '\u{2028}' | '\u{2029}') { c } else { '\n' });
    }
}
