//! The layers of the code, held by reading every file: which module may name which other, and which crates.
//!
//! `ARCHITECTURE.md` tells why. A rule that is broken is told with its file and line.

use std::fs;
use std::path::{Path, PathBuf};

/// A layer: its folder, the other layers that it may use, and the crates that it may not name.
struct Layer {
    folder: &'static str,
    uses: &'static [&'static str],
    never: &'static [&'static str],
}

const IO: &[&str] =
    &["tokio", "kube", "reqwest", "crossterm", "signal_hook", "libc", "hyper", "tower", "futures"];
const TERMINAL: &[&str] = &["ratatui", "crossterm", "tui_textarea", "signal_hook"];

const LAYERS: &[Layer] = &[
    Layer {
        folder: "core",
        uses: &[],
        never: &[
            "tokio",
            "kube",
            "reqwest",
            "ratatui",
            "ratatui_core",
            "crossterm",
            "deckwatch_wire",
            "deckwatch_helm",
        ],
    },
    Layer {
        folder: "query",
        uses: &["core"],
        never: &["tokio", "kube", "reqwest", "ratatui", "ratatui_core", "crossterm"],
    },
    Layer { folder: "store", uses: &["core"], never: IO },
    Layer { folder: "ops", uses: &["core", "query", "store"], never: IO },
    Layer { folder: "ui", uses: &["core", "store"], never: IO },
    Layer {
        folder: "config",
        uses: &["core", "store"],
        never: &["tokio", "kube", "ratatui", "ratatui_core", "crossterm"],
    },
    Layer { folder: "app", uses: &["core", "query", "store", "ops", "ui"], never: IO },
    Layer { folder: "sources", uses: &["core", "query", "store", "config"], never: TERMINAL },
    Layer { folder: "act", uses: &["core", "query", "store", "ops", "sources"], never: TERMINAL },
    Layer { folder: "term", uses: &["core"], never: &["tokio", "kube", "reqwest"] },
];

/// Uses that the table does not allow and that have a reason: file, layer, why.
const ALLOWED: &[(&str, &str, &str)] = &[
    ("src/term/caps.rs", "ui", "how many colours there are is the theme's own word"),
    ("src/config/freeze.rs", "ops", "freezes are the gate's data; the file only says which there are"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
    out.sort();
}

fn is_test(path: &Path) -> bool {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
    matches!(name, "tests.rs" | "testing.rs" | "fake.rs")
        || path.components().any(|c| c.as_os_str() == "tests" || c.as_os_str() == "testing")
}

/// The lines of code of a file before its tests, with their numbers.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    text[..end].lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with("//"))
}

fn names(line: &str, word: &str, before: &str) -> bool {
    let needle = format!("{before}{word}");
    line.match_indices(&needle).any(|(at, found)| {
        let tail = &line[at + found.len()..];
        let head = line[..at].chars().next_back();
        let starts = !head.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':');
        starts && tail.starts_with("::")
    })
}

#[test]
fn every_layer_uses_only_the_layers_below_it_and_its_own_crates() {
    let mut broken = Vec::new();
    for layer in LAYERS {
        let mut files = Vec::new();
        rust_files(&root().join("src").join(layer.folder), &mut files);
        assert!(!files.is_empty(), "src/{} has no files: the table is out of date", layer.folder);
        for path in files.iter().filter(|p| !is_test(p)) {
            let text = fs::read_to_string(path).unwrap();
            let shown = path.strip_prefix(root()).unwrap().display().to_string();
            for (number, line) in code(&text) {
                for other in LAYERS.iter().map(|l| l.folder).chain(["runtime", "cli", "demo"]) {
                    let own = other == layer.folder || layer.uses.contains(&other);
                    let allowed = ALLOWED.iter().any(|(f, l, _)| *f == shown && *l == other);
                    if !own && !allowed && names(line, other, "crate::") {
                        broken.push(format!(
                            "{shown}:{}: {} may not use {other}: {}",
                            number + 1,
                            layer.folder,
                            line.trim()
                        ));
                    }
                }
                for name in layer.never.iter().filter(|name| names(line, name, "")) {
                    broken.push(format!(
                        "{shown}:{}: {} may not name {name}: {}",
                        number + 1,
                        layer.folder,
                        line.trim()
                    ));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{} broken:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn only_the_module_of_time_names_the_library_of_time() {
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    let named: Vec<String> = files
        .iter()
        .filter(|p| !p.ends_with("core/time.rs"))
        .filter(|p| {
            code(&fs::read_to_string(p).unwrap()).any(|(_, l)| names(l, "chrono", "") || names(l, "jiff", ""))
        })
        .map(|p| p.display().to_string())
        .collect();
    assert_eq!(named, Vec::<String>::new());
}

/// Where writes are sent from, and the ways that carry them.
const WRITES: [&str; 3] = ["src/act/", "src/sources/", "src/runtime/log/"];

#[test]
fn only_what_carries_plans_out_sends_writes() {
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    let mut sent = Vec::new();
    for path in files.iter().filter(|p| !is_test(p)) {
        let shown = path.strip_prefix(root()).unwrap().display().to_string();
        let text = fs::read_to_string(path).unwrap();
        if !WRITES.iter().any(|folder| shown.starts_with(folder)) {
            sent.extend(
                code(&text)
                    .filter(|(_, l)| l.contains("send_once"))
                    .map(|(n, _)| format!("{shown}:{}", n + 1)),
            );
        }
    }
    assert_eq!(sent, Vec::<String>::new());
}

/// The most lines of code that a file may have, tests aside; 400 is the goal.
const MOST: usize = 700;

#[test]
fn no_file_has_more_lines_of_code_than_a_person_keeps_in_mind() {
    let mut files = Vec::new();
    for folder in ["src", "crates", "xtask/src", "tests", "benches"] {
        rust_files(&root().join(folder), &mut files);
    }
    let long: Vec<String> = files
        .iter()
        .map(|p| (p, code(&fs::read_to_string(p).unwrap()).filter(|(_, l)| !l.trim().is_empty()).count()))
        .filter(|(_, lines)| *lines > MOST)
        .map(|(p, lines)| format!("{} has {lines}", p.display()))
        .collect();
    assert!(long.is_empty(), "more than {MOST} lines of code:\n{}", long.join("\n"));
}

#[test]
fn every_module_opens_with_what_it_is() {
    let mut files = Vec::new();
    for folder in ["src", "crates/wire/src", "crates/helm/src", "crates/sim/src", "xtask/src"] {
        rust_files(&root().join(folder), &mut files);
    }
    let silent: Vec<String> = files
        .iter()
        .filter(|p| !is_test(p) && !fs::read_to_string(p).unwrap().starts_with("//!"))
        .map(|p| p.display().to_string())
        .collect();
    assert_eq!(silent, Vec::<String>::new());
}
