//! Differences between revisions, as data.
//!
//! Owns the comparison of two manifests object by object, and of two sets of values, and the lines of both. It never
//! prints: a terminal and a text output draw the same lines. What is secret is masked unless the caller reveals it.
//! Tested by whole comparisons, and by secrets that must not appear.

mod common;
mod lines;
mod manifests;
mod values;

pub use lines::{Line, LineKind, diff_lines};
pub use manifests::{Change, ObjectDiff, ObjectKey, diff_manifests, release_text};
pub use values::{ValueChange, diff_values, diff_values_lines};

/// How a comparison is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Unchanged lines kept around each change; `None` keeps all.
    pub context: Option<usize>,
    /// Whether secrets are shown.
    pub reveal: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { context: Some(3), reveal: false }
    }
}

#[cfg(test)]
mod tests;
