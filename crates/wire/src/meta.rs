//! Metadata that every object and list carries, and selectors and conditions.
//!
//! Owns no policy: what is kept of an object's metadata is decided by [`crate::Object`]. Tested by the round trips of the
//! crate.
#![expect(missing_docs, reason = "fields are named and explained by the Kubernetes API")]

use std::collections::BTreeMap;

use prost::Message;
use serde::{Deserialize, Serialize};

use crate::is_default;
use crate::scalar::FieldsV1;
use crate::time::Time;

/// What identifies an object and who owns it.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ObjectMeta {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub generate_name: String,
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub namespace: String,
    #[prost(string, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub uid: String,
    #[prost(string, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub resource_version: String,
    #[prost(int64, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub generation: i64,
    /// When the object was made; unset in pod templates.
    #[prost(message, required, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub creation_timestamp: Time,
    /// When deletion was asked for (plus the grace period); absent otherwise.
    #[prost(message, optional, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub deletion_timestamp: Option<Time>,
    /// Seconds.
    #[prost(int64, optional, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub deletion_grace_period_seconds: Option<i64>,
    #[prost(btree_map = "string, string", tag = "11")]
    #[serde(skip_serializing_if = "is_default")]
    pub labels: BTreeMap<String, String>,
    #[prost(btree_map = "string, string", tag = "12")]
    #[serde(skip_serializing_if = "is_default")]
    pub annotations: BTreeMap<String, String>,
    #[prost(message, repeated, tag = "13")]
    #[serde(skip_serializing_if = "is_default")]
    pub owner_references: Vec<OwnerReference>,
    #[prost(string, repeated, tag = "14")]
    #[serde(skip_serializing_if = "is_default")]
    pub finalizers: Vec<String>,
    /// Who changed the object and when; emptied for kinds that don't keep it (see `Object::KEEP`).
    #[prost(message, repeated, tag = "17")]
    #[serde(skip_serializing_if = "is_default")]
    pub managed_fields: Vec<ManagedFieldsEntry>,
}

/// A reference to the object that owns this one.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct OwnerReference {
    #[prost(string, tag = "1")]
    pub kind: String,
    #[prost(string, tag = "3")]
    pub name: String,
    #[prost(string, tag = "4")]
    pub uid: String,
    #[prost(string, tag = "5")]
    pub api_version: String,
    #[prost(bool, optional, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub controller: Option<bool>,
    #[prost(bool, optional, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub block_owner_deletion: Option<bool>,
}

/// One writer of an object and the time of its last write.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ManagedFieldsEntry {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub manager: String,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub operation: String,
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub api_version: String,
    #[prost(message, optional, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub time: Option<Time>,
    /// The fields themselves; kept only where `Object::KEEP` says so.
    #[prost(message, optional, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub fields_v1: Option<FieldsV1>,
    #[prost(string, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub subresource: String,
}

/// What a list says about itself: its version and how to go on.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ListMeta {
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub resource_version: String,
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub r#continue: String,
    /// Items after this page, where the server knows.
    #[prost(int64, optional, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub remaining_item_count: Option<i64>,
}

/// Labels that objects must have.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LabelSelector {
    #[prost(btree_map = "string, string", tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub match_labels: BTreeMap<String, String>,
    #[prost(message, repeated, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub match_expressions: Vec<LabelSelectorRequirement>,
}

/// One expression of a label selector.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LabelSelectorRequirement {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(string, tag = "2")]
    pub operator: String,
    #[prost(string, repeated, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub values: Vec<String>,
}

/// A condition in the form that newer kinds share.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Condition {
    #[prost(string, tag = "1")]
    pub r#type: String,
    #[prost(string, tag = "2")]
    pub status: String,
    #[prost(int64, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub observed_generation: i64,
    #[prost(message, required, tag = "4")]
    pub last_transition_time: Time,
    #[prost(string, tag = "5")]
    pub reason: String,
    #[prost(string, tag = "6")]
    pub message: String,
}

/// An object of any kind, of which only the metadata was asked for.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PartialObjectMetadata {
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
}
