//! Whether a request took effect, told from the object read back; and whether an object is still the one of a plan.

use deckwatch_helm::number::canonical;
use deckwatch_helm::quantity;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::act::{Content, FIELD_MANAGER, Raw, applied};
use super::live::{items, text};
use super::refusal::clip;
use super::revisions::same_template;
use super::template::RESTARTED_AT;
use crate::core::{Safe, Ts};

/// What is seen of a request whose reply was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// What was asked for is in force.
    Applied,
    /// It is not in force and will not be: the object has moved on, and the precondition refuses the request for ever.
    NotApplied,
    /// Nothing has changed: it may still arrive.
    NotYet,
    /// The object is gone, or another one stands in its place: whether it was done before that is not known.
    Vanished,
    /// deckwatch wrote to the object, but what was asked for is not there: rewritten on its way in, or undone since.
    Differs,
}

/// What is expected of the object after a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "expect", rename_all = "kebab-case")]
pub enum Expect {
    /// The patch, merged once more, changes nothing.
    Patched {
        /// The patch's kind.
        content: Content,
        /// What it changes, without preconditions.
        body: Raw,
    },
    /// It was restarted at that time or later.
    Restarted {
        /// RFC 3339.
        at: String,
    },
    /// It has that pod template.
    Template {
        /// The template.
        template: Raw,
    },
    /// It is gone or going.
    Gone,
    /// It is there, made by that operation.
    Created {
        /// The operation.
        operation: String,
    },
}

/// The annotation that names the operation which created an object.
pub(super) const OPERATION: &str = "deckwatch/operation";

impl Expect {
    /// Tells whether the request took effect.
    ///
    /// `before` is the object whose version the request was bound to, `back` what is read now, `None` when it is not
    /// found. A replica count that an autoscaler has set back at once is [`Seen::NotApplied`] or [`Seen::Differs`]: what
    /// was asked for is not in force.
    pub fn judge(&self, before: &Value, back: Option<&Value>) -> Seen {
        let Some(back) = back else {
            return match self {
                Self::Gone => Seen::Applied,
                // Nothing binds it: it may still be on its way.
                Self::Created { .. } => Seen::NotYet,
                Self::Patched { .. } | Self::Restarted { .. } | Self::Template { .. } => Seen::Vanished,
            };
        };
        if let Self::Created { operation } = self {
            let made_by = back.pointer("/metadata/annotations").and_then(|all| all.get(OPERATION));
            let ours = made_by.and_then(Value::as_str) == Some(operation);
            return if ours { Seen::Applied } else { Seen::NotApplied };
        }
        let same_object = text(before, "/metadata/uid") == text(back, "/metadata/uid");
        if !same_object {
            return if *self == Self::Gone { Seen::Applied } else { Seen::Vanished };
        }
        if self.holds(before, back) {
            return Seen::Applied;
        }
        let version = "/metadata/resourceVersion";
        if text(before, version) == text(back, version) {
            return Seen::NotYet;
        }
        if *self == Self::Gone {
            // An eviction first notes its reason in the pod and then deletes it.
            let begun = is_evicted(back) && !is_evicted(before);
            return if begun { Seen::NotYet } else { Seen::NotApplied };
        }
        if our_fields(before) == our_fields(back) { Seen::NotApplied } else { Seen::Differs }
    }

    fn holds(&self, before: &Value, back: &Value) -> bool {
        match self {
            Self::Patched { content, body } => {
                let now = canonical(back.clone());
                applied(&now, *content, &body.0).is_ok_and(|again| same(&now, &again, false))
            }
            Self::Restarted { at } => {
                let seen =
                    back.pointer("/spec/template/metadata/annotations").and_then(|a| a.get(RESTARTED_AT));
                let seen = seen.and_then(Value::as_str).unwrap_or_default();
                let later = Ts::parse_rfc3339(seen).zip(Ts::parse_rfc3339(at)).is_some_and(|(a, b)| a >= b);
                seen == at || later
            }
            Self::Template { template } => {
                back.pointer("/spec/template").is_some_and(|now| same_template(now, &template.0))
            }
            Self::Gone => {
                let ending = "/metadata/deletionTimestamp";
                let grace = "/metadata/deletionGracePeriodSeconds";
                let ends = back.pointer(ending).is_some_and(|at| !at.is_null());
                // A pod that is ending anyway ends sooner by force.
                ends && (before.pointer(ending) != back.pointer(ending)
                    || before.pointer(grace) != back.pointer(grace))
            }
            Self::Created { .. } => false,
        }
    }
}

fn is_evicted(pod: &Value) -> bool {
    items(pod, "/status/conditions").any(|condition| {
        text(condition, "/type") == "DisruptionTarget"
            && text(condition, "/status") == "True"
            && text(condition, "/reason") == "EvictionByEvictionAPI"
    })
}

fn our_fields(object: &Value) -> Vec<&Value> {
    items(object, "/metadata/managedFields")
        .filter(|entry| text(entry, "/manager") == FIELD_MANAGER)
        .collect()
}

/// Returns the finalizers that hold an object which is being deleted; none when it is not.
pub fn held_by(object: &Value) -> Vec<Safe> {
    let ends = object.pointer("/metadata/deletionTimestamp").is_some_and(|at| !at.is_null());
    let finalizers = items(object, "/metadata/finalizers").filter_map(Value::as_str);
    if ends { finalizers.map(clip).collect() } else { Vec::new() }
}

/// Returns whether a fresh object is the planned one for all that a plan rests on.
///
/// What may differ: `status` (a crash loop writes it all the time), and of the metadata `resourceVersion`, `managedFields`
/// (who wrote what, and when) and `generation` (it counts changes of what is compared here anyway). All else counts: uid,
/// name, labels, annotations, owners, finalizers, a deletion that has begun, the spec, and whatever other fields the kind
/// has at its top, such as the data of a ConfigMap. A field that is null is one that is not there.
pub fn same_but_status(planned: &Value, fresh: &Value) -> bool {
    let (Some(planned), Some(fresh)) = (planned.as_object(), fresh.as_object()) else {
        return planned == fresh;
    };
    let counts = |object: &Map<String, Value>| {
        let mut kept: Map<String, Value> =
            object.iter().filter(|(key, _)| *key != "status").map(|(k, v)| (k.clone(), v.clone())).collect();
        if let Some(metadata) = kept.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata
                .retain(|key, _| !matches!(key.as_str(), "resourceVersion" | "managedFields" | "generation"));
        }
        Value::Object(kept)
    };
    same(&counts(planned), &counts(fresh), false)
}

/// Returns whether two documents are the same; what is null is not there, and within resources two ways to write a
/// quantity are one.
pub(super) fn same(a: &Value, b: &Value, quantities: bool) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let covers = |these: &Map<String, Value>, those: &Map<String, Value>| {
                these
                    .iter()
                    .all(|(key, value)| value.is_null() || those.get(key).is_some_and(|v| !v.is_null()))
            };
            covers(b, a)
                && a.iter().filter(|(_, value)| !value.is_null()).all(|(key, value)| {
                    let inside = quantities || matches!(key.as_str(), "requests" | "limits" | "sizeLimit");
                    b.get(key).is_some_and(|other| same(value, other, inside))
                })
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, quantities))
        }
        (Value::String(a), Value::String(b)) if quantities => quantity::same(a, b),
        (a, b) => a == b,
    }
}
