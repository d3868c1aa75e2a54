//! Running hooks: each one's object deleted where its policy says so, the record told that it runs, its object created and
//! waited for; then logs shown and objects deleted by policy.
//!
//! After Helm's `pkg/action/hooks.go`, in its order. Helm leaves a release pending when a hook fails, so that nobody can
//! upgrade it; unless everything is to be as Helm does it, the new record is marked as failed instead, and the old one keeps
//! its state.

mod clean;

use std::collections::VecDeque;

use serde_json::Value;

use self::clean::Cleaning;
use super::engine::{Engine, State, Then};
use super::event::{Event, Outcome, Phase};
use super::objects::says;
use super::request::{Place, Request, Verb};
use super::send::{Doubt, Got};
use crate::faults::{self, Fault};
use crate::hooks::{DeletePolicy, HookEvent, RunHook};
use crate::options::Method;
use crate::plan::{Doom, PlanObject};
use crate::ready::hook::{self, Deletion, HookState as Readiness};
use crate::ready::{Awaited, kstatus, limit_ns};
use crate::record::{HookRun, Status};

/// The longest rest between two looks at what is waited for, in milliseconds.
const LONGEST_REST: u64 = 2_000;

/// Hooks of an event under way.
#[derive(Debug)]
pub(super) struct Hooking {
    event: HookEvent,
    hooks: Vec<RunHook>,
    /// The hook that runs.
    at: usize,
    /// When the waiting is given up, in nanoseconds.
    until: Option<i64>,
    rest_ms: u64,
    /// How far the objects of the hook are that runs, and whether each was seen since it was created.
    watched: Vec<(Readiness, bool)>,
    /// Why they have failed.
    failure: Option<String>,
    cleaning: VecDeque<Cleaning>,
    told: Option<String>,
}

/// What the reply that is awaited is about.
#[derive(Debug)]
pub(super) enum HookState {
    /// An object is deleted, or it is read what became of that.
    Delete { object: usize, why: DeletePolicy, doubt: Doubt },
    /// It is looked whether a deleted object is gone.
    Gone { object: usize, why: DeletePolicy },
    /// It is looked whether there is an object of the name already.
    Before { object: usize },
    /// An object is created, or it is read what became of that. With the uid that was there before.
    Make { object: usize, before: Option<Value>, doubt: Doubt },
    /// It is looked whether an object is done.
    Watch { object: usize },
    /// The pods are listed whose logs are shown.
    Pods,
    /// A container's log is read; the rest follows.
    Log { container: String, rest: VecDeque<(Place, String)> },
}

impl Engine {
    /// Runs the hooks of an event, then goes on to what follows them.
    pub(super) fn run_hooks(&mut self, event: HookEvent) {
        let hooks: Vec<RunHook> = self.job.hooks.iter().filter(|hook| hook.event == event).cloned().collect();
        if hooks.is_empty() {
            return self.hooks_done(event);
        }
        self.phase = match event {
            HookEvent::PreRollback => Phase::PreHooks,
            HookEvent::PostRollback => Phase::PostHooks,
        };
        self.hooking = Some(Hooking {
            event,
            hooks,
            at: 0,
            until: None,
            rest_ms: 0,
            watched: Vec::new(),
            failure: None,
            cleaning: VecDeque::new(),
            told: None,
        });
        self.begin_hook();
    }

    fn hooks_done(&mut self, event: HookEvent) {
        self.hooking = None;
        match event {
            HookEvent::PreRollback => {
                self.phase = Phase::Objects;
                match self.job.doom.take() {
                    Some(Doom::Build(why) | Doom::Options(why)) => self.fail_objects(why),
                    None => self.next_target(),
                }
            }
            HookEvent::PostRollback => self.list_deployed(),
        }
    }

    /// Goes on to the next hook; after the last one, to what is to be cleaned up.
    fn begin_hook(&mut self) {
        let Some(hooking) = &self.hooking else { return };
        let Some(hook) = hooking.hooks.get(hooking.at) else { return self.clean_after_success() };
        if self.is_cancelled() {
            let why = format!("cancelled before the {} hook {}", hooking.event.as_str(), title(hook));
            return self.hooks_failed(&why);
        }
        let (event, deletes) = (hooking.event, hook.is_deleted(DeletePolicy::BeforeCreation));
        let hook = title(hook);
        self.tell(Event::HookStarted { event, hook });
        if deletes {
            self.delete_hook(0, DeletePolicy::BeforeCreation);
        } else {
            self.tell_run("Running", false);
        }
    }

