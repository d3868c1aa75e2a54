//! What becomes of one object.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::change::{Change, How};
use super::drift::{self, DriftField};
use super::object::{ObjectId, PlanObject};
use super::owner::find_owner;
use super::refusal::{Refusal, Warning};
use super::restart::{self, Restart};
use crate::diff;
use crate::mask;
use crate::merge::{Patch, Schema, misfit};
use crate::yaml11::to_yaml;

/// What the server has of an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Live {
    /// The object.
    Found(Value),
    /// Nothing.
    NotFound,
    /// An answer that is neither: the right is missing, or the server failed.
    Denied(String),
}

/// What is done with an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// It is not there and will be created.
    Create,
    /// It is changed by this patch.
    Patch(Patch),
    /// The server applies it.
    Apply,
    /// It is put in the place of the live one.
    Replace,
    /// Nothing is sent: it is as it should be, or nobody looks.
    Unchanged,
    /// It is deleted: only the revision that is left has it.
    Delete,
    /// It stays although the target does not have it: the live object asks for that.
    Keep,
    /// It would be deleted and is not there.
    Gone,
}

/// What becomes of one object.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectPlan {
    /// The object.
    pub id: ObjectId,
    /// The template that it was rendered from.
    pub source: Option<String>,
    /// What is done with it.
    pub action: Action,
    /// Whether it is live without being in the manifest that is left: then every live field that the target does not have
    /// is removed, as Helm does it, unless the server applies it.
    pub adopts: bool,
    /// Where leaks are repaired: what stands in for the last manifest's object.
    pub original: Option<Value>,
    /// Whether its replicas stay as they are live, whatever the manifest says: an autoscaler sets them.
    pub keeps_replicas: bool,
    /// Whether what is sent changes nothing that the server would not put back: removing what is gone already, say.
    pub no_effect: bool,
    /// Fields that were changed on the live object and are set back. Values of Secrets are hidden.
    pub drift: Vec<DriftField>,
    /// Which pods are replaced.
    pub restart: Option<Restart>,
    /// What the reader must know.
    pub warnings: Vec<Warning>,
    /// The live object as it is.
    pub live: Option<Value>,
    /// The object as it will be, before the server fills in defaults.
    ///
    /// Of what the server applies this is a guess, made without asking it: the target laid over the live object, without
    /// what only the old manifest says; a list that the target lacks is gone with what others put there. The server keeps what others own too, and refuses what others own and hold
    /// differently, unless that is forced; its dry run tells. What replaces the live object is the target with what only
    /// the server writes: all else of the live object is lost, and what it filled in, it fills in again.
    pub result: Option<Value>,
}

impl ObjectPlan {
    /// Returns the patch's body with the data of Secrets hidden; `None` when none is sent.
    pub fn masked_patch(&self) -> Option<Value> {
        let Action::Patch(patch) = &self.action else { return None };
        Some(if self.is_secret() { mask::mask_secret_patch(&patch.body) } else { patch.body.clone() })
    }

    /// Returns how the object changes, line by line, without what only the server writes; secrets are hidden unless revealed.
    pub fn diff(&self, options: diff::Options) -> Vec<diff::Line> {
        let shown = |value: &Option<Value>| value.as_ref().map(drift::without_servers_own);
        let before = shown(&self.live);
        let after =
            if self.action == Action::Delete { None } else { shown(&self.result).or_else(|| before.clone()) };
        let (before, after) = if options.reveal {
            (before, after)
        } else {
            mask::mask_object_pair(before.as_ref(), after.as_ref())
        };
        let text = |value: Option<Value>| value.as_ref().map(to_yaml).unwrap_or_default();
        diff::diff_lines(&text(before), &text(after), options.context)
    }

    /// Returns whether the object is a Secret.
    pub fn is_secret(&self) -> bool {
        self.id.gvk.group.is_empty() && self.id.gvk.kind == "Secret"
    }

    /// Finds what a change of an object of a built-in kind restarts, sets back, and is not allowed to.
    fn compare(
        &mut self,
        schema: Schema,
        target: &PlanObject,
        old: Option<&PlanObject>,
        live: &Value,
        result: &Value,
    ) {
        let kind = target.id.gvk.kind.as_str();
        let fixed = restart::immutable(schema, kind, live, result);
        self.warnings.extend(fixed.into_iter().map(Warning::Immutable));
        self.drift =
            old.map(|old| drift::find(schema, &target.value, &old.value, live, result)).unwrap_or_default();
        if self.drift.iter().any(|field| field.path == "spec.replicas")
            && let Some(manager) = replicas_manager(live)
        {
            self.warnings.push(Warning::ReplicasSetByOther(manager));
        }
        self.restart = restart::find(schema, kind, live, result);
        if self.is_secret() {
            self.drift.iter_mut().for_each(hide);
        }
    }

    /// Returns the plan of an object of which it can't be said what becomes of it.
    pub(super) fn unforeseen(object: &PlanObject, why: &Refusal) -> Self {
        let mut plan = Self::new(object, Action::Unchanged);
        plan.warnings.push(Warning::Unforeseen(why.to_string()));
        plan
    }

    fn new(object: &PlanObject, action: Action) -> Self {
        Self {
            id: object.id.clone(),
            source: object.source.clone(),
            action,
            adopts: false,
            original: None,
            keeps_replicas: false,
            no_effect: false,
            drift: Vec::new(),
            restart: None,
            warnings: Vec::new(),
            live: None,
            result: None,
        }
    }
}

