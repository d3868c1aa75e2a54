//! What is sent: made of a wish and of the silence as it is.

use serde_json::{Value, json};

use super::{Draft, Live, SilenceId};
use crate::core::{Span, Ts, Zone};
use crate::query::matcher::Matcher;

/// The most that a person has reason to ask for: beyond it, times are mistakes.
const LONGEST: Span = Span::hours(24 * 366);

/// One request, to be sent once.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `POST` or `DELETE`.
    pub method: &'static str,
    /// Below the Alertmanager's base.
    pub path: String,
    /// The body, where there is one.
    pub body: Option<Value>,
}

/// Tells why a silence can't be made, before anybody is asked; in the Alertmanager's words where it would refuse.
///
/// # Errors
/// The reason, a sentence without a full stop.
pub fn check(draft: &Draft) -> Result<(), String> {
    let refused = |why: &str| Err(why.to_owned());
    if draft.matchers.is_empty() {
        return refused("at least one matcher is needed: name=value, !=, =~ or !~");
    }
    if draft.matchers.iter().all(|m| m.meets_nothing() == Some(true)) {
        return refused("it would hide everything: at least one matcher must not match the empty string");
    }
    if draft.comment.raw().trim().is_empty() {
        return refused("a comment is required: why is it silenced?");
    }
    length(draft.length)
}

/// Tells what is wrong with a length.
pub(super) fn length(length: Span) -> Result<(), String> {
    if length < Span::secs(1) {
        return Err("it must last longer than nothing, as in 2h".to_owned());
    }
    if length > LONGEST {
        return Err("it would last longer than a year".to_owned());
    }
    Ok(())
}

/// The Alertmanager tells milliseconds: what is sent is told back as it was sent.
fn told(at: Ts) -> Ts {
    at.align_down(Span::millis(1))
}

fn time(at: Ts) -> String {
    told(at).rfc3339_millis_in(Zone::Utc)
}

/// Returns the request for a new silence from now on, when it begins and when it ends.
pub fn add(
    matchers: &[Matcher],
    now: Ts,
    length: Span,
    (author, comment): (&str, &str),
) -> (Request, Ts, Ts) {
    let starts = told(now);
    let ends = told(starts + length);
    let body = json!({
        "matchers": matchers,
        "startsAt": time(starts),
        "endsAt": time(ends),
        "createdBy": author,
        "comment": comment,
    });
    (Request { method: "POST", path: "/api/v2/silences".to_owned(), body: Some(body) }, starts, ends)
}

/// Returns the request that gives a silence a later end, when that is, and whether it keeps its id.
///
/// # Errors
/// Why not: it has ended, or ends later already.
pub fn extend(live: Live<'_>, now: Ts, length: Span) -> Result<(Request, Ts, bool), String> {
    self::length(length)?;
    let ends = told(now + length);
    if live.state() == "expired" {
        return Err("it has expired: make a new one".to_owned());
    }
    let old = live.ends_at().ok_or("the Alertmanager tells no end of it")?;
    if ends <= old {
        return Err(format!("it lasts longer already, until {}", time(old)));
    }
    if live.matchers().is_none() {
        return Err("its matchers are not understood".to_owned());
    }
    // All that is not changed goes back as it came: annotations of newer versions too.
    let mut body = live.0.clone();
    if let Some(map) = body.as_object_mut() {
        map.retain(|key, _| !matches!(key.as_str(), "status" | "updatedAt"));
        map.insert("endsAt".to_owned(), time(ends).into());
    }
    // Only one that has begun, or is far from beginning, is changed in its place.
    let soon = live.state() == "pending" && live.starts_at().is_none_or(|at| at - now < Span::mins(5));
    Ok((Request { method: "POST", path: "/api/v2/silences".to_owned(), body: Some(body) }, ends, !soon))
}

/// Returns the request that ends a silence.
///
/// # Errors
/// That it has ended.
pub fn expire(live: Live<'_>, id: &SilenceId) -> Result<Request, String> {
    if live.state() == "expired" {
        return Err("it has expired already".to_owned());
    }
    Ok(Request { method: "DELETE", path: format!("/api/v2/silence/{id}"), body: None })
}
