//! Access to the API server: where it is and who we are. Owns the client; never retries.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Certificate, Client, Identity, Method, RequestBuilder, Url};
use serde::Deserialize;
use serde_json::Value;

use crate::{Failure, Options};

/// Bytes of an answer at most.
const MAX_ANSWER: usize = 64 << 20;

/// The API server.
#[derive(Clone)]
pub struct Api {
    client: Client,
    base: Url,
    token: Option<String>,
}

#[derive(Deserialize)]
struct Named<T> {
    name: String,
    #[serde(flatten)]
    inner: T,
}

#[derive(Deserialize)]
struct Config {
    #[serde(rename = "current-context")]
    current: String,
    contexts: Vec<Named<ContextEntry>>,
    clusters: Vec<Named<ClusterEntry>>,
    users: Vec<Named<UserEntry>>,
}

#[derive(Deserialize)]
struct ContextEntry {
    context: ContextNames,
}

#[derive(Deserialize)]
struct ContextNames {
    cluster: String,
    user: String,
}

#[derive(Deserialize)]
struct ClusterEntry {
    cluster: Cluster,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Cluster {
    server: String,
    certificate_authority: Option<String>,
    certificate_authority_data: Option<String>,
}

#[derive(Deserialize)]
struct UserEntry {
    user: User,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct User {
    client_certificate: Option<String>,
    client_certificate_data: Option<String>,
    client_key: Option<String>,
    client_key_data: Option<String>,
    token: Option<String>,
    #[serde(rename = "tokenFile")]
    token_file: Option<String>,
}

/// What a client is made of.
#[derive(Default)]
struct Parts {
    server: String,
    ca: Option<Vec<u8>>,
    identity: Option<Vec<u8>>,
    token: Option<String>,
}

fn read(path: impl AsRef<Path>) -> Result<Vec<u8>, Failure> {
    let path = path.as_ref();
    std::fs::read(path).map_err(|e| format!("reading {}: {e}", path.display()).into())
}

fn text(path: impl AsRef<Path>) -> Result<String, Failure> {
    Ok(String::from_utf8_lossy(&read(path)?).trim().to_owned())
}

/// Reads data given inline or as a file beside the kubeconfig.
fn material(folder: &Path, data: Option<&String>, file: Option<&String>) -> Result<Option<Vec<u8>>, Failure> {
    match (data, file) {
        (Some(data), _) => Ok(Some(STANDARD.decode(data.trim())?)),
        (None, Some(file)) => Ok(Some(read(folder.join(file))?)),
        (None, None) => Ok(None),
    }
}

impl Parts {
    fn of_kubeconfig(path: &Path) -> Result<Self, Failure> {
        let config: Config = serde_saphyr::from_str(&text(path)?)
            .map_err(|e| format!("kubeconfig {}: {e}", path.display()))?;
        let missing = |what: &str| format!("kubeconfig {}: no {what}", path.display());
        let context = config.contexts.iter().find(|c| c.name == config.current);
        let names = &context.ok_or_else(|| missing("current context"))?.inner.context;
        let cluster = config.clusters.iter().find(|c| c.name == names.cluster);
        let cluster = &cluster.ok_or_else(|| missing("cluster of the context"))?.inner.cluster;
        let user = config.users.iter().find(|u| u.name == names.user);
        let user = &user.ok_or_else(|| missing("user of the context"))?.inner.user;
        let folder = path.parent().unwrap_or(Path::new("."));
        let (data, file) = (&cluster.certificate_authority_data, &cluster.certificate_authority);
        let ca = material(folder, data.as_ref(), file.as_ref())?;
        let (data, file) = (&user.client_certificate_data, &user.client_certificate);
        let cert = material(folder, data.as_ref(), file.as_ref())?;
        let key = material(folder, user.client_key_data.as_ref(), user.client_key.as_ref())?;
        let token = match (&user.token, &user.token_file) {
            (Some(token), _) => Some(token.clone()),
            (None, Some(file)) => Some(text(folder.join(file))?),
            (None, None) => None,
        };
        let identity = cert.zip(key).map(|(cert, key)| joined(cert, &key));
        Ok(Self { server: cluster.server.clone(), ca, identity, token })
    }

    fn of(options: &Options) -> Result<Self, Failure> {
        if let Some(path) = &options.kubeconfig {
            return Self::of_kubeconfig(path);
        }
        let server = options.api.clone().ok_or("neither --kubeconfig nor --api is given")?;
        let identity = match (&options.client_cert, &options.client_key) {
            (Some(cert), Some(key)) => Some(joined(read(cert)?, &read(key)?)),
            _ => None,
        };
        let ca = options.ca.as_ref().map(read).transpose()?;
        let token = options.token_file.as_ref().map(text).transpose()?;
        Ok(Self { server, ca, identity, token })
    }
}

fn joined(mut cert: Vec<u8>, key: &[u8]) -> Vec<u8> {
    cert.push(b'\n');
    cert.extend_from_slice(key);
    cert
}

impl Api {
    /// Returns the API server that the options name.
    pub fn new(options: &Options) -> Result<Self, Failure> {
        let parts = Parts::of(options)?;
        let mut builder = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(Duration::from_secs(90));
        if let Some(ca) = parts.ca {
            builder = builder.tls_certs_only(Certificate::from_pem_bundle(&ca)?);
        }
        if let Some(identity) = parts.identity {
            builder = builder.identity(Identity::from_pem(&identity)?);
        }
        let base = Url::parse(&parts.server).map_err(|e| format!("server {:?}: {e}", parts.server))?;
        Ok(Self { client: builder.build()?, base, token: parts.token })
    }

    /// Begins a request.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = self.base.clone();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url.set_query((!query.is_empty()).then_some(query));
        let request = self.client.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Returns a document.
    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        let request = self.request(Method::GET, path).timeout(Duration::from_secs(30));
        let mut response = request.send().await?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER {
                return Err(format!("GET {path}: more than {MAX_ANSWER} bytes").into());
            }
        }
        if !status.is_success() {
            let text: String = String::from_utf8_lossy(&body).chars().take(300).collect();
            return Err(format!("GET {path}: {status}: {text}").into());
        }
        Ok(serde_json::from_slice(&body)?)
    }

    /// Sends a document and returns the status.
    pub async fn send(&self, method: Method, path: &str, kind: &str, body: &Value) -> Result<u16, Failure> {
        let request = self.request(method, path).timeout(Duration::from_secs(15));
        let request = request.header("content-type", kind).body(body.to_string());
        Ok(request.send().await?.status().as_u16())
    }
}
