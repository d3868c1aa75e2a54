//! The two ways through the API server to a source inside the cluster: the service proxy, and a
//! port-forward to a pod behind the service.
//!
//! Both are [`Transport`](crate::sources::transport::Transport)s: a source does not know what carries
//! it. Neither opens a local port, follows a redirect or passes our credentials on. Tested with a
//! scripted API server that speaks both.

mod forward;
mod resolve;
mod service;

pub use forward::PortForward;
pub use service::ServiceProxy;

use crate::core::{Error, Kind, Name, Result, Untrusted};

/// A port of a service, as people write it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Port {
    /// By number.
    Number(u16),
    /// By name.
    Name(Name),
}

impl std::fmt::Display for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(n) => n.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// A source behind a service of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Backend {
    /// The service's namespace.
    pub namespace: Name,
    /// The service.
    pub service: Name,
    /// Its port.
    pub port: Port,
    /// Whether it speaks TLS. The API server's proxy checks no certificate; a port-forward does what it is told.
    pub https: bool,
    /// What its paths begin with, without a slash at the end: `/prometheus`; mostly empty.
    pub prefix: String,
}

impl Backend {
    /// Returns the address that is shown: `http://monitoring/prometheus:9090`.
    pub fn address(&self) -> Untrusted {
        let scheme = if self.https { "https" } else { "http" };
        format!("{scheme}://{}/{}:{}{}", self.namespace, self.service, self.port, self.prefix).into()
    }

    /// Returns the service and port as the proxy's path and access rules name them: `https:name:port`.
    pub fn segment(&self) -> String {
        let scheme = if self.https { "https:" } else { "" };
        format!("{scheme}{}:{}", self.service, self.port)
    }

    fn error(&self, kind: Kind, what: &str) -> Error {
        Error::new(kind, what).on(self.address())
    }

    /// Returns a request's path with the prefix before it; one that is not a path is `Internal`.
    fn path(&self, path: &str) -> Result<String> {
        if !path.starts_with('/') || path.split('?').next().is_some_and(|p| p.split('/').any(|s| s == "..")) {
            return Err(self.error(Kind::Internal, "ask a source").detail("its path is not one"));
        }
        Ok(format!("{}{path}", self.prefix.trim_end_matches('/')))
    }
}

#[cfg(test)]
mod tests;
