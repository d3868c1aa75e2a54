//! Is the API server there? One small request every few seconds, on a connection of its own.
//!
//! A watch that says nothing looks the same whether the cluster is quiet or the server is dead; this
//! tells them apart for all watches at once, within ten seconds. It also notices that the host was
//! suspended. Never looks at data. Tested with a frozen server and a paused clock.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt as _;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::client::{Client, Get, JSON, Lane};
use super::pace::RetryNow;
use crate::core::{Error, Kind, Span, Ts};
use crate::sources::auth::WallClock;

/// Time between two probes.
pub const EVERY: Span = Span::secs(4);
/// How long a probe may take.
pub const LIMIT: Span = Span::secs(3);
/// How far the wall clock may run ahead of ours before we believe to have been suspended.
const SUSPENDED: Span = Span::secs(8);
/// The most bytes of a probe's answer.
const CAP: usize = 64 << 10;

/// What the last probe told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Beat {
    /// Whether it was answered; `None` before the first answer.
    pub alive: Option<bool>,
    /// When one was answered last.
    pub last_good: Option<Ts>,
    /// How long the last answer took.
    pub latency: Option<Span>,
    /// Why it was not answered.
    pub error: Option<Error>,
    /// Grows when connections must not be trusted any more: after an outage, after a suspend.
    pub epoch: u64,
    /// How long the host was suspended, when it was.
    pub suspended: Option<Span>,
}

/// Probes the server for as long as it lives.
#[derive(Debug)]
pub struct Pulse {
    beats: watch::Receiver<Beat>,
    task: JoinHandle<()>,
}

impl Pulse {
    /// Begins to probe.
    pub fn spawn(client: Client, clock: WallClock, retry: RetryNow) -> Self {
        let (sender, beats) = watch::channel(Beat::default());
        let prober = Prober { client, clock, path: "/readyz", beat: Beat::default() };
        let task = tokio::spawn(prober.run(sender, retry));
        Self { beats, task }
    }

    /// Returns the beats, the last one first.
    pub fn beats(&self) -> watch::Receiver<Beat> {
        self.beats.clone()
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Prober {
    client: Client,
    clock: WallClock,
    path: &'static str,
    beat: Beat,
}

impl Prober {
    async fn run(mut self, sender: watch::Sender<Beat>, retry: RetryNow) {
        let mut ear = retry.ear();
        loop {
            let (began, wall) = (Instant::now(), (self.clock)());
            // Without a pulse everything would look alive for ever: a fault of our own must not end it.
            let outcome = loop {
                tokio::select! {
                    outcome = AssertUnwindSafe(self.probe()).catch_unwind() => break outcome,
                    // A probe that waits on something dead is not waited for when somebody wishes to try now.
                    () = ear.wish() => {}
                }
            };
            if outcome.is_err() {
                let error =
                    Error::new(Kind::Internal, "probe the API server").on(self.client.server().clone());
                self.beat.alive = Some(false);
                self.beat.error = Some(error.detail("a fault of deckwatch itself; it is begun anew"));
            }
            if sender.send(self.beat.clone()).is_err() {
                return;
            }
            ear.rest(EVERY.to_std().saturating_sub(began.elapsed())).await;
            self.notice_suspend(began, wall);
        }
    }

    fn notice_suspend(&mut self, began: Instant, wall: Ts) {
        let ours = Span(i64::try_from(began.elapsed().as_nanos()).unwrap_or(i64::MAX));
        let jumped = Span(((self.clock)() - wall).0.saturating_sub(ours.0));
        self.beat.suspended = (jumped > SUSPENDED).then_some(jumped);
        if self.beat.suspended.is_some() {
            self.client.reset();
            self.beat.epoch += 1;
        }
    }

    async fn probe(&mut self) {
        let began = Instant::now();
        match self.ask().await {
            Ok(()) => {
                if self.beat.alive == Some(false) {
                    // What was connected before the outage may be dead without knowing it.
                    self.client.reset();
                    self.beat.epoch += 1;
                }
                let took = Span(i64::try_from(began.elapsed().as_nanos()).unwrap_or(i64::MAX));
                let (alive, last_good, latency) = (Some(true), Some((self.clock)()), Some(took));
                self.beat = Beat { alive, last_good, latency, error: None, ..self.beat.clone() };
            }
            Err(error) => {
                self.beat.alive = Some(false);
                self.beat.error = Some(error);
            }
        }
    }

    /// Asks `/readyz`, and `/version` where that is denied or unknown. A server that answers that it is
    /// not ready is as good as none: its watches stand still.
    async fn ask(&mut self) -> Result<(), Error> {
        loop {
            let get = Get {
                path: self.path,
                accept: JSON,
                limit: LIMIT,
                cap: CAP,
                compress: false,
                lane: Lane::Probe,
            };
            // Credentials have limits of their own, longer than ours: without them there is no pulse.
            let asked = tokio::time::timeout(LIMIT.to_std(), self.client.get(get)).await;
            let fail = match asked {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(fail)) => fail,
                Err(_) => {
                    let error = Error::new(Kind::Timeout, "probe the API server");
                    let seconds = LIMIT.as_secs();
                    return Err(error
                        .on(self.client.server().clone())
                        .detail(format!("no answer for {seconds} s")));
                }
            };
            match fail.error.kind {
                Kind::Denied | Kind::NotFound if self.path == "/readyz" => self.path = "/version",
                // It answers; that we may not see more is no outage.
                Kind::Denied | Kind::NotFound | Kind::Throttled => return Ok(()),
                _ => return Err(fail.error),
            }
        }
    }
}

/// Shares one pulse among all who read from a server.
pub type SharedPulse = Arc<Pulse>;

#[cfg(test)]
mod tests;
