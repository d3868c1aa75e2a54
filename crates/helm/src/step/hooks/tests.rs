use std::collections::BTreeMap;

use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::options::Wait;
use crate::record::Status;
use crate::step::tests::{FAULTS, Run, drive as drive_with, lines, record, said, states, states_are, writes};
use crate::step::{Engine, Event, Job, Outcome, Phase, Request, Step};
use crate::testing::{Api, Fault, NOW, Revision, Stand, config_map, hook};
use crate::time::Now;

const SECRETS: &str = "/api/v1/namespaces/momo-store/secrets";
const MAPS: &str = "/api/v1/namespaces/momo-store/configmaps";
const JOBS: &str = "/apis/batch/v1/namespaces/momo-store/jobs";
const PODS: &str = "/api/v1/namespaces/momo-store/pods";

/// Three hooks before the objects and one after them.
fn stand(v4: bool) -> Stand {
    stand_by(v4, None)
}

/// The same, whose records say by which method the objects were made.
fn stand_by(v4: bool, method: Option<&str>) -> Stand {
    let mut target = Revision::new(6, "superseded", &config_map("env", "1"));
    let all = json!(["hook-succeeded", "hook-failed", "before-hook-creation"]);
    target.extra = vec![(
        "hooks",
        json!([
            hook(
                "heavy",
                "Job",
                &["pre-rollback"],
                &json!({"weight": 5, "delete_policies": ["hook-failed"]})
            ),
            hook("b", "Job", &["pre-rollback"], &json!({})),
            hook(
                "a",
                "Job",
                &["pre-rollback", "post-rollback"],
                &json!({"delete_policies": all,
                "output_log_policies": ["hook-succeeded", "hook-failed"]})
            ),
            hook("other", "Job", &["pre-upgrade"], &json!({})),
        ]),
    )];
    target.v4 = v4;
    let mut current = Revision::new(7, "deployed", &config_map("env", "2"));
    current.v4 = v4;
    for revision in [&mut target, &mut current] {
        revision.extra.extend(method.map(|method| ("apply_method", json!(method))));
    }
    Stand::new(&[target, current])
}

fn job(stand: &Stand) -> Job {
    Job::new(&stand.plan(6), stand.history.last().unwrap(), &stand.sides(6), NOW).unwrap()
}

/// Drives a rollback; each job that is looked at after it was made has come to the end that is said, or is complete.
fn drive(stand: &mut Stand, ends: &BTreeMap<&str, &str>) -> Run {
    drive_with(&mut Engine::new(job(stand)), &mut stand.api, |_, api, request| end_jobs(api, request, ends))
}

fn end_jobs(api: &mut Api, request: &Request, ends: &BTreeMap<&str, &str>) {
    let path = request.place.path();
    let Some(name) = path.strip_prefix(&format!("{JOBS}/")) else { return };
    let end = ends.get(name).copied().unwrap_or("Complete");
    if let Some(job) = api.objects.get_mut(&path).filter(|_| !end.is_empty()) {
        job["status"] =
            json!({"conditions": [{"type": end, "status": "True", "reason": "BackoffLimitExceeded"}]});
    }
}

fn runs(api: &Api, revision: i64) -> Vec<(String, String, bool)> {
    let hooks = record(api, revision).record.hooks().unwrap();
    let run = |h: &crate::record::Hook| {
        (h.name.clone(), h.last_run.phase.clone(), !h.last_run.completed_at.is_empty())
    };
    hooks.iter().map(run).collect()
}

fn phases(expected: &[(&str, &str, bool)]) -> Vec<(String, String, bool)> {
    expected.iter().map(|(name, phase, ended)| ((*name).to_owned(), (*phase).to_owned(), *ended)).collect()
}

