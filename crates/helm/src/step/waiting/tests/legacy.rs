//! Helm 3's way: one after the other.

use pretty_assertions::assert_eq;

use super::*;

/// Drives a rollback that waits a minute as Helm 3 does.
fn drive(stand: &mut Stand, meanwhile: impl FnMut(&mut Engine, &mut Api, i64)) -> Run {
    drive_job(job_of(stand).waiting(MINUTE), stand, meanwhile)
}

const V4: (Generation, Wait, bool, i64) = (Generation::V4, Wait::Legacy, false, MINUTE);

/// What the Deployment controller would make of a Deployment as it is live, with so many pods ready.
fn roll(api: &mut Api, ready: i64) {
    let live = api.objects[BACKEND].clone();
    let mut template = live["spec"]["template"].clone();
    template["metadata"]["labels"]["pod-template-hash"] = json!("h");
    let owner = json!({"uid": live["metadata"]["uid"], "controller": true});
    let set = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "backend-h",
            "namespace": "momo-store", "labels": {"app": "backend"}, "ownerReferences": [owner]},
        "spec": {"template": template}, "status": {"readyReplicas": ready}});
    api.put(&format!("{SETS}/backend-h"), set);
}

#[test]
fn the_records_say_deployed_only_when_every_object_is_ready() {
    let mut stand = stand();
    let run = drive(&mut stand, |_, api, second| {
        if (10..20).contains(&second) {
            roll(api, 1);
        } else if second >= 20 {
            roll(api, 3);
        }
        // Until then the lock stands: the new record is pending.
        if second > 0 && second < 20 {
            let expected = states(&[(6, "superseded"), (7, "deployed"), (8, "pending-rollback")]);
            assert_eq!(api.states(), expected, "after {second} s");
        }
    });
    assert_eq!((run.outcome, run.seconds), (Outcome::Done { notes: vec![] }, 20));
    assert_eq!(
        run.waited,
        [
            "Deployment momo-store/backend: its new ReplicaSet is not there yet",
            "Deployment momo-store/backend: 1 of 3 pods are ready"
        ]
    );
    assert_eq!(stand.api.states(), states(&[(6, "superseded"), (7, "superseded"), (8, "deployed")]));
}

#[test]
fn after_the_time_limit_the_new_record_has_failed_and_the_old_one_stays_deployed() {
    let mut stand = stand();
    let run = drive(&mut stand, |_, api, second| {
        if second > 0 {
            roll(api, 2);
        }
    });
    let Outcome::Failed { phase, what, record } = run.outcome else { panic!("{:?}", run.outcome) };
    assert_eq!((phase, record, run.seconds), (Phase::Waiting, Some(Status::Failed), 60));
    assert_eq!(what, "context deadline exceeded: Deployment momo-store/backend: 2 of 3 pods are ready");
    // Helm writes the old record once more, as it is.
    let puts: Vec<&str> =
        run.lines.iter().map(|(_, l)| l.as_str()).filter(|l| l.starts_with("PUT")).collect();
    assert!(puts.len() == 2 && puts[0].ends_with("momo.v7") && puts[1].ends_with("momo.v8"), "{puts:?}");
    assert_eq!(stand.api.states(), states(&[(6, "superseded"), (7, "deployed"), (8, "failed")]));
    assert_eq!(description(&stand.api, 8), "Release \"momo\" failed: context deadline exceeded");
}

#[test]
fn an_object_that_may_not_be_read_fails_the_waiting_at_once() {
    let mut stand = stand();
    stand.api.always = Some(("/replicasets".to_owned(), Fault::Forbidden));
    let run = drive(&mut stand, |_, _, _| {});
    assert!(matches!(run.outcome, Outcome::Failed { phase: Phase::Waiting, .. }), "{:?}", run.outcome);
    assert_eq!(stand.api.states(), states(&[(6, "superseded"), (7, "deployed"), (8, "failed")]));
    assert_eq!(description(&stand.api, 8), "Release \"momo\" failed: may not");
}

#[test]
fn a_server_that_breaks_for_a_while_does_not_fail_the_waiting() {
    let mut stand = stand();
    let run = drive(&mut stand, |_, api, second| {
        let broken = second < 20;
        api.always = broken.then(|| ("/replicasets".to_owned(), Fault::ServerError));
        if !broken {
            roll(api, 3);
        }
    });
    assert_eq!(run.outcome, Outcome::Done { notes: vec![] });
    assert_eq!(run.waited, ["Deployment momo-store/backend: the server broke"]);
}

#[test]
fn who_does_not_want_to_wait_any_more_gets_what_he_gets_without_waiting() {
    let mut stand = stand();
    let run = drive(&mut stand, |engine, _, second| {
        if second >= 6 {
            engine.cancel();
        }
    });
    let Outcome::Done { notes } = run.outcome else { panic!("{:?}", run.outcome) };
    assert_eq!(notes, ["it was not waited for until everything is ready: cancelled"]);
    assert_eq!(stand.api.states(), states(&[(6, "superseded"), (7, "superseded"), (8, "deployed")]));
}

#[test]
fn only_what_can_be_unready_is_read() {
    let mut stand = stand_with(JOB);
    let run = drive_as(&mut stand, V4, |_, api, _| {
        roll(api, 3);
        // Helm does not look whether they are still there.
        if is_waiting(api) {
            api.objects.remove(ENV);
        }
    });
    run.done();
    assert!(!stand.api.objects.contains_key(ENV));
    let sets = format!("GET {SETS}?labelSelector=app=backend");
    // Twice for the patch, and once more where nothing is sent, as Helm does.
    let visits = 3;
    assert_eq!(run.looks()[visits..], [format!("GET {BACKEND}"), sets], "the Job is only visited");
}

