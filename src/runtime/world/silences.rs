//! Silences: which Alertmanager is meant, what it has, and the plan of a wish.

use std::collections::BTreeSet;

use super::{Named, World};
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

/// Reads the silences of every Alertmanager, or of the one of that name; those of a pair are the same.
///
/// # Errors
/// There is none, or none of that name.
pub async fn list(world: &World, at: Option<&Untrusted>) -> Result<Vec<Silenced>> {
    let asked = match at {
        Some(_) => vec![manager(world, at).await?],
        None => all(world).await?,
    };
    let asks = asked.into_iter().map(|named| async move {
        let told = world.through(named.id, named.source.silences_json()).await;
        let dropped = told.as_ref().map_or(0, |told| told.dropped);
        Silenced { at: named.source.name().clone(), silences: told.map(|told| told.silences), dropped }
    });
    Ok(futures::future::join_all(asks).await)
}

async fn all(world: &World) -> Result<Vec<Named<Alertmanager>>> {
    let sources = world.sources().await?;
    if sources.managers.is_empty() {
        return Err(none(world));
    }
    Ok(sources.managers.clone())
}

/// Says why there is no Alertmanager to ask: one that is there and can't be reached is not an absent one.
fn none(world: &World) -> Error {
    let first = SourceId { kind: SourceKind::Alertmanager, index: 0 };
    world.health.get(first).and_then(|health| health.error).unwrap_or_else(|| {
        Error::new(Kind::NotFound, "ask the Alertmanager")
            .detail("none was found in configuration, environment or cluster")
            .hint("set ALERTMANAGER_URL, or `[[sources.alertmanager]]` in config.toml; `:sources` shows what was tried")
    })
}

/// Returns the Alertmanager of a name; without one the only one, or the first that answers of a cluster of them.
async fn manager(world: &World, at: Option<&Untrusted>) -> Result<Named<Alertmanager>> {
    let all = all(world).await?;
    let names: Vec<String> = all.iter().map(|m| m.source.name().clipped(80).to_string()).collect();
    let wrong = |detail: &str| {
        Error::new(Kind::Usage, "choose the Alertmanager")
            .detail(detail.to_owned())
            .hint(format!("--source NAME names one of {}", names.join(", ")))
    };
    if let Some(at) = at {
        let mut named = all.iter().filter(|m| m.source.name() == at);
        return match (named.next(), named.next()) {
            (Some(one), None) => Ok(one.clone()),
            (Some(_), Some(_)) => Err(wrong(&format!("several are called {}", at.clipped(80)))),
            (None, _) => Err(wrong(&format!("none is called {}", at.clipped(80)))),
        };
    }
    if let [only] = &all[..] {
        return Ok(only.clone());
    }
    let asks = all.iter().map(|m| async move { world.through(m.id, m.source.status()).await });
    let statuses: Vec<Result<Status>> = futures::future::join_all(asks).await;
    let members: Vec<Option<BTreeSet<&Untrusted>>> =
        statuses.iter().map(|s| s.as_ref().ok().map(|s| s.members.iter().collect())).collect();
    match pair(&members).and_then(|at| all.get(at)) {
        Some(one) => Ok(one.clone()),
        None => Err(wrong(&format!("there are {}, and it is not to be told which is meant", all.len()))),
    }
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
