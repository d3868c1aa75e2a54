//! What differs between two runs by its nature, and is made alike before they are compared. All of it is here.

use serde_json::{Map, Value, json};

/// A group of places whose values are made alike, where they hold anything at all: what is absent, null or empty stays.
pub struct Alike {
    /// What it is, for people.
    pub what: &'static str,
    /// The places: the last members of a path; `*` stands for every item of a list.
    pub places: &'static [&'static str],
}

/// What is made alike.
pub const ALIKE: &[Alike] = &[
    Alike {
        what: "uids and resource versions, which the server draws",
        places: &[
            "metadata.uid",
            "metadata.resourceVersion",
            "ownerReferences.*.uid",
            "preconditions.uid",
            "preconditions.resourceVersion",
            "claimRef.uid",
            "claimRef.resourceVersion",
        ],
    },
    Alike {
        what: "times",
        places: &[
            "metadata.creationTimestamp",
            "metadata.deletionTimestamp",
            "managedFields.*.time",
            "labels.createdAt",
            "labels.modifiedAt",
            "info.first_deployed",
            "info.last_deployed",
            "info.deleted",
            "last_run.started_at",
            "last_run.completed_at",
        ],
    },
    Alike {
        what: "addresses and ports that the server draws for Services",
        places: &["spec.clusterIP", "spec.clusterIPs.*", "spec.healthCheckNodePort", "spec.ports.*.nodePort"],
    },
    Alike {
        what: "labels by which the Job controller ties pods to a Job's uid",
        places: &[
            "labels.batch.kubernetes.io/controller-uid",
            "labels.controller-uid",
            "matchLabels.batch.kubernetes.io/controller-uid",
        ],
    },
];

/// What else is made alike, and is code.
pub const OTHERWISE: &[&str] = &[
    "the namespace's own name, wherever it stands",
    "`status`, which controllers write",
    "the end of a name that the server draws (`generateName`), and of those that podinfo's chart draws for its tests",
    "objects that nobody wrote: those with a generated name (pods, EndpointSlices), events, `kube-root-ca.crt` and the \
     service account `default` with its fields",
    "in `managedFields`: the entries of controllers, the order of entries, and uids in their keys",
    "who wrote a record: Helm calls itself `Helm` there and deckwatch itself `deckwatch`, in the user agent alone; the \
     fields of the two are taken together, without the marks of who made a map",
];

/// Managers that are controllers: when they come by is theirs.
const CONTROLLERS: &[&str] =
    &["kube-controller-manager", "kube-scheduler", "kube-apiserver", "kwok", "kubelet"];

/// Returns a value in which everything of the list is alike. `namespace` is the run's own.
pub fn neutral(value: &Value, namespace: &str) -> Value {
    at(value, namespace, &mut Vec::new())
}

fn at(value: &Value, namespace: &str, path: &mut Vec<String>) -> Value {
    let is_set = match value {
        Value::String(text) => !text.is_empty() && text != "None",
        Value::Number(number) => number.as_i64() != Some(0),
        Value::Bool(_) => true,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    };
    if is_set && is_alike(path) {
        return json!("…");
    }
    match value {
        Value::Object(map) => {
            let drawn = drawn(map);
            // What a JSON patch sets stands where it says.
            let set = map.get("op").and_then(|_| map.get("path")).and_then(Value::as_str);
            let members = map.iter().map(|(key, inner)| {
                let depth = path.len();
                match set.filter(|_| key == "value") {
                    Some(place) => path.extend(place.split('/').skip(1).map(str::to_owned)),
                    None => path.push(key.clone()),
                }
                let inner = match (&drawn, key.as_str()) {
                    (Some(name), "name") => json!(named(name, namespace)),
                    _ => at(inner, namespace, path),
                };
                path.truncate(depth);
                (named(key, namespace), inner)
            });
            Value::Object(members.collect())
        }
        Value::Array(items) => {
            path.push("*".to_owned());
            let items = items.iter().map(|item| at(item, namespace, path)).collect();
            path.pop();
            Value::Array(items)
        }
        Value::String(text) => json!(named(text, namespace)),
        other => other.clone(),
    }
}

