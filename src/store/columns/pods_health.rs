//! How a pod is, from the status that kubectl shows and from its containers.

use deckwatch_wire::core::{ContainerStatus, Pod};

use super::health::{Health, Level};
use super::pods::{State, end, word};

/// Statuses that mean that something fails and is tried again, or has failed for good.
const FAILING: [&str; 23] = [
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "ImageInspectError",
    "InvalidImageName",
    "RegistryUnavailable",
    "SignatureValidationFailed",
    "CreateContainerConfigError",
    "CreateContainerError",
    "CreatePodSandboxError",
    "PreCreateHookError",
    "PreStartHookError",
    "PostStartHookError",
    "RunContainerError",
    "StartError",
    "ContainerCannotRun",
    "ContainerStatusUnknown",
    "OOMKilled",
    "Error",
    "DeadlineExceeded",
    "Evicted",
    "UnexpectedAdmissionError",
];

/// Returns how a pod is.
pub(super) fn of(pod: &Pod, state: &State<'_>) -> Health {
    let phase = pod.status.phase.as_str();
    let health = |level| Health { level, word: word(&state.status), reason: super::Text::Own("") };
    let status = state.status.as_ref();
    let plain = status.strip_prefix("Init:").unwrap_or(status);
    let ended_badly =
        FAILING.contains(&plain) || plain.starts_with("Signal:") || plain.starts_with("ExitCode:");
    match status {
        "Unknown" | "NodeLost" => health(Level::Unknown).because(&pod.status.message),
        "Terminating" => health(Level::Warning),
        _ if phase == "Failed" => health(Level::Failing).because(&trouble(pod)),
        _ if phase == "Succeeded" => health(Level::Done),
        _ if ended_badly => health(Level::Failing).because(&trouble(pod)),
        // A container that is done beside others that are not.
        "Completed" => health(Level::Done),
        "Running" if is_ready(pod, state) => health(Level::Ok),
        "Running" => Health::new(Level::Warning, "NotReady").because(&unready(pod, state)),
        "NotReady" => health(Level::Warning).because(&unready(pod, state)),
        _ => health(Level::Warning).because(&waiting(pod)),
    }
}

/// Whether the pod takes traffic: what it says itself, else whether all its containers are ready.
fn is_ready(pod: &Pod, state: &State<'_>) -> bool {
    match super::pods::condition(&pod.status, "Ready") {
        Some(status) => status == "True",
        None => state.ready >= state.total,
    }
}

/// What keeps a running pod from being ready.
fn unready(pod: &Pod, state: &State<'_>) -> String {
    let condition = pod.status.conditions.iter().find(|c| c.r#type == "Ready" && c.status != "True");
    match condition.filter(|condition| !condition.message.is_empty()) {
        Some(condition) => condition.message.clone(),
        None => format!("{}/{} containers ready", state.ready, state.total),
    }
}

/// What a pod that has not begun waits for.
fn waiting(pod: &Pod) -> String {
    let unscheduled =
        pod.status.conditions.iter().find(|c| c.r#type == "PodScheduled" && c.status == "False");
    match unscheduled {
        Some(condition) if condition.message.is_empty() => condition.reason.clone(),
        Some(condition) => condition.message.clone(),
        None => trouble(pod),
    }
}

/// What is known of the first container that is in trouble, else what the pod itself says.
fn trouble(pod: &Pod) -> String {
    let mut containers = pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses);
    let told = containers.find_map(container_trouble);
    let own = if pod.status.message.is_empty() { &pod.status.reason } else { &pod.status.message };
    told.filter(|_| pod.status.reason.is_empty()).unwrap_or_else(|| own.clone())
}

/// `backend: last exit 137 (OOMKilled); back-off 1m20s restarting …`
fn container_trouble(container: &ContainerStatus) -> Option<String> {
    let mut parts = Vec::new();
    let ended = |verb: &str, terminated: &deckwatch_wire::core::ContainerStateTerminated| {
        let how = end(terminated);
        let name = if how.contains(':') { String::new() } else { format!(" ({how})") };
        let message = terminated.message.trim();
        let more = if message.is_empty() { String::new() } else { format!(": {message}") };
        let code = terminated.exit_code;
        if terminated.signal == 0 {
            format!("{verb} {code}{name}{more}")
        } else {
            format!("signal {}{name}{more}", terminated.signal)
        }
    };
    if let Some(terminated) =
        container.state.terminated.as_ref().filter(|t| t.exit_code != 0 || t.signal != 0)
    {
        parts.push(ended("exit", terminated));
    } else if let Some(waiting) = &container.state.waiting {
        if let Some(last) = container.last_state.terminated.as_ref() {
            parts.push(ended("last exit", last));
        }
        if !waiting.message.is_empty() {
            parts.push(waiting.message.clone());
        } else if parts.is_empty() && FAILING.contains(&waiting.reason.as_str()) {
            parts.push(waiting.reason.clone());
        }
    }
    (!parts.is_empty()).then(|| format!("{}: {}", container.name, parts.join("; ")))
}
