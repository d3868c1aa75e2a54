//! What earlier processes have left unfinished: followed where its process is there, else looked up in the cluster. Told
//! before anything else is done.

use std::sync::Arc;

use super::effects::Executor;
use super::inbox::Inbox;
use super::runners::{Handle, Runners};
use super::world::World;
use crate::act::journal::Journal;
use crate::act::runner::reconcile::{self, End};
use crate::act::runner::{Unfinished, address, unfinished};
use crate::app::Msg;
use crate::app::msg::Taken;
use crate::core::{Error, Kind, Safe};
use crate::ops::{Ended, JobMsg, Outcome, PlanId, Record, What, silence};

impl Executor {
    /// Looks for unfinished plans; the loop does not wait for the files.
    pub(super) fn recover(&self) {
        let Some(runners) = self.world.runners.clone() else { return };
        let (world, inbox, journal) = (Arc::clone(&self.world), self.inbox.clone(), self.journal.clone());
        let handles = Arc::clone(&self.followed);
        self.spawn(async move {
            let (state, own, now) = (runners.state.clone(), journal.id(), (world.clock)());
            let found = tokio::task::spawn_blocking(move || unfinished::find(&state, &own, now)).await;
            let open = match found {
                Ok(Ok(open)) => open,
                Ok(Err(error)) => return inbox.send(Msg::Notice(error)),
                Err(_) => return,
            };
            // Another cluster may be called the same.
            let here = address(&runners.target);
            let ours = |p: &Unfinished| {
                p.context == runners.context && p.server.as_ref().is_none_or(|server| *server == here)
            };
            for plan in open.into_iter().filter(ours) {
                let (world, inbox) = (Arc::clone(&world), inbox.clone());
                let handle = Handle::default();
                let mut all = handles.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                all.insert(plan.plan, handle.clone());
                drop(all);
                tokio::spawn(one(world, (runners.clone(), handle), journal.clone(), inbox, plan));
            }
        });
    }
}

/// Tells of one plan, and how it ends.
async fn one(
    world: Arc<World>,
    (runners, handle): (Runners, Handle),
    journal: Journal,
    inbox: Inbox,
    plan: Unfinished,
) {
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
    let end = match runner {
        Some(runner) => followed(&world, (&runners, handle), runner, plan, &inbox).await,
        None => looked_up(&world, &plan).await,
    };
    let settled = end.settled;
    let End { ended, text, hint, .. } = end;
    let record = Record { at: (world.clock)(), what: What::Found { plan: id, outcome: ended, text, hint } };
    // What could not be looked up is told now, and again by the next start.
    if settled {
        let written = journal.append(&record);
        inbox.send(Msg::Journalled(record.clone(), written));
    }
    inbox.send(Msg::Job(id, JobMsg::Ended(outcome_of(&record.what), Box::new(record))));
}

/// Follows a process that is still there to its end.
async fn followed(
    world: &World,
    (runners, handle): (&Runners, Handle),
    runner: PlanId,
    plan: Unfinished,
    inbox: &Inbox,
) -> End {
    let id = plan.plan;
    let tell = |news| inbox.send(Msg::Job(id, news));
    match runners.follow(runner, id, handle, &tell).await {
        Some((outcome, text)) => End { ended: outcome.word(), text, hint: None, settled: true },
        None => looked_up(world, &plan).await,
    }
}

/// Reads from the cluster what became of a plan.
async fn looked_up(world: &World, plan: &Unfinished) -> End {
    // Silences are no objects of the cluster: whoever made them keeps them.
    if plan.aim.as_str().starts_with(silence::ADD) && plan.runner.is_none() {
        let sent = !plan.writes.is_empty();
        let (ended, text) = if sent {
            (
                Ended::Unknown,
                "its process ended without a last word; whether the Alertmanager has it is not known",
            )
        } else {
            (Ended::Failed, "its process ended before anything was sent")
        };
        let hint = sent.then(|| Safe::own("nothing is sent again: `:silences` shows what is there"));
        return End { ended, text: Safe::own(text), hint, settled: true };
    }
    match world.client() {
        Ok(client) => reconcile::found(client, plan).await,
        Err(error) => {
            End { ended: Ended::Unknown, text: Safe::of(&error.line()), hint: None, settled: false }
        }
    }
}

/// Returns how a plan ended whose process is gone without a last word, as far as journal and cluster tell.
pub async fn silent(world: &World, journal: PlanId, id: PlanId) -> (Outcome, Safe) {
    let state = world.runners.as_ref().map(|r| r.state.clone()).unwrap_or_default();
    let found = tokio::task::spawn_blocking(move || unfinished::of(&state, &journal.to_string(), id)).await;
    let end = match found {
        Ok(Some(plan)) => looked_up(world, &plan).await,
        // Its first entries are on disk before it sends anything.
        _ => End {
            ended: Ended::Failed,
            text: Safe::own("the process that was to carry it out ended before it began: nothing was sent"),
            hint: Some(Safe::own("its journal may not be writable: free the disk, or set XDG_STATE_HOME")),
            settled: true,
        },
    };
    let End { ended, text, hint, .. } = end;
    let outcome = outcome_of(&What::Found { plan: id, outcome: ended, text: text.clone(), hint });
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
