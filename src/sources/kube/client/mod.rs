//! The client for one cluster: reads with limits and caps, and errors that say what to do.
//!
//! Read-only by construction: it sends GET, access reviews, requests that are forced to be dry runs,
//! and queries through the service proxy. [`Client::raw_service`] is the one way to send anything
//! else; it is for `act`, which demands its own token for it. After a 401 the credentials are renewed
//! once; nothing else is retried here. Tested against scripted servers.

mod exchange;
mod raw;
mod stack;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use deckwatch_wire::Encoding;
use http::{HeaderName, HeaderValue, Method, Request, Response, header};
use kube::client::Body;
use tokio::time::Instant;

use super::answer::{self, Asked, Fail};
use super::body;
use super::config::{Impersonation, Target};
use super::dial::{Dial, Net};
use crate::core::{ClusterId, Error, Kind, Result, Span, Untrusted};
use crate::sources::auth::{Credentials, WallClock};
use exchange::{Ask, value};
pub use exchange::{Get, Reply, Stream};
pub(crate) use raw::RawService;
pub(crate) use stack::Failure;
pub use stack::{HEADERS, Lane};
use stack::{Order, Serial, Stack};

/// JSON, as `Accept` asks for it.
pub const JSON: &str = "application/json";
/// The time limit of a request whose caller has no wish.
pub const TOTAL: Span = Span::secs(30);
/// The cap of a body whose caller has no wish: one object is at most 1.5 MiB in etcd, more as JSON.
pub const OBJECT: usize = 16 << 20;

/// The questions about our own rights that the API server answers by POST without changing anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Review {
    /// May I do this?
    Access,
    /// What may I do in this namespace?
    Rules,
    /// Who am I?
    Subject(Since),
    /// Who am I, whomever I act as? The one request that goes without the headers of impersonation.
    Login(Since),
}

/// The versions of the API that answers who one is, by the release that has had it first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// `v1`, since 1.28.
    V1_28,
    /// `v1beta1`, since 1.27.
    V1_27,
    /// `v1alpha1`, since 1.26 where it is switched on.
    V1_26,
}

impl Since {
    /// Newest first.
    pub const ALL: [Self; 3] = [Self::V1_28, Self::V1_27, Self::V1_26];

    /// Returns the `apiVersion` of the question.
    pub const fn api_version(self) -> &'static str {
        match self {
            Self::V1_28 => "authentication.k8s.io/v1",
            Self::V1_27 => "authentication.k8s.io/v1beta1",
            Self::V1_26 => "authentication.k8s.io/v1alpha1",
        }
    }
}

impl Review {
    const fn path(self) -> &'static str {
        match self {
            Self::Access => "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            Self::Rules => "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
            Self::Subject(since) | Self::Login(since) => match since {
                Since::V1_28 => "/apis/authentication.k8s.io/v1/selfsubjectreviews",
                Since::V1_27 => "/apis/authentication.k8s.io/v1beta1/selfsubjectreviews",
                Since::V1_26 => "/apis/authentication.k8s.io/v1alpha1/selfsubjectreviews",
            },
        }
    }
}

/// Talks to one cluster.
#[derive(Clone)]
pub struct Client {
    stack: Arc<Stack>,
    kube: kube::Client,
    cluster: ClusterId,
    server: Untrusted,
    compress: bool,
    /// Whether the server, or a proxy before it, has refused protobuf.
    json_only: Arc<AtomicBool>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("cluster", &self.cluster)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Makes a client; nothing is connected or run yet. Must be called within a tokio runtime.
    pub fn new(target: &Target, clock: WallClock) -> Result<Self> {
        Self::with_dial(target, clock, Arc::new(Net::new(target)))
    }

    /// Makes a client whose connections come from `dial`.
    pub fn with_dial(target: &Target, clock: WallClock, dial: Arc<dyn Dial>) -> Result<Self> {
        let credentials = Credentials::new(target.login.clone(), target.certificate.clone(), clock);
        let stack = Arc::new(Stack::new(target, dial, Arc::new(credentials))?);
        let service = {
            let stack = Arc::clone(&stack);
            tower::service_fn(move |request: Request<Body>| Arc::clone(&stack).send(request))
        };
        Ok(Self {
            kube: kube::Client::new(service, target.namespace.clone()),
            stack,
            cluster: target.cluster.clone(),
            server: target.server.to_string().trim_end_matches('/').to_owned().into(),
            compress: target.compress,
            json_only: Arc::default(),
        })
    }

    /// Returns the cluster.
    pub fn cluster(&self) -> &ClusterId {
        &self.cluster
    }

    /// Returns the API server's address.
    pub fn server(&self) -> &Untrusted {
        &self.server
    }

    /// Returns the credentials: to show a plugin that is waited for, to cancel it, to retry now.
    pub fn credentials(&self) -> &Arc<Credentials> {
        &self.stack.credentials
    }

