//! Helm 4's way: all at once.

use pretty_assertions::assert_eq;

use super::*;

const DATABASE: &str = "/apis/apps/v1/namespaces/momo-store/statefulsets/database";
const PODS: &str = "/api/v1/namespaces/momo-store/pods";
const SET: &str = "---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: database
spec:
  replicas: 1
  selector: {matchLabels: {app: database}}
  template: {metadata: {labels: {app: database}}, spec: {containers: [{name: a, image: a}]}}
";
const PLAIN: (Generation, Wait, bool, i64) = (Generation::V4, Wait::Watcher, false, MINUTE);

/// What the Deployment controller would say of the Deployment, with so many pods ready.
fn roll(api: &mut Api, ready: i64) {
    if !is_waiting(api) {
        return;
    }
    let conditions = json!([{"type": "Available", "status": if ready == 3 { "True" } else { "False" }}]);
    let status = json!({"replicas": 3, "updatedReplicas": 3, "readyReplicas": ready, "availableReplicas": ready,
        "conditions": conditions});
    change_to(api, BACKEND, status);
}

/// What it would say after the deadline.
fn give_up(api: &mut Api) {
    let conditions =
        json!([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]);
    change_to(api, BACKEND, json!({"replicas": 3, "updatedReplicas": 1, "conditions": conditions}));
}

/// What the StatefulSet controller would say.
fn run_set(api: &mut Api, ready: i64) {
    change_to(
        api,
        DATABASE,
        json!({"replicas": 1, "readyReplicas": ready, "currentReplicas": 1, "updatedReplicas": 1}),
    );
}

/// Changes a status, when it is another one: a controller does not write what stands there.
fn change_to(api: &mut Api, path: &str, status: Value) {
    if api.objects.get(path).is_some_and(|object| object["status"] != status) {
        change(api, path, "status", status);
    }
}

fn crash(api: &mut Api) {
    let looping = json!([{"name": "a", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]);
    let pod = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "database-0", "namespace": "momo-store", "labels": {"app": "database"}},
        "status": {"phase": "Running", "containerStatuses": looping}});
    api.put(&format!("{PODS}/database-0"), pod);
}

#[test]
fn it_is_over_when_every_object_is_current() {
    let mut stand = stand_with(JOB);
    let run = drive_as(&mut stand, PLAIN, |_, api, second| {
        match second {
            0..4 => {}
            4..10 => roll(api, 2),
            _ => roll(api, 3),
        }
        if second >= 6 {
            change_to(api, MIGRATE, json!({"startTime": "2026-11-21T07:40:54Z", "active": 1}));
        }
    });
    run.done();
    assert_eq!(run.seconds, 10);
    assert_eq!(
        run.waited,
        [
            "Deployment momo-store/backend: Replicas: 0/3",
            "Job momo-store/migrate: Job not started",
            "Deployment momo-store/backend: Available: 2/3",
        ]
    );
    assert_eq!(stand.api.states(), states(&[(6, "superseded"), (7, "superseded"), (8, "deployed")]));
}

#[test]
fn what_is_current_is_looked_at_again_only_before_the_end() {
    let run = drive_as(&mut stand(), PLAIN, |_, api, second| roll(api, if second >= 6 { 3 } else { 0 }));
    run.done();
    let looks = |path: &str| {
        let asked = run.asked(&format!("GET {path}"));
        // The reads of the rollback itself go before.
        asked[2..].to_vec()
    };
    assert_eq!((looks(BACKEND), looks(ENV)), (vec![0, 2, 4, 6], vec![0, 6]));
}

#[test]
fn what_was_current_and_is_no_more_is_waited_for() {
    let mut stand = stand_with(SET);
    let run = drive_as(&mut stand, PLAIN, |_, api, second| {
        run_set(api, i64::from(!(4..20).contains(&second)));
        roll(api, if second >= 6 { 3 } else { 0 });
    });
    run.done();
    assert_eq!(run.seconds, 20);
    assert!(
        run.waited.contains(&"StatefulSet momo-store/database: Ready: 0/1".to_owned()),
        "{:?}",
        run.waited
    );
}

#[test]
fn one_that_fails_ends_it_only_with_the_others() {
    let mut stand = stand_with(SET);
    let run = drive_as(&mut stand, PLAIN, |_, api, second| {
        crash(api);
        run_set(api, 0);
        roll(api, if second >= 20 { 3 } else { 0 });
    });
    let why =
        "resource StatefulSet/momo-store/database not ready. status: Failed, message: 1 pods have failed";
    assert_eq!((run.failure(), run.seconds), (why, 20));
    check_failed(&stand.api, why);
    assert_eq!(run.waited[1], "StatefulSet momo-store/database: it has failed: 1 pods have failed");
}

