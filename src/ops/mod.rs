//! Plans, risks, the gate and the journal's records: data only.
//!
//! Nothing here writes. What writes is `act`, and it takes a [`Confirmed`] that only [`gate`] can make.

pub mod freeze;
pub mod gate;
pub mod plan;
pub mod record;

pub use freeze::{Freezes, Frozen};
pub use gate::{Confirmed, Gate, Policy, WriteToken};
pub use plan::{Item, JobMsg, Outcome, PlanId, RollbackPlan};
pub use record::{Record, What};
