//! The engine: what it is doing, what it waits for, and what it has to tell.

use std::collections::VecDeque;

use serde_json::Value;

use super::event::{Event, Outcome, Phase, Step};
use super::hooks::{HookState, Hooking};
use super::job::Job;
use super::objects::{Asked, Cleaning, Pods, Visit};
use super::request::{Reply, Request};
use super::send::{Doubt, Flight, Got, Landing, MAX_FAILURES, Repeat};
use crate::plan::{ObjectId, PlanObject};
use crate::record::StoredRecord;
use crate::time::Now;

/// What the reply that is awaited is about.
#[derive(Debug)]
pub(super) enum State {
    Start,
    Recheck,
    Prune { record: String, doubt: Option<String> },
    Create { doubt: Doubt },
    Target(Box<Visit>, Asked),
    LookLeaving(Box<PlanObject>),
    Hook(Box<HookState>),
    Remove { object: Box<PlanObject>, doubt: Doubt },
    Pods(Pods),
    Clean { object: Box<PlanObject>, doubt: Doubt, cleaning: Cleaning },
    LookWaiting { at: usize },
    ListWaiting { at: usize, live: Value },
    Deployed,
    Write { record: Box<StoredRecord>, body: Value, doubt: Doubt, then: Then },
    Over(Outcome),
}

/// What follows when a record is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Then {
    /// The next record that is to be superseded.
    Supersede,
    /// The hook that it speaks of is created, after a look at what is there.
    RunHook,
    /// The same, where nothing can be there.
    MakeHook,
    /// The end: all went well.
    Finish,
    /// After the old record, the new one is marked as failed.
    FailNew,
    /// The end: it failed.
    Fail,
}

/// A rollback under way. See the module's documentation.
#[derive(Debug)]
pub struct Engine {
    pub(super) job: Job,
    pub(super) state: State,
    pub(super) flight: Option<Flight>,
    unsent: bool,
    pub(super) events: VecDeque<Event>,
    pub(super) phase: Phase,
    pub(super) number: usize,
    pub(super) of: usize,
    /// Errors of objects, which Helm collects.
    pub(super) errors: Vec<String>,
    pub(super) notes: Vec<String>,
    /// The write whose outcome is not known.
    pub(super) doubt: Option<String>,
    /// What the new record says of a failure, where that is not of the objects.
    pub(super) description: Option<String>,
    pub(super) supersede: VecDeque<StoredRecord>,
    pub(super) hooking: Option<Hooking>,
    /// The objects that were created, where they are deleted again when it fails.
    pub(super) created: VecDeque<PlanObject>,
    /// Whether that is due at the end.
    pub(super) cleans: bool,
    /// The objects that were changed and whose pods are to start anew, with the selectors of those.
    pub(super) restarts: VecDeque<(ObjectId, String)>,
    cancelled: bool,
}

impl Engine {
    /// Returns an engine that has done nothing yet.
    pub fn new(job: Job) -> Self {
        Self {
            of: job.objects().len(),
            job,
            state: State::Start,
            flight: None,
            unsent: false,
            events: VecDeque::new(),
            phase: Phase::Checking,
            number: 0,
            errors: Vec::new(),
            notes: Vec::new(),
            doubt: None,
            description: None,
            supersede: VecDeque::new(),
            hooking: None,
            created: VecDeque::new(),
            cleans: false,
            restarts: VecDeque::new(),
            cancelled: false,
        }
    }

    /// Tells the engine what time it is; records are stamped with the last time told.
    pub fn set_now(&mut self, now: Now) {
        self.job.now = now;
    }

    /// Stops before the next object and marks the new record as failed. When all objects are visited it only ends the
    /// waiting for them.
    pub fn cancel(&mut self) {
        self.cancelled = true;
    }

    /// Returns how far the rollback came.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Returns the next step. A reply belongs to the request that was given last; there is none with the first call and
    /// after progress.
    pub fn next(&mut self, reply: Option<Reply>) -> Step {
        if let Some(reply) = reply {
            self.land(reply);
        } else if matches!(self.state, State::Start) {
            self.start();
        }
        if let Some(event) = self.events.pop_front() {
            return Step::Progress(event);
        }
        if let State::Over(outcome) = &self.state {
            return Step::Done(outcome.clone());
        }
        match &self.flight {
            Some(flight) if self.unsent => {
                self.unsent = false;
                Step::Request(flight.request.clone())
            }
            _ => Step::Waiting,
        }
    }

    fn land(&mut self, reply: Reply) {
        // A reply that nobody waits for, or that comes before its request was given out, means nothing.
        if self.unsent {
            return;
        }
        let Some(mut flight) = self.flight.take() else { return };
        let most = match self.state {
            // Who has cancelled does not wait for an object, but for the record that says how it ended.
            State::Write { .. } => MAX_FAILURES,
            _ if self.cancelled => 0,
            // The waiting repeats, counts and tells on its own.
            State::LookWaiting { .. } | State::ListWaiting { .. } => 0,
            _ => MAX_FAILURES,
        };
        match flight.land(reply, most) {
            Landing::Again => {
                self.flight = Some(flight);
                self.unsent = true;
            }
            Landing::Got(got) => self.got(got, flight.request),
        }
    }

    pub(super) fn send(&mut self, request: Request, state: State) {
        let repeat = Repeat::of(&request);
        self.send_repeating(request, repeat, state);
    }

    /// Sends a request that is repeated after other conflicts than those that requests like it are.
    pub(super) fn send_repeating(&mut self, request: Request, repeat: Repeat, state: State) {
        self.flight = Some(Flight::new(request, repeat));
        self.unsent = true;
        self.state = state;
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.events.push_back(event);
    }

    /// Ends it, once the last records are written: what is to be cleaned up is deleted before it is told.
    pub(super) fn end(&mut self, outcome: Outcome) {
        if std::mem::take(&mut self.cleans) {
            return self.clean_up(outcome);
        }
        self.state = State::Over(outcome);
    }

    /// Whether to stop before the next object.
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    fn got(&mut self, got: Got, request: Request) {
        let state = std::mem::replace(&mut self.state, State::Start);
        match state {
            State::Start => {}
            State::Recheck => self.rechecked(got),
            State::Prune { record, doubt } => self.pruned(got, record, doubt),
            State::Create { doubt } => self.created_record(got, doubt, request),
            State::Target(visit, asked) => self.asked(got, *visit, asked),
            State::LookLeaving(object) => self.looked_leaving(got, *object),
            State::Remove { object, doubt } => self.removed(got, *object, doubt),
            State::Hook(state) => self.hook_got(got, *state),
            State::Pods(pods) => self.asked_pods(got, pods),
            State::Clean { object, doubt, cleaning } => self.cleaned(got, *object, doubt, cleaning),
            State::LookWaiting { at } => self.looked_waiting(got, at),
            State::ListWaiting { at, live } => self.listed_waiting(got, at, &live),
            State::Deployed => self.listed_deployed(got),
            State::Write { record, body, doubt, then } => self.wrote(got, *record, body, doubt, then),
            State::Over(outcome) => self.state = State::Over(outcome),
        }
    }
}
