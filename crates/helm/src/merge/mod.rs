//! Patches: making them as Helm does, and applying them as the API server does.
//!
//! Owns the three-way strategic merge patch of objects whose kinds are built into Kubernetes, the two-way merge patch of
//! all others, and the merging of both kinds into an object (previews and simulated servers need that). It follows the API
//! machinery's `strategicpatch` step by step, its oddities included: what Helm would send is what is sent.
//! It never sends anything. Tested by properties, by tables of its directives, and against the Go packages by the oracle.

mod convert;
mod diff;
mod diff_lists;
mod error;
mod json;
mod lists;
mod merge_lists;
mod merge_map;
mod patch;
mod schema;
mod sort;
mod value;

pub use convert::{Misfit, misfit};
pub use error::MergeError;
pub use json::{merge_apply, merge_diff};
pub use patch::{Patch, PatchKind, apply, create_patch, lay_over, strategic_apply, three_way, two_way};
pub use schema::Schema;

const DIRECTIVE: &str = "$patch";
const DELETE: &str = "delete";
const REPLACE: &str = "replace";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList";
const ORDER: &str = "$setElementOrder";

/// How deep objects may be nested.
const MAX_DEPTH: usize = 256;
/// How many items two lists that are merged item by item may have together.
const MAX_ITEMS: usize = 20_000;

#[cfg(test)]
mod tests;
