//! Switches of the simulated Alertmanager: replies that are lost, and what was asked to be changed. Tested in `tests`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// Writes that are remembered at most.
const MAX_SEEN: usize = 1_000;

/// What becomes of a write whose reply is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// It is done.
    Done,
    /// It is not done.
    NotDone,
}

#[derive(Debug)]
enum Fate {
    Lost(Lost),
    Answered(u16, serde_json::Value),
}

#[derive(Debug, Default)]
struct Inner {
    lost: VecDeque<Fate>,
    seen: VecDeque<String>,
}

/// The switches; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Inner>>);

impl Faults {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers the next write as a gateway does that lost the reply: with 502.
    pub fn lose_reply(&self, lost: Lost) {
        self.lock().lost.push_back(Fate::Lost(lost));
    }

    /// Answers the next write with a status and a document: it is not done.
    pub fn answer_next(&self, status: u16, body: serde_json::Value) {
        self.lock().lost.push_back(Fate::Answered(status, body));
    }

    /// Returns the writes so far: `POST /api/v2/silences`.
    pub fn writes(&self) -> Vec<String> {
        self.lock().seen.iter().cloned().collect()
    }
}

/// Stands before every route.
pub async fn stand_before(State(faults): State<Faults>, request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let lost = {
        let mut inner = faults.lock();
        if inner.seen.len() == MAX_SEEN {
            inner.seen.pop_front();
        }
        inner.seen.push_back(format!("{} {}", request.method(), request.uri().path()));
        inner.lost.pop_front()
    };
    match lost {
        None => next.run(request).await,
        Some(Fate::Lost(Lost::NotDone)) => bad_gateway(),
        Some(Fate::Lost(Lost::Done)) => {
            next.run(request).await;
            bad_gateway()
        }
        Some(Fate::Answered(status, body)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, axum::Json(body)).into_response()
        }
    }
}

fn bad_gateway() -> Response {
    (StatusCode::BAD_GATEWAY, "<html><body>502 Bad Gateway</body></html>").into_response()
}