#[test]
fn requests_come_in_helms_order() {
    let mut stand = stand(false);
    stand.api.objects.insert(format!("{JOBS}/b"), json!({"metadata": {"uid": "old"}}));
    stand.api.put(
        &format!("{PODS}/a-1"),
        json!({"metadata": {"name": "a-1", "namespace": "momo-store",
        "labels": {"job-name": "a"}}, "spec": {"containers": [{"name": "main"}]}}),
    );
    stand.api.logs.insert(format!("{PODS}/a-1"), "migrated\n".to_owned());
    let run = drive(&mut stand, &BTreeMap::new());
    assert_eq!(run.outcome, Outcome::Done { notes: vec![] });
    let new = format!("{SECRETS}/sh.helm.release.v1.momo.v8");
    let logs = "?container=main&tailLines=200&limitBytes=65536";
    let expected = [
        format!("GET {SECRETS}?labelSelector=name=momo,owner=helm"),
        format!("POST {SECRETS}"),
        // The lightest first, by name; each is deleted, told, made and waited for.
        format!("DELETE {JOBS}/a"),
        format!("GET {JOBS}/a"),
        format!("PUT {new}"),
        format!("POST {JOBS}?fieldManager=helm"),
        format!("GET {JOBS}/a"),
        format!("DELETE {JOBS}/b"),
        format!("GET {JOBS}/b"),
        format!("PUT {new}"),
        format!("POST {JOBS}?fieldManager=helm"),
        format!("GET {JOBS}/b"),
        // No policy deletes it before.
        format!("PUT {new}"),
        format!("GET {JOBS}/heavy"),
        format!("POST {JOBS}?fieldManager=helm"),
        format!("GET {JOBS}/heavy"),
        // Then backwards.
        format!("GET {PODS}?labelSelector=job-name=a"),
        format!("GET {PODS}/a-1/log{logs}"),
        format!("DELETE {JOBS}/a"),
        format!("GET {JOBS}/a"),
        format!("GET {MAPS}/env"),
        format!("GET {MAPS}/env"),
        format!("PATCH {MAPS}/env?fieldManager=helm"),
        format!("DELETE {JOBS}/a"),
        format!("GET {JOBS}/a"),
        format!("PUT {new}"),
        format!("POST {JOBS}?fieldManager=helm"),
        format!("GET {JOBS}/a"),
        format!("GET {PODS}?labelSelector=job-name=a"),
        format!("GET {PODS}/a-1/log{logs}"),
        format!("DELETE {JOBS}/a"),
        format!("GET {JOBS}/a"),
        format!("GET {SECRETS}?labelSelector=name=momo,owner=helm,status=deployed"),
        format!("PUT {SECRETS}/sh.helm.release.v1.momo.v7"),
        format!("PUT {new}"),
    ];
    assert_eq!(lines(&stand.api), expected);
    assert_eq!(states(&stand.api), states_are(&[(6, "superseded"), (7, "superseded"), (8, "deployed")]));
    let done = [
        ("heavy", "Succeeded", true),
        ("b", "Succeeded", true),
        ("a", "Succeeded", true),
        ("other", "", false),
    ];
    assert_eq!(runs(&stand.api, 8), phases(&done));
    // What Helm writes where there is no policy, and only there where a hook runs.
    let policies: Vec<Vec<String>> =
        record(&stand.api, 8).record.hooks().unwrap().into_iter().map(|hook| hook.delete_policies).collect();
    assert_eq!((policies[1].clone(), policies[3].clone()), (vec!["before-hook-creation".to_owned()], vec![]));
    assert!(run.events.iter().any(|event| *event == Event::HookLog { container: "a-1/main".into(), text: "migrated\n".into() }));
}

#[test]
fn helm_4_does_not_wait_for_deletions_unless_it_waits_at_all() {
    for (wait, looks) in [(Wait::None, 0), (Wait::Watcher, 4)] {
        let mut stand = stand(true);
        stand.options.wait = wait;
        let run = drive(&mut stand, &BTreeMap::new());
        assert_eq!(run.outcome, Outcome::Done { notes: vec![] }, "{wait:?}");
        let all = lines(&stand.api);
        let gets = all.windows(2).filter(|pair| {
            pair[0].starts_with(&format!("DELETE {JOBS}/a")) && pair[1] == format!("GET {JOBS}/a")
        });
        // Without waiting it is looked before the job is made, for what its outcome may have to be told by.
        let puts =
            all.windows(2).filter(|pair| pair[0].starts_with("PUT") && pair[1] == format!("GET {JOBS}/a"));
        assert_eq!((gets.count(), puts.count()), (looks, if looks == 0 { 2 } else { 0 }));
    }
}

