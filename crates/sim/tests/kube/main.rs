//! The simulated API server, asked by a plain HTTP client.

mod client;
mod faults;
mod proxies;
mod reading;
mod rollback;
mod watching;
mod writing;