    /// Returns whom we act as, where that is another than the one who logs in.
    pub fn acts_as(&self) -> Option<&Impersonation> {
        self.stack.acts_as()
    }

    /// Returns the encoding to ask for: protobuf, until it was refused once.
    pub fn encoding(&self) -> Encoding {
        if self.json_only.load(Ordering::Relaxed) { Encoding::Json } else { Encoding::Protobuf }
    }

    /// Remembers that protobuf does not get through.
    pub fn ask_for_json(&self) {
        self.json_only.store(true, Ordering::Relaxed);
    }

    /// Gives up idle connections and reads certificates anew: after a suspend, or on wish.
    pub fn reset(&self) {
        self.stack.reset();
    }

    /// Sends a GET and reads the answer; any status but 2xx is an error.
    pub async fn get(&self, get: Get<'_>) -> Result<Reply, Fail> {
        let asked = Asked::of(&Method::GET, get.path);
        let mut headers = vec![(header::ACCEPT, value(get.accept))];
        if get.compress && self.compress {
            headers.push((header::ACCEPT_ENCODING, HeaderValue::from_static("gzip")));
        }
        let headers_within = HEADERS.min(get.limit.to_std());
        let order = Order { lane: get.lane, headers: headers_within, ..Order::default() };
        let ask = Ask { method: Method::GET, path: get.path, headers, body: Bytes::new(), order };
        self.whole(&asked, &ask, get.limit, get.cap).await
    }

    /// Sends a GET of JSON and reads it.
    pub async fn get_json<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, Fail> {
        let reply = self.get(Get::json(path)).await?;
        Ok(answer::json(&Asked::of(&Method::GET, path), &reply.body)?)
    }

    /// Opens a GET whose answer has no end of its own: a watch, a log that is followed.
    ///
    /// It is asked for uncompressed: newer servers compress each event by itself.
    pub async fn stream(&self, path: &str, accept: &str) -> Result<Stream, Fail> {
        let asked = Asked::of(&Method::GET, path);
        let headers = vec![
            (header::ACCEPT, value(accept)),
            (header::ACCEPT_ENCODING, HeaderValue::from_static("identity")),
        ];
        let ask = Ask { method: Method::GET, path, headers, body: Bytes::new(), order: Order::default() };
        let response = self.exchange(&asked, &ask).await?;
        if !response.status().is_success() {
            return Err(self.refusal(&asked, response).await);
        }
        let content_type = response.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
        Ok(Stream { content_type, asked, body: response.into_body() })
    }

    /// Asks about our own rights.
    pub async fn review(&self, review: Review, body: &serde_json::Value) -> Result<serde_json::Value, Fail> {
        let order = Order { as_oneself: matches!(review, Review::Login(_)), ..Order::default() };
        self.post_json(Method::POST, review.path(), JSON, body.to_string().into(), order).await
    }

