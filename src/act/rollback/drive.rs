//! Carries a confirmed plan out: asks the engine what is next, journals, sends once, brings the answer back.

use std::time::{Duration, Instant};

use bytes::Bytes;
use deckwatch_helm::step::{
    Answer, Class, Engine, Event, Outcome as HelmOutcome, Place, Reply, Request, Step, Verb,
};
use http::{HeaderValue, header};
use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;

use super::super::said;
use super::series::Series;
use super::{Work, helm_now};
use crate::act::order::Carry;
use crate::core::{Error, Kind, Safe, Span};
use crate::ops::{Confirmed, JobMsg, Outcome, WriteState};
use crate::sources::kube::{self, Client};

/// The time limit of one write; after it its outcome is unknown and is read back.
const LIMIT: Span = Span::secs(15);
const CAP: usize = 16 << 20;
/// How long a read that went out beside a write is waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long what was read is what is there: shorter than it takes to read it again from afar.
const JUST_NOW: Duration = Duration::from_millis(50);

/// Carries a plan out and tells how it goes. Returns how it ended and what is said of it: what was read back, what was
/// left.
pub(in crate::act) async fn run(carry: &Carry<'_>, work: Work) -> (Outcome, Safe) {
    let Work { job, holds } = work;
    for held in &holds {
        if let Err(error) = held.still(carry.client).await {
            let outcome = Outcome::Failed(error);
            let words = outcome.words();
            return (outcome, words);
        }
    }
    // The hooks, the objects, and three records: the new one is made and marked, the old one superseded.
    let of = job.hooks() + job.objects().len() + 3;
    let (makes, record) = job.makes();
    // Helm's ways are all of them.
    let repeats = job.is_strict();
    let series = Series::of(&job);
    let mut engine = Engine::new(job);
    let mut driver =
        Driver { carry, steps: 0, of, repeats, series, read: None, next: None, ahead: None, well: true };
    let mut reply = None;
    let ended = loop {
        if carry.stop.is_cancelled() {
            engine.cancel();
        }
        engine.set_now(helm_now((carry.clock)()));
        match engine.next(reply.take()) {
            Step::Request(request) => {
                driver.next = engine.ahead().filter(|_| !driver.repeats);
                reply = Some(driver.send(&request).await);
            }
            Step::Progress(event) => driver.progress(&event),
            // The engine only waits for a reply, and every request has been given one.
            Step::Waiting => {
                let error = Error::new(Kind::Internal, "roll back").detail("the engine waits for nothing");
                break HelmOutcome::Unknown { phase: engine.phase(), what: error.line(), record: None };
            }
            Step::Done(outcome) => break outcome,
        }
    };
    let notes = match &ended {
        HelmOutcome::Done { notes } => notes.clone(),
        _ => Vec::new(),
    };
    let outcome = outcome(ended);
    let text = match &outcome {
        Outcome::Done => {
            let back = read_back(carry.client, makes, &record).await;
            said(std::iter::once(back).chain(notes).collect::<Vec<_>>().join("; "))
        }
        other => other.words(),
    };
    (outcome, text)
}

/// Returns what the server says of the new record after everything was written.
async fn read_back(client: &Client, makes: i64, record: &Place) -> String {
    match client.get_json::<Value>(&record.path()).await {
        Ok(record) => {
            let status = record.pointer("/metadata/labels/status").and_then(Value::as_str);
            let status = status.unwrap_or("without a status");
            format!("revision {makes} is {status}, read back")
        }
        Err(fail) => {
            format!("revision {makes} was not read back: {}", fail.error.line())
        }
    }
}

