//! The server's answer about an operation: most often why it was refused.
//!
//! Tested by the round trips of the crate and by samples of refusals.
#![expect(missing_docs, reason = "fields are named and explained by the Kubernetes API")]

use prost::Message;
use serde::{Deserialize, Serialize};

use crate::is_default;
use crate::meta::ListMeta;

/// The server's answer about an operation.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Status {
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ListMeta,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub status: String,
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub reason: String,
    #[prost(message, optional, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub details: Option<StatusDetails>,
    #[prost(int32, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub code: i32,
}

/// What a status is about.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StatusDetails {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub group: String,
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub kind: String,
    #[prost(message, repeated, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub causes: Vec<StatusCause>,
    /// Seconds to wait before asking again; 0 when not said.
    #[prost(int32, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub retry_after_seconds: i32,
    #[prost(string, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub uid: String,
}

/// One cause of a failure.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StatusCause {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub reason: String,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub field: String,
}
