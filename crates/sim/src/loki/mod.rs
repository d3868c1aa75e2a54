//! The simulated Loki: its HTTP API on loopback over the shop's lines, with Promtail's labels.
//!
//! Owns: streams and levels ([`source`], [`level`]), the query language ([`logql`]) and the API.
//! Never keeps a line: they are functions of time. Tested in `tests`.

mod answer;
mod api;
pub mod level;
pub mod logql;
mod run;
pub mod source;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::shop::Feed;

/// Bytes of a request's body at most.
const MAX_BODY: usize = 1 << 20;

/// Serves the API until `stop` is cancelled.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, feed: Feed, stop: CancellationToken) -> std::io::Result<()> {
    axum::serve(listener, router(feed)).with_graceful_shutdown(stop.cancelled_owned()).await
}

/// Returns the routes.
pub fn router(feed: Feed) -> Router {
    let v1 = Router::new()
        .route("/query_range", get(api::range).post(api::range))
        .route("/query", get(api::instant).post(api::instant))
        .route("/labels", get(api::labels).post(api::labels))
        .route("/label/{name}/values", get(api::values))
        .route("/series", get(api::series).post(api::series))
        .route("/index/stats", get(api::stats).post(api::stats))
        .route("/status/buildinfo", get(api::build));
    Router::new()
        .nest("/loki/api/v1", v1)
        .route("/ready", get(|| async { "ready\n" }))
        .fallback(|| async { (StatusCode::NOT_FOUND, "404 page not found\n") })
        .layer(axum::extract::DefaultBodyLimit::max(MAX_BODY))
        .with_state(feed)
}
