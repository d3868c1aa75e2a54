//! Which pods leave a node, which stay, and what stands in the way: the choice that `kubectl drain` makes.
//!
//! The node is cordoned first, and each pod leaves by an eviction of its own ([`super::Deed::Evict`]), again and again
//! where a budget refuses it, until all are gone: that is the driver's, here is only the choice.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::live::{controller, flag, items, tag, text, whole};
use super::refusal::clip;
use super::remove::MIRROR;
use super::selector::selects;
use crate::core::{Safe, Span, Ts};

/// What may be lost, and how long it may take.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Options {
    /// Leaves pods of DaemonSets where they are instead of refusing.
    pub ignore_daemonsets: bool,
    /// Lets pods go that keep data in emptyDir volumes.
    pub delete_emptydir: bool,
    /// Lets pods go that no controller brings back.
    pub force: bool,
    /// Seconds that each pod gets to end; none for its own.
    pub grace_s: Option<i64>,
    /// How long it may take until all are gone; none for [`LASTS`].
    pub timeout: Option<Span>,
    /// Passes over pods that have been ending for longer than that many seconds.
    pub skip_ending_s: Option<i64>,
}

/// How long a drain may take when nothing else is said.
pub const LASTS: Span = Span::mins(10);
/// The longest that one may be given: for that long the confirmation holds.
pub const LONGEST: Span = Span::hours(24);

impl Options {
    /// Returns how long it may take.
    pub fn lasts(&self) -> Span {
        self.timeout.unwrap_or(LASTS).min(LONGEST)
    }
}

/// A pod on the node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodOn {
    /// Namespace.
    pub namespace: Safe,
    /// Name.
    pub name: Safe,
    /// uid.
    pub uid: String,
}

impl fmt::Display for PodOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// Why a pod stays, goes with a loss, or stands in the way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// A DaemonSet made it: it would come back at once.
    DaemonSet,
    /// A DaemonSet made it that is not there any more.
    DaemonSetGone(Safe),
    /// It keeps data in emptyDir volumes.
    LocalStorage,
    /// No controller made it.
    Unmanaged,
    /// Its kubelet made it from a file.
    Mirror,
    /// It has been ending for a while.
    Ending,
}

impl Why {
    /// Returns what kubectl says where it refuses for this reason, and where it goes on in spite of it.
    pub fn kubectl(&self) -> (String, &'static str) {
        match self {
            Self::DaemonSet => (
                "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)".to_owned(),
                "ignoring DaemonSet-managed Pods",
            ),
            Self::DaemonSetGone(name) => (
                format!("cannot delete daemonsets.apps \"{name}\" not found"),
                "deleting Pods of a DaemonSet that is not there",
            ),
            Self::LocalStorage => (
                "cannot delete Pods with local storage (use --delete-emptydir-data to override)".to_owned(),
                "deleting Pods with local storage",
            ),
            Self::Unmanaged => (
                "cannot delete Pods that declare no controller (use --force to override)".to_owned(),
                "deleting Pods that declare no controller",
            ),
            Self::Mirror | Self::Ending => (String::new(), ""),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DaemonSet => f.write_str("a DaemonSet made it and would make it again"),
            Self::DaemonSetGone(name) => write!(f, "its DaemonSet `{name}` is not there any more"),
            Self::LocalStorage => f.write_str("its data in emptyDir volumes would be lost"),
            Self::Unmanaged => f.write_str("no controller made it: it would not come back"),
            Self::Mirror => f.write_str("it is a static pod of this node"),
            Self::Ending => f.write_str("it has been ending for a while"),
        }
    }
}

/// A pod that is evicted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// The pod.
    pub pod: PodOn,
    /// What is lost with it.
    pub losses: Vec<Why>,
    /// Whether a budget refuses its eviction now.
    pub held: bool,
}

