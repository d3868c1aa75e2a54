//! Plans that are being carried out, and the check afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::core::{Fingerprint, Safe, Ts};
use crate::ops::{Outcome, Plan, PlanId, Wanted};

/// One plan from its confirmation on.
#[derive(Clone, Debug)]
pub struct Job {
    /// The plan.
    pub plan: Arc<Plan>,
    /// What it was made for.
    pub wanted: Wanted,
    /// When it was confirmed.
    pub started: Ts,
    /// Its steps: text, and whether it is finished.
    pub steps: Vec<(Safe, bool)>,
    /// How many steps there are.
    pub of: usize,
    /// What is said of its end: what was read back, what was left.
    pub told: Safe,
    /// How it ended, and when.
    pub ended: Option<(Ts, Outcome)>,
    /// What the check afterwards has found so far.
    pub check: Check,
}

impl Job {
    /// Returns a plan that is confirmed and has done nothing yet.
    pub fn begun(plan: Arc<Plan>, wanted: Wanted, started: Ts, check: Check) -> Self {
        Self { plan, wanted, started, steps: Vec::new(), of: 0, told: Safe::default(), ended: None, check }
    }
}

/// The check afterwards, judged by what happened since the rollback.
#[derive(Clone, Debug, Default)]
pub struct Check {
    /// The alert that led here.
    pub alert: Option<LedBy>,
    /// Ready and desired pods of the workloads that it touched.
    pub ready: Option<(u32, u32)>,
    /// Restarts since it ended.
    pub restarts: Option<u32>,
    /// The error ratio since it ended.
    pub errors: Errors,
    /// When everything was well for the first time.
    pub healed: Option<Ts>,
}

/// The alert that led to a rollback.
#[derive(Clone, Debug, PartialEq)]
pub struct LedBy {
    /// Which one.
    pub fingerprint: Fingerprint,
    /// Its name.
    pub name: Safe,
    /// Whether it still fires.
    pub fires: bool,
}

/// What is known of the error ratio since a rollback ended.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Errors {
    /// Nothing yet: too little time has passed, or nobody has answered.
    #[default]
    Unknown,
    /// There is nobody to ask, or Prometheus was asked and measures no requests of it.
    Unmeasured,
    /// The ratio.
    Ratio(f64),
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub struct Jobs(pub BTreeMap<PlanId, Job>);

impl Jobs {
    /// Returns how many are running.
    pub fn running(&self) -> usize {
        self.0.values().filter(|j| j.ended.is_none()).count()
    }

    /// Returns whether one of those that run is about silences, which this process carries out itself.
    pub fn silencing(&self) -> bool {
        self.0.values().any(|j| j.ended.is_none() && !j.plan.is_of_cluster())
    }
}