fn outcome(ended: HelmOutcome) -> Outcome {
    match ended {
        HelmOutcome::Done { .. } => Outcome::Done,
        HelmOutcome::Failed { phase, what, record } => {
            let record = record.map_or_else(String::new, |s| format!("; the new record says {s}"));
            Outcome::Failed(
                Error::new(Kind::Server, "roll back")
                    .on(format!("{phase:?}").to_lowercase())
                    .detail(format!("{what}{record}")),
            )
        }
        HelmOutcome::Unknown { phase, what, record } => {
            let record = record.map_or_else(String::new, |s| format!("; the new record says {s}"));
            Outcome::Unknown(
                Error::new(Kind::OutcomeUnknown, "roll back")
                    .on(format!("{phase:?}").to_lowercase())
                    .detail(format!("{what}{record}"))
                    .hint("nothing was sent again: look at the release's history and objects"),
            )
        }
    }
}

/// A read, its answer, and when that came.
type Known = (Request, Answer, Instant);

struct Driver<'a> {
    carry: &'a Carry<'a>,
    steps: usize,
    of: usize,
    /// Whether what was read right before is read again, as Helm does.
    repeats: bool,
    series: Series,
    /// The last request, if it was a read, its answer, and when that came.
    read: Option<Known>,
    /// The read that may go out beside the next write.
    next: Option<Request>,
    /// The one that went out beside the last write; nothing is known where it got no answer.
    ahead: Option<(Request, AbortOnDropHandle<Option<Known>>)>,
    /// Whether the last request was answered; if not, the next one goes out on a connection of its own, whatever it is.
    well: bool,
}

