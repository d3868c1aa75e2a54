//! Plans, risks, the gate and the journal's records: data only.
//!
//! Nothing here writes. What writes is `act`, and it takes a [`Confirmed`] that only [`gate`] can make.

pub mod deed;
pub mod freeze;
pub mod gate;
pub mod kept;
pub mod plan;
pub mod record;
pub mod silence;

pub use freeze::{Freezes, Frozen};
pub use gate::{Confirmed, Gate, Policy, WriteToken};
pub use plan::{Doing, Item, JobMsg, Outcome, Plan, PlanId, Wanted};
pub use record::{Ended, How, Record, What, WriteState};
