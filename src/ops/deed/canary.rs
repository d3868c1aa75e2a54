//! What is done to an Argo Rollout while it goes over to a new revision: aborted, tried again, promoted; paused, restarted
//! and undone as the workloads of Kubernetes are.
//!
//! After the plugin of kubectl (argo-rollouts `pkg/kubectl-argo-rollouts/cmd`), whose patches these are. The controller
//! keeps its state in `status`, which is a subresource; what the person decides there is written there too.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::act::{Act, Content, Raw, Verb, written_by_us};
use super::changes::told;
use super::expect::Expect;
use super::live::{Live, flag, items, text};
use super::refusal::Refusal;
use super::revisions;
use crate::core::{Ts, Zone};

/// What is done to a rollout that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Its traffic goes back to the stable revision, its canary is scaled down. What it wants stays the new revision.
    Abort,
    /// An aborted one is tried again from its first step.
    Retry,
    /// It goes on to its next step.
    Promote,
    /// It goes over at once: no more steps, pauses and analyses.
    PromoteFull,
}

impl Step {
    /// Returns its name in journal, command line and menu.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Abort => "abort",
            Self::Retry => "retry",
            Self::Promote => "promote",
            Self::PromoteFull => "promote-full",
        }
    }
}

/// Whether it is a Rollout.
pub(super) fn is_rollout(live: &Live<'_>) -> bool {
    live.is("argoproj.io", "Rollout")
}

pub(super) fn step(live: &Live<'_>, step: Step) -> Result<Act, Refusal> {
    let status = |change: Value| Act::patch(live, Content::Merge, json!({ "status": change })).map(of_status);
    match step {
        Step::Abort if is_aborted(live) => Err(Refusal::Already("already aborted")),
        Step::Abort | Step::PromoteFull if !is_moving(live) => {
            Err(Refusal::Already("not going over to another revision"))
        }
        Step::Abort => Ok(status(json!({"abort": true}))?.saying(["aborted no → yes".to_owned()])),
        Step::Retry if !is_aborted(live) => Err(Refusal::Already("not aborted")),
        Step::Retry => Ok(status(json!({"abort": false}))?.saying(["aborted yes → no".to_owned()])),
        Step::PromoteFull => {
            Ok(status(json!({"promoteFull": true}))?.saying(["promoted in full no → yes".to_owned()]))
        }
        Step::Promote => promote(live, status),
    }
}

fn promote(live: &Live<'_>, status: impl Fn(Value) -> Result<Act, Refusal>) -> Result<Act, Refusal> {
    // The plugin sends two requests then; a plan is one.
    if flag(live.object, "/spec/paused") {
        return Err(Refusal::Paused);
    }
    let reasons: Vec<String> =
        items(live.object, "/status/pauseConditions").map(|c| text(c, "/reason").to_owned()).collect();
    let ended = (!reasons.is_empty()).then(|| format!("pause ended: {}", reasons.join(", ")));
    let steps = items(live.object, "/spec/strategy/canary/steps").count();
    let at = live.object.pointer("/status/currentStepIndex").and_then(Value::as_u64).unwrap_or(0);
    let next = (at + 1).min(steps as u64);
    let further = format!("step {at} → {next} of {steps}");
    match ended {
        // The step itself would be tried again, and end as it did.
        Some(words) if is_inconclusive(live) => {
            let change = json!({"pauseConditions": null, "controllerPause": false, "currentStepIndex": next});
            Ok(status(change)?.saying([words, further]))
        }
        Some(words) => Ok(status(json!({"pauseConditions": null}))?.saying([words])),
        None if !is_moving(live) || steps == 0 => Err(Refusal::Already("not paused at a step")),
        None => Ok(status(json!({"pauseConditions": null, "currentStepIndex": next}))?.saying([further])),
    }
}

/// Whether the analysis of a canary's step has come to no result, and the controller waits for somebody's.
fn is_inconclusive(live: &Live<'_>) -> bool {
    let analysis = text(live.object, "/status/canary/currentStepAnalysisRunStatus/status");
    let has_steps = items(live.object, "/spec/strategy/canary/steps").next().is_some();
    has_steps && analysis == "Inconclusive" && flag(live.object, "/status/controllerPause")
}

