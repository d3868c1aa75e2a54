//! Counting tests from what cargo prints.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

/// What the runs of test binaries said together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tests that passed.
    pub passed: usize,
    /// Tests that failed.
    pub failed: usize,
    /// Tests that did not run.
    pub ignored: usize,
}

impl Counts {
    /// Adds those of another run.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

/// Returns the counts of a line such as `test result: ok. 12 passed; 0 failed; 1 ignored; …`.
fn counts(line: &str) -> Option<Counts> {
    let rest = line.trim().strip_prefix("test result: ")?;
    let number = |word: &str| {
        let at = rest.find(word)?;
        rest.get(..at)?.split_whitespace().next_back()?.parse().ok()
    };
    Some(Counts { passed: number(" passed")?, failed: number(" failed")?, ignored: number(" ignored")? })
}

/// Runs cargo and prints what it prints. Returns the counts of its tests, and whether it was content.
pub fn run(command: &mut Command) -> (Counts, bool) {
    let Ok(mut child) = command.stdout(Stdio::piped()).spawn() else { return (Counts::default(), false) };
    let mut all = Counts::default();
    if let Some(out) = child.stdout.take() {
        let mut reader = BufReader::new(out);
        let mut line = Vec::new();
        while reader.by_ref().take(1 << 20).read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
            let text = String::from_utf8_lossy(&line);
            print!("{text}");
            if let Some(one) = counts(&text) {
                all.add(one);
            }
            line.clear();
        }
    }
    (all, child.wait().is_ok_and(|s| s.success()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_lines_of_cargo_are_read() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.1s";
        assert_eq!(counts(line), Some(Counts { passed: 12, failed: 3, ignored: 1 }));
        assert_eq!(counts("running 3 tests"), None);
    }
}
