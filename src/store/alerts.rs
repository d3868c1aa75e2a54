//! Alerts, merged over every place that knows of them.

use std::sync::Arc;

use crate::core::{Fingerprint, Labels, Span, Ts, Untrusted};

/// The state that an alert is shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Firing and not silenced.
    Firing,
    /// Its condition holds, but not yet for long enough: known from rules only.
    Pending,
    /// Silenced, inhibited or muted.
    Suppressed,
}

/// One alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Alertmanager's fingerprint; computed from the labels where only rules know the alert.
    pub fingerprint: Fingerprint,
    /// Labels, `alertname` among them.
    pub labels: Labels,
    /// Annotations: summary, description, `runbook_url`.
    pub annotations: Labels,
    /// The state.
    pub state: State,
    /// When it fired (Alertmanager's `startsAt`).
    pub starts_at: Option<Ts>,
    /// When its condition began (the rules' `activeAt`).
    pub active_at: Option<Ts>,
    /// Alertmanager's `endsAt`: in the future while it fires.
    pub ends_at: Option<Ts>,
    /// Alertmanager's `updatedAt`.
    pub updated_at: Option<Ts>,
    /// The value of its expression, as text of the server.
    pub value: Option<f64>,
    /// The link to its expression; never followed.
    pub generator_url: Untrusted,
    /// Receivers that it is routed to.
    pub receivers: Vec<Untrusted>,
    /// Silences that suppress it.
    pub silenced_by: Vec<Untrusted>,
    /// Alerts that inhibit it.
    pub inhibited_by: Vec<Untrusted>,
    /// Time intervals that mute it.
    pub muted_by: Vec<Untrusted>,
    /// Which places told of it: names of Alertmanagers, or `rules`.
    pub told_by: Vec<Untrusted>,
    /// The rule that makes it, where the rules are known.
    pub rule: Option<Arc<Rule>>,
}

/// An alerting rule as a rules API tells it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    /// The alert's name.
    pub name: Untrusted,
    /// The group's name.
    pub group: Untrusted,
    /// The expression.
    pub query: Untrusted,
    /// `for`.
    pub hold: Span,
    /// Labels that the rule adds.
    pub labels: Labels,
    /// Annotation templates' results are on the alerts; these are the rule's own.
    pub annotations: Labels,
    /// `ok`, `err`, `unknown`.
    pub health: Untrusted,
    /// The last evaluation's error.
    pub last_error: Option<Untrusted>,
    /// When it was evaluated last.
    pub last_evaluation: Option<Ts>,
    /// `firing`, `pending`, `inactive`.
    pub state: Untrusted,
}

/// Names of dead-man's switches: alerts that fire always, so that their silence tells that nobody watches.
const HEARTBEATS: [&str; 4] = ["watchdog", "deadmansswitch", "deadmanssnitch", "heartbeat"];

impl Alert {
    /// Returns whether it is a dead-man's switch: that it fires is a sign of life, not a fault.
    pub fn is_heartbeat(&self) -> bool {
        let name: String = self.name().chars().filter(char::is_ascii_alphanumeric).collect();
        let always = |q: &str| q.split_whitespace().collect::<String>() == "vector(1)";
        HEARTBEATS.iter().any(|h| name.eq_ignore_ascii_case(h))
            || (self.rank() == 5 && self.rule.as_ref().is_some_and(|r| always(r.query.raw())))
    }

    /// Returns `alertname`.
    pub fn name(&self) -> &str {
        self.labels.get("alertname").unwrap_or("")
    }

    /// Returns the names of the Alertmanagers that told of it; rules tell of it too, and hide nothing.
    pub fn managers(&self) -> impl Iterator<Item = &Untrusted> + Clone {
        let rules = |name: &str| name == "rules" || name.starts_with("rules of ");
        self.told_by.iter().filter(move |name| !rules(name.raw()))
    }

    /// Returns `severity`.
    pub fn severity(&self) -> &str {
        self.labels.get("severity").unwrap_or("")
    }

    /// Returns when its condition began, as well as it is known.
    pub fn began(&self) -> Option<Ts> {
        self.active_at.or(self.starts_at)
    }

    /// Returns 0 for the most urgent severity.
    pub fn rank(&self) -> u8 {
        match self.severity() {
            "critical" | "page" | "fatal" | "emergency" => 0,
            "error" | "major" | "high" => 1,
            "warning" | "minor" => 2,
            "info" | "notice" => 4,
            "none" => 5,
            _ => 3,
        }
    }
}
