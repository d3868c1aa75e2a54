//! Writes as the API server does them: create, update, patch, delete.
//!
//! Owns: system metadata, defaulting, preconditions, the split of spec and status, generations,
//! managed fields, dry runs, graceful deletion. Knows no HTTP. Tested through the server.

use std::sync::Arc;

use serde_json::{Value, json};

use super::World;
use super::defaults;
use super::fields::{Actor, record};
use super::json::{at, deleting, int, name, namespace, remove, set, slot, text, time, uid};
use super::kinds::K;
use super::status::ApiError;
use crate::life::Nanos;

/// What a deletion asks for beside the name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// `Background`, `Foreground` or `Orphan`.
    pub propagation: Option<String>,
    /// Seconds of grace; `None` is the object's own.
    pub grace: Option<i64>,
    /// The uid that the object must have.
    pub uid: Option<String>,
    /// The resource version that the object must have.
    pub version: Option<String>,
    /// Whether nothing is to be stored.
    pub dry_run: bool,
}

/// What a deletion left.
#[derive(Clone, Debug)]
pub enum Deleted {
    /// The object is gone; this was its last state.
    Gone(Arc<Value>),
    /// The object goes when its pod has stopped.
    Terminating(Arc<Value>),
}

/// A write's circumstances.
#[derive(Clone, Debug)]
pub struct Write {
    /// Who writes.
    pub actor: Actor,
    /// When.
    pub now: Nanos,
    /// Whether nothing is to be stored.
    pub dry_run: bool,
}

impl World {
    /// Creates an object in a namespace (empty for cluster-wide kinds).
    pub fn create(
        &mut self,
        kind: K,
        ns: &str,
        mut object: Value,
        how: &Write,
    ) -> Result<Arc<Value>, ApiError> {
        let info = kind.info();
        if info.namespaced {
            self.namespace_for(kind, ns, &mut object)?;
        }
        if name(&object).is_empty() {
            let prefix = text(&object, &["metadata", "generateName"]).to_owned();
            if prefix.is_empty() {
                let cause = (
                    "metadata.name",
                    "FieldValueRequired",
                    "Required value: name or generateName is required",
                );
                return Err(ApiError::invalid(info, "", &[cause]));
            }
            let suffix = self.rng.suffix();
            set(&mut object, &["metadata", "name"], format!("{prefix}{suffix}"));
        }
        if self.store.get(kind, ns, name(&object)).is_some() {
            return Err(ApiError::exists(info, name(&object)));
        }
        set(&mut object, &["apiVersion"], info.api_version());
        set(&mut object, &["kind"], info.kind);
        let id = self.rng.uid();
        set(&mut object, &["metadata", "uid"], id);
        set(&mut object, &["metadata", "creationTimestamp"], time(how.now));
        for key in ["resourceVersion", "deletionTimestamp", "generation", "managedFields", "selfLink"] {
            remove(&mut object, &["metadata", key]);
        }
        if info.generation {
            set(&mut object, &["metadata", "generation"], 1);
        }
        strip_status(kind, &mut object);
        secret_data(kind, &mut object);
        defaults::fill(kind, &mut object);
        self.allocate(kind, &mut object, None);
        defaults::validate(kind, &object, None)?;
        record(&Value::Null, &mut object, &how.actor, how.now);
        if how.dry_run {
            return Ok(Arc::new(object));
        }
        Ok(self.store.put(kind, object))
    }

    fn namespace_for(&self, kind: K, ns: &str, object: &mut Value) -> Result<(), ApiError> {
        let own = namespace(object).to_owned();
        if !own.is_empty() && own != ns {
            let message =
                "the namespace of the provided object does not match the namespace sent on the request";
            return Err(ApiError::bad_request(message));
        }
        let Some(home) = self.store.get(K::Namespace, "", ns) else {
            return Err(ApiError::not_found(K::Namespace.info(), ns));
        };
        if deleting(home) {
            let info = kind.info();
            let message = format!(
                "{} \"{}\" is forbidden: unable to create new content in namespace {ns} because it is being terminated",
                info.resource(),
                name(object)
            );
            return Err(ApiError::forbidden(message, info.plural, info.group, name(object)));
        }
        set(object, &["metadata", "namespace"], ns);
        Ok(())
    }

