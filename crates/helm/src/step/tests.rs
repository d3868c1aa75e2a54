mod ahead;
mod apply;
mod cleanup;
mod custom;
mod leaks;
mod pods;
mod replace;
mod replicas;
mod requests;
mod strict;

use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::*;
use crate::plan::ObjectId;
use crate::record::{Limits, Status, StoredRecord};
use crate::testing::{Api, Fault, NOW, Revision, Stand, config_map, deployment, line_of};

const SECRETS: &str = "/api/v1/namespaces/momo-store/secrets";
const MAPS: &str = "/api/v1/namespaces/momo-store/configmaps";
const BACKEND: &str = "/apis/apps/v1/namespaces/momo-store/deployments/backend";

/// A release of three revisions; going back to the second changes, creates, leaves and deletes.
fn stand() -> Stand {
    let good =
        [config_map("env", "one"), config_map("back", "x"), deployment("backend", "shop:1042", 3)].concat();
    let bad =
        [config_map("env", "two"), deployment("backend", "shop:1043", 3), config_map("gone", "x")].concat();
    let mut second = Revision::new(6, "superseded", &good);
    second.labels = vec![("team", "shop")];
    Stand::new(&[Revision::new(5, "superseded", &good), second, Revision::new(7, "deployed", &bad)])
}

fn engine(stand: &Stand, target: i64) -> Engine {
    let plan = stand.plan(target);
    let job = Job::new(&plan, stand.history.last().unwrap(), &stand.sides(target), NOW).unwrap();
    Engine::new(job)
}

pub(super) struct Run {
    pub outcome: Outcome,
    pub events: Vec<Event>,
}

/// Drives an engine against a server until it is over.
pub(super) fn drive(
    engine: &mut Engine,
    api: &mut Api,
    mut before_write: impl FnMut(&mut Engine, &mut Api, &Request),
) -> Run {
    let mut events = Vec::new();
    let mut reply = None;
    for _ in 0..500 {
        match engine.next(reply.take()) {
            Step::Request(request) => {
                before_write(engine, api, &request);
                reply = Some(api.handle(&request));
            }
            Step::Progress(event) => events.push(event),
            Step::Waiting => panic!("it waits for a reply that nobody owes"),
            Step::Done(outcome) => return Run { outcome, events },
        }
    }
    panic!("it does not end: {:?}", api.log);
}

/// A stand and an engine's job, made once and copied for each case.
fn prepared() -> (Stand, Job) {
    ready(stand())
}

fn ready(stand: Stand) -> (Stand, Job) {
    let job = Job::new(&stand.plan(6), stand.history.last().unwrap(), &stand.sides(6), NOW).unwrap();
    (stand, job)
}

fn run_job((stand, job): &(Stand, Job), faults: &[(usize, Fault)]) -> (Api, Run) {
    let mut api = stand.api.clone();
    api.faults = faults.iter().copied().collect();
    let run = drive(&mut Engine::new(job.clone()), &mut api, |_, _, _| {});
    (api, run)
}

fn run(stand: &mut Stand, target: i64) -> Run {
    drive(&mut engine(stand, target), &mut stand.api, |_, _, _| {})
}

/// Returns how many requests a rollback takes that nothing disturbs.
fn requests() -> usize {
    let mut stand = stand();
    run(&mut stand, 6);
    stand.api.log.len()
}

pub(super) fn lines(api: &Api) -> Vec<String> {
    api.log.iter().map(|(line, _)| line.clone()).collect()
}

pub(super) fn states(api: &Api) -> Vec<(i64, String)> {
    api.states()
}

pub(super) fn states_are(expected: &[(i64, &str)]) -> Vec<(i64, String)> {
    expected.iter().map(|(revision, status)| (*revision, (*status).to_owned())).collect()
}

pub(super) fn record(api: &Api, revision: i64) -> StoredRecord {
    let object = &api.objects[&format!("{SECRETS}/sh.helm.release.v1.momo.v{revision}")];
    StoredRecord::from_object(object, Limits::default()).unwrap()
}

