//! Kubernetes objects as they are kept: shared, slim, one variant for each kind that has a view.
//!
//! Pure data with accessors that all kinds share. What is kept of an object is decided where it is
//! decoded, in `deckwatch-wire`. Nothing here asks for time or compares versions.

use std::collections::BTreeMap;
use std::sync::Arc;

use deckwatch_wire::apps::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use deckwatch_wire::batch::Job;
use deckwatch_wire::core::{Event, Namespace, Node, Pod, PodSpec, Service};
use deckwatch_wire::discovery::EndpointSlice;
use deckwatch_wire::{Object as _, ObjectMeta, OwnerReference, PartialObjectMetadata};

use super::columns::{Row, Tabled as _, metadata_row};
use crate::core::{ClusterId, ObjectRef, Resource, Ts, Uid};

/// One object; cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    /// A Pod.
    Pod(Arc<Pod>),
    /// A Deployment.
    Deployment(Arc<Deployment>),
    /// A StatefulSet.
    StatefulSet(Arc<StatefulSet>),
    /// A DaemonSet.
    DaemonSet(Arc<DaemonSet>),
    /// A ReplicaSet.
    ReplicaSet(Arc<ReplicaSet>),
    /// A Job.
    Job(Arc<Job>),
    /// A Node.
    Node(Arc<Node>),
    /// A Service.
    Service(Arc<Service>),
    /// An EndpointSlice.
    EndpointSlice(Arc<EndpointSlice>),
    /// An Event.
    Event(Arc<Event>),
    /// A Namespace.
    Namespace(Arc<Namespace>),
    /// The metadata of an object whose contents are not read.
    Meta(Arc<PartialObjectMetadata>, Resource),
}

impl Object {
    /// Returns the kind.
    pub fn resource(&self) -> Resource {
        match self {
            Self::Pod(_) => Resource::Pod,
            Self::Deployment(_) => Resource::Deployment,
            Self::StatefulSet(_) => Resource::StatefulSet,
            Self::DaemonSet(_) => Resource::DaemonSet,
            Self::ReplicaSet(_) => Resource::ReplicaSet,
            Self::Job(_) => Resource::Job,
            Self::Node(_) => Resource::Node,
            Self::Service(_) => Resource::Service,
            Self::EndpointSlice(_) => Resource::EndpointSlice,
            Self::Event(_) => Resource::Event,
            Self::Namespace(_) => Resource::Namespace,
            Self::Meta(_, resource) => *resource,
        }
    }

    /// Returns the metadata.
    pub fn meta(&self) -> &ObjectMeta {
        match self {
            Self::Pod(o) => o.meta(),
            Self::Deployment(o) => o.meta(),
            Self::StatefulSet(o) => o.meta(),
            Self::DaemonSet(o) => o.meta(),
            Self::ReplicaSet(o) => o.meta(),
            Self::Job(o) => o.meta(),
            Self::Node(o) => o.meta(),
            Self::Service(o) => o.meta(),
            Self::EndpointSlice(o) => o.meta(),
            Self::Event(o) => o.meta(),
            Self::Namespace(o) => o.meta(),
            Self::Meta(o, _) => o.meta(),
        }
    }

    /// Returns the uid.
    pub fn uid(&self) -> Uid {
        Uid::new(&self.meta().uid)
    }

    /// Returns the namespace, empty for cluster-wide kinds.
    pub fn namespace(&self) -> &str {
        &self.meta().namespace
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.meta().name
    }

    /// Returns the labels.
    pub fn labels(&self) -> &BTreeMap<String, String> {
        &self.meta().labels
    }

    /// Returns a label's value.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels().get(name).map(String::as_str)
    }

    /// Returns the annotations, but the one that `kubectl apply` keeps its own copy in.
    pub fn annotations(&self) -> &BTreeMap<String, String> {
        &self.meta().annotations
    }

    /// Returns the owners.
    pub fn owners(&self) -> &[OwnerReference] {
        &self.meta().owner_references
    }

    /// Returns the owner that controls the object.
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.owners().iter().find(|owner| owner.controller == Some(true))
    }

    /// Returns when the object was made.
    pub fn created(&self) -> Option<Ts> {
        self.meta().creation_timestamp.nanos().map(Ts)
    }

    /// Returns when it is to be gone, once its deletion was asked for.
    pub fn deletion(&self) -> Option<Ts> {
        self.meta().deletion_timestamp.and_then(deckwatch_wire::Stamp::nanos).map(Ts)
    }

    /// Returns the version that it was read at.
    pub fn resource_version(&self) -> &str {
        &self.meta().resource_version
    }

    /// Returns a reference to it.
    pub fn reference(&self, cluster: &ClusterId) -> ObjectRef {
        let meta = self.meta();
        ObjectRef::new(cluster, self.resource(), &meta.namespace, &meta.name, &meta.uid)
    }

    /// Returns about how many bytes of memory it takes.
    pub fn footprint(&self) -> usize {
        match self {
            Self::Pod(o) => weight(&**o),
            Self::Deployment(o) => weight(&**o),
            Self::StatefulSet(o) => weight(&**o),
            Self::DaemonSet(o) => weight(&**o),
            Self::ReplicaSet(o) => weight(&**o),
            Self::Job(o) => weight(&**o),
            Self::Node(o) => weight(&**o),
            Self::Service(o) => weight(&**o),
            Self::EndpointSlice(o) => weight(&**o),
            Self::Event(o) => weight(&**o),
            Self::Namespace(o) => weight(&**o),
            Self::Meta(o, _) => weight(&**o),
        }
    }
}

