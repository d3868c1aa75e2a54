//! What became of a plan whose process is gone: read from the cluster. Nothing is sent again.

use deckwatch_helm::record::object_name;
use serde_json::Value;

use super::unfinished::Unfinished;
use crate::core::{Kind, ObjectRef, Result, Safe, Span, Ts, Untrusted};
use crate::ops::deed::FIELD_MANAGER;
use crate::ops::{Ended, Plan, WriteState};
use crate::sources::kube::Client;

/// How long after it was sent a write may have been carried out: the server's own limit, and clocks that differ.
const LATE: Span = Span::secs(150);
const EARLY: Span = Span::secs(5);

/// How a plan ended, as far as is known.
#[derive(Clone, Debug)]
pub struct End {
    /// How.
    pub ended: Ended,
    /// In words.
    pub text: Safe,
    /// What to do about it.
    pub hint: Option<Safe>,
    /// Whether it was told or looked up; otherwise the cluster could not be asked, and another time may tell more.
    pub settled: bool,
}

impl End {
    fn of(ended: Ended, text: &str, hint: Option<&'static str>) -> Self {
        let text = Untrusted::from(text).clipped(1_000);
        Self { ended, text, hint: hint.map(Safe::own), settled: true }
    }
}

/// What is said of a pod that has been told to end.
const ENDING: &str = "is ending";
const BEGUN: &str = "its process ended without a last word; ";
const LOOK: &str = "nothing is sent again: look at the objects, then plan anew";

/// Returns how a plan ended, as its process or the cluster tells.
pub async fn found(client: &Client, plan: &Unfinished) -> End {
    if let Some((ended, text, hint)) = &plan.ended {
        return End { ended: *ended, text: text.clone(), hint: hint.clone(), settled: true };
    }
    if plan.writes.is_empty() {
        return End::of(Ended::Failed, "its process ended before anything was sent", None);
    }
    let Some(shown) = plan.shown.as_deref() else {
        let text = format!("{BEGUN}its plan was not kept, so what it would still have done is not known");
        return End::of(Ended::Unknown, &text, Some(LOOK));
    };
    match shown.rollback() {
        Some(rollback) => released(client, plan, shown, rollback.release.as_str(), rollback.makes).await,
        None => deeds(client, plan, shown).await,
    }
}

async fn deeds(client: &Client, plan: &Unfinished, shown: &Plan) -> End {
    let mut told = Vec::new();
    let (mut done, mut failed, mut unknown) = (0, 0, 0);
    let mut settled = true;
    let drains = shown.action().as_str() == "drain";
    for (text, at, state) in &plan.writes {
        let evicts = drains && text.as_str().ends_with("/eviction") && *state != WriteState::NotSent;
        let (ended, words) = match state {
            // That an eviction was accepted is not that the pod is gone, and one that was refused may be gone since.
            _ if evicts => match looked(client, shown, text, *at).await {
                Ok((Ended::Done, words)) if words == ENDING => (Ended::Unknown, words),
                Ok((Ended::Unknown, words)) if *state == WriteState::Refused => (Ended::Failed, words),
                Ok(seen) => seen,
                Err(error) => {
                    settled = false;
                    (Ended::Unknown, format!("not known: {}", error.line()))
                }
            },
            WriteState::Done => (Ended::Done, "done".to_owned()),
            WriteState::Refused => (Ended::Failed, "refused".to_owned()),
            WriteState::NotSent => (Ended::Failed, "not sent".to_owned()),
            WriteState::Sending | WriteState::Unknown => match looked(client, shown, text, *at).await {
                Ok(seen) => seen,
                Err(error) => {
                    settled = false;
                    (Ended::Unknown, format!("not known: {}", error.line()))
                }
            },
        };
        match ended {
            Ended::Done => done += 1,
            Ended::Failed => failed += 1,
            Ended::Unknown => unknown += 1,
        }
        told.push(format!("{text}: {words}"));
    }
    let unsent = shown.items.len().saturating_sub(plan.writes.len());
    if unsent > 0 {
        told.push(format!("{unsent} not reached"));
    }
    let ended = match (unknown, failed + unsent, done) {
        (0, 0, _) => Ended::Done,
        (0, ..) => Ended::Failed,
        _ => Ended::Unknown,
    };
    let hint = (ended != Ended::Done).then_some(LOOK);
    End { settled, ..End::of(ended, &format!("{BEGUN}{}", told.join("; ")), hint) }
}

