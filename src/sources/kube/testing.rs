//! A scripted API server on in-memory streams, so that tests can hold the clock still.
//!
//! A handler answers each request; an answer may be whole, come in chunks that the test feeds, hang, or
//! break off. The server can be frozen: it accepts connections and then neither reads nor writes, as a
//! stopped process does; killed: its connections are reset and new ones refused; or black-holed: nothing
//! gets through any more, and connections from before never come back.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures::stream;
use http::{Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::sync::mpsc;

use super::client::Client;
use super::config::{Authority, Target};
use super::dial::{Dial, Dialing};
use crate::core::{ClusterId, Error, Kind, Ts, Untrusted};
use crate::sources::auth::{Login, WallClock};

/// A piece of a body that the test feeds.
pub enum Chunk {
    Data(Bytes),
    /// The connection is torn down in the middle.
    Break,
}

/// What a handler answers.
pub enum Answer {
    Whole(Response<Bytes>),
    Chunks(Response<()>, mpsc::Receiver<Chunk>),
    /// The connection is closed without an answer.
    Close,
    /// No answer, ever.
    Hang,
    /// Another protocol, spoken by the task.
    Upgrade(Response<()>, Box<dyn FnOnce(Upgraded) -> Task + Send>),
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

type Handling = Pin<Box<dyn Future<Output = Answer> + Send>>;
type Handler = dyn Fn(Request<Bytes>) -> Handling + Send + Sync;

/// The server.
pub struct Server {
    handler: Arc<Handler>,
    ice: Arc<Ice>,
    seen: Arc<Mutex<Vec<Request<Bytes>>>>,
    pub dials: AtomicUsize,
    pub refuse: AtomicBool,
    /// New connections are never made.
    silent: AtomicBool,
    /// The next connection is a panic: a fault of our own.
    pub panics: AtomicBool,
}

impl Server {
    /// Makes a server whose answers are computed at once.
    pub fn new(handler: impl Fn(&Request<Bytes>) -> Answer + Send + Sync + 'static) -> Arc<Self> {
        Self::with_async(move |request| {
            let answer = handler(&request);
            Box::pin(std::future::ready(answer))
        })
    }

    /// Makes a server whose answers may wait.
    pub fn with_async(handler: impl Fn(Request<Bytes>) -> Handling + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            handler: Arc::new(handler),
            ice: Arc::default(),
            seen: Arc::default(),
            dials: AtomicUsize::new(0),
            refuse: AtomicBool::new(false),
            silent: AtomicBool::new(false),
            panics: AtomicBool::new(false),
        })
    }

    /// Stops reading and writing, on connections that exist and on new ones.
    pub fn freeze(&self) {
        self.ice.frozen.store(true, Ordering::SeqCst);
    }

    /// Goes on.
    pub fn thaw(&self) {
        self.ice.frozen.store(false, Ordering::SeqCst);
        self.ice.wake();
    }

    /// Is gone: connections are reset, new ones refused.
    pub fn kill(&self) {
        self.refuse.store(true, Ordering::SeqCst);
        self.ice.reset.store(self.ice.born.load(Ordering::SeqCst), Ordering::SeqCst);
        self.ice.wake();
    }

    /// Nothing gets through any more: not on connections from before, and new ones are never made.
    pub fn black_hole(&self) {
        self.silent.store(true, Ordering::SeqCst);
        self.ice.lost.store(self.ice.born.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    /// Is back; what was reset or lost stays so.
    pub fn restore(&self) {
        self.refuse.store(false, Ordering::SeqCst);
        self.silent.store(false, Ordering::SeqCst);
        self.thaw();
    }

    /// Returns a connection to it.
    pub fn connect(self: &Arc<Self>) -> Dialing {
        ToServer(Arc::clone(self)).dial(None)
    }

    /// Returns the requests so far.
    pub fn requests(&self) -> Vec<Request<Bytes>> {
        self.seen.lock().unwrap().clone()
    }

    /// Returns method, path and query of each request so far.
    pub fn log(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|r| format!("{} {}", r.method(), r.uri())).collect()
    }

    /// Returns a client without credentials.
    pub fn client(self: &Arc<Self>) -> Client {
        self.client_for(&target())
    }

    /// Returns a client for a target, whose connections all lead here.
    pub fn client_for(self: &Arc<Self>, target: &Target) -> Client {
        Client::with_dial(target, clock(), Arc::new(ToServer(Arc::clone(self)))).unwrap()
    }

    fn accept(&self, stream: DuplexStream) {
        let number = self.ice.born.fetch_add(1, Ordering::SeqCst) + 1;
        let stream = Icy { stream, ice: Arc::clone(&self.ice), number };
        let (handler, seen) = (Arc::clone(&self.handler), Arc::clone(&self.seen));
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let (handler, seen) = (Arc::clone(&handler), Arc::clone(&seen));
            async move {
                let mut request = request;
                let upgrade = hyper::upgrade::on(&mut request);
                let (parts, body) = request.into_parts();
                let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
                let copy = Request::from_parts(parts.clone(), body.clone());
                seen.lock().unwrap().push(copy);
                match handler(Request::from_parts(parts, body)).await {
                    Answer::Upgrade(response, speak) => {
                        tokio::spawn(async move {
                            if let Ok(upgraded) = upgrade.await {
                                speak(upgraded).await;
                            }
                        });
                        answer(Answer::Whole(response.map(|()| Bytes::new()))).await
                    }
                    other => answer(other).await,
                }
            }
        });
        tokio::spawn(async move {
            let connection = hyper::server::conn::http1::Builder::new();
            connection.serve_connection(TokioIo::new(stream), service).with_upgrades().await.ok();
        });
    }
}