/// What the objects say, without what the server draws.
pub(super) fn said(api: &Api) -> Vec<(String, Value)> {
    let objects = api.objects.iter().filter(|(path, _)| !path.contains("/secrets/"));
    let strip = |object: &Value| {
        let mut object = object.clone();
        let metadata = object["metadata"].as_object_mut().unwrap();
        metadata.retain(|key, _| !matches!(key.as_str(), "uid" | "resourceVersion" | "managedFields"));
        object
    };
    objects.map(|(path, object)| (path.clone(), strip(object))).collect()
}

#[test]
fn requests_come_in_helms_order() {
    let mut stand = stand();
    let run = run(&mut stand, 6);
    assert_eq!(run.outcome, Outcome::Done { notes: vec![] });
    let record = |revision| format!("{SECRETS}/sh.helm.release.v1.momo.v{revision}");
    assert_eq!(
        lines(&stand.api),
        vec![
            format!("GET {SECRETS}?labelSelector=name=momo,owner=helm"),
            format!("POST {SECRETS}"),
            format!("GET {MAPS}/env"),
            format!("GET {MAPS}/env"),
            format!("PATCH {MAPS}/env?fieldManager=helm"),
            format!("GET {MAPS}/back"),
            format!("POST {MAPS}?fieldManager=helm"),
            format!("GET {BACKEND}"),
            format!("GET {BACKEND}"),
            format!("PATCH {BACKEND}?fieldManager=helm"),
            format!("GET {MAPS}/gone"),
            format!("DELETE {MAPS}/gone"),
            format!("GET {SECRETS}?labelSelector=name=momo,owner=helm,status=deployed"),
            format!("PUT {}", record(7)),
            format!("PUT {}", record(8)),
        ]
    );
    assert_eq!(
        states(&stand.api),
        states_are(&[(5, "superseded"), (6, "superseded"), (7, "superseded"), (8, "deployed")])
    );
    let delete = stand.api.log.iter().find(|(line, _)| line.starts_with("DELETE")).unwrap();
    assert_eq!(delete.1, Some(json!({"propagationPolicy": "Background"})));
    let made = stand
        .api
        .log
        .iter()
        .find(|(line, _)| line.contains("POST /api/v1/namespaces/momo-store/configmaps"))
        .unwrap();
    assert_eq!(
        made.1,
        Some(json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": {"A": "x"},
            "metadata": {
                "name": "back", "namespace": "momo-store",
                "labels": {"app.kubernetes.io/managed-by": "Helm"},
                "annotations": {"meta.helm.sh/release-name": "momo", "meta.helm.sh/release-namespace": "momo-store"},
            },
        }))
    );
}

#[test]
fn records_are_labelled_as_helm_labels_them() {
    let mut stand = stand();
    run(&mut stand, 6);
    let labels = |revision| serde_json::to_value(record(&stand.api, revision).labels).unwrap();
    assert_eq!(
        labels(8),
        json!({"modifiedAt": "1795246848", "name": "momo", "owner": "helm", "status": "deployed", "team": "shop", "version": "8"})
    );
    assert_eq!(
        labels(7),
        json!({"createdAt": "1795000000", "modifiedAt": "1795246848", "name": "momo", "owner": "helm", "status": "superseded", "version": "7"})
    );
    let created = stand.api.log.iter().find(|(line, _)| *line == format!("POST {SECRETS}")).unwrap();
    assert_eq!(
        created.1.as_ref().unwrap()["metadata"]["labels"],
        json!({"createdAt": "1795246848", "name": "momo", "owner": "helm", "status": "pending-rollback", "team": "shop", "version": "8"})
    );
    let info = record(&stand.api, 8).record.info().unwrap();
    assert_eq!(
        (info.description.as_str(), info.last_deployed.unwrap().text.as_str()),
        ("Rollback to 6", "2026-11-21T07:40:48Z")
    );
}

