//! Defaulting and validation on the way into the store, as far as the shop needs it.
//!
//! Owns: the fields that the API server fills in (clients compare against them in three-way
//! merges) and the few refusals that matter to a rollback: missing selectors, immutable fields.
//! Tested through creates and patches.

use serde_json::{Value, json};

use super::json::{at, default, list, set, slot, text};
use super::kinds::K;
use super::status::ApiError;

/// Fills in what the API server would fill in.
pub fn fill(kind: K, object: &mut Value) {
    match kind {
        K::Pod => pod_spec(slot(object, &["spec"])),
        K::Service => service(object),
        K::Secret => default(object, &["type"], "Opaque"),
        K::Deployment => deployment(object),
        K::ReplicaSet => {
            default(object, &["spec", "replicas"], 1);
            template(object);
        }
        K::StatefulSet => stateful_set(object),
        K::DaemonSet => {
            default(object, &["spec", "updateStrategy"], json!({"type": "RollingUpdate"}));
            default(
                object,
                &["spec", "updateStrategy", "rollingUpdate"],
                json!({"maxUnavailable": 1, "maxSurge": 0}),
            );
            default(object, &["spec", "revisionHistoryLimit"], 10);
            template(object);
        }
        K::Job => job(object),
        K::Namespace => namespace(object),
        _ => {}
    }
}

fn namespace(object: &mut Value) {
    let name = super::json::name(object).to_owned();
    set(object, &["metadata", "labels", "kubernetes.io/metadata.name"], name);
    default(object, &["spec", "finalizers"], json!(["kubernetes"]));
    default(object, &["status", "phase"], "Active");
}

fn deployment(object: &mut Value) {
    default(object, &["spec", "replicas"], 1);
    default(object, &["spec", "strategy", "type"], "RollingUpdate");
    if text(object, &["spec", "strategy", "type"]) == "RollingUpdate" {
        default(object, &["spec", "strategy", "rollingUpdate", "maxUnavailable"], "25%");
        default(object, &["spec", "strategy", "rollingUpdate", "maxSurge"], "25%");
    }
    default(object, &["spec", "revisionHistoryLimit"], 10);
    default(object, &["spec", "progressDeadlineSeconds"], 600);
    template(object);
}

fn stateful_set(object: &mut Value) {
    default(object, &["spec", "replicas"], 1);
    default(object, &["spec", "podManagementPolicy"], "OrderedReady");
    default(
        object,
        &["spec", "updateStrategy"],
        json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}),
    );
    default(object, &["spec", "revisionHistoryLimit"], 10);
    default(
        object,
        &["spec", "persistentVolumeClaimRetentionPolicy"],
        json!({"whenDeleted": "Retain", "whenScaled": "Retain"}),
    );
    template(object);
}

fn job(object: &mut Value) {
    default(object, &["spec", "parallelism"], 1);
    default(object, &["spec", "completions"], 1);
    default(object, &["spec", "backoffLimit"], 6);
    default(object, &["spec", "completionMode"], "NonIndexed");
    default(object, &["spec", "suspend"], false);
    default(object, &["spec", "podReplacementPolicy"], "TerminatingOrFailed");
    default(object, &["spec", "manualSelector"], false);
    let (uid, name) = (super::json::uid(object).to_owned(), super::json::name(object).to_owned());
    if !uid.is_empty() {
        default(
            object,
            &["spec", "selector", "matchLabels", "batch.kubernetes.io/controller-uid"],
            uid.clone(),
        );
        for (label, value) in [
            ("batch.kubernetes.io/controller-uid", &uid),
            ("batch.kubernetes.io/job-name", &name),
            ("controller-uid", &uid),
            ("job-name", &name),
        ] {
            default(object, &["spec", "template", "metadata", "labels", label], value.clone());
        }
    }
    super::json::remove(object, &["spec", "manualSelector"]);
    template(object);
}

fn template(object: &mut Value) {
    pod_spec(slot(object, &["spec", "template", "spec"]));
}

fn pod_spec(spec: &mut Value) {
    default(spec, &["restartPolicy"], "Always");
    default(spec, &["terminationGracePeriodSeconds"], 30);
    default(spec, &["dnsPolicy"], "ClusterFirst");
    default(spec, &["securityContext"], json!({}));
    default(spec, &["schedulerName"], "default-scheduler");
    for field in ["containers", "initContainers"] {
        for c in slot(spec, &[field]).as_array_mut().into_iter().flatten() {
            container(c);
        }
        if spec.get(field).is_some_and(Value::is_null) {
            super::json::remove(spec, &[field]);
        }
    }
    for volume in spec.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
        for source in ["configMap", "secret", "projected"] {
            if volume.get(source).is_some() {
                default(volume, &[source, "defaultMode"], 420);
            }
        }
    }
}

