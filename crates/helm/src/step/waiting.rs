//! Waiting until the target's objects are ready, inside of the operation as Helm 3 does: after the objects, before
//! any record says more than pending. When it fails the new record says so and the old one keeps its state.

use serde_json::Value;

use super::engine::{Engine, State, Then};
use super::event::{Event, Phase};
use super::request::{Place, Request, Verb};
use super::send::Got;
use crate::hooks::HookEvent;
use crate::plan::PlanObject;
use crate::ready::legacy::{Verdict, is_read, judge, wants};
use crate::record::Status;

/// How long Helm rests between two looks.
const REST_MS: u64 = 2_000;
/// How often in a row an object may fail to be read.
const MOST_FAILURES: u32 = 30;

/// What is waited for.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Waiting {
    objects: Vec<PlanObject>,
    limit_ns: i64,
    /// When it is given up, in nanoseconds; set when it begins.
    until: Option<i64>,
    failures: u32,
    told: Option<(usize, String)>,
}

impl Waiting {
    pub(super) fn new(objects: Vec<PlanObject>, limit_ns: i64) -> Self {
        Self { objects, limit_ns, until: None, failures: 0, told: None }
    }
}

impl Engine {
    /// Waits, where that is wanted, then goes on to the records.
    pub(super) fn settle(&mut self) {
        let now = self.job.now.ns;
        let Some(waiting) = self.job.waiting.as_mut().filter(|w| !w.objects.is_empty()) else {
            return self.run_hooks(HookEvent::PostRollback);
        };
        waiting.until = Some(now.saturating_add(waiting.limit_ns));
        self.phase = Phase::Waiting;
        self.look_at(0, 0);
    }

    /// Looks at an object, after a rest.
    fn look_at(&mut self, at: usize, rest_ms: u64) {
        // All objects are as they should be: whoever does not want to wait any more gets what he gets without.
        if self.is_cancelled() {
            self.notes.push("it was not waited for until everything is ready: cancelled".to_owned());
            return self.run_hooks(HookEvent::PostRollback);
        }
        let Some(object) = self.job.waiting.as_ref().and_then(|w| w.objects.get(at)) else {
            return self.run_hooks(HookEvent::PostRollback);
        };
        if !is_read(&object.id.gvk, false, self.job.helm) {
            return self.look_at(at + 1, rest_ms);
        }
        let mut request = Request::new(Verb::Get, Place::of(object));
        request.delay_ms = rest_ms;
        self.send(request, State::LookWaiting { at });
    }

    pub(super) fn looked_waiting(&mut self, got: Got, at: usize) {
        match got {
            Got::Done(live) => match wants(&live) {
                Some(wanted) => {
                    let Some(waiting) = &self.job.waiting else {
                        return self.run_hooks(HookEvent::PostRollback);
                    };
                    let namespace = waiting.objects.get(at).map(|o| o.id.namespace.clone());
                    let place = Place {
                        api_version: wanted.api_version.to_owned(),
                        kind: wanted.kind.to_owned(),
                        resource: wanted.resource.to_owned(),
                        namespace: namespace.unwrap_or_default(),
                        name: String::new(),
                    };
                    let request =
                        Request::new(Verb::List, place).with_query("labelSelector", &wanted.selector);
                    self.send(request, State::ListWaiting { at, live });
                }
                None => self.judge(at, judge(&live, &[])),
            },
            other => self.not_read(at, other),
        }
    }

    pub(super) fn listed_waiting(&mut self, got: Got, at: usize, live: &Value) {
        match got {
            Got::Done(list) => {
                let items = list.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
                self.judge(at, judge(live, &items));
            }
            other => self.not_read(at, other),
        }
    }

    fn not_read(&mut self, at: usize, got: Got) {
        match got {
            // What may pass is waited for; what will not, is not.
            Got::Refused(answer) if answer.code == 429 || (answer.code >= 500 && answer.code != 501) => {
                self.may_pass(at, answer.message());
            }
            Got::NotFound(answer) | Got::Refused(answer) => self.wait_failed(&answer.message(), ""),
            Got::Unknown { why, .. } => self.may_pass(at, why),
            Got::Done(_) => {}
        }
    }

    fn may_pass(&mut self, at: usize, why: String) {
        let failures = self.job.waiting.as_mut().map_or(0, |waiting| {
            waiting.failures += 1;
            waiting.failures
        });
        if failures > MOST_FAILURES {
            self.wait_failed(&why, "");
        } else {
            self.not_yet(at, why);
        }
    }

    fn judge(&mut self, at: usize, verdict: Verdict) {
        if let Some(waiting) = &mut self.job.waiting {
            waiting.failures = 0;
        }
        match verdict {
            Verdict::Ready => self.look_at(at + 1, 0),
            Verdict::NotYet(why) => self.not_yet(at, why),
            Verdict::Failing(why) => self.may_pass(at, why),
        }
    }

    /// Tells what is not ready, once, and begins anew with the first object, as Helm does.
    fn not_yet(&mut self, at: usize, why: String) {
        let now = self.job.now.ns;
        let Some(waiting) = &mut self.job.waiting else { return };
        let late = waiting.until.is_some_and(|until| now >= until);
        let news = Some((at, why));
        let object = waiting.objects.get(at).map(|o| o.id.clone());
        if waiting.told != news {
            waiting.told.clone_from(&news);
            if let (Some(object), Some((_, why))) = (object.clone(), news.clone()) {
                self.tell(Event::Waiting { object, why });
            }
        }
        if late {
            let what = object.zip(news).map(|(object, (_, why))| format!(": {object}: {why}"));
            return self.wait_failed("context deadline exceeded", &what.unwrap_or_default());
        }
        self.look_at(0, REST_MS);
    }

    /// The new record has failed, in Helm's words; the old one keeps its state, and so stays deployed.
    fn wait_failed(&mut self, why: &str, more: &str) {
        let description = format!("Release {:?} failed: {why}", self.job.release);
        self.errors = vec![format!("{why}{more}")];
        let new = self.job.new.clone();
        self.mark(&new, &Status::Failed, Some(&description), Then::Fail);
    }
}

#[cfg(test)]
mod tests;
