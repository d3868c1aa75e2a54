//! Counters of one run of a container: requests, processor time, memory. Owns the arithmetic that
//! makes them whole over changes of mode; never keeps a sample. Tested below.

use crate::catalog;
use crate::life::Nanos;
use crate::shop::archive::{PodRecord, Shop};
use crate::shop::arrivals::Arrivals;
use crate::shop::profile::{Mode, Outcome, PERIOD, Plan};
use crate::shop::runs::Run;
use crate::shop::{SECOND, hash};

/// Requests of one run, ready to be asked for any instant.
pub struct Traffic<'a> {
    plan: &'a Plan,
    /// When requests are done.
    pub arrivals: Arrivals,
    /// Where in the table this run begins, so that pods are not in step.
    offset: u64,
    segments: Vec<Segment>,
    end: Option<Nanos>,
}

struct Segment {
    from: Nanos,
    mode: Mode,
    /// Requests before it.
    count: u64,
    /// What is added to the table's sums within it: the tally before it, less the sums up to it.
    base: Vec<i64>,
}

impl<'a> Traffic<'a> {
    /// Returns the traffic of a run, `None` where the container is not one of the shop's.
    pub fn new(shop: &'a Shop, pod: &PodRecord, run: &Run) -> Option<Self> {
        let plan = shop.plan(&pod.life.service)?;
        let service = catalog::service(&pod.life.service)?;
        let rate = f64::from(service.rps) / f64::from(service.replicas.max(1));
        let seed = hash::of(&[pod.hash, u64::from(run.number)]);
        let arrivals = Arrivals::new(run.start, rate, seed);
        let mut this = Self { plan, arrivals, offset: seed % PERIOD, segments: Vec::new(), end: run.end };
        for (from, mode) in shop.modes(pod, run) {
            let (count, mut base) = (this.arrivals.count(from), this.tally(from));
            plan.tally(mode, this.offset + count, &mut base, -1);
            this.segments.push(Segment { from, mode, count, base });
        }
        Some(this)
    }

    fn segment(&self, at: Nanos) -> Option<&Segment> {
        let after = self.segments.partition_point(|s| s.from <= at);
        self.segments.get(after.saturating_sub(1))
    }

    /// Returns every slot's value at `at`; the layout is the plan's.
    pub fn tally(&self, at: Nanos) -> Vec<i64> {
        let at = self.end.map_or(at, |end| at.min(end));
        let Some(segment) = self.segment(at) else { return vec![0; self.plan.slots()] };
        let mut sum = segment.base.clone();
        let count = self.arrivals.count(at).max(segment.count);
        self.plan.tally(segment.mode, self.offset + count, &mut sum, 1);
        sum
    }

    /// Returns what became of request `n`, which was done at `at`.
    pub fn outcome(&self, n: u64, at: Nanos) -> (Mode, Outcome) {
        let mode = self.segment(at).map_or(Mode::Good, |s| s.mode);
        (mode, self.plan.outcome(mode, self.offset + n))
    }

    /// Returns the outcome tables.
    pub fn plan(&self) -> &'a Plan {
        self.plan
    }
}

/// Returns the seconds of processor time that a run has used at `at`.
pub fn cpu_seconds(pod: &PodRecord, run: &Run, arrivals: Option<&Arrivals>, at: Nanos) -> f64 {
    let elapsed = (at - run.start).max(0) as f64 / SECOND as f64;
    let (idle, each) = match own(pod) {
        Mode::BadRelease => (0.060, 0.011),
        _ => (0.015, 0.004),
    };
    idle * elapsed + each * arrivals.map_or(0.0, |a| a.exact(at))
}

/// Returns the memory limit of a pod's container in bytes.
pub fn memory_limit(pod: &PodRecord) -> f64 {
    let mib = catalog::service(&pod.life.service).map_or(512, |s| s.memory_mib);
    f64::from(mib) * 1_048_576.0
}

/// Returns the working set of a run in bytes: a bad release's goes towards its limit within
/// minutes (divided by the stand's speed), a good one's stays below half of it.
pub fn memory_bytes(pod: &PodRecord, run: &Run, speed: f64, at: Nanos) -> f64 {
    let age = (at - run.start).max(0) as f64 / SECOND as f64;
    let wave = ((at + (pod.hash % 97) as i64 * SECOND).rem_euclid(97 * SECOND) as f64 / (97 * SECOND) as f64
        * std::f64::consts::TAU)
        .sin();
    let share = match own(pod) {
        Mode::BadRelease => 0.40 + 0.58 * (1.0 - (-age * speed / 70.0).exp()) + 0.004 * wave,
        _ => 0.28 + 0.15 * (1.0 - (-age / 900.0).exp()) + 0.02 * wave,
    };
    (memory_limit(pod) * share / 4096.0).floor() * 4096.0
}

fn own(pod: &PodRecord) -> Mode {
    crate::shop::profile::own_mode(&pod.life.service, &pod.life.version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::testing::{self, BAD, START};

    #[test]
    fn counters_grow_within_a_run_and_over_changes_of_mode() {
        let shop = testing::stand(1);
        let mut seen = 0;
        for pod in shop.pods().filter(|p| p.life.service == "frontend" || p.life.service == "backend") {
            let Some(run) = pod.run_at(START) else { continue };
            let traffic = Traffic::new(&shop, pod, run).unwrap();
            let mut last = traffic.tally(run.start.max(BAD - 30 * SECOND));
            for step in -30..360 {
                let at = BAD + step * SECOND;
                if run.holds(at) {
                    let next = traffic.tally(at);
                    assert!(next.iter().zip(&last).all(|(n, l)| n >= l), "{} at {step}", pod.life.name);
                    last = next;
                    seen += 1;
                }
            }
        }
        assert!(seen > 2_000);
    }

    #[test]
    fn a_counter_is_the_number_of_requests_and_starts_from_nothing_after_a_restart() {
        let shop = testing::stand(1);
        let pod = shop.pods().find(|p| p.runs.len() == 2).unwrap();
        let run = &pod.runs[1];
        let traffic = Traffic::new(&shop, pod, run).unwrap();
        let classes = traffic.plan().classes.len();
        let total = |at| traffic.tally(at).iter().take(classes).sum::<i64>();
        assert_eq!(total(run.start), 0);
        let at = run.start + 60 * SECOND;
        assert_eq!(total(at) as u64, traffic.arrivals.count(at));
        assert!((400..1_600).contains(&total(at)), "{} requests in a minute at about 15/s", total(at));
    }

    #[test]
    fn only_a_bad_release_goes_towards_its_memory_limit() {
        let shop = testing::stand(1);
        for pod in shop.pods() {
            let Some(run) = pod.runs.last().filter(|_| pod.life.ended.is_none()) else { continue };
            let share = memory_bytes(pod, run, 1.0, run.start + 300 * SECOND) / memory_limit(pod);
            let bad = pod.life.version == "0.0.1043";
            assert!(
                if bad { (0.93..1.0).contains(&share) } else { share < 0.5 },
                "{} {share}",
                pod.life.name
            );
        }
    }
}
