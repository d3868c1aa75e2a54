//! Whether a hook has run, and whether its deletion is waited for.
//!
//! Helm has two ways of it, and the wait strategy chooses. Sources, Helm v3.22.0 and v4.3.1:
//!
//! - Helm 3 (`pkg/kube/client.go`, `watchUntilReady`) and Helm 4's legacy waiter (`pkg/kube/wait.go`, the same) watch what is
//!   called Job or Pod until it is over, and nothing else. One that is deleted meanwhile has run.
//! - Helm 4 otherwise, also without `--wait` (`pkg/kube/statuswait.go`, `WatchUntilReady`; `hookOnlyWaiter` calls it): every
//!   object must have been seen, and Jobs and Pods must be over, as Helm's own readers judge them.

use serde_json::Value;

use super::kstatus::{self, State, Status};
use crate::options::Wait;
use crate::plan::{Gvk, ObjectId};
use crate::record::Generation;

/// What Helm says when it gave up watching, without a reason.
const TIMED_OUT: &str = "timed out waiting for the condition";
/// What Go says when a time limit is over.
const DEADLINE: &str = "context deadline exceeded";

/// How far a hook's object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookState {
    /// It is not over. What it says is for people, but from the watcher it is what Helm says if time is up now.
    Running(String),
    /// Nothing of it is waited for any longer.
    Ready,
    /// It failed, in Helm's words.
    Failed(String),
}

/// Whether Helm watches Jobs and Pods alone, as Helm 3 does.
fn is_legacy(helm: Generation, wait: Wait) -> bool {
    helm == Generation::V3 || wait == Wait::Legacy
}

/// Returns whether an object of a hook must be read at all. In Helm 3's way only Jobs and Pods are, of whatever group; in
/// Helm 4's all are, for only what was seen is there.
pub fn is_watched(kind: &str, helm: Generation, wait: Wait) -> bool {
    !is_legacy(helm, wait) || matches!(kind, "Job" | "Pod")
}

/// Judges a live object of a hook that was created.
pub fn hook(live: &Value, helm: Generation, wait: Wait) -> HookState {
    let gvk = Gvk::of(live);
    if is_legacy(helm, wait) {
        return match gvk.kind.as_str() {
            "Job" => job(live, &gvk),
            "Pod" => pod(live, &gvk),
            _ => HookState::Ready,
        };
    }
    let status = match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("batch", "Job") => kstatus::job(live),
        ("", "Pod") => kstatus::hook_pod(live),
        _ => return HookState::Ready,
    };
    watched(&id_of(live, gvk), &status)
}

/// Judges an object of a hook that is not there. `seen` says whether it was, since it was created.
pub fn missing(id: &ObjectId, seen: bool, helm: Generation, wait: Wait) -> HookState {
    if is_legacy(helm, wait) {
        // A deletion that is watched ends the watching, without an error. What was never seen is watched for in vain.
        return if seen { HookState::Ready } else { HookState::Running("it is not there".to_owned()) };
    }
    watched(id, &if seen { Status::not_found() } else { Status::unknown() })
}

fn watched(id: &ObjectId, status: &Status) -> HookState {
    match status.state {
        State::Current => HookState::Ready,
        State::Failed => HookState::Failed(kstatus::not_ready(id, status)),
        _ => HookState::Running(kstatus::not_ready(id, status)),
    }
}

fn id_of(live: &Value, gvk: Gvk) -> ObjectId {
    let of = |at: &str| live.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    ObjectId { gvk, namespace: of("/metadata/namespace"), name: of("/metadata/name") }
}

/// Helm 3's `waitForJob`: the first condition that says how it ended counts.
fn job(live: &Value, gvk: &Gvk) -> HookState {
    let name = &id_of(live, gvk.clone()).name;
    if gvk.api_version() != "batch/v1" {
        return HookState::Failed(format!(
            "expected {name} to be a *batch.Job, got *unstructured.Unstructured"
        ));
    }
    let conditions = live.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
    for condition in conditions {
        let text = |key: &str| condition.get(key).and_then(Value::as_str).unwrap_or_default();
        match (text("type"), text("status")) {
            ("Complete", "True") => return HookState::Ready,
            ("Failed", "True") => return HookState::Failed(format!("job {name} failed: {}", text("reason"))),
            _ => {}
        }
    }
    let count = |key: &str| live.pointer(&format!("/status/{key}")).and_then(Value::as_i64).unwrap_or(0);
    HookState::Running(format!(
        "{} of its pods run, {} have failed, {} have succeeded",
        count("active"),
        count("failed"),
        count("succeeded")
    ))
}

