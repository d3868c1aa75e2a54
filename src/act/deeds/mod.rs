//! Actions on Kubernetes objects: the plan from what the server has, and the driver that sends each request once.
//!
//! `ops::deed` decides what is sent and how it is told whether it took effect; here it is read, checked, previewed, sent,
//! journalled, read back and told.

mod around;
pub mod drain;
mod drive;
mod free;
mod live;
mod show;
mod source;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::rights;
use super::who::Who;
use crate::core::{ClusterId, Error, Kind, ObjectRef, Result, Safe, Ts};
use crate::ops::deed::rollout::{self, Past};
use crate::ops::deed::{Act, App, Deed, Flux, Live, Raw, Refusal};
use crate::ops::{Plan, PlanId};
use crate::sources::kube::Client;

pub(super) use drive::run;

/// How many objects one plan may be about.
pub const MOST: usize = 50;

/// A plan with everything that carrying it out needs.
#[derive(Debug)]
pub struct Prepared {
    /// The plan as it is shown.
    pub plan: Arc<Plan>,
    /// What is sent, in its order.
    pub parts: Vec<Part>,
}

/// One object's request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The object, in words.
    pub object: String,
    /// The request.
    pub act: Act,
    /// The path of the object that it was made for, which is looked at again before.
    pub from: String,
    /// That object.
    pub planned: Raw,
}

/// One object as it was read, and what the deed makes of it.
struct Read {
    object: ObjectRef,
    live: Option<live::Found>,
    act: std::result::Result<Act, Refusal>,
}

/// Returns the revisions of a workload, oldest first; nothing is written.
///
/// # Errors
/// What can't be read, a kind without revisions.
pub async fn history(client: &Client, object: &ObjectRef) -> Result<Vec<Past>> {
    let wrong = |why: &Refusal| why.error("list revisions", &object.to_string());
    let deed = Deed::Undo { to: None };
    if !deed.applies_to(&object.gvk.group, &object.gvk.kind) {
        return Err(wrong(&Refusal::WrongKind { deed: "history", kind: Safe::of(&object.gvk.kind) }));
    }
    let objects = std::slice::from_ref(object);
    let kinds = live::kinds(client, objects).await?;
    let found = live::all(client, &deed, objects, &kinds).await.pop();
    let found = found.unwrap_or(Err(Refusal::Gone)).map_err(|why| wrong(&why))?;
    found.live().map(|live| rollout::history(&live)).map_err(|why| wrong(&why))
}

/// Reads everything that a deed needs and makes the plan; nothing is written.
///
/// # Errors
/// Too many objects, a kind that the server does not serve, rights that can't be asked about.
pub async fn prepare(
    client: &Client,
    cluster: &ClusterId,
    id: PlanId,
    now: Ts,
    deed: &Deed,
    objects: &[ObjectRef],
) -> Result<Prepared> {
    let wrong = |detail: String| Error::new(Kind::Refused, "plan a change").on(deed.name()).detail(detail);
    if objects.is_empty() {
        return Err(wrong("no object is named".to_owned()));
    }
    if objects.len() > MOST {
        return Err(wrong(format!("{} objects are more than one plan may change: {MOST}", objects.len())));
    }
    let mut once: Vec<ObjectRef> = Vec::new();
    for object in objects {
        if !once.iter().any(|known| known.same(object)) {
            once.push(object.clone());
        }
    }
    let objects = &once[..];
    let kinds = live::kinds(client, objects).await?;
    let found = live::all(client, deed, objects, &kinds).await;
    let read: Vec<Read> = objects
        .iter()
        .zip(found)
        .map(|(object, found)| match found {
            Ok(found) => {
                let deed = named(deed, object, id);
                let act = found.live().and_then(|live| request(&deed, &live, now));
                Read { object: object.clone(), live: Some(found), act }
            }
            Err(why) => Read { object: object.clone(), live: None, act: Err(why) },
        })
        .collect();
    let wanted = read.iter().filter_map(|r| r.live.as_ref()).filter_map(|found| found.right(deed)).collect();
    let missing = rights::missing(client, wanted).await;
    let allowed = missing.as_ref().is_ok_and(Vec::is_empty);
    let mut around = around::look(client, deed, &read).await;
    if let (Deed::Free, [only]) = (deed, read.as_slice())
        && let Some(live) = only.live()
    {
        free::look(client, &live, now, &mut around).await;
    }
    let previews = show::previews(client, &read, allowed).await;
    let plan = show::show(&show::Inputs {
        id,
        now,
        cluster,
        deed,
        read: &read,
        missing: &missing,
        around,
        previews,
    });
    let parts = read.into_iter().filter_map(|r| {
        let from = r.live()?.place.path();
        let (found, act) = (r.live?, r.act.ok()?);
        Some(Part { object: r.object.to_string(), act, from, planned: Raw(found.object) })
    });
    let parts = parts.collect();
    Ok(Prepared { plan: Arc::new(plan), parts })
}

/// Returns the deed with what only the plan gives it: the name of a Job that it makes, and the operation in it.
fn named(deed: &Deed, object: &ObjectRef, id: PlanId) -> Deed {
    match deed {
        Deed::Trigger { name, .. } => {
            let made = || {
                format!("{}-{}", object.name.as_str().get(..50).unwrap_or(object.name.as_str()), id.short())
            };
            let name = if name.is_empty() { made() } else { name.clone() };
            Deed::Trigger { name, operation: id.to_string() }
        }
        other => signed(other.clone()),
    }
}

/// Returns a deed that is written onto objects with the name of whoever asks for it.
fn signed(mut deed: Deed) -> Deed {
    if let Deed::Flux { how: Flux::Suspend { by, .. } }
    | Deed::App { how: App::Back { by, .. } | App::AutoSync { by, .. } | App::Sync { by } } = &mut deed
        && by.is_empty()
    {
        *by = Who::here(&|name| std::env::var(name).ok()).name();
    }
    deed
}

/// Makes the request, unless somebody else writes the object. Pods are nobody's but their controller's.
fn request(deed: &Deed, live: &Live<'_>, now: Ts) -> std::result::Result<Act, Refusal> {
    let is_pod = live.place.group.is_empty() && live.place.kind == "Pod";
    // A Rollout is its own owner: what is done to it is done the right way. How far it goes is its status, which nobody else
    // writes; and what holds an owner back is said to the owner itself.
    let is_rollouts = matches!(deed, Deed::Step { .. } | Deed::Flux { .. } | Deed::App { .. })
        || (deed.applies_to(&live.place.group, &live.place.kind) && show::is_rollout(live));
    let act = deed.request(live, now)?;
    match show::owned(live.object) {
        Some(owned) if !(is_pod || is_rollouts) => Err(owned),
        _ => Ok(act),
    }
}

impl Read {
    fn live(&self) -> Option<Live<'_>> {
        self.live.as_ref().and_then(|found| found.live().ok())
    }
}
