use serde_json::json;

use super::*;

/// Why an object is not ready; an error is told as one.
fn unready(object: &Value, listed: &[Value]) -> Option<String> {
    match judge(object, listed) {
        Verdict::Ready => None,
        Verdict::NotYet(why) => Some(why),
        Verdict::Failing(why) => Some(format!("error: {why}")),
    }
}

fn deployment_of(more: &Value) -> Value {
    let mut object = json!({"kind": "Deployment", "metadata": {"uid": "d", "generation": 2},
        "spec": {"replicas": 4, "selector": {"matchLabels": {"app": "a"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
            "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"image": "new"}}},
        "status": {"observedGeneration": 2}});
    for (at, value) in more.as_object().unwrap() {
        *object.pointer_mut(at).unwrap() = value.clone();
    }
    object
}

fn set(image: &str, ready: i64, at: &str) -> Value {
    json!({"kind": "ReplicaSet", "metadata": {"generation": 1, "creationTimestamp": at,
            "ownerReferences": [{"uid": "n"}, {"uid": "d", "controller": true}]},
        "spec": {"template": {"metadata": {"labels": {"app": "a", "pod-template-hash": "x"}},
            "spec": {"image": image}}},
        "status": {"observedGeneration": 1, "readyReplicas": ready}})
}

#[test]
fn a_deployment_is_ready_when_its_new_replica_set_has_enough_pods() {
    let object = deployment_of(&json!({}));
    let why = |sets: &[Value]| unready(&object, sets);
    assert_eq!(why(&[set("old", 4, "1")]).as_deref(), Some("its new ReplicaSet is not there yet"));
    assert_eq!(why(&[set("new", 2, "1")]).as_deref(), Some("2 of 4 pods are ready"));
    assert_eq!(why(&[set("old", 0, "0"), set("new", 3, "1")]), None, "one of four may be away");
    // Of two with the same template the older one counts, and of two as old the first by name.
    assert_eq!(why(&[set("new", 0, "2"), set("new", 4, "1")]), None);
    let mut named = [set("new", 0, "1"), set("new", 4, "1")];
    named[0]["metadata"]["name"] = json!("b");
    named[1]["metadata"]["name"] = json!("a");
    assert_eq!(why(&named), None);
    let mut unseen = set("new", 4, "1");
    unseen["metadata"]["generation"] = json!(2);
    assert_eq!(why(&[unseen]).as_deref(), Some("its controller has not seen the change yet"));
}

#[test]
fn only_the_controller_of_a_replica_set_owns_it() {
    let object = deployment_of(&json!({}));
    for owners in [
        json!([{"uid": "d"}]),
        json!([{"uid": "n", "controller": true}]),
        json!([{"uid": "d", "controller": false}]),
        json!(null),
    ] {
        let mut strange = set("new", 4, "1");
        strange["metadata"]["ownerReferences"] = owners;
        assert_eq!(unready(&object, &[strange]).as_deref(), Some("its new ReplicaSet is not there yet"));
    }
}

#[test]
fn a_deployment_whose_change_is_not_seen_yet_is_not_ready_and_a_paused_one_is() {
    let unseen = deployment_of(&json!({"/status/observedGeneration": 1}));
    let told = unready(&unseen, &[set("new", 4, "1")]);
    assert_eq!(told.as_deref(), Some("its controller has not seen the change yet"));
    let mut paused = unseen;
    paused["spec"]["paused"] = json!(true);
    assert_eq!((wants(&paused), unready(&paused, &[])), (None, None));
}

#[test]
fn shares_are_counted_as_the_controllers_count_them() {
    let strategy = |unavailable: Value, surge: Value, replicas: i64| {
        let object = deployment_of(&json!({"/spec/strategy/rollingUpdate/maxUnavailable": unavailable,
            "/spec/strategy/rollingUpdate/maxSurge": surge}));
        max_unavailable(&object, replicas)
    };
    assert_eq!(strategy(json!("25%"), json!("25%"), 3), 0, "rounded down, with a surge of one");
    assert_eq!(strategy(json!("0%"), json!(0), 3), 1, "one at least must move");
    assert_eq!(strategy(json!(9), json!(1), 3), 3);
    assert_eq!(strategy(json!("34%"), json!(1), 3), 1);
    assert_eq!(strategy(json!("many"), json!(1), 3), 0, "what is no number takes none away");
    assert_eq!(strategy(json!(2), json!("many"), 3), 0);
    assert_eq!(strategy(json!(1), json!(1), 0), 0);
    let recreate = deployment_of(&json!({"/spec/strategy/type": "Recreate"}));
    assert_eq!(max_unavailable(&recreate, 3), 0);
}

/// An object whose controller has seen it.
#[expect(clippy::needless_pass_by_value, reason = "a table reads better so")]
fn seen(kind: &str, spec: Value, mut status: Value) -> Value {
    status["observedGeneration"] = json!(1);
    json!({"kind": kind, "metadata": {"generation": 1}, "spec": spec, "status": status})
}

fn check(rows: Vec<(Value, Option<&str>)>) {
    for (object, why) in rows {
        assert_eq!(unready(&object, &[]).as_deref(), why, "{object}");
    }
}

#[test]
fn sets_are_ready_by_their_counts_where_they_roll() {
    let rolling = json!({"replicas": 2, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}}});
    let parted = json!({"replicas": 2, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}});
    let at_will = json!({"replicas": 2, "updateStrategy": {"type": "OnDelete"}});
    check(vec![
        (
            seen("StatefulSet", rolling.clone(), json!({"updatedReplicas": 1})),
            Some("1 of 2 pods are updated"),
        ),
        (
            seen("StatefulSet", rolling.clone(), json!({"updatedReplicas": 2, "readyReplicas": 1})),
            Some("1 of 2 pods are ready"),
        ),
        (
            seen(
                "StatefulSet",
                rolling.clone(),
                json!({"updatedReplicas": 2, "readyReplicas": 2, "currentRevision": "a", "updateRevision": "b"}),
            ),
            Some("its pods are being replaced"),
        ),
        (
            seen(
                "StatefulSet",
                rolling.clone(),
                json!({"updatedReplicas": 2, "readyReplicas": 2, "currentRevision": "b", "updateRevision": "b"}),
            ),
            None,
        ),
        (seen("StatefulSet", at_will.clone(), json!({})), None),
        (
            seen("StatefulSet", parted.clone(), json!({"updatedReplicas": 0, "readyReplicas": 2})),
            Some("0 of 1 pods are updated"),
        ),
        (
            seen(
                "StatefulSet",
                parted,
                json!({"updatedReplicas": 1, "readyReplicas": 2, "currentRevision": "a", "updateRevision": "b"}),
            ),
            None,
        ),
        (
            json!({"kind": "StatefulSet", "metadata": {"generation": 1}}),
            Some("its controller has not seen the change yet"),
        ),
        (
            json!({"kind": "DaemonSet", "metadata": {"generation": 1}}),
            Some("its controller has not seen the change yet"),
        ),
        (seen("DaemonSet", at_will, json!({"desiredNumberScheduled": 3})), None),
        (
            seen(
                "DaemonSet",
                json!({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "x"}}}),
                json!({"desiredNumberScheduled": 3, "updatedNumberScheduled": 3}),
            ),
            None,
        ),
        (
            seen(
                "DaemonSet",
                rolling.clone(),
                json!({"desiredNumberScheduled": 3, "updatedNumberScheduled": 2}),
            ),
            Some("2 of 3 pods are updated"),
        ),
        (
            seen(
                "DaemonSet",
                rolling.clone(),
                json!({"desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberReady": 1}),
            ),
            Some("1 of 3 pods are ready"),
        ),
        (
            seen(
                "DaemonSet",
                rolling,
                json!({"desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberReady": 2}),
            ),
            None,
        ),
    ]);
}

