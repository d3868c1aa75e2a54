//! What Flux, Argo CD and Argo Rollouts look after, as their own objects tell: how it is, what is deployed, and whether
//! somebody holds it back.
//!
//! Data only: nothing is asked. Facts: Flux' `Ready` condition, `spec.suspend` and `status`; Argo CD's `status.sync`,
//! `status.health` and `spec.syncPolicy.automated`; Argo Rollouts' `status.phase`, `spec.paused` and `status.abort`.

use serde::Serialize;
use serde_json::Value;

use super::deed::{Hold, argocd, flux};
use crate::core::ids::Gvk;
use crate::core::{ClusterId, Name, ObjectRef, Safe, Uid, Untrusted};

/// How long a text of an object may be.
const LONGEST: usize = 300;
/// How much of a commit's id is shown.
const COMMIT: usize = 12;

/// Who looks after objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keeper {
    /// Flux' controllers.
    Flux,
    /// Argo CD's application controller.
    ArgoCd,
    /// Argo Rollouts' controller.
    Rollouts,
}

impl Keeper {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Flux, Self::ArgoCd, Self::Rollouts];

    /// Returns its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flux => "Flux",
            Self::ArgoCd => "Argo CD",
            Self::Rollouts => "Argo Rollouts",
        }
    }
}

/// A kind of objects that one of them has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Whose.
    pub keeper: Keeper,
    /// API group.
    pub group: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// Plural, as in paths.
    pub plural: &'static str,
}

const SOURCES: &str = "source.toolkit.fluxcd.io";

const fn listing(keeper: Keeper, group: &'static str, kind: &'static str, plural: &'static str) -> Listing {
    Listing { keeper, group, kind, plural }
}

/// Every kind.
pub const LISTINGS: [Listing; 9] = [
    listing(Keeper::Flux, "helm.toolkit.fluxcd.io", "HelmRelease", "helmreleases"),
    listing(Keeper::Flux, "kustomize.toolkit.fluxcd.io", "Kustomization", "kustomizations"),
    listing(Keeper::Flux, SOURCES, "GitRepository", "gitrepositories"),
    listing(Keeper::Flux, SOURCES, "OCIRepository", "ocirepositories"),
    listing(Keeper::Flux, SOURCES, "HelmRepository", "helmrepositories"),
    listing(Keeper::Flux, SOURCES, "HelmChart", "helmcharts"),
    listing(Keeper::Flux, SOURCES, "Bucket", "buckets"),
    listing(Keeper::ArgoCd, "argoproj.io", "Application", "applications"),
    listing(Keeper::Rollouts, "argoproj.io", "Rollout", "rollouts"),
];

/// How an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Something is wrong.
    Bad,
    /// It is on its way, or waits for somebody.
    Moving,
    /// All is as it should be.
    Good,
}

/// One object that is looked after.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Which.
    pub object: ObjectRef,
    /// The namespace that it deploys into; its own where it names no other.
    pub into: Name,
    /// By whom.
    pub keeper: Keeper,
    /// How it is.
    pub standing: Standing,
    /// The same in its keeper's words: `Synced, Healthy`.
    pub state: Safe,
    /// What is deployed: a chart's version, a commit, a step.
    pub at: Safe,
    /// In which way it is held back, where it is: `suspended`, `auto-sync off`, `paused`, `aborted`.
    pub held: Option<&'static str>,
    /// By whom, why and until when, as far as it is told.
    pub hold: Hold,
    /// What its keeper says of it.
    pub says: Safe,
}

