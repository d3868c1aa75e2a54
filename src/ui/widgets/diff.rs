//! The lines of a diff, each with its sign: colour alone never tells what was added.

use crate::core::Safe;
use crate::ui::text::{Line, Words};
use crate::ui::theme::Role;

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is in both.
    Same,
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It tells where the next lines stand, or that some are left out.
    Meta,
}

/// One line of a diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// What became of it.
    pub change: Change,
    /// Its text.
    pub text: Safe,
}

/// Returns a line as it is drawn.
pub fn styled(line: &DiffLine) -> Line {
    let (sign, role) = match line.change {
        Change::Same => ("  ", Role::Text),
        Change::Added => ("+ ", Role::DiffAdd),
        Change::Removed => ("- ", Role::DiffRemove),
        Change::Meta => ("", Role::DiffMeta),
    };
    Line::new().with(sign, role).with(Words::from(&line.text), role)
}

/// Keeps `around` unchanged lines at each change; puts a count where others were.
pub fn fold(lines: &[DiffLine], around: usize) -> Vec<DiffLine> {
    let changed = |i: usize| lines.get(i).is_some_and(|l| l.change != Change::Same);
    // How far the last change lies behind each line, then the next one ahead.
    let mut near = vec![false; lines.len()];
    let mut since = usize::MAX;
    for (i, keep) in near.iter_mut().enumerate() {
        since = if changed(i) { 0 } else { since.saturating_add(1) };
        *keep = since <= around;
    }
    since = usize::MAX;
    for (i, keep) in near.iter_mut().enumerate().rev() {
        since = if changed(i) { 0 } else { since.saturating_add(1) };
        *keep |= since <= around;
    }
    let mut out = Vec::new();
    let mut left_out = 0;
    for (line, keep) in lines.iter().zip(near) {
        if keep {
            flush(&mut out, &mut left_out);
            out.push(line.clone());
        } else {
            left_out += 1;
        }
    }
    flush(&mut out, &mut left_out);
    out
}

fn flush(out: &mut Vec<DiffLine>, left_out: &mut usize) {
    if *left_out > 0 {
        let words = crate::core::num::counted(*left_out, "equal line", "equal lines");
        out.push(DiffLine { change: Change::Meta, text: Safe::of(&format!("  … {words}")) });
        *left_out = 0;
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn equal_lines_far_from_a_change_are_counted() {
        let same = |t: &'static str| DiffLine { change: Change::Same, text: Safe::own(t) };
        let lines = [
            same("a"),
            same("b"),
            same("c"),
            DiffLine { change: Change::Removed, text: Safe::own("image: 1042") },
            DiffLine { change: Change::Added, text: Safe::own("image: 1043") },
            same("d"),
            same("e"),
        ];
        let text: Vec<String> = fold(&lines, 1).iter().map(|l| styled(l).text()).collect();
        assert_eq!(
            text,
            ["  … 2 equal lines", "  c", "- image: 1042", "+ image: 1043", "  d", "  … 1 equal line"]
        );
        assert_eq!(fold(&lines, 9), lines);
        assert_eq!(fold(&[], 3), []);
    }
}
