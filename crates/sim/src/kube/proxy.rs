//! `services/proxy`: requests passed on to the stand's own servers.
//!
//! Owns: which Service and port leads to which local address, and the passing on. Like the real
//! one it drops `Authorization` and says why an address cannot be reached.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use http::header::{AUTHORIZATION, CONNECTION, HOST, TRANSFER_ENCODING, UPGRADE};
use http::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::cluster::World;
use crate::cluster::json::{list, text};
use crate::cluster::kinds::K;
use crate::cluster::status::ApiError;

/// How long a connection to a local server may take.
const CONNECT: Duration = Duration::from_secs(5);

/// Where Services lead: `(namespace, service, port)` to an address.
#[derive(Clone, Debug, Default)]
pub struct Routes(BTreeMap<(String, String, u16), SocketAddr>);

impl Routes {
    /// Leads a Service's port to an address.
    pub fn add(&mut self, namespace: &str, service: &str, port: u16, to: SocketAddr) {
        self.0.insert((namespace.to_owned(), service.to_owned(), port), to);
    }

    /// Returns the address of a pod's port, by any Service that selects the pod.
    pub fn of_pod(&self, world: &World, pod: &Value, port: u16) -> Option<SocketAddr> {
        let ns = crate::cluster::json::namespace(pod);
        world.store.within(K::Service, ns).find_map(|service| {
            let selector = crate::cluster::selector::Labels::of_map(&service["spec"]["selector"])?;
            if !selector.matches(pod) {
                return None;
            }
            let key = (ns.to_owned(), crate::cluster::json::name(service).to_owned(), port);
            self.0.get(&key).copied()
        })
    }

    /// Returns the address that a proxy path's segment (`[scheme:]name[:port]`) leads to.
    pub fn resolve(&self, world: &World, ns: &str, segment: &str) -> Result<SocketAddr, ApiError> {
        let parts: Vec<&str> = segment.split(':').collect();
        let (scheme, name, port) = match parts.as_slice() {
            [name] => ("http", *name, ""),
            [name, port] => ("http", *name, *port),
            [scheme, name, port] => (*scheme, *name, *port),
            _ => return Err(ApiError::bad_request(format!("invalid service request \"{segment}\""))),
        };
        if !matches!(scheme, "" | "http" | "https") {
            return Err(ApiError::bad_request(format!("invalid service request \"{segment}\"")));
        }
        let info = K::Service.info();
        let service = world.store.get(K::Service, ns, name).ok_or_else(|| ApiError::not_found(info, name))?;
        let ports = list(service, &["spec", "ports"]);
        let found = ports.iter().find(|p| {
            (port.is_empty() && ports.len() == 1)
                || text(p, &["name"]) == port
                || p["port"].as_u64().is_some_and(|n| n.to_string() == port)
        });
        let Some(number) = found.and_then(|p| p["port"].as_u64()).and_then(|n| u16::try_from(n).ok()) else {
            let mut error =
                ApiError::unavailable(format!("no service port \"{port}\" found for service \"{name}\""));
            error.message = format!("no service port \"{port}\" found for service \"{name}\"");
            return Err(error);
        };
        if scheme == "https" {
            return Err(unreachable_because("tls: first record does not look like a TLS handshake"));
        }
        let key = (ns.to_owned(), name.to_owned(), number);
        self.0
            .get(&key)
            .copied()
            .ok_or_else(|| ApiError::unavailable(format!("no endpoints available for service \"{name}\"")))
    }
}

fn unreachable_because(why: &str) -> ApiError {
    ApiError::unavailable(format!("error trying to reach service: {why}"))
}

/// Passes a request on and returns the answer as it comes.
pub async fn pass(
    to: SocketAddr,
    path: &str,
    mut request: Request<Body>,
) -> Result<Response<Body>, ApiError> {
    let query = request.uri().query().map(|q| format!("?{q}")).unwrap_or_default();
    let uri: Uri = format!("/{path}{query}")
        .parse()
        .map_err(|_| ApiError::bad_request("the path cannot be passed on"))?;
    *request.uri_mut() = uri;
    *request.version_mut() = http::Version::HTTP_11;
    for name in [AUTHORIZATION, CONNECTION, UPGRADE, TRANSFER_ENCODING] {
        request.headers_mut().remove(name);
    }
    if let Ok(host) = to.to_string().parse() {
        request.headers_mut().insert(HOST, host);
    }
    let refused = |e: &dyn std::fmt::Display| unreachable_because(&format!("dial tcp {to}: {e}"));
    let stream = match tokio::time::timeout(CONNECT, TcpStream::connect(to)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(e)) => return Err(refused(&e)),
        Err(_) => return Err(refused(&"i/o timeout")),
    };
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| refused(&e))?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a proxied connection broke");
        }
    });
    let answer = sender.send_request(request).await.map_err(|e| refused(&e))?;
    let (mut parts, body) = answer.into_parts();
    for name in [CONNECTION, TRANSFER_ENCODING] {
        parts.headers.remove(name);
    }
    Ok(Response::from_parts(parts, Body::new(body)))
}
