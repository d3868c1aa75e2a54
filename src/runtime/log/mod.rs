//! The log: one line of JSON for each event that helps to explain a session afterwards, in a file.
//!
//! Sources' changes of state, requests (method, path without its query, status, time), retries, effects
//! and steps of plans; never a query, a body, a header, a key or a value. Nothing is ever written to the
//! terminal. A thread of its own opens the file with the first line and writes; when it can't, or falls
//! behind, lines are lost and counted, and the cockpit goes on. Tested with canaries by `tests/pty`.

mod file;

use std::path::Path;

use tracing::level_filters::LevelFilter;
use tracing::{Subscriber, debug, info, warn};
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::app::Effect;
use crate::config::LogLevel;
use crate::core::redact::redact;
use crate::core::{Error, Span};
use crate::ops::{JobMsg, Outcome, PlanId};
use crate::sources::transport::{
    Answer, Proxied, Request, Sending, SendingOnce, SharedTransport, Transport, Write,
};
use crate::store::health::{Health, Via};

/// How many lines may wait for the disk.
const WAITING: usize = 8_192;

/// The running log; what waits is written when it is dropped.
#[derive(Debug)]
pub struct Log {
    lost: ErrorCounter,
    _guard: WorkerGuard,
}

impl Drop for Log {
    fn drop(&mut self) {
        let lost = self.lost.dropped_lines();
        if lost > 0 {
            warn!(lost, "lines of this log were lost");
        }
    }
}

/// Returns which events are logged: those of deckwatch from a level on, or what `DECKWATCH_LOG` says, as
/// in `debug` or `deckwatch=info,hyper=warn`.
fn wanted(level: LogLevel, variable: Option<&str>) -> Targets {
    let own = |level| Targets::new().with_target("deckwatch", level);
    let of_config = match level {
        LogLevel::Off => own(LevelFilter::OFF),
        LogLevel::Error => own(LevelFilter::ERROR),
        LogLevel::Warn => own(LevelFilter::WARN),
        LogLevel::Info => own(LevelFilter::INFO),
        LogLevel::Debug => own(LevelFilter::DEBUG),
    };
    let Some(text) = variable.map(str::trim).filter(|t| !t.is_empty()) else { return of_config };
    match text.parse::<LevelFilter>() {
        // A level alone is deckwatch's own: other crates log bodies and headers.
        Ok(level) => own(level),
        Err(_) => text.parse().unwrap_or(of_config),
    }
}

fn subscriber<W>(writer: W, wanted: Targets) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_ansi(false)
        .with_writer(writer);
    tracing_subscriber::registry().with(lines.with_filter(wanted))
}

/// Starts the log of this process in the folder of deckwatch's state; no file is touched yet. `None` when
/// it is off, or another one runs already.
pub fn start(state: &Path, id: &str, level: LogLevel, variable: Option<&str>) -> Option<Log> {
    let wanted = wanted(level, variable);
    if wanted.default_level().is_none_or(|l| l == LevelFilter::OFF)
        && wanted.iter().all(|(_, level)| level == LevelFilter::OFF)
    {
        return None;
    }
    let file = file::LogFile::new(&state.join("log"), id);
    let builder = NonBlockingBuilder::default().buffered_lines_limit(WAITING).lossy(true);
    let (writer, guard) = builder.thread_name("log").finish(file);
    let lost = writer.error_counter();
    tracing::subscriber::set_global_default(subscriber(writer, wanted)).ok()?;
    info!(version = env!("CARGO_PKG_VERSION"), pid = std::process::id(), "started");
    Some(Log { lost, _guard: guard })
}

/// Returns an error's line as it may be logged.
fn line(error: &Error) -> String {
    redact(&error.line())
}

/// Logs that a source's state has changed.
pub fn source(health: &Health) {
    let (kind, index) = (health.id.kind.short(), health.id.index);
    let error = health.error.as_ref().map(line);
    let good = health.last_good.map(crate::core::Ts::rfc3339);
    let next = health.next_try.map(crate::core::Ts::rfc3339);
    let address = redact(health.address.safe().as_str());
    info!(kind, index, %address, state = ?health.state, error, last_good = good, next_try = next, "source");
}

