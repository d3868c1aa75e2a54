//! Makes the cases of a run, each from its number alone.

use crate::constructs::{Construct, Marks};
use crate::objects::{self, Types};
use crate::ours;
use crate::question::{Case, Op, Ours, Question};
use crate::random::Random;
use crate::texts;

/// Which questions are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// Those of one op.
    Op(Op),
    /// Those about objects.
    Objects,
    /// Those about texts.
    Texts,
}

impl Only {
    /// Reads the name of an op, `merge` or `yaml`.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "objects" => Some(Self::Objects),
            "texts" => Some(Self::Texts),
            _ => Op::ALL.into_iter().find(|op| op.name() == name).map(Self::Op),
        }
    }
}

/// The ops about objects and about texts, each as often as it is asked.
const OBJECTS: [(Op, usize); 6] = [
    (Op::ThreeWay, 38),
    (Op::TwoWay, 8),
    (Op::Apply, 18),
    (Op::MergeDiff, 6),
    (Op::Convertible, 10),
    (Op::Patch, 20),
];
const TEXTS: [(Op, usize); 3] = [(Op::Yaml, 55), (Op::Manifest, 35), (Op::Documents, 10)];

/// Makes cases.
#[derive(Debug)]
pub struct Maker {
    seed: u64,
    only: Option<Only>,
    types: Types,
}

impl Maker {
    /// Returns the maker of a run's cases.
    pub fn new(seed: u64, only: Option<Only>) -> Self {
        Self { seed, only, types: Types::default() }
    }

    /// Makes the question of a case.
    pub fn question(&mut self, number: u64) -> (Question, Marks) {
        let mut random = Random::of_case(self.seed, number);
        let texts = match self.only {
            Some(Only::Op(op)) => op.is_text(),
            Some(only) => only == Only::Texts,
            None => random.one_in(2),
        };
        let op = match self.only {
            Some(Only::Op(op)) => op,
            _ if texts => pick(&TEXTS, &mut random),
            _ => pick(&OBJECTS, &mut random),
        };
        let mut marks = Marks::default();
        let question = if texts {
            texts::make(op, &mut random, &mut marks)
        } else {
            objects::make(op, &mut random, &mut self.types, &mut marks)
        };
        (question, marks)
    }
}

/// Answers a question and notes what the answer is made of.
pub fn answered(number: u64, question: Question, mut marks: Marks) -> Case {
    let ours = ours::answer(&question);
    match &ours {
        Ours::Value(value) if !question.op.is_text() => objects::note_answer(question.op, value, &mut marks),
        Ours::Value(_) => {}
        Ours::Copied(_) | Ours::Own(_) => marks.note_if(question.op.is_text(), Construct::Invalid),
    }
    Case { number, question, ours, marks }
}

fn pick(from: &[(Op, usize)], random: &mut Random) -> Op {
    let mut at = random.below(from.iter().map(|(_, weight)| weight).sum());
    for (op, weight) in from {
        if at < *weight {
            return *op;
        }
        at -= weight;
    }
    Op::ThreeWay
}
