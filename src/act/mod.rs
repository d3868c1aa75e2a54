//! The only place with write verbs: what a confirmed plan does to the cluster, and the journal of it.

pub mod file;
pub mod journal;
mod order;
mod prepared;
pub mod rollback;

pub use order::{Order, Work};
pub use prepared::{Prepared, prepare};
