//! One list of alerts out of what several Alertmanagers and several rules APIs tell.
//!
//! Alertmanagers are joined by fingerprint. A rule's own alert is the same as an Alertmanager's whose
//! labels hold all of its labels: the ones in excess are the external labels that Prometheus adds when
//! it sends. Pure; tested with whole lists.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::Alerts;
use crate::core::{Error, Fingerprint, Labels, Result, Untrusted};
use crate::sources::prom::{Active, Rules};
use crate::store::alerts::Alert;

/// What one place told.
pub struct Place<T> {
    /// The place's name.
    pub name: Untrusted,
    /// What it told.
    pub answer: Result<T>,
}

/// The alerts of all places.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overview {
    /// The alerts, the most urgent first.
    pub alerts: Vec<Alert>,
    /// The places that answered.
    pub answered: Vec<Untrusted>,
    /// The places that did not, and why: the list is partial.
    pub missing: Vec<(Untrusted, Error)>,
    /// Alerts and rules beyond our limits.
    pub dropped: usize,
}

/// Merges the answers of all places.
pub fn merge(managers: Vec<Place<Alerts>>, rules: Vec<Place<Rules>>) -> Overview {
    let mut out = Overview::default();
    let mut known: BTreeMap<Fingerprint, Alert> = BTreeMap::new();
    for place in managers {
        match place.answer {
            Ok(told) => {
                out.dropped += told.dropped;
                out.answered.push(place.name);
                for alert in told.alerts {
                    let fingerprint = alert.fingerprint;
                    match known.remove(&fingerprint) {
                        Some(mut old) => {
                            absorb(&mut old, alert);
                            known.insert(fingerprint, old);
                        }
                        None => {
                            known.insert(fingerprint, alert);
                        }
                    }
                }
            }
            Err(error) => out.missing.push((place.name, error)),
        }
    }
    let sent: BTreeSet<Fingerprint> = known.keys().copied().collect();
    for place in rules {
        match place.answer {
            Ok(told) => {
                out.dropped += told.dropped;
                join(&mut known, &sent, told.active, &place.name);
                out.answered.push(place.name);
            }
            Err(error) => out.missing.push((place.name, error)),
        }
    }
    out.alerts = known.into_values().collect();
    out.alerts.sort_by(|a, b| {
        (a.state, a.rank(), a.name(), a.fingerprint).cmp(&(b.state, b.rank(), b.name(), b.fingerprint))
    });
    out
}

/// Takes into `known` what another place or group tells of the same alert. Where they disagree about
/// its state, the louder one is believed: a silence that one peer has not heard of yet hides nothing.
pub(super) fn absorb(known: &mut Alert, other: Alert) {
    known.state = known.state.min(other.state);
    known.starts_at = [known.starts_at, other.starts_at].into_iter().flatten().min();
    known.active_at = [known.active_at, other.active_at].into_iter().flatten().min();
    known.ends_at = known.ends_at.max(other.ends_at);
    known.updated_at = known.updated_at.max(other.updated_at);
    known.value = known.value.or(other.value);
    known.rule = known.rule.take().or(other.rule);
    let union = |into: &mut Vec<Untrusted>, from: Vec<Untrusted>| {
        for item in from {
            if !into.contains(&item) {
                into.push(item);
            }
        }
    };
    union(&mut known.receivers, other.receivers);
    union(&mut known.silenced_by, other.silenced_by);
    union(&mut known.inhibited_by, other.inhibited_by);
    union(&mut known.muted_by, other.muted_by);
    union(&mut known.told_by, other.told_by);
}

