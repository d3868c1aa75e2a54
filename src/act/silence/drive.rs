//! Carries silences out: looks again, journals, sends each request once, reads back what became of it.

use std::collections::BTreeSet;
use std::time::Duration;

use http::{HeaderValue, Method, header};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::super::journal::Journal;
use super::super::said;
use super::{Aim, Part, Prepared};
use crate::core::{Error, Kind, Safe, Span};
use crate::ops::silence::{
    Live, Reach, Seen, SilenceId, created, expired, extended, same_but_status, spelled,
};
use crate::ops::{Confirmed, JobMsg, Outcome, Record, What, WriteState};
use crate::sources::alertmanager::{Alertmanager, SilencesJson, own_words};
use crate::sources::auth::WallClock;
use crate::sources::transport::{Answer, Write};

/// The time limit of one write; after it its outcome is unknown and is read back.
const LIMIT: Span = Span::secs(15);
const CAP: usize = 1 << 20;
/// How long and how often what became of a lost write is looked for.
const LOOKING: Span = Span::secs(30);
/// How long what was answered with success may take to be seen.
const GOSSIP: Span = Span::secs(3);
const REST: Duration = Duration::from_secs(1);

/// How one request ended.
enum End {
    Done(String),
    Failed(Kind, String),
    Unknown(String),
}

impl End {
    fn words(&self) -> &str {
        match self {
            Self::Done(text) | Self::Failed(_, text) | Self::Unknown(text) => text,
        }
    }

    fn state(&self) -> WriteState {
        match self {
            Self::Done(_) => WriteState::Done,
            Self::Failed(..) => WriteState::Refused,
            Self::Unknown(_) => WriteState::Unknown,
        }
    }

    fn told(&self, silence: &str) -> Safe {
        let word = match self {
            Self::Done(_) => "",
            Self::Failed(..) => "failed: ",
            Self::Unknown(_) => "unknown: ",
        };
        said(format!("{silence}: {word}{}", self.words()))
    }
}

/// Carries a confirmed plan out and tells how it goes. Returns how it ended and what is said of it.
///
/// What fails for one silence does not keep the others from being ended; what is unknown of one does.
pub async fn run(
    prepared: Prepared,
    clock: &WallClock,
    confirmed: Confirmed,
    journal: Journal,
    stop: CancellationToken,
    tell: &(dyn Fn(JobMsg) + Sync),
) -> (Outcome, Safe) {
    let Prepared { manager, parts, .. } = prepared;
    let driver = Driver { manager: &manager, clock, confirmed: &confirmed, journal: &journal };
    let of = parts.len();
    let (mut done, mut failed, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for (at, part) in parts.iter().enumerate() {
        let step = |text: Safe, finished| tell(JobMsg::Step { number: at + 1, of, text, finished });
        let end = if stop.is_cancelled() {
            End::Failed(Kind::Cancelled, "not sent: cancelled".to_owned())
        } else if !unknown.is_empty() {
            let why = "not sent: what became of the one before is not known";
            End::Failed(Kind::Refused, why.to_owned())
        } else {
            step(said(format!("{} ({} of {of})", part.silence, at + 1)), false);
            driver.part(part).await
        };
        let text = end.told(&part.silence);
        step(text.clone(), true);
        match end {
            End::Done(_) => done.push(text),
            End::Failed(kind, _) => failed.push((kind, text)),
            End::Unknown(_) => unknown.push(text),
        }
    }
    summed(&done, &failed, &unknown, confirmed.plan.past())
}

fn summed(done: &[Safe], failed: &[(Kind, Safe)], unknown: &[Safe], past: &str) -> (Outcome, Safe) {
    let joined =
        |lines: &mut dyn Iterator<Item = &Safe>| lines.map(Safe::as_str).collect::<Vec<_>>().join("; ");
    let of = done.len() + failed.len() + unknown.len();
    let counted = if of > 1 { format!("{} of {of} {past}; ", done.len()) } else { String::new() };
    let what = "change silences";
    let outcome = if !unknown.is_empty() {
        let detail = format!("{counted}{}", joined(&mut unknown.iter()));
        let error = Error::new(Kind::OutcomeUnknown, what).detail(detail);
        Outcome::Unknown(error.hint("nothing was sent again: `deckwatch silence list` tells what is there"))
    } else if let Some((kind, _)) = failed.first() {
        let detail = format!("{counted}{}", joined(&mut failed.iter().map(|(_, text)| text)));
        Outcome::Failed(Error::new(*kind, what).detail(detail))
    } else {
        Outcome::Done
    };
    let text = match &outcome {
        Outcome::Done => said(joined(&mut done.iter())),
        other => other.words(),
    };
    (outcome, text)
}

/// Who sends.
struct Driver<'a> {
    manager: &'a Alertmanager,
    clock: &'a WallClock,
    confirmed: &'a Confirmed,
    journal: &'a Journal,
}

/// What was there before.
struct Before(BTreeSet<SilenceId>);

