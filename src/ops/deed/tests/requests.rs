use pretty_assertions::assert_eq;
use serde_json::json;

use super::super::{Cascade, Content, Deed, Live, Raw, Verb};
use super::*;

fn query(act: &Act) -> String {
    act.query.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&")
}

#[test]
fn a_restart_is_kubectls_annotation_bound_to_the_object_as_it_was_read() {
    let act = ask(&Deed::Restart, &deployment()).unwrap();
    assert_eq!((act.verb, act.content), (Verb::Patch, Content::Strategic));
    assert_eq!(act.path(), "/apis/apps/v1/namespaces/momo-store/deployments/backend");
    assert_eq!(query(&act), "fieldManager=deckwatch");
    assert_eq!(
        act.body.0,
        json!({
            "spec": {"template": {"metadata": {"annotations":
                {"kubectl.kubernetes.io/restartedAt": "2026-11-21T14:07:31Z"}}}},
            "metadata": {"uid": "u-dep", "resourceVersion": "41"},
        })
    );
    assert_eq!(lines(&act), ["restarted at never → 2026-11-21T14:07:31Z"]);
    assert_eq!(
        act.after.unwrap().pointer("/spec/template/metadata/annotations"),
        Some(&json!({"kubectl.kubernetes.io/restartedAt": "2026-11-21T14:07:31Z"}))
    );
}

#[test]
fn a_paused_deployment_is_neither_restarted_nor_paused_again() {
    let paused = with(deployment(), "/spec/paused", json!(true));
    assert_eq!(refused(&Deed::Restart, &paused), "it is paused: resume it first");
    assert_eq!(refused(&Deed::Pause, &paused), "it is already paused");
    assert_eq!(refused(&Deed::Resume, &deployment()), "it is not paused");
    // Two restarts in one second are one.
    let at = "/spec/template/metadata/annotations";
    let again = with(deployment(), at, json!({"kubectl.kubernetes.io/restartedAt": "2026-11-21T14:07:31Z"}));
    assert_eq!(refused(&Deed::Restart, &again), "it would change nothing");
}

#[test]
fn pausing_sets_a_flag_and_resuming_takes_it_away() {
    let act = ask(&Deed::Pause, &deployment()).unwrap();
    assert_eq!(act.body.0["spec"], json!({"paused": true}));
    let paused = with(deployment(), "/spec/paused", json!(true));
    let act = ask(&Deed::Resume, &paused).unwrap();
    assert_eq!((act.body.0["spec"].clone(), lines(&act)), (json!({"paused": null}), vec!["paused yes → no"]));
    assert_eq!(act.after.unwrap().pointer("/spec/paused"), None);
}

#[test]
fn scaling_goes_through_the_subresource_with_the_objects_version() {
    let act = ask(&Deed::Scale { replicas: 6, current: Some(4) }, &deployment()).unwrap();
    assert_eq!(act.path(), "/apis/apps/v1/namespaces/momo-store/deployments/backend/scale");
    assert_eq!(act.read_back(), "/apis/apps/v1/namespaces/momo-store/deployments/backend");
    assert_eq!(
        (act.content, act.body.0.clone()),
        (
            Content::Merge,
            json!({"spec": {"replicas": 6}, "metadata": {"uid": "u-dep", "resourceVersion": "41"}})
        )
    );
    assert_eq!(lines(&act), ["replicas 4 → 6"]);
    assert_eq!(act.after.unwrap().pointer("/spec/replicas"), Some(&json!(6)));
}

#[test]
fn scaling_is_refused_when_there_are_not_as_many_as_was_thought() {
    let scale = |replicas, current| Deed::Scale { replicas, current };
    assert_eq!(refused(&scale(6, Some(5)), &deployment()), "it has 4 replicas, not 5");
    assert_eq!(refused(&scale(4, None), &deployment()), "it would change nothing");
    assert_eq!(refused(&scale(-1, None), &deployment()), "there cannot be fewer than 0 replicas");
    assert_eq!(refused(&scale(1, None), &pod("p")), "scale does not apply to a Pod");
    let odd = with(deployment(), "/spec/replicas", json!("4"));
    assert_eq!(refused(&scale(1, None), &odd), "the object cannot be read: spec.replicas is no integer");
    let controller = json!({"apiVersion": "v1", "kind": "ReplicationController", "spec": {"replicas": 1},
        "metadata": {"name": "old", "namespace": "a", "uid": "u", "resourceVersion": "1"}});
    let act = ask(&scale(2, None), &controller).unwrap();
    assert_eq!(act.path(), "/api/v1/namespaces/a/replicationcontrollers/old/scale");
}

#[test]
fn a_deletion_names_the_very_object() {
    let delete = Deed::Delete { grace_s: None, force: false, cascade: Cascade::Background };
    let act = ask(&delete, &pod("p")).unwrap();
    assert_eq!(
        (act.verb.method(), act.path()),
        ("DELETE", "/api/v1/namespaces/momo-store/pods/p".to_owned())
    );
    assert_eq!(
        act.body.0,
        json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background",
            "preconditions": {"uid": "u-p", "resourceVersion": "5"}})
    );
    assert!(act.query.is_empty());
    assert_eq!(lines(&act), ["Pod momo-store/p deleted"]);
}

