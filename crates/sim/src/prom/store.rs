//! The samples of the simulated Prometheus. Those of the shop are not kept: they are worked out for
//! the instants at which they would have been scraped, as far back as the pods go. Those of the
//! rules are kept, bounded. Owns both; tested below and through the API.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::promql::{MAX_SAMPLES, QueryError, Sample, Selector, Series, Store, is_stale, stale};
use crate::life::Nanos;
use crate::shop::labels::Labels;
use crate::shop::series::{self, Job, Target};
use crate::shop::{PodRecord, Shop, hash, series_state};

const MILLI: i64 = 1_000_000;
/// Samples of one recorded series at most.
const MAX_RECORDED: usize = 20_000;
/// Recorded series at most.
const MAX_SERIES: usize = 2_000;

/// Returns the interval of scrapes in milliseconds: five seconds, shorter on a faster stand.
pub fn interval(speed: f64) -> i64 {
    (5_000.0 / speed.max(0.01)).clamp(1_000.0, 5_000.0) as i64
}

/// The series that rules write.
#[derive(Default)]
pub struct Recorded(RwLock<BTreeMap<Labels, Vec<Sample>>>);

impl Recorded {
    /// Appends samples of one instant.
    pub fn append(&self, at: i64, samples: impl IntoIterator<Item = (Labels, f64)>) {
        let samples: Vec<(Labels, f64)> = samples.into_iter().collect();
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (labels, v) in samples {
            if all.len() >= MAX_SERIES && !all.contains_key(&labels) {
                continue;
            }
            let series = all.entry(labels).or_default();
            if series.last().is_none_or(|s| s.t < at) {
                series.push(Sample { t: at, v });
            }
            let surplus = series.len().saturating_sub(MAX_RECORDED);
            series.drain(..surplus);
        }
        drop(all);
    }

    fn select(&self, selector: &Selector, from: i64, to: i64) -> Vec<Series> {
        let cut = |samples: &[Sample]| {
            let a = samples.partition_point(|s| s.t < from);
            let b = samples.partition_point(|s| s.t <= to);
            samples.get(a..b).unwrap_or_default().to_vec()
        };
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.iter()
            .filter(|(labels, _)| selector.matches(labels))
            .map(|(labels, samples)| Series { labels: labels.clone(), samples: cut(samples) })
            .filter(|s| !s.samples.is_empty())
            .collect()
    }
}

/// The samples as they are known at one instant.
pub struct Snapshot {
    /// The shop.
    pub shop: Arc<Shop>,
    /// Nothing is known after this instant.
    pub now: Nanos,
    /// What rules have written.
    pub recorded: Arc<Recorded>,
}

impl Store for Snapshot {
    fn select(&self, selector: &Selector, from: i64, to: i64) -> Result<Vec<Series>, QueryError> {
        let to = to.min(self.now / MILLI);
        let mut found = Vec::new();
        if from > to {
            return Ok(found);
        }
        let scrape = Scrape { shop: &self.shop, selector, from, to, interval: interval(self.shop.speed) };
        let mut samples = 0;
        for pod in self.shop.pods() {
            if scrape.concerns(pod) {
                let before = found.len();
                scrape.pod(pod, &mut found);
                samples += found.iter().skip(before).map(|s| s.samples.len()).sum::<usize>();
                if samples > MAX_SAMPLES {
                    let why = "query processing would load too many samples into memory in query execution";
                    return Err(QueryError::Execution(why.into()));
                }
            }
        }
        scrape.deployments(&mut found);
        found.extend(self.recorded.select(selector, from, to));
        Ok(merged(found))
    }
}

/// Joins series that have the same labels: a StatefulSet's pod that came again, for example.
fn merged(mut found: Vec<Series>) -> Vec<Series> {
    found.sort_by(|a, b| a.labels.cmp(&b.labels));
    let mut out: Vec<Series> = Vec::with_capacity(found.len());
    for series in found {
        match out.last_mut().filter(|last| last.labels == series.labels) {
            Some(last) => {
                last.samples.extend(series.samples);
                // A mark of staleness yields to a sample of the same instant.
                last.samples.sort_by_key(|s| (s.t, is_stale(s.v)));
                last.samples.dedup_by_key(|s| s.t);
            }
            None => out.push(series),
        }
    }
    out
}

struct Scrape<'a> {
    shop: &'a Shop,
    selector: &'a Selector,
    from: i64,
    to: i64,
    interval: i64,
}

