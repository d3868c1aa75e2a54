//! The only place with write verbs: what a confirmed plan does to the cluster, and the journal of it.

mod asker;
pub mod deeds;
mod diff;
mod dryrun;
pub mod file;
pub mod host;
pub mod identity;
pub mod journal;
mod order;
mod prepared;
mod rights;
pub mod rollback;
pub mod runner;
pub mod silence;
pub mod who;

pub use order::{Order, Work};
pub use prepared::{Prepared, prepare};

/// Returns a text of servers and engines as a safe one.
fn said(text: impl std::fmt::Display) -> crate::core::Safe {
    crate::core::Untrusted::from(text.to_string()).clipped(500)
}
