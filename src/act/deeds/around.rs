//! What stands around the objects of a deed and may undo it, hold it back or be held by it: autoscalers, quotas, the
//! namespace. Who may not be asked is told so; whatever else can't be read is told as not known.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::said;
use super::{Read, source};
use crate::core::{Kind, Safe};
use crate::ops::deed::{Deed, Flux, Live};
use crate::sources::kube::Client;

/// How many namespaces are looked at for one plan.
const NAMESPACES: usize = 10;

/// What was found.
#[derive(Debug, Default)]
pub struct Around {
    /// What must be known.
    pub notes: Vec<Safe>,
    /// What makes it impossible.
    pub refusals: Vec<String>,
    /// Why the name must be typed, in whatever context.
    pub named: Option<Safe>,
}

/// Looks at what stands around the objects.
pub async fn look(client: &Client, deed: &Deed, read: &[Read]) -> Around {
    let mut around = Around::default();
    let lives: Vec<Live<'_>> = read.iter().filter_map(Read::live).collect();
    let namespaces: BTreeSet<&str> =
        lives.iter().map(|l| l.place.namespace.as_str()).filter(|n| !n.is_empty()).collect();
    for namespace in namespaces.into_iter().take(NAMESPACES) {
        let here: Vec<&Live<'_>> = lives.iter().filter(|l| l.place.namespace == namespace).collect();
        if makes_pods(deed) {
            terminating(client, namespace, &mut around).await;
            quotas(client, namespace, &mut around).await;
        }
        if matches!(deed, Deed::Scale { .. } | Deed::Edit { .. }) {
            autoscalers(client, namespace, &here, &mut around).await;
        }
    }
    if let Deed::Flux { how: Flux::Resume | Flux::Reconcile } = deed {
        for live in &lives {
            around.notes.extend(source::look(client, live).await);
        }
    }
    around
}

/// Whether new pods or Jobs come of it.
fn makes_pods(deed: &Deed) -> bool {
    matches!(
        deed,
        Deed::Restart
            | Deed::Undo { .. }
            | Deed::Resume
            | Deed::Scale { .. }
            | Deed::SetImage { .. }
            | Deed::SetResources { .. }
            | Deed::Trigger { .. }
    )
}

async fn terminating(client: &Client, namespace: &str, around: &mut Around) {
    let Ok(found) = client.get_json::<Value>(&format!("/api/v1/namespaces/{namespace}")).await else {
        return;
    };
    if found.pointer("/status/phase").and_then(Value::as_str) == Some("Terminating") {
        around.refusals.push(format!("namespace {namespace} is being deleted: nothing new starts in it"));
    }
}

async fn list(client: &Client, path: &str, what: &str, around: &mut Around) -> Vec<Value> {
    match client.get_json::<Value>(path).await {
        Ok(list) => list.get("items").and_then(Value::as_array).cloned().unwrap_or_default(),
        Err(fail) if fail.error.kind == Kind::NotFound => Vec::new(),
        Err(fail) if fail.error.kind == Kind::Denied => {
            around
                .notes
                .push(Safe::of(&format!("{what} may not be listed: whether one matters is not known")));
            Vec::new()
        }
        Err(fail) => {
            around.notes.push(said(format!("{what} could not be read: {}", fail.error.line())));
            Vec::new()
        }
    }
}

async fn quotas(client: &Client, namespace: &str, around: &mut Around) {
    let path = format!("/api/v1/namespaces/{namespace}/resourcequotas?limit=100");
    for quota in list(client, &path, "resource quotas", around).await {
        let name = quota.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("?");
        let text = |side: &str, key: &str| {
            quota.pointer(&format!("/status/{side}")).and_then(|m| m.get(key)).and_then(Value::as_str)
        };
        for key in ["pods", "count/pods", "count/jobs.batch"] {
            let (Some(hard), Some(used)) = (text("hard", key), text("used", key)) else { continue };
            let full = used.parse::<u64>().ok().zip(hard.parse::<u64>().ok()).is_some_and(|(u, h)| u >= h);
            if full {
                let note = format!("quota {name} is full: {used} of {hard} {key}; new ones are refused");
                around.notes.push(said(note));
            }
        }
    }
}

async fn autoscalers(client: &Client, namespace: &str, here: &[&Live<'_>], around: &mut Around) {
    let path = format!("/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers?limit=500");
    for scaler in list(client, &path, "autoscalers", around).await {
        let text = |p: &str| scaler.pointer(p).and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = |p: &str| scaler.pointer(p).and_then(Value::as_i64).unwrap_or(1);
        let (kind, name) = (text("/spec/scaleTargetRef/kind"), text("/spec/scaleTargetRef/name"));
        let targets = here.iter().any(|l| l.place.kind == kind && l.place.name == name);
        if targets {
            around.notes.push(said(format!(
                "HorizontalPodAutoscaler {} sets the replicas of {kind} {name}, between {} and {}: it will set them again",
                text("/metadata/name"),
                number("/spec/minReplicas"),
                number("/spec/maxReplicas")
            )));
        }
    }
}
