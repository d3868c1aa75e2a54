//! Who edited what, and when: the `managedFields` of a workload and of what its pods refer to.
//!
//! ConfigMaps and Secrets are read as metadata only. What may not be read is told, not left out in
//! silence.

use std::collections::BTreeSet;

use deckwatch_wire::apps::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use deckwatch_wire::batch::Job;
use deckwatch_wire::core::{Container, Pod, PodSpec};
use deckwatch_wire::{Encoding, Limits, ManagedFieldsEntry, ObjectMeta, PartialObjectMetadata};
use futures::StreamExt as _;
use http::Method;

use super::path_of;
use crate::core::{ClusterId, Kind, ObjectRef, Resource, Result, Safe, Ts};
use crate::sources::kube::answer::{self, Asked};
use crate::sources::kube::client::{Client, Get};
use crate::store::changes::{Edit, Edits};

/// The most ConfigMaps and Secrets that are read for one workload.
const MOST: usize = 64;
/// How many of them are read at a time.
const AT_ONCE: usize = 4;
/// The most fields that one edit names.
const NAMED: usize = 8;

/// Reads the edits of an object and of the ConfigMaps and Secrets that its pods refer to.
///
/// Fails when the object itself can't be read.
pub async fn edits(client: &Client, object: &ObjectRef) -> Result<Edits> {
    let path = path_of(object)?;
    let mut found = Edits { edits: of(object, &metadata(client, &path).await?), ..Edits::default() };
    let references = match references(client, object, &path).await {
        Ok(references) => references,
        Err(error) => {
            found.lacks.push(error);
            BTreeSet::new()
        }
    };
    found.skipped = references.len().saturating_sub(MOST);
    let reads = references.into_iter().take(MOST).map(|(resource, name)| async move {
        let path = resource.path(Some(object.namespace.as_str()), Some(&name));
        (resource, metadata(client, &path).await)
    });
    let mut reads = futures::stream::iter(reads).buffered(AT_ONCE);
    while let Some((resource, read)) = reads.next().await {
        match read {
            Ok(meta) => found.edits.extend(of(&reference(&object.cluster, resource, &meta), &meta)),
            // An optional one need not be there: nothing was edited.
            Err(error) if error.kind == Kind::NotFound => {}
            Err(error) => found.lacks.push(error),
        }
    }
    found.edits.sort_by_key(|edit| std::cmp::Reverse(edit.at));
    Ok(found)
}

fn reference(cluster: &ClusterId, resource: Resource, meta: &ObjectMeta) -> ObjectRef {
    ObjectRef::new(cluster, resource, &meta.namespace, &meta.name, &meta.uid)
}

async fn metadata(client: &Client, path: &str) -> Result<ObjectMeta> {
    Ok(read::<PartialObjectMetadata>(client, path).await?.metadata)
}

async fn read<K: deckwatch_wire::Object>(client: &Client, path: &str) -> Result<K> {
    let accept = client.encoding().accept::<K>();
    let reply = client.get(Get { accept: &accept, ..Get::json(path) }).await?;
    let asked = Asked::of(&Method::GET, path);
    let encoding = Encoding::from_content_type(reply.content_type())
        .ok_or_else(|| answer::not_kubernetes(&asked, &reply.headers, b"").error)?;
    deckwatch_wire::decode_object(encoding, &reply.body, &Limits::default())
        .map_err(|e| answer::unreadable(&asked, &e).error)
}

/// Reads what a workload's pods refer to.
async fn references(client: &Client, object: &ObjectRef, path: &str) -> Result<BTreeSet<(Resource, String)>> {
    let spec: PodSpec = match object.resource() {
        Some(Resource::Pod) => read::<Pod>(client, path).await?.spec,
        Some(Resource::Deployment) => read::<Deployment>(client, path).await?.spec.template.spec,
        Some(Resource::StatefulSet) => read::<StatefulSet>(client, path).await?.spec.template.spec,
        Some(Resource::DaemonSet) => read::<DaemonSet>(client, path).await?.spec.template.spec,
        Some(Resource::ReplicaSet) => read::<ReplicaSet>(client, path).await?.spec.template.spec,
        Some(Resource::Job) => read::<Job>(client, path).await?.spec.template.spec,
        _ => return Ok(BTreeSet::new()),
    };
    Ok(referred(&spec))
}

fn referred(spec: &PodSpec) -> BTreeSet<(Resource, String)> {
    let mut found = BTreeSet::new();
    let mut add = |resource, name: &str| {
        if !name.is_empty() {
            found.insert((resource, name.to_owned()));
        }
    };
    for volume in &spec.volumes {
        if let Some(map) = &volume.source.config_map {
            add(Resource::ConfigMap, &map.name.name);
        }
        if let Some(secret) = &volume.source.secret {
            add(Resource::Secret, &secret.secret_name);
        }
        for part in volume.source.projected.iter().flat_map(|p| &p.sources) {
            if let Some(map) = &part.config_map {
                add(Resource::ConfigMap, &map.name.name);
            }
            if let Some(secret) = &part.secret {
                add(Resource::Secret, &secret.name.name);
            }
        }
    }
    let containers: Vec<&Container> = spec.containers.iter().chain(&spec.init_containers).collect();
    for container in containers {
        for source in container.env.iter().filter_map(|e| e.value_from.as_ref()) {
            if let Some(map) = &source.config_map_key_ref {
                add(Resource::ConfigMap, &map.name.name);
            }
            if let Some(secret) = &source.secret_key_ref {
                add(Resource::Secret, &secret.name.name);
            }
        }
        for source in &container.env_from {
            if let Some(map) = &source.config_map_ref {
                add(Resource::ConfigMap, &map.name.name);
            }
            if let Some(secret) = &source.secret_ref {
                add(Resource::Secret, &secret.name.name);
            }
        }
    }
    found
}

fn of(object: &ObjectRef, meta: &ObjectMeta) -> Vec<Edit> {
    meta.managed_fields.iter().filter_map(|writer| edit(object, writer)).collect()
}

fn edit(object: &ObjectRef, writer: &ManagedFieldsEntry) -> Option<Edit> {
    Some(Edit {
        object: object.clone(),
        manager: Safe::of(&writer.manager),
        operation: Safe::of(&writer.operation),
        subresource: Safe::of(&writer.subresource),
        at: Ts(writer.time?.nanos()?),
        fields: Safe::of(&writer.fields_v1.as_ref().map_or_else(String::new, |f| outermost(&f.raw))),
    })
}

/// Names the fields two levels deep: `spec.replicas, spec.template`, and how many more there are.
fn outermost(raw: &[u8]) -> String {
    let Ok(serde_json::Value::Object(top)) = serde_json::from_slice(raw) else { return String::new() };
    let mut names = Vec::new();
    for (outer, inner) in &top {
        let Some(outer) = outer.strip_prefix("f:") else { continue };
        let inner: Vec<&str> = inner
            .as_object()
            .into_iter()
            .flat_map(|map| map.keys())
            .filter_map(|key| key.strip_prefix("f:"))
            .collect();
        if inner.is_empty() {
            names.push(outer.to_owned());
        }
        names.extend(inner.into_iter().map(|inner| format!("{outer}.{inner}")));
    }
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let mut text = names.join(", ");
    if more > 0 {
        text = format!("{text}, … (+{more})");
    }
    text
}