fn weight<K: deckwatch_wire::Object>(object: &K) -> usize {
    // Each short string of a message is an allocation of its own: about twice its bytes.
    size_of::<K>() + 2 * object.encoded_len()
}

impl Object {
    /// Returns the value of an annotation.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations().get(name).map(String::as_str)
    }

    /// Returns the pod template or spec that tells its containers.
    pub fn pod_spec(&self) -> Option<&PodSpec> {
        match self {
            Self::Pod(o) => Some(&o.spec),
            Self::Deployment(o) => Some(&o.spec.template.spec),
            Self::StatefulSet(o) => Some(&o.spec.template.spec),
            Self::DaemonSet(o) => Some(&o.spec.template.spec),
            Self::ReplicaSet(o) => Some(&o.spec.template.spec),
            Self::Job(o) => Some(&o.spec.template.spec),
            Self::Node(_)
            | Self::Service(_)
            | Self::EndpointSlice(_)
            | Self::Event(_)
            | Self::Namespace(_)
            | Self::Meta(..) => None,
        }
    }

    /// Returns its row: the cells of its kind's columns and its health.
    pub fn row(&self) -> Row {
        match self {
            Self::Pod(o) => o.row(),
            Self::Deployment(o) => o.row(),
            Self::StatefulSet(o) => o.row(),
            Self::DaemonSet(o) => o.row(),
            Self::ReplicaSet(o) => o.row(),
            Self::Job(o) => o.row(),
            Self::Node(o) => o.row(),
            Self::Service(o) => o.row(),
            Self::EndpointSlice(o) => o.row(),
            Self::Event(o) => o.row(),
            Self::Namespace(o) => o.row(),
            Self::Meta(o, resource) => metadata_row(*resource, o),
        }
    }

    /// Returns whether both are the very same state of an object, told by its version.
    pub fn same_data(&self, other: &Self) -> bool {
        let version = self.resource_version();
        !version.is_empty() && version == other.resource_version() && self.meta().uid == other.meta().uid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_kinds_share_is_read_from_any_of_them() {
        let text = r#"{"metadata":{"name":"p","namespace":"n","uid":"u-1","resourceVersion":"7","labels":{"app":"x"},
            "creationTimestamp":"2026-11-21T14:00:00Z","deletionTimestamp":"2026-11-21T14:05:00Z",
            "ownerReferences":[{"kind":"Node","name":"a","uid":"1","apiVersion":"v1"},
                {"kind":"ReplicaSet","name":"r","uid":"2","apiVersion":"apps/v1","controller":true}]}}"#;
        let pod = Object::Pod(Arc::new(serde_json::from_str(text).unwrap()));
        let meta = Object::Meta(Arc::new(serde_json::from_str(text).unwrap()), Resource::Secret);
        for (object, resource) in [(&pod, Resource::Pod), (&meta, Resource::Secret)] {
            assert_eq!(object.resource(), resource);
            assert_eq!((object.namespace(), object.name(), object.resource_version()), ("n", "p", "7"));
            assert_eq!((object.uid(), object.label("app")), (Uid::new("u-1"), Some("x")));
            assert_eq!(object.controller().map(|o| o.name.as_str()), Some("r"));
            assert_eq!(object.created(), Ts::parse_rfc3339("2026-11-21T14:00:00Z"));
            assert_eq!(object.deletion(), Ts::parse_rfc3339("2026-11-21T14:05:00Z"));
            let cluster = ClusterId("c".into());
            assert_eq!(object.reference(&cluster), ObjectRef::new(&cluster, resource, "n", "p", "u-1"));
        }
        assert!(pod.footprint() > meta.footprint() && meta.footprint() > 200);
    }
}
