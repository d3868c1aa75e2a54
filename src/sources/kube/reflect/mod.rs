//! One kind of objects, followed: listed in pages, then watched, and listed again when that is needed.
//!
//! Owns what "live" means: the list is whole, a watch is open behind it, and the server's pulse beats.
//! After any sequence of faults the objects that were told are those of a fresh list. Failures are
//! told with the time of the next try; old rows stay until a new list has replaced them. Sends through
//! a bounded channel, merged, so that a slow receiver slows the reading and loses nothing. Tested with
//! a scripted server and a paused clock, and against a model under random faults.

pub(super) mod list;
mod watching;

use std::time::Duration;

use deckwatch_wire::Undecodable;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::answer::Fail;
use super::client::Client;
use super::pace::{Ear, Pace, RetryNow};
use super::pulse::{Beat, Pulse};
use crate::core::redact::redact;
use crate::core::{Error, Kind, Name, Resource, Safe, Span, Ts, Uid};
use crate::sources::auth::WallClock;
use crate::store::objects::Object;
use watching::End;

/// How many messages may wait for the receiver.
const QUEUE: usize = 32;
/// How long a missing right is left alone.
const DENIED: Duration = Duration::from_mins(1);
/// How long refused credentials are left alone: a plugin may open a browser each time.
const REFUSED: Duration = Duration::from_secs(30);
/// How far many watches are spread when all must be opened again.
const SPREAD: Duration = Duration::from_millis(300);
/// A watch that lived shorter counts as a failure.
const SHORT: Duration = Duration::from_secs(1);

/// Where objects are listed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// In the whole cluster.
    All,
    /// In one namespace.
    Namespace(Name),
}

/// What is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The kind.
    pub resource: Resource,
    /// Where.
    pub scope: Scope,
    /// A label selector.
    pub labels: Option<String>,
    /// A field selector.
    pub fields: Option<String>,
}

impl Spec {
    /// Returns all objects of a kind in a scope.
    pub fn all(resource: Resource, scope: Scope) -> Self {
        Self { resource, scope, labels: None, fields: None }
    }

    /// Returns Helm's release records of one kind of storage, Secrets or ConfigMaps.
    pub fn releases(resource: Resource, scope: Scope) -> Self {
        let fields = (resource == Resource::Secret).then(|| "type=helm.sh/release.v1".to_owned());
        Self { resource, scope, labels: Some("owner=helm".to_owned()), fields }
    }

    /// Returns path and query of a request for these objects.
    fn path(&self, query: &[(&str, &str)]) -> String {
        let namespace = match &self.scope {
            Scope::All => None,
            Scope::Namespace(name) => Some(name.as_str()),
        };
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(query.iter().filter(|(_, value)| !value.is_empty()));
        for (name, value) in [("labelSelector", &self.labels), ("fieldSelector", &self.fields)] {
            if let Some(value) = value {
                form.append_pair(name, value);
            }
        }
        format!("{}?{}", self.resource.path(namespace, None), form.finish())
    }
}

/// News of the followed objects.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A page of a list: each object replaces what was known of it; what no page names stays until the
    /// list is whole.
    Page {
        /// The objects.
        objects: Vec<Object>,
        /// Those that could not be read.
        undecodable: Vec<Undecodable>,
        /// How many objects of this list have come, with this page.
        so_far: usize,
        /// How many are still to come, where the server knows.
        remaining: Option<usize>,
    },
    /// The list is whole: what it did not name is gone.
    Synced {
        /// Its version.
        version: String,
        /// The uids of all objects of the list, the unreadable ones too.
        uids: Vec<Uid>,
    },
    /// What has changed since, the last change of each object.
    Changes(Vec<Change>),
    /// How true it is.
    State(State),
}

/// What happened to an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It is new or has changed.
    Apply(Object),
    /// It is gone; its last state.
    Remove(Uid, Object),
    /// It has changed into something that can't be read.
    Undecodable(Undecodable),
}

