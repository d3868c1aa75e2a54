//! The whole stand: the simulated cluster with its Prometheus, Loki and Alertmanager, on loopback.
//!
//! Owns: starting and ending both halves in the right order and leading them to one another, so that the
//! monitoring is found and reached as in a real cluster. Nothing outlives the handle.

use std::sync::Arc;

use crate::life::Nanos;
use crate::observe::{self, Observe};
use crate::stand::{Options, Stand};

/// A whole stand that runs; dropping it ends it.
pub struct Whole {
    stand: Stand,
    observe: Observe,
}

fn wall() -> Nanos {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

impl Whole {
    /// Starts everything on free ports of loopback.
    ///
    /// # Errors
    /// When a port cannot be had or the shop's rules cannot be read.
    pub async fn start(seed: u64, speed: f64) -> std::io::Result<Self> {
        let stand = Stand::start(Options { seed, speed, ..Options::default() }).await?;
        let options =
            observe::Options { lives: stand.lives(), seed, speed, start: wall(), clock: Arc::new(wall) };
        let observe = Observe::start(options).await?;
        observe.link(stand.links());
        Ok(Self { stand, observe })
    }

    /// Returns the cluster half.
    pub const fn stand(&self) -> &Stand {
        &self.stand
    }

    /// Returns the URLs of Prometheus, Loki and Alertmanager.
    pub fn urls(&self) -> [String; 3] {
        let observe = &self.observe;
        [observe.prometheus(), observe.loki(), observe.alertmanager()]
            .map(|address| format!("http://{address}"))
    }

    /// Returns the switches of Alertmanager.
    pub fn alertmanager_faults(&self) -> crate::alertmanager::faults::Faults {
        self.observe.alertmanager_faults()
    }

    /// Ends everything and waits until it has ended.
    pub async fn stop(self) {
        self.observe.stop().await;
        self.stand.stop().await;
    }
}
