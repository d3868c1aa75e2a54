//! Orders: confirmed plans with everything that carrying them out needs.

use deckwatch_helm::step::Job;
use tokio_util::sync::CancellationToken;

use super::journal::Journal;
use super::{deeds, rollback};
use crate::core::Safe;
use crate::ops::{Confirmed, JobMsg, Outcome};
use crate::sources::auth::WallClock;
use crate::sources::kube::Client;

/// A confirmed plan and what is to be sent for it. Can be handed to another process; holds secrets that are to be sent.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub struct Order {
    /// The plan as it was shown, and the token for it.
    pub confirmed: Confirmed,
    /// What is to be sent.
    pub work: Work,
}

/// What is to be sent. Its `Debug` shows nothing of it: it holds values of releases and Secrets.
#[derive(serde::Serialize, serde::Deserialize)]
pub enum Work {
    /// What Helm's engine asks for.
    Rollback(Box<Job>),
    /// One request an object.
    Deeds(Vec<deeds::Part>),
    /// Nodes that are cordoned, and their pods.
    Drain(Box<deeds::drain::Job>),
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Rollback(_) => "Rollback(…)",
            Self::Deeds(_) => "Deeds(…)",
            Self::Drain(_) => "Drain(…)",
        })
    }
}

impl Order {
    /// Carries it out and tells how it goes. Returns how it ended and what is said of it.
    pub async fn run(
        self,
        client: &Client,
        clock: &WallClock,
        journal: Journal,
        stop: CancellationToken,
        tell: &(dyn Fn(JobMsg) + Sync),
    ) -> (Outcome, Safe) {
        match self.work {
            Work::Rollback(job) => {
                rollback::run(client, clock, *job, self.confirmed, journal, stop, tell).await
            }
            Work::Deeds(parts) => deeds::run(client, clock, parts, self.confirmed, journal, stop, tell).await,
            Work::Drain(job) => {
                deeds::drain::run(client, clock, *job, self.confirmed, journal, stop, tell).await
            }
        }
    }
}
