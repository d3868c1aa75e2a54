//! The check afterwards, judged by what happened since the rollback: readiness, restarts, the error
//! ratio, and the alert that led here.

use crate::app::effect::{Effects, Query};
use crate::app::model::jobs::{Errors, LedBy};
use crate::app::model::{Job, Shared};
use crate::app::views::Cx;
use crate::app::views::board::error_ratio;
use crate::core::{ObjectRef, Resource, Safe, Span, Ts, Window, num};
use crate::ops::plan::Change;
use crate::ops::{Outcome, Plan, PlanId, What};
use crate::store::alerts::State;
use crate::store::health::{Health, SourceKind, State as Is};
use crate::store::objects::Object;
use crate::store::series::Matrix;

/// An error ratio below this is well, where no alert says otherwise.
const WELL: f64 = 0.01;
/// How long everything must be ready before it is called healed.
const LEAST: Span = Span::secs(10);
const EVERY: Span = Span::secs(5);

/// Returns the alert that led here: the one whose page was opened last, where it is about an object of the plan.
pub fn alert_of(shared: &Shared, plan: &Plan) -> Option<LedBy> {
    let (fingerprint, name, object) = shared.journal.iter().rev().find_map(|r| match &r.what {
        What::Alert { fingerprint, name, object } => Some((*fingerprint, name.clone(), object.clone())),
        _ => None,
    })?;
    let about = object?;
    let ours = plan.items.iter().any(|i| i.object.to_string() == about.as_str());
    ours.then_some(LedBy { fingerprint, name, fires: true })
}

fn touched(job: &Job) -> impl Iterator<Item = &ObjectRef> {
    let changed = job
        .plan
        .items
        .iter()
        .filter(|i| matches!(i.change, Change::Patch | Change::Create | Change::Unchanged));
    changed.map(|i| &i.object).filter(|o| {
        o.resource()
            .is_some_and(|r| matches!(r, Resource::Deployment | Resource::StatefulSet | Resource::DaemonSet))
    })
}

/// Returns ready and desired pods of a workload, none while its controller has not seen its newest form.
fn readiness(object: &Object) -> Option<(u32, u32)> {
    let n = |v: i32| u32::try_from(v).unwrap_or(0);
    match object {
        Object::Deployment(d) => {
            let seen = d.status.observed_generation >= d.metadata.generation;
            let desired = n(d.spec.replicas.unwrap_or(1));
            let settled =
                n(d.status.updated_replicas) >= desired && d.status.replicas == d.status.updated_replicas;
            seen.then(|| {
                (
                    if settled {
                        n(d.status.available_replicas)
                    } else {
                        n(d.status.available_replicas)
                            .min(n(d.status.updated_replicas))
                            .min(desired.saturating_sub(1))
                    },
                    desired,
                )
            })
        }
        Object::StatefulSet(s) => (s.status.observed_generation >= s.metadata.generation)
            .then(|| (n(s.status.ready_replicas), n(s.spec.replicas.unwrap_or(1)))),
        Object::DaemonSet(d) => (d.status.observed_generation >= d.metadata.generation).then(|| {
            (
                n(d.status.number_ready).min(n(d.status.updated_number_scheduled)),
                n(d.status.desired_number_scheduled),
            )
        }),
        _ => None,
    }
}

fn restarts_since(shared: &Shared, job: &Job, since: Ts) -> u32 {
    let mut count = 0;
    for owner in touched(job) {
        for pod in crate::app::resolve::pods_of(owner, &shared.cluster) {
            let Object::Pod(pod) = pod else { continue };
            for status in &pod.status.container_statuses {
                let ended = status.last_state.terminated.as_ref().and_then(|t| t.finished_at.nanos());
                count += u32::from(ended.is_some_and(|t| Ts(t) >= since));
            }
        }
    }
    count
}