    /// Returns the hook that is worked on: the one that runs, or the one that is cleaned up.
    fn hook(&self) -> Option<&RunHook> {
        let hooking = self.hooking.as_ref()?;
        let at = hooking.cleaning.front().map_or(hooking.at, |cleaning| cleaning.hook);
        hooking.hooks.get(at)
    }

    fn hook_object(&self, object: usize) -> Option<PlanObject> {
        self.hook()?.objects.get(object).cloned()
    }

    /// Starts the time that something may take.
    fn start_waiting(&mut self, awaited: Awaited) {
        let now = self.job.now.ns;
        let options = &self.job.options;
        let limit = limit_ns(awaited, self.job.helm, options.wait, options.timeout_ns);
        if let Some(hooking) = &mut self.hooking {
            hooking.until = limit.map(|limit| now.saturating_add(limit));
            hooking.rest_ms = 0;
        }
    }

    /// Returns whether the time is over, and how long to rest until the next look otherwise.
    fn rest(&mut self) -> Option<u64> {
        let now = self.job.now.ns;
        let hooking = self.hooking.as_mut()?;
        if hooking.until.is_some_and(|until| now >= until) {
            return None;
        }
        hooking.rest_ms = if hooking.rest_ms == 0 { 250 } else { (hooking.rest_ms * 2).min(LONGEST_REST) };
        Some(hooking.rest_ms)
    }

    fn ask_hook(&mut self, request: Request, state: HookState) {
        self.send(request, State::Hook(Box::new(state)));
    }

    /// Deletes the objects of a hook from a place on, then waits until they are gone where Helm does.
    fn delete_hook(&mut self, object: usize, why: DeletePolicy) {
        if let Some(deleted) = self.hook_object(object) {
            return self.ask_hook(Request::delete(&deleted), HookState::Delete { object, why, doubt: None });
        }
        if self.deletion() == Deletion::Not {
            return self.hook_deleted(why, false);
        }
        self.start_waiting(Awaited::Deletion);
        self.look_gone(0, why, 0);
    }

    /// How it is waited for deletions.
    fn deletion(&self) -> Deletion {
        hook::deletion(self.job.helm, self.job.options.wait)
    }

    fn look_gone(&mut self, object: usize, why: DeletePolicy, rest_ms: u64) {
        let Some(deleted) = self.hook_object(object) else { return self.hook_deleted(why, true) };
        let mut request = Request::new(Verb::Get, Place::of(&deleted));
        request.delay_ms = rest_ms;
        self.ask_hook(request, HookState::Gone { object, why });
    }

    fn hook_deleted(&mut self, why: DeletePolicy, is_gone: bool) {
        if let (true, Some(hook)) = (why != DeletePolicy::BeforeCreation, self.hook().map(title)) {
            self.tell(Event::HookDeleted { hook });
        }
        match why {
            DeletePolicy::BeforeCreation => self.tell_run("Running", is_gone),
            _ => self.hook_cleaned(),
        }
    }

    /// A deletion did not work. After a failure that is only told, in all other cases it is a failure of its own.
    fn hook_not_deleted(&mut self, why: DeletePolicy, message: &str) {
        let has_failed = self.hooking.as_ref().is_some_and(|hooking| hooking.failure.is_some());
        match why {
            DeletePolicy::BeforeCreation => self.hooks_failed(message),
            _ if has_failed => {
                self.notes.push(format!("the object of a hook was not deleted: {message}"));
                self.hook_cleaned();
            }
            _ => self.hooks_failed(message),
        }
    }

    /// Writes into the record that the hook runs, as Helm does right before it creates it.
    fn tell_run(&mut self, phase: &str, is_gone: bool) {
        let started_at = self.job.now.to_rfc3339();
        self.note_run(&HookRun { started_at, completed_at: String::new(), phase: phase.to_owned() });
        let then = if is_gone { Then::MakeHook } else { Then::RunHook };
        let new = self.job.new.clone();
        self.mark(&new, &Status::PendingRollback, None, then);
    }

