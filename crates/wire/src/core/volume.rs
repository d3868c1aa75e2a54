//! Volumes, as far as they refer to other objects.
#![expect(missing_docs, reason = "fields are named and explained by the Kubernetes API")]

use prost::Message;
use serde::{Deserialize, Serialize};

use super::pod::LocalObjectReference;
use crate::is_default;

/// A volume of a pod.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Volume {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(message, required, tag = "2")]
    #[serde(flatten)]
    pub source: VolumeSource,
}

/// What a volume holds, where it is another object.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VolumeSource {
    #[prost(message, optional, boxed, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub secret: Option<Box<SecretVolumeSource>>,
    #[prost(message, optional, boxed, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub persistent_volume_claim: Option<Box<PersistentVolumeClaimVolumeSource>>,
    #[prost(message, optional, boxed, tag = "19")]
    #[serde(skip_serializing_if = "is_default")]
    pub config_map: Option<Box<ConfigMapVolumeSource>>,
    #[prost(message, optional, boxed, tag = "26")]
    #[serde(skip_serializing_if = "is_default")]
    pub projected: Option<Box<ProjectedVolumeSource>>,
}

/// A Secret as files.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SecretVolumeSource {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub secret_name: String,
    #[prost(bool, optional, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub optional: Option<bool>,
}

/// A ConfigMap as files.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConfigMapVolumeSource {
    #[prost(message, required, tag = "1")]
    #[serde(flatten)]
    pub name: LocalObjectReference,
    #[prost(bool, optional, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub optional: Option<bool>,
}

/// A claim's volume.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PersistentVolumeClaimVolumeSource {
    #[prost(string, tag = "1")]
    pub claim_name: String,
    #[prost(bool, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub read_only: bool,
}

/// Several sources in one folder.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ProjectedVolumeSource {
    #[prost(message, repeated, tag = "1")]
    pub sources: Vec<VolumeProjection>,
}

/// One source of a projected volume.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VolumeProjection {
    #[prost(message, optional, boxed, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub secret: Option<Box<SecretProjection>>,
    #[prost(message, optional, boxed, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub config_map: Option<Box<ConfigMapProjection>>,
}

/// A Secret in a projected volume.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SecretProjection {
    #[prost(message, required, tag = "1")]
    #[serde(flatten)]
    pub name: LocalObjectReference,
    #[prost(bool, optional, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub optional: Option<bool>,
}

/// A ConfigMap in a projected volume.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConfigMapProjection {
    #[prost(message, required, tag = "1")]
    #[serde(flatten)]
    pub name: LocalObjectReference,
    #[prost(bool, optional, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub optional: Option<bool>,
}
