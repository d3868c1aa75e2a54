//! The kubelets: they pull, start, probe, kill and restart, and write what they did into the pods.
//!
//! Owns: the course of each pod from its node to its end, by the behaviour of its version. Takes
//! nothing from the observability side. Tested by rollouts on a fake clock.

mod report;

use std::collections::BTreeMap;

use serde_json::Value;

use super::clock::{MINUTE, SECOND};
use super::events::{Source, Tale};
use super::json::{deleting, int, list, name, namespace, text, time_at, uid};
use super::kinds::K;
use super::{Dirty, World};
use crate::catalog::{Behaviour, REGISTRY, behaviour_of};
use crate::life::{Exit, Nanos, PodLife};

/// Where a pod's container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The image is being pulled.
    Pulling,
    /// The pull has failed; the next one is due.
    PullBackOff,
    /// The container is being started.
    Starting,
    /// It runs and is not ready yet.
    Warming,
    /// It runs and is ready.
    Serving,
    /// It has ended and waits for its restart.
    CrashLoop,
    /// It has run to its end.
    Done,
    /// The pod is being stopped.
    Stopping,
}

/// A pod as its kubelet knows it.
#[derive(Clone, Debug)]
pub struct Running {
    /// What the outside is told of it.
    pub life: PodLife,
    stage: Stage,
    due: Option<Nanos>,
    pulls: u32,
    restarts: u32,
    dies: Option<Nanos>,
    back_off: Nanos,
    ip: String,
    seen: Nanos,
    ready_since: Nanos,
    started: Nanos,
    image: String,
    job: bool,
}

/// All kubelets together.
#[derive(Clone, Debug, Default)]
pub struct Kubelet {
    pods: BTreeMap<String, Running>,
    /// Lives of pods that are gone, oldest first.
    pub ended: Vec<PodLife>,
    images: std::collections::BTreeSet<(String, String)>,
    next_ip: BTreeMap<String, u32>,
}

impl Kubelet {
    /// Returns the next instant at which a pod changes.
    pub fn next_due(&self) -> Option<Nanos> {
        self.pods.values().filter_map(|p| p.due).min()
    }

    /// Returns the pods that live.
    pub fn living(&self) -> impl Iterator<Item = &Running> {
        self.pods.values()
    }
}

/// Takes up new pods, stops deleted ones, and does what is due.
pub fn run(world: &mut World, dirty: &Dirty, now: Nanos) {
    if !dirty.namespaces.is_empty() {
        notice(world, dirty, now);
    }
    let due: Vec<String> = world
        .kubelet
        .pods
        .iter()
        .filter(|(_, p)| p.due.is_some_and(|due| due <= now))
        .map(|(id, _)| id.clone())
        .collect();
    for id in due {
        let Some(mut pod) = world.kubelet.pods.remove(&id) else { continue };
        let at = pod.due.take().unwrap_or(now).max(pod.seen).min(now);
        pod.seen = at;
        if advance(world, &mut pod, at) {
            report::write(world, &pod, at);
            world.kubelet.pods.insert(id, pod);
        } else {
            finish(world, pod, at);
        }
    }
}

fn tell(world: &mut World, pod: &Running, tale: Tale<'_>, now: Nanos) {
    let Some(object) = world.store.get(K::Pod, &pod.life.namespace, &pod.life.name).cloned() else { return };
    world.tell(&object, Source { component: "kubelet", host: &pod.life.node }, tale, now);
}

fn notice(world: &mut World, dirty: &Dirty, now: Nanos) {
    let mut pods = dirty.neighbours(world, K::Pod);
    pods.retain(|p| !text(p, &["spec", "nodeName"]).is_empty());
    let living: std::collections::BTreeSet<&str> = pods.iter().map(|p| uid(p)).collect();
    let here = |p: &Running| dirty.namespaces.contains(&p.life.namespace);
    let lost: Vec<String> = world
        .kubelet
        .pods
        .iter()
        .filter(|(id, p)| here(p) && !living.contains(id.as_str()))
        .map(|(id, _)| id.clone())
        .collect();
    for id in lost {
        if let Some(mut pod) = world.kubelet.pods.remove(&id) {
            pod.life.ended = Some(now);
            world.kubelet.ended.push(pod.life);
        }
    }
    for object in &pods {
        let id = uid(object);
        match world.kubelet.pods.get(id).map(|p| p.stage) {
            None => accept(world, object, now),
            Some(Stage::Stopping) => {}
            Some(_) if deleting(object) => stop(world, object, now),
            Some(_) => {}
        }
    }
}

