//! A plan in the words that it is shown, confirmed and journalled in.

use std::collections::BTreeMap;

use deckwatch_helm::hooks::{DeletePolicy, RunHook};
use deckwatch_helm::merge::merge_diff;
use deckwatch_helm::plan::{Action, ObjectId, ObjectPlan, Plan, Refusal, TargetChoice};
use deckwatch_helm::record::StoredRecord;
use serde_json::Value;

use super::super::{diff, said};
use super::live::History;
use super::owners::Owners;
use crate::core::action::Risk;
use crate::core::ids::Gvk;
use crate::core::{ClusterId, Error, Kind, Name, ObjectRef, Safe, Span, Ts, Uid};
use crate::ops::plan::{
    Change, Doing, History as Kept, Item, Loss, Preview, ROLLBACK, RevisionInfo, Rollback,
};
use crate::ops::{self, PlanId};

/// For how long a hook without a time limit is waited for.
const UNLIMITED: Span = Span::hours(1);

/// What a plan is shown from.
pub struct Inputs<'a> {
    /// The plan's identity.
    pub id: PlanId,
    /// When everything was read.
    pub now: Ts,
    /// The cluster.
    pub cluster: &'a ClusterId,
    /// Helm's plan.
    pub helm: &'a Plan,
    /// Why this revision was chosen.
    pub chosen: &'a Chosen,
    /// The record that is left.
    pub current: &'a StoredRecord,
    /// The record that is gone back to.
    pub target: &'a StoredRecord,
    /// All records.
    pub history: &'a History,
    /// Missing rights.
    pub rights: &'a Result<Vec<String>, Error>,
    /// Who owns it beside Helm.
    pub owners: &'a Owners,
    /// Why it could not be asked whether a HelmRelease owns the release.
    pub unasked: Option<&'a Error>,
    /// Why it is not known whether autoscalers set replicas.
    pub unscaled: Option<&'a Error>,
    /// What is deleted that nothing brings back.
    pub losses: &'a [Loss],
    /// What the server's dry run said.
    pub previews: &'a BTreeMap<ObjectId, Preview>,
}

/// Who chose the revision.
pub enum Chosen {
    /// Whoever asks named it.
    ByHand,
    /// It is the one that Helm takes where none is named.
    ByHelm,
    /// It is the last good one.
    Good(TargetChoice),
}

