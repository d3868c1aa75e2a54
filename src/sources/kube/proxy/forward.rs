//! A port-forward to a pod behind a service: HTTP spoken directly on the forwarded stream.
//!
//! No local port is opened, so no other user of the host can use it. Each connection is a WebSocket of
//! its own; a few are kept for the next request. Answers are read by their length, because not every
//! kubelet ends the stream, and every request has its limit.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::Portforwarder;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::Backend;
use super::resolve::{Place, place};
use crate::core::{Error, Kind, Result, Span, Untrusted};
use crate::sources::kube::answer::Asked;
use crate::sources::kube::body;
use crate::sources::kube::client::{Client, no_answer};
use crate::sources::kube::config::Authority;
use crate::sources::kube::dial;
use crate::sources::transport::{Answer, Request, Sending, SendingOnce, Transport, Unanswered, Write};
use crate::store::health::Via;

/// How many idle connections are kept.
const KEPT: usize = 2;
/// How long they are kept: kubelets and load balancers end idle ones without a word.
const IDLE: Duration = Duration::from_secs(30);

/// Reaches a service by a port-forward to one of its pods.
#[derive(Clone, Debug)]
pub struct PortForward {
    client: Client,
    backend: Backend,
    authority: Authority,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    place: Option<Place>,
    idle: Vec<(Instant, Connection)>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("place", &self.place).field("idle", &self.idle.len()).finish()
    }
}

/// One forwarded connection; it ends when this is dropped.
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    /// What the pod's side said about the port, if it did.
    trouble: watch::Receiver<Option<String>>,
    forwarder: Portforwarder,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.forwarder.abort();
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Why a request over a connection failed.
struct Broken {
    error: Error,
    /// Whether the connection had served before, and may just have grown old.
    reused: bool,
}

impl PortForward {
    /// Makes one; nothing is resolved or connected yet.
    pub fn new(client: Client, backend: Backend) -> Self {
        Self { client, backend, authority: Authority::Unchecked, state: Arc::default() }
    }

    /// Says who vouches for the service's certificate, where it speaks TLS; nobody has to without it.
    #[must_use]
    pub fn trusting(mut self, authority: Authority) -> Self {
        self.authority = authority;
        self
    }

