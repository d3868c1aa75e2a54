//! Reads: one object, lists with pages, and the shapes that they are given.

use std::sync::Arc;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Response;
use serde_json::{Value, json};

use super::answer::Out;
use super::request::{As, Query, Resource};
use super::table;
use crate::cluster::World;
use crate::cluster::json::{name, namespace, remove, set};
use crate::cluster::kinds::{EVENTS_V1, Kind};
use crate::cluster::selector::{Fields, Labels};
use crate::cluster::status::ApiError;
use crate::life::Nanos;

/// Which objects of a kind are meant.
#[derive(Clone, Debug)]
pub struct Filter {
    kind: &'static Kind,
    namespace: String,
    labels: Labels,
    fields: Fields,
}

impl Filter {
    /// Reads the selectors of a request.
    pub fn read(resource: &Resource, query: &Query) -> Result<Self, ApiError> {
        let kind = resource.kind;
        let labels = Labels::parse(query.get("labelSelector"))?;
        let mut fields = Fields::parse(kind.id, query.get("fieldSelector"))?;
        if !resource.name.is_empty() {
            fields = Fields::parse(kind.id, &format!("metadata.name={}", resource.name))?;
        }
        Ok(Self { kind, namespace: resource.namespace.clone(), labels, fields })
    }

    /// Returns whether an object is meant.
    pub fn takes(&self, object: &Value) -> bool {
        (self.namespace.is_empty() || namespace(object) == self.namespace)
            && self.labels.matches(object)
            && self.fields.matches(self.kind.id, object)
    }
}

/// Returns an object as a group's version shows it: events have two faces.
pub fn face(kind: &Kind, object: &Arc<Value>) -> Arc<Value> {
    if !std::ptr::eq(kind, &raw const EVENTS_V1) {
        return Arc::clone(object);
    }
    let mut event = Value::clone(object);
    set(&mut event, &["apiVersion"], "events.k8s.io/v1");
    for (old, new) in [
        ("involvedObject", "regarding"),
        ("message", "note"),
        ("source", "deprecatedSource"),
        ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"),
        ("count", "deprecatedCount"),
        ("reportingComponent", "reportingController"),
    ] {
        if let Some(value) = event.as_object_mut().and_then(|m| m.shift_remove(old)) {
            set(&mut event, &[new], value);
        }
    }
    Arc::new(event)
}

/// Answers a GET of one object.
pub fn get(world: &World, resource: &Resource, out: Out<'_>, now: Nanos) -> Result<Response<Body>, ApiError> {
    let kind = resource.kind;
    let object = world
        .store
        .get(kind.id, &resource.namespace, &resource.name)
        .ok_or_else(|| ApiError::not_found(kind, &resource.name))?;
    let object = face(kind, object);
    let value = shape_one(kind, &object, out.form.shape, now);
    Ok(out.object(200, &value))
}

/// Returns one object in the shape that was asked for.
pub fn shape_one(kind: &Kind, object: &Arc<Value>, shape: As, now: Nanos) -> Value {
    match shape {
        As::Object => Value::clone(object),
        As::Metadata => metadata_of(object),
        As::Table => {
            let version = object["metadata"]["resourceVersion"].clone();
            table::of(
                kind,
                &[Arc::clone(object)],
                &json!({ "resourceVersion": version }),
                "Metadata",
                true,
                now,
            )
        }
    }
}

/// Returns an object's metadata alone.
pub fn metadata_of(object: &Value) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": object["metadata"],
    })
}

/// Where a list goes on: the version and the last key that was given.
fn read_token(text: &str) -> Option<(u64, String)> {
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
    let token: Value = serde_json::from_slice(&bytes).ok()?;
    Some((token["rv"].as_u64()?, token["start"].as_str()?.to_owned()))
}

fn token(version: u64, last: &str) -> String {
    let token = json!({ "v": "meta.k8s.io/v1", "rv": version, "start": format!("{last}\0") });
    URL_SAFE_NO_PAD.encode(token.to_string())
}

struct Page {
    items: Vec<Arc<Value>>,
    version: u64,
    rest: Option<(String, usize)>,
}

