//! A run: many cases, some programs side by side, and what came of it.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use deckwatch_helm::faults::{self, Fault};

use crate::constructs::{Construct, Marks, TABLE};
use crate::make::{Maker, Only, answered};
use crate::ours;
use crate::program::{Broken, Program};
use crate::question::{Case, Op, Ours, Question, Theirs};
use crate::shrink;
use crate::verdict::{REFUSALS, Verdict, compare, judge};

/// How many cases are handed over at once.
const BATCH: u64 = 256;
/// How many batches are under way.
const UNDER_WAY: usize = 3;
/// From how many cases on it is judged whether a construct came often enough.
const ENOUGH: u64 = 50_000;

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The Go program.
    pub program: PathBuf,
    /// The number of the first case.
    pub from: u64,
    /// How many cases.
    pub cases: u64,
    /// The seed.
    pub seed: u64,
    /// Which questions, if not all.
    pub only: Option<Only>,
    /// How many programs run side by side, each with a thread that makes its questions.
    pub threads: usize,
    /// Whether a difference is made as small as it gets, which takes many more questions.
    pub minimise: bool,
    /// A fault that is switched on, to see that it is found.
    pub fault: Option<Fault>,
}

/// A difference.
#[derive(Debug)]
pub struct Difference {
    /// The case's number.
    pub number: u64,
    /// The question.
    pub question: Question,
    /// Our answer.
    pub ours: Ours,
    /// The other one.
    pub theirs: Theirs,
    /// A smaller question that is answered differently too, with both answers.
    pub smallest: Option<(Question, Ours, Theirs)>,
}

/// Where the time of all threads went.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// Making questions.
    pub making: Duration,
    /// Answering them ourselves.
    pub answering: Duration,
    /// Waiting for answers and reading them.
    pub waiting: Duration,
    /// Comparing.
    pub comparing: Duration,
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// How many cases were compared.
    pub cases: u64,
    /// How many of each op, in the order of [`Op::ALL`].
    pub ops: [u64; Op::ALL.len()],
    /// How many of each construct, in the order of [`TABLE`].
    pub constructs: Vec<u64>,
    /// How many both sides refuse.
    pub both_refuse: u64,
    /// How many we refuse on purpose, in the order of [`REFUSALS`].
    pub refused: [u64; REFUSALS.len()],
    /// How many the other side answers differently from one asking to the next.
    pub unsteady: u64,
    /// Where the time went.
    pub times: Times,
    /// The first difference.
    pub difference: Option<Difference>,
}

impl Report {
    fn take(&mut self, case: &Case, verdict: Verdict) {
        self.cases += 1;
        self.constructs.resize(TABLE.len(), 0);
        for (count, (construct, ..)) in self.constructs.iter_mut().zip(TABLE) {
            *count += u64::from(case.marks.has(*construct));
        }
        let op = Op::ALL.iter().position(|op| *op == case.question.op).unwrap_or(0);
        if let Some(count) = self.ops.get_mut(op) {
            *count += 1;
        }
        match verdict {
            Verdict::Same | Verdict::Differs => {}
            Verdict::BothRefuse => self.both_refuse += 1,
            Verdict::Unsteady => self.unsteady += 1,
            Verdict::Refused(row) => {
                if let Some(count) = self.refused.get_mut(row) {
                    *count += 1;
                }
            }
        }
    }

    fn add(&mut self, other: Self) {
        self.cases += other.cases;
        self.constructs.resize(TABLE.len(), 0);
        let sum =
            |into: &mut [u64], from: &[u64]| into.iter_mut().zip(from).for_each(|(into, from)| *into += from);
        sum(&mut self.ops, &other.ops);
        sum(&mut self.constructs, &other.constructs);
        sum(&mut self.refused, &other.refused);
        self.both_refuse += other.both_refuse;
        self.unsteady += other.unsteady;
        self.times.making += other.times.making;
        self.times.answering += other.times.answering;
        self.times.waiting += other.times.waiting;
        self.times.comparing += other.times.comparing;
        self.difference = match (self.difference.take(), other.difference) {
            (Some(one), Some(two)) => Some(if two.number < one.number { two } else { one }),
            (one, two) => one.or(two),
        };
    }

    /// Returns the constructs that came too rarely for a run of so many cases: description, how often, and the least count.
    pub fn too_rare(&self, plan: &Plan) -> Vec<(&'static str, u64, u64)> {
        if plan.cases < ENOUGH || plan.only.is_some() || self.difference.is_some() {
            return Vec::new();
        }
        let counted = TABLE.iter().zip(&self.constructs);
        let least = counted.map(|((_, text, least), count)| (*text, *count, least * self.cases / 100_000));
        least.filter(|(_, count, least)| count < least).collect()
    }

