//! The plan of a drain in the words that it is shown, confirmed and journalled in.

use std::collections::BTreeSet;

use futures::StreamExt as _;
use serde_json::Value;

use super::super::super::{rights::Right, said};
use super::super::{live, show};
use super::Ending;
use super::gather::Around;
use crate::core::action::Risk;
use crate::core::{ClusterId, Error, Name, ObjectRef, Resource, Safe, Ts};
use crate::ops::deed::drain::{self, Drain, Options, PodOn};
use crate::ops::deed::{Act, Deed, Live, Refusal};
use crate::ops::plan::{Deeds, Doing, Item, Preview};
use crate::ops::{Plan, PlanId};
use crate::sources::kube::Client;

/// How many dry runs are under way at once.
const AT_ONCE: usize = 8;

/// A node or a pod, and what is asked for it.
#[derive(Debug)]
pub struct Target {
    /// Which.
    pub object: ObjectRef,
    /// As it was read.
    pub live: Value,
    /// The request; none where nothing is to be asked.
    pub act: Option<Act>,
}

/// What is done to whom.
#[derive(Debug)]
pub struct Chosen {
    /// The cluster.
    cluster: ClusterId,
    /// The nodes that the plan is about.
    about: Vec<ObjectRef>,
    options: Options,
    /// The nodes.
    pub nodes: Vec<Target>,
    /// The pods.
    pub pods: Vec<Target>,
    /// Pods that end already.
    pub ending: Vec<Ending>,
    /// The choice of each node.
    drains: Vec<Drain>,
    refusals: Vec<String>,
}

/// Chooses what is cordoned and evicted.
pub fn choose(
    cluster: &ClusterId,
    options: &Options,
    nodes: &[ObjectRef],
    found: Vec<Result<live::Found, Refusal>>,
    around: &Around,
    now: Ts,
) -> Chosen {
    let mut chosen = Chosen {
        cluster: cluster.clone(),
        about: nodes.to_vec(),
        options: options.clone(),
        nodes: Vec::new(),
        pods: Vec::new(),
        ending: Vec::new(),
        drains: Vec::new(),
        refusals: Vec::new(),
    };
    for (node, found) in nodes.iter().zip(found) {
        match found {
            Ok(found) => chosen.node(node, found, around, now),
            Err(why) => chosen.refusals.push(format!("{node}: {why}")),
        }
    }
    chosen
}

impl Chosen {
    fn node(&mut self, node: &ObjectRef, found: live::Found, around: &Around, now: Ts) {
        let act = found.live().and_then(|live| {
            let owned = show::owned(live.object);
            owned.map_or_else(|| Deed::Cordon.request(&live, now), Err)
        });
        match &act {
            // That no new pods come is what is wanted.
            Ok(_) | Err(Refusal::Already(_)) => {}
            Err(why) => self.refusals.push(format!("{node}: {why}")),
        }
        let drain = drain::choose(
            &found.object,
            &around.pods,
            &around.budgets,
            Some(&around.daemon_sets),
            &self.options,
            now,
        );
        for leaving in &drain.leaving {
            self.pod(&leaving.pod, around, now);
        }
        self.refusals.extend(drain.refusals().iter().map(ToString::to_string));
        self.drains.push(drain);
        self.nodes.push(Target { object: node.clone(), live: found.object, act: act.ok() });
    }

    fn pod(&mut self, pod: &PodOn, around: &Around, now: Ts) {
        let (namespace, name) = (pod.namespace.as_str(), pod.name.as_str());
        let object = ObjectRef::new(&self.cluster, Resource::Pod, namespace, name, &pod.uid);
        let uid = |p: &&Value| p.pointer("/metadata/uid").and_then(Value::as_str) == Some(&*pod.uid);
        let Some(found) = around.pods.iter().find(uid) else { return };
        let evict = Deed::Evict { grace_s: self.options.grace_s };
        let asked = Live::builtin(found, &[]).map(|live| (live.place.path(), evict.request(&live, now)));
        match asked {
            Ok((_, Ok(act))) => self.pods.push(Target { object, live: found.clone(), act: Some(act) }),
            Ok((path, Err(Refusal::Terminating(_)))) => {
                self.ending.push(Ending { object: object.to_string(), path, uid: pod.uid.clone() });
            }
            Ok((_, Err(why))) | Err(why) => self.refusals.push(format!("{object}: {why}")),
        }
    }

