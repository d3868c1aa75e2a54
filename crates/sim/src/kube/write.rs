//! Writes over HTTP: bodies in, objects out.

use axum::body::Body;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Response};
use serde_json::{Value, json};

use super::answer::{self, Out};
use super::merge::{self, Strategic};
use super::read::{matching, shape_one};
use super::request::{Query, Resource, manager};
use crate::cluster::World;
use crate::cluster::api::{DeleteOptions, Deleted, Write};
use crate::cluster::fields::Actor;
use crate::cluster::json::{int, set, text, uid};
use crate::cluster::kinds::Kind;
use crate::cluster::status::{ApiError, deleted};
use crate::life::Nanos;

/// A write as it came in.
pub struct Request<'a> {
    /// Method.
    pub method: &'a Method,
    /// Where to.
    pub resource: &'a Resource,
    /// Query.
    pub query: &'a Query,
    /// Body.
    pub body: &'a Bytes,
    /// How to answer; the request's headers are in it.
    pub out: Out<'a>,
    /// How strategic merge patches are applied.
    pub strategic: &'a dyn Strategic,
}

/// Answers a write.
pub fn serve(world: &mut World, request: &Request<'_>, now: Nanos) -> Result<Response<Body>, ApiError> {
    let named = !request.resource.name.is_empty();
    match (request.method, named) {
        (&Method::POST, false) => create(world, request, now),
        (&Method::POST, true) if request.resource.subresource == "eviction" => evict(world, request, now),
        (&Method::PUT, true) => update(world, request, now),
        (&Method::PATCH, true) => patch(world, request, now),
        (&Method::DELETE, true) => delete(world, request, now),
        (&Method::DELETE, false) => delete_all(world, request, now),
        _ => Err(ApiError::method_not_allowed()),
    }
}

/// Reads a body in whatever encoding it came.
pub fn read_body(out: Out<'_>, body: &Bytes) -> Result<Value, ApiError> {
    let media = out.headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("application/json");
    match media.split(';').next().unwrap_or("").trim() {
        "application/vnd.kubernetes.protobuf" => {
            out.schema.decode(body).ok_or_else(|| ApiError::unsupported_media_type("application/json"))
        }
        "application/json" | "" => serde_json::from_slice(body)
            .map_err(|e| ApiError::bad_request(format!("couldn't get version/kind; json parse error: {e}"))),
        _ => Err(ApiError::unsupported_media_type(
            "application/json, application/yaml, application/vnd.kubernetes.protobuf",
        )),
    }
}

fn how(request: &Request<'_>, now: Nanos) -> Result<Write, ApiError> {
    let manager = manager(request.query, request.out.headers);
    let subresource = if request.resource.subresource == "status" { "status" } else { "" };
    let dry_run = request.query.dry_run()?;
    Ok(Write { actor: Actor { manager, subresource }, now, dry_run })
}

fn check_kind(kind: &Kind, object: &Value) -> Result<(), ApiError> {
    let (version, given) = (text(object, &["apiVersion"]), text(object, &["kind"]));
    if given != kind.kind || version != kind.api_version() {
        let message = format!(
            "{given} in version {version:?} cannot be handled as a {}: no kind {given:?} is registered for version \
             {version:?} in scheme",
            kind.kind
        );
        return Err(ApiError::bad_request(message));
    }
    Ok(())
}

fn create(world: &mut World, request: &Request<'_>, now: Nanos) -> Result<Response<Body>, ApiError> {
    let kind = request.resource.kind;
    if kind.namespaced && request.resource.namespace.is_empty() {
        return Err(ApiError::method_not_allowed());
    }
    let object = read_body(request.out, request.body)?;
    check_kind(kind, &object)?;
    let made = world.create(kind.id, &request.resource.namespace, object, &how(request, now)?)?;
    Ok(request.out.object(201, &shape_one(kind, &made, request.out.form.shape, now)))
}

fn update(world: &mut World, request: &Request<'_>, now: Nanos) -> Result<Response<Body>, ApiError> {
    let Resource { kind, namespace, name, subresource, .. } = request.resource;
    let object = read_body(request.out, request.body)?;
    let how = how(request, now)?;
    if subresource == "scale" {
        let replicas = int(&object, &["spec", "replicas"]);
        return scale(world, request, &how, replicas);
    }
    check_kind(kind, &object)?;
    let done = world.replace(kind.id, (namespace, name), object, &how)?;
    Ok(request.out.object(200, &shape_one(kind, &done, request.out.form.shape, now)))
}

fn patch(world: &mut World, request: &Request<'_>, now: Nanos) -> Result<Response<Body>, ApiError> {
    let Resource { kind, namespace, name, subresource, .. } = request.resource;
    let media = request.out.headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let media = media.split(';').next().unwrap_or("").trim();
    let known = [
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/strategic-merge-patch+json",
    ];
    if !known.contains(&media) {
        return Err(ApiError::unsupported_media_type(&known.join(", ")));
    }
    let given: Value = serde_json::from_slice(request.body)
        .map_err(|e| ApiError::bad_request(format!("error decoding patch: {e}")))?;
    let how = how(request, now)?;
    if subresource == "scale" {
        let current = scale_of(world, request)?;
        let patched = applied(request, media, &current, &given)?;
        return scale(world, request, &how, int(&patched, &["spec", "replicas"]));
    }
    let done =
        world.change(kind.id, (namespace, name), &how, |live| applied(request, media, live, &given))?;
    Ok(request.out.object(200, &shape_one(kind, &done, request.out.form.shape, now)))
}

