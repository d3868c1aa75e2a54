//! What the journal holds: what was seen and done, when, by whom and why.

use std::fmt;

use super::plan::{Doing, Outcome, Plan, PlanId, Silences};
use crate::core::{Fingerprint, Name, Safe, Ts, Window, num};

/// How a plan was confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum How {
    /// By a key in its dialogue.
    #[serde(rename = "enter")]
    Enter,
    /// By the name that was typed in its dialogue.
    #[serde(rename = "typed name")]
    TypedName,
    /// By `--yes`.
    #[serde(rename = "--yes")]
    Yes,
    /// By `--confirm NAME`.
    #[serde(rename = "--confirm")]
    Confirm,
}

impl How {
    /// Returns the word of journal and screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::TypedName => "typed name",
            Self::Yes => "--yes",
            Self::Confirm => "--confirm",
        }
    }
}

/// How far a write is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum WriteState {
    /// It is about to be sent.
    #[serde(rename = "sending")]
    Sending,
    /// The server has agreed.
    #[serde(rename = "done")]
    Done,
    /// The server has refused.
    #[serde(rename = "refused")]
    Refused,
    /// It was sent, and the reply was lost.
    #[serde(rename = "unknown")]
    Unknown,
    /// It did not leave.
    #[serde(rename = "not sent")]
    NotSent,
}

impl WriteState {
    /// Returns the word of journal and screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::NotSent => "not sent",
        }
    }
}

/// How a plan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ended {
    /// The server has agreed to every write.
    Done,
    /// It failed: what is known to be done and what not is in the writes.
    Failed,
    /// A write's fate is not known.
    Unknown,
}

impl Ended {
    /// Returns the word of journal and screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl fmt::Display for WriteState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One entry.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Record {
    /// When, UTC.
    pub at: Ts,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What was seen or done. Holds no secret: names, numbers and sanitised text only.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// The cockpit was opened.
    Opened {
        /// Context.
        context: Safe,
        /// deckwatch's version.
        version: Safe,
        /// The API server, where the process talks to it alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server: Option<Safe>,
        /// Who: OS user, SSH peer, process.
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
        /// What it does: `rollback`, `restart`, …
        action: Safe,
        /// Namespace.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        namespace: Option<Name>,
        /// Release.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        release: Option<Name>,
        /// The revision that is left.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<u32>,
        /// The revision that is gone back to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<u32>,
        /// The objects that it is about.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        objects: Vec<Safe>,
        /// In words.
        summary: Safe,
        /// A hash of everything that was shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Safe>,
    },
    /// A plan was confirmed: the intent, on disk before the first write.
    Intent {
        /// The plan.
        plan: PlanId,
        /// How it was confirmed.
        how: How,
        /// Why.
        reason: Safe,
        /// As whom the cluster knows who confirmed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<Safe>,
        /// The freezes that the reason overrides.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        overrides: Option<Safe>,
    },
    /// Writing became possible for a time, or no longer is.
    Armed {
        /// Until when; none where it was disarmed.
        until: Option<Ts>,
        /// Why.
        reason: Safe,
    },
    /// A process of its own carries a plan out.
    Runner {
        /// The plan.
        plan: PlanId,
        /// The process.
        pid: u32,
    },
    /// A step of a plan began or ended: progress that another process follows.
    Step {
        /// The plan.
        plan: PlanId,
        /// Which step, from 1.
        number: usize,
        /// Of how many.
        of: usize,
        /// In words.
        text: Safe,
        /// Whether it is finished.
        finished: bool,
    },
    /// A write is about to be sent, or was answered.
    Write {
        /// The plan.
        plan: PlanId,
        /// In words: `patch Deployment momo-store/backend`.
        text: Safe,
        /// How far it is.
        state: WriteState,
        /// What was answered, or why there is no answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<Safe>,
    },
    /// Writes that follow one another at once are about to begin: on disk before the first of them, and stands for those whose
    /// own entries are not yet.
    Series {
        /// The plan.
        plan: PlanId,
        /// How many objects.
        of: usize,
        /// Which, kind and path; of very many the first.
        objects: Vec<Safe>,
    },
    /// A plan was told to stop before its next object.
    Cancel {
        /// The plan.
        plan: PlanId,
    },
    /// A plan ended.
    Outcome {
        /// The plan.
        plan: PlanId,
        /// From revision.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<u32>,
        /// To revision.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<u32>,
        /// How.
        outcome: Ended,
        /// In words.
        text: Safe,
        /// What to do now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hint: Option<Safe>,
    },
    /// How a plan of an earlier process ended that has no end in its journal: read from the cluster, or seen by following.
    Found {
        /// The plan.
        plan: PlanId,
        /// How it ended, as far as is known.
        outcome: Ended,
        /// In words.
        text: Safe,
        /// What to do about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hint: Option<Safe>,
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
        let summary = plan.silences().map_or_else(|| Safe::of(&plan.summary()), Silences::for_journal);
        let made = |action, release, revisions: Option<(u32, u32)>, objects| Self::Plan {
            plan: plan.id,
            action,
            namespace: Some(plan.namespace.clone()).filter(|n| !n.is_empty()),
            release,
            from: revisions.map(|(from, _)| from),
            to: revisions.map(|(_, to)| to),
            objects,
            summary: summary.clone(),
            digest: None,
        };
        match &plan.what {
            Doing::Rollback(r) => {
                let revisions = (r.from.revision, r.to.revision);
                made(r.action.clone(), Some(r.release.clone()), Some(revisions), Vec::new())
            }
            Doing::Deed(d) => {
                let objects = d.objects.iter().map(|o| Safe::of(&o.to_string())).collect();
                made(d.action.clone(), None, None, objects)
            }
            Doing::Silence(s) => made(s.action.clone(), None, None, s.objects()),
        }
    }

