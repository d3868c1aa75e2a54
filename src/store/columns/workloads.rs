//! Deployments, StatefulSets, DaemonSets, ReplicaSets and Jobs.

use deckwatch_wire::LabelSelector;
use deckwatch_wire::apps::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use deckwatch_wire::batch::{Job, JobCondition};
use deckwatch_wire::core::Container;

use super::cell::{Cell, Text};
use super::health::{Health, Level};
use super::{Tabled, age, name, selector, ts};
use crate::core::Resource;

fn number(count: i32) -> Cell {
    Cell::Number(i64::from(count))
}

/// Names and images, joined by commas.
fn containers(containers: &[Container]) -> [Cell; 2] {
    let join = |field: fn(&Container) -> &str| {
        Cell::said(&containers.iter().map(field).collect::<Vec<_>>().join(","))
    };
    [join(|container| &container.name), join(|container| &container.image)]
}

/// A selector as most kinds show it; Deployments have words of their own.
fn selector_or(selector: Option<&LabelSelector>, empty: &'static str, invalid: &'static str) -> Cell {
    match selector::text(selector) {
        Some(text) => Cell::said_or(&text, empty),
        None => Cell::Text(Text::Own(invalid)),
    }
}

/// `2/4 ready`
fn ready_of(ready: i32, desired: i32) -> String {
    format!("{ready}/{desired} ready")
}

impl Tabled for Deployment {
    const RESOURCE: Resource = Resource::Deployment;

    fn cells(&self) -> Vec<Cell> {
        let status = &self.status;
        let [names, images] = containers(&self.spec.template.spec.containers);
        vec![
            name(&self.metadata),
            Cell::Of { part: status.ready_replicas, whole: self.spec.replicas() },
            number(status.updated_replicas),
            number(status.available_replicas),
            age(&self.metadata),
            names,
            images,
            selector_or(self.spec.selector.as_ref(), "", "<invalid>"),
        ]
    }

    fn condition(&self) -> Health {
        let (status, desired) = (&self.status, self.spec.replicas());
        let is = |kind: &str, value: &str| {
            status.conditions.iter().find(|c| c.r#type == kind && c.status == value)
        };
        if let Some(failure) = is("ReplicaFailure", "True").or_else(|| is("Progressing", "False")) {
            return Health::said(Level::Failing, &failure.reason).because(&failure.message);
        }
        let behind = status.observed_generation < self.metadata.generation;
        let rolling =
            behind || status.updated_replicas < desired || status.replicas > status.updated_replicas;
        let ready = ready_of(status.ready_replicas, desired);
        if self.spec.paused && rolling {
            return Health::new(Level::Warning, "Paused").because(&ready);
        }
        if rolling {
            let so_far = format!("{}/{desired} updated, {ready}", status.updated_replicas);
            return Health::new(Level::Warning, "Rolling").because(&so_far);
        }
        if let Some(unavailable) = is("Available", "False") {
            let reason = format!("{ready}: {}", unavailable.message);
            return Health::new(Level::Failing, "Unavailable").because(&reason);
        }
        match desired {
            0 => Health::new(Level::Ok, "Scaled to 0"),
            _ if status.ready_replicas < desired || status.available_replicas < desired => {
                Health::new(Level::Warning, "NotReady").because(&ready)
            }
            _ if self.spec.paused => Health::new(Level::Ok, "Paused"),
            _ => Health::new(Level::Ok, "Ready"),
        }
    }
}

impl Tabled for StatefulSet {
    const RESOURCE: Resource = Resource::StatefulSet;

    fn cells(&self) -> Vec<Cell> {
        let [names, images] = containers(&self.spec.template.spec.containers);
        let ready = Cell::Of { part: self.status.ready_replicas, whole: self.spec.replicas() };
        vec![name(&self.metadata), ready, age(&self.metadata), names, images]
    }

    fn condition(&self) -> Health {
        let (status, desired) = (&self.status, self.spec.replicas());
        let ready = ready_of(status.ready_replicas, desired);
        let changing =
            !status.update_revision.is_empty() && status.current_revision != status.update_revision;
        let on_delete = self.spec.update_strategy.r#type == "OnDelete";
        let rolling = status.observed_generation < self.metadata.generation || changing && !on_delete;
        if desired == 0 {
            Health::new(Level::Ok, "Scaled to 0")
        } else if status.ready_replicas == 0 {
            Health::new(Level::Failing, "Unavailable").because(&ready)
        } else if rolling {
            let so_far = format!("{}/{desired} updated, {ready}", status.updated_replicas);
            Health::new(Level::Warning, "Rolling").because(&so_far)
        } else if status.ready_replicas < desired {
            Health::new(Level::Warning, "NotReady").because(&ready)
        } else {
            Health::new(Level::Ok, "Ready")
        }
    }
}

impl Tabled for DaemonSet {
    const RESOURCE: Resource = Resource::DaemonSet;

