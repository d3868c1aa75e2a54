//! One context of a kubeconfig, resolved: addresses parsed, paths made absolute, logins chosen.
//!
//! Follows client-go where several logins are given: a token, a token file or a password is used
//! before a plugin. Never reads the files that it names, but the certificate authority, which is read
//! again whenever a connection is built.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use secrecy::{SecretSlice, SecretString};

use super::file::{Cluster, Exec, User};
use super::{Choice, Entry, Env, Kubeconfig};
use crate::core::{ClusterId, Error, Kind, Result, Untrusted};
use crate::sources::auth::exec::{ClusterInfo, Plugin, pem_base64};
use crate::sources::auth::{Blob, Certificate, Login, Proxy, proxy};

const EXEC_EXTENSION: &str = "client.authentication.k8s.io/exec";
const EXEC_VERSIONS: [&str; 2] = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

/// Who vouches for the server's certificate.
#[derive(Clone, Debug)]
pub enum Authority {
    /// The host's certificate authorities.
    System,
    /// These, PEM, inline or in a file.
    Given(Blob),
    /// Nobody: the certificate is not checked. Shown as insecure.
    Unchecked,
}

/// Whom we act as.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Impersonation {
    /// The user; nothing is impersonated without one.
    pub user: String,
    /// The uid.
    pub uid: Option<String>,
    /// Groups.
    pub groups: Vec<String>,
    /// Extra fields.
    pub extra: Vec<(String, String)>,
}

/// Everything that is needed to reach one cluster as one user.
#[derive(Clone, Debug)]
pub struct Target {
    /// The context's name, which is the cluster's identity for the session.
    pub cluster: ClusterId,
    /// The name of the kubeconfig's cluster entry.
    pub cluster_name: Untrusted,
    /// The name of its user entry.
    pub user_name: Untrusted,
    /// The namespace to begin with.
    pub namespace: String,
    /// The API server, without a slash at the end; may have a path.
    pub server: Uri,
    /// Who vouches for its certificate.
    pub authority: Authority,
    /// The name that its certificate is checked against, if not the host.
    pub tls_server_name: Option<String>,
    /// How we log in.
    pub login: Login,
    /// Our certificate.
    pub certificate: Option<Certificate>,
    /// Whom we act as.
    pub impersonate: Option<Impersonation>,
    /// The proxy on the way.
    pub proxy: Option<Proxy>,
    /// Whether lists may be asked for compressed.
    pub compress: bool,
    /// The files that were read, to watch for changes.
    pub files: Vec<PathBuf>,
}

impl Target {
    /// Returns whether the server's certificate is not checked, or the connection not encrypted.
    pub fn insecure(&self) -> bool {
        matches!(self.authority, Authority::Unchecked) || self.server.scheme_str() == Some("http")
    }

    /// Returns the server's host without brackets.
    pub fn host(&self) -> &str {
        self.server.host().unwrap_or("").trim_matches(['[', ']'])
    }

    /// Returns the server's port.
    pub fn port(&self) -> u16 {
        self.server.port_u16().unwrap_or(if self.server.scheme_str() == Some("http") { 80 } else { 443 })
    }
}

fn wrong(on: &str, detail: impl AsRef<str>) -> Error {
    Error::new(Kind::Config, "use the kubeconfig").on(on).detail(detail.as_ref())
}

/// Returns a value that is set and not blank.
fn set(value: Option<&String>) -> Option<&str> {
    value.map(String::as_str).filter(|v| !v.trim().is_empty())
}

pub(super) fn resolve(config: &Kubeconfig, choice: &Choice, env: &Env) -> Result<Target> {
    let name = choice.context.as_deref().or(config.current()).ok_or_else(|| {
        wrong("current-context", "no context is chosen").hint(format!("give --context: {}", known(config)))
    })?;
    let context = config.contexts.get(name).ok_or_else(|| {
        wrong(name, "there is no such context").hint(format!("there are: {}", known(config)))
    })?;
    let missing =
        |kind: &str, entry: &str| wrong(name, format!("its {kind} {entry:?} is not in the kubeconfig"));
    let cluster =
        config.clusters.get(&context.cluster).ok_or_else(|| missing("cluster", &context.cluster))?;
    let nobody = Entry { value: User::default(), folder: PathBuf::new() };
    let user = match config.users.get(&context.user) {
        Some(user) => user,
        None if context.user.is_empty() => &nobody,
        None => return Err(missing("user", &context.user)),
    };
    let authority = authority(&cluster.value, &cluster.folder, name)?;
    let certificate = certificate(user, name)?;
    let server = server(&cluster.value, &authority, certificate.is_some(), name)?;
    let login = login(user, cluster, name)?;
    refuse_plain_http(&server, &login, name)?;
    let impersonate = impersonation(&user.value, choice)?;
    Ok(Target {
        cluster: ClusterId(Untrusted::from(name)),
        cluster_name: Untrusted::from(context.cluster.as_str()),
        user_name: Untrusted::from(context.user.as_str()),
        namespace: choice
            .namespace
            .as_deref()
            .or_else(|| set(context.namespace.as_ref()))
            .unwrap_or("default")
            .to_owned(),
        proxy: proxy::choose(
            set(cluster.value.proxy_url.as_ref()),
            |variable| env.get(variable).map(str::to_owned),
            &server,
        )?,
        tls_server_name: set(cluster.value.tls_server_name.as_ref()).map(str::to_owned),
        compress: !cluster.value.disable_compression.unwrap_or(false),
        files: config.files.clone(),
        server,
        authority,
        login,
        certificate,
        impersonate,
    })
}

