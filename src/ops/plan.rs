//! The plan of a Helm rollback as it is shown, confirmed and journalled.

use std::fmt;

use super::record::{Ended, Record};
use crate::core::action::Risk;
use crate::core::{Error, Name, ObjectRef, Safe, Ts};

/// A plan's identity: a ULID.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanId(pub u128);

impl PlanId {
    /// Returns an identity made at a time from random bits.
    pub fn new(now: Ts, random: u128) -> Self {
        let millis = u64::try_from(now.0 / 1_000_000).unwrap_or(0);
        Self(ulid::Ulid::from_parts(millis, random).0)
    }

    /// Returns the last four digits, as the dialogue shows it.
    pub fn short(self) -> String {
        let text = self.to_string();
        text.get(text.len().saturating_sub(4)..).unwrap_or("").to_lowercase()
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ulid::Ulid(self.0).fmt(f)
    }
}

impl serde::Serialize for PlanId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for PlanId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse::<ulid::Ulid>().map(|id| Self(id.0)).map_err(serde::de::Error::custom)
    }
}

/// What is known of one revision.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RevisionInfo {
    /// Its number.
    pub revision: u32,
    /// Chart name and version, `momo-store-0.0.1042`.
    pub chart: Safe,
    /// The application's version.
    pub app_version: Safe,
    /// Helm's status.
    pub status: Safe,
    /// Helm's description.
    pub description: Safe,
    /// When it was deployed.
    pub deployed_at: Option<Ts>,
}

/// What happens to one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is patched.
    Patch,
    /// It is created.
    Create,
    /// It is deleted.
    Delete,
    /// It would be deleted, but `helm.sh/resource-policy: keep` keeps it.
    Keep,
    /// It stays as it is.
    Unchanged,
}

impl Change {
    /// Returns the glyph of diffs and plans.
    pub const fn glyph(self) -> &'static str {
        match self {
            Self::Patch => "~",
            Self::Create => "+",
            Self::Delete => "−",
            Self::Keep => "·",
            Self::Unchanged => "=",
        }
    }
}

/// How far the server has agreed to a change before it is made.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preview {
    /// The server's dry run agrees.
    DryRun,
    /// Computed here only, and why.
    Computed(Safe),
    /// The server's dry run refuses.
    Refused(Safe),
    /// Nothing would be sent.
    Nothing,
}

/// One object of a plan.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Item {
    /// The object.
    pub object: ObjectRef,
    /// What happens to it.
    pub change: Change,
    /// What changes, field by field, in words: `image`, `memory limit`.
    pub fields: Vec<Safe>,
    /// The patch or body that would be sent, secrets masked.
    pub patch: Option<Safe>,
    /// Live against what it would be, line by line, secrets masked.
    pub diff: Vec<DiffLine>,
    /// How many pods it restarts.
    pub restarts: u32,
    /// Live fields that differ from the current revision and are overwritten.
    pub drift: Vec<Safe>,
    /// How far the server has agreed.
    pub preview: Preview,
}

/// One line of a difference.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct DiffLine {
    /// `+`, `-`, a blank, or `@` for a heading.
    pub sign: char,
    /// The line.
    pub text: Safe,
}

/// A plan to roll a release back.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct RollbackPlan {
    /// Its identity.
    pub id: PlanId,
    /// When its data was read.
    pub made_at: Ts,
    /// Namespace.
    pub namespace: Name,
    /// Release.
    pub release: Name,
    /// The revision that is left.
    pub from: RevisionInfo,
    /// The revision that is gone back to.
    pub to: RevisionInfo,
    /// The number of the revision that it makes.
    pub makes: u32,
    /// Why this revision, and which ones were passed over.
    pub why: Vec<Safe>,
    /// The owner, in words.
    pub owner: Safe,
    /// The rights, in words: all there, or which are missing.
    pub rights: Safe,
    /// Hooks, in words.
    pub hooks: Safe,
    /// The objects.
    pub items: Vec<Item>,
    /// Bytes of the record that it writes.
    pub record_bytes: usize,
    /// Revisions kept now, the limit, and those that it prunes.
    #[serde(serialize_with = "history")]
    pub history: (usize, usize, Vec<u32>),
    /// Why it can't be carried out; empty when it can.
    pub refusals: Vec<String>,
    /// What else must be known.
    pub notes: Vec<Safe>,
    /// How dangerous it is.
    pub risk: Risk,
}

fn history<S: serde::Serializer>(
    (kept, limit, prunes): &(usize, usize, Vec<u32>),
    serializer: S,
) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeStruct as _;
    let mut map = serializer.serialize_struct("history", 3)?;
    map.serialize_field("kept", kept)?;
    map.serialize_field("limit", limit)?;
    map.serialize_field("prunes", prunes)?;
    map.end()
}

impl RollbackPlan {
    /// Returns how many objects change in that way.
    pub fn count(&self, change: Change) -> usize {
        self.items.iter().filter(|i| i.change == change).count()
    }

    /// Returns how many pods restart.
    pub fn restarts(&self) -> u32 {
        self.items.iter().map(|i| i.restarts).sum()
    }

    /// Returns a plan of the shop's release with nothing in it, for tests.
    #[doc(hidden)]
    pub fn example(now: Ts) -> Self {
        let revision = |n: u32, version: &str| RevisionInfo {
            revision: n,
            chart: Safe::of(&format!("momo-store-{version}")),
            app_version: Safe::of(version),
            status: Safe::own("deployed"),
            description: Safe::own("Upgrade complete"),
            deployed_at: Some(now),
        };
        Self {
            id: PlanId::new(now, 7),
            made_at: now,
            namespace: Name::lossy("momo-store"),
            release: Name::lossy("momo"),
            from: revision(7, "0.0.1043"),
            to: revision(6, "0.0.1042"),
            makes: 8,
            why: Vec::new(),
            owner: Safe::own("helm"),
            rights: Safe::own("all"),
            hooks: Safe::own("none"),
            items: Vec::new(),
            record_bytes: 1024,
            history: (7, 10, Vec::new()),
            refusals: Vec::new(),
            notes: Vec::new(),
            risk: Risk::Disruptive,
        }
    }
}

/// How a plan ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Done: the server has agreed to every write.
    Done,
    /// Failed: what is known to be done and what not is in the steps.
    Failed(Error),
    /// A write's fate is not known: it is neither sent again nor called done.
    Unknown(Error),
}

impl Outcome {
    /// Returns the word of journal and screen.
    pub const fn word(&self) -> Ended {
        match self {
            Self::Done => Ended::Done,
            Self::Failed(_) => Ended::Failed,
            Self::Unknown(_) => Ended::Unknown,
        }
    }
}

/// News of a running plan.
#[derive(Clone, Debug, PartialEq)]
pub enum JobMsg {
    /// A step began or ended, in words, with its number and how many there are.
    Step {
        /// Which step, from 1.
        number: usize,
        /// Of how many.
        of: usize,
        /// In words.
        text: Safe,
        /// Whether it is finished.
        finished: bool,
    },
    /// It ended; the journal has it already.
    Ended(Outcome, Box<Record>),
}
