//! Makes a question that is answered differently as small as it gets.
//!
//! Owns what may be left out: keys, items, lines, characters. All that may be left out next is asked at once, and of what is
//! still answered differently the first is taken, until nothing may be left out any more.

use serde_json::Value;

use crate::ours;
use crate::program::{Broken, Program};
use crate::question::{Op, Question};
use crate::verdict::{Verdict, compare, judge};

/// How many times something is left out.
const ROUNDS: usize = 500;

/// Returns the smallest question that is found to be answered differently still.
pub fn minimise(question: &Question, program: &mut Program) -> Result<Question, Broken> {
    let mut best = question.clone();
    for _ in 0..ROUNDS {
        let smaller = smaller(&best);
        let lines: Vec<String> = smaller.iter().map(Question::line).collect();
        let answers = program.ask(&lines)?;
        let mut found = None;
        for (candidate, theirs) in smaller.into_iter().zip(answers) {
            let ours = ours::answer(&candidate);
            if compare(candidate.op, &ours, &theirs) == Verdict::Differs
                && judge(&candidate, &ours, &theirs, program)? == Verdict::Differs
            {
                found = Some(candidate);
                break;
            }
        }
        match found {
            Some(candidate) => best = candidate,
            None => break,
        }
    }
    Ok(best)
}

fn smaller(question: &Question) -> Vec<Question> {
    if question.op.is_text() { smaller_text(question) } else { smaller_objects(question) }
}

fn smaller_text(question: &Question) -> Vec<Question> {
    let with = |text: String| Question { text, ..question.clone() };
    let text = &question.text;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut all = Vec::new();
    let mut length = lines.len() / 2;
    while length > 0 {
        for from in (0..lines.len()).step_by(length) {
            let kept = lines.iter().enumerate().filter(|(at, _)| *at < from || *at >= from + length);
            all.push(with(kept.map(|(_, line)| *line).collect()));
        }
        length /= 2;
    }
    let characters: Vec<char> = text.chars().collect();
    let mut length = (characters.len() / 2).min(64);
    while length > 0 && characters.len() / length <= 2000 {
        for from in (0..characters.len()).step_by(length) {
            let kept = characters.iter().enumerate().filter(|(at, _)| *at < from || *at >= from + length);
            all.push(with(kept.map(|(_, c)| *c).collect()));
        }
        length /= 2;
    }
    all.retain(|candidate| candidate.text.len() < text.len());
    all
}

/// A way into a value.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Key(String),
    Item(usize),
}

fn smaller_objects(question: &Question) -> Vec<Question> {
    let mut all = Vec::new();
    let mut seen: Vec<Vec<Step>> = Vec::new();
    for part in parts(question).into_iter().flatten() {
        paths(part, &mut Vec::new(), &mut seen);
    }
    seen.sort_by_key(Vec::len);
    seen.dedup();
    for path in &seen {
        // From all parts at once, which keeps them alike, and from each alone.
        let mut everywhere = question.clone();
        let mut removed = 0;
        for part in parts_mut(&mut everywhere).into_iter().flatten() {
            removed += usize::from(remove(part, path));
        }
        if removed > 1 {
            all.push(everywhere);
        }
        for at in 0..4 {
            let mut one = question.clone();
            let part = parts_mut(&mut one).into_iter().nth(at).flatten();
            if part.is_some_and(|part| remove(part, path)) {
                all.push(one);
            }
        }
    }
    if question.op == Op::Patch {
        // Without its kind it is another question.
        all.retain(|candidate| candidate.target.as_ref().is_some_and(|target| target.get("kind").is_some()));
    }
    all
}

fn parts(question: &Question) -> [Option<&Value>; 4] {
    [question.old.as_ref(), question.target.as_ref(), question.live.as_ref(), question.patch.as_ref()]
}

fn parts_mut(question: &mut Question) -> [Option<&mut Value>; 4] {
    [question.old.as_mut(), question.target.as_mut(), question.live.as_mut(), question.patch.as_mut()]
}

fn paths(value: &Value, here: &mut Vec<Step>, seen: &mut Vec<Vec<Step>>) {
    let mut go = |step: Step, inner: &Value, here: &mut Vec<Step>| {
        here.push(step);
        if !seen.contains(here) {
            seen.push(here.clone());
        }
        paths(inner, here, seen);
        here.pop();
    };
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                go(Step::Key(key.clone()), inner, here);
            }
        }
        Value::Array(items) => {
            for (at, inner) in items.iter().enumerate() {
                go(Step::Item(at), inner, here);
            }
        }
        _ => {}
    }
}

/// Removes what a path leads to; returns whether it was there.
fn remove(value: &mut Value, path: &[Step]) -> bool {
    let Some((step, rest)) = path.split_first() else { return false };
    match (value, step) {
        (Value::Object(map), Step::Key(key)) if rest.is_empty() => map.shift_remove(key).is_some(),
        (Value::Array(items), Step::Item(at)) if rest.is_empty() => {
            let there = *at < items.len();
            if there {
                drop(items.remove(*at));
            }
            there
        }
        (Value::Object(map), Step::Key(key)) => map.get_mut(key).is_some_and(|inner| remove(inner, rest)),
        (Value::Array(items), Step::Item(at)) => items.get_mut(*at).is_some_and(|inner| remove(inner, rest)),
        _ => false,
    }
}
