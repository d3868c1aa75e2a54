//! Containers and their states.
//!
//! Literal values of environment variables, commands and arguments are never read: they are large and often secret.
#![expect(missing_docs, reason = "fields are named and explained by the Kubernetes API")]

use std::collections::BTreeMap;

use prost::Message;
use serde::{Deserialize, Serialize};

use super::pod::LocalObjectReference;
use crate::is_default;
use crate::scalar::Quantity;
use crate::time::Time;

/// A container that a pod is to run.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Container {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub image: String,
    #[prost(message, repeated, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub ports: Vec<ContainerPort>,
    #[prost(message, repeated, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub env: Vec<EnvVar>,
    #[prost(message, required, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub resources: ResourceRequirements,
    #[prost(string, tag = "14")]
    #[serde(skip_serializing_if = "is_default")]
    pub image_pull_policy: String,
    #[prost(message, repeated, tag = "19")]
    #[serde(skip_serializing_if = "is_default")]
    pub env_from: Vec<EnvFromSource>,
    #[prost(string, optional, tag = "24")]
    #[serde(skip_serializing_if = "is_default")]
    pub restart_policy: Option<String>,
}

/// A container added to a running pod for debugging.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EphemeralContainer {
    /// What it has in common with other containers: their fields have the same numbers and names.
    #[prost(message, required, tag = "1")]
    #[serde(flatten)]
    pub common: Container,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub target_container_name: String,
}

/// A port that a container says it listens on.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContainerPort {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    #[prost(int32, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub host_port: i32,
    #[prost(int32, tag = "3")]
    pub container_port: i32,
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub protocol: String,
}

/// An environment variable.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EnvVar {
    #[prost(string, tag = "1")]
    pub name: String,
    /// Where the value comes from; literal values are not read at all.
    #[prost(message, optional, boxed, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub value_from: Option<Box<EnvVarSource>>,
}

/// The ConfigMap or Secret that an environment variable comes from.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EnvVarSource {
    #[prost(message, optional, boxed, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub config_map_key_ref: Option<Box<ConfigMapKeySelector>>,
    #[prost(message, optional, boxed, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub secret_key_ref: Option<Box<SecretKeySelector>>,
}

/// A key of a ConfigMap.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConfigMapKeySelector {
    #[prost(message, required, tag = "1")]
    #[serde(flatten)]
    pub name: LocalObjectReference,
    #[prost(string, tag = "2")]
    pub key: String,
    #[prost(bool, optional, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub optional: Option<bool>,
}

/// A key of a Secret.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SecretKeySelector {
    #[prost(message, required, tag = "1")]
    #[serde(flatten)]
    pub name: LocalObjectReference,
    #[prost(string, tag = "2")]
    pub key: String,
    #[prost(bool, optional, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub optional: Option<bool>,
}

/// A ConfigMap or Secret all of whose keys become environment variables.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EnvFromSource {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub prefix: String,
    #[prost(message, optional, boxed, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub config_map_ref: Option<Box<ConfigMapEnvSource>>,
    #[prost(message, optional, boxed, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub secret_ref: Option<Box<SecretEnvSource>>,
}

/// A ConfigMap used as an environment.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConfigMapEnvSource {
    #[prost(message, required, tag = "1")]
    #[serde(flatten)]
    pub name: LocalObjectReference,
    #[prost(bool, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub optional: Option<bool>,
}

/// A Secret used as an environment.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SecretEnvSource {
    #[prost(message, required, tag = "1")]
    #[serde(flatten)]
    pub name: LocalObjectReference,
    #[prost(bool, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub optional: Option<bool>,
}

/// What a container asks for and may use.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ResourceRequirements {
    #[prost(btree_map = "string, message", tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub limits: BTreeMap<String, Quantity>,
    #[prost(btree_map = "string, message", tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub requests: BTreeMap<String, Quantity>,
}

/// What became of a container.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContainerStatus {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub state: ContainerState,
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub last_state: ContainerState,
    #[prost(bool, tag = "4")]
    pub ready: bool,
    #[prost(int32, tag = "5")]
    pub restart_count: i32,
    #[prost(string, tag = "6")]
    pub image: String,
    #[prost(string, tag = "7")]
    #[serde(rename = "imageID")]
    pub image_id: String,
    #[prost(bool, optional, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub started: Option<bool>,
}

/// The state of a container: one of three; none of them means waiting.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContainerState {
    #[prost(message, optional, boxed, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub waiting: Option<Box<ContainerStateWaiting>>,
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub running: Option<ContainerStateRunning>,
    #[prost(message, optional, boxed, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub terminated: Option<Box<ContainerStateTerminated>>,
}

/// Why a container is not running yet.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContainerStateWaiting {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub reason: String,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
}

/// Since when a container runs.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContainerStateRunning {
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub started_at: Time,
}

/// How a container ended.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContainerStateTerminated {
    #[prost(int32, tag = "1")]
    pub exit_code: i32,
    #[prost(int32, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub signal: i32,
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub reason: String,
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
    #[prost(message, required, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub started_at: Time,
    #[prost(message, required, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub finished_at: Time,
}
