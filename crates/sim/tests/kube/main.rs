//! The simulated API server, asked by a plain HTTP client.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod client;
mod faults;
mod proxies;
mod reading;
mod rollback;
mod watching;
mod writing;
