//! Pods of a real cluster as lives: list, then watch. Owns the reading of a pod's status; what a
//! status no longer tells (earlier ends of a container) is remembered. Tested below.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use deckwatch_sim::life::{Exit, Lives, Nanos, PodLife};
use reqwest::Method;
use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::access::Api;
use crate::{Failure, now, report};

/// Pods at most.
const MAX_PODS: usize = 5_000;
/// Bytes of one event at most.
const MAX_EVENT: usize = 4 << 20;
/// How long lives of gone pods are told.
const KEPT: Nanos = 6 * 3_600 * 1_000_000_000;

/// Follows the pods of a namespace until `stop` is cancelled.
pub async fn follow(api: Api, namespace: String, lives: watch::Sender<Arc<Lives>>, stop: CancellationToken) {
    let mut known = Known::default();
    let mut wait = Duration::from_millis(200);
    while !stop.is_cancelled() {
        let outcome = tokio::select! {
            () = stop.cancelled() => return,
            outcome = once(&api, &namespace, &mut known, &lives) => outcome,
        };
        match outcome {
            Ok(()) => wait = Duration::from_millis(200),
            Err(failure) => {
                report(&format!("watching pods of {namespace}: {failure}; again in {wait:?}"));
                wait = (wait * 2).min(Duration::from_secs(10));
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Lists, then watches until the watch ends.
async fn once(
    api: &Api,
    namespace: &str,
    known: &mut Known,
    lives: &watch::Sender<Arc<Lives>>,
) -> Result<(), Failure> {
    let path = format!("/api/v1/namespaces/{namespace}/pods");
    let mut token = String::new();
    let mut seen = Vec::new();
    let mut version = String::new();
    loop {
        let page = api.get(&format!("{path}?limit=500&continue={token}")).await?;
        for pod in page["items"].as_array().into_iter().flatten() {
            seen.push(text(&pod["metadata"]["uid"]).to_owned());
            known.take(pod);
        }
        version.clear();
        version.push_str(text(&page["metadata"]["resourceVersion"]));
        text(&page["metadata"]["continue"]).clone_into(&mut token);
        if token.is_empty() || seen.len() > MAX_PODS {
            break;
        }
    }
    known.end_others(&seen);
    lives.send_replace(Arc::new(known.lives()));
    let watch =
        format!("{path}?watch=1&allowWatchBookmarks=true&timeoutSeconds=240&resourceVersion={version}");
    let mut response = api.request(Method::GET, &watch).send().await?;
    if !response.status().is_success() {
        return Err(format!("GET {watch}: {}", response.status()).into());
    }
    let mut buffer: Vec<u8> = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        buffer.extend_from_slice(&chunk);
        while let Some(end) = buffer.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            let event: Value = serde_json::from_slice(&line)?;
            match text(&event["type"]) {
                "ADDED" | "MODIFIED" => known.take(&event["object"]),
                "DELETED" => known.end(text(&event["object"]["metadata"]["uid"])),
                "ERROR" => return Err(format!("watch: {}", text(&event["object"]["message"])).into()),
                _ => continue,
            }
            lives.send_replace(Arc::new(known.lives()));
        }
        if buffer.len() > MAX_EVENT {
            return Err("an event longer than 4 MiB".into());
        }
    }
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn time(value: &Value) -> Option<Nanos> {
    DateTime::parse_from_rfc3339(value.as_str()?).ok()?.timestamp_nanos_opt()
}

/// The pods known so far.
#[derive(Default)]
struct Known(BTreeMap<String, PodLife>);

impl Known {
    fn take(&mut self, pod: &Value) {
        let uid = text(&pod["metadata"]["uid"]);
        if uid.is_empty() || (self.0.len() >= MAX_PODS && !self.0.contains_key(uid)) {
            return;
        }
        let life = read(pod, self.0.get(uid));
        self.0.insert(uid.to_owned(), life);
    }

    fn end(&mut self, uid: &str) {
        if let Some(life) = self.0.get_mut(uid).filter(|l| l.ended.is_none()) {
            life.ended = Some(now());
        }
    }

    fn end_others(&mut self, seen: &[String]) {
        let gone: Vec<String> = self.0.keys().filter(|uid| !seen.contains(uid)).cloned().collect();
        for uid in gone {
            self.end(&uid);
        }
    }

    fn lives(&mut self) -> Lives {
        let oldest = now() - KEPT;
        self.0.retain(|_, l| l.ended.is_none_or(|end| end > oldest));
        Lives { pods: self.0.values().cloned().collect(), deployments: Vec::new() }
    }
}

/// Reads a pod, with what was known of it before.
fn read(pod: &Value, before: Option<&PodLife>) -> PodLife {
    let (meta, spec) = (&pod["metadata"], &pod["spec"]);
    let container = &spec["containers"][0];
    let service = text(&container["name"]);
    let image = text(&container["image"]);
    let version = image.rsplit('/').next().and_then(|i| i.split_once(':')).map_or("", |(_, tag)| tag);
    let statuses = pod["status"]["containerStatuses"].as_array();
    let status =
        statuses.and_then(|s| s.iter().find(|s| text(&s["name"]) == service)).unwrap_or(&Value::Null);
    let mut life = PodLife {
        namespace: text(&meta["namespace"]).to_owned(),
        name: text(&meta["name"]).to_owned(),
        uid: text(&meta["uid"]).to_owned(),
        service: service.to_owned(),
        version: version.to_owned(),
        node: text(&spec["nodeName"]).to_owned(),
        started: before.and_then(|b| b.started),
        ended: None,
        exits: before.map(|b| b.exits.clone()).unwrap_or_default(),
        waiting: status["state"]["waiting"]["reason"].as_str().map(str::to_owned),
    };
    let running = time(&status["state"]["running"]["startedAt"]);
    for end in [&status["lastState"]["terminated"], &status["state"]["terminated"]] {
        let Some(at) = time(&end["finishedAt"]) else { continue };
        life.started = life.started.or_else(|| time(&end["startedAt"]));
        if life.exits.last().is_none_or(|e| e.at < at) {
            // A run that began after an end we did not see was begun by it.
            let began = time(&end["startedAt"]);
            if let Some(last) = life.exits.last_mut().filter(|e| e.restarted.is_none()) {
                last.restarted = began;
            }
            let code = end["exitCode"].as_i64().and_then(|c| i32::try_from(c).ok()).unwrap_or(0);
            life.exits.push(Exit { at, reason: text(&end["reason"]).to_owned(), code, restarted: None });
        }
    }
    life.started = life.started.or(running);
    if let Some(last) = life.exits.last_mut().filter(|e| e.restarted.is_none()) {
        last.restarted = running.filter(|r| *r >= last.at);
    }
    life
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use serde_json::json;

    use super::*;

    fn pod(status: &Value) -> Value {
        json!({
            "metadata": {"namespace": "momo-store", "name": "backend-1-x", "uid": "u"},
            "spec": {
                "nodeName": "node-1",
                "containers": [{"name": "backend", "image": "registry.momo.example:5000/shop/backend:0.0.1043"}],
            },
            "status": {"containerStatuses": [status]},
        })
    }

    #[test]
    fn a_life_is_read_from_the_status_and_what_it_no_longer_tells_is_remembered() {
        let at = |s: &str| time(&json!(s)).unwrap();
        let waiting = json!({"name": "backend", "state": {"waiting": {"reason": "ContainerCreating"}}});
        let first = read(&pod(&waiting), None);
        assert_eq!((first.started, first.waiting.as_deref()), (None, Some("ContainerCreating")));
        assert_eq!((first.service.as_str(), first.version.as_str()), ("backend", "0.0.1043"));
        let running = |since: &str| json!({"running": {"startedAt": since}});
        let life =
            read(&pod(&json!({"name": "backend", "state": running("2026-11-21T09:00:00Z")})), Some(&first));
        assert_eq!(life.started, Some(at("2026-11-21T09:00:00Z")));
        let end = |from: &str, to: &str| json!({"terminated": {"startedAt": from, "finishedAt": to, "reason": "OOMKilled", "exitCode": 137}});
        let killed = end("2026-11-21T09:00:00Z", "2026-11-21T09:03:00Z");
        let backing_off = json!({"name": "backend", "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": killed});
        let down = read(&pod(&backing_off), Some(&life));
        let exit = |at_: &str, restarted: Option<&str>| Exit {
            at: at(at_),
            reason: "OOMKilled".into(),
            code: 137,
            restarted: restarted.map(at),
        };
        assert_eq!(down.exits, vec![exit("2026-11-21T09:03:00Z", None)]);
        let again = json!({"name": "backend", "state": running("2026-11-21T09:03:10Z"), "lastState": killed});
        let up = read(&pod(&again), Some(&down));
        assert_eq!(up.exits, vec![exit("2026-11-21T09:03:00Z", Some("2026-11-21T09:03:10Z"))]);
        let second = end("2026-11-21T09:03:10Z", "2026-11-21T09:06:00Z");
        let twice = json!({"name": "backend", "state": running("2026-11-21T09:06:20Z"), "lastState": second});
        let up = read(&pod(&twice), Some(&up));
        assert_eq!(
            up.exits,
            vec![
                exit("2026-11-21T09:03:00Z", Some("2026-11-21T09:03:10Z")),
                exit("2026-11-21T09:06:00Z", Some("2026-11-21T09:06:20Z")),
            ]
        );
        assert_eq!(up.started, Some(at("2026-11-21T09:00:00Z")));
        assert_eq!(read(&pod(&twice), Some(&up)), up, "the same status changes nothing");
    }
}
