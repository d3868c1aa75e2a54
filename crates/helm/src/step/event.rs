//! What the engine tells its caller.

use super::request::Request;
use crate::hooks::HookEvent;
use crate::plan::ObjectId;
use crate::record::Status;

/// What the caller is to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Send this, once, and bring the reply. What is of class write is journalled before.
    Request(Request),
    /// Tell this, then ask again.
    Progress(Event),
    /// Nothing: a reply is awaited.
    Waiting,
    /// It is over.
    Done(Outcome),
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A record was removed, as the history's limit wants.
    Pruned {
        /// The name of its object.
        record: String,
    },
    /// The new record was created: nobody else may begin now.
    Locked {
        /// The new revision.
        revision: i64,
    },
    /// An object is looked at.
    Started {
        /// The object.
        object: ObjectId,
        /// Its place, from 1.
        number: usize,
        /// How many there are.
        of: usize,
    },
    /// An object was created.
    Created(ObjectId),
    /// An object was changed.
    Patched(ObjectId),
    /// An object was applied by the server.
    Applied(ObjectId),
    /// An object was put in the place of the live one.
    Replaced(ObjectId),
    /// What is sent for an object is not what the plan showed: it changed in between.
    Differs(ObjectId),
    /// Nothing was sent for an object.
    Unchanged(ObjectId),
    /// An object was deleted.
    Deleted(ObjectId),
    /// An object that had been created was deleted again, after it failed.
    CleanedUp(ObjectId),
    /// A pod was deleted so that it starts anew.
    Restarted {
        /// The object that was changed.
        object: ObjectId,
        /// The pod's name.
        pod: String,
    },
    /// An object was left although the target does not have it.
    Left {
        /// The object.
        object: ObjectId,
        /// Why.
        why: String,
    },
    /// Something failed for an object.
    ObjectFailed {
        /// The object.
        object: ObjectId,
        /// Why.
        why: String,
    },
    /// A hook begins.
    HookStarted {
        /// When it runs.
        event: HookEvent,
        /// Its object.
        hook: String,
    },
    /// A hook has succeeded.
    HookSucceeded {
        /// Its object.
        hook: String,
    },
    /// A hook has failed.
    HookFailed {
        /// Its object.
        hook: String,
        /// Why.
        why: String,
    },
    /// What a container of a hook has printed, as far as it is shown.
    HookLog {
        /// The pod and the container.
        container: String,
        /// The text.
        text: String,
    },
    /// A hook is not over yet.
    HookWaits {
        /// Its object.
        hook: String,
        /// Why.
        why: String,
    },
    /// The object of a hook was deleted.
    HookDeleted {
        /// Its object.
        hook: String,
    },
    /// An object is not ready yet.
    Waiting {
        /// The object.
        object: ObjectId,
        /// Why.
        why: String,
    },
    /// A record now says another state.
    Marked {
        /// The name of its object.
        record: String,
        /// The state.
        status: Status,
    },
    /// A record could not be written.
    RecordFailed {
        /// The name of its object.
        record: String,
        /// Why.
        why: String,
    },
}

/// How far a rollback came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing was written.
    Checking,
    /// Old records were being removed.
    Pruning,
    /// The new record was being created.
    Locking,
    /// Hooks ran, before the first object.
    PreHooks,
    /// Objects were being created and changed.
    Objects,
    /// Objects were being deleted.
    Deletions,
    /// All objects were changed; it was waited until they are ready.
    Waiting,
    /// Hooks ran, after all objects.
    PostHooks,
    /// Records were being written at the end.
    Finishing,
}

/// How a rollback ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The release is at the revision.
    Done {
        /// What did not work and does not matter to Helm: deletions, records that were not marked.
        notes: Vec<String>,
    },
    /// It failed.
    Failed {
        /// How far it came.
        phase: Phase,
        /// What failed.
        what: String,
        /// What the new record says; `None` when there is none.
        record: Option<Status>,
    },
    /// A write's outcome is not known.
    Unknown {
        /// How far it came.
        phase: Phase,
        /// Which write.
        what: String,
        /// What the new record says, as far as known; `None` when that is what is not known, or when there is none.
        record: Option<Status>,
    },
}
