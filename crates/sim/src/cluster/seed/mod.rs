//! A fresh stand's cluster: three weeks of history lived through on a clock of its own.
//!
//! Owns: the order in which things were made. Nothing of the history is painted on: objects are
//! created and changed at their times, and the controllers and kubelets did the rest. Tested by
//! what the finished cluster holds.

mod chart;
mod records;
mod system;
mod yaml;

use serde_json::{Value, json};

pub use self::chart::{Rendered, objects};
pub use self::yaml::document;

use super::World;
use super::api::{DeleteOptions, Write};
use super::clock::{MINUTE, SECOND};
use super::fields::Actor;
use super::json::{name, object, set, slot, text};
use super::kinds::{K, KINDS};
use crate::catalog::{NAMESPACE, RELEASE, REVISIONS, Revision};
use crate::life::Nanos;

/// How old the cluster is.
const AGE: Nanos = 21 * 24 * 60 * MINUTE;
/// How long a container may take to settle after a change in the history.
const SETTLE: Nanos = 90 * SECOND;

/// Returns the cluster as it is at `now`, minutes after the last release.
pub fn fresh(seed: u64, speed: f64, now: Nanos) -> World {
    // The history was lived at the speed of the wall clock; what comes is the stand's own.
    let mut world = World::new(seed, 1.0);
    let start = now - AGE;
    system::bootstrap(&mut world, start);
    world.run(start, start + SETTLE);
    let mut marks: Vec<(Nanos, Mark)> =
        REVISIONS.iter().map(|r| (now - Nanos::from(r.minutes_ago) * MINUTE, Mark::Release(r))).collect();
    marks.push((now - 52 * MINUTE, Mark::Pressure(true)));
    marks.push((now - 35 * MINUTE, Mark::Pressure(false)));
    marks.sort_by_key(|(at, _)| *at);
    let mut clock = start + SETTLE;
    for (at, mark) in marks {
        world.run(clock, at);
        clock = at;
        match mark {
            Mark::Release(revision) => release(&mut world, revision, at),
            Mark::Pressure(on) => system::memory_pressure(&mut world, "worker-3", on, at),
        }
    }
    world.run(clock, now);
    world.set_speed(speed);
    world.store.compact();
    world
}

enum Mark {
    Release(&'static Revision),
    Pressure(bool),
}

fn writer(manager: &str, now: Nanos) -> Write {
    Write { actor: Actor::new(manager), now, dry_run: false }
}

/// Creates an object of the history; what is refused is a mistake in the stand and is logged.
fn put(world: &mut World, manager: &str, now: Nanos, object: Value) {
    let kind = KINDS.iter().find(|k| k.kind == text(&object, &["kind"])).map(|k| k.id);
    let Some(kind) = kind else { return };
    let ns = super::json::namespace(&object).to_owned();
    if let Err(error) = world.create(kind, &ns, object, &writer(manager, now)) {
        tracing::error!(%error, "an object of the fresh stand was refused");
    }
}

/// Plays one revision as Helm would have: a pending record, the objects, the records' last states.
fn release(world: &mut World, revision: &Revision, now: Nanos) {
    let first = REVISIONS.first().map_or(now, |r| {
        now + Nanos::from(revision.minutes_ago) * MINUTE - Nanos::from(r.minutes_ago) * MINUTE
    });
    let pending = if revision.number == 1 { "pending-install" } else { "pending-upgrade" };
    put(world, "Helm", now, records::secret(revision, pending, (first, now), &[("createdAt", now)]));
    let before = REVISIONS.iter().find(|r| r.number + 1 == revision.number);
    let target = chart::objects(revision);
    for object in &target {
        apply(world, object.object.clone(), now);
    }
    for gone in before.map(chart::objects).unwrap_or_default() {
        let still = target.iter().any(|t| t.path == gone.path);
        if !still && let Some(kind) = kind_of(&gone.object) {
            let key = (NAMESPACE, name(&gone.object));
            if let Err(error) = world.delete(kind, key, &DeleteOptions::default(), now) {
                tracing::error!(%error, "an object of the fresh stand was not deleted");
            }
        }
    }
    let done = now + 2 * SECOND;
    let failed = revision.status == "failed";
    let last = if failed { "failed" } else { "deployed" };
    let update =
        |world: &mut World, revision: &Revision, status: &str, times: (Nanos, Nanos), stamp: Nanos| {
            let secret = records::secret(revision, status, times, &[("modifiedAt", stamp)]);
            let called = name(&secret).to_owned();
            if let Err(error) = world.replace(K::Secret, (NAMESPACE, &called), secret, &writer("Helm", done))
            {
                tracing::error!(%error, "a record of the fresh stand was refused");
            }
        };
    if !failed {
        let old = REVISIONS.iter().rev().find(|r| r.number < revision.number && r.status != "failed");
        if let Some(old) = old {
            let then = now + (Nanos::from(revision.minutes_ago) - Nanos::from(old.minutes_ago)) * MINUTE;
            // Helm lays the record's own labels over the new stamp: it keeps that of its deployment.
            update(world, old, "superseded", (first, then), then + 2 * SECOND);
        }
    }
    update(world, revision, last, (first, now), done);
}

fn kind_of(object: &Value) -> Option<K> {
    KINDS.iter().find(|k| k.kind == text(object, &["kind"])).map(|k| k.id)
}

/// Creates or changes a live object as a Helm upgrade does.
fn apply(world: &mut World, mut target: Value, now: Nanos) {
    let Some(kind) = kind_of(&target) else { return };
    set(&mut target, &["metadata", "namespace"], NAMESPACE);
    set(&mut target, &["metadata", "annotations", "meta.helm.sh/release-name"], RELEASE);
    set(&mut target, &["metadata", "annotations", "meta.helm.sh/release-namespace"], NAMESPACE);
    let called = name(&target).to_owned();
    if world.store.get(kind, NAMESPACE, &called).is_none() {
        put(world, "helm", now, target);
        return;
    }
    let done = world.change(kind, (NAMESPACE, &called), &writer("helm", now), |live| {
        let mut new = live.clone();
        lay_over(&mut new, &target);
        if let Some(data) = target.get("data") {
            set(&mut new, &["data"], data.clone());
        }
        Ok(new)
    });
    if let Err(error) = done {
        tracing::error!(%error, "a change of the fresh stand was refused");
    }
}

/// Lays the fields of `top` over those of `base`; lists are taken whole.
fn lay_over(base: &mut Value, top: &Value) {
    match top {
        Value::Object(map) => {
            for (key, value) in map {
                let place = object(base).entry(key.clone()).or_insert(Value::Null);
                lay_over(place, value);
            }
        }
        other => *base = other.clone(),
    }
}

/// Returns the condition of that type of an object, for changing.
fn condition_mut<'a>(object: &'a mut Value, kind: &str) -> Option<&'a mut Value> {
    slot(object, &["status", "conditions"])
        .as_array_mut()
        .and_then(|all| all.iter_mut().find(|c| text(c, &["type"]) == kind))
}

/// Returns an empty object with a kind, a namespace and a name.
fn bare(api_version: &str, kind: &str, ns: &str, called: &str) -> Value {
    let mut object = json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": called } });
    if !ns.is_empty() {
        set(&mut object, &["metadata", "namespace"], ns);
    }
    object
}
