//! Alerts of all places at once: a place that is slow or silent holds up none of the others, and what it
//! told last stays, with its age.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::{AbortHandle, JoinHandle};

use super::{Named, Sources, World, fault};
use crate::app::msg::AlertsAnswer;
use crate::app::resolve::names_an_object;
use crate::core::{Error, Fingerprint, Kind, Labels, Result, Ts, Untrusted};
use crate::query::{generator, promql};
use crate::sources::alertmanager::{Alerts, Place, merge};
use crate::sources::prom::{Prom, Rules};
use crate::sources::supervisor::STALE;
use crate::store::alerts::Alert;
use crate::store::health::SourceId;

/// How long one question waits for the places; what comes later is in the next answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// What each place told last.
#[derive(Default)]
pub struct Heard(Mutex<BTreeMap<SourceId, Kept>>);

#[derive(Default)]
struct Kept {
    told: Option<(Ts, Told)>,
    error: Option<Error>,
    asking: Option<AbortHandle>,
}

#[derive(Clone)]
enum Told {
    Alerts(Alerts),
    Rules(Rules),
}

impl Heard {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<SourceId, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes back the questions that are open: somebody wishes to ask anew.
    pub fn give_up(&self) {
        for kept in self.lock().values_mut() {
            if let Some(task) = kept.asking.take() {
                task.abort();
            }
        }
    }

    fn take(&self, id: SourceId, outcome: Result<Told>, now: Ts) {
        let mut all = self.lock();
        let kept = all.entry(id).or_default();
        match outcome {
            Ok(told) => {
                kept.told = Some((now, told));
                kept.error = None;
            }
            Err(error) => kept.error = Some(error),
        }
    }
}

/// Asks every Alertmanager and every Prometheus at the same time.
///
/// # Errors
/// That the sources could not be looked for.
pub async fn ask(world: &Arc<World>) -> Result<AlertsAnswer> {
    let sources = world.sources().await?;
    let places: Vec<(SourceId, Untrusted)> = places(&sources);
    let mut asked = Vec::new();
    for (id, _) in &places {
        asked.extend(begin(world, &sources, *id));
    }
    let waiting = futures::future::join_all(asked.into_iter().map(|(id, task)| async move {
        if task.await.is_err_and(|e| e.is_panic()) {
            let error = fault("read alerts");
            world.health.bad(id, &error, (world.clock)());
            world.heard.take(id, Err(error), (world.clock)());
        }
    }));
    tokio::time::timeout(PATIENCE, waiting).await.ok();
    Ok(answer(world, places))
}

fn places(sources: &Sources) -> Vec<(SourceId, Untrusted)> {
    let managers = sources.managers.iter().map(|m| (m.id, m.source.name().clone()));
    let rules = sources.proms.iter().map(|p| (p.id, rules_of(p)));
    managers.chain(rules).collect()
}

/// Returns what the rules of a Prometheus are called, on its alerts too: one alone needs no name.
fn rules_of(prom: &Named<Prom>) -> Untrusted {
    match prom.id.index {
        0 => Untrusted::from("rules"),
        _ => Untrusted::from(format!("rules of {}", prom.name.raw())),
    }
}

/// Returns the Prometheus whose rules told of an alert: of several the first that is not down; one alone is
/// it in any case. `None` where it is not known which.
pub fn prometheus_of<'a>(
    proms: &'a [Named<Prom>],
    told_by: &[Untrusted],
    down: impl Fn(SourceId) -> bool,
) -> Option<&'a Named<Prom>> {
    if let [only] = proms {
        return Some(only);
    }
    let told: Vec<&Named<Prom>> = proms.iter().filter(|p| told_by.contains(&rules_of(p))).collect();
    told.iter().find(|p| !down(p.id)).or(told.first()).copied()
}

/// Begins to ask a place, unless the last question is still open.
fn begin(world: &Arc<World>, sources: &Arc<Sources>, id: SourceId) -> Option<(SourceId, JoinHandle<()>)> {
    let mut heard = world.heard.lock();
    let kept = heard.entry(id).or_default();
    if kept.asking.as_ref().is_some_and(|task| !task.is_finished()) {
        return None;
    }
    let task = tokio::spawn(one(Arc::clone(world), Arc::clone(sources), id));
    kept.asking = Some(task.abort_handle());
    Some((id, task))
}

async fn one(world: Arc<World>, sources: Arc<Sources>, id: SourceId) {
    let asking = async {
        if let Some(named) = sources.managers.iter().find(|m| m.id == id) {
            return named.source.alerts().await.map(Told::Alerts);
        }
        match sources.proms.iter().find(|p| p.id == id) {
            Some(named) => named.source.rules("").await.map(Told::Rules),
            None => Err(Error::new(Kind::Internal, "read alerts")),
        }
    };
    let outcome = world.through(id, asking).await;
    world.heard.take(id, outcome, (world.clock)());
}

