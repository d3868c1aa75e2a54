//! Answers: JSON for what went well, plain text for what did not, as Loki does.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};

use super::logql::LogqlError;

/// A refused request: the text of a 400.
pub struct Refused(pub String);

impl From<LogqlError> for Refused {
    fn from(error: LogqlError) -> Self {
        Self(error.0)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        text(StatusCode::BAD_REQUEST, self.0)
    }
}

fn text(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}

/// Writes a JSON document.
pub fn document(body: &Json) -> Response {
    let mut response = Response::new(Body::from(format!("{body}\n")));
    let kind = HeaderValue::from_static("application/json; charset=UTF-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// Writes data in the envelope.
pub fn data(data: &Json) -> Response {
    document(&json!({"status": "success", "data": data}))
}

/// Writes a result in the envelope, with statistics and, where asked for, the encoding's flags.
pub fn result(kind: &str, result: Json, categorize: bool) -> Response {
    let returned = result.as_array().map_or(0, Vec::len);
    let mut body = serde_json::Map::new();
    body.insert("resultType".into(), json!(kind));
    if categorize {
        body.insert("encodingFlags".into(), json!(["categorize-labels"]));
    }
    body.insert("result".into(), result);
    body.insert("stats".into(), json!({"summary": {"totalEntriesReturned": returned}}));
    data(&Json::Object(body))
}
