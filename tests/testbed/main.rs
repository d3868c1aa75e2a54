//! deckwatch on the real servers. `cargo xtask test` brings a stand up for these tests and takes it
//! down after them; with a stand of one's own: source its `env.sh`, then `cargo test --test testbed`.
//!
//! `reading` changes nothing but what is its own, `path` walks an incident, `faults` stops servers; `gitops` needs a
//! stand with more on it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(clippy::indexing_slicing, reason = "the same")]

#[path = "../corpus/mod.rs"]
#[allow(dead_code, reason = "the same")]
mod corpus;
#[path = "../pty/grammar.rs"]
#[allow(dead_code, reason = "shared with the tests of the terminal")]
mod grammar;
#[path = "../pty/harness.rs"]
#[allow(dead_code, reason = "the same")]
mod harness;
#[path = "../pty/sys.rs"]
mod sys;

mod actions;
mod crash;
mod faults;
mod gitops;
mod helm;
mod hole;
mod objects;
mod path;
mod proxy;
mod reading;
mod silence;
mod stand;
mod stuck;