#[test]
fn one_that_failed_may_recover_before_the_end() {
    let mut stand = stand_with(SET);
    let run = drive_as(&mut stand, PLAIN, |_, api, second| {
        run_set(api, i64::from(second >= 30));
        if is_waiting(api) && second < 10 {
            give_up(api);
        } else {
            roll(api, 3);
        }
    });
    run.done();
    assert_eq!(run.seconds, 30);
    assert!(
        run.waited[0].ends_with("backend: it has failed: Progress deadline exceeded"),
        "{:?}",
        run.waited
    );
}

#[test]
fn when_time_is_up_every_object_that_is_not_current_is_named() {
    let mut stand = stand_with(&[SET, JOB].concat());
    let run = drive_as(&mut stand, PLAIN, |_, api, second| {
        run_set(api, 1);
        roll(api, 2);
        // Current first, and gone unseen in between.
        if second >= 50 {
            api.objects.remove(ENV);
        }
        if is_waiting(api) {
            api.objects.remove(MIGRATE);
        }
    });
    let why = "resource ConfigMap/momo-store/env not ready. status: NotFound, message: Resource not found\n\
               resource Deployment/momo-store/backend not ready. status: InProgress, message: Available: 2/3\n\
               resource Job/momo-store/migrate not ready. status: Unknown, message: \n\
               context deadline exceeded";
    assert_eq!((run.failure(), run.seconds), (why, 60));
    check_failed(&stand.api, why);
}

#[test]
fn what_becomes_current_at_the_last_moment_is_current() {
    let run = drive_as(&mut stand(), PLAIN, |_, api, second| roll(api, if second >= 59 { 3 } else { 0 }));
    run.done();
    assert_eq!(run.seconds, 60);
}

#[test]
fn a_look_that_was_begun_in_time_is_followed_by_one_at_all_of_them() {
    let mut stand = stand();
    stand.options = Options {
        helm: Some(Generation::V4),
        wait: Wait::Watcher,
        timeout_ns: MINUTE / 6,
        ..stand.options.clone()
    };
    let mut begun = None;
    let run = drive_slowly(job_of(&stand), &mut stand, 3, |_, api, second| {
        if is_waiting(api) && second - *begun.get_or_insert(second) >= 10 {
            api.objects.remove(ENV);
        }
    });
    let asked: Vec<i64> =
        run.asked(&format!("GET {BACKEND}"))[2..].iter().map(|at| at - begun.unwrap()).collect();
    assert_eq!(
        asked,
        [3, 8, 14],
        "after the other one; alone after a rest; when time was up before the second ended"
    );
    assert!(run.failure().starts_with("resource ConfigMap/momo-store/env not ready. status: NotFound,"));
}

#[test]
fn an_object_that_disappears_is_waited_for_until_it_is_there_again() {
    let mut stand = stand();
    let mut kept = None;
    let run = drive_as(&mut stand, PLAIN, |_, api, second| {
        if second == 4 {
            kept = kept.take().or_else(|| api.objects.remove(BACKEND));
        } else if second >= 12 {
            if let Some(object) = kept.take() {
                api.put(BACKEND, object);
            }
            roll(api, 3);
        }
    });
    run.done();
    assert_eq!(run.seconds, 12);
    assert_eq!(run.waited[1], "Deployment momo-store/backend: it is not there");
}

#[test]
fn who_may_not_read_an_object_does_not_wait_for_it() {
    let mut stand = stand();
    let run = drive_as(&mut stand, PLAIN, |_, api, second| {
        if second >= 4 {
            api.always = Some((format!("GET {BACKEND}"), Fault::Forbidden));
        }
    });
    assert_eq!((run.failure(), run.seconds), ("may not", 4));
    check_failed(&stand.api, "may not");
}

#[test]
fn other_errors_are_passed_over_as_long_as_it_takes() {
    for fault in [Fault::ServerError, Fault::LostBefore, Fault::NotSent] {
        let mut stand = stand();
        let broken = |api: &mut Api, is: bool| {
            let is = is && is_waiting(api);
            api.always = is.then(|| (format!("GET {BACKEND}"), fault));
        };
        let run =
            drive_as(&mut stand, (Generation::V4, Wait::Watcher, false, 10 * MINUTE), |_, api, second| {
                broken(api, second < 500);
                roll(api, 3);
            });
        run.done();
        assert_eq!((run.seconds, run.waited.len()), (500, 1), "{:?}", run.waited);
        let mut stand = self::stand();
        let run = drive_as(&mut stand, PLAIN, |_, api, _| broken(api, true));
        let why = "resource Deployment/momo-store/backend not ready. status: Unknown, message: \n\
                   context deadline exceeded";
        assert_eq!((run.failure(), run.seconds), (why, 60));
        check_failed(&stand.api, why);
    }
}

#[test]
fn a_set_whose_pods_cannot_be_listed_is_unknown() {
    let mut stand = stand_with(SET);
    let run = drive_as(&mut stand, PLAIN, |_, api, _| {
        run_set(api, 1);
        roll(api, 3);
        api.always = Some((format!("GET {PODS}?"), Fault::Forbidden));
    });
    let why = "resource StatefulSet/momo-store/database not ready. status: Unknown, message: \n\
               context deadline exceeded";
    assert_eq!((run.failure(), run.seconds), (why, 60));
    assert_eq!(run.waited, ["StatefulSet momo-store/database: may not"]);
}

