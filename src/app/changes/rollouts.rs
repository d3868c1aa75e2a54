//! Rollouts of Deployments, as their ReplicaSets tell them.
//!
//! A rollout to a pod template that was there before makes no new ReplicaSet: the controller gives the
//! old one the newest revision and keeps its earlier numbers in an annotation. Its creation then dates
//! its first revision only; the newest one is dated by what else tells of it, or not at all. Tested in
//! `tests.rs` beside this file.

use std::collections::{BTreeMap, BTreeSet};

use deckwatch_wire::core::PodSpec;

use super::evidence::event_time;
use crate::app::model::Shared;
use crate::core::{ObjectRef, Resource, Safe, Ts, Window};
use crate::store::changes::{Change, Sort};
use crate::store::objects::Object;

const REVISION: &str = "deployment.kubernetes.io/revision";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";

/// A rollout that is known to have been, at a time that nothing tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Undated {
    /// The Deployment.
    pub object: ObjectRef,
    /// Its revision.
    pub revision: u64,
    /// The last known time before it.
    after: Option<Ts>,
    /// The first known time after it.
    before: Option<Ts>,
}

impl Undated {
    /// Returns whether it may have been within a window.
    pub fn may_be_in(&self, window: Window) -> bool {
        self.after.is_none_or(|t| t <= window.end) && self.before.is_none_or(|t| t >= window.start)
    }
}

fn images(spec: &PodSpec) -> BTreeMap<&str, &str> {
    spec.containers.iter().map(|c| (c.name.as_str(), c.image.as_str())).collect()
}

fn short(image: &str) -> &str {
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split_once('@').map_or(name, |(n, _)| n)
}

/// Returns what differs between two pod templates, in words.
fn difference(old: &PodSpec, new: &PodSpec) -> Vec<String> {
    let (was, is) = (images(old), images(new));
    let mut out = Vec::new();
    for (container, image) in &is {
        match was.get(container) {
            Some(before) if before != image => {
                let tag = |i: &str| i.rsplit_once(':').map(|(n, t)| (n.to_owned(), t.to_owned()));
                match (tag(before), tag(image)) {
                    (Some((a, x)), Some((b, y))) if a == b => out.push(format!("image {x} → {y}")),
                    _ => out.push(format!("image {} → {}", short(before), short(image))),
                }
            }
            None => out.push(format!("container {container} added")),
            _ => {}
        }
    }
    out.extend(was.keys().filter(|c| !is.contains_key(*c)).map(|c| format!("container {c} removed")));
    for container in &new.containers {
        let Some(before) = old.containers.iter().find(|c| c.name == container.name) else { continue };
        for (name, limit) in &container.resources.limits {
            let was = before.resources.limits.get(name);
            if was != Some(limit) {
                out.push(format!(
                    "{name} limit {} → {}",
                    was.map_or("none", |q| q.string.as_str()),
                    limit.string
                ));
            }
        }
    }
    out
}

/// One revision of a Deployment.
pub(super) struct Step<'a> {
    /// Its number; 0 where the annotation is missing.
    revision: u64,
    pub(super) set: &'a Object,
    /// The revision before that had the same ReplicaSet.
    again: Option<u64>,
    /// Whether it is the last one that this ReplicaSet has had.
    last: bool,
    pub(super) at: Option<Dated>,
}

#[derive(Clone, Copy)]
pub(super) struct Dated {
    pub(super) at: Ts,
    source: &'static str,
    /// What was at that time, where it is not the beginning.
    stage: &'static str,
}

/// Returns the revisions that a ReplicaSet has had, in order.
fn revisions(set: &Object) -> BTreeSet<u64> {
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let mut all: BTreeSet<u64> =
        set.annotation(HISTORY).into_iter().flat_map(|h| h.split(',')).filter_map(number).collect();
    all.extend(set.annotation(REVISION).and_then(number));
    if all.is_empty() {
        all.insert(0);
    }
    all
}

/// Returns the revisions of one Deployment's ReplicaSets in order, dated where a set was made for them.
pub(super) fn steps<'a>(sets: &[&'a Object]) -> Vec<Step<'a>> {
    let mut out = Vec::new();
    for set in sets {
        let all = revisions(set);
        let newest = all.last().copied();
        let mut again = None;
        for revision in all {
            let born = set.created().filter(|_| again.is_none());
            out.push(Step {
                revision,
                set,
                again,
                last: Some(revision) == newest,
                at: born.map(|at| Dated { at, source: "replicasets", stage: "" }),
            });
            again = Some(revision);
        }
    }
    out.sort_by_key(|s| (s.revision, s.set.created()));
    out
}

/// When ReplicaSets were scaled up from nothing: by Deployment and set, the times of each event.
type Scaled = BTreeMap<(String, String), Vec<Ts>>;

fn scaled_up(shared: &Shared) -> Scaled {
    let mut out = Scaled::new();
    for object in shared.cluster.of(Resource::Event).iter() {
        let Object::Event(event) = object else { continue };
        let named = event
            .message
            .strip_prefix("Scaled up replica set ")
            .filter(|_| event.reason == "ScalingReplicaSet");
        let Some((set, _)) = named.and_then(|rest| rest.split_once(" from 0 to ")) else { continue };
        // The same event again is counted, not told anew: of all its times two are known.
        let times = out.entry((event.involved_object.uid.clone(), set.to_owned())).or_default();
        times.extend(event.first_timestamp.nanos().map(Ts));
        times.extend(event_time(object));
    }
    for times in out.values_mut() {
        times.sort_unstable();
    }
    out
}