/// Joins one rules API's alerts to the known ones; those that no Alertmanager has become alerts of their own.
fn join(
    known: &mut BTreeMap<Fingerprint, Alert>,
    sent: &BTreeSet<Fingerprint>,
    active: Vec<Active>,
    name: &Untrusted,
) {
    let mut by_name: HashMap<String, Vec<Fingerprint>> = HashMap::new();
    for alert in sent.iter().filter_map(|f| known.get(f)) {
        by_name.entry(alert.name().to_owned()).or_default().push(alert.fingerprint);
    }
    let candidates = |one: &Active| -> Vec<(Fingerprint, Labels)> {
        let same = one.labels.get("alertname").and_then(|n| by_name.get(n));
        let excess = |f: &Fingerprint| Some((*f, excess(&known.get(f)?.labels, &one.labels)?));
        same.into_iter().flatten().filter_map(excess).collect()
    };
    let mut open: Vec<(Active, Vec<(Fingerprint, Labels)>)> = active
        .into_iter()
        .map(|one| {
            let found = candidates(&one);
            (one, found)
        })
        .collect();
    let external = usual_excess(&open);
    // The alert with the most labels chooses first: a smaller one fits wherever it fits, and more.
    open.sort_by_key(|(one, _)| std::cmp::Reverse(one.labels.len()));
    let mut taken: HashSet<Fingerprint> = HashSet::new();
    for (one, found) in open {
        let best = found.into_iter().filter(|(f, _)| !taken.contains(f)).min_by_key(|(f, excess)| {
            let usual = external.as_ref() != Some(excess);
            (usual, excess.len(), distance(known.get(f), &one), *f)
        });
        let alert = alert(one, name);
        let fingerprint = best.map_or(alert.fingerprint, |(f, _)| f);
        taken.insert(fingerprint);
        match known.get_mut(&fingerprint) {
            Some(old) => {
                // Alertmanager's word on the state stands: it knows of silences, and it has heard last.
                let state = old.state;
                let by_manager = sent.contains(&fingerprint);
                let (starts_at, updated_at, ends_at) = (old.starts_at, old.updated_at, old.ends_at);
                absorb(old, alert);
                if by_manager {
                    (old.state, old.starts_at, old.updated_at, old.ends_at) =
                        (state, starts_at, updated_at, ends_at);
                }
            }
            None => {
                known.insert(fingerprint, alert);
            }
        }
    }
}

/// Returns the labels that `all` has beside those of `some`; `None` where it lacks one or differs.
fn excess(all: &Labels, some: &Labels) -> Option<Labels> {
    let held = some.iter().all(|(name, value)| all.get(name) == Some(value));
    held.then(|| all.without(|name| some.get(name).is_some()))
}

/// Returns the excess labels that are seen most often where there is no choice: this place's external labels.
fn usual_excess(open: &[(Active, Vec<(Fingerprint, Labels)>)]) -> Option<Labels> {
    let mut seen: BTreeMap<&Labels, usize> = BTreeMap::new();
    for (_, found) in open {
        if let [(_, only)] = found.as_slice() {
            *seen.entry(only).or_default() += 1;
        }
    }
    seen.into_iter().max_by_key(|(_, n)| *n).map(|(labels, _)| labels.clone())
}

/// Returns how far apart the two ends' times are, in nanoseconds: an alert fires `for` after it began.
fn distance(sent: Option<&Alert>, one: &Active) -> u64 {
    let hold = one.rule.as_ref().map_or(crate::core::Span::default(), |r| r.hold);
    match (sent.and_then(|a| a.starts_at), one.active_at) {
        (Some(fired), Some(began)) => (fired - (began + hold)).0.unsigned_abs(),
        _ => u64::MAX,
    }
}

/// Returns the alert of a rule that no Alertmanager knows.
fn alert(one: Active, name: &Untrusted) -> Alert {
    let rule = one.rule;
    Alert {
        fingerprint: one.labels.fingerprint(),
        labels: one.labels,
        annotations: one.annotations,
        state: one.state,
        starts_at: None,
        active_at: one.active_at,
        ends_at: None,
        updated_at: rule.as_ref().and_then(|r| r.last_evaluation),
        value: one.value,
        generator_url: Untrusted::default(),
        receivers: Vec::new(),
        silenced_by: Vec::new(),
        inhibited_by: Vec::new(),
        muted_by: Vec::new(),
        told_by: vec![name.clone()],
        rule,
    }
}
