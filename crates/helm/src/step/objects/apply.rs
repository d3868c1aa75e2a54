//! Having the server apply an object that is there: first what Helm patched becomes what it applies, then the apply.

use serde_json::Value;

use super::super::engine::{Engine, State};
use super::super::event::Event;
use super::super::request::{Answer, Place, Request, Verb};
use super::super::send::{CONFLICT_REST_MS, Doubt, Got, MAX_CONFLICTS, is_conflict};
use super::{Asked, Visit, named, says, untouched};
use crate::managed::{Upgrade, holds_exactly, upgrade};
use crate::plan::PlanObject;

/// What is done about the owners of an object's fields, and how often that was tried.
#[derive(Debug)]
pub(in super::super) struct Owners {
    tries: u32,
    /// The object that the change on its way was made for; `None` while it is only looked who they are.
    before: Option<Value>,
    doubt: Doubt,
}

/// An apply on its way.
#[derive(Debug)]
pub(in super::super) struct Applying {
    /// The object right before.
    before: Value,
    doubt: Doubt,
}

impl Engine {
    /// Looks who owns the fields, at the object's place in the old manifest: its version may be another one.
    pub(super) fn look_owners(&mut self, visit: Visit, tries: u32) {
        let rest = if tries > 1 { CONFLICT_REST_MS } else { 0 };
        self.ask_owners(visit, Owners { tries, before: None, doubt: None }, rest);
    }

    fn ask_owners(&mut self, visit: Visit, owners: Owners, rest_ms: u64) {
        let mut request = Request::new(Verb::Get, Place::of(old(&visit)));
        request.delay_ms = rest_ms;
        self.ask(request, visit, Asked::Owners(owners));
    }

    pub(super) fn asked_owners(&mut self, got: Got, visit: Visit, owners: Owners) {
        match (owners.before.clone(), owners.doubt.clone()) {
            (None, _) => self.looked_owners(got, visit, owners.tries),
            (Some(_), None) => self.changed_owners(got, visit, owners),
            (Some(before), Some(doubt)) => self.looked_for_owners(got, visit, owners.tries, &before, doubt),
        }
    }

    fn looked_owners(&mut self, got: Got, visit: Visit, tries: u32) {
        let why = match got {
            Got::Done(live) => return self.upgrade(visit, live, tries),
            Got::NotFound(answer) | Got::Refused(answer) => answer.message(),
            Got::Unknown { why, .. } => why,
        };
        let message = format!("failed to get object {}: {why}", named(old(&visit)));
        self.collect(&visit.target.object.id, message);
    }

    /// Sends the change that makes what Helm patched what it applies, where there is one.
    fn upgrade(&mut self, visit: Visit, live: Value, tries: u32) {
        match upgrade(&live, &[&self.job.field_manager], &self.job.field_manager) {
            Ok(None) => self.apply(visit, live),
            Ok(Some(Upgrade { patch, .. })) => {
                let request = Request::upgrade(old(&visit), patch, &self.job.field_manager);
                let owners = Owners { tries, before: Some(live), doubt: None };
                self.ask(request, visit, Asked::Owners(owners));
            }
            Err(err) => {
                let message =
                    format!("failed to upgrade managed fields for object {}: {err}", named(old(&visit)));
                self.collect(&visit.target.object.id, message);
            }
        }
    }

    fn changed_owners(&mut self, got: Got, visit: Visit, mut owners: Owners) {
        match got {
            Got::Done(live) => self.apply(visit, live),
            // Somebody wrote in between: it is made anew for what is live then.
            Got::Refused(answer) if is_conflict(&answer) && owners.tries < MAX_CONFLICTS => {
                self.look_owners(visit, owners.tries + 1);
            }
            Got::Refused(answer) if is_conflict(&answer) => {
                self.collect(&visit.target.object.id, answer.message());
            }
            Got::Refused(answer) | Got::NotFound(answer) => self.owners_refused(&visit, &answer.message()),
            Got::Unknown { why, answered } => {
                owners.doubt = Some((why, answered));
                self.ask_owners(visit, owners, 0);
            }
        }
    }

    fn owners_refused(&mut self, visit: &Visit, why: &str) {
        let object = named(old(visit));
        let message = format!("failed to patch object to upgrade CSA field manager {object}: {why}");
        self.collect(&visit.target.object.id, message);
    }

    /// Looks what became of the change. It names the version that it was made for: once that is no more, it cannot be carried
    /// out later either.
    fn looked_for_owners(
        &mut self,
        got: Got,
        visit: Visit,
        tries: u32,
        before: &Value,
        (why, answered): (String, bool),
    ) {
        let id = visit.target.object.id.clone();
        let Got::Done(live) = got else { return self.in_doubt(&id, "given new owners", &why) };
        let manager = self.job.field_manager.as_str();
        let open =
            upgrade(&live, &[manager], manager).is_ok_and(|left| left.is_some_and(|left| left.changes));
        match (open, untouched(before, &live)) {
            (false, _) => self.apply(visit, live),
            (true, true) if answered => self.owners_refused(&visit, &why),
            (true, true) => self.in_doubt(&id, "given new owners", &why),
            (true, false) if tries < MAX_CONFLICTS => self.upgrade(visit, live, tries + 1),
            (true, false) => self.owners_refused(&visit, &why),
        }
    }

    fn apply(&mut self, mut visit: Visit, before: Value) {
        visit.target.seen(&before);
        let force = self.job.options.force_conflicts;
        let request = Request::apply(&visit.target.object, &self.job.field_manager, force);
        self.send(request, State::Target(Box::new(visit), Asked::Apply(Applying { before, doubt: None })));
    }

    pub(super) fn applied(&mut self, got: Got, visit: Visit, mut applying: Applying) {
        let id = visit.target.object.id.clone();
        match (got, applying.doubt.take()) {
            (Got::Done(live), None) => self.updated(&visit, &live, Event::Applied(id)),
            (Got::Refused(answer) | Got::NotFound(answer), None) => {
                self.collect(&id, not_applied(&visit.target.object, &answer));
            }
            (Got::Unknown { why, answered }, None) => {
                applying.doubt = Some((why, answered));
                self.look(visit, Asked::Apply(applying));
            }
            (Got::Done(live), Some((why, answered))) => {
                let object = &visit.target.object;
                let untouched = untouched(&applying.before, &live);
                // An apply that changes nothing leaves no trace, and needs none.
                let done = says(&live, object)
                    && (!untouched || holds_exactly(&live, &self.job.field_manager, &object.value));
                match (done, untouched && answered) {
                    (true, _) => self.updated(&visit, &live, Event::Applied(id)),
                    (false, true) => {
                        let message = format!("server-side apply failed for object {}: {why}", named(object));
                        self.collect(&id, message);
                    }
                    (false, false) => self.in_doubt(&id, "applied", &why),
                }
            }
            (_, Some((why, _))) => self.in_doubt(&id, "applied", &why),
        }
    }
}

/// The object as Helm takes it for the one that is changed: the old manifest's, else the target's.
fn old(visit: &Visit) -> &PlanObject {
    visit.target.original.as_ref().unwrap_or(&visit.target.object)
}

/// Returns what Helm says when the server does not apply an object.
pub(super) fn not_applied(object: &PlanObject, answer: &Answer) -> String {
    let (name, why) = (named(object), answer.message());
    if answer.code == 415 {
        format!("server-side apply not available on the server: {why}")
    } else if is_conflict(answer) {
        format!("conflict occurred while applying object {name}: {why}")
    } else {
        format!("server-side apply failed for object {name}: {why}")
    }
}
