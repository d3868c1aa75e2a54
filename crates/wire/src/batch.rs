//! Jobs.
#![expect(missing_docs, reason = "fields are named and explained by the Kubernetes API")]

use prost::Message;
use serde::{Deserialize, Serialize};

use crate::core::PodTemplateSpec;
use crate::is_default;
use crate::meta::{LabelSelector, ObjectMeta};
use crate::time::Time;

/// Pods that run to their end.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Job {
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub spec: JobSpec,
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub status: JobStatus,
}

/// How often a Job's pod must succeed.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct JobSpec {
    #[prost(int32, optional, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub parallelism: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub completions: Option<i32>,
    #[prost(int64, optional, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub active_deadline_seconds: Option<i64>,
    #[prost(message, optional, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub selector: Option<LabelSelector>,
    #[prost(message, required, tag = "6")]
    pub template: PodTemplateSpec,
    #[prost(int32, optional, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub backoff_limit: Option<i32>,
    #[prost(int32, optional, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub ttl_seconds_after_finished: Option<i32>,
    #[prost(string, optional, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub completion_mode: Option<String>,
    #[prost(bool, optional, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub suspend: Option<bool>,
}

/// How far a Job is.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct JobStatus {
    #[prost(message, repeated, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub conditions: Vec<JobCondition>,
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub start_time: Option<Time>,
    #[prost(message, optional, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub completion_time: Option<Time>,
    #[prost(int32, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub active: i32,
    #[prost(int32, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub succeeded: i32,
    #[prost(int32, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub failed: i32,
    #[prost(string, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub completed_indexes: String,
    #[prost(int32, optional, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub ready: Option<i32>,
    #[prost(string, optional, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub failed_indexes: Option<String>,
    #[prost(int32, optional, tag = "11")]
    #[serde(skip_serializing_if = "is_default")]
    pub terminating: Option<i32>,
}

/// One condition of a Job.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct JobCondition {
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
