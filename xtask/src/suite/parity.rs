//! `docs/helm-parity.md`: what the comparison with the real Helm showed, and of which code.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::code;

const PAGE: &str = "docs/helm-parity.md";
/// The code that decides what a rollback sends.
const JUDGED: [&str; 2] = ["crates/helm/src", "src/act/rollback"];

fn hash(workspace: &Path) -> String {
    code::hash(workspace, &[], &JUDGED)
}

/// Returns where the tests put the page without its head.
pub fn body(workspace: &Path) -> PathBuf {
    workspace.join("target/helm-parity.md")
}

/// Builds a deckwatch in which faults can be switched on, and puts it where the next build does not replace it; returns its
/// path.
///
/// # Errors
/// When it can't be built or copied.
pub fn faulty(workspace: &Path) -> io::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let args = ["build", "--quiet", "--bin", "deckwatch", "--features", "faults"];
    let built = std::process::Command::new(cargo).args(args).current_dir(workspace).status()?;
    if !built.success() {
        return Err(io::Error::other("the deckwatch with faults can't be built"));
    }
    let folder = workspace.join("target/faulty");
    fs::create_dir_all(&folder)?;
    let path = folder.join("deckwatch");
    fs::copy(workspace.join("target/debug/deckwatch"), &path)?;
    Ok(path)
}

/// Writes the page from what the tests have put down.
///
/// # Errors
/// Those of reading and writing files.
pub fn write(workspace: &Path) -> io::Result<()> {
    let body = fs::read_to_string(body(workspace))?;
    let head = format!(
        "# Rollbacks beside the real Helm's\n\n\
         Written by `cargo xtask test helm --full` from runs on the real API server with Helm 3.22 and 4.3: each scenario is done\n\
         three times, then rolled back once by `helm rollback`, once by `deckwatch rollback --strict-helm` and once by\n\
         `deckwatch rollback` in its own way. Compared are every request that changes something, in order and with its body; every object and who owns which of its fields; every record; and how\n\
         it ended. `same`: nothing differs.\n\n\
         - code: {} ({})\n\n",
        hash(workspace),
        JUDGED.join(", ")
    );
    fs::write(workspace.join(PAGE), head + &body)
}

/// Returns whether the page is about the code as it is, in words.
pub fn check(workspace: &Path) -> String {
    let text = fs::read_to_string(workspace.join(PAGE)).unwrap_or_default();
    if text.contains(&hash(workspace)) {
        format!("{PAGE}: it is about this code")
    } else {
        format!("{PAGE}: stale: it is about other code; `cargo xtask test helm --full` writes it anew")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_stale_when_the_code_is_another() {
        let folder = std::env::temp_dir().join(format!("deckwatch-parity-{}", std::process::id()));
        for inner in ["crates/helm/src", "src/act/rollback", "docs", "target"] {
            fs::create_dir_all(folder.join(inner)).unwrap();
        }
        fs::write(folder.join("crates/helm/src/a.rs"), "one").unwrap();
        assert!(check(&folder).contains("stale"));
        fs::write(body(&folder), "| a table |\n").unwrap();
        write(&folder).unwrap();
        assert!(!check(&folder).contains("stale"));
        assert!(fs::read_to_string(folder.join(PAGE)).unwrap().ends_with("| a table |\n"));
        fs::write(folder.join("crates/helm/src/a.rs"), "two").unwrap();
        assert!(check(&folder).contains("stale"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
