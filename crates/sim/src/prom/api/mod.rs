//! The HTTP API of the simulated Prometheus. Owns the routes, the envelope and the errors; asks
//! [`RuleBook`] for everything else. Tested in `tests` through real requests on loopback.

mod meta;
pub mod params;
mod query;
mod rules;
mod status;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::promql::QueryError;
use super::rules::RuleBook;

/// Bytes of a request's body at most.
const MAX_BODY: usize = 1 << 20;

/// Serves the API until `stop` is cancelled; evaluates the rules meanwhile.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, book: RuleBook, stop: CancellationToken) -> std::io::Result<()> {
    let ticks = tokio::spawn(tick(book.clone(), stop.clone()));
    let served =
        axum::serve(listener, router(book)).with_graceful_shutdown(stop.clone().cancelled_owned()).await;
    stop.cancel();
    let _ended = ticks.await;
    served
}

/// Evaluates the rules as time passes, whether somebody asks or not.
async fn tick(book: RuleBook, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(std::time::Duration::from_millis(500)) => {}
        }
        let book = book.clone();
        let _evaluated = tokio::task::spawn_blocking(move || book.advance()).await;
    }
}

/// Returns the routes.
pub fn router(book: RuleBook) -> Router {
    let api = Router::new()
        .route("/query", get(query::instant).post(query::instant))
        .route("/query_range", get(query::range).post(query::range))
        .route("/format_query", get(query::format).post(query::format))
        .route("/query_exemplars", get(query::exemplars).post(query::exemplars))
        .route("/series", get(meta::series).post(meta::series))
        .route("/labels", get(meta::labels).post(meta::labels))
        .route("/label/{name}/values", get(meta::values))
        .route("/metadata", get(meta::metadata))
        .route("/rules", get(rules::rules))
        .route("/alerts", get(rules::alerts))
        .route("/targets", get(status::targets))
        .route("/status/buildinfo", get(status::build))
        .route("/status/runtimeinfo", get(status::runtime))
        .route("/status/flags", get(status::flags));
    Router::new()
        .nest("/api/v1", api)
        .route("/-/ready", get(|| async { "Prometheus Server is Ready.\n" }))
        .route("/-/healthy", get(|| async { "Prometheus Server is Healthy.\n" }))
        .fallback(|| async { (StatusCode::NOT_FOUND, "404 page not found\n") })
        .layer(axum::extract::DefaultBodyLimit::max(MAX_BODY))
        .with_state(book)
}

/// An answer in the envelope.
pub enum Answer {
    /// Data, and warnings.
    Data(Value, Vec<&'static str>),
    /// The request is wrong.
    Bad(String),
    /// The query failed.
    Failed(String),
}

impl From<QueryError> for Answer {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Parse(why) => Self::Bad(format!("invalid parameter \"query\": {why}")),
            other => Self::Failed(other.to_string()),
        }
    }
}

impl Answer {
    /// Returns data without warnings.
    pub fn data(data: Value) -> Self {
        Self::Data(data, Vec::new())
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let (status, body) = match self {
            Self::Data(data, warnings) => {
                let mut body = json!({"status": "success", "data": data});
                if !warnings.is_empty()
                    && let Some(map) = body.as_object_mut()
                {
                    map.insert("warnings".into(), json!(warnings));
                }
                (StatusCode::OK, body)
            }
            Self::Bad(error) => {
                (StatusCode::BAD_REQUEST, json!({"status": "error", "errorType": "bad_data", "error": error}))
            }
            Self::Failed(error) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                json!({"status": "error", "errorType": "execution", "error": error}),
            ),
        };
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = status;
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, axum::http::HeaderValue::from_static("application/json"));
        response
    }
}

/// Runs something that computes away from the threads that answer.
pub async fn away(work: impl FnOnce() -> Answer + Send + 'static) -> Answer {
    match tokio::task::spawn_blocking(work).await {
        Ok(answer) => answer,
        Err(_) => Answer::Failed("the evaluation was cut off".into()),
    }
}
