//! `deckwatch-helm` beside the packages that Helm is built from: a hundred thousand random questions, the table of types, and
//! faults that must be found. Without the Go program (`cargo xtask testbed build`) the tests say so.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "the whole file is a test")]

mod cases;
mod faults;
mod table;

use std::io::Write as _;
use std::path::PathBuf;

/// Returns the Go program, or notes that a test is left out.
fn program(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("DECKWATCH_TESTBED_BIN").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/testbed/bin")),
        PathBuf::from,
    );
    let path = folder.join("oracle");
    if path.is_file() {
        return Some(path);
    }
    eprintln!("skipped: {} is not built (cargo xtask testbed build)", path.display());
    if let Some(list) = std::env::var_os("DECKWATCH_SKIPPED")
        && let Ok(mut file) = std::fs::OpenOptions::new().create(true).append(true).open(list)
    {
        let _noted = writeln!(file, "oracle, {test}: the Go program is not built");
    }
    None
}
