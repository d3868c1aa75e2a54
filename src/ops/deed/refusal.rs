//! Why a deed cannot be done.

use std::fmt;

use crate::core::{Error, Kind, Safe, Untrusted};

/// Why a deed cannot be done; each prints one sentence without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not done to objects of that kind.
    WrongKind {
        /// The deed's name.
        deed: &'static str,
        /// The object's kind.
        kind: Safe,
    },
    /// The object is not what a server would say.
    Unreadable(Safe),
    /// The Deployment is paused.
    Paused,
    /// It is as it would be made: `already paused`, `not paused`, `already cordoned`.
    Already(&'static str),
    /// There is no such revision.
    NoRevision(i64),
    /// There is no revision to go back to.
    NoHistory,
    /// The template is that of the revision.
    SameTemplate(i64),
    /// There is no container of that name.
    NoContainer(Safe),
    /// A parameter makes no sense.
    Invalid(Safe),
    /// A key has a value, and it may not be overwritten.
    Overwrites {
        /// The key.
        key: Safe,
        /// Its value.
        value: Safe,
    },
    /// No operation on the release is pending.
    NotPending {
        /// The revision.
        revision: i64,
        /// Its state.
        status: Safe,
    },
    /// It would change nothing.
    NoChange,
    /// An edit changes which object it is.
    Identity(&'static str),
    /// The object has changed since it was opened in the editor.
    Moved,
    /// There are not as many replicas as there must be.
    Current {
        /// How many there must be.
        wanted: i64,
        /// How many there are.
        is: i64,
    },
    /// The pod comes from a file on its node.
    MirrorPod,
    /// It is being deleted already, perhaps held by finalizers.
    Terminating(Vec<Safe>),
    /// No patch can be made.
    NoPatch(Safe),
    /// The server serves no such kind.
    Unserved(Safe),
    /// The object is not there.
    Gone,
    /// Another object of the same name stands in its place.
    Replaced,
    /// The object could not be read, and why.
    Unread(Safe),
    /// Somebody else writes it: Flux, Argo CD, a Rollout.
    Owned(Safe),
}

impl Refusal {
    pub(super) fn wrong_kind(deed: &'static str, kind: &str) -> Self {
        Self::WrongKind { deed, kind: Safe::of(kind) }
    }

    pub(super) fn unreadable(what: &str) -> Self {
        Self::Unreadable(clip(what))
    }

    pub(super) fn invalid(what: &str) -> Self {
        Self::Invalid(clip(what))
    }

    /// Returns its class.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Invalid(_) | Self::NoContainer(_) | Self::WrongKind { .. } | Self::Identity(_) => {
                Kind::Usage
            }
            Self::Unreadable(_) => Kind::Decode,
            Self::NoRevision(_) | Self::NoHistory | Self::Gone | Self::Unserved(_) => Kind::NotFound,
            Self::Moved | Self::Current { .. } | Self::Replaced => Kind::Conflict,
            Self::Paused
            | Self::Already(_)
            | Self::SameTemplate(_)
            | Self::Overwrites { .. }
            | Self::NotPending { .. }
            | Self::NoChange
            | Self::MirrorPod
            | Self::Terminating(_)
            | Self::Unread(_)
            | Self::Owned(_)
            | Self::NoPatch(_) => Kind::Refused,
        }
    }

    /// Returns the error of a deed on an object.
    pub fn error(&self, deed: &str, on: &str) -> Error {
        Error::new(self.kind(), deed).on(on).detail(self.to_string())
    }
}

/// Makes text of a server or a person harmless, and no longer than a sentence.
pub(super) fn clip(text: &str) -> Safe {
    Untrusted::from(text).clipped(200)
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongKind { deed, kind } => write!(f, "{deed} does not apply to a {kind}"),
            Self::Unreadable(what) => write!(f, "the object cannot be read: {what}"),
            Self::Paused => f.write_str("it is paused: resume it first"),
            Self::Already(state) => write!(f, "it is {state}"),
            Self::NoRevision(revision) => write!(f, "there is no revision {revision} in its history"),
            Self::NoHistory => f.write_str("there is no earlier revision to go back to"),
            Self::SameTemplate(revision) => {
                write!(f, "skipped: its template already matches revision {revision}")
            }
            Self::NoContainer(name) => write!(f, "it has no container `{name}`"),
            Self::Invalid(why) => write!(f, "{why}"),
            Self::Overwrites { key, value } => {
                write!(f, "`{key}` already has the value `{value}`, and overwriting is not allowed")
            }
            Self::NotPending { revision, status } => {
                write!(f, "nothing is pending: revision {revision} is {status}")
            }
            Self::NoChange => f.write_str("it would change nothing"),
            Self::Identity(field) => write!(f, "{field} cannot be changed: it would be another object"),
            Self::Moved => f.write_str("it has changed since it was opened in the editor"),
            Self::Current { wanted, is } => write!(f, "it has {is} replicas, not {wanted}"),
            Self::MirrorPod => f.write_str(
                "it is a static pod: its kubelet brings it back until the file on the node is gone",
            ),
            Self::Terminating(held) if held.is_empty() => f.write_str("it is being deleted already"),
            Self::Terminating(held) => {
                write!(f, "it is being deleted already, held by ")?;
                held.iter().enumerate().try_for_each(|(at, finalizer)| {
                    write!(f, "{}{finalizer}", if at == 0 { "" } else { ", " })
                })
            }
            Self::NoPatch(why) => write!(f, "no patch can be made: {why}"),
            Self::Unserved(kind) => write!(f, "the server serves no {kind}"),
            Self::Gone => f.write_str("it is not there any more"),
            Self::Replaced => f.write_str("another object of the same name stands in its place"),
            Self::Unread(why) => write!(f, "it could not be read: {why}"),
            Self::Owned(owner) => {
                write!(f, "{owner} writes it and would undo this: change it there")
            }
        }
    }
}

impl std::error::Error for Refusal {}
