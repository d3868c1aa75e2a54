//! Carries silences out: looks again, journals, sends each request once, reads back what became of it.

use std::collections::BTreeSet;
use std::time::Duration;

use http::{HeaderValue, Method, header};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::super::journal::Journal;
use super::super::{in_doubt, said};
use super::{Aim, Hides, Part, Prepared};
use crate::core::{Error, Kind, Safe, Span, Untrusted};
use crate::ops::silence::{
    Live, Reach, Seen, SilenceId, created, differs, expired, extended, same_but_status, spelled,
};
use crate::ops::{Confirmed, JobMsg, Outcome, Record, What, WriteState};
use crate::sources::alertmanager::{Alertmanager, SilencesJson, own_failure};
use crate::sources::auth::WallClock;
use crate::sources::transport::{Answer, Write};

/// The time limit of one write; after it its outcome is unknown and is read back.
const LIMIT: Span = Span::secs(15);
const CAP: usize = 1 << 20;
/// How long and how often what became of a write is looked for.
const LOOKING: Span = Span::secs(30);
/// How long what one replica has done may take to be seen at the others.
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

    /// Says it of a silence at an Alertmanager.
    fn told(&self, silence: &str, at: &Safe) -> Safe {
        let word = match self {
            Self::Done(_) => "",
            Self::Failed(..) => "failed: ",
            Self::Unknown(_) => "unknown: ",
        };
        let text = Untrusted::from(format!("{silence}: {word}{}", self.words()));
        said(format!("{} (at {at})", text.clipped(380)))
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
    let (of, place) = (parts.len(), manager.name().clipped(80));
    let (mut done, mut failed, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for (at, part) in parts.iter().enumerate() {
        let step = |text: Safe, finished| tell(JobMsg::Step { number: at + 1, of, text, finished });
        let end = if stop.is_cancelled() {
            End::Failed(Kind::Cancelled, "not sent: cancelled".to_owned())
        } else if !unknown.is_empty() {
            let why = "not sent: what became of the one before is not known";
            End::Failed(Kind::Refused, why.to_owned())
        } else {
            step(said(format!("{} at {place} ({} of {of})", part.silence, at + 1)), false);
            driver.part(part).await
        };
        let text = end.told(&part.silence, &place);
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

/// What is read back of a request that was answered with success.
enum Back {
    /// It is as it was asked, on this silence.
    Asked(SilenceId),
    /// Nothing of it, so far: what is there instead.
    NotYet(&'static str),
    /// Something else is there.
    Other(String),
}

/// Returns the id that an answer names.
fn named(answer: &Answer) -> Option<SilenceId> {
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    SilenceId::parse(body.get("silenceID")?.as_str()?)
}

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
        Ok(match &part.aim {
            Aim::Add { hides } => match self.more(hides, &[]).await? {
                Some(why) => Err(why),
                None => Ok(ids(self.manager.silences_json().await?)),
            },
            Aim::Extend { id, planned, hides, .. } => {
                if let Some(why) = self.changed(id, &planned.0).await? {
                    return Ok(Err(why));
                }
                match self.more(hides, &[id.as_str()]).await? {
                    Some(why) => Err(why),
                    // Where it can't be changed in its place another one has the later end.
                    None => Ok(ids(self.manager.silences_json().await?)),
                }
            }
            Aim::Expire { id, planned } => match self.changed(id, &planned.0).await? {
                Some(why) => Err(why),
                None => Ok(Before(BTreeSet::new())),
            },
        })
    }

    /// Tells how a silence has changed since it was planned on.
    async fn changed(&self, id: &SilenceId, planned: &Value) -> Result<Option<String>, Error> {
        let why = match self.look(id).await? {
            None => "it is not there any more",
            Some(fresh) if same_but_status(planned, &fresh) => return Ok(None),
            Some(fresh) if Live(&fresh).state() == "expired" => "it has expired since the plan was made",
            Some(_) => "it changed since the plan was made",
        };
        Ok(Some(why.to_owned()))
    }

    /// Tells whether a silence would hide more than was shown; `own` is the silence itself, where there is one.
    async fn more(&self, hides: &Hides, own: &[&str]) -> Result<Option<String>, Error> {
        let alerts = self.manager.alerts_of(&hides.matchers).await?;
        let reach = Reach::of(&alerts.alerts, own);
        let riskier = reach.risk(&hides.matchers, hides.lasts) > hides.risk;
        let more = riskier || reach.outgrows(&hides.reach, &hides.matchers);
        Ok(more.then(|| format!("it would hide more by now, {}", reach.words())))
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
            Aim::Add { hides } => spelled(&hides.matchers),
            Aim::Extend { id, .. } | Aim::Expire { id, .. } => id.to_string(),
        };
        let text = said(format!("{} {} {which}", request.method, request.path));
        if let Err(error) = self.note(&text, WriteState::Sending, None) {
            // The entry may still get there: then this one follows it.
            self.note(&text, WriteState::NotSent, None).ok();
            return End::Failed(Kind::Io, format!("nothing was sent: {}", error.line()));
        }
        let ended = |end: End| (end.state(), end);
        let (state, end) = match self.manager.transport().send_once(write).await {
            Ok(answer) if (200..300).contains(&answer.status) => {
                ended(self.after(part, before, &answer, &text).await)
            }
            // A gateway's answer, or a server's that failed on the way, says nothing of what was done.
            Ok(answer) if answer.status >= 500 || answer.status == 408 => {
                self.note(&text, WriteState::Unknown, None).ok();
                let own = own_failure(&answer);
                let why = match &own {
                    Some(words) => format!("the Alertmanager answered {}: {words}", answer.status),
                    None => format!("the answer was {}", answer.status),
                };
                ended(self.doubted(part, before, &why, own.is_some()).await)
            }
            Ok(answer) => ended(self.refused(&answer)),
            Err(lost) if lost.maybe_sent => {
                self.note(&text, WriteState::Unknown, None).ok();
                ended(self.doubted(part, before, &lost.error.line(), false).await)
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
            Aim::Extend { id, ends, planned, .. } => {
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

    /// Reads back what became of a write that was answered with success: that alone does not tell that it was done.
    async fn after(&self, part: &Part, before: &Before, answer: &Answer, text: &Safe) -> End {
        let posted = !matches!(part.aim, Aim::Expire { .. });
        let told = named(answer).filter(|_| posted);
        if posted && told.is_none() {
            self.note(text, WriteState::Unknown, None).ok();
            let why = format!("the answer was {} and named no silence", answer.status);
            return self.doubted(part, before, &why, false).await;
        }
        let accepted = told.as_ref().map_or_else(|| "accepted".to_owned(), |id| format!("accepted as {id}"));
        // Where replicas stand behind one name, the one that is asked may hear of it a moment later.
        let until = (self.clock)() + LOOKING;
        loop {
            let unseen = match self.back(part, told.as_ref()).await {
                Ok(Back::Asked(id)) => {
                    return End::Done(format!("{}, read back", self.applied(part, &id).await));
                }
                Ok(Back::Other(why)) => {
                    return End::Unknown(format!("{accepted}, but it is not as asked: {why}"));
                }
                Ok(Back::NotYet(why)) => format!("{accepted}; {why}"),
                Err(error) => format!("{accepted}; it could not be read back: {}", error.line()),
            };
            if (self.clock)() >= until {
                return End::Unknown(unseen);
            }
            tokio::time::sleep(REST).await;
        }
    }

    /// Reads back the silence that an answer names, or that was to end.
    async fn back(&self, part: &Part, told: Option<&SilenceId>) -> Result<Back, Error> {
        const UNSEEN: &str = "it is not seen so far: another replica may have answered";
        let planned = match &part.aim {
            Aim::Expire { id, planned } => {
                let found = self.look(id).await?;
                return Ok(match (expired(&planned.0, found.as_ref()), found) {
                    (Seen::Applied(id), _) => Back::Asked(id),
                    (_, None) => Back::NotYet("it is not there to be read back"),
                    (Seen::NotYet, _) => Back::NotYet("it has not ended so far"),
                    (Seen::Moved, _) => Back::Other("it has not ended, and somebody changed it".to_owned()),
                });
            }
            Aim::Extend { planned, .. } => Some(&planned.0),
            Aim::Add { .. } => None,
        };
        let (Some(id), Some(body)) = (told, part.request.body.as_ref()) else {
            return Ok(Back::NotYet(UNSEEN));
        };
        let Some(found) = self.look(id).await? else { return Ok(Back::NotYet(UNSEEN)) };
        Ok(match differs(body, &found) {
            None => Back::Asked(id.clone()),
            Some(_) if planned.is_some_and(|planned| same_but_status(planned, &found)) => {
                Back::NotYet("it ends as before so far: another replica may have answered")
            }
            Some(why) => Back::Other(why),
        })
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
    /// again. `own` says that the Alertmanager itself has told of a failure: then what is not seen after the time that a
    /// gossip takes is not done.
    async fn doubted(&self, part: &Part, before: &Before, why: &str, own: bool) -> End {
        let began = (self.clock)();
        loop {
            let seen = self.seen(part, before).await.ok();
            match seen {
                Some(Seen::Applied(id)) => {
                    return End::Done(format!("{}: read back after {why}", self.applied(part, &id).await));
                }
                Some(Seen::NotYet) if own && (self.clock)() >= began + GOSSIP => {
                    return End::Failed(Kind::Server, format!("not done: read back after {why}"));
                }
                Some(Seen::Moved) => {
                    return End::Unknown(format!(
                        "{why}; somebody else has changed it meanwhile, so what became of this is not to be told"
                    ));
                }
                Some(Seen::NotYet) | None => {}
            }
            if (self.clock)() >= began + LOOKING {
                return End::Unknown(in_doubt(why, seen.is_some()));
            }
            tokio::time::sleep(REST).await;
        }
    }
}
