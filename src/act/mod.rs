//! The only place with write verbs: what a confirmed plan does to the cluster, and the journal of it.

pub mod file;
pub mod host;
pub mod identity;
pub mod journal;
pub mod rollback;
pub mod who;
