//! Deployments: rolling updates through ReplicaSets, revisions, conditions.
//!
//! The arithmetic of surge and unavailability follows the real controller's: the new set grows as
//! far as the surge allows, unhealthy old pods go first, and never are fewer available than asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::api::{DeleteOptions, Write};
use super::super::clock::{SECOND, template_hash};
use super::super::events::{Source, Tale};
use super::super::fields::Actor;
use super::super::json::{at, controller_ref, deleting, int, list, name, namespace, set, text, time_at};
use super::super::kinds::K;
use super::super::{Dirty, World};
use super::{MANAGER, condition, owned};
use crate::life::Nanos;

const SOURCE: Source<'static> = Source::of("deployment-controller");
const REVISION: &str = "deployment.kubernetes.io/revision";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MAX: &str = "deployment.kubernetes.io/max-replicas";

/// Takes each Deployment one step on.
pub fn run(world: &mut World, dirty: &Dirty, now: Nanos) {
    let all = dirty.owners(world, K::Deployment);
    for deployment in all.iter().filter(|d| !deleting(d)) {
        let sets = owned(world, K::ReplicaSet, deployment);
        let current = sets.iter().position(|s| same_template(deployment, s));
        let paused = at(deployment, &["spec", "paused"]) == &Value::Bool(true);
        if let Some(current) = current {
            adopt_revision(world, deployment, &sets, current, now);
            if !paused {
                roll(world, deployment, &sets, current, now);
            }
            clean_up(world, deployment, &sets, current, now);
        } else if !paused {
            create_set(world, deployment, &sets, now);
        }
        status(world, deployment, now);
    }
}

fn key(object: &Value) -> (&str, &str) {
    (namespace(object), name(object))
}

/// Returns a template without the hash that tells sets apart.
fn bare_template(object: &Value) -> Value {
    let mut template = at(object, &["spec", "template"]).clone();
    super::super::json::remove(&mut template, &["metadata", "labels", "pod-template-hash"]);
    template
}

fn same_template(deployment: &Value, set: &Value) -> bool {
    let (a, b) = (at(deployment, &["spec", "template"]), at(set, &["spec", "template"]));
    let labels = |t: &Value| -> BTreeMap<String, Value> {
        let all = at(t, &["metadata", "labels"]).as_object().into_iter().flatten();
        all.filter(|(k, _)| *k != "pod-template-hash").map(|(k, v)| (k.clone(), v.clone())).collect()
    };
    at(a, &["spec"]) == at(b, &["spec"])
        && at(a, &["metadata", "annotations"]) == at(b, &["metadata", "annotations"])
        && labels(a) == labels(b)
}

fn revision(set: &Value) -> i64 {
    text(set, &["metadata", "annotations", REVISION]).parse().unwrap_or(0)
}

fn replicas(object: &Value) -> i64 {
    int(object, &["spec", "replicas"])
}

fn share(value: &Value, of: i64, up: bool) -> i64 {
    let percent = value.as_str().and_then(|s| s.strip_suffix('%')).and_then(|s| s.parse::<i64>().ok());
    match percent {
        Some(percent) if up => (of * percent + 99) / 100,
        Some(percent) => of * percent / 100,
        None => value.as_i64().unwrap_or(0),
    }
}

/// Returns `(max surge, max unavailable)` in pods.
fn limits(deployment: &Value) -> (i64, i64) {
    let want = replicas(deployment);
    if text(deployment, &["spec", "strategy", "type"]) == "Recreate" {
        return (0, want);
    }
    let rolling = at(deployment, &["spec", "strategy", "rollingUpdate"]);
    let surge = share(at(rolling, &["maxSurge"]), want, true);
    let unavailable = share(at(rolling, &["maxUnavailable"]), want, false);
    if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable.min(want)) }
}

