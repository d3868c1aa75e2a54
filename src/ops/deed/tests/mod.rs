//! Objects as the API server gives them, and broken ones.

mod canaries;
mod drains;
mod edits;
mod free;
mod gitops;
mod hostile;
mod judged;
mod requests;
mod rollouts;
mod sets;
mod told;
mod undone;

use serde_json::{Value, json};

use super::{Act, Deed, Live, Refusal};
use crate::core::Ts;

/// 2026-11-21T14:07:31Z and a bit.
const NOW: Ts = Ts::from_parts(1_795_270_051, 900_000_000);

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {
            "name": "backend", "namespace": "momo-store", "uid": "u-dep", "resourceVersion": "41", "generation": 3,
            "labels": {"app": "backend"},
            "annotations": {"deployment.kubernetes.io/revision": "2", "team": "shop"},
            "managedFields": [{"manager": "helm", "operation": "Update", "time": "2026-11-21T10:00:00Z"}],
        },
        "spec": {
            "replicas": 4,
            "selector": {"matchLabels": {"app": "backend"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
            "template": {
                "metadata": {"labels": {"app": "backend"}},
                "spec": {
                    "initContainers": [{"name": "migrate", "image": "momo/migrate:2"}],
                    "containers": [
                        {"name": "backend", "image": "momo/backend:2",
                         "resources": {"limits": {"cpu": "1", "memory": "256Mi"}, "requests": {"cpu": "100m"}}},
                        {"name": "proxy", "image": "envoy:1"},
                    ],
                },
            },
        },
        "status": {"observedGeneration": 3, "replicas": 4, "updatedReplicas": 4, "availableReplicas": 4},
    })
}

/// A ReplicaSet of the Deployment with that number, made in that minute, of that image.
fn replica_set(number: &str, minute: u32, image: &str) -> Value {
    json!({
        "metadata": {
            "name": format!("backend-{minute}"), "namespace": "momo-store", "uid": format!("u-rs-{minute}"),
            "creationTimestamp": format!("2026-11-21T10:{minute:02}:00Z"),
            "annotations": {"deployment.kubernetes.io/revision": number, "team": "old shop",
                            "deployment.kubernetes.io/desired-replicas": "4"},
            "ownerReferences": [{"kind": "Deployment", "name": "backend", "uid": "u-dep", "controller": true}],
        },
        "spec": {"replicas": 0, "template": {
            "metadata": {"creationTimestamp": null, "labels": {"app": "backend", "pod-template-hash": format!("h{minute}")}},
            "spec": {
                "initContainers": [{"name": "migrate", "image": "momo/migrate:2"}],
                "containers": [
                    {"name": "backend", "image": image,
                     "resources": {"limits": {"cpu": "1000m", "memory": "256Mi"}, "requests": {"cpu": "100m"}}},
                    {"name": "proxy", "image": "envoy:1"},
                ],
            },
        }},
    })
}

fn stateful_set() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": "db", "namespace": "momo-store", "uid": "u-sts", "resourceVersion": "7", "generation": 2},
        "spec": {
            "replicas": 3, "serviceName": "db",
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            "template": {"metadata": {"labels": {"app": "db"}},
                         "spec": {"containers": [{"name": "db", "image": "postgres:17"}]}},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}}],
        },
        "status": {"observedGeneration": 2, "replicas": 3, "readyReplicas": 3, "updatedReplicas": 3,
                   "currentReplicas": 3, "currentRevision": "db-b", "updateRevision": "db-b"},
    })
}

fn controller_revision(number: i64, image: &str) -> Value {
    json!({
        "metadata": {"name": format!("db-{number}"), "creationTimestamp": "2026-11-21T09:00:00Z",
                     "ownerReferences": [{"kind": "StatefulSet", "name": "db", "uid": "u-sts", "controller": true}]},
        "revision": number,
        "data": {"spec": {"template": {
            "$patch": "replace", "metadata": {"labels": {"app": "db"}},
            "spec": {"containers": [{"name": "db", "image": image}]},
        }}},
    })
}

fn cron_job() -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": {"name": "report", "namespace": "momo-store", "uid": "u-cron", "resourceVersion": "9"},
        "spec": {
            "schedule": "0 3 * * *", "suspend": false, "concurrencyPolicy": "Forbid",
            "jobTemplate": {
                "metadata": {"labels": {"app": "report"}, "annotations": {"note": "nightly"}},
                "spec": {"backoffLimit": 2, "template": {"spec": {
                    "restartPolicy": "Never", "containers": [{"name": "report", "image": "momo/report:5"}],
                }}},
            },
        },
    })
}

fn pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "namespace": "momo-store", "uid": format!("u-{name}"), "resourceVersion": "5",
            "labels": {"app": "backend"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "backend-1", "uid": "u-rs", "controller": true}],
        },
        "spec": {"nodeName": "n1", "containers": [{"name": "backend", "image": "momo/backend:2"}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    })
}

fn node() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": "n1", "uid": "u-n1", "resourceVersion": "3"},
        "spec": {"podCIDR": "10.0.0.0/24"},
    })
}

fn ask(deed: &Deed, object: &Value) -> Result<Act, Refusal> {
    ask_with(deed, object, &[])
}

fn ask_with(deed: &Deed, object: &Value, revisions: &[Value]) -> Result<Act, Refusal> {
    deed.request(&Live::builtin(object, revisions)?, NOW)
}

fn refused(deed: &Deed, object: &Value) -> String {
    ask(deed, object).unwrap_err().to_string()
}

fn lines(act: &Act) -> Vec<&str> {
    act.fields.iter().map(crate::core::Safe::as_str).collect()
}

/// Returns the object with what a pointer points at replaced.
fn with(mut object: Value, at: &str, value: Value) -> Value {
    let (parent, key) = at.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/");
    object.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(key, value);
    object
}