/// Whether what runs is not, or not alone, what is wanted.
fn is_moving(live: &Live<'_>) -> bool {
    text(live.object, "/status/currentPodHash") != text(live.object, "/status/stableRS")
}

fn is_aborted(live: &Live<'_>) -> bool {
    flag(live.object, "/status/abort")
}

fn of_status(act: Act) -> Act {
    Act { subresource: Some("status".to_owned()), ..act }
}

pub(super) fn pause(live: &Live<'_>, pause: bool) -> Result<Act, Refusal> {
    match (flag(live.object, "/spec/paused"), pause) {
        (true, true) => Err(Refusal::Already("already paused")),
        (false, false) => Err(Refusal::Already("not paused")),
        _ => {
            let words = if pause { "paused no → yes" } else { "paused yes → no" };
            let act = Act::patch(live, Content::Merge, json!({"spec": {"paused": pause}}))?;
            Ok(act.saying([words.to_owned()]))
        }
    }
}

pub(super) fn restart(live: &Live<'_>, now: Ts) -> Result<Act, Refusal> {
    let before = text(live.object, "/spec/restartAt");
    let before = if before.is_empty() { "never" } else { before };
    let at = now.rfc3339_in(Zone::Utc);
    let words = format!("restarted at {before} → {at}");
    Ok(Act::patch(live, Content::Merge, json!({"spec": {"restartAt": at}}))?.saying([words]))
}

/// Puts the template of an earlier ReplicaSet back.
pub(super) fn undo(live: &Live<'_>, to: Option<i64>) -> Result<Act, Refusal> {
    if live.object.pointer("/spec/workloadRef").is_some_and(|of| !of.is_null()) {
        return Err(Refusal::invalid("its pods are those of another workload: undo the rollout of that"));
    }
    let revision = match to {
        Some(number) if number < 0 => return Err(Refusal::NoRevision(number)),
        _ => revisions::find(live, to)?,
    };
    if revisions::is_now(live, revision) {
        return Err(Refusal::SameTemplate(revision.number));
    }
    let template = revision.object.pointer("/spec/template").filter(|template| template.is_object());
    let template = template.ok_or_else(|| Refusal::unreadable("the ReplicaSet has no pod template"))?;
    let template = revisions::without_hash(template);
    let mut after = live.object.clone();
    match after.pointer_mut("/spec/template") {
        Some(now) => *now = template.clone(),
        None => return Err(Refusal::unreadable("it has no pod template")),
    }
    let (fields, after) = told(live.object, &after);
    let body = json!([
        {"op": "test", "path": "/metadata/uid", "value": live.place.uid},
        {"op": "test", "path": "/metadata/resourceVersion", "value": live.version()?},
        {"op": "replace", "path": "/spec/template", "value": template},
    ]);
    Ok(Act {
        verb: Verb::Patch,
        place: live.place.clone(),
        subresource: None,
        content: Content::JsonPatch,
        query: written_by_us(),
        body: Raw(body),
        fields,
        expect: Expect::Template { template: Raw(template) },
        after: Some(after),
    })
}

/// Returns what must be known before a step is confirmed.
pub(super) fn warnings(live: &Live<'_>, step: Step) -> Vec<String> {
    let mut told = Vec::new();
    match step {
        Step::Abort => told.push(
            "it still wants the new revision: a retry or a promotion goes on with it, undo goes back for good"
                .to_owned(),
        ),
        Step::Retry => told.push("it begins again with its first step".to_owned()),
        Step::Promote => {}
        Step::PromoteFull => {
            told.push("all that is left of its steps, pauses and analyses is left out".to_owned());
        }
    }
    if is_aborted(live) && matches!(step, Step::Promote | Step::PromoteFull) {
        told.push("it was aborted: the revision that failed is rolled out again".to_owned());
    }
    told
}
