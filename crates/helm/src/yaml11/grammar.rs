//! From tokens to a tree of nodes, as Helm's parser builds it.
//!
//! Owns the grammar of one document, the handles of tags, and the names of anchors, of which the last one counts. Refuses
//! the characters that Helm's parser refuses, and the byte order mark inside of a text, which it stumbles over.

use std::collections::HashMap;

use super::scan::{Scanner, TokenKind};
use super::tree::{Kind, NodeId, Tree};
use super::{MAX_DEPTH, YamlError};

/// Reads the first document of a text; what follows it is not looked at. The text ends with the end of a line; its first line
/// has a number.
pub(super) fn read_tree(text: &str, first_line: usize) -> Result<Tree, YamlError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    refuse_characters(text, first_line)?;
    let mut parser = Parser {
        scanner: Scanner::new(text, first_line),
        tree: Tree::default(),
        anchors: HashMap::new(),
        handles: HashMap::new(),
        open: Vec::new(),
    };
    parser.tree.root = parser.document()?;
    Ok(parser.tree)
}

fn refuse_characters(text: &str, first_line: usize) -> Result<(), YamlError> {
    let bad = text.char_indices().find(|(_, c)| {
        let read =
            matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..);
        !read || *c == '\u{feff}'
    });
    let Some((at, c)) = bad else { return Ok(()) };
    let line = first_line + text.get(..at).map_or(0, |before| before.matches('\n').count());
    Err(YamlError::syntax(line, format!("the character U+{:04X} is not allowed", u32::from(c))))
}

/// What is expected next in a collection that is not complete.
#[derive(Clone, Copy)]
enum Expected {
    /// A dash, or the end of the indentation.
    Dash,
    /// A dash at the indent of the sequence's key, or anything that ends it.
    DashHere,
    /// A key, or the end of the indentation.
    Key,
    /// The value of a key by indentation.
    Value,
    /// An item in brackets, or their end.
    Item { first: bool },
    /// The value of a pair without braces inside of brackets.
    PairValue,
    /// A key in braces, or their end.
    FlowKey { first: bool },
    /// The value of a key in braces.
    FlowValue,
    /// The value of what stands in braces without a colon: none.
    NoValue,
}

struct Parser<'a> {
    scanner: Scanner<'a>,
    tree: Tree,
    anchors: HashMap<String, NodeId>,
    /// What the handles of tags stand for.
    handles: HashMap<String, String>,
    /// The collections that are not complete, outermost first.
    open: Vec<(NodeId, Expected)>,
}

