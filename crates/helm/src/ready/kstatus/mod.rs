//! kstatus: how Helm 4's `--wait` judges objects.
//!
//! Source: `pkg/kstatus/status` and `pkg/kstatus/polling/statusreaders` of github.com/fluxcd/cli-utils v1.2.2, which Helm
//! v4.3.1 is built with, and Helm's own readers of Jobs and hook Pods, `internal/statusreaders`. The messages are kstatus'
//! own, for they stand in the records of releases that did not become ready.
//!
//! What cannot be read as it should be is [`State::Unknown`] without a message, as there.

mod fields;
mod pods;
mod readers;
mod rules;
mod workloads;

use std::fmt;

use serde_json::Value;

use super::Wants;
use super::selector::selector;
use crate::plan::{Gvk, ObjectId};
use fields::{Malformed, conditions, nested, nested_int, nested_text};

pub use readers::{hook_pod, job};

/// How an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is on its way to what it should be.
    InProgress,
    /// It will not get there unless somebody does something, or so it seems.
    Failed,
    /// It is as it should be.
    Current,
    /// It is being deleted.
    Terminating,
    /// It was there and is gone.
    NotFound,
    /// It was not seen yet, or could not be judged.
    Unknown,
}

impl State {
    /// Returns kstatus' word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Failed => "Failed",
            Self::Current => "Current",
            Self::Terminating => "Terminating",
            Self::NotFound => "NotFound",
            Self::Unknown => "Unknown",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How an object is, and why; the message may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// How it is.
    pub state: State,
    /// Why, in kstatus' words.
    pub message: String,
}

impl Status {
    fn new(state: State, message: impl Into<String>) -> Self {
        Self { state, message: message.into() }
    }

    fn current(message: impl Into<String>) -> Self {
        Self::new(State::Current, message)
    }

    fn in_progress(message: impl Into<String>) -> Self {
        Self::new(State::InProgress, message)
    }

    fn failed(message: impl Into<String>) -> Self {
        Self::new(State::Failed, message)
    }

    /// Returns the status of what was not seen yet or cannot be judged.
    pub fn unknown() -> Self {
        Self::new(State::Unknown, "")
    }

    /// Returns the status of what was there and is gone.
    pub fn not_found() -> Self {
        Self::new(State::NotFound, "Resource not found")
    }

    /// Returns whether nobody waits for it any longer: it is as it should be, or it failed.
    pub fn is_settled(&self) -> bool {
        matches!(self.state, State::Current | State::Failed)
    }
}

/// Returns what Helm says of an object that was waited for in vain; cluster-scoped ones have an empty namespace.
pub fn not_ready(id: &ObjectId, status: &Status) -> String {
    format!("resource {} not ready. status: {}, message: {}", named(id), status.state, status.message)
}

/// Returns what Helm says of an object that was to be gone and is not.
pub fn still_exists(id: &ObjectId, status: &Status) -> String {
    format!("resource {} still exists. status: {}, message: {}", named(id), status.state, status.message)
}

fn named(id: &ObjectId) -> String {
    format!("{}/{}/{}", id.gvk.kind, id.namespace, id.name)
}

/// Returns what else is listed for an object: the pods of a StatefulSet or a ReplicaSet.
///
/// kstatus lists a Deployment's ReplicaSets and their pods too, and uses nothing of them.
pub fn wants(live: &Value) -> Option<Wants> {
    let gvk = Gvk::of(live);
    let counts = gvk.group == "apps" && matches!(gvk.kind.as_str(), "StatefulSet" | "ReplicaSet");
    (counts && selects(live).is_ok()).then(|| Wants::pods(selector(live.pointer("/spec/selector"))))
}

/// Judges a live object. `pods` is what [`wants`] asked for; `jobs` says whether Jobs are waited for until they are
/// complete (`--wait-for-jobs`), and `now_ns` what time it is, in nanoseconds since 1970.
pub fn status(live: &Value, pods: &[Value], jobs: bool, now_ns: i64) -> Status {
    let gvk = Gvk::of(live);
    let judged = match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("batch", "Job") if jobs => return job(live),
        ("apps", "Deployment") => selects(live).and_then(|()| compute(live, &gvk, now_ns)),
        ("apps", "StatefulSet" | "ReplicaSet") => {
            selects(live).and_then(|()| pods::counted(live, &gvk, pods, now_ns))
        }
        _ => compute(live, &gvk, now_ns),
    };
    known(judged)
}

fn known(judged: Result<Status, Malformed>) -> Status {
    judged.unwrap_or_else(|Malformed| Status::unknown())
}

/// Whether an object has a selector, without which what belongs to it cannot be listed.
fn selects(live: &Value) -> Result<(), Malformed> {
    nested(live, "spec.selector")?.filter(|selector| selector.is_object()).map(|_| ()).ok_or(Malformed)
}

/// `status.Compute`: what all kinds have in common, then the kind's own rules, then a condition `Ready`.
fn compute(live: &Value, gvk: &Gvk, now_ns: i64) -> Result<Status, Malformed> {
    if let Some(status) = generic(live, gvk)? {
        return Ok(status);
    }
    match rules::rule(gvk) {
        Some(rule) => rule(live, now_ns),
        None => by_ready(live),
    }
}

fn generic(live: &Value, gvk: &Gvk) -> Result<Option<Status>, Malformed> {
    if nested_text(live, "metadata.deletionTimestamp")?.is_some_and(|at| !at.is_empty()) {
        return Ok(Some(Status::new(State::Terminating, "Resource scheduled for deletion")));
    }
    if let Some(generation) = nested_int(live, "metadata.generation")?
        && let Some(observed) = nested_int(live, "status.observedGeneration")?
        && observed != generation
    {
        return Ok(Some(Status::in_progress(format!(
            "{} generation is {generation}, but latest observed generation is {observed}",
            gvk.kind
        ))));
    }
    let told = conditions(live)?.into_iter().find_map(|condition| {
        if condition.is("Reconciling", "True") {
            Some(Status::in_progress(condition.message))
        } else if condition.is("Stalled", "True") {
            Some(Status::failed(condition.message))
        } else {
            None
        }
    });
    Ok(told)
}

fn by_ready(live: &Value) -> Result<Status, Malformed> {
    let told =
        conditions(live)?.into_iter().filter(|condition| condition.kind == "Ready").find_map(|condition| {
            match condition.status {
                "True" => Some(Status::current("Resource is Ready")),
                "False" | "Unknown" => Some(Status::in_progress(condition.message)),
                _ => None,
            }
        });
    Ok(told.unwrap_or_else(|| Status::current("Resource is current")))
}

#[cfg(test)]
mod tests;