async fn answer(answer: Answer) -> std::io::Result<Response<UnsyncBoxBody<Bytes, std::io::Error>>> {
    match answer {
        Answer::Whole(response) => Ok(response.map(|b| Full::new(b).map_err(|e| match e {}).boxed_unsync())),
        Answer::Chunks(response, chunks) => {
            let frames = stream::unfold(chunks, |mut chunks| async {
                let frame = match chunks.recv().await? {
                    Chunk::Data(data) => Ok(Frame::data(data)),
                    Chunk::Break => Err(std::io::Error::other("broken by the test")),
                };
                Some((frame, chunks))
            });
            Ok(response.map(|()| StreamBody::new(frames).boxed_unsync()))
        }
        Answer::Close => Err(std::io::Error::other("closed by the test")),
        Answer::Hang | Answer::Upgrade(..) => std::future::pending().await,
    }
}

struct ToServer(Arc<Server>);

impl Dial for ToServer {
    fn dial(&self, _: Option<Arc<rustls::ClientConfig>>) -> Dialing {
        self.0.dials.fetch_add(1, Ordering::SeqCst);
        assert!(!self.0.panics.swap(false, Ordering::SeqCst), "the test wants a fault of our own");
        if self.0.silent.load(Ordering::SeqCst) {
            return Box::pin(std::future::pending());
        }
        if self.0.refuse.load(Ordering::SeqCst) {
            let error = Error::new(Kind::Unreachable, "connect").detail("connection refused");
            return Box::pin(std::future::ready(Err(error)));
        }
        let (near, far) = tokio::io::duplex(256 << 10);
        self.0.accept(far);
        Box::pin(async move { Ok(Box::new(near) as Box<_>) })
    }
}

/// What connections do now; each has a number.
#[derive(Default)]
struct Ice {
    frozen: AtomicBool,
    /// The number of the newest connection.
    born: AtomicUsize,
    /// Connections up to this one are reset.
    reset: AtomicUsize,
    /// Nothing gets through on connections up to this one.
    lost: AtomicUsize,
    asleep: Mutex<Vec<Waker>>,
}

impl Ice {
    fn wake(&self) {
        for waker in self.asleep.lock().unwrap().drain(..) {
            waker.wake();
        }
    }
}

struct Icy {
    stream: DuplexStream,
    ice: Arc<Ice>,
    number: usize,
}

impl Icy {
    /// Returns how a read or a write ends without being tried: it waits, or the connection is reset.
    fn stopped<T>(&self, cx: &Context<'_>) -> Option<Poll<std::io::Result<T>>> {
        if self.number <= self.ice.reset.load(Ordering::SeqCst) {
            return Some(Poll::Ready(Err(std::io::ErrorKind::ConnectionReset.into())));
        }
        let lost = self.number <= self.ice.lost.load(Ordering::SeqCst);
        let mut asleep = self.ice.asleep.lock().unwrap();
        if !asleep.iter().any(|w| w.will_wake(cx.waker())) {
            asleep.push(cx.waker().clone());
        }
        (lost || self.ice.frozen.load(Ordering::SeqCst)).then_some(Poll::Pending)
    }
}

impl AsyncRead for Icy {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        self.stopped(cx).unwrap_or_else(|| Pin::new(&mut self.stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Icy {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.stopped(cx).unwrap_or_else(|| Pin::new(&mut self.stream).poll_write(cx, data))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.stopped(cx).unwrap_or_else(|| Pin::new(&mut self.stream).poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Returns a target that nothing is dialled for.
pub fn target() -> Target {
    Target {
        cluster: ClusterId(Untrusted::from("test")),
        cluster_name: Untrusted::from("test"),
        user_name: Untrusted::from("test"),
        namespace: "default".to_owned(),
        server: "http://k8s.test".parse().unwrap(),
        authority: Authority::System,
        tls_server_name: None,
        login: Login::Nobody,
        certificate: None,
        impersonate: None,
        proxy: None,
        compress: true,
        files: Vec::new(),
    }
}

/// Returns a wall clock that follows the test's own.
pub fn clock() -> WallClock {
    let begin = tokio::time::Instant::now();
    let noon = Ts::parse_rfc3339("2026-11-21T12:00:00Z").unwrap();
    Arc::new(move || Ts(noon.0 + i64::try_from(begin.elapsed().as_nanos()).unwrap()))
}

/// Returns an answer with a content type.
pub fn typed(status: u16, content_type: &str, body: impl Into<Bytes>) -> Answer {
    Answer::Whole(response(status, content_type).map(|()| body.into()))
}

/// Returns an answer of JSON.
pub fn json(status: u16, body: &serde_json::Value) -> Answer {
    typed(status, "application/json", body.to_string())
}

/// Returns a refusal as the API server writes it.
pub fn status(code: u16, reason: &str, message: &str) -> Answer {
    let body = serde_json::json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
        "reason": reason, "message": message});
    json(code, &body)
}

/// Returns an answer whose body the test feeds.
pub fn chunked(content_type: &str) -> (mpsc::Sender<Chunk>, Answer) {
    let (feed, chunks) = mpsc::channel(64);
    (feed, Answer::Chunks(response(200, content_type), chunks))
}

fn response(status: u16, content_type: &str) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response.headers_mut().insert(header::CONTENT_TYPE, content_type.parse().unwrap());
    response
}
