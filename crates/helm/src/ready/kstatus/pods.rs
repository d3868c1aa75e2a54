//! StatefulSets and ReplicaSets, which fail with their pods. Source: `pod_controller.go`.

use serde_json::Value;

use super::fields::{Malformed, conditions};
use super::{State, Status, compute, known};
use crate::plan::Gvk;

/// Judges an object that keeps pods running: while it is on its way, pods that failed make it fail.
pub(super) fn counted(live: &Value, gvk: &Gvk, pods: &[Value], now_ns: i64) -> Result<Status, Malformed> {
    let status = compute(live, gvk, now_ns)?;
    if status.state != State::InProgress {
        return Ok(status);
    }
    // The items of a list do not say what they are. A pod that is being deleted is terminating, and so has not failed.
    let pod = Gvk::new("v1", "Pod");
    let failed = |one: &&Value| known(compute(one, &pod, now_ns)).state == State::Failed;
    let failed = pods.iter().filter(failed).filter(|pod| !is_unschedulable(pod)).count();
    Ok(if failed > 0 { Status::failed(format!("{failed} pods have failed")) } else { status })
}

/// Whether a pod has no node yet: a new node can still come.
fn is_unschedulable(pod: &Value) -> bool {
    let unscheduled = |conditions: Vec<super::fields::Condition<'_>>| {
        conditions.iter().any(|c| c.is("PodScheduled", "False") && c.reason == "Unschedulable")
    };
    conditions(pod).is_ok_and(unscheduled)
}
