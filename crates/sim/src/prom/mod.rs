//! The simulated Prometheus: its HTTP API on loopback over the shop and its rules.
//!
//! Owns: the query language ([`promql`]), the samples ([`store`]), the rules ([`rules`]) and the
//! API. Never keeps the shop's samples: they are functions of time. Tested in each part.

mod api;
pub mod promql;
pub mod rules;
pub mod store;

pub use api::params::Params;
pub use api::{router, serve};
pub use rules::RuleBook;
