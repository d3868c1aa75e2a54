//! A stand for the tests of the command line: servers on loopback, a folder of its own, nothing of this machine.

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use deckwatch_sim::kube::faults::Faults;
use deckwatch_sim::whole::Whole;
use serde_json::Value;
use tokio::runtime::Runtime;

/// A stand; dropping it ends its servers and removes its folder.
pub struct Stand {
    whole: Option<Whole>,
    runtime: Option<Runtime>,
    folder: tempfile::TempDir,
    urls: [String; 3],
}

/// What a run of the binary left.
pub struct Ran {
    /// Its exit code.
    pub code: i32,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

static SHARED: Mutex<Weak<Stand>> = Mutex::new(Weak::new());

impl Stand {
    /// Starts a stand.
    pub fn start(protected: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let whole = runtime.block_on(Whole::start(1, 1.0)).unwrap();
        let urls = whole.urls();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("kubeconfig", &whole.stand().kubeconfig());
        write("reader", &whole.stand().reader_kubeconfig());
        write("confined", &whole.stand().confined_kubeconfig());
        let context = deckwatch_sim::stand::CONTEXT;
        write(
            "config.toml",
            &format!("[general]\nzone = \"UTC\"\n\n[contexts.{context}]\nprotected = {protected}\n"),
        );
        Self { whole: Some(whole), runtime: Some(runtime), folder, urls }
    }

    /// Returns the stand that tests which only read share; it ends with the last of them.
    pub fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stand) = shared.upgrade() {
            return stand;
        }
        let stand = Arc::new(Self::start(false));
        *shared = Arc::downgrade(&stand);
        stand
    }

    /// Returns the switches of the API server.
    pub fn faults(&self) -> &Faults {
        self.whole.as_ref().unwrap().stand().faults()
    }

    /// Returns the switches of Alertmanager.
    pub fn alertmanager_faults(&self) -> deckwatch_sim::alertmanager::faults::Faults {
        self.whole.as_ref().unwrap().alertmanager_faults()
    }

    /// Returns Alertmanager's URL.
    pub fn alertmanager(&self) -> &str {
        &self.urls[2]
    }

    /// Posts an object to the API server.
    pub fn post(&self, path: &str, object: &Value) {
        rustls::crypto::ring::default_provider().install_default().ok();
        let stand = self.whole.as_ref().unwrap().stand();
        let (url, token, body) =
            (format!("{}{path}", stand.url()), stand.token().to_owned(), object.to_string());
        self.runtime.as_ref().unwrap().block_on(async move {
            let post = reqwest::Client::new().post(url).bearer_auth(token);
            let answer = post.header("content-type", "application/json").body(body).send().await.unwrap();
            assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        });
    }

    /// Returns the requests so far that would have changed something.
    pub fn writes(&self) -> Vec<String> {
        let requests = self.faults().requests().into_iter();
        requests
            .filter(|r| !matches!(r.method.as_str(), "GET" | "HEAD") && !r.query.contains("dryRun=All"))
            .filter(|r| !r.path.contains("selfsubject"))
            .map(|r| format!("{} {}", r.method, r.path))
            .collect()
    }

    /// Returns a file of its folder.
    pub fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Returns how the binary is started, its output to be read.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deckwatch"));
        command.args(args).env_clear().current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("HOME", self.file("home")).env("XDG_STATE_HOME", self.file("state")).env("TZ", "UTC");
        command.env("KUBECONFIG", self.file("kubeconfig")).env("DECKWATCH_CONFIG_DIR", self.file(""));
        for (name, url) in ["PROMETHEUS_URL", "LOKI_ADDR", "ALERTMANAGER_URL"].iter().zip(&self.urls) {
            command.env(name, url);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the binary with other variables than usual.
    pub fn run_with(&self, args: &[&str], vars: &[(&str, &str)]) -> Ran {
        let output = self.command(args).envs(vars.iter().copied()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Runs the binary.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, &[])
    }

    /// Runs the binary, which must be content, and returns the document that it prints.
    pub fn json(&self, args: &[&str]) -> Value {
        let ran = self.run(args);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{args:?}");
        serde_json::from_str(&ran.out).unwrap()
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        let (runtime, whole) = (self.runtime.take().unwrap(), self.whole.take().unwrap());
        runtime.block_on(whole.stop());
        runtime.shutdown_background();
    }
}

/// Returns the names of an object's members.
pub fn members(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}
