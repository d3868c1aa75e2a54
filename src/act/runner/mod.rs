//! The runner: a process of its own session that carries one order out and survives the terminal.
//!
//! It is handed the order, the cluster with its credentials, and the name of its journal through a pipe, and nothing by
//! arguments, variables or files. It keeps a journal of its own; whoever started it, and every later cockpit, follows it
//! by that. What it is told to stop (SIGTERM) stops before its next object.

mod child;
mod follow;
mod handover;
pub mod reconcile;
mod spawn;
pub mod unfinished;

pub use child::{Told, plan_file, run};
pub use follow::{Follower, News};
pub use handover::{Handover, Parties, address};
pub use spawn::{Spawned, spawn, stop};
pub use unfinished::Unfinished;
