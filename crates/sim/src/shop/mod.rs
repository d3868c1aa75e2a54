//! The shop: what its pods' traffic, metrics and logs are at any instant, as functions of a seed
//! and of the pods' lives. Metrics and logs are taken from the same requests, so they agree.
//!
//! Owns: the archive of lives ([`Shop`]), requests ([`arrivals`], [`profile`]), counters
//! ([`traffic`]), series ([`series`]), lines ([`logs`]). Never reads a clock, never keeps a sample:
//! asking twice about the past gives the same answer. Tested below and in each part.

pub mod archive;
pub mod arrivals;
pub mod exposition;
pub mod feed;
pub mod hash;
pub mod labels;
pub mod logs;
pub mod profile;
pub mod runs;
pub mod series;
pub mod series_state;
#[doc(hidden)]
pub mod testing;
pub mod traffic;

pub use archive::{PodRecord, Shop};
pub use feed::{Clock, Feed};

/// A second in nanoseconds.
pub const SECOND: i64 = 1_000_000_000;
