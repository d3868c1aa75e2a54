//! What a plan does: each kind of change with what is to be known of it alone.

use deckwatch_helm::options::Options;

use super::deeds::{self, Deeds};
use super::silences::{self, Silences};
use crate::core::{Name, ObjectRef, Safe, Span, Ts, Untrusted};
use crate::ops::deed::Deed;
use crate::ops::silence::Wish;

/// The action's name of a rollback.
pub const ROLLBACK: &str = "rollback";

/// What a plan is wanted for.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// A release goes back to a revision.
    Rollback {
        /// Namespace.
        namespace: Name,
        /// Release.
        release: Name,
        /// To which revision; the last good one where none is named, or what Helm picks where its ways are wanted.
        to: Option<u32>,
        /// How it is carried out, as the flags of `helm rollback` say it.
        options: Options,
    },
    /// Something is done to objects.
    Deed {
        /// What.
        deed: Deed,
        /// To which, in this order.
        objects: Vec<ObjectRef>,
    },
    /// Something is done to silences.
    Silence {
        /// At which Alertmanager, by its name; the only one where none is named.
        at: Option<Untrusted>,
        /// What.
        wish: Wish,
    },
}

impl Wanted {
    /// Returns a rollback that is carried out as `helm rollback` does without flags.
    pub fn rollback(namespace: Name, release: Name, to: Option<u32>) -> Self {
        Self::Rollback { namespace, release, to, options: Options::default() }
    }

    /// Returns the heading while the plan is being made.
    pub fn title(&self) -> String {
        match self {
            Self::Rollback { namespace, release, .. } => format!("Roll back {namespace}/{release}"),
            Self::Deed { deed, objects } => deeds::title(deed, objects),
            Self::Silence { wish, .. } => silences::title(wish),
        }
    }
}

/// What a plan does.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum Doing {
    /// A release goes back to a revision.
    Rollback(Box<Rollback>),
    /// Something is done to objects.
    Deed(Box<Deeds>),
    /// Silences are made, extended or ended.
    Silence(Box<Silences>),
}

/// What is known of one revision.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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

/// Going back to a revision of a release.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Rollback {
    /// `rollback`.
    pub action: Safe,
    /// Release.
    pub release: Name,
    /// The revision that is left.
    pub from: RevisionInfo,
    /// The revision that is gone back to.
    pub to: RevisionInfo,
    /// A pending revision that is passed over because it is old: whether anybody still works on it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<u32>,
    /// The number of the revision that it makes.
    pub makes: u32,
    /// How it is carried out, where that differs from `helm rollback` without flags.
    #[serde(default, skip_serializing_if = "is_plain")]
    pub options: Options,
    /// What is deleted that nothing brings back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<Loss>,
    /// What is typed to confirm it: the release's name, or the names of what is lost.
    pub phrase: Safe,
    /// Why it must be typed, in whatever context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<Safe>,
    /// The hooks that run, each in words, in their order.
    pub hooks: Vec<Safe>,
    /// How long its hooks may take, and the deletion of those of an earlier run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Span>,
    /// Bytes of the record that it writes.
    pub record_bytes: usize,
    /// The release's history.
    pub history: History,
}

/// An object that is deleted and that nothing brings back.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Loss {
    /// The object, in words.
    pub object: Safe,
    /// Its name, which is typed.
    pub name: Safe,
    /// What goes with it, in words.
    pub what: Safe,
}

fn is_plain(options: &Options) -> bool {
    *options == Options::default()
}

/// How many revisions a release keeps.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct History {
    /// Revisions kept now.
    pub kept: usize,
    /// The limit.
    pub limit: usize,
    /// Those that the limit removes.
    pub prunes: Vec<u32>,
}

impl Rollback {
    /// Asks for the names of what is lost, where something is: then the release's name confirms nothing.
    #[must_use]
    pub fn losing(mut self, losses: Vec<Loss>) -> Self {
        if !losses.is_empty() {
            let names: Vec<&str> = losses.iter().map(|loss| loss.name.as_str()).collect();
            self.phrase = Safe::of(&names.join(" "));
            self.named = Some(Safe::own("it deletes what nothing brings back"));
            self.losses = losses;
        }
        self
    }

    /// Returns what it makes, in words.
    pub fn makes_words(&self) -> String {
        format!(
            "revision {}, like {}; what migrations did to data is not undone",
            self.makes, self.to.revision
        )
    }

    /// Returns a rollback of the shop's release, for tests.
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
            action: Safe::own(ROLLBACK),
            release: Name::lossy("momo"),
            from: revision(7, "0.0.1043"),
            to: revision(6, "0.0.1042"),
            over: None,
            makes: 8,
            options: Options::default(),
            losses: Vec::new(),
            phrase: Safe::own("momo"),
            named: None,
            hooks: Vec::new(),
            lasts: None,
            record_bytes: 1024,
            history: History { kept: 7, limit: 10, prunes: Vec::new() },
        }
    }
}