fn accept(world: &mut World, object: &Value, now: Nanos) {
    let first = list(object, &["spec", "containers"]).first().cloned().unwrap_or(Value::Null);
    let image = text(&first, &["image"]).to_owned();
    let node = text(object, &["spec", "nodeName"]).to_owned();
    let version = image.rsplit('/').next().and_then(|i| i.split_once(':')).map_or("", |(_, tag)| tag);
    let serial = world.kubelet.next_ip.entry(node.clone()).or_insert(1);
    *serial += 1;
    let host_network = super::json::at(object, &["spec", "hostNetwork"]) == &Value::Bool(true);
    let subnet = seed_of(&node);
    let ip = if host_network {
        format!("192.168.10.{}", 10 + subnet)
    } else {
        format!("10.244.{subnet}.{}", *serial % 250 + 2)
    };
    let life = PodLife {
        namespace: namespace(object).to_owned(),
        name: name(object).to_owned(),
        uid: uid(object).to_owned(),
        service: text(&first, &["name"]).to_owned(),
        version: version.to_owned(),
        node: node.clone(),
        started: None,
        ended: None,
        exits: Vec::new(),
        waiting: Some("ContainerCreating".to_owned()),
    };
    let mut pod = Running {
        life,
        stage: Stage::Pulling,
        due: None,
        pulls: 0,
        restarts: 0,
        dies: None,
        back_off: 0,
        ip,
        seen: now,
        ready_since: now,
        started: now,
        image: image.clone(),
        job: text(object, &["spec", "restartPolicy"]) != "Always",
    };
    let here = world.kubelet.images.contains(&(node, image.clone()));
    if here {
        let message = format!("Container image \"{image}\" already present on machine");
        told_of_container(world, &pod, false, "Pulled", &message, now);
        pod.stage = Stage::Starting;
        pod.due = Some(now + world.scaled(SECOND / 2));
    } else {
        pull(world, &mut pod, now);
    }
    report::write(world, &pod, now);
    world.kubelet.pods.insert(pod.life.uid.clone(), pod);
}

/// Returns a small number that is a node's own.
fn seed_of(node: &str) -> u32 {
    let digits: u32 = node.rsplit('-').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    if node.starts_with("control") { 0 } else { digits }
}

fn told_of_container(
    world: &mut World,
    pod: &Running,
    warning: bool,
    reason: &str,
    message: &str,
    now: Nanos,
) {
    let part = format!("spec.containers{{{}}}", pod.life.service);
    tell(world, pod, Tale { warning, reason, message, part: &part }, now);
}

fn pull(world: &mut World, pod: &mut Running, now: Nanos) {
    let message = format!("Pulling image \"{}\"", pod.image);
    told_of_container(world, pod, false, "Pulling", &message, now);
    pod.stage = Stage::Pulling;
    let takes = world.rng.range(900, 2200) * 1_000_000;
    pod.pulls += 1;
    pod.due = Some(now + world.scaled(takes));
}

fn behaviour(pod: &Running) -> Behaviour {
    let ours = pod.image.starts_with(&format!("{REGISTRY}/backend:"));
    if ours { behaviour_of(&pod.life.version) } else { Behaviour::Good }
}

/// Does what is due; returns whether the pod lives on.
fn advance(world: &mut World, pod: &mut Running, now: Nanos) -> bool {
    match pod.stage {
        Stage::Pulling => pulled(world, pod, now),
        Stage::PullBackOff => pull(world, pod, now),
        Stage::Starting | Stage::CrashLoop => start(world, pod, now),
        Stage::Warming => serve(world, pod, now),
        Stage::Serving => end(world, pod, now),
        Stage::Done => {}
        Stage::Stopping => return false,
    }
    true
}

fn pulled(world: &mut World, pod: &mut Running, now: Nanos) {
    let image = pod.image.clone();
    if behaviour(pod) == Behaviour::BadImage {
        let error = format!(
            "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to resolve \
             reference \"{image}\": {image}: not found"
        );
        told_of_container(
            world,
            pod,
            true,
            "Failed",
            &format!("Failed to pull image \"{image}\": {error}"),
            now,
        );
        told_of_container(world, pod, true, "Failed", "Error: ErrImagePull", now);
        let back_off = ((10 * SECOND) << pod.pulls.min(6).saturating_sub(1)).min(5 * MINUTE);
        told_of_container(world, pod, false, "BackOff", &format!("Back-off pulling image \"{image}\""), now);
        told_of_container(world, pod, true, "Failed", "Error: ImagePullBackOff", now);
        pod.life.waiting = Some(if pod.pulls == 1 { "ErrImagePull" } else { "ImagePullBackOff" }.to_owned());
        pod.stage = Stage::PullBackOff;
        pod.due = Some(now + world.scaled(back_off));
        return;
    }
    let (took, size) = (world.rng.range(300, 2100), world.rng.range(18_000_000, 64_000_000));
    let message = format!(
        "Successfully pulled image \"{image}\" in {took}ms ({took}ms including waiting). Image size: {size} bytes."
    );
    told_of_container(world, pod, false, "Pulled", &message, now);
    world.kubelet.images.insert((pod.life.node.clone(), image));
    pod.stage = Stage::Starting;
    pod.due = Some(now + world.scaled(SECOND * 6 / 10));
}

