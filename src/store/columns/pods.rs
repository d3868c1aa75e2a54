//! Pods: the status, readiness and restarts that kubectl shows.

use std::borrow::Cow;

use deckwatch_wire::core::{ContainerState, ContainerStateTerminated, ContainerStatus, Pod, PodStatus};

use super::cell::{Cell, Text};
use super::health::Health;
use super::{Tabled, age, name, pods_health, ts};
use crate::core::{Resource, Ts};

const NONE: &str = "<none>";

/// What the columns of a pod are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State<'a> {
    /// STATUS.
    pub status: Cow<'a, str>,
    pub ready: i32,
    pub total: i32,
    pub restarts: i64,
    pub last_restart: Option<Ts>,
}

impl Tabled for Pod {
    const RESOURCE: Resource = Resource::Pod;

    fn cells(&self) -> Vec<Cell> {
        let state = state(self);
        let ip = self.status.pod_ips.first().map_or(self.status.pod_ip.as_str(), |first| first.ip.as_str());
        vec![
            name(&self.metadata),
            Cell::Of { part: state.ready, whole: state.total },
            Cell::Text(word(&state.status)),
            Cell::Restarts { count: state.restarts, last: state.last_restart },
            age(&self.metadata),
            Cell::said_or(ip, NONE),
            Cell::said_or(&self.spec.node_name, NONE),
            Cell::said_or(&self.status.nominated_node_name, NONE),
            gates(self).map_or(Cell::Text(Text::Own(NONE)), |(part, whole)| Cell::Of { part, whole }),
        ]
    }

    fn condition(&self) -> Health {
        pods_health::of(self, &state(self))
    }
}

/// Returns a status as text; the usual ones take no memory.
pub(super) fn word(status: &str) -> Text {
    const USUAL: [&str; 8] = [
        "Running",
        "Completed",
        "Pending",
        "Terminating",
        "CrashLoopBackOff",
        "ContainerCreating",
        "Error",
        "ImagePullBackOff",
    ];
    USUAL.into_iter().find(|usual| *usual == status).map_or_else(|| Text::said(status), Text::Own)
}

/// Returns how many readiness gates are open, of how many; `None` where there are none.
fn gates(pod: &Pod) -> Option<(i32, i32)> {
    let gates = &pod.spec.readiness_gates;
    let open =
        gates.iter().filter(|gate| condition(&pod.status, &gate.condition_type) == Some("True")).count();
    (!gates.is_empty()).then_some((open as i32, gates.len() as i32))
}

/// Returns the status of the first condition of a type.
pub(super) fn condition<'a>(status: &'a PodStatus, kind: &str) -> Option<&'a str> {
    status
        .conditions
        .iter()
        .find(|condition| condition.r#type == kind)
        .map(|condition| condition.status.as_str())
}

/// Works out what kubectl shows of a pod.
pub(super) fn state(pod: &Pod) -> State<'_> {
    let status = &pod.status;
    let sidecars =
        pod.spec.init_containers.iter().filter(|c| c.restart_policy.as_deref() == Some("Always")).count();
    let mut state = State {
        status: Cow::Borrowed(if status.reason.is_empty() { &status.phase } else { &status.reason }),
        ready: 0,
        total: (pod.spec.containers.len() + sidecars) as i32,
        restarts: 0,
        last_restart: None,
    };
    if status.conditions.iter().any(|c| c.r#type == "PodScheduled" && c.reason == "SchedulingGated") {
        state.status = Cow::Borrowed("SchedulingGated");
    }
    let of_sidecars = initialise(pod, &mut state);
    let initialised = of_sidecars.is_some() || condition(status, "Initialized") == Some("True");
    if initialised {
        let (restarts, last) = of_sidecars.unwrap_or_else(|| sidecar_restarts(pod));
        state.restarts = restarts;
        state.last_restart = last;
        run(status, &mut state);
    }
    let ended = matches!(status.phase.as_str(), "Succeeded" | "Failed");
    if pod.metadata.deletion_timestamp.is_some() {
        if status.reason == "NodeLost" {
            state.status = Cow::Borrowed("Unknown");
        } else if !ended {
            state.status = Cow::Borrowed("Terminating");
        }
    }
    state
}

