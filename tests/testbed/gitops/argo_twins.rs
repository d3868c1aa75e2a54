//! A Rollout that deckwatch leads beside one that the plugin of kubectl leads: after each command both are in the same
//! state, which the controller made.
//!
//! Twins have the same name in two namespaces, so that even the hashes of their templates are equal.

use std::time::Duration;

use serde_json::{Value, json};

use super::{argo_rollouts::sets, by_deckwatch, eventually, fresh, image, object, refused, shown};
use crate::stand::{apply, kubectl, printed, tool, variable, xtask};

const NAME: &str = "backend";
const STABLE: &str = "0.0.1040";
const CANARY: &str = "0.0.1042";
/// Its image cannot be pulled.
const BAD: &str = "0.0.1041";
const LIMIT: Duration = Duration::from_secs(90);
/// How many steps its canary has.
const STEPS: i64 = 4;

/// What a person sees of a Rollout and its pods.
#[derive(Debug, PartialEq)]
struct State {
    /// The tag that it wants.
    tag: String,
    phase: String,
    step: Option<i64>,
    aborted: bool,
    paused: Vec<String>,
    /// Tag, wanted and available pods of each ReplicaSet that has any.
    sets: Vec<(String, u64, u64)>,
}

fn tag(image: &str) -> String {
    image.rsplit_once(':').unwrap().1.to_owned()
}

fn rollout(namespace: &str) -> Value {
    object("rollouts.argoproj.io", namespace, NAME)
}

fn state(namespace: &str) -> State {
    let now = rollout(namespace);
    let status = &now["status"];
    let generation = now["metadata"]["generation"].to_string();
    let reasons = status["pauseConditions"].as_array().into_iter().flatten();
    State {
        tag: tag(image(&now)),
        // What it says of an earlier generation does not count.
        phase: if status["observedGeneration"].as_str() == Some(&generation) {
            status["phase"].as_str().unwrap_or_default().to_owned()
        } else {
            "unseen".to_owned()
        },
        step: status["currentStepIndex"].as_i64(),
        aborted: status["abort"] == true,
        paused: reasons.map(|c| c["reason"].as_str().unwrap().to_owned()).collect(),
        sets: sets(namespace, NAME)
            .into_iter()
            .map(|(image, wanted, there)| (tag(&image), wanted, there))
            .collect(),
    }
}

/// Returns all that a Rollout wants and says, without moments.
fn whole(namespace: &str) -> Value {
    let mut now = rollout(namespace);
    let gone = [
        ("/status", "abortedAt"),
        ("/status/canary/currentStepAnalysisRunStatus", "startedAt"),
        ("/status/canary/currentStepAnalysisRunStatus", "completedAt"),
    ];
    for (of, moment) in gone {
        if let Some(of) = now.pointer_mut(of).and_then(Value::as_object_mut) {
            of.remove(moment);
        }
    }
    for moment in ["/spec/restartAt", "/status/restartedAt"] {
        if let Some(moment) = now.pointer_mut(moment) {
            *moment = "then".into();
        }
    }
    for list in ["/status/conditions", "/status/pauseConditions"] {
        let Some(list) = now.pointer_mut(list).and_then(Value::as_array_mut) else { continue };
        for entry in list.iter_mut().filter_map(Value::as_object_mut) {
            entry.retain(|key, _| {
                !matches!(key.as_str(), "lastTransitionTime" | "lastUpdateTime" | "startTime")
            });
        }
        // Their order is that of their last changes, some of which are made at once.
        list.sort_by_key(ToString::to_string);
    }
    json!({"spec": now["spec"], "status": now["status"], "generation": now["metadata"]["generation"]})
}

/// Two Rollouts that are led through the same.
struct Twins {
    ours: String,
    theirs: String,
}

impl Twins {
    /// Makes both with a release that is wholly out.
    fn new(scene: &str) -> Self {
        let twins = Self { ours: format!("{scene}-ours"), theirs: format!("{scene}-theirs") };
        for namespace in twins.both() {
            fresh(namespace);
            xtask(&["testbed", "argo", "rollout", NAME, "--namespace", namespace, "--tag", STABLE]);
        }
        twins.are(&at_rest(STABLE));
        twins
    }

