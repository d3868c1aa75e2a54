//! Alerts of all places at once: a place that is slow or silent holds up none of the others, and what it
//! told last stays, with its age.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::{AbortHandle, JoinHandle};

use super::{Sources, World, fault};
use crate::app::msg::AlertsAnswer;
use crate::core::{Error, Kind, Result, Ts, Untrusted};
use crate::sources::alertmanager::{Alerts, Place, merge};
use crate::sources::prom::Rules;
use crate::sources::supervisor::STALE;
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
    let rules = sources.proms.iter().map(|p| (p.id, Untrusted::from("rules")));
    managers.chain(rules).collect()
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
    out
}
