//! Creating an object that is not there.

use super::super::engine::Engine;
use super::super::event::Event;
use super::super::request::Request;
use super::super::send::{Doubt, Got};
use super::{Asked, Visit, says};

const FAILED: &str = "failed to create resource";

impl Engine {
    pub(super) fn make(&mut self, visit: Visit) {
        let request = Request::create(&visit.target.object, &self.job.field_manager);
        self.ask(request, visit, Asked::Make(None));
    }

    pub(super) fn made(&mut self, got: Got, visit: Visit, doubt: Doubt) {
        let id = visit.target.object.id.clone();
        match (got, doubt) {
            (Got::Done(_), None) => self.visited(Event::Created(id)),
            (Got::Refused(answer) | Got::NotFound(answer), None) => {
                self.abort(&id, FAILED, &answer.message());
            }
            (Got::Unknown { why, answered }, None) => self.look(visit, Asked::Make(Some((why, answered)))),
            (Got::Done(live), Some((why, _))) => {
                // It is there: ours, if it says all that ours says.
                if says(&live, &visit.target.object) {
                    self.visited(Event::Created(id));
                } else {
                    self.in_doubt(&id, "created", &why);
                }
            }
            (Got::NotFound(_), Some((why, true))) => self.abort(&id, FAILED, &why),
            (_, Some((why, _))) => self.in_doubt(&id, "created", &why),
        }
    }
}
