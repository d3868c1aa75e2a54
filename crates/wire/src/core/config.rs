//! ConfigMaps and Secrets.
#![expect(missing_docs, reason = "fields are named and explained by the Kubernetes API")]

use std::collections::BTreeMap;
use std::fmt;

use prost::Message;
use serde::{Deserialize, Serialize};

use crate::is_default;
use crate::meta::ObjectMeta;

/// Configuration that is not secret.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConfigMap {
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    #[prost(btree_map = "string, string", tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub data: BTreeMap<String, String>,
    /// Decoded bytes (JSON carries them in base64).
    #[prost(btree_map = "string, bytes", tag = "3")]
    #[serde(with = "crate::scalar::base64_map", skip_serializing_if = "is_default")]
    pub binary_data: BTreeMap<String, Vec<u8>>,
    #[prost(bool, optional, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub immutable: Option<bool>,
}

/// Data that is secret: its `Debug` form shows keys and sizes, never contents.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[prost(skip_debug)]
pub struct Secret {
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    /// Decoded bytes (JSON carries them in base64).
    #[prost(btree_map = "string, bytes", tag = "2")]
    #[serde(with = "crate::scalar::base64_map", skip_serializing_if = "is_default")]
    pub data: BTreeMap<String, Vec<u8>>,
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub r#type: String,
    #[prost(bool, optional, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub immutable: Option<bool>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: BTreeMap<&str, usize> =
            self.data.iter().map(|(key, value)| (key.as_str(), value.len())).collect();
        f.debug_struct("Secret")
            .field("metadata", &self.metadata)
            .field("type", &self.r#type)
            .field("sizes", &sizes)
            .finish_non_exhaustive()
    }
}
