//! What kube-state-metrics would tell of pods and Deployments. Owns those names and the reading of
//! lives that gives their values; never counts requests. Tested by the simulated Prometheus.

use crate::life::{DeploymentLife, Exit, Nanos};
use crate::shop::archive::{PodRecord, Shop};
use crate::shop::labels::{Labels, NAME};
use crate::shop::series::{Job, Series, Source, image};
use crate::shop::traffic;

/// A fact about a pod.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// Always this value while the pod exists.
    Fixed(f64),
    /// Restarts of the container.
    Restarts,
    /// 1 while the container waits for its next run after a crash.
    BackOff,
    /// 1 while the container waits for another reason.
    Waiting,
    /// 1 when the last end had this reason.
    LastEnd(String),
    /// Whether the container runs.
    Ready,
    /// Whether the pod has this phase.
    Phase(&'static str),
}

impl Fact {
    /// Returns its value at `at`, `None` where there is none.
    pub fn value(&self, pod: &PodRecord, at: Nanos) -> Option<f64> {
        if !pod.exists(at) {
            return None;
        }
        let begun = pod.runs.partition_point(|r| r.start <= at);
        let runs = pod.run_at(at).is_some();
        let flag = |on: bool| on.then_some(1.0);
        match self {
            Self::Fixed(value) => Some(*value),
            Self::Restarts => Some(begun.saturating_sub(1) as f64),
            Self::BackOff => flag(begun > 0 && !runs && end(pod, at).is_some_and(|e| e.code != 0)),
            Self::Waiting => flag(begun == 0 && pod.life.waiting.is_some()),
            Self::LastEnd(reason) => flag(end(pod, at).is_some_and(|e| e.reason == *reason)),
            Self::Ready => Some(f64::from(u8::from(runs))),
            Self::Phase(phase) => {
                let done = !runs && end(pod, at).is_some_and(|e| e.code == 0);
                let now = match begun {
                    0 => "Pending",
                    _ if done => "Succeeded",
                    _ => "Running",
                };
                Some(f64::from(u8::from(*phase == now)))
            }
        }
    }
}

/// Returns the last end of a pod's container before `at`.
fn end(pod: &PodRecord, at: Nanos) -> Option<&Exit> {
    let ended = pod.life.exits.partition_point(|e| e.at <= at);
    pod.life.exits.get(ended.checked_sub(1)?)
}

fn base(name: &str, namespace: &str) -> Labels {
    Labels::new([
        (NAME, name),
        ("namespace", namespace),
        ("job", Job::State.name()),
        ("instance", "kube-state-metrics:8080"),
    ])
}

/// Adds a pod's series.
pub fn pod(pod: &PodRecord, list: &mut Vec<Series>) {
    let life = &pod.life;
    let of = |name: &str| base(name, &life.namespace).with("pod", &life.name).with("uid", &life.uid);
    let container = |name: &str| of(name).with("container", &life.service);
    let mut push = |labels, fact| list.push(Series { labels, source: Source::State(fact), job: Job::State });
    let (kind, name) = pod.owner();
    let info = of("kube_pod_info")
        .with("node", &life.node)
        .with("created_by_kind", kind)
        .with("created_by_name", name);
    push(info, Fact::Fixed(1.0));
    let owner = of("kube_pod_owner")
        .with("owner_kind", kind)
        .with("owner_name", name)
        .with("owner_is_controller", "true");
    push(owner, Fact::Fixed(1.0));
    for phase in ["Pending", "Running", "Succeeded", "Failed", "Unknown"] {
        push(of("kube_pod_status_phase").with("phase", phase), Fact::Phase(phase));
    }
    let image = image(&life.service, &life.version);
    push(container("kube_pod_container_info").with("image", &image), Fact::Fixed(1.0));
    push(container("kube_pod_container_status_restarts_total"), Fact::Restarts);
    push(container("kube_pod_container_status_ready"), Fact::Ready);
    let waiting = |reason: &str| container("kube_pod_container_status_waiting_reason").with("reason", reason);
    push(waiting("CrashLoopBackOff"), Fact::BackOff);
    if let Some(reason) = life.waiting.as_deref().filter(|_| life.started.is_none()) {
        push(waiting(reason), Fact::Waiting);
    }
    let mut reasons: Vec<&str> = life.exits.iter().map(|e| e.reason.as_str()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    for reason in reasons {
        let labels = container("kube_pod_container_status_last_terminated_reason").with("reason", reason);
        push(labels, Fact::LastEnd(reason.to_owned()));
    }
    let limit = traffic::memory_limit(pod);
    for (name, cpu, memory) in [
        ("kube_pod_container_resource_limits", 0.5, limit),
        ("kube_pod_container_resource_requests", 0.1, limit / 2.0),
    ] {
        let of = |resource, unit| {
            container(name).with("node", &life.node).with("resource", resource).with("unit", unit)
        };
        push(of("cpu", "core"), Fact::Fixed(cpu));
        push(of("memory", "byte"), Fact::Fixed(memory));
    }
}

/// A fact about a Deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rollout {
    /// Desired replicas.
    Spec,
    /// Available replicas.
    Available,
    /// Desired but not available.
    Unavailable,
    /// `metadata.generation`.
    Generation,
}

