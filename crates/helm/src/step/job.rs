//! What an engine needs to know: a plan without refusals and what it was made from.

use std::collections::VecDeque;

use serde_json::Value;
use thiserror::Error;

use super::request::Place;
use super::waiting::Waiting;
use crate::faults::{self, Fault};
use crate::hooks::RunHook;
use crate::options::{Method, Options};
use crate::plan::{Action, BoundSides, Doom, Plan, PlanObject, Refusal, keep_replicas};
use crate::record::{Generation, Limits, StoredRecord};
use crate::time::Now;

/// Why a plan cannot be carried out.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum JobError {
    /// The plan is refused.
    #[error("the plan is refused: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Refused(Vec<Refusal>),
    /// The plan and what it is said to be made from do not belong together.
    #[error("the plan does not belong to these records")]
    Mismatch,
}

/// An object of the target, with what it is compared with.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct TargetObject {
    pub object: PlanObject,
    /// The object of the manifest that is left; `None` when only the live one can stand in for it.
    pub original: Option<PlanObject>,
    /// What was shown.
    pub planned: Action,
    /// Whether its replicas stay as they are live.
    pub keeps_replicas: bool,
}

impl TargetObject {
    /// Takes the live number of replicas for the manifest's, where an autoscaler sets it.
    pub fn seen(&mut self, live: &Value) {
        if self.keeps_replicas {
            keep_replicas(&mut self.object.value, live);
        }
    }
}

/// A rollback, ready to be carried out. Can be written down and read again: another process may carry it out.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Job {
    pub(super) release: String,
    pub(super) current: StoredRecord,
    /// The record to create, its state pending.
    pub(super) new: StoredRecord,
    pub(super) targets: VecDeque<TargetObject>,
    pub(super) leaving: VecDeque<PlanObject>,
    /// The hooks that run, those before the objects first.
    pub(super) hooks: Vec<RunHook>,
    /// Names of the objects whose records are removed first.
    pub(super) prune: Vec<String>,
    pub(super) field_manager: String,
    /// Whose ways are followed.
    pub(super) helm: Generation,
    pub(super) method: Method,
    pub(super) options: Options,
    /// Where it fails, as Helm does.
    pub(super) doom: Option<Doom>,
    /// Names of records that can't be read: Helm passes over them.
    pub(super) unreadable: Vec<String>,
    /// What was sent to create the new record, kept while its outcome is not known.
    pub(super) created_body: Option<Value>,
    /// What is waited for in the end.
    pub(super) waiting: Option<Waiting>,
    pub(super) limits: Limits,
    pub(super) now: Now,
}

impl Job {
    /// Makes a job of a plan that has no refusals. `current` is the last record and `sides` the objects that the plan was
    /// made from; `now` is when records are stamped.
    pub fn new(plan: &Plan, current: &StoredRecord, sides: &BoundSides, now: Now) -> Result<Self, JobError> {
        if !plan.refusals.is_empty() {
            return Err(JobError::Refused(plan.refusals.clone()));
        }
        let mut new = plan.new_record.clone().ok_or(JobError::Mismatch)?;
        new.record = new.record.with_last_deployed(now).map_err(|_| JobError::Mismatch)?;
        if current.record.version() != Ok(plan.current) {
            return Err(JobError::Mismatch);
        }
        let target = |object: &PlanObject| {
            let planned = plan.objects.iter().find(|planned| planned.id == object.id)?;
            let mut original = sides.old_of(&object.id).cloned();
            if let (Some(original), Some(repaired)) = (&mut original, &planned.original) {
                original.value.clone_from(repaired);
            }
            Some(TargetObject {
                object: object.clone(),
                original,
                planned: planned.action.clone(),
                keeps_replicas: planned.keeps_replicas,
            })
        };
        let targets: Option<VecDeque<_>> = sides.target.iter().map(target).collect();
        let mut targets = targets.ok_or(JobError::Mismatch)?;
        if faults::on(Fault::Backwards) {
            targets.make_contiguous().reverse();
        }
        let orphans = sides.orphans().filter(|orphan| {
            plan.objects.iter().any(|planned| planned.id == orphan.id && planned.action == Action::Delete)
        });
        Ok(Self {
            release: plan.release.clone(),
            current: current.clone(),
            new,
            targets,
            leaving: sides
                .leaving()
                .chain(orphans)
                .filter(|_| !faults::on(Fault::LeavingStay))
                .cloned()
                .collect(),
            hooks: plan.hooks.clone(),
            prune: plan
                .prune
                .iter()
                .map(|revision| crate::record::object_name(&plan.release, *revision))
                .collect(),
            field_manager: if faults::on(Fault::ManagerIsOurs) { "deckwatch" } else { plan.field_manager }
                .to_owned(),
            helm: plan.generation,
            method: plan.method,
            options: plan.options.clone(),
            doom: plan.doom.clone(),
            unreadable: Vec::new(),
            created_body: None,
            waiting: Waiting::wanted(plan.options.wait, &sides.target),
            limits: Limits::default(),
            now,
        })
    }

    /// Returns the same job, which takes records of these names for none, as Helm does with what it can't read.
    #[must_use]
    pub fn passing_over(mut self, unreadable: Vec<String>) -> Self {
        self.unreadable = unreadable;
        self
    }

    /// Returns the release.
    pub fn release(&self) -> &str {
        &self.release
    }

    /// Returns the number of the revision that it makes, and where its record will be.
    pub fn makes(&self) -> (i64, Place) {
        let place = Place::records(self.new.driver, &self.new.namespace, &self.new.object_name);
        (self.new.record.version().unwrap_or(0), place)
    }

    /// Returns whether everything is to be done as Helm does it.
    pub fn is_strict(&self) -> bool {
        self.options.strict
    }

    /// Returns how many hooks run.
    pub fn hooks(&self) -> usize {
        self.hooks.len()
    }

    /// Returns where the objects are that are visited: the target's and those that leave.
    pub fn objects(&self) -> Vec<Place> {
        let targets = self.targets.iter().map(|target| &target.object);
        targets.chain(&self.leaving).map(Place::of).collect()
    }
}
