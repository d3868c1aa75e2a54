//! The series of a pod: which there are and what each is worth at an instant. Owns the names and
//! labels that the exporters of a real stand would give; never samples by itself. Tested below and
//! by the store of the simulated Prometheus.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::catalog;
use crate::life::Nanos;
use crate::shop::archive::{PodRecord, Shop};
use crate::shop::labels::{Labels, NAME};
use crate::shop::profile::BUCKETS;
use crate::shop::runs::Run;
use crate::shop::traffic::{self, Traffic};
use crate::shop::{SECOND, series_state};

/// Where a series would be scraped from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// The pod's own port.
    Shop,
    /// The kubelet of its node.
    Kubelet,
    /// kube-state-metrics.
    State,
}

impl Job {
    /// Returns the `job` label.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shop => "momo-store",
            Self::Kubelet => "kubelet",
            Self::State => "kube-state-metrics",
        }
    }
}

/// What a series is worth.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A slot of the tally; absent while it is zero.
    Requests(usize),
    /// A slot of the tally.
    Slot(usize),
    /// A slot in microseconds, told in seconds.
    Seconds(usize),
    /// When the run started, in seconds since 1970.
    Started,
    /// Processor time.
    Cpu,
    /// Working set.
    Memory,
    /// Whether the container runs.
    Up,
    /// A fact about the pod that kube-state-metrics tells.
    State(series_state::Fact),
}

/// A series and its source.
#[derive(Clone, Debug)]
pub struct Series {
    /// All labels, the metric's name included.
    pub labels: Labels,
    /// What it is worth.
    pub source: Source,
    /// Where it comes from.
    pub job: Job,
}

/// A pod ready to be asked for its series at any instant.
pub struct Target<'a> {
    shop: &'a Shop,
    pod: &'a PodRecord,
    traffic: Vec<OnceCell<Option<Traffic<'a>>>>,
}

/// A pod at one instant.
pub struct Frame<'a> {
    at: Nanos,
    run: Option<(usize, &'a Run)>,
    tally: Arc<[i64]>,
}

impl<'a> Target<'a> {
    /// Prepares a pod.
    pub fn new(shop: &'a Shop, pod: &'a PodRecord) -> Self {
        let traffic = pod.runs.iter().map(|_| OnceCell::new()).collect();
        Self { shop, pod, traffic }
    }

    /// Returns the traffic of a run, prepared when it is first needed.
    fn traffic(&self, run: usize) -> Option<&Traffic<'a>> {
        let life = self.pod.runs.get(run)?;
        self.traffic.get(run)?.get_or_init(|| Traffic::new(self.shop, self.pod, life)).as_ref()
    }

    /// Returns the pod at `at`, with the counters of requests when `counters` asks for them.
    pub fn frame(&self, at: Nanos, counters: bool) -> Frame<'_> {
        let after = self.pod.runs.partition_point(|r| r.start <= at);
        let run = after
            .checked_sub(1)
            .and_then(|i| self.pod.runs.get(i).map(|r| (i, r)))
            .filter(|(_, r)| r.holds(at));
        let wanted = run.filter(|_| counters && self.shop.plan(&self.pod.life.service).is_some());
        let work = |i| self.traffic(i).map(|t| t.tally(at)).unwrap_or_default();
        let tally = wanted.map(|(i, _)| self.pod.tally(at, || work(i)));
        Frame { at, run, tally: tally.unwrap_or_else(|| Arc::from([])) }
    }

    /// Returns what a series is worth in a frame, `None` where it is absent.
    pub fn value(&self, source: &Source, frame: &Frame<'_>) -> Option<f64> {
        match source {
            Source::State(fact) => fact.value(self.pod, frame.at),
            Source::Up => self.pod.exists(frame.at).then(|| f64::from(u8::from(frame.run.is_some()))),
            _ => {
                let (i, run) = frame.run?;
                match source {
                    Source::Requests(slot) => frame.tally.get(*slot).filter(|v| **v > 0).map(|v| *v as f64),
                    Source::Slot(slot) => frame.tally.get(*slot).map(|v| *v as f64),
                    Source::Seconds(slot) => frame.tally.get(*slot).map(|v| *v as f64 / 1e6),
                    Source::Started => Some((run.start / 10_000_000) as f64 / 100.0),
                    Source::Cpu => {
                        let arrivals = self.traffic(i).map(|t| &t.arrivals);
                        let seconds = traffic::cpu_seconds(self.pod, run, arrivals, frame.at);
                        Some((seconds * 1e6).round() / 1e6)
                    }
                    Source::Memory => Some(traffic::memory_bytes(self.pod, run, self.shop.speed, frame.at)),
                    Source::Up | Source::State(_) => None,
                }
            }
        }
    }
}

/// Returns every series that a pod ever has; [`Shop::series`] keeps them.
pub fn all(shop: &Shop, pod: &PodRecord) -> Vec<Series> {
    let mut list = Vec::new();
    if !pod.runs.is_empty() {
        requests(shop, pod, &mut list);
        container(pod, &mut list);
    }
    series_state::pod(pod, &mut list);
    list
}

