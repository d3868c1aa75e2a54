//! The v2 API. Owns the routes' answers and errors; tested in `tests`.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use axum::Json as Body;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};

use super::Alertmanager;
use super::alerts::{Told, firing, time};
use super::matcher::{Matcher, anchored};
use super::silences::Refusal;
use crate::shop::labels::Labels;

/// The one receiver.
pub const RECEIVER: &str = "nobody";
/// The configuration that is shown.
const CONFIG: &str = "global:\n  resolve_timeout: 5m\nroute:\n  receiver: nobody\n  group_by:\n  - alertname\n  - namespace\n  continue: false\n  group_wait: 1s\n  group_interval: 5s\n  repeat_interval: 4h\nreceivers:\n- name: nobody\ntemplates: []\n";
/// The labels by which alerts are grouped.
const GROUP_BY: [&str; 2] = ["alertname", "namespace"];

/// A refused request: its status and its body.
type Refused = (StatusCode, Body<Json>);

struct Query(Vec<(String, String)>);

impl Query {
    fn of(raw: Option<&str>) -> Self {
        let pairs = url::form_urlencoded::parse(raw.unwrap_or_default().as_bytes());
        Self(pairs.map(|(n, v)| (n.into_owned(), v.into_owned())).take(200).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    fn flag(&self, name: &str) -> bool {
        self.get(name).is_none_or(|v| {
            matches!(v.to_lowercase().as_str(), "true" | "1" | "t" | "yes" | "y" | "on" | "ok")
        })
    }

    fn filters(&self) -> Result<Vec<Matcher>, Refused> {
        let texts = self.0.iter().filter(|(n, _)| n == "filter").map(|(_, v)| v);
        texts.map(|v| Matcher::parse(v).map_err(bad)).collect()
    }
}

fn bad(why: impl Into<Json>) -> Refused {
    (StatusCode::BAD_REQUEST, Body(why.into()))
}

fn invalid(code: u32, message: &str) -> Refused {
    (StatusCode::UNPROCESSABLE_ENTITY, Body(json!({"code": code, "message": message})))
}

impl Alertmanager {
    fn now(&self) -> i64 {
        self.book.feed().now() / 1_000_000
    }

    /// Returns the firing alerts that a request asks for.
    fn told(&self, query: &Query) -> Result<Vec<Told>, Refused> {
        let filters = query.filters()?;
        let receiver = query.get("receiver").map(anchored).transpose();
        let receiver = receiver.map_err(|why| bad(format!("failed to parse receiver param: {why}")))?;
        if receiver.is_some_and(|r| !r.is_match(RECEIVER)) {
            return Ok(Vec::new());
        }
        let alerts = self.book.alerts();
        let silences = self.silences.lock().unwrap_or_else(PoisonError::into_inner);
        let mut told = firing(alerts, &silences, self.now());
        drop(silences);
        told.retain(|t| filters.iter().all(|f| f.matches(&t.alert.labels)));
        let (active, silenced) = (query.flag("active"), query.flag("silenced"));
        told.retain(|t| if t.silenced_by.is_empty() { active } else { silenced });
        Ok(told)
    }
}

/// Evaluates the rules away from the threads that answer.
async fn away<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    let cut_off = || (StatusCode::INTERNAL_SERVER_ERROR, Body(json!("the evaluation was cut off")));
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(cut_off()))
}

/// Answers `GET /alerts`.
pub async fn alerts(State(am): State<Alertmanager>, RawQuery(raw): RawQuery) -> Result<Body<Json>, Refused> {
    let told = away(move || am.told(&Query::of(raw.as_deref()))).await?;
    Ok(Body(told.iter().map(Told::json).collect()))
}

/// Answers `GET /alerts/groups`.
pub async fn groups(State(am): State<Alertmanager>, RawQuery(raw): RawQuery) -> Result<Body<Json>, Refused> {
    let told = away(move || am.told(&Query::of(raw.as_deref()))).await?;
    let mut groups: BTreeMap<Labels, Vec<Json>> = BTreeMap::new();
    for one in &told {
        groups.entry(one.alert.labels.keep(|n| GROUP_BY.contains(&n))).or_default().push(one.json());
    }
    let group = |(labels, alerts): (Labels, Vec<Json>)| json!({"alerts": alerts, "labels": labels.json(), "receiver": {"name": RECEIVER}});
    Ok(Body(groups.into_iter().map(group).collect()))
}