    /// Returns what must be allowed.
    pub fn rights(&self) -> BTreeSet<Right> {
        let right = |target: &Target| {
            let act = target.act.as_ref()?;
            let evicts = act.subresource.is_some();
            Some(Right {
                verb: if evicts { "create" } else { "patch" },
                group: String::new(),
                resource: act.place.plural.clone(),
                subresource: act.subresource.clone(),
                namespace: act.place.namespace.clone(),
                name: act.place.name.clone(),
            })
        };
        self.targets().filter_map(right).collect()
    }

    fn targets(&self) -> impl Iterator<Item = &Target> {
        self.nodes.iter().chain(&self.pods)
    }

    fn losses(&self) -> bool {
        self.drains.iter().flat_map(|d| &d.leaving).any(|leaving| !leaving.losses.is_empty())
    }
}

/// Asks for a dry run of every request, in the order of [`Chosen::nodes`] and [`Chosen::pods`].
pub async fn previews(client: &Client, chosen: &Chosen, allowed: bool) -> Vec<(Preview, Option<Value>)> {
    let ask = |act: Option<Act>| async move {
        match act {
            Some(act) => match show::preview(client, act, allowed).await {
                // A pod that has gone meanwhile is what is wanted.
                (Preview::Refused(why), _) if why.as_str().contains("not found") => {
                    (Preview::Computed(why), None)
                }
                preview => preview,
            },
            None => (Preview::Nothing, None),
        }
    };
    let asks: Vec<_> = chosen.targets().map(|target| ask(target.act.clone())).collect();
    futures::stream::iter(asks).buffered(AT_ONCE).collect().await
}

/// Returns the plan as it is shown.
pub fn show(
    id: PlanId,
    now: Ts,
    chosen: &Chosen,
    missing: &Result<Vec<String>, Error>,
    previews: Vec<(Preview, Option<Value>)>,
    unread: Vec<Safe>,
) -> Plan {
    let deed = Deed::Drain(chosen.options.clone());
    let item = |(target, (preview, result)): (&Target, (Preview, Option<Value>))| -> Option<Item> {
        let act = target.act.as_ref()?;
        let live = Live::builtin(&target.live, &[]).ok()?;
        Some(show::item(&target.object, act, &live, &preview, result.as_ref(), &chosen.cluster))
    };
    let items: Vec<Item> = chosen.targets().zip(previews).filter_map(item).collect();
    let mut refusals = chosen.refusals.clone();
    if let Ok(missing) = missing {
        refusals.extend(Plan::missing(missing));
    }
    for item in &items {
        if let Preview::Refused(why) = &item.preview {
            refusals.push(format!("the server's dry run refuses {}: {why}", item.object));
        }
    }
    if items.is_empty() && chosen.ending.is_empty() && refusals.is_empty() {
        refusals.push("it is cordoned already and no pod has to leave".to_owned());
    }
    let about: Vec<&ObjectRef> = chosen.about.iter().collect();
    Plan {
        id,
        made_at: now,
        namespace: Name::default(),
        what: Doing::Deed(Box::new(Deeds::of(&deed, &about))),
        why: Vec::new(),
        owner: Safe::own("no Flux, no Argo CD, no Rollout"),
        rights: show::rights(missing),
        items,
        refusals,
        notes: show::unasked(missing).into_iter().chain(notes(chosen, unread)).collect(),
        risk: if chosen.losses() { Risk::Destructive } else { deed.risk() },
        // Asked apart.
        user: Safe::default(),
        skew: None,
    }
}

/// Whom budgets hold comes first, then what is lost and who stays.
fn notes(chosen: &Chosen, unread: Vec<Safe>) -> Vec<Safe> {
    let mut notes: Vec<Safe> = Vec::new();
    let budgets = chosen.drains.iter().flat_map(|d| &d.budgets).filter_map(drain::Budget::told);
    notes.extend(budgets);
    notes.extend(unread);
    notes.extend(chosen.drains.iter().flat_map(Drain::warnings));
    for target in &chosen.nodes {
        if let (Ok(live), Some(_)) = (Live::builtin(&target.live, &[]), &target.act) {
            notes.extend(Deed::Drain(chosen.options.clone()).warnings(&live));
        } else {
            notes.push(said(format!("{} is cordoned already", target.object)));
        }
    }
    let ending = chosen.ending.iter().map(|e| format!("{} is ending already: it is waited for", e.object));
    notes.extend(ending.map(said));
    notes
}
