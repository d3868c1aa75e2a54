//! Waiting as Helm 3 does, and Helm 4's legacy waiter: `waitForResources` in `pkg/kube/wait.go`.
//!
//! The objects are looked at in the manifest's order, and at the first one that is not ready it is begun anew, two seconds
//! later, until a look finds all of them ready. An error that may pass is forgiven thirty times in a row for each object,
//! any other ends it. Helm's last look may be up to two seconds before the limit; ours is at the limit.

use serde_json::Value;

use super::super::engine::Engine;
use super::super::event::Event;
use super::super::send::Got;
use super::{DEADLINE, items};
use crate::ready::legacy::{Verdict, is_read, judge, wants};

/// How often in a row an object may fail to be read.
const MOST_FAILURES: u32 = 30;

/// How far it came.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Round {
    /// Whether there was no time at all.
    expired: bool,
    /// How often in a row each object failed to be read.
    failures: Vec<u32>,
    /// What was told last.
    told: Option<(usize, String)>,
}

impl Engine {
    /// Begins the first look; `expired` says that there is no time at all.
    pub(super) fn begin_rounds(&mut self, expired: bool) {
        if let Some(waiting) = &mut self.job.waiting {
            waiting.legacy = Round { expired, failures: vec![0; waiting.objects.len()], ..Round::default() };
        }
        self.look_in_turn(0, 0);
    }

    /// Looks at an object, or the first one after it of a kind that is looked at at all, after a rest.
    fn look_in_turn(&mut self, from: usize, rest_ms: u64) {
        if self.stops_waiting() {
            return;
        }
        let (helm, jobs) = (self.job.helm, self.job.options.wait_for_jobs);
        let Some(waiting) = &self.job.waiting else { return self.waited() };
        let rest = waiting.objects.iter().enumerate().skip(from);
        let mut read = rest.filter(|(_, object)| is_read(&object.id.gvk, jobs, helm));
        let Some((at, object)) = read.next() else { return self.waited() };
        // Helm reads definitions without asking what time it is, and everything else not any more.
        if waiting.legacy.expired && object.id.gvk.kind != "CustomResourceDefinition" {
            return self.wait_failed(DEADLINE, "");
        }
        self.get_waiting(at, rest_ms);
    }

    pub(super) fn looked_in_turn(&mut self, got: Got, at: usize) {
        match got {
            Got::Done(live) => match wants(&live) {
                Some(wanted) => self.list_waiting(at, live, &wanted),
                None => self.judged_in_turn(at, judge(&live, &[])),
            },
            other => self.not_read(at, other),
        }
    }

    pub(super) fn listed_in_turn(&mut self, got: Got, at: usize, live: &Value) {
        match got {
            Got::Done(list) => self.judged_in_turn(at, judge(live, items(&list))),
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
        let failures = self.job.waiting.as_mut().and_then(|waiting| waiting.legacy.failures.get_mut(at));
        let failures = failures.map_or(0, |failures| {
            *failures += 1;
            *failures
        });
        if failures > MOST_FAILURES {
            self.wait_failed(&why, "");
        } else {
            self.not_yet(at, why);
        }
    }

    fn judged_in_turn(&mut self, at: usize, verdict: Verdict) {
        let why = match verdict {
            Verdict::Failing(why) => return self.may_pass(at, why),
            Verdict::NotYet(why) => Some(why),
            Verdict::Ready => None,
        };
        if let Some(failures) = self.job.waiting.as_mut().and_then(|w| w.legacy.failures.get_mut(at)) {
            *failures = 0;
        }
        match why {
            Some(why) => self.not_yet(at, why),
            None => self.look_in_turn(at + 1, 0),
        }
    }

    /// Tells what is not ready, once, and begins anew with the first object, as Helm does.
    fn not_yet(&mut self, at: usize, why: String) {
        let now = self.job.now.ns;
        let Some(waiting) = &mut self.job.waiting else { return self.waited() };
        let (late, rest_ms) = (waiting.is_late(now), waiting.rest_ms(now));
        let Some(object) = waiting.objects.get(at).map(|object| object.id.clone()) else { return };
        let more = format!(": {object}: {why}");
        let news = Some((at, why.clone()));
        if waiting.legacy.told != news {
            waiting.legacy.told = news;
            self.tell(Event::Waiting { object, why });
        }
        if late { self.wait_failed(DEADLINE, &more) } else { self.look_in_turn(0, rest_ms) }
    }
}
