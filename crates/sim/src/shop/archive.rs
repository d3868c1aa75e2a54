//! The archive of lives: every pod that was ever told of, so that the past stays answerable after
//! the cluster forgot it. Owns the merging of [`Lives`]; never changes what a finished time held
//! but where the cluster itself tells later what happened. Tested below.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::catalog;
use crate::life::{DeploymentLife, Lives, Nanos, PodLife};
use crate::shop::profile::{self, Mode, Plan};
use crate::shop::runs::{self, Run};
use crate::shop::series::{self, Series};
use crate::shop::{SECOND, hash};

/// Pods kept at most; the oldest ended ones go first.
const MAX_PODS: usize = 20_000;
/// Tallies that a pod keeps: half an hour of scrapes and some.
const MAX_TALLIES: usize = 500;
/// How long `frontend` needs to notice that a pod of `backend` came or went.
const NOTICE: Nanos = 3 * SECOND;

/// A pod as the archive keeps it.
#[derive(Debug)]
pub struct PodRecord {
    /// Its life as it was last told.
    pub life: PodLife,
    /// Runs of its container, oldest first.
    pub runs: Vec<Run>,
    /// When it was first seen or first ran, whichever is earlier.
    pub since: Nanos,
    /// The pod's own number, made of the seed and its uid.
    pub hash: u64,
    series: OnceLock<Vec<Series>>,
    tallies: Mutex<BTreeMap<Nanos, Arc<[i64]>>>,
}

impl PodRecord {
    fn new(life: PodLife, since: Nanos, hash: u64) -> Self {
        Self {
            runs: runs::runs(&life),
            life,
            since,
            hash,
            series: OnceLock::new(),
            tallies: Mutex::default(),
        }
    }

    /// Whether the pod exists at `at`.
    pub fn exists(&self, at: Nanos) -> bool {
        self.since <= at && self.life.ended.is_none_or(|end| at < end)
    }

    /// Returns the tally of an instant, working it out once: the newest ones are kept, since rules
    /// ask for the same scrapes over and over.
    pub fn tally(&self, at: Nanos, work: impl FnOnce() -> Vec<i64>) -> Arc<[i64]> {
        let kept = || self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tally) = kept().get(&at) {
            return tally.clone();
        }
        let tally: Arc<[i64]> = work().into();
        let mut tallies = kept();
        tallies.insert(at, tally.clone());
        if tallies.len() > MAX_TALLIES {
            tallies.pop_first();
        }
        drop(tallies);
        tally
    }

    /// Returns the run of its container at `at`.
    pub fn run_at(&self, at: Nanos) -> Option<&Run> {
        let after = self.runs.partition_point(|r| r.start <= at);
        self.runs.get(after.checked_sub(1)?).filter(|r| r.holds(at))
    }

    /// Returns kind and name of the owner that the pod's name tells of.
    pub fn owner(&self) -> (&'static str, &str) {
        let name = self.life.name.as_str();
        let above = name.rsplit_once('-').map_or(name, |(owner, _)| owner);
        let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
        let rest = name.strip_prefix(self.life.service.as_str()).and_then(|r| r.strip_prefix('-'));
        let kind = match rest.map(|r| r.split_once('-').unwrap_or(("", r))) {
            Some(("", ordinal)) if digits(ordinal) => "StatefulSet",
            Some(("", _)) => "DaemonSet",
            Some((number, _)) if digits(number) => "Job",
            _ => "ReplicaSet",
        };
        (kind, above)
    }
}

/// The shop as it is known now: immutable, shared, replaced when the cluster tells more.
pub struct Shop {
    /// The seed of everything that is drawn.
    pub seed: u64,
    /// How many times faster than life the stand's processes run.
    pub speed: f64,
    pods: BTreeMap<String, Arc<PodRecord>>,
    deployments: Vec<(Nanos, DeploymentLife)>,
    plans: Arc<BTreeMap<&'static str, Plan>>,
    moods: BTreeMap<String, Vec<(Nanos, Mode)>>,
}

impl Shop {
    /// Returns a shop without pods.
    pub fn new(seed: u64, speed: f64) -> Self {
        let plans = catalog::SERVICES.iter().map(|s| (s.name, Plan::new(s, seed))).collect();
        let speed = if speed.is_finite() { speed.clamp(0.01, 1_000.0) } else { 1.0 };
        Self {
            seed,
            speed,
            pods: BTreeMap::new(),
            deployments: Vec::new(),
            plans: Arc::new(plans),
            moods: BTreeMap::new(),
        }
    }