impl Kept {
    /// Reads an item of a list; `None` where it has no name.
    pub fn of(listing: &Listing, version: &str, cluster: &ClusterId, item: &Value) -> Option<Self> {
        let text = |at: &str| item.pointer(at).and_then(Value::as_str).unwrap_or_default();
        let namespace = text("/metadata/namespace");
        let object = ObjectRef {
            cluster: cluster.clone(),
            gvk: Gvk { group: listing.group.into(), version: version.into(), kind: listing.kind.into() },
            namespace: if namespace.is_empty() { Name::default() } else { Name::lossy(namespace) },
            name: Name::new(text("/metadata/name"))?,
            uid: Uid::new(text("/metadata/uid")),
        };
        let targets = ["/spec/targetNamespace", "/spec/destination/namespace"];
        let into = targets.into_iter().map(text).find(|to| !to.is_empty()).unwrap_or(namespace);
        let told = match listing.keeper {
            Keeper::Flux => of_flux(item),
            Keeper::ArgoCd => of_application(item),
            Keeper::Rollouts => of_rollout(item),
        };
        Some(Self {
            into: if into.is_empty() { Name::default() } else { Name::lossy(into) },
            object,
            keeper: listing.keeper,
            standing: told.standing,
            state: safe(&told.state),
            at: safe(&told.at),
            hold: if told.held.is_some() { Hold::of(item) } else { Hold::default() },
            held: told.held,
            says: safe(&told.says),
        })
    }
}

struct Told {
    standing: Standing,
    state: String,
    at: String,
    held: Option<&'static str>,
    says: String,
}

fn safe(text: &str) -> Safe {
    Untrusted::from(text).clipped(LONGEST)
}

fn text<'a>(item: &'a Value, at: &str) -> &'a str {
    item.pointer(at).and_then(Value::as_str).unwrap_or_default()
}

fn items<'a>(item: &'a Value, at: &str) -> &'a [Value] {
    item.pointer(at).and_then(Value::as_array).map_or(&[][..], Vec::as_slice)
}

fn of_flux(item: &Value) -> Told {
    let condition = |kind: &str| items(item, "/status/conditions").iter().find(|c| text(c, "/type") == kind);
    let ready = condition("Ready");
    let is = |value: &str| ready.is_some_and(|c| text(c, "/status") == value);
    let (standing, state) = match () {
        () if flux::is_busy(item) => (Standing::Moving, "reconciling".to_owned()),
        () if is("True") => (Standing::Good, "ready".to_owned()),
        () if is("False") => (Standing::Bad, ready.map_or("", |c| text(c, "/reason")).to_owned()),
        () => (Standing::Moving, "not told yet".to_owned()),
    };
    let deployed = [
        "/status/history/0/chartVersion",
        "/status/lastAppliedRevision",
        "/status/artifact/revision",
        "/status/lastAttemptedRevision",
    ];
    let at = deployed.into_iter().map(|at| text(item, at)).find(|at| !at.is_empty()).unwrap_or_default();
    Told {
        standing,
        state,
        at: at.to_owned(),
        held: flux::is_held(item).then_some("suspended"),
        says: ready.map_or("", |c| text(c, "/message")).to_owned(),
    }
}

fn of_application(item: &Value) -> Told {
    let or = |at: &str| Some(text(item, at)).filter(|t| !t.is_empty()).unwrap_or("Unknown").to_owned();
    let (sync, health) = (or("/status/sync/status"), or("/status/health/status"));
    let phase = text(item, "/status/operationState/phase");
    let asked = item.get("operation").is_some_and(|operation| !operation.is_null());
    let error = items(item, "/status/conditions").iter().find(|c| text(c, "/type").ends_with("Error"));
    let failed = matches!(phase, "Failed" | "Error");
    let standing = match () {
        () if error.is_some() || failed || matches!(health.as_str(), "Degraded" | "Missing") => Standing::Bad,
        () if asked || phase == "Running" => Standing::Moving,
        () if sync == "Synced" && health == "Healthy" => Standing::Good,
        () => Standing::Moving,
    };
    let last = items(item, "/status/history").last();
    let revision = |past: &Value| match items(past, "/revisions") {
        [] => short(text(past, "/revision")),
        all => all.iter().filter_map(Value::as_str).map(short).collect::<Vec<_>>().join(", "),
    };
    let id = |past: &Value| past.get("id").and_then(Value::as_i64).unwrap_or_default();
    let says = match error {
        Some(error) => text(error, "/message"),
        None => text(item, "/status/operationState/message"),
    };
    // One that never was automatic is nobody's to turn on again.
    let policy = item.pointer("/spec/syncPolicy/automated").is_some_and(|policy| !policy.is_null());
    let held = !argocd::is_automated(item) && (policy || Hold::of(item) != Hold::default());
    let moves = if asked || phase == "Running" { ", syncing" } else { "" };
    Told {
        standing,
        state: format!("{sync}, {health}{moves}"),
        at: last.map_or_else(String::new, |past| format!("{}: {}", id(past), revision(past))),
        held: held.then_some("auto-sync off"),
        says: says.to_owned(),
    }
}

