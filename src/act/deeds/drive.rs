//! Carries a deed out: looks at each object again, journals, sends its request once, reads back what became of it.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, header};
use serde_json::Value;

use super::super::order::Carry;
use super::super::{in_doubt, said};
use super::Part;
use crate::core::{Error, Kind, Safe, Span};
use crate::ops::deed::{Act, Seen, Verb, held_by, same_but_status};
use crate::ops::{Confirmed, JobMsg, Outcome, WriteState};

/// The time limit of one write; after it its outcome is unknown and is read back.
const LIMIT: Span = Span::secs(15);
const CAP: usize = 16 << 20;
/// How often a request is sent that the server refuses because the object's status has changed in the same moment.
const TRIES: usize = 4;
/// How long and how often what became of a lost write is looked for.
const LOOKING: Span = Span::secs(30);
const REST: Duration = Duration::from_secs(1);

/// How one object's request ended.
pub(super) enum End {
    Done(String),
    Failed(String),
    /// The server has refused it, with that status.
    Refused(u16, String),
    Unknown(String),
}

/// What stands at an object's place when it is looked at again.
pub(super) enum Fresh {
    /// The object that was planned for, as it is now.
    Same(Value),
    /// Nothing.
    Gone,
    /// Another object of the same name.
    Replaced,
}

impl End {
    pub(super) fn words(&self) -> &str {
        match self {
            Self::Done(text) | Self::Failed(text) | Self::Refused(_, text) | Self::Unknown(text) => text,
        }
    }

    /// Returns what is said before the words.
    fn word(&self) -> &'static str {
        match self {
            Self::Done(_) => "",
            Self::Failed(_) | Self::Refused(..) => "failed: ",
            Self::Unknown(_) => "unknown: ",
        }
    }

    /// Returns what is told of an object.
    pub(super) fn told(&self, object: &str) -> Safe {
        said(format!("{object}: {}{}", self.word(), self.words()))
    }
}

