use pretty_assertions::assert_eq;
use serde_json::json;

use super::super::rollout::{NO_HISTORY, history, history_table};
use super::super::{Content, Deed, Live};
use super::*;

fn sets() -> [Value; 3] {
    [
        replica_set("3", 3, "momo/backend:2"),
        replica_set("1", 1, "momo/backend:0"),
        replica_set("2", 2, "momo/backend:1"),
    ]
}

#[test]
fn an_undo_puts_the_template_and_annotations_of_a_replicaset_back() {
    let act = ask_with(&Deed::Undo { to: None }, &deployment(), &sets()).unwrap();
    assert_eq!(
        (act.content, act.path()),
        (Content::JsonPatch, "/apis/apps/v1/namespaces/momo-store/deployments/backend".to_owned())
    );
    let template = json!({
        "metadata": {"creationTimestamp": null, "labels": {"app": "backend"}},
        "spec": replica_set("2", 2, "momo/backend:1")["spec"]["template"]["spec"],
    });
    assert_eq!(
        act.body.0,
        json!([
            {"op": "test", "path": "/metadata/uid", "value": "u-dep"},
            {"op": "test", "path": "/metadata/resourceVersion", "value": "41"},
            {"op": "replace", "path": "/spec/template", "value": template},
            // The revision stays the Deployment's own, the ReplicaSet's count is not taken over.
            {"op": "replace", "path": "/metadata/annotations",
             "value": {"deployment.kubernetes.io/revision": "2", "team": "old shop"}},
        ])
    );
    assert_eq!(
        lines(&act),
        ["metadata.annotations.team shop → old shop", "image backend momo/backend:2 → momo/backend:1"]
    );
}

#[test]
fn annotations_that_are_not_there_are_added_not_replaced() {
    let mut bare = deployment();
    bare["metadata"].as_object_mut().unwrap().shift_remove("annotations");
    let act = ask_with(&Deed::Undo { to: Some(1) }, &bare, &sets()).unwrap();
    assert_eq!(act.body.0[3]["op"], "add");
}

#[test]
fn an_undo_is_refused_as_kubectl_refuses_it() {
    let undo = |to, object: &Value, sets: &[Value]| {
        ask_with(&Deed::Undo { to }, object, sets).unwrap_err().to_string()
    };
    let here = deployment();
    assert_eq!(undo(Some(3), &here, &sets()), "skipped: its template already matches revision 3");
    assert_eq!(undo(Some(9), &here, &sets()), "there is no revision 9 in its history");
    assert_eq!(undo(Some(-1), &here, &sets()), "there is no revision -1 in its history");
    assert_eq!(undo(None, &here, &[]), "there is no earlier revision to go back to");
    assert_eq!(undo(None, &here, &sets()[..1]), "there is no earlier revision to go back to");
    let paused = with(here.clone(), "/spec/paused", json!(true));
    assert_eq!(undo(None, &paused, &sets()), "it is paused: resume it first");
    let others = sets().map(|set| with(set, "/metadata/ownerReferences/0/uid", json!("u-other")));
    assert_eq!(undo(None, &here, &others), "there is no earlier revision to go back to");
}

#[test]
fn zero_means_the_revision_before_the_current_one() {
    let zero = ask_with(&Deed::Undo { to: Some(0) }, &deployment(), &sets()).unwrap();
    assert_eq!(zero, ask_with(&Deed::Undo { to: None }, &deployment(), &sets()).unwrap());
}

#[test]
fn a_statefulset_goes_back_by_the_patch_that_its_revision_is() {
    let revisions = [
        controller_revision(3, "postgres:17"),
        controller_revision(1, "postgres:15"),
        controller_revision(2, "postgres:16"),
    ];
    let act = ask_with(&Deed::Undo { to: None }, &stateful_set(), &revisions).unwrap();
    assert_eq!(act.content, Content::Strategic);
    let mut body = controller_revision(2, "postgres:16")["data"].clone();
    body["metadata"] = json!({"uid": "u-sts", "resourceVersion": "7"});
    assert_eq!(act.body.0, body);
    assert_eq!(lines(&act), ["image db postgres:17 → postgres:16"]);
    assert_eq!(
        act.after.unwrap()["spec"]["template"],
        json!({"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "db", "image": "postgres:16"}]}})
    );
    let refused = |to, revisions: &[Value]| {
        ask_with(&Deed::Undo { to }, &stateful_set(), revisions).unwrap_err().to_string()
    };
    assert_eq!(refused(Some(3), &revisions), "skipped: its template already matches revision 3");
    assert_eq!(refused(None, &revisions[..1]), "there is no earlier revision to go back to");
    let hostile = [revisions[0].clone(), with(revisions[2].clone(), "/data/metadata", json!({"uid": "x"}))];
    assert!(refused(None, &hostile).contains("revision 2 holds no pod template"));
}

#[test]
fn history_is_what_kubectl_prints() {
    let sets = sets().map(|set| {
        let cause = format!("deploy {}", set["metadata"]["annotations"]["deployment.kubernetes.io/revision"]);
        let at = "/metadata/annotations/kubernetes.io~1change-cause";
        if cause.contains('2') { with(set, at, json!(cause)) } else { set }
    });
    let object = deployment();
    let lines = history(&Live::builtin(&object, &sets).unwrap());
    assert_eq!(
        history_table(&lines),
        "REVISION  CHANGE-CAUSE\n1         <none>\n2         deploy \"2\"\n3         <none>\n"
    );
    let numbers: Vec<_> = lines.iter().map(|line| (line.revision, line.current)).collect();
    assert_eq!(numbers, [(1, false), (2, false), (3, true)]);
    assert_eq!(lines[0].images[0].as_str(), "momo/backend:0");
    assert_eq!(history_table(&[]), NO_HISTORY);

    let object = stateful_set();
    let revisions = [controller_revision(2, "postgres:17"), controller_revision(1, "postgres:16")];
    let lines = history(&Live::builtin(&object, &revisions).unwrap());
    let found: Vec<_> = lines.iter().map(|l| (l.revision, l.current, l.images[0].as_str())).collect();
    assert_eq!(found, [(1, false, "postgres:16"), (2, true, "postgres:17")]);
}

#[test]
fn a_replicaset_without_a_number_counts_as_zero_and_one_with_a_bad_number_not_at_all() {
    let mut none = replica_set("x", 4, "momo/backend:9");
    none["metadata"]["annotations"]
        .as_object_mut()
        .unwrap()
        .shift_remove("deployment.kubernetes.io/revision");
    let sets = [none, replica_set("many", 5, "momo/backend:8")];
    let object = deployment();
    let lines = history(&Live::builtin(&object, &sets).unwrap());
    assert_eq!(lines.iter().map(|line| line.revision).collect::<Vec<_>>(), [0]);
}
