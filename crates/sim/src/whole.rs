//! The whole stand: the simulated cluster with its Prometheus, Loki and Alertmanager, on loopback.
//!
//! Owns: starting and ending all of it in the right order. The cluster's Services of the monitoring lead
//! to the servers, so that they are found and reached as in a real cluster. Nothing outlives the handle.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::catalog::MONITORING;
use crate::kube::logs::PodLogs;
use crate::kube::proxy::Routes;
use crate::life::Nanos;
use crate::prom::RuleBook;
use crate::shop::Feed;
use crate::shop::logs::kubelet::KubeletLogs;
use crate::stand::{Options, Stand};
use crate::{alertmanager, loki, prom};

/// The Services of the monitoring: name and port, as the cluster's seed makes them.
const SERVICES: [(&str, u16); 3] =
    [("prometheus-operated", 9090), ("loki", 3100), ("alertmanager-operated", 9093)];

/// Logs that come from the shop, once it is there.
#[derive(Default)]
struct ShopLogs(OnceLock<KubeletLogs>);

impl PodLogs for ShopLogs {
    fn lines(&self, pod_uid: &str, container: &str, previous: bool, since: Nanos) -> Vec<(Nanos, String)> {
        self.0.get().map(|logs| logs.lines(pod_uid, container, previous, since)).unwrap_or_default()
    }
}

/// A whole stand that runs; dropping it ends it.
#[derive(Debug)]
pub struct Whole {
    stand: Stand,
    servers: [SocketAddr; 3],
    stop: CancellationToken,
    tasks: JoinSet<std::io::Result<()>>,
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
        let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let (prometheus, loki_at, manager) = (bind().await?, bind().await?, bind().await?);
        let servers = [prometheus.local_addr()?, loki_at.local_addr()?, manager.local_addr()?];
        let mut routes = Routes::default();
        for ((name, port), address) in SERVICES.iter().zip(servers) {
            routes.add(MONITORING, name, *port, address);
        }
        let logs = Arc::new(ShopLogs::default());
        let options = Options {
            seed,
            speed,
            routes,
            logs: Arc::clone(&logs) as Arc<dyn PodLogs>,
            ..Options::default()
        };
        let stand = Stand::start(options).await?;
        let feed = Feed::new(stand.lives(), seed, speed, wall(), Arc::new(wall));
        logs.0.set(KubeletLogs::new(feed.clone())).ok();
        let book = RuleBook::new(feed.clone()).map_err(std::io::Error::other)?;
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(prom::serve(prometheus, book.clone(), stop.clone()));
        tasks.spawn(loki::serve(loki_at, feed, stop.clone()));
        tasks.spawn(alertmanager::serve(manager, book, stop.clone()));
        Ok(Self { stand, servers, stop, tasks })
    }

    /// Returns the cluster half.
    pub const fn stand(&self) -> &Stand {
        &self.stand
    }

    /// Returns the URLs of Prometheus, Loki and Alertmanager.
    pub fn urls(&self) -> [String; 3] {
        self.servers.map(|address| format!("http://{address}"))
    }

    /// Ends everything and waits until it has ended.
    pub async fn stop(mut self) {
        self.stop.cancel();
        self.stand.stop().await;
        while self.tasks.join_next().await.is_some() {}
    }
}
