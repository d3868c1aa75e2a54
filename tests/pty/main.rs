//! The program in a terminal: what it shows, what it writes, and how it leaves.
//!
//! `harness` runs a program in a pseudo-terminal, `grammar` judges the bytes, `term` proves the terminal
//! layer by itself through `examples/term_probe.rs`, `path` walks the demo's incident path, `confirm` tells what
//! confirms a plan, `cores` that no core is written, and `hostile` walks through everything in front of servers
//! that lie (`liar`).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(clippy::indexing_slicing, reason = "the same")]

mod canary;
mod confirm;
mod cores;
#[path = "../corpus/mod.rs"]
mod corpus;
mod edit;
mod free;
mod grammar;
mod harness;
mod hostile;
mod leave;
mod liar;
mod path;
mod runner;
mod silence;
mod stand;
mod sys;
mod term;