#[test]
fn progress_is_told_object_by_object() {
    let mut stand = stand();
    let events = run(&mut stand, 6).events;
    let told: Vec<String> = events
        .iter()
        .map(|event| match event {
            Event::Locked { revision } => format!("locked {revision}"),
            Event::Started { object, number, of } => format!("{number}/{of} {object}"),
            Event::Patched(id) => format!("patched {id}"),
            Event::Created(id) => format!("created {id}"),
            Event::Deleted(id) => format!("deleted {id}"),
            Event::Marked { record, status } => format!("{record} {status}"),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(
        told,
        [
            "locked 8",
            "1/4 ConfigMap momo-store/env",
            "patched ConfigMap momo-store/env",
            "2/4 ConfigMap momo-store/back",
            "created ConfigMap momo-store/back",
            "3/4 Deployment momo-store/backend",
            "patched Deployment momo-store/backend",
            "4/4 ConfigMap momo-store/gone",
            "deleted ConfigMap momo-store/gone",
            "sh.helm.release.v1.momo.v7 superseded",
            "sh.helm.release.v1.momo.v8 deployed",
        ]
    );
}

#[test]
fn another_operation_that_was_faster_stops_it() {
    let mut stand = stand();
    let run = drive(&mut engine(&stand, 6), &mut stand.api, |_, api, request| {
        if request.verb == Verb::Create {
            api.put(&format!("{SECRETS}/sh.helm.release.v1.momo.v8"), json!({"metadata": {"name": "x"}}));
        }
    });
    let what = "another operation has begun: the new revision exists already".to_owned();
    assert_eq!(run.outcome, Outcome::Failed { phase: Phase::Locking, what, record: None });
    assert_eq!(stand.api.log.len(), 2);
}

#[test]
fn a_release_that_changed_since_the_plan_stops_it_before_any_write() {
    let failed = |what: &str| Outcome::Failed { phase: Phase::Checking, what: what.to_owned(), record: None };
    let mut changed = stand();
    let mut waiting = engine(&changed, 6);
    changed.drift(&format!("{SECRETS}/sh.helm.release.v1.momo.v7"), |object| {
        object["metadata"]["resourceVersion"] = json!("99");
    });
    let run = drive(&mut waiting, &mut changed.api, |_, _, _| {});
    assert_eq!(run.outcome, failed("the record of revision 7 changed since the plan"));
    let mut upgraded = stand();
    let mut waiting = engine(&upgraded, 6);
    let mut next = upgraded.api.objects[&format!("{SECRETS}/sh.helm.release.v1.momo.v7")].clone();
    next["metadata"]["name"] = json!("sh.helm.release.v1.momo.v8");
    upgraded.api.put(&format!("{SECRETS}/sh.helm.release.v1.momo.v8"), next);
    let run = drive(&mut waiting, &mut upgraded.api, |_, _, _| {});
    assert_eq!(run.outcome, failed("the release changed since the plan: its last revision is 8"));
    assert_eq!(upgraded.api.log.len(), 1);
}

#[test]
fn old_records_are_removed_before_the_new_one_is_made() {
    let mut stand = stand();
    stand.options.max_history = 2;
    let run = run(&mut stand, 6);
    assert_eq!(run.outcome, Outcome::Done { notes: vec![] });
    let record = |revision| format!("{SECRETS}/sh.helm.release.v1.momo.v{revision}");
    let expected =
        [format!("DELETE {}", record(5)), format!("DELETE {}", record(6)), format!("POST {SECRETS}")];
    assert_eq!(lines(&stand.api)[1..4], expected);
    assert_eq!(states(&stand.api), states_are(&[(7, "superseded"), (8, "deployed")]));
}

#[test]
fn errors_of_patches_are_collected_nothing_is_deleted_and_both_records_say_so() {
    let mut stand = stand();
    stand.api.always = Some(("PATCH".to_owned(), Fault::Forbidden));
    let run = run(&mut stand, 6);
    let what = "cannot patch \"env\" with kind ConfigMap: may not && cannot patch \"backend\" with kind Deployment: may not";
    assert_eq!(
        run.outcome,
        Outcome::Failed { phase: Phase::Objects, what: what.to_owned(), record: Some(Status::Failed) }
    );
    assert_eq!(
        states(&stand.api),
        states_are(&[(5, "superseded"), (6, "superseded"), (7, "superseded"), (8, "failed")])
    );
    assert_eq!(
        record(&stand.api, 8).record.info().unwrap().description,
        format!("Rollback \"momo\" failed: {what}")
    );
    assert!(stand.api.objects.contains_key(&format!("{MAPS}/gone")));
    assert!(
        stand.api.objects.contains_key(&format!("{MAPS}/back")),
        "objects after the first error were visited"
    );
}

#[test]
fn an_object_that_cannot_be_made_ends_the_visit_at_once() {
    let mut stand = stand();
    stand.api.always = Some((format!("POST {MAPS}"), Fault::Forbidden));
    let run = run(&mut stand, 6);
    let what = "failed to create resource: may not".to_owned();
    assert_eq!(run.outcome, Outcome::Failed { phase: Phase::Objects, what, record: Some(Status::Failed) });
    assert!(!lines(&stand.api).iter().any(|line| line.contains("/deployments/")));
}

#[test]
fn a_deletion_that_fails_is_told_by_helm_3_and_fails_helm_4() {
    let mut third = stand();
    third.api.always = Some((format!("DELETE {MAPS}"), Fault::Forbidden));
    let note =
        "failed to delete resource namespace=momo-store, name=gone, kind=ConfigMap: may not".to_owned();
    assert_eq!(run(&mut third, 6).outcome, Outcome::Done { notes: vec![note.clone()] });
    let good = config_map("env", "one");
    let mut revisions = [
        Revision::new(6, "superseded", &good),
        Revision::new(7, "deployed", &[good, config_map("gone", "x")].concat()),
    ];
    for revision in &mut revisions {
        revision.v4 = true;
    }
    let mut fourth = Stand::new(&revisions);
    fourth.api.always = Some((format!("DELETE {MAPS}"), Fault::Forbidden));
    assert_eq!(
        run(&mut fourth, 6).outcome,
        Outcome::Failed { phase: Phase::Deletions, what: note, record: Some(Status::Failed) }
    );
}

#[test]
fn an_object_that_asks_to_be_kept_right_before_it_is_deleted_is_kept() {
    let mut stand = stand();
    let run = drive(&mut engine(&stand, 6), &mut stand.api, |_, api, request| {
        if request.place.name == "gone" {
            let object = api.objects.get_mut(&format!("{MAPS}/gone")).unwrap();
            object["metadata"]["annotations"] = json!({"helm.sh/resource-policy": "keep"});
        }
    });
    assert_eq!(run.outcome, Outcome::Done { notes: vec![] });
    assert!(stand.api.objects.contains_key(&format!("{MAPS}/gone")));
    assert!(
        run.events
            .iter()
            .any(|event| matches!(event, Event::Left { why, .. } if why == "it asks to be kept"))
    );
}

#[test]
fn the_patch_is_made_for_what_is_live_and_told_when_it_is_not_the_one_shown() {
    let mut stand = stand();
    let mut reads = 0;
    let run = drive(&mut engine(&stand, 6), &mut stand.api, |_, api, request| {
        if request.place.path() == BACKEND && request.verb == Verb::Get {
            reads += 1;
            if reads == 2 {
                let object = api.objects.get_mut(BACKEND).unwrap();
                object["spec"]["replicas"] = json!(9);
            }
        }
    });
    assert_eq!(run.outcome, Outcome::Done { notes: vec![] });
    assert_eq!(stand.api.objects[BACKEND]["spec"]["replicas"], json!(3));
    let differs: Vec<_> = run.events.iter().filter(|event| matches!(event, Event::Differs(_))).collect();
    assert_eq!(differs.len(), 1);
}

#[test]
fn an_object_that_is_live_already_is_taken_over_as_helm_does() {
    let mut stand = stand();
    stand.api.put(
        &format!("{MAPS}/back"),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "back", "uid": "u", "resourceVersion": "9"}, "data": {"B": "2"}}),
    );
    let run = run(&mut stand, 6);
    assert_eq!(run.outcome, Outcome::Done { notes: vec![] });
    assert_eq!(stand.api.objects[&format!("{MAPS}/back")]["data"], json!({"A": "x"}));
}

