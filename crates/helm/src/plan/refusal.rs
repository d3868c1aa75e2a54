//! Why a rollback is refused, and what its reader must know.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::object::{Gvk, ObjectId};
use super::owner::Owner;
use crate::record::Status;

/// Where Helm fails, whatever the objects, once its record is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Doom {
    /// The objects can't be built: the new record stays pending.
    Build(String),
    /// What is asked for does not go together: after the hooks both records say that it failed.
    Options(String),
}

impl fmt::Display for Doom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build(why) => {
                write!(f, "it fails as soon as its record is there, which then stays pending: {why}")
            }
            Self::Options(why) => write!(f, "it fails before the first object: {why}"),
        }
    }
}

/// A reason for which nothing is written.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// The release has no records.
    #[error("the release has no records")]
    NoHistory,
    /// No earlier revision was ever good.
    #[error("no earlier revision was deployed and not failed; name one")]
    NoGoodRevision,
    /// The revision is not in the history.
    #[error("the release has no revision {0}")]
    NoSuchRevision(i64),
    /// A record cannot be read.
    #[error("the record of revision {revision} cannot be read: {why}")]
    Unreadable {
        /// The revision.
        revision: i64,
        /// What is wrong with it.
        why: String,
    },
    /// The manifest of a revision cannot be read.
    #[error("the manifest of revision {revision} cannot be read: {why}")]
    Manifest {
        /// The revision.
        revision: i64,
        /// What is wrong with it.
        why: String,
    },
    /// An operation is under way, or died.
    #[error("revision {revision} is {status}{}: somebody may be at work; after 5 minutes it can be passed over",
        age_text(*.age_seconds))]
    Pending {
        /// The last revision.
        revision: i64,
        /// Its state.
        status: Status,
        /// How long ago it began, in seconds, when its record says so.
        age_seconds: Option<i64>,
    },
    /// The manifest of a hook that would run cannot be read.
    #[error("the hook `{hook}` of revision {revision} cannot be read: {why}")]
    HookManifest {
        /// The revision that is rolled back to.
        revision: i64,
        /// The hook's template.
        hook: String,
        /// What is wrong with it.
        why: String,
    },
    /// The revision was applied in a way that is not known.
    #[error("revision {revision} was applied with method `{method}`, which is not known here")]
    ApplyMethod {
        /// The revision that is rolled back to.
        revision: i64,
        /// The method that its record names.
        method: String,
    },
    /// The server does not serve a kind.
    #[error("the server does not know the kind {0}, of which the release has objects")]
    UnknownKind(Gvk),
    /// An object has no name, or only one that the server would generate. Helm fails on it too, when it comes to it.
    #[error(
        "an object of kind {0} has no name of its own: Helm looks each object up by its name, and fails without"
    )]
    NoName(Gvk),
    /// Options that do not go together, or that the Helm whose ways are followed does not have.
    #[error("{0}")]
    Options(&'static str),
    /// An object stands twice in a manifest.
    #[error("revision {revision} holds {object} twice")]
    Twice {
        /// The revision.
        revision: i64,
        /// The object.
        object: Box<ObjectId>,
    },
    /// Somebody else owns an object.
    #[error("{object} is owned by {owner}: {}", .owner.advice())]
    Owned {
        /// The object, or `None` for the release as a whole.
        object: String,
        /// The owner.
        owner: Owner,
    },
    /// The owner is held back, and has not come to rest yet.
    #[error("{0} is suspended, but Flux is still at work on it: wait until it is idle")]
    AtWork(Owner),
    /// The user may not read an object.
    #[error("{object} cannot be read: {why}")]
    Denied {
        /// The object.
        object: Box<ObjectId>,
        /// What the server said.
        why: String,
    },
    /// What would be sent for an object cannot be computed; Helm would fail there too.
    #[error("no patch can be made for {object}: {why}")]
    NoPatch {
        /// The object.
        object: Box<ObjectId>,
        /// What is wrong.
        why: String,
    },
    /// The new record would not fit an object.
    #[error("the new record would be {bytes} bytes long; an object holds {limit}")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The release is kept in both Secrets and ConfigMaps.
    #[error("the release has records in Secrets and in ConfigMaps")]
    TwoDrivers,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TargetFailed => f.write_str("the revision that is gone back to failed when it was made"),
            Self::CurrentFailed => {
                f.write_str("the last revision failed: objects may be those of either revision")
            }
            Self::CurrentPending => {
                f.write_str("the last revision was never finished: objects may be those of either revision")
            }
            Self::NoBase => f.write_str(
                "no good revision is left before the last one: what failures left in the cluster can't be looked for",
            ),
            Self::Orphan(object) => write!(
                f,
                "{object} was left behind by a revision that failed, and Helm would leave it: `--repair` deletes it"
            ),
            Self::OrphanDeleted => f.write_str("a revision that failed left it behind; Helm would leave it"),
            Self::Leaks(paths) => write!(
                f,
                "a revision that failed left `{}` behind, and Helm would leave it: `--repair` takes it away",
                paths.join("`, `")
            ),
            Self::LeaksRepaired(paths) => write!(
                f,
                "`{}`, which a revision that failed left behind, is taken away; Helm would leave it",
                paths.join("`, `")
            ),
            Self::Uninstalled => f.write_str("the release is uninstalled: everything is created anew"),
            Self::DeletesDefinition => f.write_str("deletes every object of its kind with it"),
            Self::DeletesClaim => f.write_str("may delete the data of the claim"),
            Self::DeletesNamespace => f.write_str("deletes all that is in the namespace"),
            Self::Immutable(path) => write!(f, "`{path}` cannot be changed: the server will refuse"),
            Self::ReplicasSetByOther(who) => {
                write!(f, "the number of replicas was set by `{who}` and is set back")
            }
            Self::ReplicasKept { live, manifest, by } => write!(
                f,
                "its replicas stay at {live}, which `{by}` sets: the revision says {manifest}, and Helm would set that"
            ),
            Self::ReplicasTaken { live, manifest, by } => {
                write!(f, "its replicas are {live}, which `{by}` sets: they become {manifest}")
            }
            Self::Misfit(what) => write!(f, "does not fit its type ({what}): drift is not seen"),
            Self::Nameless(kind) => write!(
                f,
                "an object of kind {kind} of the last revision has no name of its own: as Helm does, it is left where it is"
            ),
            Self::Replaced => f.write_str("it is replaced whole: fields that others set are lost"),
            Self::TakesFieldsOver => f.write_str(
                "what Helm once patched becomes what it has the server apply: fields that the target lacks are removed, and \
                 this cannot be undone",
            ),
            Self::AccountGoes(name) => write!(
                f,
                "its pods go on being run by the service account {name}, which is deleted: no pod of it can be made any more"
            ),
            Self::NotBuiltIn => f.write_str(
                "its kind is not built into Kubernetes: only what differs between the manifests is sent, so that what \
                 others changed is neither seen nor set back",
            ),
            Self::DuplicateKeys(path) => write!(f, "`{path}` has two items with one key"),
            Self::OtherOwner(who) => write!(f, "somebody else seems to own it: {who}"),
            Self::ForeignRelease(whose) => write!(f, "it belongs to {whose} and is taken over"),
            Self::Terminating => f.write_str("it is being deleted"),
            Self::Unforeseen(why) => write!(f, "what becomes of it is not known: {why}"),
        }
    }
}

