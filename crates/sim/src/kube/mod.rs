//! The simulated API server: HTTP on loopback in front of the simulated cluster.
//!
//! Owns: paths, media types, authentication, rights, watches, logs, proxies, and faults for tests.
//! Never steps the cluster and never decides what an object may be: that is `cluster`'s. Tested by
//! a plain HTTP client, and by the real `kubectl` and `helm`.

mod answer;
pub mod auth;
mod discovery;
pub mod faults;
pub mod links;
pub mod logs;
pub mod merge;
mod portforward;
pub mod protobuf;
pub mod proxy;
mod read;
mod request;
pub mod table;
mod watch;
mod write;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::answer::Out;
use self::auth::{Action, Caller, User};
use self::faults::{Faults, Seen};
use self::links::Links;
use self::merge::Strategic;
use self::protobuf::Schema;
use self::request::{Query, Resource, Target};
use crate::cluster::Cluster;
use crate::cluster::kinds::K;
use crate::cluster::status::ApiError;

/// The largest body that is read, as in the real server.
const LARGEST: usize = 3 * 1024 * 1024;
/// How much of a body is remembered for tests.
const KEPT: usize = 64 * 1024;

/// All that the server needs.
#[derive(Clone)]
pub struct Server {
    /// The cluster.
    pub cluster: Cluster,
    /// Who may ask.
    pub users: Arc<Vec<User>>,
    /// Faults for tests.
    pub faults: Faults,
    /// The stand's other half.
    pub links: Links,
    /// How strategic merge patches are applied.
    pub strategic: Arc<dyn Strategic>,
    /// The protobuf messages.
    pub schema: Schema,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("cluster", &self.cluster).finish_non_exhaustive()
    }
}

impl Server {
    /// Serves until `stop` is cancelled.
    pub async fn run(self, listener: TcpListener, stop: CancellationToken) {
        let faults = self.faults.clone();
        let app = axum::Router::new().fallback(handle).with_state(self);
        let served = axum::serve(listener, app).with_graceful_shutdown(stop.clone().cancelled_owned());
        tokio::select! {
            done = served => if let Err(error) = done {
                tracing::error!(%error, "the simulated API server ended");
            },
            // Open watches do not hold the end up.
            () = stop.cancelled() => {}
        }
        faults.close();
    }
}

async fn handle(State(server): State<Server>, request: Request<Body>) -> Response<Body> {
    let headers = request.headers().clone();
    match answer_to(&server, request).await {
        Ok(answer) => answer,
        Err(error) => {
            let form =
                request::negotiate(&headers, server.faults.speaks_protobuf()).unwrap_or(request::PLAIN);
            Out { form, headers: &headers, schema: &server.schema }.refusal(&error)
        }
    }
}

async fn answer_to(server: &Server, request: Request<Body>) -> Result<Response<Body>, ApiError> {
    let (parts, body) = request.into_parts();
    let (token, path) = auth::unprefixed(parts.uri.path());
    let (token, path) = (token.to_owned(), path.to_owned());
    let raw_query = parts.uri.query().unwrap_or("").to_owned();
    // An upgrade has no body, and a proxied one goes on as it is.
    let upgrade = parts.headers.contains_key(http::header::UPGRADE);
    let bytes = if upgrade {
        Bytes::new()
    } else {
        axum::body::to_bytes(body, LARGEST).await.map_err(|_| ApiError::too_large())?
    };
    note(server, &parts, &path, &bytes);
    server.faults.hold().await;
    let reads = matches!(parts.method, Method::GET | Method::HEAD) || raw_query.contains("dryRun=");
    if !reads {
        server.faults.written(&path).await;
    }
    if server.faults.closed() {
        return Err(ApiError::unavailable("the server is shutting down"));
    }
    if let Some(code) = server.faults.answer(&path, reads) {
        return Err(fault(code));
    }
    let user = auth::user(&server.users, &parts.headers, &token)?;
    let query = Query::parse(&raw_query);
    if !reads && matches!(request::target(&path), Target::Resource(_)) && server.faults.loses_write() {
        let mut lost = Response::new(Body::from("504 Gateway Time-out"));
        *lost.status_mut() = StatusCode::GATEWAY_TIMEOUT;
        return Ok(lost);
    }
    let caller = auth::caller(&server.users, user, &parts.headers, &server.faults)?;
    let call = Call { server, caller, parts: &parts, query: &query, body: &bytes };
    match request::target(&path) {
        Target::Plain(path) => {
            if parts.method != Method::GET && parts.method != Method::HEAD {
                return Err(ApiError::method_not_allowed());
            }
            Ok(discovery::serve(&path, &parts.headers).unwrap_or_else(answer::unknown_path))
        }
        Target::Review(plural) => call.review(plural),
        Target::Resource(resource) => call.resource(&resource).await,
        Target::Unknown => Ok(answer::unknown_path()),
    }
}

