//! Refusals: what the API server, or a proxy before it, meant by an answer that is not 2xx.
//!
//! Owns the mapping of HTTP statuses and `Status` bodies to [`Error`]s whose hint names the missing
//! right. Quotes at most a few words of what is not a `Status`. Never prints. Tested by tables.

use bytes::Bytes;
use deckwatch_wire::{Encoding, Status};
use http::{HeaderMap, Method, header};

use crate::core::{Error, Kind, Result, Span, Untrusted};

/// A failed request: the error, and what decides whether and when to ask again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fail {
    /// What is shown.
    pub error: Error,
    /// The HTTP status; 0 when there was no answer.
    pub status: u16,
    /// How long the server wants us to wait.
    pub retry_after: Option<Span>,
    /// The `reason` of the server's `Status`, or the type of its first cause.
    pub reason: String,
}

impl Fail {
    /// Returns whether the server refused the encoding that was asked for.
    pub fn refuses_encoding(&self) -> bool {
        matches!(self.status, 406 | 415)
    }

    /// Returns whether the list or watch must begin anew: what it refers to is no longer kept, or the
    /// server's state is older than what was asked for.
    pub fn is_gone(&self) -> bool {
        self.status == 410
            || matches!(self.reason.as_str(), "Expired" | "Gone")
            || self.error.detail.as_ref().is_some_and(|d| d.raw().contains("Too large resource version"))
    }
}

impl From<Error> for Fail {
    fn from(error: Error) -> Self {
        Self { error, status: 0, retry_after: None, reason: String::new() }
    }
}

impl From<Fail> for Error {
    fn from(fail: Fail) -> Self {
        fail.error
    }
}

/// A request as people speak of it, read from its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The verb of access rules: `get`, `list`, `watch`, `create`.
    pub verb: &'static str,
    /// The resource with its subresource: `pods/log`; empty for paths that are no resource.
    pub resource: String,
    /// Its API group.
    pub group: String,
    /// The namespace.
    pub namespace: Option<String>,
    /// The object's name.
    pub name: Option<String>,
    path: String,
}

impl Asked {
    /// Reads a request's path and query.
    pub fn of(method: &Method, path_and_query: &str) -> Self {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let watches = query.split('&').any(|p| matches!(p, "watch=true" | "watch=1"));
        let mut parts = path.trim_matches('/').split('/');
        let mut asked = Self {
            verb: "get",
            resource: String::new(),
            group: String::new(),
            namespace: None,
            name: None,
            path: path.to_owned(),
        };
        let rest: Vec<&str> = match parts.next() {
            Some("api") => parts.skip(1).collect(),
            Some("apis") => {
                parts.next().unwrap_or("").clone_into(&mut asked.group);
                parts.skip(1).collect()
            }
            _ => Vec::new(),
        };
        let rest = match rest.as_slice() {
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => {
                asked.namespace = Some((*namespace).to_owned());
                rest
            }
            all => all,
        };
        if let [resource, tail @ ..] = rest {
            (*resource).clone_into(&mut asked.resource);
            asked.name = tail.first().map(|n| (*n).to_owned());
            if let Some(subresource) = tail.get(1) {
                asked.resource.push('/');
                asked.resource.push_str(subresource);
            }
        }
        asked.verb = match *method {
            Method::POST => "create",
            Method::PUT => "update",
            Method::PATCH => "patch",
            Method::DELETE => "delete",
            _ if watches => "watch",
            _ if asked.name.is_none() && !asked.resource.is_empty() => "list",
            _ => "get",
        };
        asked
    }

    /// Returns what was tried: `list pods`.
    pub fn what(&self) -> String {
        let thing = if self.resource.is_empty() { self.path.as_str() } else { self.resource.as_str() };
        format!("{} {}", self.verb, Untrusted::from(thing).clipped(120))
    }

    /// Returns on what: `momo-store/backend`, `momo-store`, `all namespaces`.
    pub fn on(&self) -> Untrusted {
        match (&self.namespace, &self.name) {
            (Some(namespace), Some(name)) => format!("{namespace}/{name}").into(),
            (Some(one), None) | (None, Some(one)) => one.as_str().into(),
            (None, None) if self.resource.is_empty() => "the API server".into(),
            (None, None) => "the whole cluster".into(),
        }
    }

    /// Returns an error about this request.
    pub fn error(&self, kind: Kind) -> Error {
        Error::new(kind, self.what()).on(self.on())
    }

    fn right(&self) -> String {
        let resource = Untrusted::from(self.resource.as_str()).safe();
        let group = match self.group.as_str() {
            "" => String::new(),
            group => format!(" (group {})", Untrusted::from(group).safe()),
        };
        let place = match &self.namespace {
            Some(namespace) => format!("in namespace {}", Untrusted::from(namespace.as_str()).safe()),
            None => "in the whole cluster".to_owned(),
        };
        format!("ask for the verb `{}` on {resource}{group} {place}", self.verb)
    }
}