/// How true the followed objects are.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// The first list is being read.
    Loading,
    /// Whole and followed.
    Live,
    /// Being listed again; what is known is from before.
    Resync {
        /// Why.
        why: Safe,
    },
    /// Not heard of; what is known is from then.
    Stale {
        /// The last sign of life.
        since: Ts,
        /// Why.
        error: Option<Error>,
        /// When it is tried again.
        next_try: Option<Ts>,
    },
    /// The right is missing.
    Denied {
        /// Which one.
        error: Error,
        /// When it is tried again.
        next_try: Ts,
    },
    /// It has never been listed.
    Failed {
        /// Why.
        error: Error,
        /// When it is tried again.
        next_try: Ts,
    },
}

/// A reflector that runs, and ends when this is dropped.
#[derive(Debug)]
pub struct Reflector {
    task: JoinHandle<()>,
}

impl Reflector {
    /// Begins to follow; the receiver must be read.
    pub fn spawn(
        client: Client,
        spec: Spec,
        pulse: &Pulse,
        retry: RetryNow,
        clock: WallClock,
    ) -> (Self, mpsc::Receiver<Event>) {
        let (out, events) = mpsc::channel(QUEUE);
        let seed =
            clock().0.unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (spec.resource as u64) << 32;
        let last_good = clock();
        let run = Run {
            client,
            spec,
            beats: pulse.beats(),
            retry,
            clock,
            out,
            pace: Pace::new(seed),
            state: None,
            at_first_page: None,
            synced: None,
            last_good,
        };
        let task = tokio::spawn(async move {
            let Err(Closed) = run.follow().await;
        });
        (Self { task }, events)
    }
}

impl Drop for Reflector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Nobody listens any more.
struct Closed;

/// Waits until a request that was sent in an epoch had better be sent anew: the server has come back since,
/// so that what was asked before may wait on something dead, or somebody wishes it.
async fn better_anew(beats: &mut watch::Receiver<Beat>, ear: &mut Ear, epoch: u64) {
    while beats.borrow_and_update().epoch == epoch {
        tokio::select! {
            () = ear.wish() => return,
            beat = beats.changed() => {
                if beat.is_err() {
                    return ear.wish().await;
                }
            }
        }
    }
}

struct Run {
    client: Client,
    spec: Spec,
    beats: watch::Receiver<Beat>,
    retry: RetryNow,
    clock: WallClock,
    out: mpsc::Sender<Event>,
    pace: Pace,
    /// What was told last.
    state: Option<State>,
    /// What is told when a list that is tried again gives its first page.
    at_first_page: Option<State>,
    /// The version of the last list that was whole.
    synced: Option<String>,
    last_good: Ts,
}

impl Run {
    async fn follow(mut self) -> Result<std::convert::Infallible, Closed> {
        let mut why = None;
        let mut restarts = 0;
        loop {
            let state = why.take().map_or(State::Loading, |why| State::Resync { why: Safe::own(why) });
            // After a failure, the failure is told until something better has come.
            match self.state {
                Some(State::Failed { .. } | State::Stale { .. } | State::Denied { .. }) => {
                    self.at_first_page = Some(state);
                }
                _ => self.tell(state).await?,
            }
            let version = match self.list().await? {
                Ok(version) => version,
                Err(fail) if fail.is_gone() && restarts < 3 => {
                    restarts += 1;
                    why = Some("the list became too old while it was read");
                    continue;
                }
                Err(fail) => {
                    restarts = 0;
                    self.rest(&fail).await?;
                    why = self.synced.is_some().then_some("the last try failed");
                    continue;
                }
            };
            restarts = 0;
            self.synced = Some(version.clone());
            why = Some(self.watch_from(version).await?);
        }
    }

