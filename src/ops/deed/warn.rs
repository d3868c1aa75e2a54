//! What must be known before a deed is confirmed.
//!
//! Autoscalers are told of by who knows them, and what belongs to Flux, Argo CD or an Argo Rollout is refused elsewhere
//! (`deckwatch_helm::plan::find_owner` finds the owner).

use serde_json::Value;

use super::live::{Live, controller, flag, items, tag, text, whole};
use super::meta::LAST_APPLIED;
use super::refusal::clip;
use super::scale::replicas_of;
use super::{Cascade, Deed, argocd, canary, flux};
use crate::core::Safe;

impl Deed {
    /// Returns what must be known before it is done to the live object, a sentence each.
    pub fn warnings(&self, live: &Live<'_>) -> Vec<Safe> {
        let mut told = Vec::new();
        self.of_owners(live, &mut told);
        match self {
            Self::Restart => {
                rolling(live, &mut told);
                one_replica(live, &mut told);
            }
            Self::Undo { .. } => {
                if tag(live.object, "annotations", LAST_APPLIED).is_some() {
                    told.push("it was applied from a file: the next `kubectl apply` brings the file's template back".to_owned());
                }
                rolling(live, &mut told);
            }
            Self::SetImage { .. } | Self::SetResources { .. } => {
                if flag(live.object, "/spec/paused") {
                    told.push("it is paused: nothing rolls out until it is resumed".to_owned());
                } else {
                    rolling(live, &mut told);
                }
                if matches!(live.place.kind.as_str(), "ReplicaSet" | "ReplicationController") {
                    told.push("only pods that it makes from now on are changed".to_owned());
                }
            }
            Self::Resume => {
                told.push("what was changed while it was paused rolls out now".to_owned());
                rolling(live, &mut told);
            }
            Self::Scale { replicas, .. } => scaled(live, i64::from(*replicas), &mut told),
            Self::Delete { force, cascade, .. } => {
                gone(live, &mut told);
                if *force {
                    told.push("the API forgets it at once: what runs of it may go on running".to_owned());
                }
                if *cascade == Cascade::Orphan {
                    told.push("what belongs to it stays and has no owner any more".to_owned());
                }
                if *cascade == Cascade::Foreground {
                    told.push("it stays until all that belongs to it is gone".to_owned());
                }
            }
            Self::Evict { .. } => gone(live, &mut told),
            Self::Trigger { .. } => running(live, &mut told),
            Self::Unsuspend => {
                told.push("a run that was missed meanwhile may start at once".to_owned());
            }
            Self::Suspend => {
                if active(live) > 0 {
                    told.push("what runs already goes on".to_owned());
                }
            }
            Self::Cordon => told.push("pods that are on it stay".to_owned()),
            Self::Drain(_) => told.push("it takes no new pods until it is uncordoned".to_owned()),
            Self::Label { .. } if live.is("", "Pod") => {
                told.push("Services, budgets and its controller choose it by its labels".to_owned());
            }
            Self::Step { step } => told.extend(canary::warnings(live, *step)),
            Self::Flux { how } => told.extend(flux::warnings(live, how)),
            Self::App { how } => told.extend(argocd::warnings(live, how)),
            // What is told of it stands around it.
            Self::Free
            | Self::Edit { .. }
            | Self::Label { .. }
            | Self::Annotate { .. }
            | Self::Pause
            | Self::Uncordon => {}
        }
        told.iter().map(|text| clip(text)).collect()
    }

