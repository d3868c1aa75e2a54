//! What goes out and what comes back: a GET, an answer that was read whole, one that is being read.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use http_body_util::BodyExt as _;
use kube::client::Body;

use super::stack::{Lane, Order};
use super::{JSON, OBJECT, TOTAL};
use crate::core::{Kind, Result, Span};
use crate::sources::kube::answer::Asked;

/// A GET.
#[derive(Clone, Debug)]
pub struct Get<'a> {
    /// Path and query, quoted.
    pub path: &'a str,
    /// What is accepted.
    pub accept: &'a str,
    /// The limit of the whole request, after credentials are there.
    pub limit: Span,
    /// The most bytes of body, decompressed.
    pub cap: usize,
    /// Whether it may come compressed.
    pub compress: bool,
    /// The pool.
    pub lane: Lane,
}

impl<'a> Get<'a> {
    /// Returns a GET of JSON with the usual limits.
    pub fn json(path: &'a str) -> Self {
        Self { path, accept: JSON, limit: TOTAL, cap: OBJECT, compress: true, lane: Lane::Read }
    }
}

/// An answer that was read whole.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Bytes,
    /// How long it took.
    pub took: Span,
}

impl Reply {
    /// Returns a header's text.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    /// Returns the content type.
    pub fn content_type(&self) -> &str {
        self.header(&header::CONTENT_TYPE).unwrap_or("")
    }
}

/// An answer that is being read.
pub struct Stream {
    /// Its content type.
    pub content_type: String,
    pub(super) asked: Asked,
    pub(super) body: Body,
}

impl Stream {
    /// Returns the next bytes, `None` at the end; waits without limit, so the caller must have one.
    ///
    /// Fails with `Unreachable` when it breaks off. Dropping the future loses nothing.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        loop {
            match self.body.frame().await {
                None => return Ok(None),
                Some(Err(error)) => {
                    return Err(self.asked.error(Kind::Unreachable).detail(format!("it broke off: {error}")));
                }
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }
}

/// One request, which can be made anew after a 401.
pub(super) struct Ask<'a> {
    pub method: Method,
    pub path: &'a str,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub body: Bytes,
    pub order: Order,
}

impl Ask<'_> {
    pub fn request(&self, asked: &Asked) -> Result<Request<Body>> {
        let mut request = Request::new(Body::from(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() =
            self.path.parse().map_err(|_| asked.error(Kind::Internal).detail("its path is not one"))?;
        for (name, value) in &self.headers {
            request.headers_mut().insert(name.clone(), value.clone());
        }
        request.extensions_mut().insert(self.order);
        Ok(request)
    }
}

/// Returns a header's value; one that could not be a header's is replaced by JSON's.
pub(super) fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(JSON))
}
