//! Compares this crate with the packages that Helm is built from, on random inputs.
//!
//! `cargo run -p deckwatch-helm --example oracle -- PATH_OF_THE_ORACLE [--cases N] [--seed S] [--only merge|yaml]`
//!
//! The oracle is the Go program in `testbed/oracle`. Prints how many cases there were of each construct, and every
//! difference; ends with 1 when there was one. A text that the oracle reads and this crate refuses is no difference, but is
//! counted: refusing is safe, understanding otherwise is not.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test program: it prints, and it ends when its assumptions do not hold"
)]

mod gen_merge;
mod gen_yaml;
mod random;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::{Child, Command, ExitCode, Stdio};

use deckwatch_helm::{merge, number, yaml11};
use random::Random;
use serde_json::{Value, json};

/// A question with our own answer.
struct Case {
    question: Value,
    ours: Result<Value, String>,
    /// What the case is made of, for the counts.
    constructs: Vec<&'static str>,
}

struct Args {
    oracle: String,
    cases: usize,
    seed: u64,
    only: Option<String>,
}

fn args() -> Option<Args> {
    let mut all = std::env::args().skip(1);
    let mut args = Args { oracle: all.next()?, cases: 20_000, seed: 1, only: None };
    while let Some(flag) = all.next() {
        let value = all.next()?;
        match flag.as_str() {
            "--cases" => args.cases = value.parse().ok()?,
            "--seed" => args.seed = value.parse().ok()?,
            "--only" => args.only = Some(value),
            _ => return None,
        }
    }
    Some(args)
}

