//! `helm rollback` and deckwatch's, side by side on the real servers: what both send, write and leave is one.
//!
//! Each scenario is done three times, in three namespaces, by the real Helm; then one is rolled back by the real Helm, one by
//! `deckwatch rollback --strict-helm` and one by deckwatch in its own way, each through a proxy that records what is sent.
//! With `--strict-helm` nothing may differ, without it only what `known.rs` names. With `DECKWATCH_FULL` all
//! scenarios, else a sample; `DECKWATCH_SCENARIOS=1,40,traefik` and `DECKWATCH_VARIANTS=v3,mix` choose some. `DECKWATCH_PARITY`
//! names a file into which the table is written.
//!
//! Most charts are made up (`charts.rs`), each for what it shows; some are in use (`real.rs`): those of others lie beside the
//! project, and what needs them is left out, aloud, where they do not. Some scenarios go on afterwards (`run/later.rs`): the real
//! Helm upgrades, rolls back, prints the history and uninstalls what deckwatch has left, and deckwatch rolls back in between.

mod charts;
mod compare;
mod known;
mod neutral;
mod page;
mod real;
mod record;
mod run;
mod scenarios;
mod scene;
mod seeded;
mod server;

use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use run::{Cell, Stage};
use scene::{Scene, Variant};

/// How many are under way at the same time, besides one of those that must be alone with what they make.
const AT_ONCE: usize = 2;

/// What came of a scenario in a variant.
pub struct Seen {
    number: u32,
    name: &'static str,
    variant: Variant,
    cell: Cell,
}

/// Returns whether only the sample is run: neither all nor some by their names.
fn is_sample() -> bool {
    let all = ["DECKWATCH_FULL", "DECKWATCH_SCENARIOS", "DECKWATCH_VARIANTS"];
    all.iter().all(|variable| std::env::var_os(variable).is_none())
}

/// Returns the scenarios and variants that are run, each scenario with its place.
fn chosen(all: &[Scene]) -> Vec<(usize, &Scene, Variant)> {
    let named = |variable: &str| {
        let text = std::env::var(variable).ok()?;
        Some(text.split(',').map(str::to_owned).collect::<Vec<_>>())
    };
    let (numbers, variants) = (named("DECKWATCH_SCENARIOS"), named("DECKWATCH_VARIANTS"));
    if is_sample() {
        return sample(all);
    }
    let is = |scene: &Scene, named: &str| named == scene.number.to_string() || named == scene.name;
    let wanted = |scene: &Scene| numbers.as_ref().is_none_or(|all| all.iter().any(|named| is(scene, named)));
    let of = |variant: &Variant| variants.as_ref().is_none_or(|v| v.iter().any(|v| v == variant.slug()));
    let scenes = all.iter().enumerate().filter(|(_, scene)| wanted(scene));
    let runs = scenes.flat_map(|(at, scene)| scene.variants.iter().map(move |variant| (at, scene, *variant)));
    runs.filter(|(.., variant)| of(variant)).collect()
}

/// Returns the sample: the first scenario in all of its variants, the others in one each, by turns.
fn sample(all: &[Scene]) -> Vec<(usize, &Scene, Variant)> {
    let sampled = all.iter().enumerate().filter(|(_, scene)| scene.sampled).enumerate();
    let runs = sampled.flat_map(|(turn, (at, scene))| {
        let own = scene.variants;
        let chosen = if turn == 0 { own.to_vec() } else { vec![own[turn % own.len()]] };
        chosen.into_iter().map(move |variant| (at, scene, variant))
    });
    runs.collect()
}

/// What is still to be done, by turns.
struct Queue<'a>(Mutex<std::vec::IntoIter<(usize, &'a Scene, Variant)>>);

impl<'a> Queue<'a> {
    fn new(of: Vec<(usize, &'a Scene, Variant)>) -> Self {
        Self(Mutex::new(of.into_iter()))
    }

    fn next(&self) -> Option<(usize, &'a Scene, Variant)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).next()
    }
}

#[test]
fn a_rollback_is_the_real_helms_in_all_that_it_sends_and_leaves() {
    let all = scenarios::all();
    let mut chosen = chosen(&all);
    assert!(!chosen.is_empty());
    let absent: Vec<usize> =
        all.iter().enumerate().filter(|(_, scene)| !real::are_there(scene)).map(|(at, _)| at).collect();
    chosen.retain(|(at, ..)| !absent.contains(at));
    let stage = Stage::new();
    let count = chosen.len();
    // What has cluster-scoped objects has them under one name in every variant: these are done by one alone, one after the other.
    let (alone, others): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|(_, scene, _)| scene.is_alone());
    let (alone, others) = (Queue::new(alone), Queue::new(others));
    let (seen, wrong) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for worker in 0..=AT_ONCE {
            let (stage, seen, wrong, alone, others) = (&stage, &seen, &wrong, &alone, &others);
            scope.spawn(move || {
                loop {
                    let first = if worker == 0 { alone.next() } else { None };
                    let Some((at, scene, variant)) = first.or_else(|| others.next()) else { return };
                    let began = Instant::now();
                    let judge = AssertUnwindSafe(|| stage.judge(at, scene, variant));
                    let judged = std::panic::catch_unwind(judge).unwrap_or_else(|panic| Err(words(&panic)));
                    let title = format!("{} {}, {}", scene.number, scene.name, variant.heading());
                    println!("{title}: {:.1?}", began.elapsed());
                    match judged {
                        Ok(cell) => {
                            let (number, name) = (scene.number, scene.name);
                            seen.lock().unwrap().push(Seen { number, name, variant, cell });
                        }
                        Err(why) => {
                            println!("── {title}\n{why}");
                            wrong.lock().unwrap().push(title);
                        }
                    }
                }
            });
        }
    });
    // There are hundreds after a whole run, whose stand goes with it.
    if std::env::var_os("DECKWATCH_FULL").is_none() {
        stage.end();
    }
    let (wrong, seen) = (wrong.into_inner().unwrap(), seen.into_inner().unwrap());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), count, wrong.join("\n"));
    if let Some(path) = std::env::var_os("DECKWATCH_PARITY") {
        std::fs::write(path, page::page(&all, &seen)).unwrap();
    }
}

fn words(panic: &Box<dyn std::any::Any + Send>) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

#[test]
fn the_tables_name_scenarios_that_there_are() {
    let all = scenarios::all();
    for (number, name) in known::DEVIATIONS.iter().flat_map(|entry| entry.scenes) {
        let is = |scene: &Scene| scene.number == *number && (name.is_empty() || *name == scene.name);
        assert!(all.iter().any(is), "there is no scenario {number} `{name}`");
    }
    for entry in known::DEVIATIONS {
        let scenes: Vec<&Scene> = all.iter().filter(|scene| entry.names(scene)).collect();
        for variant in entry.variants {
            assert!(scenes.iter().any(|scene| scene.variants.contains(variant)), "{entry:?}");
        }
    }
    let mut names: Vec<(u32, &str)> = all.iter().map(|scene| (scene.number, scene.name)).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "two scenarios have one name");
}
