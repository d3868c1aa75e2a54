//! StatefulSets: numbered pods, one after the other.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::api::Write;
use super::super::clock::template_hash;
use super::super::events::Source;
use super::super::fields::Actor;
use super::super::json::{at, controller_ref, deleting, int, name, namespace, set, text};
use super::super::kinds::K;
use super::super::{Dirty, World};
use super::{MANAGER, owned, pod_of, ready, replicaset};
use crate::life::Nanos;

const SOURCE: Source<'static> = Source::of("statefulset-controller");

/// Returns the name of the revision of `owner`'s template, which is kept as a ControllerRevision.
pub fn revision(world: &mut World, owner: &Value, now: Nanos) -> String {
    let template = at(owner, &["spec", "template"]);
    let hash = template_hash(template.to_string().as_bytes());
    let called = format!("{}-{hash}", name(owner));
    if world.store.get(K::ControllerRevision, namespace(owner), &called).is_none() {
        let number = owned(world, K::ControllerRevision, owner).len() + 1;
        let mut labels = at(template, &["metadata", "labels"]).clone();
        set(&mut labels, &["controller-revision-hash"], hash);
        let object = json!({
            "metadata": { "name": called, "labels": labels, "ownerReferences": [controller_ref(owner)] },
            "data": { "spec": { "template": template.clone() } },
            "revision": number,
        });
        let how = Write { actor: Actor::new(MANAGER), now, dry_run: false };
        if let Err(error) = world.create(K::ControllerRevision, namespace(owner), object, &how) {
            tracing::debug!(%error, "a ControllerRevision was refused");
        }
    }
    called
}

/// Takes each StatefulSet one step on.
pub fn run(world: &mut World, dirty: &Dirty, now: Nanos) {
    let all = dirty.owners(world, K::StatefulSet);
    for owner in all.iter().filter(|s| !deleting(s)) {
        let update = revision(world, owner, now);
        let pods = owned(world, K::Pod, owner);
        let want = int(owner, &["spec", "replicas"]);
        step(world, owner, &pods, &update, want, now);
        status(world, owner, &update, now);
    }
}

fn ordinal(pod: &Value) -> i64 {
    name(pod).rsplit('-').next().and_then(|n| n.parse().ok()).unwrap_or(-1)
}

fn step(world: &mut World, owner: &Value, pods: &[Arc<Value>], update: &str, want: i64, now: Nanos) {
    let find = |n: i64| pods.iter().find(|p| ordinal(p) == n);
    for n in 0..want {
        match find(n) {
            None => {
                let called = format!("{}-{n}", name(owner));
                let mut pod = pod_of(owner, "");
                super::super::json::remove(&mut pod, &["metadata", "generateName"]);
                set(&mut pod, &["metadata", "generateName"], format!("{}-", name(owner)));
                set(&mut pod, &["metadata", "name"], called.clone());
                for (label, value) in [
                    ("apps.kubernetes.io/pod-index", n.to_string()),
                    ("controller-revision-hash", update.to_owned()),
                    ("statefulset.kubernetes.io/pod-name", called.clone()),
                ] {
                    set(&mut pod, &["metadata", "labels", label], value);
                }
                set(&mut pod, &["spec", "hostname"], called);
                let how = Write { actor: Actor::new(MANAGER), now, dry_run: false };
                replicaset::create_given(world, owner, SOURCE, pod, &how);
                return;
            }
            Some(pod) if !ready(pod) || deleting(pod) => return,
            Some(_) => {}
        }
    }
    if let Some(last) = pods.iter().filter(|p| ordinal(p) >= want && !deleting(p)).max_by_key(|p| ordinal(p))
    {
        replicaset::delete_pod(world, owner, SOURCE, last, now);
        return;
    }
    let old = |p: &&Arc<Value>| text(p, &["metadata", "labels", "controller-revision-hash"]) != update;
    if let Some(pod) = pods.iter().filter(|p| !deleting(p)).filter(old).max_by_key(|p| ordinal(p)) {
        replicaset::delete_pod(world, owner, SOURCE, pod, now);
    }
}

fn status(world: &mut World, owner: &Value, update: &str, now: Nanos) {
    let pods = owned(world, K::Pod, owner);
    let up = pods.iter().filter(|p| ready(p)).count();
    let updated = pods
        .iter()
        .filter(|p| text(p, &["metadata", "labels", "controller-revision-hash"]) == update)
        .count();
    let complete = updated == pods.len() && i64::try_from(up) == Ok(int(owner, &["spec", "replicas"]));
    let was = text(owner, &["status", "currentRevision"]);
    let current = if complete || was.is_empty() { update } else { was };
    let status = json!({
        "observedGeneration": int(owner, &["metadata", "generation"]),
        "replicas": pods.len(),
        "readyReplicas": up,
        "currentReplicas": if current == update { updated } else { pods.len() - updated },
        "updatedReplicas": updated,
        "currentRevision": current,
        "updateRevision": update,
        "collisionCount": 0,
        "availableReplicas": up,
    });
    if at(owner, &["status"]) != &status {
        let key = (namespace(owner), name(owner));
        world.edit(K::StatefulSet, key, Actor::status(MANAGER), now, |o| set(o, &["status"], status));
    }
}
