//! The table of servers: how each is started, and how one asks whether it is well.
//!
//! Owns programs, flags and health questions. Never starts anything. The flags' reasons are in
//! `testbed/README.md`.

use super::certs;
use super::proc::Spec;
use super::stand::Stand;

/// The question that tells whether a server is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// A plain GET, answered by 200.
    Http {
        /// The port's name.
        port: &'static str,
        /// The path.
        path: &'static str,
    },
    /// A GET at the API server, with the administrator's certificate.
    Api(&'static str),
    /// A PING, answered as Redis does.
    Redis {
        /// The port's name.
        port: &'static str,
    },
    /// A GET over TLS at another server that the API server's authority knows.
    Tls {
        /// The port's name.
        port: &'static str,
        /// The path.
        path: &'static str,
    },
}

/// Where a server's program lies.
#[derive(Clone, Copy, Debug)]
enum Program {
    /// Among the tools that were built.
    Built(&'static str),
    /// In the run's own folder.
    OfTheRun(&'static str),
    /// On the machine, found by `PATH`.
    Installed(&'static str),
}

/// A server of the stand.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    /// Its name: of its log and its pid file.
    pub name: &'static str,
    /// The port that is shown.
    pub port: &'static str,
    program: Program,
    args: fn(&Stand) -> Vec<String>,
    env: fn(&Stand) -> Vec<(String, String)>,
    question: Question,
}

impl Server {
    /// Returns a server whose binary and port have its name.
    pub const fn new(name: &'static str, args: fn(&Stand) -> Vec<String>, question: Question) -> Self {
        Self { name, port: name, program: Program::Built(name), args, env: |_| Vec::new(), question }
    }

    /// Returns it with another of the built tools as its program.
    pub const fn built_as(self, tool: &'static str) -> Self {
        Self { program: Program::Built(tool), ..self }
    }

    /// Returns it with a program of the machine.
    pub const fn installed_as(self, program: &'static str) -> Self {
        Self { program: Program::Installed(program), ..self }
    }

    /// Returns it with variables of its own.
    pub const fn with_env(self, env: fn(&Stand) -> Vec<(String, String)>) -> Self {
        Self { env, ..self }
    }

    /// Returns how the server is started.
    pub fn spec(&self, stand: &Stand) -> Spec {
        let program = match self.program {
            Program::Built(name) => stand.dirs.tool(name),
            Program::OfTheRun(name) => stand.dirs.run("bin").join(name),
            Program::Installed(name) => name.into(),
        };
        Spec { name: self.name.to_owned(), program, args: (self.args)(stand), env: (self.env)(stand) }
    }

    /// Returns how to ask whether it is well.
    pub fn question(&self) -> Question {
        self.question
    }
}

const fn http(port: &'static str, path: &'static str) -> Question {
    Question::Http { port, path }
}
const fn tls(port: &'static str, path: &'static str) -> Question {
    Question::Tls { port, path }
}

/// etcd, before all others.
pub const ETCD: Server = Server::new("etcd", etcd, http("etcd", "/health"));
/// The API server, before all that read it.
pub const APISERVER: Server = Server::new("kube-apiserver", apiserver, Question::Api("/readyz"));
/// The servers that need nothing, started beside the control plane.
pub const MONITORING: [Server; 3] = [
    Server::new("loki", loki, http("loki", "/ready")),
    Server::new("alertmanager", alertmanager, http("alertmanager", "/-/ready")),
    Server::new("prometheus", prometheus, http("prometheus", "/-/ready")),
];
/// The servers that need the API server.
pub const CONTROL: [Server; 4] = [
    Server::new("kube-controller-manager", controller_manager, tls("kube-controller-manager", "/healthz")),
    Server::new("kube-scheduler", scheduler, tls("kube-scheduler", "/healthz")),
    Server::new("kwok", kwok, http("kwok", "/healthz")),
    Server::new("kube-state-metrics", kube_state_metrics, http("kube-state-metrics", "/healthz")),
];
/// The shop, which needs the API server and Loki.
pub const SHOP: Server = Server {
    program: Program::OfTheRun("deckwatch-shop"),
    ..Server::new("shop", shop, http("shop", "/-/ready"))
};

/// Returns every server of an ordinary stand in the order in which they are shown.
pub fn all() -> Vec<Server> {
    let mut all = vec![ETCD, APISERVER];
    all.extend(CONTROL);
    all.extend(MONITORING);
    all.push(SHOP);
    all
}

fn etcd(stand: &Stand) -> Vec<String> {
    let (client, peer) = (stand.url("etcd"), stand.url("etcd-peer"));
    vec![
        "--name=testbed".into(),
        format!("--data-dir={}", stand.dirs.run("data/etcd").display()),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=testbed={peer}"),
        "--unsafe-no-fsync".into(),
        "--quota-backend-bytes=8589934592".into(),
        "--auto-compaction-mode=periodic".into(),
        "--auto-compaction-retention=30m".into(),
        "--log-level=warn".into(),
    ]
}

fn pki(stand: &Stand, flag: &str, file: &str) -> String {
    format!("--{flag}={}", certs::path(&stand.run(), file).display())
}

fn apiserver(stand: &Stand) -> Vec<String> {
    vec![
        format!("--etcd-servers={}", stand.url("etcd")),
        "--bind-address=127.0.0.1".into(),
        "--advertise-address=127.0.0.1".into(),
        format!("--secure-port={}", stand.port("kube-apiserver")),
        "--endpoint-reconciler-type=none".into(),
        "--authorization-mode=RBAC".into(),
        // It taints new nodes until the node lifecycle controller clears them, and that one is off.
        "--disable-admission-plugins=TaintNodesByCondition".into(),
        "--service-cluster-ip-range=10.96.0.0/16".into(),
        pki(stand, "client-ca-file", "ca.crt"),
        pki(stand, "tls-cert-file", "kube-apiserver.crt"),
        pki(stand, "tls-private-key-file", "kube-apiserver.key"),
        "--service-account-issuer=https://kubernetes.default.svc".into(),
        pki(stand, "service-account-key-file", "service-accounts.pub"),
        pki(stand, "service-account-signing-key-file", "service-accounts.key"),
        pki(stand, "kubelet-certificate-authority", "ca.crt"),
        pki(stand, "kubelet-client-certificate", "kubelet-client.crt"),
        pki(stand, "kubelet-client-key", "kubelet-client.key"),
        "--kubelet-preferred-address-types=InternalIP".into(),
        "--max-requests-inflight=2000".into(),
        "--max-mutating-requests-inflight=1000".into(),
        "--profiling=false".into(),
    ]
}

fn admin_of(stand: &Stand, user: &str) -> String {
    format!("--kubeconfig={}", certs::kubeconfig(&stand.run(), user).display())
}

fn controller_manager(stand: &Stand) -> Vec<String> {
    vec![
        admin_of(stand, "kube-controller-manager"),
        "--bind-address=127.0.0.1".into(),
        format!("--secure-port={}", stand.port("kube-controller-manager")),
        "--use-service-account-credentials=true".into(),
        pki(stand, "service-account-private-key-file", "service-accounts.key"),
        pki(stand, "root-ca-file", "ca.crt"),
        "--leader-elect=false".into(),
        "--controllers=*,-nodelifecycle".into(),
        "--kube-api-qps=1000".into(),
        "--kube-api-burst=2000".into(),
        "--concurrent-deployment-syncs=20".into(),
        "--concurrent-replicaset-syncs=20".into(),
        "--concurrent-gc-syncs=40".into(),
    ]
}

fn scheduler(stand: &Stand) -> Vec<String> {
    vec![
        admin_of(stand, "kube-scheduler"),
        "--bind-address=127.0.0.1".into(),
        format!("--secure-port={}", stand.port("kube-scheduler")),
        "--leader-elect=false".into(),
        "--kube-api-qps=1000".into(),
        "--kube-api-burst=2000".into(),
    ]
}

fn kwok(stand: &Stand) -> Vec<String> {
    let port = stand.port("kwok");
    vec![
        admin_of(stand, "kwok"),
        format!("--config={}", stand.dirs.run("config/kwok.yaml").display()),
        "--manage-all-nodes=true".into(),
        format!("--node-ip={}", stand.node()),
        format!("--node-port={port}"),
        format!("--server-address={}:{port}", stand.listen()),
        "--node-lease-duration-seconds=240".into(),
        pki(stand, "tls-cert-file", "kwok.crt"),
        pki(stand, "tls-private-key-file", "kwok.key"),
        "--enable-crds=Stage,Logs,ClusterLogs,Exec,ClusterExec,PortForward,ClusterPortForward,\
         Attach,ClusterAttach,Metric,ResourceUsage,ClusterResourceUsage"
            .into(),
    ]
}

fn kube_state_metrics(stand: &Stand) -> Vec<String> {
    vec![
        admin_of(stand, "admin"),
        "--host=127.0.0.1".into(),
        format!("--port={}", stand.port("kube-state-metrics")),
        "--telemetry-host=127.0.0.1".into(),
        format!("--telemetry-port={}", stand.port("kube-state-metrics-telemetry")),
        // What only fills the cluster for benchmarks would drown Prometheus.
        format!("--namespaces-denylist={}", super::fill::namespaces().join(",")),
        "--metric-labels-allowlist=pods=[*],deployments=[*]".into(),
    ]
}

fn prometheus(stand: &Stand) -> Vec<String> {
    vec![
        format!("--config.file={}", stand.dirs.run("config/prometheus.yaml").display()),
        format!("--storage.tsdb.path={}", stand.dirs.run("data/prometheus").display()),
        "--storage.tsdb.retention.time=15d".into(),
        format!("--web.listen-address={}:{}", stand.listen(), stand.port("prometheus")),
        "--web.enable-lifecycle".into(),
        "--log.level=warn".into(),
    ]
}

fn alertmanager(stand: &Stand) -> Vec<String> {
    vec![
        format!("--config.file={}", stand.dirs.run("config/alertmanager.yaml").display()),
        format!("--storage.path={}", stand.dirs.run("data/alertmanager").display()),
        format!("--web.listen-address={}:{}", stand.listen(), stand.port("alertmanager")),
        "--cluster.listen-address=".into(),
        "--log.level=warn".into(),
    ]
}

fn loki(stand: &Stand) -> Vec<String> {
    vec![format!("-config.file={}", stand.dirs.run("config/loki.yaml").display()), "-log.level=warn".into()]
}

fn shop(stand: &Stand) -> Vec<String> {
    vec![
        admin_of(stand, "shop"),
        format!("--listen=127.0.0.1:{}", stand.port("shop")),
        format!("--loki={}", stand.url("loki")),
        format!("--logs-dir={}", stand.dirs.run("pod-logs").display()),
    ]
}
