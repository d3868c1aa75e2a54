//! Whether two answers are the same.
//!
//! Owns the table of what is refused on purpose. Go goes through its maps in any order, and so some answers of its packages
//! differ from one asking to the next: then ours must be one of them.

use crate::program::{Broken, Program};
use crate::question::{Op, Ours, Question, Theirs};

/// What comparing two answers gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The same value.
    Same,
    /// Both refuse; with the same text where ours is copied.
    BothRefuse,
    /// We refuse on purpose what is read there; the number is that of the line in [`REFUSALS`].
    Refused(usize),
    /// The other side answers now so and now so, and ours is among the answers.
    Unsteady,
    /// A difference.
    Differs,
}

/// What is refused on purpose: the op, a part of our error's text, and why.
pub const REFUSALS: [(Op, &str, &str); 4] = [
    (
        Op::Yaml,
        "is not allowed",
        "characters that Go's parser refuses where its buffer happens to reach, and the BOM",
    ),
    (Op::Manifest, "is not allowed", "the same in a manifest"),
    (Op::Yaml, "is nested too deeply", "depth is bounded"),
    (Op::Manifest, "is nested too deeply", "depth is bounded"),
];

/// How often a question is asked again, and then once more, before ours counts as none of the answers.
const AGAIN: [usize; 2] = [8, 88];

/// Compares one pair of answers.
pub fn compare(op: Op, ours: &Ours, theirs: &Theirs) -> Verdict {
    match (ours, &theirs.ok) {
        (Ours::Value(ours), Some(theirs)) if ours == theirs => Verdict::Same,
        (Ours::Own(_), None) => Verdict::BothRefuse,
        // A panic ends Helm; there is no text that we could copy.
        (Ours::Copied(text), None) if *text == theirs.err || theirs.err.starts_with("panic: ") => {
            Verdict::BothRefuse
        }
        (Ours::Own(text), Some(_)) => {
            let known = REFUSALS.iter().position(|(of, part, _)| *of == op && text.contains(part));
            known.map_or(Verdict::Differs, Verdict::Refused)
        }
        _ => Verdict::Differs,
    }
}

/// Compares, and asks again where the answers differ.
pub fn judge(
    question: &Question,
    ours: &Ours,
    theirs: &Theirs,
    program: &mut Program,
) -> Result<Verdict, Broken> {
    let first = compare(question.op, ours, theirs);
    if first != Verdict::Differs {
        return Ok(first);
    }
    for times in AGAIN {
        let answers = program.ask(&vec![question.line(); times])?;
        if answers.iter().any(|theirs| compare(question.op, ours, theirs) != Verdict::Differs) {
            return Ok(Verdict::Unsteady);
        }
    }
    Ok(Verdict::Differs)
}