/// Carries the parts out in their order and tells how it goes. Returns how it ended and what is said of it.
///
/// What fails for one object does not keep the others from being changed; what is unknown of one does.
pub(in crate::act) async fn run(carry: &Carry<'_>, parts: &[Part]) -> (Outcome, Safe) {
    let of = parts.len();
    let (mut done, mut failed, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for (at, part) in parts.iter().enumerate() {
        let step = |text: Safe, finished| (carry.tell)(JobMsg::Step { number: at + 1, of, text, finished });
        let end = if carry.stop.is_cancelled() {
            End::Failed("not sent: cancelled".to_owned())
        } else if !unknown.is_empty() {
            End::Failed("not sent: what became of the one before is not known".to_owned())
        } else {
            step(said(format!("{} ({} of {of})", part.object, at + 1)), false);
            carry.part(part).await
        };
        let text = end.told(&part.object);
        step(text.clone(), true);
        match end {
            End::Done(_) => done.push(text),
            End::Failed(_) | End::Refused(..) => failed.push(text),
            End::Unknown(_) => unknown.push(text),
        }
    }
    summed((&done, &failed, &unknown), of, carry.confirmed.plan.past())
}

fn summed((done, failed, unknown): (&[Safe], &[Safe], &[Safe]), of: usize, past: &str) -> (Outcome, Safe) {
    let joined = |lines: &[Safe]| lines.iter().map(Safe::as_str).collect::<Vec<_>>().join("; ");
    let counted = if of > 1 { format!("{} of {of} {past}; ", done.len()) } else { String::new() };
    let error = |kind, detail: &Safe| Error::new(kind, "change the cluster").detail(detail.as_str());
    if !unknown.is_empty() {
        let text = said(format!("{counted}{}", joined(unknown)));
        let error = error(Kind::OutcomeUnknown, &text).hint("nothing was sent again: look at the object");
        (Outcome::Unknown(error), text)
    } else if !failed.is_empty() {
        let text = said(format!("{counted}{}", joined(failed)));
        (Outcome::Failed(error(Kind::Server, &text)), text)
    } else {
        (Outcome::Done, said(joined(done)))
    }
}

impl Carry<'_> {
    /// Looks at a part's object and sends its request.
    ///
    /// What the server refuses is known not to be done. A controller at work writes the status all the time: of a rollout or
    /// an Application that is under way the version may be old by the time that the entry is on disk. So it is looked at
    /// again then, and sent again where only that has changed.
    pub(super) async fn part(&self, part: &Part) -> End {
        let failed = |why: &str| End::Failed(why.to_owned());
        let mut refused: Option<(Option<Value>, End)> = None;
        for _ in 0..TRIES {
            let fresh = match self.fresh(part).await {
                Ok(Fresh::Same(fresh)) => fresh,
                Ok(Fresh::Gone) => return failed("it is not there any more: nothing was sent"),
                Ok(Fresh::Replaced) => {
                    return failed("another object of the same name stands in its place: nothing was sent");
                }
                Err(error) => {
                    let why = error.line();
                    return End::Failed(format!("could not be looked at again, nothing was sent: {why}"));
                }
            };
            let version = fresh.pointer("/metadata/resourceVersion").cloned();
            match refused.take() {
                // It was refused for another reason than its version.
                Some((of, end)) if of == version => return end,
                _ => {}
            }
            match self.planned(part, &fresh).await {
                end @ End::Refused(409 | 422, _) => refused = Some((version, end)),
                end => return end,
            }
        }
        refused.map_or_else(|| failed("nothing was sent"), |(_, end)| end)
    }

    /// Looks at an object again.
    pub(super) async fn fresh(&self, part: &Part) -> Result<Fresh, Error> {
        let uid = |v: &Value| v.pointer("/metadata/uid").cloned();
        Ok(match self.look(&part.from).await? {
            None => Fresh::Gone,
            Some(fresh) if uid(&part.planned.0) != uid(&fresh) => Fresh::Replaced,
            Some(fresh) => Fresh::Same(fresh),
        })
    }

    /// Sends the request for an object as it is now, where it is still the one that was planned for.
    pub(super) async fn planned(&self, part: &Part, fresh: &Value) -> End {
        if !same_but_status(&part.planned.0, fresh) {
            return End::Failed(
                "it changed since the plan was made: nothing was sent; make a new plan".to_owned(),
            );
        }
        let version = fresh.pointer("/metadata/resourceVersion").and_then(Value::as_str).unwrap_or_default();
        let act = part.act.clone().with_resource_version(version);
        self.send(&act, fresh).await
    }

    /// Reads an object; `None` when it is not there.
    pub(super) async fn look(&self, path: &str) -> Result<Option<Value>, Error> {
        match self.client.get_json::<Value>(path).await {
            Ok(object) => Ok(Some(object)),
            Err(fail) if fail.error.kind == Kind::NotFound => Ok(None),
            Err(fail) => Err(fail.error),
        }
    }

    /// Sends a request, once. That it is sent is on disk before.
    async fn send(&self, act: &Act, before: &Value) -> End {
        if !self.confirmed.token.is_good((self.clock)()) {
            return End::Failed("the confirmation has expired: nothing was sent".to_owned());
        }
        let http = match build(act, self.confirmed) {
            Ok(http) => http,
            Err(why) => return End::Failed(format!("nothing was sent: {why}")),
        };
        let text = said(format!("{} {} {}", act.verb.method(), act.place.kind, act.path()));
        if let Err(error) = self.note(&text, WriteState::Sending, None) {
            // The entry may still get there: then this one follows it.
            self.note(&text, WriteState::NotSent, None).ok();
            return End::Failed(format!("nothing was sent: {}", error.line()));
        }
        let (state, end) = match self.client.raw_service().send_once(http, LIMIT, CAP).await {
            Ok(reply) if (200..300).contains(&reply.status) => {
                let end = self.after(act, before).await;
                (WriteState::Done, end)
            }
            // A gateway's answer, or a server's that failed on the way, says nothing of what was done.
            Ok(reply) if reply.status >= 500 => {
                self.note(&text, WriteState::Unknown, None).ok();
                let why = format!("the server answered {}", reply.status);
                let end = self.doubted(act, before, &why).await;
                (state_of(&end), end)
            }
            Ok(reply) => {
                (WriteState::Refused, End::Refused(reply.status, refusal(reply.status, &reply.body)))
            }
            Err(failure) if failure.maybe_sent => {
                self.note(&text, WriteState::Unknown, None).ok();
                let end = self.doubted(act, before, &failure.error.line()).await;
                (state_of(&end), end)
            }
            Err(failure) => (WriteState::NotSent, End::Failed(format!("not sent: {}", failure.error.line()))),
        };
        // What was sent is sent; that its end could not be noted is told by the next entry's failure.
        self.note(&text, state, Some(said(end.words()))).ok();
        end
    }

    /// Reads back what became of a write that was answered with success.
    async fn after(&self, act: &Act, before: &Value) -> End {
        let back = match self.look(&act.read_back()).await {
            Ok(back) => back,
            Err(error) => return End::Done(format!("done; it was not read back: {}", error.line())),
        };
        let deletes = act.verb == Verb::Delete || act.subresource.as_deref() == Some("eviction");
        match act.judge(before, back.as_ref()) {
            Seen::Applied if deletes => End::Done(going(back.as_ref())),
            Seen::Applied => End::Done("done, read back".to_owned()),
            Seen::NotYet => End::Done("accepted; it is not seen in the object yet".to_owned()),
            Seen::Vanished => End::Done("accepted; the object is not there any more".to_owned()),
            Seen::NotApplied | Seen::Differs => End::Done(
                "accepted, but the object is not as asked: somebody changes it back or otherwise".to_owned(),
            ),
        }
    }

    /// Looks for what became of a write whose reply does not tell, until it is known or for a time. It is never sent
    /// again.
    async fn doubted(&self, act: &Act, before: &Value, why: &str) -> End {
        let until = (self.clock)() + LOOKING;
        loop {
            let seen = match self.look(&act.read_back()).await {
                Ok(back) => Some((act.judge(before, back.as_ref()), back)),
                Err(_) => None,
            };
            match seen {
                Some((Seen::Applied, _)) => return End::Done(format!("done: read back after {why}")),
                Some((Seen::NotApplied, _)) => {
                    return End::Failed(format!("not done: read back after {why}; the object has moved on"));
                }
                Some((Seen::Vanished, _)) => {
                    return End::Unknown(format!(
                        "{why}; the object is gone, and whether it was done before is not known"
                    ));
                }
                Some((Seen::Differs, _)) => {
                    return End::Unknown(format!(
                        "{why}; something of it was written, but it is not as asked"
                    ));
                }
                Some((Seen::NotYet, _)) | None => {}
            }
            if (self.clock)() >= until {
                return End::Unknown(in_doubt(why, seen.is_some()));
            }
            tokio::time::sleep(REST).await;
        }
    }
}

