//! From a text to tokens, as Helm's parser finds them.
//!
//! Owns indentation, flow levels, and the keys that are only known as such by the colon behind them: their tokens are put
//! in before those that were already found. Scalars are in [`scalars`] and [`block`], tags, anchors and directives in
//! [`names`]. Never looks further ahead than the parser of tokens asks: what stands behind the first document is no error.
//!
//! The rules are those of libyaml, which differ from the grammar of YAML 1.1 and even more from 1.2: a colon right before a
//! bracket is a part of the word, tabs stand in few places, what follows a whole document is not looked at.

mod block;
mod names;
mod scalars;

use std::collections::{HashMap, VecDeque};

use super::YamlError;
use super::cursor::{Cursor, Mark};

/// How deep brackets, and how deep indents may go before the parser of tokens sees them.
const MAX_LEVELS: usize = 10_000;
/// How many characters a key without a `?` may be long, and so how far its colon may be.
const MAX_KEY: usize = 1024;

/// A token, and the line that it stands in.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub line: usize,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    StreamEnd,
    /// `%YAML`, with whether the version is 1.1.
    Version(bool),
    /// `%TAG`, with handle and prefix.
    TagDirective(String, String),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    /// The end of a sequence or a mapping that was written by indentation.
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(String),
    Anchor(String),
    /// Handle and suffix.
    Tag(String, String),
    /// A text, with whether it is without quotes and no block.
    Scalar(String, bool),
}

/// Where a key may have begun.
struct MaybeKey {
    possible: bool,
    /// Whether it must be a key, since nothing else may stand at its indent.
    required: bool,
    /// The number of its token, counted from the beginning of the text.
    token: usize,
    mark: Mark,
}

