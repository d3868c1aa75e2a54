//! From the text of one document to a tree of nodes.
//!
//! Owns the event parser and the refusal of texts that it and Helm's parser could understand differently. Gives every
//! node its line; resolves aliases to nodes, does not expand them.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::{MAX_DEPTH, MAX_NODES, YamlError};

/// The index of a node in its tree.
pub(super) type NodeId = usize;

/// A node of a document.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub line: usize,
    pub kind: Kind,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Scalar {
        text: String,
        tag: Option<String>,
        plain: bool,
    },
    Sequence(Vec<NodeId>),
    /// Keys and values in turn.
    Mapping(Vec<NodeId>),
    Alias(NodeId),
}

/// A document: its nodes, and which of them is the root.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    pub root: Option<NodeId>,
}

impl Tree {
    pub(super) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id)
    }
}

/// Reads the first document of a text; what follows it is not looked at.
pub(super) fn read_tree(text: &str) -> Result<Tree, YamlError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    refuse_ambiguous(text)?;
    let mut builder = Builder::default();
    let colons = FlowColons::of(text);
    let mut parser = Parser::new_from_str(text);
    while let Some(next) = parser.next_event() {
        let (event, span) =
            next.map_err(|err| YamlError::syntax(err.marker().line(), err.info().to_owned()))?;
        if let Event::Scalar(value, style, ..) = &event {
            let at_root = builder.tree.root.is_none();
            if at_root && matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                return Err(YamlError::syntax(span.start.line(), "a document cannot be one block of text"));
            }
            if value.is_empty() && colons.ambiguous_at(span.start.index()) {
                return Err(YamlError::syntax(
                    span.start.line(),
                    "a colon before a bracket or comma is ambiguous",
                ));
            }
        }
        if !builder.take(event, span.start.line())? {
            break;
        }
    }
    Ok(builder.tree)
}

/// Refuses characters that Helm's parser refuses, and those that are line breaks for it and not for the event parser.
fn refuse_ambiguous(text: &str) -> Result<(), YamlError> {
    let bad = text.char_indices().find(|(_, c)| match c {
        '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => true,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}' => false,
        _ => true,
    });
    let Some((at, c)) = bad else { return Ok(()) };
    let line = text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
    Err(YamlError::syntax(line, format!("the character U+{:04X} is not allowed", u32::from(c))))
}

/// The places of colons that stand right before `,[]{}`: the end of a key for the event parser, and a part of a word for
/// Helm's. Empty for nearly all documents.
struct FlowColons(Vec<usize>);

impl FlowColons {
    fn of(text: &str) -> Self {
        let mut places = Vec::new();
        if [":,", ":]", ":}", ":[", ":{"].iter().any(|pair| text.contains(pair)) {
            let mut before = ' ';
            for (index, c) in text.chars().enumerate() {
                if before == ':' && matches!(c, ',' | '[' | ']' | '{' | '}') {
                    places.push(index);
                }
                before = c;
            }
        }
        Self(places)
    }

    /// Whether a value that is not there would stand at such a place, or at the colon itself.
    fn ambiguous_at(&self, index: usize) -> bool {
        self.0.binary_search(&index).is_ok() || self.0.binary_search(&(index + 1)).is_ok()
    }
}

#[derive(Default)]
struct Builder {
    tree: Tree,
    /// Collections that are still open.
    open: Vec<NodeId>,
    anchors: HashMap<usize, NodeId>,
}

impl Builder {
    /// Takes an event in; returns false when the document is complete.
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<bool, YamlError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let kind = Kind::Scalar {
                    text: text.into_owned(),
                    tag: tag.map(|tag| full_tag(&tag)),
                    plain: style == ScalarStyle::Plain,
                };
                self.add(Node { line, kind }, anchor)?;
            }
            Event::SequenceStart(anchor, _) => self.open(Kind::Sequence(Vec::new()), anchor, line)?,
            Event::MappingStart(anchor, _) => self.open(Kind::Mapping(Vec::new()), anchor, line)?,
            Event::SequenceEnd | Event::MappingEnd => {
                self.open.pop();
            }
            Event::Alias(anchor) => {
                let target = self.anchors.get(&anchor).copied();
                let target = target.ok_or_else(|| YamlError::syntax(line, "unknown anchor referenced"))?;
                self.add(Node { line, kind: Kind::Alias(target) }, 0)?;
            }
            Event::DocumentEnd => return Ok(false),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) => {}
        }
        Ok(true)
    }

    fn open(&mut self, kind: Kind, anchor: usize, line: usize) -> Result<(), YamlError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(YamlError::Limit { line, what: "is nested too deeply" });
        }
        let id = self.add(Node { line, kind }, anchor)?;
        self.open.push(id);
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<NodeId, YamlError> {
        let id = self.tree.nodes.len();
        if id >= MAX_NODES {
            return Err(YamlError::Limit { line: node.line, what: "has too many nodes" });
        }
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        self.tree.nodes.push(node);
        match self.open.last().and_then(|parent| self.tree.nodes.get_mut(*parent)) {
            Some(Node { kind: Kind::Sequence(items) | Kind::Mapping(items), .. }) => items.push(id),
            _ => self.tree.root = Some(id),
        }
        Ok(id)
    }
}

fn full_tag(tag: &Tag) -> String {
    format!("{}{}", tag.handle, tag.suffix)
}