/// Returns the plan as it is shown.
pub fn show(inputs: &Inputs<'_>) -> ops::Plan {
    let helm = inputs.helm;
    let items: Vec<Item> = helm.objects.iter().map(|o| item(o, inputs)).collect();
    let mut refusals: Vec<String> = helm.refusals.iter().map(|r| said(r).to_string()).collect();
    // Helm finds these out on the way: its record then says that it failed.
    let mut foreseen: Vec<String> =
        inputs.rights.iter().filter_map(|missing| ops::Plan::missing(missing)).collect();
    for (object, preview) in inputs.previews {
        if let Preview::Refused(why) = preview {
            foreseen.push(format!("the server's dry run refuses {}: {why}", said(object)));
        }
    }
    let mut notes = notes(inputs);
    if helm.options.strict {
        notes.extend(foreseen.iter().map(|why| said(format!("not refused, since helm would not: {why}"))));
    } else {
        refusals.append(&mut foreseen);
    }
    // Who may not ask is told so; the labels of the objects speak for themselves. Whoever was not answered asks again.
    let denied = inputs.unasked.is_some_and(|e| e.kind == Kind::Denied);
    let unasked = inputs
        .unasked
        .filter(|_| !denied)
        .map(|error| format!("whether a HelmRelease of Flux owns it is not known: {}", error.line()));
    if helm.options.strict {
        notes.extend(unasked.map(said));
    } else {
        refusals.extend(unasked);
    }
    notes.extend(helm.doom.as_ref().map(said));
    notes.extend(inputs.unscaled.map(|error| {
        said(format!("whether an autoscaler sets replicas is not known, so they are set: {}", error.line()))
    }));
    let owned = (inputs.unasked.is_some() && !denied)
        || helm.refusals.iter().any(|r| matches!(r, Refusal::Owned { .. } | Refusal::AtWork(_)));
    let rollback = Rollback {
        action: Safe::own(ROLLBACK),
        release: Name::lossy(&helm.release),
        from: revision(inputs.current),
        to: revision(inputs.target),
        over: helm.over.map(number),
        makes: number(helm.makes),
        options: helm.options.clone(),
        losses: Vec::new(),
        phrase: Safe::of(&helm.release),
        named: None,
        hooks: helm.hooks.iter().map(hook).collect(),
        lasts: lasts(helm),
        record_bytes: helm.record_bytes,
        history: Kept {
            kept: inputs.history.records.len(),
            limit: helm.options.max_history,
            prunes: helm.prune.iter().map(|n| number(*n)).collect(),
        },
    };
    ops::Plan {
        id: inputs.id,
        made_at: inputs.now,
        what: Doing::Rollback(Box::new(rollback.losing(inputs.losses.to_vec()))),
        namespace: Name::lossy(&helm.namespace),
        why: why(inputs),
        owner: match inputs.owners.held.as_slice() {
            _ if owned => Safe::own("see what is refused"),
            _ if denied => Safe::own("helm by its objects; HelmReleases of Flux may not be listed"),
            [] => Safe::own("helm (no Flux, no Argo CD, no Rollout)"),
            held => {
                let held: Vec<String> = held.iter().map(ToString::to_string).collect();
                said(format!("{}, suspended", held.join(", ")))
            }
        },
        rights: rights(inputs.rights),
        risk: risk(&items),
        items,
        refusals,
        notes,
        // Asked apart.
        user: Safe::default(),
        skew: None,
    }
}

/// Returns how long the hooks may take: each waits for an earlier run to be gone, and for its own end.
fn lasts(helm: &Plan) -> Option<Span> {
    let each = if helm.options.timeout_ns > 0 { Span(helm.options.timeout_ns) } else { UNLIMITED };
    let waits = i64::try_from(helm.hooks.len()).unwrap_or(i64::MAX).saturating_mul(2);
    (waits > 0).then(|| Span(each.0.saturating_mul(waits)))
}

/// Returns a hook in words: when it runs, what it is, and what becomes of it.
fn hook(hook: &RunHook) -> Safe {
    let deleted: Vec<&str> = [
        (DeletePolicy::BeforeCreation, "before it is created"),
        (DeletePolicy::Succeeded, "when all have succeeded"),
        (DeletePolicy::Failed, "when it has failed"),
    ]
    .into_iter()
    .filter_map(|(when, words)| hook.is_deleted(when).then_some(words))
    .collect();
    let deleted = if deleted.is_empty() {
        "never deleted".to_owned()
    } else {
        format!("deleted {}", deleted.join(", "))
    };
    said(format!("{}: {} {}, weight {}, {deleted}", hook.event.as_str(), hook.kind, hook.name, hook.weight))
}

fn number(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(0)
}

fn risk(items: &[Item]) -> Risk {
    let deletes_data = |i: &Item| {
        i.change == Change::Delete
            && matches!(
                &*i.object.gvk.kind,
                "PersistentVolumeClaim" | "CustomResourceDefinition" | "Namespace"
            )
    };
    if items.iter().any(deletes_data) { Risk::Destructive } else { Risk::Disruptive }
}

