//! Visiting objects: creating, changing, deleting, and finding out what became of a write.

use serde_json::Value;

use super::engine::{Changing, Engine, State};
use super::event::{Event, Phase};
use super::job::TargetObject;
use super::request::{Place, Request, Verb};
use super::send::Got;
use crate::merge::{apply, create_patch};
use crate::plan::{ObjectId, PlanObject, is_kept, means_the_same};
use crate::record::Generation;

impl Engine {
    /// Goes on to the next object of the target, then to those that leave.
    pub(super) fn next_target(&mut self) {
        if self.job.targets.is_empty() {
            // Any error so far means that nothing is deleted.
            if !self.errors.is_empty() {
                return self.fail(self.errors.join(" && "));
            }
            self.phase = Phase::Deletions;
            return self.next_leaving();
        }
        if self.is_cancelled() {
            return self.fail_cancelled();
        }
        let Some(target) = self.job.targets.pop_front() else { return };
        self.started(&target.object.id);
        let request = Request::new(Verb::Get, Place::of(&target.object));
        self.send(request, State::Look(Box::new(target)));
    }

    fn fail_cancelled(&mut self) {
        self.fail(format!("cancelled after {} of {} objects", self.number, self.of));
    }

    fn started(&mut self, object: &ObjectId) {
        self.number += 1;
        self.tell(Event::Started { object: object.clone(), number: self.number, of: self.of });
    }

    /// The object cannot even be read: Helm ends the visit here.
    pub(super) fn looked(&mut self, got: Got, target: TargetObject) {
        match got {
            Got::Done(first) => {
                let request = Request::new(Verb::Get, Place::of(&target.object));
                self.send(request, State::LookAgain { target: Box::new(target), first });
            }
            Got::NotFound(_) => self.make(target),
            Got::Refused(answer) => self.abort(
                &target.object.id,
                "could not get information about the resource",
                &answer.message(),
            ),
            Got::Unknown { why, .. } => {
                self.abort(&target.object.id, "could not get information about the resource", &why);
            }
        }
    }

    fn abort(&mut self, object: &ObjectId, doing: &str, why: &str) {
        self.tell(Event::ObjectFailed { object: object.clone(), why: why.to_owned() });
        self.fail(format!("{doing}: {why}"));
    }

    fn make(&mut self, target: TargetObject) {
        let request = Request::create(&target.object, &self.job.field_manager);
        self.send(request, State::Make { target: Box::new(target), doubt: None });
    }

    pub(super) fn made(&mut self, got: Got, target: TargetObject, doubt: Option<(String, bool)>) {
        let id = target.object.id.clone();
        match (got, doubt) {
            (Got::Done(_), None) => self.visited(Event::Created(id)),
            (Got::Refused(answer) | Got::NotFound(answer), None) => {
                self.abort(&id, "failed to create resource", &answer.message());
            }
            (Got::Unknown { why, answered }, None) => {
                let request = Request::new(Verb::Get, Place::of(&target.object));
                self.send(request, State::Make { target: Box::new(target), doubt: Some((why, answered)) });
            }
            (Got::Done(live), Some((why, _))) => {
                // It is there: ours, if it says all that ours says.
                if says(&live, &target.object.value) {
                    self.visited(Event::Created(id));
                } else {
                    self.in_doubt(&id, "created", &why);
                }
            }
            (Got::NotFound(_), Some((why, true))) => self.abort(&id, "failed to create resource", &why),
            (_, Some((why, _))) => self.in_doubt(&id, "created", &why),
        }
    }

    fn visited(&mut self, event: Event) {
        self.tell(event);
        self.next_target();
    }

    /// Collects an error of an object and goes on, as Helm does once it knows that an object is there.
    fn collect(&mut self, object: &ObjectId, message: String) {
        self.tell(Event::ObjectFailed { object: object.clone(), why: message.clone() });
        self.errors.push(message);
        self.next_target();
    }

    fn in_doubt(&mut self, object: &ObjectId, verb: &str, why: &str) {
        let what = format!("whether {object} was {verb}: {why}");
        self.tell(Event::ObjectFailed { object: object.clone(), why: format!("it is not known {what}") });
        self.doubt = Some(what.clone());
        let mut all = std::mem::take(&mut self.errors);
        all.push(format!("it is not known {what}"));
        self.fail(all.join(" && "));
    }

    /// The second look, right before sending: the patch is made for what is live now.
    pub(super) fn looked_again(&mut self, got: Got, target: TargetObject, first: &Value) {
        let id = target.object.id.clone();
        let live = match got {
            Got::Done(live) => Some(live),
            Got::NotFound(_) => None,
            Got::Refused(answer) => return self.collect(&id, unreadable(&id, &answer.message())),
            Got::Unknown { why, .. } => return self.collect(&id, unreadable(&id, &why)),
        };
        // Without an object in the old manifest, Helm takes the live one for it.
        let original = target.original.as_ref().map_or(first, |original| &original.value);
        let patch = match create_patch(original, &target.object.value, live.as_ref()) {
            Ok(Some(patch)) => patch,
            Ok(None) => return self.visited(Event::Unchanged(id)),
            Err(err) => return self.collect(&id, format!("failed to create patch: {err}")),
        };
        if target.planned.as_ref() != Some(&patch) {
            self.tell(Event::Differs(id));
        }
        let request = Request::patch(&target.object, &patch, &self.job.field_manager);
        let before = live.unwrap_or(Value::Null);
        self.send(request, State::Change(Box::new(Changing { target, patch, before, doubt: None })));
    }

