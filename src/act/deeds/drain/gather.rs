//! What a drain is chosen from: the pods of the nodes, their disruption budgets and DaemonSets.

use std::collections::BTreeSet;

use futures::StreamExt as _;
use serde_json::{Value, json};

use super::super::super::said;
use super::PODS;
use crate::core::{Kind, ObjectRef, Result, Safe};
use crate::sources::kube::Client;
use crate::sources::kube::answer::Fail;

/// How many objects one page holds.
const PAGE: usize = 250;
/// How many objects of a kind are read at most.
const MOST: usize = 5_000;
/// How many reads are under way at once.
const AT_ONCE: usize = 8;

/// What was read.
#[derive(Debug, Default)]
pub struct Around {
    /// The pods, as they are read alone.
    pub pods: Vec<Value>,
    /// The budgets.
    pub budgets: Vec<Value>,
    /// The DaemonSets that are there, as namespace and name.
    pub daemon_sets: BTreeSet<(String, String)>,
    /// What could not be read.
    pub notes: Vec<Safe>,
}

/// Reads it.
///
/// # Errors
/// Pods that can't be listed.
pub async fn gather(client: &Client, nodes: &[ObjectRef]) -> Result<Around> {
    let mut around = Around::default();
    for node in nodes {
        around.pods.extend(pods(client, node.name.as_str()).await.map_err(|fail| fail.error)?);
    }
    budgets(client, &mut around).await;
    daemon_sets(client, &mut around).await;
    Ok(around)
}

/// Lists the pods of a node.
///
/// # Errors
/// They can't be listed.
pub async fn pods(client: &Client, node: &str) -> Result<Vec<Value>, Fail> {
    let select = format!("fieldSelector=spec.nodeName%3D{node}&");
    let pods = list(client, "/api/v1/pods", &select, PODS + 1).await?;
    Ok(pods.into_iter().map(|pod| named(pod, "v1", "Pod")).collect())
}

/// Items of a list say nothing of their kind.
fn named(mut item: Value, version: &str, kind: &str) -> Value {
    if let Some(map) = item.as_object_mut() {
        map.insert("kind".to_owned(), json!(kind));
        map.insert("apiVersion".to_owned(), json!(version));
    }
    item
}

/// Lists objects page by page, `most` and a page at most.
async fn list(client: &Client, path: &str, select: &str, most: usize) -> Result<Vec<Value>, Fail> {
    let mut items = Vec::new();
    let mut next = String::new();
    loop {
        let token: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let query = if token.is_empty() { String::new() } else { format!("&continue={token}") };
        let mut page: Value = client.get_json(&format!("{path}?{select}limit={PAGE}{query}")).await?;
        if let Some(Value::Array(more)) = page.get_mut("items").map(Value::take) {
            items.extend(more);
        }
        let token = page.pointer("/metadata/continue").and_then(Value::as_str).unwrap_or_default();
        if token.is_empty() || token == next || items.len() >= most {
            return Ok(items);
        }
        token.clone_into(&mut next);
    }
}

/// Reads the budgets of all namespaces; who may not do that asks namespace by namespace.
async fn budgets(client: &Client, around: &mut Around) {
    const BUDGETS: &str = "poddisruptionbudgets";
    match list(client, &format!("/apis/policy/v1/{BUDGETS}"), "", MOST).await {
        Ok(found) => {
            around.budgets = found;
            return;
        }
        Err(fail) if fail.error.kind == Kind::NotFound => return,
        Err(_) => {}
    }
    let namespaces: BTreeSet<String> =
        around.pods.iter().map(|pod| text(pod, "/metadata/namespace")).collect();
    let read = |namespace: String| async move {
        let path = format!("/apis/policy/v1/namespaces/{namespace}/{BUDGETS}");
        (list(client, &path, "", MOST).await, namespace)
    };
    let reads: Vec<_> = namespaces.into_iter().map(read).collect();
    let mut unread = Vec::new();
    let mut answers = futures::stream::iter(reads).buffered(AT_ONCE);
    while let Some((answer, namespace)) = answers.next().await {
        match answer {
            Ok(found) => around.budgets.extend(found),
            Err(_) => unread.push(namespace),
        }
    }
    if !unread.is_empty() {
        let note = format!(
            "disruption budgets of {} could not be read: which evictions they refuse is not known",
            unread.join(", ")
        );
        around.notes.push(said(note));
    }
}

/// Looks which of the DaemonSets that the pods name are there. One that can't be read is taken to be.
async fn daemon_sets(client: &Client, around: &mut Around) {
    let named: BTreeSet<(String, String)> = around.pods.iter().flat_map(owners).collect();
    let look = |(namespace, name): (String, String)| async move {
        let safe = crate::core::Name::new(&name).is_some();
        let path = format!("/apis/apps/v1/namespaces/{namespace}/daemonsets/{name}");
        let gone = safe
            && client.get_json::<Value>(&path).await.is_err_and(|fail| fail.error.kind == Kind::NotFound);
        (!gone).then_some((namespace, name))
    };
    let looks: Vec<_> = named.into_iter().map(look).collect();
    let there: Vec<Option<_>> = futures::stream::iter(looks).buffered(AT_ONCE).collect().await;
    around.daemon_sets = there.into_iter().flatten().collect();
}

fn owners(pod: &Value) -> impl Iterator<Item = (String, String)> + use<> {
    let namespace = text(pod, "/metadata/namespace");
    let owners = pod.pointer("/metadata/ownerReferences").and_then(Value::as_array).cloned();
    let sets = owners.unwrap_or_default().into_iter().filter(|o| text(o, "/kind") == "DaemonSet");
    sets.map(move |owner| (namespace.clone(), text(&owner, "/name")))
}

fn text(value: &Value, at: &str) -> String {
    value.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned()
}
