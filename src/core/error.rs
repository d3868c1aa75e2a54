//! The error that crosses layers: what failed, on what, why the other side says so, and a hint.

use std::fmt;
use std::sync::Arc;

use super::redact::redact;
use super::text::Untrusted;

/// A result with the error of this layer.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The closed set of reasons, shared by health, exit codes and JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The command line or an argument is wrong.
    Usage,
    /// A configuration file or a kubeconfig is wrong.
    Config,
    /// Credentials are missing, expired or refused (401).
    Auth,
    /// The right is missing (403).
    Denied,
    /// The thing is not there (404).
    NotFound,
    /// It exists already or has changed in between (409).
    Conflict,
    /// No answer within the limit.
    Timeout,
    /// No connection: refused, reset, no route, name not resolved.
    Unreachable,
    /// Certificates: unknown, expired, wrong name, unsupported version.
    Tls,
    /// The server asks to wait (429).
    Throttled,
    /// The query is wrong (400, 422).
    BadQuery,
    /// The server failed (5xx).
    Server,
    /// The answer is not what the protocol says.
    Decode,
    /// The answer or the object is larger than its limit.
    TooLarge,
    /// The list or the watch is older than what the server keeps (410).
    Gone,
    /// Refused by deckwatch itself: read-only, locked, an owner, a preflight.
    Refused,
    /// A write whose outcome is not known.
    OutcomeUnknown,
    /// Cancelled by the person.
    Cancelled,
    /// A file or another local thing failed.
    Io,
    /// A fault of deckwatch.
    Internal,
}

impl Kind {
    /// Returns the exit code of the command line: 1 failed, 2 usage, 4 denied, 5 outcome unknown.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Usage | Self::Config => 2,
            Self::Denied | Self::Auth => 4,
            Self::OutcomeUnknown => 5,
            Self::NotFound
            | Self::Conflict
            | Self::Timeout
            | Self::Unreachable
            | Self::Tls
            | Self::Throttled
            | Self::BadQuery
            | Self::Server
            | Self::Decode
            | Self::TooLarge
            | Self::Gone
            | Self::Refused
            | Self::Cancelled
            | Self::Io
            | Self::Internal => 1,
        }
    }

    /// Returns the word that is shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Config => "configuration",
            Self::Auth => "credentials rejected",
            Self::Denied => "denied",
            Self::NotFound => "not found",
            Self::Conflict => "conflict",
            Self::Timeout => "no answer",
            Self::Unreachable => "unreachable",
            Self::Tls => "TLS",
            Self::Throttled => "throttled",
            Self::BadQuery => "bad query",
            Self::Server => "server error",
            Self::Decode => "unreadable answer",
            Self::TooLarge => "too large",
            Self::Gone => "too old",
            Self::Refused => "refused",
            Self::OutcomeUnknown => "outcome unknown",
            Self::Cancelled => "cancelled",
            Self::Io => "input/output",
            Self::Internal => "internal",
        }
    }
}

/// What failed, on what, and what to do about it.
///
/// `what`, `on` and `hint` are deckwatch's own words; what the other side said is `detail`, which is
/// [`Untrusted`] and is sanitised when printed. What looks like a secret in it is left out when it is taken: servers and
/// programs repeat what they were sent, and errors go to screens, journals and files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The reason's class.
    pub kind: Kind,
    /// What was tried, as in "list pods".
    pub what: Arc<str>,
    /// On what: a URL, an object, a file.
    pub on: Untrusted,
    /// What the other side said.
    pub detail: Option<Untrusted>,
    /// What to do.
    pub hint: Option<Arc<str>>,
}

impl Error {
    /// Returns an error of that kind about `what`.
    pub fn new(kind: Kind, what: impl Into<Arc<str>>) -> Self {
        Self { kind, what: what.into(), on: Untrusted::default(), detail: None, hint: None }
    }

    /// Names what it happened on.
    #[must_use]
    pub fn on(mut self, on: impl Into<Untrusted>) -> Self {
        self.on = without_secrets(on.into());
        self
    }

    /// Adds what the other side said; cut at 500 characters when printed.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Untrusted>) -> Self {
        self.detail = Some(without_secrets(detail.into()));
        self
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Arc<str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Prints the error on one line without the hint: `list pods: denied on momo-store: pods is forbidden`.
    pub fn line(&self) -> String {
        let mut out = format!("{}: {}", self.what, self.kind.word());
        if !self.on.is_empty() {
            out.push_str(" on ");
            out.push_str(self.on.safe().as_str());
        }
        if let Some(detail) = &self.detail {
            out.push_str(": ");
            out.push_str(detail.clipped(500).as_str());
        }
        out
    }
}

fn without_secrets(text: Untrusted) -> Untrusted {
    let left = redact(text.raw());
    if left == text.raw() { text } else { Untrusted::from(left) }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line())?;
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_on_what_why_and_a_hint() {
        let error = Error::new(Kind::Denied, "list secrets")
            .on("momo-store")
            .detail("secrets is forbidden\u{1b}[2J")
            .hint("ask for get and list on secrets in momo-store");
        assert_eq!(
            error.to_string(),
            "list secrets: denied on momo-store: secrets is forbidden^[[2J\nhint: ask for get and list on secrets in momo-store"
        );
        assert_eq!(error.kind.exit_code(), 4);
    }

    #[test]
    fn what_is_repeated_of_a_secret_is_left_out_when_the_error_is_made() {
        let error = Error::new(Kind::Server, "ask")
            .on("http://me:hunter22@prom")
            .detail("you sent Authorization: Bearer abc.def-123");
        assert_eq!(
            error.line(),
            "ask: server error on http://[left out]@prom: you sent Authorization: [left out] [left out]"
        );
        assert!(!format!("{error:?}").contains("hunter22") && !format!("{error:?}").contains("abc.def"));
    }
}
