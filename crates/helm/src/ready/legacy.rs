//! Helm 3's readiness, which is Helm 4's `--wait=legacy` too.
//!
//! Source: `pkg/kube/ready.go` and `internal/third_party/k8s.io/kubernetes/deployment/util` of Helm v3.22.0 and v4.3.1;
//! both judge alike, but for the old versions of kinds that only Helm 3 still knows. Kinds that [`is_read`] does not name
//! are never even read: they are ready.

use serde_json::Value;

use super::Wants;
use super::selector::{pairs, selector};
use crate::plan::Gvk;
use crate::record::Generation;

/// What is said of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is ready.
    Ready,
    /// It is not yet, and why.
    NotYet(String),
    /// An error, in Helm's words. Helm takes it for one that may pass, as it takes everything that is no answer of the
    /// server's: it ends the waiting only when it comes more than thirty times in a row.
    Failing(String),
}

/// Returns whether objects of a kind are looked at. `jobs`: whether Jobs are waited for.
///
/// Helm goes by the Go type, so the version counts, and another group's kind of the same name is none of these.
pub fn is_read(gvk: &Gvk, jobs: bool, helm: Generation) -> bool {
    let version = gvk.api_version();
    match gvk.kind.as_str() {
        "Pod" | "PersistentVolumeClaim" | "Service" | "ReplicationController" => version == "v1",
        "Job" => jobs && version == "batch/v1",
        "CustomResourceDefinition" => {
            matches!(version.as_str(), "apiextensions.k8s.io/v1" | "apiextensions.k8s.io/v1beta1")
        }
        "Deployment" | "DaemonSet" | "StatefulSet" | "ReplicaSet" => match version.as_str() {
            "apps/v1" => true,
            "apps/v1beta1" | "apps/v1beta2" | "extensions/v1beta1" => helm == Generation::V3,
            _ => false,
        },
        _ => false,
    }
}

/// Returns what else must be listed in the object's namespace: a Deployment's ReplicaSets, the pods of a ReplicaSet
/// or of a ReplicationController.
pub fn wants(object: &Value) -> Option<Wants> {
    match text(object, "/kind") {
        "Deployment" if !flag(object, "/spec/paused") => Some(Wants {
            api_version: "apps/v1",
            kind: "ReplicaSet",
            resource: "replicasets",
            selector: selector(object.pointer("/spec/selector")),
        }),
        "ReplicaSet" => Some(Wants::pods(selector(object.pointer("/spec/selector")))),
        "ReplicationController" => Some(Wants::pods(pairs(object.pointer("/spec/selector")).join(","))),
        _ => None,
    }
}

/// Judges an object of a kind that [`is_read`]. `listed` is what [`wants`] asked for.
pub fn judge(object: &Value, listed: &[Value]) -> Verdict {
    let why = match text(object, "/kind") {
        "Job" => return job(object),
        "Pod" => (!condition(object, "Ready")).then(|| "it is not ready".to_owned()),
        "Deployment" => deployment(object, listed),
        "DaemonSet" => daemon_set(object),
        "StatefulSet" => stateful_set(object),
        "ReplicaSet" | "ReplicationController" => generation(object).or_else(|| {
            let ready = listed.iter().filter(|pod| condition(pod, "Ready")).count();
            counted(ready as i64, listed.len() as i64)
        }),
        "PersistentVolumeClaim" => {
            let phase = text(object, "/status/phase");
            (phase != "Bound").then(|| "it is not bound".to_owned())
        }
        "Service" => service(object),
        "CustomResourceDefinition" => {
            // A name that is taken does not keep Helm: it goes on, and what needs the kind fails later.
            let refused =
                conditions(object).any(|c| is(c, "type", "NamesAccepted") && is(c, "status", "False"));
            (!refused && !condition(object, "Established")).then(|| "it is not established".to_owned())
        }
        _ => None,
    };
    why.map_or(Verdict::Ready, Verdict::NotYet)
}

fn job(object: &Value) -> Verdict {
    // The server writes six where a manifest says nothing.
    if number(object, "/status/failed", 0) > number(object, "/spec/backoffLimit", 6) {
        let (namespace, name) = (text(object, "/metadata/namespace"), text(object, "/metadata/name"));
        return Verdict::Failing(format!("job is failed: {namespace}/{name}"));
    }
    // Without a number of completions one pod that succeeds is enough for the Job, and Helm does not even wait for it.
    let Some(completions) = object.pointer("/spec/completions").and_then(Value::as_i64) else {
        return Verdict::Ready;
    };
    let succeeded = number(object, "/status/succeeded", 0);
    if succeeded < completions {
        return Verdict::NotYet(format!("{succeeded} of {completions} pods have succeeded"));
    }
    Verdict::Ready
}

fn deployment(object: &Value, sets: &[Value]) -> Option<String> {
    if flag(object, "/spec/paused") {
        return None;
    }
    let Some(new) = newest(object, sets) else {
        return Some("its new ReplicaSet is not there yet".to_owned());
    };
    generation(new).or_else(|| generation(object)).or_else(|| {
        let replicas = number(object, "/spec/replicas", 1);
        let expected = replicas - max_unavailable(object, replicas);
        let ready = number(new, "/status/readyReplicas", 0);
        (ready < expected).then(|| format!("{ready} of {replicas} pods are ready"))
    })
}

