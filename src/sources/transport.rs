//! The one way that a source sends an HTTP request, whatever carries it: a direct connection, the API
//! server's service proxy, or a port-forward to a pod.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use crate::core::{Result, Span, Untrusted};
use crate::store::health::Via;

/// A request to a source. Sources only read: the method is GET, or POST of a query form.
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

/// Carries requests to one source. Credentials are bound to it and go nowhere else; redirects are not followed.
pub trait Transport: Send + Sync {
    /// Sends a request. Errors are those of the way (timeout, unreachable, TLS, too large, denied by
    /// the API server); any status that the source itself answers is an [`Answer`].
    fn send(&self, request: Request) -> Sending<'_>;

    /// Returns how the source is reached.
    fn via(&self) -> Via;

    /// Returns the address that is shown, without credentials.
    fn address(&self) -> Untrusted;
}

/// A shared transport.
pub type SharedTransport = Arc<dyn Transport>;
