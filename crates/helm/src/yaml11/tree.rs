//! A document as a tree of nodes, before anything is known of what its scalars mean.
//!
//! Owns the nodes, their lines, and the limits on depth and number. Aliases point to nodes and are not expanded.

use super::{MAX_NODES, YamlError};

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

impl Kind {
    /// What stands where nothing is written.
    pub(super) fn empty() -> Self {
        Self::Scalar { text: String::new(), tag: None, plain: true }
    }
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

    pub(super) fn add(&mut self, line: usize, kind: Kind) -> Result<NodeId, YamlError> {
        let id = self.nodes.len();
        if id >= MAX_NODES {
            return Err(YamlError::Limit { line, what: "has too many nodes" });
        }
        self.nodes.push(Node { line, kind });
        Ok(id)
    }

    /// Adds a child to a collection.
    pub(super) fn push(&mut self, parent: NodeId, child: NodeId) {
        if let Some(Node { kind: Kind::Sequence(items) | Kind::Mapping(items), .. }) =
            self.nodes.get_mut(parent)
        {
            items.push(child);
        }
    }
}
