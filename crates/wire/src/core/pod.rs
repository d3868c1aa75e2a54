//! Pods: what their rows, their joins and an explanation of their state need.
//!
//! Probes, affinity, tolerations and security contexts are left out: the full object is asked for when it is shown.
#![expect(missing_docs, reason = "fields are named and explained by the Kubernetes API")]

use std::collections::BTreeMap;

use prost::Message;
use serde::{Deserialize, Serialize};

use super::container::{Container, ContainerStatus, EphemeralContainer};
use super::volume::Volume;
use crate::is_default;
use crate::meta::ObjectMeta;
use crate::time::Time;

/// A group of containers on one node.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Pod {
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub spec: PodSpec,
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub status: PodStatus,
}

/// How a pod is to run.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodSpec {
    #[prost(message, repeated, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub volumes: Vec<Volume>,
    #[prost(message, repeated, tag = "2")]
    pub containers: Vec<Container>,
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub restart_policy: String,
    /// Seconds.
    #[prost(int64, optional, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub termination_grace_period_seconds: Option<i64>,
    #[prost(btree_map = "string, string", tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub node_selector: BTreeMap<String, String>,
    #[prost(string, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub service_account_name: String,
    #[prost(string, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub node_name: String,
    #[prost(bool, tag = "11")]
    #[serde(skip_serializing_if = "is_default")]
    pub host_network: bool,
    #[prost(message, repeated, tag = "15")]
    #[serde(skip_serializing_if = "is_default")]
    pub image_pull_secrets: Vec<LocalObjectReference>,
    #[prost(message, repeated, tag = "20")]
    #[serde(skip_serializing_if = "is_default")]
    pub init_containers: Vec<Container>,
    #[prost(string, tag = "24")]
    #[serde(skip_serializing_if = "is_default")]
    pub priority_class_name: String,
    #[prost(message, repeated, tag = "28")]
    #[serde(skip_serializing_if = "is_default")]
    pub readiness_gates: Vec<PodReadinessGate>,
    #[prost(message, repeated, tag = "34")]
    #[serde(skip_serializing_if = "is_default")]
    pub ephemeral_containers: Vec<EphemeralContainer>,
    #[prost(message, repeated, tag = "38")]
    #[serde(skip_serializing_if = "is_default")]
    pub scheduling_gates: Vec<PodSchedulingGate>,
}

/// What became of a pod.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodStatus {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub phase: String,
    #[prost(message, repeated, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub conditions: Vec<PodCondition>,
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub reason: String,
    #[prost(string, tag = "5")]
    #[serde(rename = "hostIP", skip_serializing_if = "is_default")]
    pub host_ip: String,
    #[prost(string, tag = "6")]
    #[serde(rename = "podIP", skip_serializing_if = "is_default")]
    pub pod_ip: String,
    #[prost(message, optional, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub start_time: Option<Time>,
    #[prost(message, repeated, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub container_statuses: Vec<ContainerStatus>,
    #[prost(string, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub qos_class: String,
    #[prost(message, repeated, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub init_container_statuses: Vec<ContainerStatus>,
    #[prost(string, tag = "11")]
    #[serde(skip_serializing_if = "is_default")]
    pub nominated_node_name: String,
    #[prost(message, repeated, tag = "12")]
    #[serde(rename = "podIPs", skip_serializing_if = "is_default")]
    pub pod_ips: Vec<PodIP>,
    #[prost(message, repeated, tag = "13")]
    #[serde(skip_serializing_if = "is_default")]
    pub ephemeral_container_statuses: Vec<ContainerStatus>,
}

/// One condition of a pod.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodCondition {
    #[prost(string, tag = "1")]
    pub r#type: String,
    #[prost(string, tag = "2")]
    pub status: String,
    #[prost(message, required, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub last_transition_time: Time,
    #[prost(string, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub reason: String,
    #[prost(string, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
}

/// One address of a pod.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodIP {
    #[prost(string, tag = "1")]
    pub ip: String,
}

/// A condition that must be true for the pod to be ready.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodReadinessGate {
    #[prost(string, tag = "1")]
    pub condition_type: String,
}

/// Something that holds a pod back from being scheduled.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodSchedulingGate {
    #[prost(string, tag = "1")]
    pub name: String,
}

/// A reference to an object in the same namespace.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LocalObjectReference {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
}

/// The pod that a workload makes.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodTemplateSpec {
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub spec: PodSpec,
}
