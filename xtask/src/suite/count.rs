//! Counting tests from what cargo prints.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

/// Lines of one binary's account of its failures that are kept.
const ACCOUNT: usize = 120;

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

/// What one run of cargo said.
#[derive(Debug, Default)]
pub struct Outcome {
    pub counts: Counts,
    /// Whether cargo was content.
    pub content: bool,
    /// What the failed tests printed, to be repeated where it is not overlooked.
    pub failures: Vec<String>,
}

/// Keeps the part of a binary's output that tells of its failures.
#[derive(Default)]
struct Account {
    open: bool,
    lines: Vec<String>,
}

impl Account {
    fn take(&mut self, line: &str) {
        let line = line.trim_end();
        if line == "failures:" {
            self.open = true;
        } else if line.starts_with("test result: ") {
            self.open = false;
        } else if self.open && self.lines.len() < ACCOUNT && !line.is_empty() {
            self.lines.push(line.to_owned());
        }
    }
}

/// Runs cargo and prints what it prints.
pub fn run(command: &mut Command) -> Outcome {
    let Ok(mut child) = command.stdout(Stdio::piped()).spawn() else { return Outcome::default() };
    let mut all = Counts::default();
    let mut failures = Vec::new();
    let mut account = Account::default();
    if let Some(out) = child.stdout.take() {
        let mut reader = BufReader::new(out);
        let mut line = Vec::new();
        while reader.by_ref().take(1 << 20).read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
            let text = String::from_utf8_lossy(&line);
            print!("{text}");
            account.take(&text);
            if let Some(one) = counts(&text) {
                all.add(one);
                failures.append(&mut account.lines);
            }
            line.clear();
        }
    }
    Outcome { counts: all, content: child.wait().is_ok_and(|s| s.success()), failures }
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

    #[test]
    fn what_failed_tests_printed_is_kept_and_nothing_else() {
        let mut account = Account::default();
        let said = "test a ... FAILED\n\nfailures:\n\n---- a stdout ----\nwhy\n\nfailures:\n    a\n\n\
                    test result: FAILED. 0 passed; 1 failed; 0 ignored\nnoise\n";
        said.lines().for_each(|line| account.take(line));
        assert_eq!(account.lines, ["---- a stdout ----", "why", "    a"]);
    }
}
