//! What a rollback leaves, compared between two namespaces: live objects and Helm's records.

use std::collections::BTreeMap;
use std::io::Read as _;

use base64::Engine as _;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::stand::kubectl;

/// The kinds of the shop's chart, and the records.
const KINDS: &str = "deployments,services,configmaps,secrets,jobs";

fn items(namespace: &str) -> Vec<Value> {
    let text = kubectl(["get", KINDS, "-n", namespace, "-o", "json", "--show-managed-fields"]);
    let list: Value = serde_json::from_str(&text).unwrap();
    list["items"].as_array().unwrap().clone()
}

fn base64(text: &[u8]) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

/// Returns a record as what it holds.
fn decoded(data: &str) -> Value {
    let helm = base64(&base64(data.as_bytes()));
    let mut json = Vec::new();
    flate2::read::GzDecoder::new(helm.as_slice()).read_to_end(&mut json).unwrap();
    serde_json::from_slice(&json).unwrap()
}

/// Replaces what differs by its nature: uids, resourceVersions, times, the namespace and what the server draws
/// at random. Everything else stays, statuses aside. The first name is called by the second.
fn neutral(value: &mut Value, names: (&str, &str)) {
    match value {
        Value::Object(map) => {
            let drawn = [
                "uid",
                "resourceVersion",
                "creationTimestamp",
                "time",
                "last_deployed",
                "first_deployed",
                "deleted",
                "clusterIP",
                "clusterIPs",
                "createdAt",
                "modifiedAt",
                "deployment.kubernetes.io/revision",
            ];
            for (key, inner) in map.iter_mut() {
                if drawn.contains(&key.as_str()) {
                    *inner = json!("…");
                } else {
                    neutral(inner, names);
                }
            }
            map.remove("status").filter(Value::is_string).into_iter().for_each(|s| {
                map.insert("status".to_owned(), s);
            });
        }
        Value::Array(all) => all.iter_mut().for_each(|v| neutral(v, names)),
        Value::String(text) => *text = text.replace(names.0, names.1),
        _ => {}
    }
}

/// Returns the objects by kind and name, made neutral. What controllers wrote into `managedFields` depends on
/// when they came by; the writers that count here are Helm's.
fn left(namespace: &str, called: &str) -> BTreeMap<String, Value> {
    let mut out = BTreeMap::new();
    for mut item in items(namespace) {
        let key =
            format!("{}/{}", item["kind"].as_str().unwrap(), item["metadata"]["name"].as_str().unwrap());
        if key == "ConfigMap/kube-root-ca.crt" {
            continue;
        }
        if let Some(fields) = item["metadata"]["managedFields"].as_array_mut() {
            fields.retain(|f| f["manager"] == "helm");
            for field in fields {
                field.as_object_mut().unwrap().remove("time");
            }
        }
        if item["type"] == "helm.sh/release.v1" {
            let record = decoded(item["data"]["release"].as_str().unwrap());
            item["data"]["release"] = record;
        }
        neutral(&mut item, (namespace, called));
        out.insert(key, item);
    }
    out
}

/// Demands that a release has left the same in two namespaces.
pub fn assert_same(ours: &str, theirs: &str) {
    let (ours, theirs) = (left(ours, ours), left(theirs, ours));
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    for (key, value) in &ours {
        assert_eq!(value, &theirs[key], "{key}");
    }
}
