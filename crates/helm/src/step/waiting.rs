//! Waiting until the target's objects are ready, inside of the operation as Helm does: after the objects, before any
//! record says more than pending. When it fails the new record says so and the old one keeps its state.
//!
//! Helm has two ways of it: [`legacy`] looks at one object after the other until each is ready in its turn, [`watcher`]
//! follows all of them at once. Both are asked for by a job's options; without, nothing is waited for, which is what
//! Helm 4's `hookOnly` waiter does too.

mod legacy;
mod watcher;

use serde_json::Value;

use super::engine::{Engine, State, Then};
use super::event::Phase;
use super::job::Job;
use super::request::{Place, Request, Verb};
use super::send::Got;
use crate::hooks::HookEvent;
use crate::options::Wait;
use crate::plan::PlanObject;
use crate::ready::{Awaited, Wants, limit_ns};
use crate::record::Status;

/// How long is rested between two looks, in milliseconds: as Helm does where it looks again and again.
const REST_MS: u64 = 2_000;
/// What Go says when a time limit is over.
const DEADLINE: &str = "context deadline exceeded";

/// What is waited for, and how far it came.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Waiting {
    objects: Vec<PlanObject>,
    /// When it is given up, in nanoseconds since 1970; set when it begins, `None` where there is no limit.
    #[serde(skip)]
    until: Option<i64>,
    #[serde(skip)]
    legacy: legacy::Round,
    #[serde(skip)]
    watcher: watcher::Watch,
}

impl Waiting {
    fn new(objects: Vec<PlanObject>) -> Self {
        Self { objects, until: None, legacy: legacy::Round::default(), watcher: watcher::Watch::default() }
    }

    /// Returns what a job waits for that is carried out so: the target's objects, or nothing.
    pub(super) fn wanted(wait: Wait, objects: &[PlanObject]) -> Option<Self> {
        (wait != Wait::None).then(|| Self::new(objects.to_vec()))
    }

    fn is_late(&self, now_ns: i64) -> bool {
        self.until.is_some_and(|until| now_ns >= until)
    }

    /// How long to rest before the next look: less than usual when time is up before.
    fn rest_ms(&self, now_ns: i64) -> u64 {
        let left = self.until.map_or(i64::MAX, |until| until.saturating_sub(now_ns));
        let left = u64::try_from(left).unwrap_or(0).div_ceil(1_000_000);
        left.min(REST_MS)
    }
}

impl Job {
    /// Returns the same job, which waits until the target's objects are ready, with this for `--timeout`, in nanoseconds: as
    /// was asked for, else as a plain `--wait` of its Helm does.
    #[must_use]
    pub fn waiting(mut self, limit_ns: i64) -> Self {
        if self.options.wait == Wait::None {
            self.options.wait = Wait::plain(self.helm);
        }
        self.options.timeout_ns = limit_ns;
        self.waiting = Some(Waiting::new(self.targets.iter().map(|target| target.object.clone()).collect()));
        self
    }
}

impl Engine {
    /// Waits, where that is wanted, then goes on to the records.
    pub(super) fn settle(&mut self) {
        let options = &self.job.options;
        let limit = limit_ns(Awaited::Readiness, self.job.helm, options.wait, options.timeout_ns);
        let (now, wait) = (self.job.now.ns, options.wait);
        let Some(waiting) = self.job.waiting.as_mut().filter(|w| !w.objects.is_empty()) else {
            return self.waited();
        };
        waiting.until = limit.map(|limit| now.saturating_add(limit));
        self.phase = Phase::Waiting;
        match wait {
            Wait::None => self.waited(),
            Wait::Legacy => self.begin_rounds(limit == Some(0)),
            Wait::Watcher => self.begin_watch(),
        }
    }

    /// Everything is ready, or nobody wants to know any more.
    fn waited(&mut self) {
        self.run_hooks(HookEvent::PostRollback);
    }

    /// Whether the waiting is over because it was cancelled. All objects are as they should be: whoever does not want to
    /// wait any more gets what he gets without.
    fn stops_waiting(&mut self) -> bool {
        if self.is_cancelled() {
            self.notes.push("it was not waited for until everything is ready: cancelled".to_owned());
            self.waited();
        }
        self.is_cancelled()
    }

    fn get_waiting(&mut self, at: usize, rest_ms: u64) {
        let Some(object) = self.job.waiting.as_ref().and_then(|w| w.objects.get(at)) else { return };
        let mut request = Request::new(Verb::Get, Place::of(object));
        request.delay_ms = rest_ms;
        self.send(request, State::LookWaiting { at });
    }

    fn list_waiting(&mut self, at: usize, live: Value, wanted: &Wants) {
        let namespace =
            self.job.waiting.as_ref().and_then(|w| w.objects.get(at)).map(|o| o.id.namespace.clone());
        let place = Place {
            api_version: wanted.api_version.to_owned(),
            kind: wanted.kind.to_owned(),
            resource: wanted.resource.to_owned(),
            namespace: namespace.unwrap_or_default(),
            name: String::new(),
        };
        let request = Request::new(Verb::List, place).with_query("labelSelector", &wanted.selector);
        self.send(request, State::ListWaiting { at, live });
    }

    pub(super) fn looked_waiting(&mut self, got: Got, at: usize) {
        match self.job.options.wait {
            Wait::None => self.waited(),
            Wait::Legacy => self.looked_in_turn(got, at),
            Wait::Watcher => self.looked_at_watched(got, at),
        }
    }

    pub(super) fn listed_waiting(&mut self, got: Got, at: usize, live: &Value) {
        match self.job.options.wait {
            Wait::None => self.waited(),
            Wait::Legacy => self.listed_in_turn(got, at, live),
            Wait::Watcher => self.listed_for_watched(got, at, live),
        }
    }

    /// The new record has failed, in Helm's words; the old one keeps its state, and so stays deployed: Helm writes it once
    /// more as it is. `more` is told beside them.
    fn wait_failed(&mut self, why: &str, more: &str) {
        let description = format!("Release {:?} failed: {why}", self.job.release);
        self.errors = vec![format!("{why}{more}")];
        self.description = Some(description);
        let current = self.job.current.clone();
        let status = current.record.info().map_or(Status::Unknown, |info| info.status);
        self.mark(&current, &status, None, Then::FailNew);
    }
}

fn items(list: &Value) -> &[Value] {
    list.get("items").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests;
