//! What a table of figures is about: the machine, the versions, and the code.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest as _, Sha256};

use super::Result;
use super::stand::Stand;

/// Returns the page's head.
pub fn head(workspace: &Path, stand: Option<&Stand>) -> String {
    let mut out = String::from(
        "# What it costs\n\nWritten by `cargo xtask bench`; `cargo xtask bench --check` says whether it is about the code as it \
         is.\nEach figure is told beside a peer's or the bare API's of the same run, in the same minutes, on the same machine.\n\n",
    );
    let _ = writeln!(out, "- machine: {}", machine());
    let _ = writeln!(out, "- under way on it besides, as load average at the end: {}", load());
    let _ = writeln!(out, "- versions: {}", versions(stand).join(", "));
    let _ = writeln!(out, "- code: {}", hash(workspace));
    out
}

/// Returns a hash of everything that the figures depend on: our sources and the versions of others.
pub fn hash(workspace: &Path) -> String {
    let mut files = vec![workspace.join("Cargo.lock"), workspace.join("Cargo.toml")];
    for folder in ["src", "crates", "benches"] {
        gather(&workspace.join(folder), &mut files);
    }
    files.sort();
    let mut hasher = Sha256::new();
    for file in &files {
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

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let of = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|l| l.starts_with(name)).unwrap_or_default().to_owned();
        line.split_once(':').map(|(_, v)| v.trim().to_owned()).unwrap_or_default()
    };
    let memory: f64 =
        of("/proc/meminfo", "MemTotal").split_whitespace().next().and_then(|v| v.parse().ok()).unwrap_or(0.0);
    format!(
        "{} {}, {cores} cores ({}), {:.0} GiB of memory",
        std::env::consts::OS,
        std::env::consts::ARCH,
        of("/proc/cpuinfo", "model name"),
        memory / 1_048_576.0
    )
}

fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

fn versions(stand: Option<&Stand>) -> Vec<String> {
    let first = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).output().ok().filter(|o| o.status.success())?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Some(text.lines().next()?.trim().to_owned())
    };
    let asked = [
        ("rustc", first("rustc", &["--version"])),
        ("sofka", first("sofka", &["--version"])),
        ("k9s", first("k9s", &["version", "--short"])),
    ];
    let mut out: Vec<String> = asked
        .into_iter()
        .map(|(name, said)| said.unwrap_or_else(|| format!("{name} not installed")))
        .collect();
    if let Some(stand) = stand {
        let told = |text: Result<String>| {
            text.unwrap_or_default().lines().map(str::trim).collect::<Vec<_>>().join(", ")
        };
        out.push(format!("kubectl and server: {}", told(stand.ask("kubectl", &["version"]))));
        let helm =
            stand.get("HELM3").and_then(|helm| stand.ask(helm, &["version", "--template={{.Version}}"]));
        out.push(format!("Helm {}", told(helm)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_of_the_sources_and_changes_with_them() {
        let folder = std::env::temp_dir().join(format!("deckwatch-bench-hash-{}", std::process::id()));
        fs::create_dir_all(folder.join("src/deep")).unwrap();
        fs::write(folder.join("src/deep/a.rs"), "one").unwrap();
        let one = hash(&folder);
        fs::write(folder.join("README.md"), "not code").unwrap();
        assert_eq!(hash(&folder), one);
        fs::write(folder.join("src/deep/a.rs"), "two").unwrap();
        assert_ne!(hash(&folder), one);
        fs::remove_dir_all(&folder).unwrap();
    }
}
