//! The demo: a stand simulated inside this process, and how it is told to the cockpit, which does not
//! know that it is one.

use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use deckwatch_sim::whole::Whole;
use tokio::runtime::Runtime;

use crate::core::{Error, Kind, Result};
use crate::runtime::random;

/// A running stand with its folder of configuration; dropping it ends and removes both.
pub struct Stand {
    whole: Option<Whole>,
    runtime: Option<Runtime>,
    folder: PathBuf,
}

fn failed(what: &'static str, error: &dyn std::fmt::Display) -> Error {
    Error::new(Kind::Io, what).detail(error.to_string())
}

fn private(folder: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().mode(0o700).create(folder)
}

impl Stand {
    /// Starts a stand.
    ///
    /// # Errors
    /// A speed that is none, a folder that can't be made, or a port that can't be had.
    pub fn start(seed: u64, speed: f64, protected: bool) -> Result<Self> {
        if !(0.1..=100.0).contains(&speed) {
            return Err(
                Error::new(Kind::Usage, "start the demo").detail("--speed is a number from 0.1 to 100")
            );
        }
        let base = crate::cli::variable("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let folder = base.join(format!("deckwatch-demo-{:016x}", random() as u64));
        private(&folder).map_err(|e| failed("make the demo's folder", &e))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("stand")
            .enable_all()
            .build()
            .map_err(|e| failed("start the demo", &e))?;
        let whole = runtime.block_on(Whole::start(seed, speed)).map_err(|e| failed("start the demo", &e))?;
        let stand = Self { whole: Some(whole), runtime: Some(runtime), folder };
        stand.write_files(protected).map_err(|e| failed("write the demo's files", &e))?;
        Ok(stand)
    }

    fn write_files(&self, protected: bool) -> io::Result<()> {
        let Some(whole) = &self.whole else { return Ok(()) };
        std::fs::write(self.kubeconfig(), whole.stand().kubeconfig())?;
        let context = deckwatch_sim::stand::CONTEXT;
        let config = format!("[general]\nzone = \"UTC\"\n\n[contexts.{context}]\nprotected = {protected}\n");
        std::fs::write(self.folder.join("config.toml"), config)
    }

    fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig.yaml")
    }

    /// Returns the variables by which any program finds the stand.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let [prometheus, loki, alertmanager] = self.whole.as_ref().map(Whole::urls).unwrap_or_default();
        vec![
            ("KUBECONFIG", self.kubeconfig().display().to_string()),
            ("PROMETHEUS_URL", prometheus),
            ("LOKI_ADDR", loki),
            ("ALERTMANAGER_URL", alertmanager),
            ("DECKWATCH_CONFIG_DIR", self.folder.display().to_string()),
        ]
    }

    /// Prints the variables as lines for a shell, then `ready`.
    ///
    /// # Errors
    /// When nobody reads them.
    pub fn announce(&self, out: &mut dyn io::Write) -> Result<()> {
        let mut text = String::new();
        for (name, value) in self.variables() {
            text.push_str(&format!("export {name}={value}\n"));
        }
        text.push_str("ready\n");
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .map_err(|e| failed("print the demo's variables", &e))
    }

    /// Stays until SIGINT, SIGTERM or SIGHUP.
    pub fn stay(&self) {
        use tokio::signal::unix::{SignalKind, signal};
        let Some(runtime) = &self.runtime else { return };
        runtime.block_on(async {
            let listen = |kind| signal(kind).ok();
            let (mut int, mut term, mut hup) = (
                listen(SignalKind::interrupt()),
                listen(SignalKind::terminate()),
                listen(SignalKind::hangup()),
            );
            let wait = |s: &mut Option<tokio::signal::unix::Signal>| {
                let signal = s.take();
                async move {
                    match signal {
                        Some(mut signal) => drop(signal.recv().await),
                        None => std::future::pending().await,
                    }
                }
            };
            tokio::select! {
                () = wait(&mut int) => {}
                () = wait(&mut term) => {}
                () = wait(&mut hup) => {}
            }
        });
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        if let (Some(runtime), Some(whole)) = (self.runtime.take(), self.whole.take()) {
            runtime.block_on(async {
                tokio::time::timeout(std::time::Duration::from_secs(1), whole.stop()).await.ok();
            });
            runtime.shutdown_background();
        }
        std::fs::remove_dir_all(&self.folder).ok();
    }
}