#[test]
fn a_cancel_stops_before_the_next_object_and_leaves_nothing_pending() {
    let mut stand = stand();
    let run = drive(&mut engine(&stand, 6), &mut stand.api, |engine, _, request| {
        if request.verb == Verb::Patch {
            engine.cancel();
        }
    });
    let what = "cancelled after 1 of 4 objects".to_owned();
    assert_eq!(run.outcome, Outcome::Failed { phase: Phase::Objects, what, record: Some(Status::Failed) });
    assert_eq!(states(&stand.api)[2..], states_are(&[(7, "superseded"), (8, "failed")]));
    assert_eq!(lines(&stand.api).iter().filter(|line| line.starts_with("PATCH")).count(), 1);
}

#[test]
fn a_cancel_before_the_lock_writes_nothing() {
    let mut stand = stand();
    let mut engine = engine(&stand, 6);
    engine.cancel();
    let run = drive(&mut engine, &mut stand.api, |_, _, _| {});
    let what = "cancelled before anything was changed".to_owned();
    assert_eq!(run.outcome, Outcome::Failed { phase: Phase::Checking, what, record: None });
    assert_eq!(stand.api.log.len(), 1);
}

#[test]
fn a_cancel_when_all_objects_are_visited_is_too_late() {
    let mut stand = stand();
    let run = drive(&mut engine(&stand, 6), &mut stand.api, |engine, _, request| {
        if request.verb == Verb::Update {
            engine.cancel();
        }
    });
    assert_eq!(run.outcome, Outcome::Done { notes: vec![] });
}

