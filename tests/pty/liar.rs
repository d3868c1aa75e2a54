//! Hostile servers: proxies before the simulated ones that add hostile texts to what those answer.
//!
//! Everything that the simulated server says stays, so that the cockpit works as ever; every free text in it
//! is made hostile, and to every list come further objects of which nearly every text is. An added object
//! is remembered: asked for by its name it is answered like any other.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::StreamExt as _;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

type Answer = Response<UnsyncBoxBody<Bytes, reqwest::Error>>;

/// What a liar makes of one document of an answer, given the path and the decoded query or form.
pub type Lie = Arc<dyn Fn(&Asked, &mut Value, &Told) + Send + Sync>;

/// What was asked.
pub struct Asked {
    pub path: String,
    pub query: Vec<(String, String)>,
}

impl Asked {
    /// Returns the value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// What was added so far, and what was counted.
#[derive(Clone, Default)]
pub struct Told(Arc<Mutex<State>>);

#[derive(Default)]
pub struct State {
    /// Added objects by the paths under which they are asked for.
    pub objects: HashMap<String, Value>,
    /// Names of what was told, by kind.
    pub names: HashMap<&'static str, std::collections::BTreeSet<String>>,
}

impl Told {
    /// Returns the state.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that something of a kind was told.
    pub fn note(&self, kind: &'static str, name: &str) {
        self.lock().names.entry(kind).or_default().insert(name.to_owned());
    }

    /// Returns how many of a kind were told.
    pub fn count(&self, kind: &str) -> usize {
        self.lock().names.get(kind).map_or(0, std::collections::BTreeSet::len)
    }
}

/// A running liar.
pub struct Liar {
    pub url: String,
}

impl Liar {
    /// Starts one in front of a server.
    pub async fn start(upstream: String, lie: Lie, told: Told) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (upstream, lie, told, client) =
                    (upstream.clone(), Arc::clone(&lie), told.clone(), client.clone());
                let service = service_fn(move |request| {
                    answer(client.clone(), upstream.clone(), Arc::clone(&lie), told.clone(), request)
                });
                let serving = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(serving);
            }
        });
        Self { url }
    }
}

fn whole(status: StatusCode, kind: &str, bytes: Vec<u8>) -> Answer {
    let body = Full::new(Bytes::from(bytes)).map_err(|never| match never {}).boxed_unsync();
    Response::builder().status(status).header(header::CONTENT_TYPE, kind).body(body).unwrap()
}

async fn answer(
    client: reqwest::Client,
    upstream: String,
    lie: Lie,
    told: Told,
    request: Request<Incoming>,
) -> Result<Answer, Infallible> {
    let (parts, body) = request.into_parts();
    // The stand's kubeconfig has the token in the path: `/k8s/clusters/TOKEN/api/…`.
    let path = parts.uri.path();
    let path =
        path.strip_prefix("/k8s/clusters/").and_then(|p| p.find('/').map(|at| &p[at..])).unwrap_or(path);
    let path = path.to_owned();
    if let Some(object) = told.lock().objects.get(&path) {
        return Ok(whole(StatusCode::OK, "application/json", object.to_string().into_bytes()));
    }
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let mut query: Vec<(String, String)> =
        url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    query.extend(url::form_urlencoded::parse(&body).into_owned());
    let asked = Asked { path, query };
    let target = format!("{upstream}{}", parts.uri.path_and_query().map_or("/", |p| p.as_str()));
    let sent = client.request(parts.method, target).headers(plain(&parts.headers)).body(body).send().await;
    let response = match sent {
        Ok(response) => response,
        Err(error) => {
            return Ok(whole(StatusCode::BAD_GATEWAY, "text/plain", error.to_string().into_bytes()));
        }
    };
    let (status, headers) = (response.status(), response.headers().clone());
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
    if !kind.contains("json") {
        let body = StreamBody::new(response.bytes_stream().map(|b| b.map(Frame::data)));
        let answer = Response::builder().status(status).header(header::CONTENT_TYPE, kind);
        return Ok(answer.body(body.boxed_unsync()).unwrap());
    }
    // One document, or one a line while a watch is open.
    let lines = tokio_util::codec::FramedRead::new(
        tokio_util::io::StreamReader::new(response.bytes_stream().map(|b| b.map_err(std::io::Error::other))),
        tokio_util::codec::LinesCodec::new_with_max_length(256 << 20),
    );
    let lied = lines.filter_map(move |line| {
        let out = line.ok().map(|line| {
            let mut bytes = match serde_json::from_str::<Value>(&line) {
                Ok(mut value) => {
                    lie(&asked, &mut value, &told);
                    serde_json::to_vec(&value).unwrap()
                }
                Err(_) => line.into_bytes(),
            };
            bytes.push(b'\n');
            Ok(Frame::data(Bytes::from(bytes)))
        });
        std::future::ready(out)
    });
    let answer = Response::builder().status(status).header(header::CONTENT_TYPE, kind);
    Ok(answer.body(StreamBody::new(lied).boxed_unsync()).unwrap())
}

/// Returns the headers with which plain JSON is asked for.
fn plain(headers: &HeaderMap) -> HeaderMap {
    let mut out = headers.clone();
    out.remove(header::HOST);
    out.remove(header::CONTENT_LENGTH);
    out.remove(header::ACCEPT_ENCODING);
    if let Some(accept) = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()) {
        let json = accept.replace("application/vnd.kubernetes.protobuf", "application/json");
        out.insert(header::ACCEPT, json.parse().unwrap());
    }
    out
}