fn revision(stored: &StoredRecord) -> RevisionInfo {
    let chart = stored.record.chart().ok().flatten();
    let info = stored.record.info().ok();
    RevisionInfo {
        revision: number(stored.record.version().unwrap_or(0)),
        chart: chart.as_ref().map_or_else(|| Safe::own("MISSING"), |c| said(c.label())),
        app_version: chart.as_ref().map_or_else(Safe::default, |c| said(&c.app_version)),
        status: info.as_ref().map_or_else(Safe::default, |i| said(i.status.as_str())),
        description: info.as_ref().map_or_else(Safe::default, |i| said(&i.description)),
        deployed_at: info.and_then(|i| i.last_deployed).map(|s| Ts(s.ns)),
    }
}

fn why(inputs: &Inputs<'_>) -> Vec<Safe> {
    let target = inputs.helm.target;
    let choice = match inputs.chosen {
        Chosen::ByHand => return vec![said(format!("{target} was chosen by hand"))],
        Chosen::ByHelm => {
            return vec![said(format!("{target} is the one before the last, which is what helm takes"))];
        }
        Chosen::Good(choice) => choice,
    };
    let why = if choice.goes_on {
        "is where the rollback was going that was never finished"
    } else {
        "is the last revision that was deployed and did not fail"
    };
    let mut out = vec![said(format!(
        "{target} {why}; helm itself would pick {}",
        if choice.helm_picks == target { "it too".to_owned() } else { choice.helm_picks.to_string() }
    ))];
    out.extend(choice.skipped.iter().map(|s| said(format!("{} was passed over: {}", s.revision, s.why))));
    out
}

fn rights(missing: &Result<Vec<String>, Error>) -> Safe {
    match missing {
        Ok(missing) if missing.is_empty() => Safe::own("all that it needs ✔"),
        Ok(missing) => said(format!("missing: {}", missing.join(", "))),
        Err(error) => said(format!("could not be asked: {}", error.line())),
    }
}

fn notes(inputs: &Inputs<'_>) -> Vec<Safe> {
    let helm = inputs.helm;
    let mut out: Vec<Safe> = rolled_back_from(inputs).into_iter().collect();
    out.extend(inputs.owners.notes.iter().cloned());
    out.extend(helm.over.map(|revision| {
        let status = inputs.current.record.info().map(|info| info.status.as_str().to_owned());
        let status = status.unwrap_or_else(|_| "pending".to_owned());
        let since = if helm.options.strict { "" } else { " for longer than 5 minutes" };
        said(format!(
            "revision {revision} is {status}{since}: whether anybody still works on it is not known"
        ))
    }));
    out.extend(helm.warnings.iter().map(said));
    for object in &helm.objects {
        out.extend(object.warnings.iter().map(|w| said(format!("{}: {}", object.id, w))));
        let fields = if object.action == Action::Apply { "stay" } else { "are removed" };
        out.extend(object.adopts.then(|| {
            said(format!(
                "{}: it is live without being in revision {}: fields that {} does not have {fields}",
                object.id, helm.current, helm.target
            ))
        }));
    }
    if !helm.hooks.is_empty() {
        out.push(said(format!(
            "the hooks that run are those of revision {}; what hooks of {} did is not undone",
            helm.target, helm.current
        )));
    }
    if !helm.changes_running_code() {
        out.push(Safe::own("this would change no running code: no pod is replaced"));
    }
    out.extend(
        inputs
            .history
            .unreadable
            .iter()
            .map(|(name, why)| said(format!("record {name} can't be read: {why}"))),
    );
    out
}

/// Returns a warning where the revision that is gone back to is one that was gone back from: after a rollback that
/// failed, the last good revision by Helm's records is the bad one.
fn rolled_back_from(inputs: &Inputs<'_>) -> Option<Safe> {
    let target = inputs.helm.target;
    let next = inputs.history.records.iter().find(|r| r.record.version() == Ok(target + 1))?;
    let info = next.record.info().ok()?;
    // Helm's own words for a rollback: done, failed, and failed while it was waited for.
    let rollback =
        ["Rollback to ", "Rollback \"", "Release \""].iter().any(|w| info.description.starts_with(w));
    rollback.then(|| {
        said(format!(
            "{target} was rolled back from: revision {} after it says “{}”. Name another with `r` on its row",
            target + 1,
            info.description
        ))
    })
}

