//! A plain HTTP client and stands for the tests.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use deckwatch_sim::cluster::clock::FakeClock;
use deckwatch_sim::cluster::{World, seed};
use deckwatch_sim::life::Nanos;
use deckwatch_sim::stand::{Options, Stand};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::Value;

/// An instant that fresh stands are made for.
pub const NOW: Nanos = 1_790_000_000_000_000_000;

/// The fresh cluster that every test begins with; it is made once.
static FRESH: LazyLock<World> = LazyLock::new(|| seed::fresh(1, 1.0, NOW));

/// A stand on a clock that the test moves.
pub async fn fake() -> (Stand, FakeClock) {
    let clock = FakeClock::at(NOW);
    let world = tokio::task::spawn_blocking(|| FRESH.clone()).await.expect("a cluster");
    let options =
        Options { clock: Arc::new(clock.clone()), driven: false, world: Some(world), ..Options::default() };
    (Stand::start(options).await.expect("a stand"), clock)
}

/// Moves the clock on, stepping the cluster at each second on the way.
pub fn pass(stand: &Stand, clock: &FakeClock, seconds: i64) {
    for _ in 0..seconds * 4 {
        clock.advance(250_000_000);
        stand.cluster().step();
    }
}

/// An answer.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {:?}", self.body))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("")
    }
}

/// Sends a request and returns the answer as it begins.
pub async fn open(stand: &Stand, request: Request<Full<Bytes>>) -> http::Response<Incoming> {
    let stream = tokio::net::TcpStream::connect(stand.address()).await.expect("a connection");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("a handshake");
    tokio::spawn(connection);
    sender.send_request(request).await.expect("an answer")
}

/// Builds a request of the user who may do everything.
pub fn request(
    stand: &Stand,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(path).header("host", "kubernetes");
    if !headers.iter().any(|(k, _)| *k == "authorization") {
        request = request.header("authorization", format!("Bearer {}", stand.token()));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::new(Bytes::from(body.to_owned()))).expect("a request")
}

/// Sends a request and returns the whole answer.
pub async fn send(stand: &Stand, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let (parts, body) = open(stand, request(stand, method, path, headers, body)).await.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// Gets a path.
pub async fn get(stand: &Stand, path: &str) -> Answer {
    send(stand, Method::GET, path, &[], "").await
}

/// Sends a patch.
pub async fn patch(stand: &Stand, path: &str, kind: &str, body: &Value) -> Answer {
    let media = format!("application/{kind}+json");
    send(stand, Method::PATCH, path, &[("content-type", &media)], &body.to_string()).await
}

/// A watch that is read line by line.
pub struct Watch {
    body: Incoming,
    rest: Vec<u8>,
}

impl Watch {
    pub async fn open(stand: &Stand, path: &str) -> Self {
        let answer = open(stand, request(stand, Method::GET, path, &[], "")).await;
        assert_eq!(answer.status(), StatusCode::OK);
        Self { body: answer.into_body(), rest: Vec::new() }
    }

    /// Returns the next event, `None` at the end.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.rest.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).expect("an event"));
            }
            match self.body.frame().await {
                Some(Ok(frame)) => self.rest.extend_from_slice(frame.data_ref().map_or(&[], |d| d)),
                _ => return None,
            }
        }
    }
}