/// Makes the answer out of what is known of each place.
fn answer(world: &World, places: Vec<(SourceId, Untrusted)>) -> AlertsAnswer {
    let now = (world.clock)();
    let heard = world.heard.lock();
    let mut out = AlertsAnswer::default();
    let (mut managers, mut rules) = (Vec::new(), Vec::new());
    for (id, name) in places {
        let kept = heard.get(&id);
        let told = kept.and_then(|k| k.told.clone());
        let old = told.as_ref().is_none_or(|(at, _)| now - *at >= STALE);
        let late =
            || Error::new(Kind::Timeout, "read alerts").on(name.clone()).detail("it has not answered yet");
        let silent =
            kept.and_then(|k| k.error.clone()).or_else(|| world.health.down(id)).or_else(|| old.then(late));
        if silent.is_some() {
            out.since = [out.since, told.as_ref().map(|(at, _)| *at)].into_iter().flatten().min();
        }
        match told {
            Some((_, Told::Alerts(answer))) => {
                managers.push(Place { name: name.clone(), answer: Ok(answer) });
            }
            Some((_, Told::Rules(answer))) => rules.push(Place { name: name.clone(), answer: Ok(answer) }),
            None => {}
        }
        out.places.push((name, silent));
    }
    drop(heard);
    let known = rules.iter().filter_map(|p| p.answer.as_ref().ok());
    out.rules = known.flat_map(|r| r.rules.iter().cloned()).collect();
    out.evaluated = out.rules.iter().filter_map(|r| r.last_evaluation).max();
    out.alerts = merge(managers, rules).alerts;
    out.asked = asked(&out.alerts);
    out
}

/// Returns what the alerts' expressions ask for. Many alerts have one rule: each expression is read once.
fn asked(alerts: &[Alert]) -> BTreeMap<Fingerprint, Labels> {
    let mut read: HashMap<String, Labels> = HashMap::new();
    let mut out = BTreeMap::new();
    for alert in alerts {
        let rule = alert.rule.as_ref().map(|r| r.query.raw().to_owned());
        let Some(expr) = rule.or_else(|| generator::expression(alert.generator_url.raw())) else { continue };
        let of = |expr: &str| promql::equalities(expr).without(|name| !names_an_object(name));
        let labels = match read.get(&expr) {
            Some(labels) => labels.clone(),
            None => read.entry(expr.clone()).or_insert_with(|| of(&expr)).clone(),
        };
        if !labels.is_empty() {
            out.insert(alert.fingerprint, labels);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::core::Span;
    use crate::sources::http::fake::Fake;
    use crate::store::health::SourceKind;

    fn proms(names: &[&str]) -> Vec<Named<Prom>> {
        let one = |(index, name): (usize, &&str)| Named {
            id: SourceId { kind: SourceKind::Prometheus, index: index as u8 },
            name: Untrusted::from(*name),
            source: Arc::new(Prom::new(Fake::always(200, "", ""), Span::secs(1))),
        };
        names.iter().enumerate().map(one).collect()
    }

    #[test]
    fn an_alert_is_asked_of_the_prometheus_whose_rules_told_of_it() {
        let proms = proms(&["app", "infra", "edge"]);
        let names: Vec<Untrusted> = proms.iter().map(rules_of).collect();
        assert_eq!(
            names.iter().map(Untrusted::raw).collect::<Vec<_>>(),
            ["rules", "rules of infra", "rules of edge"]
        );
        let asked = |told: &[&str], down: &[u8]| {
            let told: Vec<Untrusted> = told.iter().map(|t| Untrusted::from(*t)).collect();
            prometheus_of(&proms, &told, |id| down.contains(&id.index)).map(|p| p.id.index)
        };
        assert_eq!(asked(&["alertmanager-0", "rules of infra"], &[]), Some(1));
        assert_eq!(asked(&["rules"], &[]), Some(0));
        // Of replicas that both evaluate it, one that answers; of one that is down, its own error.
        assert_eq!(asked(&["rules of infra", "rules of edge"], &[1]), Some(2));
        assert_eq!(asked(&["rules of infra"], &[1]), Some(1));
        // It is not known whose the rule is: the first one's answer could be about something else.
        assert_eq!(asked(&["alertmanager-0"], &[]), None);
        let only = prometheus_of(&proms[..1], &[Untrusted::from("alertmanager-0")], |_| false);
        assert_eq!(only.map(|p| p.id.index), Some(0));
    }
}
