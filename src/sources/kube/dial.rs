//! Connections to the API server: TCP, the proxy on the way, TLS; each failure named as what it is.
//!
//! Owns the connect limit and the keepalive. Never sends a request or a credential of the cluster.
//! [`Dial`] is the seam where tests put in-memory streams.

use std::error::Error as _;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use kube::client::ConfigExt as _;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use secrecy::ExposeSecret as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tower::Service as _;

use super::config::{Authority, Target};
use crate::core::{Error, Kind, Result, Untrusted};
use crate::sources::auth::proxy::{Proxy, Speaks};
use crate::sources::auth::{pem, tunnel};

/// How long a connection may take to come about: names, TCP, proxy and TLS together.
pub const LIMIT: Duration = Duration::from_secs(5);

/// A stream of bytes, whatever carries it.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// What [`Dial::dial`] returns.
pub type Dialing = Pin<Box<dyn Future<Output = Result<Box<dyn Io>>> + Send>>;

/// Makes connections to one server.
pub trait Dial: Send + Sync {
    /// Connects; with TLS if a configuration for it is given.
    fn dial(&self, tls: Option<Arc<ClientConfig>>) -> Dialing;
}

/// Connects to the server of a [`Target`].
pub struct Net {
    host: String,
    port: u16,
    shown: Untrusted,
    server_name: Option<String>,
    proxy: Option<Proxy>,
    tcp: HttpConnector,
}

impl Net {
    /// Makes the dialler; nothing is connected yet.
    pub fn new(target: &Target) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(LIMIT));
        tcp.set_keepalive(Some(Duration::from_secs(15)));
        tcp.set_keepalive_interval(Some(Duration::from_secs(5)));
        tcp.set_keepalive_retries(Some(3));
        #[cfg(target_os = "linux")]
        tcp.set_tcp_user_timeout(Some(Duration::from_secs(20)));
        Self {
            host: target.host().to_owned(),
            port: target.port(),
            shown: target.server.to_string().into(),
            server_name: target.tls_server_name.clone(),
            proxy: target.proxy.clone(),
            tcp,
        }
    }
}

impl Dial for Net {
    fn dial(&self, tls: Option<Arc<ClientConfig>>) -> Dialing {
        let (host, port, shown) = (self.host.clone(), self.port, self.shown.clone());
        let (proxy, tcp) = (self.proxy.clone(), self.tcp.clone());
        let name = self.server_name.clone().unwrap_or_else(|| host.clone());
        Box::pin(async move {
            let way = async {
                let stream = match &proxy {
                    None => tcp_to(tcp, &host, port, &shown).await?,
                    Some(proxy) => through(tcp, proxy, &host, port).await?,
                };
                match tls {
                    None => Ok(stream),
                    Some(config) => encrypt(stream, config, &name, &shown).await,
                }
            };
            tokio::time::timeout(LIMIT, way).await.unwrap_or_else(|_| {
                let error = Error::new(Kind::Timeout, "connect").on(shown.clone());
                Err(error.detail(format!("no connection within {} s", LIMIT.as_secs())))
            })
        })
    }
}

async fn tcp_to(mut tcp: HttpConnector, host: &str, port: u16, shown: &Untrusted) -> Result<Box<dyn Io>> {
    let failed = |detail: String| Error::new(Kind::Unreachable, "connect").on(shown.clone()).detail(detail);
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let uri: Uri =
        format!("http://{host}:{port}/").parse().map_err(|_| failed("not an address".to_owned()))?;
    match tcp.call(uri).await {
        Ok(stream) => Ok(Box::new(stream.into_inner())),
        Err(error) => {
            let mut text = error.to_string();
            let mut source = error.source();
            while let Some(inner) = source {
                text = format!("{text}: {inner}");
                source = inner.source();
            }
            Err(failed(text))
        }
    }
}

async fn through(tcp: HttpConnector, proxy: &Proxy, host: &str, port: u16) -> Result<Box<dyn Io>> {
    let stream = tcp_to(tcp, &proxy.host, proxy.port, &proxy.address()).await.map_err(|e| {
        let hint = format!("this proxy was set by {}", proxy.from);
        Error { what: "connect to the proxy".into(), ..e }.hint(hint)
    })?;
    let mut stream = if proxy.speaks == Speaks::Https {
        let config = server_side(&Authority::System).await?;
        encrypt(stream, Arc::new(config), &proxy.host, &proxy.address()).await?
    } else {
        stream
    };
    match proxy.speaks {
        Speaks::Http | Speaks::Https => tunnel::connect(&mut stream, proxy, host, port).await?,
        Speaks::Socks5 => tunnel::socks5(&mut stream, proxy, host, port).await?,
    }
    Ok(stream)
}

