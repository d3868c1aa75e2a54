//! The Kubernetes API, read: kubeconfig, client, lists and watches, single objects, logs, and the two
//! ways through the API server to other sources.
//!
//! Everything here only reads: GET, access reviews and requests that are forced to be dry runs. The
//! client that can write is a seam for `act` alone. Tested against scripted servers on in-memory
//! streams, with the clock held still where time matters.

pub mod access;
pub mod answer;
mod batch;
pub mod body;
pub mod client;
pub mod config;
mod decode;
pub mod dial;
pub mod get;
pub mod logs;
pub mod pace;
pub mod proxy;
pub mod pulse;
pub mod reflect;

#[cfg(test)]
mod stand_tests;
#[cfg(test)]
pub(crate) mod testing;

pub use client::Client;
pub(crate) use client::{Failure, Reply};
pub use config::{Choice, Env, Kubeconfig, Target};
pub use pace::RetryNow;
pub use pulse::Pulse;
pub use reflect::{Reflector, Scope, Spec};
