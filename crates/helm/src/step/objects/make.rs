//! Creating an object that is not there: by a creation, or by having the server apply it.

use super::super::engine::{Engine, State};
use super::super::event::Event;
use super::super::request::{Answer, Request};
use super::super::send::{Doubt, Got, Repeat};
use super::apply::not_applied;
use super::{Asked, Visit, says};
use crate::options::Method;
use crate::plan::PlanObject;

const FAILED: &str = "failed to create resource";

impl Engine {
    pub(super) fn make(&mut self, visit: Visit) {
        // Helm counts it among the created before it is.
        if self.job.options.strict {
            self.note_created(&visit);
        }
        let (request, repeat) = self.creation(&visit.target.object, self.job.options.force_conflicts);
        self.send_repeating(request, repeat, State::Target(Box::new(visit), Asked::Make(None)));
    }

    /// Returns the request that creates an object by the release's own method, and when it is sent again.
    pub(in super::super) fn creation(&self, object: &PlanObject, force: bool) -> (Request, Repeat) {
        let manager = &self.job.field_manager;
        match self.job.method {
            Method::ClientSide => (Request::create(object, manager), Repeat::Conflicts),
            Method::ServerSide => (Request::apply(object, manager, force), Repeat::Quota),
        }
    }

    /// Returns what Helm says of an object that the server did not create.
    pub(in super::super) fn not_created(&self, object: &PlanObject, answer: &Answer) -> String {
        match self.job.method {
            Method::ClientSide => answer.message(),
            Method::ServerSide => not_applied(object, answer),
        }
    }

    pub(super) fn made(&mut self, got: Got, visit: Visit, doubt: Doubt) {
        let id = visit.target.object.id.clone();
        match (got, doubt) {
            (Got::Done(_), None) => self.was_created(&visit),
            (Got::Refused(answer) | Got::NotFound(answer), None) => {
                let why = self.not_created(&visit.target.object, &answer);
                self.abort(&id, FAILED, &why);
            }
            (Got::Unknown { why, answered }, None) => self.look(visit, Asked::Make(Some((why, answered)))),
            (Got::Done(live), Some((why, _))) => {
                // It is there: ours, if it says all that ours says.
                if says(&live, &visit.target.object) {
                    self.was_created(&visit);
                } else {
                    self.in_doubt(&id, "created", &why);
                }
            }
            (Got::NotFound(_), Some((why, true))) => self.abort(&id, FAILED, &why),
            (_, Some((why, _))) => self.in_doubt(&id, "created", &why),
        }
    }
    fn was_created(&mut self, visit: &Visit) {
        if !self.job.options.strict {
            self.note_created(visit);
        }
        self.visited(Event::Created(visit.target.object.id.clone()));
    }

    fn note_created(&mut self, visit: &Visit) {
        if self.job.options.cleanup_on_fail {
            self.created.push_back(visit.target.object.clone());
        }
    }
}