#[test]
fn an_object_that_disappears_fails_the_waiting_at_once() {
    let mut stand = stand();
    let run = drive(&mut stand, |_, api, second| {
        if second >= 4 {
            api.objects.remove(BACKEND);
        }
    });
    assert_eq!((run.failure(), run.seconds), ("not found", 4));
    check_failed(&stand.api, "not found");
}

/// A claim before the Deployment, which is ready all the time.
fn stand_with_claim() -> Stand {
    let claim = "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: data\nspec: {}\n";
    let revision = |image| [claim, &deployment("backend", image, 3)].concat();
    let (good, bad) = (revision("shop:1042"), revision("shop:1043"));
    let mut stand = Stand::new(&[Revision::new(6, "superseded", &good), Revision::new(7, "deployed", &bad)]);
    let path = "/api/v1/namespaces/momo-store/persistentvolumeclaims/data";
    change(&mut stand.api, path, "status", json!({"phase": "Bound"}));
    stand
}

fn broken(api: &mut Api, is: bool) {
    api.always = is.then(|| ("/replicasets".to_owned(), Fault::ServerError));
}

#[test]
fn thirty_errors_in_a_row_are_forgiven_to_each_object() {
    for helm in [Generation::V3, Generation::V4] {
        let limit = (helm, Wait::Legacy, false, 10 * MINUTE);
        let mut stand = stand_with_claim();
        let run = drive_as(&mut stand, limit, |_, api, _| broken(api, true));
        // The claim before it is read every time, and does not make Helm forget them.
        assert_eq!((run.failure(), run.seconds), ("the server broke", 60));
        assert_eq!(run.asked(&format!("GET {SETS}")).len(), 31, "each look is one request");
        check_failed(&stand.api, "the server broke");
        // One look in between that finds it, ready or not, and they are counted anew.
        let mut stand = stand_with_claim();
        let run = drive_as(&mut stand, limit, |_, api, second| {
            broken(api, second != 40 && second < 100);
            if second >= 100 {
                roll(api, 3);
            }
        });
        run.done();
        assert_eq!(run.seconds, 100);
    }
}

#[test]
fn jobs_are_waited_for_where_that_is_wanted() {
    for helm in [Generation::V3, Generation::V4] {
        let mut stand = stand_with(JOB);
        let run = drive_as(&mut stand, (helm, Wait::Legacy, true, MINUTE), |_, api, second| {
            roll(api, 3);
            if second >= 4 {
                change(api, MIGRATE, "status", json!({"succeeded": second / 4, "failed": 1}));
            }
        });
        run.done();
        assert_eq!(run.seconds, 8);
        let waited = ["0 of 2 pods have succeeded", "1 of 2 pods have succeeded"];
        assert_eq!(run.waited, waited.map(|why| format!("Job momo-store/migrate: {why}")));
    }
}

#[test]
fn a_job_that_failed_is_an_error_that_helm_takes_for_one_that_may_pass() {
    for helm in [Generation::V3, Generation::V4] {
        let fails = |_: &mut Engine, api: &mut Api, _| {
            roll(api, 3);
            change(api, MIGRATE, "status", json!({"failed": 2}));
        };
        let mut stand = stand_with(JOB);
        let run = drive_as(&mut stand, (helm, Wait::Legacy, true, 10 * MINUTE), fails);
        assert_eq!((run.failure(), run.seconds), ("job is failed: momo-store/migrate", 60));
        check_failed(&stand.api, "job is failed: momo-store/migrate");
        let mut stand = stand_with(JOB);
        let run = drive_as(&mut stand, (helm, Wait::Legacy, true, MINUTE / 2), fails);
        let why = "context deadline exceeded: Job momo-store/migrate: job is failed: momo-store/migrate";
        assert_eq!((run.failure(), run.seconds), (why, 30));
        check_failed(&stand.api, "context deadline exceeded");
    }
}

#[test]
fn no_time_is_over_at_once_in_helm_3_and_no_limit_in_helm_4() {
    let mut stand = stand();
    let run = drive_as(&mut stand, (Generation::V3, Wait::Legacy, false, 0), |_, api, _| roll(api, 3));
    assert_eq!((run.failure(), run.seconds), ("context deadline exceeded", 0));
    assert_eq!(run.looks(), Vec::<&str>::new(), "nothing was even read");
    check_failed(&stand.api, "context deadline exceeded");
    // What need not be read is ready all the same.
    let (good, bad) = (config_map("env", "one"), config_map("env", "two"));
    let mut stand = Stand::new(&[Revision::new(6, "superseded", &good), Revision::new(7, "deployed", &bad)]);
    drive_as(&mut stand, (Generation::V3, Wait::Legacy, false, 0), |_, _, _| {}).done();
    let mut stand = super::stand();
    let run = drive_as(&mut stand, (Generation::V4, Wait::Legacy, false, 0), |_, api, second| {
        if second >= 3_000 {
            roll(api, 3);
        }
    });
    run.done();
    assert_eq!(run.seconds, 3_000);
}

#[test]
fn the_last_look_is_at_the_limit() {
    let mut stand = stand();
    let run = drive_as(&mut stand, (Generation::V3, Wait::Legacy, false, 5_000_000_000), |_, _, _| {});
    assert_eq!((run.seconds, run.asked(&format!("GET {SETS}"))), (5, vec![0, 2, 4, 5]));
    check_failed(&stand.api, "context deadline exceeded");
}
