//! The scenarios, by what they are about. Their numbers are those of the suite's plan.

mod custom;
mod drift;
mod hooks;
mod immutable;
mod lists;
mod objects;
mod others;
mod published;
mod records;
mod refused;
mod revisions;
mod server_side;
mod text;
mod waiting;

use super::scene::Scene;

/// Returns all scenarios, by their numbers.
pub fn all() -> Vec<Scene> {
    let parts = [
        objects::all(),
        revisions::all(),
        drift::all(),
        lists::all(),
        immutable::all(),
        hooks::all(),
        custom::all(),
        text::all(),
        records::all(),
        server_side::all(),
        refused::all(),
        waiting::all(),
        others::all(),
        published::all(),
    ];
    let mut all: Vec<Scene> = parts.into_iter().flatten().collect();
    all.sort_by_key(|scene| scene.number);
    all
}
