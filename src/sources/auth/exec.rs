//! Credential plugins (`users[].user.exec`): run without a terminal, bounded in time and output.
//!
//! A plugin gets a session of its own, no standard input, and pipes for its output; it can neither
//! write to the screen nor ask for a password there. It never outlives its time limit or its caller.
//! When to run one is decided in [`super::grant`]. Tested with real child processes.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use super::session::{Group, detach};
use crate::core::{Error, Kind, Result, Ts, Untrusted};

/// How long a plugin may take.
pub const LIMIT: Duration = Duration::from_secs(20);
/// The most bytes that a plugin's answer may have.
const ANSWER: usize = 1 << 20;
/// The bytes of a plugin's standard error that are kept for the error message.
const NOISE: usize = 4 << 10;
/// How long the pipes may stay open after the plugin has ended.
const GRACE: Duration = Duration::from_millis(500);

/// What a plugin is told of the cluster with `provideClusterInfo`.
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct ClusterInfo {
    /// The API server's URL.
    pub server: String,
    /// The name that the server's certificate is checked against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_server_name: Option<String>,
    /// Whether the server's certificate is not checked.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub insecure_skip_tls_verify: bool,
    /// The certificate authority, PEM in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_authority_data: Option<String>,
    /// The proxy of the kubeconfig.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_url: Option<String>,
    /// The cluster's extension `client.authentication.k8s.io/exec`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<serde_json::Value>,
}

/// A credential plugin of a kubeconfig.
#[derive(Clone)]
pub struct Plugin {
    /// The program: a bare name that is looked up in `PATH`, or an absolute path.
    pub command: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables beside our own environment.
    pub env: Vec<(String, SecretString)>,
    /// `client.authentication.k8s.io/v1` or `…/v1beta1`.
    pub api_version: String,
    /// What the kubeconfig says about installing it.
    pub install_hint: Option<Untrusted>,
    /// Whether it insists on a terminal (`interactiveMode: Always`).
    pub needs_terminal: bool,
    /// What it is told of the cluster.
    pub cluster: Option<ClusterInfo>,
}

impl fmt::Debug for Plugin {
    /// Prints the program only: arguments and variables may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin").field("command", &self.command).finish_non_exhaustive()
    }
}

/// What a plugin answered.
pub struct Credential {
    /// A bearer token.
    pub token: Option<SecretString>,
    /// A client certificate and its key, both PEM.
    pub certificate: Option<(SecretString, SecretString)>,
    /// Until when they hold; forever when not said.
    pub until: Option<Ts>,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("until", &self.until).finish_non_exhaustive()
    }
}

impl Plugin {
    /// Returns the program's name for the screen.
    pub fn name(&self) -> Untrusted {
        self.command.file_name().map_or_else(|| shown(&self.command), |n| shown(Path::new(n)))
    }

