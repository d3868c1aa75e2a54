//! Argo's servers: Redis, Argo CD's repo server and application controller, Argo Rollouts' controller.
//!
//! Owns programs, flags and variables. Never starts anything. The flags' reasons are in `testbed/README.md`.

use crate::testbed::certs;
use crate::testbed::servers::{Question, Server};
use crate::testbed::stand::Stand;

/// The folders of the run that they write to.
pub const FOLDERS: [&str; 6] = ["data/redis", "argo/tls", "argo/ssh", "argo/gnupg", "argo/plugins", "gitops"];

/// All of them, in the order in which they are started.
pub const ALL: [Server; 4] = [
    Server::new("redis", redis, Question::Redis { port: "redis" }).installed_as("redis-server"),
    Server::new(
        "argocd-repo-server",
        repo_server,
        // It then asks itself over gRPC, as its own liveness probe does.
        Question::Http { port: "argocd-repo-server-metrics", path: "/healthz?full=true" },
    )
    .built_as("argocd")
    .with_env(repo_server_env),
    Server::new(
        "argocd-application-controller",
        application_controller,
        Question::Http { port: "argocd-application-controller", path: "/healthz" },
    )
    .built_as("argocd")
    .with_env(application_controller_env),
    Server::new(
        "rollouts-controller",
        rollouts_controller,
        Question::Http { port: "rollouts-controller", path: "/healthz" },
    ),
];

fn address(stand: &Stand, port: &str) -> String {
    format!("127.0.0.1:{}", stand.port(port))
}

fn kubeconfig(stand: &Stand) -> String {
    certs::kubeconfig(&stand.run(), "admin").display().to_string()
}

fn redis(stand: &Stand) -> Vec<String> {
    [
        ("--port", stand.port("redis").to_string()),
        ("--bind", "127.0.0.1".to_owned()),
        ("--dir", stand.dirs.run("data/redis").display().to_string()),
        ("--save", String::new()),
        ("--appendonly", "no".to_owned()),
        ("--daemonize", "no".to_owned()),
    ]
    .into_iter()
    .flat_map(|(flag, value)| [flag.to_owned(), value])
    .collect()
}

fn repo_server(stand: &Stand) -> Vec<String> {
    vec![
        "--address=127.0.0.1".into(),
        format!("--port={}", stand.port("argocd-repo-server")),
        "--metrics-address=127.0.0.1".into(),
        format!("--metrics-port={}", stand.port("argocd-repo-server-metrics")),
        format!("--redis={}", address(stand, "redis")),
        "--disable-tls".into(),
        "--logformat=text".into(),
    ]
}

fn application_controller(stand: &Stand) -> Vec<String> {
    vec![
        format!("--kubeconfig={}", kubeconfig(stand)),
        "--namespace=argocd".into(),
        format!("--redis={}", address(stand, "redis")),
        format!("--repo-server={}", address(stand, "argocd-repo-server")),
        "--repo-server-plaintext".into(),
        format!("--metrics-port={}", stand.port("argocd-application-controller")),
        "--app-resync=30".into(),
        "--app-resync-jitter=0".into(),
        "--logformat=text".into(),
    ]
}

fn rollouts_controller(stand: &Stand) -> Vec<String> {
    vec![
        format!("--kubeconfig={}", kubeconfig(stand)),
        "--namespace=argo-rollouts".into(),
        "--leader-elect=false".into(),
        format!("--healthzPort={}", stand.port("rollouts-controller")),
        format!("--metricsport={}", stand.port("rollouts-controller-metrics")),
        "--logformat=text".into(),
    ]
}

/// Returns the variables of one of Argo CD's servers. All of them are one binary, which is told by one of these
/// what to be; the paths are absolute ones of a container unless it is told others.
fn argo_cd(stand: &Stand, role: &str) -> Vec<(String, String)> {
    let folder = |name: &str| stand.dirs.run("argo").join(name).display().to_string();
    // Helm for charts, before what the machine may have.
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", stand.dirs.bin().display());
    let all = [
        ("ARGOCD_BINARY_NAME", role.to_owned()),
        ("ARGOCD_GPG_ENABLED", "false".to_owned()),
        ("ARGOCD_TLS_DATA_PATH", folder("tls")),
        ("ARGOCD_SSH_DATA_PATH", folder("ssh")),
        ("ARGOCD_GNUPGHOME", folder("gnupg")),
        ("ARGOCD_PLUGINSOCKFILEPATH", folder("plugins")),
        // Seen from the run's folder, where it is started: a socket's path may have 107 bytes only.
        ("ARGOCD_ASK_PASS_SOCK", "argo/ask-pass.sock".to_owned()),
        ("PATH", path),
    ];
    all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn repo_server_env(stand: &Stand) -> Vec<(String, String)> {
    argo_cd(stand, "argocd-repo-server")
}

fn application_controller_env(stand: &Stand) -> Vec<(String, String)> {
    let mut all = argo_cd(stand, "argocd-application-controller");
    // What an Application calls `https://kubernetes.default.svc` is then the stand's API server.
    all.push(("ARGOCD_FAKE_IN_CLUSTER".to_owned(), "true".to_owned()));
    all.push(("KUBECONFIG".to_owned(), kubeconfig(stand)));
    all
}
