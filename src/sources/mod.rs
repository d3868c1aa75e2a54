//! Where everything comes from: Kubernetes, Prometheus, Loki, Alertmanager.
//!
//! Plain asynchronous functions and loops that return data of `core` and `store`. Sources never see
//! the model or the terminal; every wait has a limit, every body a cap, and nothing is retried in
//! hiding.

pub mod alertmanager;
pub mod auth;
pub mod discover;
pub mod http;
pub mod kube;
pub mod loki;
pub mod prom;
pub mod supervisor;
pub mod transport;
