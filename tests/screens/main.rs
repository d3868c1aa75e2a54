//! What the screens show: the six states of every view as snapshots, hostile texts, few colours or none.
//!
//! No network, no terminal, a fixed clock: a model is brought into a state by messages and drawn into cells.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]
#![allow(clippy::indexing_slicing, reason = "the same")]
#![allow(
    clippy::unnecessary_wraps,
    reason = "every view's cases have one shape: the error is why there is no such state"
)]
#![allow(
    clippy::items_after_statements,
    clippy::needless_pass_by_value,
    reason = "short tests, read from top to bottom"
)]

mod cases;
mod colours;
#[path = "../corpus/mod.rs"]
mod corpus;
mod hostile;
mod parts;
mod readable;
mod silencing;
mod snapshot;
mod stage;
mod states;
mod world;
