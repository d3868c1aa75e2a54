//! A plan: a change as it is shown, confirmed, carried out and journalled.

use std::fmt;

mod deeds;
mod doing;
mod outcome;
mod silences;

pub use deeds::Deeds;
pub use doing::{Doing, History, Loss, ROLLBACK, RevisionInfo, Rollback, Wanted};
pub use outcome::{JobMsg, Outcome};
pub use silences::{Shown, Silences, phrase as silence_phrase};

use super::silence::Wish;
use crate::core::action::Risk;
use crate::core::{Name, ObjectRef, Safe, Span, Ts};

/// How a refusal for missing rights begins.
const MISSING: &str = "missing rights: ";

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

impl std::str::FromStr for PlanId {
    type Err = ulid::DecodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<ulid::Ulid>().map(|id| Self(id.0))
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
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What happens to one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DiffLine {
    /// `+`, `-`, a blank, or `@` for a heading.
    pub sign: char,
    /// The line.
    pub text: Safe,
}

/// A change to the cluster.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Plan {
    /// Its identity.
    pub id: PlanId,
    /// When its data was read.
    pub made_at: Ts,
    /// What is done.
    #[serde(flatten)]
    pub what: Doing,
    /// Namespace; empty where there is none, or more than one.
    pub namespace: Name,
    /// Why it is done so, and what was passed over.
    pub why: Vec<Safe>,
    /// The owner, in words.
    pub owner: Safe,
    /// The rights, in words: all there, or which are missing.
    pub rights: Safe,
    /// The objects.
    pub items: Vec<Item>,
    /// Why it can't be carried out; empty when it can.
    pub refusals: Vec<String>,
    /// What else must be known.
    pub notes: Vec<Safe>,
    /// How dangerous it is.
    pub risk: Risk,
    /// Who the cluster takes us for.
    pub user: Safe,
    /// How far this host's clock is ahead of the server's; none where the server told no time.
    pub skew: Option<Span>,
}

impl Plan {
    /// Returns how many objects change in that way.
    pub fn count(&self, change: Change) -> usize {
        self.items.iter().filter(|i| i.change == change).count()
    }

    /// Returns how many pods restart.
    pub fn restarts(&self) -> u32 {
        self.items.iter().map(|i| i.restarts).sum()
    }

    /// Returns the rollback, where it is one.
    pub fn rollback(&self) -> Option<&Rollback> {
        match &self.what {
            Doing::Rollback(rollback) => Some(rollback),
            Doing::Deed(_) | Doing::Silence(_) => None,
        }
    }

    /// Returns the silences, where it is about some.
    pub fn silences(&self) -> Option<&Silences> {
        match &self.what {
            Doing::Silence(silences) => Some(silences),
            Doing::Rollback(_) | Doing::Deed(_) => None,
        }
    }

    /// Returns what happens to its objects, in one line: `4 patched, 1 created`.
    pub fn summary(&self) -> String {
        if let Doing::Silence(silences) = &self.what {
            return silences.summary();
        }
        let parts = [
            (Change::Patch, "patched"),
            (Change::Create, "created"),
            (Change::Delete, "deleted"),
            (Change::Keep, "kept"),
            (Change::Unchanged, "unchanged"),
        ];
        let counted = parts.iter().map(|(change, word)| (self.count(*change), word));
        let out: Vec<String> =
            counted.filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
        out.join(", ")
    }

    /// Returns the objects that were named and can't be changed, each with the reason.
    pub fn left_out(&self) -> &[Safe] {
        match &self.what {
            Doing::Rollback(_) => &[],
            Doing::Deed(d) => &d.left_out,
            Doing::Silence(s) => &s.left_out,
        }
    }

    /// Returns what it is about, `momo-store/momo`.
    pub fn target(&self) -> String {
        match &self.what {
            Doing::Rollback(r) => format!("{}/{}", self.namespace, r.release),
            Doing::Deed(d) => d.target.to_string(),
            Doing::Silence(s) => s.target(),
        }
    }

    /// Returns the action's name: `rollback`, `restart`.
    pub fn action(&self) -> &Safe {
        match &self.what {
            Doing::Rollback(r) => &r.action,
            Doing::Deed(d) => &d.action,
            Doing::Silence(s) => &s.action,
        }
    }

    /// Returns what is done in a few words, `rollback of momo-store/momo 7 → 6`.
    pub fn deed(&self) -> String {
        match &self.what {
            Doing::Rollback(r) => {
                format!("rollback of {} {} → {}", self.target(), r.from.revision, r.to.revision)
            }
            Doing::Deed(d) => format!("{} of {}", d.action, d.target),
            Doing::Silence(s) => format!("{} of {}", s.action, s.target()),
        }
    }

    /// Returns what is typed to confirm it in a protected context, and what that is, `the release's name`.
    pub fn phrase(&self) -> (&str, &'static str) {
        match &self.what {
            Doing::Rollback(r) if r.losses.is_empty() => (r.phrase.as_str(), "the release's name"),
            Doing::Rollback(r) => (r.phrase.as_str(), "the names of what is lost"),
            Doing::Deed(d) => (d.phrase.as_str(), d.phrase_is()),
            Doing::Silence(s) => s.phrase(),
        }
    }

