//! One object of each kind, written by hand in the form that the API server prints.

use crate::core::Pod;
use crate::{Encoding, Limits, decode_object};

pub const POD: &str = include_str!("samples/pod.json");
pub const DEPLOYMENT: &str = include_str!("samples/deployment.json");
pub const STATEFUL_SET: &str = include_str!("samples/statefulset.json");
pub const DAEMON_SET: &str = include_str!("samples/daemonset.json");
pub const REPLICA_SET: &str = include_str!("samples/replicaset.json");
pub const JOB: &str = include_str!("samples/job.json");
pub const NODE: &str = include_str!("samples/node.json");
pub const SERVICE: &str = include_str!("samples/service.json");
pub const ENDPOINT_SLICE: &str = include_str!("samples/endpointslice.json");
pub const EVENT: &str = include_str!("samples/event.json");
pub const EVENT_SERIES: &str = include_str!("samples/event_series.json");
pub const NAMESPACE: &str = include_str!("samples/namespace.json");
pub const CONFIG_MAP: &str = include_str!("samples/configmap.json");
pub const SECRET: &str = include_str!("samples/secret.json");
pub const PARTIAL: &str = include_str!("samples/partial.json");
pub const STATUS: &str = include_str!("samples/status.json");

/// The sample pod: a sidecar, a crashing container, references of every sort.
pub fn pod() -> Pod {
    decode_object(Encoding::Json, POD.as_bytes(), &Limits::default()).unwrap()
}
