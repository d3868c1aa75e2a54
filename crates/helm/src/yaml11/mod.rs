//! Manifests, read as Helm's parser reads them: YAML 1.1 in the dialect of `sigs.k8s.io/yaml`.
//!
//! Owns the reading of one document into JSON, the splitting of a manifest into documents and objects, and the writing
//! of JSON as YAML for display. A YAML 1.2 parser would read `0644` and `on` differently from Helm, and so put wrong
//! file modes and wrong booleans into production; here only the events come from such a parser, what they mean is
//! resolved by the rules of YAML 1.1.
//!
//! Everything is bounded: depth, nodes, and what aliases expand to. Texts that the event parser and Helm's parser could
//! read differently (line separators of Unicode, characters that Helm's parser refuses) are refused with the reason.
//! Tested by tables of scalars, by hostile documents, and against Helm's own parser by the oracle.

mod decode;
mod emit;
mod error;
mod events;
mod resolve;
mod stream;

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
