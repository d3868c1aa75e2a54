//! How each source is doing, by what its answers say; every change is told to the loop and to the log.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::app::Msg;
use crate::core::{Error, Kind, Result, Span, Ts, Untrusted};
use crate::runtime::inbox::Inbox;
use crate::runtime::log;
use crate::sources::supervisor::Supervisor;
use crate::store::health::{Health, SourceId, State, Via};

/// The health of all sources; cheap to clone.
#[derive(Clone)]
pub struct Book {
    supervisor: Arc<Mutex<Supervisor>>,
    inbox: Inbox,
    changes: watch::Sender<()>,
}

impl Book {
    /// Returns an empty book that tells the loop.
    pub fn new(inbox: Inbox) -> Self {
        Self { supervisor: Arc::default(), inbox, changes: watch::Sender::new(()) }
    }

    fn lock(&self) -> MutexGuard<'_, Supervisor> {
        self.supervisor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the loop; and the log, where the state has changed.
    fn tell(&self, id: SourceId, changed: bool) {
        if let Some(health) = self.get(id) {
            if changed {
                log::source(&health);
            }
            self.inbox.send(Msg::Health(health));
            self.changes.send_replace(());
        }
    }

    /// Returns the health of a source.
    pub fn get(&self, id: SourceId) -> Option<Health> {
        self.lock().get(id).cloned()
    }

    /// Returns why a source is down, if it is.
    pub fn down(&self, id: SourceId) -> Option<Error> {
        let health = self.get(id).filter(|h| h.state == State::Down)?;
        Some(health.error.unwrap_or_else(|| Error::new(Kind::Timeout, "answer").on(health.address)))
    }

    /// Waits until a source is down; returns why.
    pub async fn lost(&self, id: SourceId) -> Error {
        let mut changes = self.changes.subscribe();
        loop {
            if let Some(error) = self.down(id) {
                return error;
            }
            if changes.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    /// Enters a source that is being connected to.
    pub fn enter(&self, id: SourceId, address: Untrusted, found: Untrusted, via: Via, now: Ts) {
        self.lock().add(id, address, found, via, now);
        self.tell(id, true);
    }

    /// Enters a kind of source that was looked for and is not there.
    pub fn missing(&self, id: SourceId, looked: Untrusted, now: Ts) {
        if self.get(id).is_some_and(|h| h.state == State::NotInstalled) {
            return;
        }
        self.lock().not_installed(id, looked, now);
        self.tell(id, true);
    }

    /// Enters a kind of source that cannot be looked for now.
    pub fn looking(&self, id: SourceId, looked: Untrusted, error: Error, now: Ts) {
        self.lock().looking(id, looked, error, now);
        self.tell(id, true);
    }

    /// Takes the outcome of a request into account. Errors about the question itself say nothing
    /// about the source.
    pub fn report<T>(&self, id: SourceId, outcome: &Result<T>, took: Span, now: Ts) {
        match outcome {
            Err(error)
                if !matches!(
                    error.kind,
                    Kind::BadQuery | Kind::NotFound | Kind::Cancelled | Kind::TooLarge
                ) =>
            {
                self.bad(id, error, now);
            }
            _ => self.good(id, took, now),
        }
    }

    /// The source answered.
    pub fn good(&self, id: SourceId, took: Span, now: Ts) {
        let changed = self.lock().good(id, took, now);
        self.tell(id, changed);
    }

    /// The source did not answer, or refused.
    pub fn bad(&self, id: SourceId, error: &Error, now: Ts) {
        let changed = self.lock().bad(id, error.clone(), now);
        self.tell(id, changed);
    }

    /// Marks what has been silent too long.
    pub fn tick(&self, now: Ts) {
        let silent = self.lock().tick(now);
        for id in silent {
            self.tell(id, true);
        }
    }

    /// Returns the sources that are to be probed now.
    pub fn due(&self, now: Ts) -> Vec<SourceId> {
        self.lock().due(now)
    }

    /// Returns when there is something to do next.
    pub fn next(&self, probes: impl Fn(SourceId) -> bool) -> Option<Ts> {
        self.lock().next(probes)
    }

    /// Notes that a source is being probed.
    pub fn asked(&self, id: SourceId, now: Ts) {
        self.lock().asked(id, now);
    }

    /// Makes every source due now: somebody wishes it.
    pub fn all_due(&self, now: Ts) {
        self.lock().all_due(now);
    }

    /// Notes when somebody who keeps his own time tries a source again.
    pub fn next_try(&self, id: SourceId, at: Ts) {
        self.lock().next_try(id, at);
        self.tell(id, false);
    }
}
