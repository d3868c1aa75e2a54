use pretty_assertions::assert_eq;
use serde_json::json;

use super::super::{Cascade, Deed, Live, Raw, changes};
use super::*;
use crate::core::action::Risk;

const DELETE: Deed = Deed::Delete { grace_s: None, force: false, cascade: Cascade::Background };

fn warned(deed: &Deed, object: &Value) -> Vec<String> {
    deed.warnings(&Live::builtin(object, &[]).unwrap()).iter().map(ToString::to_string).collect()
}

fn risk(deed: &Deed, object: &Value) -> Risk {
    deed.risk_on(&Live::builtin(object, &[]).unwrap())
}

fn scale(replicas: i32) -> Deed {
    Deed::Scale { replicas, current: None }
}

#[test]
fn fewer_replicas_are_more_dangerous_and_none_most() {
    assert_eq!(scale(0).risk(), Risk::Destructive);
    assert_eq!(scale(2).risk(), Risk::Safe);
    assert_eq!(risk(&scale(6), &deployment()), Risk::Safe);
    assert_eq!(risk(&scale(2), &deployment()), Risk::Disruptive);
    assert_eq!(risk(&scale(0), &deployment()), Risk::Destructive);
    let odd = with(deployment(), "/spec/replicas", json!("4"));
    assert_eq!(risk(&scale(6), &odd), Risk::Destructive, "what is not known is dangerous");
    let off = with(deployment(), "/spec/replicas", json!(0));
    assert_eq!(risk(&Deed::Edit { edited: Raw(off), from: None }, &deployment()), Risk::Destructive);
}

#[test]
fn what_does_not_come_back_is_destructive() {
    assert_eq!(risk(&DELETE, &pod("p")), Risk::Disruptive);
    let bare = with(pod("p"), "/metadata/ownerReferences", json!([]));
    assert_eq!(risk(&DELETE, &bare), Risk::Destructive);
    assert_eq!(risk(&Deed::Evict { grace_s: None }, &bare), Risk::Destructive);
    assert_eq!(risk(&DELETE, &deployment()), Risk::Destructive);
    let force = Deed::Delete { grace_s: None, force: true, cascade: Cascade::Background };
    assert_eq!(risk(&force, &pod("p")), Risk::Destructive);
    assert_eq!(risk(&Deed::Restart, &deployment()), Risk::Disruptive);
    assert_eq!(risk(&Deed::Cordon, &node()), Risk::Safe);
}

#[test]
fn resuming_is_safe_only_where_nothing_waits_to_roll_out() {
    let paused = with(deployment(), "/spec/paused", json!(true));
    let rolled = [replica_set("2", 2, "momo/backend:2"), replica_set("1", 1, "momo/backend:1")];
    let on = |sets: &[Value]| Deed::Resume.risk_on(&Live::builtin(&paused, sets).unwrap());
    assert_eq!(on(&rolled), Risk::Safe);
    assert_eq!(on(&rolled[1..]), Risk::Disruptive);
    assert_eq!(on(&[]), Risk::Disruptive);
}

#[test]
fn helm_is_warned_of_where_it_would_overwrite() {
    let released = with(deployment(), "/metadata/annotations", json!({"meta.helm.sh/release-name": "momo"}));
    let overwrite = "Helm release `momo` made it: its next upgrade or rollback may overwrite this";
    assert!(warned(&scale(6), &released).contains(&overwrite.to_owned()));
    assert!(!warned(&Deed::Restart, &released).iter().any(|text| text.contains("Helm")));
    assert!(warned(&DELETE, &released)[0].contains("makes it again"));
    let labelled = with(deployment(), "/metadata/labels", json!({"app.kubernetes.io/managed-by": "Helm"}));
    assert!(warned(&Deed::Pause, &labelled)[0].starts_with("a Helm release made it"));
}

