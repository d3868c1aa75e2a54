//! The rollback as a state machine.
//!
//! Owns the order of requests, which is Helm's, and what each answer means; never sends anything. The caller asks
//! [`Engine::next`] for the next step, does what it says, and brings the reply:
//!
//! 1. read the release's records again; stop when they changed since the plan
//! 2. remove the records that the history's limit takes
//! 3. create the new record: this is the lock, and stops when another was faster
//! 4. the hooks before it: each object deleted if it is to be, the record told, the object created and waited for
//! 5. each object of the target in its order: read it; create it, or read it again and change it: by a patch, by having
//!    the server apply it, or by putting it in the place of the live one
//! 6. each object that only the old manifest has: read it, delete it unless it asks to be kept; then the pods of what was
//!    changed, where they are to start anew
//! 7. where that is wanted, wait until the target's objects are ready
//! 8. the hooks after it
//! 9. mark every record that is deployed as superseded, then the new one as deployed
//!
//! After a failure both records say so, as Helm's do; when only the waiting failed, the new one alone, and the old one is
//! written once more as it was; then what was
//! created is deleted again, where that is wanted. A write whose reply is lost is never sent again: the engine reads what
//! became of it, and where that does not tell, the outcome is unknown.
//! Tested against a small API server in memory, failing at every request in every way.

mod ahead;
mod engine;
mod event;
mod finish;
mod hooks;
mod job;
mod lock;
mod objects;
mod request;
mod send;
mod waiting;

pub use engine::Engine;
pub use event::{Event, Outcome, Phase, Step};
pub use job::{Job, JobError};
pub use request::{Answer, Class, Place, Reply, Request, Verb, dry_runs};

#[cfg(test)]
mod tests;
