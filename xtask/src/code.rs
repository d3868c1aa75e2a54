//! A hash of code: by it a committed page says which code it is about.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// Returns a hash of the names and contents of files, and of all files in folders, of the workspace.
pub fn hash(workspace: &Path, files: &[&str], folders: &[&str]) -> String {
    let mut all: Vec<PathBuf> = files.iter().map(|file| workspace.join(file)).collect();
    for folder in folders {
        gather(&workspace.join(folder), &mut all);
    }
    all.sort();
    let mut hasher = Sha256::new();
    for file in &all {
        let name = file.strip_prefix(workspace).unwrap_or(file).display().to_string();
        let text = fs::read(file).unwrap_or_default();
        for part in [name.as_bytes(), &text[..]] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    let digest = hasher.finalize();
    digest.iter().take(10).fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn gather(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { gather(&path, out) } else { out.push(path) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_of_the_sources_and_changes_with_them() {
        let folder = std::env::temp_dir().join(format!("deckwatch-code-hash-{}", std::process::id()));
        fs::create_dir_all(folder.join("src/deep")).unwrap();
        fs::write(folder.join("src/deep/a.rs"), "one").unwrap();
        let hash = || hash(&folder, &["Cargo.toml"], &["src"]);
        let one = hash();
        fs::write(folder.join("README.md"), "not code").unwrap();
        assert_eq!(hash(), one);
        fs::write(folder.join("src/deep/a.rs"), "two").unwrap();
        let two = hash();
        assert_ne!(two, one);
        fs::write(folder.join("Cargo.toml"), "[package]").unwrap();
        assert_ne!(hash(), two);
        fs::remove_dir_all(&folder).unwrap();
    }
}
