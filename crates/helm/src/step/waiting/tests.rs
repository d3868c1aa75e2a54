//! Waiting against a server in memory, on which time goes on by the engine's own rests.

use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::options::{Options, Wait};
use crate::record::{Generation, Limits, Status, StoredRecord};
use crate::step::{Engine, Event, Job, Outcome, Phase, Step};
use crate::testing::{Api, Fault, NOW, Revision, Stand, config_map, deployment, line_of};
use crate::time::Now;

mod legacy;
mod watcher;

const BACKEND: &str = "/apis/apps/v1/namespaces/momo-store/deployments/backend";
const SETS: &str = "/apis/apps/v1/namespaces/momo-store/replicasets";
const MIGRATE: &str = "/apis/batch/v1/namespaces/momo-store/jobs/migrate";
const ENV: &str = "/api/v1/namespaces/momo-store/configmaps/env";
const MINUTE: i64 = 60_000_000_000;

/// A Job that the rollback leaves as it is.
const JOB: &str = "---
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
spec:
  completions: 2
  backoffLimit: 1
  template: {spec: {containers: [{name: a, image: a}]}}
";

/// A release of a ConfigMap, a Deployment and whatever else, at whose sixth revision the Deployment had another image.
fn stand_with(more: &str) -> Stand {
    let revision =
        |value, image| [&*config_map("env", value), &deployment("backend", image, 3), more].concat();
    let (good, bad) = (revision("one", "shop:1042"), revision("two", "shop:1043"));
    Stand::new(&[Revision::new(6, "superseded", &good), Revision::new(7, "deployed", &bad)])
}

fn stand() -> Stand {
    stand_with("")
}

/// Whether the Deployment is as it should be, and so all objects are: from now on it is waited.
fn is_waiting(api: &Api) -> bool {
    api.objects[BACKEND]["spec"]["template"]["spec"]["containers"][0]["image"] == "shop:1042"
}

struct Run {
    outcome: Outcome,
    waited: Vec<String>,
    /// How long it took, in seconds.
    seconds: i64,
    /// Every request, with the second in which it was sent.
    lines: Vec<(i64, String)>,
}

impl Run {
    /// Says how it failed, with the phase and what the new record says checked.
    fn failure(&self) -> &str {
        let Outcome::Failed { phase: Phase::Waiting, what, record: Some(Status::Failed) } = &self.outcome
        else {
            panic!("{:?}", self.outcome)
        };
        what
    }

    fn done(&self) {
        assert_eq!(self.outcome, Outcome::Done { notes: vec![] });
    }

    /// In which seconds something was asked for.
    fn asked(&self, line: &str) -> Vec<i64> {
        self.lines.iter().filter(|(_, l)| l.starts_with(line)).map(|(second, _)| *second).collect()
    }

    /// The requests of the waiting: after the last write to an object and before the records.
    fn looks(&self) -> Vec<&str> {
        let lines: Vec<&str> = self.lines.iter().map(|(_, line)| line.as_str()).collect();
        let last = lines.iter().rposition(|l| !l.starts_with("GET") && !l.contains("/secrets")).unwrap();
        lines[last + 1..].iter().copied().filter(|l| !l.contains("/secrets")).collect()
    }
}

/// Drives a rollback to 6; `meanwhile` sees the server before each request, in so many seconds after the beginning.
fn drive_job(job: Job, stand: &mut Stand, meanwhile: impl FnMut(&mut Engine, &mut Api, i64)) -> Run {
    drive_slowly(job, stand, 0, meanwhile)
}

/// The same with a server that takes so many seconds for each answer.
fn drive_slowly(
    job: Job,
    stand: &mut Stand,
    takes: i64,
    mut meanwhile: impl FnMut(&mut Engine, &mut Api, i64),
) -> Run {
    let mut engine = Engine::new(job);
    let (mut reply, mut waited, mut lines, mut ns) = (None, Vec::new(), Vec::new(), 0_i64);
    for _ in 0..20_000 {
        engine.set_now(Now { ns: NOW.ns + ns, ..NOW });
        match engine.next(reply.take()) {
            Step::Request(request) => {
                ns += i64::try_from(request.delay_ms).unwrap() * 1_000_000;
                meanwhile(&mut engine, &mut stand.api, ns / 1_000_000_000);
                lines.push((ns / 1_000_000_000, line_of(&request)));
                reply = Some(stand.api.handle(&request));
                ns += takes * 1_000_000_000;
            }
            Step::Progress(Event::Waiting { object, why }) => waited.push(format!("{object}: {why}")),
            Step::Progress(_) => {}
            Step::Waiting => panic!("it waits for a reply that nobody owes"),
            Step::Done(outcome) => return Run { outcome, waited, seconds: ns / 1_000_000_000, lines },
        }
    }
    panic!("it does not end");
}

fn job_of(stand: &Stand) -> Job {
    Job::new(&stand.plan(6), stand.history.last().unwrap(), &stand.sides(6), NOW).unwrap()
}

/// Drives a rollback with what it is asked for.
fn drive_as(
    stand: &mut Stand,
    (helm, wait, wait_for_jobs, timeout_ns): (Generation, Wait, bool, i64),
    meanwhile: impl FnMut(&mut Engine, &mut Api, i64),
) -> Run {
    stand.options = Options { helm: Some(helm), wait, wait_for_jobs, timeout_ns, ..stand.options.clone() };
    drive_job(job_of(stand), stand, meanwhile)
}

/// Changes a live object as a controller would.
fn change(api: &mut Api, path: &str, at: &str, value: Value) {
    api.version += 1;
    let version = api.version.to_string();
    let object = api.objects.get_mut(path).unwrap_or_else(|| panic!("no {path}"));
    object["metadata"]["resourceVersion"] = json!(version);
    object[at] = value;
}

fn description(api: &Api, revision: i64) -> String {
    let path = format!("/api/v1/namespaces/momo-store/secrets/sh.helm.release.v1.momo.v{revision}");
    let stored = StoredRecord::from_object(&api.objects[&path], Limits::default()).unwrap();
    stored.record.info().unwrap().description
}

fn states(all: &[(i64, &str)]) -> Vec<(i64, String)> {
    all.iter().map(|(revision, status)| (*revision, (*status).to_owned())).collect()
}

/// The records as they are after a waiting that failed.
fn check_failed(api: &Api, why: &str) {
    assert_eq!(api.states(), states(&[(6, "superseded"), (7, "deployed"), (8, "failed")]));
    assert_eq!(description(api, 8), format!("Release \"momo\" failed: {why}"));
}

#[test]
fn a_plain_wait_is_that_of_the_release_s_own_helm() {
    for (helm, wait) in [(Generation::V3, Wait::Legacy), (Generation::V4, Wait::Watcher)] {
        let mut stand = stand();
        stand.options.helm = Some(helm);
        let job = job_of(&stand).waiting(MINUTE);
        assert_eq!((job.options.wait, job.options.timeout_ns), (wait, MINUTE));
        stand.options = Options { wait, timeout_ns: MINUTE, ..stand.options };
        assert_eq!(job_of(&stand), job, "the options alone say the same");
    }
}

#[test]
fn without_the_wish_to_wait_nothing_is_read_for_it() {
    for helm in [Generation::V3, Generation::V4] {
        let run = drive_as(&mut stand(), (helm, Wait::None, true, MINUTE), |_, _, _| {});
        run.done();
        assert_eq!((run.looks(), run.seconds), (vec![], 0));
    }
}
