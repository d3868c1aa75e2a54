//! Actions on objects as plans tell of them.

use deckwatch_helm::record::parse_object_name;

use crate::core::{ObjectRef, Safe, Span, num};
use crate::ops::deed::Deed;

/// An action on one object or several.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Deeds {
    /// The action's name.
    pub action: Safe,
    /// Its parameters, values of Secrets hidden.
    pub deed: serde_json::Value,
    /// What it is done to, in words: `Deployment momo-store/backend`, `3 pods`.
    pub target: Safe,
    /// What is typed to confirm it: the object's name, or the words for several.
    pub phrase: Safe,
    /// The objects.
    pub objects: Vec<ObjectRef>,
    /// Objects that were named and can't be changed, each with the reason.
    pub left_out: Vec<Safe>,
    /// Why the phrase must be typed, in whatever context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<Safe>,
    /// How long it may take, where it waits for something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Span>,
    /// How it is ordered: `Restart Deployment momo-store/backend`.
    pub order: Safe,
}

/// The words of an action.
struct Words {
    /// Before its target: `Scale`.
    order: &'static str,
    /// `scales`.
    does: &'static str,
    /// `scaled`.
    past: &'static str,
}

fn words(action: &str) -> Words {
    let (order, does, past) = match action {
        "restart" => ("Restart", "restarts", "restarted"),
        "undo" => ("Undo the rollout of", "undoes the rollout", "rolled back"),
        "pause" => ("Pause the rollout of", "pauses", "paused"),
        "resume" => ("Resume the rollout of", "resumes", "resumed"),
        "scale" => ("Scale", "scales", "scaled"),
        "set-image" => ("Set the image of", "sets the image", "changed"),
        "set-resources" => ("Set the resources of", "sets the resources", "changed"),
        "delete" => ("Delete", "deletes", "deleted"),
        "evict" => ("Evict", "evicts", "evicted"),
        "cordon" => ("Cordon", "cordons", "cordoned"),
        "drain" => ("Drain", "drains", "drained"),
        "uncordon" => ("Uncordon", "uncordons", "uncordoned"),
        "trigger" => ("Run now:", "runs it", "started"),
        "suspend" => ("Suspend", "suspends", "suspended"),
        "unsuspend" => ("Unsuspend", "lets it run again", "unsuspended"),
        "label" => ("Label", "labels", "labelled"),
        "annotate" => ("Annotate", "annotates", "annotated"),
        "abort" => ("Abort the rollout of", "aborts it", "aborted"),
        "retry" => ("Try the rollout again of", "tries it again", "tried again"),
        "promote" => ("Promote", "promotes it", "promoted"),
        "promote-full" => ("Promote in full", "promotes it in full", "promoted in full"),
        "flux-suspend" => ("Suspend", "suspends it", "suspended"),
        "flux-resume" => ("Resume", "resumes it", "resumed"),
        "flux-reconcile" => ("Reconcile", "asks for it", "asked for"),
        "app-rollback" => ("Roll back", "rolls it back", "rolled back"),
        "app-sync" => ("Sync", "syncs it", "asked for"),
        "auto-sync-on" => ("Turn on the automatic sync of", "turns it on", "turned on"),
        "auto-sync-off" => ("Turn off the automatic sync of", "turns it off", "turned off"),
        "free" => ("Free the release", "frees it", "freed"),
        _ => ("Edit", "changes", "changed"),
    };
    Words { order, does, past }
}

impl Deeds {
    /// Returns what a plan tells of a deed on these objects.
    pub fn of(deed: &Deed, objects: &[&ObjectRef]) -> Self {
        // What is freed is the release, whatever its record is called.
        let release = match (deed, objects) {
            (Deed::Free, [one]) => parse_object_name(one.name.as_str()).map(|(release, _)| (one, release)),
            _ => None,
        };
        let target = match (release, objects) {
            (Some((one, release)), _) => format!("{}/{release}", one.namespace),
            (None, [one]) => one.to_string(),
            (None, several) => counted(several),
        };
        let phrase = match (release, objects) {
            (Some((_, release)), _) => Safe::of(release),
            (None, [one]) => Safe::of(one.name.as_str()),
            _ => Safe::of(&target),
        };
        let end = match deed {
            Deed::Scale { replicas, .. } => format!(" to {replicas}"),
            Deed::Undo { to: Some(to) } if *to > 0 => format!(" to revision {to}"),
            _ => String::new(),
        };
        Self {
            action: Safe::own(deed.name()),
            deed: deed.for_journal(),
            order: Safe::of(&format!("{} {target}{end}", words(deed.name()).order)),
            target: Safe::of(&target),
            phrase,
            left_out: Vec::new(),
            named: None,
            lasts: match deed {
                Deed::Drain(options) => Some(options.lasts()),
                _ => None,
            },
            objects: objects.iter().map(|o| (*o).clone()).collect(),
        }
    }

    /// Returns what confirming it does: `restarts`.
    pub fn does(&self) -> &'static str {
        words(self.action.as_str()).does
    }

    /// Returns what it has done when it is done: `restarted`.
    pub fn past(&self) -> &'static str {
        words(self.action.as_str()).past
    }

    /// Returns what the phrase is.
    pub fn phrase_is(&self) -> &'static str {
        if self.action.as_str() == "free" {
            "the release's name"
        } else if self.objects.len() == 1 {
            "the object's name"
        } else {
            "how many of what"
        }
    }
}

/// Returns several objects in a few words: `3 pods`.
pub fn counted(objects: &[&ObjectRef]) -> String {
    let kind = objects.first().map(|o| o.gvk.clone()).unwrap_or_default();
    let same = objects.iter().all(|o| o.gvk == kind);
    let one = if same { kind.kind.to_lowercase() } else { "object".to_owned() };
    // `ingress`, `networkpolicy`: as kubectl names them.
    let many = match one.strip_suffix('y') {
        _ if one.ends_with('s') => format!("{one}es"),
        Some(stem) => format!("{stem}ies"),
        None => format!("{one}s"),
    };
    num::counted(objects.len(), &one, &many)
}

/// Returns the title of a plan that is being made.
pub fn title(deed: &Deed, objects: &[ObjectRef]) -> String {
    Deeds::of(deed, &objects.iter().collect::<Vec<_>>()).order.to_string()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::core::{ClusterId, Resource};

    fn object(resource: Resource, name: &str) -> ObjectRef {
        ObjectRef::new(&ClusterId("demo".into()), resource, "shop", name, "u1")
    }

    #[test]
    fn one_object_is_named_and_several_are_counted() {
        let backend = object(Resource::Deployment, "backend");
        let one = Deeds::of(&Deed::Scale { replicas: 3, current: None }, &[&backend]);
        assert_eq!(one.order.as_str(), "Scale Deployment shop/backend to 3");
        assert_eq!(
            (one.phrase.as_str(), one.phrase_is(), one.past()),
            ("backend", "the object's name", "scaled")
        );
        let pods = [object(Resource::Pod, "a"), object(Resource::Pod, "b")];
        let several = Deeds::of(&Deed::Evict { grace_s: None }, &[&pods[0], &pods[1]]);
        assert_eq!((several.order.as_str(), several.phrase.as_str()), ("Evict 2 pods", "2 pods"));
        assert_eq!(counted(&[&pods[0], &backend]), "2 objects");
    }
}