fn item(object: &ObjectPlan, inputs: &Inputs<'_>) -> Item {
    let change = match &object.action {
        Action::Create => Change::Create,
        Action::Patch(_) | Action::Apply | Action::Replace => Change::Patch,
        Action::Delete => Change::Delete,
        Action::Keep => Change::Keep,
        Action::Unchanged | Action::Gone => Change::Unchanged,
    };
    let (live, result) = match &object.action {
        Action::Delete => (object.live.as_ref(), None),
        _ => (object.live.as_ref(), object.result.as_ref()),
    };
    Item {
        object: reference(&object.id, object.live.as_ref(), inputs.cluster),
        change,
        fields: fields(object),
        patch: object.masked_patch().map(|p| crate::core::Untrusted::from(p.to_string()).clipped(20_000)),
        diff: if change == Change::Unchanged { Vec::new() } else { diff::lines(live, result) },
        restarts: object.restart.as_ref().filter(|r| !r.waits).map_or(0, |r| number(r.pods)),
        drift: object.drift.iter().map(|d| said(&d.path)).collect(),
        preview: inputs.previews.get(&object.id).cloned().unwrap_or(Preview::Nothing),
    }
}

fn reference(id: &ObjectId, live: Option<&Value>, cluster: &ClusterId) -> ObjectRef {
    let uid = live.and_then(|l| l.pointer("/metadata/uid")).and_then(Value::as_str).unwrap_or("");
    ObjectRef {
        cluster: cluster.clone(),
        gvk: Gvk {
            group: id.gvk.group.as_str().into(),
            version: id.gvk.version.as_str().into(),
            kind: id.gvk.kind.as_str().into(),
        },
        namespace: if id.namespace.is_empty() { Name::default() } else { Name::lossy(&id.namespace) },
        name: Name::lossy(&id.name),
        uid: Uid::new(uid),
    }
}

/// Returns what changes in words: images first, then the outermost fields of the patch.
fn fields(object: &ObjectPlan) -> Vec<Safe> {
    let mut out = Vec::new();
    for (_, was, is) in object.restart.iter().flat_map(|r| &r.images) {
        let tag =
            |image: &str| image.rsplit_once(':').map_or_else(|| image.to_owned(), |(_, tag)| tag.to_owned());
        out.push(said(format!("image {} → {}", tag(was), tag(is))));
    }
    let mut paths = Vec::new();
    match (&object.action, &object.live, &object.result) {
        (Action::Patch(patch), ..) => collect_paths(&patch.body, String::new(), &mut paths),
        (Action::Apply, Some(Value::Object(live)), Some(Value::Object(result))) => {
            collect_paths(&Value::Object(merge_diff(live, result)), String::new(), &mut paths);
            paths.retain(|path| !path.is_empty());
        }
        _ => return out,
    }
    let labels = paths.iter().any(|p| p.starts_with("metadata"));
    paths.retain(|p| {
        !p.starts_with("metadata") && !p.contains('$') && !p.ends_with("image") && !p.ends_with("name")
    });
    paths.dedup();
    if out.is_empty() && paths.is_empty() && labels {
        out.push(Safe::own("labels and annotations only"));
    }
    let more = paths.len().saturating_sub(4);
    out.extend(paths.into_iter().take(4).map(said));
    out.extend((more > 0).then(|| said(format!("{more} more"))));
    if object.no_effect {
        out.push(Safe::own("no effect"));
    }
    out
}

fn collect_paths(value: &Value, at: String, out: &mut Vec<String>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, inner) in map {
                let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                let path = path.trim_start_matches("spec.template.spec.containers.").to_owned();
                collect_paths(inner, path, out);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for item in items {
                collect_paths(item, at.clone(), out);
            }
        }
        _ => out.push(at),
    }
}