    /// Replaces an object or its status with what `change` makes of the live one.
    pub fn change(
        &mut self,
        kind: K,
        (ns, called): (&str, &str),
        how: &Write,
        change: impl FnOnce(&Value) -> Result<Value, ApiError>,
    ) -> Result<Arc<Value>, ApiError> {
        let info = kind.info();
        let Some(live) = self.store.get(kind, ns, called).cloned() else {
            return Err(ApiError::not_found(info, called));
        };
        let mut new = change(&live)?;
        check_identity(kind, &live, &new)?;
        carry_metadata(&live, &mut new);
        set(&mut new, &["apiVersion"], info.api_version());
        set(&mut new, &["kind"], info.kind);
        if new == *live {
            return Ok(live);
        }
        if how.actor.subresource == "status" {
            keep_all_but_status(&live, &mut new);
        } else {
            if info.subresources.contains(&"status") {
                copy_field(&live, &mut new, "status");
            }
            secret_data(kind, &mut new);
            defaults::fill(kind, &mut new);
            self.allocate(kind, &mut new, Some(&live));
            defaults::validate(kind, &new, Some(&live))?;
            if info.generation && at(&live, &["spec"]) != at(&new, &["spec"]) {
                set(&mut new, &["metadata", "generation"], int(&live, &["metadata", "generation"]) + 1);
            }
        }
        if new == *live {
            return Ok(live);
        }
        record(&live, &mut new, &how.actor, how.now);
        if how.dry_run {
            return Ok(Arc::new(new));
        }
        Ok(self.store.put(kind, new))
    }

    /// Replaces an object with `new`, which may carry the version and uid that it rests on.
    pub fn replace(
        &mut self,
        kind: K,
        key: (&str, &str),
        new: Value,
        how: &Write,
    ) -> Result<Arc<Value>, ApiError> {
        if name(&new) != key.1 {
            let message = format!(
                "the name of the object ({}) does not match the name on the URL ({})",
                name(&new),
                key.1
            );
            return Err(ApiError::bad_request(message));
        }
        self.change(kind, key, how, |_| Ok(new))
    }

    /// Changes an object in place on behalf of a controller; refusals and absent objects are ignored.
    pub fn edit(
        &mut self,
        kind: K,
        key: (&str, &str),
        actor: Actor,
        now: Nanos,
        edit: impl FnOnce(&mut Value),
    ) {
        let how = Write { actor, now, dry_run: false };
        let done = self.change(kind, key, &how, |live| {
            let mut new = live.clone();
            edit(&mut new);
            Ok(new)
        });
        if let Err(error) = done {
            tracing::debug!(%error, "a controller's write was refused");
        }
    }

    /// Deletes an object.
    pub fn delete(
        &mut self,
        kind: K,
        (ns, called): (&str, &str),
        options: &DeleteOptions,
        now: Nanos,
    ) -> Result<Deleted, ApiError> {
        let info = kind.info();
        let Some(live) = self.store.get(kind, ns, called).cloned() else {
            return Err(ApiError::not_found(info, called));
        };
        let found = [
            ("UID", options.uid.as_deref(), uid(&live)),
            ("ResourceVersion", options.version.as_deref(), text(&live, &["metadata", "resourceVersion"])),
        ];
        for (what, wanted, found) in found {
            if let Some(wanted) = wanted.filter(|w| *w != found) {
                let why = format!(
                    "Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {found}"
                );
                return Err(ApiError::conflict_because(info, called, &why));
            }
        }
        if options.propagation.as_deref() == Some("Orphan") && !options.dry_run {
            self.orphans.insert(uid(&live).to_owned());
        }
        let running = kind == K::Pod && !text(&live, &["spec", "nodeName"]).is_empty();
        let grace = options.grace.unwrap_or_else(|| int(&live, &["spec", "terminationGracePeriodSeconds"]));
        if running && grace > 0 {
            return Ok(Deleted::Terminating(self.terminate(&live, grace, options.dry_run, now)));
        }
        if kind == K::Namespace && !options.dry_run {
            self.empty_namespace(called);
        }
        if options.dry_run {
            return Ok(Deleted::Gone(live));
        }
        self.store
            .remove(kind, ns, called)
            .map(Deleted::Gone)
            .ok_or_else(|| ApiError::not_found(info, called))
    }

    fn terminate(&mut self, live: &Arc<Value>, grace: i64, dry_run: bool, now: Nanos) -> Arc<Value> {
        if deleting(live) {
            return Arc::clone(live);
        }
        let mut new = Value::clone(live);
        set(&mut new, &["metadata", "deletionTimestamp"], time(now + grace * super::clock::SECOND));
        set(&mut new, &["metadata", "deletionGracePeriodSeconds"], grace);
        if dry_run { Arc::new(new) } else { self.store.put(K::Pod, new) }
    }

