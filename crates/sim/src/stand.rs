//! The cluster half of a stand: a fresh cluster, its API server, a kubeconfig.
//!
//! Owns: starting and ending them, tokens, and what tests may do to the server. The servers of the
//! observability side are started by others and made known here by their addresses. Nothing
//! outlives the handle. Tested by a plain HTTP client.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::catalog::NAMESPACE;
use crate::cluster::clock::{Clock, WallClock};
use crate::cluster::{Cluster, World, seed};
use crate::kube::auth::{Role, User};
use crate::kube::faults::Faults;
use crate::kube::links::Links;
use crate::kube::logs::{NoLogs, PodLogs};
use crate::kube::merge::Strategic;
use crate::kube::protobuf::Schema;
use crate::kube::proxy::Routes;
use crate::kube::{Server, kubeconfig};
use crate::life::Lives;

/// The cluster, user and context of the stand's kubeconfig.
pub const CONTEXT: &str = "momo-demo";

/// How a stand is started.
#[derive(Clone)]
pub struct Options {
    /// What the random choices begin with.
    pub seed: u64,
    /// How many times faster the stand's own processes are; times stay those of the wall clock.
    pub speed: f64,
    /// The clock; tests give one that they move, and step the cluster themselves.
    pub clock: Arc<dyn Clock>,
    /// A cluster that is ready; without one a fresh one is made, which takes a while.
    pub world: Option<World>,
    /// Whether the cluster moves by itself.
    pub driven: bool,
    /// Where Services of the monitoring lead; [`Stand::links`] adds to them later.
    pub routes: Routes,
    /// What containers wrote.
    pub logs: Arc<dyn PodLogs>,
    /// How strategic merge patches are applied.
    pub strategic: Arc<dyn Strategic>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("seed", &self.seed)
            .field("speed", &self.speed)
            .finish_non_exhaustive()
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            speed: 1.0,
            clock: Arc::new(WallClock),
            world: None,
            driven: true,
            routes: Routes::default(),
            logs: Arc::new(NoLogs),
            strategic: Arc::new(crate::kube::merge::Helm),
        }
    }
}

/// A stand that runs; dropping it ends it.
#[derive(Debug)]
pub struct Stand {
    address: SocketAddr,
    cluster: Cluster,
    faults: Faults,
    links: Links,
    users: Arc<Vec<User>>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Stand {
    /// Starts a fresh stand on a free port of loopback.
    pub async fn start(options: Options) -> std::io::Result<Self> {
        let now = options.clock.now();
        let (seed, speed) = (options.seed, options.speed);
        let world = match options.world {
            Some(world) => world,
            None => tokio::task::spawn_blocking(move || seed::fresh(seed, speed, now))
                .await
                .map_err(std::io::Error::other)?,
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let cluster = Cluster::new(world, Arc::clone(&options.clock));
        let faults = Faults::default();
        let users = Arc::new(users());
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let links = Links::new(options.routes, options.logs);
        let server = Server {
            cluster: cluster.clone(),
            users: Arc::clone(&users),
            faults: faults.clone(),
            links: links.clone(),
            strategic: options.strategic,
            schema: Schema::default(),
        };
        tasks.spawn(server.run(listener, stop.clone()));
        if options.driven {
            let driven = cluster.clone();
            let stop = stop.clone();
            tasks.spawn(async move {
                tokio::select! {
                    () = driven.drive() => {}
                    () = stop.cancelled() => {}
                }
            });
        }
        Ok(Self { address, cluster, faults, links, users, stop, tasks })
    }

    /// Returns the API server's address.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the API server's URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the kubeconfig of the user who may do everything.
    pub fn kubeconfig(&self) -> String {
        self.kubeconfig_of(CONTEXT)
    }

    /// Returns the kubeconfig of the user who reads everything but Secrets.
    pub fn reader_kubeconfig(&self) -> String {
        self.kubeconfig_of("momo-reader")
    }

    /// Returns the kubeconfig of the user who reads the shop's namespace only.
    pub fn confined_kubeconfig(&self) -> String {
        self.kubeconfig_of("momo-confined")
    }

    fn kubeconfig_of(&self, name: &str) -> String {
        let user = self.users.iter().find(|u| u.name == name);
        user.map(|u| kubeconfig(&self.url(), CONTEXT, u, NAMESPACE)).unwrap_or_default()
    }

    /// Returns the token of the user who may do everything.
    pub fn token(&self) -> &str {
        self.users.first().map_or("", |u| &u.token)
    }

    /// Returns the cluster itself, for tests that step it.
    pub const fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Returns the pods' lives as they change.
    pub fn lives(&self) -> watch::Receiver<Arc<Lives>> {
        self.cluster.lives()
    }

    /// Returns the faults that tests may switch on.
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Returns the links to the observability side: where Services lead, where lines come from.
    pub const fn links(&self) -> &Links {
        &self.links
    }

    /// Ends the stand and waits until it has ended.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Returns the stand's users with fresh tokens.
fn users() -> Vec<User> {
    // The keys of a fresh hasher come from the operating system's randomness, new for each stand.
    let random = || RandomState::new().build_hasher().finish();
    let token = || format!("{:016x}{:016x}", random(), random());
    let user = |name: &str, role: Role| User { name: name.to_owned(), token: token(), role };
    vec![
        user(CONTEXT, Role::Admin),
        user("momo-reader", Role::Reader),
        user("momo-confined", Role::Confined(NAMESPACE.to_owned())),
    ]
}
