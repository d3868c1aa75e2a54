//! Differences of texts, line by line.

use similar::{Algorithm, ChangeTag, TextDiff};

/// When more lines than this differ, what is left after the equal beginning and end is shown as removed and added: finding
/// the least change takes time with the square of their number.
const MAX_LINES: usize = 20_000;

/// What a line is in a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// In both texts.
    Same,
    /// Only in the old text.
    Removed,
    /// Only in the new text.
    Added,
    /// Stands for lines that are in both and left out; the text says how many.
    Skipped,
}

/// A line of a difference, without its line end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub kind: LineKind,
    /// Its text.
    pub text: String,
}

impl Line {
    fn new(kind: LineKind, text: &str) -> Self {
        Self { kind, text: text.trim_end_matches(['\n', '\r']).to_owned() }
    }
}

/// Compares two texts; keeps `context` unchanged lines around each change, or all. Equal texts give no lines.
pub fn diff_lines(old: &str, new: &str, context: Option<usize>) -> Vec<Line> {
    if old == new {
        return Vec::new();
    }
    let old: Vec<&str> = old.lines().collect();
    let new: Vec<&str> = new.lines().collect();
    let same = |(a, b): &(&&str, &&str)| a == b;
    let head = old.iter().zip(&new).take_while(same).count();
    let rest = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(same).count();
    let middle = |lines: &[&'_ str]| -> Vec<String> {
        lines.iter().take(lines.len() - tail).skip(head).map(|line| (*line).to_owned()).collect()
    };
    let (old_middle, new_middle) = (middle(&old), middle(&new));
    let mut all: Vec<Line> = old.iter().take(head).map(|text| Line::new(LineKind::Same, text)).collect();
    all.extend(compare(&old_middle, &new_middle));
    all.extend(old.iter().skip(old.len() - tail).map(|text| Line::new(LineKind::Same, text)));
    match context {
        Some(context) => keep_context(all, context),
        None => all,
    }
}

/// Compares lines of which the first and the last differ.
fn compare(old: &[String], new: &[String]) -> Vec<Line> {
    if old.len() + new.len() > MAX_LINES {
        let removed = old.iter().map(|text| Line::new(LineKind::Removed, text));
        return removed.chain(new.iter().map(|text| Line::new(LineKind::Added, text))).collect();
    }
    let (old, new): (Vec<&str>, Vec<&str>) =
        (old.iter().map(String::as_str).collect(), new.iter().map(String::as_str).collect());
    let diff = TextDiff::configure().algorithm(Algorithm::Myers).diff_slices(&old, &new);
    diff.iter_all_changes().map(|change| Line::new(kind_of(change.tag()), change.value())).collect()
}

fn kind_of(tag: ChangeTag) -> LineKind {
    match tag {
        ChangeTag::Equal => LineKind::Same,
        ChangeTag::Delete => LineKind::Removed,
        ChangeTag::Insert => LineKind::Added,
    }
}

fn keep_context(all: Vec<Line>, context: usize) -> Vec<Line> {
    let mut near = vec![false; all.len()];
    for (at, line) in all.iter().enumerate() {
        if line.kind != LineKind::Same {
            let to = at.saturating_add(context).saturating_add(1).min(all.len());
            near.iter_mut().take(to).skip(at.saturating_sub(context)).for_each(|keep| *keep = true);
        }
    }
    let mut kept = Vec::new();
    let mut skipped = 0usize;
    let flush = |skipped: &mut usize, kept: &mut Vec<Line>| {
        if *skipped > 0 {
            kept.push(Line { kind: LineKind::Skipped, text: format!("{skipped} unchanged lines") });
            *skipped = 0;
        }
    };
    for (line, near) in all.into_iter().zip(near) {
        if near {
            flush(&mut skipped, &mut kept);
            kept.push(line);
        } else {
            skipped += 1;
        }
    }
    flush(&mut skipped, &mut kept);
    kept
}
