//! The rules of the kinds that keep pods running. Source: `core.go`.

use serde_json::Value;

use super::Status;
use super::fields::{Malformed, conditions, int, nested_int, text};

/// The deadline that means none, as the controller has it.
const NO_DEADLINE: i64 = i32::MAX as i64;

pub(super) fn deployment(live: &Value) -> Result<Status, Malformed> {
    // Without a deadline the controller never says that the Deployment progresses.
    let mut progressing = int(live, "spec.progressDeadlineSeconds", NO_DEADLINE) == NO_DEADLINE;
    let mut available = false;
    for condition in conditions(live)? {
        match condition.kind {
            "Progressing" if condition.reason == "ProgressDeadlineExceeded" => {
                return Ok(Status::failed("Progress deadline exceeded"));
            }
            "Progressing" => {
                progressing |= condition.status == "True" && condition.reason == "NewReplicaSetAvailable";
            }
            "Available" => available |= condition.status == "True",
            _ => {}
        }
    }
    let wanted = int(live, "spec.replicas", 1);
    let count = |name: &str| int(live, &format!("status.{name}"), 0);
    let replicas = count("replicas");
    let (updated, ready, there) =
        (count("updatedReplicas"), count("readyReplicas"), count("availableReplicas"));
    Ok(if wanted > replicas {
        Status::in_progress(format!("Replicas: {replicas}/{wanted}"))
    } else if wanted > updated {
        Status::in_progress(format!("Updated: {updated}/{wanted}"))
    } else if replicas > wanted {
        leaving(replicas, wanted)
    } else if updated > there {
        Status::in_progress(format!("Available: {there}/{updated}"))
    } else if wanted > ready {
        Status::in_progress(format!("Ready: {ready}/{wanted}"))
    } else if !progressing {
        Status::in_progress("ReplicaSet not Available")
    } else if !available {
        Status::in_progress("Deployment not Available")
    } else {
        Status::current(format!("Deployment is available. Replicas: {replicas}"))
    })
}

pub(super) fn replica_set(live: &Value) -> Result<Status, Malformed> {
    if conditions(live)?.iter().any(|condition| condition.is("ReplicaFailure", "True")) {
        return Ok(Status::in_progress("Replica Failure condition. Check Pods"));
    }
    let wanted = int(live, "spec.replicas", 1);
    let count = |name: &str| int(live, &format!("status.{name}"), 0);
    let replicas = count("replicas");
    let (labelled, there, ready) =
        (count("fullyLabeledReplicas"), count("availableReplicas"), count("readyReplicas"));
    Ok(if wanted > labelled {
        Status::in_progress(format!("Labelled: {labelled}/{wanted}"))
    } else if wanted > there {
        Status::in_progress(format!("Available: {there}/{wanted}"))
    } else if wanted > ready {
        Status::in_progress(format!("Ready: {ready}/{wanted}"))
    } else if replicas > wanted {
        leaving(replicas, wanted)
    } else {
        Status::current(format!("ReplicaSet is available. Replicas: {replicas}"))
    })
}

pub(super) fn stateful_set(live: &Value) -> Status {
    // Its pods are replaced by whoever deletes them.
    if text(live, "spec.updateStrategy.type", "") == "OnDelete" {
        return Status::current("StatefulSet is using the ondelete update strategy");
    }
    let wanted = int(live, "spec.replicas", 1);
    let count = |name: &str| int(live, &format!("status.{name}"), 0);
    let (replicas, ready, updated) = (count("replicas"), count("readyReplicas"), count("updatedReplicas"));
    if wanted > replicas {
        return Status::in_progress(format!("Replicas: {replicas}/{wanted}"));
    }
    if wanted > ready {
        return Status::in_progress(format!("Ready: {ready}/{wanted}"));
    }
    if replicas > wanted {
        return leaving(replicas, wanted);
    }
    // The server writes a partition of 0 where a manifest has none, so this is how nearly all of them end.
    let partition = int(live, "spec.updateStrategy.rollingUpdate.partition", -1);
    if partition != -1 {
        let wanted = wanted.saturating_sub(partition);
        return if updated < wanted {
            Status::in_progress(format!("updated: {updated}/{wanted}"))
        } else {
            Status::current(format!("Partition rollout complete. updated: {updated}"))
        };
    }
    let current = count("currentReplicas");
    if wanted > current {
        return Status::in_progress(format!("current: {current}/{wanted}"));
    }
    let revision = |name: &str| text(live, name, "");
    if revision("status.currentRevision") != revision("status.updateRevision") {
        return Status::in_progress("Waiting for updated revision to match current");
    }
    Status::current(format!("All replicas scheduled as expected. Replicas: {replicas}"))
}

pub(super) fn daemon_set(live: &Value) -> Result<Status, Malformed> {
    // What the controller has acted on says both; elsewhere they may be missing.
    for field in ["metadata.generation", "status.observedGeneration"] {
        if nested_int(live, field)?.is_none() {
            let kind = text(live, "kind", "");
            return Ok(Status::in_progress(format!("{kind} {field} not found")));
        }
    }
    let count = |name: &str| int(live, &format!("status.{name}"), 0);
    let desired = int(live, "status.desiredNumberScheduled", -1);
    if desired == -1 {
        return Ok(Status::in_progress("Missing .status.desiredNumberScheduled"));
    }
    for (name, field) in [
        ("Current", "currentNumberScheduled"),
        ("Updated", "updatedNumberScheduled"),
        ("Available", "numberAvailable"),
        ("Ready", "numberReady"),
    ] {
        if desired > count(field) {
            return Ok(Status::in_progress(format!("{name}: {}/{desired}", count(field))));
        }
    }
    Ok(Status::current(format!("All replicas scheduled as expected. Replicas: {desired}")))
}

fn leaving(replicas: i64, wanted: i64) -> Status {
    Status::in_progress(format!("Pending termination: {}", replicas.saturating_sub(wanted)))
}
