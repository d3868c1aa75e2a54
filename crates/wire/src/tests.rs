//! Tests of the whole crate: round trips, samples, cuts and damage.

mod any;
mod hostile;
mod json;
mod lists;
mod round_trips;
pub(crate) mod samples;
mod watch;
