//! Events, as the recorders of controllers and kubelets write them.
//!
//! Owns: counting of repeats, names, and expiry after an hour. Tested through rollouts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::World;
use super::clock::MINUTE;
use super::fields::{Actor, record};
use super::json::{int, name, namespace, set, text, time, time_at, uid};
use super::kinds::K;
use crate::life::Nanos;

/// How long an event is kept after it was last seen.
const KEPT: Nanos = 60 * MINUTE;

/// Which event tells a repeated happening.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    known: BTreeMap<(String, String, String), (String, String)>,
    serial: i64,
    checked: Nanos,
}

/// Who tells of it: the component, and the node when it is a kubelet.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The component's name.
    pub component: &'a str,
    /// The node, empty for controllers.
    pub host: &'a str,
}

impl<'a> Source<'a> {
    /// Returns a controller as source.
    pub const fn of(component: &'a str) -> Self {
        Self { component, host: "" }
    }
}

/// What is told: `Normal` or `Warning`, the reason, the text, the part of the object.
#[derive(Clone, Copy, Debug)]
pub struct Tale<'a> {
    /// Whether it is a warning.
    pub warning: bool,
    /// Reason.
    pub reason: &'a str,
    /// Message.
    pub message: &'a str,
    /// `spec.containers{x}`, or empty.
    pub part: &'a str,
}

impl<'a> Tale<'a> {
    /// Returns a normal event of the whole object.
    pub const fn normal(reason: &'a str, message: &'a str) -> Self {
        Self { warning: false, reason, message, part: "" }
    }

    /// Returns a warning of the whole object.
    pub const fn warning(reason: &'a str, message: &'a str) -> Self {
        Self { warning: true, reason, message, part: "" }
    }
}

impl World {
    /// Tells of something that happened to `about`.
    pub fn tell(&mut self, about: &Value, source: Source<'_>, tale: Tale<'_>, now: Nanos) {
        let ns = if namespace(about).is_empty() { "default" } else { namespace(about) }.to_owned();
        let key = (uid(about).to_owned(), tale.reason.to_owned(), tale.message.to_owned());
        if let Some((ns, called)) = self.recorder.known.get(&key).cloned()
            && let Some(old) = self.store.get(K::Event, &ns, &called).cloned()
        {
            let mut new = Value::clone(&old);
            set(&mut new, &["count"], int(&old, &["count"]) + 1);
            set(&mut new, &["lastTimestamp"], time(now));
            record(&old, &mut new, &Actor::new(source.component), now);
            self.store.put(K::Event, new);
            return;
        }
        self.recorder.serial += 1;
        let called = format!("{}.{:x}", name(about), now.saturating_add(self.recorder.serial));
        let mut involved = json!({
            "kind": text(about, &["kind"]),
            "namespace": namespace(about),
            "name": name(about),
            "uid": uid(about),
            "apiVersion": text(about, &["apiVersion"]),
            "resourceVersion": text(about, &["metadata", "resourceVersion"]),
        });
        if namespace(about).is_empty() {
            super::json::remove(&mut involved, &["namespace"]);
        }
        if !tale.part.is_empty() {
            set(&mut involved, &["fieldPath"], tale.part);
        }
        let mut told = json!({ "component": source.component });
        if !source.host.is_empty() {
            set(&mut told, &["host"], source.host);
        }
        let id = self.rng.uid();
        let mut event = json!({
            "kind": "Event",
            "apiVersion": "v1",
            "metadata": { "name": called, "namespace": ns, "uid": id, "creationTimestamp": time(now) },
            "involvedObject": involved,
            "reason": tale.reason,
            "message": tale.message,
            "source": told,
            "firstTimestamp": time(now),
            "lastTimestamp": time(now),
            "count": 1,
            "type": if tale.warning { "Warning" } else { "Normal" },
            "eventTime": null,
            "reportingComponent": source.component,
            "reportingInstance": source.host,
        });
        record(&Value::Null, &mut event, &Actor::new(source.component), now);
        self.store.put(K::Event, event);
        self.recorder.known.insert(key, (ns, called));
    }
}

/// Removes events that were last seen more than an hour ago; looked at once a minute.
pub fn expire(world: &mut World, now: Nanos) {
    if now - world.recorder.checked < MINUTE {
        return;
    }
    world.recorder.checked = now;
    let old: Vec<(String, String)> = world
        .store
        .all(K::Event)
        .filter(|e| time_at(e, &["lastTimestamp"]).is_none_or(|t| now - t > KEPT))
        .map(|e| (namespace(e).to_owned(), name(e).to_owned()))
        .collect();
    for (ns, called) in &old {
        world.store.remove(K::Event, ns, called);
    }
    world.recorder.known.retain(|_, place| !old.contains(place));
}
