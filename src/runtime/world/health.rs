//! How each source is doing, by what its answers say; every change is told to the loop.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::app::Msg;
use crate::core::{Error, Kind, Result, Span, Ts, Untrusted};
use crate::runtime::inbox::Inbox;
use crate::store::health::{Health, SourceId, State, Via};

/// The health of all sources; cheap to clone.
#[derive(Clone)]
pub struct Book {
    entries: Arc<Mutex<BTreeMap<SourceId, Health>>>,
    inbox: Inbox,
}

impl Book {
    /// Returns an empty book that tells the loop.
    pub fn new(inbox: Inbox) -> Self {
        Self { entries: Arc::default(), inbox }
    }

    /// Enters a source that was found, or that is missing.
    pub fn enter(&self, id: SourceId, address: Untrusted, found: Untrusted, via: Via, state: State, now: Ts) {
        let health =
            Health { id, address, found, via, state, since: now, last_good: None, latency: None, next_try: None, error: None };
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).insert(id, health.clone());
        self.inbox.send(Msg::Health(health));
    }

    /// Takes the outcome of a request into account. Errors about the question itself say nothing
    /// about the source.
    pub fn report<T>(&self, id: SourceId, outcome: &Result<T>, took: Option<Span>, now: Ts) {
        match outcome {
            Ok(_) => self.good(id, took, now),
            Err(error) if matches!(error.kind, Kind::BadQuery | Kind::NotFound | Kind::Cancelled | Kind::TooLarge) => self.good(id, took, now),
            Err(error) => self.bad(id, error, now),
        }
    }

    /// The source answered.
    pub fn good(&self, id: SourceId, took: Option<Span>, now: Ts) {
        self.change(id, |h| {
            if h.state != State::Ready {
                h.state = State::Ready;
                h.since = now;
            }
            h.last_good = Some(now);
            h.latency = took.or(h.latency);
            h.error = None;
            h.next_try = None;
        });
    }

    /// The source did not answer, or refused.
    pub fn bad(&self, id: SourceId, error: &Error, now: Ts) {
        let state = if matches!(error.kind, Kind::Denied | Kind::Auth) { State::Denied } else { State::Down };
        self.change(id, |h| {
            if h.state != state {
                h.state = state;
                h.since = now;
            }
            h.error = Some(error.clone());
        });
    }

    fn change(&self, id: SourceId, change: impl FnOnce(&mut Health)) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(health) = entries.get_mut(&id) else { return };
        change(health);
        let told = health.clone();
        drop(entries);
        self.inbox.send(Msg::Health(told));
    }
}
