//! Service accounts that a rollback deletes though pods are still to be run by them.
//!
//! A manifest says `serviceAccountName`; the server keeps the older `serviceAccount` beside it, which nobody's manifest has and no
//! patch takes away. Where the revision that is gone back to names no account the older field counts again, and once the
//! account is deleted no pod of the workload is made any more. Helm does so, and so does whatever is sent as Helm sends it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::objects::{Action, ObjectPlan};
use super::refusal::Warning;

/// Where the kinds that make pods, and pods themselves, say what pods are.
const PODS: [&str; 3] = ["/spec/template/spec", "/spec/jobTemplate/spec/template/spec", "/spec"];

/// Returns the account that an object's pods are run by, where it names one.
fn account(object: &Value) -> Option<&str> {
    let pods = PODS
        .iter()
        .find_map(|pointer| object.pointer(pointer).filter(|spec| spec.get("containers").is_some()))?;
    let named = |key: &str| pods.get(key).and_then(Value::as_str).filter(|name| !name.is_empty());
    named("serviceAccountName").or_else(|| named("serviceAccount"))
}

/// Warns at every object whose pods are to be run by an account that is deleted.
pub(super) fn warn(objects: &mut [ObjectPlan]) {
    let leaving = |plan: &&ObjectPlan| plan.action == Action::Delete;
    let gone: BTreeSet<(String, String)> = objects
        .iter()
        .filter(leaving)
        .filter(|plan| plan.id.gvk.kind == "ServiceAccount" && plan.id.gvk.group.is_empty())
        .map(|plan| (plan.id.namespace.clone(), plan.id.name.clone()))
        .collect();
    for plan in objects.iter_mut().filter(|plan| plan.action != Action::Delete) {
        let then = plan.result.as_ref().or(plan.live.as_ref());
        let Some(name) = then.and_then(account).map(str::to_owned) else { continue };
        if gone.contains(&(plan.id.namespace.clone(), name.clone())) {
            plan.warnings.push(Warning::AccountGoes(name));
        }
    }
}