fn note(server: &Server, parts: &http::request::Parts, path: &str, body: &Bytes) {
    let header = |name| {
        let value: Option<&http::HeaderValue> = HeaderMap::get::<http::HeaderName>(&parts.headers, name);
        value.and_then(|v| v.to_str().ok()).unwrap_or("").to_owned()
    };
    server.faults.note(Seen {
        method: parts.method.to_string(),
        path: path.to_owned(),
        query: parts.uri.query().unwrap_or("").to_owned(),
        agent: header(http::header::USER_AGENT),
        media: header(http::header::CONTENT_TYPE),
        body: String::from_utf8_lossy(body.get(..body.len().min(KEPT)).unwrap_or_default()).into_owned(),
    });
}

fn fault(code: u16) -> ApiError {
    match code {
        429 => ApiError::too_many_requests(1),
        410 => ApiError::expired(
            "The provided continue parameter is too old to display a consistent list result.",
        ),
        401 => ApiError::unauthorized(),
        503 => ApiError::unavailable("the server is currently unable to handle the request"),
        _ => ApiError::internal("a fault of the stand"),
    }
}

struct Call<'a> {
    server: &'a Server,
    caller: Caller<'a>,
    parts: &'a http::request::Parts,
    query: &'a Query,
    body: &'a Bytes,
}

