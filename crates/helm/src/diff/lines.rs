//! Differences of texts, line by line.

use similar::{Algorithm, ChangeTag, TextDiff};

use super::common;

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
    pub(super) fn new(kind: LineKind, text: &str) -> Self {
        Self { kind, text: text.trim_end_matches(['\n', '\r']).to_owned() }
    }
}

/// Compares two texts; keeps `context` unchanged lines around each change, or all. Equal texts give no lines.
pub fn diff_lines(old: &str, new: &str, context: Option<usize>) -> Vec<Line> {
    diff(old, new, context, 0, |old, new| {
        let diff = TextDiff::configure().algorithm(Algorithm::Myers).diff_slices(old, new);
        diff.iter_all_changes().map(|change| Line::new(kind_of(change.tag()), change.value())).collect()
    })
}

/// Compares two texts as [`diff_lines`] does, and shows the same lines as removed and added that helm-diff shows.
pub(super) fn diff_lines_as_helm_diff(old: &str, new: &str, context: Option<usize>) -> Vec<Line> {
    // It always leaves a line to compare before the equal end.
    diff(old, new, context, 1, common::compare)
}

/// Compares what is between the equal beginning and the equal end by `compare`; `left` lines of the end are left to it.
fn diff(
    old: &str,
    new: &str,
    context: Option<usize>,
    left: usize,
    compare: impl Fn(&[&str], &[&str]) -> Vec<Line>,
) -> Vec<Line> {
    if old == new {
        return Vec::new();
    }
    let old: Vec<&str> = old.lines().collect();
    let new: Vec<&str> = new.lines().collect();
    let same = |(a, b): &(&&str, &&str)| a == b;
    let head = old.iter().zip(&new).take_while(same).count();
    let rest = (old.len().min(new.len()) - head).saturating_sub(left);
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(same).count();
    let (old_middle, end) = old.split_at(old.len() - tail);
    let (head, old_middle) = old_middle.split_at(head);
    let new_middle: Vec<&str> = new.iter().copied().take(new.len() - tail).skip(head.len()).collect();
    let mut all: Vec<Line> = head.iter().map(|text| Line::new(LineKind::Same, text)).collect();
    if old_middle.len() + new_middle.len() > MAX_LINES {
        all.extend(old_middle.iter().map(|text| Line::new(LineKind::Removed, text)));
        all.extend(new_middle.iter().map(|text| Line::new(LineKind::Added, text)));
    } else {
        all.extend(compare(old_middle, &new_middle));
    }
    all.extend(end.iter().map(|text| Line::new(LineKind::Same, text)));
    match context {
        Some(context) => keep_context(all, context),
        None => all,
    }
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
