//! What is known about each source: where it is, how it is reached, and how true its data is.

use crate::core::{Error, Span, Ts, Untrusted};

/// The kinds of sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// The API server.
    Kubernetes,
    /// Prometheus and its kin.
    Prometheus,
    /// Loki.
    Loki,
    /// An Alertmanager.
    Alertmanager,
    /// A chart repository; it is asked now and then, and is none of the sources that are followed.
    Charts,
}

impl SourceKind {
    /// Returns the short word of the header.
    pub const fn short(self) -> &'static str {
        match self {
            Self::Kubernetes => "k8s",
            Self::Prometheus => "prom",
            Self::Loki => "loki",
            Self::Alertmanager => "am",
            Self::Charts => "charts",
        }
    }
}

/// One source: a kind and its number among those of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId {
    /// Its kind.
    pub kind: SourceKind,
    /// 0 for the first.
    pub index: u8,
}

/// How a source is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// Its own address.
    Direct,
    /// The API server's service proxy.
    ServiceProxy,
    /// A port-forward to a pod.
    PortForward,
}

impl Via {
    /// Returns the words of the sources view.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::ServiceProxy => "service proxy",
            Self::PortForward => "port-forward",
        }
    }
}

/// How far a source's answers can be trusted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Not found in configuration, environment or cluster: not an outage.
    NotInstalled,
    /// Being looked for or connected to for the first time.
    Connecting,
    /// Answers.
    Ready,
    /// Answers, but not all of it or late.
    Degraded,
    /// Does not answer.
    Down,
    /// Refuses us.
    Denied,
}

/// The health of one source.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// Which one.
    pub id: SourceId,
    /// Its address, as configured or found.
    pub address: Untrusted,
    /// How it was found: `configuration`, `environment`, `cluster: service monitoring/loki`.
    pub found: Untrusted,
    /// How it is reached.
    pub via: Via,
    /// The state.
    pub state: State,
    /// Since when.
    pub since: Ts,
    /// When it answered last.
    pub last_good: Option<Ts>,
    /// How long the last answer took.
    pub latency: Option<Span>,
    /// When it will be tried again.
    pub next_try: Option<Ts>,
    /// Why it is not ready.
    pub error: Option<Error>,
}
