//! A stand for walks that write: the simulated servers on loopback, a configuration, and folders of its own.

use std::path::{Path, PathBuf};

use deckwatch_sim::whole::Whole;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::harness::{Launch, Session, entries};

/// Where the shop's ConfigMaps are.
pub const CONFIG_MAPS: &str = "/api/v1/namespaces/momo-store/configmaps";
/// Where its Deployments are.
pub const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/momo-store/deployments";

/// Where its Secrets are.
pub const SECRETS: &str = "/api/v1/namespaces/momo-store/secrets";

/// A stand; dropping it ends its servers and removes its folder.
pub struct Stand {
    runtime: Option<Runtime>,
    whole: Option<Whole>,
    folder: tempfile::TempDir,
}

impl Stand {
    /// Starts a stand whose context is protected or free.
    pub fn start(protected: bool) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.unwrap();
        rustls::crypto::ring::default_provider().install_default().ok();
        let whole = runtime.block_on(Whole::start(1, 1.0)).unwrap();
        let stand = Self { runtime: Some(runtime), whole: Some(whole), folder: tempfile::tempdir().unwrap() };
        stand.write("kubeconfig", &stand.whole().stand().kubeconfig());
        let context = deckwatch_sim::stand::CONTEXT;
        stand.write("config.toml", &format!("[contexts.{context}]\nprotected = {protected}\n"));
        stand
    }

    /// Returns the servers.
    pub fn whole(&self) -> &Whole {
        self.whole.as_ref().unwrap()
    }

    /// Returns the folder of its files; the state of every cockpit and command lies below it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the path of a file in its folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of its folder.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.file(name), text).unwrap();
    }

    /// Returns how the binary is started here.
    pub fn launch(&self) -> Launch {
        let mut launch = Launch::new(env!("CARGO_BIN_EXE_deckwatch"))
            .size(160, 45)
            .env("KUBECONFIG", self.file("kubeconfig"))
            .env("DECKWATCH_CONFIG_DIR", self.folder())
            .env("XDG_STATE_HOME", self.file("state"));
        for (name, url) in ["PROMETHEUS_URL", "LOKI_ADDR", "ALERTMANAGER_URL"].iter().zip(self.whole().urls())
        {
            launch = launch.env(name, url);
        }
        launch
    }

    /// Starts a cockpit on a view, and waits until it takes keys: before, the terminal makes something else of `enter`.
    pub fn cockpit(&self, view: &str) -> Session {
        let session = self.launch().arg("--view").arg(view).start();
        session.wait_for(&format!("── {view}"));
        session
    }

    /// Asks the API server as the user who may do everything. Returns the status and the answer.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let media = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let stand = self.whole().stand();
        let ask = async {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let mut request = reqwest::Client::new().request(method, format!("{}{path}", stand.url()));
            request = request.bearer_auth(stand.token());
            if let Some(body) = body {
                let text = serde_json::to_vec(body).unwrap();
                request = request.header("content-type", media).body(text);
            }
            let answer = request.send().await.unwrap();
            let status = answer.status().as_u16();
            (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
        };
        self.runtime.as_ref().unwrap().block_on(ask)
    }

    /// Returns an object.
    pub fn get(&self, path: &str) -> Value {
        let (status, object) = self.ask("GET", path, None);
        assert_eq!(status, 200, "{path}: {object}");
        object
    }

    /// Changes an object, as somebody else would.
    pub fn merge(&self, path: &str, change: &Value) {
        let (status, object) = self.ask("PATCH", path, Some(change));
        assert_eq!(status, 200, "{path}: {object}");
    }

    /// Creates an object.
    pub fn create(&self, folder: &str, object: &Value) -> Value {
        let (status, made) = self.ask("POST", folder, Some(object));
        assert_eq!(status, 201, "{folder}: {made}");
        made
    }

    /// Returns the entries of every journal; the last line of a process that writes may not be
    /// whole yet.
    pub fn entries(&self) -> Vec<Value> {
        entries(&self.file("state"))
    }

    /// Returns what our program asked the API server to change, oldest first; dry runs and reviews change nothing.
    pub fn writes(&self) -> Vec<String> {
        let requests = self.whole().stand().faults().requests().into_iter();
        requests
            .filter(|r| r.agent.starts_with("deckwatch") && !matches!(r.method.as_str(), "GET" | "HEAD"))
            .filter(|r| !r.query.contains("dryRun=All") && !r.path.contains("authorization.k8s.io"))
            .filter(|r| !r.path.contains("authentication.k8s.io") && !r.path.contains("/proxy/"))
            .map(|r| format!("{} {}", r.method, r.path))
            .collect()
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        let (runtime, whole) = (self.runtime.take().unwrap(), self.whole.take().unwrap());
        runtime.block_on(whole.stop());
        runtime.shutdown_background();
    }
}