fn create_set(world: &mut World, deployment: &Value, sets: &[Arc<Value>], now: Nanos) {
    let template = bare_template(deployment);
    let hash = template_hash(template.to_string().as_bytes());
    let (surge, _) = limits(deployment);
    let existing: i64 = sets.iter().map(|s| replicas(s)).sum();
    let want = replicas(deployment);
    let recreate_waits = text(deployment, &["spec", "strategy", "type"]) == "Recreate" && existing > 0;
    let first = if recreate_waits { 0 } else { (want + surge - existing).clamp(0, want) };
    let next = sets.iter().map(|s| revision(s)).max().unwrap_or(0) + 1;
    let mut template = template;
    set(&mut template, &["metadata", "labels", "pod-template-hash"], hash.clone());
    let mut selector = at(deployment, &["spec", "selector"]).clone();
    set(&mut selector, &["matchLabels", "pod-template-hash"], hash.clone());
    let mut annotations = at(deployment, &["metadata", "annotations"]).clone();
    set(&mut annotations, &[DESIRED], want.to_string());
    set(&mut annotations, &[MAX], (want + surge).to_string());
    set(&mut annotations, &[REVISION], next.to_string());
    let called = format!("{}-{hash}", name(deployment));
    let new = json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": called,
            "labels": at(&template, &["metadata", "labels"]).clone(),
            "annotations": annotations,
            "ownerReferences": [controller_ref(deployment)],
        },
        "spec": { "replicas": first, "selector": selector, "template": template },
    });
    let how = Write { actor: Actor::new(MANAGER), now, dry_run: false };
    if let Err(error) = world.create(K::ReplicaSet, namespace(deployment), new, &how) {
        tracing::debug!(%error, "a ReplicaSet was refused");
        return;
    }
    if first > 0 {
        told_scaling(world, deployment, &called, 0, first, now);
    }
    mark_revision(world, deployment, next, now);
    let message = format!("Created new replica set \"{called}\"");
    progress(world, deployment, true, ("NewReplicaSetCreated", &message), now);
}

fn mark_revision(world: &mut World, deployment: &Value, revision: i64, now: Nanos) {
    world.edit(K::Deployment, key(deployment), Actor::new(MANAGER), now, |d| {
        set(d, &["metadata", "annotations", REVISION], revision.to_string());
    });
}

/// Gives the set that has become current again the newest revision.
fn adopt_revision(world: &mut World, deployment: &Value, sets: &[Arc<Value>], current: usize, now: Nanos) {
    let Some(mine) = sets.get(current) else { return };
    let others = sets.iter().filter(|s| name(s) != name(mine)).map(|s| revision(s)).max().unwrap_or(0);
    let old = revision(mine);
    let own = if old <= others { others + 1 } else { old };
    if own != old {
        let was = old.to_string();
        let annotations = at(deployment, &["metadata", "annotations"]).clone();
        world.edit(K::ReplicaSet, key(mine), Actor::new(MANAGER), now, |s| {
            for (k, v) in annotations.as_object().into_iter().flatten() {
                set(s, &["metadata", "annotations", k], v.clone());
            }
            set(s, &["metadata", "annotations", REVISION], own.to_string());
            let history = text(s, &["metadata", "annotations", HISTORY]).to_owned();
            let history = if history.is_empty() { was } else { format!("{history},{was}") };
            set(s, &["metadata", "annotations", HISTORY], history);
        });
    }
    if revision(deployment) != own {
        mark_revision(world, deployment, own, now);
        if own != old && old > 0 {
            let message = format!("Found new replica set \"{}\"", name(mine));
            progress(world, deployment, true, ("FoundNewReplicaSet", &message), now);
        }
    }
}

fn told_scaling(world: &mut World, deployment: &Value, set: &str, from: i64, to: i64, now: Nanos) {
    let way = if to > from { "up" } else { "down" };
    let message = format!("Scaled {way} replica set {set} from {from} to {to}");
    world.tell(deployment, SOURCE, Tale::normal("ScalingReplicaSet", &message), now);
}

fn scale_set(world: &mut World, deployment: &Value, replica_set: &Value, to: i64, now: Nanos) {
    let from = replicas(replica_set);
    if from == to {
        return;
    }
    let (surge, _) = limits(deployment);
    let want = replicas(deployment);
    world.edit(K::ReplicaSet, key(replica_set), Actor::new(MANAGER), now, |s| {
        set(s, &["spec", "replicas"], to);
        set(s, &["metadata", "annotations", DESIRED], want.to_string());
        set(s, &["metadata", "annotations", MAX], (want + surge).to_string());
    });
    told_scaling(world, deployment, name(replica_set), from, to, now);
}