    fn both(&self) -> [&str; 2] {
        [&self.ours, &self.theirs]
    }

    /// Gives both another image, as a deployment does.
    fn deploy(&self, tag: &str) {
        let image = format!("registry.momo.example/shop/{NAME}:{tag}");
        self.replace("/spec/template/spec/containers/0/image", &image.into());
    }

    fn replace(&self, path: &str, value: &Value) {
        let patch = json!([{"op": "replace", "path": path, "value": value}]).to_string();
        for namespace in self.both() {
            kubectl(["patch", "rollouts.argoproj.io", NAME, "-n", namespace, "--type", "json", "-p", &patch]);
        }
    }

    /// Leads one by deckwatch, the other by the plugin.
    fn lead(&self, deckwatch: &[&str], plugin: &[&str]) {
        let object = format!("rollout/{NAME}");
        by_deckwatch(&self.ours, NAME, &[&["rollout"], deckwatch, &[&object]].concat());
        printed(tool("kubectl-argo-rollouts").args(["-n", &self.theirs]).args(plugin).arg(NAME));
    }

    /// Waits until both are in that state, and all else of them is equal too.
    fn are(&self, expected: &State) {
        for namespace in self.both() {
            eventually(LIMIT, || state(namespace), expected);
        }
        eventually(LIMIT, || whole(&self.ours), &whole(&self.theirs));
    }
}

/// A release that is wholly out.
fn at_rest(tag: &str) -> State {
    State {
        tag: tag.to_owned(),
        phase: "Healthy".to_owned(),
        step: Some(STEPS),
        aborted: false,
        paused: Vec::new(),
        sets: vec![(tag.to_owned(), 4, 4)],
    }
}

/// A canary that waits at a step, with that many of the four pods.
fn waiting(step: i64, pods: u64) -> State {
    State {
        tag: CANARY.to_owned(),
        phase: "Paused".to_owned(),
        step: Some(step),
        aborted: false,
        paused: vec!["CanaryPauseStep".to_owned()],
        sets: vec![(STABLE.to_owned(), 4 - pods, 4 - pods), (CANARY.to_owned(), pods, pods)],
    }
}

/// One that was given up: all pods are the stable ones, what it wants is still the canary.
fn given_up(tag: &str) -> State {
    State {
        tag: tag.to_owned(),
        phase: "Degraded".to_owned(),
        step: Some(0),
        aborted: true,
        paused: Vec::new(),
        sets: vec![(STABLE.to_owned(), 4, 4)],
    }
}

#[test]
fn a_canary_is_promoted_step_by_step() {
    let twins = Twins::new("stepwise");
    twins.deploy(CANARY);
    twins.are(&waiting(1, 1));
    twins.lead(&["promote"], &["promote"]);
    twins.are(&waiting(3, 2));
    twins.lead(&["promote"], &["promote"]);
    twins.are(&at_rest(CANARY));
    // Nothing is left to promote: nothing is sent.
    refused(&twins.ours, &["rollout", "promote", "rollout/backend"], "not paused at a step");
}

#[test]
fn an_aborted_canary_is_retried_and_promoted_in_full() {
    let twins = Twins::new("retried");
    refused(&twins.ours, &["rollout", "abort", "rollout/backend"], "not going over to another revision");
    twins.deploy(CANARY);
    twins.are(&waiting(1, 1));
    twins.lead(&["abort"], &["abort"]);
    twins.are(&given_up(CANARY));
    let seen = shown(&twins.ours, NAME);
    let [held, standing, at] = ["held", "standing", "at"].map(|key| seen[key].as_str().unwrap());
    assert_eq!((held, standing, at), ("aborted", "bad", "step 0 of 4"));
    refused(&twins.ours, &["rollout", "abort", "rollout/backend"], "already aborted");
    twins.lead(&["retry"], &["retry", "rollout"]);
    twins.are(&waiting(1, 1));
    twins.lead(&["promote", "--full"], &["promote", "--full"]);
    twins.are(&at_rest(CANARY));
}

