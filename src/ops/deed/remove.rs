//! Deleting an object and evicting a pod.
//!
//! The server honours both preconditions of an eviction: with a resourceVersion it does not repeat the eviction of a pod
//! that changes under its hands. It takes the eviction off the pod's disruption budget before it compares them, so a
//! stale version costs the budget one for two minutes: it is refreshed right before it is sent.

use serde_json::{Value, json};

use super::Cascade;
use super::act::{Act, Content, Raw, Verb, written_by_us};
use super::expect::{Expect, held_by};
use super::live::{Live, tag};
use super::refusal::Refusal;
use crate::core::Safe;

/// The annotation of a pod that a kubelet made from a file.
pub(super) const MIRROR: &str = "kubernetes.io/config.mirror";

pub(super) fn delete(
    live: &Live<'_>,
    grace_s: Option<i64>,
    force: bool,
    cascade: Cascade,
) -> Result<Act, Refusal> {
    let grace = match (grace_s, force) {
        (Some(grace), _) if grace < 0 => return Err(Refusal::invalid("a grace period cannot be negative")),
        (Some(grace), true) if grace > 0 => {
            return Err(Refusal::invalid("force and a grace period do not go together"));
        }
        (_, true) => Some(0),
        // Nothing ends at once without being forced to.
        (Some(0), false) => Some(1),
        (grace, false) => grace,
    };
    if is_mirror(live) {
        return Err(Refusal::MirrorPod);
    }
    let ends = live.object.pointer("/metadata/deletionTimestamp").is_some_and(|at| !at.is_null());
    if ends && !force {
        return Err(Refusal::Terminating(held_by(live.object)));
    }
    let mut body = options(live, grace)?;
    let policy = match cascade {
        Cascade::Background => "Background",
        Cascade::Foreground => "Foreground",
        Cascade::Orphan => "Orphan",
    };
    if let Some(body) = body.as_object_mut() {
        body.insert("propagationPolicy".to_owned(), policy.into());
    }
    let mut words = vec![format!("{} deleted", live.title())];
    if let Some(seconds) = grace {
        words.push(format!("grace period {seconds} s"));
    }
    match cascade {
        Cascade::Background => {}
        Cascade::Foreground => words.push("what belongs to it is deleted first".to_owned()),
        Cascade::Orphan => words.push("what belongs to it stays".to_owned()),
    }
    Ok(gone(live, Verb::Delete, body).saying(words))
}

pub(super) fn evict(live: &Live<'_>, grace_s: Option<i64>) -> Result<Act, Refusal> {
    if grace_s.is_some_and(|grace| grace < 0) {
        return Err(Refusal::invalid("a grace period cannot be negative"));
    }
    if is_mirror(live) {
        return Err(Refusal::MirrorPod);
    }
    if live.object.pointer("/metadata/deletionTimestamp").is_some_and(|at| !at.is_null()) {
        return Err(Refusal::Terminating(held_by(live.object)));
    }
    let body = json!({
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": live.place.name, "namespace": live.place.namespace},
        "deleteOptions": options(live, grace_s)?,
    });
    let mut act = gone(live, Verb::Create, body);
    act.subresource = Some("eviction".to_owned());
    act.query = written_by_us();
    let grace = grace_s.map(|seconds| format!("grace period {seconds} s"));
    Ok(act.saying([format!("{} evicted", live.title())].into_iter().chain(grace)))
}

fn is_mirror(live: &Live<'_>) -> bool {
    live.is("", "Pod") && tag(live.object, "annotations", MIRROR).is_some()
}

fn options(live: &Live<'_>, grace: Option<i64>) -> Result<Value, Refusal> {
    let mut options = json!({
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": live.place.uid, "resourceVersion": live.version()?},
    });
    if let (Some(seconds), Some(options)) = (grace, options.as_object_mut()) {
        options.insert("gracePeriodSeconds".to_owned(), seconds.into());
    }
    Ok(options)
}

fn gone(live: &Live<'_>, verb: Verb, body: Value) -> Act {
    Act {
        verb,
        place: live.place.clone(),
        subresource: None,
        content: Content::Json,
        query: Vec::new(),
        body: Raw(body),
        fields: Vec::<Safe>::new(),
        expect: Expect::Gone,
        after: None,
    }
}