/// Moves pods from the old sets to the current one.
fn roll(world: &mut World, deployment: &Value, sets: &[Arc<Value>], current: usize, now: Nanos) {
    let Some(new) = sets.get(current) else { return };
    let old: Vec<&Arc<Value>> = sets.iter().filter(|s| name(s) != name(new)).collect();
    let (surge, unavailable) = limits(deployment);
    let want = replicas(deployment);
    let all: i64 = sets.iter().map(|s| replicas(s)).sum();
    if replicas(new) > want {
        scale_set(world, deployment, new, want, now);
        return;
    }
    if text(deployment, &["spec", "strategy", "type"]) == "Recreate" {
        recreate(world, deployment, new, &old, now);
        return;
    }
    if replicas(new) < want {
        let grow = (want + surge - all).clamp(0, want - replicas(new));
        if grow > 0 {
            scale_set(world, deployment, new, replicas(new) + grow, now);
            return;
        }
    }
    let least = want - unavailable;
    let new_missing = replicas(new) - int(new, &["status", "availableReplicas"]);
    let may_go = all - least - new_missing;
    // Pods of old sets that serve nobody go first and cost nothing.
    for set in &old {
        let dead =
            (replicas(set) - int(set, &["status", "availableReplicas"])).min(may_go).min(replicas(set));
        if dead > 0 {
            scale_set(world, deployment, set, replicas(set) - dead, now);
            return;
        }
    }
    let available: i64 = sets.iter().map(|s| int(s, &["status", "availableReplicas"])).sum();
    let mut spare = (available - least).min(may_go);
    for set in &old {
        let down = replicas(set).min(spare).max(0);
        if down > 0 {
            scale_set(world, deployment, set, replicas(set) - down, now);
            spare -= down;
        }
    }
}

fn recreate(world: &mut World, deployment: &Value, new: &Value, old: &[&Arc<Value>], now: Nanos) {
    for set in old {
        scale_set(world, deployment, set, 0, now);
    }
    let gone = old.iter().all(|s| owned(world, K::Pod, s).is_empty());
    if gone {
        scale_set(world, deployment, new, replicas(deployment), now);
    }
}

/// Deletes the oldest sets beyond the history limit.
fn clean_up(world: &mut World, deployment: &Value, sets: &[Arc<Value>], current: usize, now: Nanos) {
    let limit = usize::try_from(int(deployment, &["spec", "revisionHistoryLimit"])).unwrap_or(10);
    let keep = sets.get(current).map(|s| name(s).to_owned()).unwrap_or_default();
    let mut idle: Vec<&Arc<Value>> = sets
        .iter()
        .filter(|s| name(s) != keep && replicas(s) == 0 && int(s, &["status", "replicas"]) == 0)
        .collect();
    idle.sort_by_key(|s| revision(s));
    let surplus = idle.len().saturating_sub(limit);
    for set in idle.iter().take(surplus) {
        if let Err(error) = world.delete(K::ReplicaSet, key(set), &DeleteOptions::default(), now) {
            tracing::debug!(%error, "an old ReplicaSet stays");
        }
    }
}

fn progress(world: &mut World, deployment: &Value, going: bool, why: (&str, &str), now: Nanos) {
    world.edit(K::Deployment, key(deployment), Actor::status(MANAGER), now, |d| {
        condition(super::super::json::slot(d, &["status"]), "Progressing", going, why, now);
    });
}

