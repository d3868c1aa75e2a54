use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::record::{Limits, Status, StoredRecord};
use crate::step::{Engine, Event, Job, Outcome, Phase, Step};
use crate::testing::{Api, Fault, NOW, Revision, Stand, config_map, deployment, line_of};
use crate::time::Now;

const BACKEND: &str = "/apis/apps/v1/namespaces/momo-store/deployments/backend";
const SETS: &str = "/apis/apps/v1/namespaces/momo-store/replicasets";
const MINUTE: i64 = 60_000_000_000;

fn stand() -> Stand {
    let good = [config_map("env", "one"), deployment("backend", "shop:1042", 3)].concat();
    let bad = [config_map("env", "two"), deployment("backend", "shop:1043", 3)].concat();
    Stand::new(&[Revision::new(6, "superseded", &good), Revision::new(7, "deployed", &bad)])
}

struct Run {
    outcome: Outcome,
    waited: Vec<String>,
    /// How long it took, in seconds.
    seconds: i64,
}

/// Drives a rollback to 6 that waits a minute; time goes on by the engine's own rests. `meanwhile` sees the server
/// before each request.
fn drive(stand: &mut Stand, mut meanwhile: impl FnMut(&mut Engine, &mut Api, i64)) -> Run {
    let job = Job::new(&stand.plan(6), stand.history.last().unwrap(), &stand.sides(6), NOW).unwrap();
    let mut engine = Engine::new(job.waiting(MINUTE));
    let (mut reply, mut waited, mut ns) = (None, Vec::new(), 0_i64);
    for _ in 0..5_000 {
        engine.set_now(Now { ns: NOW.ns + ns, ..NOW });
        match engine.next(reply.take()) {
            Step::Request(request) => {
                ns += i64::try_from(request.delay_ms).unwrap() * 1_000_000;
                meanwhile(&mut engine, &mut stand.api, ns / 1_000_000_000);
                reply = Some(stand.api.handle(&request));
            }
            Step::Progress(Event::Waiting { object, why }) => waited.push(format!("{object}: {why}")),
            Step::Progress(_) => {}
            Step::Waiting => panic!("it waits for a reply that nobody owes"),
            Step::Done(outcome) => return Run { outcome, waited, seconds: ns / 1_000_000_000 },
        }
    }
    panic!("it does not end");
}

/// What the Deployment controller would make of the Deployment as it is live, with so many pods ready.
fn roll(api: &mut Api, ready: i64) {
    let live = api.objects[BACKEND].clone();
    let mut template = live["spec"]["template"].clone();
    template["metadata"]["labels"]["pod-template-hash"] = json!("h");
    let set = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "backend-h",
            "namespace": "momo-store", "labels": {"app": "backend"}, "ownerReferences": [{"uid": live["metadata"]["uid"], "controller": true}]},
        "spec": {"template": template}, "status": {"readyReplicas": ready}});
    api.put(&format!("{SETS}/backend-h"), set);
}

fn description(api: &Api, revision: i64) -> Value {
    let path = format!("/api/v1/namespaces/momo-store/secrets/sh.helm.release.v1.momo.v{revision}");
    let stored = StoredRecord::from_object(&api.objects[&path], Limits::default()).unwrap();
    json!(stored.record.info().unwrap().description)
}

fn states(all: &[(i64, &str)]) -> Vec<(i64, String)> {
    all.iter().map(|(revision, status)| (*revision, (*status).to_owned())).collect()
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
fn without_the_wish_to_wait_nothing_is_read_for_it() {
    let mut stand = stand();
    let job = Job::new(&stand.plan(6), stand.history.last().unwrap(), &stand.sides(6), NOW).unwrap();
    let (mut engine, mut reply, mut lines) = (Engine::new(job), None, Vec::new());
    loop {
        match engine.next(reply.take()) {
            Step::Request(request) => {
                lines.push(line_of(&request));
                reply = Some(stand.api.handle(&request));
            }
            Step::Progress(_) => {}
            Step::Waiting => panic!("it waits for a reply that nobody owes"),
            Step::Done(outcome) => break assert_eq!(outcome, Outcome::Done { notes: vec![] }),
        }
    }
    assert!(lines.iter().all(|l| !l.contains("replicasets")), "{lines:?}");
}
