//! The JSON envelope of every answer: status, data, error, warnings.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::core::{Error, Kind, Result, Untrusted};
use crate::sources::http::page;
use crate::sources::transport::Answer;

const MOST_NOTES: usize = 20;

#[derive(Deserialize)]
struct Envelope<'a> {
    status: String,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(default, rename = "errorType")]
    error_type: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    warnings: Option<Vec<Untrusted>>,
    #[serde(default)]
    infos: Option<Vec<Untrusted>>,
    #[serde(default, rename = "isPartial")]
    is_partial: bool,
}

/// What the server says beside the data.
#[derive(Debug, Default)]
pub struct Told {
    pub warnings: Vec<Untrusted>,
    pub infos: Vec<Untrusted>,
}

/// Returns the data of a successful answer. What an answer is, is told by its content, not by its
/// status: proxies answer 200 with pages, and servers answer errors with JSON.
pub fn open<'a>(
    what: &'static str,
    on: &dyn Fn() -> Untrusted,
    answer: &'a Answer,
) -> Result<(&'a RawValue, Told)> {
    let envelope = serde_json::from_slice::<Envelope<'a>>(&answer.body).ok();
    let envelope = envelope.filter(|e| matches!(e.status.as_str(), "success" | "error"));
    let Some(envelope) = envelope else { return Err(page::error(what, on(), answer)) };
    if envelope.status == "error" || answer.status >= 400 {
        return Err(failure(what, on(), answer.status, &envelope));
    }
    // Loki leaves an empty list out; where data is needed, reading `null` says that it is not there.
    let data = envelope.data.unwrap_or(RawValue::NULL);
    let few =
        |notes: Option<Vec<Untrusted>>| notes.unwrap_or_default().into_iter().take(MOST_NOTES).collect();
    let mut told = Told { warnings: few(envelope.warnings), infos: few(envelope.infos) };
    if envelope.is_partial {
        told.warnings.push("the server marks the answer as partial".into());
    }
    Ok((data, told))
}

fn failure(what: &'static str, on: Untrusted, status: u16, envelope: &Envelope<'_>) -> Error {
    let kind = match (status, envelope.error_type.as_str()) {
        (401, _) => Kind::Auth,
        (403, _) => Kind::Denied,
        (429, _) => Kind::Throttled,
        (_, "bad_data" | "execution" | "not_acceptable") => Kind::BadQuery,
        (_, "timeout") => Kind::Timeout,
        (_, "canceled") => Kind::Cancelled,
        (_, "not_found") => Kind::NotFound,
        (_, "internal" | "unavailable") => Kind::Server,
        (status, _) => match page::kind_of(status) {
            Kind::Decode => Kind::Server,
            kind => kind,
        },
    };
    let error = Error::new(kind, what).on(on).detail(envelope.error.clone());
    if envelope.error.contains("exceeded maximum resolution") {
        error.hint("too many points: widen the step or narrow the window")
    } else if envelope.error.contains("too many samples") || kind == Kind::Timeout {
        error.hint("the query reads too much: narrow the window or the selectors, or widen the step")
    } else if envelope.error.contains("no org id") {
        error.hint("set tenant: the server wants X-Scope-OrgID")
    } else {
        error
    }
}