/// Helm 3's `waitForPodSuccess`.
fn pod(live: &Value, gvk: &Gvk) -> HookState {
    let name = &id_of(live, gvk.clone()).name;
    if gvk.api_version() != "v1" {
        return HookState::Failed(format!("expected {name} to be a *v1.Pod, got *unstructured.Unstructured"));
    }
    match live.pointer("/status/phase").and_then(Value::as_str).unwrap_or_default() {
        "Succeeded" => HookState::Ready,
        "Failed" => HookState::Failed(format!("pod {name} failed")),
        "" => HookState::Running("it has not begun".to_owned()),
        phase => HookState::Running(format!("it is {}", phase.to_lowercase())),
    }
}

/// Returns the error with which the watching ends, in Helm's words; `None` when all is well.
///
/// `states` are the hook's objects in their order. It ends when none of them is running any longer, or when the time is up
/// (`timed_out`): one that fails does not end it for the others. Helm 3 and the legacy waiter join what each watch says
/// (`perform`), Helm 3 as a list; the watcher joins a line for each that is not ready, and the time limit.
pub fn error(states: &[HookState], timed_out: bool, helm: Generation, wait: Wait) -> Option<String> {
    let legacy = is_legacy(helm, wait);
    // Once nothing is running it is over, whatever the time.
    let timed_out = timed_out && states.iter().any(|state| matches!(state, HookState::Running(_)));
    let said = states.iter().filter_map(|state| match state {
        HookState::Ready => None,
        HookState::Failed(why) => Some(why.as_str()),
        HookState::Running(_) if legacy => timed_out.then_some(TIMED_OUT),
        HookState::Running(why) => timed_out.then_some(why.as_str()),
    });
    let mut errors: Vec<&str> = said.collect();
    if timed_out && !legacy {
        errors.push(DEADLINE);
    }
    match errors.as_slice() {
        [] => None,
        [one] if helm == Generation::V3 => Some(format!("1 error occurred:\n\t* {one}\n\n")),
        several if helm == Generation::V3 => {
            let points: Vec<String> = several.iter().map(|one| format!("* {one}")).collect();
            Some(format!("{} errors occurred:\n\t{}\n\n", points.len(), points.join("\n\t")))
        }
        several => Some(several.join("\n")),
    }
}

/// How the deletion of a hook is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// By reading each object every two seconds until it is gone; an error other than that ends it, with that error. When
    /// time is up Helm says `context deadline exceeded`, and nothing of what is left.
    Polled,
    /// Until none of the objects that were seen is there; when time is up Helm says which are ([`kstatus::still_exists`]),
    /// and the time limit.
    Watched,
    /// Not at all.
    Not,
}

/// Returns how the deletion of a hook is waited for.
///
/// Helm 3: `waitForDeletedResources` in `pkg/kube/wait.go`, through `Client.WaitForDelete`; Helm 4's legacy waiter:
/// `WaitForDelete` in `pkg/kube/wait.go`; its watcher: `waitForDelete` in `pkg/kube/statuswait.go`; without `--wait`
/// `hookOnlyWaiter.WaitForDelete` there, which does nothing.
pub fn deletion(helm: Generation, wait: Wait) -> Deletion {
    match (helm, wait) {
        (Generation::V3, _) | (Generation::V4, Wait::Legacy) => Deletion::Polled,
        (Generation::V4, Wait::Watcher) => Deletion::Watched,
        (Generation::V4, Wait::None) => Deletion::Not,
    }
}

/// Returns what Helm says when time is up while `left` is still there, each with its status; see [`deletion`].
pub fn deletion_error(left: &[(ObjectId, Status)], helm: Generation, wait: Wait) -> String {
    let mut lines: Vec<String> = match deletion(helm, wait) {
        Deletion::Watched => left.iter().map(|(id, status)| kstatus::still_exists(id, status)).collect(),
        Deletion::Polled | Deletion::Not => Vec::new(),
    };
    lines.push(DEADLINE.to_owned());
    lines.join("\n")
}

#[cfg(test)]
mod tests;
