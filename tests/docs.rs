//! The generated references: what is committed is what the program's own tables say.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use deckwatch::cli::reference::{FILES, markdown};

#[test]
fn the_committed_references_are_what_the_tables_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let stale: Vec<&str> = FILES
        .into_iter()
        .filter(|(topic, file)| {
            std::fs::read_to_string(root.join(file)).unwrap_or_default() != markdown(*topic).unwrap()
        })
        .map(|(_, file)| file)
        .collect();
    assert!(stale.is_empty(), "out of date: {}; `cargo xtask docs` writes them anew", stale.join(", "));
}

#[test]
fn the_readme_leads_to_every_reference() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    for (_, file) in FILES {
        assert!(readme.contains(&format!("({file})")), "README.md has no link to {file}");
    }
}
