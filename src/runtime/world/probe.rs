//! Asks every source now and then whether it is there, so that a silent one is known within ten seconds,
//! whoever asks it for something else meanwhile; and tries one that is down until it is back.
//!
//! Owns the time of these tries; never looks at data. The API server has a pulse of its own. Tested with
//! every fault and a paused clock in `runtime/faults`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::task::JoinSet;

use super::{World, fault};
use crate::core::{Error, Kind, Span};
use crate::sources::discover::probe::identify;
use crate::sources::transport::SharedTransport;
use crate::store::health::{SourceId, State};

/// How long a probe may take.
pub const LIMIT: Span = Span::secs(3);
/// The longest rest between two looks at what is due.
const REST: Duration = Duration::from_secs(5);
/// The shortest one.
const BREATH: Duration = Duration::from_millis(10);

/// Probes for as long as the world is there.
pub async fn follow(world: Arc<World>) {
    let mut wish = world.retry.ear();
    let mut sources = world.sources.clone();
    let mut more = true;
    let mut open: JoinSet<()> = JoinSet::new();
    loop {
        let now = (world.clock)();
        world.health.tick(now);
        let known = sources.borrow_and_update().clone().unwrap_or_default();
        for id in world.health.due(now) {
            if let Some(transport) = known.transport(id) {
                world.health.asked(id, now);
                open.spawn(probe(Arc::clone(&world), id, transport));
            }
        }
        let next = world.health.next(|id| known.transport(id).is_some());
        let rest = next.map_or(REST, |at| (at - now).to_std()).clamp(BREATH, REST);
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            () = wish.wish() => world.health.all_due((world.clock)()),
            changed = sources.changed(), if more => more = changed.is_ok(),
            Some(_) = open.join_next(), if !open.is_empty() => {}
        }
    }
}

async fn probe(world: Arc<World>, id: SourceId, transport: SharedTransport) {
    let began = (world.clock)();
    let address = transport.address();
    let asking = tokio::time::timeout(LIMIT.to_std(), identify(id.kind, &transport, LIMIT));
    let outcome = match AssertUnwindSafe(asking).catch_unwind().await {
        Ok(Ok(told)) => told,
        Ok(Err(_)) => {
            let seconds = LIMIT.as_secs();
            Err(Error::new(Kind::Timeout, "probe")
                .on(address)
                .detail(format!("no answer within {seconds} s")))
        }
        Err(_) => Err(fault("probe a source")),
    };
    let now = (world.clock)();
    let ready = || world.health.get(id).is_some_and(|h| matches!(h.state, State::Ready | State::Degraded));
    match &outcome {
        // Whom it lets ask, but not for its version, is served all the same.
        Err(error) if error.kind == Kind::Denied && ready() => world.health.good(id, now - began, now),
        _ => world.health.report(id, &outcome, now - began, now),
    }
}