/// The order for a live bad canary: abort first, for it is fast; then undo, so that no retry brings it back.
#[test]
fn a_bad_canary_is_aborted_and_undone() {
    let twins = Twins::new("undone");
    twins.deploy(BAD);
    let stuck = State {
        tag: BAD.to_owned(),
        phase: "Progressing".to_owned(),
        step: Some(0),
        aborted: false,
        paused: Vec::new(),
        sets: vec![(STABLE.to_owned(), 4, 4), (BAD.to_owned(), 1, 0)],
    };
    twins.are(&stuck);
    twins.lead(&["abort"], &["abort"]);
    twins.are(&given_up(BAD));
    twins.lead(&["undo"], &["undo"]);
    twins.are(&at_rest(STABLE));
    // The one before the last is the bad one now, and back to it is a canary again.
    twins.lead(&["undo"], &["undo"]);
    twins.are(&stuck);
    twins.lead(&["undo", "--to-revision", "3"], &["undo", "--to-revision", "3"]);
    twins.are(&at_rest(STABLE));
}

/// Promoting a step that does not end by itself is to go on to the next one.
#[test]
fn a_canary_that_is_stuck_in_a_step_is_promoted_past_it() {
    let twins = Twins::new("stuck");
    twins.deploy(BAD);
    let at = |step, phase: &str, paused: &[&str]| State {
        tag: BAD.to_owned(),
        phase: phase.to_owned(),
        step: Some(step),
        aborted: false,
        paused: paused.iter().map(|reason| (*reason).to_owned()).collect(),
        sets: vec![(STABLE.to_owned(), 4, 4), (BAD.to_owned(), 1, 0)],
    };
    twins.are(&at(0, "Progressing", &[]));
    twins.lead(&["promote"], &["promote"]);
    twins.are(&at(1, "Paused", &["CanaryPauseStep"]));
    twins.lead(&["abort"], &["abort"]);
    twins.are(&given_up(BAD));
}

#[test]
fn a_rollout_is_paused_resumed_and_restarted() {
    let twins = Twins::new("restarted");
    twins.lead(&["restart"], &["restart"]);
    for namespace in twins.both() {
        eventually(LIMIT, || rollout(namespace)["status"]["restartedAt"].is_string(), &true);
    }
    twins.are(&at_rest(STABLE));
    twins.lead(&["pause"], &["pause"]);
    eventually(LIMIT, || whole(&twins.ours), &whole(&twins.theirs));
    assert_eq!(rollout(&twins.ours)["spec"]["paused"], true);
    // A deployment waits now. The plugin has no resume: its promote does both, deckwatch's says what to do first.
    twins.deploy(CANARY);
    refused(&twins.ours, &["rollout", "promote", "rollout/backend"], "resume");
    twins.lead(&["resume"], &["promote"]);
    twins.are(&waiting(1, 1));
}

/// An analysis that comes to no result waits for a person, and would come to none again.
#[test]
fn a_canary_whose_analysis_is_inconclusive_is_promoted_past_it() {
    let twins = Twins::new("inconclusive");
    let template = |namespace: &str| {
        json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate",
            "metadata": {"name": "shrug", "namespace": namespace},
            "spec": {"metrics": [{
                "name": "neither", "successCondition": "result[0] > 1", "failureCondition": "result[0] < 1",
                "provider": {"prometheus": {"address": variable("PROMETHEUS_URL"), "query": "vector(1)"}},
            }]},
        })
    };
    for namespace in twins.both() {
        apply(&template(namespace));
    }
    let analysis = json!({"analysis": {"templates": [{"templateName": "shrug"}]}});
    twins.replace("/spec/strategy/canary/steps/1", &analysis);
    twins.deploy(CANARY);
    let paused = State { paused: vec!["InconclusiveAnalysisRun".to_owned()], ..waiting(1, 1) };
    twins.are(&paused);
    twins.lead(&["promote"], &["promote"]);
    twins.are(&waiting(3, 2));
}
