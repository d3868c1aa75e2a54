//! One request, described: what is sent once.

use std::fmt;

use deckwatch_helm::merge::{self, Patch, PatchKind, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::changes::told;
use super::expect::{Expect, Seen};
use super::live::{Live, Place};
use super::refusal::{Refusal, clip};
use crate::core::Safe;

/// The name under which the server notes who owns the fields that are written.
pub const FIELD_MANAGER: &str = "deckwatch";

/// A document that may hold secrets: it is sent as it is, and its `Debug` does not show it.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Raw(pub Value);

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Raw(…)")
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// `PATCH`.
    Patch,
    /// `POST`.
    Create,
    /// `DELETE`.
    Delete,
}

impl Verb {
    /// Returns the method of HTTP.
    pub const fn method(self) -> &'static str {
        match self {
            Self::Patch => "PATCH",
            Self::Create => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// What the body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// A strategic merge patch.
    Strategic,
    /// An RFC 7396 merge patch.
    Merge,
    /// An RFC 6902 patch.
    JsonPatch,
    /// An object.
    Json,
}

impl Content {
    /// Returns the content type.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strategic => "application/strategic-merge-patch+json",
            Self::Merge => "application/merge-patch+json",
            Self::JsonPatch => "application/json-patch+json",
            Self::Json => "application/json",
        }
    }
}

/// One request with what it changes and how it is told whether it took effect.
///
/// A precondition that does not hold is answered with 409, but for the JSON patch of an undo and for a uid in a patch,
/// which are answered with 422.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Act {
    /// What is asked.
    pub verb: Verb,
    /// Of which object: for [`Verb::Create`] without a subresource, the one that comes to be (its uid is not known).
    pub place: Place,
    /// `scale` or `eviction`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subresource: Option<String>,
    /// What the body is.
    pub content: Content,
    /// The query, not encoded.
    pub query: Vec<(String, String)>,
    /// The body. Of a Secret it holds the values.
    pub body: Raw,
    /// What changes, in words: `image backend nginx:1 → nginx:2`. Never shows values of Secrets.
    #[serde(deserialize_with = "safe_lines")]
    pub fields: Vec<Safe>,
    /// How it is told whether it took effect.
    pub expect: Expect,
    /// The object as it would be, computed here without defaults and webhooks; values of Secrets are hidden.
    pub after: Option<Value>,
}

fn safe_lines<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Safe>, D::Error> {
    Ok(Vec::<String>::deserialize(deserializer)?.iter().map(|line| Safe::of(line)).collect())
}

impl Act {
    /// Returns the path that it is sent to.
    pub fn path(&self) -> String {
        match (self.verb, &self.subresource) {
            (_, Some(subresource)) => format!("{}/{subresource}", self.place.path()),
            (Verb::Create, None) => self.place.collection(),
            (Verb::Patch | Verb::Delete, None) => self.place.path(),
        }
    }

    /// Returns the path of the object that is read back to be judged.
    pub fn read_back(&self) -> String {
        self.place.path()
    }

    /// Returns the same request bound to another version of the object: for a fresh one that is
    /// [`super::same_but_status`]. A request that creates an object is bound to none.
    #[must_use]
    pub fn with_resource_version(mut self, version: &str) -> Self {
        let Raw(body) = &mut self.body;
        let at = match (self.verb, self.content) {
            (Verb::Create, _) => "/deleteOptions/preconditions/resourceVersion",
            (Verb::Delete, _) => "/preconditions/resourceVersion",
            (Verb::Patch, Content::JsonPatch) => {
                let tests = body.as_array_mut().into_iter().flatten();
                for test in tests.filter(|step| is_version_test(step)) {
                    if let Some(value) = test.get_mut("value") {
                        *value = version.into();
                    }
                }
                return self;
            }
            (Verb::Patch, _) => "/metadata/resourceVersion",
        };
        if let Some(value) = body.pointer_mut(at) {
            *value = version.into();
        }
        self
    }