/// Returns what a release's records say of a rollback. The first write makes the new record, which is the lock.
async fn released(client: &Client, plan: &Unfinished, shown: &Plan, release: &str, makes: u32) -> End {
    let lock = plan.writes.iter().find(|(text, ..)| text.as_str().starts_with("POST Secret "));
    let lock =
        lock.or_else(|| plan.writes.iter().find(|(text, ..)| text.as_str().starts_with("POST ConfigMap ")));
    let lock = lock.map(|(text, _, state)| (text, *state));
    if let Some((_, WriteState::Refused)) = lock {
        let text = format!("{BEGUN}revision {makes} was not its own: nothing else was sent");
        return End::of(Ended::Failed, &text, None);
    }
    let name = object_name(release, i64::from(makes));
    let namespace = shown.namespace.as_str();
    let mut answer =
        client.get_json::<Value>(&format!("/api/v1/namespaces/{namespace}/secrets/{name}")).await;
    if answer.as_ref().is_err_and(|f| f.error.kind == Kind::NotFound) {
        answer = client.get_json::<Value>(&format!("/api/v1/namespaces/{namespace}/configmaps/{name}")).await;
    }
    let status = match &answer {
        Ok(record) => {
            record.pointer("/metadata/labels/status").and_then(Value::as_str).unwrap_or("unreadable")
        }
        Err(fail) if fail.error.kind == Kind::NotFound => {
            // Whoever has written more than the lock, or has it acknowledged, has changed something.
            let more = plan.writes.iter().any(|(text, _, state)| {
                let is_lock = lock.is_some_and(|(of, _)| of == text);
                !matches!(state, WriteState::NotSent | WriteState::Refused)
                    && (!is_lock || *state == WriteState::Done)
            });
            if more {
                let text = format!(
                    "{BEGUN}revision {makes} is not there any more, though it was made or objects were written"
                );
                return End::of(Ended::Unknown, &text, Some("look at the release's history and objects"));
            }
            let text =
                format!("{BEGUN}revision {makes} is not there: the lock was never taken and nothing changed");
            return End::of(Ended::Failed, &text, None);
        }
        Err(fail) => {
            let text = format!("{BEGUN}revision {makes} can't be read: {}", fail.error.line());
            let end = End::of(Ended::Unknown, &text, Some("look at the release's history and objects"));
            return End { settled: false, ..end };
        }
    };
    match status {
        "deployed" => End::of(Ended::Done, &format!("{BEGUN}revision {makes} is deployed"), None),
        "superseded" => {
            End::of(Ended::Done, &format!("{BEGUN}revision {makes} was deployed, a newer one followed"), None)
        }
        "failed" => {
            let hint = "some objects may be those of either revision: roll back again";
            End::of(Ended::Failed, &format!("{BEGUN}revision {makes} says failed"), Some(hint))
        }
        other => {
            let hint = "nobody carries it out any more: roll back again, here or with helm";
            End::of(Ended::Unknown, &format!("{BEGUN}revision {makes} is left {other}"), Some(hint))
        }
    }
}

/// Looks for a sign of a write in its object: `PATCH Deployment /apis/…/backend`.
async fn looked(client: &Client, shown: &Plan, text: &Safe, at: Ts) -> Result<(Ended, String)> {
    let mut words = text.as_str().split(' ');
    let (method, kind) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = words.next_back().unwrap_or_default();
    let path = ["/scale", "/eviction"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path);
    let removes = method == "DELETE" || text.as_str().ends_with("/eviction");
    if !path.starts_with("/api") || path.contains(['?', '#']) || method == "POST" && !removes {
        return Ok((Ended::Unknown, "not known".to_owned()));
    }
    let object = match client.get_json::<Value>(path).await {
        Ok(object) => object,
        Err(fail) if fail.error.kind == Kind::NotFound && removes => {
            return Ok((Ended::Done, "gone".to_owned()));
        }
        Err(fail) if fail.error.kind == Kind::NotFound => {
            return Ok((Ended::Unknown, "the object is gone".to_owned()));
        }
        Err(fail) => return Err(fail.error),
    };
    if removes {
        let uid = object.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
        let planned = shown.items.iter().map(|item| &item.object).find(|o| is_at(o, kind, path));
        if planned.is_some_and(|o| !o.uid.is_empty() && o.uid.0.as_str() != uid) {
            return Ok((Ended::Done, "gone: another one of its name stands in its place".to_owned()));
        }
        let going = object.pointer("/metadata/deletionTimestamp").is_some();
        return Ok(if going {
            (Ended::Done, ENDING.to_owned())
        } else {
            (Ended::Unknown, "it is still there".to_owned())
        });
    }
    let ours = |entry: &&Value| entry.get("manager").and_then(Value::as_str) == Some(FIELD_MANAGER);
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    let times = entries.into_iter().flatten().filter(ours);
    let mut times = times.filter_map(|e| e.get("time")?.as_str().and_then(Ts::parse_rfc3339));
    // A sign of some write of deckwatch is no proof that it was this one.
    Ok(match times.find(|time| *time >= at - EARLY && *time <= at + LATE) {
        Some(time) => (Ended::Unknown, format!("deckwatch wrote to it at {}", time.rfc3339())),
        None => (Ended::Unknown, "no sign of it in the object".to_owned()),
    })
}

/// Returns whether an object of that kind is served at that path, as far as its end tells: `…/namespaces/shop/pods/a`.
fn is_at(object: &ObjectRef, kind: &str, path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let (name, _, namespace) = (parts.next(), parts.next(), parts.next());
    let lies = object.namespace.is_empty() || namespace == Some(object.namespace.as_str());
    &*object.gvk.kind == kind && lies && name == Some(object.name.as_str())
}
