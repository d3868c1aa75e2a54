//! Visiting objects, as Helm's `update` does: those of the target in their order, then those that leave.
//!
//! Owns what is common to all ways of changing an object; each way, and each way of finding out what became of it, has a
//! file of its own. Of the first look at an object, and of its creation, any error ends the visit at once; once it is known
//! that an object is there, errors are collected and the next object is visited.

mod apply;
mod cleanup;
mod make;
mod patch;
mod pods;
mod remove;
mod replace;
mod selector;

use serde_json::Value;

use super::engine::{Engine, State};
use super::event::{Event, Phase};
use super::job::TargetObject;
use super::request::{Place, Request, Verb};
use super::send::{Doubt, Got};
use crate::merge::lay_over;
use crate::options::Method;
use crate::plan::{Action, ObjectId, PlanObject, means_the_same};
use crate::record::Generation;
use apply::{Applying, Owners};
pub(super) use cleanup::Cleaning;
use patch::Changing;
pub(super) use pods::Pods;
use replace::Replacing;

/// An object of the target that is being visited.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) target: TargetObject,
    /// The live object, where it stands in for the one that the old manifest does not have.
    baseline: Option<Value>,
}

/// What was asked about an object of the target.
#[derive(Debug)]
pub(super) enum Asked {
    /// Whether it is there.
    Look,
    /// What is live, to stand in for the old manifest's object.
    Baseline,
    /// To create it.
    Make(Doubt),
    /// What is live right before a patch is made for it.
    LookAgain,
    /// To change it by a patch.
    Change(Changing),
    /// What is live, when there is nothing to change.
    Refresh,
    /// Who owns its fields, and to change that.
    Owners(Owners),
    /// To have the server apply it.
    Apply(Applying),
    /// What version it has right before it is replaced.
    Version,
    /// To replace it.
    Replace(Replacing),
}

impl Engine {
    /// Goes on to the next object of the target, then to those that leave.
    pub(super) fn next_target(&mut self) {
        if self.job.targets.is_empty() {
            // Any error so far means that nothing is deleted.
            if !self.errors.is_empty() {
                return self.fail_objects(self.errors.join(" && "));
            }
            self.phase = Phase::Deletions;
            return self.next_leaving();
        }
        if self.is_cancelled() {
            return self.fail_cancelled();
        }
        let Some(target) = self.job.targets.pop_front() else { return };
        self.started(&target.object.id);
        if target.object.id.name.is_empty() {
            let cannot = "could not get information about the resource";
            return self.abort(&target.object.id, cannot, "resource name may not be empty");
        }
        self.look(Visit { target, baseline: None }, Asked::Look);
    }

    pub(super) fn asked(&mut self, got: Got, visit: Visit, asked: Asked) {
        match asked {
            Asked::Look => self.looked(got, visit),
            Asked::Baseline => self.looked_baseline(got, visit),
            Asked::Make(doubt) => self.made(got, visit, doubt),
            Asked::LookAgain => self.looked_again(got, visit),
            Asked::Change(changing) => self.changed(got, visit, changing),
            Asked::Refresh => self.refreshed(got, &visit),
            Asked::Owners(owners) => self.asked_owners(got, visit, owners),
            Asked::Apply(applying) => self.applied(got, visit, applying),
            Asked::Version => self.looked_version(got, visit),
            Asked::Replace(replacing) => self.replaced(got, visit, replacing),
        }
    }

    fn ask(&mut self, request: Request, visit: Visit, asked: Asked) {
        self.send(request, State::Target(Box::new(visit), asked));
    }

    /// Reads the object.
    fn look(&mut self, visit: Visit, asked: Asked) {
        let request = Request::new(Verb::Get, Place::of(&visit.target.object));
        self.ask(request, visit, asked);
    }

    /// The object cannot even be read: Helm ends the visit here.
    fn looked(&mut self, got: Got, mut visit: Visit) {
        let cannot = "could not get information about the resource";
        match got {
            Got::Done(_) if visit.target.original.is_none() && self.job.helm == Generation::V4 => {
                self.look(visit, Asked::Baseline);
            }
            Got::Done(live) => {
                visit.baseline = Some(live).filter(|_| visit.target.original.is_none());
                self.update(visit);
            }
            Got::NotFound(_) => self.make(visit),
            Got::Refused(answer) => self.abort(&visit.target.object.id, cannot, &answer.message()),
            Got::Unknown { why, .. } => self.abort(&visit.target.object.id, cannot, &why),
        }
    }

    /// Helm 4 reads the live object once more to take it for the old manifest's, and says no more than this when it fails.
    fn looked_baseline(&mut self, got: Got, mut visit: Visit) {
        if let Got::Done(live) = got {
            visit.baseline = Some(live);
            return self.update(visit);
        }
        let id = &visit.target.object.id;
        let what = format!("original object {} with the name {:?} not found", id.gvk.kind, id.name);
        self.tell(Event::ObjectFailed { object: id.clone(), why: what.clone() });
        self.fail_objects(what);
    }

    /// Changes an object that is there.
    fn update(&mut self, visit: Visit) {
        let by_patch = !self.job.options.force_replace && self.job.method == Method::ClientSide;
        let shown = !matches!(visit.target.planned, Action::Create);
        if !by_patch && !shown {
            self.tell(Event::Differs(visit.target.object.id.clone()));
        }
        match self.job.method {
            _ if self.job.options.force_replace => self.replace(visit),
            Method::ServerSide => self.look_owners(visit, 1),
            Method::ClientSide => self.look(visit, Asked::LookAgain),
        }
    }

    /// An object was changed, or is as it should be; `live` is what the server has of it now.
    fn updated(&mut self, visit: &Visit, live: &Value, event: Event) {
        self.note_pods(&visit.target.object.id, live);
        self.visited(event);
    }

    fn started(&mut self, object: &ObjectId) {
        self.number += 1;
        self.tell(Event::Started { object: object.clone(), number: self.number, of: self.of });
    }

    fn visited(&mut self, event: Event) {
        self.tell(event);
        self.next_target();
    }

    fn abort(&mut self, object: &ObjectId, doing: &str, why: &str) {
        self.tell(Event::ObjectFailed { object: object.clone(), why: why.to_owned() });
        self.fail_objects(format!("{doing}: {why}"));
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
        self.fail_objects(all.join(" && "));
    }

    fn fail_cancelled(&mut self) {
        self.fail_objects(format!("cancelled after {} of {} objects", self.number, self.of));
    }

    /// Ends the visit of the objects.
    pub(super) fn fail_objects(&mut self, what: String) {
        self.cleans = self.job.options.cleanup_on_fail;
        self.fail(what);
    }
}

/// Whether a live object says all that a manifest's object says.
pub(super) fn says(live: &Value, object: &PlanObject) -> bool {
    means_the_same(live, &lay_over(&object.value, &object.value, live))
}

/// An object as Helm names it in errors: `namespace/name group/version, Kind=Kind`.
fn named(object: &PlanObject) -> String {
    let ObjectId { gvk, namespace, name } = &object.id;
    format!("{namespace}/{name} {}/{}, Kind={}", gvk.group, gvk.version, gvk.kind)
}

/// Whether two states of an object are one to the server: nothing wrote in between.
fn untouched(before: &Value, live: &Value) -> bool {
    let version = |object: &Value| object.pointer("/metadata/resourceVersion").cloned();
    version(live).is_some() && version(live) == version(before)
}
