use std::collections::BTreeSet;

use pretty_assertions::assert_eq;
use serde_json::json;

use super::super::drain::{Drain, Hold, Options, Why, choose};
use super::*;

fn budget(name: &str, allowed: i64) -> Value {
    json!({
        "metadata": {"name": name, "namespace": "momo-store", "generation": 1},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "backend"}}},
        "status": {"observedGeneration": 1, "disruptionsAllowed": allowed, "desiredHealthy": 1, "currentHealthy": 1 + allowed},
    })
}

fn owned_by(pod: Value, kind: &str, name: &str) -> Value {
    let owner = json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "controller": true}]);
    with(pod, "/metadata/ownerReferences", owner)
}

fn unmanaged(pod: Value) -> Value {
    with(pod, "/metadata/ownerReferences", json!([]))
}

fn scratch(pod: Value) -> Value {
    with(pod, "/spec/volumes", json!([{"name": "tmp", "emptyDir": {}}]))
}

fn drain(pods: &[Value], budgets: &[Value], options: &Options) -> Drain {
    choose(&node(), pods, budgets, None, options, NOW)
}

fn names<T>(list: &[T], name: impl Fn(&T) -> String) -> Vec<String> {
    list.iter().map(name).collect()
}

#[test]
fn pods_of_the_node_leave_and_pods_of_others_are_passed_over() {
    let other = with(pod("b"), "/spec/nodeName", json!("n2"));
    let found = drain(&[pod("c"), other, pod("a")], &[], &Options::default());
    assert_eq!(names(&found.leaving, |l| l.pod.to_string()), ["momo-store/a", "momo-store/c"]);
    assert_eq!(found.leaving[0].pod.uid, "u-a");
    assert!(found.blockers.is_empty() && found.staying.is_empty() && found.budgets.is_empty());
}

#[test]
fn it_refuses_exactly_where_kubectl_refuses_and_in_its_words() {
    let pods =
        [owned_by(pod("ds"), "DaemonSet", "agent"), scratch(pod("tmp")), unmanaged(pod("bare")), pod("ok")];
    let found = drain(&pods, &[], &Options::default());
    assert_eq!(
        names(&found.errors(), ToString::to_string),
        [
            "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): momo-store/ds",
            "cannot delete Pods that declare no controller (use --force to override): momo-store/bare",
            "cannot delete Pods with local storage (use --delete-emptydir-data to override): momo-store/tmp",
        ]
    );
    assert_eq!(names(&found.leaving, |l| l.pod.to_string()), ["momo-store/ok"]);
    let all = Options { ignore_daemonsets: true, delete_emptydir: true, force: true, ..Options::default() };
    let found = drain(&pods, &[], &all);
    assert!(found.blockers.is_empty());
    assert_eq!(
        names(&found.warnings(), ToString::to_string),
        [
            "deleting Pods that declare no controller: momo-store/bare",
            "deleting Pods with local storage: momo-store/tmp",
            "ignoring DaemonSet-managed Pods: momo-store/ds",
        ]
    );
    assert_eq!(
        found.staying.iter().map(|(p, w)| (p.to_string(), w)).collect::<Vec<_>>(),
        [("momo-store/ds".to_owned(), &Why::DaemonSet)]
    );
}

#[test]
fn static_pods_stay_and_ended_pods_leave_whatever_they_are() {
    let mirror =
        with(unmanaged(pod("static")), "/metadata/annotations", json!({"kubernetes.io/config.mirror": "h"}));
    let ended = |name: &str| with(scratch(unmanaged(pod(name))), "/status/phase", json!("Succeeded"));
    let daemon = owned_by(ended("ds"), "DaemonSet", "agent");
    let found = drain(&[mirror, ended("job"), daemon], &[], &Options::default());
    assert_eq!(names(&found.leaving, |l| l.pod.to_string()), ["momo-store/ds", "momo-store/job"]);
    assert_eq!(found.staying[0].1, Why::Mirror);
}

#[test]
fn a_pod_whose_daemonset_is_gone_leaves_only_by_force() {
    let pods = [owned_by(pod("ds"), "DaemonSet", "agent")];
    let none = BTreeSet::new();
    let by = |force| {
        let options = Options { force, ignore_daemonsets: true, ..Options::default() };
        choose(&node(), &pods, &[], Some(&none), &options, NOW)
    };
    assert_eq!(
        by(false).errors()[0].as_str(),
        "cannot delete daemonsets.apps \"agent\" not found: momo-store/ds"
    );
    assert_eq!(by(true).leaving.len(), 1);
    let there = BTreeSet::from([("momo-store".to_owned(), "agent".to_owned())]);
    let options = Options { force: true, ignore_daemonsets: true, ..Options::default() };
    assert_eq!(choose(&node(), &pods, &[], Some(&there), &options, NOW).staying[0].1, Why::DaemonSet);
}

