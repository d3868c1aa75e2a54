//! How far a rollout is, and what there was before: `kubectl rollout status` and `history`, in kubectl's words.

use serde_json::Value;

use super::live::{Live, items, text, whole};
use super::refusal::{Refusal, clip};
use super::revisions::{self, CHANGE_CAUSE};
use crate::core::{Safe, Ts};

/// How far a rollout is, with kubectl's sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rollout {
    /// It is done.
    Done(Safe),
    /// It goes on.
    Waiting(Safe),
    /// It has failed, or nobody can tell.
    Failed(Safe),
}

impl Rollout {
    /// Returns the sentence.
    pub fn text(&self) -> &Safe {
        match self {
            Self::Done(text) | Self::Waiting(text) | Self::Failed(text) => text,
        }
    }
}

/// Returns how far the rollout of a Deployment, a StatefulSet or a DaemonSet is.
pub fn status(object: &Value) -> Rollout {
    let found = match text(object, "/kind") {
        "Deployment" => deployment(object),
        "DaemonSet" => daemon_set(object),
        "StatefulSet" => stateful_set(object),
        kind => Ok(Rollout::Failed(clip(&format!("no status viewer has been implemented for {kind}")))),
    };
    found.unwrap_or_else(|refusal| Rollout::Failed(clip(&refusal.to_string())))
}

fn waiting(text: &str) -> Rollout {
    Rollout::Waiting(clip(text))
}

fn done(text: &str) -> Rollout {
    Rollout::Done(clip(text))
}

/// Returns a number of the object that is 0 when it is not there.
fn number(object: &Value, at: &str) -> Result<i64, Refusal> {
    Ok(whole(object, at)?.unwrap_or(0))
}

fn deployment(object: &Value) -> Result<Rollout, Refusal> {
    let status = |field: &str| number(object, &format!("/status/{field}"));
    let name = quoted(object);
    if number(object, "/metadata/generation")? > status("observedGeneration")? {
        return Ok(waiting("Waiting for deployment spec update to be observed..."));
    }
    let progress = items(object, "/status/conditions").find(|c| text(c, "/type") == "Progressing");
    if progress.is_some_and(|c| text(c, "/reason") == "ProgressDeadlineExceeded") {
        return Ok(Rollout::Failed(clip(&format!("deployment {name} exceeded its progress deadline"))));
    }
    let (replicas, updated, available) =
        (status("replicas")?, status("updatedReplicas")?, status("availableReplicas")?);
    let head = format!("Waiting for deployment {name} rollout to finish:");
    if let Some(wanted) = whole(object, "/spec/replicas")?.filter(|wanted| updated < *wanted) {
        return Ok(waiting(&format!("{head} {updated} out of {wanted} new replicas have been updated...")));
    }
    if replicas > updated {
        let old = replicas.saturating_sub(updated);
        return Ok(waiting(&format!("{head} {old} old replicas are pending termination...")));
    }
    if available < updated {
        return Ok(waiting(&format!("{head} {available} of {updated} updated replicas are available...")));
    }
    Ok(done(&format!("deployment {name} successfully rolled out")))
}

/// Whether the strategy is one whose progress can be told.
fn rolls(object: &Value) -> Result<(), Rollout> {
    let is_rolling = text(object, "/spec/updateStrategy/type") == "RollingUpdate";
    let why = "rollout status is only available for RollingUpdate strategy type";
    if is_rolling { Ok(()) } else { Err(Rollout::Failed(Safe::own(why))) }
}

fn daemon_set(object: &Value) -> Result<Rollout, Refusal> {
    if let Err(failed) = rolls(object) {
        return Ok(failed);
    }
    let status = |field: &str| number(object, &format!("/status/{field}"));
    let name = quoted(object);
    if number(object, "/metadata/generation")? > status("observedGeneration")? {
        return Ok(waiting("Waiting for daemon set spec update to be observed..."));
    }
    let (desired, updated) = (status("desiredNumberScheduled")?, status("updatedNumberScheduled")?);
    let available = status("numberAvailable")?;
    let head = format!("Waiting for daemon set {name} rollout to finish:");
    if updated < desired {
        return Ok(waiting(&format!("{head} {updated} out of {desired} new pods have been updated...")));
    }
    if available < desired {
        return Ok(waiting(&format!("{head} {available} of {desired} updated pods are available...")));
    }
    Ok(done(&format!("daemon set {name} successfully rolled out")))
}

