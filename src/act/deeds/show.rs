//! The plan of a deed in the words that it is shown, confirmed and journalled in.

use deckwatch_helm::mask::{mask_object, mask_secret_patch};
use deckwatch_helm::plan::{OwnerKind, find_owner};
use futures::StreamExt as _;
use http::Method;
use serde_json::Value;

use super::super::{diff, dryrun, said};
use super::Read;
use super::around::Around;
use crate::core::action::Risk;
use crate::core::{ClusterId, Error, Name, ObjectRef, Safe, Ts, Uid};
use crate::ops::deed::{Act, Deed, Live, Refusal, Verb};
use crate::ops::plan::{Change, Deeds, Doing, Item, Preview};
use crate::ops::{Plan, PlanId};
use crate::sources::kube::Client;

/// How many dry runs are under way at once.
const AT_ONCE: usize = 4;
/// How much of a patch is shown, in characters.
const PATCH: usize = 20_000;

/// What a plan is shown from.
pub struct Inputs<'a> {
    /// The plan's identity.
    pub id: PlanId,
    /// When everything was read.
    pub now: Ts,
    /// The cluster.
    pub cluster: &'a ClusterId,
    /// What is done.
    pub deed: &'a Deed,
    /// The objects.
    pub read: &'a [Read],
    /// Missing rights.
    pub missing: &'a Result<Vec<String>, Error>,
    /// What stands around them.
    pub around: Around,
    /// What the server's dry run said of each, and what it would be.
    pub previews: Vec<(Preview, Option<Value>)>,
}

/// Asks for a dry run of every request, in the objects' order.
pub async fn previews(client: &Client, read: &[Read], allowed: bool) -> Vec<(Preview, Option<Value>)> {
    let ask = |act: Option<Act>| async move {
        match act {
            Some(act) => preview(client, act, allowed).await,
            None => (Preview::Nothing, None),
        }
    };
    let asks: Vec<_> = read.iter().map(|r| ask(r.act.as_ref().ok().cloned())).collect();
    futures::stream::iter(asks).buffered(AT_ONCE).collect().await
}

/// Asks for a dry run of one request. Returns what was said of it, and what the object would be.
pub async fn preview(client: &Client, act: Act, allowed: bool) -> (Preview, Option<Value>) {
    let act = act.dry_run();
    let method = match act.verb {
        Verb::Patch => Method::PATCH,
        Verb::Create => Method::POST,
        Verb::Delete => Method::DELETE,
    };
    let query: Vec<(&str, &str)> = act.query.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let body = act.body.0.to_string().into();
    match client.dry_run(method, &act.path(), &query, act.content.as_str(), body).await {
        // What is said of a subresource or of a deletion is not the object.
        Ok(_) if act.subresource.is_some() || act.verb == Verb::Delete => (Preview::DryRun, None),
        Ok(object) => (Preview::DryRun, Some(object)),
        Err(fail) => (dryrun::judge(&fail.error, allowed), None),
    }
}

/// Returns the plan as it is shown.
pub fn show(inputs: &Inputs<'_>) -> Plan {
    let deed = inputs.deed;
    let mut items = Vec::new();
    // What is created has a name that nobody knows before: a plan is about the object that it comes from.
    let mut about: Vec<ObjectRef> = Vec::new();
    let mut left_out = Vec::new();
    let mut notes: Vec<Safe> = Vec::new();
    let mut risk = deed.risk();
    let mut refusals = inputs.around.refusals.clone();
    for (read, (preview, result)) in inputs.read.iter().zip(&inputs.previews) {
        match (&read.act, read.live()) {
            (Ok(act), Some(live)) => {
                about.push(ObjectRef { uid: Uid::new(&live.place.uid), ..read.object.clone() });
                items.push(item(&read.object, act, &live, preview, result.as_ref(), inputs.cluster));
                refusals.extend(forgotten(deed, result.as_ref()));
                let alone = inputs.read.len() == 1;
                let about = |w: &Safe| if alone { w.clone() } else { said(format!("{}: {w}", read.object)) };
                notes.extend(deed.warnings(&live).iter().map(about));
                risk = risk.max(deed.risk_on(&live));
            }
            (Err(why), _) => left_out.push((read, why.clone())),
            (Ok(_), None) => left_out.push((read, Refusal::Gone)),
        }
    }
    let mut unchanged = Vec::new();
    // Of several objects those that can't be changed are left out; when none is left there is nothing to confirm.
    for (read, why) in left_out {
        if inputs.read.len() == 1 {
            refusals.push(why.to_string());
        } else if items.is_empty() {
            refusals.push(format!("{}: {why}", read.object));
        } else {
            let line = said(format!("{}: {why}", read.object));
            notes.push(said(format!("left out: {line}")));
            unchanged.push(line);
        }
    }
    if let Ok(missing) = inputs.missing {
        refusals.extend(Plan::missing(missing));
    }
    notes.extend(unasked(inputs.missing));
    for item in &items {
        if let Preview::Refused(why) = &item.preview {
            refusals.push(format!("the server's dry run refuses {}: {why}", item.object));
        }
    }
    notes.extend(inputs.around.notes.iter().cloned());
    let shown: Vec<&ObjectRef> = if about.is_empty() {
        inputs.read.iter().map(|r| &r.object).collect()
    } else {
        about.iter().collect()
    };
    Plan {
        id: inputs.id,
        made_at: inputs.now,
        namespace: namespace(&shown),
        what: Doing::Deed(Box::new(Deeds {
            left_out: unchanged,
            named: inputs.around.named.clone(),
            ..Deeds::of(deed, &shown)
        })),
        why: Vec::new(),
        owner: owner(inputs.read),
        rights: rights(inputs.missing),
        items,
        refusals,
        notes,
        risk: if inputs.read.len() > 1 { risk.max(Risk::Disruptive) } else { risk },
        // Asked apart.
        user: Safe::default(),
        skew: None,
    }
}

