//! Silences: which Alertmanager is meant, what it has, and the plan of a wish.

use std::collections::BTreeSet;

use super::{Named, Sources, World};
use crate::act::silence::{self, Asker};
use crate::app::msg::Silenced;
use crate::core::{Error, Kind, Result, Untrusted};
use crate::ops::PlanId;
use crate::ops::silence::Wish;
use crate::sources::alertmanager::{Alertmanager, Status};
use crate::store::health::{SourceId, SourceKind};

/// Makes the plan of a wish, at the Alertmanager of that name or the only one.
///
/// # Errors
/// Which one is not known; what can't be read.
pub async fn prepare(
    world: &World,
    at: Option<&Untrusted>,
    id: PlanId,
    wish: &Wish,
) -> Result<silence::Prepared> {
    let manager = manager(world, at).await?;
    let asker = Asker { client: world.client().ok(), now: (world.clock)() };
    world.through(manager.id, silence::prepare(&manager.source, asker, id, wish)).await
}

/// Reads the silences of every Alertmanager, or of the one of that name; those of a pair are the same. One that can't be reached
/// is among them, with why.
///
/// # Errors
/// There is none, or none of that name.
pub async fn list(world: &World, at: Option<&Untrusted>) -> Result<Vec<Silenced>> {
    let sources = world.sources().await?;
    let (asked, cut): (Vec<_>, Vec<_>) = match at {
        Some(at) => (vec![named(world, &sources, at)?], Vec::new()),
        None if sources.managers.is_empty() => return Err(none(world)),
        None => (sources.managers.clone(), sources.cut_off(KIND).collect()),
    };
    let asks = asked.into_iter().map(|named| async move {
        let told = world.through(named.id, named.source.silences_json()).await;
        let dropped = told.as_ref().map_or(0, |told| told.dropped);
        Silenced { at: named.source.name().clone(), silences: told.map(|told| told.silences), dropped }
    });
    let mut told = futures::future::join_all(asks).await;
    told.extend(cut.into_iter().map(|(id, name)| Silenced {
        at: name.clone(),
        silences: Err(cut_off(world, id, name)),
        dropped: 0,
    }));
    Ok(told)
}

const KIND: SourceKind = SourceKind::Alertmanager;

/// Returns why there is no way to one that is there.
fn cut_off(world: &World, id: SourceId, name: &Untrusted) -> Error {
    let told = world.health.get(id).and_then(|health| health.error);
    told.unwrap_or_else(|| Error::new(Kind::Unreachable, "ask the Alertmanager").on(name.clone()))
}

/// Says why there is no Alertmanager to ask: one that is there and can't be reached is not an absent one.
fn none(world: &World) -> Error {
    let first = SourceId { kind: KIND, index: 0 };
    world.health.get(first).and_then(|health| health.error).unwrap_or_else(|| {
        Error::new(Kind::NotFound, "ask the Alertmanager")
            .detail("none was found in configuration, environment or cluster")
            .hint("set ALERTMANAGER_URL, or `[[sources.alertmanager]]` in config.toml; `:sources` shows what was tried")
    })
}

/// Says which there are, where it is not known which is meant.
fn wrong(sources: &Sources, detail: String) -> Error {
    let live = sources.managers.iter().map(|manager| manager.source.name());
    let names = live.chain(sources.cut_off(KIND).map(|(_, name)| name));
    let names: Vec<String> = names.map(|name| name.clipped(80).to_string()).collect();
    Error::new(Kind::Usage, "choose the Alertmanager")
        .detail(detail)
        .hint(format!("--source NAME names one of {}", names.join(", ")))
}

/// Returns the Alertmanager of a name.
fn named(world: &World, sources: &Sources, at: &Untrusted) -> Result<Named<Alertmanager>> {
    let mut live = sources.managers.iter().filter(|manager| manager.source.name() == at);
    let mut cut = sources.cut_off(KIND).filter(|(_, name)| *name == at);
    match (live.next(), cut.next(), live.next().is_some() || cut.next().is_some()) {
        (Some(one), None, false) => Ok(one.clone()),
        (None, Some((id, name)), false) => Err(cut_off(world, id, name)),
        (None, None, _) if sources.managers.is_empty() && sources.cut_off(KIND).next().is_none() => {
            Err(none(world))
        }
        (None, None, _) => Err(wrong(sources, format!("none is called {}", at.clipped(80)))),
        _ => Err(wrong(sources, format!("several are called {}", at.clipped(80)))),
    }
}

/// Returns the Alertmanager of a name; without one the only one, or the first that answers of a cluster of them.
async fn manager(world: &World, at: Option<&Untrusted>) -> Result<Named<Alertmanager>> {
    let sources = world.sources().await?;
    if let Some(at) = at {
        return named(world, &sources, at);
    }
    let (all, cut) = (&sources.managers, sources.cut_off(KIND).count());
    match (&all[..], cut) {
        ([], _) => return Err(none(world)),
        ([only], 0) => return Ok(only.clone()),
        _ => {}
    }
    let asks = all.iter().map(|m| async move { world.through(m.id, m.source.status()).await });
    let statuses: Vec<Result<Status>> = futures::future::join_all(asks).await;
    let told = statuses.iter().map(|s| s.as_ref().ok().map(|s| s.members.iter().collect()));
    let members: Vec<Option<BTreeSet<&Untrusted>>> = told.chain((0..cut).map(|_| None)).collect();
    let found = pair(&members).and_then(|at| all.get(at)).cloned();
    let count = all.len() + cut;
    found
        .ok_or_else(|| wrong(&sources, format!("there are {count}, and it is not to be told which is meant")))
}

/// Returns the first that answers, where all that answer are members of one cluster and no other can be another's.
fn pair(members: &[Option<BTreeSet<&Untrusted>>]) -> Option<usize> {
    let first = members.iter().position(Option::is_some)?;
    let cluster = members.get(first)?.as_ref().filter(|m| !m.is_empty())?;
    let same = members.iter().flatten().all(|other| other == cluster);
    // One that is silent may be a member only where there are as many members as Alertmanagers.
    let whole = members.iter().all(Option::is_some) || cluster.len() >= members.len();
    (same && whole).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_one_cluster_are_one_and_others_are_to_be_named() {
        let names: Vec<Untrusted> = ["a", "b", "c"].into_iter().map(Untrusted::from).collect();
        let of = |at: &[usize]| Some(at.iter().filter_map(|i| names.get(*i)).collect::<BTreeSet<_>>());
        assert_eq!(pair(&[of(&[0, 1]), of(&[0, 1])]), Some(0));
        assert_eq!(pair(&[None, of(&[0, 1])]), Some(1));
        assert_eq!(pair(&[of(&[0]), of(&[1])]), None);
        // Without a cluster each stands for itself.
        assert_eq!(pair(&[of(&[]), of(&[])]), None);
        assert_eq!(pair(&[None, of(&[0])]), None);
        assert_eq!(pair(&[None, None]), None);
    }
}
