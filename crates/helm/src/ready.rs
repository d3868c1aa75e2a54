//! Whether an object is ready, by the rules of Helm 3's `--wait` (and of Helm 4's `--wait=legacy`).
//!
//! Pure: what is live goes in, a verdict comes out. Jobs are not waited for, as without `--wait-for-jobs`; kinds
//! that are not named here are ready when they are there.

pub mod hook;

use serde_json::Value;

/// What else must be read before an object can be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wants {
    /// The API version of what is listed.
    pub api_version: &'static str,
    /// Its kind.
    pub kind: &'static str,
    /// Its plural name.
    pub resource: &'static str,
    /// A label selector.
    pub selector: String,
}

/// Returns what else must be listed in the object's namespace: a Deployment's ReplicaSets, the pods of a ReplicaSet
/// or of a ReplicationController.
pub fn wants(object: &Value) -> Option<Wants> {
    let pods = |selector| Wants { api_version: "v1", kind: "Pod", resource: "pods", selector };
    match text(object, "/kind") {
        "Deployment" if !flag(object, "/spec/paused") => Some(Wants {
            api_version: "apps/v1",
            kind: "ReplicaSet",
            resource: "replicasets",
            selector: selector(object.pointer("/spec/selector")),
        }),
        "ReplicaSet" => Some(pods(selector(object.pointer("/spec/selector")))),
        "ReplicationController" => Some(pods(pairs(object.pointer("/spec/selector")).join(","))),
        _ => None,
    }
}

/// Returns why an object is not ready yet, or `None` when it is. `listed` is what [`wants`] asked for.
pub fn unready(object: &Value, listed: &[Value]) -> Option<String> {
    match text(object, "/kind") {
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
            let refused =
                conditions(object).any(|c| is(c, "type", "NamesAccepted") && is(c, "status", "False"));
            (!refused && !condition(object, "Established")).then(|| "it is not established".to_owned())
        }
        _ => None,
    }
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
        owners.into_iter().flatten().any(|o| o.get("uid") == uid && uid.is_some())
    };
    let same = sets.iter().filter(owned).filter(|set| template(set) == wanted);
    same.min_by_key(|set| text(set, "/metadata/creationTimestamp"))
}

/// How many pods a rolling update may take away, as the Deployment controller counts.
fn max_unavailable(object: &Value, replicas: i64) -> i64 {
    if text(object, "/spec/strategy/type") != "RollingUpdate" || replicas == 0 {
        return 0;
    }
    let rolling = "/spec/strategy/rollingUpdate";
    let surge = scaled(object.pointer(&format!("{rolling}/maxSurge")), replicas, true);
    let unavailable = scaled(object.pointer(&format!("{rolling}/maxUnavailable")), replicas, false);
    // Both nothing would never move.
    let unavailable = if surge == 0 && unavailable == 0 { 1 } else { unavailable };
    unavailable.min(replicas)
}