fn age_text(age: Option<i64>) -> String {
    match age {
        Some(seconds) if seconds >= 120 => format!(" since {} minutes", seconds / 60),
        Some(seconds) if seconds >= 0 => format!(" since {seconds} seconds"),
        _ => String::new(),
    }
}

/// Something that the reader of a plan must know before confirming it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The revision that is rolled back to failed when it was made.
    TargetFailed,
    /// The last revision did not succeed.
    CurrentFailed,
    /// The last revision is pending.
    CurrentPending,
    /// The last revision did not succeed, and there is no good one from which on its leaks could be looked for.
    NoBase,
    /// An object that a failed revision left behind, and that stays.
    Orphan(String),
    /// A failed revision left the object behind; it is deleted on request.
    OrphanDeleted,
    /// Fields that a failed revision left behind, and that stay.
    Leaks(Vec<String>),
    /// Fields that a failed revision left behind, and that are taken away on request.
    LeaksRepaired(Vec<String>),
    /// The release was uninstalled: all objects are created anew.
    Uninstalled,
    /// Deleting this definition deletes all objects of its kind.
    DeletesDefinition,
    /// Deleting this claim can delete its data.
    DeletesClaim,
    /// Deleting this namespace deletes all that is in it.
    DeletesNamespace,
    /// A field that cannot be changed would be: the server will refuse.
    Immutable(String),
    /// The number of replicas was set by another than Helm, and would be set back.
    ReplicasSetByOther(String),
    /// The live number of replicas stays: an autoscaler sets it.
    ReplicasKept {
        /// The live number.
        live: String,
        /// What the manifest says.
        manifest: String,
        /// The autoscaler.
        by: String,
    },
    /// An autoscaler's number of replicas is overwritten, as Helm does it.
    ReplicasTaken {
        /// The live number.
        live: String,
        /// What the manifest says.
        manifest: String,
        /// The autoscaler.
        by: String,
    },
    /// A value does not fit the kind's type: Helm then sends only what changed between the manifests, and sees no drift.
    Misfit(String),
    /// An object of the last revision has no name of its own: nobody finds it, and it is not deleted.
    Nameless(Gvk),
    /// The object is put in the place of the live one.
    Replaced,
    /// Fields that Helm set by patches become fields that it applies, for good, before the server applies the object.
    TakesFieldsOver,
    /// The kind is not built into Kubernetes: Helm sends only what changed between the manifests, and sees no drift.
    NotBuiltIn,
    /// A list has two items with one merge key: the server merges them into one, or refuses.
    DuplicateKeys(String),
    /// Another owner than those that are refused.
    OtherOwner(String),
    /// The object exists and is not this release's: it would be taken over.
    ForeignRelease(String),
    /// The object is being deleted.
    Terminating,
    /// Its pods are to be run by this service account, which is deleted.
    AccountGoes(String),
    /// What would be sent for it is not known, and Helm would go on all the same.
    Unforeseen(String),
}
