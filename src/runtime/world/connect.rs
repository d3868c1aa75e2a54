//! Finding the sources: the configuration's, else the environment's, else those in the cluster.

use std::sync::Arc;

use tokio::sync::watch;

use super::{LIMIT, Named, Sources, World};
use crate::config::{Config, Source};
use crate::core::{Error, Result, Untrusted};
use crate::sources::alertmanager::Alertmanager;
use crate::sources::http::Direct;
use crate::sources::loki::Loki;
use crate::sources::prom::Prom;
use crate::sources::transport::SharedTransport;
use crate::store::health::{SourceId, SourceKind, Via};

const KINDS: [SourceKind; 3] = [SourceKind::Prometheus, SourceKind::Loki, SourceKind::Alertmanager];

/// What looking for sources starts from.
pub struct Look {
    /// The configuration.
    pub config: Arc<Config>,
    /// Sources of the environment.
    pub environment: Vec<Source>,
}

/// Finds the sources and publishes them; every one is entered in the book of health.
pub async fn connect(world: Arc<World>, look: Look, publish: watch::Sender<Option<Arc<Sources>>>) {
    let context = world.cluster.0.raw().to_owned();
    let mut sources = Sources::default();
    for kind in KINDS {
        let named = look.config.sources(kind, &context, &look.environment);
        let found = if named.is_empty() {
            super::found::in_cluster(&world, kind).await
        } else {
            of_sources(&world, &named).await
        };
        if found.is_empty() {
            let id = SourceId { kind, index: 0 };
            let where_looked = Untrusted::from("looked in configuration, environment and cluster");
            world.health.missing(id, where_looked, (world.clock)());
        }
        for (index, (name, found_by, transport)) in found.into_iter().enumerate() {
            let id = SourceId { kind, index: u8::try_from(index).unwrap_or(u8::MAX) };
            match transport {
                Ok(transport) => {
                    world.health.enter(id, transport.address(), found_by, transport.via(), (world.clock)());
                    add(&mut sources, id, name, transport);
                }
                Err(error) => {
                    world.health.enter(id, name, found_by, Via::Direct, (world.clock)());
                    world.health.bad(id, &error, (world.clock)());
                }
            }
        }
    }
    let sources = Arc::new(sources);
    publish.send_replace(Some(Arc::clone(&sources)));
    probe(&world, &sources).await;
}

/// A source that was found: its name, how, and the way to it.
pub type Found = (Untrusted, Untrusted, Result<SharedTransport>);

async fn of_sources(world: &World, all: &[Source]) -> Vec<Found> {
    let mut out = Vec::new();
    for source in all {
        let transport: Result<SharedTransport> = match (&source.url, &source.service) {
            (Some(_), _) => Direct::new(source).map(|d| Arc::new(d) as SharedTransport),
            (None, Some(_)) => super::found::of_service(world, source).await,
            (None, None) => Err(Error::new(crate::core::Kind::Config, "reach a source")
                .on(source.name.clone())
                .detail("it has neither `url` nor `service`")),
        };
        out.push((Untrusted::from(source.name.clone()), source.found.clone(), transport));
    }
    out
}

fn add(sources: &mut Sources, id: SourceId, name: Untrusted, transport: SharedTransport) {
    match id.kind {
        SourceKind::Prometheus => sources.proms.push(Named { id, source: Prom::new(transport, LIMIT) }),
        SourceKind::Loki => sources.lokis.push(Named { id, source: Loki::new(transport, LIMIT) }),
        SourceKind::Alertmanager => {
            sources.managers.push(Named { id, source: Alertmanager::new(name, transport, LIMIT) });
        }
        SourceKind::Kubernetes => {}
    }
}

/// How often a source that nothing else asks is asked whether it is there.
const EVERY: std::time::Duration = std::time::Duration::from_secs(5);

/// Asks Loki and Prometheus now and then, so that a silent one is known within seconds; Alertmanagers
/// are asked by the poll of alerts.
async fn probe(world: &Arc<World>, sources: &Arc<Sources>) {
    loop {
        let lokis = sources.lokis.iter().map(|named| async {
            let began = (world.clock)();
            let outcome = named.source.probe().await;
            let now = (world.clock)();
            world.health.report(named.id, &outcome, now - began, now);
        });
        futures::future::join_all(lokis).await;
        world.retry.wait(EVERY).await;
    }
}