#[test]
fn a_refused_plan_is_no_job() {
    let mut pending = Revision::new(7, "pending-upgrade", "");
    pending.deployed = "2026-11-21T07:40:00Z";
    let stand = Stand::new(&[Revision::new(6, "superseded", ""), pending]);
    let plan = stand.plan(6);
    let job = Job::new(&plan, &stand.history[1], &stand.sides(6), NOW);
    assert_eq!(job.unwrap_err(), JobError::Refused(plan.refusals.clone()));
    let good = self::stand();
    let job = Job::new(&good.plan(6), &good.history[0], &good.sides(6), NOW);
    assert_eq!(job.unwrap_err(), JobError::Mismatch);
}

#[test]
fn the_engine_gives_a_request_once_and_ignores_replies_that_nobody_asked_for() {
    let mut stand = stand();
    let mut engine = engine(&stand, 6);
    let stray = Reply::Answer(Answer::new(200, json!({})));
    // A reply before the first request is none.
    let Step::Waiting = engine.next(Some(stray.clone())) else { panic!("nothing was asked") };
    let Step::Request(first) = engine.next(None) else { panic!("a request") };
    assert_eq!(engine.next(None), Step::Waiting);
    let reply = stand.api.handle(&first);
    let Step::Request(second) = engine.next(Some(reply)) else { panic!("a request") };
    assert_eq!((first.class(), second.class()), (Class::Read, Class::Write));
}

#[test]
fn throttling_and_conflicts_are_repeated_as_helm_repeats_them() {
    let mut stand = stand();
    let clean = lines(&{
        let mut stand = self::stand();
        run(&mut stand, 6);
        stand.api
    });
    let create = clean.iter().position(|line| line.contains("configmaps?fieldManager")).unwrap();
    stand.api.faults = [(0, Fault::Throttled), (create + 1, Fault::Conflict)].into();
    let mut delays = Vec::new();
    let run = drive(&mut engine(&stand, 6), &mut stand.api, |_, _, request| delays.push(request.delay_ms));
    assert_eq!(run.outcome, Outcome::Done { notes: vec![] });
    assert_eq!(delays.into_iter().filter(|delay| *delay > 0).collect::<Vec<_>>(), vec![2_000, 10]);
    // A patch that conflicts is not repeated: Helm does not either.
    let mut stand = self::stand();
    stand.api.always = Some((format!("PATCH {BACKEND}"), Fault::Conflict));
    assert!(matches!(self::run(&mut stand, 6).outcome, Outcome::Failed { phase: Phase::Objects, .. }));
    // And the server's patience ends.
    let mut stand = self::stand();
    stand.api.always = Some((String::new(), Fault::Throttled));
    assert!(matches!(self::run(&mut stand, 6).outcome, Outcome::Failed { phase: Phase::Checking, .. }));
    assert_eq!(stand.api.log.len(), 11);
}

/// Every write that was sent, with how it went wrong, in order.
pub(super) fn writes(api: &Api) -> Vec<(usize, &(String, Option<Value>))> {
    api.log.iter().enumerate().filter(|(_, (line, _))| !line.starts_with("GET")).collect()
}

