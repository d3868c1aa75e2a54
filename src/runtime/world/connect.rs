//! Finding the sources: the configuration's, else the environment's, else those in the cluster.
//!
//! What cannot be reached or looked for is tried again, until it is there; what is not there is looked
//! for again now and then. Once a way to a source is made it stays: whether it answers is the probe's.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::{Named, Sources, World};
use crate::config::{Config, Source};
use crate::core::{Result, Span, Untrusted};
use crate::runtime::log;
use crate::sources::alertmanager::Alertmanager;
use crate::sources::kube::pace::Pace;
use crate::sources::loki::Loki;
use crate::sources::prom::Prom;
use crate::sources::transport::SharedTransport;
use crate::store::health::{SourceId, SourceKind, Via};

const KINDS: [SourceKind; 3] = [SourceKind::Prometheus, SourceKind::Loki, SourceKind::Alertmanager];
/// How often a kind that is not there is looked for again.
const NOT_THERE: Duration = Duration::from_mins(1);

/// What looking for sources starts from.
pub struct Look {
    /// The configuration.
    pub config: Arc<Config>,
    /// Sources of the environment.
    pub environment: Vec<Source>,
}

/// How far looking for a kind has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Come {
    /// Every source of it has its way.
    There,
    /// There is none.
    Nowhere,
    /// Something failed.
    Failed,
}

/// Finds the sources and publishes them; every one is entered in the book of health.
pub async fn connect(world: Arc<World>, look: Look, publish: watch::Sender<Option<Arc<Sources>>>) {
    let mut ear = world.retry.ear();
    let mut pace = Pace::new((world.clock)().0.unsigned_abs());
    let mut sources = Sources::default();
    let mut come = KINDS.map(|kind| (kind, Come::Failed));
    loop {
        let finding = come.iter().filter(|(_, c)| *c != Come::There).map(|(kind, _)| {
            let (world, look) = (&world, &look);
            let known = &sources;
            async move { (*kind, find(world, look, known, *kind).await) }
        });
        let found = futures::future::join_all(finding.collect::<Vec<_>>()).await;
        for (kind, found) in found {
            let now = take(&world, &mut sources, kind, found);
            for entry in come.iter_mut().filter(|(k, _)| *k == kind) {
                entry.1 = now;
            }
        }
        publish.send_replace(Some(Arc::new(sources.clone())));
        let rest = if come.iter().any(|(_, c)| *c == Come::Failed) {
            pace.next(None).max(Duration::from_secs(1))
        } else if come.iter().any(|(_, c)| *c == Come::Nowhere) {
            NOT_THERE
        } else {
            return;
        };
        if ear.rest(rest).await {
            pace.reset();
        }
    }
}

/// A source that was found.
pub struct Found {
    /// Its name.
    pub name: Untrusted,
    /// How it was found.
    pub by: Untrusted,
    /// The way to it.
    pub way: Result<SharedTransport>,
    /// The time limit of one query.
    pub limit: Span,
}

/// Looks for the sources of a kind. Of named ones that have their way already nothing is told: `None`.
async fn find(
    world: &Arc<World>,
    look: &Look,
    known: &Sources,
    kind: SourceKind,
) -> Result<Vec<Option<Found>>> {
    let named = look.config.sources(kind, world.cluster.0.raw(), &look.environment);
    if named.is_empty() {
        return Ok(super::found::in_cluster(world, kind).await?.into_iter().map(Some).collect());
    }
    let mut out = Vec::new();
    for (index, source) in named.iter().enumerate() {
        let there = known.transport(id_of(kind, index)).is_some();
        out.push(if there { None } else { Some(of_source(world, source).await) });
    }
    Ok(out)
}

fn id_of(kind: SourceKind, index: usize) -> SourceId {
    SourceId { kind, index: u8::try_from(index).unwrap_or(u8::MAX) }
}

/// Enters what was found of a kind.
fn take(world: &World, sources: &mut Sources, kind: SourceKind, found: Result<Vec<Option<Found>>>) -> Come {
    let now = (world.clock)();
    let first = id_of(kind, 0);
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            world.health.looking(first, Untrusted::from("looked for in the cluster"), error, now);
            return Come::Failed;
        }
    };
    if found.is_empty() {
        let looked = Untrusted::from("looked in configuration, environment and cluster");
        world.health.missing(first, looked, now);
        return Come::Nowhere;
    }
    let mut come = Come::There;
    for (index, found) in found.into_iter().enumerate() {
        let Some(Found { name, by, way, limit }) = found else { continue };
        let id = id_of(kind, index);
        match way {
            Ok(transport) => {
                world.health.enter(id, transport.address(), by, transport.via(), now);
                sources.cut_off.remove(&id);
                add(sources, id, name, transport, limit);
            }
            Err(error) => {
                sources.cut_off.insert(id, name.clone());
                if world.health.down(id).is_none() {
                    world.health.enter(id, name, by, Via::Direct, now);
                }
                world.health.bad(id, &error, now);
                come = Come::Failed;
            }
        }
    }
    come
}

async fn of_source(world: &World, source: &Source) -> Found {
    Found {
        name: Untrusted::from(source.name.clone()),
        by: source.found.clone(),
        way: super::ways::of_source(world, source).await,
        limit: source.timeout,
    }
}

fn add(sources: &mut Sources, id: SourceId, name: Untrusted, transport: SharedTransport, limit: Span) {
    let transport = log::transport(transport);
    match id.kind {
        SourceKind::Prometheus => {
            sources.proms.push(Named { id, name, source: Arc::new(Prom::new(transport, limit)) });
            sources.proms.sort_by_key(|n| n.id);
        }
        SourceKind::Loki => {
            sources.lokis.push(Named { id, name, source: Arc::new(Loki::new(transport, limit)) });
            sources.lokis.sort_by_key(|n| n.id);
        }
        SourceKind::Alertmanager => {
            let source = Arc::new(Alertmanager::new(name.clone(), transport, limit));
            sources.managers.push(Named { id, name, source });
            sources.managers.sort_by_key(|n| n.id);
        }
        SourceKind::Kubernetes | SourceKind::Charts => {}
    }
}
