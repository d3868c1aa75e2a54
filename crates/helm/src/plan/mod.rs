//! What a rollback would do, and why it is refused.
//!
//! Owns the choice of the revision, the objects of both sides, what becomes of each of them, what drift would be
//! overwritten, what would restart, which records the history's limit would remove, and every reason for which this crate
//! does not roll back. Pure data: what is live, which kinds the server knows and who owns what else is brought by the caller.
//!
//! The steps, each of which can end in refusals:
//! [`choose_target`] → [`Sides::read`] → [`Sides::bind`] (with the server's kinds) → [`plan`] (with what is live).
//! Tested by whole plans over small releases.

mod accounts;
mod change;
mod choice;
mod drift;
mod leaks;
mod object;
mod objects;
mod owner;
mod refusal;
mod release;
mod replicas;
mod restart;
mod sides;

pub use choice::{Skipped, TargetChoice, choose_target, helm_picks, left_behind, prune};
pub use drift::{DriftField, means_the_same};
pub use object::{Gvk, Kinds, Mapping, ObjectId, PlanObject};
pub(crate) use objects::is_kept;
pub use objects::{Action, Live, ObjectPlan};
pub use owner::{Owner, OwnerKind, find_owner};
pub use refusal::{Doom, Refusal, Warning};
pub use release::{ABANDONED_AFTER_S, MAX_STORED, Plan, PlanInput, plan};
pub use replicas::Autoscaler;
pub(crate) use replicas::keep as keep_replicas;
pub use restart::Restart;
pub use sides::{BoundSides, Sides};

#[cfg(test)]
mod tests;
