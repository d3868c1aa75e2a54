//! The one way that a source sends an HTTP request, whatever carries it: a direct connection, the API
//! server's service proxy, or a port-forward to a pod.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use crate::core::{Error, Kind, Result, Span, Untrusted};
use crate::store::health::Via;

/// A request to a source that reads: the method is GET, or POST of a query form.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: http::Method,
    /// Path and query below the source's base, beginning with `/`, already quoted.
    pub path: String,
    /// Headers beside those of the transport (which adds credentials and tenant itself).
    pub headers: Vec<(http::HeaderName, http::HeaderValue)>,
    /// The body of a POST, `application/x-www-form-urlencoded`.
    pub form: Option<String>,
    /// The whole request's time limit.
    pub limit: Span,
    /// The most bytes of (decompressed) body that are read.
    pub cap: usize,
}

/// An answer, of any status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type`.
    pub content_type: Option<String>,
    /// The body, decompressed, at most as long as the request's cap.
    pub body: Bytes,
    /// How long it took.
    pub took: Span,
}

/// What a transport returns.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<Answer>> + Send + 'a>>;

/// A request that changes something at a source. Only `act` makes one.
#[derive(Clone, Debug)]
pub struct Write {
    /// `POST` or `DELETE`.
    pub method: http::Method,
    /// Path below the source's base, beginning with `/`, already quoted.
    pub path: String,
    /// Headers beside those of the transport.
    pub headers: Vec<(http::HeaderName, http::HeaderValue)>,
    /// The body, `application/json`.
    pub json: Option<String>,
    /// The whole request's time limit.
    pub limit: Span,
    /// The most bytes of body that are read.
    pub cap: usize,
}

/// Why a write has no answer of the source.
#[derive(Debug)]
pub struct Unanswered {
    /// The reason.
    pub error: Error,
    /// Whether the source may have got it all the same.
    pub maybe_sent: bool,
}

impl Unanswered {
    /// Returns that it has not left.
    pub fn unsent(error: Error) -> Self {
        Self { error, maybe_sent: false }
    }

    /// Returns that it may have arrived.
    pub fn lost(error: Error) -> Self {
        Self { error, maybe_sent: true }
    }
}

/// What a transport returns of a write.
pub type SendingOnce<'a> = Pin<Box<dyn Future<Output = Result<Answer, Unanswered>> + Send + 'a>>;

/// A service as the API server's proxy names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxied {
    /// Its namespace.
    pub namespace: String,
    /// Service and port: `https:name:port`.
    pub segment: String,
}

/// Carries requests to one source. Credentials are bound to it and go nowhere else; redirects are not followed.
pub trait Transport: Send + Sync {
    /// Sends a request. Errors are those of the way (timeout, unreachable, TLS, too large, denied by
    /// the API server); any status that the source itself answers is an [`Answer`].
    fn send(&self, request: Request) -> Sending<'_>;

    /// Sends a write, once: it is not repeated after any failure, and a redirect is an answer like others.
    fn send_once(&self, _write: Write) -> SendingOnce<'_> {
        let error = Error::new(Kind::Refused, "change something at a source").on(self.address());
        Box::pin(std::future::ready(Err(Unanswered::unsent(error.detail("this way only reads")))))
    }

    /// Returns what the API server must allow `create` and `delete` on, where requests go through its service proxy.
    fn proxied(&self) -> Option<Proxied> {
        None
    }

    /// Returns how the source is reached.
    fn via(&self) -> Via;

    /// Returns the address that is shown, without credentials.
    fn address(&self) -> Untrusted;
}

/// A shared transport.
pub type SharedTransport = Arc<dyn Transport>;
