//! The state of one alerting rule: its alerts from pending to firing to resolved, and the series
//! `ALERTS` and `ALERTS_FOR_STATE`. Owns the transitions; tested in `tests`.

use std::collections::BTreeMap;

use super::file::Rule;
use super::template;
use crate::prom::promql::{QueryError, stale};
use crate::shop::labels::{Labels, NAME};

/// How long a resolved alert is remembered, in milliseconds.
const REMEMBERED: i64 = 15 * 60_000;
/// Alerts of one rule at most.
const MAX_ALERTS: usize = 1_000;

/// Where an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The condition holds, not yet for long enough.
    Pending,
    /// It fires.
    Firing,
    /// The condition no longer holds.
    Inactive,
}

impl Phase {
    /// Returns how Prometheus names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Inactive => "inactive",
        }
    }
}

/// An alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Its labels, `alertname` included.
    pub labels: Labels,
    /// Its annotations, templates filled in.
    pub annotations: BTreeMap<String, String>,
    /// Where it is.
    pub phase: Phase,
    /// When the condition began, in milliseconds.
    pub active_at: i64,
    /// When it began to fire.
    pub fired_at: Option<i64>,
    /// When the condition ended.
    pub resolved_at: Option<i64>,
    /// When it was last evaluated.
    pub seen_at: i64,
    /// The expression's value.
    pub value: f64,
    /// The expression.
    pub query: String,
}

/// The state of a rule.
#[derive(Default)]
pub struct RuleState {
    alerts: BTreeMap<Labels, Alert>,
    written: Vec<Labels>,
    /// When it was last evaluated, in milliseconds.
    pub evaluated: i64,
    /// Why the last evaluation failed.
    pub error: Option<String>,
}

impl RuleState {
    /// Returns pending and firing alerts.
    pub fn active(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.values().filter(|a| a.phase != Phase::Inactive)
    }

    /// Returns the rule's own state: that of its most advanced alert.
    pub fn phase(&self) -> Phase {
        let phases = || self.alerts.values().map(|a| a.phase);
        if phases().any(|p| p == Phase::Firing) {
            Phase::Firing
        } else if phases().any(|p| p == Phase::Pending) {
            Phase::Pending
        } else {
            Phase::Inactive
        }
    }

    /// Notes that the rule could not be evaluated; its alerts stay as they are.
    pub fn failed(&mut self, at: i64, error: &QueryError) {
        self.evaluated = at;
        self.error = Some(error.to_string());
    }

    /// Takes the expression's result at an instant and returns the samples to be written.
    pub fn step(&mut self, rule: &Rule, vector: Vec<(Labels, f64)>, at: i64) -> Vec<(Labels, f64)> {
        self.evaluated = at;
        self.error = None;
        let mut present = Vec::new();
        for (series, value) in vector.into_iter().take(MAX_ALERTS) {
            let (labels, annotations) = dressed(rule, &series, value);
            present.push(labels.clone());
            if let Some(alert) = self.alerts.get_mut(&labels).filter(|a| a.phase != Phase::Inactive) {
                alert.value = value;
                alert.annotations = annotations;
                continue;
            }
            let alert = Alert {
                labels: labels.clone(),
                annotations,
                phase: Phase::Pending,
                active_at: at,
                fired_at: None,
                resolved_at: None,
                seen_at: at,
                value,
                query: rule.query.clone(),
            };
            self.alerts.insert(labels, alert);
        }
        for alert in self.alerts.values_mut() {
            alert.seen_at = at;
            if !present.contains(&alert.labels) {
                if alert.phase != Phase::Inactive {
                    // A pending alert is forgotten at once, a firing one is remembered as resolved.
                    alert.resolved_at = Some(at);
                    alert.phase = Phase::Inactive;
                }
            } else if alert.phase == Phase::Pending && at - alert.active_at >= rule.hold {
                alert.phase = Phase::Firing;
                alert.fired_at = Some(at);
            }
        }
        self.alerts.retain(|_, a| {
            let gone = a.resolved_at.is_some_and(|t| a.fired_at.is_none() || at - t > REMEMBERED);
            !gone
        });
        self.samples()
    }

    fn samples(&mut self) -> Vec<(Labels, f64)> {
        let mut samples = Vec::new();
        for alert in self.active() {
            let state = alert.labels.clone().with(NAME, "ALERTS").with("alertstate", alert.phase.name());
            samples.push((state, 1.0));
            let since = alert.labels.clone().with(NAME, "ALERTS_FOR_STATE");
            samples.push((since, (alert.active_at / 1_000) as f64));
        }
        let now: Vec<Labels> = samples.iter().map(|(labels, _)| labels.clone()).collect();
        let ended = self.written.iter().filter(|l| !now.contains(l));
        samples.extend(ended.map(|l| (l.clone(), stale())));
        self.written = now;
        samples
    }
}

/// Returns the labels and annotations of a result's alert.
fn dressed(rule: &Rule, series: &Labels, value: f64) -> (Labels, BTreeMap<String, String>) {
    let mut labels = series.nameless();
    for (name, text) in &rule.labels {
        labels.set(name, &template::expand(text, series, value));
    }
    labels.set("alertname", &rule.name);
    let expanded = |text: &String| template::expand(text, series, value);
    (labels, rule.annotations.iter().map(|(n, t)| (n.clone(), expanded(t))).collect())
}
