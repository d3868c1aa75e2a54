//! Who owns which field of an object: what the server keeps in `metadata.managedFields`.
//!
//! Owns the sets of fields in the server's own notation ([`Set`]), and the upgrade that Helm 4 makes before it has the
//! server apply an object which an earlier Helm patched: the fields that the manager set become fields that it applies
//! ([`upgrade`]). Follows `sigs.k8s.io/structured-merge-diff` (`fieldpath`) and client-go (`util/csaupgrade`), to the order
//! in which a set is written. It never asks a server. Tested by tables and by properties of sets.

mod element;
mod holds;
mod set;
mod upgrade;

pub use element::Element;
pub use holds::holds_exactly;
pub use set::{FieldsError, Set};
pub use upgrade::{Upgrade, upgrade};

/// The name under which Helm's command writes fields.
pub const FIELD_MANAGER: &str = "helm";
/// The name under which Flux' helm-controller has Helm write fields (its `main.go`).
pub const FLUX_MANAGER: &str = "helm-controller";

#[cfg(test)]
mod tests;