#[test]
fn grace_and_force_are_those_of_kubectl() {
    let ask_grace = |grace_s, force| {
        let deed = Deed::Delete { grace_s, force, cascade: Cascade::Foreground };
        ask(&deed, &pod("p")).map(|act| act.body.0["gracePeriodSeconds"].clone())
    };
    assert_eq!(ask_grace(None, false), Ok(json!(null)));
    assert_eq!(ask_grace(Some(0), false), Ok(json!(1)), "nothing ends at once without force");
    assert_eq!(ask_grace(Some(30), false), Ok(json!(30)));
    assert_eq!(ask_grace(None, true), Ok(json!(0)));
    assert_eq!(ask_grace(Some(0), true), Ok(json!(0)));
    assert!(ask_grace(Some(5), true).is_err());
    assert!(ask_grace(Some(-1), false).is_err());
}

#[test]
fn static_pods_and_pods_that_are_going_are_not_deleted_again() {
    let delete = |force| Deed::Delete { grace_s: None, force, cascade: Cascade::Background };
    let mirror = with(pod("p"), "/metadata/annotations", json!({"kubernetes.io/config.mirror": "x"}));
    for deed in [delete(false), delete(true), Deed::Evict { grace_s: None }] {
        assert!(refused(&deed, &mirror).contains("static pod"));
    }
    let going = with(pod("p"), "/metadata/deletionTimestamp", json!("2026-11-21T14:00:00Z"));
    let going = with(going, "/metadata/finalizers", json!(["example.com/hold"]));
    assert_eq!(refused(&delete(false), &going), "it is being deleted already, held by example.com/hold");
    assert!(refused(&Deed::Evict { grace_s: None }, &going).contains("being deleted"));
    assert!(ask(&delete(true), &going).is_ok());
}

#[test]
fn an_eviction_carries_both_preconditions() {
    let act = ask(&Deed::Evict { grace_s: Some(10) }, &pod("p")).unwrap();
    assert_eq!(
        (act.verb, act.path()),
        (Verb::Create, "/api/v1/namespaces/momo-store/pods/p/eviction".to_owned())
    );
    assert_eq!(
        act.body.0,
        json!({
            "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p", "namespace": "momo-store"},
            "deleteOptions": {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 10,
                "preconditions": {"uid": "u-p", "resourceVersion": "5"}},
        })
    );
    assert_eq!(lines(&act), ["Pod momo-store/p evicted", "grace period 10 s"]);
}

#[test]
fn cordoning_is_a_flag_of_the_node() {
    let act = ask(&Deed::Cordon, &node()).unwrap();
    assert_eq!(
        (act.path(), act.body.0["spec"].clone()),
        ("/api/v1/nodes/n1".to_owned(), json!({"unschedulable": true}))
    );
    assert_eq!(refused(&Deed::Uncordon, &node()), "it is not cordoned");
    let cordoned = with(node(), "/spec/unschedulable", json!(true));
    assert_eq!(refused(&Deed::Cordon, &cordoned), "it is already cordoned");
    assert_eq!(ask(&Deed::Uncordon, &cordoned).unwrap().body.0["spec"], json!({"unschedulable": null}));
}

#[test]
fn a_cronjob_is_run_as_a_job_that_tells_who_made_it() {
    let trigger = Deed::Trigger { name: "report-1".to_owned(), operation: "01J".to_owned() };
    let act = ask(&trigger, &cron_job()).unwrap();
    assert_eq!(
        (act.path(), act.read_back().as_str()),
        (
            "/apis/batch/v1/namespaces/momo-store/jobs".to_owned(),
            "/apis/batch/v1/namespaces/momo-store/jobs/report-1"
        )
    );
    assert_eq!(query(&act), "fieldManager=deckwatch&fieldValidation=Strict");
    assert_eq!(
        act.body.0,
        json!({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": {
                "name": "report-1", "namespace": "momo-store", "labels": {"app": "report"},
                "annotations": {"cronjob.kubernetes.io/instantiate": "manual", "note": "nightly", "deckwatch/operation": "01J"},
                "ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "name": "report", "uid": "u-cron", "controller": true}],
            },
            "spec": cron_job()["spec"]["jobTemplate"]["spec"],
        })
    );
    assert_eq!(
        lines(&act),
        ["Job momo-store/report-1 created from CronJob momo-store/report", "image report momo/report:5"]
    );
    for name in ["", "Report", "a/b", "..", &"x".repeat(64)] {
        let trigger = Deed::Trigger { name: name.to_owned(), operation: "01J".to_owned() };
        assert!(refused(&trigger, &cron_job()).contains("cannot be the name of a Job"), "{name}");
    }
}

#[test]
fn suspending_is_a_flag_of_the_cronjob() {
    assert_eq!(ask(&Deed::Suspend, &cron_job()).unwrap().body.0["spec"], json!({"suspend": true}));
    assert_eq!(refused(&Deed::Unsuspend, &cron_job()), "it is not suspended");
    let suspended = with(cron_job(), "/spec/suspend", json!(true));
    assert_eq!(refused(&Deed::Suspend, &suspended), "it is already suspended");
    assert_eq!(ask(&Deed::Unsuspend, &suspended).unwrap().body.0["spec"], json!({"suspend": false}));
}