    /// Notes a run in the record that the end writes.
    fn note_run(&mut self, run: &HookRun) {
        let Some(hook) = self.hook().cloned().filter(|_| !faults::on(Fault::RunsUntold)) else { return };
        match self.job.new.record.with_hook(hook.index, run, &hook.delete, self.job.helm) {
            Ok(record) => self.job.new.record = record,
            Err(err) => self.notes.push(format!("the run of a hook is not in the record: {err}")),
        }
    }

    /// Notes how the hook ended, in the record that the end writes.
    fn note_end(&mut self, phase: &str) {
        let index = self.hook().map(|hook| hook.index);
        let hooks = self.job.new.record.hooks().unwrap_or_default();
        let started_at =
            index.and_then(|index| hooks.get(index)).map(|hook| hook.last_run.started_at.clone());
        let run = HookRun {
            started_at: started_at.unwrap_or_default(),
            completed_at: self.job.now.to_rfc3339(),
            phase: phase.to_owned(),
        };
        self.note_run(&run);
    }

    /// Looks whether there is such an object already, which the answer to a lost creation is told by.
    pub(super) fn look_before(&mut self, object: usize) {
        let Some(made) = self.hook_object(object) else { return self.watch_hook() };
        self.ask_hook(Request::new(Verb::Get, Place::of(&made)), HookState::Before { object });
    }

    /// Creates the objects of the hook from a place on, then waits for them.
    pub(super) fn make_hook(&mut self, object: usize, before: Option<Value>) {
        let Some(made) = self.hook_object(object) else { return self.watch_hook() };
        // Hooks never take fields over, whatever the objects may.
        let (request, repeat) = self.creation(&made, false);
        let state = HookState::Make { object, before, doubt: None };
        self.send_repeating(request, repeat, State::Hook(Box::new(state)));
    }

    fn watch_hook(&mut self) {
        self.start_waiting(Awaited::Hook);
        let (helm, wait) = (self.job.helm, self.job.options.wait);
        let objects = self.hook().map(|hook| hook.objects.clone()).unwrap_or_default();
        let state = |object: &PlanObject| {
            let is_watched = hook::is_watched(&object.id.gvk.kind, helm, wait);
            if is_watched { Readiness::Running(String::new()) } else { Readiness::Ready }
        };
        let watched = objects.iter().map(|object| (state(object), false));
        if let Some(hooking) = &mut self.hooking {
            hooking.watched = watched.collect();
        }
        self.look_hook(0, 0);
    }

    /// Looks at the next object, from a place on, that is not over; after the last one rests, or ends.
    fn look_hook(&mut self, from: usize, rest_ms: u64) {
        let runs = |(state, _): &(Readiness, bool)| matches!(state, Readiness::Running(_));
        let states = self.hooking.as_ref().map(|hooking| hooking.watched.clone()).unwrap_or_default();
        let Some(object) = (from..states.len()).find(|at| states.get(*at).is_some_and(runs)) else {
            return self.round_over(&states);
        };
        let Some(watched) = self.hook_object(object) else { return };
        if self.is_cancelled() {
            let hook = self.hook().map(title).unwrap_or_default();
            return self.hooks_failed(&format!("cancelled while the hook {hook} runs, which goes on"));
        }
        let mut request = Request::new(Verb::Get, Place::of(&watched));
        request.delay_ms = rest_ms;
        self.ask_hook(request, HookState::Watch { object });
    }

    /// All that run were looked at: it is over, or time is up, or there is another round.
    fn round_over(&mut self, states: &[(Readiness, bool)]) {
        let states: Vec<Readiness> = states.iter().map(|(state, _)| state.clone()).collect();
        let (helm, wait) = (self.job.helm, self.job.options.wait);
        let running = states.iter().find_map(|state| match state {
            Readiness::Running(why) => Some(why.clone()),
            _ => None,
        });
        let Some(running) = running else {
            return match hook::error(&states, false, helm, wait) {
                None => self.hook_succeeded(),
                Some(why) => self.hook_failed(why),
            };
        };
        match self.rest() {
            Some(rest) => {
                self.tell_waiting(&running);
                self.look_hook(0, rest);
            }
            None => self.hook_failed(hook::error(&states, true, helm, wait).unwrap_or(running)),
        }
    }