    /// Runs the plugin. Dropping the future kills it and its children.
    ///
    /// Errors are of kind `Auth` (missing, failed, unusable answer), `Timeout` or `TooLarge`; they quote
    /// the plugin's standard error, never its standard output, arguments or variables.
    pub async fn run(&self) -> Result<Credential> {
        if self.needs_terminal {
            return Err(self.failed("it wants a terminal (interactiveMode: Always)").hint(
                "deckwatch runs plugins without a terminal; log in with the plugin's own command first",
            ));
        }
        let mut child = self.command().spawn().map_err(|e| self.not_started(&e))?;
        let group = Group::of(child.id());
        match tokio::time::timeout(LIMIT, collect(&mut child, ANSWER)).await {
            Err(_) => Err(self
                .error(Kind::Timeout, &format!("no answer within {} s", LIMIT.as_secs()))
                .hint("does it wait for a login in a browser or on a terminal? run it in a shell once")),
            Ok(Err(error)) => Err(self.failed(&error.to_string())),
            Ok(Ok(output)) => {
                group.release();
                self.read(&output)
            }
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.command);
        command.args(&self.args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        for (name, value) in &self.env {
            command.env(name, value.expose_secret());
        }
        command.env("KUBERNETES_EXEC_INFO", self.info().to_string());
        detach(&mut command);
        command
    }

    fn info(&self) -> serde_json::Value {
        let mut spec = serde_json::json!({ "interactive": false });
        if let Some(cluster) = &self.cluster
            && let (Some(map), Ok(cluster)) = (spec.as_object_mut(), serde_json::to_value(cluster))
        {
            map.insert("cluster".to_owned(), cluster);
        }
        serde_json::json!({ "kind": "ExecCredential", "apiVersion": self.api_version, "spec": spec })
    }

    fn read(&self, output: &Output) -> Result<Credential> {
        if output.too_large {
            return Err(self.error(Kind::TooLarge, "its answer has more than 1 MiB"));
        }
        if !output.success {
            let said = String::from_utf8_lossy(&output.noise);
            let said = said.trim();
            let said = if said.is_empty() { "it said nothing" } else { said };
            return Err(self.failed(&format!("{}: {said}", output.status)));
        }
        let answer: Answer = serde_json::from_slice(&output.answer).map_err(|e| {
            // The position only: the answer may hold a token.
            self.failed(&format!(
                "its answer is not an ExecCredential (line {} column {})",
                e.line(),
                e.column()
            ))
        })?;
        self.check(answer)
    }

    fn check(&self, answer: Answer) -> Result<Credential> {
        if answer.kind != "ExecCredential" || answer.api_version != self.api_version {
            return Err(self
                .failed(&format!("it answered {:?} {:?}", clip(&answer.api_version), clip(&answer.kind)))
                .hint(format!("it must answer an ExecCredential of {}", self.api_version)));
        }
        let Some(status) = answer.status else {
            return Err(self.failed("its answer has no status"));
        };
        let certificate = match (status.client_certificate_data, status.client_key_data) {
            (Some(certificate), Some(key)) if !certificate.is_empty() && !key.is_empty() => {
                Some((SecretString::from(certificate), SecretString::from(key)))
            }
            (Some(c), _) | (_, Some(c)) if !c.is_empty() => {
                return Err(self.failed("its answer has a certificate without a key, or a key alone"));
            }
            _ => None,
        };
        let token = status.token.filter(|t| !t.is_empty()).map(SecretString::from);
        if token.is_none() && certificate.is_none() {
            return Err(self.failed("its answer has neither a token nor a certificate"));
        }
        let until = match status.expiration_timestamp {
            None => None,
            Some(text) => {
                let ts = Ts::parse_rfc3339(&text);
                Some(ts.ok_or_else(|| self.failed("its expirationTimestamp is not RFC 3339"))?)
            }
        };
        Ok(Credential { token, certificate, until })
    }

    fn not_started(&self, error: &std::io::Error) -> Error {
        let failed = self.failed(&error.to_string());
        match (&self.install_hint, error.kind()) {
            (Some(hint), std::io::ErrorKind::NotFound) => failed.hint(hint.safe().as_str()),
            (None, std::io::ErrorKind::NotFound) => failed.hint("install it, or put its folder into PATH"),
            _ => failed,
        }
    }

    fn failed(&self, detail: &str) -> Error {
        self.error(Kind::Auth, detail)
    }

    fn error(&self, kind: Kind, detail: &str) -> Error {
        Error::new(kind, "run the credential plugin").on(shown(&self.command)).detail(detail)
    }
}

fn shown(path: &Path) -> Untrusted {
    Untrusted::from(path.to_string_lossy().as_ref())
}

fn clip(text: &str) -> String {
    text.chars().take(80).collect()
}

/// Returns PEM as the base64 that `certificate-authority-data` holds.
pub fn pem_base64(pem: &[u8]) -> String {
    STANDARD.encode(pem)
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    api_version: String,
    status: Option<Status>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    expiration_timestamp: Option<String>,
}

/// What a child process left.
pub(in crate::sources) struct Output {
    pub success: bool,
    pub status: String,
    pub answer: Vec<u8>,
    pub noise: Vec<u8>,
    pub too_large: bool,
}

/// Reads both pipes until the plugin ends; a grandchild that holds them open is waited for shortly.
pub(in crate::sources) async fn collect(child: &mut Child, most: usize) -> std::io::Result<Output> {
    let (mut answer, mut noise) = (Kept::up_to(most), Kept::up_to(NOISE));
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let status = {
        let pipes = async {
            let limit = answer.limit;
            tokio::join!(answer.fill(stdout, Some(limit)), noise.fill(stderr, None));
        };
        tokio::pin!(pipes);
        tokio::select! {
            () = &mut pipes => child.wait().await?,
            status = child.wait() => {
                let status = status?;
                tokio::time::timeout(GRACE, pipes).await.ok();
                status
            }
        }
    };
    Ok(Output {
        success: status.success(),
        status: status.to_string(),
        too_large: answer.lost > 0,
        answer: answer.bytes,
        noise: noise.bytes,
    })
}

/// The first bytes of a stream.
struct Kept {
    bytes: Vec<u8>,
    limit: usize,
    lost: usize,
}

impl Kept {
    fn up_to(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit, lost: 0 }
    }

    /// Reads the stream to its end, or until `give_up` bytes too many have come.
    async fn fill(&mut self, from: Option<impl AsyncRead + Unpin>, give_up: Option<usize>) {
        let Some(mut from) = from else { return };
        let mut buffer = vec![0_u8; 4096];
        while let Ok(n) = from.read(&mut buffer).await {
            let Some(new) = buffer.get(..n).filter(|new| !new.is_empty()) else { return };
            let room = self.limit.saturating_sub(self.bytes.len()).min(n);
            self.bytes.extend_from_slice(new.get(..room).unwrap_or_default());
            self.lost += n - room;
            if give_up.is_some_and(|most| self.lost > most) {
                return; // closes the pipe: the plugin gets EPIPE
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