/// Tells counts and conditions.
fn status(world: &mut World, deployment: &Value, now: Nanos) {
    let Some(live) = world.store.get(K::Deployment, namespace(deployment), name(deployment)).cloned() else {
        return;
    };
    let sets = owned(world, K::ReplicaSet, &live);
    let sum = |field: &str| sets.iter().map(|s| int(s, &["status", field])).sum::<i64>();
    let current = sets.iter().find(|s| same_template(&live, s));
    let (total, up) = (sum("replicas"), sum("availableReplicas"));
    let updated = current.map_or(0, |s| int(s, &["status", "replicas"]));
    let want = replicas(&live);
    let mut new = at(&live, &["status"]).clone();
    if new.is_null() {
        new = json!({});
    }
    set(&mut new, &["observedGeneration"], int(&live, &["metadata", "generation"]));
    let missing = (want - up).max(0);
    for (field, value) in [
        ("replicas", total),
        ("updatedReplicas", updated),
        ("readyReplicas", sum("readyReplicas")),
        ("availableReplicas", up),
        ("unavailableReplicas", missing),
    ] {
        if value > 0 {
            set(&mut new, &[field], value);
        } else {
            super::super::json::remove(&mut new, &[field]);
        }
    }
    let (_, unavailable) = limits(&live);
    if up >= want - unavailable {
        let why = ("MinimumReplicasAvailable", "Deployment has minimum availability.");
        condition(&mut new, "Available", true, why, now);
    } else {
        let why = ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.");
        condition(&mut new, "Available", false, why, now);
    }
    if let Some(current) = current {
        progressed(&live, &mut new, current, (want, total, updated, up), now);
    }
    if at(&live, &["status"]) != &new {
        world.edit(K::Deployment, key(&live), Actor::status(MANAGER), now, |d| set(d, &["status"], new));
    }
}

fn progressed(live: &Value, new: &mut Value, current: &Value, counts: (i64, i64, i64, i64), now: Nanos) {
    let (want, total, updated, up) = counts;
    let called = name(current);
    let old = at(live, &["status"]);
    let complete = updated == want && total == want && up >= want;
    let reason = list(new, &["conditions"])
        .iter()
        .find(|c| text(c, &["type"]) == "Progressing")
        .map(|c| text(c, &["reason"]).to_owned())
        .unwrap_or_default();
    if complete {
        let message = format!("ReplicaSet \"{called}\" has successfully progressed.");
        condition(new, "Progressing", true, ("NewReplicaSetAvailable", &message), now);
        return;
    }
    // A complete rollout that loses pods stays complete until its template changes.
    if reason == "NewReplicaSetAvailable" && total == updated {
        return;
    }
    let moved = updated > int(old, &["updatedReplicas"])
        || total - updated < int(old, &["replicas"]) - int(old, &["updatedReplicas"])
        || up > int(old, &["availableReplicas"]);
    if moved {
        let message = format!("ReplicaSet \"{called}\" is progressing.");
        let changed = reason == "ReplicaSetUpdated";
        condition(new, "Progressing", true, ("ReplicaSetUpdated", &message), now);
        if changed {
            let conditions = super::super::json::slot(new, &["conditions"]);
            for c in conditions.as_array_mut().into_iter().flatten() {
                if text(c, &["type"]) == "Progressing" {
                    set(c, &["lastUpdateTime"], super::super::json::time(now));
                }
            }
        }
    }
}

/// Marks rollouts that have made no progress for their deadline.
pub fn deadlines(world: &mut World, now: Nanos) {
    let all: Vec<Arc<Value>> = world.store.all(K::Deployment).cloned().collect();
    for deployment in &all {
        let conditions = list(deployment, &["status", "conditions"]);
        let Some(going) = conditions.iter().find(|c| text(c, &["type"]) == "Progressing") else { continue };
        let reason = text(going, &["reason"]);
        if matches!(reason, "NewReplicaSetAvailable" | "ProgressDeadlineExceeded") {
            continue;
        }
        let limit = world.scaled(int(deployment, &["spec", "progressDeadlineSeconds"]) * SECOND);
        let since = time_at(going, &["lastUpdateTime"]).unwrap_or(now);
        if now - since > limit {
            let sets = owned(world, K::ReplicaSet, deployment);
            let called =
                sets.iter().find(|s| same_template(deployment, s)).map_or("", |s| name(s)).to_owned();
            let message = format!("ReplicaSet \"{called}\" has timed out progressing.");
            progress(world, deployment, false, ("ProgressDeadlineExceeded", &message), now);
        }
    }
}
