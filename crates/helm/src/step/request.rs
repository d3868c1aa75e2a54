//! Requests to the API server, and its replies, as data.

use serde_json::{Value, json};

use crate::merge::Patch;
use crate::options::Method;
use crate::plan::{Action, BoundSides, ObjectId, Plan, PlanObject};
use crate::record::{Driver, Generation, StoredRecord, parse_object_name};

/// The type of what the server applies.
const APPLY: &str = "application/apply-patch+yaml";

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Reads one object.
    Get,
    /// Reads objects by a selector.
    List,
    /// Creates an object.
    Create,
    /// Puts an object in the place of another.
    Update,
    /// Changes an object by a patch.
    Patch,
    /// Deletes an object.
    Delete,
}

impl Verb {
    /// Returns the HTTP method.
    pub fn method(self) -> &'static str {
        match self {
            Self::Get | Self::List => "GET",
            Self::Create => "POST",
            Self::Update => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Whether a request changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// It changes nothing.
    Read,
    /// It changes something: it is journalled before it is sent, and sent once.
    Write,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// `v1` or `group/version`.
    pub api_version: String,
    /// The kind, for people.
    pub kind: String,
    /// The plural name in the path.
    pub resource: String,
    /// The namespace; empty for cluster-scoped kinds.
    pub namespace: String,
    /// The name; empty when objects are created or listed.
    pub name: String,
}

impl Place {
    /// Returns where an object is.
    pub fn of(object: &PlanObject) -> Self {
        let namespace = if object.mapping.namespaced { object.id.namespace.clone() } else { String::new() };
        Self {
            api_version: object.id.gvk.api_version(),
            kind: object.id.gvk.kind.clone(),
            resource: object.mapping.resource.clone(),
            namespace,
            name: object.id.name.clone(),
        }
    }

    /// Returns where records of a driver are; without a name, their collection.
    pub fn records(driver: Driver, namespace: &str, name: &str) -> Self {
        let resource = match driver {
            Driver::Secret => "secrets",
            Driver::ConfigMap => "configmaps",
        };
        Self {
            api_version: "v1".to_owned(),
            kind: driver.kind().to_owned(),
            resource: resource.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    /// Returns where a record is.
    pub fn of_record(record: &StoredRecord) -> Self {
        Self::records(record.driver, &record.namespace, &record.object_name)
    }

    /// Returns the same place without a name.
    pub(super) fn collection(mut self) -> Self {
        self.name.clear();
        self
    }

    /// Returns the path on the API server.
    pub fn path(&self) -> String {
        let mut path = if self.api_version.contains('/') { "/apis/" } else { "/api/" }.to_owned();
        path.push_str(&self.api_version);
        if !self.namespace.is_empty() {
            path.push_str("/namespaces/");
            push_segment(&mut path, &self.namespace);
        }
        path.push('/');
        push_segment(&mut path, &self.resource);
        if !self.name.is_empty() {
            path.push('/');
            push_segment(&mut path, &self.name);
        }
        path
    }
}

/// Appends a path segment; whatever could end it is escaped.
fn push_segment(path: &mut String, segment: &str) {
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:@".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.extend([format!("%{byte:02X}")]);
        }
    }
}

/// A request to the API server.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What it does.
    pub verb: Verb,
    /// Where it goes.
    pub place: Place,
    /// Query parameters, values not yet escaped.
    pub query: Vec<(String, String)>,
    /// The type of the body; `None` without one.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: Option<Value>,
    /// Whether the metadata of the objects are enough: they may be asked for alone.
    pub metadata_only: bool,
    /// Whether it asks for what a container printed: then the answer's body is that text.
    pub logs: bool,
    /// How long to wait before sending it, in milliseconds.
    pub delay_ms: u64,
}

