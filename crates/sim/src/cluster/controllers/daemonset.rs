//! DaemonSets: one pod on every node that they tolerate.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::api::Write;
use super::super::events::Source;
use super::super::fields::Actor;
use super::super::json::{at, deleting, int, list, name, namespace, set, text};
use super::super::kinds::K;
use super::super::{Dirty, World};
use super::{MANAGER, owned, pod_of, ready, replicaset, statefulset};
use crate::life::Nanos;

const SOURCE: Source<'static> = Source::of("daemonset-controller");

/// Takes each DaemonSet one step on.
pub fn run(world: &mut World, dirty: &Dirty, now: Nanos) {
    let all = dirty.owners(world, K::DaemonSet);
    for owner in all.iter().filter(|s| !deleting(s)) {
        let revision = statefulset::revision(world, owner, now);
        let hash = revision.rsplit('-').next().unwrap_or("").to_owned();
        let nodes = places(world, owner);
        step(world, owner, &nodes, &hash, now);
        status(world, owner, nodes.len(), &hash, now);
    }
}

fn places(world: &World, owner: &Value) -> Vec<String> {
    let tolerates = list(owner, &["spec", "template", "spec", "tolerations"])
        .iter()
        .any(|t| text(t, &["operator"]) == "Exists" && text(t, &["key"]).is_empty());
    world
        .store
        .all(K::Node)
        .filter(|n| tolerates || list(n, &["spec", "taints"]).is_empty())
        .map(|n| name(n).to_owned())
        .collect()
}

fn step(world: &mut World, owner: &Value, nodes: &[String], hash: &str, now: Nanos) {
    let pods = owned(world, K::Pod, owner);
    for node in nodes {
        let here: Vec<&Arc<Value>> =
            pods.iter().filter(|p| text(p, &["spec", "nodeName"]) == node.as_str()).collect();
        if here.is_empty() {
            let mut pod = pod_of(owner, &format!("{}-", name(owner)));
            set(&mut pod, &["metadata", "labels", "controller-revision-hash"], hash);
            let generation = int(owner, &["metadata", "generation"]).to_string();
            set(&mut pod, &["metadata", "labels", "pod-template-generation"], generation);
            set(&mut pod, &["spec", "nodeName"], node.as_str());
            let how = Write { actor: Actor::new(MANAGER), now, dry_run: false };
            replicaset::create_given(world, owner, SOURCE, pod, &how);
        }
    }
    let settled = pods.len() >= nodes.len() && pods.iter().all(|p| ready(p) && !deleting(p));
    let old = pods.iter().find(|p| text(p, &["metadata", "labels", "controller-revision-hash"]) != hash);
    if let (true, Some(pod)) = (settled, old) {
        replicaset::delete_pod(world, owner, SOURCE, pod, now);
    }
}

fn status(world: &mut World, owner: &Value, want: usize, hash: &str, now: Nanos) {
    let pods = owned(world, K::Pod, owner);
    let up = pods.iter().filter(|p| ready(p)).count();
    let updated =
        pods.iter().filter(|p| text(p, &["metadata", "labels", "controller-revision-hash"]) == hash).count();
    let mut status = json!({
        "currentNumberScheduled": pods.len(),
        "numberMisscheduled": 0,
        "desiredNumberScheduled": want,
        "numberReady": up,
        "observedGeneration": int(owner, &["metadata", "generation"]),
        "updatedNumberScheduled": updated,
        "numberAvailable": up,
    });
    if up < want {
        set(&mut status, &["numberUnavailable"], want - up);
    }
    if at(owner, &["status"]) != &status {
        let key = (namespace(owner), name(owner));
        world.edit(K::DaemonSet, key, Actor::status(MANAGER), now, |o| set(o, &["status"], status));
    }
}