pub(super) fn is_sidecar(pod: &Pod, name: &str) -> bool {
    let container = pod.spec.init_containers.iter().rev().find(|container| container.name == name);
    container.is_some_and(|container| container.restart_policy.as_deref() == Some("Always"))
}

/// When the container that ran before this one ended.
fn last_end(status: &ContainerStatus) -> Option<Ts> {
    status.last_state.terminated.as_ref().and_then(|terminated| ts(terminated.finished_at))
}

/// Goes through the init containers; returns the sidecars' restarts once all of them are past.
///
/// Until then all init containers' restarts so far count, and the status says how far it is.
fn initialise<'a>(pod: &'a Pod, state: &mut State<'a>) -> Option<(i64, Option<Ts>)> {
    for (index, container) in pod.status.init_container_statuses.iter().enumerate() {
        state.restarts += i64::from(container.restart_count);
        state.last_restart = state.last_restart.max(last_end(container));
        let ContainerState { waiting, terminated, .. } = &container.state;
        if terminated.as_ref().is_some_and(|terminated| terminated.exit_code == 0) {
            continue;
        }
        if is_sidecar(pod, &container.name) && container.started == Some(true) {
            state.ready += i32::from(container.ready);
            continue;
        }
        let waits =
            waiting.as_ref().map(|w| w.reason.as_str()).filter(|r| !r.is_empty() && *r != "PodInitializing");
        state.status = Cow::Owned(match (terminated, waits) {
            (Some(terminated), _) => format!("Init:{}", end(terminated)),
            (None, Some(reason)) => format!("Init:{reason}"),
            (None, None) => format!("Init:{index}/{}", pod.spec.init_containers.len()),
        });
        return None;
    }
    Some(sidecar_restarts(pod))
}

/// The sidecars' restarts, as far as kubectl looks: up to the first init container that is not past.
fn sidecar_restarts(pod: &Pod) -> (i64, Option<Ts>) {
    let mut sum = (0, None);
    for container in &pod.status.init_container_statuses {
        let sidecar = is_sidecar(pod, &container.name);
        if sidecar {
            sum = (sum.0 + i64::from(container.restart_count), sum.1.max(last_end(container)));
        }
        let succeeded =
            container.state.terminated.as_ref().is_some_and(|terminated| terminated.exit_code == 0);
        let is_past = succeeded || sidecar && container.started == Some(true);
        if !is_past {
            break;
        }
    }
    sum
}

/// Goes through the containers from the last to the first, so that the first one's word stands.
fn run<'a>(status: &'a PodStatus, state: &mut State<'a>) {
    let (mut running, mut failed) = (false, None);
    for container in status.container_statuses.iter().rev() {
        state.restarts += i64::from(container.restart_count);
        state.last_restart = state.last_restart.max(last_end(container));
        let waiting = container.state.waiting.as_ref().filter(|waiting| !waiting.reason.is_empty());
        if let Some(waiting) = waiting {
            state.status = Cow::Borrowed(&waiting.reason);
        } else if let Some(terminated) = &container.state.terminated {
            state.status = end(terminated);
            if terminated.exit_code != 0 {
                failed = Some(state.status.clone());
            }
        } else if container.ready && container.state.running.is_some() {
            running = true;
            state.ready += 1;
        }
    }
    if state.status == "Completed" {
        if running && condition_is_true_anywhere(status, "Ready") {
            state.status = Cow::Borrowed("Running");
        } else if let Some(failed) = failed {
            state.status = failed;
        } else if running {
            state.status = Cow::Borrowed("NotReady");
        }
    }
}

fn condition_is_true_anywhere(status: &PodStatus, kind: &str) -> bool {
    status.conditions.iter().any(|condition| condition.r#type == kind && condition.status == "True")
}

/// How a container ended: its reason, else its signal, else its exit code.
pub(super) fn end(terminated: &ContainerStateTerminated) -> Cow<'_, str> {
    if !terminated.reason.is_empty() {
        Cow::Borrowed(&terminated.reason)
    } else if terminated.signal != 0 {
        Cow::Owned(format!("Signal:{}", terminated.signal))
    } else {
        Cow::Owned(format!("ExitCode:{}", terminated.exit_code))
    }
}
