//! Workloads: Deployments, StatefulSets, DaemonSets, ReplicaSets.
#![expect(missing_docs, reason = "fields are named and explained by the Kubernetes API")]

use prost::Message;
use serde::{Deserialize, Serialize};

use crate::core::PodTemplateSpec;
use crate::is_default;
use crate::meta::{LabelSelector, ObjectMeta};
use crate::scalar::IntOrString;
use crate::time::Time;

/// Pods that are replaced a few at a time.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Deployment {
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub spec: DeploymentSpec,
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub status: DeploymentStatus,
}

/// How many pods a Deployment wants, and which.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DeploymentSpec {
    #[prost(int32, optional, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub replicas: Option<i32>,
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub selector: Option<LabelSelector>,
    #[prost(message, required, tag = "3")]
    pub template: PodTemplateSpec,
    #[prost(message, required, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub strategy: DeploymentStrategy,
    /// Seconds.
    #[prost(int32, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub min_ready_seconds: i32,
    #[prost(int32, optional, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub revision_history_limit: Option<i32>,
    #[prost(bool, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub paused: bool,
    /// Seconds.
    #[prost(int32, optional, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub progress_deadline_seconds: Option<i32>,
}

/// How a Deployment replaces pods.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DeploymentStrategy {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub r#type: String,
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub rolling_update: Option<RollingUpdateDeployment>,
}

/// How many pods may be missing or too many meanwhile.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RollingUpdateDeployment {
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub max_unavailable: Option<IntOrString>,
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub max_surge: Option<IntOrString>,
}

/// How far a Deployment is.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DeploymentStatus {
    #[prost(int64, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub observed_generation: i64,
    #[prost(int32, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub replicas: i32,
    #[prost(int32, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub updated_replicas: i32,
    #[prost(int32, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub available_replicas: i32,
    #[prost(int32, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub unavailable_replicas: i32,
    #[prost(message, repeated, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub conditions: Vec<DeploymentCondition>,
    #[prost(int32, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub ready_replicas: i32,
    #[prost(int32, optional, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub collision_count: Option<i32>,
    #[prost(int32, optional, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub terminating_replicas: Option<i32>,
}

/// One condition of a Deployment.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DeploymentCondition {
    #[prost(string, tag = "1")]
    pub r#type: String,
    #[prost(string, tag = "2")]
    pub status: String,
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub reason: String,
    #[prost(string, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
    #[prost(message, required, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub last_update_time: Time,
    #[prost(message, required, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub last_transition_time: Time,
}

/// Pods with a name and a disk of their own.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StatefulSet {
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub spec: StatefulSetSpec,
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub status: StatefulSetStatus,
}

/// How many pods a StatefulSet wants, and which.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StatefulSetSpec {
    #[prost(int32, optional, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub replicas: Option<i32>,
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub selector: Option<LabelSelector>,
    #[prost(message, required, tag = "3")]
    pub template: PodTemplateSpec,
    #[prost(string, tag = "5")]
    pub service_name: String,
    #[prost(string, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub pod_management_policy: String,
    #[prost(message, required, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub update_strategy: StatefulSetUpdateStrategy,
    #[prost(int32, optional, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub revision_history_limit: Option<i32>,
    #[prost(int32, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub min_ready_seconds: i32,
}

/// How a StatefulSet replaces pods.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StatefulSetUpdateStrategy {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub r#type: String,
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub rolling_update: Option<RollingUpdateStatefulSetStrategy>,
}

/// From which ordinal on, and how many at once.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RollingUpdateStatefulSetStrategy {
    #[prost(int32, optional, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub partition: Option<i32>,
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub max_unavailable: Option<IntOrString>,
}