impl Driver<'_> {
    fn progress(&mut self, event: &Event) {
        let (text, finished) = words(event);
        if finished {
            self.steps += 1;
        }
        let number = if finished { self.steps } else { self.steps + 1 };
        (self.carry.tell)(JobMsg::Step { number, of: self.of, text, finished });
    }

    /// Sends one request, once. What changes something is on disk before.
    async fn send(&mut self, request: &Request) -> Reply {
        let writes = request.class() == Class::Write;
        // Only the records' last words are put in the place of others. Nothing of ours keeps them back: a release
        // that is left pending can't be changed by anybody.
        let closing = request.verb == Verb::Update && request.is_of_a_record();
        if request.delay_ms > 0 {
            let rest = tokio::time::sleep(Duration::from_millis(request.delay_ms));
            let stopped = tokio::select! {
                () = rest => false,
                () = self.carry.stop.cancelled(), if !closing => true,
            };
            if stopped && writes {
                return Reply::NotSent("stopped".to_owned());
            }
        }
        let text = said(format!("{} {} {}", request.verb.method(), request.place.kind, request.place.path()));
        if writes {
            if !closing && !self.carry.confirmed.token.is_good((self.carry.clock)()) {
                return refused("the confirmation has expired");
            }
            if let Err(error) = self.series.note(self.carry, request, &text) {
                let (number, of, why) = (self.steps + 1, self.of, said(error.line()));
                (self.carry.tell)(JobMsg::Step { number, of, text: why, finished: false });
                if !closing {
                    self.carry.note(&text, WriteState::NotSent, None).ok();
                    return refused(&error.line());
                }
            }
        }
        let reply = match self.known(request).await {
            Some(answer) => Reply::Answer(answer),
            None => self.exchange(request).await,
        };
        if writes {
            let (state, detail) = match &reply {
                Reply::Answer(a) if is_good(a) => (WriteState::Done, None),
                // The server may have failed on the way.
                Reply::Answer(a) if a.code >= 500 => (WriteState::Unknown, Some(answered(a))),
                Reply::Answer(a) => (WriteState::Refused, Some(answered(a))),
                Reply::Lost(why) => (WriteState::Unknown, Some(said(why))),
                Reply::NotSent(why) => (WriteState::NotSent, Some(said(why))),
            };
            // The write has been sent; that its answer could not be noted is told by the next entry's failure.
            self.carry.note(&text, state, detail).ok();
            if request.is_of_a_record() {
                // Whose the record is, is told by this entry, and the next one may be long in coming.
                self.carry.journal.sync().ok();
            }
        }
        reply
    }

    /// Returns the answer to a read that is the same as the request right before it, or as the one beside that, where it has
    /// only just been answered: Helm looks at each object twice and more before it writes. Every read is used up by the next
    /// request.
    async fn known(&mut self, request: &Request) -> Option<Answer> {
        let beside = match self.ahead.take() {
            Some((asked, reading)) if asked == *request => self.waited(reading).await,
            _ => None,
        };
        let (asked, answer, at) = self.read.take().or(beside)?;
        let known = !self.repeats && asked == *request && at.elapsed() < JUST_NOW;
        known.then(|| {
            self.read = Some((asked, answer.clone(), at));
            answer
        })
    }

    /// Waits for the read beside the last write. Who hangs is not waited for long: it is asked anew, on a connection of its own.
    async fn waited(&mut self, reading: AbortOnDropHandle<Option<Known>>) -> Option<Known> {
        let read = tokio::select! {
            read = tokio::time::timeout(PATIENCE, reading) => read.ok().and_then(Result::ok).flatten(),
            () = self.carry.stop.cancelled() => None,
        };
        self.well = read.as_ref().is_some_and(|(_, answer, _)| answer.code < 500);
        // What is not there, or refused, is looked at again: it decides what is done.
        read.filter(|(_, answer, _)| is_good(answer))
    }

    async fn exchange(&mut self, request: &Request) -> Reply {
        let http = match build(request, self.carry.confirmed) {
            Ok(http) => http,
            Err(why) => return refused(&why),
        };
        let raw = self.carry.client.raw_service();
        let next = self.next.take().filter(|_| self.well);
        let got = match request.class() {
            // What became of a record must not be in doubt: the release would stay pending.
            Class::Write if self.well && !request.is_of_a_record() => {
                self.ahead = next.and_then(|next| self.read_ahead(next));
                raw.send_next(http, LIMIT, CAP).await
            }
            Class::Read if self.well => raw.read_once(http, LIMIT, CAP).await,
            Class::Read | Class::Write => raw.send_once(http, LIMIT, CAP).await,
        };
        let reply = told(got, request.logs);
        self.well = matches!(&reply, Reply::Answer(answer) if answer.code < 500);
        if !self.well {
            self.ahead = None;
        }
        if let (Class::Read, Reply::Answer(answer)) = (request.class(), &reply)
            && is_good(answer)
        {
            self.read = Some((request.clone(), answer.clone(), Instant::now()));
        }
        reply
    }

    /// Sends a read beside a write.
    fn read_ahead(&self, request: Request) -> Option<(Request, AbortOnDropHandle<Option<Known>>)> {
        let http = build(&request, self.carry.confirmed).ok()?;
        let raw = self.carry.client.raw_service();
        let asked = request.clone();
        let reading = tokio::spawn(async move {
            match told(raw.read_once(http, LIMIT, CAP).await, asked.logs) {
                Reply::Answer(answer) => Some((asked, answer, Instant::now())),
                Reply::Lost(_) | Reply::NotSent(_) => None,
            }
        });
        Some((request, AbortOnDropHandle::new(reading)))
    }
}

fn is_good(answer: &Answer) -> bool {
    (200..300).contains(&answer.code)
}

/// Returns what came of a request, in the engine's words. `logs`: the answer is a text.
fn told(got: Result<kube::Reply, kube::Failure>, logs: bool) -> Reply {
    match got {
        Ok(reply) => {
            let retry = reply
                .header(&header::RETRY_AFTER)
                .and_then(|v| v.parse::<u64>().ok())
                .map(|s| s.saturating_mul(1000));
            let body = if logs && reply.status == 200 {
                Value::from(String::from_utf8_lossy(&reply.body).into_owned())
            } else {
                serde_json::from_slice(&reply.body).unwrap_or(Value::Null)
            };
            Reply::Answer(Answer { code: reply.status, body, retry_after_ms: retry })
        }
        Err(failure) if failure.maybe_sent => Reply::Lost(failure.error.line()),
        Err(failure) => Reply::NotSent(failure.error.line()),
    }
}