    /// Watches, and goes on watching, until a new list is needed; returns why it is.
    async fn watch_from(&mut self, mut version: String) -> Result<&'static str, Closed> {
        loop {
            let began = tokio::time::Instant::now();
            let end = self.watch(&mut version).await?;
            let short = began.elapsed() < SHORT;
            match end {
                // Servers end watches as a matter of course; one that ends at once is a failure.
                End::Closed if !short => {}
                End::Closed => self.pause(self.state.clone()).await?,
                End::Distrusted => {
                    let spread = self.pace.jitter(SPREAD);
                    tokio::time::sleep(spread).await;
                }
                End::Relist(why) => {
                    if short {
                        self.pause(Some(State::Resync { why: Safe::own(why) })).await?;
                    }
                    return Ok(why);
                }
                End::Failed(fail) => {
                    self.rest(&fail).await?;
                    match fail.error.kind {
                        Kind::Denied => return Ok("the right to watch was missing"),
                        Kind::Decode | Kind::TooLarge => return Ok("an event could not be read"),
                        Kind::Unreachable | Kind::Timeout | Kind::Throttled | Kind::Auth => {}
                        _ => return Ok("the watch failed"),
                    }
                }
            }
        }
    }

    /// Waits as long as the pace says, under a state that stays as it is.
    async fn pause(&mut self, state: Option<State>) -> Result<(), Closed> {
        if let Some(state) = state {
            self.tell(state).await?;
        }
        let time = self.pace.next(None);
        self.wait(time).await
    }

    /// Tells of a failure and waits until it is worth trying again.
    async fn rest(&mut self, fail: &Fail) -> Result<(), Closed> {
        let paced = self.pace.next(fail.retry_after);
        let time = match fail.error.kind {
            Kind::Denied => DENIED,
            Kind::Auth => paced.max(REFUSED),
            _ => paced,
        };
        let (kind, seconds) = (self.spec.resource.names().plural, time.as_secs_f64());
        tracing::info!(kind, seconds, error = redact(&fail.error.line()), "tried again later");
        let next_try = (self.clock)() + Span(i64::try_from(time.as_nanos()).unwrap_or(i64::MAX));
        let error = fail.error.clone();
        let state = match (fail.error.kind, &self.synced) {
            (Kind::Denied, _) => State::Denied { error, next_try },
            (_, None) => State::Failed { error, next_try },
            (_, Some(_)) => {
                State::Stale { since: self.last_good, error: Some(error), next_try: Some(next_try) }
            }
        };
        self.tell(state).await?;
        self.wait(time).await
    }

    /// Waits, but not when somebody wishes to try now or the server has come back.
    async fn wait(&mut self, time: Duration) -> Result<(), Closed> {
        let epoch = self.beats.borrow_and_update().epoch;
        let waiting = self.retry.wait(time);
        tokio::pin!(waiting);
        loop {
            tokio::select! {
                _ = &mut waiting => return Ok(()),
                () = self.out.closed() => return Err(Closed),
                beat = self.beats.changed() => {
                    if beat.is_err() {
                        // The pulse has ended: only the time counts.
                        waiting.await;
                        return Ok(());
                    }
                    if self.beats.borrow_and_update().epoch != epoch {
                        break;
                    }
                }
            }
        }
        let spread = self.pace.jitter(SPREAD);
        tokio::time::sleep(spread).await;
        Ok(())
    }

    /// Tells a state, once.
    async fn tell(&mut self, state: State) -> Result<(), Closed> {
        if self.state.as_ref() == Some(&state) {
            return Ok(());
        }
        self.state = Some(state.clone());
        self.send(Event::State(state)).await
    }

    async fn send(&self, event: Event) -> Result<(), Closed> {
        self.out.send(event).await.map_err(|_| Closed)
    }

    /// Tells what the pulse and the open watch make together.
    async fn tell_pulse(&mut self) -> Result<(), Closed> {
        let beat = self.beats.borrow_and_update().clone();
        let state = if beat.alive == Some(false) {
            let since = beat.last_good.map_or(self.last_good, |good| good.max(self.last_good));
            State::Stale { since, error: beat.error, next_try: None }
        } else {
            State::Live
        };
        self.tell(state).await
    }
}

/// Returns whether a version is older than another, where both are numbers, as all of one server's are.
fn is_older(version: &str, than: &str) -> bool {
    matches!((version.parse::<u64>(), than.parse::<u64>()), (Ok(a), Ok(b)) if a < b)
}

#[cfg(test)]
mod model;
#[cfg(test)]
pub(super) mod tests;
