//! EndpointSlices: which pods are behind a service now.
#![expect(missing_docs, reason = "fields are named and explained by the Kubernetes API")]

use prost::Message;
use serde::{Deserialize, Serialize};

use crate::core::ObjectReference;
use crate::is_default;
use crate::meta::ObjectMeta;

/// A part of a service's endpoints.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EndpointSlice {
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    #[prost(message, repeated, tag = "2")]
    pub endpoints: Vec<Endpoint>,
    #[prost(message, repeated, tag = "3")]
    pub ports: Vec<EndpointPort>,
    #[prost(string, tag = "4")]
    pub address_type: String,
}

/// One endpoint.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Endpoint {
    #[prost(string, repeated, tag = "1")]
    pub addresses: Vec<String>,
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub conditions: EndpointConditions,
    #[prost(string, optional, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub hostname: Option<String>,
    #[prost(message, optional, boxed, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub target_ref: Option<Box<ObjectReference>>,
    #[prost(string, optional, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub node_name: Option<String>,
    #[prost(string, optional, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub zone: Option<String>,
}

/// Whether an endpoint takes traffic; absent means unknown.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EndpointConditions {
    #[prost(bool, optional, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub ready: Option<bool>,
    #[prost(bool, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub serving: Option<bool>,
    #[prost(bool, optional, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub terminating: Option<bool>,
}

/// One port of a slice.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EndpointPort {
    #[prost(string, optional, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub name: Option<String>,
    #[prost(string, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub protocol: Option<String>,
    #[prost(int32, optional, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub port: Option<i32>,
    #[prost(string, optional, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub app_protocol: Option<String>,
}