/// What a budget says to the evictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hold {
    /// Two budgets choose one pod: the server evicts it never.
    Never,
    /// It allows no eviction now.
    Blocks,
    /// It allows some, and the others wait for new pods elsewhere.
    Waits,
    /// It allows all of them.
    Allows,
}

/// A PodDisruptionBudget that chooses pods which leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Namespace.
    pub namespace: Safe,
    /// Name.
    pub name: Safe,
    /// How many evictions it allows now.
    pub allowed: i64,
    /// How many healthy pods it needs.
    pub needs: i64,
    /// How many there are.
    pub healthy: i64,
    /// The pods that it chooses among those that leave and that count for it.
    pub pods: Vec<PodOn>,
    /// What it says.
    pub hold: Hold,
}

/// The choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drain {
    /// Pods that are evicted, those that can go at once first.
    pub leaving: Vec<Leaving>,
    /// Pods that stay, and why.
    pub staying: Vec<(PodOn, Why)>,
    /// Pods for which kubectl refuses to begin, and why. Nothing may be evicted while there is one.
    pub blockers: Vec<(PodOn, Why)>,
    /// The budgets, those that hold pods first.
    pub budgets: Vec<Budget>,
}

impl Budget {
    /// Returns what must be known of it before: whom it holds, and for how long. Nothing where it allows all.
    pub fn told(&self) -> Option<Safe> {
        let pods: Vec<String> = self.pods.iter().map(PodOn::to_string).collect();
        let Self { namespace, name, allowed, needs, healthy, .. } = self;
        let counts = format!("{healthy} healthy, {needs} needed");
        let why = match self.hold {
            Hold::Never | Hold::Allows => return None,
            Hold::Blocks => format!(
                "budget {namespace}/{name} allows no eviction now ({counts}): tried again and again for"
            ),
            Hold::Waits => format!(
                "budget {namespace}/{name} allows {allowed} of {} evictions now ({counts}), the rest as new pods get \
                 ready",
                pods.len()
            ),
        };
        Some(listed(&why, &pods))
    }
}

impl Drain {
    /// Returns why it can't be done, a line each: what kubectl refuses, and pods that the server evicts never.
    pub fn refusals(&self) -> Vec<Safe> {
        let mut refusals = self.errors();
        let never = self.budgets.iter().filter(|b| b.hold == Hold::Never);
        refusals.extend(never.map(|b| {
            let pods: Vec<String> = b.pods.iter().map(PodOn::to_string).collect();
            let why = format!(
                "budget {}/{} and another one choose the same pods, which the server never evicts",
                b.namespace, b.name
            );
            listed(&why, &pods)
        }));
        refusals
    }

    /// Returns what kubectl warns of, a line for each reason with its pods.
    pub fn warnings(&self) -> Vec<Safe> {
        let mut by_why: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        let stay = self.staying.iter().map(|(pod, why)| (pod, why));
        let leave = self.leaving.iter().flat_map(|l| l.losses.iter().map(move |why| (&l.pod, why)));
        for (pod, why) in stay.chain(leave) {
            let (_, warning) = why.kubectl();
            if !warning.is_empty() {
                by_why.entry(warning).or_default().push(pod.to_string());
            }
        }
        by_why.into_iter().map(|(why, pods)| listed(why, &pods)).collect()
    }

    /// Returns why it cannot begin, in kubectl's words, a line for each reason with its pods.
    pub fn errors(&self) -> Vec<Safe> {
        let mut by_why: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (pod, why) in &self.blockers {
            by_why.entry(why.kubectl().0).or_default().push(pod.to_string());
        }
        by_why.into_iter().map(|(why, pods)| listed(&why, &pods)).collect()
    }
}

fn listed(why: &str, pods: &[String]) -> Safe {
    let some = pods.iter().take(20).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = pods.len().saturating_sub(20);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Safe::of(&format!("{why}: {some}{more}"))
}

