use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::{ask, ask_with, lines, refused, with};
use crate::ops::deed::{Act, Deed, Live, Raw, Refusal, Step};

/// A canary that waits at its second step.
fn rollout() -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
        "metadata": {"name": "web", "namespace": "shop", "uid": "u-ro", "resourceVersion": "8"},
        "spec": {
            "replicas": 4,
            "strategy": {"canary": {"steps": [{"setWeight": 25}, {"pause": {}}, {"setWeight": 50}]}},
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web:2"}]}},
        },
        "status": {"currentPodHash": "new", "stableRS": "old", "currentStepIndex": 1, "controllerPause": true,
                   "pauseConditions": [{"reason": "CanaryPauseStep", "startTime": "2026-11-21T14:00:00Z"}]},
    })
}

fn step(step: Step, object: &Value) -> Result<Act, Refusal> {
    // The plural of a kind that is not built in is the server's to tell.
    let deed = Deed::Step { step };
    deed.request(&Live::new(object, "rollouts", &[]).unwrap(), super::NOW)
}

fn body(act: &Act) -> Value {
    let Raw(mut body) = act.body.clone();
    assert_eq!(body["metadata"], json!({"uid": "u-ro", "resourceVersion": "8"}));
    body.as_object_mut().unwrap().shift_remove("metadata");
    body
}

#[test]
fn each_step_is_one_patch_of_the_status_as_the_plugin_sends_it() {
    let stopped = with(rollout(), "/status/abort", json!(true));
    let between = with(rollout(), "/status/pauseConditions", json!(null));
    let inconclusive = with(
        rollout(),
        "/status/canary",
        json!({"currentStepAnalysisRunStatus": {"status": "Inconclusive"}}),
    );
    let past = json!({"pauseConditions": null, "controllerPause": false, "currentStepIndex": 2});
    for (wanted, object, status, line) in [
        (Step::Abort, rollout(), json!({"abort": true}), "aborted no → yes"),
        (Step::Retry, stopped, json!({"abort": false}), "aborted yes → no"),
        (Step::Promote, rollout(), json!({"pauseConditions": null}), "pause ended: CanaryPauseStep"),
        (Step::Promote, between, json!({"pauseConditions": null, "currentStepIndex": 2}), "step 1 → 2 of 3"),
        (Step::Promote, inconclusive, past, "pause ended: CanaryPauseStep, step 1 → 2 of 3"),
        (Step::PromoteFull, rollout(), json!({"promoteFull": true}), "promoted in full no → yes"),
    ] {
        let act = step(wanted, &object).unwrap();
        assert_eq!(
            act.path(),
            "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web/status",
            "{wanted:?}"
        );
        assert_eq!(act.read_back(), "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web");
        assert_eq!(
            (act.content.as_str(), body(&act)),
            ("application/merge-patch+json", json!({"status": status}))
        );
        assert_eq!(lines(&act).join(", "), line);
        let right = Deed::Step { step: wanted }.rights(&act.place);
        assert_eq!(right.to_string(), "patch rollouts.argoproj.io/status");
    }
}

#[test]
fn what_there_is_nothing_to_do_for_is_refused() {
    let whole = with(rollout(), "/status/currentPodHash", json!("old"));
    let whole = with(whole, "/status/pauseConditions", json!([]));
    let aborted = with(rollout(), "/status/abort", json!(true));
    let by_hand = with(rollout(), "/spec/paused", json!(true));
    let why = |wanted, object: &Value| step(wanted, object).unwrap_err().to_string();
    assert_eq!(why(Step::Abort, &aborted), "it is already aborted");
    assert_eq!(why(Step::Abort, &whole), "it is not going over to another revision");
    assert_eq!(why(Step::Retry, &rollout()), "it is not aborted");
    assert_eq!(why(Step::Promote, &whole), "it is not paused at a step");
    assert_eq!(why(Step::Promote, &by_hand), "it is paused: resume it first");
    assert_eq!(why(Step::PromoteFull, &whole), "it is not going over to another revision");
    assert_eq!(
        refused(&Deed::Step { step: Step::Abort }, &super::deployment()),
        "abort does not apply to a Deployment"
    );
}

#[test]
fn a_rollout_is_paused_restarted_and_undone_by_its_own_fields() {
    let on =
        |deed: &Deed, object: &Value| deed.request(&Live::new(object, "rollouts", &[]).unwrap(), super::NOW);
    assert_eq!(body(&on(&Deed::Pause, &rollout()).unwrap()), json!({"spec": {"paused": true}}));
    let paused = with(rollout(), "/spec/paused", json!(true));
    assert_eq!(body(&on(&Deed::Resume, &paused).unwrap()), json!({"spec": {"paused": false}}));
    let restarted = on(&Deed::Restart, &rollout()).unwrap();
    assert_eq!(body(&restarted), json!({"spec": {"restartAt": "2026-11-21T14:07:31Z"}}));
    let set = |number: &str, image: &str| {
        json!({
            "metadata": {"name": format!("web-{number}"), "annotations": {"rollout.argoproj.io/revision": number},
                         "ownerReferences": [{"kind": "Rollout", "name": "web", "uid": "u-ro", "controller": true}]},
            "spec": {"template": {"metadata": {"labels": {"app": "web", "rollouts-pod-template-hash": number}},
                                  "spec": {"containers": [{"name": "web", "image": image}]}}},
        })
    };
    let sets = [set("1", "web:1"), set("2", "web:2")];
    let undo = |to| {
        Deed::Undo { to }
            .request(&Live::new(&rollout(), "rollouts", &sets).unwrap(), super::NOW)
            .map(|act| act.body.0[2].clone())
    };
    let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}});
    for to in [None, Some(1)] {
        assert_eq!(undo(to).unwrap(), json!({"op": "replace", "path": "/spec/template", "value": template}));
    }
    assert_eq!(undo(Some(2)).unwrap_err(), Refusal::SameTemplate(2));
    assert_eq!(undo(Some(7)).unwrap_err(), Refusal::NoRevision(7));
    // Those of a Deployment have nothing to do with it.
    assert!(ask_with(&Deed::Undo { to: None }, &super::deployment(), &sets).is_err());
    assert!(ask(&Deed::Pause, &super::deployment()).is_ok());
}