/// Answers `GET /silences`.
pub async fn silences(
    State(am): State<Alertmanager>,
    RawQuery(raw): RawQuery,
) -> Result<Body<Json>, Refused> {
    let query = Query::of(raw.as_deref());
    let filters = query.filters()?;
    let now = am.now();
    let silences = am.silences.lock().unwrap_or_else(PoisonError::into_inner);
    let shown = silences.list(&filters, now).into_iter().filter(|s| query.flag(s.state(now)));
    let shown: Json = shown.map(|s| s.json(now)).collect();
    drop(silences);
    Ok(Body(shown))
}

/// Answers `POST /silences`.
pub async fn post_silence(State(am): State<Alertmanager>, body: Bytes) -> Result<Body<Json>, Refused> {
    let posted = serde_json::from_slice(&body).map_err(|why| {
        let message = format!("parsing silence body from \"\" failed, because {why}");
        (StatusCode::BAD_REQUEST, Body(json!({"code": 400, "message": message})))
    })?;
    let now = am.now();
    let id = am.silences.lock().unwrap_or_else(PoisonError::into_inner).post(posted, now);
    id.map(|id| Body(json!({"silenceID": id}))).map_err(|refusal| match refusal {
        Refusal::Invalid(code, message) => invalid(code, &message),
        Refusal::Bad(why) => bad(why),
        Refusal::Unknown => (StatusCode::NOT_FOUND, Body(json!("silence not found"))),
    })
}

fn uuid(id: &str) -> Result<(), Refused> {
    let groups: Vec<usize> = id.split('-').map(str::len).collect();
    let hex = id.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    if hex && groups == [8, 4, 4, 4, 12] {
        return Ok(());
    }
    Err(invalid(601, &format!("silenceID in path must be of type uuid: {id:?}")))
}

/// Answers `GET /silence/{id}`.
pub async fn silence(State(am): State<Alertmanager>, Path(id): Path<String>) -> Result<Response, Refused> {
    uuid(&id)?;
    let now = am.now();
    let silences = am.silences.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(silences
        .get(&id)
        .map_or_else(|| StatusCode::NOT_FOUND.into_response(), |s| Body(s.json(now)).into_response()))
}

/// Answers `DELETE /silence/{id}`.
pub async fn expire_silence(
    State(am): State<Alertmanager>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refused> {
    uuid(&id)?;
    let now = am.now();
    let known = am.silences.lock().unwrap_or_else(PoisonError::into_inner).expire(&id, now);
    Ok(if known { StatusCode::OK } else { StatusCode::NOT_FOUND })
}

/// Answers `GET /status`.
pub async fn status(State(am): State<Alertmanager>) -> Body<Json> {
    Body(json!({
        "cluster": {"peers": [], "status": "disabled"},
        "config": {"original": CONFIG},
        "uptime": time(am.book.feed().start / 1_000_000),
        "versionInfo": {
            "branch": "",
            "buildDate": "",
            "buildUser": "",
            "goVersion": "",
            "revision": "",
            "version": "0.29.0",
        },
    }))
}

/// Answers `GET /receivers`.
pub async fn receivers() -> Body<Json> {
    Body(json!([{"name": RECEIVER}]))
}

/// Answers for paths that there are not.
pub async fn unknown(uri: Uri) -> Refused {
    let message = format!("path /api/v2{} was not found", uri.path());
    (StatusCode::NOT_FOUND, Body(json!({"code": 404, "message": message})))
}

/// Answers for methods that a path does not have; taking alerts from outside is one of them.
pub async fn not_allowed(method: Method) -> Refused {
    let message = format!(
        "method {method} is not allowed, but it may be with the real Alertmanager: the demo stand does not hold it"
    );
    (StatusCode::METHOD_NOT_ALLOWED, Body(json!({"code": 405, "message": message})))
}