#[test]
fn pods_that_end_too_slowly_are_passed_over_when_asked() {
    let ending = with(pod("slow"), "/metadata/deletionTimestamp", json!("2026-11-21T14:00:00Z"));
    let options = |skip_ending_s| Options { skip_ending_s, ..Options::default() };
    assert_eq!(drain(std::slice::from_ref(&ending), &[], &options(Some(60))).staying[0].1, Why::Ending);
    assert_eq!(drain(std::slice::from_ref(&ending), &[], &options(Some(600))).leaving.len(), 1);
    assert_eq!(drain(&[ending], &[], &options(None)).leaving.len(), 1);
}

#[test]
fn budgets_that_block_come_first_and_their_pods_last() {
    let free = with(pod("z"), "/metadata/labels", json!({"app": "web"}));
    let roomy = with(budget("roomy", 5), "/spec/selector", json!({"matchLabels": {"app": "web"}}));
    let found = drain(&[pod("a"), free], &[roomy, budget("tight", 0)], &Options::default());
    assert_eq!(
        names(&found.budgets, |b| format!("{} {:?} {}", b.name, b.hold, b.pods.len())),
        ["tight Blocks 1", "roomy Allows 1"]
    );
    assert_eq!(
        names(&found.leaving, |l| format!("{} {}", l.pod, l.held)),
        ["momo-store/z false", "momo-store/a true"]
    );
}

#[test]
fn a_budget_that_allows_fewer_than_leave_makes_the_others_wait() {
    let found = drain(&[pod("a"), pod("b")], &[budget("one", 1)], &Options::default());
    assert_eq!((found.budgets[0].hold, found.budgets[0].pods.len()), (Hold::Waits, 2));
    assert!(found.leaving.iter().all(|leaving| !leaving.held));
    let stale = with(budget("stale", 3), "/metadata/generation", json!(2));
    assert_eq!(drain(&[pod("a")], &[stale], &Options::default()).budgets[0].hold, Hold::Blocks);
}

#[test]
fn two_budgets_for_one_pod_are_never_satisfied() {
    let found = drain(&[pod("a")], &[budget("x", 9), budget("y", 9)], &Options::default());
    assert_eq!(names(&found.budgets, |b| format!("{:?}", b.hold)), ["Never", "Never"]);
    assert!(found.leaving[0].held);
}

#[test]
fn a_pod_that_is_not_ready_goes_where_the_server_lets_it_go() {
    let sick = with(pod("sick"), "/status/conditions", json!([{"type": "Ready", "status": "False"}]));
    let hold =
        |budget: Value| drain(std::slice::from_ref(&sick), &[budget], &Options::default()).budgets[0].hold;
    // As many are healthy as must be.
    assert_eq!(hold(budget("b", 0)), Hold::Allows);
    let short = with(budget("b", 0), "/status/currentHealthy", json!(0));
    assert_eq!(hold(short.clone()), Hold::Blocks);
    assert_eq!(hold(with(short, "/spec/unhealthyPodEvictionPolicy", json!("AlwaysAllow"))), Hold::Allows);
    let pending = with(pod("new"), "/status/phase", json!("Pending"));
    assert!(drain(&[pending], &[budget("b", 0)], &Options::default()).budgets.is_empty());
}

#[test]
fn selectors_are_read_as_the_server_reads_them() {
    let chosen = |selector: Value| {
        let budget = with(budget("b", 0), "/spec/selector", selector);
        !drain(&[pod("a")], &[budget], &Options::default()).budgets.is_empty()
    };
    let expression = |operator: &str, key: &str, values: Value| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
    assert!(chosen(json!({})), "an empty selector chooses all");
    assert!(!chosen(json!(null)), "none chooses nothing");
    assert!(chosen(expression("In", "app", json!(["x", "backend"]))));
    assert!(!chosen(expression("NotIn", "app", json!(["backend"]))));
    assert!(chosen(expression("NotIn", "tier", json!(["x"]))));
    assert!(chosen(expression("Exists", "app", json!(null))));
    assert!(chosen(expression("DoesNotExist", "tier", json!(null))));
    for broken in [
        json!([]),
        json!({"matchLabels": 7}),
        json!({"matchExpressions": {}}),
        expression("Near", "app", json!([])),
    ] {
        assert!(!chosen(broken.clone()), "{broken}");
    }
    let elsewhere = with(budget("b", 0), "/metadata/namespace", json!("other"));
    assert!(drain(&[pod("a")], &[elsewhere], &Options::default()).budgets.is_empty());
}