fn main() -> ExitCode {
    let Some(args) = args() else {
        eprintln!("usage: oracle PATH [--cases N] [--seed S] [--only merge|yaml]");
        return ExitCode::from(2);
    };
    let mut random = Random::new(args.seed);
    let mut oracle = Oracle::start(&args.oracle);
    let mut types = gen_merge::Types::new();
    let mut tally = Tally::default();
    let mut left = args.cases;
    while left > 0 && tally.differences < 20 {
        let size = left.min(500);
        left -= size;
        let cases: Vec<Case> =
            (0..size).map(|_| case(&mut random, &mut types, args.only.as_deref())).collect();
        let answers = oracle.ask(&cases);
        for (case, answer) in cases.iter().zip(answers) {
            tally.take(case, &answer);
        }
    }
    drop(oracle);
    tally.print(args.seed);
    if tally.differences == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn case(random: &mut Random, types: &mut gen_merge::Types, only: Option<&str>) -> Case {
    let yaml = match only {
        Some("merge") => false,
        Some("yaml") => true,
        _ => random.one_in(2),
    };
    if yaml { yaml_case(random) } else { merge_case(random, types) }
}

fn merge_case(random: &mut Random, types: &mut gen_merge::Types) -> Case {
    let mut made = gen_merge::make(random, types);
    let schema = merge::Schema::of_kind(made.api_version, made.kind).expect("generated kinds are known");
    let mut question = json!({"apiVersion": made.api_version, "kind": made.kind, "old": made.old});
    let ours = match random.below(11) {
        10 => {
            question["op"] = json!("convertible");
            question["old"] = made.convertible.clone();
            made.constructs.push("convertible");
            let fits = merge::misfit(schema, &made.convertible).is_none();
            made.constructs.push(if fits { "fits its type" } else { "does not fit its type" });
            Ok(json!(fits))
        }
        0 => {
            question["op"] = json!("two_way");
            question["target"] = made.target.clone();
            made.constructs.push("two_way");
            merge::two_way(&made.old, &made.target, schema)
        }
        1 => {
            question["op"] = json!("merge_diff");
            question["target"] = made.target.clone();
            made.constructs.push("merge_diff");
            let (old, new) = (number::canonical(made.old.clone()), number::canonical(made.target.clone()));
            Ok(Value::Object(merge::merge_diff(old.as_object().expect("map"), new.as_object().expect("map"))))
        }
        2 | 3 => {
            question["op"] = json!("apply");
            let patch = merge::three_way(&made.old, &made.target, &made.live, schema).unwrap_or(made.target);
            question["old"] = made.live.clone();
            question["patch"] = patch.clone();
            made.constructs.push("apply");
            merge::strategic_apply(&made.live, &patch, schema)
        }
        _ => {
            question["op"] = json!("three_way");
            question["target"] = made.target.clone();
            question["live"] = made.live.clone();
            made.constructs.push("three_way");
            merge::three_way(&made.old, &made.target, &made.live, schema)
        }
    };
    if let Ok(patch) = &ours {
        note_directives(patch, &mut made.constructs);
    }
    Case { question, ours: ours.map_err(|err| err.to_string()), constructs: made.constructs }
}

/// Counts the directives that a patch holds.
fn note_directives(patch: &Value, constructs: &mut Vec<&'static str>) {
    let text = patch.to_string();
    let known =
        ["$setElementOrder", "$retainKeys", "$deleteFromPrimitiveList", "\"$patch\":\"delete\"", ":null"];
    constructs.extend(known.into_iter().filter(|one| text.contains(one)));
    if text == "{}" {
        constructs.push("empty patch");
    }
}

fn yaml_case(random: &mut Random) -> Case {
    let made = gen_yaml::make(random);
    let (op, ours) = if random.one_in(4) {
        let objects = yaml11::read_manifest(&made.text);
        ("manifest", objects.map(|all| Value::from(all.into_iter().map(|one| one.value).collect::<Vec<_>>())))
    } else {
        ("yaml", yaml11::parse_document(&made.text).map(Option::unwrap_or_default))
    };
    let mut constructs = made.constructs;
    constructs.push(if op == "yaml" { "yaml document" } else { "yaml manifest" });
    let question = json!({"op": op, "text": made.text});
    Case { question, ours: ours.map_err(|err| err.to_string()), constructs }
}

/// The running Go program.
struct Oracle {
    child: Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Oracle {
    fn start(path: &str) -> Self {
        let mut child = Command::new(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the oracle starts");
        let answers = BufReader::new(child.stdout.take().expect("its output is piped"));
        Self { child, answers }
    }

    /// Asks all questions, from a thread of its own so that neither side waits for the other with full pipes.
    fn ask(&mut self, cases: &[Case]) -> Vec<Value> {
        let mut stdin = BufWriter::new(self.child.stdin.take().expect("its input is piped"));
        let lines: Vec<String> = cases.iter().map(|case| format!("{}\n", case.question)).collect();
        let writer = std::thread::spawn(move || {
            for line in lines {
                stdin.write_all(line.as_bytes()).expect("the oracle reads");
            }
            stdin.into_inner().expect("the oracle reads")
        });
        let mut answers = Vec::with_capacity(cases.len());
        for _ in cases {
            let mut line = String::new();
            assert!(self.answers.read_line(&mut line).expect("the oracle answers") > 0, "the oracle ended");
            answers.push(serde_json::from_str(&line).expect("the oracle answers in JSON"));
        }
        self.child.stdin = Some(writer.join().expect("the writer ends"));
        answers
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

#[derive(Default)]
struct Tally {
    cases: usize,
    constructs: BTreeMap<&'static str, usize>,
    both_refuse: usize,
    /// Texts that the oracle reads and we refuse.
    refused: BTreeMap<String, (usize, String)>,
    /// Texts that the oracle refuses and we read.
    lenient: BTreeMap<String, (usize, String)>,
    differences: usize,
}

impl Tally {
    fn take(&mut self, case: &Case, answer: &Value) {
        self.cases += 1;
        for construct in &case.constructs {
            *self.constructs.entry(construct).or_default() += 1;
        }
        let is_yaml = case.question.get("text").is_some();
        let theirs = answer.get("ok").cloned().map(number::canonical);
        match (&case.ours, theirs) {
            (Ok(ours), Some(theirs)) if *ours == theirs => {}
            (Err(_), None) => self.both_refuse += 1,
            (Err(ours), Some(_)) if is_yaml => note(&mut self.refused, ours, case),
            (Ok(_), None) if is_yaml => {
                note(&mut self.lenient, answer["err"].as_str().unwrap_or_default(), case);
            }
            (ours, theirs) => {
                self.differences += 1;
                println!(
                    "DIFFERENCE\n  question {}\n  ours     {ours:?}\n  theirs   {}",
                    case.question,
                    theirs.unwrap_or_else(|| answer.clone())
                );
                if let (Some(text), Ok(ours)) = (case.question["text"].as_str(), ours) {
                    println!("--- text\n{text}\n--- ours {ours}");
                }
            }
        }
    }

    fn print(&self, seed: u64) {
        println!(
            "{} cases, seed {seed}, {} differences, both refuse {}",
            self.cases, self.differences, self.both_refuse
        );
        for (construct, count) in &self.constructs {
            println!("  {count:>9}  {construct}");
        }
        for (title, noted) in
            [("read there, refused here", &self.refused), ("refused there, read here", &self.lenient)]
        {
            println!("{title}: {}", noted.values().map(|(count, _)| count).sum::<usize>());
            for (what, (count, example)) in noted {
                println!("  {count:>9}  {what}   e.g. {example:?}");
            }
        }
    }
}

/// Counts a message, digits apart, and keeps the shortest example.
fn note(noted: &mut BTreeMap<String, (usize, String)>, message: &str, case: &Case) {
    let class: String = message.chars().take(90).map(|c| if c.is_ascii_digit() { '#' } else { c }).collect();
    let text = case.question["text"].as_str().unwrap_or_default();
    let entry = noted.entry(class).or_insert_with(|| (0, text.to_owned()));
    entry.0 += 1;
    if text.len() < entry.1.len() {
        text.clone_into(&mut entry.1);
    }
}
