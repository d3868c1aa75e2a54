//! Changing an object by a patch that is computed here: three-way for kinds that are built in, two-way for all others.

use serde_json::Value;

use super::super::engine::Engine;
use super::super::event::Event;
use super::super::request::Request;
use super::super::send::{Doubt, Got};
use super::{Asked, Visit, untouched};
use crate::merge::{Patch, apply, create_patch};
use crate::plan::{Action, ObjectId, means_the_same};

/// A patch on its way.
#[derive(Debug)]
pub(in super::super) struct Changing {
    patch: Patch,
    /// The object that the patch was made for.
    before: Value,
    doubt: Doubt,
}

impl Engine {
    /// The second look, right before sending: the patch is made for what is live now.
    pub(super) fn looked_again(&mut self, got: Got, mut visit: Visit) {
        let id = visit.target.object.id.clone();
        let live = match got {
            Got::Done(live) => Some(live),
            Got::NotFound(_) => None,
            Got::Refused(answer) => return self.collect(&id, unreadable(&id, &answer.message())),
            Got::Unknown { why, .. } => return self.collect(&id, unreadable(&id, &why)),
        };
        if let Some(live) = &live {
            visit.target.seen(live);
        }
        let original = visit.target.original.as_ref().map(|original| &original.value);
        let original = original.or(visit.baseline.as_ref()).unwrap_or(&Value::Null);
        let patch = match create_patch(original, &visit.target.object.value, live.as_ref()) {
            Ok(Some(patch)) => patch,
            Ok(None) => return self.look(visit, Asked::Refresh),
            Err(err) => return self.collect(&id, format!("failed to create patch: {err}")),
        };
        if !matches!(&visit.target.planned, Action::Patch(planned) if *planned == patch) {
            self.tell(Event::Differs(id));
        }
        let request = Request::patch(&visit.target.object, &patch, &self.job.field_manager);
        let before = live.unwrap_or(Value::Null);
        self.ask(request, visit, Asked::Change(Changing { patch, before, doubt: None }));
    }

    pub(super) fn changed(&mut self, got: Got, visit: Visit, mut changing: Changing) {
        let id = visit.target.object.id.clone();
        let refused = |why: &str| format!("cannot patch {:?} with kind {}: {why}", id.name, id.gvk.kind);
        match (got, changing.doubt.take()) {
            (Got::Done(live), None) => self.updated(&visit, &live, Event::Patched(id)),
            (Got::Refused(answer) | Got::NotFound(answer), None) => {
                self.collect(&id, refused(&answer.message()));
            }
            (Got::Unknown { why, answered }, None) => {
                changing.doubt = Some((why, answered));
                self.look(visit, Asked::Change(changing));
            }
            (Got::Done(live), Some((why, answered))) => {
                let untouched = untouched(&changing.before, &live);
                let done = apply(&live, &changing.patch).is_ok_and(|after| means_the_same(&live, &after));
                match (untouched, answered, done) {
                    (false, _, true) => self.updated(&visit, &live, Event::Patched(id)),
                    (true, true, _) => self.collect(&id, refused(&why)),
                    _ => self.in_doubt(&id, "changed", &why),
                }
            }
            (_, Some((why, _))) => self.in_doubt(&id, "changed", &why),
        }
    }

    /// There is nothing to change; Helm reads the object once more, and a failure of that counts.
    pub(super) fn refreshed(&mut self, got: Got, visit: &Visit) {
        let id = visit.target.object.id.clone();
        let why = match got {
            Got::Done(live) => return self.updated(visit, &live, Event::Unchanged(id)),
            Got::NotFound(answer) | Got::Refused(answer) => answer.message(),
            Got::Unknown { why, .. } => why,
        };
        self.collect(&id, format!("failed to refresh resource information: {why}"));
    }
}

fn unreadable(id: &ObjectId, why: &str) -> String {
    format!(
        "failed to create patch: unable to get data for current object {}/{}: {why}",
        id.namespace, id.name
    )
}