fn stateful_set(object: &Value) -> Result<Rollout, Refusal> {
    if let Err(failed) = rolls(object) {
        return Ok(failed);
    }
    let status = |field: &str| number(object, &format!("/status/{field}"));
    let observed = status("observedGeneration")?;
    if observed == 0 || number(object, "/metadata/generation")? > observed {
        return Ok(waiting("Waiting for statefulset spec update to be observed..."));
    }
    let wanted = whole(object, "/spec/replicas")?;
    let (ready, updated) = (status("readyReplicas")?, status("updatedReplicas")?);
    if let Some(wanted) = wanted.filter(|wanted| ready < *wanted) {
        return Ok(waiting(&format!("Waiting for {} pods to be ready...", wanted.saturating_sub(ready))));
    }
    let rolling = "/spec/updateStrategy/rollingUpdate";
    if object.pointer(rolling).is_some_and(|rolling| !rolling.is_null()) {
        let partition = whole(object, &format!("{rolling}/partition"))?;
        if let Some(new) = wanted.zip(partition).map(|(wanted, partition)| wanted.saturating_sub(partition))
            && updated < new
        {
            return Ok(waiting(&format!(
                "Waiting for partitioned roll out to finish: {updated} out of {new} new pods have been updated..."
            )));
        }
        return Ok(done(&format!("partitioned roll out complete: {updated} new pods have been updated...")));
    }
    let (current, update) = (text(object, "/status/currentRevision"), text(object, "/status/updateRevision"));
    if current != update {
        return Ok(waiting(&format!(
            "waiting for statefulset rolling update to complete {updated} pods at revision {update}..."
        )));
    }
    let pods = status("currentReplicas")?;
    Ok(done(&format!("statefulset rolling update complete {pods} pods at revision {current}...")))
}

fn quoted(object: &Value) -> String {
    format!("\"{}\"", text(object, "/metadata/name"))
}

/// One line of a workload's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Its number.
    pub revision: i64,
    /// Why it was made, as noted in `kubernetes.io/change-cause`; kubectl shows `<none>` when there is nothing.
    pub change_cause: Option<Safe>,
    /// The ReplicaSet or ControllerRevision that holds it.
    pub name: Safe,
    /// When that was made.
    pub made_at: Option<Ts>,
    /// Whether it is what the workload is now.
    pub current: bool,
    /// The images of its containers.
    pub images: Vec<Safe>,
}

/// What kubectl says when there is nothing.
pub const NO_HISTORY: &str = "No rollout history found.";

/// Returns the revisions of a workload, oldest first. Of two with the same number the one that is looked at last counts.
pub fn history(live: &Live<'_>) -> Vec<Past> {
    let mut lines: Vec<Past> = Vec::new();
    for revision in revisions::of(live) {
        let object = revision.object;
        let template = if live.place.kind == "Deployment" { "/spec/template" } else { "/data/spec/template" };
        let cause = |at: &str| {
            let cause = object.pointer(at)?.get(CHANGE_CAUSE)?.as_str();
            cause.filter(|cause| !cause.is_empty()).map(clip)
        };
        // A Deployment's ReplicaSets have it from the Deployment, or from the template itself.
        let in_template = || cause(&format!("{template}/metadata/annotations"));
        let in_template = || if live.place.kind == "Deployment" { in_template() } else { None };
        let images = items(object, &format!("{template}/spec/containers"));
        let past = Past {
            revision: revision.number,
            change_cause: cause("/metadata/annotations").or_else(in_template),
            name: clip(text(object, "/metadata/name")),
            made_at: Ts::parse_rfc3339(text(object, "/metadata/creationTimestamp")),
            current: revisions::is_now(live, revision),
            images: images.map(|container| clip(text(container, "/image"))).take(50).collect(),
        };
        lines.retain(|line| line.revision != past.revision);
        lines.push(past);
    }
    lines.sort_by_key(|line| line.revision);
    lines
}

/// Returns the history as kubectl prints it.
pub fn history_table(lines: &[Past]) -> String {
    if lines.is_empty() {
        return NO_HISTORY.to_owned();
    }
    let width = lines.iter().map(|line| line.revision.to_string().len()).max().unwrap_or(0).max(8) + 2;
    let rows = lines.iter().map(|line| {
        let cause = line.change_cause.as_ref().map_or("<none>", Safe::as_str);
        format!("{:<width$}{cause}\n", line.revision)
    });
    std::iter::once(format!("{:<width$}CHANGE-CAUSE\n", "REVISION")).chain(rows).collect()
}