#[test]
fn a_restart_tells_who_serves_meanwhile() {
    assert_eq!(warned(&Deed::Restart, &deployment()), Vec::<String>::new());
    let one = with(deployment(), "/spec/replicas", json!(1));
    assert!(warned(&Deed::Restart, &one)[0].contains("no spare"));
    let recreate = with(one, "/spec/strategy", json!({"type": "Recreate"}));
    assert_eq!(
        warned(&Deed::Restart, &recreate),
        [
            "strategy Recreate: all its pods end before the first new one starts",
            "its only pod is replaced: nothing serves meanwhile"
        ]
    );
    let wide = with(deployment(), "/spec/strategy/rollingUpdate/maxUnavailable", json!("75%"));
    let wide = with(wide, "/spec/minReadySeconds", json!(30));
    assert_eq!(
        warned(&Deed::Restart, &wide),
        [
            "up to 3 of 4 pods are away at the same time (maxUnavailable)",
            "minReadySeconds: each new pod must be ready for 30 s before it counts"
        ]
    );
    let by_hand = with(stateful_set(), "/spec/updateStrategy", json!({"type": "OnDelete"}));
    assert!(warned(&Deed::Restart, &by_hand)[0].contains("OnDelete"));
}

#[test]
fn a_deletion_tells_what_is_lost_and_what_holds_it() {
    let bare = with(pod("p"), "/metadata/ownerReferences", json!([]));
    let bare = with(bare, "/metadata/finalizers", json!(["example.com/hold"]));
    let bare = with(bare, "/spec/volumes", json!([{"name": "tmp", "emptyDir": {}}]));
    assert_eq!(
        warned(&DELETE, &bare),
        [
            "it is held until its finalizers are done: example.com/hold",
            "no controller made it: it does not come back",
            "what it keeps in emptyDir volumes is lost"
        ]
    );
    let owner = json!([{"kind": "StatefulSet", "name": "db", "controller": true}]);
    let member = with(pod("db-0"), "/metadata/ownerReferences", owner);
    let member =
        with(member, "/spec/volumes", json!([{"name": "data", "persistentVolumeClaim": {"claimName": "d"}}]));
    assert!(warned(&Deed::Evict { grace_s: None }, &member)[0].contains("its volume stays"));
    assert_eq!(warned(&DELETE, &stateful_set()), ["its volumes stay"]);
    let tidy = json!({"whenDeleted": "Delete", "whenScaled": "Delete"});
    let tidy = with(stateful_set(), "/spec/persistentVolumeClaimRetentionPolicy", tidy);
    assert!(warned(&DELETE, &tidy)[0].contains("deleted with it"));
    assert!(warned(&scale(1), &tidy)[0].contains("whenScaled: Delete"));
}

#[test]
fn what_a_controller_sets_back_is_told() {
    let owner = json!([{"kind": "Deployment", "name": "backend", "controller": true}]);
    let set = with(replica_set("1", 1, "a:1"), "/apiVersion", json!("apps/v1"));
    let set = with(with(set, "/kind", json!("ReplicaSet")), "/metadata/ownerReferences", owner);
    assert_eq!(warned(&scale(3), &set), ["Deployment `backend` controls it and may set it back"]);
    assert_eq!(warned(&DELETE, &set), ["Deployment `backend` controls it and may make it again"]);
}

#[test]
fn a_run_by_hand_tells_of_the_runs_beside_it() {
    let busy = with(cron_job(), "/status", json!({"active": [{"name": "report-1"}]}));
    let trigger = Deed::Trigger { name: "r".to_owned(), operation: "o".to_owned() };
    assert_eq!(
        warned(&trigger, &busy),
        ["1 of its Jobs run now", "concurrencyPolicy Forbid is not asked: this run starts beside others"]
    );
}

#[test]
fn differences_are_counted_when_there_are_too_many_and_cut_when_they_are_long() {
    let many: serde_json::Map<String, Value> = (0..500).map(|n| (format!("k{n}"), json!("v"))).collect();
    let before = json!({"kind": "ConfigMap", "data": {}});
    let told = changes(&before, &json!({"kind": "ConfigMap", "data": many}));
    assert_eq!((told.len(), told[200].as_str()), (201, "… and 300 more"));
    let long = changes(&json!({"a": "x"}), &json!({"a": "y\n".repeat(5_000)}));
    assert!(long[0].as_str().len() < 1_000 && long[0].as_str().contains("(+9840 bytes)"), "{}", long[0]);
    assert_eq!(
        changes(&json!({"a": {"b.c/d": 1}}), &json!({"a": {"b.c/d": "\u{1b}[1m"}}))[0].as_str(),
        "a[b.c/d] 1 → ^[[1m"
    );
}
