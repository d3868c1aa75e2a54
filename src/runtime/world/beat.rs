//! The API server's pulse as its health.

use std::sync::Arc;

use super::World;
use crate::store::health::{SourceId, SourceKind};

/// Follows the pulse and enters it in the book.
pub async fn follow(world: Arc<World>) {
    let Ok(kube) = &world.kube else { return };
    let id = SourceId { kind: SourceKind::Kubernetes, index: 0 };
    let mut beats = kube.pulse.beats();
    loop {
        let beat = beats.borrow_and_update().clone();
        match &beat.error {
            Some(error) => world.health.bad(id, error, (world.clock)()),
            None => {
                if let Some(at) = beat.last_good {
                    world.health.good(id, beat.latency.unwrap_or_default(), at);
                }
            }
        }
        if beats.changed().await.is_err() {
            return;
        }
    }
}
