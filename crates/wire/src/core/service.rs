//! Services.
#![expect(missing_docs, reason = "fields are named and explained by the Kubernetes API")]

use std::collections::BTreeMap;

use prost::Message;
use serde::{Deserialize, Serialize};

use crate::is_default;
use crate::meta::{Condition, ObjectMeta};
use crate::scalar::IntOrString;

/// A stable address in front of pods.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Service {
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub spec: ServiceSpec,
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub status: ServiceStatus,
}

/// What a service offers and to whom it leads.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceSpec {
    #[prost(message, repeated, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub ports: Vec<ServicePort>,
    #[prost(btree_map = "string, string", tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub selector: BTreeMap<String, String>,
    #[prost(string, tag = "3")]
    #[serde(rename = "clusterIP", skip_serializing_if = "is_default")]
    pub cluster_ip: String,
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub r#type: String,
    #[prost(string, repeated, tag = "5")]
    #[serde(rename = "externalIPs", skip_serializing_if = "is_default")]
    pub external_ips: Vec<String>,
    #[prost(string, tag = "8")]
    #[serde(rename = "loadBalancerIP", skip_serializing_if = "is_default")]
    pub load_balancer_ip: String,
    #[prost(string, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub external_name: String,
    #[prost(string, repeated, tag = "18")]
    #[serde(rename = "clusterIPs", skip_serializing_if = "is_default")]
    pub cluster_ips: Vec<String>,
}

/// One port of a service.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServicePort {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub protocol: String,
    #[prost(int32, tag = "3")]
    pub port: i32,
    #[prost(message, required, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub target_port: IntOrString,
    #[prost(int32, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub node_port: i32,
}

/// What a load balancer gave.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceStatus {
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub load_balancer: LoadBalancerStatus,
    #[prost(message, repeated, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub conditions: Vec<Condition>,
}

/// The addresses of a load balancer.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LoadBalancerStatus {
    #[prost(message, repeated, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub ingress: Vec<LoadBalancerIngress>,
}

/// One address of a load balancer.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LoadBalancerIngress {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub ip: String,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub hostname: String,
}