/// Returns when the newest rollout to a ReplicaSet that was there before was, later than a time: when it was
/// scaled up, else what the Deployment's condition says of it.
fn dated(deployment: Option<&Object>, set: &Object, events: &[Ts], after: Option<Ts>) -> Option<Dated> {
    let Some(Object::Deployment(deployment)) = deployment else { return None };
    let mut conditions = deployment.status.conditions.iter();
    let quoted = format!("\"{}\"", set.name());
    let condition = conditions.find(|c| c.r#type == "Progressing" && c.message.contains(&quoted))?;
    let told = condition.last_update_time.nanos().map(Ts)?;
    let over = matches!(condition.reason.as_str(), "NewReplicaSetAvailable" | "ProgressDeadlineExceeded");
    let later = |t: &Ts| after.is_none_or(|a| *t > a);
    // Once the rollout is over, a set that is scaled up from nothing is being scaled, not rolled out.
    let begun = events.iter().copied().find(|t| later(t) && (!over || *t <= told));
    if let Some(at) = begun {
        return Some(Dated { at, source: "replicasets, events", stage: "" });
    }
    let stage = match condition.reason.as_str() {
        "NewReplicaSetAvailable" => "complete at this time",
        "ProgressDeadlineExceeded" => "timed out at this time",
        _ => "under way at this time",
    };
    Some(Dated { at: told, source: "replicasets, conditions", stage }).filter(|d| later(&d.at))
}

/// Returns the ReplicaSets of each owner's uid.
pub(super) fn by_owner(shared: &Shared) -> BTreeMap<&str, Vec<&Object>> {
    let mut out: BTreeMap<&str, Vec<&Object>> = BTreeMap::new();
    for set in shared.cluster.of(Resource::ReplicaSet).iter() {
        if let Some(owner) = set.controller() {
            out.entry(owner.uid.as_str()).or_default().push(set);
        }
    }
    out
}

/// ReplicaSets: a row for each rollout of a Deployment. Returns those that no time is known of.
pub fn rollouts(shared: &Shared, out: &mut Vec<Change>) -> Vec<Undated> {
    let mut undated = Vec::new();
    let mut scaled = None;
    for (uid, sets) in by_owner(shared) {
        let mut steps = steps(&sets);
        let deployment = shared.cluster.of(Resource::Deployment).get(&crate::core::Uid::new(uid));
        let mut after = None;
        for step in &mut steps {
            if step.at.is_none() && step.last && step.again.is_some() {
                let key = (uid.to_owned(), step.set.name().to_owned());
                let events = scaled.get_or_insert_with(|| scaled_up(shared)).get(&key);
                step.at = dated(deployment, step.set, events.map_or(&[], Vec::as_slice), after);
            }
            after = after.max(step.at.map(|d| d.at));
        }
        for (index, step) in steps.iter().enumerate() {
            let Some(owner) = step.set.controller() else { continue };
            let before = index.checked_sub(1).and_then(|i| steps.get(i));
            let object = ObjectRef::new(
                &shared.session.cluster,
                Resource::Deployment,
                step.set.namespace(),
                &owner.name,
                &owner.uid,
            );
            let Some(dated) = step.at else {
                undated.push(Undated {
                    object,
                    revision: step.revision,
                    after: steps.iter().take(index).filter_map(|s| s.at).map(|d| d.at).max(),
                    before: steps.iter().skip(index).filter_map(|s| s.at).map(|d| d.at).min(),
                });
                continue;
            };
            let revision = if step.revision == 0 { "?".to_owned() } else { step.revision.to_string() };
            let text = format!("{object}  revision {revision}  {}", words(step, before, dated));
            out.push(Change {
                at: dated.at,
                sort: Sort::Rollout,
                object: Some(object),
                release: None,
                text: Safe::of(&text),
                source: Safe::own(dated.source),
            });
        }
    }
    undated
}

fn words(step: &Step<'_>, before: Option<&Step<'_>>, dated: Dated) -> String {
    let specs = (before.and_then(|b| b.set.pod_spec()), step.set.pod_spec());
    let mut parts = if let (Some(old), Some(new)) = specs { difference(old, new) } else { Vec::new() };
    if parts.is_empty() {
        parts.push(match before {
            Some(_) => "new pod template".to_owned(),
            None if step.revision <= 1 => "first pods".to_owned(),
            None => "the ReplicaSet before it is no longer kept".to_owned(),
        });
    }
    let mut text = parts.join(", ");
    if let Some(before) = before.filter(|b| b.revision + 1 < step.revision) {
        text.push_str(&format!(" since revision {}", before.revision));
    }
    let again = step.again.map(|n| format!("the template of revision {n} again"));
    let stage = (!dated.stage.is_empty()).then(|| dated.stage.to_owned());
    let notes: Vec<String> = again.into_iter().chain(stage).collect();
    if !notes.is_empty() {
        text.push_str(&format!("  ({})", notes.join("; ")));
    }
    text
}
