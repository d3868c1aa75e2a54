//! ReplicaSets: as many pods as asked for.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::api::{DeleteOptions, Write};
use super::super::events::{Source, Tale};
use super::super::fields::Actor;
use super::super::json::{at, deleting, int, name, namespace, set, text, uid};
use super::super::kinds::K;
use super::super::{Dirty, World};
use super::{MANAGER, finished, owned, pod_of, ready};
use crate::life::Nanos;

const SOURCE: Source<'static> = Source::of("replicaset-controller");

/// Creates and deletes pods, then tells the counts.
pub fn run(world: &mut World, dirty: &Dirty, now: Nanos) {
    let all = dirty.owners(world, K::ReplicaSet);
    for set in all.iter().filter(|s| !deleting(s)) {
        scale(world, set, now);
        counts(world, set, now);
    }
}

fn scale(world: &mut World, set: &Value, now: Nanos) {
    let mut pods: Vec<Arc<Value>> = owned(world, K::Pod, set);
    pods.retain(|p| !deleting(p) && !finished(p));
    let want = usize::try_from(int(set, &["spec", "replicas"])).unwrap_or(0);
    for _ in pods.len()..want {
        create_pod(world, set, SOURCE, &format!("{}-", name(set)), now);
    }
    if pods.len() > want {
        // As the real one: first those that are not placed, then not ready, then the youngest.
        pods.sort_by_key(|p| {
            let placed = !text(p, &["spec", "nodeName"]).is_empty();
            let running = text(p, &["status", "phase"]) == "Running";
            (
                placed,
                running,
                ready(p),
                std::cmp::Reverse(text(p, &["metadata", "creationTimestamp"]).to_owned()),
            )
        });
        let surplus = pods.len() - want;
        for pod in pods.iter().take(surplus) {
            delete_pod(world, set, SOURCE, pod, now);
        }
    }
}

/// Creates a pod of `owner`'s template and tells of it.
pub fn create_pod(world: &mut World, owner: &Value, source: Source<'_>, prefix: &str, now: Nanos) {
    let how = Write { actor: Actor::new(MANAGER), now, dry_run: false };
    create_given(world, owner, source, pod_of(owner, prefix), &how);
}

/// Creates a pod that is made already and tells of it.
pub fn create_given(world: &mut World, owner: &Value, source: Source<'_>, pod: Value, how: &Write) {
    match world.create(K::Pod, namespace(owner), pod, how) {
        Ok(pod) => {
            let message = format!("Created pod: {}", name(&pod));
            world.tell(owner, source, Tale::normal("SuccessfulCreate", &message), how.now);
        }
        Err(error) => {
            let message = format!("Error creating: {error}");
            world.tell(owner, source, Tale::warning("FailedCreate", &message), how.now);
        }
    }
}

/// Deletes a pod and tells of it.
pub fn delete_pod(world: &mut World, owner: &Value, source: Source<'_>, pod: &Value, now: Nanos) {
    let options = DeleteOptions { uid: Some(uid(pod).to_owned()), ..DeleteOptions::default() };
    if world.delete(K::Pod, (namespace(pod), name(pod)), &options, now).is_ok() {
        let message = format!("Deleted pod: {}", name(pod));
        world.tell(owner, source, Tale::normal("SuccessfulDelete", &message), now);
    }
}

fn counts(world: &mut World, replica_set: &Value, now: Nanos) {
    let pods = owned(world, K::Pod, replica_set);
    let active: Vec<&Arc<Value>> = pods.iter().filter(|p| !deleting(p) && !finished(p)).collect();
    let up = active.iter().filter(|p| ready(p)).count();
    let mut status = json!({ "replicas": active.len() });
    if !active.is_empty() {
        set(&mut status, &["fullyLabeledReplicas"], active.len());
    }
    if up > 0 {
        set(&mut status, &["readyReplicas"], up);
        set(&mut status, &["availableReplicas"], up);
    }
    set(&mut status, &["observedGeneration"], int(replica_set, &["metadata", "generation"]));
    if at(replica_set, &["status"]) != &status {
        let key = (namespace(replica_set), name(replica_set));
        world.edit(K::ReplicaSet, key, Actor::status(MANAGER), now, |o| set(o, &["status"], status));
    }
}
