//! Putting an object in the place of the live one (`--force`, `--force-replace`).

use serde_json::Value;

use super::super::engine::Engine;
use super::super::event::Event;
use super::super::request::Request;
use super::super::send::{Doubt, Got};
use super::{Asked, Visit, says, untouched};

/// A replacement on its way.
#[derive(Debug)]
pub(in super::super) struct Replacing {
    /// The object that is replaced, where it could be read.
    before: Value,
    doubt: Doubt,
}

impl Engine {
    /// Looks for the version of the live object, unless the manifest names one itself: then that is sent.
    pub(super) fn replace(&mut self, visit: Visit) {
        let own = visit.target.object.value.pointer("/metadata/resourceVersion").and_then(Value::as_str);
        if own.is_some_and(|version| !version.is_empty()) {
            return self.put(visit, None);
        }
        self.look(visit, Asked::Version);
    }

    /// Where the object has vanished, it is put there without a version. Helm does so after any failure.
    pub(super) fn looked_version(&mut self, got: Got, visit: Visit) {
        let why = match got {
            Got::Done(live) => return self.put(visit, Some(live)),
            Got::NotFound(_) => return self.put(visit, None),
            _ if self.job.options.strict => return self.put(visit, None),
            Got::Refused(answer) => answer.message(),
            Got::Unknown { why, .. } => why,
        };
        let id = visit.target.object.id.clone();
        self.collect(&id, not_replaced(&why));
    }

    fn put(&mut self, mut visit: Visit, live: Option<Value>) {
        if let Some(live) = &live {
            visit.target.seen(live);
        }
        let object = &visit.target.object;
        let request = Request::replace(object, live.as_ref(), self.job.helm, &self.job.field_manager);
        let before = live.unwrap_or(Value::Null);
        self.ask(request, visit, Asked::Replace(Replacing { before, doubt: None }));
    }

    pub(super) fn replaced(&mut self, got: Got, visit: Visit, mut replacing: Replacing) {
        let id = visit.target.object.id.clone();
        match (got, replacing.doubt.take()) {
            (Got::Done(live), None) => self.updated(&visit, &live, Event::Replaced(id)),
            (Got::Refused(answer) | Got::NotFound(answer), None) => {
                self.collect(&id, not_replaced(&answer.message()));
            }
            (Got::Unknown { why, answered }, None) => {
                replacing.doubt = Some((why, answered));
                self.look(visit, Asked::Replace(replacing));
            }
            (Got::Done(live), Some((why, answered))) => {
                match (untouched(&replacing.before, &live), answered, says(&live, &visit.target.object)) {
                    (false, _, true) => self.updated(&visit, &live, Event::Replaced(id)),
                    (true, true, _) => self.collect(&id, not_replaced(&why)),
                    _ => self.in_doubt(&id, "replaced", &why),
                }
            }
            (_, Some((why, _))) => self.in_doubt(&id, "replaced", &why),
        }
    }
}

fn not_replaced(why: &str) -> String {
    format!("failed to replace object: {why}")
}