/// Returns the name of an object's metadata without what the server has drawn for it; `None` where it was chosen.
fn drawn(metadata: &Map<String, Value>) -> Option<String> {
    let start = metadata.get("generateName")?.as_str().filter(|start| !start.is_empty())?;
    let name = metadata.get("name")?.as_str()?;
    name.starts_with(start).then(|| format!("{start}…"))
}

fn is_alike(path: &[String]) -> bool {
    let path = path.join(".");
    let mut places = ALIKE.iter().flat_map(|alike| alike.places);
    places.any(|place| path == *place || path.ends_with(&format!(".{place}")))
}

fn named(text: &str, namespace: &str) -> String {
    // Who owns a field may be told by a uid: `k:{"uid":"…"}`.
    if text.starts_with("k:{\"uid\":") {
        return "k:{\"uid\":\"…\"}".to_owned();
    }
    undrawn(&text.replace(namespace, "NAMESPACE"))
}

/// Returns a text without what podinfo's chart draws by lot: the last five letters of the names of its tests.
fn undrawn(text: &str) -> String {
    const TESTS: &str = "-test-";
    const DRAWN: usize = 5;
    if !text.contains("podinfo") {
        return text.to_owned();
    }
    let mut parts = text.split(TESTS);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_drawn = |letters: &str| letters.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        out.push_str(TESTS);
        match part.split_at_checked(DRAWN) {
            Some((drawn, rest)) if out.contains("podinfo") && is_drawn(drawn) => {
                out.push('…');
                out.push_str(rest);
            }
            _ => out.push_str(part),
        }
    }
    out
}

/// Whether an object is compared at all.
pub fn is_compared(object: &Value) -> bool {
    let meta = &object["metadata"];
    let generated = meta.get("generateName").is_some() && meta.get("ownerReferences").is_some();
    let of_the_namespace = matches!(
        (object["kind"].as_str(), meta["name"].as_str()),
        (Some("ConfigMap"), Some("kube-root-ca.crt")) | (Some("ServiceAccount"), Some("default"))
    );
    !generated && !of_the_namespace && object["kind"] != "Event" && object["kind"] != "Endpoints"
}

/// Returns who wrote which fields of an object, sorted, without what is left out.
pub fn managers(object: &Value) -> Vec<Value> {
    let is_record = object["type"] == "helm.sh/release.v1" || object["metadata"]["labels"]["owner"] == "helm";
    let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    let mut own: Vec<Value> = Vec::new();
    for entry in entries {
        let manager = entry["manager"].as_str().unwrap_or_default();
        if CONTROLLERS.iter().any(|controller| manager.starts_with(controller)) {
            continue;
        }
        let mut entry = entry.clone();
        entry.as_object_mut().unwrap().remove("time");
        let of_us = matches!(manager, "Helm" | "deckwatch");
        if is_record && of_us {
            entry["manager"] = json!("Helm or deckwatch");
            unmark(&mut entry["fieldsV1"]);
            if let Some(first) = own.iter_mut().find(|other| other["manager"] == entry["manager"]) {
                join(&mut first["fieldsV1"], &entry["fieldsV1"]);
                continue;
            }
        }
        own.push(entry);
    }
    let key = |entry: &Value| {
        ["manager", "operation", "apiVersion", "subresource"].map(|key| entry[key].to_string())
    };
    own.sort_by_key(key);
    own
}

/// Takes the marks away by which a manager is known to have made a map: they stay with none when another writes all of it.
fn unmark(fields: &mut Value) {
    if let Some(fields) = fields.as_object_mut() {
        fields.remove(".");
        fields.values_mut().for_each(unmark);
    }
}

fn join(into: &mut Value, more: &Value) {
    let Some(more) = more.as_object() else { return };
    let into = into.as_object_mut().unwrap();
    for (key, value) in more {
        join(into.entry(key.clone()).or_insert_with(|| Value::Object(Map::new())), value);
    }
}