#[test]
fn a_record_tells_which_hook_runs_and_what_those_before_came_to() {
    let mut stand = stand(false);
    let mut seen = Vec::new();
    drive_with(&mut Engine::new(job(&stand)), &mut stand.api, |_, api, request| {
        end_jobs(api, request, &BTreeMap::new());
        if request.place.path() == JOBS {
            seen.push(runs(api, 8));
        }
    });
    assert_eq!(
        seen[..3],
        [
            phases(&[("heavy", "", false), ("b", "", false), ("a", "Running", false), ("other", "", false)]),
            phases(&[
                ("heavy", "", false),
                ("b", "Running", false),
                ("a", "Succeeded", true),
                ("other", "", false)
            ]),
            phases(&[
                ("heavy", "Running", false),
                ("b", "Succeeded", true),
                ("a", "Succeeded", true),
                ("other", "", false)
            ]),
        ]
    );
}

#[test]
fn a_hook_that_fails_leaves_nothing_pending_unless_all_is_to_be_as_helm_does_it() {
    for strict in [false, true] {
        let mut stand = stand(false);
        stand.options.strict = strict;
        let run = drive(&mut stand, &BTreeMap::from([("heavy", "Failed")]));
        let Outcome::Failed { phase: Phase::PreHooks, what, record: told } = run.outcome else {
            panic!("{:?}", run.outcome)
        };
        assert_eq!(
            what,
            "pre-rollback hooks failed: 1 error occurred: * job heavy failed: BackoffLimitExceeded"
        );
        let left = if strict { "pending-rollback" } else { "failed" };
        assert_eq!(told.as_ref().map(Status::as_str), Some(left));
        // Nothing was changed: the old revision is still the one that is deployed.
        assert_eq!(states(&stand.api), states_are(&[(6, "superseded"), (7, "deployed"), (8, left)]));
        assert!(!lines(&stand.api).iter().any(|line| line.contains("configmaps")));
        // It goes by its policy, then those before it by theirs.
        let deleted: Vec<String> =
            lines(&stand.api).into_iter().filter(|line| line.starts_with("DELETE")).collect();
        assert_eq!(deleted[2..], [format!("DELETE {JOBS}/heavy"), format!("DELETE {JOBS}/a")]);
        if !strict {
            assert_eq!(
                record(&stand.api, 8).record.info().unwrap().description,
                format!("Rollback \"momo\" failed: {what}")
            );
            assert_eq!(runs(&stand.api, 8)[0], ("heavy".to_owned(), "Failed".to_owned(), true));
        }
    }
}

#[test]
fn a_hook_after_the_objects_that_fails_fails_the_new_revision_and_deletes_nothing() {
    let mut stand = stand(false);
    let mut made = 0;
    let run = drive_with(&mut Engine::new(job(&stand)), &mut stand.api, |_, api, request| {
        made += usize::from(
            request.place.path() == JOBS
                && request.body.as_ref().is_some_and(|b| b["metadata"]["name"] == "a"),
        );
        let end = if made == 2 { "Failed" } else { "Complete" };
        end_jobs(api, request, &BTreeMap::from([("a", end)]));
    });
    assert!(matches!(run.outcome, Outcome::Failed { phase: Phase::PostHooks, .. }), "{:?}", run.outcome);
    assert_eq!(states(&stand.api), states_are(&[(6, "superseded"), (7, "deployed"), (8, "failed")]));
}

#[test]
fn without_hooks_none_runs() {
    let mut stand = stand(false);
    stand.options.no_hooks = true;
    let run = drive(&mut stand, &BTreeMap::new());
    assert_eq!(run.outcome, Outcome::Done { notes: vec![] });
    assert!(!lines(&stand.api).iter().any(|line| line.contains("/jobs")));
}

#[test]
fn a_hook_that_is_there_already_and_must_not_be_deleted_fails() {
    let mut stand = stand(false);
    stand
        .api
        .put(&format!("{JOBS}/heavy"), json!({"kind": "Job", "metadata": {"name": "heavy", "uid": "old"}}));
    let run = drive(&mut stand, &BTreeMap::new());
    let Outcome::Failed { what, .. } = run.outcome else { panic!("{:?}", run.outcome) };
    assert_eq!(
        what,
        "pre-rollback hooks failed: warning: Hook pre-rollback momo/templates/heavy.yaml failed: already exists"
    );
    // Helm does not clean up after it.
    assert!(!lines(&stand.api).iter().any(|line| line == &format!("DELETE {JOBS}/heavy")));
}

