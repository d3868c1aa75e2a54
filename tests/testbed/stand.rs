//! The stand that the tests run on: its variables, its tools, and deckwatch started on it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::Launch;

/// The shop's namespace.
pub const SHOP: &str = "momo-store";

/// Returns a variable that the stand gives.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run `cargo xtask test`, or source the testbed's env.sh")
    })
}

/// Returns the folder of the tools.
fn bin() -> PathBuf {
    let helm = PathBuf::from(variable("HELM3"));
    helm.parent().unwrap().to_path_buf()
}

/// Returns a real tool as the stand's administrator, with a home that is thrown away.
pub fn tool(name: &str) -> Command {
    let mut command = Command::new(bin().join(name));
    let home = std::env::temp_dir();
    command.env_clear().env("HOME", &home).env("TZ", "UTC").env("KUBECONFIG", variable("KUBECONFIG"));
    for (name, folder) in [("HELM_CACHE_HOME", "hc"), ("HELM_CONFIG_HOME", "hf"), ("HELM_DATA_HOME", "hd")] {
        command.env(name, home.join("deckwatch-testbed").join(folder));
    }
    command
}

/// Returns what a program printed; fails with its words when it failed.
pub fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Runs kubectl.
pub fn kubectl<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> String {
    printed(tool("kubectl").args(args))
}

/// Applies objects.
pub fn apply(objects: &Value) {
    use std::io::Write as _;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(objects.to_string().as_bytes()).unwrap();
    kubectl(["apply".as_ref(), "-f".as_ref(), file.path().as_os_str()]);
}

/// Returns the program of the project's own commands.
pub fn xtask_program() -> PathBuf {
    std::env::var_os("DECKWATCH_XTASK")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/debug/xtask"), PathBuf::from)
}

/// Calls the project's own commands on this stand.
pub fn xtask(args: &[&str]) {
    printed(Command::new(xtask_program()).args(args).current_dir(env!("CARGO_MANIFEST_DIR")));
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// The administrator.
    Admin,
    /// May look at everything but Secrets.
    Reader,
    /// May look at the shop's namespace only, Secrets excepted.
    Confined,
}

impl User {
    /// Returns the user's kubeconfig.
    pub fn kubeconfig(self) -> String {
        variable(match self {
            Self::Admin => "KUBECONFIG",
            Self::Reader => "KUBECONFIG_READER",
            Self::Confined => "KUBECONFIG_CONFINED",
        })
    }
}

/// Runs a subcommand of deckwatch with nothing but a kubeconfig: every source is found in the cluster.
pub fn deckwatch(user: User, args: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_deckwatch"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("TZ", "UTC").env("LANG", "C.UTF-8");
    command.env("HOME", home.path()).env("XDG_STATE_HOME", home.path().join("state"));
    command.env("KUBECONFIG", user.kubeconfig());
    command.args(args).output().unwrap()
}

/// Returns what a subcommand printed as JSON; fails with its words when it ended with another code.
pub fn deckwatch_json(user: User, args: &[&str]) -> Value {
    let output = deckwatch(user, args);
    let text = String::from_utf8(output.stdout).unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {}\n{text}\n{words}", output.status);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{args:?}: {e}\n{text}"))
}

/// Returns what a subcommand printed; fails when it did not end well.
pub fn deckwatch_text(user: User, args: &[&str]) -> String {
    let output = deckwatch(user, args);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {}\n{words}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// Starts the cockpit with nothing but a kubeconfig, and the configuration that frees the stand's context
/// where that is wanted.
pub fn cockpit(user: User, size: (u16, u16), freed: bool) -> Launch {
    let launch = Launch::new(env!("CARGO_BIN_EXE_deckwatch")).size(size.0, size.1);
    let launch = launch.env("KUBECONFIG", user.kubeconfig());
    if freed { launch.env("DECKWATCH_CONFIG_DIR", variable("DECKWATCH_CONFIG_DIR")) } else { launch }
}

/// Waits until something is so; asks five times a second, since the servers tell nobody.
pub fn wait_until<T>(limit: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Returns the answer of one of the monitoring servers, asked directly.
pub fn get(server: &str, path_and_query: &str) -> Value {
    let url = format!("{}{path_and_query}", variable(server));
    let text = http(&url, None);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{url}: {e}: {text}"))
}

/// Asks a server on loopback; with a body, by POST.
pub fn http(url: &str, body: Option<&Value>) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    rustls::crypto::ring::default_provider().install_default().ok();
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        let request = match body {
            None => client.get(url),
            Some(body) => client.post(url).header("content-type", "application/json").body(body.to_string()),
        };
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{url}: {status}: {text}");
        text
    })
}

/// Deploys the shop's good release, once for all tests of this run.
pub fn shop() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| xtask(&["testbed", "release", "good"]));
}
