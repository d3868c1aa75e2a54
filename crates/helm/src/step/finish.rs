//! The records at the end: superseded, deployed, failed.

use serde_json::Value;

use super::engine::{Engine, State, Then};
use super::event::{Event, Outcome, Phase};
use super::request::{Place, Request, Verb};
use super::send::Got;
use crate::faults::{self, Fault};
use crate::record::{Status, StoredRecord};

impl Engine {
    /// Lists the records whose label says that they are deployed.
    pub(super) fn list_deployed(&mut self) {
        self.phase = Phase::Finishing;
        let place = Place::of_record(&self.job.current).collection();
        let selector = format!("name={},owner=helm,status=deployed", self.job.release);
        self.send(Request::new(Verb::List, place).with_query("labelSelector", &selector), State::Deployed);
    }

    pub(super) fn listed_deployed(&mut self, got: Got) {
        let body = match got {
            Got::Done(body) => body,
            Got::NotFound(answer) | Got::Refused(answer) => return self.fail(answer.message()),
            Got::Unknown { why, .. } => return self.fail(why),
        };
        let mut items = body.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        if faults::on(Fault::OthersStayDeployed) {
            items.clear();
        }
        // Records that cannot be read are passed over, as Helm does.
        let read = items.iter().filter_map(|item| StoredRecord::from_object(item, self.job.limits).ok());
        let driver = self.job.current.driver;
        self.supersede = read
            .map(|mut stored| {
                // Items of lists do not say what they are.
                stored.driver = driver;
                if stored.namespace.is_empty() {
                    self.job.current.namespace.clone_into(&mut stored.namespace);
                }
                stored
            })
            .collect();
        self.supersede_next();
    }

    fn supersede_next(&mut self) {
        if let Some(stored) = self.supersede.pop_front() {
            self.mark(&stored, &Status::Superseded, None, Then::Supersede);
        } else {
            let new = self.job.new.clone();
            self.mark(&new, &Status::Deployed, None, Then::Finish);
        }
    }

    /// Ends a rollback that failed, as Helm does: the old record superseded, the new one failed with the reason.
    pub(super) fn fail(&mut self, what: String) {
        self.errors = vec![what];
        let current = self.job.current.clone();
        self.mark(&current, &Status::Superseded, None, Then::FailNew);
    }

    /// Puts a record that says another state in the place of the stored one.
    pub(super) fn mark(
        &mut self,
        stored: &StoredRecord,
        status: &Status,
        description: Option<&str>,
        then: Then,
    ) {
        let mut marked = stored.clone();
        let (strict, helm) = (self.job.options.strict, self.job.helm);
        let body = stored.record.with_status(status, description).and_then(|record| {
            marked.record = if strict { record.as_written_by(helm)? } else { record };
            marked.to_update(self.job.now)
        });
        match body {
            Ok(body) => {
                let request = Request::new(Verb::Update, Place::of_record(&marked))
                    .with_body(body.clone(), "application/json");
                self.send(request, State::Write { record: Box::new(marked), body, doubt: None, then });
            }
            Err(err) => self.not_written(&marked, &err.to_string(), then, false),
        }
    }

    pub(super) fn wrote(
        &mut self,
        got: Got,
        record: StoredRecord,
        body: Value,
        doubt: Option<(String, bool)>,
        then: Then,
    ) {
        match (got, doubt) {
            (Got::Done(_), None) => self.written(&record, then),
            (Got::Refused(answer) | Got::NotFound(answer), None) => {
                self.not_written(&record, &answer.message(), then, false);
            }
            (Got::Unknown { why, answered }, None) => {
                let request = Request::new(Verb::Get, Place::of_record(&record));
                let doubt = Some((why, answered));
                self.send(request, State::Write { record: Box::new(record), body, doubt, then });
            }
            (Got::Done(found), Some((why, answered))) => {
                let release = |object: &Value| object.pointer("/data/release").cloned();
                if release(&found) == release(&body) {
                    self.written(&record, then);
                } else {
                    self.not_written(&record, &why, then, !answered);
                }
            }
            (Got::NotFound(_), Some((why, true))) => self.not_written(&record, &why, then, false),
            (_, Some((why, _))) => self.not_written(&record, &why, then, true),
        }
    }

    fn written(&mut self, record: &StoredRecord, then: Then) {
        let status = record.record.info().map_or(Status::Unknown, |info| info.status);
        if !matches!(then, Then::RunHook | Then::MakeHook) {
            self.tell(Event::Marked { record: record.object_name.clone(), status });
        }
        match then {
            Then::Supersede => self.supersede_next(),
            Then::RunHook => self.look_before(0),
            Then::MakeHook => self.make_hook(0, None),
            Then::FailNew => self.fail_new(),
            Then::Finish => self.finished(Some(Status::Deployed)),
            Then::Fail => self.failed(Some(Status::Failed)),
        }
    }

    /// A record that is not written stops nothing but the very last one. `unknown`: it may have been written.
    fn not_written(&mut self, record: &StoredRecord, why: &str, then: Then, unknown: bool) {
        let name = record.object_name.clone();
        self.tell(Event::RecordFailed { record: name.clone(), why: why.to_owned() });
        // What it says of a hook is written again with its end.
        let is_hooks = matches!(then, Then::RunHook | Then::MakeHook);
        if unknown && !is_hooks {
            let what = format!("whether the record `{name}` was written: {why}");
            self.doubt.get_or_insert(what);
        } else {
            self.notes.push(format!("the record `{name}` was not written: {why}"));
        }
        let left_behind = if unknown { None } else { Some(Status::PendingRollback) };
        match then {
            Then::Supersede => self.supersede_next(),
            Then::RunHook => self.look_before(0),
            Then::MakeHook => self.make_hook(0, None),
            Then::FailNew => self.fail_new(),
            Then::Finish => {
                if !unknown {
                    self.errors = vec![format!("the objects are changed, but the new record was not: {why}")];
                }
                self.finished(left_behind);
            }
            Then::Fail => self.failed(left_behind),
        }
    }

    pub(super) fn fail_new(&mut self) {
        let objects = || format!("Rollback {:?} failed: {}", self.job.release, self.errors.join(" && "));
        let description = self.description.take().unwrap_or_else(objects);
        let new = self.job.new.clone();
        self.mark(&new, &Status::Failed, Some(&description), Then::Fail);
    }

    fn finished(&mut self, record: Option<Status>) {
        if self.doubt.is_some() || !self.errors.is_empty() {
            return self.failed(record);
        }
        let notes = std::mem::take(&mut self.notes);
        self.end(Outcome::Done { notes });
    }

    fn failed(&mut self, record: Option<Status>) {
        let phase = self.phase;
        let outcome = match self.doubt.take() {
            Some(what) => Outcome::Unknown { phase, what, record },
            None => Outcome::Failed { phase, what: self.errors.join(" && "), record },
        };
        self.end(outcome);
    }
}
