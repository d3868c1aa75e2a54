//! Alerts of all places at once.

use std::sync::Arc;

use super::{Named, World};
use crate::app::msg::AlertsAnswer;
use crate::core::{Result, Untrusted};
use crate::sources::alertmanager::{Alertmanager, Place, merge};
use crate::sources::prom::Prom;

/// Asks every Alertmanager and every Prometheus at the same time.
pub async fn ask(world: &World) -> Result<AlertsAnswer> {
    let sources = world.sources().await?;
    let managers = futures::future::join_all(sources.managers.iter().map(|m| manager(world, m)));
    let rules = futures::future::join_all(sources.proms.iter().map(|p| rules(world, p)));
    let (managers, rules) = futures::future::join(managers, rules).await;
    let known: Vec<Arc<crate::store::alerts::Rule>> =
        rules.iter().filter_map(|p| p.answer.as_ref().ok()).flat_map(|r| r.rules.iter().cloned()).collect();
    let evaluated = known.iter().filter_map(|r| r.last_evaluation).max();
    let overview = merge(managers, rules);
    let answered = overview.answered.into_iter().map(|name| (name, None));
    let missing = overview.missing.into_iter().map(|(name, error)| (name, Some(error)));
    Ok(AlertsAnswer {
        alerts: overview.alerts,
        rules: known,
        places: answered.chain(missing).collect(),
        evaluated,
    })
}

async fn manager(world: &World, named: &Named<Alertmanager>) -> Place<crate::sources::alertmanager::Alerts> {
    let began = (world.clock)();
    let answer = named.source.alerts().await;
    let now = (world.clock)();
    world.health.report(named.id, &answer, now - began, now);
    Place { name: named.source.name().clone(), answer }
}

async fn rules(world: &World, named: &Named<Prom>) -> Place<crate::sources::prom::Rules> {
    let began = (world.clock)();
    let answer = named.source.rules("").await;
    let now = (world.clock)();
    world.health.report(named.id, &answer, now - began, now);
    Place { name: Untrusted::from("rules"), answer }
}
