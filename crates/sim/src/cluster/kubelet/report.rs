//! What a kubelet writes into a pod's status.

use serde_json::{Value, json};

use super::super::World;
use super::super::fields::Actor;
use super::super::json::{at, list, set, text, time};
use super::super::kinds::K;
use super::{Running, Stage};
use crate::life::{Exit, Nanos};

/// Writes the pod's status as its kubelet sees it.
pub fn write(world: &mut World, pod: &Running, now: Nanos) {
    let key = (pod.life.namespace.as_str(), pod.life.name.as_str());
    world.edit(K::Pod, key, Actor::status("kubelet"), now, |object| {
        let status = status(object, pod, now);
        set(object, &["status"], status);
    });
}

fn status(object: &Value, pod: &Running, now: Nanos) -> Value {
    let ready = pod.stage == Stage::Serving && !pod.job;
    let phase = match pod.stage {
        Stage::Done => "Succeeded",
        Stage::Pulling | Stage::PullBackOff | Stage::Starting if pod.life.started.is_none() => "Pending",
        _ => "Running",
    };
    let start = text(object, &["status", "startTime"]).to_owned();
    let start = if start.is_empty() { time(now) } else { start };
    let mut status = json!({
        "phase": phase,
        "conditions": conditions(object, pod, ready, now),
        "hostIP": format!("192.168.10.{}", 10 + super::seed_of(&pod.life.node)),
        "startTime": start,
        "containerStatuses": list(object, &["spec", "containers"])
            .iter().map(|c| container(c, pod, ready)).collect::<Vec<_>>(),
        "qosClass": at(object, &["status", "qosClass"]).clone(),
    });
    let host = at(&status, &["hostIP"]).clone();
    set(&mut status, &["hostIPs"], json!([{ "ip": host }]));
    if pod.life.started.is_some() || pod.stage == Stage::Starting {
        set(&mut status, &["podIP"], pod.ip.clone());
        set(&mut status, &["podIPs"], json!([{ "ip": pod.ip }]));
    }
    status
}

fn conditions(object: &Value, pod: &Running, ready: bool, now: Nanos) -> Value {
    let done = pod.stage == Stage::Done;
    let sandbox = !done && (pod.life.started.is_some() || pod.pulls > 1 || pod.stage == Stage::Starting);
    let wanted: [(&str, bool, bool); 5] = [
        ("PodReadyToStartContainers", sandbox, false),
        ("Initialized", true, done),
        ("Ready", ready, true),
        ("ContainersReady", ready, true),
        ("PodScheduled", true, false),
    ];
    let old = list(object, &["status", "conditions"]);
    let all = wanted.into_iter().map(|(kind, value, explained)| {
        let word = if value { "True" } else { "False" };
        let before = old.iter().find(|c| text(c, &["type"]) == kind);
        let since = before
            .filter(|c| text(c, &["status"]) == word)
            .map_or_else(|| time(now), |c| text(c, &["lastTransitionTime"]).to_owned());
        let mut condition =
            json!({ "type": kind, "status": word, "lastProbeTime": null, "lastTransitionTime": since });
        if explained && done {
            set(&mut condition, &["reason"], "PodCompleted");
        } else if explained && !value {
            set(&mut condition, &["reason"], "ContainersNotReady");
            let message = format!("containers with unready status: [{}]", pod.life.service);
            set(&mut condition, &["message"], message);
        }
        condition
    });
    all.collect::<Vec<_>>().into()
}

fn container(spec: &Value, pod: &Running, ready: bool) -> Value {
    let image = text(spec, &["image"]);
    let mut state = json!({
        "name": name_of(spec),
        "state": state(pod),
        "lastState": {},
        "ready": ready,
        "restartCount": pod.restarts,
        "image": image,
        "imageID": "",
        "started": matches!(pod.stage, Stage::Warming | Stage::Serving),
    });
    // Of an ended container that waits, the end is the last state; of one that runs again, too.
    let last = match pod.stage {
        Stage::CrashLoop if pod.life.waiting.is_none() => pod.life.exits.iter().rev().nth(1),
        Stage::Done => None,
        _ => pod.life.exits.last(),
    };
    if let Some(exit) = last {
        set(&mut state, &["lastState"], json!({ "terminated": terminated(exit, pod) }));
    }
    if let Some(first) = pod.life.started {
        let digest = format!("{:016x}", super::digest(image)).repeat(4);
        set(
            &mut state,
            &["imageID"],
            format!("{}@sha256:{digest}", image.rsplit_once(':').map_or(image, |p| p.0)),
        );
        set(&mut state, &["containerID"], container_id(pod, pod.life.exits.len(), first));
    }
    state
}

fn name_of(spec: &Value) -> &str {
    text(spec, &["name"])
}

fn container_id(pod: &Running, run: usize, first: Nanos) -> String {
    let digest = super::digest(&format!("{}{run}{first}", pod.life.uid));
    format!("containerd://{}", format!("{digest:016x}").repeat(4))
}

fn terminated(exit: &Exit, pod: &Running) -> Value {
    let place = pod.life.exits.iter().position(|e| e.at == exit.at).unwrap_or(0);
    let began = match place.checked_sub(1).and_then(|i| pod.life.exits.get(i)) {
        Some(before) => before.restarted.unwrap_or(before.at),
        None => pod.life.started.unwrap_or(exit.at),
    };
    json!({
        "exitCode": exit.code,
        "reason": exit.reason,
        "startedAt": time(began),
        "finishedAt": time(exit.at),
        "containerID": container_id(pod, place, pod.life.started.unwrap_or(began)),
    })
}

fn state(pod: &Running) -> Value {
    let service = &pod.life.service;
    match pod.stage {
        Stage::Warming | Stage::Serving => json!({ "running": { "startedAt": time(pod.started) } }),
        Stage::Done => {
            pod.life.exits.last().map_or(json!({}), |e| json!({ "terminated": terminated(e, pod) }))
        }
        Stage::CrashLoop if pod.life.waiting.is_some() => {
            let wait = super::pause(pod);
            let message = format!(
                "back-off {wait} restarting failed container={service} pod={}_{}({})",
                pod.life.name, pod.life.namespace, pod.life.uid
            );
            json!({ "waiting": { "reason": "CrashLoopBackOff", "message": message } })
        }
        Stage::CrashLoop => {
            pod.life.exits.last().map_or(json!({}), |e| json!({ "terminated": terminated(e, pod) }))
        }
        Stage::PullBackOff | Stage::Pulling if pod.pulls > 1 || pod.stage == Stage::PullBackOff => {
            let first = pod.stage == Stage::PullBackOff && pod.pulls == 1;
            let (reason, message) = pull_problem(pod, first);
            json!({ "waiting": { "reason": reason, "message": message } })
        }
        _ => json!({ "waiting": { "reason": "ContainerCreating" } }),
    }
}

fn pull_problem(pod: &Running, first: bool) -> (&'static str, String) {
    let image = &pod.image;
    let error = format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to resolve \
         reference \"{image}\": {image}: not found"
    );
    if first {
        ("ErrImagePull", error)
    } else {
        ("ImagePullBackOff", format!("Back-off pulling image \"{image}\": ErrImagePull: {error}"))
    }
}
