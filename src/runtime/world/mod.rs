//! The world as the executor reaches it: the cluster's client, the other sources, and prepared plans.

pub mod alerts;
pub mod answer;
pub mod beat;
pub mod connect;
pub mod feeds;
mod found;
pub mod health;
pub mod kept;
pub mod logs;
pub mod probe;
pub mod releases;
pub mod silences;
pub mod standing;
pub mod versions;
mod ways;

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

use crate::act::Prepared;
use crate::core::{ClusterId, Error, Kind, Result, Span, Untrusted};
use crate::ops::PlanId;
use crate::runtime::runners::Runners;
use crate::sources::alertmanager::Alertmanager;
use crate::sources::auth::WallClock;
use crate::sources::kube::{Client, Pulse, RetryNow};
use crate::sources::loki::Loki;
use crate::sources::prom::Prom;
use crate::sources::transport::SharedTransport;
use crate::store::health::{SourceId, SourceKind};

/// The cluster, where a kubeconfig names one.
pub struct Kube {
    /// The reading client.
    pub client: Client,
    /// Signs of life, shared by all watches.
    pub pulse: Pulse,
}

/// One source that was found, and how it is doing.
pub struct Named<T> {
    /// Which one.
    pub id: SourceId,
    /// What it is called.
    pub name: Untrusted,
    /// Its client.
    pub source: Arc<T>,
}

impl<T> Clone for Named<T> {
    fn clone(&self) -> Self {
        Self { id: self.id, name: self.name.clone(), source: Arc::clone(&self.source) }
    }
}

/// The sources beside Kubernetes.
#[derive(Clone, Default)]
pub struct Sources {
    /// Prometheus and its kin.
    pub proms: Vec<Named<Prom>>,
    /// Loki.
    pub lokis: Vec<Named<Loki>>,
    /// Alertmanagers.
    pub managers: Vec<Named<Alertmanager>>,
    /// Those of all kinds that are there and to which there is no way now, and what they are called.
    pub cut_off: BTreeMap<SourceId, Untrusted>,
}

impl Sources {
    /// Returns those of a kind that are there and to which there is no way now.
    pub fn cut_off(&self, kind: SourceKind) -> impl Iterator<Item = (SourceId, &Untrusted)> {
        self.cut_off.iter().filter(move |(id, _)| id.kind == kind).map(|(id, name)| (*id, name))
    }

    /// Returns the way to a source.
    pub fn transport(&self, id: SourceId) -> Option<SharedTransport> {
        let of = |t: &SharedTransport| Arc::clone(t);
        match id.kind {
            SourceKind::Prometheus => {
                self.proms.iter().find(|n| n.id == id).map(|n| of(n.source.transport()))
            }
            SourceKind::Loki => self.lokis.iter().find(|n| n.id == id).map(|n| of(n.source.transport())),
            SourceKind::Alertmanager => {
                self.managers.iter().find(|n| n.id == id).map(|n| of(n.source.transport()))
            }
            SourceKind::Kubernetes | SourceKind::Charts => None,
        }
    }
}

/// Everything outside.
pub struct World {
    /// The cluster's name.
    pub cluster: ClusterId,
    /// The cluster.
    pub kube: std::result::Result<Kube, Error>,
    /// The other sources, once they have been looked for.
    pub sources: watch::Receiver<Option<Arc<Sources>>>,
    /// Where charts come from.
    pub repositories: Vec<crate::config::Repository>,
    /// Which labels each namespace's log lines have.
    pub mappings: logs::Mappings,
    /// What each place that knows of alerts told last.
    pub heard: alerts::Heard,
    /// How each source is doing.
    pub health: health::Book,
    /// "Try again now".
    pub retry: RetryNow,
    /// The wall clock.
    pub clock: WallClock,
    /// What carries plans out in processes of their own; without it this process does.
    pub runners: Option<Runners>,
    /// Plans that were made and may be confirmed, with everything that carrying them out needs.
    pub plans: Mutex<HashMap<PlanId, Prepared>>,
}

/// How long a question waits for the sources to be found.
const LOOKING: Duration = Duration::from_secs(15);
/// The time limit of one query to a source that no configuration names.
pub const LIMIT: Span = Span::secs(20);

/// The API server as a source.
pub const KUBERNETES: SourceId = SourceId { kind: SourceKind::Kubernetes, index: 0 };

/// Returns the error of work that ended by a fault of our own.
pub fn fault(what: &'static str) -> Error {
    Error::new(Kind::Internal, what)
        .detail("a fault of deckwatch itself; it is begun anew")
        .hint("the report lies in the folder `crash` of deckwatch's state: please send it in")
}

impl World {
    /// Asks a source something and notes how that went. An answer is not waited for once the source is
    /// known to be down; one that is down already is tried all the same, briefly.
    ///
    /// # Errors
    /// Those of the question, and why the source is down.
    pub async fn through<T>(&self, id: SourceId, work: impl Future<Output = Result<T>>) -> Result<T> {
        let began = (self.clock)();
        let outcome = if let Some(error) = self.health.down(id) {
            tokio::time::timeout(probe::LIMIT.to_std(), work).await.unwrap_or(Err(error))
        } else {
            tokio::select! {
                outcome = work => outcome,
                error = self.health.lost(id) => return Err(error),
            }
        };
        let now = (self.clock)();
        self.health.report(id, &outcome, now - began, now);
        outcome
    }

    /// Tries everything again now: what waits is woken, failures of credential plugins count no longer,
    /// and connections that may be dead are given up.
    pub fn try_again(&self) {
        if let Ok(kube) = &self.kube {
            kube.client.credentials().retry_now();
            kube.client.reset();
        }
        self.heard.give_up();
        self.retry.now();
    }

    /// Returns the cluster's client.
    pub fn client(&self) -> Result<&Client> {
        self.kube.as_ref().map(|k| &k.client).map_err(Clone::clone)
    }

    /// Returns the sources, waiting until they have been looked for.
    pub async fn sources(&self) -> Result<Arc<Sources>> {
        let mut sources = self.sources.clone();
        let found = tokio::time::timeout(LOOKING, sources.wait_for(Option::is_some)).await;
        match found {
            Ok(Ok(sources)) => Ok(sources.clone().unwrap_or_default()),
            Ok(Err(_)) => Err(Error::new(Kind::Internal, "look for sources")),
            Err(_) => {
                Err(Error::new(Kind::Timeout, "look for sources").hint("`:sources` shows what was tried"))
            }
        }
    }
}
