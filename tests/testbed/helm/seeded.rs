//! The test of the test: a deckwatch with a fault is told from the real Helm.
//!
//! The faults are `deckwatch_helm::faults`; `DECKWATCH_FAULTY` names a binary in which they can be switched on, which
//! `cargo xtask test helm --full` builds.

use super::run::Stage;
use super::scenarios;
use super::scene::Variant::{self, FourClient, FourServer, Three};

/// A fault, and a scenario with its variant that must show it.
type Seed = (&'static str, u32, &'static str, Variant);

/// Each fault of a rollback, and of the merge those that change what is sent for a chart.
const SEEDS: &[Seed] = &[
    ("DriftStays", 6, "it goes to the last revision, over what somebody changed", Three),
    ("NoElementOrder", 31, "variables in another order", Three),
    ("NoRetainKeys", 32, "from Recreate to RollingUpdate", FourClient),
    ("Backwards", 4, "objects that were removed are created again", FourServer),
    ("LeavingStay", 3, "objects that were added are deleted", Three),
    ("NoOwnLabels", 4, "objects that were removed are created again", FourClient),
    ("StatusLabelStale", 2, "nothing is to be done", Three),
    ("UserLabelsLost", 41, "labels of the user's own", FourClient),
    ("NotModified", 2, "nothing is to be done", FourServer),
    ("OthersStayDeployed", 2, "nothing is to be done", FourClient),
    ("WeightsIgnored", 15, "in the order of their weights, then of their names", Three),
    ("NothingBeforeCreation", 17, "it is deleted before it is made", Three),
    ("SucceededStay", 17, "it is deleted when it has succeeded", FourServer),
    ("RunsUntold", 15, "Jobs before and after", FourClient),
    ("ManagerIsOurs", 1, "an image is changed", FourServer),
];

#[test]
#[ignore = "needs a binary with faults, which `cargo xtask test helm --full` builds"]
fn a_deckwatch_with_a_fault_is_told_from_helm() {
    let faulty = std::path::PathBuf::from(std::env::var_os("DECKWATCH_FAULTY").expect("DECKWATCH_FAULTY"));
    let all = scenarios::all();
    let stage = Stage::new();
    let mut missed = Vec::new();
    for (fault, number, name, variant) in SEEDS {
        let found = all.iter().enumerate().find(|(_, scene)| scene.number == *number && scene.name == *name);
        let (place, scene) = found.unwrap_or_else(|| panic!("there is no scenario {number} `{name}`"));
        let told = |fault: Option<&str>| stage.compare_with(place, scene, *variant, (&faulty, fault));
        // The same binary without it is no other than Helm.
        assert_eq!(told(None), "", "without a fault: {number} {name}");
        let seen = told(Some(fault));
        println!("{fault}: {}", seen.lines().next().unwrap_or("nothing differs"));
        if seen.is_empty() {
            missed.push(*fault);
        }
    }
    assert_eq!(missed, [""; 0]);
}
