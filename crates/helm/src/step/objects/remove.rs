//! Deleting the objects that only the old manifest has.

use super::super::engine::{Engine, State};
use super::super::event::Event;
use super::super::request::{Place, Request, Verb};
use super::super::send::{Doubt, Got};
use crate::plan::{ObjectId, PlanObject, is_kept};
use crate::record::Generation;

impl Engine {
    pub(super) fn next_leaving(&mut self) {
        if self.job.leaving.is_empty() {
            if !self.errors.is_empty() {
                return self.fail_objects(self.errors.join(" && "));
            }
            return self.restart_pods();
        }
        if self.is_cancelled() {
            return self.fail_cancelled();
        }
        let Some(object) = self.job.leaving.pop_front() else { return };
        self.started(&object.id);
        let request = Request::new(Verb::Get, Place::of(&object));
        self.send(request, State::LookLeaving(Box::new(object)));
    }

    pub(in super::super) fn looked_leaving(&mut self, got: Got, object: PlanObject) {
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

    pub(in super::super) fn removed(&mut self, got: Got, object: PlanObject, doubt: Doubt) {
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
