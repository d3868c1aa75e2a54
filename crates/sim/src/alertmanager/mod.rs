//! The simulated Alertmanager: its v2 API on loopback, fed by the rules of the simulated Prometheus.
//!
//! Owns: the list of firing alerts as Alertmanager tells it ([`alerts`]), silences ([`silences`]),
//! matchers ([`matcher`]) and the API. It notifies nobody. Tested in `tests`.

pub mod alerts;
mod api;
pub mod faults;
pub mod matcher;
pub mod silences;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::prom::RuleBook;
use faults::Faults;
use silences::Silences;

/// Bytes of a request's body at most.
const MAX_BODY: usize = 1 << 20;

/// What the handlers share.
#[derive(Clone)]
pub struct Alertmanager {
    book: RuleBook,
    silences: Arc<Mutex<Silences>>,
    faults: Faults,
}

impl Alertmanager {
    /// Returns an Alertmanager without silences.
    pub fn new(book: RuleBook) -> Self {
        let seed = book.feed().shop().seed;
        Self { book, silences: Arc::new(Mutex::new(Silences::new(seed))), faults: Faults::default() }
    }

    /// Returns its switches.
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }
}

/// Serves the API until `stop` is cancelled.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    alertmanager: Alertmanager,
    stop: CancellationToken,
) -> std::io::Result<()> {
    axum::serve(listener, router(alertmanager)).with_graceful_shutdown(stop.cancelled_owned()).await
}

/// Returns the routes.
pub fn router(state: Alertmanager) -> Router {
    let v2 = Router::new()
        .route("/status", get(api::status))
        .route("/receivers", get(api::receivers))
        .route("/alerts", get(api::alerts))
        .route("/alerts/groups", get(api::groups))
        .route("/silences", get(api::silences).post(api::post_silence))
        .route("/silence/{id}", get(api::silence).delete(api::expire_silence))
        .fallback(api::unknown)
        .method_not_allowed_fallback(api::not_allowed);
    Router::new()
        .nest("/api/v2", v2)
        .route("/-/ready", get(|| async { "OK" }))
        .route("/-/healthy", get(|| async { "OK" }))
        .fallback(|| async { (StatusCode::NOT_FOUND, "404 page not found\n") })
        .layer(axum::middleware::from_fn_with_state(state.faults(), faults::stand_before))
        .layer(axum::extract::DefaultBodyLimit::max(MAX_BODY))
        .with_state(state)
}