fn container(c: &mut Value) {
    let image = text(c, &["image"]);
    let latest = image.ends_with(":latest") || !image.rsplit('/').next().unwrap_or("").contains(':');
    default(c, &["imagePullPolicy"], if latest { "Always" } else { "IfNotPresent" });
    default(c, &["resources"], json!({}));
    default(c, &["terminationMessagePath"], "/dev/termination-log");
    default(c, &["terminationMessagePolicy"], "File");
    for port in c.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        default(port, &["protocol"], "TCP");
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if c.get(probe).is_none() {
            continue;
        }
        let defaults =
            [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)];
        for (field, value) in defaults {
            default(c, &[probe, field], value);
        }
        if c.get(probe).is_some_and(|p| p.get("httpGet").is_some()) {
            default(c, &[probe, "httpGet", "scheme"], "HTTP");
        }
    }
    for env in c.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten() {
        if env.get("valueFrom").is_some_and(|v| v.get("fieldRef").is_some()) {
            default(env, &["valueFrom", "fieldRef", "apiVersion"], "v1");
        }
    }
}

fn service(object: &mut Value) {
    default(object, &["spec", "type"], "ClusterIP");
    default(object, &["spec", "sessionAffinity"], "None");
    default(object, &["spec", "internalTrafficPolicy"], "Cluster");
    default(object, &["spec", "ipFamilies"], json!(["IPv4"]));
    default(object, &["spec", "ipFamilyPolicy"], "SingleStack");
    for port in slot(object, &["spec", "ports"]).as_array_mut().into_iter().flatten() {
        default(port, &["protocol"], "TCP");
        let number = at(port, &["port"]).clone();
        default(port, &["targetPort"], number);
    }
    default(object, &["status"], json!({"loadBalancer": {}}));
}

/// Judges an object; `live` is the one that it replaces.
pub fn validate(kind: K, object: &Value, live: Option<&Value>) -> Result<(), ApiError> {
    let name = super::json::name(object);
    let info = kind.info();
    if let Some(bad) = bad_name(kind, name) {
        return Err(ApiError::invalid(info, name, &[("metadata.name", "FieldValueInvalid", &bad)]));
    }
    let templated = matches!(kind, K::Deployment | K::ReplicaSet | K::StatefulSet | K::DaemonSet);
    if templated {
        templated_spec(kind, object)?;
        if let Some(live) = live {
            immutable(kind, object, live, &["spec", "selector"])?;
        }
    }
    if kind == K::Job
        && let Some(live) = live
    {
        immutable(kind, object, live, &["spec", "selector"])?;
        immutable(kind, object, live, &["spec", "template"])?;
        immutable(kind, object, live, &["spec", "completionMode"])?;
    }
    if let (K::Service, Some(live)) = (kind, live) {
        let (old, new) = (at(live, &["spec", "clusterIP"]), at(object, &["spec", "clusterIP"]));
        if !old.is_null() && old != new && text(object, &["spec", "type"]) != "ExternalName" {
            return Err(field_is_immutable(kind, name, "spec.clusterIPs[0]", &list_first(object)));
        }
    }
    if let (K::Secret, Some(live)) = (kind, live) {
        immutable(kind, object, live, &["type"])?;
    }
    if kind == K::Pod && list(object, &["spec", "containers"]).is_empty() {
        return Err(ApiError::invalid(
            info,
            name,
            &[("spec.containers", "FieldValueRequired", "Required value")],
        ));
    }
    Ok(())
}

fn list_first(object: &Value) -> Value {
    list(object, &["spec", "clusterIPs"]).first().cloned().unwrap_or_else(|| json!(""))
}

fn bad_name(kind: K, name: &str) -> Option<String> {
    let ok_end = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let subdomain = name.len() <= 253
        && name.split('.').all(|part| {
            part.starts_with(ok_end) && part.ends_with(ok_end) && part.chars().all(|c| ok_end(c) || c == '-')
        });
    if subdomain && !(kind == K::Namespace && name.contains('.')) {
        return None;
    }
    Some(format!(
        "Invalid value: \"{name}\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
         characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', \
         regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    ))
}

fn templated_spec(kind: K, object: &Value) -> Result<(), ApiError> {
    let (info, name) = (kind.info(), super::json::name(object));
    let selector = at(object, &["spec", "selector"]);
    if selector.is_null() {
        return Err(ApiError::invalid(
            info,
            name,
            &[("spec.selector", "FieldValueRequired", "Required value")],
        ));
    }
    let wanted = super::selector::Labels::of(selector).unwrap_or_default();
    if !wanted.matches(at(object, &["spec", "template"])) {
        let labels = at(object, &["spec", "template", "metadata", "labels"]);
        let bad = format!("Invalid value: {labels}: `selector` does not match template `labels`");
        return Err(ApiError::invalid(
            info,
            name,
            &[("spec.template.metadata.labels", "FieldValueInvalid", &bad)],
        ));
    }
    if list(object, &["spec", "template", "spec", "containers"]).is_empty() {
        return Err(ApiError::invalid(
            info,
            name,
            &[("spec.template.spec.containers", "FieldValueRequired", "Required value")],
        ));
    }
    Ok(())
}

fn immutable(kind: K, object: &Value, live: &Value, path: &[&str]) -> Result<(), ApiError> {
    let (old, new) = (at(live, path), at(object, path));
    if old == new {
        return Ok(());
    }
    Err(field_is_immutable(kind, super::json::name(object), &path.join("."), new))
}

fn field_is_immutable(kind: K, name: &str, field: &str, value: &Value) -> ApiError {
    let text = format!("Invalid value: {value}: field is immutable");
    ApiError::invalid(kind.info(), name, &[(field, "FieldValueInvalid", &text)])
}
