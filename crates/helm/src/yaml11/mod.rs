//! Manifests, read as Helm's parser reads them: YAML 1.1 in the dialect of `sigs.k8s.io/yaml`.
//!
//! Owns the reading of one document into JSON, the splitting of a manifest into documents and objects, and the writing
//! of JSON as YAML for display. A YAML 1.2 parser would read `0644` and `on` differently from Helm, and so put wrong
//! file modes and wrong booleans into production, and one that keeps to the grammar would refuse what Helm reads; so
//! tokens, grammar and scalars all follow Helm's parser, its oddities included.
//!
//! Everything is bounded: depth, nodes, and what aliases expand to. The byte order mark inside of a text, which Helm's parser
//! passes or not by where its buffer ends, is refused.
//! Tested by tables of scalars, by hostile documents, and against Helm's own parser by the oracle.

mod cursor;
mod decode;
mod emit;
mod error;
mod grammar;
mod resolve;
mod scan;
mod stream;
mod tree;

pub use decode::parse_document;
pub use emit::to_yaml;
pub use error::YamlError;
pub use stream::{ManifestObject, documents, read_manifest};

/// How deep a document may be nested.
pub const MAX_DEPTH: usize = 256;
/// How many objects a manifest may have, lists flattened.
pub const MAX_OBJECTS: usize = 10_000;
/// How many nodes a document may have, aliases expanded.
pub const MAX_NODES: usize = 2_000_000;

#[cfg(test)]
mod tests;
