//! What became of a plan whose process is gone: read from the cluster. Nothing is sent again.

use deckwatch_helm::record::object_name;
use serde_json::Value;

use super::unfinished::Unfinished;
use crate::core::{Kind, Safe, Span, Ts, Untrusted};
use crate::ops::deed::FIELD_MANAGER;
use crate::ops::{Ended, Plan, WriteState};
use crate::sources::kube::Client;

/// How long after it was sent a write may have been carried out: the server's own limit, and clocks that differ.
const LATE: Span = Span::secs(150);
const EARLY: Span = Span::secs(5);

/// Returns how it ended, as its process or the cluster tells, what is said of it, and what to do about it.
pub async fn found(client: &Client, plan: &Unfinished) -> (Ended, Safe, Option<Safe>) {
    if let Some((ended, text, hint)) = &plan.ended {
        return (*ended, text.clone(), hint.clone());
    }
    let (ended, text, hint) = looked_up(client, plan).await;
    (ended, text, hint.map(Safe::own))
}

async fn looked_up(client: &Client, plan: &Unfinished) -> (Ended, Safe, Option<&'static str>) {
    if plan.writes.is_empty() {
        return (Ended::Failed, Safe::own("its process ended before anything was sent"), None);
    }
    let shown = plan.shown.as_deref();
    if let Some((plan, rollback)) = shown.and_then(|p| p.rollback().map(|r| (p, r))) {
        return released(client, plan, rollback.release.as_str(), rollback.makes).await;
    }
    let mut told = Vec::new();
    let (mut done, mut failed, mut unknown) = (0, 0, 0);
    for (text, at, state) in &plan.writes {
        let (ended, words) = match state {
            WriteState::Done => (Ended::Done, "done".to_owned()),
            WriteState::Refused => (Ended::Failed, "refused".to_owned()),
            WriteState::NotSent => (Ended::Failed, "not sent".to_owned()),
            WriteState::Sending | WriteState::Unknown => looked(client, text, *at).await,
        };
        match ended {
            Ended::Done => done += 1,
            Ended::Failed => failed += 1,
            Ended::Unknown => unknown += 1,
        }
        told.push(format!("{text}: {words}"));
    }
    let objects = shown.map_or(plan.writes.len(), |p| p.items.len());
    let unsent = objects.saturating_sub(plan.writes.len());
    if unsent > 0 {
        told.push(format!("{unsent} not reached"));
    }
    let ended = match (unknown, failed + unsent, done) {
        (0, 0, _) => Ended::Done,
        (0, ..) => Ended::Failed,
        _ => Ended::Unknown,
    };
    let hint = (ended != Ended::Done).then_some("nothing is sent again: look at the objects, then plan anew");
    let text = format!("its process ended without a last word; {}", told.join("; "));
    (ended, Untrusted::from(text).clipped(1_000), hint)
}

/// Returns what a release's records say of a rollback.
async fn released(
    client: &Client,
    plan: &Plan,
    release: &str,
    makes: u32,
) -> (Ended, Safe, Option<&'static str>) {
    let name = object_name(release, i64::from(makes));
    let namespace = plan.namespace.as_str();
    let mut answer =
        client.get_json::<Value>(&format!("/api/v1/namespaces/{namespace}/secrets/{name}")).await;
    if answer.as_ref().is_err_and(|f| f.error.kind == Kind::NotFound) {
        answer = client.get_json::<Value>(&format!("/api/v1/namespaces/{namespace}/configmaps/{name}")).await;
    }
    let begun = "its process ended without a last word; ";
    let said = |text: String| Untrusted::from(format!("{begun}{text}")).clipped(500);
    let status = match &answer {
        Ok(record) => {
            record.pointer("/metadata/labels/status").and_then(Value::as_str).unwrap_or("unreadable")
        }
        Err(fail) if fail.error.kind == Kind::NotFound => {
            let text = format!("revision {makes} is not there: the lock was never taken and nothing changed");
            return (Ended::Failed, said(text), None);
        }
        Err(fail) => {
            let text = format!("revision {makes} can't be read: {}", fail.error.line());
            return (Ended::Unknown, said(text), Some("look at the release's history and objects"));
        }
    };
    match status {
        "deployed" => (Ended::Done, said(format!("revision {makes} is deployed")), None),
        "superseded" => {
            (Ended::Done, said(format!("revision {makes} was deployed, a newer one followed")), None)
        }
        "failed" => {
            let hint = "some objects may be those of either revision: roll back again";
            (Ended::Failed, said(format!("revision {makes} says failed")), Some(hint))
        }
        other => {
            let hint = "nobody carries it out any more: roll back again, here or with helm";
            (Ended::Unknown, said(format!("revision {makes} is left {other}")), Some(hint))
        }
    }
}

/// Looks for a sign of a write in its object: `PATCH Deployment /apis/…/backend`.
async fn looked(client: &Client, text: &Safe, at: Ts) -> (Ended, String) {
    let mut words = text.as_str().split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next_back().unwrap_or_default());
    let path = ["/scale", "/eviction"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path);
    let removes = method == "DELETE" || text.as_str().ends_with("/eviction");
    if !path.starts_with("/api") || path.contains(['?', '#']) || method == "POST" && !removes {
        return (Ended::Unknown, "not known".to_owned());
    }
    let object = match client.get_json::<Value>(path).await {
        Ok(object) => object,
        Err(fail) if fail.error.kind == Kind::NotFound && removes => return (Ended::Done, "gone".to_owned()),
        Err(fail) => return (Ended::Unknown, format!("not known: {}", fail.error.line())),
    };
    if removes {
        let going = object.pointer("/metadata/deletionTimestamp").is_some();
        return if going {
            (Ended::Done, "is ending".to_owned())
        } else {
            (Ended::Unknown, "it is still there".to_owned())
        };
    }
    let ours = |entry: &&Value| entry.get("manager").and_then(Value::as_str) == Some(FIELD_MANAGER);
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    let times = entries.into_iter().flatten().filter(ours);
    let mut times = times.filter_map(|e| e.get("time")?.as_str().and_then(Ts::parse_rfc3339));
    match times.find(|time| *time >= at - EARLY && *time <= at + LATE) {
        Some(time) => (Ended::Done, format!("deckwatch wrote to it at {}", time.rfc3339())),
        None => (Ended::Unknown, "no sign of it in the object".to_owned()),
    }
}
