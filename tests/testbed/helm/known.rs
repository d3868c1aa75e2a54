//! Where deckwatch does otherwise than the real Helm, for a reason, unless it is told to do everything as Helm does it.
//!
//! With `--strict-helm` nothing differs. A scenario that is named here and is alike fails, so that nothing stays here that
//! is not so any more.

use super::scene::{ALL, FOUR, SERVER, Scene, THREE, Variant};

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

/// Where deckwatch does otherwise.
pub const DEVIATIONS: &[Entry] = &[
    Entry {
        scenes: &[(5, "no revision is named, and the one before the last failed")],
        variants: FOUR,
        known: Known::Differs(&[
            ".data.value",
            "persistentvolumeclaims",
            ".data.release.info.description",
            ".data.release.info.rollback_revision",
            ".data.release.chart",
            ".data.release.manifest",
        ]),
        why: "without a revision it goes to the last one that was good, where Helm takes the one before the last",
    },
    Entry {
        scenes: &[(5, "no revision is named, and the one before the last failed")],
        variants: THREE,
        known: Known::Differs(&[
            ".data.value",
            "persistentvolumeclaims",
            ".data.release.info.description",
            ".data.release.chart",
            ".data.release.manifest",
        ]),
        why: "without a revision it goes to the last one that was good, where Helm takes the one before the last",
    },
    Entry {
        scenes: &[(10, "a rollback that fails at an object")],
        variants: ALL,
        known: Known::Refused("the server's dry run refuses"),
        why: "what the server would refuse is found before anything is written",
    },
    Entry {
        scenes: &[(26, "what was kept is added again")],
        variants: SERVER,
        known: Known::Refused("the server's dry run refuses"),
        why: "what the server would refuse is found before anything is written",
    },
];

fn is((number, name): &(u32, &str), scene: &Scene) -> bool {
    *number == scene.number && (name.is_empty() || *name == scene.name)
}

impl Entry {
    /// Returns whether it is about a scenario.
    pub fn names(&self, scene: &Scene) -> bool {
        self.scenes.iter().any(|named| is(named, scene))
    }
}

/// Returns what is known of a scenario in a variant.
pub fn of(scene: &Scene, variant: Variant) -> Option<&'static Entry> {
    DEVIATIONS.iter().find(|entry| entry.names(scene) && entry.variants.contains(&variant))
}