    /// Returns how often a construct came.
    pub fn count(&self, construct: Construct) -> u64 {
        self.constructs.get(construct as usize).copied().unwrap_or(0)
    }
}

/// Runs.
pub fn run(plan: &Plan) -> Result<Report, Broken> {
    let stop = AtomicBool::new(false);
    let threads = plan.threads.max(1);
    let reports = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|at| {
                let stop = &stop;
                let work = move || Worker::new(plan)?.run(at as u64, threads as u64, stop);
                scope.spawn(move || match plan.fault {
                    Some(fault) => faults::with(fault, work),
                    None => work(),
                })
            })
            .collect();
        workers.into_iter().map(ScopedJoinHandle::join).collect::<Vec<_>>()
    });
    let mut all = Report::default();
    for report in reports {
        all.add(report.map_err(|_| Broken("a thread ended".to_owned()))??);
    }
    Ok(all)
}

struct Worker<'a> {
    plan: &'a Plan,
    maker: Maker,
    program: Program,
    /// Another one, for questions that are asked again while the first one has questions under way.
    other: Option<Program>,
    report: Report,
}

impl<'a> Worker<'a> {
    fn new(plan: &'a Plan) -> Result<Self, Broken> {
        let program = Program::start(&plan.program)?;
        Ok(Self {
            plan,
            maker: Maker::new(plan.seed, plan.only),
            program,
            other: None,
            report: Report::default(),
        })
    }

    /// Runs every so manieth batch.
    fn run(mut self, at: u64, of: u64, stop: &AtomicBool) -> Result<Report, Broken> {
        let mut under_way: VecDeque<Vec<Case>> = VecDeque::new();
        let mut number = at * BATCH;
        while number < self.plan.cases && !stop.load(Ordering::Relaxed) {
            let cases = self.make(number..(number + BATCH).min(self.plan.cases));
            self.program.send(cases.iter().map(|case| case.question.line()).collect())?;
            under_way.push_back(cases);
            number += BATCH * of;
            if under_way.len() >= UNDER_WAY
                && let Some(cases) = under_way.pop_front()
                && self.settle(cases)?
            {
                stop.store(true, Ordering::Relaxed);
                return Ok(self.report);
            }
        }
        for cases in under_way {
            if self.settle(cases)? {
                stop.store(true, Ordering::Relaxed);
                break;
            }
        }
        Ok(self.report)
    }

    fn make(&mut self, numbers: std::ops::Range<u64>) -> Vec<Case> {
        let started = Instant::now();
        let from = self.plan.from;
        let made: Vec<(u64, (Question, Marks))> =
            numbers.map(|number| (from + number, self.maker.question(from + number))).collect();
        self.report.times.making += started.elapsed();
        let started = Instant::now();
        let cases =
            made.into_iter().map(|(number, (question, marks))| answered(number, question, marks)).collect();
        self.report.times.answering += started.elapsed();
        cases
    }

    /// Waits for the answers to a batch; returns whether there is a difference.
    fn settle(&mut self, cases: Vec<Case>) -> Result<bool, Broken> {
        let started = Instant::now();
        let mut answers = Vec::with_capacity(cases.len());
        for _ in &cases {
            answers.push(self.program.receive()?);
        }
        self.report.times.waiting += started.elapsed();
        let started = Instant::now();
        for (case, theirs) in cases.into_iter().zip(answers) {
            let mut verdict = compare(case.question.op, &case.ours, &theirs);
            if verdict == Verdict::Differs {
                let mut other = match self.other.take() {
                    Some(other) => other,
                    None => Program::start(&self.plan.program)?,
                };
                verdict = judge(&case.question, &case.ours, &theirs, &mut other)?;
                if verdict == Verdict::Differs {
                    self.report.take(&case, verdict);
                    self.report.difference = Some(self.difference(case, theirs, &mut other)?);
                    return Ok(true);
                }
                self.other = Some(other);
            }
            self.report.take(&case, verdict);
        }
        self.report.times.comparing += started.elapsed();
        Ok(false)
    }

    fn difference(&self, case: Case, theirs: Theirs, program: &mut Program) -> Result<Difference, Broken> {
        let smallest = if self.plan.minimise {
            let question = shrink::minimise(&case.question, program)?;
            let answers = program.ask(&[question.line()])?;
            let ours = ours::answer(&question);
            answers.into_iter().next().map(|theirs| (question, ours, theirs))
        } else {
            None
        };
        Ok(Difference { number: case.number, question: case.question, ours: case.ours, theirs, smallest })
    }
}
