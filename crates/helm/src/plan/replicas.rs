//! Replicas that an autoscaler sets: they stay as they are.
//!
//! Helm writes the number of the revision that is gone back to, or has none where that names none and the one before did,
//! and the server then makes it one: in the middle of an incident a service of twenty pods comes down to one until its
//! autoscaler looks again. Unless all is to be as Helm does it, the live number stands in for the manifest's. Where the
//! rollback takes the autoscaler itself away nobody sets the number any more, and it is the revision's.

use serde_json::{Value, json};

use super::object::ObjectId;

/// An autoscaler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Autoscaler {
    /// What it is.
    pub id: ObjectId,
    /// The object whose replicas it sets; its version is of no account.
    pub target: ObjectId,
}

impl Autoscaler {
    /// Returns what it is, for people: its kind and name.
    pub fn name(&self) -> String {
        format!("{} {}", self.id.gvk.kind, self.id.name)
    }
}

/// Returns how many replicas an object asks for, where it says so.
fn asked(object: &Value) -> Option<&Value> {
    object.pointer("/spec/replicas").filter(|number| !number.is_null())
}

/// Returns the number in words.
pub(super) fn text(object: &Value) -> String {
    asked(object).map_or_else(|| "no number".to_owned(), Value::to_string)
}

/// Returns whether a rollback would set the replicas of an object: either manifest names them.
pub(super) fn is_set(target: &Value, old: Option<&Value>) -> bool {
    asked(target).is_some() || old.is_some_and(|old| asked(old).is_some())
}

/// Puts the live number of replicas in the place of the manifest's; without a live one nothing is changed.
pub(crate) fn keep(target: &mut Value, live: &Value) {
    let Some(number) = asked(live).cloned() else { return };
    let Some(object) = target.as_object_mut() else { return };
    let spec = object.entry("spec").or_insert_with(|| json!({}));
    if let Some(spec) = spec.as_object_mut() {
        spec.insert("replicas".to_owned(), number);
    }
}
