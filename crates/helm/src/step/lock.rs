//! Before the first object: the re-check, the removal of old records, and the new record, which is the lock.

use serde_json::{Value, json};

use super::engine::{Engine, State};
use super::event::{Event, Outcome, Phase};
use super::request::{Place, Request, Verb};
use super::send::Got;
use crate::hooks::HookEvent;
use crate::plan::Doom;
use crate::record::{Status, object_name, parse_object_name};

impl Engine {
    pub(super) fn start(&mut self) {
        let place = Place::of_record(&self.job.current).collection();
        let selector = format!("name={},owner=helm", self.job.release);
        let mut request = Request::new(Verb::List, place).with_query("labelSelector", &selector);
        request.metadata_only = true;
        self.send(request, State::Recheck);
    }

    /// Compares the records with those of the plan: the last one must be the same, to the resource version.
    pub(super) fn rechecked(&mut self, got: Got) {
        let items = match got {
            Got::Done(body) => body.get("items").and_then(Value::as_array).cloned().unwrap_or_default(),
            Got::NotFound(answer) | Got::Refused(answer) => return self.stop_before(answer.message()),
            Got::Unknown { why, .. } => return self.stop_before(why),
        };
        let text = |item: &Value, key: &str| {
            item.pointer(&format!("/metadata/{key}")).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let revision = |item: &Value| {
            let name = text(item, "name");
            parse_object_name(&name)
                .filter(|(release, _)| *release == self.job.release)
                .map(|(_, revision)| revision)
        };
        let unreadable = &self.job.unreadable;
        let last = items
            .iter()
            .filter(|item| !unreadable.contains(&text(item, "name")))
            .filter_map(|item| Some((revision(item)?, item)))
            .max_by_key(|(revision, _)| *revision);
        let Some((last, item)) = last else {
            return self.stop_before("the release has no records any more".to_owned());
        };
        let expected = &self.job.current;
        let same = |ours: &str, theirs: String| ours.is_empty() || ours == theirs;
        if object_name(&self.job.release, last) != expected.object_name {
            let what = format!("the release changed since the plan: its last revision is {last}");
            return self.stop_before(what);
        }
        if !same(&expected.uid, text(item, "uid"))
            || !same(&expected.resource_version, text(item, "resourceVersion"))
        {
            return self.stop_before(format!("the record of revision {last} changed since the plan"));
        }
        self.prune_next();
    }

    /// Ends before the new record exists.
    fn stop_before(&mut self, what: String) {
        self.end(Outcome::Failed { phase: self.phase, what, record: None });
    }

    fn prune_next(&mut self) {
        if self.is_cancelled() {
            return self.stop_before("cancelled before anything was changed".to_owned());
        }
        if self.job.prune.is_empty() {
            return match std::mem::take(&mut self.errors).first() {
                None => self.create_record(),
                Some(first) => self.stop_before(first.clone()),
            };
        }
        self.phase = Phase::Pruning;
        let record = self.job.prune.remove(0);
        let place = Place::records(self.job.current.driver, &self.job.current.namespace, &record);
        let options = json!({"apiVersion": "v1", "kind": "DeleteOptions"});
        let request = Request::new(Verb::Delete, place).with_body(options, "application/json");
        self.send(request, State::Prune { record, doubt: None });
    }

    pub(super) fn pruned(&mut self, got: Got, record: String, doubt: Option<String>) {
        match (got, doubt) {
            (Got::Done(_), None) | (Got::NotFound(_), _) => {
                self.tell(Event::Pruned { record });
                self.prune_next();
            }
            (Got::Refused(answer), None) => {
                let what = format!("the record `{record}` could not be removed: {}", answer.message());
                // As Helm, it removes what it can before it stops.
                self.errors.push(what);
                self.prune_next();
            }
            (Got::Unknown { why, .. }, None) => {
                let place = Place::records(self.job.current.driver, &self.job.current.namespace, &record);
                self.send(Request::new(Verb::Get, place), State::Prune { record, doubt: Some(why) });
            }
            // It is still there, or could not be read: it may yet go.
            (_, Some(why)) => {
                let what = format!("whether the record `{record}` was removed: {why}");
                self.end(Outcome::Unknown { phase: Phase::Pruning, what, record: None });
            }
        }
    }

    fn create_record(&mut self) {
        self.phase = Phase::Locking;
        match self.job.new.to_create(self.job.now) {
            Ok(body) => {
                let place = Place::of_record(&self.job.new).collection();
                let request = Request::new(Verb::Create, place).with_body(body, "application/json");
                self.send(request, State::Create { doubt: None });
            }
            Err(err) => self.stop_before(err.to_string()),
        }
    }

    pub(super) fn created_record(&mut self, got: Got, doubt: Option<(String, bool)>, request: Request) {
        let revision = self.job.new.record.version().unwrap_or_default();
        let taken = || "another operation has begun: the new revision exists already".to_owned();
        match (got, doubt) {
            (Got::Done(_), None) => self.locked(revision),
            (Got::Refused(answer), None) if answer.reason() == "AlreadyExists" => self.stop_before(taken()),
            (Got::Refused(answer) | Got::NotFound(answer), None) => self.stop_before(answer.message()),
            (Got::Unknown { why, answered }, None) => {
                // The body travels along, to be compared with what is found.
                let mut back = Request::new(Verb::Get, Place::of_record(&self.job.new));
                back.body = None;
                self.job.created_body = request.body;
                self.send(back, State::Create { doubt: Some((why, answered)) });
            }
            (Got::Done(found), Some(_)) => {
                let release = |object: &Value| object.pointer("/data/release").cloned();
                let ours = self.job.created_body.as_ref().and_then(release);
                if ours.is_some() && release(&found) == ours {
                    self.locked(revision);
                } else {
                    self.stop_before(taken());
                }
            }
            (Got::NotFound(_), Some((why, true))) => self.stop_before(why),
            (_, Some((why, _))) => {
                let what = format!("whether the record of the new revision was created: {why}");
                self.end(Outcome::Unknown { phase: Phase::Locking, what, record: None });
            }
        }
    }

    fn locked(&mut self, revision: i64) {
        self.tell(Event::Locked { revision });
        if let Some(Doom::Build(what)) = self.job.doom.take_if(|doom| matches!(doom, Doom::Build(_))) {
            let record = Some(Status::PendingRollback);
            return self.end(Outcome::Failed { phase: Phase::Objects, what, record });
        }
        self.run_hooks(HookEvent::PreRollback);
    }
}
