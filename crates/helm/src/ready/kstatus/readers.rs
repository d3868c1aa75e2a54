//! Helm's own readers: of Jobs, for `--wait-for-jobs` and for hooks, and of Pods that are hooks.
//!
//! They look at nothing but how it ended; not at what all kinds have in common, so that a Job that is being deleted is in
//! progress. Source: `internal/statusreaders` of Helm v4.3.1.

use serde_json::Value;

use super::fields::text;
use super::rules::job_ended;
use super::{Status, known};

/// Judges a Job that is waited for until it is complete.
pub fn job(live: &Value) -> Status {
    known(job_ended(live).map(|ended| ended.unwrap_or_else(|| Status::in_progress("Job in progress"))))
}

/// Judges a Pod that is a hook: it is waited for until it is over.
pub fn hook_pod(live: &Value) -> Status {
    let name = text(live, "metadata.name", "");
    match text(live, "status.phase", "") {
        "Succeeded" => Status::current(format!("pod {name} succeeded")),
        "Failed" => Status::failed(format!("pod {name} failed")),
        _ => Status::in_progress("Pod in progress"),
    }
}
