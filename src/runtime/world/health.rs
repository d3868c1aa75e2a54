//! How each source is doing, by what its answers say; every change is told to the loop.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::app::Msg;
use crate::core::{Error, Kind, Result, Span, Ts, Untrusted};
use crate::runtime::inbox::Inbox;
use crate::sources::supervisor::Supervisor;
use crate::store::health::{SourceId, Via};

/// The health of all sources; cheap to clone.
#[derive(Clone)]
pub struct Book {
    supervisor: Arc<Mutex<Supervisor>>,
    inbox: Inbox,
}

impl Book {
    /// Returns an empty book that tells the loop.
    pub fn new(inbox: Inbox) -> Self {
        Self { supervisor: Arc::default(), inbox }
    }

    fn lock(&self) -> MutexGuard<'_, Supervisor> {
        self.supervisor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, id: SourceId) {
        let health = self.lock().get(id).cloned();
        if let Some(health) = health {
            self.inbox.send(Msg::Health(health));
        }
    }

    /// Enters a source that is being connected to.
    pub fn enter(&self, id: SourceId, address: Untrusted, found: Untrusted, via: Via, now: Ts) {
        self.lock().add(id, address, found, via, now);
        self.tell(id);
    }

    /// Enters a kind of source that was looked for and is not there.
    pub fn missing(&self, id: SourceId, looked: Untrusted, now: Ts) {
        self.lock().not_installed(id, looked, now);
        self.tell(id);
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
        self.lock().good(id, took, now);
        self.tell(id);
    }

    /// The source did not answer, or refused.
    pub fn bad(&self, id: SourceId, error: &Error, now: Ts) {
        self.lock().bad(id, error.clone(), now);
        self.tell(id);
    }
}