impl Parser<'_> {
    /// Returns whether the next token is one of some.
    fn next_is(&mut self, wanted: &[TokenKind]) -> Result<bool, YamlError> {
        let next = self.scanner.peek()?;
        Ok(wanted.contains(&next.kind))
    }

    fn error<T>(&mut self, what: &str) -> Result<T, YamlError> {
        let line = self.scanner.peek()?.line;
        Err(YamlError::syntax(line, what))
    }

    fn document(&mut self) -> Result<Option<NodeId>, YamlError> {
        if self.next_is(&[TokenKind::StreamEnd])? {
            return Ok(None);
        }
        let marked = matches!(
            self.scanner.peek()?.kind,
            TokenKind::Version(_) | TokenKind::TagDirective(..) | TokenKind::DocumentStart
        );
        self.directives()?;
        if marked {
            if !self.next_is(&[TokenKind::DocumentStart])? {
                return self.error("did not find expected <document start>");
            }
            self.scanner.take()?;
        }
        let next = self.scanner.peek()?;
        let nothing = matches!(
            next.kind,
            TokenKind::Version(_)
                | TokenKind::TagDirective(..)
                | TokenKind::DocumentStart
                | TokenKind::DocumentEnd
                | TokenKind::StreamEnd
        );
        let root = if marked && nothing { self.empty()? } else { self.node(true, false)? };
        while let Some((id, expected)) = self.open.last().copied() {
            self.go_on(id, expected)?;
        }
        // Helm's parser looks at what comes next, whatever it is, before it is content.
        self.scanner.peek()?;
        Ok(Some(root))
    }

    fn directives(&mut self) -> Result<(), YamlError> {
        let mut version = false;
        while matches!(self.scanner.peek()?.kind, TokenKind::Version(_) | TokenKind::TagDirective(..)) {
            let token = self.scanner.take()?;
            let wrong = match token.kind {
                TokenKind::Version(_) if version => Some("found duplicate %YAML directive"),
                TokenKind::Version(known) => {
                    version = true;
                    (!known).then_some("found incompatible YAML document")
                }
                TokenKind::TagDirective(handle, prefix) => {
                    self.handles.insert(handle, prefix).map(|_| "found duplicate %TAG directive")
                }
                _ => None,
            };
            if let Some(what) = wrong {
                return Err(YamlError::syntax(token.line, what));
            }
        }
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            self.handles.entry(handle.to_owned()).or_insert_with(|| prefix.to_owned());
        }
        Ok(())
    }

    fn empty(&mut self) -> Result<NodeId, YamlError> {
        let line = self.scanner.peek()?.line;
        self.tree.add(line, Kind::empty())
    }

    /// Goes on with the innermost collection.
    fn go_on(&mut self, id: NodeId, expected: Expected) -> Result<(), YamlError> {
        match expected {
            Expected::Dash => self.dash(id),
            Expected::DashHere => self.dash_here(id),
            Expected::Key => self.key(id),
            Expected::Value => {
                self.expect(Expected::Key);
                self.value(id, &[TokenKind::Key, TokenKind::Value, TokenKind::BlockEnd], true)
            }
            Expected::Item { first } => self.item(id, first),
            Expected::PairValue => {
                self.open.pop();
                self.value(id, &[TokenKind::FlowEntry, TokenKind::FlowSequenceEnd], false)
            }
            Expected::FlowKey { first } => self.flow_key(id, first),
            Expected::FlowValue => {
                self.expect(Expected::FlowKey { first: false });
                self.value(id, &[TokenKind::FlowEntry, TokenKind::FlowMappingEnd], false)
            }
            Expected::NoValue => {
                self.expect(Expected::FlowKey { first: false });
                self.empty_child(id)
            }
        }
    }

    /// Says what follows in the innermost collection, when its next part is complete.
    fn expect(&mut self, expected: Expected) {
        if let Some((_, now)) = self.open.last_mut() {
            *now = expected;
        }
    }

    /// Takes the token that ends the innermost collection.
    fn close(&mut self) -> Result<(), YamlError> {
        self.scanner.take()?;
        self.open.pop();
        Ok(())
    }

    /// Begins a node; of a collection, only that it is there. `block`: whether collections by indentation may begin here;
    /// `dash_here`: whether a sequence may, whose dashes stand at the indent of its key.
    fn node(&mut self, block: bool, dash_here: bool) -> Result<NodeId, YamlError> {
        let line = self.scanner.peek()?.line;
        if matches!(self.scanner.peek()?.kind, TokenKind::Alias(_)) {
            return self.alias(line);
        }
        let (anchor, tag) = self.properties()?;
        let expected = match self.scanner.peek()?.kind {
            TokenKind::BlockEntry if dash_here => Some(Expected::DashHere),
            TokenKind::FlowSequenceStart => Some(Expected::Item { first: true }),
            TokenKind::FlowMappingStart => Some(Expected::FlowKey { first: true }),
            TokenKind::BlockSequenceStart if block => Some(Expected::Dash),
            TokenKind::BlockMappingStart if block => Some(Expected::Key),
            TokenKind::Scalar(..) => None,
            _ if anchor.is_some() || tag.is_some() => None,
            _ => return self.error("did not find expected node content"),
        };
        let kind = match expected {
            Some(Expected::Key | Expected::FlowKey { .. }) => Kind::Mapping(Vec::new()),
            Some(_) => Kind::Sequence(Vec::new()),
            None => self.scalar(tag)?,
        };
        let id = self.tree.add(line, kind)?;
        if let Some(name) = anchor {
            self.anchors.insert(name, id);
        }
        if let Some(expected) = expected {
            if self.open.len() >= MAX_DEPTH {
                return Err(YamlError::Limit { line, what: "is nested too deeply" });
            }
            if !matches!(expected, Expected::DashHere) {
                self.scanner.take()?;
            }
            self.open.push((id, expected));
        }
        Ok(id)
    }

    /// Takes a scalar; an empty one where there is none behind an anchor or a tag.
    fn scalar(&mut self, tag: Option<String>) -> Result<Kind, YamlError> {
        if !matches!(self.scanner.peek()?.kind, TokenKind::Scalar(..)) {
            let plain = tag.is_none();
            return Ok(Kind::Scalar { text: String::new(), tag, plain });
        }
        match self.scanner.take()?.kind {
            TokenKind::Scalar(text, plain) => Ok(Kind::Scalar { text, tag, plain }),
            _ => self.error("did not find expected node content"),
        }
    }

    fn alias(&mut self, line: usize) -> Result<NodeId, YamlError> {
        let TokenKind::Alias(name) = self.scanner.take()?.kind else {
            return self.error("did not find expected alias");
        };
        let target = self.anchors.get(&name).copied();
        let target = target.ok_or_else(|| YamlError::syntax(line, "unknown anchor referenced"))?;
        self.tree.add(line, Kind::Alias(target))
    }

    /// Reads an anchor and a tag, in any order.
    fn properties(&mut self) -> Result<(Option<String>, Option<String>), YamlError> {
        let (mut anchor, mut tag) = (None, None);
        loop {
            let next = self.scanner.peek()?;
            match &next.kind {
                TokenKind::Anchor(name) if anchor.is_none() => anchor = Some(name.clone()),
                TokenKind::Tag(handle, suffix) if tag.is_none() => {
                    tag = Some((handle.clone(), suffix.clone(), next.line));
                }
                _ => break,
            }
            self.scanner.take()?;
        }
        let Some((handle, suffix, line)) = tag else { return Ok((anchor, None)) };
        let full = if handle.is_empty() {
            suffix
        } else {
            let undefined = || YamlError::syntax(line, "found undefined tag handle");
            let prefix = self.handles.get(&handle).ok_or_else(undefined)?;
            format!("{prefix}{suffix}")
        };
        Ok((anchor, Some(full).filter(|tag| !tag.is_empty())))
    }

    /// Begins a child; where nothing stands but one of `ends`, it is an empty one.
    fn child(
        &mut self,
        parent: NodeId,
        ends: &[TokenKind],
        block: bool,
        dash: bool,
    ) -> Result<(), YamlError> {
        let child = if self.next_is(ends)? { self.empty()? } else { self.node(block, dash)? };
        self.tree.push(parent, child);
        Ok(())
    }

    fn empty_child(&mut self, parent: NodeId) -> Result<(), YamlError> {
        let child = self.empty()?;
        self.tree.push(parent, child);
        Ok(())
    }

    /// The value of a key; an empty one where there is no colon or nothing behind it.
    fn value(&mut self, id: NodeId, ends: &[TokenKind], block: bool) -> Result<(), YamlError> {
        if !self.next_is(&[TokenKind::Value])? {
            return self.empty_child(id);
        }
        self.scanner.take()?;
        self.child(id, ends, block, block)
    }

    fn dash(&mut self, id: NodeId) -> Result<(), YamlError> {
        match self.scanner.peek()?.kind {
            TokenKind::BlockEntry => {
                self.scanner.take()?;
                self.child(id, &[TokenKind::BlockEntry, TokenKind::BlockEnd], true, false)
            }
            TokenKind::BlockEnd => self.close(),
            _ => self.error("did not find expected '-' indicator"),
        }
    }

    fn dash_here(&mut self, id: NodeId) -> Result<(), YamlError> {
        if !self.next_is(&[TokenKind::BlockEntry])? {
            self.open.pop();
            return Ok(());
        }
        self.scanner.take()?;
        let ends = [TokenKind::BlockEntry, TokenKind::Key, TokenKind::Value, TokenKind::BlockEnd];
        self.child(id, &ends, true, false)
    }

    fn key(&mut self, id: NodeId) -> Result<(), YamlError> {
        match self.scanner.peek()?.kind {
            TokenKind::Key => {
                self.scanner.take()?;
                self.expect(Expected::Value);
                self.child(id, &[TokenKind::Key, TokenKind::Value, TokenKind::BlockEnd], true, true)
            }
            TokenKind::BlockEnd => self.close(),
            _ => self.error("did not find expected key"),
        }
    }

    /// Passes the comma before what is not the first in brackets or braces.
    fn comma(&mut self, first: bool, what: &str) -> Result<(), YamlError> {
        if !first {
            if !self.next_is(&[TokenKind::FlowEntry])? {
                return self.error(what);
            }
            self.scanner.take()?;
        }
        Ok(())
    }

    fn item(&mut self, id: NodeId, first: bool) -> Result<(), YamlError> {
        if self.next_is(&[TokenKind::FlowSequenceEnd])? {
            return self.close();
        }
        self.comma(first, "did not find expected ',' or ']'")?;
        self.expect(Expected::Item { first: false });
        match self.scanner.peek()?.kind {
            TokenKind::Key => self.pair(id),
            TokenKind::FlowSequenceEnd => self.close(),
            _ => self.child(id, &[], false, false),
        }
    }

    /// Begins a mapping of one entry inside of brackets, without braces.
    fn pair(&mut self, id: NodeId) -> Result<(), YamlError> {
        let line = self.scanner.take()?.line;
        let mapping = self.tree.add(line, Kind::Mapping(Vec::new()))?;
        self.tree.push(id, mapping);
        self.open.push((mapping, Expected::PairValue));
        if self.next_is(&[TokenKind::Value, TokenKind::FlowEntry, TokenKind::FlowSequenceEnd])? {
            // Helm's parser passes the token over, a slip of its own.
            self.scanner.take()?;
            return self.empty_child(mapping);
        }
        self.child(mapping, &[], false, false)
    }

    fn flow_key(&mut self, id: NodeId, first: bool) -> Result<(), YamlError> {
        if self.next_is(&[TokenKind::FlowMappingEnd])? {
            return self.close();
        }
        self.comma(first, "did not find expected ',' or '}'")?;
        match self.scanner.peek()?.kind {
            TokenKind::Key => {
                self.scanner.take()?;
                self.expect(Expected::FlowValue);
                let ends = [TokenKind::Value, TokenKind::FlowEntry, TokenKind::FlowMappingEnd];
                self.child(id, &ends, false, false)
            }
            TokenKind::FlowMappingEnd => self.close(),
            _ => {
                self.expect(Expected::NoValue);
                self.child(id, &[], false, false)
            }
        }
    }
}