#[test]
fn pods_are_listed_when_their_set_has_changed_or_after_three_minutes() {
    let mut stand = stand_with(SET);
    let limit = (Generation::V4, Wait::Watcher, false, 10 * MINUTE);
    let run = drive_as(&mut stand, limit, |_, api, second| {
        roll(api, 3);
        // It says nothing new when its pod begins to crash.
        if second >= 30 {
            crash(api);
        }
        if second < 20 {
            run_set(api, 0);
        } else {
            change_to(api, DATABASE, json!({"replicas": 1, "readyReplicas": 0, "updatedReplicas": 1}));
        }
    });
    let why =
        "resource StatefulSet/momo-store/database not ready. status: Failed, message: 1 pods have failed";
    assert_eq!((run.failure(), run.seconds), (why, 200));
    assert_eq!(run.asked(&format!("GET {PODS}")), [0, 20, 200]);
}

#[test]
fn a_deployment_that_is_paused_is_not_waited_for() {
    let paused = |stand: &mut Stand| stand.drift(BACKEND, |live| live["spec"]["paused"] = json!(true));
    let mut stand = stand();
    paused(&mut stand);
    let run = drive_as(&mut stand, PLAIN, |_, _, _| {});
    run.done();
    assert_eq!((run.seconds, run.waited.len()), (0, 0));
    // One that is paused later is.
    let mut stand = self::stand();
    let run = drive_as(&mut stand, PLAIN, |_, api, second| {
        if second >= 4 {
            change(
                api,
                BACKEND,
                "spec",
                json!({"paused": true, "replicas": 3, "selector": {"matchLabels": {}}}),
            );
        }
    });
    assert!(run.failure().ends_with("status: InProgress, message: Replicas: 0/3\ncontext deadline exceeded"));
}

#[test]
fn jobs_are_waited_for_until_they_are_complete_where_that_is_wanted() {
    let begun = "2026-11-21T07:40:54Z";
    let ended = |kind: &str| json!({"startTime": begun, "succeeded": 2, "failed": 2, "conditions": [{"type": kind, "status": "True"}]});
    let limit = (Generation::V4, Wait::Watcher, true, MINUTE);
    for (kind, failure) in [
        ("Complete", None),
        (
            "Failed",
            Some(
                "resource Job/momo-store/migrate not ready. status: Failed, message: Job Failed. failed: 2/2",
            ),
        ),
    ] {
        let mut stand = stand_with(JOB);
        let run = drive_as(&mut stand, limit, |_, api, second| {
            roll(api, 3);
            change_to(
                api,
                MIGRATE,
                if second < 10 { json!({"startTime": begun, "active": 1}) } else { ended(kind) },
            );
        });
        assert_eq!(run.seconds, 10);
        match failure {
            None => run.done(),
            Some(why) => {
                assert_eq!(run.failure(), why);
                check_failed(&stand.api, why);
            }
        }
        assert_eq!(run.waited[0], "Job momo-store/migrate: Job in progress");
    }
}

#[test]
fn who_does_not_want_to_wait_any_more_gets_what_he_gets_without_waiting() {
    let mut stand = stand();
    let run = drive_as(&mut stand, PLAIN, |engine, _, second| {
        if second >= 6 {
            engine.cancel();
        }
    });
    let Outcome::Done { notes } = run.outcome else { panic!("{:?}", run.outcome) };
    assert_eq!(notes, ["it was not waited for until everything is ready: cancelled"]);
    assert_eq!(stand.api.states(), states(&[(6, "superseded"), (7, "superseded"), (8, "deployed")]));
}

#[test]
fn no_time_is_thirty_seconds_and_less_is_no_limit() {
    let run = drive_as(&mut stand(), (Generation::V4, Wait::Watcher, false, 0), |_, _, _| {});
    assert_eq!(run.seconds, 30);
    assert!(run.failure().ends_with("\ncontext deadline exceeded"));
    let run = drive_as(&mut stand(), (Generation::V4, Wait::Watcher, false, -1), |_, api, second| {
        roll(api, if second >= 3_000 { 3 } else { 0 });
    });
    run.done();
    assert_eq!(run.seconds, 3_000);
}

#[test]
fn what_has_no_namespace_is_named_without_one() {
    let role = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: reader\n  namespace: stray\nrules: []\n";
    let mut stand = stand_with(role);
    let run = drive_as(&mut stand, PLAIN, |_, api, second| {
        roll(api, if second >= 4 { 3 } else { 0 });
        if second >= 2 {
            api.objects.remove("/apis/rbac.authorization.k8s.io/v1/clusterroles/reader");
        }
    });
    let why = "resource ClusterRole//reader not ready. status: NotFound, message: Resource not found\n\
               context deadline exceeded";
    assert_eq!((run.failure(), run.seconds), (why, 60));
}