fn base(pod: &PodRecord, name: &str) -> Labels {
    let life = &pod.life;
    Labels::new([
        (NAME, name),
        ("namespace", &life.namespace),
        ("pod", &life.name),
        ("container", &life.service),
    ])
}

fn requests(shop: &Shop, pod: &PodRecord, list: &mut Vec<Series>) {
    let life = &pod.life;
    let instance = format!("{}:8080", life.name);
    let of = |name: &str| {
        base(pod, name)
            .with("service", &life.service)
            .with("job", Job::Shop.name())
            .with("instance", &instance)
    };
    let mut push = |labels: Labels, source| list.push(Series { labels, source, job: Job::Shop });
    let Some(plan) = shop.plan(&life.service) else { return };
    push(of("up"), Source::Up);
    push(of("process_start_time_seconds"), Source::Started);
    for (slot, class) in plan.classes.iter().enumerate() {
        let labels = of("http_requests_total")
            .with("route", class.route)
            .with("method", class.method)
            .with("code", &class.code.to_string());
        push(labels, Source::Requests(slot));
    }
    for (i, route) in plan.routes.iter().enumerate() {
        let first = plan.route_slot(i);
        let method = plan.classes.iter().find(|c| c.route == *route).map_or("GET", |c| c.method);
        let routed = |name: &str| of(name).with("route", route).with("method", method);
        for (j, bound) in BUCKETS.iter().enumerate() {
            let labels = routed("http_request_duration_seconds_bucket").with("le", &bound.to_string());
            push(labels, Source::Slot(first + j));
        }
        let count = first + BUCKETS.len();
        push(routed("http_request_duration_seconds_bucket").with("le", "+Inf"), Source::Slot(count));
        push(routed("http_request_duration_seconds_count"), Source::Slot(count));
        push(routed("http_request_duration_seconds_sum"), Source::Seconds(count + 1));
    }
}

fn container(pod: &PodRecord, list: &mut Vec<Series>) {
    let life = &pod.life;
    let image = image(&life.service, &life.version);
    let of = |name: &str| {
        base(pod, name)
            .with("image", &image)
            .with("node", &life.node)
            .with("job", Job::Kubelet.name())
            .with("instance", &life.node)
    };
    let mut push = |labels, source| list.push(Series { labels, source, job: Job::Kubelet });
    push(of("container_cpu_usage_seconds_total"), Source::Cpu);
    push(of("container_memory_working_set_bytes"), Source::Memory);
    push(of("container_start_time_seconds"), Source::Started);
}

impl Source {
    /// Whether it needs the counters of requests.
    pub fn counters(&self) -> bool {
        matches!(self, Self::Requests(_) | Self::Slot(_) | Self::Seconds(_))
    }
}

/// Returns the image of a service's version.
pub fn image(service: &str, version: &str) -> String {
    format!("{}/{service}:{version}", catalog::REGISTRY)
}

/// Returns type and help of a metric, for `/metadata` and the text exposition.
pub fn metadata() -> [(&'static str, &'static str, &'static str); 22] {
    [
        ("up", "gauge", "Whether the last scrape of the target worked."),
        ("process_start_time_seconds", "gauge", "Start time of the process since unix epoch in seconds."),
        ("http_requests_total", "counter", "Requests answered, by route, method and status code."),
        ("http_request_duration_seconds", "histogram", "Time taken to answer a request, in seconds."),
        ("container_cpu_usage_seconds_total", "counter", "Cumulative cpu time consumed in seconds."),
        ("container_memory_working_set_bytes", "gauge", "Current working set in bytes."),
        ("container_start_time_seconds", "gauge", "Start time of the container since unix epoch in seconds."),
        ("kube_pod_info", "gauge", "Information about pod."),
        ("kube_pod_owner", "gauge", "Information about the Pod's owner."),
        ("kube_pod_status_phase", "gauge", "The pods current phase."),
        ("kube_pod_container_info", "gauge", "Information about a container in a pod."),
        (
            "kube_pod_container_status_restarts_total",
            "counter",
            "The number of container restarts per container.",
        ),
        ("kube_pod_container_status_waiting_reason", "gauge", "The reason the container is waiting."),
        ("kube_pod_container_status_last_terminated_reason", "gauge", "Why the container last terminated."),
        ("kube_pod_container_status_ready", "gauge", "Whether the container's readiness check succeeded."),
        ("kube_pod_container_resource_limits", "gauge", "The resource limits of a container."),
        ("kube_pod_container_resource_requests", "gauge", "The resource requests of a container."),
        ("kube_deployment_spec_replicas", "gauge", "Number of desired pods for a deployment."),
        ("kube_deployment_status_replicas_available", "gauge", "Available replicas per deployment."),
        ("kube_deployment_status_replicas_unavailable", "gauge", "Unavailable replicas per deployment."),
        ("kube_deployment_metadata_generation", "gauge", "Generation of the desired state."),
        ("kube_deployment_status_observed_generation", "gauge", "Generation that the controller has seen."),
    ]
}

/// Returns a time in whole seconds since 1970.
pub fn seconds(at: Nanos) -> f64 {
    (at / SECOND) as f64
}
