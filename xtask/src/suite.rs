//! `cargo xtask test`: everything that a change must pass, in tiers, with one closing count.
//!
//! Formatting and lints first, then every test of the workspace. A test that leaves something out writes
//! a line into the file named by `DECKWATCH_SKIPPED`; those lines are printed and counted.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// What the runs of test binaries said together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: usize,
    failed: usize,
    ignored: usize,
}

fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.to_path_buf(), Path::to_path_buf)
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

fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(workspace());
    command
}

fn gate(name: &str, args: &[&str]) -> bool {
    println!("── {name}");
    let done = cargo(args).status().is_ok_and(|s| s.success());
    if !done {
        println!("✖ {name} failed: cargo {}", args.join(" "));
    }
    done
}

/// Runs the tests, printing as they go. Returns their counts, and whether cargo itself was content.
fn tests(args: &[&str], skipped: &Path) -> (Counts, bool) {
    let mut command = cargo(args);
    command.env("DECKWATCH_SKIPPED", skipped).env_remove("KUBECONFIG").stdout(Stdio::piped());
    let Ok(mut child) = command.spawn() else { return (Counts::default(), false) };
    let mut all = Counts::default();
    if let Some(out) = child.stdout.take() {
        let mut reader = BufReader::new(out);
        let mut line = Vec::new();
        while reader.by_ref().take(1 << 20).read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
            let text = String::from_utf8_lossy(&line);
            print!("{text}");
            if let Some(one) = counts(&text) {
                all.passed += one.passed;
                all.failed += one.failed;
                all.ignored += one.ignored;
            }
            line.clear();
        }
    }
    (all, child.wait().is_ok_and(|s| s.success()))
}

fn has_go() -> bool {
    Command::new("go")
        .arg("version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// Runs everything.
pub fn run() -> ExitCode {
    let skipped = workspace().join("target").join("skipped.txt");
    fs::create_dir_all(workspace().join("target")).ok();
    fs::write(&skipped, "").ok();
    let mut broken = 0;
    broken += usize::from(!gate("formatting", &["fmt", "--all", "--check"]));
    broken += usize::from(!gate(
        "lints",
        &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"],
    ));
    println!("── tests");
    let (counts, content) = tests(&["test", "--workspace", "--no-fail-fast"], &skipped);
    broken += usize::from(!content && counts.failed == 0);
    let mut left_out: Vec<String> =
        fs::read_to_string(&skipped).unwrap_or_default().lines().map(str::to_owned).collect();
    if !has_go() {
        left_out.push("the real servers: Go is not installed, so the testbed can't be built".to_owned());
        if std::env::var("CI").is_ok_and(|v| v == "true") {
            println!("✖ with CI=true the real servers may not be left out");
            broken += 1;
        }
    }
    for line in &left_out {
        println!("skipped: {line}");
    }
    let failed = counts.failed + broken;
    println!("{} passed, {failed} failed, {} skipped", counts.passed, counts.ignored + left_out.len());
    if failed == 0 && counts.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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
