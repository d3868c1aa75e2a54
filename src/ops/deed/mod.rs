//! What can be done to one Kubernetes object, and the one request that does it.
//!
//! A [`Deed`] is an action with its parameters. Together with the live object it makes an [`Act`]: exactly one request
//! with the preconditions that bind it to the object as it was read, what it changes in words, and an [`Expect`] that
//! tells from the object read back whether it took effect. A drain alone is several requests: it cordons a node and evicts
//! its pods, each by an act of its own. What is asked of the server is what kubectl asks: the same patches, the same refusals, the same words of `rollout status` ([`rollout`]) and the same choice of pods to drain
//! ([`drain`]).
//!
//! Data only: nothing is sent and no clock is read. Tested by objects as the API server gives them, and by broken ones.

mod act;
pub mod argocd;
mod canary;
mod changes;
mod cron;
pub mod drain;
mod edit;
mod expect;
pub mod flux;
pub mod free;
mod hold;
mod live;
mod meta;
pub mod parse;
mod pods;
mod refusal;
mod remove;
mod revisions;
mod risk;
pub mod rollout;
mod scale;
mod selector;
mod template;
mod warn;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use act::{Act, Content, FIELD_MANAGER, Raw, Verb};
pub use argocd::App;
pub use canary::Step;
pub use changes::changes;
pub use expect::{Expect, Seen, held_by, same_but_status};
pub use flux::Flux;
pub use hold::Hold;
pub use live::{Live, Place, Right};
pub use refusal::Refusal;

use crate::core::Ts;

/// What happens to what belongs to a deleted object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cascade {
    /// It is deleted afterwards.
    #[default]
    Background,
    /// It is deleted before the object itself goes.
    Foreground,
    /// It stays, without an owner.
    Orphan,
}

/// What is done to one object, with its parameters.
///
/// Serialisable both ways: it is handed to another process. The journal takes [`Deed::for_journal`], which holds no value
/// of a Secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "kebab-case")]
pub enum Deed {
    /// Replaces all pods of a workload, by its own strategy.
    Restart,
    /// Puts the pod template of an earlier revision back.
    Undo {
        /// The revision; none or 0 for the one before the current.
        to: Option<i64>,
    },
    /// Stops a Deployment from rolling out.
    Pause,
    /// Lets a paused Deployment roll out again.
    Resume,
    /// Sets the number of replicas.
    Scale {
        /// How many.
        replicas: i32,
        /// How many there must be now.
        current: Option<i32>,
    },
    /// Sets images of containers and init containers.
    SetImage {
        /// Container, or `*` for all, and image.
        images: Vec<(String, String)>,
    },
    /// Sets requests and limits of containers and init containers; those that are not named stay.
    SetResources {
        /// The containers; empty or `*` for all.
        containers: Vec<String>,
        /// Requests by resource.
        requests: BTreeMap<String, String>,
        /// Limits by resource.
        limits: BTreeMap<String, String>,
    },
    /// Deletes the object.
    Delete {
        /// Seconds that a pod gets to end; none for its own.
        grace_s: Option<i64>,
        /// Does not wait for a pod to end.
        force: bool,
        /// What happens to what belongs to it.
        cascade: Cascade,
    },
    /// Deletes a pod if its disruption budgets allow it.
    Evict {
        /// Seconds that it gets to end; none for its own.
        grace_s: Option<i64>,
    },
    /// Keeps new pods off a node.
    Cordon,
    /// Lets new pods onto a node again.
    Uncordon,
    /// Keeps new pods off a node and evicts those that are on it.
    Drain(drain::Options),
    /// Runs a CronJob now.
    Trigger {
        /// The Job's name; fixed, so that a second request cannot make a second Job.
        name: String,
        /// What tells this run's Job from another of the same name.
        operation: String,
    },
    /// Stops a CronJob from starting Jobs.
    Suspend,
    /// Lets a CronJob start Jobs again.
    Unsuspend,
    /// Sets or removes labels.
    Label {
        /// The new value by key; none removes it.
        set: BTreeMap<String, Option<String>>,
        /// Whether a value that is there may be replaced.
        overwrite: bool,
    },
    /// Sets or removes annotations.
    Annotate {
        /// The new value by key; none removes it.
        set: BTreeMap<String, Option<String>>,
        /// Whether a value that is there may be replaced.
        overwrite: bool,
    },
    /// Turns the object into an edited copy of it.
    Edit {
        /// The whole object as it was left by the editor.
        edited: Raw,
        /// The object as it was opened there. None where it is bound to the version that `edited` names.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Raw>,
    },
    /// Goes on with an Argo Rollout, or gives it up.
    Step {
        /// How.
        step: Step,
    },
    /// Holds Flux back from an object, or lets it go on.
    Flux {
        /// How.
        how: Flux,
    },
    /// Goes back to an earlier deployment of an Argo CD Application, and what else is asked of one.
    App {
        /// How.
        how: App,
    },
    /// Marks the pending record of a Helm release as failed, so that the release can be changed again.
    Free,
}