#[test]
fn every_other_kind_has_its_own_rule() {
    let ready = json!([{"type": "Ready", "status": "True"}]);
    check(vec![
        (json!({"kind": "Pod", "status": {"conditions": ready}}), None),
        (json!({"kind": "Pod"}), Some("it is not ready")),
        (json!({"kind": "PersistentVolumeClaim", "status": {"phase": "Pending"}}), Some("it is not bound")),
        (json!({"kind": "PersistentVolumeClaim", "status": {"phase": "Bound"}}), None),
        (json!({"kind": "Service", "spec": {"type": "ExternalName"}}), None),
        (json!({"kind": "Service", "spec": {"type": "ClusterIP"}}), Some("it has no cluster IP")),
        (
            json!({"kind": "Service", "spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1"}}),
            Some("its load balancer has no address"),
        ),
        (
            json!({"kind": "Service", "spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1", "externalIPs": ["1.1.1.1"]}}),
            None,
        ),
        (
            json!({"kind": "Service", "spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1"},
                "status": {"loadBalancer": {"ingress": [{"ip": "1.1.1.1"}]}}}),
            None,
        ),
        (json!({"kind": "Service", "spec": {"type": "ClusterIP", "clusterIP": "None"}}), None),
        (json!({"kind": "CustomResourceDefinition"}), Some("it is not established")),
        (
            json!({"kind": "CustomResourceDefinition", "status": {"conditions": [
                {"type": "NamesAccepted", "status": "True"}, {"type": "Established", "status": "False"}]}}),
            Some("it is not established"),
        ),
        (
            json!({"kind": "CustomResourceDefinition", "status": {"conditions": [
                {"type": "Established", "status": "True"}]}}),
            None,
        ),
        (
            json!({"kind": "CustomResourceDefinition", "status": {"conditions": [
                {"type": "NamesAccepted", "status": "False"}, {"type": "Established", "status": "False"}]}}),
            None,
        ),
    ]);
}