    fn hook_succeeded(&mut self) {
        self.note_end("Succeeded");
        if let Some(hook) = self.hook().map(title) {
            self.tell(Event::HookSucceeded { hook });
        }
        if let Some(hooking) = &mut self.hooking {
            hooking.at += 1;
        }
        self.begin_hook();
    }

    fn hook_failed(&mut self, why: String) {
        self.note_end("Failed");
        if let Some(hook) = self.hook().map(title) {
            self.tell(Event::HookFailed { hook, why: why.clone() });
        }
        self.clean_after_failure(why);
    }

    pub(super) fn hook_got(&mut self, got: Got, state: HookState) {
        match state {
            HookState::Delete { object, why, doubt } => self.hook_delete_got(got, object, why, doubt),
            HookState::Gone { object, why } => self.hook_gone_got(got, object, why),
            HookState::Before { object } => match got {
                Got::Done(there) => self.make_hook(object, uid(&there)),
                _ => self.make_hook(object, None),
            },
            HookState::Make { object, before, doubt } => self.hook_made(got, object, before, doubt),
            HookState::Watch { object } => self.hook_looked(got, object),
            HookState::Pods => self.hook_pods(got),
            HookState::Log { container, rest } => self.hook_log(got, container, rest),
        }
    }

    fn hook_delete_got(&mut self, got: Got, object: usize, why: DeletePolicy, doubt: Doubt) {
        match (got, doubt) {
            (Got::Done(_), None) | (Got::NotFound(_), _) => self.delete_hook(object + 1, why),
            (Got::Refused(answer), None) => self.hook_not_deleted(why, &answer.message()),
            (Got::Unknown { why: lost, answered }, None) => {
                let Some(deleted) = self.hook_object(object) else { return };
                let doubt = Some((lost, answered));
                self.ask_hook(
                    Request::new(Verb::Get, Place::of(&deleted)),
                    HookState::Delete { object, why, doubt },
                );
            }
            (Got::Done(live), Some((lost, answered))) => {
                if live.pointer("/metadata/deletionTimestamp").is_some() {
                    self.delete_hook(object + 1, why);
                } else if answered {
                    self.hook_not_deleted(why, &lost);
                } else {
                    self.hook_in_doubt(object, "deleted", &lost);
                }
            }
            (_, Some((lost, _))) => self.hook_in_doubt(object, "deleted", &lost),
        }
    }

    fn hook_gone_got(&mut self, got: Got, object: usize, why: DeletePolicy) {
        let live = match got {
            Got::NotFound(_) => return self.look_gone(object + 1, why, 0),
            Got::Done(live) => Some(live),
            // Who looks again and again ends at the first error; who watches does not see it.
            Got::Refused(answer) if self.deletion() == Deletion::Polled => {
                return self.hook_not_deleted(why, &answer.message());
            }
            Got::Unknown { why: lost, .. } if self.deletion() == Deletion::Polled => {
                return self.hook_not_deleted(why, &lost);
            }
            Got::Refused(_) | Got::Unknown { .. } => None,
        };
        match self.rest() {
            Some(_) if self.is_cancelled() => self.hook_not_deleted(why, "cancelled"),
            Some(rest) => self.look_gone(object, why, rest),
            None => {
                let now = self.job.now;
                let id = self.hook_object(object).map(|object| object.id);
                let left: Vec<_> = id
                    .zip(live)
                    .map(|(id, live)| (id, kstatus::status(&live, &[], false, now.ns)))
                    .into_iter()
                    .collect();
                let (helm, wait) = (self.job.helm, self.job.options.wait);
                self.hook_not_deleted(why, &hook::deletion_error(&left, helm, wait));
            }
        }
    }