/// Answers a list.
pub fn list(
    world: &World,
    resource: &Resource,
    query: &Query,
    out: Out<'_>,
    now: Nanos,
) -> Result<Response<Body>, ApiError> {
    let kind = resource.kind;
    let page = page(world, resource, query)?;
    let mut metadata = json!({ "resourceVersion": page.version.to_string() });
    if let Some((next, remaining)) = &page.rest {
        set(&mut metadata, &["continue"], next.clone());
        // As the real server: with a selector it does not count what remains.
        if query.get("labelSelector").is_empty() && query.get("fieldSelector").is_empty() {
            set(&mut metadata, &["remainingItemCount"], *remaining);
        }
    }
    let value = match out.form.shape {
        As::Table => {
            let include = match query.get("includeObject") {
                "" => "Metadata",
                other => other,
            };
            table::of(kind, &page.items, &metadata, include, true, now)
        }
        As::Metadata => {
            let items: Vec<Value> = page.items.iter().map(|o| metadata_of(o)).collect();
            json!({
                "kind": "PartialObjectMetadataList",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": metadata,
                "items": items,
            })
        }
        As::Object => {
            // Items of typed lists carry no kind of their own.
            let bare = |o: &Arc<Value>| {
                let mut o = Value::clone(o);
                remove(&mut o, &["kind"]);
                remove(&mut o, &["apiVersion"]);
                o
            };
            let items: Vec<Value> = page.items.iter().map(bare).collect();
            json!({
                "kind": format!("{}List", kind.kind),
                "apiVersion": kind.api_version(),
                "metadata": metadata,
                "items": items,
            })
        }
    };
    Ok(out.object(200, &value))
}

fn page(world: &World, resource: &Resource, query: &Query) -> Result<Page, ApiError> {
    let kind = resource.kind;
    let filter = Filter::read(resource, query)?;
    let limit = query.number("limit")?.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    let go_on = query.get("continue");
    let asked = query.get("resourceVersion");
    let (version, start) = if go_on.is_empty() {
        let exact = query.get("resourceVersionMatch") == "Exact";
        let version = if exact { asked.parse().unwrap_or(0) } else { world.store.version() };
        too_new(asked, world.store.version())?;
        (version, String::new())
    } else {
        let invalid =
            || ApiError::bad_request("continue key is not valid: illegal base64 data at input byte 0");
        read_token(go_on).ok_or_else(invalid)?
    };
    let objects = world.store.at(kind.id, version).map_err(|_| {
        ApiError::expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new \
             list without the continue parameter.",
        )
    })?;
    let mut matching = objects.into_iter().filter(|(k, o)| *k >= start && filter.takes(o)).peekable();
    let mut items = Vec::new();
    let mut last = String::new();
    while limit.is_none_or(|limit| items.len() < limit) {
        let Some((key, object)) = matching.next() else { break };
        last = key;
        items.push(face(kind, &object));
    }
    let remaining = matching.count();
    let rest = (remaining > 0).then(|| (token(version, &last), remaining));
    Ok(Page { items, version, rest })
}

fn too_new(asked: &str, newest: u64) -> Result<(), ApiError> {
    if asked.is_empty() {
        return Ok(());
    }
    let Ok(version) = asked.parse::<u64>() else {
        let text =
            format!("Invalid value: \"{asked}\": strconv.ParseUint: parsing \"{asked}\": invalid syntax");
        return Err(ApiError::bad_request(format!("resourceVersion: {text}")));
    };
    if version > newest {
        let mut error =
            ApiError::unavailable(format!("Too large resource version: {version}, current: {newest}"));
        error.code = 504;
        error.reason = "Timeout";
        error.details = Some(json!({
            "causes": [{ "reason": "ResourceVersionTooLarge", "message": "Too large resource version" }],
            "retryAfterSeconds": 1,
        }));
        return Err(error);
    }
    Ok(())
}

/// Returns the objects that match, for deletions of collections.
pub fn matching(
    world: &World,
    resource: &Resource,
    query: &Query,
) -> Result<Vec<(String, String)>, ApiError> {
    let filter = Filter::read(resource, query)?;
    let all = world.store.within(resource.kind.id, &resource.namespace);
    Ok(all.filter(|o| filter.takes(o)).map(|o| (namespace(o).to_owned(), name(o).to_owned())).collect())
}
