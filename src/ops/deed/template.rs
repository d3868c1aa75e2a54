//! What rolls a workload: restart, undo, pause and resume.

use serde_json::{Map, Value, json};

use super::act::{Act, Content, Raw, Verb, written_by_us};
use super::changes::told;
use super::expect::Expect;
use super::live::{Live, flag, map_at};
use super::meta::LAST_APPLIED;
use super::refusal::Refusal;
use super::revisions::{self, Revision};
use crate::core::{Ts, Zone};

/// The annotation of a pod template that makes it another one.
pub(super) const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// Annotations that stay the Deployment's own when a ReplicaSet's are put back.
const KEPT: [&str; 6] = [
    LAST_APPLIED,
    revisions::REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

pub(super) fn restart(live: &Live<'_>, now: Ts) -> Result<Act, Refusal> {
    if flag(live.object, "/spec/paused") {
        return Err(Refusal::Paused);
    }
    template(live.object)?;
    let annotations = map_at(live.object, "/spec/template/metadata/annotations")?;
    let before = annotations.get(RESTARTED_AT).and_then(Value::as_str).unwrap_or("never");
    let at = now.rfc3339_in(Zone::Utc);
    let words = format!("restarted at {before} → {at}");
    let change = json!({"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: at}}}}});
    let mut act = Act::patch(live, Content::Strategic, change)?.saying([words]);
    act.expect = Expect::Restarted { at };
    Ok(act)
}

pub(super) fn pause(live: &Live<'_>, pause: bool) -> Result<Act, Refusal> {
    let spec = map_at(live.object, "/spec")?;
    let paused = match spec.get("paused") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(paused)) => *paused,
        Some(_) => return Err(Refusal::unreadable("spec.paused is neither true nor false")),
    };
    match (paused, pause) {
        (true, true) => Err(Refusal::Already("already paused")),
        (false, false) => Err(Refusal::Already("not paused")),
        // The server leaves `false` out, and so does kubectl's patch.
        _ => {
            let value = if pause { Value::Bool(true) } else { Value::Null };
            let words = if pause { "paused no → yes" } else { "paused yes → no" };
            let act = Act::patch(live, Content::Strategic, json!({"spec": {"paused": value}}))?;
            Ok(act.saying([words.to_owned()]))
        }
    }
}

pub(super) fn undo(live: &Live<'_>, to: Option<i64>) -> Result<Act, Refusal> {
    let revision = match to {
        Some(number) if number < 0 => return Err(Refusal::NoRevision(number)),
        _ => revisions::find(live, to)?,
    };
    template(live.object)?;
    if flag(live.object, "/spec/paused") {
        return Err(Refusal::Paused);
    }
    if revisions::is_now(live, revision) {
        return Err(Refusal::SameTemplate(revision.number));
    }
    if live.place.kind == "Deployment" { to_replica_set(live, revision) } else { to_revision(live, revision) }
}

/// Puts the template and the annotations of a ReplicaSet back.
fn to_replica_set(live: &Live<'_>, revision: Revision<'_>) -> Result<Act, Refusal> {
    let template = revisions::without_hash(template(revision.object)?);
    let own = map_at(live.object, "/metadata/annotations")?;
    let then = map_at(revision.object, "/metadata/annotations")?;
    let is_kept = |key: &str| KEPT.contains(&key);
    let kept = own.iter().filter(|(key, _)| is_kept(key));
    let put_back = then.iter().filter(|(key, _)| !is_kept(key));
    let annotations: Map<String, Value> = kept.chain(put_back).map(|(k, v)| (k.clone(), v.clone())).collect();

    let mut after = live.object.clone();
    let had_annotations = after.pointer("/metadata/annotations").is_some_and(Value::is_object);
    if let Some(now) = after.pointer_mut("/spec/template") {
        *now = template.clone();
    }
    if let Some(metadata) = after.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("annotations".to_owned(), annotations.clone().into());
    }
    let (fields, after) = told(live.object, &after);
    let body = json!([
        {"op": "test", "path": "/metadata/uid", "value": live.place.uid},
        {"op": "test", "path": "/metadata/resourceVersion", "value": live.version()?},
        {"op": "replace", "path": "/spec/template", "value": template},
        // What is not there cannot be replaced.
        {"op": if had_annotations { "replace" } else { "add" }, "path": "/metadata/annotations", "value": annotations},
    ]);
    Ok(Act {
        verb: Verb::Patch,
        place: live.place.clone(),
        subresource: None,
        content: Content::JsonPatch,
        query: written_by_us(),
        body: Raw(body),
        fields,
        expect: Expect::Template { template: Raw(template) },
        after: Some(after),
    })
}

/// Sends the patch that a ControllerRevision is.
fn to_revision(live: &Live<'_>, revision: Revision<'_>) -> Result<Act, Refusal> {
    let unreadable = || Refusal::unreadable(&format!("revision {} holds no pod template", revision.number));
    let data = revision.object.get("data").ok_or_else(unreadable)?;
    let is_patch = data.pointer("/spec/template").is_some_and(Value::is_object);
    // Metadata in it would fight the preconditions.
    if !is_patch || data.get("metadata").is_some() {
        return Err(unreadable());
    }
    Act::patch(live, Content::Strategic, data.clone())
}

fn template(object: &Value) -> Result<&Value, Refusal> {
    let template = object.pointer("/spec/template").filter(|template| template.is_object());
    template.ok_or_else(|| Refusal::unreadable("it has no pod template"))
}
