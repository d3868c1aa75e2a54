//! Where deckwatch is known not to do what the real Helm does: what it can't do yet, and where it does otherwise for a
//! reason. A scenario that is named here and is alike fails, so that nothing stays here that has begun to work.

use super::scene::{ALL, CLIENT, SERVER, Scene, THREE, Variant};

/// What comes of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// deckwatch refuses, in these words, before anything is written.
    Refused(&'static str),
    /// Both go on, and each place that differs has one of these in it.
    Differs(&'static [&'static str]),
}

/// Scenarios that are known not to be alike.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Their numbers and names; all of a number where the name is empty.
    pub scenes: &'static [(u32, &'static str)],
    /// In which variants.
    pub variants: &'static [Variant],
    /// What comes of them.
    pub known: Known,
    /// What is said of it in the table.
    pub why: &'static str,
}

/// What deckwatch can't do yet.
pub const NOT_YET: &[Entry] = &[];

/// Where deckwatch does otherwise, also when it is told to do as Helm does.
pub const DEVIATIONS: &[Entry] = &[];

/// All that nothing else is known of.
const EVERY: &[(u32, &str)] = &[(0, "")];

/// Where the server merges and what is done has nothing to do with that.
pub const FINE: &[(u32, &str)] = &[
    (7, "there is no revision before the first"),
    (7, "the revision was removed from the history"),
    (7, "there never was such a revision"),
    (14, "the first install failed, and no revision is named"),
    (41, "the record that is gone back to is spoiled"),
    (43, "a tool that knew only Helm 3 has written the record anew"),
];

/// The old record that is written once more.
const OLD_RECORD: &str = "-PUT /api/v1/namespaces/NAMESPACE/secrets/sh.helm.release.v1.demo.v2 → 200";

fn is((number, name): &(u32, &str), scene: &Scene) -> bool {
    (*number == 0 || *number == scene.number) && (name.is_empty() || *name == scene.name)
}

impl Entry {
    /// Returns whether it is about a scenario.
    pub fn names(&self, scene: &Scene) -> bool {
        let fine = || FINE.iter().any(|fine| is(fine, scene));
        self.scenes.iter().any(|named| is(named, scene)) && !(self.scenes == EVERY && fine())
    }
}

/// Returns what is known of a scenario in a variant.
pub fn of(scene: &Scene, variant: Variant) -> Option<&'static Entry> {
    let all = DEVIATIONS.iter().chain(NOT_YET);
    all.into_iter().find(|entry| entry.names(scene) && entry.variants.contains(&variant))
}
