//! Waiting as Helm 4 does: `statusWaiter` in `pkg/kube/statuswait.go`, and the watcher of kstatus below it.
//!
//! What decides is the last known status of every object:
//!
//! - It ends as soon as each is current or failed, without an error when none failed. One that fails does not end it for
//!   the others, and may recover meanwhile.
//! - When time is up it ends with a line for each object that is not current, in their order, and the time limit.
//! - Who may not read an object ends it at once; every other failure to read is passed over, for as long as it takes.
//! - An object that was never there is unknown, one that went away is not found: both are waited for.
//! - A Deployment that is paused when it begins is not waited for.
//!
//! Helm lists each of the kinds in each of the namespaces, and then watches. Here each object is read by its name, again
//! and again, for that takes no other right than the rollback has used by then, and a manifest's one Secret does not cost
//! reading all of the namespace's. It comes to the same: what a watch tells in time is what a look finds, two seconds
//! later at most, and the end is decided by a look at all of them. Those that are current are not looked at again before
//! that. Where Helm may not list a kind it fails; here that does not matter.
//!
//! Pods of StatefulSets and ReplicaSets are listed when Helm does: when their owner has changed, or every three minutes.

use serde_json::Value;

use super::super::engine::Engine;
use super::super::event::Event;
use super::super::send::Got;
use super::{DEADLINE, items};
use crate::plan::{Gvk, ObjectId, PlanObject};
use crate::ready::kstatus::{self, State, Status};

/// How long what a watch told stands before it is judged again, in nanoseconds (`getStatusWatcher`: `ResyncPeriod`).
const RESYNC_NS: i64 = 180_000_000_000;

/// How far it came.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Watch {
    /// What is known of each object.
    known: Vec<Known>,
    /// The look at all of them that is under way, from 1.
    round: u32,
    /// When it began, in nanoseconds since 1970.
    round_ns: i64,
}

/// What is known of an object.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    status: Status,
    /// In which round it was looked at last.
    round: u32,
    /// Whether it was there once.
    seen: bool,
    /// Whether nobody waits for it.
    skipped: bool,
    /// As of which version, and when, it was judged together with its pods.
    judged: Option<(String, i64)>,
    /// What was told of it last.
    told: String,
}

impl Known {
    fn nothing() -> Self {
        let told = String::new();
        Self { status: Status::unknown(), round: 0, seen: false, skipped: false, judged: None, told }
    }

    /// Whether what is known of an object stands: it is the same as when it was judged, and that is not long ago.
    fn stands(&self, live: &Value, now_ns: i64) -> bool {
        let judged = self.judged.as_ref();
        judged.is_some_and(|(version, at)| {
            Some(version.as_str()) == version_of(live) && now_ns.saturating_sub(*at) < RESYNC_NS
        })
    }
}

/// What to do next.
enum Next {
    /// Look at an object after a rest.
    Look { at: usize, rest_ms: u64 },
    /// All are settled, or time is up.
    End { late: bool },
}

impl Watch {
    fn of(objects: usize) -> Self {
        Self { known: vec![Known::nothing(); objects], round: 0, round_ns: 0 }
    }

    fn is_settled(&self) -> bool {
        self.known.iter().all(|one| one.skipped || one.status.is_settled())
    }

    /// Which object is to be looked at in this round: each that is not current, but all of them before the end.
    fn next_of_round(&self, all: bool) -> Option<usize> {
        self.known.iter().position(|one| {
            !one.skipped && one.round != self.round && (all || one.status.state != State::Current)
        })
    }

    fn next(&mut self, until: Option<i64>, now_ns: i64, rest_ms: u64) -> Next {
        let is_late = |at: i64| until.is_some_and(|until| at >= until);
        let mut rest = 0;
        loop {
            let settled = self.is_settled();
            if let Some(at) = self.next_of_round(settled || is_late(self.round_ns)) {
                return Next::Look { at, rest_ms: rest };
            }
            if settled || is_late(self.round_ns) {
                return Next::End { late: !settled };
            }
            // The last round begins when time is up.
            rest = if self.round == 0 { 0 } else { rest_ms };
            self.round += 1;
            self.round_ns = now_ns.saturating_add(i64::try_from(rest).unwrap_or(0) * 1_000_000);
        }
    }
}

impl Engine {
    pub(super) fn begin_watch(&mut self) {
        if let Some(waiting) = &mut self.job.waiting {
            waiting.watcher = Watch::of(waiting.objects.len());
        }
        self.watch_on();
    }