    fn hook_made(&mut self, got: Got, object: usize, before: Option<Value>, doubt: Doubt) {
        match (got, doubt) {
            (Got::Done(_), None) => self.look_before_next(object),
            (Got::Refused(answer) | Got::NotFound(answer), None) => {
                let Some(made) = self.hook_object(object) else { return };
                self.hook_not_made(&self.not_created(&made, &answer));
            }
            (Got::Unknown { why, answered }, None) => {
                let Some(made) = self.hook_object(object) else { return };
                let doubt = Some((why, answered));
                self.ask_hook(
                    Request::new(Verb::Get, Place::of(&made)),
                    HookState::Make { object, before, doubt },
                );
            }
            // Another object than before: ours. The same: nothing can have been created beside it, but it can be applied.
            (Got::Done(found), Some((why, answered))) => {
                let is_same = uid(&found) == before && before.is_some();
                let is_applied = || self.hook_object(object).is_some_and(|made| says(&found, &made));
                match self.job.method {
                    _ if !is_same => self.look_before_next(object),
                    Method::ServerSide if is_applied() => self.look_before_next(object),
                    Method::ServerSide if !answered => self.hook_in_doubt(object, "applied", &why),
                    _ => self.hook_not_made(&why),
                }
            }
            (Got::NotFound(_), Some((why, true))) => self.hook_not_made(&why),
            (_, Some((why, _))) => self.hook_in_doubt(object, "created", &why),
        }
    }

    fn look_before_next(&mut self, object: usize) {
        self.look_before(object + 1);
    }

    /// What could not be created is not cleaned up after: Helm ends there.
    fn hook_not_made(&mut self, why: &str) {
        self.note_end("Failed");
        let Some(hooking) = &self.hooking else { return };
        let event = hooking.event.as_str();
        let (path, hook) = self.hook().map(|hook| (hook.path.clone(), title(hook))).unwrap_or_default();
        self.tell(Event::HookFailed { hook, why: why.to_owned() });
        self.hooks_failed(&format!("warning: Hook {event} {path} failed: {why}"));
    }

    fn hook_looked(&mut self, got: Got, object: usize) {
        let Some(id) = self.hook_object(object).map(|object| object.id) else { return };
        let (helm, wait) = (self.job.helm, self.job.options.wait);
        let Some(hooking) = &mut self.hooking else { return };
        let Some((state, seen)) = hooking.watched.get_mut(object) else { return };
        *state = match got {
            Got::Done(live) => {
                *seen = true;
                hook::hook(&live, helm, wait)
            }
            Got::NotFound(_) => hook::missing(&id, *seen, helm, wait),
            Got::Refused(answer) => Readiness::Failed(answer.message()),
            Got::Unknown { why, .. } => Readiness::Running(why),
        };
        self.look_hook(object + 1, 0);
    }

    /// Tells once why a hook is not over.
    fn tell_waiting(&mut self, why: &str) {
        let Some(hook) = self.hook().map(title) else { return };
        let Some(hooking) = &mut self.hooking else { return };
        if hooking.told.as_deref() != Some(why) {
            hooking.told = Some(why.to_owned());
            self.tell(Event::HookWaits { hook, why: why.to_owned() });
        }
    }

    fn hook_in_doubt(&mut self, object: usize, verb: &str, why: &str) {
        let id = self.hook_object(object).map(|o| o.id.to_string()).unwrap_or_default();
        let what = format!("whether {id} of a hook was {verb}: {why}");
        self.doubt = Some(what.clone());
        self.hooks_failed(&format!("it is not known {what}"));
    }

    /// Ends a rollback whose hooks have failed.
    fn hooks_failed(&mut self, why: &str) {
        let event = self.hooking.as_ref().map_or("", |hooking| hooking.event.as_str());
        // Helm's own words are several lines, for a terminal.
        let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
        let why = format!("{event} hooks failed: {why}");
        self.errors = vec![why.clone()];
        if self.job.options.strict {
            let (phase, record) = (self.phase, Some(Status::PendingRollback));
            let outcome = match self.doubt.take() {
                Some(what) => Outcome::Unknown { phase, what, record },
                None => Outcome::Failed { phase, what: why, record },
            };
            return self.end(outcome);
        }
        self.fail_new();
    }
}

/// Returns how a hook is called.
fn title(hook: &RunHook) -> String {
    format!("{} {}", hook.kind, hook.name)
}

fn uid(object: &Value) -> Option<Value> {
    object.pointer("/metadata/uid").cloned()
}

#[cfg(test)]
mod tests;
