//! Differences of texts, line by line.

use similar::{Algorithm, ChangeTag, TextDiff};

/// Texts with more lines than this together are shown as removed and added: finding the least change could take minutes.
const MAX_LINES: usize = 100_000;

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
    let all: Vec<Line> = if old.lines().count() + new.lines().count() > MAX_LINES {
        let removed = old.lines().map(|text| Line::new(LineKind::Removed, text));
        removed.chain(new.lines().map(|text| Line::new(LineKind::Added, text))).collect()
    } else {
        let diff = TextDiff::configure().algorithm(Algorithm::Myers).diff_lines(old, new);
        diff.iter_all_changes().map(|change| Line::new(kind_of(change.tag()), change.value())).collect()
    };
    context.map_or(all.clone(), |context| keep_context(all, context))
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
