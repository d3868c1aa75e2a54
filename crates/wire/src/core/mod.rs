//! Kinds of the core group.
//!
//! Declares messages only; each file holds one subject. Tested by the round trips of the crate.

mod config;
mod container;
mod event;
mod node;
mod pod;
mod service;
mod volume;

pub use config::{ConfigMap, Secret};
pub use container::{
    ConfigMapEnvSource, ConfigMapKeySelector, Container, ContainerPort, ContainerState,
    ContainerStateRunning, ContainerStateTerminated, ContainerStateWaiting, ContainerStatus, EnvFromSource,
    EnvVar, EnvVarSource, EphemeralContainer, ResourceRequirements, SecretEnvSource, SecretKeySelector,
};
pub use event::{Event, EventSeries, EventSource, ObjectReference};
pub use node::{
    Namespace, NamespaceCondition, NamespaceStatus, Node, NodeAddress, NodeCondition, NodeSpec, NodeStatus,
    NodeSystemInfo, Taint,
};
pub use pod::{
    LocalObjectReference, Pod, PodCondition, PodIP, PodReadinessGate, PodSchedulingGate, PodSpec, PodStatus,
    PodTemplateSpec,
};
pub use service::{
    LoadBalancerIngress, LoadBalancerStatus, Service, ServicePort, ServiceSpec, ServiceStatus,
};
pub use volume::{
    ConfigMapProjection, ConfigMapVolumeSource, PersistentVolumeClaimVolumeSource, ProjectedVolumeSource,
    SecretProjection, SecretVolumeSource, Volume, VolumeProjection, VolumeSource,
};
