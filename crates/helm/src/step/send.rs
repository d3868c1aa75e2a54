//! Sending once, and repeating what may be repeated.
//!
//! Owns what an HTTP answer means: done, not there, refused, or unknown. Reads are repeated after failures, for some
//! twenty seconds, as long as a server behind a balancer may be away; a write only when it surely was not carried out:
//! it never left, or the answer says so (429, and a conflict where Helm repeats too).

use serde_json::{Value, json};

use super::request::{Answer, Class, Reply, Request, Verb};

/// The reason in an answer of our own for a request that never left.
const NOT_SENT: &str = "NotSent";

/// How often client-go repeats after 429.
const MAX_THROTTLED: u32 = 10;
/// How often Helm tries after a conflict.
pub(super) const MAX_CONFLICTS: u32 = 5;
/// How long Helm rests after a conflict, in milliseconds.
pub(super) const CONFLICT_REST_MS: u64 = 10;
/// How often a read, and whatever never left, is repeated after a failure: 22 s in all.
pub(super) const MAX_FAILURES: u32 = 8;
/// The longest rest before it is repeated, in milliseconds.
const LONGEST_REST: u64 = 5_000;

/// Why it is not known what came of a write, and whether the API server itself answered; `None` while nothing is in doubt.
pub(super) type Doubt = Option<(String, bool)>;

/// What came of a request in the end.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Got {
    /// The server did it; its body.
    Done(Value),
    /// There is no such object.
    NotFound(Answer),
    /// The server did not do it.
    Refused(Answer),
    /// It is not known whether the server did it. Says whether the API server itself answered.
    Unknown { why: String, answered: bool },
}

/// After which conflicts a request is sent again, as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// After none.
    Never,
    /// After every one.
    Conflicts,
    /// After those of a quota, which pass.
    Quota,
}

impl Repeat {
    /// Returns what Helm does with requests of a verb.
    pub(super) fn of(request: &Request) -> Self {
        match request.verb {
            Verb::Create | Verb::Delete => Self::Conflicts,
            Verb::Get | Verb::List | Verb::Update | Verb::Patch => Self::Never,
        }
    }

    fn takes(self, answer: &Answer) -> bool {
        let message = answer.message();
        match self {
            Self::Never => false,
            Self::Conflicts => answer.reason() == "Conflict",
            Self::Quota => {
                is_conflict(answer)
                    && message.contains("Operation cannot be fulfilled on resourcequotas")
                    && message.contains("the object has been modified")
            }
        }
    }
}

/// Whether a refusal is a conflict with what others did, and not that a name is taken.
pub(super) fn is_conflict(answer: &Answer) -> bool {
    answer.code == 409 && answer.reason() != "AlreadyExists"
}

/// A request that is on its way.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub request: Request,
    repeat: Repeat,
    throttled: u32,
    conflicts: u32,
    failed: u32,
}

/// What to do with a reply.
#[derive(Debug)]
pub(super) enum Landing {
    /// Send the request again, as it now is.
    Again,
    /// This came of it.
    Got(Got),
}

impl Flight {
    pub(super) fn new(request: Request, repeat: Repeat) -> Self {
        Self { request, repeat, throttled: 0, conflicts: 0, failed: 0 }
    }

    /// Takes a reply; after `most` failures that allow it the request is not repeated any more.
    pub(super) fn land(&mut self, reply: Reply, most: u32) -> Landing {
        let is_read = self.request.class() == Class::Read;
        let answer = match reply {
            Reply::NotSent(_) if self.again_after_failure(most) => return Landing::Again,
            Reply::NotSent(why) => return Landing::Got(Got::Refused(not_sent(&why))),
            Reply::Lost(_) if is_read && self.again_after_failure(most) => return Landing::Again,
            Reply::Lost(why) => return Landing::Got(Got::Unknown { why, answered: false }),
            Reply::Answer(answer) => answer,
        };
        match answer.code {
            200..=299 => Landing::Got(Got::Done(answer.body)),
            404 => Landing::Got(Got::NotFound(answer)),
            429 if self.throttled < MAX_THROTTLED => {
                self.throttled += 1;
                self.request.delay_ms = answer.retry_after_ms.unwrap_or(1_000).min(60_000);
                Landing::Again
            }
            409 if self.repeat.takes(&answer) && self.conflicts + 1 < MAX_CONFLICTS => {
                self.conflicts += 1;
                self.request.delay_ms = CONFLICT_REST_MS;
                Landing::Again
            }
            500..=599 if is_read && self.again_after_failure(most) => Landing::Again,
            500..=599 if !is_read => {
                // A gateway's time-out says nothing about what the server behind it does.
                let answered = answer.is_status() && !matches!(answer.reason(), "Timeout" | "ServerTimeout");
                Landing::Got(Got::Unknown { why: answer.message(), answered })
            }
            _ => Landing::Got(Got::Refused(answer)),
        }
    }

    fn again_after_failure(&mut self, most: u32) -> bool {
        self.request.delay_ms = (250 << self.failed.min(8)).min(LONGEST_REST);
        self.failed += 1;
        self.failed <= most
    }
}

/// Returns an answer of our own: the server did nothing, because it was asked nothing.
fn not_sent(why: &str) -> Answer {
    let message = format!("not sent: {why}");
    Answer::new(503, json!({ "kind": "Status", "reason": NOT_SENT, "message": message }))
}
