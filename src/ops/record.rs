//! What the journal holds: what was seen and done, when, by whom and why.

use super::plan::{Doing, Plan, PlanId};
use crate::core::{Fingerprint, Name, Safe, Ts, Window};

/// One entry.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Record {
    /// When, UTC.
    pub at: Ts,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What was seen or done. Holds no secret: names, numbers and sanitised text only.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// The cockpit was opened.
    Opened {
        /// Context.
        context: Safe,
        /// deckwatch's version.
        version: &'static str,
        /// Who: OS user, SSH peer, Kubernetes user.
        who: Safe,
    },
    /// An alert's page was opened.
    Alert {
        /// Fingerprint.
        fingerprint: Fingerprint,
        /// Name.
        name: Safe,
        /// The object that it was resolved to.
        object: Option<Safe>,
    },
    /// A moment was pinned or released.
    Moment {
        /// The instant, none for live.
        pinned: Option<Ts>,
        /// The window.
        window: Option<Window>,
    },
    /// Logs were asked.
    Logs {
        /// The selector or the pods.
        query: Safe,
        /// The window.
        window: Window,
    },
    /// A plan was made.
    Plan {
        /// Its identity.
        plan: PlanId,
        /// Namespace.
        namespace: Name,
        /// Release.
        release: Name,
        /// The revision that is left.
        from: u32,
        /// The revision that is gone back to.
        to: u32,
        /// In words.
        summary: Safe,
    },
    /// A plan was confirmed: the intent, on disk before the first write.
    Intent {
        /// The plan.
        plan: PlanId,
        /// How it was confirmed.
        how: &'static str,
        /// Why.
        reason: Safe,
    },
    /// A write is about to be sent, or was answered.
    Write {
        /// The plan.
        plan: PlanId,
        /// In words: `patch Deployment momo-store/backend`.
        text: Safe,
        /// `sending`, `done`, `refused`, `unknown`, `not sent`.
        state: &'static str,
    },
    /// A plan ended.
    Outcome {
        /// The plan.
        plan: PlanId,
        /// From revision.
        from: u32,
        /// To revision.
        to: u32,
        /// `done`, `failed`, `unknown`.
        outcome: &'static str,
        /// In words.
        text: Safe,
    },
    /// What was seen after a plan: the error ratio, readiness, restarts since.
    Check {
        /// The plan.
        plan: PlanId,
        /// Whether everything is well again.
        healed: bool,
        /// In words.
        text: Safe,
    },
    /// Text was copied or a file written.
    Note {
        /// In words.
        text: Safe,
    },
}

impl What {
    /// Returns the entry of a plan that was made.
    pub fn made(plan: &Plan) -> Self {
        let summary = Safe::of(&plan.summary());
        match &plan.what {
            Doing::Rollback(r) => Self::Plan {
                plan: plan.id,
                namespace: plan.namespace.clone(),
                release: r.release.clone(),
                from: r.from.revision,
                to: r.to.revision,
                summary,
            },
        }
    }

    /// Returns the plan that it is about.
    pub fn plan(&self) -> Option<PlanId> {
        match self {
            Self::Plan { plan, .. }
            | Self::Intent { plan, .. }
            | Self::Write { plan, .. }
            | Self::Outcome { plan, .. }
            | Self::Check { plan, .. } => Some(*plan),
            Self::Opened { .. }
            | Self::Alert { .. }
            | Self::Moment { .. }
            | Self::Logs { .. }
            | Self::Note { .. } => None,
        }
    }

    /// Returns one line for the journal's view and export.
    pub fn line(&self) -> String {
        match self {
            Self::Opened { context, version, who } => {
                format!("opened on {context} with deckwatch {version} by {who}")
            }
            Self::Alert { fingerprint, name, object } => match object {
                Some(object) => format!("alert {name} ({fingerprint}) → {object}"),
                None => format!("alert {name} ({fingerprint})"),
            },
            Self::Moment { pinned: Some(ts), .. } => format!("moment pinned at {}", ts.rfc3339()),
            Self::Moment { pinned: None, .. } => "moment released: live".to_owned(),
            Self::Logs { query, window } => {
                format!("logs {query} from {} to {}", window.start.rfc3339(), window.end.rfc3339())
            }
            Self::Plan { plan, namespace, release, from, to, summary } => {
                format!("plan {plan}: roll back {namespace}/{release} {from} → {to}: {summary}")
            }
            Self::Intent { plan, how, reason } => format!("plan {plan} confirmed ({how}): {reason}"),
            Self::Write { plan, text, state } => format!("plan {plan}: {text}: {state}"),
            Self::Outcome { plan, from, to, outcome, text } => {
                format!("plan {plan}: {from} → {to} {outcome}: {text}")
            }
            Self::Check { plan, healed, text } => {
                format!("plan {plan}: {}: {text}", if *healed { "healed" } else { "not healed" })
            }
            Self::Note { text } => text.to_string(),
        }
    }
}
