//! `pods/log`: what containers wrote, taken from whoever plays them.
//!
//! Owns: the request's options and their meaning (since, tail, bytes, timestamps, follow). The
//! lines come through [`PodLogs`]. Tested with lines of a fixed list.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use http::Response;
use serde_json::Value;

use super::answer;
use super::faults::Faults;
use super::request::Query;
use crate::cluster::Cluster;
use crate::cluster::clock::SECOND;
use crate::cluster::json::{instant, list, name, parse_time, text, uid};
use crate::cluster::kinds::K;
use crate::cluster::status::ApiError;
use crate::life::Nanos;

/// Where the lines of containers come from.
///
/// Implementations answer from what they hold and never block: they are asked between requests.
pub trait PodLogs: Send + Sync + 'static {
    /// Returns the lines of a container after `since` (exclusive, nanoseconds; `Nanos::MIN` for all),
    /// oldest first, without line ends; of the run before the current one when `previous`.
    fn lines(&self, pod_uid: &str, container: &str, previous: bool, since: Nanos) -> Vec<(Nanos, String)>;
}

/// No lines at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLogs;

impl PodLogs for NoLogs {
    fn lines(&self, _: &str, _: &str, _: bool, _: Nanos) -> Vec<(Nanos, String)> {
        Vec::new()
    }
}

/// How often a followed log is looked at.
const POLL: Duration = Duration::from_millis(100);

struct Ask {
    pod: String,
    container: String,
    previous: bool,
    since: Nanos,
    tail: Option<usize>,
    limit: Option<usize>,
    stamps: bool,
    follow: bool,
}

/// Answers a request for a pod's log.
pub fn serve(
    cluster: &Cluster,
    (logs, faults): (&Arc<dyn PodLogs>, &Faults),
    (ns, pod): (&str, &str),
    query: &Query,
) -> Result<Response<Body>, ApiError> {
    let found = cluster.with(|world, _| world.store.get(K::Pod, ns, pod).cloned());
    let object = found.ok_or_else(|| ApiError::not_found(K::Pod.info(), pod))?;
    let ask = read(&object, query, cluster.now())?;
    let mut lines = logs.lines(&ask.pod, &ask.container, ask.previous, ask.since);
    if let Some(tail) = ask.tail {
        let start = lines.len().saturating_sub(tail);
        lines.drain(..start);
    }
    let last = lines.last().map_or(ask.since, |(at, _)| *at);
    let mut body = render(&lines, ask.stamps);
    if let Some(limit) = ask.limit {
        body.truncate(limit);
    }
    if !ask.follow || ask.previous || ask.limit.is_some() {
        return Ok(answer::bytes(200, "text/plain", body));
    }
    let state = Follow {
        cluster: cluster.clone(),
        logs: Arc::clone(logs),
        faults: faults.clone(),
        ask,
        last,
        first: Some(body),
    };
    let stream = futures::stream::unfold(state, follow);
    Ok(answer::bytes(200, "text/plain", Body::from_stream(stream)))
}

fn render(lines: &[(Nanos, String)], stamps: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, line) in lines {
        if stamps {
            out.extend_from_slice(
                instant(*at).to_rfc3339_opts(chrono::SecondsFormat::Nanos, true).as_bytes(),
            );
            out.push(b' ');
        }
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    }
    out
}

fn read(pod: &Value, query: &Query, now: Nanos) -> Result<Ask, ApiError> {
    let called = name(pod);
    let names: Vec<&str> = list(pod, &["spec", "containers"]).iter().map(|c| text(c, &["name"])).collect();
    let asked = query.get("container");
    let container = match (asked, names.as_slice()) {
        ("", [one]) => *one,
        ("", many) => {
            let choose = many.join(" ");
            let message =
                format!("a container name must be specified for pod {called}, choose one of: [{choose}]");
            return Err(ApiError::bad_request(message));
        }
        (asked, names) => names.iter().copied().find(|n| *n == asked).ok_or_else(|| {
            ApiError::bad_request(format!("container {asked} is not valid for pod {called}"))
        })?,
    };
    let status = list(pod, &["status", "containerStatuses"]).iter().find(|c| text(c, &["name"]) == container);
    let empty = Value::Null;
    let status = status.unwrap_or(&empty);
    let previous = query.flag("previous");
    let waiting = text(status, &["state", "waiting", "reason"]);
    let ran = !text(status, &["containerID"]).is_empty();
    if previous && text(status, &["lastState", "terminated", "finishedAt"]).is_empty() {
        let message = format!("previous terminated container \"{container}\" in pod \"{called}\" not found");
        return Err(ApiError::bad_request(message));
    }
    if !ran {
        let why = match waiting {
            "" | "ContainerCreating" => "is waiting to start: ContainerCreating".to_owned(),
            "ErrImagePull" => "is waiting to start: image can't be pulled".to_owned(),
            "ImagePullBackOff" => "is waiting to start: trying and failing to pull image".to_owned(),
            other => format!("is waiting to start: {other}"),
        };
        return Err(ApiError::bad_request(format!("container \"{container}\" in pod \"{called}\" {why}")));
    }
    let number = |key: &str| query.number(key);
    let mut since = Nanos::MIN;
    if let Some(seconds) = number("sinceSeconds")? {
        since = now.saturating_sub(seconds.saturating_mul(SECOND)).saturating_sub(1);
    }
    if let Some(at) = parse_time(query.get("sinceTime")) {
        since = at.saturating_sub(1);
    }
    Ok(Ask {
        pod: uid(pod).to_owned(),
        container: container.to_owned(),
        previous,
        since,
        tail: number("tailLines")?.and_then(|n| usize::try_from(n).ok()),
        limit: number("limitBytes")?.and_then(|n| usize::try_from(n).ok()),
        stamps: query.flag("timestamps"),
        follow: query.flag("follow"),
    })
}

struct Follow {
    cluster: Cluster,
    logs: Arc<dyn PodLogs>,
    faults: Faults,
    ask: Ask,
    last: Nanos,
    first: Option<Vec<u8>>,
}

async fn follow(mut state: Follow) -> Option<(Result<Bytes, std::convert::Infallible>, Follow)> {
    if let Some(first) = state.first.take()
        && !first.is_empty()
    {
        return Some((Ok(first.into()), state));
    }
    loop {
        state.faults.thawed().await;
        let lines = state.logs.lines(&state.ask.pod, &state.ask.container, false, state.last);
        if let Some((at, _)) = lines.last() {
            state.last = *at;
            return Some((Ok(render(&lines, state.ask.stamps).into()), state));
        }
        let uid_of = &state.ask.pod;
        let there = state.cluster.with(|w, _| w.store.all(K::Pod).any(|p| uid(p) == uid_of));
        if !there || state.faults.closed() {
            return None;
        }
        tokio::time::sleep(POLL).await;
    }
}
