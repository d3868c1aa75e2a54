//! Which change is the likeliest cause: nearest before the moment, closest to the owner, first.
//!
//! Deterministic; every point of weight is told as a reason.

use super::{Focus, collect};
use crate::app::model::Shared;
use crate::app::resolve::{pods_of, release_of, was_of, workload_of};
use crate::core::{ObjectRef, Resource, Safe, Span, Ts, Window, num};
use crate::store::changes::{Change, Edits, Sort, Suspect};
use crate::store::objects::Object;

/// How a change has to do with an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// It is the owner, or the release that the owner belongs to.
    Own,
    /// A ConfigMap or Secret that its pods refer to.
    Referred,
    /// One of its pods.
    Pod,
    /// A node that one of its pods runs on.
    Node,
    /// The same namespace only.
    Namespace,
}

/// Returns how a change has to do with an owner, none when it has nothing to do with it.
pub fn relation(change: &Change, owner: &ObjectRef, shared: &Shared) -> Option<Relation> {
    if let Some((namespace, name, _)) = &change.release {
        let (ns, of) = release_of(owner, &shared.cluster)?;
        return (ns == namespace.as_str() && of == name.as_str()).then_some(Relation::Own);
    }
    let Some(object) = &change.object else { return (change.sort == Sort::Own).then_some(Relation::Own) };
    if object.same(owner) {
        return Some(Relation::Own);
    }
    // A release whose record may not be read is known by an object of its own.
    if change.sort == Sort::Release {
        let of = release_of(object, &shared.cluster);
        return (of.is_some() && of == release_of(owner, &shared.cluster)).then_some(Relation::Own);
    }
    let pods = || pods_of(owner, &shared.cluster);
    match object.resource() {
        Some(resource @ (Resource::Pod | Resource::ReplicaSet)) => {
            let mine = match known(resource, object, shared) {
                Some(live) if resource == Resource::Pod => pods().iter().any(|p| p.uid() == live.uid()),
                Some(live) => {
                    workload_of(live, &shared.cluster, &owner.cluster).is_some_and(|w| w.same(owner))
                }
                None => was_of(object, owner, &shared.cluster),
            };
            mine.then_some(if resource == Resource::Pod { Relation::Pod } else { Relation::Own })
        }
        Some(Resource::Node) => pods()
            .iter()
            .any(|p| matches!(p, Object::Pod(p) if p.spec.node_name == object.name.as_str()))
            .then_some(Relation::Node),
        Some(Resource::ConfigMap | Resource::Secret) => {
            (object.namespace == owner.namespace).then_some(Relation::Referred)
        }
        _ => (object.namespace == owner.namespace && owner.resource() == Some(Resource::Namespace))
            .then_some(Relation::Namespace),
    }
}

/// Returns a change's object as it is known now.
fn known<'a>(resource: Resource, object: &ObjectRef, shared: &'a Shared) -> Option<&'a Object> {
    let all = shared.cluster.of(resource);
    if object.uid.is_empty() {
        return all.named(object.namespace.as_str(), object.name.as_str());
    }
    all.get(&object.uid)
}

/// How long before a moment a change is still suspected.
const BEFORE: Span = Span::hours(6);
/// Clocks differ and conditions begin with a range's delay: how long after it one may still be.
const AFTER: Span = Span::secs(15);

/// Returns the changes before a moment that may have caused what began then, likeliest first.
pub fn suspects(shared: &Shared, edits: &Edits, owner: Option<&ObjectRef>, moment: Ts) -> Vec<Suspect> {
    let focus =
        Focus { owner: owner.cloned(), window: Some(Window { start: moment - BEFORE, end: moment + AFTER }) };
    let found = collect(shared, edits, &focus);
    let mut out: Vec<Suspect> = found
        .changes
        .into_iter()
        .filter(|c| !matches!(c.sort, Sort::Alert | Sort::Own))
        .map(|change| {
            let relation = owner.and_then(|o| relation(&change, o, shared));
            weigh(change, relation, moment)
        })
        .collect();
    out.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| b.change.at.cmp(&a.change.at)));
    out
}

fn weigh(change: Change, relation: Option<Relation>, moment: Ts) -> Suspect {
    let (kind, what) = match change.sort {
        Sort::Release => (100, "a Helm release"),
        Sort::Rollout => (80, "a rollout"),
        Sort::Edit => (75, "an edit"),
        Sort::Scaled => (35, "a change of replicas"),
        Sort::Node => (40, "a node's condition"),
        Sort::Restart => (15, "a restart is more often a symptom"),
        Sort::Warning => (10, "a warning is more often a symptom"),
        Sort::Alert | Sort::Own => (0, ""),
    };
    let (near, nearness) = match (moment - change.at).as_secs() {
        s if s <= 300 => (60, "within 5 minutes before"),
        s if s <= 900 => (45, "within 15 minutes before"),
        s if s <= 3600 => (25, "within the hour before"),
        _ => (0, "hours before"),
    };
    let (close, closeness) = match relation {
        Some(Relation::Own) => (30, "of the object itself"),
        Some(Relation::Referred) => (20, "of a ConfigMap or Secret in its namespace"),
        Some(Relation::Pod) => (10, "of its pod"),
        Some(Relation::Node) => (10, "of its pod's node"),
        Some(Relation::Namespace) => (5, "in the namespace"),
        None => (0, "anywhere in the cluster"),
    };
    let gap = moment - change.at;
    let when =
        if gap.0 >= 0 { format!("{} before it began", num::age(gap)) } else { "as it began".to_owned() };
    let reasons = vec![Safe::of(what), Safe::of(&format!("{when} ({nearness})")), Safe::of(closeness)];
    Suspect { weight: kind + near + close, change, reasons }
}
