//! What a rollback deletes that nothing brings back: definitions with every object of their kind, claims with their data,
//! namespaces with all that is in them. Each must be named by whoever confirms it.

use deckwatch_helm::plan::{Action, ObjectPlan, Plan};
use futures::StreamExt as _;
use serde_json::Value;

use super::super::said;
use crate::core::Safe;
use crate::ops::plan::Loss;
use crate::sources::kube::Client;

const AT_ONCE: usize = 4;

/// Reads what is lost; nothing where everything is to be as Helm does it, which asks for nothing.
pub async fn read(client: &Client, plan: &Plan) -> Vec<Loss> {
    if plan.options.strict {
        return Vec::new();
    }
    let lost = plan.objects.iter().filter(|o| o.action == Action::Delete);
    let looks: Vec<_> = lost.filter_map(|object| Some((object, kind(object)?))).collect();
    let look = |(object, lost): (_, Lost)| loss(client, object, lost);
    let looks: Vec<_> = looks.into_iter().map(look).collect();
    futures::stream::iter(looks).buffered(AT_ONCE).collect().await
}

#[derive(Clone, Copy)]
enum Lost {
    Definition,
    Claim,
    Namespace,
}

fn kind(object: &ObjectPlan) -> Option<Lost> {
    match (object.id.gvk.group.as_str(), object.id.gvk.kind.as_str()) {
        ("apiextensions.k8s.io", "CustomResourceDefinition") => Some(Lost::Definition),
        ("", "PersistentVolumeClaim") => Some(Lost::Claim),
        ("", "Namespace") => Some(Lost::Namespace),
        _ => None,
    }
}

async fn loss(client: &Client, object: &ObjectPlan, lost: Lost) -> Loss {
    let live = object.live.as_ref().unwrap_or(&Value::Null);
    let what = match lost {
        Lost::Definition => objects_of(client, live).await,
        Lost::Claim => data_of(client, live).await,
        Lost::Namespace => "and all that is in it".to_owned(),
    };
    Loss { object: said(&object.id), name: Safe::of(&object.id.name), what: said(what) }
}

/// Counts the objects of a definition's kind.
async fn objects_of(client: &Client, definition: &Value) -> String {
    let text = |pointer: &str| definition.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let versions = definition.pointer("/spec/versions").and_then(Value::as_array).into_iter().flatten();
    let served = |version: &&Value| version.get("served").and_then(Value::as_bool) == Some(true);
    let version = versions.filter(served).find_map(|v| v.get("name").and_then(Value::as_str));
    let Some(version) = version else { return "and all objects of its kind".to_owned() };
    let path = format!("/apis/{}/{version}/{}?limit=1", text("/spec/group"), text("/spec/names/plural"));
    match client.get_json::<Value>(&path).await {
        Ok(list) => {
            let first = list.get("items").and_then(Value::as_array).map_or(0, Vec::len);
            let rest = list.pointer("/metadata/remainingItemCount").and_then(Value::as_u64).unwrap_or(0);
            match first as u64 + rest {
                0 => "of whose kind there are no objects".to_owned(),
                1 => "and the one object of its kind".to_owned(),
                many => format!("and the {many} objects of its kind"),
            }
        }
        Err(fail) => format!("and all objects of its kind, how many is not known: {}", fail.error.line()),
    }
}

/// Tells whether the data of a claim stays when it is gone.
async fn data_of(client: &Client, claim: &Value) -> String {
    let volume = claim.pointer("/spec/volumeName").and_then(Value::as_str).filter(|name| !name.is_empty());
    let Some(volume) = volume else { return "which holds no volume".to_owned() };
    match client.get_json::<Value>(&format!("/api/v1/persistentvolumes/{volume}")).await {
        Ok(found) => match found.pointer("/spec/persistentVolumeReclaimPolicy").and_then(Value::as_str) {
            Some("Retain") => format!("the volume {volume} and its data stay, unused"),
            Some(policy) => format!("and the data of volume {volume} ({policy})"),
            None => format!("whether the data of volume {volume} stays is not known"),
        },
        Err(fail) => {
            format!("whether the data of volume {volume} stays is not known: {}", fail.error.line())
        }
    }
}
