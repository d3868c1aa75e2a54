//! Plans of every kind: made from what the server has, and carried out.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::journal::Journal;
use super::rollback;
use crate::core::{ClusterId, Result, Safe, Ts};
use crate::ops::{Confirmed, JobMsg, Outcome, Plan, PlanId, Wanted};
use crate::sources::auth::WallClock;
use crate::sources::kube::Client;

/// A plan with everything that carrying it out needs.
pub enum Prepared {
    /// A rollback.
    Rollback(Box<rollback::Prepared>),
}

impl Prepared {
    /// Returns the plan as it is shown.
    pub fn plan(&self) -> &Arc<Plan> {
        match self {
            Self::Rollback(prepared) => &prepared.plan,
        }
    }
}

/// Reads everything that a change needs and makes the plan; nothing is written.
///
/// # Errors
/// What can't be read.
pub async fn prepare(
    client: &Client,
    cluster: &ClusterId,
    id: PlanId,
    now: Ts,
    wanted: &Wanted,
) -> Result<Prepared> {
    match wanted {
        Wanted::Rollback { namespace, release, to } => {
            let made = rollback::prepare(client, cluster, id, now, (namespace, release), *to).await?;
            Ok(Prepared::Rollback(Box::new(made)))
        }
    }
}

/// Carries a confirmed plan out and tells how it goes. Returns how it ended and what is said of it.
pub async fn run(
    client: &Client,
    clock: &WallClock,
    prepared: Prepared,
    confirmed: Confirmed,
    journal: Journal,
    stop: CancellationToken,
    tell: &(dyn Fn(JobMsg) + Sync),
) -> (Outcome, Safe) {
    match prepared {
        Prepared::Rollback(prepared) => {
            rollback::run(client, clock, *prepared, confirmed, journal, stop, tell).await
        }
    }
}
