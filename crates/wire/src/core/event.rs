//! Events.
#![expect(missing_docs, reason = "fields are named and explained by the Kubernetes API")]

use prost::Message;
use serde::{Deserialize, Serialize};

use crate::is_default;
use crate::meta::ObjectMeta;
use crate::time::{MicroTime, Time};

/// Something that happened to an object.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Event {
    #[prost(message, required, tag = "1")]
    pub metadata: ObjectMeta,
    #[prost(message, required, tag = "2")]
    pub involved_object: ObjectReference,
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub reason: String,
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
    #[prost(message, required, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub source: EventSource,
    #[prost(message, required, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub first_timestamp: Time,
    #[prost(message, required, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub last_timestamp: Time,
    #[prost(int32, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub count: i32,
    #[prost(string, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub r#type: String,
    #[prost(message, required, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub event_time: MicroTime,
    #[prost(message, optional, tag = "11")]
    #[serde(skip_serializing_if = "is_default")]
    pub series: Option<EventSeries>,
    #[prost(string, tag = "12")]
    #[serde(skip_serializing_if = "is_default")]
    pub action: String,
    #[prost(string, tag = "14")]
    pub reporting_component: String,
    #[prost(string, tag = "15")]
    pub reporting_instance: String,
}

/// How often an event was seen.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EventSeries {
    #[prost(int32, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub count: i32,
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub last_observed_time: MicroTime,
}

/// Who told of an event, in the older form.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EventSource {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub component: String,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub host: String,
}

/// A reference to an object.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ObjectReference {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub kind: String,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub namespace: String,
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub uid: String,
    #[prost(string, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub api_version: String,
    #[prost(string, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub resource_version: String,
    #[prost(string, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub field_path: String,
}