fn known(config: &Kubeconfig) -> String {
    let mut names: Vec<_> =
        config.contexts().take(20).map(|c| Untrusted::from(c).safe().to_string()).collect();
    if config.contexts.len() > names.len() {
        names.push(format!("and {} more", config.contexts.len() - names.len()));
    }
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn server(cluster: &Cluster, authority: &Authority, certificate: bool, on: &str) -> Result<Uri> {
    let text = set(cluster.server.as_ref()).ok_or_else(|| wrong(on, "its cluster has no server"))?.trim();
    let text = if text.contains("://") {
        text.to_owned()
    } else {
        // As client-go: an address without a scheme is https where anything about TLS is said.
        let tls = certificate || !matches!(authority, Authority::System);
        format!("{}://{text}", if tls { "https" } else { "http" })
    };
    let uri: Uri =
        text.trim_end_matches('/').parse().map_err(|_| wrong(on, "its server's address is not a URL"))?;
    let plain = uri.authority().is_some_and(|a| !a.as_str().contains('@')) && uri.query().is_none();
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) || !plain {
        return Err(wrong(on, "its server's address is not a plain http or https URL"));
    }
    Ok(uri)
}

fn refuse_plain_http(server: &Uri, login: &Login, on: &str) -> Result<()> {
    let host = server.host().unwrap_or("").trim_matches(['[', ']']);
    let open = server.scheme_str() == Some("http") && !proxy::is_this_host(host);
    if open && !matches!(login, Login::Nobody) {
        return Err(wrong(on, "a token or password would cross the network unencrypted")
            .hint("make the server's address https"));
    }
    Ok(())
}

fn path(folder: &Path, text: &str) -> PathBuf {
    folder.join(text)
}

fn inline(text: &str, what: &str, on: &str) -> Result<Blob> {
    let compact: String = text.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(compact).map_err(|_| wrong(on, format!("its {what} is not base64")))?;
    Ok(Blob::Inline(SecretSlice::from(bytes)))
}

/// Returns inline data if there is some, else the file.
fn blob(data: Option<&str>, file: Option<&str>, folder: &Path, what: &str, on: &str) -> Result<Option<Blob>> {
    match (data, file) {
        (Some(data), _) => inline(data, what, on).map(Some),
        (None, Some(file)) => Ok(Some(Blob::File(path(folder, file)))),
        (None, None) => Ok(None),
    }
}

fn authority(cluster: &Cluster, folder: &Path, on: &str) -> Result<Authority> {
    if cluster.insecure_skip_tls_verify.unwrap_or(false) {
        return Ok(Authority::Unchecked);
    }
    let (data, file) =
        (set(cluster.certificate_authority_data.as_ref()), set(cluster.certificate_authority.as_ref()));
    let given = blob(data, file, folder, "certificate-authority-data", on)?;
    Ok(given.map_or(Authority::System, Authority::Given))
}

