//! Answers: objects, refusals and plain texts as HTTP responses.

use std::io::Write as _;

use axum::body::Body;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, VARY};
use http::{HeaderMap, Response, StatusCode};
use serde_json::Value;

use super::protobuf::Schema;
use super::request::{Form, Format};
use crate::cluster::status::ApiError;

/// Answers from this size on are packed for clients that take gzip.
const PACKED_FROM: usize = 128 * 1024;

/// Returns an answer of bytes.
pub fn bytes(code: u16, media: &str, body: impl Into<Body>) -> Response<Body> {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    if let Ok(media) = media.parse() {
        headers.insert(CONTENT_TYPE, media);
    }
    headers.insert("audit-id", http::HeaderValue::from_static("00000000-0000-4000-8000-000000000000"));
    headers.insert(http::header::CACHE_CONTROL, http::HeaderValue::from_static("no-cache, private"));
    answer
}

/// Returns a plain text.
pub fn text(code: u16, body: impl Into<Body>) -> Response<Body> {
    bytes(code, "text/plain; charset=utf-8", body)
}

/// Returns what the server says of paths that it does not know.
pub fn unknown_path() -> Response<Body> {
    text(404, "404 page not found\n")
}

/// Returns a JSON value.
pub fn json(code: u16, value: &Value) -> Response<Body> {
    bytes(code, "application/json", value.to_string() + "\n")
}

/// How a request wants to be answered.
#[derive(Clone, Copy, Debug)]
pub struct Out<'a> {
    /// The form.
    pub form: Form,
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// The table of protobuf messages.
    pub schema: &'a Schema,
}

impl Out<'_> {
    /// Returns an object in the form that was asked for; large ones are packed when that is allowed.
    pub fn object(&self, code: u16, value: &Value) -> Response<Body> {
        let (media, body) = match self.form.format {
            Format::Json => ("application/json", (value.to_string() + "\n").into_bytes()),
            Format::Protobuf => match self.schema.encode(value) {
                Some(body) => ("application/vnd.kubernetes.protobuf", body),
                None => return refusal(&ApiError::not_acceptable("application/json, application/yaml")),
            },
        };
        let takes = self.headers.get(ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or("");
        if body.len() < PACKED_FROM || !takes.split(',').any(|e| e.trim().starts_with("gzip")) {
            return bytes(code, media, body);
        }
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        let Some(packed) = gzip.write_all(&body).ok().and_then(|()| gzip.finish().ok()) else {
            return bytes(code, media, body);
        };
        let mut answer = bytes(code, media, packed);
        answer.headers_mut().insert(CONTENT_ENCODING, http::HeaderValue::from_static("gzip"));
        answer.headers_mut().insert(VARY, http::HeaderValue::from_static("Accept-Encoding"));
        answer
    }

    /// Returns a refusal, in protobuf for those who asked for it.
    pub fn refusal(&self, error: &ApiError) -> Response<Body> {
        let mut answer = refusal(error);
        if self.form.format == Format::Protobuf
            && let Some(body) = self.schema.encode(&error.status())
        {
            *answer.body_mut() = Body::from(body);
            let media = http::HeaderValue::from_static("application/vnd.kubernetes.protobuf");
            answer.headers_mut().insert(CONTENT_TYPE, media);
        }
        answer
    }
}

/// Returns a refusal.
pub fn refusal(error: &ApiError) -> Response<Body> {
    let mut answer = json(error.code, &error.status());
    if error.code == 429 {
        answer.headers_mut().insert(RETRY_AFTER, http::HeaderValue::from_static("1"));
    }
    answer
}
