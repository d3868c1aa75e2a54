//! The live object that a deed is done to, and where it is served.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::refusal::Refusal;
use crate::core::{Name, Resource, Safe};

/// Where one object is served. All parts are checked: they can be put into a path as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// API group, empty for core.
    pub group: String,
    /// API version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Plural, as in paths.
    pub plural: String,
    /// Namespace, empty for cluster-wide objects.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// uid.
    pub uid: String,
}

/// A right that RBAC grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// `patch`, `create` or `delete`.
    pub verb: &'static str,
    /// API group, empty for core.
    pub group: String,
    /// Plural.
    pub plural: String,
    /// `scale` or `eviction`.
    pub subresource: Option<&'static str>,
}

impl std::fmt::Display for Right {
    /// Prints `patch deployments.apps/scale`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.verb, Safe::of(&self.plural))?;
        if !self.group.is_empty() {
            write!(f, ".{}", Safe::of(&self.group))?;
        }
        self.subresource.map_or(Ok(()), |subresource| write!(f, "/{subresource}"))
    }
}

/// The live object and what else a deed needs of it.
#[derive(Clone, Debug)]
pub struct Live<'a> {
    /// The object as it was read alone: items of lists carry neither kind nor API version.
    pub object: &'a Value,
    /// Where it is served.
    pub place: Place,
    /// Its ReplicaSets (Deployment) or ControllerRevisions (StatefulSet, DaemonSet), for undo; others are passed over.
    pub revisions: &'a [Value],
}

impl<'a> Live<'a> {
    /// Returns the live object of a kind whose plural is given.
    ///
    /// # Errors
    /// What is missing in it, or cannot be what a server says.
    pub fn new(object: &'a Value, plural: &str, revisions: &'a [Value]) -> Result<Self, Refusal> {
        Ok(Self { object, place: Place::of(object, plural)?, revisions })
    }

    /// Returns the live object of a kind that is built in.
    ///
    /// # Errors
    /// As [`Live::new`], and that the plural of the kind is not known here.
    pub fn builtin(object: &'a Value, revisions: &'a [Value]) -> Result<Self, Refusal> {
        let (group, _) = group_version(text(object, "/apiVersion"));
        let plural = match (group, text(object, "/kind")) {
            ("batch", "CronJob") => "cronjobs",
            ("", "ReplicationController") => "replicationcontrollers",
            (group, kind) => Resource::of_kind(group, kind)
                .map(|resource| resource.names().plural)
                .ok_or_else(|| Refusal::unreadable(&format!("the plural of `{kind}` is not known")))?,
        };
        Self::new(object, plural, revisions)
    }

    /// Returns the version of the object that preconditions name.
    ///
    /// # Errors
    /// That it has none.
    pub(super) fn version(&self) -> Result<&str, Refusal> {
        let version = text(self.object, "/metadata/resourceVersion");
        if version.is_empty() {
            return Err(Refusal::unreadable("the object has no resourceVersion"));
        }
        Ok(version)
    }

    /// Returns `Deployment momo-store/backend`.
    pub(super) fn title(&self) -> String {
        let Place { kind, namespace, name, .. } = &self.place;
        if namespace.is_empty() { format!("{kind} {name}") } else { format!("{kind} {namespace}/{name}") }
    }

    /// Returns whether it is of that group and kind.
    pub(super) fn is(&self, group: &str, kind: &str) -> bool {
        self.place.group == group && self.place.kind == kind
    }
}

impl Place {
    /// Returns where an object is served.
    ///
    /// # Errors
    /// What is missing in it, or cannot be part of a path.
    pub fn of(object: &Value, plural: &str) -> Result<Self, Refusal> {
        let (group, version) = group_version(text(object, "/apiVersion"));
        let place = Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: text(object, "/kind").to_owned(),
            plural: plural.to_owned(),
            namespace: text(object, "/metadata/namespace").to_owned(),
            name: text(object, "/metadata/name").to_owned(),
            uid: text(object, "/metadata/uid").to_owned(),
        };
        let parts = [
            ("apiVersion", &place.version, false),
            ("apiVersion", &place.group, true),
            ("kind", &place.kind, false),
            ("plural", &place.plural, false),
            ("metadata.namespace", &place.namespace, true),
            ("metadata.name", &place.name, false),
            ("metadata.uid", &place.uid, false),
        ];
        for (what, part, may_be_empty) in parts {
            if part.is_empty() && may_be_empty {
                continue;
            }
            // A dot or two would be taken for a folder.
            if Name::new(part).is_none() || matches!(part.as_str(), "." | "..") {
                return Err(Refusal::unreadable(&format!("the object has no usable {what}")));
            }
        }
        Ok(place)
    }

    /// Returns `apps/v1` or `v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Returns the path of all objects of the kind in the namespace.
    pub fn collection(&self) -> String {
        let root = if self.group.is_empty() { "/api" } else { "/apis" };
        let namespace =
            if self.namespace.is_empty() { String::new() } else { format!("/namespaces/{}", self.namespace) };
        format!("{root}/{}{namespace}/{}", self.api_version(), self.plural)
    }

    /// Returns the path of the object.
    pub fn path(&self) -> String {
        format!("{}/{}", self.collection(), self.name)
    }
}

fn group_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// Returns the text at a pointer, empty when there is none.
pub(super) fn text<'a>(object: &'a Value, at: &str) -> &'a str {
    object.pointer(at).and_then(Value::as_str).unwrap_or_default()
}

/// Returns whether the value at a pointer is `true`.
pub(super) fn flag(object: &Value, at: &str) -> bool {
    object.pointer(at).and_then(Value::as_bool).unwrap_or(false)
}

/// Returns the integer at a pointer, `None` when there is nothing.
///
/// # Errors
/// That there is something else.
pub(super) fn whole(object: &Value, at: &str) -> Result<Option<i64>, Refusal> {
    match object.pointer(at) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let wrong = || Refusal::unreadable(&format!("{} is no integer", dotted(at)));
            value.as_i64().map(Some).ok_or_else(wrong)
        }
    }
}

/// Returns the map at a pointer; nothing there is an empty one.
///
/// # Errors
/// That there is something else.
pub(super) fn map_at(object: &Value, at: &str) -> Result<Map<String, Value>, Refusal> {
    match object.pointer(at) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map.clone()),
        Some(_) => Err(Refusal::unreadable(&format!("{} is no map", dotted(at)))),
    }
}

/// Returns the items of the list at a pointer; none when it is no list.
pub(super) fn items<'a>(object: &'a Value, at: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    object.pointer(at).and_then(Value::as_array).into_iter().flatten()
}

/// Returns the value of a label or annotation; `map` is `labels` or `annotations`.
pub(super) fn tag<'a>(object: &'a Value, map: &str, key: &str) -> Option<&'a str> {
    object.get("metadata")?.get(map)?.get(key)?.as_str()
}

/// Returns the reference to the controller of an object.
pub(super) fn controller(object: &Value) -> Option<&Value> {
    items(object, "/metadata/ownerReferences").find(|owner| flag(owner, "/controller"))
}

/// Returns where the pod's spec is in an object of that kind.
pub(super) fn pod_spec(kind: &str) -> &'static str {
    match kind {
        "Pod" => "/spec",
        "CronJob" => "/spec/jobTemplate/spec/template/spec",
        _ => "/spec/template/spec",
    }
}

/// Returns a pointer as people write paths: `spec.template`.
pub(super) fn dotted(at: &str) -> String {
    at.trim_start_matches('/').replace('/', ".")
}
