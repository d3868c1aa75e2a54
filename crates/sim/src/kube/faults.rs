//! Faults for tests: what the server does wrong on request, and what it was asked.
//!
//! Owns: switches that take effect at once for new requests (and, for dropped watches, for open
//! ones). Never used by the demo itself. Tested through the server.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Requests that are remembered.
const REMEMBERED: usize = 10_000;

/// One request, as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Query string, raw.
    pub query: String,
    /// `User-Agent`.
    pub agent: String,
    /// `Content-Type`.
    pub media: String,
    /// The body of a write, as text when it is text.
    pub body: String,
}

/// A right that is taken away; empty fields stand for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deny {
    /// Verb: `list`, `get`, `patch`, …
    pub verb: String,
    /// Plural, with `/subresource` when one is meant: `pods`, `pods/log`, `services/proxy`.
    pub resource: String,
    /// Namespace.
    pub namespace: String,
}

impl Deny {
    /// Returns a rule that takes away `verb` on `resource` everywhere.
    pub fn new(verb: &str, resource: &str) -> Self {
        Self { verb: verb.to_owned(), resource: resource.to_owned(), namespace: String::new() }
    }

    fn covers(&self, verb: &str, resource: &str, namespace: &str) -> bool {
        let fits = |rule: &str, value: &str| rule.is_empty() || rule == value;
        fits(&self.verb, verb) && fits(&self.resource, resource) && fits(&self.namespace, namespace)
    }
}

/// An answer that is given instead of the right one.
#[derive(Debug)]
struct Planned {
    code: u16,
    /// What the path must contain.
    part: String,
    /// Whether only writes get it.
    writes: bool,
}

#[derive(Debug, Default)]
struct State {
    frozen: bool,
    json_only: bool,
    delay: Duration,
    answers: VecDeque<Planned>,
    lost_writes: usize,
    denied: Vec<Deny>,
    seen: VecDeque<Seen>,
}

/// The switches.
#[derive(Clone, Debug)]
pub struct Faults {
    state: Arc<Mutex<State>>,
    thaw: watch::Sender<bool>,
    held: watch::Sender<Option<String>>,
    drops: watch::Sender<u64>,
    end: CancellationToken,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            state: Arc::default(),
            thaw: watch::channel(false).0,
            held: watch::channel(None).0,
            drops: watch::channel(0).0,
            end: CancellationToken::new(),
        }
    }
}

impl Faults {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accepts requests and answers none of them, open watches included; `false` lets all go on.
    pub fn freeze(&self, frozen: bool) {
        self.lock().frozen = frozen;
        self.thaw.send_replace(frozen);
    }

    /// Answers in JSON only, as behind a proxy that knows no protobuf; who takes nothing else gets a 406.
    pub fn json_only(&self, only: bool) {
        self.lock().json_only = only;
    }

    /// Ends every open watch, as a server that closes its connections.
    pub fn drop_watches(&self) {
        self.drops.send_modify(|n| *n += 1);
    }

    /// Answers the next `count` requests whose path contains `part` with a status such as 429, 503 or 410.
    pub fn answer_next(&self, count: usize, code: u16, part: &str) {
        let mut state = self.lock();
        for _ in 0..count {
            state.answers.push_back(Planned { code, part: part.to_owned(), writes: false });
        }
    }

    /// Answers the next write, dry runs aside, whose path contains `part` with a status: it is not done.
    pub fn answer_next_write(&self, code: u16, part: &str) {
        self.lock().answers.push_back(Planned { code, part: part.to_owned(), writes: true });
    }

    /// Answers the next write, dry runs and reviews aside, as a gateway does whose server did not answer it:
    /// whether it was done is not to be known from that. It was not.
    pub fn lose_write(&self) {
        self.lock().lost_writes += 1;
    }

    /// Holds every answer back for a time.
    pub fn delay(&self, delay: Duration) {
        self.lock().delay = delay;
    }

    /// Keeps writes, dry runs aside, whose path contains `part` waiting before anything is done; `None` lets them go on.
    pub fn hold_writes(&self, part: Option<&str>) {
        self.held.send_replace(part.map(str::to_owned));
    }

    /// Takes a right away.
    pub fn deny(&self, rule: Deny) {
        self.lock().denied.push(rule);
    }

    /// Gives all rights back.
    pub fn allow_all(&self) {
        self.lock().denied.clear();
    }

    /// Returns the requests so far, oldest first.
    pub fn requests(&self) -> Vec<Seen> {
        self.lock().seen.iter().cloned().collect()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.lock().seen.clear();
    }

    pub(super) fn speaks_protobuf(&self) -> bool {
        !self.lock().json_only
    }

    pub(super) fn note(&self, seen: Seen) {
        let mut state = self.lock();
        if state.seen.len() >= REMEMBERED {
            state.seen.pop_front();
        }
        state.seen.push_back(seen);
    }

    pub(super) fn denies(&self, verb: &str, resource: &str, namespace: &str) -> bool {
        self.lock().denied.iter().any(|rule| rule.covers(verb, resource, namespace))
    }

    pub(super) fn answer(&self, path: &str, reads: bool) -> Option<u16> {
        let mut state = self.lock();
        let meant = |p: &Planned| path.contains(p.part.as_str()) && !(p.writes && reads);
        let place = state.answers.iter().position(meant)?;
        state.answers.remove(place).map(|planned| planned.code)
    }

    pub(super) fn loses_write(&self) -> bool {
        let mut state = self.lock();
        let loses = state.lost_writes > 0;
        state.lost_writes = state.lost_writes.saturating_sub(1);
        loses
    }

    /// Ends all that waits or streams: the server is going.
    pub(super) fn close(&self) {
        self.end.cancel();
        self.drop_watches();
    }

    /// Returns whether the server is going.
    pub(super) fn closed(&self) -> bool {
        self.end.is_cancelled()
    }

    /// Waits as long as the server is frozen, then for the delay.
    pub(super) async fn hold(&self) {
        self.thawed().await;
        let delay = self.lock().delay;
        if !delay.is_zero() {
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = self.end.cancelled() => {}
            }
        }
    }

    /// Waits as long as the server is frozen.
    pub(super) async fn thawed(&self) {
        let mut thaw = self.thaw.subscribe();
        tokio::select! {
            _ = thaw.wait_for(|frozen| !frozen) => {}
            () = self.end.cancelled() => {}
        }
    }

    /// Waits as long as writes of a path are kept waiting.
    pub(super) async fn written(&self, path: &str) {
        let mut held = self.held.subscribe();
        let free = |held: &Option<String>| !held.as_deref().is_some_and(|part| path.contains(part));
        tokio::select! {
            _ = held.wait_for(free) => {}
            () = self.end.cancelled() => {}
        }
    }

    pub(super) fn dropped(&self) -> watch::Receiver<u64> {
        self.drops.subscribe()
    }
}