/// Brings every finished plan's check up to date, and journals the moment when all is well.
pub fn follow(shared: &mut Shared, now: Ts, effects: &mut Effects) {
    let open: Vec<PlanId> = shared
        .jobs
        .0
        .iter()
        .filter(|(_, j)| j.ended.is_some() && j.check.healed.is_none())
        .map(|(id, _)| *id)
        .collect();
    for id in open {
        let Some(job) = shared.jobs.0.get(&id).cloned() else { continue };
        let Some((ended, outcome)) = &job.ended else { continue };
        let mut check = job.check.clone();
        let mut ready = Some((0, 0));
        for owner in touched(&job) {
            let object = owner
                .resource()
                .and_then(|r| shared.cluster.of(r).named(owner.namespace.as_str(), owner.name.as_str()));
            let one = object.and_then(readiness);
            ready = ready.zip(one).map(|((a, b), (c, d))| (a + c, b + d));
        }
        check.ready = ready;
        check.restarts = Some(restarts_since(shared, &job, *ended));
        if measured(shared, &job).is_none() {
            check.errors = Errors::Unmeasured;
        }
        if let Some(led) = &mut check.alert {
            // Only the one that led here: its namesakes are about other objects.
            let same = |a: &crate::store::alerts::Alert| {
                a.state != State::Suppressed && a.fingerprint == led.fingerprint
            };
            let known = shared.alerts.at.is_some_and(|at| at > *ended);
            led.fires = !known || shared.alerts.known.alerts.iter().any(same);
        }
        let healed = *outcome == Outcome::Done && is_well(&check) && now - *ended >= LEAST;
        if healed {
            check.healed = Some(now);
        }
        let text = Safe::of(&words(&check));
        if let Some(job) = shared.jobs.0.get_mut(&id) {
            job.check = check;
        }
        if healed {
            shared.journal(now, What::Check { plan: id, healed: true, text }, effects);
        }
    }
}

fn is_well(check: &crate::app::model::jobs::Check) -> bool {
    let ready = check.ready.is_some_and(|(ready, desired)| ready >= desired);
    let quiet = check.restarts == Some(0);
    // What is not known yet is no success.
    let errors = match check.errors {
        Errors::Unknown => false,
        Errors::Unmeasured => check.alert.is_some(),
        Errors::Ratio(ratio) => ratio < WELL,
    };
    let alert = check.alert.as_ref().is_none_or(|led| !led.fires);
    ready && quiet && errors && alert
}

/// Returns what the check has found, in words.
pub fn words(check: &crate::app::model::jobs::Check) -> String {
    let mut out = Vec::new();
    match check.ready {
        Some((ready, desired)) => out.push(format!("{ready}/{desired} pods ready")),
        None => out.push("the controllers have not seen it yet".to_owned()),
    }
    out.extend(check.restarts.map(|n| format!("{} since", num::counted(n as usize, "restart", "restarts"))));
    out.push(match check.errors {
        Errors::Unknown => "error ratio not known yet".to_owned(),
        Errors::Unmeasured => "error ratio not measured".to_owned(),
        Errors::Ratio(ratio) => format!("error ratio {}", num::value(ratio, num::Unit::Ratio)),
    });
    out.extend(
        check
            .alert
            .as_ref()
            .map(|led| format!("{} {}", led.name, if led.fires { "still firing" } else { "resolved" })),
    );
    out.join(" · ")
}

/// Returns whose error ratio answers for the release: of the workloads that it touched, the one whose pods
/// restarted. None where there is no such workload, or no Prometheus to ask.
fn measured(shared: &Shared, job: &Job) -> Option<ObjectRef> {
    let asked = |h: &Health| h.id.kind == SourceKind::Prometheus && h.state != Is::NotInstalled;
    let owner = job.plan.items.iter().max_by_key(|i| i.restarts).map(|i| i.object.clone());
    owner.filter(|o| o.resource().is_some_and(Resource::is_workload) && shared.health.values().any(asked))
}

/// Asks for the error ratio since the rollback ended, and again in a while.
pub fn ask_ratio(job: Option<&Job>, part: u16, cx: &mut Cx<'_>) {
    let now = cx.now();
    let Some(job) = job else { return };
    // What was seen when it healed stays as it was seen.
    if job.check.healed.is_some() {
        return;
    }
    cx.wake_at(now + EVERY);
    let Some((ended, _)) = &job.ended else { return };
    let since = now - *ended;
    if since < Span::secs(20) || cx.is_open(part) {
        return;
    }
    let window = Span::secs(since.as_secs().min(300));
    let Some(owner) = measured(cx.shared, job) else { return };
    let at = now.align_down(Span::secs(1));
    cx.ask(
        part,
        Query::Range {
            expr: error_ratio(&owner, window).into(),
            window: Window { start: at, end: at },
            step: Span::secs(1),
        },
    );
}

