//! Finding Prometheus, Loki and Alertmanager among the cluster's services.
//!
//! [`candidates`] ranks services by what is known of how they are installed; [`probe()`] asks the best
//! of them whether they are what they look like. Pure but for the probing; never reads objects itself
//! and never makes a connection of its own: it is given services, and a way to reach them.

mod known;
pub mod probe;

use std::cmp::Reverse;

pub use probe::{Connect, Found, Tried, probe};

use crate::config::Service;
use crate::core::{Labels, Untrusted};
use crate::store::health::SourceKind;

/// A service, as far as discovery looks at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceInfo {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// Its TCP ports.
    pub ports: Vec<Port>,
    /// Whether it has no address of its own.
    pub headless: bool,
    /// How many endpoints are ready, where EndpointSlices were read.
    pub ready: Option<usize>,
}

/// A port of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Port {
    /// Its name, empty where there is only one.
    pub name: String,
    /// Its number.
    pub number: u16,
}

/// Why a service is thought to be a source, the surest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Rank {
    /// Only by its port.
    Port,
    /// By its name.
    Named,
    /// By its labels.
    Labelled,
    /// It is the operator's own service.
    Operated,
    /// It is the gateway or the query frontend of an installation.
    Gateway,
}

/// A service that may be a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What it may be.
    pub kind: SourceKind,
    /// Where it is; the port is a number.
    pub service: Service,
    /// The path before the API's own.
    pub prefix: String,
    /// Why it is thought to be one.
    pub rank: Rank,
    /// The reason in words: `label app.kubernetes.io/name=loki`.
    pub reason: String,
    /// Whether the service has no address of its own.
    pub headless: bool,
}

impl Candidate {
    /// Returns how it was found, as the sources view shows it.
    pub fn found(&self) -> Untrusted {
        format!("cluster: service {}/{}", self.service.namespace, self.service.name).into()
    }
}

/// Returns the services that may be sources, of each kind the surest first.
pub fn candidates(services: &[ServiceInfo]) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = services
        .iter()
        .filter(|s| s.ready != Some(0) && known::exclusion(s).is_none())
        .flat_map(|s| known::KINDS.iter().filter_map(|kind| known::candidate(kind, s)))
        .collect();
    found.sort_by(|a, b| {
        let key = |c: &Candidate| (c.kind, Reverse(c.rank), c.headless);
        key(a).cmp(&key(b)).then_with(|| {
            (&a.service.namespace, &a.service.name).cmp(&(&b.service.namespace, &b.service.name))
        })
    });
    found
}

/// Returns the services that look like a source but are left out, with the reason, for the sources view.
pub fn left_out(services: &[ServiceInfo]) -> Vec<(String, &'static str)> {
    let looks = |s: &&ServiceInfo| known::KINDS.iter().any(|k| k.words.iter().any(|w| s.name.contains(w)));
    let why = |s: &ServiceInfo| {
        let reason =
            known::exclusion(s).or_else(|| (s.ready == Some(0)).then_some("no endpoint is ready"))?;
        Some((format!("{}/{}", s.namespace, s.name), reason))
    };
    services.iter().filter(looks).filter_map(why).collect()
}

#[cfg(test)]
mod tests;
