//! The command line against the simulated stand, by the binary itself: what it prints, its exit codes, and the
//! schemas of its documents.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(clippy::indexing_slicing, reason = "the same")]

mod codes;
mod deeds;
mod journal;
mod reading;
mod release;
mod rollback;
mod schemas;
mod silence;
mod stand;
mod versions;
