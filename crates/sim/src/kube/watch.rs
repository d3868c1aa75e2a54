//! Watches: the history of a kind from a version on, for as long as the client stays.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use http::Response;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use super::faults::Faults;
use super::protobuf::Schema;
use super::read::{Filter, face, metadata_of};
use super::request::{As, Form, Format, Query, Resource};
use super::{answer, table};
use crate::cluster::Cluster;
use crate::cluster::json::set;
use crate::cluster::kinds::{K, Kind};
use crate::cluster::status::ApiError;
use crate::cluster::store::{Change, Verb};
use crate::life::Nanos;

/// How often a bookmark is sent to those who allow it.
const BOOKMARKS: Duration = Duration::from_mins(1);

struct Watch {
    cluster: Cluster,
    faults: Faults,
    kind: &'static Kind,
    filter: Filter,
    form: Form,
    schema: Schema,
    include: String,
    version: u64,
    queue: VecDeque<Bytes>,
    versions: watch::Receiver<u64>,
    dropped: watch::Receiver<u64>,
    end: Instant,
    bookmark: Option<Instant>,
    columns_told: bool,
    over: bool,
}

/// Answers a watch.
pub fn serve(
    cluster: &Cluster,
    faults: &Faults,
    resource: &Resource,
    query: &Query,
    form: Form,
    schema: &Schema,
) -> Result<Response<Body>, ApiError> {
    if !query.get("sendInitialEvents").is_empty() {
        let text = "Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
        let cause = ("sendInitialEvents", "FieldValueForbidden", text);
        return Err(ApiError::invalid_options("ListOptions", "meta.k8s.io", &[cause]));
    }
    let filter = Filter::read(resource, query)?;
    let asked = query.get("resourceVersion");
    let seconds = query.number("timeoutSeconds")?.filter(|n| *n > 0).unwrap_or(2700);
    let mut state = Watch {
        cluster: cluster.clone(),
        faults: faults.clone(),
        kind: resource.kind,
        filter,
        form,
        schema: schema.clone(),
        include: query.get("includeObject").to_owned(),
        version: 0,
        queue: VecDeque::new(),
        versions: cluster.versions(),
        dropped: faults.dropped(),
        end: Instant::now() + Duration::from_secs(u64::try_from(seconds).unwrap_or(0)),
        bookmark: query.flag("allowWatchBookmarks").then(|| Instant::now() + BOOKMARKS),
        columns_told: false,
        over: false,
    };
    state.dropped.mark_unchanged();
    if matches!(asked, "" | "0") {
        state.start_with_all();
    } else {
        state.version = asked.parse().map_err(|_| {
            ApiError::bad_request(format!(
                "resourceVersion: Invalid value: \"{asked}\": strconv.ParseUint: parsing \"{asked}\": invalid syntax"
            ))
        })?;
    }
    let media = match form.format {
        Format::Json => "application/json",
        Format::Protobuf => "application/vnd.kubernetes.protobuf;stream=watch",
    };
    Ok(answer::bytes(200, media, Body::from_stream(futures::stream::unfold(state, next))))
}

async fn next(mut state: Watch) -> Option<(Result<Bytes, std::convert::Infallible>, Watch)> {
    loop {
        state.faults.thawed().await;
        if state.dropped.has_changed().unwrap_or(true) {
            return None;
        }
        if let Some(frame) = state.queue.pop_front() {
            return Some((Ok(frame), state));
        }
        if state.over || Instant::now() >= state.end {
            return None;
        }
        // Marked before reading: what comes in between is seen by the next wait.
        state.versions.mark_unchanged();
        state.read();
        if !state.queue.is_empty() {
            continue;
        }
        let bookmark = state.bookmark.unwrap_or(state.end);
        tokio::select! {
            changed = state.versions.changed() => if changed.is_err() { return None },
            _ = state.dropped.changed() => return None,
            () = tokio::time::sleep_until(state.end.min(bookmark)) => state.mark(),
        }
    }
}

