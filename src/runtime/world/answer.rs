//! Questions and their answers.

use std::sync::{Arc, PoisonError};

use super::{Named, Sources, World, alerts, kept, logs, silences, standing, versions};
use crate::act::{self, Prepared, rollback};
use crate::app::effect::Query;
use crate::app::msg::Answer;
use crate::core::{Error, Kind, ObjectRef, Result, Span, Window};
use crate::ops::{PlanId, Wanted};
use crate::sources::kube::get;
use crate::sources::prom::Prom;
use crate::store::health::{SourceId, SourceKind};

/// Answers a question.
pub async fn answer(world: &Arc<World>, query: Query) -> Result<Answer> {
    match query {
        Query::Alerts => alerts::ask(world).await.map(Answer::Alerts),
        Query::Range { expr, window, step } => {
            let sources = world.sources().await?;
            let first = sources.proms.first().ok_or_else(|| no_prometheus(world))?;
            range(world, first, &expr, window, step).await
        }
        Query::RuleRange { told_by, expr, window, step } => {
            let sources = world.sources().await?;
            let down = |id| world.health.down(id).is_some();
            let prom = alerts::prometheus_of(&sources.proms, &told_by, down)
                .ok_or_else(|| unknown_prometheus(world, &sources))?;
            range(world, prom, &expr, window, step).await
        }
        Query::Logs { scope, page, window, limit, previous } => {
            logs::read(world, logs::Ask { scope, page, window, limit, previous })
                .await
                .map(|b| Answer::Logs(Box::new(b)))
        }
        Query::Object(object) => read_object(world, &object).await,
        Query::Edits(object) => get::edits(world.client()?, &object).await.map(Answer::Edits),
        Query::Record { namespace, release, revision } => {
            let stored = rollback::record(world.client()?, &namespace, &release, revision).await?;
            Ok(Answer::Record(Arc::new(stored.record)))
        }
        Query::Standing { namespace, release, revision, live } => {
            let place = (&namespace, &release, revision);
            standing::ask(world.client()?, place, live).await.map(|s| Answer::Standing(Box::new(s)))
        }
        Query::Versions(chart) => versions::ask(world, &chart).await.map(Answer::Versions),
        Query::Revisions(object) => {
            Ok(Answer::Revisions(act::deeds::history(world.client()?, &object).await?))
        }
        Query::Silences(at) => silences::list(world, at.as_ref()).await.map(Answer::Silences),
        Query::Kept(scope) => kept::list(world.client()?, &world.cluster, &scope).await.map(Answer::Kept),
        Query::Plan(wanted) => plan(world, &wanted).await,
    }
}

/// Makes a plan and keeps it for its confirmation; one that was made anew takes the place of the older one.
async fn plan(world: &World, wanted: &Wanted) -> Result<Answer> {
    let now = (world.clock)();
    let id = PlanId::new(now, crate::runtime::random());
    let state = world.runners.as_ref().map(|runners| runners.state.as_path());
    let prepared = match wanted {
        Wanted::Silence { at, wish } => {
            let made = silences::prepare(world, at.as_ref(), id, wish).await?;
            Prepared::Silence(Box::new(made))
        }
        Wanted::Rollback { .. } | Wanted::Deed { .. } => {
            act::prepare(world.client()?, &world.cluster, id, &world.clock, wanted, state).await?
        }
    };
    let plan = Arc::clone(prepared.plan());
    let mut plans = world.plans.lock().unwrap_or_else(PoisonError::into_inner);
    plans.retain(|_, p| !p.plan().is_for(wanted));
    plans.insert(plan.id, prepared);
    drop(plans);
    Ok(Answer::Plan(plan))
}

async fn range(world: &World, named: &Named<Prom>, expr: &str, window: Window, step: Span) -> Result<Answer> {
    let outcome = world.through(named.id, named.source.query_range(expr, window, step)).await;
    outcome.map(|m| Answer::Range(Arc::new(m)))
}

/// Says why of several none is asked.
fn unknown_prometheus(world: &World, sources: &Sources) -> Error {
    if sources.proms.is_empty() {
        return no_prometheus(world);
    }
    Error::new(Kind::NotFound, "ask Prometheus")
        .detail(format!("which of {} evaluates the alert's rule is not known", sources.proms.len()))
        .hint("only an Alertmanager told of it: `:sources` shows whether one of them does not answer")
}

/// Says why there is no Prometheus to ask: one that is there and cannot be reached is not an absent one.
fn no_prometheus(world: &World) -> Error {
    let first = SourceId { kind: SourceKind::Prometheus, index: 0 };
    world.health.get(first).and_then(|health| health.error).unwrap_or_else(|| {
        Error::new(Kind::NotFound, "ask Prometheus")
            .detail("none was found in configuration, environment or cluster")
            .hint("set PROMETHEUS_URL, or `[[sources.prometheus]]` in config.toml; `:sources` shows what was tried")
    })
}

async fn read_object(world: &World, object: &ObjectRef) -> Result<Answer> {
    let Some(resource) = object.resource() else {
        return Err(Error::new(Kind::NotFound, "read an object")
            .on(object.to_string())
            .detail("its kind is not known"));
    };
    let path = resource.path(Some(object.namespace.as_str()), Some(object.name.as_str()));
    let value: serde_json::Value = world.client()?.get_json(&path).await.map_err(|f| f.error)?;
    Ok(Answer::Object(Arc::new(value)))
}