    pub(super) fn changed(&mut self, got: Got, mut changing: Changing) {
        let id = changing.target.object.id.clone();
        let refused = |why: &str| format!("cannot patch {:?} with kind {}: {why}", id.name, id.gvk.kind);
        match (got, changing.doubt.take()) {
            (Got::Done(_), None) => self.visited(Event::Patched(id)),
            (Got::Refused(answer) | Got::NotFound(answer), None) => {
                self.collect(&id, refused(&answer.message()));
            }
            (Got::Unknown { why, answered }, None) => {
                changing.doubt = Some((why, answered));
                let request = Request::new(Verb::Get, Place::of(&changing.target.object));
                self.send(request, State::Change(Box::new(changing)));
            }
            (Got::Done(live), Some((why, answered))) => {
                let version = |object: &Value| object.pointer("/metadata/resourceVersion").cloned();
                let untouched = version(&live).is_some() && version(&live) == version(&changing.before);
                let done = apply(&live, &changing.patch).is_ok_and(|after| means_the_same(&live, &after));
                match (untouched, answered, done) {
                    (false, _, true) => self.visited(Event::Patched(id)),
                    (true, true, _) => self.collect(&id, refused(&why)),
                    _ => self.in_doubt(&id, "changed", &why),
                }
            }
            (_, Some((why, _))) => self.in_doubt(&id, "changed", &why),
        }
    }

    pub(super) fn next_leaving(&mut self) {
        if self.job.leaving.is_empty() {
            if !self.errors.is_empty() {
                return self.fail(self.errors.join(" && "));
            }
            return self.settle();
        }
        if self.is_cancelled() {
            return self.fail_cancelled();
        }
        let Some(object) = self.job.leaving.pop_front() else { return };
        self.started(&object.id);
        let request = Request::new(Verb::Get, Place::of(&object));
        self.send(request, State::LookLeaving(Box::new(object)));
    }

    pub(super) fn looked_leaving(&mut self, got: Got, object: PlanObject) {
        let leave = |why: &str| Event::Left { object: object.id.clone(), why: why.to_owned() };
        match got {
            Got::Done(live) if is_kept(&live) => self.left(leave("it asks to be kept")),
            Got::Done(_) => {
                let request = Request::delete(&object);
                self.send(request, State::Remove { object: Box::new(object), doubt: None });
            }
            Got::NotFound(_) => self.left(leave("it is gone already")),
            // Helm passes over what it cannot read, without a word.
            Got::Refused(answer) => self.left_unread(&object.id, &answer.message()),
            Got::Unknown { why, .. } => self.left_unread(&object.id, &why),
        }
    }

    fn left_unread(&mut self, object: &ObjectId, why: &str) {
        self.notes.push(format!("{object} was not deleted: it could not be read: {why}"));
        self.left(Event::Left { object: object.clone(), why: why.to_owned() });
    }

    fn left(&mut self, event: Event) {
        self.tell(event);
        self.next_leaving();
    }

    pub(super) fn removed(&mut self, got: Got, object: PlanObject, doubt: Option<(String, bool)>) {
        let id = object.id.clone();
        match (got, doubt) {
            (Got::Done(_), None) | (Got::NotFound(_), _) => self.left(Event::Deleted(id)),
            (Got::Refused(answer), None) => self.not_removed(&id, &answer.message()),
            (Got::Unknown { why, answered }, None) => {
                let request = Request::new(Verb::Get, Place::of(&object));
                self.send(request, State::Remove { object: Box::new(object), doubt: Some((why, answered)) });
            }
            (Got::Done(live), Some((why, answered))) => {
                if live.pointer("/metadata/deletionTimestamp").is_some() {
                    self.left(Event::Deleted(id));
                } else if answered {
                    self.not_removed(&id, &why);
                } else {
                    self.in_doubt(&id, "deleted", &why);
                }
            }
            (_, Some((why, _))) => self.in_doubt(&id, "deleted", &why),
        }
    }

    /// A deletion that fails is only told by Helm 3, and makes the rollback fail from Helm 4 on.
    fn not_removed(&mut self, id: &ObjectId, why: &str) {
        self.tell(Event::ObjectFailed { object: id.clone(), why: why.to_owned() });
        let message = format!(
            "failed to delete resource namespace={}, name={}, kind={}: {why}",
            id.namespace, id.name, id.gvk.kind
        );
        if self.job.helm == Generation::V4 {
            self.errors.push(message);
        } else {
            self.notes.push(message);
        }
        self.next_leaving();
    }
}

/// Whether a live object says all that a manifest's object says.
fn says(live: &Value, object: &Value) -> bool {
    match create_patch(object, object, Some(live)) {
        Ok(None) => true,
        Ok(Some(patch)) => apply(live, &patch).is_ok_and(|after| means_the_same(live, &after)),
        Err(_) => false,
    }
}

fn unreadable(id: &ObjectId, why: &str) -> String {
    format!(
        "failed to create patch: unable to get data for current object {}/{}: {why}",
        id.namespace, id.name
    )
}