/// Chooses among the pods those that leave the node. Pods of other nodes are passed over.
///
/// `daemon_sets` are the DaemonSets that are there, as namespace and name; `None` when they may not be read: then a pod
/// that says it is of one is taken at its word.
pub fn choose(
    node: &Value,
    pods: &[Value],
    budgets: &[Value],
    daemon_sets: Option<&BTreeSet<(String, String)>>,
    options: &Options,
    now: Ts,
) -> Drain {
    let node = text(node, "/metadata/name");
    let mut drain = Drain::default();
    let mut leaving: Vec<(&Value, Leaving)> = Vec::new();
    let on_node = pods.iter().filter(|pod| !node.is_empty() && text(pod, "/spec/nodeName") == node);
    for pod in on_node {
        let name = named(pod);
        match judge(pod, daemon_sets, options, now) {
            Verdict::Leaves(losses) => leaving.push((pod, Leaving { pod: name, losses, held: false })),
            Verdict::Stays(why) => drain.staying.push((name, why)),
            Verdict::Blocks(why) => drain.blockers.push((name, why)),
        }
    }
    drain.budgets = weigh(&mut leaving, budgets);
    drain.leaving = leaving.into_iter().map(|(_, leaving)| leaving).collect();
    drain.leaving.sort_by(|a, b| (a.held, &a.pod).cmp(&(b.held, &b.pod)));
    drain.staying.sort();
    drain.blockers.sort();
    drain
}

fn named(object: &Value) -> PodOn {
    PodOn {
        namespace: clip(text(object, "/metadata/namespace")),
        name: clip(text(object, "/metadata/name")),
        uid: text(object, "/metadata/uid").to_owned(),
    }
}

enum Verdict {
    Leaves(Vec<Why>),
    Stays(Why),
    Blocks(Why),
}

fn judge(
    pod: &Value,
    daemon_sets: Option<&BTreeSet<(String, String)>>,
    options: &Options,
    now: Ts,
) -> Verdict {
    let ending = Ts::parse_rfc3339(text(pod, "/metadata/deletionTimestamp"));
    let limit = options.skip_ending_s.filter(|seconds| *seconds > 0);
    if ending.zip(limit).is_some_and(|(since, seconds)| (now - since).as_secs() > seconds) {
        return Verdict::Stays(Why::Ending);
    }
    let owner = controller(pod);
    let ended = matches!(text(pod, "/status/phase"), "Succeeded" | "Failed");
    let mut losses = Vec::new();
    let daemon = owner.filter(|o| text(o, "/kind") == "DaemonSet" && text(o, "/apiVersion") == "apps/v1");
    if let Some(owner) = daemon.filter(|_| !ended) {
        let key = (text(pod, "/metadata/namespace").to_owned(), text(owner, "/name").to_owned());
        let is_there = daemon_sets.is_none_or(|sets| sets.contains(&key));
        match (is_there, options.force, options.ignore_daemonsets) {
            (false, true, _) => losses.push(Why::DaemonSetGone(clip(&key.1))),
            (false, false, _) => return Verdict::Blocks(Why::DaemonSetGone(clip(&key.1))),
            (true, _, true) => return Verdict::Stays(Why::DaemonSet),
            (true, _, false) => return Verdict::Blocks(Why::DaemonSet),
        }
    }
    if tag(pod, "annotations", MIRROR).is_some() {
        return Verdict::Stays(Why::Mirror);
    }
    if ended {
        return Verdict::Leaves(losses);
    }
    if items(pod, "/spec/volumes").any(|volume| volume.get("emptyDir").is_some_and(|dir| !dir.is_null())) {
        if !options.delete_emptydir {
            return Verdict::Blocks(Why::LocalStorage);
        }
        losses.push(Why::LocalStorage);
    }
    if owner.is_none() {
        if !options.force {
            return Verdict::Blocks(Why::Unmanaged);
        }
        losses.push(Why::Unmanaged);
    }
    Verdict::Leaves(losses)
}