impl Scrape<'_> {
    /// Returns the scrapes of a target between two instants (milliseconds), at its own offset.
    fn instants(&self, offset: i64, from: i64, to: i64) -> impl Iterator<Item = i64> + use<> {
        let (step, offset) = (self.interval, offset.rem_euclid(self.interval));
        let first = (from - offset).div_euclid(step) + i64::from((from - offset).rem_euclid(step) != 0);
        (first..).map(move |i| i * step + offset).take_while(move |t| *t <= to)
    }

    fn concerns(&self, pod: &PodRecord) -> bool {
        let late = pod.since / MILLI > self.to;
        let early = pod.life.ended.is_some_and(|end| end / MILLI + self.interval < self.from);
        !late
            && !early
            && self.selector.might("namespace", &pod.life.namespace)
            && self.selector.might("pod", &pod.life.name)
    }

    fn pod(&self, pod: &PodRecord, found: &mut Vec<Series>) {
        let wanted: Vec<&series::Series> =
            self.shop.series(pod).iter().filter(|s| self.selector.matches(&s.labels)).collect();
        if wanted.is_empty() {
            return;
        }
        let target = Target::new(self.shop, pod);
        let end = pod.life.ended.map_or(self.to, |end| (end / MILLI + self.interval).min(self.to));
        let start = self.from.max(pod.since / MILLI);
        for job in [Job::Shop, Job::Kubelet, Job::State] {
            let group: Vec<&&series::Series> = wanted.iter().filter(|s| s.job == job).collect();
            if group.is_empty() {
                continue;
            }
            let counters = group.iter().any(|s| s.source.counters());
            let mut samples: Vec<Vec<Sample>> = vec![Vec::new(); group.len()];
            for t in self.instants(offset(job, pod), start, end) {
                let frame = target.frame(t * MILLI, counters);
                for (series, samples) in group.iter().zip(&mut samples) {
                    push(samples, t, target.value(&series.source, &frame));
                }
            }
            let filled = group.iter().zip(samples).filter(|(_, samples)| !samples.is_empty());
            found.extend(filled.map(|(s, samples)| Series { labels: s.labels.clone(), samples }));
        }
    }

    fn deployments(&self, found: &mut Vec<Series>) {
        for (labels, namespace, name, fact) in series_state::deployments(self.shop) {
            if !self.selector.matches(&labels) {
                continue;
            }
            let mut samples = Vec::new();
            for t in self.instants(hash::text("kube-state-metrics") as i64, self.from, self.to) {
                push(&mut samples, t, series_state::rollout(self.shop, &namespace, &name, fact, t * MILLI));
            }
            if !samples.is_empty() {
                found.push(Series { labels, samples });
            }
        }
    }
}

/// Appends a scraped value; the first missing one after a value is marked stale.
fn push(samples: &mut Vec<Sample>, t: i64, value: Option<f64>) {
    match value {
        Some(v) => samples.push(Sample { t, v }),
        None if samples.last().is_some_and(|s| !is_stale(s.v)) => samples.push(Sample { t, v: stale() }),
        None => {}
    }
}

/// Targets are scraped at different instants of the interval.
fn offset(job: Job, pod: &PodRecord) -> i64 {
    let who = match job {
        Job::Shop => pod.hash,
        Job::Kubelet => hash::text(&pod.life.node),
        Job::State => hash::text("kube-state-metrics"),
    };
    (who >> 1) as i64
}

impl Snapshot {
    /// Returns the label sets of series that have samples in a span.
    pub fn labels(&self, selector: &Selector, from: i64, to: i64) -> Result<Vec<Labels>, QueryError> {
        let to = to.min(self.now / MILLI);
        // Two scrapes' worth of each pod's life is enough to know that a series is there.
        let mut found: Vec<Labels> = Vec::new();
        let scrape = Scrape { shop: &self.shop, selector, from, to, interval: interval(self.shop.speed) };
        for pod in self.shop.pods().filter(|p| scrape.concerns(p)) {
            let wanted = self.shop.series(pod).iter().filter(|s| selector.matches(&s.labels));
            let last = pod.life.ended.map_or(to, |end| to.min(end / MILLI - 1)).max(pod.since / MILLI);
            let target = Target::new(&self.shop, pod);
            let end = target.frame(last * MILLI, true);
            found.extend(
                wanted
                    .filter(|s| !s.source.counters() || target.value(&s.source, &end).is_some())
                    .map(|s| s.labels.clone()),
            );
        }
        let states = series_state::deployments(&self.shop).into_iter().map(|(labels, ..)| labels);
        found.extend(states.filter(|l| selector.matches(l)));
        found.extend(self.recorded.select(selector, from, to).into_iter().map(|s| s.labels));
        found.sort();
        found.dedup();
        Ok(found)
    }
}
