use pretty_assertions::assert_eq;
use serde_json::json;

use super::super::{Cascade, Deed, Expect, Seen, held_by, same_but_status};
use super::*;

const APPLIED: Seen = Seen::Applied;

/// The object with another version.
fn moved(object: Value) -> Value {
    with(object, "/metadata/resourceVersion", json!("42"))
}

#[test]
fn a_patch_took_effect_when_it_would_change_nothing_any_more() {
    let before = deployment();
    let scale = ask(&Deed::Scale { replicas: 6, current: None }, &before).unwrap();
    assert_eq!(scale.judge(&before, Some(&before)), Seen::NotYet);
    let status_only = with(moved(before.clone()), "/status/replicas", json!(3));
    assert_eq!(scale.judge(&before, Some(&status_only)), Seen::NotApplied);
    let done = with(moved(before.clone()), "/spec/replicas", json!(6));
    assert_eq!(scale.judge(&before, Some(&done)), APPLIED);
    assert_eq!(scale.judge(&before, None), Seen::Vanished);
    let recreated = with(done, "/metadata/uid", json!("u-2"));
    assert_eq!(scale.judge(&before, Some(&recreated)), Seen::Vanished);
}

#[test]
fn what_the_server_adds_does_not_hide_that_a_patch_took_effect() {
    let before = deployment();
    let deed = Deed::SetResources {
        containers: vec!["proxy".to_owned()],
        requests: [("cpu".to_owned(), "0.5".to_owned())].into(),
        limits: std::collections::BTreeMap::new(),
    };
    let act = ask(&deed, &before).unwrap();
    let mut back = moved(before.clone());
    back["spec"]["template"]["spec"]["containers"][1]["resources"] = json!({"requests": {"cpu": "500m"}});
    back["spec"]["template"]["spec"]["containers"][1]["imagePullPolicy"] = json!("IfNotPresent");
    assert_eq!(act.judge(&before, Some(&back)), APPLIED);
    // A label's value is text, not a quantity.
    let versioned = with(before, "/metadata/labels/v", json!("1"));
    let label = Deed::Label { set: [("v".to_owned(), Some("1.0".to_owned()))].into(), overwrite: true };
    let act = ask(&label, &versioned).unwrap();
    assert_eq!(act.judge(&versioned, Some(&moved(versioned.clone()))), Seen::NotApplied);
}

#[test]
fn flags_that_the_server_leaves_out_are_off() {
    let paused = with(deployment(), "/spec/paused", json!(true));
    let resume = ask(&Deed::Resume, &paused).unwrap();
    assert_eq!(resume.judge(&paused, Some(&moved(deployment()))), APPLIED);
    assert_eq!(resume.judge(&paused, Some(&moved(paused.clone()))), Seen::NotApplied);
}

#[test]
fn a_write_of_ours_that_is_not_what_was_asked_for_is_told() {
    let before = deployment();
    let image = Deed::SetImage { images: vec![("backend".to_owned(), "momo/backend:3".to_owned())] };
    let act = ask(&image, &before).unwrap();
    let mut back = moved(before.clone());
    back["spec"]["template"]["spec"]["containers"][0]["image"] = json!("mirror.local/momo/backend:3");
    assert_eq!(act.judge(&before, Some(&back)), Seen::NotApplied);
    back["metadata"]["managedFields"]
        .as_array_mut()
        .unwrap()
        .push(json!({"manager": "deckwatch", "operation": "Update", "time": "2026-11-21T14:07:32Z"}));
    assert_eq!(act.judge(&before, Some(&back)), Seen::Differs);
}

#[test]
fn a_restart_after_ours_is_a_restart_too() {
    let before = deployment();
    let act = ask(&Deed::Restart, &before).unwrap();
    let at = "/spec/template/metadata/annotations";
    let restarted =
        |time: &str| with(moved(before.clone()), at, json!({"kubectl.kubernetes.io/restartedAt": time}));
    for (time, seen) in [
        ("2026-11-21T14:07:31Z", APPLIED),
        ("2026-11-21T17:07:31+03:00", APPLIED),
        ("2026-11-21T14:09:00Z", APPLIED),
        ("2026-11-21T14:00:00Z", Seen::NotApplied),
        ("soon", Seen::NotApplied),
    ] {
        assert_eq!(act.judge(&before, Some(&restarted(time))), seen, "{time}");
    }
}

