//! The bare API: a GET over TLS with a client certificate, read to its end and thrown away.
//!
//! Owns as much HTTP as that needs. A connection of its own for every request, as a program that has just been started
//! has one to make. Nothing is decompressed or decoded: what any client must wait for, and no more.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

use super::Result;
use super::wire::Wire;

/// Where the API server is and who asks.
pub struct Api {
    address: String,
    name: ServerName<'static>,
    config: Arc<ClientConfig>,
}

/// What a request cost.
#[derive(Clone, Copy, Debug)]
pub struct Fetched {
    /// Seconds from connecting to the last byte.
    pub seconds: f64,
    /// The bytes of head and body, as they came.
    pub bytes: usize,
}

impl Api {
    /// Returns the API that a kubeconfig of one context names, as `kubectl config view --raw` prints it.
    pub fn of(kubeconfig: &Value) -> Result<Self> {
        let cluster = &kubeconfig["clusters"][0]["cluster"];
        let user = &kubeconfig["users"][0]["user"];
        let server = cluster["server"].as_str().unwrap_or_default();
        let address = server.strip_prefix("https://").unwrap_or(server).trim_end_matches('/').to_owned();
        let host = address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host).to_owned();
        let failed = |e: &dyn std::fmt::Display| format!("reach the API server: {e}");
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&data(cluster, "certificate-authority-data")?) {
            roots.add(certificate.map_err(|e| failed(&e))?).map_err(|e| failed(&e))?;
        }
        let chain = CertificateDer::pem_slice_iter(&data(user, "client-certificate-data")?)
            .collect::<std::result::Result<Vec<_>, _>>()
            .map_err(|e| failed(&e))?;
        let key = PrivateKeyDer::from_pem_slice(&data(user, "client-key-data")?).map_err(|e| failed(&e))?;
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| failed(&e))?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .map_err(|e| failed(&e))?;
        let name = ServerName::try_from(host).map_err(|e| failed(&e))?;
        Ok(Self { address, name, config: Arc::new(config) })
    }

    /// Opens a connection that is kept.
    pub fn connect(&self) -> Result<Wire> {
        Ok(Wire::new(self.stream()?, &self.address))
    }

    fn stream(&self) -> Result<StreamOwned<ClientConnection, TcpStream>> {
        let failed = |e: &dyn std::fmt::Display| format!("reach the API server: {e}");
        let stream = TcpStream::connect(&self.address).map_err(|e| failed(&e))?;
        stream.set_nodelay(true).map_err(|e| failed(&e))?;
        let tls =
            ClientConnection::new(Arc::clone(&self.config), self.name.clone()).map_err(|e| failed(&e))?;
        Ok(StreamOwned::new(tls, stream))
    }

    /// Fetches a path with an encoding.
    pub fn get(&self, path: &str, accept: &str, gzip: bool) -> Result<Fetched> {
        let failed = |e: std::io::Error| format!("GET {path}: {e}");
        let began = Instant::now();
        let mut stream = self.stream().map_err(|e| format!("GET {path}: {e}"))?;
        let encoding = if gzip { "gzip" } else { "identity" };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAccept: {accept}\r\nAccept-Encoding: {encoding}\r\nConnection: close\r\n\r\n",
            self.address
        );
        stream.write_all(request.as_bytes()).map_err(failed)?;
        let mut chunk = vec![0_u8; 1 << 18];
        let (mut bytes, mut head) = (0, Vec::new());
        loop {
            match stream.read(&mut chunk) {
                Ok(0) => break,
                Ok(n) => {
                    bytes += n;
                    if head.len() < 12 {
                        head.extend_from_slice(chunk.get(..n.min(64)).unwrap_or_default());
                    }
                }
                // Servers may end a connection without saying so in TLS.
                Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => break,
                Err(e) => return Err(failed(e)),
            }
        }
        let seconds = began.elapsed().as_secs_f64();
        if !head.starts_with(b"HTTP/1.1 200") {
            return Err(format!("GET {path}: {}", String::from_utf8_lossy(&head)));
        }
        Ok(Fetched { seconds, bytes })
    }
}

fn data(of: &Value, name: &str) -> Result<Vec<u8>> {
    let text = of[name].as_str().ok_or_else(|| format!("the kubeconfig has no {name}"))?;
    STANDARD.decode(text).map_err(|e| format!("the kubeconfig's {name}: {e}"))
}
