//! The stand's ports, chosen once per run.
//!
//! Owns `run/ports.json`. Ports are taken below the range from which the system picks ports for
//! outgoing connections: a port that was free a second ago then stays free. Tested by binding.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::Path;

use super::error::{Error, On, Result};

/// What a port is for, by name.
pub const NAMES: [&str; 23] = [
    "etcd",
    "etcd-peer",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
    "prometheus",
    "alertmanager",
    "loki",
    "loki-grpc",
    "kube-state-metrics",
    "kube-state-metrics-telemetry",
    "shop",
    "redis",
    "argocd-repo-server",
    "argocd-repo-server-metrics",
    "argocd-application-controller",
    "rollouts-controller",
    "rollouts-controller-metrics",
    // Kept free for tests that put something of their own before or beside the stand.
    "spare-1",
    "spare-2",
    "spare-3",
    "spare-4",
];

const FIRST: u16 = 20_000;
const LAST: u16 = 31_999;

/// The ports of a run by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ports(BTreeMap<String, u16>);

impl Ports {
    /// Returns the run's ports: those of its file, or newly chosen ones.
    pub fn load_or_choose(run: &Path) -> Result<Self> {
        if let Some(ports) = Self::load(run) {
            return Ok(ports);
        }
        let ports = Self::choose()?;
        ports.write(run)?;
        Ok(ports)
    }

    /// Chooses ports of which some are given, and writes the run's file.
    pub fn choose_with(run: &Path, given: &[(&str, u16)]) -> Result<()> {
        let mut ports = Self::choose()?;
        ports.0.extend(given.iter().map(|(name, port)| ((*name).to_owned(), *port)));
        ports.write(run)
    }

    fn write(&self, run: &Path) -> Result<()> {
        let path = run.join("ports.json");
        let text = serde_json::to_string_pretty(&self.0).on(path.display())?;
        fs::write(&path, text).on(path.display())
    }

    /// Returns the ports of the run's file, when it has all of them.
    pub fn load(run: &Path) -> Option<Self> {
        let text = fs::read_to_string(run.join("ports.json")).ok()?;
        let ports: BTreeMap<String, u16> = serde_json::from_str(&text).ok()?;
        NAMES.iter().all(|name| ports.contains_key(*name)).then_some(Self(ports))
    }

    /// Returns the port of that name; 0 for a name that is not in [`NAMES`].
    pub fn get(&self, name: &str) -> u16 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// Returns names and ports.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u16)> {
        self.0.iter().map(|(name, port)| (name.as_str(), *port))
    }

    /// Chooses a free port for every name, starting at a place that differs from stand to stand.
    fn choose() -> Result<Self> {
        let span = u32::from(LAST - FIRST) + 1;
        let mut at = std::process::id().wrapping_mul(37) % span;
        let mut ports = BTreeMap::new();
        let mut held = Vec::new();
        for name in NAMES {
            for _ in 0..span {
                at = (at + 1) % span;
                let port = FIRST + u16::try_from(at).unwrap_or(0);
                if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
                    held.push(listener);
                    ports.insert(name.to_owned(), port);
                    break;
                }
            }
        }
        drop(held);
        if ports.len() == NAMES.len() {
            Ok(Self(ports))
        } else {
            Err(Error::new("free ports", format!("none left between {FIRST} and {LAST} on 127.0.0.1")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_ports_are_different_and_free() {
        let ports = Ports::choose().unwrap();
        let mut seen: Vec<u16> = ports.iter().map(|(_, port)| port).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), NAMES.len());
    }
}
