//! Draining nodes: no new pods on them, and those that are there evicted as far as their budgets allow.
//!
//! `ops::deed::drain` chooses the pods; here their data is read, the plan made and carried out.

mod drive;
mod gather;
mod show;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::rights;
use super::{Part, live};
use crate::core::{ClusterId, Error, Kind, ObjectRef, Result, Span, Ts};
use crate::ops::deed::drain::Options;
use crate::ops::deed::{Deed, Raw};
use crate::ops::{Plan, PlanId};
use crate::sources::kube::Client;

pub(in crate::act) use drive::run;

/// How many nodes one plan may drain.
pub const NODES: usize = 10;
/// How many pods may be on them.
pub const PODS: usize = 1_000;

/// A plan with everything that carrying it out needs.
#[derive(Debug)]
pub struct Prepared {
    /// The plan as it is shown.
    pub plan: Arc<Plan>,
    /// What is done.
    pub job: Job,
}

/// What is done, in this order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The nodes that are cordoned; those that are so already are not among them.
    pub nodes: Vec<Part>,
    /// The pods that are evicted, those first that can go at once.
    pub pods: Vec<Part>,
    /// Pods that end already: they are waited for.
    pub ending: Vec<Ending>,
    /// How long it may take until all are gone.
    pub lasts: Span,
    /// The names of all nodes.
    pub names: Vec<String>,
    /// What may be lost.
    pub options: Options,
}

/// A pod that is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// In words.
    pub object: String,
    /// Where it is read.
    pub path: String,
    /// Its uid.
    pub uid: String,
}

/// Reads everything that a drain needs and makes the plan; nothing is written.
///
/// # Errors
/// Too many nodes or pods, pods that can't be listed.
pub async fn prepare(
    client: &Client,
    cluster: &ClusterId,
    id: PlanId,
    now: Ts,
    options: &Options,
    nodes: &[ObjectRef],
) -> Result<Prepared> {
    let wrong = |detail: String| Error::new(Kind::Refused, "plan a drain").detail(detail);
    let mut once: Vec<ObjectRef> = Vec::new();
    for node in nodes {
        if !once.iter().any(|known| known.same(node)) {
            once.push(node.clone());
        }
    }
    let nodes = &once[..];
    if nodes.is_empty() || nodes.len() > NODES {
        return Err(wrong(format!("{} nodes; one plan drains 1 to {NODES}", nodes.len())));
    }
    let deed = Deed::Drain(options.clone());
    if let Some(other) = nodes.iter().find(|n| !deed.applies_to(&n.gvk.group, &n.gvk.kind)) {
        return Err(wrong(format!("a {} can't be drained", other.gvk.kind)));
    }
    let kinds = live::kinds(client, nodes).await?;
    let found = live::all(client, &deed, nodes, &kinds).await;
    let around = gather::gather(client, nodes).await?;
    if around.pods.len() > PODS {
        return Err(wrong(format!("{} pods are more than one plan may evict: {PODS}", around.pods.len())));
    }
    let chosen = show::choose(cluster, options, nodes, found, &around, now);
    let missing = rights::missing(client, chosen.rights()).await;
    let previews = show::previews(client, &chosen, missing.as_ref().is_ok_and(Vec::is_empty)).await;
    let plan = show::show(id, now, &chosen, &missing, previews, around.notes);
    let part = |target: show::Target| {
        let act = target.act?;
        Some(Part {
            object: target.object.to_string(),
            from: act.place.path(),
            act,
            planned: Raw(target.live),
        })
    };
    let job = Job {
        nodes: chosen.nodes.into_iter().filter_map(part).collect(),
        pods: chosen.pods.into_iter().filter_map(part).collect(),
        ending: chosen.ending,
        lasts: options.lasts(),
        names: nodes.iter().map(|node| node.name.to_string()).collect(),
        options: options.clone(),
    };
    Ok(Prepared { plan: Arc::new(plan), job })
}