pub(super) async fn encrypt(
    stream: Box<dyn Io>,
    config: Arc<ClientConfig>,
    name: &str,
    shown: &Untrusted,
) -> Result<Box<dyn Io>> {
    let server = ServerName::try_from(name.to_owned()).map_err(|_| {
        Error::new(Kind::Config, "connect")
            .on(shown.clone())
            .detail("the server's name is no DNS name or address")
    })?;
    match tokio_rustls::TlsConnector::from(config).connect(server, stream).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => Err(tls_error(&error, shown)),
    }
}

/// Says what is wrong with a TLS connection, in words that name the certificate at fault.
pub fn tls_error(error: &std::io::Error, shown: &Untrusted) -> Error {
    let inner = error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>());
    let Some(inner) = inner else {
        return Error::new(Kind::Unreachable, "set up TLS").on(shown.clone()).detail(error.to_string());
    };
    let failed = |detail: String| Error::new(Kind::Tls, "set up TLS").on(shown.clone()).detail(detail);
    let text = inner.to_string();
    // webpki's own reason has no public type here; its name in the text is stable.
    if format!("{inner:?}").contains("UnsupportedCertVersion") {
        return failed("the server's certificate is X.509 version 1".to_owned()).hint(pem::V1_HINT);
    }
    match inner {
        rustls::Error::InvalidCertificate(reason) => {
            let hint = match reason {
                rustls::CertificateError::UnknownIssuer | rustls::CertificateError::BadSignature => {
                    "is certificate-authority in the kubeconfig the right one?"
                }
                rustls::CertificateError::Expired | rustls::CertificateError::ExpiredContext { .. } => {
                    "the server's certificate has ended, or this host's clock is wrong"
                }
                rustls::CertificateError::NotValidForName
                | rustls::CertificateError::NotValidForNameContext { .. } => {
                    "set tls-server-name to a name of the certificate"
                }
                _ => "the server's certificate is not acceptable",
            };
            failed(text).hint(hint)
        }
        rustls::Error::AlertReceived(alert) => failed(format!("the server ended the handshake: {alert:?}"))
            .hint("it may not accept our client certificate: has it ended, is it of another authority?"),
        rustls::Error::InvalidMessage(_) => failed(text).hint("does this port speak https?"),
        _ => failed(text),
    }
}

/// Makes the TLS configuration of a target; reads its certificate authority anew.
pub async fn tls(target: &Target, identity: Option<&Arc<CertifiedKey>>) -> Result<Option<Arc<ClientConfig>>> {
    if target.server.scheme_str() == Some("http") {
        return Ok(None);
    }
    let mut config = server_side(&target.authority).await?;
    if let Some(identity) = identity {
        config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(Arc::clone(identity)));
    }
    Ok(Some(Arc::new(config)))
}

/// Makes the half of a TLS configuration that judges the server.
pub(super) async fn server_side(authority: &Authority) -> Result<ClientConfig> {
    let mut config = kube::Config::new(Uri::from_static("https://kubernetes.default.svc"));
    let mut on = Untrusted::from("the host's certificate authorities");
    match authority {
        Authority::System => {}
        Authority::Unchecked => config.accept_invalid_certs = true,
        Authority::Given(blob) => {
            on = blob.place();
            let pem = blob.read("certificate authority").await?;
            let read = pem::certificates(pem.expose_secret(), "certificate authority", &on)?;
            config.root_cert = Some(read.iter().map(|der| der.to_vec()).collect());
        }
    }
    let made = config.rustls_client_config();
    made.map_err(|e| Error::new(Kind::Tls, "use the certificate authority").on(on).detail(e.to_string()))
}

/// Lets hyper connect through a [`Dial`].
#[derive(Clone)]
pub(super) struct Connector {
    pub dial: Arc<dyn Dial>,
    pub tls: Option<Arc<ClientConfig>>,
}

impl tower::Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<TokioIo<Stream>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let Self { dial, tls } = self.clone();
        Box::pin(async move { Ok(TokioIo::new(Stream(dial.dial(tls).await?))) })
    }
}

/// A dialled stream, as hyper wants it.
pub(super) struct Stream(Box<dyn Io>);

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
