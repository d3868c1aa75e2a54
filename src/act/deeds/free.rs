//! What stands around a release that is to be freed: whether it is the newest record that is pending, since when and by
//! whom, and whether a hook of it still runs.

use deckwatch_helm::record::parse_object_name;
use futures::StreamExt as _;
use serde_json::Value;

use super::super::said;
use super::around::Around;
use crate::core::{Safe, Span, Ts};
use crate::ops::deed::{Live, free};
use crate::sources::kube::Client;

/// For how long a pending operation is taken to be carried out by somebody: Helm's own time limit.
const LIKELY_DEAD: Span = Span::secs(deckwatch_helm::plan::ABANDONED_AFTER_S);
/// How many hooks are looked at.
const HOOKS: usize = 20;

/// Looks at what tells whether the operation is dead.
pub async fn look(client: &Client, live: &Live<'_>, now: Ts, around: &mut Around) {
    let Ok(pending) = free::pending(live) else { return };
    newest(client, live, &pending, around).await;
    let age = pending.began.map(|began| now - began);
    let told =
        age.map_or_else(|| "its record does not say since when".to_owned(), |age| format!("since {age}"));
    around.notes.push(said(format!(
        "revision {} of {} is {}, {told}{}",
        pending.revision,
        pending.release,
        pending.status,
        writer(live.object).map(|by| format!("; last written by {by}")).unwrap_or_default()
    )));
    around.notes.push(Safe::own(
        "only its record is changed: objects stay as the operation left them, some of them perhaps changed",
    ));
    let running = hooks(client, &pending, around).await;
    around.named = match (running.first(), age) {
        (Some(hook), _) => Some(said(format!("the hook {hook} still runs"))),
        (None, None) => Some(Safe::own("since when it is pending is not known")),
        (None, Some(age)) if age < LIKELY_DEAD => {
            Some(said(format!("it began {age} ago: somebody may still be at work on it")))
        }
        (None, Some(_)) => None,
    };
    around.notes.extend(around.named.clone());
}

/// Refuses what is not the newest record: only that one holds the release back.
async fn newest(client: &Client, live: &Live<'_>, pending: &free::Pending, around: &mut Around) {
    let place = &live.place;
    let selector = format!("labelSelector=owner%3Dhelm%2Cname%3D{}", pending.release);
    let path = format!("/api/v1/namespaces/{}/{}?{selector}", place.namespace, place.plural);
    let list: Value = match client.get_json(&path).await {
        Ok(list) => list,
        Err(fail) => {
            around
                .refusals
                .push(format!("whether it is the newest revision is not known: {}", fail.error.line()));
            return;
        }
    };
    let names = list.get("items").and_then(Value::as_array).into_iter().flatten();
    let newest = names
        .filter_map(|item| item.pointer("/metadata/name").and_then(Value::as_str))
        .filter_map(parse_object_name)
        .filter(|(release, _)| *release == pending.release)
        .map(|(_, revision)| revision)
        .max();
    if newest.is_some_and(|newest| newest > pending.revision) {
        around.refusals.push(format!(
            "revision {} is newer: what is pending holds nothing back",
            newest.unwrap_or_default()
        ));
    }
}

/// Returns who wrote the record last, and when, as the server noted it.
fn writer(object: &Value) -> Option<String> {
    let entries = object.pointer("/metadata/managedFields")?.as_array()?;
    let text = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
    let newest = entries.iter().max_by_key(|entry| text(entry, "time"))?;
    Some(format!("{} at {}", text(newest, "manager")?, text(newest, "time")?))
}

/// Returns the hooks of the pending revision that are there and not over. What can't be read is told.
async fn hooks(client: &Client, pending: &free::Pending, around: &mut Around) -> Vec<String> {
    let hooks = pending.stored.record.hooks().unwrap_or_default();
    let began = hooks.into_iter().filter(|hook| hook.last_run.phase == "Running").take(HOOKS);
    let namespace = &pending.stored.namespace;
    let looks: Vec<_> =
        began
            .filter_map(|hook| {
                let plural = match hook.kind.as_str() {
                    "Job" => "/apis/batch/v1",
                    "Pod" => "/api/v1",
                    _ => return None,
                };
                let resource = if hook.kind == "Job" { "jobs" } else { "pods" };
                let own = own_namespace(&hook.manifest).unwrap_or_else(|| namespace.clone());
                let path = format!("{plural}/namespaces/{own}/{resource}/{}", hook.name);
                Some(async move {
                    (format!("{} {}", hook.kind, hook.name), client.get_json::<Value>(&path).await)
                })
            })
            .collect();
    let looked: Vec<_> = futures::stream::iter(looks).buffered(4).collect().await;
    let mut running = Vec::new();
    for (name, found) in looked {
        match found {
            Ok(live) if !is_over(&live) => running.push(name),
            Ok(_) => {}
            Err(fail) if fail.error.kind == crate::core::Kind::NotFound => {}
            Err(fail) => {
                around
                    .notes
                    .push(said(format!("whether the hook {name} runs is not known: {}", fail.error.line())));
            }
        }
    }
    running
}

fn own_namespace(manifest: &str) -> Option<String> {
    let object = deckwatch_helm::yaml11::parse_document(manifest).ok()??;
    object.pointer("/metadata/namespace").and_then(Value::as_str).map(str::to_owned)
}

/// Whether a Job or Pod has come to its end.
fn is_over(live: &Value) -> bool {
    let phase = live.pointer("/status/phase").and_then(Value::as_str);
    let conditions = live.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
    let ended = |condition: &Value| {
        let text = |key: &str| condition.get(key).and_then(Value::as_str);
        matches!(text("type"), Some("Complete" | "Failed")) && text("status") == Some("True")
    };
    matches!(phase, Some("Succeeded" | "Failed")) || conditions.into_iter().any(ended)
}
