//! How dangerous a deed is: at least, and to the object as it is.

use super::live::{Live, controller};
use super::scale::replicas_of;
use super::{Deed, revisions};
use crate::core::action::Risk;

impl Deed {
    /// Returns its least risk, whatever it is done to.
    pub fn risk(&self) -> Risk {
        match self {
            Self::Scale { replicas, .. } if *replicas <= 0 => Risk::Destructive,
            Self::Delete { force: true, .. } => Risk::Destructive,
            Self::Restart
            | Self::Undo { .. }
            | Self::SetImage { .. }
            | Self::SetResources { .. }
            | Self::Delete { .. }
            | Self::Evict { .. }
            | Self::Drain(_)
            | Self::Trigger { .. }
            | Self::Edit { .. }
            | Self::Step { .. }
            | Self::Flux { .. }
            | Self::App { .. }
            | Self::Free => Risk::Disruptive,
            Self::Pause
            | Self::Resume
            | Self::Scale { .. }
            | Self::Cordon
            | Self::Uncordon
            | Self::Suspend
            | Self::Unsuspend
            | Self::Label { .. }
            | Self::Annotate { .. } => Risk::Safe,
        }
    }

    /// Returns its risk to the live object; never less than [`Deed::risk`].
    pub fn risk_on(&self, live: &Live<'_>) -> Risk {
        self.raised(live).max(self.risk())
    }

    fn raised(&self, live: &Live<'_>) -> Risk {
        match self {
            Self::Scale { replicas, .. } => fewer(live, i64::from(*replicas)),
            Self::Edit { edited, .. } => match (replicas_of(live.object), replicas_of(&edited.0)) {
                (Ok(now), Ok(then)) if now > 0 && then == 0 => Risk::Destructive,
                _ => Risk::Disruptive,
            },
            // A pod that has a controller comes back.
            Self::Delete { .. } | Self::Evict { .. } => {
                if live.is("", "Pod") && controller(live.object).is_some() {
                    Risk::Disruptive
                } else {
                    Risk::Destructive
                }
            }
            Self::Resume => {
                // What was changed meanwhile rolls out; without its ReplicaSets that is not known.
                let newest = revisions::of(live).into_iter().max_by_key(|revision| revision.number);
                if newest.is_some_and(|newest| revisions::is_now(live, newest)) {
                    Risk::Safe
                } else {
                    Risk::Disruptive
                }
            }
            // Services, budgets and controllers choose pods by their labels, DaemonSets choose nodes.
            Self::Label { .. } if live.is("", "Pod") || live.is("", "Node") => Risk::Disruptive,
            Self::Restart
            | Self::Undo { .. }
            | Self::Pause
            | Self::SetImage { .. }
            | Self::SetResources { .. }
            | Self::Cordon
            | Self::Uncordon
            | Self::Drain(_)
            | Self::Trigger { .. }
            | Self::Suspend
            | Self::Unsuspend
            | Self::Label { .. }
            | Self::Annotate { .. } => Risk::Safe,
            Self::Step { .. } | Self::Flux { .. } | Self::App { .. } | Self::Free => Risk::Disruptive,
        }
    }
}

fn fewer(live: &Live<'_>, replicas: i64) -> Risk {
    match replicas_of(live.object) {
        Ok(now) if replicas > now => Risk::Safe,
        Ok(_) if replicas > 0 => Risk::Disruptive,
        _ => Risk::Destructive,
    }
}
