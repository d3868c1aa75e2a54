//! Plans of every kind: made from what the server has, and turned into orders.

use std::path::Path;
use std::sync::Arc;

use super::deeds::{self, drain};
use super::order::{Order, Work};
use super::{asker, rollback, silence};
use crate::core::{ClusterId, Error, Kind, Result, Safe, Ts};
use crate::ops::deed::Deed;
use crate::ops::{Confirmed, Plan, PlanId, Wanted};
use crate::sources::auth::WallClock;
use crate::sources::kube::Client;

/// A plan with everything that carrying it out needs.
pub enum Prepared {
    /// A rollback.
    Rollback(Box<rollback::Prepared>),
    /// An action on objects.
    Deeds(Box<deeds::Prepared>),
    /// Nodes that are drained.
    Drain(Box<drain::Prepared>),
    /// Silences, which the process that confirms them carries out itself.
    Silence(Box<silence::Prepared>),
}

impl Prepared {
    /// Returns the plan as it is shown.
    pub fn plan(&self) -> &Arc<Plan> {
        match self {
            Self::Rollback(prepared) => &prepared.plan,
            Self::Deeds(prepared) => &prepared.plan,
            Self::Drain(prepared) => &prepared.plan,
            Self::Silence(prepared) => &prepared.plan,
        }
    }

    /// Returns the order to carry it out.
    ///
    /// # Errors
    /// `Refused`, where the confirmation is not for this plan or has expired, or the plan can't be carried out.
    pub fn order(&self, confirmed: Confirmed, now: Ts) -> Result<Order> {
        check(self.plan().id, &confirmed, now)?;
        let work = match self {
            Self::Rollback(prepared) => Work::Rollback(Box::new(prepared.work(confirmed.wait, now)?)),
            Self::Deeds(prepared) => Work::Deeds(prepared.parts.clone()),
            Self::Drain(prepared) => Work::Drain(Box::new(prepared.job.clone())),
            Self::Silence(_) => return Err(no_order()),
        };
        Ok(Order { confirmed, work })
    }
}

/// Checks that a confirmation is for a plan and still good.
pub(super) fn check(plan: PlanId, confirmed: &Confirmed, now: Ts) -> Result<()> {
    if confirmed.token.plan() != plan || !confirmed.token.is_good(now) {
        return Err(Error::new(Kind::Refused, "carry out the plan")
            .detail("the confirmation is not for this plan, or too old"));
    }
    Ok(())
}

/// Silences are no change to the cluster: they have their own preparation and no order.
fn no_order() -> Error {
    Error::new(Kind::Internal, "plan a silence").detail("it was taken for a change to the cluster")
}

/// Reads everything that a change needs and makes the plan; nothing is written. `state` is the folder with the journals of
/// earlier processes.
///
/// # Errors
/// What can't be read.
pub async fn prepare(
    client: &Client,
    cluster: &ClusterId,
    id: PlanId,
    clock: &WallClock,
    wanted: &Wanted,
    state: Option<&Path>,
) -> Result<Prepared> {
    let (made, asker) =
        futures::join!(make(client, cluster, id, clock(), wanted, state), asker::ask(client, clock));
    let mut prepared = made?;
    let plan = Arc::make_mut(match &mut prepared {
        Prepared::Rollback(prepared) => &mut prepared.plan,
        Prepared::Deeds(prepared) => &mut prepared.plan,
        Prepared::Drain(prepared) => &mut prepared.plan,
        Prepared::Silence(prepared) => &mut prepared.plan,
    });
    (plan.user, plan.skew) = (asker.user, asker.skew);
    plan.notes.extend(asker.ends);
    if asker.skew.is_none() {
        plan.notes.push(Safe::own("the server told no time: what is frozen goes by this host's clock alone"));
    }
    Ok(prepared)
}

async fn make(
    client: &Client,
    cluster: &ClusterId,
    id: PlanId,
    now: Ts,
    wanted: &Wanted,
    state: Option<&Path>,
) -> Result<Prepared> {
    match wanted {
        Wanted::Rollback { namespace, release, to, options } => {
            let asked = rollback::Asked { namespace, release, to: *to, options };
            let made = rollback::prepare(client, cluster, id, now, &asked, state).await?;
            Ok(Prepared::Rollback(Box::new(made)))
        }
        Wanted::Deed { deed: Deed::Drain(options), objects } => {
            let made = drain::prepare(client, cluster, id, now, options, objects).await?;
            Ok(Prepared::Drain(Box::new(made)))
        }
        Wanted::Deed { deed, objects } => {
            let made = deeds::prepare(client, cluster, id, now, deed, objects).await?;
            Ok(Prepared::Deeds(Box::new(made)))
        }
        Wanted::Silence { .. } => Err(no_order()),
    }
}