/// Returns the beginning of a commit's id; a version as it is.
fn short(revision: &str) -> String {
    let is_commit = revision.len() == 40 && revision.bytes().all(|b| b.is_ascii_hexdigit());
    if is_commit { revision.chars().take(COMMIT).collect() } else { revision.to_owned() }
}

fn of_rollout(item: &Value) -> Told {
    let flag = |at: &str| item.pointer(at).and_then(Value::as_bool).unwrap_or(false);
    let phase = Some(text(item, "/status/phase")).filter(|phase| !phase.is_empty()).unwrap_or("not told yet");
    let standing = match phase {
        "Healthy" => Standing::Good,
        "Degraded" => Standing::Bad,
        _ => Standing::Moving,
    };
    let steps = items(item, "/spec/strategy/canary/steps").len();
    let step = item.pointer("/status/currentStepIndex").and_then(Value::as_u64);
    let held = match () {
        () if flag("/status/abort") => Some("aborted"),
        () if flag("/spec/paused") => Some("paused"),
        () => None,
    };
    Told {
        standing,
        state: phase.to_owned(),
        at: match step {
            Some(step) if steps > 0 => format!("step {step} of {steps}"),
            _ => String::new(),
        },
        held,
        says: text(item, "/status/message").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use serde_json::json;

    use super::*;

    fn read(kind: &str, mut object: Value) -> Kept {
        object["metadata"]["name"] = "momo".into();
        let listing = LISTINGS.iter().find(|l| l.kind == kind).unwrap();
        Kept::of(listing, "v1", &ClusterId("c".into()), &object).unwrap()
    }

    fn told(kept: &Kept) -> (Standing, &str, &str, Option<&str>) {
        (kept.standing, kept.state.as_str(), kept.at.as_str(), kept.held)
    }

    fn condition(kind: &str, status: &str, reason: &str) -> Value {
        json!({"type": kind, "status": status, "reason": reason, "message": "says so"})
    }

    #[test]
    fn a_helm_release_tells_its_chart_and_who_holds_it() {
        let object = json!({
            "metadata": {"namespace": "flux", "annotations": {
                "deckwatch.dev/suspended-by": "ops", "deckwatch.dev/suspended-why": "5xx"}},
            "spec": {"suspend": true},
            "status": {"history": [{"chartVersion": "1.2.3"}], "conditions": [condition("Ready", "True", "x")]},
        });
        let kept = read("HelmRelease", object);
        assert_eq!(told(&kept), (Standing::Good, "ready", "1.2.3", Some("suspended")));
        assert_eq!((kept.hold.by.unwrap().as_str(), kept.says.as_str()), ("ops", "says so"));
        let bad = json!({"status": {"conditions": [condition("Ready", "False", "UpgradeFailed")]}});
        assert_eq!(told(&read("HelmRelease", bad)), (Standing::Bad, "UpgradeFailed", "", None));
        let busy = [condition("Ready", "False", "x"), condition("Reconciling", "True", "Progressing")];
        let busy = read(
            "Kustomization",
            json!({"status": {"conditions": busy, "lastAppliedRevision": "main@sha1:1"}}),
        );
        assert_eq!(told(&busy), (Standing::Moving, "reconciling", "main@sha1:1", None));
        assert_eq!(read("Bucket", json!({})).standing, Standing::Moving);
    }

    #[test]
    fn an_application_tells_its_last_deployment_and_whether_it_was_automatic() {
        let of = |policy: Value, more: Value| {
            let mut object = json!({
                "spec": {"syncPolicy": policy},
                "status": {"sync": {"status": "OutOfSync"}, "health": {"status": "Healthy"},
                    "history": [{"id": 4, "revision": "a"}, {"id": 5, "revision": "b".repeat(40)}]},
            });
            for (key, value) in more.as_object().unwrap() {
                object["status"][key] = value.clone();
            }
            read("Application", object)
        };
        let off = of(json!({"automated": {"enabled": false}}), json!({}));
        let at = "5: bbbbbbbbbbbb";
        assert_eq!(told(&off), (Standing::Moving, "OutOfSync, Healthy", at, Some("auto-sync off")));
        let running = of(json!({"automated": {}}), json!({"operationState": {"phase": "Running"}}));
        assert_eq!(told(&running), (Standing::Moving, "OutOfSync, Healthy, syncing", at, None));
        let failed =
            json!({"operationState": {"phase": "Failed", "message": "no"}, "sync": {"status": "Synced"}});
        let failed = of(json!({}), failed);
        assert_eq!(told(&failed), (Standing::Bad, "Synced, Healthy", at, None));
        assert_eq!(failed.says.as_str(), "no");
        let good = of(json!({}), json!({"sync": {"status": "Synced"}}));
        assert_eq!(good.standing, Standing::Good);
        let broken = json!({"conditions": [{"type": "ComparisonError", "message": "no such path"}]});
        let broken = of(json!({}), broken);
        assert_eq!((broken.standing, broken.says.as_str()), (Standing::Bad, "no such path"));
    }

    #[test]
    fn a_rollout_tells_its_step_and_that_it_was_given_up() {
        let of = |status: Value, paused: bool| {
            read(
                "Rollout",
                json!({"status": status, "spec": {"paused": paused,
                "strategy": {"canary": {"steps": [{}, {}]}}}}),
            )
        };
        let paused =
            of(json!({"phase": "Paused", "currentStepIndex": 1, "message": "CanaryPauseStep"}), false);
        assert_eq!(told(&paused), (Standing::Moving, "Paused", "step 1 of 2", None));
        let aborted = of(json!({"phase": "Degraded", "currentStepIndex": 0, "abort": true}), false);
        assert_eq!(told(&aborted), (Standing::Bad, "Degraded", "step 0 of 2", Some("aborted")));
        let held = of(json!({"phase": "Healthy", "currentStepIndex": 2}), true);
        assert_eq!(told(&held), (Standing::Good, "Healthy", "step 2 of 2", Some("paused")));
    }

    #[test]
    fn each_tells_the_namespace_that_it_deploys_into() {
        let into = |spec: Value| {
            let object = json!({"metadata": {"namespace": "own"}, "spec": spec});
            read("Application", object).into.as_str().to_owned()
        };
        assert_eq!(into(json!({"destination": {"namespace": "shop"}})), "shop");
        assert_eq!(into(json!({"targetNamespace": "shop"})), "shop");
        assert_eq!(into(json!({})), "own");
    }

    #[test]
    fn what_has_no_name_is_passed_over_and_garbage_is_read() {
        let listing = &LISTINGS[0];
        assert_eq!(Kept::of(listing, "v1", &ClusterId("c".into()), &json!({})), None);
        for kind in LISTINGS.map(|l| l.kind) {
            let kept = read(kind, json!({"spec": [], "status": {"conditions": "x", "history": 3}}));
            assert_ne!(kept.standing, Standing::Good);
        }
    }
}
