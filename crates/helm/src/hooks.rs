//! The hooks of a release: which of them run, in which order, and when their objects are deleted and their logs shown.
//!
//! Owns Helm's rules (`pkg/action/hooks.go`); what is sent for them, and when, is `step`'s.

use serde::{Deserialize, Serialize};

use crate::faults::{self, Fault};
use crate::plan::PlanObject;
use crate::record::Hook;
use crate::yaml11::ManifestObject;

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HookEvent {
    /// Before the first object is touched.
    PreRollback,
    /// After the last one, and after the waiting.
    PostRollback,
}

impl HookEvent {
    /// Returns the word of the annotation `helm.sh/hook`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreRollback => "pre-rollback",
            Self::PostRollback => "post-rollback",
        }
    }
}

/// When the object of a hook is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DeletePolicy {
    /// Before it is created anew.
    BeforeCreation,
    /// When all hooks of the event have succeeded.
    Succeeded,
    /// When it has failed.
    Failed,
}

impl DeletePolicy {
    /// Returns the word of the annotation `helm.sh/hook-delete-policy`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BeforeCreation => "before-hook-creation",
            Self::Succeeded => "hook-succeeded",
            Self::Failed => "hook-failed",
        }
    }
}

/// A hook that a rollback runs, its objects as the server addresses them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunHook {
    /// Its place among the record's hooks.
    pub index: usize,
    /// When it runs.
    pub event: HookEvent,
    /// The name that the record gives it.
    pub name: String,
    /// The kind that the record gives it.
    pub kind: String,
    /// Its template in the chart.
    pub path: String,
    /// Its place among the hooks of its event: lighter ones run first.
    pub weight: i64,
    /// When its object is deleted: the words of its annotation, or what Helm writes where there are none.
    pub delete: Vec<String>,
    /// When its logs are shown.
    pub logs: Vec<String>,
    /// Its objects; as good as always one.
    pub objects: Vec<PlanObject>,
}

impl RunHook {
    /// Returns whether its object is deleted then. Definitions of kinds never are: every object of the kind would go too.
    pub fn is_deleted(&self, when: DeletePolicy) -> bool {
        let fault = match when {
            DeletePolicy::BeforeCreation => faults::on(Fault::NothingBeforeCreation),
            DeletePolicy::Succeeded => faults::on(Fault::SucceededStay),
            DeletePolicy::Failed => false,
        };
        let may_be = self.kind != "CustomResourceDefinition" && !fault;
        may_be && self.delete.iter().any(|policy| policy == when.as_str())
    }

    /// Returns whether its logs are shown then.
    pub fn shows_logs(&self, succeeded: bool) -> bool {
        let when = if succeeded { DeletePolicy::Succeeded } else { DeletePolicy::Failed };
        self.logs.iter().any(|policy| policy == when.as_str())
    }
}

/// A hook as its record says it, with what its manifest holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReadHook {
    pub index: usize,
    pub hook: Hook,
    pub event: HookEvent,
    pub objects: Vec<ManifestObject>,
}

impl ReadHook {
    /// Returns the hook with the addresses of its objects.
    pub(crate) fn bound(&self, objects: Vec<PlanObject>) -> RunHook {
        let hook = &self.hook;
        let mut delete = hook.delete_policies.clone();
        if delete.is_empty() {
            delete.push(DeletePolicy::BeforeCreation.as_str().to_owned());
        }
        RunHook {
            index: self.index,
            event: self.event,
            name: hook.name.clone(),
            kind: hook.kind.clone(),
            path: hook.path.clone(),
            weight: hook.weight,
            delete,
            logs: hook.output_log_policies.clone(),
            objects,
        }
    }
}

/// Returns the places of the hooks that run at an event, in the order in which they run: by weight, then by name. A hook
/// that names its event twice runs twice.
pub(crate) fn running(hooks: &[Hook], event: HookEvent) -> Vec<usize> {
    let times = |hook: &Hook| hook.events.iter().filter(|name| *name == event.as_str()).count();
    let mut places: Vec<usize> =
        hooks.iter().enumerate().flat_map(|(at, hook)| std::iter::repeat_n(at, times(hook))).collect();
    let key = |at: &usize| hooks.get(*at).map(|hook| (hook.weight, hook.name.clone()));
    if !faults::on(Fault::WeightsIgnored) {
        places.sort_by_key(key);
    }
    places
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn hook(name: &str, weight: i64, events: &[&str]) -> Hook {
        let events = events.iter().map(|event| (*event).to_owned()).collect();
        Hook { name: name.to_owned(), weight, events, ..Hook::default() }
    }

    #[test]
    fn they_run_by_weight_then_by_name_and_equal_ones_as_they_stand() {
        let hooks = [
            hook("b", 0, &["pre-rollback"]),
            hook("late", 5, &["pre-rollback"]),
            hook("a", 0, &["post-rollback", "pre-rollback"]),
            hook("first", -5, &["pre-rollback"]),
            hook("a", 0, &["pre-rollback", "pre-rollback"]),
            hook("other", -9, &["pre-upgrade", "test"]),
        ];
        assert_eq!(running(&hooks, HookEvent::PreRollback), [3, 2, 4, 4, 0, 1]);
        assert_eq!(running(&hooks, HookEvent::PostRollback), [2]);
    }

    #[test]
    fn without_a_policy_the_object_goes_before_it_is_created_and_definitions_never_do() {
        let read = |kind: &str, policies: &[&str]| {
            let mut hook = hook("a", 0, &["pre-rollback"]);
            hook.kind = kind.to_owned();
            hook.delete_policies = policies.iter().map(|policy| (*policy).to_owned()).collect();
            ReadHook { index: 0, hook, event: HookEvent::PreRollback, objects: Vec::new() }.bound(Vec::new())
        };
        let when = [DeletePolicy::BeforeCreation, DeletePolicy::Succeeded, DeletePolicy::Failed];
        let deleted = |hook: &RunHook| when.map(|when| hook.is_deleted(when));
        assert_eq!(deleted(&read("Job", &[])), [true, false, false]);
        assert_eq!(deleted(&read("Job", &["hook-succeeded", "hook-failed"])), [false, true, true]);
        assert_eq!(deleted(&read("CustomResourceDefinition", &[])), [false, false, false]);
    }
}
