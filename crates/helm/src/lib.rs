//! Helm's releases without Helm: records, manifests, merges, differences, and the rollback itself.
//!
//! This crate owns what Helm stores and what Helm would send. It never does I/O: it has no clock, no network, no file
//! and no thread. Where a cluster is needed it yields requests as data and takes replies as data, so that every path,
//! also every failing one, is tested as a plain loop.
//!
//! The layers, each usable and testable alone, from the bottom up:
//!
//! | module | owns |
//! |---|---|
//! | [`time`] | RFC 3339 as Go writes it |
//! | [`number`] | numbers as the Kubernetes API machinery reads them |
//! | [`record`] | release records: codec, views, labels, the Secret and ConfigMap shapes |
//! | [`yaml11`] | manifests, read as Helm's YAML 1.1 parser reads them |
//! | [`merge`] | three-way strategic merge patches, RFC 7396 patches, and applying both |
//! | [`order`] | the order in which Helm installs kinds |
//! | [`mask`] | hiding what is secret in manifests and values |
//! | [`diff`] | differences of manifests and values, as data |
//! | [`managed`] | who owns which field: sets of fields, and the upgrade from patches to server-side apply |
//! | [`options`] | how a rollback is carried out, as the flags of `helm rollback` say it |
//! | [`hooks`] | which hooks run, in which order, and when their objects are deleted |
//! | [`plan`] | what a rollback would do, object by object, and why it is refused |
//! | [`ready`] | whether an object is ready, as `--wait` judges it |
//! | [`step`] | the rollback as a state machine |
//! | [`index`] | which versions of a chart a repository has |
//! | [`values`] | the values that a revision was rendered with |

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

pub mod diff;
#[cfg(feature = "faults")]
pub mod faults;
#[cfg(not(feature = "faults"))]
mod faults;
mod gotime;
pub mod hooks;
pub mod index;
pub mod managed;
pub mod mask;
pub mod merge;
pub mod number;
pub mod options;
pub mod order;
pub mod plan;
pub mod quantity;
pub mod ready;
pub mod record;
pub mod step;
#[cfg(test)]
mod testing;
pub mod time;
pub mod values;
pub mod yaml11;