    fn cells(&self) -> Vec<Cell> {
        let status = &self.status;
        let [names, images] = containers(&self.spec.template.spec.containers);
        vec![
            name(&self.metadata),
            number(status.desired_number_scheduled),
            number(status.current_number_scheduled),
            number(status.number_ready),
            number(status.updated_number_scheduled),
            number(status.number_available),
            Cell::said_or(&selector::labels(&self.spec.template.spec.node_selector), "<none>"),
            age(&self.metadata),
            names,
            images,
            selector_or(self.spec.selector.as_ref(), "<none>", "<error>"),
        ]
    }

    fn condition(&self) -> Health {
        let (status, desired) = (&self.status, self.status.desired_number_scheduled);
        let ready = ready_of(status.number_ready, desired);
        let behind = status.observed_generation < self.metadata.generation;
        if desired == 0 {
            Health::new(Level::Ok, "No nodes")
        } else if status.number_ready == 0 {
            Health::new(Level::Failing, "Unavailable").because(&ready)
        } else if behind || status.updated_number_scheduled < desired {
            let so_far = format!("{}/{desired} updated, {ready}", status.updated_number_scheduled);
            Health::new(Level::Warning, "Rolling").because(&so_far)
        } else if status.number_ready < desired || status.number_unavailable > 0 {
            Health::new(Level::Warning, "NotReady").because(&ready)
        } else {
            Health::new(Level::Ok, "Ready")
        }
    }
}

impl Tabled for ReplicaSet {
    const RESOURCE: Resource = Resource::ReplicaSet;

    fn cells(&self) -> Vec<Cell> {
        let [names, images] = containers(&self.spec.template.spec.containers);
        vec![
            name(&self.metadata),
            number(self.spec.replicas()),
            number(self.status.replicas),
            number(self.status.ready_replicas),
            age(&self.metadata),
            names,
            images,
            selector_or(self.spec.selector.as_ref(), "<none>", "<error>"),
        ]
    }

    fn condition(&self) -> Health {
        let (status, desired) = (&self.status, self.spec.replicas());
        let failure = status.conditions.iter().find(|c| c.r#type == "ReplicaFailure" && c.status == "True");
        if let Some(failure) = failure {
            Health::said(Level::Failing, &failure.reason).because(&failure.message)
        } else if desired == 0 && status.replicas == 0 {
            Health::new(Level::Done, "Scaled to 0")
        } else if status.ready_replicas < desired {
            Health::new(Level::Warning, "NotReady").because(&ready_of(status.ready_replicas, desired))
        } else {
            Health::new(Level::Ok, "Ready")
        }
    }
}

impl Tabled for Job {
    const RESOURCE: Resource = Resource::Job;

    fn cells(&self) -> Vec<Cell> {
        let [names, images] = containers(&self.spec.template.spec.containers);
        let (spec, status) = (&self.spec, &self.status);
        let completions = match (spec.completions, spec.parallelism.unwrap_or_default()) {
            (Some(whole), _) => Cell::Of { part: status.succeeded, whole },
            (None, parallelism @ 2..) => Cell::said(&format!("{}/1 of {parallelism}", status.succeeded)),
            (None, _) => Cell::Of { part: status.succeeded, whole: 1 },
        };
        vec![
            name(&self.metadata),
            Cell::Text(Text::Own(job_status(self))),
            completions,
            Cell::Lasted { from: status.start_time.and_then(ts), to: status.completion_time.and_then(ts) },
            age(&self.metadata),
            names,
            images,
            selector_or(spec.selector.as_ref(), "<none>", "<error>"),
        ]
    }

    fn condition(&self) -> Health {
        let word = job_status(self);
        let why = |kind: &str| {
            let told = job_condition(self, kind)
                .map(|c| [c.reason.as_str(), c.message.as_str()])
                .unwrap_or_default();
            told.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
        };
        match word {
            "Complete" => Health::new(Level::Done, word),
            "Failed" | "FailureTarget" => Health::new(Level::Failing, word).because(&why(word)),
            "Suspended" => Health::new(Level::Warning, word).because(&why(word)),
            "Terminating" => Health::new(Level::Warning, word),
            _ if self.status.failed > 0 => {
                let failed = crate::core::num::counted(self.status.failed as usize, "pod", "pods");
                Health::new(Level::Warning, word).because(&format!("{failed} failed so far"))
            }
            _ => Health::new(Level::Ok, word),
        }
    }
}

/// The first condition of a type, if it is true.
fn job_condition<'a>(job: &'a Job, kind: &str) -> Option<&'a JobCondition> {
    job.status.conditions.iter().find(|c| c.r#type == kind).filter(|c| c.status == "True")
}

/// STATUS of a Job: the first of kubectl's words that holds.
fn job_status(job: &Job) -> &'static str {
    let first =
        |words: &[&'static str]| words.iter().copied().find(|word| job_condition(job, word).is_some());
    first(&["Complete", "Failed"])
        .or_else(|| job.metadata.deletion_timestamp.is_some().then_some("Terminating"))
        .or_else(|| first(&["Suspended", "FailureTarget", "SuccessCriteriaMet"]))
        .unwrap_or("Running")
}
