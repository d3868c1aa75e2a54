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

/// Returns what is said of a write whose reply was lost and of which nothing was seen for as long as it was looked for;
/// `read` is whether it could be looked at.
fn in_doubt(why: &str, read: bool) -> String {
    let seen = if read { "it is not there so far and may still arrive" } else { "it can't be read back" };
    format!("{why}; {seen}")
}