impl Driver<'_> {
    async fn part(&self, part: &Part) -> End {
        match self.again(part).await {
            Ok(Ok(before)) => self.send(part, &before).await,
            Ok(Err(why)) => End::Failed(Kind::Conflict, format!("{why}: nothing was sent; make a new plan")),
            Err(error) => End::Failed(
                error.kind,
                format!("could not be looked at again, nothing was sent: {}", error.line()),
            ),
        }
    }

    /// Looks whether all is as it was planned. Returns what is there before, or what has changed.
    async fn again(&self, part: &Part) -> Result<Result<Before, String>, Error> {
        let ids = |list: SilencesJson| Before(list.silences.iter().filter_map(|s| Live(s).id()).collect());
        match &part.aim {
            Aim::Add { matchers, lasts, risk } => {
                let alerts = self.manager.alerts_of(matchers).await?;
                let reach = Reach::of(&alerts.alerts, &[]);
                if reach.risk(matchers, *lasts) > *risk {
                    return Ok(Err(format!("it would hide more by now, {}", reach.words())));
                }
                Ok(Ok(ids(self.manager.silences_json().await?)))
            }
            Aim::Extend { id, planned, .. } | Aim::Expire { id, planned } => {
                let Some(fresh) = self.look(id).await? else {
                    return Ok(Err("it is not there any more".to_owned()));
                };
                if same_but_status(&planned.0, &fresh) {
                    // Only a later end may be given by another silence.
                    return match &part.aim {
                        Aim::Extend { .. } => Ok(Ok(ids(self.manager.silences_json().await?))),
                        _ => Ok(Ok(Before(BTreeSet::new()))),
                    };
                }
                let state = Live(&fresh).state();
                Ok(Err(if state == "expired" {
                    "it has expired since the plan was made".to_owned()
                } else {
                    "it changed since the plan was made".to_owned()
                }))
            }
        }
    }

    /// Reads a silence; `None` when it is not there.
    async fn look(&self, id: &SilenceId) -> Result<Option<Value>, Error> {
        self.manager.silence_json(id.as_str()).await
    }

    fn note(&self, text: &Safe, state: WriteState, detail: Option<Safe>) -> Result<(), Error> {
        let what = What::Write { plan: self.confirmed.token.plan(), text: text.clone(), state, detail };
        self.journal.append(&Record { at: (self.clock)(), what })
    }

    /// Sends a request, once. That it is sent is on disk before.
    async fn send(&self, part: &Part, before: &Before) -> End {
        if !self.confirmed.token.is_good((self.clock)()) {
            return End::Failed(Kind::Refused, "the confirmation has expired: nothing was sent".to_owned());
        }
        let write = match self.write(part) {
            Ok(write) => write,
            Err(why) => return End::Failed(Kind::Internal, format!("nothing was sent: {why}")),
        };
        let request = &part.request;
        let which = match &part.aim {
            Aim::Add { matchers, .. } => spelled(matchers),
            Aim::Extend { id, .. } | Aim::Expire { id, .. } => id.to_string(),
        };
        let text = said(format!("{} {} {which}", request.method, request.path));
        if let Err(error) = self.note(&text, WriteState::Sending, None) {
            // The entry may still get there: then this one follows it.
            self.note(&text, WriteState::NotSent, None).ok();
            return End::Failed(Kind::Io, format!("nothing was sent: {}", error.line()));
        }
        let (state, end) = match self.manager.transport().send_once(write).await {
            Ok(answer) if (200..300).contains(&answer.status) => {
                (WriteState::Done, self.after(part, before, &answer).await)
            }
            // A gateway's answer, or a server's that failed on the way, says nothing of what was done.
            Ok(answer) if answer.status >= 500 || answer.status == 408 => {
                self.note(&text, WriteState::Unknown, None).ok();
                let own = own_words(&answer);
                let why = match &own {
                    Some(words) => format!("the Alertmanager answered {}: {words}", answer.status),
                    None => format!("the answer was {}", answer.status),
                };
                let end = self.doubted(part, before, &why, own.is_some()).await;
                (end.state(), end)
            }
            Ok(answer) => {
                let end = self.refused(&answer);
                (end.state(), end)
            }
            Err(lost) if lost.maybe_sent => {
                self.note(&text, WriteState::Unknown, None).ok();
                let end = self.doubted(part, before, &lost.error.line(), false).await;
                (end.state(), end)
            }
            Err(lost) => {
                let hint = lost.error.hint.as_ref().map_or_else(String::new, |h| format!("; {h}"));
                let why = format!("not sent: {}{hint}", lost.error.line());
                (WriteState::NotSent, End::Failed(lost.error.kind, why))
            }
        };
        // What was sent is sent; that its end could not be noted is told by the next entry's failure.
        self.note(&text, state, Some(said(end.words()))).ok();
        end
    }

    fn refused(&self, answer: &Answer) -> End {
        if (300..400).contains(&answer.status) {
            let why =
                "redirects are not followed, they could lead the change elsewhere: configure the final URL";
            return End::Failed(Kind::Config, format!("refused ({}): {why}", answer.status));
        }
        let error = self.manager.refusal("change silences", answer);
        let detail = error.detail.as_ref().map(|d| d.clipped(400).to_string()).unwrap_or_default();
        End::Failed(error.kind, format!("refused ({}): {detail}", answer.status))
    }

    fn write(&self, part: &Part) -> Result<Write, String> {
        let agent = format!("deckwatch/{} (op {})", env!("CARGO_PKG_VERSION"), self.confirmed.token.plan());
        let agent = HeaderValue::from_str(&agent).map_err(|e| e.to_string())?;
        let json = HeaderValue::from_static("application/json");
        Ok(Write {
            method: Method::from_bytes(part.request.method.as_bytes()).map_err(|e| e.to_string())?,
            path: part.request.path.clone(),
            headers: vec![(header::USER_AGENT, agent), (header::ACCEPT, json)],
            json: part.request.body.as_ref().map(Value::to_string),
            limit: LIMIT,
            cap: CAP,
        })
    }

    /// Tells what is seen of a request.
    async fn seen(&self, part: &Part, before: &Before) -> Result<Seen, Error> {
        let body = part.request.body.as_ref();
        match &part.aim {
            Aim::Add { .. } => {
                let list = self.manager.silences_json().await?;
                Ok(body.map_or(Seen::NotYet, |body| created(&list.silences, body, &before.0)))
            }
            Aim::Extend { id, ends, planned } => {
                let seen = extended(&planned.0, self.look(id).await?.as_ref(), *ends);
                // Where it could not be changed in its place another one has the later end.
                let (Seen::Moved, Some(body)) = (&seen, body) else { return Ok(seen) };
                let list = self.manager.silences_json().await?;
                let other = created(&list.silences, body, &before.0);
                Ok(if other == Seen::NotYet { seen } else { other })
            }
            Aim::Expire { id, planned } => Ok(expired(&planned.0, self.look(id).await?.as_ref())),
        }
    }

    /// Reads back what became of a write that was answered with success.
    async fn after(&self, part: &Part, before: &Before, answer: &Answer) -> End {
        let told: Option<SilenceId> = serde_json::from_slice::<Value>(&answer.body)
            .ok()
            .and_then(|v| v.get("silenceID").and_then(Value::as_str).and_then(SilenceId::parse));
        let named = told.as_ref().map_or_else(String::new, |id| format!("{id}: "));
        // Where replicas stand behind one name, the one that is asked may hear of it a moment later.
        let until = (self.clock)() + GOSSIP;
        let seen = loop {
            let seen = self.seen(part, before).await;
            if !matches!(seen, Ok(Seen::NotYet)) || (self.clock)() >= until {
                break seen;
            }
            tokio::time::sleep(REST).await;
        };
        match seen {
            Ok(Seen::Applied(id)) => End::Done(format!("{}, read back", self.applied(part, &id).await)),
            Ok(Seen::NotYet) => {
                End::Done(format!("{named}accepted; it is not seen yet: another replica may have answered"))
            }
            Ok(Seen::Moved) => {
                End::Done(format!("{named}accepted, but it is not as asked: somebody changed it"))
            }
            Err(error) => End::Done(format!("{named}accepted; it was not read back: {}", error.line())),
        }
    }

    /// Says what a request has made, with the id that it is found by.
    async fn applied(&self, part: &Part, id: &SilenceId) -> String {
        match &part.aim {
            Aim::Add { .. } => {
                let state = self.look(id).await.ok().flatten();
                let state = state.as_ref().map_or("", |s| Live(s).state());
                let pending = if state == "pending" {
                    ", but it begins later by the Alertmanager's clock: this host's is ahead"
                } else {
                    ""
                };
                format!("made as {id}{pending}")
            }
            Aim::Extend { id: old, ends, .. } => {
                let until = ends.rfc3339();
                if id == old {
                    format!("lasts until {until}")
                } else {
                    format!("was ended; {id} has its matchers until {until}")
                }
            }
            Aim::Expire { .. } => "has ended".to_owned(),
        }
    }

    /// Looks for what became of a write whose reply does not tell, until it is known or for a time. It is never sent
    /// again. `own` says that the Alertmanager itself has told of a failure: then one look tells.
    async fn doubted(&self, part: &Part, before: &Before, why: &str, own: bool) -> End {
        let until = (self.clock)() + LOOKING;
        loop {
            let seen = self.seen(part, before).await.ok();
            match seen {
                Some(Seen::Applied(id)) => {
                    return End::Done(format!("{}: read back after {why}", self.applied(part, &id).await));
                }
                Some(Seen::NotYet) if own => {
                    return End::Failed(Kind::Server, format!("not done: read back after {why}"));
                }
                Some(Seen::Moved) => {
                    return End::Unknown(format!(
                        "{why}; somebody else has changed it meanwhile, so what became of this is not to be told"
                    ));
                }
                Some(Seen::NotYet) | None => {}
            }
            if (self.clock)() >= until {
                let seen = if seen.is_some() {
                    "it is not there so far and may still arrive"
                } else {
                    "it can't be read back"
                };
                return End::Unknown(format!("{why}; {seen}"));
            }
            tokio::time::sleep(REST).await;
        }
    }
}