    /// Returns the entry of a plan that has ended.
    pub fn ended(plan: &Plan, outcome: &Outcome, text: Safe) -> Self {
        let revisions = plan.rollback().map(|r| (r.from.revision, r.to.revision));
        let hint = match outcome {
            Outcome::Done => None,
            Outcome::Failed(error) | Outcome::Unknown(error) => error.hint.as_ref().map(|h| Safe::of(h)),
        };
        Self::Outcome {
            plan: plan.id,
            from: revisions.map(|(from, _)| from),
            to: revisions.map(|(_, to)| to),
            outcome: outcome.word(),
            text,
            hint,
        }
    }

    /// Returns the plan that it is about.
    pub fn plan(&self) -> Option<PlanId> {
        match self {
            Self::Plan { plan, .. }
            | Self::Intent { plan, .. }
            | Self::Runner { plan, .. }
            | Self::Step { plan, .. }
            | Self::Write { plan, .. }
            | Self::Series { plan, .. }
            | Self::Cancel { plan }
            | Self::Outcome { plan, .. }
            | Self::Found { plan, .. }
            | Self::Check { plan, .. } => Some(*plan),
            Self::Opened { .. }
            | Self::Alert { .. }
            | Self::Moment { .. }
            | Self::Logs { .. }
            | Self::Armed { .. }
            | Self::Note { .. } => None,
        }
    }

