//! Texts in quotes and texts without.

use super::{Scanner, TokenKind};
use crate::yaml11::YamlError;

/// White space between two words of a text: blanks, or the ends of lines, which are folded.
#[derive(Default)]
struct Gap {
    blanks: String,
    first_break: String,
    more_breaks: String,
    /// Whether there is an end of a line in it, be it one that a backslash takes away.
    broken: bool,
}

impl Gap {
    /// Appends what becomes of the white space: one end of a line becomes a blank, of several the first is dropped.
    fn fold(&mut self, text: &mut String) {
        if !self.broken {
            text.push_str(&self.blanks);
        } else if self.first_break.starts_with('\n') {
            if self.more_breaks.is_empty() {
                text.push(' ');
            } else {
                text.push_str(&self.more_breaks);
            }
        } else {
            text.push_str(&self.first_break);
            text.push_str(&self.more_breaks);
        }
        *self = Self::default();
    }
}

impl Scanner<'_> {
    /// Passes the blanks and ends of lines here. No tab may stand before the column `indent` of a new line.
    fn scan_gap(&mut self, gap: &mut Gap, indent: isize) -> Result<(), YamlError> {
        loop {
            if self.cursor.is_blank(0) {
                if !gap.broken {
                    self.cursor.take(&mut gap.blanks);
                } else if self.cursor.byte(0) == b'\t' && self.column() < indent {
                    return self.error("found a tab character that violates indentation");
                } else {
                    self.cursor.skip();
                }
            } else if self.cursor.is_break(0) {
                let breaks = if gap.broken { &mut gap.more_breaks } else { &mut gap.first_break };
                self.cursor.take_break(breaks);
                gap.broken = true;
            } else {
                return Ok(());
            }
        }
    }

    pub(super) fn scan_quoted(&mut self, single: bool) -> Result<(), YamlError> {
        let start = self.cursor.mark;
        let quote = if single { b'\'' } else { b'"' };
        self.cursor.skip();
        let mut text = String::new();
        loop {
            if self.cursor.is_document_mark(b'-') || self.cursor.is_document_mark(b'.') {
                return self.error("found unexpected document indicator in a quoted text");
            }
            if self.cursor.is_end() {
                return self.error("found unexpected end of a quoted text");
            }
            let mut gap = Gap::default();
            while !self.cursor.is_word_end(0) {
                let c = self.cursor.byte(0);
                if single && c == quote && self.cursor.byte(1) == quote {
                    self.cursor.skip();
                    self.cursor.take(&mut text);
                } else if c == quote {
                    break;
                } else if !single && c == b'\\' && self.cursor.is_break(1) {
                    self.cursor.skip();
                    self.cursor.skip_break();
                    gap.broken = true;
                    break;
                } else if !single && c == b'\\' {
                    self.scan_escape(&mut text)?;
                } else {
                    self.cursor.take(&mut text);
                }
            }
            if self.cursor.byte(0) == quote {
                break;
            }
            self.scan_gap(&mut gap, 0)?;
            gap.fold(&mut text);
        }
        self.cursor.skip();
        self.add(TokenKind::Scalar(text, false), start);
        Ok(())
    }

    /// Reads what stands behind a backslash in double quotes.
    fn scan_escape(&mut self, text: &mut String) -> Result<(), YamlError> {
        let plain = match self.cursor.byte(1) {
            b'0' => Some('\0'),
            b'a' => Some('\u{7}'),
            b'b' => Some('\u{8}'),
            b't' | b'\t' => Some('\t'),
            b'n' => Some('\n'),
            b'v' => Some('\u{b}'),
            b'f' => Some('\u{c}'),
            b'r' => Some('\r'),
            b'e' => Some('\u{1b}'),
            c @ (b' ' | b'"' | b'\'' | b'\\') => Some(char::from(c)),
            b'N' => Some('\u{85}'),
            b'_' => Some('\u{a0}'),
            b'L' => Some('\u{2028}'),
            b'P' => Some('\u{2029}'),
            b'x' | b'u' | b'U' => None,
            _ => return self.error("found unknown escape character"),
        };
        let digits = match self.cursor.byte(1) {
            b'x' => 2,
            b'u' => 4,
            _ => 8,
        };
        self.cursor.skip();
        self.cursor.skip();
        if let Some(c) = plain {
            text.push(c);
            return Ok(());
        }
        let mut value = 0u32;
        for ahead in 0..digits {
            let Some(digit) = char::from(self.cursor.byte(ahead)).to_digit(16) else {
                return self.error("did not find expected hexadecimal number");
            };
            value = value << 4 | digit;
        }
        let Some(c) = char::from_u32(value) else {
            return self.error("found invalid Unicode character escape code");
        };
        text.push(c);
        for _ in 0..digits {
            self.cursor.skip();
        }
        Ok(())
    }

    pub(super) fn scan_plain(&mut self) -> Result<(), YamlError> {
        let start = self.cursor.mark;
        let indent = self.indent + 1;
        let mut text = String::new();
        let mut gap = Gap::default();
        loop {
            let document_mark = self.cursor.is_document_mark(b'-') || self.cursor.is_document_mark(b'.');
            if document_mark || self.cursor.byte(0) == b'#' {
                break;
            }
            while !self.cursor.is_word_end(0) && !self.ends_plain() {
                gap.fold(&mut text);
                self.cursor.take(&mut text);
            }
            if !self.cursor.is_blank(0) && !self.cursor.is_break(0) {
                break;
            }
            self.scan_gap(&mut gap, indent)?;
            if self.flow == 0 && self.column() < indent {
                break;
            }
        }
        // What follows on another line may be a key.
        if gap.broken {
            self.key_allowed = true;
        }
        self.add(TokenKind::Scalar(text, true), start);
        Ok(())
    }

    /// Whether a mark here ends a text without quotes.
    fn ends_plain(&self) -> bool {
        match self.cursor.byte(0) {
            b':' => self.cursor.is_word_end(1),
            b',' | b'?' | b'[' | b']' | b'{' | b'}' => self.flow > 0,
            _ => false,
        }
    }
}