impl Watch {
    fn start_with_all(&mut self) {
        let (objects, version, now) = self.cluster.with(|world, now| {
            let all: Vec<Arc<Value>> =
                world.store.all(self.kind.id).filter(|o| self.filter.takes(o)).cloned().collect();
            (all, world.store.version(), now)
        });
        self.version = version;
        for object in objects {
            self.push(Verb::Added, &object, now);
        }
    }

    /// Takes what the history has after the version that was seen last.
    fn read(&mut self) {
        let from = self.version;
        let kind = self.kind.id;
        let (found, version, now) = self.cluster.with(|world, now| {
            let changes = world.store.since(kind, from).map(|all| all.cloned().collect::<Vec<Change>>());
            (changes, world.store.version(), now)
        });
        match found {
            Ok(changes) => {
                for change in changes {
                    self.take(&change, now);
                }
                self.version = version.max(from);
            }
            Err(floor) => {
                let status = ApiError::gone(from, floor).status();
                self.frame("ERROR", &status);
                self.over = true;
            }
        }
    }

    fn take(&mut self, change: &Change, now: Nanos) {
        let was = change.before.as_ref().is_some_and(|o| self.filter.takes(o));
        let is = change.verb != Verb::Deleted && self.filter.takes(&change.object);
        match (was, is) {
            (false, true) => self.push(Verb::Added, &change.object, now),
            (true, true) => self.push(Verb::Modified, &change.object, now),
            (true, false) => {
                // An object that no longer matches is shown as it was, at the version that took it away.
                let mut last = change.before.as_deref().cloned().unwrap_or(Value::Null);
                set(&mut last, &["metadata", "resourceVersion"], change.version.to_string());
                let last =
                    if change.verb == Verb::Deleted { Arc::clone(&change.object) } else { Arc::new(last) };
                self.push(Verb::Deleted, &last, now);
            }
            (false, false) => {}
        }
    }

    fn push(&mut self, verb: Verb, object: &Arc<Value>, now: Nanos) {
        let object = face(self.kind, object);
        let value = match self.form.shape {
            As::Object => Value::clone(&object),
            As::Metadata => metadata_of(&object),
            As::Table => {
                let version = object["metadata"]["resourceVersion"].clone();
                let include = if self.include.is_empty() { "Metadata" } else { &self.include };
                let metadata = json!({ "resourceVersion": version });
                let first = !std::mem::replace(&mut self.columns_told, true);
                table::of(self.kind, &[object], &metadata, include, first, now)
            }
        };
        self.frame(verb.as_str(), &value);
    }

    fn mark(&mut self) {
        if let Some(due) = &mut self.bookmark
            && Instant::now() >= *due
        {
            *due = Instant::now() + BOOKMARKS;
            let kind = if self.form.shape == As::Object { self.kind.kind } else { "PartialObjectMetadata" };
            let version = if self.form.shape == As::Object {
                self.kind.api_version()
            } else {
                "meta.k8s.io/v1".to_owned()
            };
            let mut object = json!({
                "kind": kind,
                "apiVersion": version,
                "metadata": { "resourceVersion": self.version.to_string(), "creationTimestamp": null },
            });
            if self.kind.id == K::Pod && self.form.shape == As::Object {
                set(&mut object, &["spec", "containers"], Value::Null);
                set(&mut object, &["status"], json!({}));
            }
            self.frame("BOOKMARK", &object);
        }
    }

    fn frame(&mut self, verb: &str, object: &Value) {
        let frame = match self.form.format {
            Format::Json => Some((json!({ "type": verb, "object": object }).to_string() + "\n").into_bytes()),
            Format::Protobuf => self.schema.watch_frame(verb, object),
        };
        match frame {
            Some(frame) => self.queue.push_back(frame.into()),
            None => self.over = true,
        }
    }
}
