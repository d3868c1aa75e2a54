//! Texts in blocks: `|` and `>`.

use super::{Scanner, TokenKind};
use crate::faults::{Fault, on};
use crate::yaml11::YamlError;

/// What becomes of the ends of lines at the end of a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    /// One stays.
    Clip,
    /// None stays.
    Strip,
    /// All stay.
    Keep,
}

impl Scanner<'_> {
    pub(super) fn scan_block(&mut self, literal: bool) -> Result<(), YamlError> {
        let literal = literal || on(Fault::NotFolded);
        let start = self.cursor.mark;
        self.cursor.skip();
        let (chomping, increment) = self.scan_block_header()?;
        self.cursor.skip_to_line_end();
        if !self.cursor.is_line_end(0) {
            return self.error("did not find expected comment or line break");
        }
        self.cursor.skip_break();
        let mut indent = if increment > 0 { self.indent.max(0) + increment } else { 0 };
        let mut text = String::new();
        let mut first_break = String::new();
        let mut more_breaks = String::new();
        self.scan_block_breaks(&mut indent, &mut more_breaks)?;
        let mut after_indented = false;
        while self.column() == indent && !self.cursor.is_end() {
            let indented = self.cursor.is_blank(0);
            // Of two lines that are not further indented, the end of the first is folded.
            if !literal && !after_indented && !indented && first_break.starts_with('\n') {
                if more_breaks.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(&first_break);
            }
            first_break.clear();
            text.push_str(&more_breaks);
            more_breaks.clear();
            after_indented = indented;
            while !self.cursor.is_line_end(0) {
                self.cursor.take(&mut text);
            }
            self.cursor.take_break(&mut first_break);
            self.scan_block_breaks(&mut indent, &mut more_breaks)?;
        }
        if chomping != Chomping::Strip {
            text.push_str(&first_break);
        }
        if chomping == Chomping::Keep || (chomping == Chomping::Clip && on(Fault::ClipKeeps)) {
            text.push_str(&more_breaks);
        }
        self.add(TokenKind::Scalar(text, false), start);
        Ok(())
    }

    /// Reads what stands behind the mark: how the end is chomped, and by how much the text is indented, in any order.
    fn scan_block_header(&mut self) -> Result<(Chomping, isize), YamlError> {
        let chomping = self.scan_chomping();
        let increment = match self.cursor.byte(0) {
            b'0' => return self.error("found an indentation indicator equal to 0"),
            digit @ b'1'..=b'9' => {
                self.cursor.skip();
                isize::from(digit - b'0')
            }
            _ => 0,
        };
        let chomping = match chomping {
            None if increment > 0 => self.scan_chomping(),
            known => known,
        };
        Ok((chomping.unwrap_or(Chomping::Clip), increment))
    }

    fn scan_chomping(&mut self) -> Option<Chomping> {
        let chomping = match self.cursor.byte(0) {
            b'+' => Chomping::Keep,
            b'-' => Chomping::Strip,
            _ => return None,
        };
        self.cursor.skip();
        Some(chomping)
    }

    /// Passes indentation and empty lines; finds the indentation out where it is not known, which is said by 0.
    fn scan_block_breaks(&mut self, indent: &mut isize, breaks: &mut String) -> Result<(), YamlError> {
        let mut widest = 0;
        loop {
            while (*indent == 0 || self.column() < *indent) && self.cursor.byte(0) == b' ' {
                self.cursor.skip();
            }
            widest = widest.max(self.column());
            if (*indent == 0 || self.column() < *indent) && self.cursor.byte(0) == b'\t' {
                return self.error("found a tab character where an indentation space is expected");
            }
            if !self.cursor.is_break(0) {
                break;
            }
            self.cursor.take_break(breaks);
        }
        if *indent == 0 {
            *indent = widest.max(self.indent + 1).max(1);
        }
        Ok(())
    }
}
