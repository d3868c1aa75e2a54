//! The longest common lines of two texts, found as helm-diff finds them.
//!
//! Where several alignments are equally long, which one is shown is a matter of taste: this is Hirschberg's algorithm with
//! helm-diff's choices (`diff/lcs.go`), so that both show the same lines as removed and added. Memory grows with the number of
//! lines, time with the product of both numbers.

use std::collections::HashMap;

use super::lines::{Line, LineKind};

/// Compares two lists of lines.
pub(super) fn compare(old: &[&str], new: &[&str]) -> Vec<Line> {
    // Lines are compared many times: numbers are quicker.
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut number = |text| {
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        *numbers.entry(text).or_insert(next)
    };
    let from: Vec<u32> = old.iter().copied().map(&mut number).collect();
    let to: Vec<u32> = new.iter().copied().map(&mut number).collect();
    let mut steps = Vec::with_capacity(old.len() + new.len());
    align(&from, &to, &mut steps);
    let (mut old, mut new) = (old.iter(), new.iter());
    let mut out = Vec::with_capacity(steps.len());
    for kind in steps {
        let text = match kind {
            LineKind::Added => new.next(),
            LineKind::Removed => old.next(),
            _ => {
                new.next();
                old.next()
            }
        };
        out.extend(text.map(|text| Line::new(kind, text)));
    }
    out
}

/// Appends what becomes of each line, in order.
fn align(old: &[u32], new: &[u32], out: &mut Vec<LineKind>) {
    if let ([one], [_, ..]) = (old, new) {
        return single(*one, new, out);
    }
    if old.is_empty() || new.is_empty() {
        out.extend(std::iter::repeat_n(LineKind::Removed, old.len()));
        out.extend(std::iter::repeat_n(LineKind::Added, new.len()));
        return;
    }
    let (upper, lower) = old.split_at(old.len() / 2);
    let forward = lengths(upper.iter(), &new.iter(), new.len());
    let backward = lengths(lower.iter().rev(), &new.iter().rev(), new.len());
    // Of equally good places to part the new lines at, the first.
    let together = forward.iter().zip(backward.iter().rev()).map(|(a, b)| a + b).enumerate();
    let best = together.fold((0, None), |best, (at, length)| match best {
        (_, Some(longest)) if longest >= length => best,
        _ => (at, Some(length)),
    });
    let (left, right) = new.split_at(best.0.min(new.len()));
    align(upper, left, out);
    align(lower, right, out);
}

/// One old line: it is found in its last place among the new ones.
fn single(old: u32, new: &[u32], out: &mut Vec<LineKind>) {
    let found = new.iter().rposition(|line| *line == old);
    if found.is_none() {
        out.push(LineKind::Removed);
    }
    let kind = |at| if found == Some(at) { LineKind::Same } else { LineKind::Added };
    out.extend((0..new.len()).map(kind));
}

/// Returns how many lines `old` has in common with each beginning of `new`, the empty one first.
fn lengths<'a>(
    old: impl Iterator<Item = &'a u32>,
    new: &(impl Iterator<Item = &'a u32> + Clone),
    count: usize,
) -> Vec<u32> {
    let mut row = vec![0; count + 1];
    for line in old {
        // The cell above and to the left of the one that is computed.
        let mut corner = 0;
        let mut left = 0;
        for (cell, other) in row.iter_mut().skip(1).zip(new.clone()) {
            let above = *cell;
            *cell = if line == other { corner + 1 } else { above.max(left) };
            (corner, left) = (above, *cell);
        }
    }
    row
}
