//! What a silence hides now, and how dangerous that is.

use std::collections::BTreeMap;

use regex::Regex;

use super::LONG;
use crate::core::action::Risk;
use crate::core::{Fingerprint, Labels, Safe, Span, Untrusted, num};
use crate::query::matcher::{Matcher, Op};
use crate::store::alerts::Alert;

/// More alerts than this are many.
pub const MANY: usize = 10;
/// How many of them a plan names.
const NAMED: usize = 100;
/// A value that no alert has: an expression that matches it matches nearly all.
const PROBE: &str = "\u{1}deckwatch";

/// Returns whether a matcher picks some alerts out; one that is met by a label that is not there, or by any value, does
/// not. An expression that is not understood here counts as one that does not.
fn selects(matcher: &Matcher) -> bool {
    match matcher.op {
        Op::Equal => !matcher.value.is_empty(),
        Op::Regex => Regex::new(&format!("^(?:{})$", matcher.value))
            .is_ok_and(|regex| !regex.is_match("") && !regex.is_match(PROBE)),
        Op::NotEqual | Op::NotRegex => false,
    }
}

/// An alert that a silence hides, or that comes back without it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Hidden {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// Its labels.
    pub labels: Labels,
    /// Whether something else hides it already: another silence, an inhibition, a mute.
    pub otherwise: bool,
}

/// The alerts that a silence reaches now.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Reach {
    /// How many.
    pub count: usize,
    /// How many of each name.
    pub names: BTreeMap<Untrusted, usize>,
    /// How many of them something else hides.
    pub otherwise: usize,
    /// Names of dead-man's switches among them.
    pub heartbeats: Vec<Untrusted>,
    /// The first of them.
    pub alerts: Vec<Hidden>,
}

impl Reach {
    /// Returns what is reached by silences; `own` are those that are looked at, which hide nothing "otherwise".
    pub fn of<'a>(alerts: impl IntoIterator<Item = &'a Alert>, own: &[&str]) -> Self {
        let mut out = Self::default();
        for alert in alerts {
            let silenced = alert.silenced_by.iter().any(|id| !own.contains(&id.raw()));
            let otherwise = silenced || !alert.inhibited_by.is_empty() || !alert.muted_by.is_empty();
            let name = Untrusted::from(alert.name());
            out.count += 1;
            out.otherwise += usize::from(otherwise);
            if alert.is_heartbeat() && !out.heartbeats.contains(&name) {
                out.heartbeats.push(name.clone());
            }
            *out.names.entry(name).or_default() += 1;
            if out.alerts.len() < NAMED {
                let (fingerprint, labels) = (alert.fingerprint, alert.labels.clone());
                out.alerts.push(Hidden { fingerprint, labels, otherwise });
            }
        }
        out
    }

    /// Returns the risk of hiding these for a time.
    pub fn risk(&self, matchers: &[Matcher], lasts: Span) -> Risk {
        let wide = self.count > MANY || self.names.len() > 1 || !self.heartbeats.is_empty();
        if wide || lasts > LONG || !matchers.iter().any(selects) { Risk::Disruptive } else { Risk::Safe }
    }

    /// Returns whether these are more than what was shown: far more, or of a name that was neither shown nor asked for,
    /// or with a dead-man's switch that was not shown.
    pub fn outgrows(&self, shown: &Self, matchers: &[Matcher]) -> bool {
        let most = (2 * shown.count).max(shown.count + MANY);
        let asked = |name: &Untrusted| {
            let mut named = matchers.iter().filter(|m| m.name == "alertname" && m.op == Op::Equal);
            named.any(|m| m.value == name.raw())
        };
        let other = self.names.keys().any(|name| !shown.names.contains_key(name) && !asked(name));
        let heartbeat = self.heartbeats.iter().any(|name| !shown.heartbeats.contains(name));
        self.count > most || other || heartbeat
    }

    /// Returns them in a few words: `3 alerts: Backend5xxHigh ×2, PodCrashLooping`.
    pub fn words(&self) -> String {
        if self.count == 0 {
            return "no alert".to_owned();
        }
        let each = self.names.iter().take(5).map(|(name, n)| {
            let times = if *n > 1 { format!(" ×{n}") } else { String::new() };
            format!("{}{times}", name.clipped(80))
        });
        let more = if self.names.len() > 5 { ", …" } else { "" };
        let each = each.collect::<Vec<_>>().join(", ");
        format!("{}: {each}{more}", num::counted(self.count, "alert", "alerts"))
    }

    /// Returns what must be known before these are hidden.
    pub fn warnings(&self, matchers: &[Matcher], lasts: Span) -> Vec<Safe> {
        let mut out = Vec::new();
        if self.count == 0 {
            out.push(Safe::own("it hides nothing now: no alert matches; later ones will be hidden"));
        }
        if self.otherwise > 0 {
            let verb = if self.otherwise == 1 { "is" } else { "are" };
            out.push(Safe::of(&format!(
                "{} of them {verb} silenced, inhibited or muted already",
                self.otherwise
            )));
        }
        for name in &self.heartbeats {
            out.push(Safe::of(&format!(
                "{} is a dead-man's switch: hiding it tells whoever waits for it that alerting is dead",
                name.clipped(80)
            )));
        }
        if matchers.iter().all(Matcher::excludes) {
            out.push(Safe::own("its matchers only exclude: it hides every alert that they do not name"));
        } else if !matchers.iter().any(selects) {
            out.push(Safe::own("it hides every alert, or nearly: none of its matchers picks any out"));
        }
        let named = matchers.iter().any(|m| m.name == "alertname" && m.op == Op::Equal);
        if self.names.len() > 1 && !named {
            out.push(Safe::of(&format!("it hides alerts of {} names", self.names.len())));
        }
        if lasts > LONG {
            out.push(Safe::of(&format!("it lasts {lasts}, longer than a day: it outlives the shift")));
        }
        out
    }
}
