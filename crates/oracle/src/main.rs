//! `oracle PROGRAM [--cases N] [--seed S] [--only OP] [--threads T] [--from CASE]`, called by `cargo xtask oracle`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command: it talks to a terminal")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use deckwatch_oracle::constructs::{Marks, TABLE};
use deckwatch_oracle::make::Only;
use deckwatch_oracle::question::{Op, Ours, Question, Theirs};
use deckwatch_oracle::run::{Difference, Plan, Report, run};
use deckwatch_oracle::verdict::REFUSALS;

const USAGE: &str =
    "usage: oracle PROGRAM [--cases N] [--seed S] [--only OP|objects|texts] [--threads T] [--from CASE]";

fn plan() -> Option<Plan> {
    let mut all = std::env::args().skip(1);
    let program = PathBuf::from(all.next()?);
    let mut plan = Plan {
        program,
        from: 0,
        cases: 100_000,
        seed: 1,
        only: None,
        threads: 1,
        minimise: true,
        fault: None,
    };
    while let Some(flag) = all.next() {
        let value = all.next()?;
        match flag.as_str() {
            "--cases" => plan.cases = value.parse().ok()?,
            "--seed" => plan.seed = value.parse().ok()?,
            "--threads" => plan.threads = value.parse().ok()?,
            "--from" => plan.from = value.parse().ok()?,
            "--only" => plan.only = Some(Only::parse(&value)?),
            _ => return None,
        }
    }
    Some(plan)
}

fn main() -> ExitCode {
    let Some(plan) = plan() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let started = Instant::now();
    let report = match run(&plan) {
        Ok(report) => report,
        Err(error) => {
            eprintln!("✖ the oracle: {error}");
            return ExitCode::FAILURE;
        }
    };
    print_counts(&report);
    let took = started.elapsed().as_secs_f64();
    println!(
        "{} cases with seed {} in {took:.1} s: {:.0} a second on {} threads",
        report.cases,
        plan.seed,
        report.cases as f64 / took,
        plan.threads
    );
    let times = report.times;
    println!(
        "  making questions {:.1} s, answering them {:.1} s, waiting for Go and reading {:.1} s, comparing {:.1} s",
        times.making.as_secs_f64(),
        times.answering.as_secs_f64(),
        times.waiting.as_secs_f64(),
        times.comparing.as_secs_f64()
    );
    let rare = report.too_rare(&plan);
    for (text, count, least) in &rare {
        println!("✖ too rarely: {text}: {count}, and it must come {least} times");
    }
    if let Some(difference) = &report.difference {
        print_difference(difference);
    }
    if rare.is_empty() && report.difference.is_none() {
        println!("no difference");
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn print_counts(report: &Report) {
    for (op, count) in Op::ALL.iter().zip(report.ops) {
        println!("{count:>9}  {}", op.name());
    }
    for (texts, title) in [(false, "objects and patches"), (true, "texts")] {
        println!("constructs of {title}:");
        let counted = TABLE.iter().zip(&report.constructs);
        for ((_, text, _), count) in counted.filter(|((one, ..), _)| Marks::is_of_texts(*one) == texts) {
            println!("{count:>9}  {text}");
        }
    }
    println!("both sides refuse: {}", report.both_refuse);
    println!("Go answers now so and now so, and ours is among its answers: {}", report.unsteady);
    for ((op, text, why), count) in REFUSALS.iter().zip(report.refused) {
        println!("refused on purpose, {}, `{text}` ({why}): {count}", op.name());
    }
}

fn print_difference(difference: &Difference) {
    println!("✖ case {} is answered differently", difference.number);
    print_answers(&difference.question, &difference.ours, &difference.theirs);
    if let Some((question, ours, theirs)) = &difference.smallest {
        println!("── the smallest question that is");
        print_answers(question, ours, theirs);
    }
}

fn print_answers(question: &Question, ours: &Ours, theirs: &Theirs) {
    print!("question  {}", question.line());
    if question.op.is_text() {
        println!("{}\n──", question.text);
    }
    match ours {
        Ours::Value(value) => println!("ours      {value}"),
        Ours::Copied(text) => println!("ours      error, copied from Go's: {text}"),
        Ours::Own(text) => println!("ours      error: {text}"),
    }
    match &theirs.ok {
        Some(value) => println!("theirs    {value}"),
        None => println!("theirs    error: {}", theirs.err),
    }
}
