//! The API server's pulse as its health.

use std::sync::Arc;

use super::{KUBERNETES, World};
use crate::sources::kube::pulse;

/// Follows the pulse and enters it in the book.
pub async fn follow(world: Arc<World>) {
    let Ok(kube) = &world.kube else { return };
    let mut beats = kube.pulse.beats();
    loop {
        let beat = beats.borrow_and_update().clone();
        let now = (world.clock)();
        match &beat.error {
            Some(error) => world.health.bad(KUBERNETES, error, now),
            None => {
                if let Some(at) = beat.last_good {
                    world.health.good(KUBERNETES, beat.latency.unwrap_or_default(), at);
                }
            }
        }
        // The pulse keeps its own time, outage or not.
        if beat.alive.is_some() {
            world.health.next_try(KUBERNETES, now + pulse::EVERY);
        }
        if beats.changed().await.is_err() {
            return;
        }
    }
}
