//! The rules of the kinds that kstatus knows, but for those that keep pods running.
//!
//! A kind is known by its group and its name, in whatever version. Source: `core.go`.

use serde_json::Value;

use super::Status;
use super::fields::{Malformed, conditions, int, text};
use super::workloads::{daemon_set, deployment, replica_set, stateful_set};
use crate::plan::Gvk;
use crate::time::parse_rfc3339;

/// How long a pod may be unscheduled before it counts as failed, in nanoseconds (`ScheduleWindow`).
const SCHEDULE_WINDOW_NS: i64 = 15_000_000_000;

/// Judges an object; takes what time it is.
pub(super) type Rule = fn(&Value, i64) -> Result<Status, Malformed>;

/// Returns the rule of a kind.
pub(super) fn rule(gvk: &Gvk) -> Option<Rule> {
    let rule: Rule = match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Service") => |live, _| Ok(service(live)),
        ("", "Pod") => pod,
        ("", "Secret" | "ConfigMap") | ("batch", "CronJob") => {
            |_, _| Ok(Status::current("Resource is always ready"))
        }
        ("", "PersistentVolumeClaim") => |live, _| Ok(claim(live)),
        ("apps", "StatefulSet") => |live, _| Ok(stateful_set(live)),
        ("apps" | "extensions", "DaemonSet") => |live, _| daemon_set(live),
        ("apps" | "extensions", "Deployment") => |live, _| deployment(live),
        ("apps" | "extensions", "ReplicaSet") => |live, _| replica_set(live),
        ("policy", "PodDisruptionBudget") => {
            |_, _| Ok(Status::current("AllowedDisruptions has been computed."))
        }
        ("batch", "Job") => |live, _| job(live),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => |live, _| definition(live),
        _ => return None,
    };
    Some(rule)
}

/// Only a load balancer is waited for, and only until it has an address in the cluster: not, as Helm 3 does, until it can
/// be reached from outside.
fn service(live: &Value) -> Status {
    let balances = text(live, "spec.type", "ClusterIP") == "LoadBalancer";
    if balances && text(live, "spec.clusterIP", "").is_empty() {
        return Status::in_progress("ClusterIP not set. Service type: LoadBalancer");
    }
    Status::current("Service is ready")
}

fn claim(live: &Value) -> Status {
    match text(live, "status.phase", "unknown") {
        "Bound" => Status::current("PVC is Bound"),
        phase => Status::in_progress(format!("PVC is not Bound. phase: {phase}")),
    }
}

fn pod(live: &Value, now_ns: i64) -> Result<Status, Malformed> {
    let conditions = conditions(live)?;
    Ok(match text(live, "status.phase", "") {
        "Succeeded" => Status::current("Pod has completed successfully"),
        "Failed" => Status::current("Pod has completed, but not successfully"),
        "Running" => {
            if conditions.iter().any(|condition| condition.is("Ready", "True")) {
                return Ok(Status::current("Pod is Ready"));
            }
            let looping = crash_looping(live)?;
            if looping.is_empty() {
                Status::in_progress("Pod is running but is not Ready")
            } else {
                Status::failed(format!("Containers in CrashLoop state: {}", looping.join(",")))
            }
        }
        "Pending" => {
            let scheduled = conditions.iter().find(|condition| condition.is("PodScheduled", "False"));
            if scheduled.is_none_or(|condition| condition.reason != "Unschedulable") {
                return Ok(Status::in_progress("Pod is in the Pending phase"));
            }
            // A pod that does not say when it was made is as old as time.
            let created = parse_rfc3339(text(live, "metadata.creationTimestamp", ""));
            if created.is_some_and(|created| now_ns.saturating_sub(SCHEDULE_WINDOW_NS) < created) {
                Status::in_progress("Pod has not been scheduled")
            } else {
                Status::failed("Pod could not be scheduled")
            }
        }
        "" => Status::in_progress("Pod phase not available"),
        // `Unknown`, the one phase that is left, is an error there.
        _ => return Err(Malformed),
    })
}

/// Returns the names of the containers that crash again and again; those that run before the others are not looked at.
fn crash_looping(live: &Value) -> Result<Vec<&str>, Malformed> {
    let Some(statuses) = super::nested(live, "status.containerStatuses")? else { return Ok(Vec::new()) };
    let statuses = statuses.as_array().ok_or(Malformed)?.iter();
    let looping = statuses.filter(|one| text(one, "state.waiting.reason", "") == "CrashLoopBackOff");
    Ok(looping.filter_map(|one| one.get("name").and_then(Value::as_str)).collect())
}

/// A Job is as it should be as soon as it has started: it is not waited for until it is complete.
fn job(live: &Value) -> Result<Status, Malformed> {
    if let Some(status) = job_ended(live)? {
        return Ok(status);
    }
    if text(live, "status.startTime", "").is_empty() {
        return Ok(Status::in_progress("Job not started"));
    }
    let count = |name: &str| int(live, &format!("status.{name}"), 0);
    let (succeeded, active, failed) = (count("succeeded"), count("active"), count("failed"));
    Ok(Status::current(format!("Job in progress. success:{succeeded}, active: {active}, failed: {failed}")))
}

/// Returns how a Job ended, if it did, as its conditions say.
pub(super) fn job_ended(live: &Value) -> Result<Option<Status>, Malformed> {
    let completions = int(live, "spec.completions", int(live, "spec.parallelism", 1));
    let count = |name: &str| int(live, &format!("status.{name}"), 0);
    let told =
        conditions(live)?.into_iter().filter(|condition| condition.status == "True").find_map(|condition| {
            match condition.kind {
                "Complete" => Some(Status::current(format!(
                    "Job Completed. succeeded: {}/{completions}",
                    count("succeeded")
                ))),
                "Failed" => {
                    Some(Status::failed(format!("Job Failed. failed: {}/{completions}", count("failed"))))
                }
                _ => None,
            }
        });
    Ok(told)
}

fn definition(live: &Value) -> Result<Status, Malformed> {
    let told = conditions(live)?.into_iter().find_map(|condition| match (condition.kind, condition.status) {
        ("NamesAccepted", "False") => Some(Status::failed(condition.message)),
        ("Established", "False") if condition.reason != "Installing" => {
            Some(Status::failed(condition.message))
        }
        ("Established", "True") => Some(Status::current("CRD is established")),
        _ => None,
    });
    Ok(told.unwrap_or_else(|| Status::in_progress("Install in progress")))
}
