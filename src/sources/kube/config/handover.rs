//! Handing a target to another process of ours, with its secrets, through a pipe that nobody else reads.
//!
//! What is handed over is what the session is pinned to: the other process reads no kubeconfig, which may have changed
//! meanwhile. Nothing else may be done with the text: it is no `Debug`, goes into no file, argument or variable.

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use serde::{Deserialize, Serialize};

use super::target::{Authority, Impersonation, Target};
use crate::core::{ClusterId, Error, Kind, Result, Untrusted};
use crate::sources::auth::{Blob, Certificate, ClusterInfo, Login, Plugin, Proxy, proxy};

#[derive(Serialize, Deserialize)]
struct Handed {
    cluster: String,
    cluster_name: String,
    user_name: String,
    namespace: String,
    server: String,
    authority: Vouch,
    tls_server_name: Option<String>,
    login: Word,
    certificate: Option<(Bytes, Bytes)>,
    impersonate: Option<Impersonation>,
    proxy: Option<Via>,
    compress: bool,
    files: Vec<PathBuf>,
}

#[derive(Serialize, Deserialize)]
enum Vouch {
    System,
    Given(Bytes),
    Unchecked,
}

/// Bytes in base64, or the file that has them.
#[derive(Serialize, Deserialize)]
enum Bytes {
    Inline(String),
    File(PathBuf),
}

#[derive(Serialize, Deserialize)]
enum Word {
    Nobody,
    Token(String),
    TokenFile(PathBuf, Option<String>),
    Basic(String, String),
    Plugin(Box<Program>),
}

#[derive(Serialize, Deserialize)]
struct Program {
    command: PathBuf,
    args: Vec<String>,
    env: Vec<(String, String)>,
    api_version: String,
    install_hint: Option<String>,
    needs_terminal: bool,
    cluster: Option<ClusterInfo>,
}

#[derive(Serialize, Deserialize)]
struct Via {
    speaks: proxy::Speaks,
    host: String,
    port: u16,
    login: Option<(String, String)>,
}

impl Target {
    /// Returns the target as a text for a process of ours: secrets in the clear.
    ///
    /// # Errors
    /// `Internal`, when it can't be written down: a path that is no text.
    pub fn hand_over(&self) -> Result<SecretString> {
        let open = |secret: &SecretString| secret.expose_secret().to_owned();
        let login = match &self.login {
            Login::Nobody => Word::Nobody,
            Login::Token(token) => Word::Token(open(token)),
            Login::TokenFile(path, other) => Word::TokenFile(path.clone(), other.as_ref().map(open)),
            Login::Basic(user, password) => Word::Basic(user.clone(), open(password)),
            Login::Plugin(plugin) => Word::Plugin(Box::new(Program {
                command: plugin.command.clone(),
                args: plugin.args.clone(),
                env: plugin.env.iter().map(|(name, value)| (name.clone(), open(value))).collect(),
                api_version: plugin.api_version.clone(),
                install_hint: plugin.install_hint.as_ref().map(|h| h.raw().to_owned()),
                needs_terminal: plugin.needs_terminal,
                cluster: plugin.cluster.clone(),
            })),
        };
        let handed = Handed {
            cluster: self.cluster.0.raw().to_owned(),
            cluster_name: self.cluster_name.raw().to_owned(),
            user_name: self.user_name.raw().to_owned(),
            namespace: self.namespace.clone(),
            server: self.server.to_string(),
            authority: match &self.authority {
                Authority::System => Vouch::System,
                Authority::Given(blob) => Vouch::Given(bytes(blob)),
                Authority::Unchecked => Vouch::Unchecked,
            },
            tls_server_name: self.tls_server_name.clone(),
            login,
            certificate: self.certificate.as_ref().map(|c| (bytes(&c.chain), bytes(&c.key))),
            impersonate: self.impersonate.clone(),
            proxy: self.proxy.as_ref().map(|p| Via {
                speaks: p.speaks,
                host: p.host.clone(),
                port: p.port,
                login: p.login.as_ref().map(|(user, password)| (user.clone(), open(password))),
            }),
            compress: self.compress,
            files: self.files.clone(),
        };
        serde_json::to_string(&handed).map(SecretString::from).map_err(|e| failed("hand a cluster over", &e))
    }