#[test]
fn every_kind_of_request_is_bound_to_a_fresher_version() {
    let revisions = [replica_set("1", 1, "momo/backend:1"), replica_set("2", 2, "momo/backend:2")];
    let requests = [
        (ask(&Deed::Restart, &deployment()), "/metadata/resourceVersion"),
        (ask(&Deed::Scale { replicas: 1, current: None }, &deployment()), "/metadata/resourceVersion"),
        (ask_with(&Deed::Undo { to: None }, &deployment(), &revisions), "/1/value"),
        (
            ask(&Deed::Delete { grace_s: None, force: false, cascade: Cascade::Orphan }, &pod("p")),
            "/preconditions/resourceVersion",
        ),
        (ask(&Deed::Evict { grace_s: None }, &pod("p")), "/deleteOptions/preconditions/resourceVersion"),
    ];
    for (act, at) in requests {
        let act = act.unwrap();
        assert!(["41", "5"].contains(&act.body.0.pointer(at).unwrap().as_str().unwrap()));
        let fresh = act.clone().with_resource_version("99");
        assert_eq!(fresh.body.0.pointer(at), Some(&json!("99")));
        let uid = |act: &Act| act.body.0.to_string().contains(&format!("\"{}\"", act.place.uid));
        assert!(uid(&act) && uid(&fresh));
    }
    let trigger = Deed::Trigger { name: "r".to_owned(), operation: "01J".to_owned() };
    let create = ask(&trigger, &cron_job()).unwrap();
    assert_eq!(create.clone().with_resource_version("99"), create);
}

#[test]
fn a_dry_run_of_a_deletion_is_asked_for_where_the_server_looks() {
    let delete = Deed::Delete { grace_s: None, force: false, cascade: Cascade::Background };
    let act = ask(&delete, &pod("p")).unwrap().dry_run();
    assert_eq!((act.body.0["dryRun"].clone(), query(&act)), (json!(["All"]), "dryRun=All".to_owned()));
    let act = ask(&Deed::Evict { grace_s: None }, &pod("p")).unwrap().dry_run();
    assert_eq!(act.body.0["deleteOptions"]["dryRun"], json!(["All"]));
    let act = ask(&Deed::Restart, &deployment()).unwrap();
    let dry = act.clone().dry_run();
    assert_eq!((&dry.body, query(&dry)), (&act.body, "fieldManager=deckwatch&dryRun=All".to_owned()));
}

#[test]
fn each_deed_needs_the_right_to_its_own_request() {
    let right =
        |deed: &Deed, object: &Value| deed.rights(&Live::builtin(object, &[]).unwrap().place).to_string();
    assert_eq!(right(&Deed::Restart, &deployment()), "patch deployments.apps");
    assert_eq!(
        right(&Deed::Scale { replicas: 1, current: None }, &deployment()),
        "patch deployments.apps/scale"
    );
    assert_eq!(right(&Deed::Evict { grace_s: None }, &pod("p")), "create pods/eviction");
    assert_eq!(right(&Deed::Cordon, &node()), "patch nodes");
    let trigger = Deed::Trigger { name: "r".to_owned(), operation: "o".to_owned() };
    assert_eq!(right(&trigger, &cron_job()), "create jobs.batch");
    let delete = Deed::Delete { grace_s: None, force: false, cascade: Cascade::Background };
    assert_eq!(right(&delete, &pod("p")), "delete pods");
}

#[test]
fn deeds_and_requests_survive_being_handed_over() {
    let deeds = [
        Deed::Undo { to: Some(3) },
        Deed::Scale { replicas: 2, current: None },
        Deed::SetImage { images: vec![("*".to_owned(), "a:1".to_owned())] },
        Deed::Delete { grace_s: Some(1), force: false, cascade: Cascade::Orphan },
        Deed::Edit { edited: Raw(deployment()), from: None },
        Deed::Label { set: [("a".to_owned(), None)].into(), overwrite: true },
    ];
    for deed in deeds {
        let text = serde_json::to_string(&deed).unwrap();
        assert!(text.contains(&format!("\"deed\":\"{}\"", deed.name())), "{text}");
        assert_eq!(serde_json::from_str::<Deed>(&text).unwrap(), deed);
    }
    for act in [ask(&Deed::Restart, &deployment()), ask(&Deed::Evict { grace_s: None }, &pod("p"))] {
        let act = act.unwrap();
        let text = serde_json::to_string(&act).unwrap();
        assert_eq!(serde_json::from_str::<Act>(&text).unwrap(), act);
    }
    let forged = json!({"fields": ["\u{1b}[2J"]});
    let act = serde_json::to_value(ask(&Deed::Restart, &deployment()).unwrap()).unwrap();
    let act: Act = serde_json::from_value(with(act, "/fields", forged["fields"].clone())).unwrap();
    assert_eq!(lines(&act), ["^[[2J"]);
}
