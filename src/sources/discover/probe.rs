//! Asking candidates whether they are what they look like: all kinds at the same time, with limits.

use std::future::Future;
use std::pin::Pin;

use futures::StreamExt as _;

use super::Candidate;
use crate::core::{Error, Kind, Result, Span, Untrusted};
use crate::sources::alertmanager::Alertmanager;
use crate::sources::loki::Loki;
use crate::sources::prom::Prom;
use crate::sources::transport::SharedTransport;
use crate::store::health::{SourceKind, Via};

/// The time limit of one probe, with everything that belongs to it.
pub const LIMIT: Span = Span::secs(2);
/// The most candidates of a kind that are asked.
const MOST: usize = 6;
/// How many are asked at the same time.
const AT_ONCE: usize = 4;

/// Makes a transport to a candidate, with its prefix, on one of the ways through the API server.
pub trait Connect: Sync {
    /// Returns the transport. Its time counts towards the probe's limit.
    fn connect(&self, candidate: &Candidate, via: Via) -> Connecting<'_>;
}

/// What [`Connect`] returns.
pub type Connecting<'a> = Pin<Box<dyn Future<Output = Result<SharedTransport>> + Send + 'a>>;

impl<F> Connect for F
where
    F: Fn(Candidate, Via) -> Connecting<'static> + Sync,
{
    fn connect(&self, candidate: &Candidate, via: Via) -> Connecting<'_> {
        self(candidate.clone(), via)
    }
}

/// A source that was found.
#[derive(Clone)]
pub struct Found {
    /// Where it is; its prefix is the one that answered.
    pub candidate: Candidate,
    /// How it is reached.
    pub via: Via,
    /// The transport that reached it.
    pub transport: SharedTransport,
    /// Its version, where it tells one.
    pub version: Untrusted,
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Found")
            .field("candidate", &self.candidate)
            .field("via", &self.via)
            .finish_non_exhaustive()
    }
}

/// One attempt, for the sources view.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// What was asked.
    pub candidate: Candidate,
    /// On which way.
    pub via: Via,
    /// Why it is not the source; `None` where it is one.
    pub error: Option<Error>,
}

/// What probing brought.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The surest source of each kind that answered.
    pub found: Vec<Found>,
    /// Everything that was tried, in the order of trust.
    pub tried: Vec<Tried>,
    /// Candidates beyond the limit, which were not asked.
    pub unasked: usize,
}

impl Outcome {
    /// Returns the surest of the candidates that did not answer, and why; those that are something else
    /// come last.
    ///
    /// Of several ways the last one's error is told; where all are forbidden, the first one's, with the
    /// rights of which any would do.
    pub fn silent(&self) -> Option<(&Candidate, Error)> {
        self.tried
            .chunk_by(|a, b| a.candidate.service == b.candidate.service)
            .filter_map(|tries| {
                let errors: Vec<&Error> = tries.iter().filter_map(|t| t.error.as_ref()).collect();
                let (first, last) = (*errors.first()?, *errors.last()?);
                let denied = errors.iter().all(|e| e.kind == Kind::Denied);
                let error = if denied { either(first, &errors) } else { last.clone() };
                Some((&tries.last()?.candidate, error))
            })
            .min_by_key(|(_, error)| matches!(error.kind, Kind::NotFound | Kind::Decode))
    }
}

/// Returns an error whose hint names what each of several asks for.
fn either(error: &Error, all: &[&Error]) -> Error {
    let hints: Vec<&str> = all.iter().filter_map(|e| e.hint.as_deref()).collect();
    match hints.split_first() {
        Some((first, others)) => {
            let others = others.iter().map(|h| format!(", or {}", h.strip_prefix("ask ").unwrap_or(h)));
            error.clone().hint(format!("{first}{}", others.collect::<String>()))
        }
        None => error.clone(),
    }
}

