//! What earlier processes have left unfinished: followed where its process is there, else looked up in the cluster. Told
//! before anything else is done.

use std::sync::Arc;

use super::effects::Executor;
use super::inbox::Inbox;
use super::runners::{Handle, Runners};
use super::world::World;
use crate::act::journal::Journal;
use crate::act::runner::{Unfinished, reconcile, unfinished};
use crate::app::Msg;
use crate::app::msg::Taken;
use crate::core::{Error, Kind, Safe};
use crate::ops::{Ended, JobMsg, Outcome, PlanId, Record, What};

impl Executor {
    /// Looks for unfinished plans; the loop does not wait for the files.
    pub(super) fn recover(&self) {
        let Some(runners) = self.world.runners.clone() else { return };
        let (world, inbox, journal) = (Arc::clone(&self.world), self.inbox.clone(), self.journal.clone());
        self.spawn(async move {
            let (state, own, now) = (runners.state.clone(), journal.id(), (world.clock)());
            let found = tokio::task::spawn_blocking(move || unfinished::find(&state, &own, now)).await;
            let open = match found {
                Ok(Ok(open)) => open,
                Ok(Err(error)) => return inbox.send(Msg::Notice(error)),
                Err(_) => return,
            };
            for plan in open.into_iter().filter(|p| p.context == runners.context) {
                let (world, inbox) = (Arc::clone(&world), inbox.clone());
                tokio::spawn(one(world, runners.clone(), journal.clone(), inbox, plan));
            }
        });
    }
}

/// Tells of one plan, and how it ends.
async fn one(world: Arc<World>, runners: Runners, journal: Journal, inbox: Inbox, plan: Unfinished) {
    let id = plan.plan;
    let live = plan.runner.as_ref().filter(|r| r.live && plan.ended.is_none());
    inbox.send(Msg::Taken(Box::new(Taken {
        id,
        aim: plan.aim.clone(),
        confirmed: plan.confirmed,
        shown: plan.shown.clone().map(Arc::from),
        live: live.is_some(),
    })));
    let runner = live.and_then(|r| r.journal.parse().ok());
    let what = match runner {
        Some(runner) => followed(&world, &runners, runner, plan, &inbox).await,
        None => looked_up(&world, &plan).await,
    };
    let Some(what) = what else { return };
    let record = Record { at: (world.clock)(), what };
    let written = journal.append(&record);
    inbox.send(Msg::Journalled(record.clone(), written));
    inbox.send(Msg::Job(id, JobMsg::Ended(outcome_of(&record.what), Box::new(record))));
}

/// Follows a process that is still there to its end.
async fn followed(
    world: &World,
    runners: &Runners,
    runner: PlanId,
    plan: Unfinished,
    inbox: &Inbox,
) -> Option<What> {
    let id = plan.plan;
    let handle = Handle::default();
    let tell = |news| inbox.send(Msg::Job(id, news));
    match runners.follow(runner, id, handle, &tell).await {
        Some((outcome, text)) => Some(What::Found { plan: id, outcome: outcome.word(), text, hint: None }),
        None => looked_up(world, &plan).await,
    }
}

/// Reads from the cluster what became of a plan.
async fn looked_up(world: &World, plan: &Unfinished) -> Option<What> {
    let (outcome, text, hint) = reconcile::found(world.client().ok()?, plan).await;
    Some(What::Found { plan: plan.plan, outcome, text, hint })
}

/// Returns how a plan ended whose process is gone without a last word, as far as journal and cluster tell.
pub async fn silent(world: &World, journal: PlanId, id: PlanId) -> (Outcome, Safe) {
    let state = world.runners.as_ref().map(|r| r.state.clone()).unwrap_or_default();
    let found = tokio::task::spawn_blocking(move || unfinished::of(&state, &journal.to_string(), id)).await;
    let what = match found {
        Ok(Some(plan)) => looked_up(world, &plan).await,
        _ => None,
    };
    let what = what.unwrap_or(What::Found {
        plan: id,
        outcome: Ended::Unknown,
        text: Safe::own("the process that was to carry it out is gone, and its journal can't be read"),
        hint: Some(Safe::own("nothing is sent again: look at the objects")),
    });
    let outcome = outcome_of(&what);
    let text = match what {
        What::Found { text, .. } => text,
        _ => outcome.words(),
    };
    (outcome, text)
}

fn outcome_of(what: &What) -> Outcome {
    let What::Found { outcome, text, hint, .. } = what else { return Outcome::Done };
    let error = |kind| {
        let error = Error::new(kind, "carry out the plan").detail(text.as_str());
        match hint {
            Some(hint) => error.hint(hint.as_str()),
            None => error,
        }
    };
    match outcome {
        Ended::Done => Outcome::Done,
        Ended::Failed => Outcome::Failed(error(Kind::Server)),
        Ended::Unknown => Outcome::Unknown(error(Kind::OutcomeUnknown)),
    }
}
