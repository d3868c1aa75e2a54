//! The revisions of a workload: a Deployment's ReplicaSets, the ControllerRevisions of a StatefulSet or a DaemonSet.

use serde_json::{Map, Value, json};

use super::expect::same;
use super::live::{Live, controller, tag, text};
use super::refusal::Refusal;

/// Where a Deployment's controller notes a ReplicaSet's number.
pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
/// Where people note why.
pub(super) const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// The same of an Argo Rollout.
const OF_ROLLOUTS: &str = "rollout.argoproj.io/revision";

/// The labels with which controllers tell the pods of a template from those of another.
const HASHES: [&str; 2] = ["pod-template-hash", "rollouts-pod-template-hash"];

/// Whether its revisions are ReplicaSets.
fn has_sets(live: &Live<'_>) -> bool {
    matches!(live.place.kind.as_str(), "Deployment" | "Rollout")
}

/// A revision and what holds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Revision<'a> {
    pub number: i64,
    pub object: &'a Value,
}

/// Returns what of the revisions belongs to the object, in the order in which kubectl looks at it; those without a
/// readable number are left out.
pub(super) fn of<'a>(live: &Live<'a>) -> Vec<Revision<'a>> {
    let is_owned = |revision: &&Value| {
        let owner = controller(revision).map(|owner| text(owner, "/uid"));
        owner == Some(live.place.uid.as_str())
    };
    let mut owned: Vec<&Value> = live.revisions.iter().filter(is_owned).collect();
    if !has_sets(live) {
        let number = |object: &Value| object.get("revision").map_or(Some(0), Value::as_i64);
        let mut found: Vec<Revision<'_>> = owned
            .into_iter()
            .filter_map(|object| Some(Revision { number: number(object)?, object }))
            .collect();
        found.sort_by_key(|revision| revision.number);
        return found;
    }
    owned.sort_by_key(|set| (text(set, "/metadata/creationTimestamp"), text(set, "/metadata/name")));
    // The oldest that has the Deployment's template is the current one, and comes last.
    let now = live.object.pointer("/spec/template");
    let current = owned.iter().position(|set| is_current(set, now));
    if let Some(at) = current {
        let current = owned.remove(at);
        owned.push(current);
    }
    // No number at all counts as 0.
    let key = if live.place.kind == "Rollout" { OF_ROLLOUTS } else { REVISION };
    let number = |set: &Value| tag(set, "annotations", key).map_or(Some(0), |text| text.parse().ok());
    owned.into_iter().filter_map(|object| Some(Revision { number: number(object)?, object })).collect()
}

fn is_current(set: &Value, template: Option<&Value>) -> bool {
    set.pointer("/spec/template").zip(template).is_some_and(|(a, b)| same_template(a, b))
}

/// Returns whether that revision is what the object is now.
pub(super) fn is_now(live: &Live<'_>, revision: Revision<'_>) -> bool {
    if has_sets(live) {
        is_current(revision.object, live.object.pointer("/spec/template"))
    } else {
        let now = live.object.pointer("/spec/template").map(as_recorded);
        revision.object.get("data").zip(now.as_ref()).is_some_and(|(data, now)| same(data, now, false))
    }
}

/// Returns the revision to go back to: that of the number, or the one before the newest.
///
/// # Errors
/// That there is none.
pub(super) fn find<'a>(live: &Live<'a>, to: Option<i64>) -> Result<Revision<'a>, Refusal> {
    let all = of(live);
    match to.unwrap_or(0) {
        0 if has_sets(live) => before_newest(&all).ok_or(Refusal::NoHistory),
        0 => all.len().checked_sub(2).and_then(|at| all.get(at)).copied().ok_or(Refusal::NoHistory),
        number => {
            all.into_iter().find(|revision| revision.number == number).ok_or(Refusal::NoRevision(number))
        }
    }
}

fn before_newest<'a>(all: &[Revision<'a>]) -> Option<Revision<'a>> {
    let (mut newest, mut before): (Option<Revision<'a>>, Option<Revision<'a>>) = (None, None);
    let less = |old: Option<Revision<'_>>, new: Revision<'_>| old.map_or(-1, |old| old.number) < new.number;
    for revision in all {
        if less(newest, *revision) {
            before = newest;
            newest = Some(*revision);
        } else if less(before, *revision) {
            before = Some(*revision);
        }
    }
    before
}

/// Returns whether two pod templates are the same but for the hash that the Deployment's controller labels its pods with.
pub(super) fn same_template(a: &Value, b: &Value) -> bool {
    a.is_object() && same(&without_hash(a), &without_hash(b), false)
}

/// Returns a template without the label of its hash.
pub(super) fn without_hash(template: &Value) -> Value {
    let mut template = template.clone();
    let Some(metadata) = template.get_mut("metadata").and_then(Value::as_object_mut) else { return template };
    let is_empty = metadata.get_mut("labels").and_then(Value::as_object_mut).is_some_and(|labels| {
        labels.retain(|key, _| !HASHES.contains(&key.as_str()));
        labels.is_empty()
    });
    if is_empty {
        metadata.shift_remove("labels");
    }
    template
}

/// Returns a template as ControllerRevisions record it: a patch that puts it in the place of another.
fn as_recorded(template: &Value) -> Value {
    let mut map: Map<String, Value> = template.as_object().cloned().unwrap_or_default();
    map.insert("$patch".to_owned(), "replace".into());
    json!({"spec": {"template": map}})
}