/// Every way in which a request goes wrong.
pub(super) const FAULTS: [Fault; 8] = [
    Fault::NotSent,
    Fault::LostBefore,
    Fault::LostAfter,
    Fault::ServerError,
    Fault::GatewayAfter,
    Fault::Forbidden,
    Fault::Throttled,
    Fault::Conflict,
];

/// Checks that no write was sent again whose outcome was not known.
fn check_once(api: &Api, number: usize, fault: Fault, case: &str) {
    let log = writes(api);
    for (at, (index, write)) in log.iter().enumerate() {
        let known = matches!(fault, Fault::NotSent | Fault::Throttled | Fault::Conflict | Fault::Forbidden);
        let lost = *index == number && !known;
        assert!(!lost || log[at + 1..].iter().all(|(_, later)| later != write), "sent twice: {case}");
    }
}

#[test]
fn whatever_request_fails_in_whatever_way_the_end_is_told_truly() {
    let unknown = fails_truly(&prepared());
    assert!(unknown > 5, "{unknown}");
}

/// Lets each request of a rollback fail in every way and checks the end; returns how often it is not known.
fn fails_truly(prepared: &(Stand, Job)) -> usize {
    let (clean, ended) = run_job(prepared, &[]);
    assert_eq!(ended.outcome, Outcome::Done { notes: vec![] });
    let (requests, expected) = (clean.log.len(), said(&clean));
    let mut unknown = 0;
    for number in 0..requests {
        for fault in FAULTS {
            let (api, run) = run_job(prepared, &[(number, fault)]);
            let case = format!("request {number} ({}), {fault:?}: {:?}", clean.log[number].0, run.outcome);
            check_end(&api, &run, &expected, &case);
            check_once(&api, number, fault, &case);
            let is_unknown = matches!(run.outcome, Outcome::Unknown { .. });
            unknown += usize::from(is_unknown);
            let may_be = matches!(fault, Fault::LostBefore | Fault::LostAfter | Fault::GatewayAfter);
            assert!(!is_unknown || may_be, "known: {case}");
            let passes = fault == Fault::NotSent;
            assert!(
                !passes || matches!(run.outcome, Outcome::Done { .. }),
                "what never left is sent: {case}"
            );
        }
    }
    unknown
}

/// Checks that the outcome says what is so.
fn check_end(api: &Api, run: &Run, expected: &[(String, Value)], case: &str) {
    let states = states(api);
    let new = states.iter().find(|(revision, _)| *revision == 8).map(|(_, status)| status.as_str());
    match &run.outcome {
        Outcome::Done { notes } => {
            let mut said = said(api);
            // What was left is told.
            if notes.iter().any(|note| note.contains("gone")) {
                said.retain(|(path, _)| !path.ends_with("/gone"));
            }
            assert_eq!(said, expected, "{case}");
            assert_eq!(new, Some("deployed"), "{case}");
        }
        Outcome::Failed { phase, record, .. } => {
            assert_eq!(record.as_ref().map(Status::as_str), new, "{case}");
            let early = matches!(phase, Phase::Checking | Phase::Pruning | Phase::Locking);
            assert_eq!(record.is_none(), early, "{case}");
        }
        Outcome::Unknown { record: Some(status), .. } => assert_eq!(Some(status.as_str()), new, "{case}"),
        Outcome::Unknown { record: None, .. } => {}
    }
    // Something is left pending only where the record could not be written.
    if new == Some("pending-rollback") {
        let told = match &run.outcome {
            Outcome::Failed { record, .. } => *record == Some(Status::PendingRollback),
            Outcome::Unknown { record, .. } => record.is_none(),
            Outcome::Done { .. } => false,
        };
        assert!(told, "{case}");
    }
}

#[test]
fn a_server_that_vanishes_at_any_point_ends_it_in_few_steps() {
    for number in 0..requests() {
        let mut stand = stand();
        stand.api.faults = (number..number + 200).map(|at| (at, Fault::LostBefore)).collect();
        let run = run(&mut stand, 6);
        assert!(!matches!(run.outcome, Outcome::Done { .. }), "{number}");
        assert!(stand.api.log.len() < number + 40, "{number}: {}", stand.api.log.len());
    }
}

