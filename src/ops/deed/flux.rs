//! Holding Flux back from an object, letting it go on, and asking it to look now.
//!
//! As the `flux` command does it: `spec.suspend`, and the annotation that asks for a reconciliation. Who holds it, why and
//! until when stands on the object itself ([`Hold`]). Where Flux' own Kustomization writes `spec.suspend`, holding
//! the object would be undone within the minute: then the Kustomization is to be held.
//! Facts: flux2 `cmd/flux/{suspend,resume,reconcile}.go`, kustomize-controller's server-side apply. Not proven with the
//! controllers.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::act::{Act, Content};
use super::hold::{self, Hold};
use super::live::{Live, flag, items, tag, text};
use super::refusal::Refusal;
use crate::core::{Ts, Zone};

/// The annotation that asks for a reconciliation.
const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "flux", rename_all = "kebab-case")]
pub enum Flux {
    /// Flux leaves it alone from now on.
    Suspend {
        /// Who holds it.
        by: String,
        /// Why.
        why: String,
        /// Until when; as long as nobody resumes it when left out.
        until: Option<Ts>,
    },
    /// Flux goes on with it.
    Resume,
    /// Flux looks at it now.
    Reconcile,
}

impl Flux {
    /// Returns its name in journal, command line and menu.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Suspend { .. } => "flux-suspend",
            Self::Resume => "flux-resume",
            Self::Reconcile => "flux-reconcile",
        }
    }
}

/// Whether Flux reconciles objects of the kind.
pub(super) fn is_flux(group: &str, kind: &str) -> bool {
    matches!(
        (group, kind),
        ("helm.toolkit.fluxcd.io", "HelmRelease")
            | ("kustomize.toolkit.fluxcd.io", "Kustomization")
            | (
                "source.toolkit.fluxcd.io",
                "GitRepository" | "HelmRepository" | "HelmChart" | "OCIRepository" | "Bucket"
            )
    )
}

pub(super) fn flux(live: &Live<'_>, flux: &Flux, now: Ts) -> Result<Act, Refusal> {
    let held = is_held(live.object);
    match flux {
        Flux::Suspend { .. } if held => Err(Refusal::Already("already suspended")),
        Flux::Suspend { by, why, until } => suspend(live, (by, why), *until, now),
        Flux::Resume if !held => Err(Refusal::Already("not suspended")),
        Flux::Resume => {
            let there = hold::keys_of(live.object).into_iter();
            let annotations: Map<String, Value> = there.map(|key| (key.to_owned(), Value::Null)).collect();
            let change = json!({"spec": {"suspend": false}, "metadata": {"annotations": annotations}});
            Ok(Act::patch(live, Content::Merge, change)?.saying(["suspended yes → no".to_owned()]))
        }
        Flux::Reconcile if held => Err(Refusal::invalid("it is suspended: resume it first")),
        Flux::Reconcile => {
            let at = now.rfc3339_in(Zone::Utc);
            let words = format!("reconciliation asked for at {at}");
            let change = json!({"metadata": {"annotations": {REQUESTED_AT: at}}});
            Ok(Act::patch(live, Content::Merge, change)?.saying([words]))
        }
    }
}

fn suspend(live: &Live<'_>, (by, why): (&str, &str), until: Option<Ts>, now: Ts) -> Result<Act, Refusal> {
    if why.trim().is_empty() {
        return Err(Refusal::invalid("say why: whoever finds it suspended reads it"));
    }
    hold::check(why, until, now)?;
    if let Some(parent) = parent_that_owns_it(live) {
        return Err(Refusal::invalid(&format!(
            "{parent} writes its `spec.suspend` and would undo this: suspend that"
        )));
    }
    let annotations = hold::annotations(by, why, until, now);
    let change = json!({"spec": {"suspend": true}, "metadata": {"annotations": annotations}});
    let until = until.map_or_else(|| "somebody resumes it".to_owned(), |until| until.rfc3339_in(Zone::Utc));
    let words = ["suspended no → yes".to_owned(), format!("by {by}, until {until}: {why}")];
    Ok(Act::patch(live, Content::Merge, change)?.saying(words))
}

/// Returns the Kustomization that applies `spec.suspend`, as far as the object tells.
fn parent_that_owns_it(live: &Live<'_>) -> Option<String> {
    let applies = |entry: &&Value| {
        text(entry, "/operation") == "Apply" && entry.pointer("/fieldsV1/f:spec/f:suspend").is_some()
    };
    let owner = items(live.object, "/metadata/managedFields").find(applies)?;
    let label = |key: &str| tag(live.object, "labels", &format!("kustomize.toolkit.fluxcd.io/{key}"));
    Some(match (label("namespace"), label("name")) {
        (Some(namespace), Some(name)) => format!("Kustomization {namespace}/{name}"),
        _ => format!("field manager `{}`", text(owner, "/manager")),
    })
}

/// Returns what must be known before it is confirmed.
pub(super) fn warnings(live: &Live<'_>, flux: &Flux) -> Vec<String> {
    let mut told = Vec::new();
    let object = live.object;
    match flux {
        Flux::Suspend { .. } => {
            if is_busy(object) {
                told.push(
                    "Flux is at work on it: that is not stopped by this; wait until it is idle".to_owned(),
                );
            }
            told.push("until it is resumed, what is committed to git does not arrive".to_owned());
        }
        Flux::Resume => {
            told.push(format!("it is {}", Hold::of(object).words(Zone::Utc)));
            told.push(will_deploy(object));
        }
        Flux::Reconcile => told.push(will_deploy(object)),
    }
    told
}

/// Whether Flux leaves an object of its own alone.
pub fn is_held(object: &Value) -> bool {
    flag(object, "/spec/suspend")
}

/// Whether a controller is in the midst of a reconciliation.
pub fn is_busy(object: &Value) -> bool {
    items(object, "/status/conditions")
        .any(|condition| text(condition, "/type") == "Reconciling" && text(condition, "/status") == "True")
}

/// Tells what Flux will deploy, as far as the object tells.
pub fn will_deploy(object: &Value) -> String {
    let wanted = [
        ("/spec/chart/spec/version", "chart version"),
        ("/spec/chartRef/name", "the chart of"),
        ("/status/lastAttemptedRevision", "revision"),
        ("/spec/path", "path"),
    ];
    let wanted = wanted.iter().map(|(at, what)| (text(object, at), what)).find(|(is, _)| !is.is_empty());
    let last = items(object, "/status/history").next();
    let last = last.map(|last| {
        format!("; its last release was {} {}", text(last, "/chartName"), text(last, "/chartVersion"))
    });
    match wanted {
        Some((is, what)) => {
            format!("Flux deploys again what git says: {what} {is}{}", last.unwrap_or_default())
        }
        None => format!("Flux deploys again what git says{}", last.unwrap_or_default()),
    }
}
