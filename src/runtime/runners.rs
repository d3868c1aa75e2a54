//! Plans that a process of their own carries out: started, followed by their journals, told to stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::act::Order;
use crate::act::runner::{self, Follower, Handover, News, Parties};
use crate::core::{Result, Safe};
use crate::ops::{JobMsg, Outcome, PlanId};
use crate::sources::kube::Target;

/// How often a runner's journal is looked at.
const LOOK: Duration = Duration::from_millis(25);

/// What starting a runner takes.
#[derive(Clone)]
pub struct Runners {
    /// Where state is kept.
    pub state: PathBuf,
    /// The cluster.
    pub target: Arc<Target>,
    /// The context.
    pub context: Safe,
    /// Who is at the keyboard.
    pub who: Safe,
    /// The name of this process's journal.
    pub parent: Safe,
}

/// How to reach a runner that may still be starting.
#[derive(Clone, Debug, Default)]
pub struct Handle {
    pid: Arc<watch::Sender<Option<u32>>>,
    ended: Arc<std::sync::OnceLock<watch::Receiver<bool>>>,
    stop: Arc<watch::Sender<bool>>,
}

impl Handle {
    /// Tells it to stop before its next object, as soon as it is there.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Returns whether it has ended, where that is known.
    fn ended(&self) -> Option<bool> {
        self.ended.get().map(|ended| *ended.borrow())
    }

    /// Returns its process.
    pub fn pid(&self) -> Option<u32> {
        *self.pid.borrow()
    }
}

impl Runners {
    /// Starts a runner for an order and follows it to its end. `journal` is the name of its journal.
    ///
    /// # Errors
    /// It was not started: nothing was sent.
    pub async fn run(
        &self,
        journal: PlanId,
        order: Order,
        handle: Handle,
        tell: &(dyn Fn(JobMsg) + Sync),
    ) -> Result<Option<(Outcome, Safe)>> {
        let plan = order.confirmed.plan.id;
        let parties = Parties {
            state: self.state.clone(),
            journal,
            parent: self.parent.clone(),
            context: self.context.clone(),
            who: self.who.clone(),
        };
        let text = Handover::new(parties, &self.target, order)?.text()?;
        let spawned = runner::spawn(text).await?;
        handle.ended.set(spawned.ended).ok();
        handle.pid.send_replace(Some(spawned.pid));
        Ok(self.follow(journal, plan, handle, tell).await)
    }

    /// Follows a runner to its end. Returns how it ended and what is said of it; none where it is gone without a last
    /// word.
    pub async fn follow(
        &self,
        journal: PlanId,
        plan: PlanId,
        handle: Handle,
        tell: &(dyn Fn(JobMsg) + Sync),
    ) -> Option<(Outcome, Safe)> {
        let mut follower = Follower::new(&self.state, &journal.to_string(), plan);
        let mut told = false;
        loop {
            let ended = handle.ended();
            // Another process may have the number of one that has ended.
            if *handle.stop.borrow() && !told && ended != Some(true) {
                told = handle.pid().is_some_and(runner::stop);
            }
            let looked = tokio::task::spawn_blocking(move || {
                let news = follower.look(ended);
                (follower, news)
            });
            let (back, news) = looked.await.ok()?;
            follower = back;
            for one in news {
                match one {
                    News::Runner(pid) => drop(handle.pid.send_replace(Some(pid))),
                    News::Job(JobMsg::Ended(outcome, record)) => {
                        let text = match &record.what {
                            crate::ops::What::Outcome { text, .. } => text.clone(),
                            _ => outcome.words(),
                        };
                        return Some((outcome, text));
                    }
                    News::Job(step) => tell(step),
                    News::Silent => return None,
                }
            }
            // Its end is told at once where it is a process of ours.
            let mut gone = handle.ended.get().cloned().filter(|ended| !*ended.borrow());
            let gone = async {
                let told = match &mut gone {
                    Some(ended) => ended.changed().await.is_ok(),
                    None => false,
                };
                if !told {
                    std::future::pending::<()>().await;
                }
            };
            tokio::time::timeout(LOOK, gone).await.ok();
        }
    }
}