/// Returns the series of every Deployment that was told of.
pub fn deployments(shop: &Shop) -> Vec<(Labels, String, String, Rollout)> {
    let mut names: Vec<(&str, &str)> =
        shop.deployments().iter().map(|(_, d)| (d.namespace.as_str(), d.name.as_str())).collect();
    names.sort_unstable();
    names.dedup();
    let metrics = [
        ("kube_deployment_spec_replicas", Rollout::Spec),
        ("kube_deployment_status_replicas_available", Rollout::Available),
        ("kube_deployment_status_replicas_unavailable", Rollout::Unavailable),
        ("kube_deployment_metadata_generation", Rollout::Generation),
        ("kube_deployment_status_observed_generation", Rollout::Generation),
    ];
    let mut list = Vec::new();
    for (namespace, name) in names {
        for (metric, fact) in metrics {
            let labels = base(metric, namespace).with("deployment", name);
            list.push((labels, namespace.to_owned(), name.to_owned(), fact));
        }
    }
    list
}

/// Returns a Deployment's fact at `at`: as it was told, and before the first telling as its pods'
/// lives show it.
pub fn rollout(shop: &Shop, namespace: &str, name: &str, fact: Rollout, at: Nanos) -> Option<f64> {
    let mut told = shop.deployments().iter().filter(|(_, d)| d.namespace == namespace && d.name == name);
    let first = told.clone().next()?;
    let state = match told.rfind(|(time, _)| *time <= at) {
        Some((_, state)) => state.clone(),
        None => before(shop, &first.1, at)?,
    };
    Some(match fact {
        Rollout::Spec => f64::from(state.replicas),
        Rollout::Available => f64::from(state.available),
        Rollout::Unavailable => f64::from(state.replicas.saturating_sub(state.available)),
        Rollout::Generation => state.generation as f64,
    })
}

fn before(shop: &Shop, first: &DeploymentLife, at: Nanos) -> Option<DeploymentLife> {
    let own =
        |p: &&std::sync::Arc<PodRecord>| p.life.namespace == first.namespace && p.life.service == first.name;
    let mut versions: Vec<(&str, Nanos)> = Vec::new();
    for pod in shop.pods().filter(own) {
        match versions.iter_mut().find(|(v, _)| *v == pod.life.version) {
            Some((_, since)) => *since = (*since).min(pod.since),
            None => versions.push((&pod.life.version, pod.since)),
        }
    }
    if !versions.iter().any(|(_, since)| *since <= at) {
        return None;
    }
    let later = versions.iter().filter(|(_, since)| *since > at).count() as i64;
    let running = shop.pods().filter(own).filter(|p| p.run_at(at).is_some()).count() as u32;
    Some(DeploymentLife {
        generation: (first.generation - later).max(1),
        available: running.min(first.replicas),
        ..first.clone()
    })
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::life::{Lives, PodLife};
    use crate::shop::testing;

    fn told(life: PodLife, at: Nanos) -> Vec<String> {
        let shop = Shop::new(1, 1.0).with(&Lives { pods: vec![life], deployments: vec![] }, at);
        let pod = shop.pods().next().unwrap();
        let mut list = Vec::new();
        super::pod(pod, &mut list);
        let one = |s: &Series| match &s.source {
            Source::State(fact) => (fact.value(pod, at) == Some(1.0)).then(|| {
                let labels =
                    ["phase", "reason", "owner_kind", "owner_name"].map(|n| s.labels.get(n).to_owned());
                format!("{} {}", s.labels.metric(), labels.concat())
            }),
            _ => None,
        };
        let mut facts: Vec<String> = list.iter().filter_map(one).collect();
        facts.retain(|f| !f.contains("info"));
        facts
    }

    #[test]
    fn a_crash_backs_off_a_completion_succeeds_and_a_missing_image_waits() {
        let exit = |reason: &str, code| Exit { at: 50, reason: reason.into(), code, restarted: None };
        let of = |name: &str, service: &str, exits| PodLife {
            name: name.into(),
            exits,
            ..testing::pod(service, "0.0.1043", 0, 10)
        };
        assert_eq!(
            told(of("backend-6c9f-abcde", "backend", vec![exit("OOMKilled", 137)]), 60),
            [
                "kube_pod_owner ReplicaSetbackend-6c9f",
                "kube_pod_status_phase Running",
                "kube_pod_container_status_waiting_reason CrashLoopBackOff",
                "kube_pod_container_status_last_terminated_reason OOMKilled",
            ]
        );
        assert_eq!(
            told(of("db-migrate-7-abcde", "db-migrate", vec![exit("Completed", 0)]), 60),
            [
                "kube_pod_owner Jobdb-migrate-7",
                "kube_pod_status_phase Succeeded",
                "kube_pod_container_status_last_terminated_reason Completed",
            ]
        );
        let waiting =
            PodLife { started: None, waiting: Some("ImagePullBackOff".into()), ..of("a-0", "a", vec![]) };
        assert_eq!(
            told(waiting, 60),
            [
                "kube_pod_owner StatefulSeta",
                "kube_pod_status_phase Pending",
                "kube_pod_container_status_waiting_reason ImagePullBackOff",
            ]
        );
    }
}
