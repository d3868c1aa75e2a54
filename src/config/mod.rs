//! The configuration: `config.toml` and, as the second place, the environment.
//!
//! Owns what may be configured and where it was found. Never opens a network connection and never
//! reads a secret: it keeps where a secret is to be had. Tested with files, one mistake each.

pub mod source;

pub use source::{Secret, Service, Source, Way};