    /// Helm, and the controller that made the object.
    fn of_owners(&self, live: &Live<'_>, told: &mut Vec<String>) {
        let on_pods = matches!(self, Self::Delete { .. } | Self::Evict { .. } | Self::Restart)
            || matches!(self, Self::Trigger { .. } | Self::Cordon | Self::Uncordon | Self::Drain(_));
        if let Some(release) = helm_release(live.object) {
            if matches!(self, Self::Delete { .. }) {
                told.push(format!("{release} made it: its next upgrade or rollback makes it again"));
            } else if !on_pods {
                told.push(format!("{release} made it: its next upgrade or rollback may overwrite this"));
            }
        }
        let owner = controller(live.object).filter(|_| !live.is("", "Pod") && !on_pods);
        if let Some(owner) = owner {
            let (kind, name) = (text(owner, "/kind"), text(owner, "/name"));
            told.push(format!("{kind} `{name}` controls it and may set it back"));
        } else if let (Some(owner), Self::Delete { .. }) = (controller(live.object), self)
            && !live.is("", "Pod")
        {
            let (kind, name) = (text(owner, "/kind"), text(owner, "/name"));
            told.push(format!("{kind} `{name}` controls it and may make it again"));
        }
    }
}

fn helm_release(object: &Value) -> Option<String> {
    match tag(object, "annotations", "meta.helm.sh/release-name") {
        Some(release) => Some(format!("Helm release `{release}`")),
        None => (tag(object, "labels", "app.kubernetes.io/managed-by") == Some("Helm"))
            .then(|| "a Helm release".to_owned()),
    }
}

fn number(live: &Live<'_>, at: &str) -> i64 {
    whole(live.object, at).ok().flatten().unwrap_or(0)
}

/// How the pods of a workload are replaced.
fn rolling(live: &Live<'_>, told: &mut Vec<String>) {
    let object = live.object;
    match live.place.kind.as_str() {
        "Deployment" => {
            let replicas = replicas_of(object).unwrap_or(1);
            if text(object, "/spec/strategy/type") == "Recreate" {
                told.push("strategy Recreate: all its pods end before the first new one starts".to_owned());
            } else {
                let away = unavailable(object, replicas);
                if away > 0 && away.saturating_mul(2) >= replicas {
                    told.push(format!(
                        "up to {away} of {replicas} pods are away at the same time (maxUnavailable)"
                    ));
                }
            }
        }
        "StatefulSet" | "DaemonSet" if text(object, "/spec/updateStrategy/type") == "OnDelete" => {
            told.push("strategy OnDelete: a pod is replaced only when it is deleted".to_owned());
        }
        "StatefulSet" => {
            let partition = number(live, "/spec/updateStrategy/rollingUpdate/partition");
            if partition > 0 {
                told.push(format!("partition {partition}: pods below that number stay as they are"));
            }
        }
        _ => {}
    }
    let seconds = number(live, "/spec/minReadySeconds");
    if seconds > 0 {
        told.push(format!("minReadySeconds: each new pod must be ready for {seconds} s before it counts"));
    }
}

fn one_replica(live: &Live<'_>, told: &mut Vec<String>) {
    let has_one = replicas_of(live.object) == Ok(1);
    let at_once =
        live.is("apps", "StatefulSet") && text(live.object, "/spec/updateStrategy/type") != "OnDelete";
    let gap = live.is("apps", "Deployment")
        && (text(live.object, "/spec/strategy/type") == "Recreate" || unavailable(live.object, 1) > 0);
    if has_one && (at_once || gap) {
        told.push("its only pod is replaced: nothing serves meanwhile".to_owned());
    } else if has_one && live.is("apps", "Deployment") {
        told.push("it has one replica: there is no spare if the new pod does not become ready".to_owned());
    }
}

/// How many pods a rolling update may take away, as the Deployment's controller counts.
fn unavailable(object: &Value, replicas: i64) -> i64 {
    let scaled =
        |field: &str, up: bool| match object.pointer(&format!("/spec/strategy/rollingUpdate/{field}")) {
            Some(Value::String(text)) => {
                let percent: i64 = text.strip_suffix('%').and_then(|p| p.parse().ok()).unwrap_or(0);
                let product = percent.clamp(0, 100).saturating_mul(replicas);
                if up { product.saturating_add(99) / 100 } else { product / 100 }
            }
            Some(value) => value.as_i64().unwrap_or(0),
            None => 0,
        };
    let (surge, away) = (scaled("maxSurge", true), scaled("maxUnavailable", false));
    // Both nothing would never move.
    let away = if surge == 0 && away == 0 { 1 } else { away };
    away.clamp(0, replicas.max(0))
}

