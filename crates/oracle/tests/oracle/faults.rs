//! The test of the test: every fault of the table is found, and soon.

use std::fs;
use std::path::Path;

use deckwatch_helm::faults::ALL;
use deckwatch_oracle::run::{Plan, run};

use super::cases::SEED;
use super::program;

/// Within how many cases a fault must be found.
const SOON: u64 = 5_000;

#[test]
fn every_fault_that_is_switched_on_is_found_within_five_thousand_cases() {
    let Some(program) = program("faults") else { return };
    let mut missed = Vec::new();
    for (fault, text) in ALL {
        let plan = Plan {
            program: program.clone(),
            from: 0,
            cases: SOON,
            seed: SEED,
            only: None,
            threads: 1,
            minimise: false,
            fault: Some(*fault),
        };
        match run(&plan).unwrap().difference {
            Some(found) => eprintln!("case {:>6}: {text}", found.number),
            None => missed.push(*text),
        }
    }
    assert_eq!(missed, Vec::<&str>::new());
}

#[test]
fn nothing_but_the_oracle_can_switch_faults_on() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut named = Vec::new();
    for folder in ["", "crates/wire", "crates/sim", "crates/oracle", "xtask"] {
        let text = fs::read_to_string(root.join(folder).join("Cargo.toml")).unwrap();
        if text.contains("\"faults\"") {
            named.push(folder);
        }
    }
    assert_eq!(named, ["crates/oracle"]);
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    assert!(!manifest.contains("\ndefault = "), "the program is built without features: {manifest}");
    let default = manifest.lines().find(|line| line.starts_with("default-members")).unwrap();
    assert!(!default.contains("oracle"), "what is built by default has no faults: {default}");
}