/// Plans an object of the target.
pub(super) fn plan_target(
    target: &PlanObject,
    old: Option<&PlanObject>,
    live: &Live,
    release: (&str, &str),
    (how, manager): (How, &str),
) -> Result<ObjectPlan, Refusal> {
    let schema = Schema::of_kind(&target.id.gvk.api_version(), &target.id.gvk.kind);
    let mut warnings = schema.map_or_else(Vec::new, |schema| misgivings(schema, &target.value, how));
    let live = match live {
        Live::Found(live) => live,
        Live::NotFound => {
            let mut plan = ObjectPlan::new(target, Action::Create);
            plan.warnings = warnings;
            plan.result = Some(target.value.clone());
            return Ok(plan);
        }
        Live::Denied(why) => {
            return Err(Refusal::Denied { object: Box::new(target.id.clone()), why: why.clone() });
        }
    };
    let change = Change::of(target, old, live, how)
        .map_err(|why| Refusal::NoPatch { object: Box::new(target.id.clone()), why })?;
    warnings.extend(warnings_of(live, release));
    warnings.extend(change.warning(schema, live, manager));
    let mut plan = ObjectPlan::new(target, change.action);
    plan.warnings = warnings;
    if let Some(schema) = schema {
        plan.compare(schema, target, old, live, &change.assumed);
    }
    plan.adopts = old.is_none();
    plan.no_effect = plan.action != Action::Replace && drift::means_the_same(live, &change.result);
    plan.live = Some(live.clone());
    plan.result = Some(change.result);
    Ok(plan)
}

/// What is to be told of a manifest's object, whatever is live.
fn misgivings(schema: Schema, target: &Value, how: How) -> Vec<Warning> {
    let mut warnings: Vec<Warning> =
        drift::duplicate_keys(schema, target).into_iter().map(Warning::DuplicateKeys).collect();
    // Only a patch is made in another way for it; the server refuses it, or does not care.
    let misfit = misfit(schema, target).filter(|_| how == How::Patch);
    warnings.extend(misfit.map(|misfit| Warning::Misfit(format!("{}: {}", misfit.path, misfit.why))));
    warnings
}

fn hide(field: &mut DriftField) {
    if field.path.starts_with("data.") || field.path.starts_with("stringData.") {
        field.live = field.live.as_ref().map(mask::hidden);
        field.target = mask::hidden(&field.target);
    }
}

/// Plans an object that only the revision that is left has.
pub(super) fn plan_leaving(
    old: &PlanObject,
    live: &Live,
    release: (&str, &str),
) -> Result<ObjectPlan, Refusal> {
    let live = match live {
        Live::Found(live) => live,
        Live::NotFound => return Ok(ObjectPlan::new(old, Action::Gone)),
        Live::Denied(why) => {
            return Err(Refusal::Denied { object: Box::new(old.id.clone()), why: why.clone() });
        }
    };
    let mut plan = ObjectPlan::new(old, if is_kept(live) { Action::Keep } else { Action::Delete });
    plan.warnings = warnings_of(live, release);
    if plan.action == Action::Delete {
        plan.warnings.extend(match (old.id.gvk.group.as_str(), old.id.gvk.kind.as_str()) {
            ("apiextensions.k8s.io", "CustomResourceDefinition") => Some(Warning::DeletesDefinition),
            ("", "PersistentVolumeClaim") => Some(Warning::DeletesClaim),
            ("", "Namespace") => Some(Warning::DeletesNamespace),
            _ => None,
        });
    }
    plan.live = Some(live.clone());
    Ok(plan)
}

/// Whether the live object asks to be kept.
pub(crate) fn is_kept(live: &Value) -> bool {
    let annotations = live.pointer("/metadata/annotations");
    annotations.and_then(|all| all.get("helm.sh/resource-policy")).and_then(Value::as_str) == Some("keep")
}

fn warnings_of(live: &Value, (release, namespace): (&str, &str)) -> Vec<Warning> {
    let text = |map: &str, key: &str| {
        let value = live.get("metadata").and_then(|metadata| metadata.get(map)).and_then(|map| map.get(key));
        value.and_then(Value::as_str).unwrap_or_default()
    };
    let mut warnings = Vec::new();
    if live.pointer("/metadata/deletionTimestamp").is_some() {
        warnings.push(Warning::Terminating);
    }
    let theirs = (
        text("annotations", "meta.helm.sh/release-name"),
        text("annotations", "meta.helm.sh/release-namespace"),
    );
    if theirs != (release, namespace) {
        let owner =
            if theirs.0.is_empty() { "no release".to_owned() } else { format!("{}/{}", theirs.1, theirs.0) };
        warnings.push(Warning::ForeignRelease(owner));
    }
    let manager = text("labels", "app.kubernetes.io/managed-by");
    if !manager.is_empty() && manager != "Helm" {
        warnings.push(Warning::OtherOwner(format!("label app.kubernetes.io/managed-by: {manager}")));
    }
    if find_owner(live).is_none()
        && let Some(controller) = controller(live)
    {
        warnings.push(Warning::OtherOwner(controller));
    }
    warnings
}

fn controller(live: &Value) -> Option<String> {
    let references = live.pointer("/metadata/ownerReferences")?.as_array()?;
    let controller =
        references.iter().find(|one| one.get("controller").and_then(Value::as_bool) == Some(true))?;
    let text = |key: &str| controller.get(key).and_then(Value::as_str).unwrap_or_default();
    Some(format!("{} {}", text("kind"), text("name")))
}

/// Who else than Helm set the number of replicas.
fn replicas_manager(live: &Value) -> Option<String> {
    let entries = live.pointer("/metadata/managedFields")?.as_array()?;
    let owns = |entry: &&Value| entry.pointer("/fieldsV1/f:spec/f:replicas").is_some();
    let names = entries.iter().filter(owns).filter_map(|entry| entry.get("manager")?.as_str());
    names.filter(|name| *name != "helm").map(str::to_owned).next()
}