fn certificate(user: &Entry<User>, on: &str) -> Result<Option<Certificate>> {
    let u = &user.value;
    let chain = blob(
        set(u.client_certificate_data.as_ref()),
        set(u.client_certificate.as_ref()),
        &user.folder,
        "client-certificate-data",
        on,
    )?;
    let (data, file) = (set(u.client_key_data.as_ref()), set(u.client_key.as_ref()));
    let key = blob(data, file, &user.folder, "client-key-data", on)?;
    match (chain, key) {
        (Some(chain), Some(key)) => Ok(Some(Certificate { chain, key })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(wrong(on, "its user has a client certificate but no key")),
        (None, Some(_)) => Err(wrong(on, "its user has a client key but no certificate")),
    }
}

fn login(user: &Entry<User>, cluster: &Entry<Cluster>, on: &str) -> Result<Login> {
    let u = &user.value;
    let token = set(u.token.as_ref()).map(SecretString::from);
    if let Some(file) = set(u.token_file.as_ref()) {
        return Ok(Login::TokenFile(path(&user.folder, file), token));
    }
    if let Some(token) = token {
        return Ok(Login::Token(token));
    }
    if let Some(name) = set(u.username.as_ref()) {
        let password = u.password.clone().unwrap_or_default();
        return Ok(Login::Basic(name.to_owned(), SecretString::from(password)));
    }
    if let Some(exec) = &u.exec {
        return Ok(Login::Plugin(Arc::new(plugin(exec, &user.folder, cluster, on)?)));
    }
    match &u.auth_provider {
        None => Ok(Login::Nobody),
        Some(provider) => {
            // The token that `kubectl` last got from an OpenID provider can be used, but not renewed.
            let token = provider.config.as_ref().and_then(|c| set(c.get("id-token")));
            match (provider.name.as_str(), token) {
                ("oidc", Some(token)) => Ok(Login::Token(SecretString::from(token))),
                _ => Err(wrong(on, format!("its user's auth-provider {:?} is not supported", provider.name))
                    .hint("auth providers have left Kubernetes: use an exec plugin (kubelogin, …)")),
            }
        }
    }
}

fn plugin(exec: &Exec, folder: &Path, cluster: &Entry<Cluster>, on: &str) -> Result<Plugin> {
    let command = set(exec.command.as_ref()).ok_or_else(|| wrong(on, "its exec plugin has no command"))?;
    let api_version = set(exec.api_version.as_ref()).unwrap_or("");
    if !EXEC_VERSIONS.contains(&api_version) {
        return Err(wrong(on, format!("its exec plugin's apiVersion {api_version:?} is not supported"))
            .hint(format!("use {} or {}", EXEC_VERSIONS[0], EXEC_VERSIONS[1])));
    }
    // A name with a slash is a path beside the kubeconfig, never one below the current folder.
    let command = if command.contains(std::path::MAIN_SEPARATOR) {
        path(folder, command)
    } else {
        PathBuf::from(command)
    };
    let info = exec.provide_cluster_info.unwrap_or(false).then(|| cluster_info(cluster)).transpose()?;
    Ok(Plugin {
        command,
        args: exec.args.clone().unwrap_or_default(),
        env: exec
            .env
            .iter()
            .flatten()
            .map(|v| (v.name.clone(), SecretString::from(v.value.as_str())))
            .collect(),
        api_version: api_version.to_owned(),
        install_hint: set(exec.install_hint.as_ref()).map(Untrusted::from),
        needs_terminal: exec.interactive_mode.as_deref() == Some("Always"),
        cluster: info,
    })
}

fn cluster_info(cluster: &Entry<Cluster>) -> Result<ClusterInfo> {
    let c = &cluster.value;
    let authority = match (set(c.certificate_authority_data.as_ref()), set(c.certificate_authority.as_ref()))
    {
        (Some(data), _) => Some(data.split_ascii_whitespace().collect()),
        (None, Some(file)) => {
            let file = path(&cluster.folder, file);
            let pem = std::fs::read(&file).map_err(|e| {
                Error::new(Kind::Config, "read the certificate authority")
                    .on(file.to_string_lossy().as_ref())
                    .detail(e.to_string())
            })?;
            Some(pem_base64(&pem))
        }
        (None, None) => None,
    };
    let extension = c.extensions.iter().flatten().find(|e| e.name == EXEC_EXTENSION);
    Ok(ClusterInfo {
        server: c.server.clone().unwrap_or_default(),
        tls_server_name: set(c.tls_server_name.as_ref()).map(str::to_owned),
        insecure_skip_tls_verify: c.insecure_skip_tls_verify.unwrap_or(false),
        certificate_authority_data: authority,
        proxy_url: set(c.proxy_url.as_ref()).map(str::to_owned),
        config: extension.and_then(|e| e.extension.clone()),
    })
}

fn impersonation(user: &User, choice: &Choice) -> Result<Option<Impersonation>> {
    let given = Impersonation {
        user: choice.as_user.clone().or_else(|| user.impersonate.clone()).unwrap_or_default(),
        uid: user.impersonate_uid.clone().filter(|_| choice.as_user.is_none()),
        groups: if choice.as_user.is_some() || !choice.as_groups.is_empty() {
            choice.as_groups.clone()
        } else {
            user.impersonate_groups.clone().unwrap_or_default()
        },
        extra: user
            .impersonate_extra
            .iter()
            .filter(|_| choice.as_user.is_none())
            .flatten()
            .flat_map(|(name, values)| values.iter().map(|v| (name.clone(), v.clone())))
            .collect(),
    };
    if given.user.is_empty() {
        let rest = given.uid.is_some() || !given.groups.is_empty() || !given.extra.is_empty();
        return if rest {
            Err(Error::new(Kind::Usage, "impersonate")
                .detail("groups are given without a user")
                .hint("give --as too"))
        } else {
            Ok(None)
        };
    }
    Ok(Some(given))
}