/// Returns the oldest ReplicaSet that is the Deployment's and has its template.
fn newest<'a>(deployment: &Value, sets: &'a [Value]) -> Option<&'a Value> {
    let template = |object: &Value| {
        let mut template = object.pointer("/spec/template").cloned().unwrap_or_default();
        if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
            labels.shift_remove("pod-template-hash");
        }
        // Old servers write the zero time out, in the one and not in the other.
        if let Some(metadata) = template.pointer_mut("/metadata").and_then(Value::as_object_mut) {
            metadata.retain(|key, value| !(key == "creationTimestamp" && value.is_null()));
        }
        template
    };
    let (uid, wanted) = (deployment.pointer("/metadata/uid"), template(deployment));
    let owned = |set: &&Value| {
        let owners = set.pointer("/metadata/ownerReferences").and_then(Value::as_array);
        let controller = owners.into_iter().flatten().find(|owner| flag(owner, "/controller"));
        uid.is_some() && controller.and_then(|owner| owner.get("uid")) == uid
    };
    let same = sets.iter().filter(owned).filter(|set| template(set) == wanted);
    same.min_by_key(|set| (text(set, "/metadata/creationTimestamp"), text(set, "/metadata/name")))
}

/// How many pods a rolling update may take away, as the Deployment controller counts.
fn max_unavailable(object: &Value, replicas: i64) -> i64 {
    if text(object, "/spec/strategy/type") != "RollingUpdate" || replicas == 0 {
        return 0;
    }
    let part = |name: &str, up| {
        let value = object.pointer(&format!("/spec/strategy/rollingUpdate/{name}"));
        value.map_or(Some(0), |value| scaled(value, replicas, up))
    };
    match (part("maxSurge", true), part("maxUnavailable", false)) {
        // Both nothing would never move.
        (Some(0), Some(0)) => 1,
        (Some(_), Some(unavailable)) => unavailable.min(replicas),
        _ => 0,
    }
}

/// Returns a number, or so much of a hundred of `of`; `None` when it is neither.
fn scaled(value: &Value, of: i64, up: bool) -> Option<i64> {
    let Value::String(text) = value else { return value.as_i64() };
    let percent: i64 = text.strip_suffix('%')?.parse().ok()?;
    let product = percent.saturating_mul(of);
    Some(if up { product.saturating_add(99) / 100 } else { product / 100 })
}

fn daemon_set(object: &Value) -> Option<String> {
    generation(object).or_else(|| {
        if text(object, "/spec/updateStrategy/type") != "RollingUpdate" {
            return None;
        }
        let desired = number(object, "/status/desiredNumberScheduled", 0);
        let updated = number(object, "/status/updatedNumberScheduled", 0);
        if updated != desired {
            return Some(format!("{updated} of {desired} pods are updated"));
        }
        let away = object.pointer("/spec/updateStrategy/rollingUpdate/maxUnavailable");
        // What is no number may be all of them, as in the controller.
        let away = away.and_then(|away| scaled(away, desired, true)).unwrap_or(desired);
        let ready = number(object, "/status/numberReady", 0);
        (ready < desired - away).then(|| format!("{ready} of {desired} pods are ready"))
    })
}

fn stateful_set(object: &Value) -> Option<String> {
    generation(object).or_else(|| {
        if text(object, "/spec/updateStrategy/type") != "RollingUpdate" {
            return None;
        }
        let partition = number(object, "/spec/updateStrategy/rollingUpdate/partition", 0);
        let replicas = number(object, "/spec/replicas", 1);
        let updated = number(object, "/status/updatedReplicas", 0);
        if updated < replicas - partition {
            return Some(format!("{updated} of {} pods are updated", replicas - partition));
        }
        let revision = |name: &str| object.pointer(&format!("/status/{name}")).cloned();
        counted(number(object, "/status/readyReplicas", 0), replicas).or_else(|| {
            let rolled = partition != 0 || revision("currentRevision") == revision("updateRevision");
            (!rolled).then(|| "its pods are being replaced".to_owned())
        })
    })
}

fn service(object: &Value) -> Option<String> {
    let kind = text(object, "/spec/type");
    if kind == "ExternalName" {
        return None;
    }
    if text(object, "/spec/clusterIP").is_empty() {
        return Some("it has no cluster IP".to_owned());
    }
    let any = |at: &str| object.pointer(at).and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    let served = any("/spec/externalIPs") || any("/status/loadBalancer/ingress");
    (kind == "LoadBalancer" && !served).then(|| "its load balancer has no address".to_owned())
}

fn counted(ready: i64, of: i64) -> Option<String> {
    (ready != of).then(|| format!("{ready} of {of} pods are ready"))
}

/// Whether the controller has seen what the object says now.
fn generation(object: &Value) -> Option<String> {
    let seen = number(object, "/status/observedGeneration", 0) == number(object, "/metadata/generation", 0);
    (!seen).then(|| "its controller has not seen the change yet".to_owned())
}

fn conditions(object: &Value) -> impl Iterator<Item = &Value> {
    object.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten()
}

fn condition(object: &Value, kind: &str) -> bool {
    conditions(object).any(|c| is(c, "type", kind) && is(c, "status", "True"))
}

fn is(object: &Value, key: &str, value: &str) -> bool {
    object.get(key).and_then(Value::as_str) == Some(value)
}

fn text<'a>(object: &'a Value, at: &str) -> &'a str {
    object.pointer(at).and_then(Value::as_str).unwrap_or_default()
}

fn flag(object: &Value, at: &str) -> bool {
    object.pointer(at).and_then(Value::as_bool).unwrap_or(false)
}

fn number(object: &Value, at: &str, default: i64) -> i64 {
    object.pointer(at).and_then(Value::as_i64).unwrap_or(default)
}

#[cfg(test)]
mod tests;