    /// Returns one line for the journal's view and export.
    pub fn line(&self) -> String {
        match self {
            Self::Opened { context, version, who, .. } => {
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
            Self::Plan { plan, summary, .. } => format!("plan {plan}: {}: {summary}", self.aim()),
            Self::Intent { plan, how, reason, user, overrides } => {
                let (user, over) = (after(" as ", user.as_ref()), after(", overriding ", overrides.as_ref()));
                format!("plan {plan} confirmed ({how}){user}{over}: {reason}")
            }
            Self::Armed { until: Some(until), reason } => {
                format!("armed until {}: {reason}", until.rfc3339())
            }
            Self::Armed { until: None, .. } => "disarmed".to_owned(),
            Self::Runner { plan, pid } => format!("plan {plan}: carried out by process {pid}"),
            Self::Step { plan, number, of, text, finished } => {
                let begun = if *finished { "" } else { " …" };
                format!("plan {plan}: step {number} of {of}: {text}{begun}")
            }
            Self::Write { plan, text, state, detail } => {
                format!("plan {plan}: {text}: {state}{}", after(": ", detail.as_ref()))
            }
            Self::Series { plan, of, objects } => {
                let named: Vec<&str> = objects.iter().take(NAMED).map(Safe::as_str).collect();
                let rest = if *of > named.len() { ", …" } else { "" };
                let all = num::counted(*of, "object", "objects");
                format!("plan {plan}: {all} to be written, one after the other: {}{rest}", named.join(", "))
            }
            Self::Cancel { plan } => format!("plan {plan}: told to stop before the next object"),
            Self::Outcome { plan, from, to, outcome, text, hint } => {
                let hint = after("; hint: ", hint.as_ref());
                match revisions(*from, *to) {
                    Some(revisions) => format!("plan {plan}: {revisions} {outcome}: {text}{hint}"),
                    None => format!("plan {plan}: {outcome}: {text}{hint}"),
                }
            }
            Self::Found { plan, outcome, text, hint } => {
                format!(
                    "plan {plan} of an earlier process: {outcome}: {text}{}",
                    after("; hint: ", hint.as_ref())
                )
            }
            Self::Check { plan, healed, text } => {
                format!("plan {plan}: {}: {text}", if *healed { "healed" } else { "not healed" })
            }
            Self::Note { text } => text.to_string(),
        }
    }

    /// Returns what a plan is to do, on what: `roll back momo-store/momo 7 → 6`; empty for other entries.
    pub fn aim(&self) -> String {
        let Self::Plan { action, namespace, release, from, to, objects, .. } = self else {
            return String::new();
        };
        let verb = if action.as_str() == "rollback" { "roll back" } else { action.as_str() };
        let on = match (namespace, release) {
            (Some(namespace), Some(release)) => format!(" {namespace}/{release}"),
            (None, Some(release)) => format!(" {release}"),
            (_, None) if !objects.is_empty() => {
                let named: Vec<&str> = objects.iter().take(NAMED).map(Safe::as_str).collect();
                let rest = objects.len().saturating_sub(NAMED);
                let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
                format!(" {}{more}", named.join(", "))
            }
            (Some(namespace), None) => format!(" in {namespace}"),
            (None, None) => String::new(),
        };
        let revisions = revisions(*from, *to).map_or_else(String::new, |r| format!(" {r}"));
        format!("{verb}{on}{revisions}")
    }

    /// Returns whether the entry must be on the disk before anything else happens.
    pub fn is_synced(&self) -> bool {
        match self {
            // That one was done is on the disk with the next announcement, or the outcome. Lost with the machine, it reads as a
            // write of which nobody knows what became of it: that is looked up.
            Self::Write { state, .. } => *state != WriteState::Done,
            Self::Intent { .. }
            | Self::Runner { .. }
            | Self::Series { .. }
            | Self::Cancel { .. }
            | Self::Found { .. }
            | Self::Outcome { .. } => true,
            Self::Opened { .. }
            | Self::Alert { .. }
            | Self::Moment { .. }
            | Self::Logs { .. }
            | Self::Armed { .. }
            | Self::Plan { .. }
            | Self::Step { .. }
            | Self::Check { .. }
            | Self::Note { .. } => false,
        }
    }
}

/// How many objects of a plan one line names.
const NAMED: usize = 3;

fn revisions(from: Option<u32>, to: Option<u32>) -> Option<String> {
    match (from, to) {
        (Some(from), Some(to)) => Some(format!("{from} → {to}")),
        (Some(from), None) => Some(format!("from {from}")),
        (None, Some(to)) => Some(format!("to {to}")),
        (None, None) => None,
    }
}

fn after(before: &str, text: Option<&Safe>) -> String {
    text.map_or_else(String::new, |t| format!("{before}{t}"))
}
