//! A proxy before the API server that writes down every request, and does with it what a script says.
//!
//! It speaks plain HTTP on loopback and asks the real server as one of the stand's users; upgraded
//! connections (port-forward) pass through it byte by byte.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::stand::User;

type Answer = Response<UnsyncBoxBody<Bytes, kube::Error>>;

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The method.
    pub method: Method,
    /// The path.
    pub path: String,
    /// The query.
    pub query: String,
}

impl Seen {
    /// Returns whether it may change something: all but reads, and what reading needs (access reviews,
    /// dry runs, port-forwards, queries proxied to sources).
    pub fn mutates(&self) -> bool {
        let reads = matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS);
        let reviews = ["selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"];
        let review = reviews.iter().any(|r| self.path.ends_with(r));
        let dry = self.query.split('&').any(|p| p == "dryRun=All");
        let proxied = self.path.contains("/services/") && self.path.contains("/proxy/");
        let forward = self.path.ends_with("/portforward");
        let post = self.method == Method::POST;
        !(reads || dry || (post && (review || proxied || forward)))
    }
}

/// A request, whole.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Where it went.
    pub seen: Seen,
    /// Whether the server has got it.
    pub arrived: bool,
    /// What its body is.
    pub content_type: String,
    /// Its body; of what changes nothing it is not kept.
    pub body: Bytes,
    /// What was answered, if anything was.
    pub status: Option<u16>,
}

/// What becomes of a request.
#[derive(Clone, Debug)]
pub enum Then {
    /// The server answers it.
    Pass,
    /// It gets this answer and never reaches the server.
    Answer(u16, Value),
    /// The server answers it, and the answer is lost.
    Lose,
    /// It waits before it goes on.
    HoldBefore(Gate),
    /// The server answers it, and the answer waits.
    HoldAfter(Gate),
}

/// Where a request waits: told when one has come, and opened to let it go on or to drop it.
#[derive(Clone, Debug)]
pub struct Gate(Arc<watch::Sender<Stage>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Empty,
    Waiting,
    GoesOn,
    Dropped,
}

impl Gate {
    /// Returns a closed one.
    pub fn closed() -> Self {
        Self(Arc::new(watch::channel(Stage::Empty).0))
    }

    /// Returns whether a request waits.
    pub fn is_reached(&self) -> bool {
        *self.0.borrow() == Stage::Waiting
    }

    /// Lets it go on, or drops it.
    pub fn open(&self, goes_on: bool) {
        self.0.send_replace(if goes_on { Stage::GoesOn } else { Stage::Dropped });
    }

    /// Waits at it. Returns whether to go on.
    async fn wait(&self) -> bool {
        self.0.send_if_modified(|stage| {
            let first = *stage == Stage::Empty;
            *stage = if first { Stage::Waiting } else { *stage };
            first
        });
        let mut opened = self.0.subscribe();
        let stage = opened.wait_for(|stage| matches!(stage, Stage::GoesOn | Stage::Dropped)).await;
        stage.is_ok_and(|stage| *stage == Stage::GoesOn)
    }
}

/// Decides of every request before it goes on; may take its time, and change the cluster behind its back.
pub type Script = Box<dyn FnMut(&Seen) -> Then + Send>;

/// What the proxy has seen, and what it does.
#[derive(Default)]
struct State {
    seen: Mutex<Vec<Seen>>,
    /// Those of them that were decided of, whole.
    sent: Mutex<Vec<Sent>>,
    script: Mutex<Option<Script>>,
}

impl State {
    fn note(&self, entry: Seen) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    /// Keeps a request, whole. Returns its place among those that are kept.
    fn keep(&self, entry: &Seen, parts: &http::request::Parts, body: &Bytes, arrived: bool) -> usize {
        let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let body = if entry.mutates() { body.clone() } else { Bytes::new() };
        let content_type = content_type.unwrap_or_default().to_owned();
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push(Sent { seen: entry.clone(), arrived, content_type, body, status: None });
        sent.len() - 1
    }

    fn answered(&self, place: usize, status: u16) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        // What was forgotten meanwhile has no place any more.
        if let Some(sent) = sent.get_mut(place) {
            sent.status = Some(status);
        }
    }

    fn decide(&self, entry: &Seen) -> Then {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.as_mut().map_or(Then::Pass, |script| script(entry))
    }
}

/// A running proxy; it ends when it is dropped.
pub struct Recorder {
    state: Arc<State>,
    kubeconfig: tempfile::NamedTempFile,
    port: u16,
    _runtime: tokio::runtime::Runtime,
}

impl Recorder {
    /// Starts one that asks as a user.
    pub fn start(user: User) -> Self {
        Self::with(|| async move {
            let file = Kubeconfig::read_from(user.kubeconfig()).unwrap();
            kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.unwrap()
        })
    }

    /// Starts one before another server.
    pub fn before(url: &str) -> Self {
        let url = url.parse().unwrap();
        Self::with(|| async move { kube::Config::new(url) })
    }

