//! API errors in kube-apiserver's words.
//!
//! Owns: the `Status` object of every refusal. Never decides on one. Tested by comparing whole
//! objects.

use serde_json::{Value, json};

use super::kinds::Kind;

/// A refusal: the HTTP status, the machine's reason, the text and its details.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// HTTP status.
    pub code: u16,
    /// `Status.reason`.
    pub reason: &'static str,
    /// `Status.message`.
    pub message: String,
    /// `Status.details`.
    pub details: Option<Value>,
}

impl ApiError {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None }
    }

    fn named(mut self, kind: &Kind, name: &str) -> Self {
        let mut details = json!({ "name": name, "kind": kind.plural });
        if !kind.group.is_empty() {
            details = json!({ "name": name, "group": kind.group, "kind": kind.plural });
        }
        self.details = Some(details);
        self
    }

    /// Returns the refusal of a name that is not there.
    pub fn not_found(kind: &Kind, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{} \"{name}\" not found", kind.resource())).named(kind, name)
    }

    /// Returns the refusal to create a name that is there.
    pub fn exists(kind: &Kind, name: &str) -> Self {
        Self::new(409, "AlreadyExists", format!("{} \"{name}\" already exists", kind.resource()))
            .named(kind, name)
    }

    /// Returns the refusal of a write that rests on an older object.
    pub fn conflict(kind: &Kind, name: &str) -> Self {
        let why =
            "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict_because(kind, name, why)
    }

    /// Returns a conflict with its own reason.
    pub fn conflict_because(kind: &Kind, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", kind.resource());
        Self::new(409, "Conflict", message).named(kind, name)
    }

    /// Returns the refusal of an object with invalid fields: `(field, cause's reason, text)`.
    pub fn invalid(kind: &Kind, name: &str, causes: &[(&str, &str, &str)]) -> Self {
        Self::invalid_named(&kind.group_kind(), kind.group, kind.kind, name, causes)
    }

    /// Returns the refusal of a request's own options.
    pub fn invalid_options(kind: &str, group: &str, causes: &[(&str, &str, &str)]) -> Self {
        let group_kind = format!("{kind}.{group}");
        Self::invalid_named(&group_kind, group, kind, "", causes)
    }

    fn invalid_named(
        group_kind: &str,
        group: &str,
        kind: &str,
        name: &str,
        causes: &[(&str, &str, &str)],
    ) -> Self {
        let texts: Vec<String> = causes.iter().map(|(field, _, text)| format!("{field}: {text}")).collect();
        let all = match texts.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let mut error = Self::new(422, "Invalid", format!("{group_kind} \"{name}\" is invalid: {all}"));
        let causes: Vec<Value> = causes
            .iter()
            .map(|(field, reason, text)| json!({ "reason": reason, "message": text, "field": field }))
            .collect();
        let mut details = serde_json::Map::new();
        for (key, value) in [("name", name), ("group", group), ("kind", kind)] {
            if !value.is_empty() {
                details.insert(key.to_owned(), value.into());
            }
        }
        details.insert("causes".to_owned(), causes.into());
        error.details = Some(Value::Object(details));
        error
    }

    /// Returns the refusal of a request that cannot be understood.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// Returns the refusal of a verb that the resource does not have.
    pub fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        let mut error = Self::new(405, "MethodNotAllowed", message);
        error.details = Some(json!({}));
        error
    }

    /// Returns the refusal of a request without a valid token.
    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// Returns the refusal of what the user may not do.
    pub fn forbidden(message: String, plural: &str, group: &str, name: &str) -> Self {
        let mut details = serde_json::Map::new();
        for (key, value) in [("name", name), ("group", group), ("kind", plural)] {
            if !value.is_empty() {
                details.insert(key.to_owned(), value.into());
            }
        }
        let mut error = Self::new(403, "Forbidden", message);
        error.details = Some(Value::Object(details));
        error
    }

    /// Returns the refusal to go on from a version that is no longer held.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// Returns the end of a watch that asks for a version older than the history.
    pub fn gone(asked: u64, floor: u64) -> Self {
        Self::expired(format!("too old resource version: {asked} ({floor})"))
    }

    /// Returns the refusal of all media types that were asked for.
    pub fn not_acceptable(supported: &str) -> Self {
        let message = format!("only the following media types are accepted: {supported}");
        Self::new(406, "NotAcceptable", message)
    }

    /// Returns the refusal of a body's media type.
    pub fn unsupported_media_type(supported: &str) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {supported}"
        );
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// Returns the refusal of a body that is too large.
    pub fn too_large() -> Self {
        Self::new(413, "RequestEntityTooLarge", "limit is 3145728")
    }

    /// Returns a failure of the server's own.
    pub fn internal(message: &str) -> Self {
        let mut error = Self::new(500, "InternalError", format!("Internal error occurred: {message}"));
        error.details = Some(json!({ "causes": [{ "message": message }] }));
        error
    }

    /// Returns the answer of a server that is not able to serve now.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(503, "ServiceUnavailable", message)
    }

    /// Returns the answer of a server that has too much to do.
    pub fn too_many_requests(retry_after: u32) -> Self {
        let message = "the server has received too many requests and has asked us to try again later";
        let mut error = Self::new(429, "TooManyRequests", message);
        error.details = Some(json!({ "retryAfterSeconds": retry_after }));
        error
    }

    /// Returns the `Status` object.
    pub fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        });
        if let Some(details) = &self.details {
            super::json::set(&mut status, &["details"], details.clone());
        }
        super::json::set(&mut status, &["code"], self.code);
        status
    }
}

/// Returns the `Status` of a deletion that is done.
pub fn deleted(kind: &Kind, name: &str, uid: &str) -> Value {
    let mut details = json!({ "name": name });
    if !kind.group.is_empty() {
        super::json::set(&mut details, &["group"], kind.group);
    }
    super::json::set(&mut details, &["kind"], kind.plural);
    super::json::set(&mut details, &["uid"], uid);
    json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details })
}