    fn watch_on(&mut self) {
        if self.stops_waiting() {
            return;
        }
        let now = self.job.now.ns;
        let Some(waiting) = &mut self.job.waiting else { return self.waited() };
        let rest_ms = waiting.rest_ms(now);
        match waiting.watcher.next(waiting.until, now, rest_ms) {
            Next::Look { at, rest_ms } => self.get_waiting(at, rest_ms),
            Next::End { late } => self.watched(late),
        }
    }

    /// It is over: with a line for each object that is not current.
    fn watched(&mut self, late: bool) {
        let Some(waiting) = &self.job.waiting else { return self.waited() };
        let known = waiting.objects.iter().zip(&waiting.watcher.known);
        let missed = known.filter(|(_, one)| !one.skipped && one.status.state != State::Current);
        let mut lines: Vec<String> =
            missed.map(|(object, one)| kstatus::not_ready(&id_of(object), &one.status)).collect();
        if late {
            lines.push(DEADLINE.to_owned());
        }
        if lines.is_empty() { self.waited() } else { self.wait_failed(&lines.join("\n"), "") }
    }

    fn known(&mut self, at: usize) -> Option<&mut Known> {
        self.job.waiting.as_mut()?.watcher.known.get_mut(at)
    }

    pub(super) fn looked_at_watched(&mut self, got: Got, at: usize) {
        let (now, jobs) = (self.job.now.ns, self.job.options.wait_for_jobs);
        let round = self.job.waiting.as_ref().map_or(0, |waiting| waiting.watcher.round);
        let Some(known) = self.known(at) else { return self.waited() };
        known.round = round;
        match got {
            Got::Done(live) => {
                let first = !std::mem::replace(&mut known.seen, true);
                if first && is_paused(&live) {
                    known.skipped = true;
                    return self.watch_on();
                }
                match kstatus::wants(&live) {
                    Some(_) if known.stands(&live, now) => self.watch_on(),
                    Some(wanted) => self.list_waiting(at, live, &wanted),
                    None => self.found(at, kstatus::status(&live, &[], jobs, now), None),
                }
            }
            Got::NotFound(_) => {
                let status = if known.seen { Status::not_found() } else { Status::unknown() };
                known.judged = None;
                self.found(at, status, Some("it is not there".to_owned()));
            }
            Got::Refused(answer) if answer.code == 403 => self.wait_failed(&answer.message(), ""),
            Got::Refused(answer) => self.passed_over(at, answer.message()),
            Got::Unknown { why, .. } => self.passed_over(at, why),
        }
    }

    /// An object's pods were listed, or not: then it cannot be judged, and that is its status.
    pub(super) fn listed_for_watched(&mut self, got: Got, at: usize, live: &Value) {
        let (now, jobs) = (self.job.now.ns, self.job.options.wait_for_jobs);
        let (status, why) = match got {
            Got::Done(list) => (kstatus::status(live, items(&list), jobs, now), None),
            Got::NotFound(answer) => (Status::not_found(), Some(answer.message())),
            Got::Refused(answer) => (Status::unknown(), Some(answer.message())),
            Got::Unknown { why, .. } => (Status::unknown(), Some(why)),
        };
        if let Some(known) = self.known(at) {
            let judged = version_of(live).map(|version| (version.to_owned(), now));
            known.judged = judged.filter(|_| why.is_none());
        }
        self.found(at, status, why);
    }

    fn found(&mut self, at: usize, status: Status, why: Option<String>) {
        let why = match status.state {
            State::Current => String::new(),
            State::InProgress if !status.message.is_empty() => status.message.clone(),
            State::Failed => format!("it has failed: {}", status.message),
            _ => why.unwrap_or_else(|| status.state.to_string()),
        };
        if let Some(known) = self.known(at) {
            known.status = status;
        }
        self.passed_over(at, why);
    }

    /// Tells why an object is still waited for, once, and goes on.
    fn passed_over(&mut self, at: usize, why: String) {
        let object = self.job.waiting.as_ref().and_then(|w| w.objects.get(at)).map(|o| o.id.clone());
        if let Some((known, object)) = self.known(at).zip(object)
            && known.told != why
        {
            known.told.clone_from(&why);
            if !why.is_empty() {
                self.tell(Event::Waiting { object, why });
            }
        }
        self.watch_on();
    }
}

/// Returns how Helm names an object: what has no namespace is said to be in none.
fn id_of(object: &PlanObject) -> ObjectId {
    let mut id = object.id.clone();
    if !object.mapping.namespaced {
        id.namespace.clear();
    }
    id
}

fn version_of(live: &Value) -> Option<&str> {
    live.pointer("/metadata/resourceVersion").and_then(Value::as_str)
}

fn is_paused(live: &Value) -> bool {
    Gvk::of(live) == Gvk::new("apps/v1", "Deployment")
        && live.pointer("/spec/paused").and_then(Value::as_bool) == Some(true)
}