    fn with<F: Future<Output = kube::Config>>(config: impl FnOnce() -> F) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let state: Arc<State> = Arc::default();
        let (listener, client) = runtime.block_on(async {
            let mut config = config().await;
            config.default_retry = false;
            config.read_timeout = None;
            (TcpListener::bind("127.0.0.1:0").await.unwrap(), kube::Client::try_from(config).unwrap())
        });
        let port = listener.local_addr().unwrap().port();
        runtime.spawn(serve(listener, client, Arc::clone(&state)));
        let kubeconfig = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(
            kubeconfig.path(),
            format!(
                "apiVersion: v1\nkind: Config\ncurrent-context: testbed\n\
                 clusters: [{{name: testbed, cluster: {{server: \"http://127.0.0.1:{port}\"}}}}]\n\
                 users: [{{name: nobody, user: {{}}}}]\n\
                 contexts: [{{name: testbed, context: {{cluster: testbed, user: nobody}}}}]\n"
            ),
        )
        .unwrap();
        Self { state, kubeconfig, port, _runtime: runtime }
    }

    /// Returns its own address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns the kubeconfig that leads through it.
    pub fn kubeconfig(&self) -> &std::path::Path {
        self.kubeconfig.path()
    }

    /// Returns every request so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets the requests so far; from now on the script decides. Requests are decided of one after another.
    pub fn follow(&self, script: Script) {
        *self.state.script.lock().unwrap_or_else(PoisonError::into_inner) = Some(script);
        self.state.seen.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.state.sent.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Returns the requests so far that may have changed something, whole, in their order.
    pub fn sent(&self) -> Vec<Sent> {
        let sent = self.state.sent.lock().unwrap_or_else(PoisonError::into_inner).clone();
        sent.into_iter().filter(|s| s.seen.mutates()).collect()
    }

    /// Returns the requests so far that the server has got and that may have changed something.
    pub fn passed(&self) -> Vec<String> {
        let sent = self.sent();
        let arrived = sent.iter().filter(|s| s.arrived);
        arrived.map(|s| format!("{} {}", s.seen.method, s.seen.path)).collect()
    }

    /// Returns the requests so far that may have changed something: method and path.
    pub fn writes(&self) -> Vec<String> {
        self.seen().iter().filter(|s| s.mutates()).map(|s| format!("{} {}", s.method, s.path)).collect()
    }
}

async fn serve(listener: TcpListener, client: kube::Client, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (client, state) = (client.clone(), Arc::clone(&state));
        let service = service_fn(move |request| answer(client.clone(), Arc::clone(&state), request));
        let serving =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::spawn(serving.with_upgrades());
    }
}

async fn answer(
    client: kube::Client,
    state: Arc<State>,
    mut request: Request<Incoming>,
) -> Result<Answer, io::Error> {
    let uri = request.uri();
    let entry = Seen {
        method: request.method().clone(),
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
    };
    state.note(entry.clone());
    let (deciding, asked) = (Arc::clone(&state), entry.clone());
    let then = tokio::task::spawn_blocking(move || deciding.decide(&asked)).await.unwrap();
    if let Then::Answer(status, body) = &then {
        let (parts, asked) = request.into_parts();
        let asked = asked.collect().await.map_err(io::Error::other)?.to_bytes();
        let place = state.keep(&entry, &parts, &asked, false);
        state.answered(place, *status);
        let text = Full::new(Bytes::from(body.to_string())).map_err(|never| match never {});
        let mut response = Response::new(text.boxed_unsync());
        *response.status_mut() = StatusCode::from_u16(*status).unwrap();
        response.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        if *status == 429 {
            // As the API server does; without it client-go does not ask again.
            response.headers_mut().insert(header::RETRY_AFTER, "1".parse().unwrap());
        }
        return Ok(response);
    }
    if let Then::HoldBefore(gate) = &then
        && !gate.wait().await
    {
        return Err(io::Error::other("the request is dropped"));
    }
    let upgrade = request.headers().contains_key(header::UPGRADE).then(|| hyper::upgrade::on(&mut request));
    request.headers_mut().remove(header::HOST);
    let (parts, body) = request.into_parts();
    let body = if upgrade.is_some() { Bytes::new() } else { body.collect().await.unwrap().to_bytes() };
    let place = state.keep(&entry, &parts, &body, true);
    let upstream = client.send(Request::from_parts(parts, Body::from(body.to_vec()))).await;
    if let Ok(response) = &upstream {
        state.answered(place, response.status().as_u16());
    }
    if matches!(then, Then::Lose) {
        // Whoever asked sees its connection end.
        if let Ok(response) = upstream {
            response.into_body().collect().await.ok();
        }
        return Err(io::Error::other("the answer is lost"));
    }
    if let Then::HoldAfter(gate) = &then {
        let (parts, body) = upstream.map_err(io::Error::other)?.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        if !gate.wait().await {
            return Err(io::Error::other("the answer is dropped"));
        }
        let body = Full::new(body).map_err(|never| match never {});
        return Ok(Response::from_parts(parts, body.boxed_unsync()));
    }
    let mut response = match upstream {
        Ok(response) => response,
        Err(error) => {
            let text = Full::new(Bytes::from(error.to_string())).map_err(|never| match never {});
            let mut response = Response::new(text.boxed_unsync());
            *response.status_mut() = StatusCode::BAD_GATEWAY;
            return Ok(response);
        }
    };
    if let (Some(here), StatusCode::SWITCHING_PROTOCOLS) = (upgrade, response.status()) {
        let there = hyper::upgrade::on(&mut response);
        tokio::spawn(async move {
            if let (Ok(here), Ok(there)) = (here.await, there.await) {
                let (mut here, mut there) = (TokioIo::new(here), TokioIo::new(there));
                tokio::io::copy_bidirectional(&mut here, &mut there).await.ok();
            }
        });
        let (parts, _) = response.into_parts();
        let nothing = Empty::new().map_err(|never| match never {}).boxed_unsync();
        return Ok(Response::from_parts(parts, nothing));
    }
    Ok(response.map(http_body_util::BodyExt::boxed_unsync))
}