/// Returns a number, or so much of a hundred of `of`.
fn scaled(value: Option<&Value>, of: i64, up: bool) -> i64 {
    match value {
        Some(Value::Number(n)) => n.as_i64().unwrap_or(0),
        Some(Value::String(text)) => {
            let percent: i64 = text.strip_suffix('%').and_then(|p| p.parse().ok()).unwrap_or(0);
            let product = percent.saturating_mul(of);
            if up { (product + 99) / 100 } else { product / 100 }
        }
        _ => 0,
    }
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
        let ready = number(object, "/status/numberReady", 0);
        (ready < desired - scaled(away, desired, true))
            .then(|| format!("{ready} of {desired} pods are ready"))
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

fn pairs(labels: Option<&Value>) -> Vec<String> {
    let labels = labels.and_then(Value::as_object).into_iter().flatten();
    labels.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect()
}

/// Prints a label selector as a query has it.
fn selector(selector: Option<&Value>) -> String {
    let mut out = pairs(selector.and_then(|s| s.get("matchLabels")));
    let more = selector.and_then(|s| s.get("matchExpressions")).and_then(Value::as_array);
    for one in more.into_iter().flatten() {
        let key = text(one, "/key");
        let values = one.get("values").and_then(Value::as_array).into_iter().flatten();
        let values: Vec<&str> = values.filter_map(Value::as_str).collect();
        out.push(match text(one, "/operator") {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    out.join(",")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment_of(more: &Value) -> Value {
        let mut object = json!({"kind": "Deployment", "metadata": {"uid": "d", "generation": 2},
            "spec": {"replicas": 4, "selector": {"matchLabels": {"app": "a"}},
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
                "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"image": "new"}}},
            "status": {"observedGeneration": 2}});
        for (at, value) in more.as_object().unwrap() {
            *object.pointer_mut(at).unwrap() = value.clone();
        }
        object
    }

    fn set(image: &str, ready: i64, at: &str) -> Value {
        json!({"kind": "ReplicaSet", "metadata": {"generation": 1, "creationTimestamp": at,
                "ownerReferences": [{"uid": "d"}]},
            "spec": {"template": {"metadata": {"labels": {"app": "a", "pod-template-hash": "x"}},
                "spec": {"image": image}}},
            "status": {"observedGeneration": 1, "readyReplicas": ready}})
    }

    #[test]
    fn a_deployment_is_ready_when_its_new_replica_set_has_enough_pods() {
        let object = deployment_of(&json!({}));
        let why = |sets: &[Value]| unready(&object, sets);
        assert_eq!(why(&[set("old", 4, "1")]).as_deref(), Some("its new ReplicaSet is not there yet"));
        assert_eq!(why(&[set("new", 2, "1")]).as_deref(), Some("2 of 4 pods are ready"));
        assert_eq!(why(&[set("old", 0, "0"), set("new", 3, "1")]), None, "one of four may be away");
        // Of two with the same template the older one counts.
        assert_eq!(why(&[set("new", 0, "2"), set("new", 4, "1")]), None);
        let mut strange = set("new", 4, "1");
        strange["metadata"]["ownerReferences"][0]["uid"] = json!("other");
        assert!(why(&[strange]).is_some());
    }

    #[test]
    fn a_deployment_whose_change_is_not_seen_yet_is_not_ready_and_a_paused_one_is() {
        let unseen = deployment_of(&json!({"/status/observedGeneration": 1}));
        let told = unready(&unseen, &[set("new", 4, "1")]);
        assert_eq!(told.as_deref(), Some("its controller has not seen the change yet"));
        let mut paused = unseen;
        paused["spec"]["paused"] = json!(true);
        assert_eq!((wants(&paused), unready(&paused, &[])), (None, None));
    }

    #[test]
    fn shares_are_counted_as_the_controllers_count_them() {
        let strategy = |unavailable: Value, surge: Value, replicas: i64| {
            let object = deployment_of(&json!({"/spec/strategy/rollingUpdate/maxUnavailable": unavailable,
                "/spec/strategy/rollingUpdate/maxSurge": surge}));
            max_unavailable(&object, replicas)
        };
        assert_eq!(strategy(json!("25%"), json!("25%"), 3), 0, "rounded down, with a surge of one");
        assert_eq!(strategy(json!("0%"), json!(0), 3), 1, "one at least must move");
        assert_eq!(strategy(json!(9), json!(1), 3), 3);
        let recreate = deployment_of(&json!({"/spec/strategy/type": "Recreate"}));
        assert_eq!(max_unavailable(&recreate, 3), 0);
    }

    #[test]
    fn every_other_kind_has_its_own_rule() {
        let seen = |kind: &str, spec: Value, mut status: Value| {
            status["observedGeneration"] = json!(1);
            json!({"kind": kind, "metadata": {"generation": 1}, "spec": spec, "status": status})
        };
        let rolling = json!({"replicas": 2, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}}});
        let at_will = json!({"replicas": 2, "updateStrategy": {"type": "OnDelete"}});
        let ready = json!([{"type": "Ready", "status": "True"}]);
        for (object, why) in [
            (
                seen("StatefulSet", rolling.clone(), json!({"updatedReplicas": 1})),
                Some("1 of 2 pods are updated"),
            ),
            (
                seen("StatefulSet", rolling.clone(), json!({"updatedReplicas": 2, "readyReplicas": 1})),
                Some("1 of 2 pods are ready"),
            ),
            (
                seen(
                    "StatefulSet",
                    rolling.clone(),
                    json!({"updatedReplicas": 2, "readyReplicas": 2, "currentRevision": "a", "updateRevision": "b"}),
                ),
                Some("its pods are being replaced"),
            ),
            (
                seen(
                    "StatefulSet",
                    rolling.clone(),
                    json!({"updatedReplicas": 2, "readyReplicas": 2, "currentRevision": "b", "updateRevision": "b"}),
                ),
                None,
            ),
            (seen("StatefulSet", at_will, json!({})), None),
            (
                seen(
                    "DaemonSet",
                    rolling.clone(),
                    json!({"desiredNumberScheduled": 3, "updatedNumberScheduled": 2}),
                ),
                Some("2 of 3 pods are updated"),
            ),
            (
                seen(
                    "DaemonSet",
                    rolling.clone(),
                    json!({"desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberReady": 1}),
                ),
                Some("1 of 3 pods are ready"),
            ),
            (
                seen(
                    "DaemonSet",
                    rolling,
                    json!({"desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberReady": 2}),
                ),
                None,
            ),
            (json!({"kind": "Pod", "status": {"conditions": ready}}), None),
            (json!({"kind": "Pod"}), Some("it is not ready")),
            (
                json!({"kind": "PersistentVolumeClaim", "status": {"phase": "Pending"}}),
                Some("it is not bound"),
            ),
            (json!({"kind": "PersistentVolumeClaim", "status": {"phase": "Bound"}}), None),
            (json!({"kind": "Service", "spec": {"type": "ExternalName"}}), None),
            (json!({"kind": "Service", "spec": {"type": "ClusterIP"}}), Some("it has no cluster IP")),
            (
                json!({"kind": "Service", "spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1"}}),
                Some("its load balancer has no address"),
            ),
            (
                json!({"kind": "Service", "spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1", "externalIPs": ["1.1.1.1"]}}),
                None,
            ),
            (json!({"kind": "CustomResourceDefinition"}), Some("it is not established")),
            (json!({"kind": "Job"}), None),
            (json!({"kind": "ConfigMap"}), None),
        ] {
            assert_eq!(unready(&object, &[]).as_deref(), why, "{object}");
        }
        let set = seen("ReplicaSet", json!({}), json!({}));
        assert_eq!(unready(&set, &[json!({"kind": "Pod"})]).as_deref(), Some("0 of 1 pods are ready"));
        assert_eq!(unready(&set, &[json!({"status": {"conditions": ready}})]), None);
    }

    #[test]
    fn selectors_are_printed_as_queries_have_them() {
        let given = json!({"matchLabels": {"app": "a"}, "matchExpressions": [
            {"key": "b", "operator": "In", "values": ["x", "y"]}, {"key": "c", "operator": "NotIn", "values": ["z"]},
            {"key": "d", "operator": "Exists"}, {"key": "e", "operator": "DoesNotExist"}]});
        assert_eq!(selector(Some(&given)), "app=a,b in (x,y),c notin (z),d,!e");
    }
}
