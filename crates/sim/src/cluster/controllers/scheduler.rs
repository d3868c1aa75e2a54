//! The scheduler: each pod goes to the ready worker with the fewest pods.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::events::{Source, Tale};
use super::super::fields::Actor;
use super::super::json::{at, deleting, list, name, namespace, set, text, time};
use super::super::kinds::K;
use super::super::{Dirty, World};
use super::ready;
use crate::life::Nanos;

/// Places every pod that has no node.
pub fn run(world: &mut World, dirty: &Dirty, now: Nanos) {
    let mut waiting = dirty.neighbours(world, K::Pod);
    waiting.retain(|p| text(p, &["spec", "nodeName"]).is_empty() && !deleting(p));
    for pod in waiting {
        let source = Source::of("default-scheduler");
        let Some(node) = choose(world, &pod) else {
            let count = world.store.all(K::Node).count();
            let message = format!(
                "0/{count} nodes are available: {count} node(s) were unschedulable. preemption: 0/{count} nodes \
                 are available: {count} Preemption is not helpful for scheduling."
            );
            if list(&pod, &["status", "conditions"]).is_empty() {
                unschedulable(world, &pod, &message, now);
                world.tell(&pod, source, Tale::warning("FailedScheduling", &message), now);
            }
            continue;
        };
        let key = (namespace(&pod), name(&pod));
        world.edit(K::Pod, key, Actor::new("kube-scheduler"), now, |p| {
            set(p, &["spec", "nodeName"], node.clone());
        });
        let message = format!("Successfully assigned {}/{} to {node}", key.0, key.1);
        world.tell(&pod, source, Tale::normal("Scheduled", &message), now);
    }
}

fn unschedulable(world: &mut World, pod: &Value, message: &str, now: Nanos) {
    let conditions = json!([{
        "type": "PodScheduled", "status": "False", "lastProbeTime": null, "lastTransitionTime": time(now),
        "reason": "Unschedulable", "message": message,
    }]);
    let key = (namespace(pod), name(pod));
    world.edit(K::Pod, key, Actor::status("kube-scheduler"), now, |p| {
        set(p, &["status", "conditions"], conditions);
    });
}

fn choose(world: &World, pod: &Value) -> Option<String> {
    let wanted = at(pod, &["spec", "nodeSelector"]);
    let mut load: BTreeMap<&str, usize> = world
        .store
        .all(K::Node)
        .filter(|n| ready(n) && at(n, &["spec", "unschedulable"]) != &Value::Bool(true))
        .filter(|n| list(n, &["spec", "taints"]).is_empty())
        .filter(|n| {
            let labels = at(n, &["metadata", "labels"]);
            wanted.as_object().into_iter().flatten().all(|(k, v)| labels.get(k) == Some(v))
        })
        .map(|n| (name(n), 0))
        .collect();
    for other in world.store.all(K::Pod) {
        if let Some(count) = load.get_mut(text(other, &["spec", "nodeName"])) {
            // Pods of one set are spread first.
            let kin = at(other, &["metadata", "generateName"]) == at(pod, &["metadata", "generateName"]);
            *count += if kin { 100 } else { 1 };
        }
    }
    load.into_iter().min_by_key(|(_, count)| *count).map(|(node, _)| node.to_owned())
}
