//! What lies between `kube::Client` and the wire: credentials, impersonation, connections, one limit.
//!
//! Owns the connection pools and when they are rebuilt. Sends each request once: nothing here retries,
//! follows a redirect or waits for a `Retry-After`. Never looks into a body.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Request, Response, Uri, header};
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::Body;
use rustls::sign::CertifiedKey;

use crate::core::redact::redact;
use crate::core::{Error, Kind, Result};
use crate::sources::auth::{Credentials, Grant};
use crate::sources::kube::config::{Impersonation, Target};
use crate::sources::kube::dial::{self, Connector, Dial};

/// How long an answer's headers may take.
pub const HEADERS: Duration = Duration::from_secs(10);
/// What errors say was tried, until the one who asked puts it better.
pub(super) const ASK: &str = "ask the API server";
const IDLE_CONNECTION: Duration = Duration::from_mins(1);
/// How long a connection that has carried a write is kept for the next one of a series. One that has rested for longer may have
/// died without a word, and then nobody knows what became of the write that was sent on it.
const IDLE_WRITE: Duration = Duration::from_millis(500);

/// Which pool of connections carries a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lane {
    /// Lists, watches, single objects.
    #[default]
    Read,
    /// The probe: its own connection, so that it says something about the server, not about a queue.
    Probe,
    /// Writes: a fresh connection each, so that one that went stale leaves no doubt.
    Write,
    /// Writes that follow one another at once: a connection that has just carried one, or a fresh one.
    Series,
}

/// How a request is to be sent; travels in its extensions.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// The pool.
    pub lane: Lane,
    /// How long the answer's headers may take.
    pub headers: Duration,
    /// Whether it is asked as who logs in, whomever the kubeconfig acts as.
    pub as_oneself: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self { lane: Lane::Read, headers: HEADERS, as_oneself: false }
    }
}

/// Which grant an answer was asked for with; travels in its extensions.
#[derive(Clone, Copy, Debug)]
pub struct Serial(pub u64);

/// A request that got no answer.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Why.
    pub error: Error,
    /// Whether the server may have got the request.
    pub maybe_sent: bool,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Failure {}

type Pool = legacy::Client<Connector, Body>;

/// Connections with one set of certificates.
struct Session {
    identity: Option<Arc<CertifiedKey>>,
    read: Pool,
    probe: Pool,
    write: Pool,
    series: Pool,
}

/// Sends requests to one cluster.
pub struct Stack {
    base: Uri,
    target: Target,
    dial: Arc<dyn Dial>,
    impersonation: Vec<(HeaderName, HeaderValue)>,
    agent: HeaderValue,
    session: Mutex<Option<Arc<Session>>>,
    pub(super) credentials: Arc<Credentials>,
}

impl Stack {
    pub(super) fn new(target: &Target, dial: Arc<dyn Dial>, credentials: Arc<Credentials>) -> Result<Self> {
        Ok(Self {
            base: target.server.clone(),
            target: target.clone(),
            dial,
            impersonation: target.impersonate.as_ref().map_or_else(|| Ok(Vec::new()), impersonation)?,
            agent: HeaderValue::from_static(concat!("deckwatch/", env!("CARGO_PKG_VERSION"))),
            session: Mutex::new(None),
            credentials,
        })
    }

    /// Returns whom the target acts as.
    pub fn acts_as(&self) -> Option<&Impersonation> {
        self.target.impersonate.as_ref()
    }

