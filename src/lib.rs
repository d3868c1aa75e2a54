//! deckwatch: the on-call engineer's cockpit in a terminal.
//!
//! The map of the code, from the inside out; `ARCHITECTURE.md` tells the whole:
//!
//! - [`core`]: time, identities, text, numbers, filters, errors, the table of actions. Pure.
//! - [`query`]: PromQL, LogQL and Alertmanager's matchers: quoting and taking apart. Pure.
//! - [`config`]: the configuration file and its kin in the environment.
//! - [`store`]: what is known, with its state and age. Pure.
//! - [`ui`]: themes, text and widgets, drawn into cells. Pure.
//! - [`term`]: the terminal: modes, input, signals, the writer.
//! - [`sources`]: Kubernetes, Prometheus, Loki, Alertmanager. Asynchronous; never sees the model.

pub mod act;
pub mod app;
pub mod cli;
pub mod config;
pub mod core;
pub mod demo;
pub mod ops;
pub mod query;
pub mod runtime;
pub mod sources;
pub mod store;
pub mod term;
pub mod ui;