/// Finds tokens, only as far as they are asked for.
pub(super) struct Scanner<'a> {
    cursor: Cursor<'a>,
    /// Tokens that were found and not taken.
    found: VecDeque<Token>,
    /// How many tokens were taken.
    taken: usize,
    /// Whether the first of the found tokens is known to be the next one.
    ready: bool,
    /// The column of the innermost collection that is written by indentation; -1 when there is none.
    indent: isize,
    outer_indents: Vec<isize>,
    /// How many brackets are open.
    flow: usize,
    /// One for each open bracket, and one outside of them.
    keys: Vec<MaybeKey>,
    /// The tokens that may begin keys, with their places in `keys`, as Helm's parser keeps them: the end of empty brackets takes
    /// out the key that the brackets may be, and a key that has become impossible stays in.
    key_tokens: HashMap<usize, usize>,
    key_allowed: bool,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str, first_line: usize) -> Self {
        let cursor = Cursor::new(text, first_line);
        let key = MaybeKey { possible: false, required: false, token: 0, mark: cursor.mark };
        Self {
            cursor,
            found: VecDeque::new(),
            taken: 0,
            ready: false,
            indent: -1,
            outer_indents: Vec::new(),
            flow: 0,
            keys: vec![key],
            key_tokens: HashMap::new(),
            key_allowed: true,
        }
    }

    /// Returns the next token without taking it.
    pub(super) fn peek(&mut self) -> Result<&Token, YamlError> {
        while !self.ready {
            if self.needs_more()? {
                self.fetch()?;
            } else {
                self.ready = true;
            }
        }
        self.found.front().ok_or_else(|| YamlError::syntax(self.cursor.mark.line, "the text has ended"))
    }

    /// Takes the next token.
    pub(super) fn take(&mut self) -> Result<Token, YamlError> {
        let line = self.peek()?.line;
        self.ready = false;
        self.taken += 1;
        self.found.pop_front().ok_or_else(|| YamlError::syntax(line, "the text has ended"))
    }

    /// Whether the first found token may turn out to stand behind one that is not found yet.
    fn needs_more(&mut self) -> Result<bool, YamlError> {
        if self.found.is_empty() {
            return Ok(true);
        }
        match self.key_tokens.get(&self.taken).copied() {
            Some(at) => self.is_key(at),
            None => Ok(false),
        }
    }

    fn error<T>(&self, what: &str) -> Result<T, YamlError> {
        Err(YamlError::syntax(self.cursor.mark.line, what))
    }

    fn add(&mut self, kind: TokenKind, mark: Mark) {
        self.found.push_back(Token { kind, line: mark.line });
    }

    /// Adds a token of so many characters.
    fn add_mark(&mut self, kind: TokenKind, characters: usize) {
        self.add(kind, self.cursor.mark);
        for _ in 0..characters {
            self.cursor.skip();
        }
    }

    /// Finds the next token.
    fn fetch(&mut self) -> Result<(), YamlError> {
        self.skip_to_token();
        self.unroll(self.column());
        let c = self.cursor.byte(0);
        let word_ends = self.cursor.is_word_end(1);
        let in_flow = self.flow > 0;
        match c {
            0 => self.fetch_end(),
            b'%' if self.cursor.mark.column == 0 => {
                self.end_document()?;
                self.scan_directive()
            }
            b'-' if self.cursor.is_document_mark(c) => self.fetch_document_mark(TokenKind::DocumentStart),
            b'.' if self.cursor.is_document_mark(c) => self.fetch_document_mark(TokenKind::DocumentEnd),
            b'[' => self.fetch_open(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_open(TokenKind::FlowMappingStart),
            b']' => self.fetch_close(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_close(TokenKind::FlowMappingEnd),
            b',' => {
                self.drop_key()?;
                self.key_allowed = true;
                self.add_mark(TokenKind::FlowEntry, 1);
                Ok(())
            }
            b'-' if word_ends => self.fetch_entry(),
            b'?' if in_flow || word_ends => self.fetch_key(),
            b':' if in_flow || word_ends => self.fetch_value(),
            b'*' | b'&' => {
                self.note_key()?;
                self.key_allowed = false;
                self.scan_anchor(c == b'*')
            }
            b'!' => {
                self.note_key()?;
                self.key_allowed = false;
                self.scan_tag()
            }
            b'|' | b'>' if !in_flow => {
                self.drop_key()?;
                self.key_allowed = true;
                self.scan_block(c == b'|')
            }
            b'\'' | b'"' => {
                self.note_key()?;
                self.key_allowed = false;
                self.scan_quoted(c == b'\'')
            }
            _ if self.starts_word(c) => {
                self.note_key()?;
                self.key_allowed = false;
                self.scan_plain()
            }
            _ => self.error("found character that cannot start any token"),
        }
    }

    /// Whether a text without quotes may begin with this.
    fn starts_word(&self, c: u8) -> bool {
        match c {
            b'-' => !self.cursor.is_blank(1),
            b'?' | b':' => self.flow == 0 && !self.cursor.is_word_end(1),
            b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"'
            | b'%' | b'@' | b'`' => false,
            _ => !self.cursor.is_word_end(0),
        }
    }

    fn skip_to_token(&mut self) {
        loop {
            // A tab may not stand where a key may begin: it would be taken for indentation.
            while self.cursor.byte(0) == b' '
                || (self.cursor.byte(0) == b'\t' && (self.flow > 0 || !self.key_allowed))
            {
                self.cursor.skip();
            }
            self.cursor.skip_comment();
            if !self.cursor.is_break(0) {
                return;
            }
            self.cursor.skip_break();
            if self.flow == 0 {
                self.key_allowed = true;
            }
        }
    }

    fn column(&self) -> isize {
        isize::try_from(self.cursor.mark.column).unwrap_or(isize::MAX)
    }

    // ---- Keys that are only known by their colon

    /// Whether what is noted at a level may still be a key. An error when it must be and cannot.
    fn is_key(&mut self, at: usize) -> Result<bool, YamlError> {
        let now = self.cursor.mark;
        let Some(key) = self.keys.get_mut(at).filter(|key| key.possible) else { return Ok(false) };
        if key.mark.line >= now.line && key.mark.index + MAX_KEY >= now.index {
            return Ok(true);
        }
        key.possible = false;
        if key.required { self.error("could not find expected ':'") } else { Ok(false) }
    }

    /// Notes that a key may begin here.
    fn note_key(&mut self) -> Result<(), YamlError> {
        if self.key_allowed {
            self.drop_key()?;
            let required = self.flow == 0 && self.indent == self.column();
            let token = self.taken + self.found.len();
            let mark = self.cursor.mark;
            self.key_tokens.insert(token, self.keys.len().saturating_sub(1));
            if let Some(key) = self.keys.last_mut() {
                *key = MaybeKey { possible: true, required, token, mark };
            }
        }
        Ok(())
    }

    /// Gives up what may have been a key at this level. An error when it must be one.
    fn drop_key(&mut self) -> Result<(), YamlError> {
        match self.keys.last_mut() {
            Some(key) if key.possible && key.required => self.error("could not find expected ':'"),
            Some(key) if key.possible => {
                key.possible = false;
                self.key_tokens.remove(&key.token);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    // ---- Indentation

    /// Begins a collection at a column, where it is further in than the one around it. `number` is the number of the token
    /// before which it begins; at the end where there is none.
    fn roll(
        &mut self,
        column: isize,
        number: Option<usize>,
        kind: TokenKind,
        mark: Mark,
    ) -> Result<(), YamlError> {
        if self.flow > 0 || self.indent >= column {
            return Ok(());
        }
        self.outer_indents.push(self.indent);
        self.indent = column;
        if self.outer_indents.len() > MAX_LEVELS {
            return self.error("exceeded the greatest depth of indents");
        }
        self.insert(number, Token { kind, line: mark.line });
        Ok(())
    }

    fn insert(&mut self, number: Option<usize>, token: Token) {
        let at = number.map_or(self.found.len(), |number| number.saturating_sub(self.taken));
        self.found.insert(at.min(self.found.len()), token);
    }

    /// Ends all collections that are further in than a column.
    fn unroll(&mut self, column: isize) {
        while self.flow == 0 && self.indent > column {
            self.add(TokenKind::BlockEnd, self.cursor.mark);
            self.indent = self.outer_indents.pop().unwrap_or(-1);
        }
    }

    // ---- Tokens of one character, and the ends of documents

    fn end_document(&mut self) -> Result<(), YamlError> {
        self.unroll(-1);
        self.drop_key()?;
        self.key_allowed = false;
        Ok(())
    }

    fn fetch_end(&mut self) -> Result<(), YamlError> {
        self.end_document()?;
        self.add(TokenKind::StreamEnd, self.cursor.mark);
        Ok(())
    }

    fn fetch_document_mark(&mut self, kind: TokenKind) -> Result<(), YamlError> {
        self.end_document()?;
        self.add_mark(kind, 3);
        Ok(())
    }

    fn fetch_open(&mut self, kind: TokenKind) -> Result<(), YamlError> {
        self.note_key()?;
        let token = self.taken + self.found.len();
        self.keys.push(MaybeKey { possible: false, required: false, token, mark: self.cursor.mark });
        self.flow += 1;
        if self.flow > MAX_LEVELS {
            return self.error("exceeded the greatest depth of brackets");
        }
        self.key_allowed = true;
        self.add_mark(kind, 1);
        Ok(())
    }

    fn fetch_close(&mut self, kind: TokenKind) -> Result<(), YamlError> {
        self.drop_key()?;
        if self.flow > 0 {
            self.flow -= 1;
            if let Some(key) = self.keys.pop() {
                self.key_tokens.remove(&key.token);
            }
        }
        self.key_allowed = false;
        self.add_mark(kind, 1);
        Ok(())
    }

    fn fetch_entry(&mut self) -> Result<(), YamlError> {
        if self.flow == 0 {
            if !self.key_allowed {
                return self.error("block sequence entries are not allowed in this context");
            }
            self.roll(self.column(), None, TokenKind::BlockSequenceStart, self.cursor.mark)?;
        }
        self.drop_key()?;
        self.key_allowed = true;
        self.add_mark(TokenKind::BlockEntry, 1);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<(), YamlError> {
        if self.flow == 0 {
            if !self.key_allowed {
                return self.error("mapping keys are not allowed in this context");
            }
            self.roll(self.column(), None, TokenKind::BlockMappingStart, self.cursor.mark)?;
        }
        self.drop_key()?;
        self.key_allowed = self.flow == 0;
        self.add_mark(TokenKind::Key, 1);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), YamlError> {
        let level = self.keys.len().saturating_sub(1);
        if self.is_key(level)?
            && let Some(key) = self.keys.get_mut(level)
        {
            key.possible = false;
            let (number, mark) = (key.token, key.mark);
            self.key_tokens.remove(&number);
            self.insert(Some(number), Token { kind: TokenKind::Key, line: mark.line });
            let column = isize::try_from(mark.column).unwrap_or(isize::MAX);
            self.roll(column, Some(number), TokenKind::BlockMappingStart, mark)?;
            self.key_allowed = false;
        } else {
            if self.flow == 0 {
                if !self.key_allowed {
                    return self.error("mapping values are not allowed in this context");
                }
                self.roll(self.column(), None, TokenKind::BlockMappingStart, self.cursor.mark)?;
            }
            self.key_allowed = self.flow == 0;
        }
        self.add_mark(TokenKind::Value, 1);
        Ok(())
    }
}