    /// Returns the same request as a dry run: the server checks it and changes nothing.
    ///
    /// The server does not look at the query of a deletion that has a body, so there it is asked for in the body.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        let all = json!(["All"]);
        let Raw(body) = &mut self.body;
        let options = match self.verb {
            Verb::Delete => Some(body),
            Verb::Create => body.get_mut("deleteOptions"),
            Verb::Patch => None,
        };
        if let Some(options) = options.and_then(Value::as_object_mut) {
            // A pod's status moves on all the time: which pod it is matters here, not how it was a moment ago.
            if self.verb == Verb::Create
                && let Some(Value::Object(bound)) = options.get_mut("preconditions")
            {
                bound.shift_remove("resourceVersion");
            }
            options.insert("dryRun".to_owned(), all);
        }
        self.query.push(("dryRun".to_owned(), "All".to_owned()));
        self
    }

    /// Tells from the object read back whether it took effect; see [`Expect::judge`].
    pub fn judge(&self, before: &Value, back: Option<&Value>) -> Seen {
        self.expect.judge(before, back)
    }

    /// Returns a patch of the object by a body that says what changes; adds the preconditions and the query.
    pub(super) fn patch(live: &Live<'_>, content: Content, change: Value) -> Result<Self, Refusal> {
        let version = live.version()?;
        let Value::Object(mut body) = change else { return Err(Refusal::NoChange) };
        let expect = Expect::Patched { content, body: Raw(Value::Object(body.clone())) };
        let metadata = body.entry("metadata").or_insert_with(|| json!({}));
        let Some(metadata) = metadata.as_object_mut() else {
            return Err(Refusal::unreadable("metadata is no map"));
        };
        metadata.insert("uid".to_owned(), live.place.uid.as_str().into());
        metadata.insert("resourceVersion".to_owned(), version.into());
        let body = Value::Object(body);
        let after = applied(live.object, content, &body)?;
        let (fields, after) = told(live.object, &after);
        if fields.is_empty() {
            return Err(Refusal::NoChange);
        }
        Ok(Self {
            verb: Verb::Patch,
            place: live.place.clone(),
            subresource: None,
            content,
            query: written_by_us(),
            body: Raw(body),
            fields,
            expect,
            after: Some(after),
        })
    }

    /// Returns the strategic patch that turns the object into a modified copy of it; a merge patch where the kind is
    /// not built in.
    pub(super) fn into_copy(live: &Live<'_>, modified: &Value) -> Result<Self, Refusal> {
        let wrong = |error: merge::MergeError| Refusal::NoPatch(clip(&error.to_string()));
        let schema = Schema::of_kind(&live.place.api_version(), &live.place.kind);
        let (content, change) = if let Some(schema) = schema {
            (Content::Strategic, merge::two_way(live.object, modified, schema).map_err(wrong)?)
        } else {
            let (Some(old), Some(new)) = (live.object.as_object(), modified.as_object()) else {
                return Err(Refusal::unreadable("it is no map"));
            };
            (Content::Merge, Value::Object(merge::merge_diff(old, new)))
        };
        if change.as_object().is_none_or(serde_json::Map::is_empty) {
            return Err(Refusal::NoChange);
        }
        Self::patch(live, content, change)
    }

    pub(super) fn saying(mut self, fields: impl IntoIterator<Item = String>) -> Self {
        self.fields = fields.into_iter().map(|line| clip(&line)).collect();
        self
    }
}

/// Returns the query of requests that write fields.
pub(super) fn written_by_us() -> Vec<(String, String)> {
    vec![("fieldManager".to_owned(), FIELD_MANAGER.to_owned())]
}

fn is_version_test(step: &Value) -> bool {
    let text = |key: &str| step.get(key).and_then(Value::as_str);
    text("op") == Some("test") && text("path") == Some("/metadata/resourceVersion")
}

/// Merges a patch into an object.
pub(super) fn applied(object: &Value, content: Content, body: &Value) -> Result<Value, Refusal> {
    let kind = match content {
        Content::Strategic => PatchKind::Strategic,
        Content::Merge => PatchKind::Merge,
        Content::JsonPatch | Content::Json => return Err(Refusal::unreadable("it is no merge patch")),
    };
    merge::apply(object, &Patch { kind, body: body.clone() })
        .map_err(|error| Refusal::NoPatch(clip(&error.to_string())))
}