#[test]
fn what_runs_pods_by_a_selector_is_ready_when_all_of_them_are() {
    let ready = json!([{"type": "Ready", "status": "True"}]);
    let controller = seen("ReplicationController", json!({"selector": {"app": "a"}}), json!({}));
    assert_eq!(wants(&controller).unwrap().selector, "app=a");
    assert_eq!(unready(&controller, &[json!({"kind": "Pod"})]).as_deref(), Some("0 of 1 pods are ready"));
    let unseen = json!({"kind": "ReplicaSet", "metadata": {"generation": 1}});
    assert_eq!(unready(&unseen, &[]).as_deref(), Some("its controller has not seen the change yet"));
    let set = seen("ReplicaSet", json!({}), json!({}));
    assert_eq!(unready(&set, &[json!({"kind": "Pod"})]).as_deref(), Some("0 of 1 pods are ready"));
    assert_eq!(unready(&set, &[json!({"status": {"conditions": ready}})]), None);
}

#[test]
fn a_job_is_waited_for_until_it_is_complete_and_has_failed_when_too_many_pods_did() {
    let job = |spec: Value, status: Value| {
        unready(
            &json!({"kind": "Job", "metadata": {"namespace": "n", "name": "j"}, "spec": spec, "status": status}),
            &[],
        )
    };
    let told = |text: &str| Some(text.to_owned());
    for (spec, status, why) in [
        (
            json!({"completions": 2, "backoffLimit": 1}),
            json!({"succeeded": 1}),
            told("1 of 2 pods have succeeded"),
        ),
        (json!({"completions": 2, "backoffLimit": 1}), json!({"succeeded": 2, "failed": 1}), None),
        (
            json!({"completions": 1, "backoffLimit": 1}),
            json!({"failed": 2}),
            told("error: job is failed: n/j"),
        ),
        // The count of failures goes first.
        (
            json!({"completions": 1, "backoffLimit": 0}),
            json!({"succeeded": 1, "failed": 1}),
            told("error: job is failed: n/j"),
        ),
        (json!({"completions": 1}), json!({"failed": 6}), told("0 of 1 pods have succeeded")),
        (json!({"completions": 1}), json!({"failed": 7}), told("error: job is failed: n/j")),
        (json!({"parallelism": 3, "backoffLimit": 6}), json!({"active": 3}), None),
    ] {
        assert_eq!(job(spec.clone(), status.clone()), why, "{spec} {status}");
    }
}

#[test]
fn a_kind_is_known_by_its_group_and_version_as_helms_types_are() {
    use Generation::{V3, V4};
    let read = |version: &str, kind: &str, jobs, helm| is_read(&Gvk::new(version, kind), jobs, helm);
    for (version, kind) in [
        ("v1", "Pod"),
        ("v1", "Service"),
        ("v1", "PersistentVolumeClaim"),
        ("v1", "ReplicationController"),
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "DaemonSet"),
        ("apps/v1", "ReplicaSet"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"),
    ] {
        assert!(read(version, kind, false, V3) && read(version, kind, false, V4), "{version} {kind}");
    }
    for (version, kind) in [
        ("serving.knative.dev/v1", "Service"),
        ("v1", "ConfigMap"),
        ("v1", "Secret"),
        ("batch/v1", "CronJob"),
        ("batch.volcano.sh/v1alpha1", "Job"),
        ("example.com/v1", "Deployment"),
    ] {
        assert!(!read(version, kind, true, V3) && !read(version, kind, true, V4), "{version} {kind}");
    }
    assert!(read("batch/v1", "Job", true, V3) && read("batch/v1", "Job", true, V4));
    assert!(!read("batch/v1", "Job", false, V3) && !read("batch/v1", "Job", false, V4));
    // What only Helm 3 still reads as a Deployment.
    assert!(read("extensions/v1beta1", "Deployment", false, V3));
    assert!(!read("extensions/v1beta1", "Deployment", false, V4));
}
