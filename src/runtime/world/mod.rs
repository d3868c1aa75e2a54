//! The world as the executor reaches it: the cluster's client, the other sources, and prepared plans.

pub mod alerts;
pub mod answer;
pub mod beat;
pub mod connect;
pub mod edits;
pub mod feeds;
mod found;
pub mod health;
pub mod logs;
pub mod releases;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

use crate::act::rollback::Prepared;
use crate::core::{ClusterId, Error, Kind, Result, Span};
use crate::ops::PlanId;
use crate::sources::alertmanager::Alertmanager;
use crate::sources::auth::WallClock;
use crate::sources::kube::{Client, Pulse, RetryNow};
use crate::sources::loki::Loki;
use crate::sources::prom::Prom;
use crate::store::health::SourceId;

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
    /// Its client.
    pub source: T,
}

/// The sources beside Kubernetes.
#[derive(Default)]
pub struct Sources {
    /// Prometheus and its kin.
    pub proms: Vec<Named<Prom>>,
    /// Loki.
    pub lokis: Vec<Named<Loki>>,
    /// Alertmanagers.
    pub managers: Vec<Named<Alertmanager>>,
}

/// Everything outside.
pub struct World {
    /// The cluster's name.
    pub cluster: ClusterId,
    /// The cluster.
    pub kube: std::result::Result<Kube, Error>,
    /// The other sources, once they have been looked for.
    pub sources: watch::Receiver<Option<Arc<Sources>>>,
    /// Which labels each namespace's log lines have.
    pub mappings: logs::Mappings,
    /// How each source is doing.
    pub health: health::Book,
    /// "Try again now".
    pub retry: RetryNow,
    /// The wall clock.
    pub clock: WallClock,
    /// Plans that were made and may be confirmed, with everything that carrying them out needs.
    pub plans: Mutex<HashMap<PlanId, Prepared>>,
}

/// How long a question waits for the sources to be found.
const LOOKING: Duration = Duration::from_secs(15);
/// The time limit of one query.
pub const LIMIT: Span = Span::secs(20);

impl World {
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