impl Request {
    pub(super) fn new(verb: Verb, place: Place) -> Self {
        Self {
            verb,
            place,
            query: Vec::new(),
            content_type: None,
            body: None,
            metadata_only: false,
            logs: false,
            delay_ms: 0,
        }
    }

    /// Returns the request that creates an object, as Helm sends it.
    pub(super) fn create(object: &PlanObject, field_manager: &str) -> Self {
        let mut body = object.value.clone();
        if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.shift_remove("resourceVersion");
        }
        Self::new(Verb::Create, Place::of(object).collection())
            .with_query("fieldManager", field_manager)
            .with_body(body, "application/json")
    }

    /// Returns the request that changes an object, as Helm sends it.
    pub(super) fn patch(object: &PlanObject, patch: &Patch, field_manager: &str) -> Self {
        Self::new(Verb::Patch, Place::of(object))
            .with_query("fieldManager", field_manager)
            .with_body(patch.body.clone(), patch.kind.content_type())
    }

    /// Returns the request that has the server apply an object, whether it is there or not, as Helm sends it: JSON, under the
    /// type of YAML. `force`: fields of others are taken over.
    pub(super) fn apply(object: &PlanObject, field_manager: &str, force: bool) -> Self {
        Self::new(Verb::Patch, Place::of(object))
            .with_query("fieldManager", field_manager)
            .with_query("fieldValidation", "Strict")
            .with_query("force", if force { "true" } else { "false" })
            .with_body(object.value.clone(), APPLY)
    }

    /// Returns the same request taking over what others own, where it has the server apply an object.
    #[must_use]
    pub fn forced(&self) -> Self {
        let mut forced = self.clone();
        for (_, value) in forced.query.iter_mut().filter(|(key, _)| key == "force") {
            "true".clone_into(value);
        }
        forced
    }

    /// Returns the request that changes who owns the fields of an object, as Helm sends it before it has it applied.
    pub(super) fn upgrade(object: &PlanObject, patch: Value, field_manager: &str) -> Self {
        Self::new(Verb::Patch, Place::of(object))
            .with_query("fieldManager", field_manager)
            .with_query("fieldValidation", "Strict")
            .with_body(patch, "application/json-patch+json")
    }

    /// Returns the request that puts an object in the place of the live one, as Helm sends it: with the resource version that
    /// the live one has right now, so that it is put there whatever it was. `None`: there is none to be found.
    pub(super) fn replace(
        object: &PlanObject,
        live: Option<&Value>,
        helm: Generation,
        field_manager: &str,
    ) -> Self {
        let mut body = object.value.clone();
        let version = live.and_then(|live| live.pointer("/metadata/resourceVersion")).cloned();
        let metadata = body.get_mut("metadata").and_then(Value::as_object_mut);
        if let (Some(version), Some(metadata)) = (version, metadata) {
            metadata.insert("resourceVersion".to_owned(), version);
        }
        let request = Self::new(Verb::Update, Place::of(object)).with_query("fieldManager", field_manager);
        let request = match helm {
            Generation::V3 => request,
            Generation::V4 => request.with_query("fieldValidation", "Strict"),
        };
        request.with_body(body, "application/json")
    }

    /// Returns the request that deletes an object, as Helm sends it.
    pub(super) fn delete(object: &PlanObject) -> Self {
        // Helm sends the options without saying what they are.
        let body = json!({"propagationPolicy": "Background"});
        Self::new(Verb::Delete, Place::of(object)).with_body(body, "application/json")
    }

    /// Returns the request that deletes what has a uid, and nothing else that has its name by now.
    pub(super) fn delete_exactly(place: Place, uid: &str) -> Self {
        let body = json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": uid}});
        Self::new(Verb::Delete, place).with_body(body, "application/json")
    }

    pub(super) fn with_body(mut self, body: Value, content_type: &'static str) -> Self {
        self.body = Some(body);
        self.content_type = Some(content_type);
        self
    }

    pub(super) fn with_query(mut self, key: &str, value: &str) -> Self {
        self.query.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Returns the path on the API server, without the query.
    pub fn path(&self) -> String {
        let place = self.place.path();
        if self.logs { format!("{place}/log") } else { place }
    }

    /// Returns whether it is about the record of a release's revision.
    pub fn is_of_a_record(&self) -> bool {
        let holds_records = matches!(self.place.resource.as_str(), "secrets" | "configmaps");
        let made = || self.body.as_ref()?.pointer("/metadata/name")?.as_str();
        let name = if self.place.name.is_empty() { made().unwrap_or_default() } else { &self.place.name };
        holds_records && parse_object_name(name).is_some()
    }

    /// Returns whether it changes anything; a dry run does not.
    pub fn class(&self) -> Class {
        if self.query.iter().any(|(key, value)| key == "dryRun" && value == "All") {
            return Class::Read;
        }
        match self.verb {
            Verb::Get | Verb::List => Class::Read,
            Verb::Create | Verb::Update | Verb::Patch | Verb::Delete => Class::Write,
        }
    }
}