fn scaled(live: &Live<'_>, replicas: i64, told: &mut Vec<String>) {
    let now = replicas_of(live.object).unwrap_or(0);
    if replicas == 0 {
        told.push("nothing of it runs any more".to_owned());
    }
    if live.is("apps", "StatefulSet") && replicas < now {
        let policy = text(live.object, "/spec/persistentVolumeClaimRetentionPolicy/whenScaled");
        let claims = items(live.object, "/spec/volumeClaimTemplates").count();
        if policy == "Delete" && claims > 0 {
            told.push("the volumes of the pods that go are deleted (whenScaled: Delete)".to_owned());
        } else if claims > 0 {
            told.push("the volumes of the pods that go stay".to_owned());
        }
    }
    if flag(live.object, "/spec/paused") {
        told.push("it is paused: it is scaled all the same".to_owned());
    }
}

/// What is lost, what stays and what comes back.
fn gone(live: &Live<'_>, told: &mut Vec<String>) {
    let finalizers: Vec<&str> =
        items(live.object, "/metadata/finalizers").filter_map(Value::as_str).collect();
    if !finalizers.is_empty() {
        let some = finalizers.iter().take(5).copied().collect::<Vec<_>>().join(", ");
        told.push(format!("it is held until its finalizers are done: {some}"));
    }
    match (live.place.group.as_str(), live.place.kind.as_str()) {
        ("", "Pod") => pod_gone(live, told),
        ("", "Namespace") => told.push("everything in the namespace is deleted with it".to_owned()),
        ("", "PersistentVolumeClaim" | "PersistentVolume") => {
            told.push("the data on the volume may be deleted with it".to_owned());
        }
        ("", "Node") => {
            told.push("its pods are deleted; a kubelet that still runs registers it again".to_owned());
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            told.push("every object of the kind is deleted with it".to_owned());
        }
        ("apps", "StatefulSet") => {
            let policy = text(live.object, "/spec/persistentVolumeClaimRetentionPolicy/whenDeleted");
            let claims = items(live.object, "/spec/volumeClaimTemplates").count();
            if policy == "Delete" && claims > 0 {
                told.push("its volumes are deleted with it (whenDeleted: Delete)".to_owned());
            } else if claims > 0 {
                told.push("its volumes stay".to_owned());
            }
        }
        _ => {}
    }
}

fn pod_gone(live: &Live<'_>, told: &mut Vec<String>) {
    let owner = controller(live.object);
    let ended = matches!(text(live.object, "/status/phase"), "Succeeded" | "Failed");
    match owner.map(|owner| text(owner, "/kind")) {
        None => told.push("no controller made it: it does not come back".to_owned()),
        Some("StatefulSet") => {
            let volumes = items(live.object, "/spec/volumes");
            if volumes.filter(|volume| volume.get("persistentVolumeClaim").is_some()).count() > 0 {
                told.push("its volume stays, and the pod of the same name gets it again".to_owned());
            }
        }
        Some("Job") if !ended => told.push("its Job starts the work anew".to_owned()),
        Some(_) => {}
    }
    let scratch =
        items(live.object, "/spec/volumes").any(|v| v.get("emptyDir").is_some_and(|d| !d.is_null()));
    if scratch && !ended {
        told.push("what it keeps in emptyDir volumes is lost".to_owned());
    }
}

fn active(live: &Live<'_>) -> usize {
    items(live.object, "/status/active").count()
}

fn running(live: &Live<'_>, told: &mut Vec<String>) {
    let (jobs, policy) = (active(live), text(live.object, "/spec/concurrencyPolicy"));
    if jobs > 0 {
        told.push(format!("{jobs} of its Jobs run now"));
    }
    if matches!(policy, "Forbid" | "Replace") {
        told.push(format!("concurrencyPolicy {policy} is not asked: this run starts beside others"));
    }
    if flag(live.object, "/spec/suspend") {
        told.push("it is suspended: it runs this once all the same".to_owned());
    }
}