/// Returns what the server says to a write that it does not let through.
fn answered(answer: &Answer) -> Safe {
    match answer.body.get("message").and_then(Value::as_str) {
        Some(message) => said(format!("{}: {message}", answer.code)),
        None => said(answer.code),
    }
}

/// An answer of our own for a request that is not sent, now or later.
fn refused(why: &str) -> Reply {
    let body = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403, "message": format!("not sent: {why}") });
    Reply::Answer(Answer::new(403, body))
}

fn build(request: &Request, confirmed: &Confirmed) -> Result<http::Request<Bytes>, String> {
    let mut path = request.path();
    if !request.query.is_empty() {
        path.push('?');
        path.push_str(
            &url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&request.query).finish(),
        );
    }
    let accept = if request.logs {
        "*/*"
    } else if request.metadata_only {
        "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
    } else {
        "application/json"
    };
    let accept = if request.metadata_only && request.place.name.is_empty() {
        accept.replace("PartialObjectMetadata;", "PartialObjectMetadataList;")
    } else {
        accept.to_owned()
    };
    let agent = format!("deckwatch/{} (op {})", env!("CARGO_PKG_VERSION"), confirmed.token.plan());
    let mut builder = http::Request::builder()
        .method(request.verb.method())
        .uri(path)
        .header(header::ACCEPT, accept)
        .header(header::USER_AGENT, HeaderValue::from_str(&agent).map_err(|e| e.to_string())?);
    if let Some(content_type) = request.content_type {
        builder = builder.header(header::CONTENT_TYPE, content_type);
    }
    let body = request.body.as_ref().map(|b| Bytes::from(b.to_string())).unwrap_or_default();
    builder.body(body).map_err(|e| e.to_string())
}

/// Returns the last lines of a log in one.
fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().rev().take(5).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" ⏎ ")
}

/// Returns an event in words, and whether it ends a step.
fn words(event: &Event) -> (Safe, bool) {
    let (text, finished) = match event {
        Event::Pruned { record } => (format!("record {record} removed by the history's limit"), true),
        Event::Locked { revision } => {
            (format!("record of revision {revision} created: nobody else may begin"), true)
        }
        Event::Started { object, number, of } => (format!("{object} ({number} of {of})"), false),
        Event::Created(object) => (format!("{object} created"), true),
        Event::Patched(object) => (format!("{object} patched"), true),
        Event::Applied(object) => (format!("{object} applied by the server"), true),
        Event::Replaced(object) => (format!("{object} replaced"), true),
        Event::CleanedUp(object) => (format!("{object} deleted again"), false),
        Event::Restarted { object, pod } => (format!("pod {pod} of {object} deleted to start anew"), false),
        Event::Differs(object) => {
            (format!("{object}: changed since the plan was shown; what is sent differs"), false)
        }
        Event::Unchanged(object) => (format!("{object} unchanged"), true),
        Event::Deleted(object) => (format!("{object} deleted"), true),
        Event::Left { object, why } => (format!("{object} left: {why}"), true),
        Event::ObjectFailed { object, why } => (format!("{object} failed: {why}"), true),
        Event::HookStarted { event, hook } => (format!("{} hook {hook}", event.as_str()), false),
        Event::HookSucceeded { hook } => (format!("hook {hook} succeeded"), true),
        Event::HookFailed { hook, why } => (format!("hook {hook} failed: {why}"), true),
        Event::HookWaits { hook, why } => (format!("waiting for hook {hook}: {why}"), false),
        Event::HookDeleted { hook } => (format!("object of hook {hook} deleted"), false),
        Event::HookLog { container, text } => (format!("{container} printed: {}", last_lines(text)), false),
        Event::Waiting { object, why } => (format!("waiting for {object}: {why}"), false),
        Event::Marked { record, status } => (format!("record {record} marked {status}"), true),
        Event::RecordFailed { record, why } => (format!("record {record} not written: {why}"), true),
    };
    (said(text), finished)
}