fn state_of(end: &End) -> WriteState {
    match end {
        End::Done(_) => WriteState::Done,
        End::Failed(_) | End::Refused(..) => WriteState::Refused,
        End::Unknown(_) => WriteState::Unknown,
    }
}

/// What is said of an object that is no longer there.
pub(super) const GONE: &str = "gone";

fn going(back: Option<&Value>) -> String {
    let Some(back) = back else { return GONE.to_owned() };
    let held = held_by(back);
    if held.is_empty() {
        "is ending".to_owned()
    } else {
        let names: Vec<&str> = held.iter().map(Safe::as_str).collect();
        format!("is being deleted, held by {}", names.join(", "))
    }
}

/// Returns what a refusal says, and what follows from it.
fn refusal(status: u16, body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let message = body.get("message").and_then(Value::as_str).unwrap_or("no reason given");
    match status {
        409 => format!("refused, it changed in the same moment: make a new plan ({message})"),
        429 => format!("refused for now: {message}"),
        _ => format!("refused ({status}): {message}"),
    }
}

fn build(act: &Act, confirmed: &Confirmed) -> Result<http::Request<Bytes>, String> {
    let mut path = act.path();
    if !act.query.is_empty() {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&act.query).finish();
        path.push('?');
        path.push_str(&query);
    }
    let agent = format!("deckwatch/{} (op {})", env!("CARGO_PKG_VERSION"), confirmed.token.plan());
    http::Request::builder()
        .method(act.verb.method())
        .uri(path)
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, HeaderValue::from_str(&agent).map_err(|e| e.to_string())?)
        .header(header::CONTENT_TYPE, act.content.as_str())
        .body(Bytes::from(act.body.0.to_string()))
        .map_err(|e| e.to_string())
}