    /// Sends a write that the server must not carry out: `dryRun=All` is added here.
    ///
    /// Only plain objects, their `scale` and `status`, and evictions that say it in their body too can be asked
    /// about: servers do not honour the flag on other subresources (`exec`, `proxy`, `token`). A DELETE is sent without a body, because a
    /// body would override the flag. Everything else is `Refused`.
    pub async fn dry_run(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        content_type: &str,
        body: Bytes,
    ) -> Result<serde_json::Value, Fail> {
        let asked = Asked::of(&method, path);
        let subresource = asked.resource.split_once('/').map(|(_, s)| s);
        let plain = !path.contains(['?', '#']) && !asked.resource.is_empty();
        let writes = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(&method);
        let honoured = match subresource {
            None | Some("scale" | "status") => true,
            Some("eviction") => evicts_nothing(&body),
            Some(_) => false,
        };
        if !plain || !writes || !honoured {
            return Err(asked.error(Kind::Refused).detail("this request has no dry run").into());
        }
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("dryRun", "All")
            .extend_pairs(query.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("dryRun")))
            .finish();
        let body = if method == Method::DELETE { Bytes::new() } else { body };
        self.post_json(method, &format!("{path}?{query}"), content_type, body, Order::default()).await
    }

    async fn post_json(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: Bytes,
        order: Order,
    ) -> Result<serde_json::Value, Fail> {
        let asked = Asked::of(&method, path);
        let mut headers = vec![(header::ACCEPT, HeaderValue::from_static(JSON))];
        if !body.is_empty() {
            headers.push((header::CONTENT_TYPE, value(content_type)));
        }
        let ask = Ask { method, path, headers, body, order };
        let reply = self.whole(&asked, &ask, TOTAL, OBJECT).await?;
        Ok(answer::json(&asked, &reply.body)?)
    }

    /// Sends a GET, or a POST of a query form, through the service proxy; any status is an answer.
    pub(super) async fn proxied(
        &self,
        path: &str,
        mut headers: Vec<(HeaderName, HeaderValue)>,
        form: Option<String>,
        limit: Span,
        cap: usize,
    ) -> Result<Reply> {
        let method = if form.is_some() { Method::POST } else { Method::GET };
        let asked = Asked::of(&method, path);
        if !asked.resource.ends_with("/proxy") {
            return Err(asked.error(Kind::Refused).detail("this is no path of the service proxy"));
        }
        headers.push((header::ACCEPT_ENCODING, HeaderValue::from_static("gzip")));
        if form.is_some() {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            headers.push((header::CONTENT_TYPE, form));
        }
        let order = Order { headers: limit.to_std(), ..Order::default() };
        let ask = Ask { method, path, headers, body: form.unwrap_or_default().into(), order };
        let mut renewed = false;
        loop {
            self.stack.credentials.grant().await?;
            let began = Instant::now();
            let (reply, serial) = within(&asked, limit, async {
                let response = self.once(&asked, &ask).await?;
                let serial = response.extensions().get::<Serial>().copied();
                Ok::<_, Error>((read(&asked, response, cap, began).await?, serial))
            })
            .await?;
            // A 401 of the service behind the proxy is its own affair; one of the API server is ours.
            let ours = reply.status == 401
                && answer::server_status(reply.content_type(), &reply.body)
                    .is_some_and(|s| s.reason == "Unauthorized");
            let Some(Serial(serial)) = serial.filter(|_| ours && !renewed) else { return Ok(reply) };
            if !self.stack.credentials.refuse(serial).await {
                return Ok(reply);
            }
            renewed = true;
        }
    }

    /// Returns kube's client over the same stack, for its WebSockets.
    pub(super) fn kube(&self) -> kube::Client {
        self.kube.clone()
    }

    /// Returns the service that sends any request: for `act`, and for nothing else.
    pub(crate) fn raw_service(&self) -> RawService {
        RawService(self.clone())
    }

    async fn whole(&self, asked: &Asked, ask: &Ask<'_>, limit: Span, cap: usize) -> Result<Reply, Fail> {
        // The plugin has its own limit; the request's begins when there are credentials.
        self.stack.credentials.grant().await?;
        let began = Instant::now();
        within(asked, limit, async {
            let response = self.exchange(asked, ask).await?;
            if !response.status().is_success() {
                return Err(self.refusal(asked, response).await);
            }
            Ok(read(asked, response, cap, began).await?)
        })
        .await
    }

    /// Sends a request; after a 401, once more with renewed credentials where they can be renewed.
    async fn exchange(&self, asked: &Asked, ask: &Ask<'_>) -> Result<Response<Body>, Fail> {
        let response = self.once(asked, ask).await?;
        let refused = response.extensions().get::<Serial>().copied().filter(|_| response.status() == 401);
        let Some(Serial(serial)) = refused else { return Ok(response) };
        if !self.stack.credentials.refuse(serial).await {
            return Ok(response);
        }
        Ok(self.once(asked, ask).await?)
    }

    async fn once(&self, asked: &Asked, ask: &Ask<'_>) -> Result<Response<Body>> {
        self.kube.send(ask.request(asked)?).await.map_err(|e| no_answer(asked, e).error)
    }

    async fn refusal(&self, asked: &Asked, response: Response<Body>) -> Fail {
        let (parts, stream) = response.into_parts();
        let said = body::collect(asked, &parts.headers, stream, 1 << 20).await.unwrap_or_default();
        answer::refusal(asked, parts.status.as_u16(), &parts.headers, &said)
    }
}

async fn read(asked: &Asked, response: Response<Body>, cap: usize, began: Instant) -> Result<Reply> {
    let (parts, stream) = response.into_parts();
    let body = body::collect(asked, &parts.headers, stream, cap).await?;
    let took = span_since(began);
    Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body, took })
}

fn span_since(began: Instant) -> Span {
    Span(i64::try_from(began.elapsed().as_nanos()).unwrap_or(i64::MAX))
}

async fn within<T, E: From<Error>>(
    asked: &Asked,
    limit: Span,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match tokio::time::timeout(limit.to_std(), work).await {
        Ok(done) => done,
        Err(_) => Err(asked.error(Kind::Timeout).detail(format!("not answered within {limit}")).into()),
    }
}

pub(super) fn no_answer(asked: &Asked, error: kube::Error) -> Failure {
    let (error, inner) = match error {
        kube::Error::Service(inner) => match inner.downcast::<Failure>() {
            Ok(mut failure) => {
                if &*failure.error.what == stack::ASK {
                    failure.error.what = asked.what().into();
                }
                return *failure;
            }
            Err(other) => (asked.error(Kind::Internal), other.to_string()),
        },
        other => (asked.error(Kind::Unreachable), other.to_string()),
    };
    Failure { error: error.detail(inner), maybe_sent: true }
}

/// Returns whether an eviction asks for a dry run itself.
fn evicts_nothing(body: &[u8]) -> bool {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    body.pointer("/deleteOptions/dryRun") == Some(&serde_json::json!(["All"]))
}

#[cfg(test)]
mod tests;
