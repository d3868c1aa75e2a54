//! Nodes' heartbeats: the kubelets renew their conditions every five minutes.

use std::sync::Arc;

use serde_json::Value;

use super::super::World;
use super::super::clock::MINUTE;
use super::super::fields::Actor;
use super::super::json::{name, set, slot, time};
use super::super::kinds::K;
use crate::life::Nanos;

/// How often a kubelet writes its node when nothing changes.
const EVERY: Nanos = 5 * MINUTE;

/// Renews every node's conditions when their time has come.
pub fn heartbeats(world: &mut World, now: Nanos) {
    if now - world.heartbeat < world.scaled(EVERY) {
        return;
    }
    world.heartbeat = now;
    let all: Vec<Arc<Value>> = world.store.all(K::Node).cloned().collect();
    for node in &all {
        world.edit(K::Node, ("", name(node)), Actor::status("kubelet"), now, |n| {
            for condition in slot(n, &["status", "conditions"]).as_array_mut().into_iter().flatten() {
                set(condition, &["lastHeartbeatTime"], time(now));
            }
        });
    }
}
