//! What can be wrong with a document.

use thiserror::Error;

/// Why a document cannot be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum YamlError {
    /// The text is not YAML.
    #[error("line {line}: {what}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// A limit is passed.
    #[error("line {line}: the document {what}")]
    Limit {
        /// The line, from 1.
        line: usize,
        /// Which limit.
        what: &'static str,
    },
    /// A manifest has too many objects.
    #[error("the manifest has more than {limit} objects")]
    TooManyObjects {
        /// The most that are read.
        limit: usize,
    },
    /// A document of a manifest cannot be read.
    #[error("document {number}{}: {error}", source_of(.source_path.as_deref()))]
    Document {
        /// The document's place in the manifest, from 1.
        number: usize,
        /// The template that it was rendered from, if it says so.
        source_path: Option<String>,
        /// What is wrong with it.
        error: Box<Self>,
    },
    /// A document of a manifest is no Kubernetes object.
    #[error("the object has no `kind`")]
    NoKind,
    /// A list of objects cannot be taken apart.
    #[error("{0}")]
    BadList(&'static str),
}

fn source_of(path: Option<&str>) -> String {
    path.map(|path| format!(" (from `{path}`)")).unwrap_or_default()
}

impl YamlError {
    pub(super) fn syntax(line: usize, what: impl Into<String>) -> Self {
        Self::Syntax { line, what: what.into() }
    }
}
