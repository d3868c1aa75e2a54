//! The observability half of a stand: Prometheus, Loki and Alertmanager on free ports of loopback.
//!
//! Owns: starting and ending them together. The cluster half feeds it lives and is told the
//! addresses. Nothing outlives the handle. Tested below.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::catalog::MONITORING;
use crate::kube::links::Links;
use crate::life::{Lives, Nanos};
use crate::prom::RuleBook;
use crate::shop::logs::kubelet::KubeletLogs;
use crate::shop::{Clock, Feed};
use crate::{alertmanager, loki, prom};

/// How the observability half is started.
#[derive(Clone)]
pub struct Options {
    /// The pods and Deployments of the cluster half.
    pub lives: watch::Receiver<Arc<Lives>>,
    /// What the random choices begin with.
    pub seed: u64,
    /// How many times shorter windows, `for` and evaluations are.
    pub speed: f64,
    /// When the stand started.
    pub start: Nanos,
    /// The clock.
    pub clock: Clock,
}

/// The servers of the observability half; dropping it ends them.
pub struct Observe {
    prometheus: SocketAddr,
    loki: SocketAddr,
    alertmanager: SocketAddr,
    silences: alertmanager::faults::Faults,
    feed: Feed,
    book: RuleBook,
    stop: CancellationToken,
    tasks: JoinSet<std::io::Result<()>>,
}

impl Observe {
    /// Starts the three servers, with the rules evaluated over the hours before.
    ///
    /// # Errors
    /// When a port cannot be bound or the rules cannot be read.
    pub async fn start(options: Options) -> std::io::Result<Self> {
        let Options { lives, seed, speed, start, clock } = options;
        let feed = Feed::new(lives, seed, speed, start, clock);
        let told = feed.clone();
        let book = tokio::task::spawn_blocking(move || RuleBook::new(told))
            .await
            .map_err(std::io::Error::other)?
            .map_err(std::io::Error::other)?;
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let (listener, prometheus) = bound().await?;
        tasks.spawn(prom::serve(listener, book.clone(), stop.clone()));
        let (listener, loki) = bound().await?;
        tasks.spawn(loki::serve(listener, feed.clone(), stop.clone()));
        let (listener, alertmanager) = bound().await?;
        let served = alertmanager::Alertmanager::new(book.clone());
        let silences = served.faults();
        tasks.spawn(alertmanager::serve(listener, served, stop.clone()));
        Ok(Self { prometheus, loki, alertmanager, silences, feed, book, stop, tasks })
    }

    /// Returns Prometheus' address.
    pub const fn prometheus(&self) -> SocketAddr {
        self.prometheus
    }

    /// Returns Loki's address.
    pub const fn loki(&self) -> SocketAddr {
        self.loki
    }

    /// Returns Alertmanager's address.
    pub const fn alertmanager(&self) -> SocketAddr {
        self.alertmanager
    }

    /// Returns the switches of Alertmanager.
    pub fn alertmanager_faults(&self) -> alertmanager::faults::Faults {
        self.silences.clone()
    }

    /// Returns what the kubelets answer for `pods/log`.
    pub fn kubelet_logs(&self) -> KubeletLogs {
        KubeletLogs::new(self.feed.clone())
    }

    /// Leads the cluster's Services to these servers and its `pods/log` to the shop's lines.
    pub fn link(&self, links: &Links) {
        links.lead(MONITORING, "prometheus-operated", 9090, self.prometheus);
        links.lead(MONITORING, "alertmanager-operated", 9093, self.alertmanager);
        links.lead(MONITORING, "loki", 3100, self.loki);
        links.take_logs(Arc::new(self.kubelet_logs()));
    }

    /// Returns the rules and their state.
    pub const fn rules(&self) -> &RuleBook {
        &self.book
    }

    /// Ends the servers and waits until they have.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Drop for Observe {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn bound() -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::testing::{self, START};

    #[tokio::test]
    async fn the_servers_answer_on_loopback_and_end_with_their_handle() {
        let (_sender, lives) = watch::channel(Arc::new(testing::lives()));
        let clock: Clock = Arc::new(|| START);
        let options = Options { lives, seed: 1, speed: 1.0, start: START, clock };
        let observe = Observe::start(options).await.unwrap();
        let addresses = [observe.prometheus(), observe.loki(), observe.alertmanager()];
        for address in addresses {
            assert!(address.ip().is_loopback());
            tokio::net::TcpStream::connect(address).await.unwrap();
        }
        observe.stop().await;
        for address in addresses {
            assert!(tokio::net::TcpStream::connect(address).await.is_err(), "{address} still listens");
        }
    }
}
