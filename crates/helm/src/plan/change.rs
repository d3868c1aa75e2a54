//! How an object that is there is changed, and what it will be.

use serde_json::Value;

use super::object::PlanObject;
use super::objects::Action;
use super::refusal::Warning;
use crate::managed::upgrade;
use crate::merge::{Schema, apply, create_patch, lay_over};
use crate::options::{Method, Options};

/// What the server writes into the metadata of an object, and keeps when the object is replaced.
const SERVERS_OWN: [&str; 8] = [
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
];

/// The way in which objects that are there are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// By patches that are computed here.
    Patch,
    /// By the server.
    Apply,
    /// By putting them in the place of the live ones.
    Replace,
}

impl How {
    /// Returns the way that was asked for. Both the server's and replacing is refused elsewhere.
    pub(super) fn of(method: Method, options: &Options) -> Self {
        match method {
            _ if options.force_replace => Self::Replace,
            Method::ServerSide => Self::Apply,
            Method::ClientSide => Self::Patch,
        }
    }
}

/// The change of an object.
pub(super) struct Change {
    pub action: Action,
    /// The object as it will be.
    pub result: Value,
    /// The object as it will be as far as can be told apart from what the server fills in.
    pub assumed: Value,
}

impl Change {
    /// Makes the change; the error is why it cannot be made.
    pub(super) fn of(
        target: &PlanObject,
        old: Option<&PlanObject>,
        live: &Value,
        how: How,
    ) -> Result<Self, String> {
        // The server takes nothing from an object that only was there.
        let laid_over = || lay_over(old.map_or(&target.value, |old| &old.value), &target.value, live);
        match how {
            How::Patch => {
                let original = old.map_or(live, |old| &old.value);
                let made =
                    create_patch(original, &target.value, Some(live)).map_err(|err| err.to_string())?;
                let Some(patch) = made else {
                    let (result, assumed) = (live.clone(), live.clone());
                    return Ok(Self { action: Action::Unchanged, result, assumed });
                };
                let result = apply(live, &patch).map_err(|err| err.to_string())?;
                Ok(Self { action: Action::Patch(patch), assumed: result.clone(), result })
            }
            How::Apply => {
                let result = laid_over();
                Ok(Self { action: Action::Apply, assumed: result.clone(), result })
            }
            How::Replace => {
                let mut assumed = laid_over();
                // Of a pod's template the server fills in no label and no annotation: those of others are gone.
                let template = "/spec/template/metadata";
                if let (Some(metadata), Some(own)) =
                    (assumed.pointer_mut(template), target.value.pointer(template))
                {
                    metadata.clone_from(own);
                } else if let Some(inner) =
                    assumed.pointer_mut("/spec/template").and_then(Value::as_object_mut)
                {
                    inner.shift_remove("metadata");
                }
                Ok(Self { action: Action::Replace, result: replaced(&target.value, live), assumed })
            }
        }
    }

    /// Returns what is to be told of changing an object in this way.
    pub(super) fn warning(&self, schema: Option<Schema>, live: &Value, manager: &str) -> Option<Warning> {
        match self.action {
            Action::Replace => Some(Warning::Replaced),
            Action::Apply => {
                let taken = upgrade(live, &[manager], manager).ok().flatten();
                taken.filter(|taken| taken.changes).map(|_| Warning::TakesFieldsOver)
            }
            _ if schema.is_none() => Some(Warning::NotBuiltIn),
            _ => None,
        }
    }
}

/// The target with what the server keeps of the live object when it is replaced.
fn replaced(target: &Value, live: &Value) -> Value {
    let mut result = target.clone();
    if let Some(metadata) = result.get_mut("metadata").and_then(Value::as_object_mut) {
        for key in SERVERS_OWN {
            if let Some(value) = live.get("metadata").and_then(|metadata| metadata.get(key)) {
                metadata.insert(key.to_owned(), value.clone());
            }
        }
    }
    if let (Some(map), Some(status)) = (result.as_object_mut(), live.get("status")) {
        map.insert("status".to_owned(), status.clone());
    }
    result
}