    /// Drops the connections that no request uses, and reads certificates anew for the next ones.
    pub fn reset(&self) {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Sends one request, once, and logs how that went.
    pub async fn send(self: Arc<Self>, request: Request<Body>) -> Result<Response<Incoming>, Failure> {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let probe = request.extensions().get::<Order>().is_some_and(|o| matches!(o.lane, Lane::Probe));
        let began = tokio::time::Instant::now();
        let outcome = self.exchange(request).await;
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &outcome {
            Ok(r) if probe => tracing::debug!(%method, path, status = r.status().as_u16(), ms, "request"),
            Ok(r) => tracing::info!(%method, path, status = r.status().as_u16(), ms, "request"),
            Err(failure) => {
                let error = redact(&failure.error.line());
                tracing::warn!(%method, path, error, maybe_sent = failure.maybe_sent, ms, "request");
            }
        }
        outcome
    }

    async fn exchange(self: Arc<Self>, mut request: Request<Body>) -> Result<Response<Incoming>, Failure> {
        let unsent = |error| Failure { error, maybe_sent: false };
        let order = request.extensions().get::<Order>().copied().unwrap_or_default();
        let grant = self.credentials.grant().await.map_err(unsent)?;
        let session = self.session(&grant).await.map_err(unsent)?;
        self.dress(&mut request, &grant).map_err(unsent)?;
        let pool = match order.lane {
            Lane::Read => &session.read,
            Lane::Probe => &session.probe,
            Lane::Write => &session.write,
            Lane::Series => &session.series,
        };
        match tokio::time::timeout(order.headers, pool.request(request)).await {
            Ok(Ok(mut response)) => {
                response.extensions_mut().insert(Serial(grant.serial));
                Ok(response)
            }
            Ok(Err(error)) => {
                let failure = self.failure(&error);
                if failure.error.kind == Kind::Tls {
                    self.reset();
                }
                Err(failure)
            }
            Err(_) => {
                let detail = format!("no answer for {} s", order.headers.as_secs());
                Err(Failure { error: self.error(Kind::Timeout).detail(detail), maybe_sent: true })
            }
        }
    }

    fn error(&self, kind: Kind) -> Error {
        Error::new(kind, ASK).on(self.base.to_string().trim_end_matches('/'))
    }

    /// Returns the connections for a grant; new ones when its certificate is another one.
    async fn session(&self, grant: &Grant) -> Result<Arc<Session>> {
        let same = |session: &&Arc<Session>| match (&session.identity, &grant.identity) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            _ => false,
        };
        let kept = self.session.lock().unwrap_or_else(PoisonError::into_inner).as_ref().filter(same).cloned();
        if let Some(session) = kept {
            return Ok(session);
        }
        let tls = dial::tls(&self.target, grant.identity.as_ref()).await?;
        let connector = Connector { dial: Arc::clone(&self.dial), tls };
        let pool = |kept: usize, idle: Duration| {
            legacy::Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(idle)
                .pool_max_idle_per_host(kept)
                .retry_canceled_requests(false)
                .build(connector.clone())
        };
        let made = Session {
            identity: grant.identity.clone(),
            read: pool(8, IDLE_CONNECTION),
            probe: pool(1, IDLE_CONNECTION),
            write: pool(0, IDLE_WRITE),
            series: pool(1, IDLE_WRITE),
        };
        let made = Arc::new(made);
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&made));
        Ok(made)
    }

    /// Gives a request its address and the headers that say who we are.
    fn dress(&self, request: &mut Request<Body>, grant: &Grant) -> Result<()> {
        let asked = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
        let path = format!("{}{asked}", self.base.path().trim_end_matches('/'));
        let mut parts = self.base.clone().into_parts();
        let wrong = || self.error(Kind::Internal).detail("the request's path is not one");
        parts.path_and_query = Some(path.parse().map_err(|_| wrong())?);
        *request.uri_mut() = Uri::from_parts(parts).map_err(|_| wrong())?;
        let as_oneself = request.extensions().get::<Order>().is_some_and(|order| order.as_oneself);
        let headers = request.headers_mut();
        if let Some(header) = &grant.header {
            headers.insert(header::AUTHORIZATION, header.clone());
        }
        for (name, value) in self.impersonation.iter().filter(|_| !as_oneself) {
            headers.append(name.clone(), value.clone());
        }
        headers.entry(header::USER_AGENT).or_insert_with(|| self.agent.clone());
        Ok(())
    }

    fn failure(&self, error: &legacy::Error) -> Failure {
        let mut maybe_sent = !error.is_connect();
        let mut text = String::new();
        let mut source = std::error::Error::source(error);
        while let Some(inner) = source {
            if let Some(own) = inner.downcast_ref::<Error>() {
                return Failure { error: own.clone(), maybe_sent };
            }
            if let Some(io) = inner.downcast_ref::<std::io::Error>()
                && io.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
            {
                let shown = self.base.to_string().into();
                return Failure { error: dial::tls_error(io, &shown), maybe_sent };
            }
            // The connection ended before the request was begun: hyper gives that error to no other.
            maybe_sent &= !inner.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled);
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&inner.to_string());
            source = inner.source();
        }
        if text.is_empty() {
            "the connection was closed".clone_into(&mut text);
        }
        Failure { error: self.error(Kind::Unreachable).detail(text), maybe_sent }
    }
}

fn impersonation(who: &Impersonation) -> Result<Vec<(HeaderName, HeaderValue)>> {
    let wrong =
        || Error::new(Kind::Config, "impersonate").detail("a name holds characters that no header may have");
    let value = |text: &str| HeaderValue::from_str(text).map_err(|_| wrong());
    let mut headers = vec![(HeaderName::from_static("impersonate-user"), value(&who.user)?)];
    if let Some(uid) = &who.uid {
        headers.push((HeaderName::from_static("impersonate-uid"), value(uid)?));
    }
    for group in &who.groups {
        headers.push((HeaderName::from_static("impersonate-group"), value(group)?));
    }
    for (name, extra) in &who.extra {
        let quoted: String = name
            .bytes()
            .map(|b| match b {
                b if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.') => {
                    char::from(b).to_string()
                }
                b => format!("%{b:02X}"),
            })
            .collect();
        let name = HeaderName::try_from(format!("impersonate-extra-{quoted}")).map_err(|_| wrong())?;
        headers.push((name, value(extra)?));
    }
    Ok(headers)
}