    /// Returns the shop with what the cluster tells at `now` taken in.
    #[must_use]
    pub fn with(&self, lives: &Lives, now: Nanos) -> Self {
        let mut pods = self.pods.clone();
        for life in &lives.pods {
            let known = pods.get(&life.uid);
            if known.is_some_and(|k| k.life == *life) {
                continue;
            }
            let since = known.map_or(now, |k| k.since).min(life.started.unwrap_or(now));
            let hash = hash::of(&[self.seed, hash::text(&life.uid)]);
            let record = PodRecord::new(life.clone(), since, hash);
            pods.insert(life.uid.clone(), Arc::new(record));
        }
        // A pod that the cluster has dropped without a word of its end ended unseen.
        let told: std::collections::BTreeSet<&str> = lives.pods.iter().map(|p| p.uid.as_str()).collect();
        for record in pods.values_mut().filter(|r| r.life.ended.is_none()) {
            if !told.contains(record.life.uid.as_str()) {
                let life = PodLife { ended: Some(now), ..record.life.clone() };
                *record = Arc::new(PodRecord::new(life, record.since, record.hash));
            }
        }
        while pods.len() > MAX_PODS {
            let oldest = pods.iter().min_by_key(|(_, r)| r.life.ended.unwrap_or(i64::MAX));
            let Some(uid) = oldest.map(|(uid, _)| uid.clone()) else { break };
            pods.remove(&uid);
        }
        let mut deployments = self.deployments.clone();
        for told in &lives.deployments {
            let last = deployments
                .iter()
                .rev()
                .find(|(_, d)| d.namespace == told.namespace && d.name == told.name)
                .map(|(_, d)| d);
            if last != Some(told) {
                deployments.push((now, told.clone()));
            }
        }
        let moods = moods(pods.values());
        Self { pods, deployments, moods, plans: self.plans.clone(), ..*self }
    }

    /// Returns every pod, ended ones included, by uid.
    pub fn pods(&self) -> impl Iterator<Item = &Arc<PodRecord>> {
        self.pods.values()
    }

    /// Returns the pod of that uid.
    pub fn pod(&self, uid: &str) -> Option<&Arc<PodRecord>> {
        self.pods.get(uid)
    }

    /// Returns every series that a pod ever has.
    pub fn series<'a>(&self, pod: &'a PodRecord) -> &'a [Series] {
        pod.series.get_or_init(|| series::all(self, pod))
    }

    /// Returns what was told of Deployments, oldest first, each with the time of telling.
    pub fn deployments(&self) -> &[(Nanos, DeploymentLife)] {
        &self.deployments
    }

    /// Returns the outcome tables of a service, `None` for what is not the shop's.
    pub fn plan(&self, service: &str) -> Option<&Plan> {
        self.plans.get(service)
    }

    /// Returns the modes of a container over a run: pairs of the time from which each holds.
    pub fn modes(&self, pod: &PodRecord, run: &Run) -> Vec<(Nanos, Mode)> {
        let own = profile::own_mode(&pod.life.service, &pod.life.version);
        let Some(moods) = self.moods.get(&pod.life.namespace).filter(|_| pod.life.service == "frontend")
        else {
            return vec![(run.start, own)];
        };
        let before = moods.partition_point(|(at, _)| *at <= run.start);
        let first = before.checked_sub(1).and_then(|i| moods.get(i)).map_or(Mode::Good, |(_, mode)| *mode);
        let later = moods.iter().skip(before).filter(|(at, _)| run.end.is_none_or(|end| *at < end));
        std::iter::once((run.start, first)).chain(later.copied()).collect()
    }
}

/// Returns, per namespace, what `frontend` has behind it over time.
fn moods<'a>(pods: impl Iterator<Item = &'a Arc<PodRecord>>) -> BTreeMap<String, Vec<(Nanos, Mode)>> {
    let mut steps: BTreeMap<String, Vec<(Nanos, Mode, i64)>> = BTreeMap::new();
    for pod in pods.filter(|p| p.life.service == "backend") {
        let mode = profile::own_mode("backend", &pod.life.version);
        let list = steps.entry(pod.life.namespace.clone()).or_default();
        for run in &pod.runs {
            list.push((run.start + NOTICE, mode, 1));
            if let Some(end) = run.end {
                list.push((end + NOTICE, mode, -1));
            }
        }
    }
    steps.into_iter().map(|(ns, steps)| (ns, fold(steps))).collect()
}

fn fold(mut steps: Vec<(Nanos, Mode, i64)>) -> Vec<(Nanos, Mode)> {
    steps.sort_unstable();
    let (mut good, mut release, mut database) = (0i64, 0i64, 0i64);
    let mut folded: Vec<(Nanos, Mode)> = Vec::new();
    for (at, mode, change) in steps {
        match mode {
            Mode::BadRelease => release += change,
            Mode::BadDatabase => database += change,
            _ => good += change,
        }
        let all = (good + release + database).max(1);
        let quarters = |bad: i64| ((4 * bad + all / 2) / all).clamp(0, 4) as u8;
        let mode = match (quarters(release), quarters(database)) {
            (0, 0) => Mode::Good,
            (r, d) if r >= d => Mode::BehindBadRelease(r),
            (_, d) => Mode::BehindBadDatabase(d),
        };
        match folded.last_mut() {
            Some(last) if last.0 == at => last.1 = mode,
            Some(last) if last.1 == mode => {}
            _ => folded.push((at, mode)),
        }
    }
    folded
}
