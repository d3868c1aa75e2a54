//! One configured source: where it is, how it is reached, and with whose credentials.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::core::{Span, Untrusted};
use crate::store::health::{SourceKind, Via};

/// How a source is to be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Directly where there is a URL that answers, else by the service proxy, else by port-forward.
    #[default]
    Auto,
    /// By its URL only.
    Direct,
    /// By the API server's service proxy only.
    ServiceProxy,
    /// By a port-forward to one of its pods only.
    PortForward,
}

impl Way {
    /// Returns the ways to try, in order.
    pub const fn tries(self) -> &'static [Via] {
        match self {
            Self::Auto => &[Via::Direct, Via::ServiceProxy, Via::PortForward],
            Self::Direct => &[Via::Direct],
            Self::ServiceProxy => &[Via::ServiceProxy],
            Self::PortForward => &[Via::PortForward],
        }
    }
}

/// Where a secret is to be had; read when it is needed, each time anew.
#[derive(Clone, Debug)]
pub enum Secret {
    /// A variable of the environment.
    Env(String),
    /// A file, read again for every request: tokens are rotated in place.
    File(PathBuf),
    /// A command that prints it: the program and its arguments, run without a shell and a terminal.
    Command(Vec<String>),
    /// The secret itself: from the environment, or from a configuration that allows plain secrets.
    Plain(SecretString),
}

/// A user's name and password.
#[derive(Clone, Debug)]
pub struct Basic {
    /// The name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// A service in the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Service {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The port's name or number.
    pub port: String,
}

impl Service {
    /// Reads `namespace/name:port`.
    pub fn parse(text: &str) -> Option<Self> {
        let (namespace, rest) = text.split_once('/')?;
        let (name, port) = rest.split_once(':')?;
        let dns = |s: &str| {
            !s.is_empty() && s.len() <= 63 && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        (dns(namespace) && dns(name) && dns(port)).then(|| Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            port: port.to_owned(),
        })
    }
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}:{}", self.namespace, self.name, self.port)
    }
}

/// Which proxy direct connections take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Proxy {
    /// None, whatever the environment says.
    #[default]
    None,
    /// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`.
    Environment,
    /// This one: `http://`, `https://` or `socks5://`.
    Url(String),
}

/// One source.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its kind.
    pub kind: SourceKind,
    /// The name that it is shown by.
    pub name: String,
    /// Its address, where it is reached directly.
    pub url: Option<url::Url>,
    /// Its service, where it is reached through the API server.
    pub service: Option<Service>,
    /// How it is to be reached.
    pub via: Way,
    /// A path before the API's own: `/prometheus`, `/select/0/prometheus`.
    pub prefix: String,
    /// `X-Scope-OrgID`.
    pub tenant: Option<String>,
    /// Headers of one's own.
    pub headers: Vec<(String, Secret)>,
    /// User and password.
    pub basic: Option<Basic>,
    /// A bearer token.
    pub bearer: Option<Secret>,
    /// A file with the certificates to trust instead of the system's.
    pub ca: Option<PathBuf>,
    /// A file with the client's certificate.
    pub cert: Option<PathBuf>,
    /// A file with its key.
    pub key: Option<PathBuf>,
    /// Whether certificates are not checked; shown wherever the source is.
    pub insecure: bool,
    /// The time limit of one request.
    pub timeout: Span,
    /// The proxy of direct connections.
    pub proxy: Proxy,
    /// The contexts that it serves; all where empty.
    pub contexts: Vec<String>,
    /// Where it was found: `configuration`, `environment`, `cluster: service monitoring/loki`.
    pub found: Untrusted,
}

impl Source {
    /// Returns a source with the defaults.
    pub fn new(kind: SourceKind, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            url: None,
            service: None,
            via: Way::Auto,
            prefix: String::new(),
            tenant: None,
            headers: Vec::new(),
            basic: None,
            bearer: None,
            ca: None,
            cert: None,
            key: None,
            insecure: false,
            timeout: Span::secs(10),
            proxy: Proxy::None,
            contexts: Vec::new(),
            found: Untrusted::from("configuration"),
        }
    }

    /// Returns whether it serves a context.
    pub fn serves(&self, context: &str) -> bool {
        self.contexts.is_empty() || self.contexts.iter().any(|c| c == context)
    }
}
