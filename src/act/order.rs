//! Orders: confirmed plans with everything that carrying them out needs.

use tokio_util::sync::CancellationToken;

use super::journal::Journal;
use super::{deeds, rollback};
use crate::core::{Result, Safe};
use crate::ops::{Confirmed, JobMsg, Outcome, Record, What, WriteState};
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
    Rollback(Box<rollback::Work>),
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

/// What carrying an order out goes by.
pub(super) struct Carry<'a> {
    /// The cluster.
    pub client: &'a Client,
    /// The wall clock.
    pub clock: &'a WallClock,
    /// The plan and the token for it.
    pub confirmed: &'a Confirmed,
    /// Where every write is noted before it is sent.
    pub journal: &'a Journal,
    /// Told to stop before the next object.
    pub stop: &'a CancellationToken,
    /// Who is told how it goes.
    pub tell: &'a (dyn Fn(JobMsg) + Sync),
}

impl Carry<'_> {
    /// Notes how far a write is.
    ///
    /// # Errors
    /// The journal can't be written: then nothing is sent.
    pub fn note(&self, text: &Safe, state: WriteState, detail: Option<Safe>) -> Result<()> {
        self.journal.append(&self.entry(text, state, detail))
    }

    /// Notes that a write is about to be sent that was announced together with others.
    ///
    /// # Errors
    /// The journal can't be written: then nothing is sent.
    pub fn note_announced(&self, text: &Safe) -> Result<()> {
        self.journal.append_covered(&self.entry(text, WriteState::Sending, None))
    }

    fn entry(&self, text: &Safe, state: WriteState, detail: Option<Safe>) -> Record {
        let what = What::Write { plan: self.confirmed.token.plan(), text: text.clone(), state, detail };
        Record { at: (self.clock)(), what }
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
        let Self { confirmed, work } = self;
        let carry = Carry { client, clock, confirmed: &confirmed, journal: &journal, stop: &stop, tell };
        match work {
            Work::Rollback(work) => rollback::run(&carry, *work).await,
            Work::Deeds(parts) => deeds::run(&carry, &parts).await,
            Work::Drain(job) => deeds::drain::run(&carry, &job).await,
        }
    }
}
