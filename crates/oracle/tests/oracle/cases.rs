//! Random questions.

use deckwatch_oracle::make::{Maker, Only};
use deckwatch_oracle::question::Op;
use deckwatch_oracle::run::{Plan, run};
use deckwatch_oracle::verdict::REFUSALS;

use super::program;

/// The seed of every ordinary run.
pub const SEED: u64 = 2026;

#[test]
fn a_hundred_thousand_random_questions_are_answered_as_helms_packages_answer_them() {
    let Some(program) = program("random questions") else { return };
    let plan = Plan {
        program,
        from: 0,
        cases: 100_000,
        seed: SEED,
        only: None,
        threads: 2,
        minimise: true,
        fault: None,
    };
    let report = run(&plan).unwrap();
    if let Some(difference) = &report.difference {
        let again = format!("cargo xtask oracle --seed {SEED} --from {} --cases 1", difference.number);
        panic!("{again} asks this again: {difference:#?}");
    }
    assert_eq!(report.cases, 100_000);
    assert_eq!(report.too_rare(&plan), []);
    let rows = REFUSALS.iter().zip(report.refused);
    let idle: Vec<_> = rows.filter(|(_, count)| *count == 0).map(|(row, _)| row).collect();
    assert_eq!(idle, Vec::<&_>::new(), "what is never refused on purpose needs no excuse");
}

#[test]
fn a_case_is_made_of_the_seed_and_its_number_alone() {
    let one: Vec<_> = (0..300).map(|number| Maker::new(SEED, None).question(number).0).collect();
    let mut maker = Maker::new(SEED, None);
    let mut others: Vec<_> = (0..300).rev().map(|number| maker.question(number).0).collect();
    others.reverse();
    assert_eq!(one, others);
    let of_seed = |seed| Maker::new(seed, None).question(7).0;
    assert_ne!(of_seed(1), of_seed(2));
}

#[test]
fn only_what_is_asked_for_is_asked() {
    for op in Op::ALL {
        let only = Only::parse(op.name()).unwrap();
        let mut maker = Maker::new(SEED, Some(only));
        assert!((0..50).all(|number| maker.question(number).0.op == op), "{}", op.name());
    }
    let mut maker = Maker::new(SEED, Only::parse("texts"));
    assert!((0..50).all(|number| maker.question(number).0.op.is_text()));
    assert_eq!(Only::parse("everything"), None);
}