    fn empty_namespace(&mut self, ns: &str) {
        for info in super::kinds::KINDS.iter().filter(|k| k.namespaced) {
            let names: Vec<String> = self.store.within(info.id, ns).map(|o| name(o).to_owned()).collect();
            for called in names {
                self.store.remove(info.id, ns, &called);
            }
        }
    }

    fn allocate(&mut self, kind: K, object: &mut Value, live: Option<&Value>) {
        if kind != K::Service || text(object, &["spec", "type"]) == "ExternalName" {
            return;
        }
        if let Some(live) = live {
            for field in ["clusterIP", "clusterIPs"] {
                let old = at(live, &["spec", field]).clone();
                super::json::default(object, &["spec", field], old);
            }
            return;
        }
        if text(object, &["spec", "clusterIP"]).is_empty() {
            self.next_service_ip += 1;
            let ip = format!("10.96.{}.{}", self.next_service_ip / 250 + 12, self.next_service_ip % 250 + 3);
            set(object, &["spec", "clusterIP"], ip);
        }
        let ip = at(object, &["spec", "clusterIP"]).clone();
        set(object, &["spec", "clusterIPs"], json!([ip]));
    }
}

fn check_identity(kind: K, live: &Value, new: &Value) -> Result<(), ApiError> {
    let info = kind.info();
    let wanted = uid(new);
    if !wanted.is_empty() && wanted != uid(live) {
        let why =
            format!("Precondition failed: UID in precondition: {wanted}, UID in object meta: {}", uid(live));
        return Err(ApiError::conflict_because(info, name(live), &why));
    }
    let version = text(new, &["metadata", "resourceVersion"]);
    if !version.is_empty() && version != text(live, &["metadata", "resourceVersion"]) {
        return Err(ApiError::conflict(info, name(live)));
    }
    Ok(())
}

fn carry_metadata(live: &Value, new: &mut Value) {
    for key in [
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "generateName",
        "resourceVersion",
        "managedFields",
    ] {
        match live.get("metadata").and_then(|m| m.get(key)) {
            Some(value) => set(new, &["metadata", key], value.clone()),
            None => remove(new, &["metadata", key]),
        }
    }
}

fn copy_field(from: &Value, to: &mut Value, field: &str) {
    match from.get(field) {
        Some(value) => set(to, &[field], value.clone()),
        None => remove(to, &[field]),
    }
}

fn keep_all_but_status(live: &Value, new: &mut Value) {
    let status = slot(new, &["status"]).take();
    *new = live.clone();
    set(new, &["status"], status);
}

fn strip_status(kind: K, object: &mut Value) {
    if kind.info().subresources.contains(&"status") {
        remove(object, &["status"]);
    }
    if kind == K::Pod {
        set(object, &["status"], json!({"phase": "Pending", "qosClass": quality(object)}));
    }
}

/// Returns the class of service that a pod's requests and limits give it.
fn quality(pod: &Value) -> &'static str {
    let containers = super::json::list(pod, &["spec", "containers"]);
    let some = |c: &Value, what: &str| at(c, &["resources", what]).as_object().is_some_and(|m| !m.is_empty());
    if containers.iter().all(|c| !some(c, "requests") && !some(c, "limits")) {
        return "BestEffort";
    }
    let full = |c: &Value| {
        let (requests, limits) = (at(c, &["resources", "requests"]), at(c, &["resources", "limits"]));
        ["cpu", "memory"]
            .iter()
            .all(|r| limits.get(*r).is_some() && (requests.is_null() || limits.get(*r) == requests.get(*r)))
    };
    if containers.iter().all(full) { "Guaranteed" } else { "Burstable" }
}

/// Moves a Secret's `stringData` into `data`, encoded.
fn secret_data(kind: K, object: &mut Value) {
    use base64::Engine as _;
    if kind != K::Secret {
        return;
    }
    let Some(plain) = object.as_object_mut().and_then(|m| m.shift_remove("stringData")) else { return };
    for (key, value) in plain.as_object().into_iter().flatten() {
        let encoded = base64::engine::general_purpose::STANDARD.encode(value.as_str().unwrap_or(""));
        set(object, &["data", key], encoded);
    }
}
