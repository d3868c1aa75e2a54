//! Who edited what: managedFields of an object and of the ConfigMaps and Secrets that its pods refer to,
//! by reads of their metadata.

use std::collections::BTreeSet;

use super::World;
use crate::core::{ObjectRef, Resource, Result, Safe, Ts, Untrusted};
use crate::sources::kube::client::Get;
use crate::store::changes::Edit;

/// How many ConfigMaps and Secrets are read at most.
const MOST: usize = 40;

/// Reads the edits.
pub async fn read(world: &World, owner: &ObjectRef) -> Result<Vec<Edit>> {
    let client = world.client()?;
    let Some(resource) = owner.resource() else { return Ok(Vec::new()) };
    let path = resource.path(Some(owner.namespace.as_str()), Some(owner.name.as_str()));
    let object: serde_json::Value = client.get_json(&path).await.map_err(|f| f.error)?;
    let mut edits = of(owner, &object);
    let referred = references(&object);
    let reads = referred.iter().take(MOST).map(|(resource, name)| async move {
        let path = resource.path(Some(owner.namespace.as_str()), Some(name));
        let reference = ObjectRef::new(&owner.cluster, *resource, owner.namespace.as_str(), name, "");
        let accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
        let reply = client.get(Get { accept, ..Get::json(&path) }).await.ok()?;
        let meta: serde_json::Value = serde_json::from_slice(&reply.body).ok()?;
        Some(of(&reference, &meta))
    });
    for found in futures::future::join_all(reads).await.into_iter().flatten() {
        edits.extend(found);
    }
    edits.sort_by_key(|e| std::cmp::Reverse(e.at));
    Ok(edits)
}

/// Returns the writes that an object's managedFields tell.
fn of(object: &ObjectRef, value: &serde_json::Value) -> Vec<Edit> {
    let entries = value.pointer("/metadata/managedFields").and_then(|v| v.as_array());
    let text = |entry: &serde_json::Value, key: &str| {
        Untrusted::from(entry.get(key).and_then(|v| v.as_str()).unwrap_or("")).clipped(80)
    };
    entries
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let at = Ts::parse_rfc3339(entry.get("time")?.as_str()?)?;
            Some(Edit {
                object: object.clone(),
                manager: text(entry, "manager"),
                operation: text(entry, "operation"),
                subresource: text(entry, "subresource"),
                at,
                fields: fields(entry.get("fieldsV1")),
            })
        })
        .collect()
}

/// Returns the outermost fields that a writer owns, in words: `data.LOG_LEVEL, data.DB_HOST`.
fn fields(value: Option<&serde_json::Value>) -> Safe {
    let mut out = Vec::new();
    for top in ["f:data", "f:stringData", "f:spec"] {
        let Some(inner) = value.and_then(|v| v.get(top)).and_then(|v| v.as_object()) else { continue };
        let name = top.trim_start_matches("f:");
        out.extend(inner.keys().filter_map(|k| k.strip_prefix("f:")).take(4).map(|k| format!("{name}.{k}")));
    }
    Untrusted::from(out.join(", ")).clipped(160)
}

/// Returns the ConfigMaps and Secrets that an object's pod template names anywhere.
fn references(value: &serde_json::Value) -> BTreeSet<(Resource, String)> {
    let spec = value.pointer("/spec/template/spec").or_else(|| value.get("spec"));
    let mut out = BTreeSet::new();
    let mut open: Vec<&serde_json::Value> = spec.into_iter().collect();
    let mut seen = 0;
    while let Some(value) = open.pop() {
        seen += 1;
        if seen > 20_000 {
            break;
        }
        match value {
            serde_json::Value::Object(map) => {
                for (key, inner) in map {
                    let name = |k: &str| inner.get(k).and_then(|n| n.as_str()).map(str::to_owned);
                    match key.as_str() {
                        "configMapRef" | "configMapKeyRef" | "configMap" => {
                            out.extend(name("name").map(|n| (Resource::ConfigMap, n)));
                        }
                        "secretRef" | "secretKeyRef" => {
                            out.extend(name("name").map(|n| (Resource::Secret, n)));
                        }
                        "secret" => out.extend(
                            name("secretName").or_else(|| name("name")).map(|n| (Resource::Secret, n)),
                        ),
                        _ => {}
                    }
                    open.push(inner);
                }
            }
            serde_json::Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_refer_to_a_config_map_or_secret_is_found() {
        let value = serde_json::json!({ "spec": { "template": { "spec": {
            "containers": [{ "envFrom": [{ "configMapRef": { "name": "a" } }, { "secretRef": { "name": "b" } }],
                             "env": [{ "valueFrom": { "secretKeyRef": { "name": "c", "key": "k" } } }] }],
            "volumes": [{ "configMap": { "name": "d" } }, { "secret": { "secretName": "e" } },
                        { "projected": { "sources": [{ "configMap": { "name": "f" } }] } }],
        } } } });
        let names: Vec<String> =
            references(&value).into_iter().map(|(r, n)| format!("{}/{n}", r.names().kind)).collect();
        assert_eq!(names, ["ConfigMap/a", "ConfigMap/d", "ConfigMap/f", "Secret/b", "Secret/c", "Secret/e"]);
    }

    #[test]
    fn managed_fields_become_edits() {
        let owner = ObjectRef::new(&crate::core::ClusterId::default(), Resource::ConfigMap, "ns", "env", "");
        let value = serde_json::json!({ "metadata": { "managedFields": [
            { "manager": "kubectl-edit", "operation": "Update", "time": "2026-11-21T13:00:00Z",
              "fieldsV1": { "f:data": { "f:LOG_LEVEL": {}, "f:DB_HOST": {} } } },
            { "manager": "no-time", "operation": "Update" } ] } });
        let edits = of(&owner, &value);
        assert_eq!(edits.len(), 1);
        assert_eq!(
            (edits[0].manager.as_str(), edits[0].fields.as_str()),
            ("kubectl-edit", "data.LOG_LEVEL, data.DB_HOST")
        );
    }
}