/// Logs an effect by its name.
pub fn effect(effect: &Effect) {
    let name = effect.name();
    debug!(name, "effect");
}

/// Logs news of a plan.
pub fn plan(plan: PlanId, news: &JobMsg) {
    match news {
        JobMsg::Step { number, of, text, finished } => {
            info!(%plan, number, of, step = %redact(text.as_str()), finished, "plan step");
        }
        JobMsg::Ended(outcome, _) => {
            let error = match outcome {
                Outcome::Done => None,
                Outcome::Failed(error) | Outcome::Unknown(error) => Some(line(error)),
            };
            info!(%plan, outcome = outcome.word().word(), error, "plan ended");
        }
    }
}

/// A way to a source whose requests are logged.
struct Logged(SharedTransport);

/// Returns a transport that logs what it carries.
pub fn transport(inner: SharedTransport) -> SharedTransport {
    std::sync::Arc::new(Logged(inner))
}

impl Transport for Logged {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(async move {
            let method = request.method.clone();
            let path = request.path.split(['?', '#']).next().unwrap_or("").to_owned();
            let began = tokio::time::Instant::now();
            let outcome = self.0.send(request).await;
            let took = Span(i64::try_from(began.elapsed().as_nanos()).unwrap_or(i64::MAX));
            self.told(&method, &path, outcome.as_ref(), took);
            outcome
        })
    }

    fn send_once(&self, write: Write) -> SendingOnce<'_> {
        Box::pin(async move {
            let (method, path) = (write.method.clone(), write.path.clone());
            let began = tokio::time::Instant::now();
            let outcome = self.0.send_once(write).await;
            let took = Span(i64::try_from(began.elapsed().as_nanos()).unwrap_or(i64::MAX));
            match &outcome {
                Ok(answer) => self.told(&method, &path, Ok(answer), took),
                Err(lost) => self.told(&method, &path, Err(&lost.error), took),
            }
            outcome
        })
    }

    fn proxied(&self) -> Option<Proxied> {
        self.0.proxied()
    }

    fn via(&self) -> Via {
        self.0.via()
    }

    fn address(&self) -> crate::core::Untrusted {
        self.0.address()
    }
}

impl Logged {
    fn told(
        &self,
        method: &http::Method,
        path: &str,
        outcome: crate::core::Result<&Answer, &crate::core::Error>,
        took: Span,
    ) {
        let on = redact(self.0.address().safe().as_str());
        let ms = took.0 / 1_000_000;
        match outcome {
            Ok(a) => info!(%method, %on, path, status = a.status, ms, bytes = a.body.len(), "request"),
            Err(error) => warn!(%method, %on, path, error = line(error), ms, "request"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(wanted: &Targets, target: &str) -> Option<LevelFilter> {
        [LevelFilter::DEBUG, LevelFilter::INFO, LevelFilter::WARN, LevelFilter::ERROR]
            .into_iter()
            .find(|l| l.into_level().is_some_and(|l| wanted.would_enable(target, &l)))
    }

    #[test]
    fn only_deckwatchs_own_events_are_logged_unless_others_are_asked_for_by_name() {
        let levels = |w: &Targets| {
            ["deckwatch::runtime::log", "kube_client::client", "hyper"].map(|target| level(w, target))
        };
        assert_eq!(levels(&wanted(LogLevel::Info, None)), [Some(LevelFilter::INFO), None, None]);
        assert_eq!(levels(&wanted(LogLevel::Info, Some("debug"))), [Some(LevelFilter::DEBUG), None, None]);
        assert_eq!(levels(&wanted(LogLevel::Debug, Some("off"))), [None, None, None]);
        assert_eq!(levels(&wanted(LogLevel::Off, None)), [None, None, None]);
        assert_eq!(
            levels(&wanted(LogLevel::Info, Some("deckwatch=warn,hyper=error"))),
            [Some(LevelFilter::WARN), None, Some(LevelFilter::ERROR)]
        );
    }
}