    /// Returns the target that another process has handed over.
    ///
    /// # Errors
    /// `Internal` for a text that [`Target::hand_over`] has not made; it shows nothing of the text.
    pub fn taken_over(text: &str) -> Result<Self> {
        const WHAT: &str = "take a cluster over";
        let handed: Handed = serde_json::from_str(text).map_err(|e| failed(WHAT, &e))?;
        let server = handed
            .server
            .parse()
            .map_err(|_| Error::new(Kind::Internal, WHAT).detail("the server's address is none"))?;
        let authority = match handed.authority {
            Vouch::System => Authority::System,
            Vouch::Given(bytes) => Authority::Given(blob(bytes)?),
            Vouch::Unchecked => Authority::Unchecked,
        };
        let certificate = match handed.certificate {
            Some((chain, key)) => Some(Certificate { chain: blob(chain)?, key: blob(key)? }),
            None => None,
        };
        let login = match handed.login {
            Word::Nobody => Login::Nobody,
            Word::Token(token) => Login::Token(token.into()),
            Word::TokenFile(path, other) => Login::TokenFile(path, other.map(SecretString::from)),
            Word::Basic(user, password) => Login::Basic(user, password.into()),
            Word::Plugin(program) => Login::Plugin(Arc::new(Plugin {
                command: program.command,
                args: program.args,
                env: program.env.into_iter().map(|(name, value)| (name, value.into())).collect(),
                api_version: program.api_version,
                install_hint: program.install_hint.map(Untrusted::from),
                needs_terminal: program.needs_terminal,
                cluster: program.cluster,
            })),
        };
        Ok(Self {
            cluster: ClusterId(Untrusted::from(handed.cluster)),
            cluster_name: Untrusted::from(handed.cluster_name),
            user_name: Untrusted::from(handed.user_name),
            namespace: handed.namespace,
            server,
            authority,
            tls_server_name: handed.tls_server_name,
            login,
            certificate,
            impersonate: handed.impersonate,
            proxy: handed.proxy.map(|via| Proxy {
                speaks: via.speaks,
                host: via.host,
                port: via.port,
                login: via.login.map(|(user, password)| (user, password.into())),
                from: "what was handed over",
            }),
            compress: handed.compress,
            files: handed.files,
        })
    }
}

fn bytes(blob: &Blob) -> Bytes {
    match blob {
        Blob::Inline(bytes) => Bytes::Inline(STANDARD.encode(bytes.expose_secret())),
        Blob::File(path) => Bytes::File(path.clone()),
    }
}

fn blob(bytes: Bytes) -> Result<Blob> {
    Ok(match bytes {
        Bytes::File(path) => Blob::File(path),
        Bytes::Inline(text) => Blob::Inline(SecretSlice::from(STANDARD.decode(text).map_err(|_| {
            Error::new(Kind::Internal, "take a cluster over").detail("bytes that are not base64")
        })?)),
    })
}

/// The place of what can't be read is told, never the text.
fn failed(what: &'static str, error: &serde_json::Error) -> Error {
    Error::new(Kind::Internal, what).detail(format!("line {} column {}", error.line(), error.column()))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::super::{Choice, Env, Kubeconfig};
    use super::*;

    const CONFIG: &str = r#"
apiVersion: v1
kind: Config
current-context: stand
contexts:
- {name: stand, context: {cluster: c, user: USER, namespace: shop}}
clusters:
- name: c
  cluster: {server: "https://10.0.0.1:6443/prefix", certificate-authority-data: Y2EtYnl0ZXM=, tls-server-name: api, proxy-url: "socks5://me:canary-p@10.0.0.2:1080"}
users:
- {name: token, user: {token: canary-t, as: breakglass, as-groups: [a, b]}}
- {name: basic, user: {username: u, password: canary-w, client-certificate-data: Y2VydA==, client-key-data: Y2FuYXJ5LWs=}}
- {name: file, user: {tokenFile: /run/token}}
- name: plugin
  user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: login, args: [--canary-a], env: [{name: A, value: canary-e}], provideClusterInfo: true, interactiveMode: Never}}
"#;

    fn target(user: &str) -> Target {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, CONFIG.replace("USER", user)).unwrap();
        let choice = Choice { kubeconfig: Some(path), ..Choice::default() };
        let env = Env::from_iter([("HOME", "/nowhere")]);
        Kubeconfig::load(&choice, &env).and_then(|k| k.target(&choice, &env)).unwrap()
    }

    #[test]
    fn every_login_arrives_as_it_was_and_no_debug_shows_it() {
        for user in ["token", "basic", "file", "plugin"] {
            let sent = target(user);
            let text = sent.hand_over().unwrap();
            let taken = Target::taken_over(text.expose_secret()).unwrap();
            assert_eq!(taken.hand_over().unwrap().expose_secret(), text.expose_secret(), "{user}");
            assert_eq!((&taken.cluster, &taken.server), (&sent.cluster, &sent.server));
            assert_eq!(taken.impersonate, sent.impersonate);
            assert!(!format!("{taken:?} {text:?}").contains("canary"), "{taken:?}");
        }
        let secrets = ["canary-t", "canary-p", "canary-w", "canary-e", "canary-a"];
        let all: String = ["token", "basic", "plugin"]
            .map(|user| target(user).hand_over().unwrap().expose_secret().to_owned())
            .concat();
        assert!(secrets.iter().all(|secret| all.contains(secret)));
    }

    #[test]
    fn a_text_that_is_none_is_refused_without_showing_it() {
        let good = target("token").hand_over().unwrap().expose_secret().to_owned();
        for bad in [
            good.replace("10.0.0.1", "canary host"),
            good.replace("\"compress\"", "\"canary\""),
            "canary".to_owned(),
        ] {
            let error = Target::taken_over(&bad).unwrap_err();
            assert_eq!(error.kind, Kind::Internal);
            assert!(!format!("{error:?} {error}").contains("canary"), "{error}");
        }
    }
}
