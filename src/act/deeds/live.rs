//! The live objects of a deed, and what else it is made from: their kinds, and the revisions of workloads.

use std::collections::{BTreeMap, BTreeSet};

use deckwatch_helm::plan::{Gvk, Kinds};
use futures::StreamExt as _;
use serde_json::{Value, json};

use super::super::rights::Right;
use super::super::rollback::kinds_of;
use crate::core::{Error, Kind, ObjectRef, Result, Safe};
use crate::ops::deed::{Deed, Live, Refusal};
use crate::sources::kube::Client;

/// How many reads are under way at once.
const AT_ONCE: usize = 8;
/// How many revisions of a workload are looked at.
const REVISIONS: usize = 200;

/// An object as the server has it.
pub struct Found {
    /// The object.
    pub object: Value,
    plural: String,
    revisions: Vec<Value>,
}

impl Found {
    /// Returns it as a deed wants it.
    ///
    /// # Errors
    /// What is missing in it.
    pub fn live(&self) -> std::result::Result<Live<'_>, Refusal> {
        Live::new(&self.object, &self.plural, &self.revisions)
    }

    /// Returns what must be allowed for a deed.
    pub fn right(&self, deed: &Deed) -> Option<Right> {
        let live = self.live().ok()?;
        let right = deed.rights(&live.place);
        let creates = right.verb == "create" && right.subresource.is_none();
        Some(Right {
            verb: right.verb,
            group: right.group,
            resource: right.plural,
            subresource: right.subresource.map(str::to_owned),
            namespace: live.place.namespace.clone(),
            name: if creates { String::new() } else { live.place.name.clone() },
        })
    }
}

fn gvk(object: &ObjectRef) -> Gvk {
    let kind = &object.gvk;
    let version = if kind.group.is_empty() {
        kind.version.to_string()
    } else {
        format!("{}/{}", kind.group, kind.version)
    };
    Gvk::new(&version, &kind.kind)
}

/// Asks the server how it serves the objects' kinds.
///
/// # Errors
/// What can't be read.
pub async fn kinds(client: &Client, objects: &[ObjectRef]) -> Result<Kinds> {
    let wanted: BTreeSet<Gvk> = objects.iter().map(gvk).collect();
    kinds_of(client, &wanted).await
}

/// Reads every object, in the order of their references.
pub async fn all(
    client: &Client,
    deed: &Deed,
    objects: &[ObjectRef],
    kinds: &Kinds,
) -> Vec<std::result::Result<Found, Refusal>> {
    let read = |object: ObjectRef| async move { one(client, deed, &object, kinds).await };
    let reads: Vec<_> = objects.iter().cloned().map(read).collect();
    futures::stream::iter(reads).buffered(AT_ONCE).collect().await
}

async fn one(
    client: &Client,
    deed: &Deed,
    object: &ObjectRef,
    kinds: &Kinds,
) -> std::result::Result<Found, Refusal> {
    let mapping = kinds.get(&gvk(object)).ok_or_else(|| Refusal::Unserved(Safe::of(&object.gvk.kind)))?;
    let path = place(object, &mapping.resource, mapping.namespaced);
    let value: Value = client.get_json(&path).await.map_err(|fail| unread(&fail.error))?;
    let uid = value.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
    if !object.uid.is_empty() && object.uid.0.as_str() != uid {
        return Err(Refusal::Replaced);
    }
    let revisions = match deed {
        // What a paused Deployment would roll out is told by its ReplicaSets.
        Deed::Undo { .. } | Deed::Resume => {
            revisions(client, object, &value).await.map_err(|error| unread(&error))?
        }
        _ => Vec::new(),
    };
    Ok(Found { object: value, plural: mapping.resource.clone(), revisions })
}

fn unread(error: &Error) -> Refusal {
    match error.kind {
        Kind::NotFound => Refusal::Gone,
        _ => Refusal::Unread(super::super::said(error.line())),
    }
}

fn place(object: &ObjectRef, plural: &str, namespaced: bool) -> String {
    let kind = &object.gvk;
    let root = if kind.group.is_empty() {
        format!("/api/{}", kind.version)
    } else {
        format!("/apis/{}/{}", kind.group, kind.version)
    };
    let name = object.name.as_str();
    if namespaced {
        format!("{root}/namespaces/{}/{plural}/{name}", object.namespace.as_str())
    } else {
        format!("{root}/{plural}/{name}")
    }
}

/// Reads the ReplicaSets or ControllerRevisions of a workload's namespace that its selector chooses.
async fn revisions(client: &Client, object: &ObjectRef, live: &Value) -> Result<Vec<Value>> {
    let (plural, kind) = match &*object.gvk.kind {
        "Deployment" | "Rollout" => ("replicasets", "ReplicaSet"),
        _ => ("controllerrevisions", "ControllerRevision"),
    };
    let labels: BTreeMap<String, String> = live
        .pointer("/spec/selector/matchLabels")
        .and_then(|labels| serde_json::from_value(labels.clone()).ok())
        .unwrap_or_default();
    let selector = labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",");
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("labelSelector", &selector)
        .append_pair("limit", &REVISIONS.to_string())
        .finish();
    let path = format!("/apis/apps/v1/namespaces/{}/{plural}?{query}", object.namespace.as_str());
    let list: Value = client.get_json(&path).await.map_err(|fail| fail.error)?;
    let items = list.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    // Items of a list say nothing of their kind.
    let named = |mut item: Value| {
        if let Some(map) = item.as_object_mut() {
            map.insert("kind".to_owned(), json!(kind));
            map.insert("apiVersion".to_owned(), json!("apps/v1"));
        }
        item
    };
    Ok(items.into_iter().map(named).collect())
}