/// Finds the budgets of the pods that leave, as the server does when they are evicted.
fn weigh(leaving: &mut [(&Value, Leaving)], budgets: &[Value]) -> Vec<Budget> {
    let chosen: Vec<Vec<usize>> = leaving
        .iter()
        .map(|(pod, _)| if skips_budgets(pod) { Vec::new() } else { of_pod(pod, budgets) })
        .collect();
    let mut found = Vec::new();
    for (at, budget) in budgets.iter().enumerate() {
        let number = |field: &str| whole(budget, &format!("/status/{field}")).ok().flatten().unwrap_or(0);
        let pods = || chosen.iter().zip(leaving.iter()).filter(|(chosen, _)| chosen.contains(&at));
        let doubled = pods().any(|(chosen, _)| chosen.len() > 1);
        let counted: Vec<PodOn> = pods()
            .filter(|(chosen, (pod, _))| chosen.len() > 1 || counts(pod, budget))
            .map(|(_, (_, leaving))| leaving.pod.clone())
            .collect();
        if pods().count() == 0 {
            continue;
        }
        // A status that is older than the budget allows nothing yet.
        let generation = whole(budget, "/metadata/generation").ok().flatten().unwrap_or(0);
        let is_seen = number("observedGeneration") >= generation;
        let allowed = if is_seen { number("disruptionsAllowed").max(0) } else { 0 };
        let hold = match i64::try_from(counted.len()).unwrap_or(i64::MAX) {
            _ if doubled => Hold::Never,
            0 => Hold::Allows,
            _ if allowed == 0 => Hold::Blocks,
            pods if pods > allowed => Hold::Waits,
            _ => Hold::Allows,
        };
        let name = named(budget);
        let (needs, healthy) = (number("desiredHealthy"), number("currentHealthy"));
        found.push(Budget {
            namespace: name.namespace,
            name: name.name,
            allowed,
            needs,
            healthy,
            pods: counted,
            hold,
        });
    }
    for (chosen, (_, leaving)) in chosen.iter().zip(leaving.iter_mut()) {
        let blocks = |b: &Budget| b.hold <= Hold::Blocks && b.pods.contains(&leaving.pod);
        leaving.held = chosen.len() > 1 || found.iter().any(blocks);
    }
    found.sort_by(|a, b| (a.hold, &a.namespace, &a.name).cmp(&(b.hold, &b.namespace, &b.name)));
    found
}

fn of_pod(pod: &Value, budgets: &[Value]) -> Vec<usize> {
    let at = "/metadata/namespace";
    let of =
        |budget: &Value| text(budget, at) == text(pod, at) && selects(budget.pointer("/spec/selector"), pod);
    budgets.iter().enumerate().filter(|(_, budget)| of(budget)).map(|(at, _)| at).collect()
}

/// Pods that do not run any more or not yet are deleted without asking their budgets.
fn skips_budgets(pod: &Value) -> bool {
    matches!(text(pod, "/status/phase"), "Succeeded" | "Failed" | "Pending")
        || pod.pointer("/metadata/deletionTimestamp").is_some_and(|at| !at.is_null())
}

/// Whether the eviction of a pod counts for a budget: a pod that is not ready may go where enough others are healthy, or
/// where the budget says so.
fn counts(pod: &Value, budget: &Value) -> bool {
    let is_ready = items(pod, "/status/conditions")
        .any(|condition| text(condition, "/type") == "Ready" && text(condition, "/status") == "True");
    if is_ready {
        return true;
    }
    let number = |field: &str| whole(budget, &format!("/status/{field}")).ok().flatten().unwrap_or(0);
    let (needs, healthy) = (number("desiredHealthy"), number("currentHealthy"));
    let always = text(budget, "/spec/unhealthyPodEvictionPolicy") == "AlwaysAllow";
    !(always || (healthy >= needs && needs > 0))
}

/// Returns whether a node is cordoned.
pub fn is_cordoned(node: &Value) -> bool {
    flag(node, "/spec/unschedulable")
}