impl Call<'_> {
    fn out(&self) -> Result<Out<'_>, ApiError> {
        let headers = &self.parts.headers;
        Ok(Out {
            form: request::negotiate(headers, self.server.faults.speaks_protobuf())?,
            headers,
            schema: &self.server.schema,
        })
    }

    fn review(&self, plural: &str) -> Result<Response<Body>, ApiError> {
        if self.parts.method != Method::POST {
            return Err(ApiError::method_not_allowed());
        }
        let out = self.out()?;
        let posted = write::read_body(out, self.body)?;
        let review = auth::review(&self.caller, &self.server.faults, plural, &posted);
        Ok(out.object(201, &review))
    }

    fn check(&self, resource: &Resource, verb: &str) -> Result<(), ApiError> {
        let full = if resource.subresource.is_empty() {
            resource.kind.plural.to_owned()
        } else {
            format!("{}/{}", resource.kind.plural, resource.subresource)
        };
        let action = Action {
            verb,
            group: resource.kind.group,
            resource: &full,
            namespace: if resource.kind.id == K::Namespace { &resource.name } else { &resource.namespace },
            name: &resource.name,
        };
        auth::check(&self.caller.user, &self.server.faults, action)
    }

    async fn resource(&self, resource: &Resource) -> Result<Response<Body>, ApiError> {
        let method = &self.parts.method;
        let mut verb = request::verb(method, resource, self.query);
        if matches!(resource.subresource.as_str(), "proxy" | "portforward") && *method == Method::POST {
            verb = "create";
        }
        if verb.is_empty() {
            return Err(ApiError::method_not_allowed());
        }
        self.check(resource, verb)?;
        match resource.subresource.as_str() {
            "log" if *method == Method::GET => logs::serve(
                &self.server.cluster,
                (&self.server.links.logs(), &self.server.faults),
                (&resource.namespace, &resource.name),
                self.query,
            ),
            "proxy" => self.proxy(resource).await,
            "portforward" => self.portforward(resource).await,
            "log" => Err(ApiError::method_not_allowed()),
            _ if verb == "watch" => {
                let form = self.out()?.form;
                let schema = &self.server.schema;
                watch::serve(&self.server.cluster, &self.server.faults, resource, self.query, form, schema)
            }
            _ => self.objects(resource, verb),
        }
    }

    fn objects(&self, resource: &Resource, verb: &str) -> Result<Response<Body>, ApiError> {
        let out = self.out()?;
        let one_named = !resource.name.is_empty();
        if one_named && resource.kind.namespaced && resource.namespace.is_empty() {
            return Ok(answer::unknown_path());
        }
        let request = write::Request {
            method: &self.parts.method,
            resource,
            query: self.query,
            body: self.body,
            out,
            strategic: &*self.server.strategic,
        };
        self.server.cluster.with(|world, now| match verb {
            _ if resource.subresource == "eviction" && verb != "create" => {
                Err(ApiError::method_not_allowed())
            }
            "get" if resource.subresource == "scale" => write::get_scale(world, &request),
            "get" => read::get(world, resource, out, now),
            "list" => read::list(world, resource, self.query, out, now),
            _ => write::serve(world, &request, now),
        })
    }

    async fn proxy(&self, resource: &Resource) -> Result<Response<Body>, ApiError> {
        let routes = self.server.links.routes();
        let found = self
            .server
            .cluster
            .with(|world, _| routes.resolve(world, &resource.namespace, &resource.name))?;
        let mut request = Request::new(Body::from(self.body.clone()));
        *request.method_mut() = self.parts.method.clone();
        *request.uri_mut() = self.parts.uri.clone();
        *request.headers_mut() = self.parts.headers.clone();
        proxy::pass(found, &resource.rest, request).await
    }

    async fn portforward(&self, resource: &Resource) -> Result<Response<Body>, ApiError> {
        let ports = portforward::ports(self.parts.uri.query().unwrap_or(""));
        let (ns, name) = (resource.namespace.as_str(), resource.name.as_str());
        let routes = self.server.links.routes();
        let to = self.server.cluster.with(|world, _| {
            let pod = world.store.get(K::Pod, ns, name).cloned();
            let pod = pod.ok_or_else(|| ApiError::not_found(K::Pod.info(), name))?;
            if pod["status"]["phase"] != "Running" {
                let phase = pod["status"]["phase"].as_str().unwrap_or("");
                let message =
                    format!("unable to forward port because pod is not running. Current status={phase}");
                return Err(ApiError::bad_request(message));
            }
            Ok(ports.iter().map(|p| (*p, routes.of_pod(world, &pod, *p))).collect::<Vec<_>>())
        })?;
        if to.is_empty() {
            return Err(ApiError::bad_request("you must specify at least 1 port"));
        }
        let mut request = Request::new(Body::empty());
        *request.method_mut() = self.parts.method.clone();
        *request.uri_mut() = self.parts.uri.clone();
        *request.version_mut() = self.parts.version;
        *request.headers_mut() = self.parts.headers.clone();
        *request.extensions_mut() = self.parts.extensions.clone();
        Ok(portforward::serve(request, to).await)
    }
}

/// Returns a kubeconfig for a user of a server.
pub fn kubeconfig(url: &str, cluster: &str, user: &User, namespace: &str) -> String {
    let name = &user.name;
    let server = format!("{url}{}{}", auth::PREFIX, user.token);
    let document = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": cluster, "cluster": { "server": server } }],
        "users": [{ "name": name, "user": { "token": user.token } }],
        "contexts": [{ "name": name, "context": { "cluster": cluster, "user": name, "namespace": namespace } }],
        "current-context": name,
    });
    crate::cluster::seed::document(&document)
}