/// Reads the refusal out of an answer that is not 2xx.
pub fn refusal(asked: &Asked, status: u16, headers: &HeaderMap, body: &Bytes) -> Fail {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let said = server_status(content_type, body);
    let kind = kind_of(status, said.as_ref());
    let seconds = headers
        .get(header::RETRY_AFTER)
        .and_then(|v| v.to_str().ok()?.trim().parse::<i64>().ok())
        .or_else(|| Some(i64::from(said.as_ref()?.details.as_ref()?.retry_after_seconds)))
        .filter(|s| *s > 0);
    let detail = match &said {
        Some(said) => format!("{} ({status})", said.message),
        None => format!("{status} {}", first_words(content_type, body)),
    };
    let error = asked.error(kind).detail(detail.trim());
    let error = match (kind, seconds) {
        (Kind::Denied, _) if !asked.resource.is_empty() => error.hint(asked.right()),
        (Kind::Auth, _) => error.hint("the credentials were refused: log in again"),
        (Kind::Throttled, Some(s)) => error.hint(format!("the server asks to wait for {}", Span::secs(s))),
        (Kind::Server, _) if said.is_none() => {
            error.hint("this answer is not the API server's: a proxy or load balancer gave it")
        }
        _ => error,
    };
    let reason = said.map_or_else(String::new, |s| s.reason);
    Fail { error, status, retry_after: seconds.map(Span::secs), reason }
}

/// Turns the `Status` that a watch ends with into a failure.
pub fn watch_error(asked: &Asked, said: &Status) -> Fail {
    let status = u16::try_from(said.code).unwrap_or(0);
    let kind = kind_of(status, Some(said));
    let error = asked.error(kind).detail(format!("{} ({status})", said.message));
    let seconds = said.details.as_ref().map(|d| i64::from(d.retry_after_seconds)).filter(|s| *s > 0);
    Fail { error, status, retry_after: seconds.map(Span::secs), reason: said.reason.clone() }
}

fn kind_of(status: u16, said: Option<&Status>) -> Kind {
    if said.is_some_and(|s| s.reason == "Expired") {
        return Kind::Gone;
    }
    match status {
        401 => Kind::Auth,
        403 => Kind::Denied,
        404 => Kind::NotFound,
        409 => Kind::Conflict,
        410 => Kind::Gone,
        413 => Kind::TooLarge,
        429 => Kind::Throttled,
        400..=499 => Kind::BadQuery,
        _ => Kind::Server,
    }
}

/// Reads a `Status` body, whichever encoding it came in.
pub fn server_status(content_type: &str, body: &[u8]) -> Option<Status> {
    let encoding = Encoding::from_content_type(content_type)?;
    deckwatch_wire::decode_status(encoding, body).ok()
}

/// Returns the first words of a body that is not a `Status`, tags of HTML left out.
fn first_words(content_type: &str, body: &[u8]) -> String {
    let head = String::from_utf8_lossy(body.get(..4096).unwrap_or(body));
    let html = content_type.contains("html") || head.trim_start().starts_with('<');
    let mut text = String::new();
    let mut inside = false;
    for c in head.chars() {
        match c {
            '<' if html => inside = true,
            '>' if inside => {
                inside = false;
                text.push(' ');
            }
            _ if !inside => text.push(c),
            _ => {}
        }
    }
    // A health endpoint lists every check: those that fail are what matters.
    let failing: Vec<&str> = text.lines().filter(|line| line.trim_start().starts_with("[-]")).collect();
    let text = if failing.is_empty() { text } else { failing.join(" ") };
    let words: Vec<&str> = text.split_whitespace().take(16).collect();
    words.join(" ").chars().take(160).collect()
}

/// Says that an answer of status 200 is not the API server's: a login page, for example.
pub fn not_kubernetes(asked: &Asked, headers: &HeaderMap, body: &[u8]) -> Fail {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let detail = format!("the answer is no Kubernetes object: {}", first_words(content_type, body));
    asked
        .error(Kind::Decode)
        .detail(detail.trim_end_matches([':', ' ']))
        .hint("a proxy or login page may have given it")
        .into()
}

/// Says that an answer could not be decoded; a `Status` in its place is a refusal.
pub fn unreadable(asked: &Asked, error: &deckwatch_wire::Error) -> Fail {
    match error {
        deckwatch_wire::Error::Status(said) => watch_error(asked, said),
        deckwatch_wire::Error::TooLarge { .. } | deckwatch_wire::Error::TooMany { .. } => {
            asked.error(Kind::TooLarge).detail(error.to_string()).into()
        }
        other => asked.error(Kind::Decode).detail(other.to_string()).into(),
    }
}

/// Reads a JSON body.
pub fn json<T: serde::de::DeserializeOwned>(asked: &Asked, body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|e| {
        // The position only: the body may hold secrets.
        let place = format!(
            "the answer is not the JSON that was asked for (line {} column {})",
            e.line(),
            e.column()
        );
        asked.error(Kind::Decode).detail(place)
    })
}

#[cfg(test)]
mod tests;