/// Returns why a deed would not last, from what the server would keep of it.
fn forgotten(deed: &Deed, result: Option<&Value>) -> Option<String> {
    let Deed::App { how } = deed else { return None };
    let forgets = !how.lasts(result?);
    forgets.then(|| {
        "this Argo CD is too old to know `enabled`: its automatic sync would go on; turn it off in Argo CD".to_owned()
    })
}

/// Returns the namespace that all of them are in, empty where there is none.
fn namespace(objects: &[&ObjectRef]) -> Name {
    let first = objects.first().map(|o| o.namespace.clone()).unwrap_or_default();
    if objects.iter().all(|o| o.namespace == first) { first } else { Name::default() }
}

/// Returns who else writes the objects.
pub fn owned(object: &Value) -> Option<Refusal> {
    find_owner(object).map(|owner| Refusal::Owned(said(owner)))
}

/// Returns whether it is an Argo Rollout that nobody else writes.
pub fn is_rollout(live: &Live<'_>) -> bool {
    let owner = find_owner(live.object).map(|owner| owner.kind);
    (live.place.group.as_str(), live.place.kind.as_str()) == ("argoproj.io", "Rollout")
        && owner == Some(OwnerKind::ArgoRollout)
}

fn owner(read: &[Read]) -> Safe {
    let owned = read.iter().any(|r| matches!(r.act, Err(Refusal::Owned(_))));
    Safe::own(if owned { "see what is refused" } else { "no Flux, no Argo CD, no Rollout" })
}

/// Returns what must be known where it could not be asked what is allowed.
pub fn unasked(missing: &Result<Vec<String>, Error>) -> Option<Safe> {
    let error = missing.as_ref().err()?;
    Some(said(format!(
        "whether this is allowed could not be asked, the server may refuse it: {}",
        error.line()
    )))
}

/// Returns which rights are missing, in words.
pub fn rights(missing: &Result<Vec<String>, Error>) -> Safe {
    match missing {
        Ok(missing) if missing.is_empty() => Safe::own("all that it needs ✔"),
        Ok(missing) => said(format!("missing: {}", missing.join(", "))),
        Err(error) => said(format!("could not be asked: {}", error.line())),
    }
}

/// Returns what happens to one object.
pub fn item(
    object: &ObjectRef,
    act: &Act,
    live: &Live<'_>,
    preview: &Preview,
    result: Option<&Value>,
    cluster: &ClusterId,
) -> Item {
    let after = result.or(act.after.as_ref());
    let (change, diff) = match (act.verb, &act.subresource) {
        (Verb::Delete, _) => (Change::Delete, diff::lines(Some(live.object), None)),
        // An eviction is asked for by creating one.
        (Verb::Create, Some(_)) => (Change::Delete, Vec::new()),
        (Verb::Create, None) => (Change::Create, diff::lines(None, after)),
        (Verb::Patch, _) => (Change::Patch, diff::lines(Some(live.object), after)),
    };
    let created = (act.verb == Verb::Create && act.subresource.is_none()).then(|| {
        let gvk = crate::core::ids::Gvk {
            group: act.place.group.as_str().into(),
            version: act.place.version.as_str().into(),
            kind: act.place.kind.as_str().into(),
        };
        let (namespace, name) = (Name::lossy(&act.place.namespace), Name::lossy(&act.place.name));
        ObjectRef { cluster: cluster.clone(), gvk, namespace, name, uid: Uid::default() }
    });
    let uid = Uid::new(&live.place.uid);
    Item {
        object: created.unwrap_or_else(|| ObjectRef { uid, ..object.clone() }),
        change,
        // That it is deleted is said already.
        fields: if change == Change::Delete { Vec::new() } else { act.fields.clone() },
        patch: (act.verb == Verb::Patch).then(|| masked(act, live)),
        diff,
        restarts: restarts(live, after, change),
        drift: Vec::new(),
        preview: preview.clone(),
    }
}

/// Returns the body with the values of Secrets hidden.
fn masked(act: &Act, live: &Live<'_>) -> Safe {
    let is_secret = live.place.group.is_empty() && live.place.kind == "Secret";
    let body = if is_secret { mask_secret_patch(&act.body.0) } else { mask_object(&act.body.0) };
    crate::core::Untrusted::from(body.to_string()).clipped(PATCH)
}

/// Returns how many pods are replaced or go, as far as the live object says.
fn restarts(live: &Live<'_>, after: Option<&Value>, change: Change) -> u32 {
    let number = |p: &str| live.object.pointer(p).and_then(Value::as_i64);
    let count = |n: i64| u32::try_from(n).unwrap_or(0);
    match (live.place.kind.as_str(), change) {
        ("Deployment" | "StatefulSet" | "DaemonSet", Change::Patch) => {
            let template = |v: &Value| v.pointer("/spec/template").cloned();
            let changed = after.is_some_and(|after| template(after) != template(live.object));
            let paused = live.object.pointer("/spec/paused").and_then(Value::as_bool).unwrap_or(false);
            if !changed || paused {
                return 0;
            }
            match live.place.kind.as_str() {
                "DaemonSet" => count(number("/status/desiredNumberScheduled").unwrap_or(0)),
                _ => count(number("/spec/replicas").unwrap_or(1)),
            }
        }
        _ => 0,
    }
}
