//! Sources that are found in the cluster, or named there by the configuration.

use std::sync::Arc;

use super::World;
use super::connect::Found;
use crate::config::Source;
use crate::core::Result;
use crate::sources::transport::SharedTransport;
use crate::store::health::SourceKind;

/// Looks for a kind of source among the cluster's services.
pub async fn in_cluster(_world: &Arc<World>, _kind: SourceKind) -> Vec<Found> {
    Vec::new()
}

/// Makes the way to a service that the configuration names.
pub async fn of_service(_world: &World, source: &Source) -> Result<SharedTransport> {
    Err(crate::core::Error::new(crate::core::Kind::Config, "reach a service").on(source.name.clone()))
}
