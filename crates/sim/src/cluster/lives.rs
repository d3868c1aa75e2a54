//! The lives that the observability side is told.

use super::World;
use super::clock::MINUTE;
use super::json::{int, name, namespace};
use super::kinds::K;
use crate::life::{DeploymentLife, Lives, Nanos};

/// How long the life of a pod that is gone is told.
const KEPT: Nanos = 48 * 60 * MINUTE;
/// How many lives of gone pods are told at most.
const MOST: usize = 1000;

/// Returns the lives of all pods, gone ones first, and the Deployments.
pub fn of(world: &World) -> Lives {
    let mut pods = world.kubelet.ended.clone();
    pods.extend(world.kubelet.living().map(|p| p.life.clone()));
    let deployments = world
        .store
        .all(K::Deployment)
        .map(|d| DeploymentLife {
            namespace: namespace(d).to_owned(),
            name: name(d).to_owned(),
            replicas: u32::try_from(int(d, &["spec", "replicas"])).unwrap_or(0),
            available: u32::try_from(int(d, &["status", "availableReplicas"])).unwrap_or(0),
            generation: int(d, &["metadata", "generation"]),
        })
        .collect();
    Lives { pods, deployments }
}

/// Forgets pods that have been gone for long.
pub fn forget(world: &mut World, now: Nanos) {
    let surplus = world.kubelet.ended.len().saturating_sub(MOST);
    world.kubelet.ended.drain(..surplus);
    world.kubelet.ended.retain(|p| p.ended.is_none_or(|end| now - end < KEPT));
}