/// Asks the candidates on the given ways, each in turn, until it answers. Of each kind the surest one
/// that answers is taken.
pub async fn probe(candidates: &[Candidate], ways: &[Via], connect: &dyn Connect) -> Outcome {
    let mut outcome = Outcome::default();
    let mut asked: Vec<&Candidate> = Vec::new();
    for candidate in candidates {
        if asked.iter().filter(|c| c.kind == candidate.kind).count() < MOST {
            asked.push(candidate);
        } else {
            outcome.unasked += 1;
        }
    }
    // The futures are made first: a closure over borrowed candidates would not be general enough to be sent.
    let attempts: Vec<_> = asked.into_iter().map(|candidate| one(candidate, ways, connect)).collect();
    let results: Vec<(Option<Found>, Vec<Tried>)> =
        futures::stream::iter(attempts).buffered(AT_ONCE).collect().await;
    for (found, tried) in results {
        outcome.tried.extend(tried);
        let news =
            found.filter(|f| outcome.found.iter().all(|known| known.candidate.kind != f.candidate.kind));
        outcome.found.extend(news);
    }
    outcome
}

async fn one(candidate: &Candidate, ways: &[Via], connect: &dyn Connect) -> (Option<Found>, Vec<Tried>) {
    let mut tried = Vec::new();
    for via in ways.iter().copied() {
        for candidate in with_prefixes(candidate) {
            let late = |_| {
                let on = format!("{} by {}", candidate.service, via.word());
                Err(Error::new(Kind::Timeout, "probe a service")
                    .on(on)
                    .detail(format!("no answer within {LIMIT}")))
            };
            let answered = tokio::time::timeout(LIMIT.to_std(), ask(&candidate, via, connect));
            match answered.await.unwrap_or_else(late) {
                Ok((transport, version)) => {
                    tried.push(Tried { candidate: candidate.clone(), via, error: None });
                    return (Some(Found { candidate, via, transport, version }), tried);
                }
                Err(error) => {
                    let elsewhere = error.kind == Kind::NotFound;
                    tried.push(Tried { candidate, via, error: Some(error) });
                    // Only "there is no such path" speaks for another prefix.
                    if !elsewhere {
                        break;
                    }
                }
            }
        }
    }
    (None, tried)
}

fn with_prefixes(candidate: &Candidate) -> Vec<Candidate> {
    let other = match candidate.kind {
        SourceKind::Prometheus => "/prometheus",
        SourceKind::Alertmanager => "/alertmanager",
        SourceKind::Loki => "/loki",
        SourceKind::Kubernetes | SourceKind::Charts => "",
    };
    let mut all = vec![candidate.clone()];
    if candidate.prefix.is_empty() && !other.is_empty() {
        all.push(Candidate { prefix: other.to_owned(), ..candidate.clone() });
    }
    all
}

async fn ask(candidate: &Candidate, via: Via, connect: &dyn Connect) -> Result<(SharedTransport, Untrusted)> {
    let transport = connect.connect(candidate, via).await?;
    let version = identify(candidate.kind, &transport, LIMIT).await?;
    Ok((transport, version))
}

/// Asks what answers at the other end of a transport whether it is of a kind; returns its version.
///
/// # Errors
/// Those of the way; `Decode` where it is something else.
pub async fn identify(kind: SourceKind, transport: &SharedTransport, limit: Span) -> Result<Untrusted> {
    let transport = SharedTransport::clone(transport);
    match kind {
        SourceKind::Prometheus => Prom::new(transport, limit).build_info().await.map(|info| info.version),
        SourceKind::Loki => Loki::new(transport, limit).probe().await.map(|()| Untrusted::default()),
        SourceKind::Alertmanager => {
            Alertmanager::new("probe", transport, limit).status().await.map(|status| status.version)
        }
        SourceKind::Kubernetes | SourceKind::Charts => {
            Err(Error::new(Kind::Internal, "probe a source").detail("not a source of this kind"))
        }
    }
}
