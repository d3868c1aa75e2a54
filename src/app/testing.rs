//! A small cluster for tests that only read what is known: objects are put in as the API server prints them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::effect::Scope;
use super::model::{Session, Shared};
use super::msg::FeedMsg;
use crate::core::{ClusterId, Labels, ObjectRef, Resource, Ts, Untrusted, Zone};
use crate::ops::{Gate, Policy};
use crate::store::alerts::{Alert, State};
use crate::store::objects::Object;

/// 2026-11-21T14:00:00Z
pub const NOW: Ts = Ts::from_secs(1_795_269_600);

/// Returns a session that has just begun, on all namespaces.
pub fn session() -> Session {
    Session {
        cluster: ClusterId("prod".into()),
        scope: Scope::All,
        recent: Vec::new(),
        zone: Zone::Utc,
        own_zone: Zone::Utc,
        size: (100, 30),
        started: NOW,
        focused: true,
    }
}

/// Returns what is known of nothing.
pub fn shared() -> Shared {
    Shared::new(session(), Gate::new(Policy::default()))
}

/// Returns an alert that has fired since `NOW`.
pub fn alert(labels: &[(&str, &str)]) -> Alert {
    let labels: Labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Alert {
        fingerprint: labels.fingerprint(),
        labels,
        annotations: Labels::default(),
        state: State::Firing,
        starts_at: Some(NOW),
        active_at: None,
        ends_at: None,
        updated_at: None,
        value: None,
        generator_url: Untrusted::default(),
        receivers: Vec::new(),
        silenced_by: Vec::new(),
        inhibited_by: Vec::new(),
        muted_by: Vec::new(),
        told_by: Vec::new(),
        rule: None,
    }
}

/// Puts objects in, as a list that is whole.
pub fn put(shared: &mut Shared, resource: Resource, objects: impl IntoIterator<Item = Value>) {
    let objects: Vec<Object> = objects.into_iter().map(|o| object(resource, o)).collect();
    let kind = shared.cluster.of_mut(resource);
    let uids = kind.iter().map(Object::uid).chain(objects.iter().map(Object::uid)).collect();
    kind.take(FeedMsg::Page(objects), NOW);
    kind.take(FeedMsg::Synced(uids), NOW);
}

/// Returns the metadata of an object of the shop, whose uid is its name with `uid-` before it.
pub fn meta(name: &str, created: &str, owner: Option<(&str, &str)>) -> Value {
    let owners: Vec<Value> = owner
        .iter()
        .map(|(kind, name)| {
            json!({"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": format!("uid-{name}"), "controller": true})
        })
        .collect();
    json!({
        "name": name, "namespace": "shop", "uid": format!("uid-{name}"), "resourceVersion": "1",
        "creationTimestamp": created, "ownerReferences": owners,
    })
}

/// Returns a reference to an object of the shop.
pub fn reference(resource: Resource, name: &str) -> ObjectRef {
    ObjectRef::new(&ClusterId("prod".into()), resource, "shop", name, &format!("uid-{name}"))
}

/// Returns an instant of the day that everything happens on.
pub fn at(clock: &str) -> Ts {
    Ts::parse_rfc3339(&format!("2026-11-21T{clock}Z")).unwrap()
}

fn object(resource: Resource, value: Value) -> Object {
    fn read<T: serde::de::DeserializeOwned>(value: Value) -> Arc<T> {
        Arc::new(serde_json::from_value(value).unwrap())
    }
    match resource {
        Resource::Pod => Object::Pod(read(value)),
        Resource::Deployment => Object::Deployment(read(value)),
        Resource::StatefulSet => Object::StatefulSet(read(value)),
        Resource::DaemonSet => Object::DaemonSet(read(value)),
        Resource::ReplicaSet => Object::ReplicaSet(read(value)),
        Resource::Job => Object::Job(read(value)),
        Resource::Node => Object::Node(read(value)),
        Resource::Service => Object::Service(read(value)),
        Resource::Event => Object::Event(read(value)),
        other => Object::Meta(read(value), other),
    }
}