#[test]
fn an_undo_is_judged_by_the_template() {
    let before = deployment();
    let sets = [replica_set("1", 1, "momo/backend:1"), replica_set("2", 2, "momo/backend:2")];
    let act = ask_with(&Deed::Undo { to: None }, &before, &sets).unwrap();
    let mut back = moved(before.clone());
    assert_eq!(act.judge(&before, Some(&back)), Seen::NotApplied);
    back["spec"]["template"]["spec"]["containers"][0]["image"] = json!("momo/backend:1");
    assert_eq!(act.judge(&before, Some(&back)), APPLIED);
    let before = stateful_set();
    let revisions = [controller_revision(1, "postgres:16"), controller_revision(2, "postgres:17")];
    let act = ask_with(&Deed::Undo { to: None }, &before, &revisions).unwrap();
    assert_eq!(act.judge(&before, Some(&before)), Seen::NotYet);
    let mut back = with(before.clone(), "/metadata/resourceVersion", json!("8"));
    back["spec"]["template"]["spec"]["containers"][0]["image"] = json!("postgres:16");
    assert_eq!(act.judge(&before, Some(&back)), APPLIED);
}

#[test]
fn a_deleted_object_is_gone_going_or_another() {
    let before = pod("p");
    let delete = Deed::Delete { grace_s: None, force: false, cascade: Cascade::Background };
    let act = ask(&delete, &before).unwrap();
    assert_eq!(act.judge(&before, None), APPLIED);
    assert_eq!(act.judge(&before, Some(&with(before.clone(), "/metadata/uid", json!("u-new")))), APPLIED);
    assert_eq!(act.judge(&before, Some(&before)), Seen::NotYet);
    assert_eq!(act.judge(&before, Some(&moved(before.clone()))), Seen::NotApplied);
    let going = with(moved(before.clone()), "/metadata/deletionTimestamp", json!("2026-11-21T14:08:00Z"));
    let held = with(going.clone(), "/metadata/finalizers", json!(["a/b"]));
    assert_eq!(act.judge(&before, Some(&held)), APPLIED);
    assert_eq!(held_by(&held).len(), 1);
    assert_eq!(held_by(&with(before.clone(), "/metadata/finalizers", json!(["a/b"]))).len(), 0);
    // What was going before is not gone by our request.
    let force = Deed::Delete { grace_s: None, force: true, cascade: Cascade::Background };
    let forced = ask(&force, &going).unwrap();
    assert_eq!(forced.judge(&going, Some(&going)), Seen::NotYet);
    let sooner = with(going.clone(), "/metadata/deletionGracePeriodSeconds", json!(0));
    assert_eq!(forced.judge(&going, Some(&sooner)), APPLIED);
}

#[test]
fn an_eviction_that_has_only_begun_may_still_take_effect() {
    let before = pod("p");
    let act = ask(&Deed::Evict { grace_s: None }, &before).unwrap();
    let mut begun = moved(before.clone());
    begun["status"]["conditions"]
        .as_array_mut()
        .unwrap()
        .push(json!({"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"}));
    assert_eq!(act.judge(&before, Some(&begun)), Seen::NotYet);
    assert_eq!(act.judge(&before, Some(&moved(before.clone()))), Seen::NotApplied);
}

#[test]
fn a_job_is_ours_when_it_names_the_operation() {
    let trigger = Deed::Trigger { name: "r-1".to_owned(), operation: "01J".to_owned() };
    let act = ask(&trigger, &cron_job()).unwrap();
    assert_eq!(act.expect, Expect::Created { operation: "01J".to_owned() });
    assert_eq!(act.judge(&cron_job(), Some(&act.body.0)), APPLIED);
    let others = with(act.body.0.clone(), "/metadata/annotations", json!({"deckwatch/operation": "01K"}));
    assert_eq!(act.judge(&cron_job(), Some(&others)), Seen::NotApplied);
    assert_eq!(act.judge(&cron_job(), None), Seen::NotYet, "nothing binds a creation");
}

#[test]
fn a_plan_outlives_a_changed_status_and_nothing_else() {
    let planned = deployment();
    let crash_loop = with(moved(planned.clone()), "/status", json!({"replicas": 1}));
    let crash_loop =
        with(crash_loop, "/metadata/managedFields", json!([{"manager": "kube-controller-manager"}]));
    let crash_loop = with(crash_loop, "/metadata/generation", json!(4));
    assert!(same_but_status(&planned, &crash_loop));
    assert!(same_but_status(&planned, &with(planned.clone(), "/metadata/finalizers", json!(null))));
    for (at, value) in [
        ("/metadata/uid", json!("x")),
        ("/metadata/labels", json!({})),
        ("/metadata/annotations/team", json!("x")),
        ("/metadata/deletionTimestamp", json!("2026-11-21T14:08:00Z")),
        ("/metadata/ownerReferences", json!([{}])),
        ("/spec/replicas", json!(5)),
        ("/data", json!({"a": "b"})),
    ] {
        assert!(!same_but_status(&planned, &with(planned.clone(), at, value)), "{at}");
    }
    assert!(!same_but_status(&planned, &json!(null)));
}