/// How long after a rollback no answer means that there is none yet: new pods have to be scraped twice.
const SOON: Span = Span::mins(2);

/// Takes the error ratio.
pub fn take_ratio(shared: &mut Shared, id: PlanId, matrix: &Matrix, now: Ts) {
    let value =
        matrix.series.first().and_then(|s| s.points.last()).map(|(_, v)| *v).filter(|v| v.is_finite());
    if let Some(job) = shared.jobs.0.get_mut(&id).filter(|j| j.check.healed.is_none()) {
        let soon = job.ended.as_ref().is_none_or(|(ended, _)| now - *ended < SOON);
        let none = if soon { Errors::Unknown } else { Errors::Unmeasured };
        job.check.errors = value.map_or(none, Errors::Ratio);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::app::model::jobs::Check;
    use crate::app::testing;
    use crate::core::Fingerprint;
    use crate::store::alerts::Alert;

    fn check(errors: Errors, alert: Option<bool>) -> Check {
        let led =
            |fires| LedBy { fingerprint: Fingerprint::default(), name: Safe::own("Backend5xxHigh"), fires };
        let alert = alert.map(led);
        Check { alert, ready: Some((4, 4)), restarts: Some(0), errors, healed: None }
    }

    #[test]
    fn what_is_not_known_is_no_success_and_what_cannot_be_measured_is_judged_by_the_alert() {
        let cases = [
            (Errors::Unknown, Some(false), false),
            (Errors::Unknown, None, false),
            (Errors::Ratio(0.0), Some(false), true),
            (Errors::Ratio(0.0), None, true),
            (Errors::Ratio(0.0), Some(true), false),
            (Errors::Ratio(0.12), Some(false), false),
            (Errors::Unmeasured, Some(false), true),
            (Errors::Unmeasured, None, false),
        ];
        for (errors, alert, well) in cases {
            assert_eq!(is_well(&check(errors, alert)), well, "{errors:?} {alert:?}");
        }
    }

    /// A release that was rolled back at `NOW`, led to by an alert.
    fn rolled_back(led: &Alert) -> (Shared, PlanId) {
        let mut shared = testing::shared();
        let plan = Arc::new(Plan::example(testing::NOW));
        let (namespace, release) = (plan.namespace.clone(), crate::core::Name::lossy("momo"));
        let wanted = crate::ops::Wanted::rollback(namespace, release, None);
        let led = LedBy { fingerprint: led.fingerprint, name: Safe::own("PodCrashLooping"), fires: true };
        let mut job = Job::begun(
            Arc::clone(&plan),
            wanted,
            testing::NOW,
            Check { alert: Some(led), ..Check::default() },
        );
        job.ended = Some((testing::NOW, Outcome::Done));
        shared.jobs.0.insert(plan.id, job);
        (shared, plan.id)
    }

    fn of(shared: &Shared, id: PlanId) -> &Check {
        &shared.jobs.0.get(&id).unwrap().check
    }

    #[test]
    fn the_same_alert_about_something_else_is_not_the_one_that_led_here() {
        let led = testing::alert(&[("alertname", "PodCrashLooping"), ("pod", "backend-1")]);
        let other = testing::alert(&[("alertname", "PodCrashLooping"), ("pod", "search-1")]);
        let (mut shared, id) = rolled_back(&led);
        let now = testing::NOW + Span::secs(30);
        shared.alerts.at = Some(now);
        shared.alerts.known.alerts = vec![other.clone(), led];
        follow(&mut shared, now, &mut Effects::new());
        assert!(of(&shared, id).alert.as_ref().is_some_and(|l| l.fires));
        shared.alerts.known.alerts = vec![other];
        follow(&mut shared, now, &mut Effects::new());
        assert!(of(&shared, id).alert.as_ref().is_some_and(|l| !l.fires));
    }

    #[test]
    fn no_answer_soon_after_a_rollback_is_not_known_and_later_not_measured() {
        let (mut shared, id) = rolled_back(&testing::alert(&[]));
        take_ratio(&mut shared, id, &Matrix::default(), testing::NOW + Span::secs(30));
        assert_eq!(of(&shared, id).errors, Errors::Unknown);
        take_ratio(&mut shared, id, &Matrix::default(), testing::NOW + SOON);
        assert_eq!(of(&shared, id).errors, Errors::Unmeasured);
    }
}
