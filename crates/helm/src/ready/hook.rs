//! When a hook is over.

use serde_json::Value;

use crate::options::Wait;
use crate::record::Generation;

/// How far a hook is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookState {
    /// It is not over, and why.
    Running(String),
    /// It has done its work.
    Ready,
    /// It has failed, and why.
    Failed(String),
}

/// Judges a hook's object: jobs and pods have to come to their end, everything else is done when it is there.
pub fn hook(live: &Value, _helm: Generation, _wait: Wait) -> HookState {
    let text = |pointer: &str| live.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let name = text("/metadata/name");
    match text("/kind") {
        "Job" => {
            let conditions = live.pointer("/status/conditions").and_then(Value::as_array);
            let holds = |kind: &str| {
                let is = |c: &&Value| {
                    c.get("type").is_some_and(|t| t == kind) && c.get("status").is_some_and(|s| s == "True")
                };
                conditions.into_iter().flatten().find(is).cloned()
            };
            match (holds("Complete"), holds("Failed")) {
                (Some(_), _) => HookState::Ready,
                (_, Some(failed)) => {
                    let reason = failed.get("reason").and_then(Value::as_str).unwrap_or_default();
                    HookState::Failed(format!("job {name} failed: {reason}"))
                }
                _ => HookState::Running("the job is not complete".to_owned()),
            }
        }
        "Pod" => match text("/status/phase") {
            "Succeeded" => HookState::Ready,
            "Failed" => HookState::Failed(format!("pod {name} failed")),
            phase => HookState::Running(format!("the pod is {}", phase.to_lowercase())),
        },
        _ => HookState::Ready,
    }
}
