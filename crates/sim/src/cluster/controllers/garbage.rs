//! Garbage collection: what outlives all of its owners goes, in the background.

use std::collections::BTreeSet;

use super::super::World;
use super::super::api::DeleteOptions;
use super::super::fields::Actor;
use super::super::json::{deleting, list, name, namespace, remove, text, uid};
use super::super::kinds::{K, KINDS};
use super::MANAGER;
use crate::life::Nanos;

/// Deletes dependents without owners; dependents of orphaning deletions lose their reference.
pub fn run(world: &mut World, now: Nanos) {
    let living: BTreeSet<String> =
        KINDS.iter().flat_map(|k| world.store.all(k.id)).map(|o| uid(o).to_owned()).collect();
    let mut lost: Vec<(K, String, String, bool)> = Vec::new();
    for info in KINDS {
        for object in world.store.all(info.id) {
            let owners = list(object, &["metadata", "ownerReferences"]);
            if owners.is_empty()
                || deleting(object)
                || owners.iter().any(|o| living.contains(text(o, &["uid"])))
            {
                continue;
            }
            let orphaned = owners.iter().any(|o| world.orphans.contains(text(o, &["uid"])));
            lost.push((info.id, namespace(object).to_owned(), name(object).to_owned(), orphaned));
        }
    }
    for (kind, ns, called, orphaned) in lost {
        if orphaned {
            world.edit(kind, (&ns, &called), Actor::new(MANAGER), now, |o| {
                remove(o, &["metadata", "ownerReferences"]);
            });
        } else if let Err(error) = world.delete(kind, (&ns, &called), &DeleteOptions::default(), now) {
            tracing::debug!(%error, "the garbage collector was refused");
        }
    }
}
