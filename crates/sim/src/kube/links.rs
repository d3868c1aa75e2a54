//! What the API server knows of the stand's other half, and may learn after it has started.
//!
//! Owns: where Services lead and where lines come from. The observability side needs the pods'
//! lives to exist, so it is linked to a server that runs already. Tested through proxies and logs.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};

use super::logs::PodLogs;
use super::proxy::Routes;

struct Ends {
    routes: Arc<Routes>,
    logs: Arc<dyn PodLogs>,
}

/// Shared links, read with each request.
#[derive(Clone)]
pub struct Links(Arc<RwLock<Ends>>);

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Links").field("routes", &self.routes()).finish_non_exhaustive()
    }
}

impl Links {
    /// Returns links to what is known at the start.
    pub fn new(routes: Routes, logs: Arc<dyn PodLogs>) -> Self {
        Self(Arc::new(RwLock::new(Ends { routes: Arc::new(routes), logs })))
    }

    /// Leads a Service's port to an address from now on.
    pub fn lead(&self, namespace: &str, service: &str, port: u16, to: SocketAddr) {
        let mut ends = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut ends.routes).add(namespace, service, port, to);
    }

    /// Takes lines from `logs` from now on.
    pub fn take_logs(&self, logs: Arc<dyn PodLogs>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).logs = logs;
    }

    pub(super) fn routes(&self) -> Arc<Routes> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).routes)
    }

    pub(super) fn logs(&self) -> Arc<dyn PodLogs> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).logs)
    }
}
