//! What changed: one list over everything that is known, and the ranking of suspects.
//!
//! Pure functions of what is in the model. Each source of evidence says how far back it reaches, so
//! that an empty list is never mistaken for "nothing changed".

mod evidence;
mod labels;
mod rank;
mod rollouts;

pub use rank::suspects;

use self::rollouts::Undated;
use super::model::Shared;
use super::msg::FeedState;
use crate::core::{ObjectRef, Resource, Safe, Ts, Window, num};
use crate::store::changes::{Change, Edits, Reach, Sort};

/// What a list of changes is limited to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Focus {
    /// Only what has to do with this object; everything when none.
    pub owner: Option<ObjectRef>,
    /// Only these instants.
    pub window: Option<Window>,
}

/// The changes with the reach of each source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Changes, newest first.
    pub changes: Vec<Change>,
    /// How far each source reaches.
    pub reach: Vec<Reach>,
}

/// Collects what changed.
pub fn collect(shared: &Shared, edits: &Edits, focus: &Focus) -> Found {
    let mut out = Vec::new();
    evidence::releases(shared, &mut out);
    if matches!(shared.releases.state, FeedState::Denied(_)) {
        labels::releases(shared, &mut out);
    }
    let mut undated = rollouts::rollouts(shared, &mut out);
    evidence::writers(shared, &mut out);
    evidence::edits(&edits.edits, &mut out);
    evidence::events(shared, &mut out);
    evidence::nodes(shared, &mut out);
    evidence::restarts(shared, &mut out);
    evidence::alerts(shared, &mut out);
    evidence::own(shared, &mut out);
    if let Some(window) = focus.window {
        out.retain(|c| window.contains(c.at));
        undated.retain(|u| u.may_be_in(window));
    }
    if let Some(owner) = &focus.owner {
        out.retain(|c| rank::relation(c, owner, shared).is_some());
        undated.retain(|u| u.object.same(owner));
    }
    drop_echoes(&mut out);
    out.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.sort.cmp(&b.sort)).then_with(|| a.text.cmp(&b.text)));
    Found { changes: out, reach: reach(shared, edits, &undated) }
}

/// A release writes its objects: those edits, by the manager `helm` within a minute of the record, are
/// told by the release's own row.
fn drop_echoes(changes: &mut Vec<Change>) {
    let releases: Vec<Ts> = changes.iter().filter(|c| c.sort == Sort::Release).map(|c| c.at).collect();
    let near = |at: Ts| releases.iter().any(|r| (at - *r).as_secs().abs() <= 60);
    changes.retain(|c| !(c.sort == Sort::Edit && c.text.as_str().starts_with("by helm") && near(c.at)));
    changes.dedup_by(|a, b| a.sort == b.sort && a.at == b.at && a.object == b.object && a.text == b.text);
}

/// What evidence of changes is read from.
const EVIDENCE: [Resource; 4] = [Resource::ReplicaSet, Resource::Event, Resource::Node, Resource::Pod];

/// Returns how true each list is that changes are read from.
pub fn evidence_states(shared: &Shared) -> Vec<&FeedState> {
    let lists = EVIDENCE.into_iter().map(|r| &shared.cluster.of(r).state);
    lists.chain([&shared.releases.state]).collect()
}

fn reach(shared: &Shared, edits: &Edits, undated: &[Undated]) -> Vec<Reach> {
    let of = |resource: Resource| {
        let kind = shared.cluster.of(resource);
        match &kind.state {
            FeedState::Denied(e) | FeedState::Failed(e) => Some(Safe::of(e.kind.word())),
            FeedState::Loading if !shared.cluster.has(resource) => Some(Safe::own("not watched")),
            FeedState::Loading => Some(Safe::own("still loading")),
            _ if kind.undecodable() > 0 => Some(Safe::of(&format!("{} undecodable", kind.undecodable()))),
            _ => None,
        }
    };
    let oldest = |resource: Resource| {
        shared.cluster.of(resource).iter().filter_map(crate::store::objects::Object::created).min()
    };
    let events = shared.cluster.of(Resource::Event).iter().filter_map(evidence::event_time).min();
    let releases = shared.releases.list.iter().filter_map(|r| r.revisions.first()).map(|r| r.created).min();
    let alerts = shared.alerts.known.alerts.iter().filter_map(crate::store::alerts::Alert::began).min();
    let helm = match &shared.releases.state {
        FeedState::Denied(_) => Some(Safe::own("denied: releases are told by ReplicaSets and labels only")),
        FeedState::Failed(e) => Some(Safe::of(e.kind.word())),
        FeedState::Loading => Some(Safe::own("still loading")),
        _ => None,
    };
    let asked = crate::app::views::alerts::lacks(shared);
    let sets = of(Resource::ReplicaSet).or_else(|| {
        let rollouts = num::counted(undated.len(), "rollout", "rollouts");
        let text = format!("{rollouts} back to an earlier template at a time that is not known");
        (!undated.is_empty()).then(|| Safe::of(&text))
    });
    vec![
        Reach { source: "helm records", since: releases, lacks: helm },
        Reach { source: "replicasets", since: oldest(Resource::ReplicaSet), lacks: sets },
        Reach {
            source: "managedFields",
            since: edits.edits.iter().map(|e| e.at).min(),
            lacks: edits.missing(),
        },
        Reach { source: "events", since: events, lacks: of(Resource::Event) },
        Reach { source: "nodes", since: oldest(Resource::Node), lacks: of(Resource::Node) },
        Reach { source: "restarts", since: oldest(Resource::Pod), lacks: of(Resource::Pod) },
        Reach { source: "alerts", since: alerts, lacks: asked },
    ]
}

#[cfg(test)]
mod tests;