fn applied(request: &Request<'_>, media: &str, live: &Value, given: &Value) -> Result<Value, ApiError> {
    match media {
        "application/json-patch+json" => merge::json_patch(live, given),
        "application/merge-patch+json" => {
            let mut value = live.clone();
            merge::merge(&mut value, given);
            Ok(value)
        }
        _ => request.strategic.apply(request.resource.kind, live, given).map_err(|why| {
            ApiError::bad_request(format!("unable to apply the strategic merge patch: {why}"))
        }),
    }
}

fn scale_of(world: &World, request: &Request<'_>) -> Result<Value, ApiError> {
    let Resource { kind, namespace, name, .. } = request.resource;
    let live = world.store.get(kind.id, namespace, name).ok_or_else(|| ApiError::not_found(kind, name))?;
    let meta = &live["metadata"];
    let selector = live["spec"]["selector"]["matchLabels"].as_object().map(|m| {
        let pairs: Vec<String> = m.iter().map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or(""))).collect();
        pairs.join(",")
    });
    Ok(json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": meta["uid"],
            "resourceVersion": meta["resourceVersion"],
            "creationTimestamp": meta["creationTimestamp"],
        },
        "spec": { "replicas": live["spec"]["replicas"] },
        "status": { "replicas": int(live, &["status", "replicas"]), "selector": selector },
    }))
}

/// Answers a GET of the scale.
pub fn get_scale(world: &World, request: &Request<'_>) -> Result<Response<Body>, ApiError> {
    Ok(answer::json(200, &scale_of(world, request)?))
}

fn scale(world: &mut World, request: &Request<'_>, how: &Write, to: i64) -> Result<Response<Body>, ApiError> {
    let Resource { kind, namespace, name, .. } = request.resource;
    world.change(kind.id, (namespace, name), how, |live| {
        let mut new = live.clone();
        set(&mut new, &["spec", "replicas"], to);
        Ok(new)
    })?;
    Ok(answer::json(200, &scale_of(world, request)?))
}

fn delete_options(request: &Request<'_>) -> Result<DeleteOptions, ApiError> {
    let body = if request.body.is_empty() { Value::Null } else { read_body(request.out, request.body)? };
    options_of(&body, request)
}

fn options_of(body: &Value, request: &Request<'_>) -> Result<DeleteOptions, ApiError> {
    let owned = |path: &[&str]| Some(text(body, path).to_owned()).filter(|s| !s.is_empty());
    let parameter = |key: &str| Some(request.query.get(key).to_owned()).filter(|s| !s.is_empty());
    let dry = body["dryRun"].as_array().is_some_and(|all| all.iter().any(|d| d == "All"));
    Ok(DeleteOptions {
        propagation: owned(&["propagationPolicy"]).or_else(|| parameter("propagationPolicy")),
        grace: body["gracePeriodSeconds"].as_i64().or(request.query.number("gracePeriodSeconds")?),
        uid: owned(&["preconditions", "uid"]),
        version: owned(&["preconditions", "resourceVersion"]),
        dry_run: dry || request.query.dry_run()?,
    })
}

fn delete(world: &mut World, request: &Request<'_>, now: Nanos) -> Result<Response<Body>, ApiError> {
    let Resource { kind, namespace, name, .. } = request.resource;
    let options = delete_options(request)?;
    let value = match world.delete(kind.id, (namespace, name), &options, now)? {
        Deleted::Gone(last) => deleted(kind, name, uid(&last)),
        Deleted::Terminating(pod) => Value::clone(&pod),
    };
    Ok(request.out.object(200, &value))
}

/// Deletes a pod as its budgets allow it: this cluster has none.
fn evict(world: &mut World, request: &Request<'_>, now: Nanos) -> Result<Response<Body>, ApiError> {
    let Resource { kind, namespace, name, .. } = request.resource;
    let eviction = read_body(request.out, request.body)?;
    let (version, given) = (text(&eviction, &["apiVersion"]), text(&eviction, &["kind"]));
    if (version, given) != ("policy/v1", "Eviction") {
        let message = format!("no kind {given:?} is registered for version {version:?} in scheme");
        return Err(ApiError::bad_request(message));
    }
    if text(&eviction, &["metadata", "name"]) != name.as_str() {
        return Err(ApiError::bad_request("name in URL does not match name in Eviction object".to_owned()));
    }
    let options = options_of(&eviction["deleteOptions"], request)?;
    world.delete(kind.id, (namespace, name), &options, now)?;
    let done =
        json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201 });
    Ok(answer::json(201, &done))
}

fn delete_all(world: &mut World, request: &Request<'_>, now: Nanos) -> Result<Response<Body>, ApiError> {
    let kind = request.resource.kind;
    let options = delete_options(request)?;
    for (ns, name) in matching(world, request.resource, request.query)? {
        world.delete(kind.id, (&ns, &name), &options, now)?;
    }
    let list = json!({
        "kind": format!("{}List", kind.kind),
        "apiVersion": kind.api_version(),
        "metadata": { "resourceVersion": world.store.version().to_string() },
        "items": [],
    });
    Ok(request.out.object(200, &list))
}
