//! What all kinds have in common: their names in the API, their metadata, and what of them is kept in memory.
//!
//! Owns the table of kinds. The policy of what is kept: `kubectl.kubernetes.io/last-applied-configuration` is dropped from
//! everything; the writers in `managedFields` are kept for workloads, ConfigMaps and Secrets, with their fields for
//! metadata reads, ConfigMaps and Secrets, and dropped for kinds of which there are thousands. Tested below.

use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::apps::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use crate::batch::Job;
use crate::core::{ConfigMap, Event, Namespace, Node, Pod, PodSpec, Secret, Service};
use crate::discovery::EndpointSlice;
use crate::meta::{ObjectMeta, PartialObjectMetadata};

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What is kept of an object's `managedFields`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Nothing.
    Nothing,
    /// Who wrote and when, without the fields.
    Writers,
    /// All of it.
    Fields,
}

/// A message that the API server sends as an object.
pub trait Object:
    Message + std::fmt::Debug + Default + Clone + PartialEq + Serialize + DeserializeOwned + 'static
{
    /// The API group; empty for the core group.
    const GROUP: &'static str;
    /// The version of the group.
    const VERSION: &'static str;
    /// The kind; a list's kind is this with `List` added.
    const KIND: &'static str;
    /// What is kept of `managedFields`.
    const KEEP: Keep;
    /// Whether contents must never be quoted in an error.
    const PRIVATE: bool = false;

    /// Returns the object's metadata.
    fn meta(&self) -> &ObjectMeta;

    /// Returns the object's metadata to be changed.
    fn meta_mut(&mut self) -> &mut ObjectMeta;

    /// Gives back memory that decoding left over in the kind's own fields.
    fn trim(&mut self) {}

    /// Drops what is not kept; decoding does this to every object.
    fn tidy(&mut self) {
        let meta = self.meta_mut();
        meta.annotations.remove(LAST_APPLIED);
        match Self::KEEP {
            Keep::Nothing => meta.managed_fields = Vec::new(),
            Keep::Writers => meta.managed_fields.iter_mut().for_each(|writer| writer.fields_v1 = None),
            Keep::Fields => {}
        }
        meta.owner_references.shrink_to_fit();
        meta.finalizers.shrink_to_fit();
        meta.managed_fields.shrink_to_fit();
        self.trim();
    }
}

/// A kind that is read under a path of its own.
pub trait Resource: Object {
    /// The name in paths.
    const PLURAL: &'static str;
    /// Whether objects live in namespaces.
    const NAMESPACED: bool;
}

/// Returns `group/version`, or the version alone for the core group.
pub(crate) fn api_version<K: Object>() -> String {
    if K::GROUP.is_empty() { K::VERSION.to_owned() } else { format!("{}/{}", K::GROUP, K::VERSION) }
}

macro_rules! kinds {
    ($($kind:ident $group:literal $version:literal $plural:literal $namespaced:literal $keep:ident
       $(private $private:literal)? $(trim $trim:expr)?;)*) => {$(
        impl Object for $kind {
            const GROUP: &'static str = $group;
            const VERSION: &'static str = $version;
            const KIND: &'static str = stringify!($kind);
            const KEEP: Keep = Keep::$keep;
            $(const PRIVATE: bool = $private;)?

            fn meta(&self) -> &ObjectMeta {
                &self.metadata
            }

            fn meta_mut(&mut self) -> &mut ObjectMeta {
                &mut self.metadata
            }

            $(fn trim(&mut self) {
                let trim: fn(&mut Self) = $trim;
                trim(self);
            })?
        }

        impl Resource for $kind {
            const PLURAL: &'static str = $plural;
            const NAMESPACED: bool = $namespaced;
        }
    )*};
}

kinds! {
    Pod           ""                 "v1" "pods"           true  Nothing trim trim_pod;
    Node          ""                 "v1" "nodes"          false Nothing trim |node| {
        node.status.conditions.shrink_to_fit();
        node.status.addresses.shrink_to_fit();
    };
    Namespace     ""                 "v1" "namespaces"     false Nothing;
    Service       ""                 "v1" "services"       true  Writers trim |service| service.spec.ports.shrink_to_fit();
    Event         ""                 "v1" "events"         true  Nothing;
    ConfigMap     ""                 "v1" "configmaps"     true  Fields;
    Secret        ""                 "v1" "secrets"        true  Fields private true;
    Deployment    "apps"             "v1" "deployments"    true  Writers trim |d| trim_spec(&mut d.spec.template.spec);
    StatefulSet   "apps"             "v1" "statefulsets"   true  Writers trim |s| trim_spec(&mut s.spec.template.spec);
    DaemonSet     "apps"             "v1" "daemonsets"     true  Writers trim |d| trim_spec(&mut d.spec.template.spec);
    ReplicaSet    "apps"             "v1" "replicasets"    true  Nothing trim |r| trim_spec(&mut r.spec.template.spec);
    Job           "batch"            "v1" "jobs"           true  Writers trim |j| trim_spec(&mut j.spec.template.spec);
    EndpointSlice "discovery.k8s.io" "v1" "endpointslices" true  Nothing trim |s| s.endpoints.shrink_to_fit();
}

impl Object for PartialObjectMetadata {
    const GROUP: &'static str = "meta.k8s.io";
    const VERSION: &'static str = "v1";
    const KIND: &'static str = "PartialObjectMetadata";
    const KEEP: Keep = Keep::Fields;

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

fn trim_pod(pod: &mut Pod) {
    trim_spec(&mut pod.spec);
    let status = &mut pod.status;
    status.conditions.shrink_to_fit();
    status.pod_ips.shrink_to_fit();
    for statuses in [
        &mut status.container_statuses,
        &mut status.init_container_statuses,
        &mut status.ephemeral_container_statuses,
    ] {
        statuses.shrink_to_fit();
    }
}

/// Drops variables with literal values and volumes without references; both are read as names only.
fn trim_spec(spec: &mut PodSpec) {
    spec.volumes.retain(|volume| volume.source != crate::core::VolumeSource::default());
    spec.volumes.shrink_to_fit();
    spec.readiness_gates.shrink_to_fit();
    spec.image_pull_secrets.shrink_to_fit();
    let debug = spec.ephemeral_containers.iter_mut().map(|container| &mut container.common);
    for container in spec.containers.iter_mut().chain(&mut spec.init_containers).chain(debug) {
        container.env.retain(|variable| variable.value_from.is_some());
        container.env.shrink_to_fit();
        container.env_from.shrink_to_fit();
        container.ports.shrink_to_fit();
    }
    spec.containers.shrink_to_fit();
    spec.init_containers.shrink_to_fit();
}
