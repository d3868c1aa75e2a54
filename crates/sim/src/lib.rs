//! The simulated shop and the stand that it runs on.
//!
//! Owns: the shop's behaviour (traffic, metrics, logs), and servers on loopback that speak the
//! parts of the Kubernetes, Prometheus, Loki and Alertmanager protocols that the cockpit asks.
//! Never sees the cockpit's model. Tested by its own clients and by the real command-line tools.

pub mod alertmanager;
pub mod catalog;
pub mod cluster;
pub mod kube;
pub mod life;
pub mod loki;
pub mod observe;
pub mod prom;
pub mod shop;
pub mod stand;
pub mod whole;