/// How far a StatefulSet is.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StatefulSetStatus {
    #[prost(int64, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub observed_generation: i64,
    #[prost(int32, tag = "2")]
    pub replicas: i32,
    #[prost(int32, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub ready_replicas: i32,
    #[prost(int32, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub current_replicas: i32,
    #[prost(int32, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub updated_replicas: i32,
    #[prost(string, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub current_revision: String,
    #[prost(string, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub update_revision: String,
    #[prost(int32, optional, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub collision_count: Option<i32>,
    #[prost(message, repeated, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub conditions: Vec<StatefulSetCondition>,
    #[prost(int32, tag = "11")]
    pub available_replicas: i32,
}

/// One condition of a StatefulSet.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StatefulSetCondition {
    #[prost(string, tag = "1")]
    pub r#type: String,
    #[prost(string, tag = "2")]
    pub status: String,
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub last_transition_time: Time,
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub reason: String,
    #[prost(string, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
}

/// One pod on each node.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DaemonSet {
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub spec: DaemonSetSpec,
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub status: DaemonSetStatus,
}

/// Which pod a DaemonSet wants.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DaemonSetSpec {
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub selector: Option<LabelSelector>,
    #[prost(message, required, tag = "2")]
    pub template: PodTemplateSpec,
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub update_strategy: DaemonSetUpdateStrategy,
    #[prost(int32, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub min_ready_seconds: i32,
    #[prost(int32, optional, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub revision_history_limit: Option<i32>,
}

/// How a DaemonSet replaces pods.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DaemonSetUpdateStrategy {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub r#type: String,
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub rolling_update: Option<RollingUpdateDaemonSet>,
}

/// How many pods may be missing or too many meanwhile.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RollingUpdateDaemonSet {
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub max_unavailable: Option<IntOrString>,
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub max_surge: Option<IntOrString>,
}

/// How far a DaemonSet is.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DaemonSetStatus {
    #[prost(int32, tag = "1")]
    pub current_number_scheduled: i32,
    #[prost(int32, tag = "2")]
    pub number_misscheduled: i32,
    #[prost(int32, tag = "3")]
    pub desired_number_scheduled: i32,
    #[prost(int32, tag = "4")]
    pub number_ready: i32,
    #[prost(int64, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub observed_generation: i64,
    #[prost(int32, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub updated_number_scheduled: i32,
    #[prost(int32, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub number_available: i32,
    #[prost(int32, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub number_unavailable: i32,
    #[prost(int32, optional, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub collision_count: Option<i32>,
    #[prost(message, repeated, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub conditions: Vec<DaemonSetCondition>,
}

/// One condition of a DaemonSet.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DaemonSetCondition {
    #[prost(string, tag = "1")]
    pub r#type: String,
    #[prost(string, tag = "2")]
    pub status: String,
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub last_transition_time: Time,
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub reason: String,
    #[prost(string, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
}

/// Pods of one version of a Deployment.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ReplicaSet {
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub spec: ReplicaSetSpec,
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub status: ReplicaSetStatus,
}

/// How many pods a ReplicaSet wants, and which.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ReplicaSetSpec {
    #[prost(int32, optional, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub replicas: Option<i32>,
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub selector: Option<LabelSelector>,
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub template: PodTemplateSpec,
    #[prost(int32, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub min_ready_seconds: i32,
}

/// How far a ReplicaSet is.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ReplicaSetStatus {
    #[prost(int32, tag = "1")]
    pub replicas: i32,
    #[prost(int32, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub fully_labeled_replicas: i32,
    #[prost(int64, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub observed_generation: i64,
    #[prost(int32, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub ready_replicas: i32,
    #[prost(int32, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub available_replicas: i32,
    #[prost(message, repeated, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub conditions: Vec<ReplicaSetCondition>,
    #[prost(int32, optional, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub terminating_replicas: Option<i32>,
}

/// One condition of a ReplicaSet.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ReplicaSetCondition {
    #[prost(string, tag = "1")]
    pub r#type: String,
    #[prost(string, tag = "2")]
    pub status: String,
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub last_transition_time: Time,
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub reason: String,
    #[prost(string, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
}