fn start(world: &mut World, pod: &mut Running, now: Nanos) {
    if pod.stage == Stage::CrashLoop {
        let message = format!("Container image \"{}\" already present on machine", pod.image);
        told_of_container(world, pod, false, "Pulled", &message, now);
    }
    let service = pod.life.service.clone();
    told_of_container(world, pod, false, "Created", &format!("Created container: {service}"), now);
    told_of_container(world, pod, false, "Started", &format!("Started container {service}"), now);
    if let Some(last) = pod.life.exits.last_mut() {
        last.restarted = Some(now);
        pod.restarts += 1;
    }
    pod.life.started.get_or_insert(now);
    pod.life.waiting = None;
    pod.started = now;
    pod.stage = Stage::Warming;
    let warm = if pod.job { SECOND / 2 } else { world.rng.range(1800, 3600) * 1_000_000 };
    pod.due = Some(now + world.scaled(warm));
    pod.dies = if pod.job {
        Some(now + world.scaled(6 * SECOND))
    } else if behaviour(pod) == Behaviour::BadRelease {
        let (low, high) = if pod.restarts < 3 { (30, 70) } else { (90, 240) };
        let runs = world.rng.range(low * 1000, high * 1000) * 1_000_000;
        Some(now + world.scaled(runs))
    } else {
        None
    };
}

fn serve(_world: &mut World, pod: &mut Running, now: Nanos) {
    pod.stage = Stage::Serving;
    pod.ready_since = now;
    pod.due = pod.dies.map(|dies| dies.max(now));
}

/// Ends the container: a Job's by success, a bad release's by its memory limit.
fn end(world: &mut World, pod: &mut Running, now: Nanos) {
    let (reason, code) = if pod.job { ("Completed", 0) } else { ("OOMKilled", 137) };
    let ran = now - pod.started;
    pod.life.exits.push(Exit { at: now, reason: reason.to_owned(), code, restarted: None });
    pod.ready_since = now;
    if pod.job {
        pod.stage = Stage::Done;
        return;
    }
    let message = "Readiness probe failed: Get \"http://".to_owned()
        + &pod.ip
        + ":8080/healthz\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
    told_of_container(world, pod, true, "Unhealthy", &message, now - world.scaled(2 * SECOND));
    // The first restart is at once; then 10 s, doubled up to 5 minutes, forgotten after 10 good minutes.
    if ran > world.scaled(10 * MINUTE) {
        pod.back_off = 0;
    }
    let wait = pod.back_off;
    pod.back_off = if wait == 0 { 10 * SECOND } else { (wait * 2).min(5 * MINUTE) };
    pod.stage = Stage::CrashLoop;
    pod.due = Some(now + world.scaled(wait.max(SECOND)));
    if wait > 0 {
        pod.life.waiting = Some("CrashLoopBackOff".to_owned());
        let message = format!(
            "Back-off restarting failed container {} in pod {}_{}({})",
            pod.life.service, pod.life.name, pod.life.namespace, pod.life.uid
        );
        told_of_container(world, pod, true, "BackOff", &message, now);
    }
}

fn stop(world: &mut World, object: &Value, now: Nanos) {
    let Some(mut pod) = world.kubelet.pods.remove(uid(object)) else { return };
    let grace = int(object, &["metadata", "deletionGracePeriodSeconds"]) * SECOND;
    let by = time_at(object, &["metadata", "deletionTimestamp"]).unwrap_or(now);
    let runs = matches!(pod.stage, Stage::Warming | Stage::Serving);
    if runs {
        let message = format!("Stopping container {}", pod.life.service);
        told_of_container(world, &pod, false, "Killing", &message, now);
    }
    pod.stage = Stage::Stopping;
    let takes = if runs { world.rng.range(900, 2400) * 1_000_000 } else { SECOND / 5 };
    pod.due = Some((now + world.scaled(takes.min(grace.max(0)))).min(by.max(now)));
    world.kubelet.pods.insert(uid(object).to_owned(), pod);
}

fn finish(world: &mut World, mut pod: Running, now: Nanos) {
    pod.life.ended = Some(now);
    pod.life.waiting = None;
    world.store.remove(K::Pod, &pod.life.namespace, &pod.life.name);
    world.kubelet.ended.push(pod.life);
}

/// Returns 64 bits that are a text's own.
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// Returns the pause before the restart that is due, in Go's words.
fn pause(pod: &Running) -> String {
    let seconds = (pod.back_off / 2).clamp(10 * SECOND, 5 * MINUTE) / SECOND;
    let seconds = if pod.back_off >= 5 * MINUTE { 300 } else { seconds };
    match (seconds / 60, seconds % 60) {
        (0, s) => format!("{s}s"),
        (m, s) => format!("{m}m{s}s"),
    }
}