/// Returns the requests of a plan's objects as dry runs: what the server would say to each, without changing anything.
/// Each is asked for what is live now, not for what the ones before it would leave.
///
/// Of an object that the server is to apply only the apply is asked for, and not the change of its managed fields that may
/// come before: the server can then report a conflict of Helm with itself, where an earlier Helm patched the object
/// ([`crate::plan::Warning::TakesFieldsOver`]).
pub fn dry_runs(plan: &Plan, sides: &BoundSides, field_manager: &str) -> Vec<(ObjectId, Request)> {
    let apply = |object: &PlanObject| Request::apply(object, field_manager, plan.options.force_conflicts);
    let request = |object: &PlanObject, action: &Action, live: Option<&Value>| match action {
        Action::Create if plan.method == Method::ServerSide => Some(apply(object)),
        Action::Create => Some(Request::create(object, field_manager)),
        Action::Patch(patch) => Some(Request::patch(object, patch, field_manager)),
        Action::Apply => Some(apply(object)),
        Action::Replace => Some(Request::replace(object, live, plan.generation, field_manager)),
        // The server reads the options of a deletion from its body where it has one, and then not from the query.
        Action::Delete => {
            Some(Request::new(Verb::Delete, Place::of(object)).with_query("propagationPolicy", "Background"))
        }
        Action::Unchanged | Action::Keep | Action::Gone => None,
    };
    let planned = plan.objects.iter().filter_map(|planned| {
        let request = request(sides.get(&planned.id)?, &planned.action, planned.live.as_ref())?;
        Some((planned.id.clone(), request.with_query("dryRun", "All")))
    });
    planned.collect()
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The server answered.
    Answer(Answer),
    /// No answer came, whatever the reason: it is not known whether the server acted.
    Lost(String),
    /// The request never left: the server surely did not act.
    NotSent(String),
}

/// An answer of the API server.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub code: u16,
    /// The body; `null` when it was not JSON.
    pub body: Value,
    /// What its `Retry-After` says, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl Answer {
    /// Returns an answer without `Retry-After`.
    pub fn new(code: u16, body: Value) -> Self {
        Self { code, body, retry_after_ms: None }
    }

    /// Returns the machine's reason, such as `AlreadyExists`; empty when there is none.
    pub fn reason(&self) -> &str {
        self.body.get("reason").and_then(Value::as_str).unwrap_or_default()
    }

    /// Returns whether the body is the API machinery's own: no proxy in between made it up.
    pub fn is_status(&self) -> bool {
        self.body.get("kind").and_then(Value::as_str) == Some("Status")
    }

    /// Returns the server's message, or the code.
    pub fn message(&self) -> String {
        let message = self.body.get("message").and_then(Value::as_str).filter(|text| !text.is_empty());
        message.map_or_else(|| format!("the server answered {}", self.code), str::to_owned)
    }
}
