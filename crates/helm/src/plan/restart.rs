//! Which pods a change would restart, and which fields the server will not let change.

use serde_json::Value;

use super::drift::same;
use crate::merge::Schema;

/// A rollout that a change of the pod's template starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restart {
    /// How many pods are replaced, as far as the live object says.
    pub pods: i64,
    /// Whether the workload waits: it is paused, or its pods are replaced only when deleted.
    pub waits: bool,
    /// Containers whose image changes: name, image now, image then.
    pub images: Vec<(String, String, String)>,
}

/// Finds whether a workload's pods would be replaced.
pub(super) fn find(schema: Schema, kind: &str, live: &Value, result: &Value) -> Option<Restart> {
    if !matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet") {
        return None;
    }
    let (before, after) = (live.pointer("/spec/template")?, result.pointer("/spec/template")?);
    let schema = schema.field("spec").and_then(|spec| spec.field("template"));
    if same(schema, before, after) {
        return None;
    }
    let number = |pointer: &str| live.pointer(pointer).and_then(Value::as_i64);
    let pods = match kind {
        "DaemonSet" => number("/status/desiredNumberScheduled").unwrap_or(0),
        _ => number("/spec/replicas").unwrap_or(1),
    };
    let paused = live.pointer("/spec/paused").and_then(Value::as_bool).unwrap_or(false);
    let on_delete = result.pointer("/spec/updateStrategy/type").and_then(Value::as_str) == Some("OnDelete");
    Some(Restart { pods, waits: paused || on_delete, images: images(before, after) })
}

fn images(before: &Value, after: &Value) -> Vec<(String, String, String)> {
    let mut changed = Vec::new();
    for list in ["/spec/initContainers", "/spec/containers"] {
        let containers = |template: &Value| -> Vec<(String, String)> {
            let all = template.pointer(list).and_then(Value::as_array);
            let text =
                |one: &Value, key: &str| one.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            all.into_iter().flatten().map(|one| (text(one, "name"), text(one, "image"))).collect()
        };
        let old = containers(before);
        for (name, image) in containers(after) {
            let was = old
                .iter()
                .find(|(other, _)| *other == name)
                .map(|(_, image)| image.clone())
                .unwrap_or_default();
            if was != image {
                changed.push((name, was, image));
            }
        }
    }
    changed
}

/// Returns the fields that would change although the server never lets them change.
pub(super) fn immutable(schema: Schema, kind: &str, live: &Value, result: &Value) -> Vec<String> {
    let paths: &[&str] = match kind {
        "Job" => &["spec.template", "spec.selector", "spec.completionMode", "spec.podFailurePolicy"],
        "Deployment" | "DaemonSet" | "ReplicaSet" => &["spec.selector"],
        "StatefulSet" => {
            &["spec.selector", "spec.serviceName", "spec.volumeClaimTemplates", "spec.podManagementPolicy"]
        }
        "PersistentVolumeClaim" => {
            &["spec.storageClassName", "spec.accessModes", "spec.volumeMode", "spec.selector"]
        }
        "RoleBinding" | "ClusterRoleBinding" => &["roleRef"],
        "StorageClass" => &["provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"],
        "IngressClass" => &["spec.controller"],
        "Secret" => &["type"],
        _ => &[],
    };
    let mut found: Vec<String> = paths
        .iter()
        .filter(|path| changes(schema, path, live, result))
        .map(|path| (*path).to_owned())
        .collect();
    let sealed = live.get("immutable").and_then(Value::as_bool) == Some(true);
    if sealed && ["data", "binaryData"].iter().any(|path| changes(schema, path, live, result)) {
        found.push("data".to_owned());
    }
    found
}

fn changes(schema: Schema, path: &str, live: &Value, result: &Value) -> bool {
    let mut at = (Some(schema), Some(live), Some(result));
    for key in path.split('.') {
        at.0 = at.0.and_then(|schema| schema.field(key));
        at.1 = at.1.and_then(|value| value.get(key));
        at.2 = at.2.and_then(|value| value.get(key));
    }
    match (at.1, at.2) {
        (Some(before), Some(after)) => !same(at.0, before, after),
        (before, after) => {
            before.is_some_and(|value| !value.is_null()) != after.is_some_and(|value| !value.is_null())
        }
    }
}
