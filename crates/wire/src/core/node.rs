//! Nodes and namespaces.
#![expect(missing_docs, reason = "fields are named and explained by the Kubernetes API")]

use std::collections::BTreeMap;

use prost::Message;
use serde::{Deserialize, Serialize};

use crate::is_default;
use crate::meta::ObjectMeta;
use crate::scalar::Quantity;
use crate::time::Time;

/// A machine of the cluster.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Node {
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub spec: NodeSpec,
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub status: NodeStatus,
}

/// How a node may be used.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeSpec {
    #[prost(string, tag = "3")]
    #[serde(rename = "providerID", skip_serializing_if = "is_default")]
    pub provider_id: String,
    #[prost(bool, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub unschedulable: bool,
    #[prost(message, repeated, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub taints: Vec<Taint>,
}

/// What keeps pods off a node.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Taint {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub value: String,
    #[prost(string, tag = "3")]
    pub effect: String,
    #[prost(message, optional, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub time_added: Option<Time>,
}

/// What a node says about itself.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeStatus {
    #[prost(btree_map = "string, message", tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub capacity: BTreeMap<String, Quantity>,
    #[prost(btree_map = "string, message", tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub allocatable: BTreeMap<String, Quantity>,
    #[prost(message, repeated, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub conditions: Vec<NodeCondition>,
    #[prost(message, repeated, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub addresses: Vec<NodeAddress>,
    #[prost(message, required, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub node_info: NodeSystemInfo,
}

/// One condition of a node.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeCondition {
    #[prost(string, tag = "1")]
    pub r#type: String,
    #[prost(string, tag = "2")]
    pub status: String,
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub last_heartbeat_time: Time,
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

/// One address of a node.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeAddress {
    #[prost(string, tag = "1")]
    pub r#type: String,
    #[prost(string, tag = "2")]
    pub address: String,
}

/// What runs on a node.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeSystemInfo {
    #[prost(string, tag = "4")]
    pub kernel_version: String,
    #[prost(string, tag = "5")]
    pub os_image: String,
    #[prost(string, tag = "6")]
    pub container_runtime_version: String,
    #[prost(string, tag = "7")]
    pub kubelet_version: String,
    #[prost(string, tag = "9")]
    pub operating_system: String,
    #[prost(string, tag = "10")]
    pub architecture: String,
}

/// A namespace.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Namespace {
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub status: NamespaceStatus,
}

/// Whether a namespace is being deleted.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NamespaceStatus {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub phase: String,
    #[prost(message, repeated, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub conditions: Vec<NamespaceCondition>,
}

/// Why a namespace's deletion does not go on.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NamespaceCondition {
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