    async fn ask(&self, request: Request) -> Result<Answer> {
        let limit = request.limit;
        let began = Instant::now();
        let asking = async {
            // A connection that has grown old in the pool is replaced once; queries change nothing.
            match self.over(self.pooled(), &request, began).await {
                Err(broken) if broken.reused => self.over(None, &request, began).await,
                other => other,
            }
        };
        match tokio::time::timeout(limit.to_std(), asking).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(broken)) => Err(broken.error),
            Err(_) => {
                self.forget();
                Err(self.error(Kind::Timeout).detail(format!("not answered within {limit}")))
            }
        }
    }

    async fn over(
        &self,
        pooled: Option<Connection>,
        request: &Request,
        began: Instant,
    ) -> Result<Answer, Broken> {
        let reused = pooled.is_some();
        let broken = |error| Broken { error, reused };
        let mut connection = match pooled {
            Some(connection) => connection,
            None => self.connect().await.map_err(broken)?,
        };
        let made = self.request(request).map_err(|error| Broken { error, reused: false })?;
        let asked = Asked::of(&request.method, &request.path);
        let talk = async {
            let response = connection.sender.send_request(made).await.map_err(|e| e.to_string())?;
            let (parts, stream) = response.into_parts();
            // A body that ends with the connection would be waited for until the limit: some kubelets
            // never pass the end on. All of our sources give a length or chunks.
            let body = body::collect(&asked, &parts.headers, stream, request.cap).await;
            Ok::<_, String>((parts, body))
        };
        let (parts, body) = tokio::select! {
            talked = talk => talked.map_err(|text| broken(self.error(Kind::Unreachable).detail(text)))?,
            said = trouble(connection.trouble.clone()) => {
                self.forget();
                return Err(broken(self.error(Kind::Unreachable).detail(said)));
            }
        };
        let body =
            body.map_err(|e| Broken { error: Error { on: self.backend.address(), ..e }, reused: false })?;
        let closes = parts
            .headers
            .get(header::CONNECTION)
            .is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"close"));
        if !closes {
            self.keep(connection);
        }
        let content_type =
            parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let took = Span(i64::try_from(began.elapsed().as_nanos()).unwrap_or(i64::MAX));
        Ok(Answer { status: parts.status.as_u16(), content_type, body, took })
    }

    fn request(&self, request: &Request) -> Result<http::Request<Full<Bytes>>> {
        let backend = &self.backend;
        let form = request.form.clone().filter(|_| request.method == Method::POST);
        if request.method != Method::GET && form.is_none() {
            return Err(backend
                .error(Kind::Refused, "ask a source")
                .detail("only queries are sent this way"));
        }
        let body = form.clone().unwrap_or_default();
        let mut made = self.made(request.method.clone(), &request.path, &request.headers, body)?;
        if form.is_some() {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            made.headers_mut().entry(header::CONTENT_TYPE).or_insert(form);
        }
        Ok(made)
    }

    fn made(
        &self,
        method: Method,
        path: &str,
        own: &[(http::HeaderName, HeaderValue)],
        body: String,
    ) -> Result<http::Request<Full<Bytes>>> {
        let backend = &self.backend;
        let mut made = http::Request::new(Full::new(Bytes::from(body)));
        *made.method_mut() = method;
        let wrong = || backend.error(Kind::Internal, "ask a source").detail("its path is not one");
        *made.uri_mut() = backend.path(path)?.parse().map_err(|_| wrong())?;
        let headers = made.headers_mut();
        let host = format!("{}.{}.svc:{}", backend.service, backend.namespace, backend.port);
        headers.insert(header::HOST, HeaderValue::from_str(&host).map_err(|_| wrong())?);
        let agent = concat!("deckwatch/", env!("CARGO_PKG_VERSION"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        for (name, value) in own {
            headers.insert(name.clone(), value.clone());
        }
        Ok(made)
    }

    /// Sends a write on a connection of its own: one that was kept may be dead without a word.
    async fn once(&self, write: Write) -> Result<Answer, Unanswered> {
        let (began, limit) = (Instant::now(), write.limit);
        let late = || self.error(Kind::Timeout).detail(format!("not answered within {limit}"));
        let body = write.json.clone().unwrap_or_default();
        let made = self.made(write.method.clone(), &write.path, &write.headers, body);
        let mut made = made.map_err(Unanswered::unsent)?;
        if write.json.is_some() {
            let json = HeaderValue::from_static("application/json");
            made.headers_mut().insert(header::CONTENT_TYPE, json);
        }
        let connecting = tokio::time::timeout(limit.to_std(), self.connect()).await;
        let connected = connecting.unwrap_or_else(|_| Err(late()));
        let mut connection = connected.map_err(Unanswered::unsent)?;
        let asked = Asked::of(&write.method, &write.path);
        let lost = |text: String| Unanswered::lost(self.error(Kind::Unreachable).detail(text));
        let talk = async {
            let sent = connection.sender.send_request(made).await;
            let (parts, stream) = sent.map_err(|e| lost(e.to_string()))?.into_parts();
            let body = body::collect(&asked, &parts.headers, stream, write.cap).await;
            body.map(|body| (parts.status.as_u16(), body)).map_err(Unanswered::lost)
        };
        let answered = tokio::select! {
            talked = tokio::time::timeout(limit.to_std(), talk) => talked,
            said = trouble(connection.trouble.clone()) => Ok(Err(lost(said))),
        };
        // Whatever came of it, the next request gets a connection that nothing was written to.
        let (status, body) = answered.unwrap_or_else(|_| Err(Unanswered::lost(late())))?;
        let took = Span(i64::try_from(began.elapsed().as_nanos()).unwrap_or(i64::MAX));
        Ok(Answer { status, content_type: None, body, took })
    }

    /// Connects to the pod that served last, or to another one when it is gone.
    async fn connect(&self) -> Result<Connection> {
        let known = self.state.lock().unwrap_or_else(PoisonError::into_inner).place.clone();
        if let Some(place) = known {
            match self.connect_to(&place).await {
                Err(error) if matches!(error.kind, Kind::NotFound | Kind::Server | Kind::Unreachable) => {
                    self.forget();
                }
                connected => return connected,
            }
        }
        let place = place(&self.client, &self.backend).await?;
        let connection = self.connect_to(&place).await?;
        self.state.lock().unwrap_or_else(PoisonError::into_inner).place = Some(place);
        Ok(connection)
    }

    async fn connect_to(&self, place: &Place) -> Result<Connection> {
        self.client.credentials().grant().await?;
        let pods: Api<Pod> = Api::namespaced(self.client.kube(), self.backend.namespace.as_str());
        let pod = place.pod.as_str();
        let mut forwarder = pods.portforward(pod, &[place.port]).await.map_err(|e| self.refused(place, e))?;
        let (Some(stream), Some(said)) =
            (forwarder.take_stream(place.port), forwarder.take_error(place.port))
        else {
            return Err(self.error(Kind::Internal).detail("the forwarded port has no stream"));
        };
        let stream: Box<dyn dial::Io> = if self.backend.https {
            let host = format!("{}.{}.svc", self.backend.service, self.backend.namespace);
            let config = dial::server_side(&self.authority).await?;
            dial::encrypt(Box::new(stream), Arc::new(config), &host, &self.backend.address()).await?
        } else {
            Box::new(stream)
        };
        let failed = |e: hyper::Error| self.error(Kind::Unreachable).detail(e.to_string());
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
        let (tell, trouble) = watch::channel(None);
        let serving = tokio::spawn(async move {
            // What goes wrong here is told by the request that is under way.
            connection.await.ok();
        });
        let hearing = tokio::spawn(async move {
            if let Some(said) = said.await {
                tell.send_replace(Some(said));
            }
            // Kept alive until the connection is dropped: its end would look like trouble.
            std::future::pending::<()>().await;
        });
        Ok(Connection { sender, trouble, forwarder, tasks: [serving, hearing] })
    }

    fn refused(&self, place: &Place, error: kube::Error) -> Error {
        let what = "forward a port";
        let on = format!("{}/{}:{}", self.backend.namespace, place.pod, place.port);
        match error {
            kube::Error::Api(status) => {
                let kind = match status.code {
                    401 => Kind::Auth,
                    403 => Kind::Denied,
                    404 => Kind::NotFound,
                    _ => Kind::Server,
                };
                let error =
                    Error::new(kind, what).on(on).detail(format!("{} ({})", status.message, status.code));
                if kind == Kind::Denied {
                    let namespace = &self.backend.namespace;
                    return error.hint(format!(
                        "ask for get and create on pods/portforward in namespace {namespace}"
                    ));
                }
                error
            }
            kube::Error::UpgradeConnection(why) => Error::new(Kind::Server, what)
                .on(on)
                .detail(why.to_string())
                .hint("a proxy may not let WebSockets through"),
            other => no_answer(&Asked::of(&Method::GET, ""), other).error,
        }
    }

    fn error(&self, kind: Kind) -> Error {
        self.backend.error(kind, "ask through a port-forward")
    }

    fn pooled(&self) -> Option<Connection> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((since, connection)) = state.idle.pop() {
            if since.elapsed() < IDLE && connection.sender.is_ready() && connection.trouble.borrow().is_none()
            {
                return Some(connection);
            }
        }
        None
    }

    fn keep(&self, connection: Connection) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.idle.retain(|(since, _)| since.elapsed() < IDLE);
        if state.idle.len() < KEPT && !connection.sender.is_closed() {
            state.idle.push((Instant::now(), connection));
        }
    }

    /// Forgets the pod, so that the next connection looks for a ready one.
    fn forget(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.place = None;
        state.idle.clear();
    }
}

/// Waits for the pod's side to complain; for ever, when it does not.
async fn trouble(mut said: watch::Receiver<Option<String>>) -> String {
    let heard = said.wait_for(Option::is_some).await.ok().and_then(|text| text.clone());
    match heard {
        Some(text) => text,
        None => std::future::pending().await,
    }
}

impl Transport for PortForward {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(self.ask(request))
    }

    fn send_once(&self, write: Write) -> SendingOnce<'_> {
        Box::pin(self.once(write))
    }

    fn via(&self) -> Via {
        Via::PortForward
    }

    fn address(&self) -> Untrusted {
        self.backend.address()
    }
}