#[test]
fn the_server_applies_hooks_too_and_takes_no_fields_over_for_them() {
    let mut stand = stand_by(true, Some("ssa"));
    stand.options.force_conflicts = true;
    // One that is there already and stays is applied to, where a creation would fail.
    stand
        .api
        .put(&format!("{JOBS}/heavy"), json!({"kind": "Job", "metadata": {"name": "heavy", "uid": "old"}}));
    let run = drive(&mut stand, &BTreeMap::new());
    assert_eq!(run.outcome, Outcome::Done { notes: vec![] });
    let all = lines(&stand.api);
    let made: Vec<_> =
        all.iter().filter(|line| line.starts_with("PATCH") && line.contains("/jobs/")).collect();
    let apply =
        |name: &str| format!("PATCH {JOBS}/{name}?fieldManager=helm&fieldValidation=Strict&force=false");
    assert_eq!(made, [&apply("a"), &apply("b"), &apply("heavy"), &apply("a")]);
    assert!(!all.iter().any(|line| line.starts_with("POST") && line.contains("/jobs")));
    assert!(all.contains(&format!("PATCH {MAPS}/env?fieldManager=helm&fieldValidation=Strict&force=true")));
}

#[test]
fn what_became_of_an_apply_for_a_hook_is_looked_up() {
    let before = json!({"kind": "Job", "metadata": {"name": "heavy", "uid": "old"}});
    let mut prepared = stand_by(true, Some("ssa"));
    prepared.api.put(&format!("{JOBS}/heavy"), before);
    let job = job(&prepared);
    let mut clean = prepared.api.clone();
    drive_with(&mut Engine::new(job.clone()), &mut clean, |_, api, request| {
        end_jobs(api, request, &BTreeMap::new());
    });
    let at = clean.log.iter().position(|(line, _)| line.starts_with(&format!("PATCH {JOBS}/heavy"))).unwrap();
    for (fault, expected) in [
        (Fault::LostBefore, "unknown: whether Job momo-store/heavy of a hook was applied"),
        (Fault::LostAfter, "done"),
        (Fault::GatewayAfter, "done"),
        (Fault::ServerError, "pre-rollback hooks failed"),
    ] {
        let mut api = prepared.api.clone();
        api.faults = [(at, fault)].into();
        let run = drive_with(&mut Engine::new(job.clone()), &mut api, |_, api, request| {
            end_jobs(api, request, &BTreeMap::new());
        });
        let said = match run.outcome {
            Outcome::Done { .. } => "done".to_owned(),
            Outcome::Failed { what, .. } => what,
            Outcome::Unknown { what, .. } => format!("unknown: {what}"),
        };
        assert!(said.starts_with(expected), "{fault:?}: {said}");
    }
}

#[test]
fn a_hook_that_does_not_end_is_given_up_when_its_time_is_over() {
    for (timeout, seconds) in [(60_000_000_000, 60), (0, i64::MAX)] {
        let mut stand = stand(false);
        stand.options.timeout_ns = timeout;
        let mut engine = Engine::new(job(&stand));
        let (mut reply, mut ns, mut waits) = (None, 0_i64, 0);
        let ends = BTreeMap::from([("b", "")]);
        let outcome = loop {
            engine.set_now(Now { ns: NOW.ns + ns, ..NOW });
            match engine.next(reply.take()) {
                Step::Request(request) => {
                    ns += i64::try_from(request.delay_ms).unwrap() * 1_000_000;
                    end_jobs(&mut stand.api, &request, &ends);
                    reply = Some(stand.api.handle(&request));
                }
                Step::Progress(event) => waits += usize::from(matches!(event, Event::HookWaits { .. })),
                Step::Waiting => panic!("it waits for nothing"),
                Step::Done(outcome) => break Some(outcome),
            }
            // Without a limit it goes on, until somebody stops it.
            if ns > 3_600_000_000_000 {
                engine.cancel();
            }
        };
        let Some(Outcome::Failed { what, .. }) = outcome else { panic!("{outcome:?}") };
        // It is told once that it waits, however often it looks.
        assert_eq!(waits, 1);
        if seconds == 60 {
            assert!(what.ends_with("timed out waiting for the condition"), "{what}");
            assert!((60..63).contains(&(ns / 1_000_000_000)), "{ns}");
        } else {
            assert!(what.contains("cancelled while the hook Job b runs, which goes on"), "{what}");
        }
    }
}

