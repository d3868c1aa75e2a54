//! Any object that is read, as the slim message of `deckwatch-wire`, shared.

use std::sync::Arc;

use deckwatch_wire::apps::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use deckwatch_wire::batch::Job;
use deckwatch_wire::core::{Event, Namespace, Node, Pod, PodSpec, Service};
use deckwatch_wire::discovery::EndpointSlice;
use deckwatch_wire::{Object as _, ObjectMeta, OwnerReference, PartialObjectMetadata};

use super::columns::{Row, Tabled as _, metadata_row};
use crate::core::{ClusterId, ObjectRef, Resource, Ts};

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
    /// Metadata of a kind that is read without its contents.
    Meta(Resource, Arc<PartialObjectMetadata>),
}

impl Object {
    /// Returns its kind.
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
            Self::Meta(resource, _) => *resource,
        }
    }

    /// Returns its metadata.
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
            Self::Meta(_, o) => o.meta(),
        }
    }

    /// Returns its uid as the server drew it.
    pub fn uid(&self) -> &str {
        &self.meta().uid
    }

    /// Returns its namespace, empty for cluster-wide kinds.
    pub fn namespace(&self) -> &str {
        &self.meta().namespace
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        &self.meta().name
    }

    /// Returns the value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.meta().labels.get(key).map(String::as_str)
    }

    /// Returns the value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.meta().annotations.get(key).map(String::as_str)
    }

    /// Returns who owns it.
    pub fn owners(&self) -> &[OwnerReference] {
        &self.meta().owner_references
    }

    /// Returns the owner that controls it.
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.owners().iter().find(|o| o.controller == Some(true))
    }

    /// Returns when it was made.
    pub fn created(&self) -> Option<Ts> {
        self.meta().creation_timestamp.nanos().map(Ts)
    }

    /// Returns a reference to it.
    pub fn reference(&self, cluster: &ClusterId) -> ObjectRef {
        ObjectRef::new(cluster, self.resource(), self.namespace(), self.name(), self.uid())
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
}

macro_rules! from {
    ($($kind:ident)*) => {$(
        impl From<$kind> for Object {
            fn from(object: $kind) -> Self {
                Self::$kind(Arc::new(object))
            }
        }
    )*};
}

from!(Pod Deployment StatefulSet DaemonSet ReplicaSet Job Node Service EndpointSlice Event Namespace);

impl Object {
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
            Self::Meta(resource, o) => metadata_row(*resource, o),
        }
    }

    /// Returns whether both are the very same data, without comparing it: what is unchanged is shared.
    pub fn same_data(&self, other: &Self) -> bool {
        self.uid() == other.uid()
            && self.meta().resource_version == other.meta().resource_version
            && !self.meta().resource_version.is_empty()
    }
}