/// The group and the kind of Argo Rollouts.
const ROLLOUT: (&str, &str) = ("argoproj.io", "Rollout");

impl Deed {
    /// Returns its name in journal, command line and menu.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::Undo { .. } => "undo",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Scale { .. } => "scale",
            Self::SetImage { .. } => "set-image",
            Self::SetResources { .. } => "set-resources",
            Self::Delete { .. } => "delete",
            Self::Evict { .. } => "evict",
            Self::Cordon => "cordon",
            Self::Uncordon => "uncordon",
            Self::Drain(_) => "drain",
            Self::Trigger { .. } => "trigger",
            Self::Suspend => "suspend",
            Self::Unsuspend => "unsuspend",
            Self::Label { .. } => "label",
            Self::Annotate { .. } => "annotate",
            Self::Edit { .. } => "edit",
            Self::Step { step } => step.name(),
            Self::Flux { how } => how.name(),
            Self::App { how } => how.name(),
            Self::Free => "free",
        }
    }

    /// Returns whether it can be done to objects of that kind.
    pub fn applies_to(&self, group: &str, kind: &str) -> bool {
        let rolls = matches!((group, kind), ("apps", "Deployment" | "StatefulSet" | "DaemonSet"));
        match self {
            Self::Restart | Self::Undo { .. } => rolls || (group, kind) == ROLLOUT,
            Self::Pause | Self::Resume => (group, kind) == ("apps", "Deployment") || (group, kind) == ROLLOUT,
            Self::Step { .. } => (group, kind) == ROLLOUT,
            Self::Flux { .. } => flux::is_flux(group, kind),
            Self::App { .. } => (group, kind) == ("argoproj.io", "Application"),
            Self::Scale { .. } => matches!(
                (group, kind),
                ("apps", "Deployment" | "StatefulSet" | "ReplicaSet") | ("", "ReplicationController")
            ),
            // The pod template of a Job cannot be changed.
            Self::SetImage { .. } => {
                rolls
                    || matches!(
                        (group, kind),
                        ("apps", "ReplicaSet") | ("", "Pod" | "ReplicationController") | ("batch", "CronJob")
                    )
            }
            // Nor can the resources of a pod, but through a subresource of their own.
            Self::SetResources { .. } => {
                rolls
                    || matches!(
                        (group, kind),
                        ("apps", "ReplicaSet") | ("", "ReplicationController") | ("batch", "CronJob")
                    )
            }
            Self::Evict { .. } => (group, kind) == ("", "Pod"),
            Self::Cordon | Self::Uncordon | Self::Drain(_) => (group, kind) == ("", "Node"),
            Self::Trigger { .. } | Self::Suspend | Self::Unsuspend => (group, kind) == ("batch", "CronJob"),
            Self::Free => matches!((group, kind), ("", "Secret" | "ConfigMap")),
            Self::Delete { .. } | Self::Label { .. } | Self::Annotate { .. } | Self::Edit { .. } => true,
        }
    }

    /// Returns the right that it needs; of a drain that to cordon the node.
    pub fn rights(&self, place: &Place) -> Right {
        let (verb, group, plural, subresource) = match self {
            Self::Delete { .. } => ("delete", place.group.as_str(), place.plural.as_str(), None),
            Self::Evict { .. } => ("create", "", "pods", Some("eviction")),
            Self::Trigger { .. } => ("create", "batch", "jobs", None),
            Self::Step { .. } => ("patch", place.group.as_str(), place.plural.as_str(), Some("status")),
            Self::Scale { .. } => ("patch", place.group.as_str(), place.plural.as_str(), Some("scale")),
            Self::Restart
            | Self::Undo { .. }
            | Self::Pause
            | Self::Resume
            | Self::SetImage { .. }
            | Self::SetResources { .. }
            | Self::Cordon
            | Self::Uncordon
            | Self::Drain(_)
            | Self::Suspend
            | Self::Unsuspend
            | Self::Label { .. }
            | Self::Annotate { .. }
            | Self::Edit { .. }
            | Self::Flux { .. }
            | Self::App { .. }
            | Self::Free => ("patch", place.group.as_str(), place.plural.as_str(), None),
        };
        Right { verb, group: group.to_owned(), plural: plural.to_owned(), subresource }
    }

    /// Makes the one request that does it; of a drain the first one, which cordons the node.
    ///
    /// # Errors
    /// Why it cannot be done, in one sentence.
    pub fn request(&self, live: &Live<'_>, now: Ts) -> Result<Act, Refusal> {
        if !self.applies_to(&live.place.group, &live.place.kind) {
            return Err(Refusal::wrong_kind(self.name(), &live.place.kind));
        }
        match self {
            Self::Restart if canary::is_rollout(live) => canary::restart(live, now),
            Self::Undo { to } if canary::is_rollout(live) => canary::undo(live, *to),
            Self::Pause if canary::is_rollout(live) => canary::pause(live, true),
            Self::Resume if canary::is_rollout(live) => canary::pause(live, false),
            Self::Step { step } => canary::step(live, *step),
            Self::Flux { how } => flux::flux(live, how, now),
            Self::App { how } => argocd::app(live, how, now),
            Self::Restart => template::restart(live, now),
            Self::Undo { to } => template::undo(live, *to),
            Self::Pause => template::pause(live, true),
            Self::Resume => template::pause(live, false),
            Self::Scale { replicas, current } => scale::scale(live, *replicas, *current),
            Self::SetImage { images } => pods::set_image(live, images),
            Self::SetResources { containers, requests, limits } => {
                pods::set_resources(live, containers, requests, limits)
            }
            Self::Delete { grace_s, force, cascade } => remove::delete(live, *grace_s, *force, *cascade),
            Self::Evict { grace_s } => remove::evict(live, *grace_s),
            Self::Cordon | Self::Drain(_) => scale::cordon(live, true),
            Self::Uncordon => scale::cordon(live, false),
            Self::Trigger { name, operation } => cron::trigger(live, name, operation),
            Self::Suspend => cron::suspend(live, true),
            Self::Unsuspend => cron::suspend(live, false),
            Self::Label { set, overwrite } => meta::label(live, set, *overwrite),
            Self::Annotate { set, overwrite } => meta::annotate(live, set, *overwrite),
            Self::Edit { edited, from } => edit::edit(live, &edited.0, from.as_ref().map(|from| &from.0)),
            Self::Free => free::free(live, now),
        }
    }

    /// Returns the deed as the journal may keep it: the same document, with the values of Secrets hidden.
    pub fn for_journal(&self) -> serde_json::Value {
        let masked = match self {
            Self::Edit { edited, .. } => {
                Self::Edit { edited: Raw(deckwatch_helm::mask::mask_object(&edited.0)), from: None }
            }
            Self::Annotate { set, overwrite } => {
                let mut set = set.clone();
                if let Some(Some(copy)) = set.get_mut(meta::LAST_APPLIED) {
                    *copy = format!("({} bytes)", copy.len());
                }
                Self::Annotate { set, overwrite: *overwrite }
            }
            other => other.clone(),
        };
        serde_json::to_value(masked).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