    /// Returns its heading, `Roll back momo-store/momo   7 → 6`.
    pub fn title(&self) -> String {
        match &self.what {
            Doing::Rollback(r) => {
                format!("Roll back {}   {} → {}", self.target(), r.from.revision, r.to.revision)
            }
            Doing::Deed(d) => d.order.to_string(),
            Doing::Silence(s) => s.order(),
        }
    }

    /// Returns what its confirmation orders, `Roll back momo-store/momo to 6`.
    pub fn order(&self) -> String {
        match &self.what {
            Doing::Rollback(r) => format!("Roll back {} to {}", self.target(), r.to.revision),
            Doing::Deed(d) => d.order.to_string(),
            Doing::Silence(s) => s.order(),
        }
    }

    /// Returns what confirming it does: `rolls back`.
    pub fn does(&self) -> &'static str {
        match &self.what {
            Doing::Rollback(_) => "rolls back",
            Doing::Deed(d) => d.does(),
            Doing::Silence(s) => s.does(),
        }
    }

    /// Returns what it has done when it is done: `rolled back`.
    pub fn past(&self) -> &'static str {
        match &self.what {
            Doing::Rollback(_) => "rolled back",
            Doing::Deed(d) => d.past(),
            Doing::Silence(s) => s.past(),
        }
    }

    /// Returns what is refused where rights are missing; nothing where there are none.
    pub fn missing(rights: &[String]) -> Option<String> {
        (!rights.is_empty()).then(|| format!("{MISSING}{}", rights.join(", ")))
    }

    /// Returns whether it is refused because rights are missing.
    pub fn is_denied(&self) -> bool {
        self.refusals.iter().any(|why| why.starts_with(MISSING))
    }

    /// Returns why the phrase must be typed in whatever context, where it must.
    pub fn named(&self) -> Option<&Safe> {
        match &self.what {
            Doing::Deed(d) => d.named.as_ref(),
            Doing::Rollback(r) => r.named.as_ref(),
            Doing::Silence(_) => None,
        }
    }

    /// Returns how long it may take, where it waits for something whatever is confirmed.
    pub fn lasts(&self) -> Span {
        match &self.what {
            Doing::Silence(_) => Span(0),
            Doing::Rollback(r) => r.lasts.unwrap_or_default(),
            Doing::Deed(d) => d.lasts.unwrap_or_default(),
        }
    }

    /// Returns whether it is checked afterwards that the service heals.
    pub fn is_checked(&self) -> bool {
        self.rollback().is_some()
    }

    /// Returns whether it changes the cluster, for which the cluster is armed and freezes hold: silences are an
    /// Alertmanager's.
    pub fn is_of_cluster(&self) -> bool {
        self.silences().is_none()
    }

    /// Returns what a plan like it is wanted for. Values of Secrets that it would write are not in it.
    pub fn wanted(&self) -> Wanted {
        match &self.what {
            Doing::Rollback(r) => Wanted::Rollback {
                namespace: self.namespace.clone(),
                release: r.release.clone(),
                to: Some(r.to.revision),
                options: r.options.clone(),
            },
            Doing::Deed(d) => Wanted::Deed {
                // One that can't be read back is one that is always refused.
                deed: serde_json::from_value(d.deed.clone())
                    .unwrap_or(super::deed::Deed::Undo { to: Some(i64::MIN) }),
                objects: d.objects.clone(),
            },
            Doing::Silence(s) => {
                Wanted::Silence { at: Some(s.alertmanager.clone()), wish: s.wish(self.made_at) }
            }
        }
    }

    /// Returns whether it is about what is wanted: a newer plan for that takes its place.
    pub fn is_for(&self, wanted: &Wanted) -> bool {
        match (&self.what, wanted) {
            (Doing::Rollback(r), Wanted::Rollback { namespace, release, .. }) => {
                self.namespace == *namespace && r.release == *release
            }
            (Doing::Deed(d), Wanted::Deed { deed, objects }) => {
                d.action.as_str() == deed.name()
                    && d.objects.iter().all(|o| objects.iter().any(|w| w.same(o)))
            }
            // A new silence is its matchers, another one its id.
            (Doing::Silence(s), Wanted::Silence { wish, .. }) => match (s.wish(self.made_at), wish) {
                (Wish::Add(is), Wish::Add(wanted)) => is.matchers == wanted.matchers,
                (Wish::Extend { id: is, .. }, Wish::Extend { id, .. }) => is == *id,
                (Wish::Expire { ids: is }, Wish::Expire { ids }) => is.iter().all(|id| ids.contains(id)),
                (Wish::Add(_) | Wish::Extend { .. } | Wish::Expire { .. }, _) => false,
            },
            (Doing::Rollback(_) | Doing::Deed(_) | Doing::Silence(_), _) => false,
        }
    }

    /// Returns a plan of the shop's release with nothing in it, for tests.
    #[doc(hidden)]
    pub fn example(now: Ts) -> Self {
        Self {
            id: PlanId::new(now, 7),
            made_at: now,
            what: Doing::Rollback(Box::new(Rollback::example(now))),
            namespace: Name::lossy("momo-store"),
            why: Vec::new(),
            owner: Safe::own("helm"),
            rights: Safe::own("all"),
            items: Vec::new(),
            refusals: Vec::new(),
            notes: Vec::new(),
            risk: Risk::Disruptive,
            user: Safe::own("me"),
            skew: Some(Span(0)),
        }
    }
}