#[test]
fn a_cancel_before_a_hook_starts_no_more() {
    let mut stand = stand(false);
    let run = drive_with(&mut Engine::new(job(&stand)), &mut stand.api, |engine, api, request| {
        end_jobs(api, request, &BTreeMap::new());
        if request.place.path() == format!("{JOBS}/b") {
            engine.cancel();
        }
    });
    let Outcome::Failed { phase: Phase::PreHooks, record: Some(Status::Failed), .. } = run.outcome else {
        panic!("{:?}", run.outcome)
    };
    assert!(!lines(&stand.api).iter().any(|line| line.contains("heavy")));
}

#[test]
fn whatever_request_fails_in_whatever_way_the_end_is_told_truly() {
    let helms = [
        (stand(false), Wait::None),
        (stand(true), Wait::None),
        (stand(true), Wait::Watcher),
        (stand_by(true, Some("ssa")), Wait::Watcher),
    ];
    for (mut clean, wait) in helms {
        clean.options.wait = wait;
        let prepared = (clean.api.clone(), job(&clean));
        drive(&mut clean, &BTreeMap::new());
        let expected: Vec<(String, Value)> = without_status(said(&clean.api));
        let mut unknown = 0;
        for number in 0..clean.api.log.len() {
            for fault in FAULTS {
                let (mut api, job) = prepared.clone();
                api.faults = [(number, fault)].into();
                let run = drive_with(&mut Engine::new(job), &mut api, |_, api, request| {
                    end_jobs(api, request, &BTreeMap::new());
                });
                let case =
                    format!("request {number} ({}), {fault:?}: {:?}", clean.api.log[number].0, run.outcome);
                // Jobs are deleted and made more than once, but none more often than when nothing goes wrong.
                let (times, clean_times) = (times(&api), times(&clean.api));
                let known = matches!(fault, Fault::NotSent | Fault::Throttled | Fault::Conflict);
                for (write, count) in times.iter().filter(|_| !known) {
                    assert!(clean_times.get(write).is_none_or(|most| count <= most), "{write}: {case}");
                }
                let states = states(&api);
                let new =
                    states.iter().find(|(revision, _)| *revision == 8).map(|(_, status)| status.as_str());
                match &run.outcome {
                    Outcome::Done { .. } => {
                        assert_eq!(new, Some("deployed"), "{case}");
                        assert_eq!(without_status(said(&api)), expected, "{case}");
                    }
                    Outcome::Failed { record, .. } => {
                        assert_eq!(record.as_ref().map(Status::as_str), new, "{case}");
                    }
                    Outcome::Unknown { record, .. } => {
                        unknown += 1;
                        assert!(record.is_none() || record.as_ref().map(Status::as_str) == new, "{case}");
                        let may_be =
                            matches!(fault, Fault::LostBefore | Fault::LostAfter | Fault::GatewayAfter);
                        assert!(may_be, "known: {case}");
                    }
                }
                let last = clean.api.log.len() - 1;
                assert!(new != Some("pending-rollback") || number == last, "{case}");
                assert!(fault != Fault::NotSent || matches!(run.outcome, Outcome::Done { .. }), "{case}");
            }
        }
        assert!(unknown > 3, "{unknown}");
    }
}

/// How often each write was sent.
fn times(api: &Api) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for (_, (line, body)) in writes(api) {
        *times.entry(format!("{line} {body:?}")).or_default() += 1;
    }
    times
}

fn without_status(said: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let strip = |(path, mut object): (String, Value)| {
        object.as_object_mut().unwrap().shift_remove("status");
        (path, object)
    };
    said.into_iter().map(strip).collect()
}