/// Takes away what is compared apart or not at all.
pub fn bare(object: &Value) -> Value {
    let mut object = object.clone();
    let map = object.as_object_mut().unwrap();
    map.remove("status");
    if let Some(meta) = map.get_mut("metadata").and_then(Value::as_object_mut) {
        meta.remove("managedFields");
    }
    object
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn what_holds_something_is_alike_and_what_is_absent_empty_or_chosen_is_not() {
        let service = |spec: Value| {
            neutral(&json!({ "metadata": { "uid": "u", "name": "ns-a" }, "spec": spec }), "ns-a")
        };
        let expected = |spec: Value| json!({ "metadata": { "uid": "…", "name": "NAMESPACE" }, "spec": spec });
        assert_eq!(
            service(
                json!({ "clusterIP": "10.0.0.7", "clusterIPs": ["10.0.0.7"], "ports": [{ "port": 80, "nodePort": 30001 }] })
            ),
            expected(
                json!({ "clusterIP": "…", "clusterIPs": ["…"], "ports": [{ "port": 80, "nodePort": "…" }] })
            )
        );
        for chosen in [
            json!({ "clusterIP": "None", "clusterIPs": ["None"] }),
            json!({ "clusterIP": null, "ports": [{ "nodePort": 0 }] }),
            json!({ "uid": "of somebody's own" }),
        ] {
            assert_eq!(service(chosen.clone()), expected(chosen));
        }
    }

    #[test]
    fn what_a_json_patch_sets_is_alike_where_it_would_be_in_the_object() {
        let patch = json!([
            { "op": "replace", "path": "/metadata/managedFields", "value": [{ "manager": "helm", "time": "now" }] },
            { "op": "replace", "path": "/metadata/resourceVersion", "value": "7" },
            { "op": "replace", "path": "/data", "value": "7" },
        ]);
        let expected = json!([
            { "op": "replace", "path": "/metadata/managedFields", "value": [{ "manager": "helm", "time": "…" }] },
            { "op": "replace", "path": "/metadata/resourceVersion", "value": "…" },
            { "op": "replace", "path": "/data", "value": "7" },
        ]);
        assert_eq!(neutral(&patch, "ns-a"), expected);
        let drawn = json!({ "metadata": { "generateName": "env-", "name": "env-x7x2q" } });
        assert_eq!(neutral(&drawn, "ns-a")["metadata"]["name"], "env-…");
    }

    #[test]
    fn names_that_a_chart_draws_are_alike_and_all_around_them_is_not() {
        let text =
            |name: &str| json!(format!("kind: Pod\nname: demo-podinfo-jwt-test-{name}\nannotations: {{}}\n"));
        assert_eq!(neutral(&text("cl4ri"), "ns-a"), neutral(&text("0n0fx"), "ns-a"));
        for other in ["UPPER", "abc", "abcde-more"] {
            assert_ne!(neutral(&text(other), "ns-a"), neutral(&text("cl4ri"), "ns-a"), "{other}");
        }
    }

    #[test]
    fn a_records_fields_are_one_whoever_of_the_two_wrote_them() {
        let entry = |manager: &str, fields: Value| json!({ "manager": manager, "operation": "Update", "fieldsV1": fields, "time": "now" });
        let record = json!({ "type": "helm.sh/release.v1", "metadata": { "managedFields": [
            entry("Helm", json!({ "f:metadata": { "f:labels": { "f:name": {} } } })),
            entry("kube-controller-manager", json!({})),
            entry("deckwatch", json!({ "f:metadata": { "f:labels": { "f:status": {} } } })),
        ] } });
        assert_eq!(
            managers(&record),
            [json!({ "manager": "Helm or deckwatch", "operation": "Update",
                "fieldsV1": { "f:metadata": { "f:labels": { "f:name": {}, "f:status": {} } } } })]
        );
    }
}