#[test]
fn a_server_that_is_away_for_a_moment_is_waited_for() {
    for number in 0..requests() {
        let mut stand = stand();
        stand.api.faults = (number..number + 6).map(|at| (at, Fault::NotSent)).collect();
        let mut rested = 0;
        let run = drive(&mut engine(&stand, 6), &mut stand.api, |_, _, request| rested += request.delay_ms);
        assert_eq!(run.outcome, Outcome::Done { notes: vec![] }, "{number}");
        assert!((10_000..20_000).contains(&rested), "{number}: {rested} ms");
    }
}

#[test]
fn who_cancels_does_not_wait_for_a_server_that_is_away_but_for_the_last_records() {
    let mut stand = stand();
    stand.api.always = Some((format!("PATCH {BACKEND}"), Fault::NotSent));
    let mut rested = 0;
    let run = drive(&mut engine(&stand, 6), &mut stand.api, |engine, api, request| {
        rested += request.delay_ms;
        if line_of(request).starts_with(&format!("PATCH {BACKEND}")) {
            engine.cancel();
            // The old record's last word is not sent at first either.
            let next = api.log.len() + 1;
            api.faults = [(next, Fault::NotSent), (next + 1, Fault::NotSent)].into();
        }
    });
    assert!(matches!(run.outcome, Outcome::Failed { record: Some(Status::Failed), .. }), "{:?}", run.outcome);
    assert_eq!(rested, 750);
}

#[test]
fn two_failures_one_after_the_other_are_told_truly_too() {
    fails_twice_truly(&prepared());
}

/// Lets each two requests that follow each other fail in some ways and checks the end.
fn fails_twice_truly(prepared: &(Stand, Job)) {
    let (clean, _) = run_job(prepared, &[]);
    let expected = said(&clean);
    let faults = [Fault::LostBefore, Fault::LostAfter, Fault::Forbidden];
    for number in 0..clean.log.len() {
        for first in faults {
            for second in faults {
                let (api, run) = run_job(prepared, &[(number, first), (number + 1, second)]);
                let case = format!("requests {number} and after, {first:?} {second:?}: {:?}", run.outcome);
                check_end(&api, &run, &expected, &case);
            }
        }
    }
}

#[test]
fn what_was_lost_and_is_found_done_goes_on() {
    let clean = {
        let mut stand = stand();
        run(&mut stand, 6);
        lines(&stand.api)
    };
    let writes: Vec<usize> = (0..clean.len()).filter(|at| !clean[*at].starts_with("GET")).collect();
    for number in writes {
        let mut stand = stand();
        stand.api.faults = [(number, Fault::LostAfter)].into();
        let run = run(&mut stand, 6);
        assert_eq!(run.outcome, Outcome::Done { notes: vec![] }, "{}", clean[number]);
    }
}

#[test]
fn a_job_that_was_written_down_and_read_again_is_the_same_to_the_byte() {
    let (_, job) = prepared();
    let job = job.waiting(60_000_000_000);
    let text = serde_json::to_string(&job).unwrap();
    let again: Job = serde_json::from_str(&text).unwrap();
    assert_eq!(again, job);
    assert_eq!(serde_json::to_string(&again).unwrap(), text);
    assert_eq!(again.makes().0, job.makes().0);
}

#[test]
fn when_a_record_cannot_be_removed_the_others_are_before_it_stops() {
    for strict in [false, true] {
        let of = |version, status| Revision::new(version, status, "");
        let mut stand =
            Stand::new(&[of(1, "superseded"), of(2, "superseded"), of(3, "superseded"), of(4, "deployed")]);
        (stand.options.strict, stand.options.max_history) = (strict, 2);
        stand.api.always = Some((format!("DELETE {SECRETS}/sh.helm.release.v1.momo.v1"), Fault::Forbidden));
        let run = run(&mut stand, 3);
        let what = "the record `sh.helm.release.v1.momo.v1` could not be removed: may not".to_owned();
        assert_eq!(run.outcome, Outcome::Failed { phase: Phase::Pruning, what, record: None });
        let revisions: Vec<i64> = states(&stand.api).into_iter().map(|(revision, _)| revision).collect();
        assert_eq!(revisions, [1, 4], "strict: {strict}");
    }
}
