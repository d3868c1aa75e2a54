//! What a table of figures is about: the machine, the versions, and the code.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::Result;
use super::stand::Stand;
use crate::code;

/// Returns the page's head.
pub fn head(workspace: &Path, stand: Option<&Stand>) -> String {
    let mut out = String::from(
        "# What it costs\n\nWritten by `cargo xtask bench`; `cargo xtask bench --check` says whether it is about the code as it \
         is.\nEach figure is told beside a peer's or the bare API's of the same run, in the same minutes, on the same machine.\n\n",
    );
    out.push_str(&facts(workspace, stand));
    out
}

/// Returns what is said of the machine, the versions and the code, as a list.
pub fn facts(workspace: &Path, stand: Option<&Stand>) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "- machine: {}", machine());
    let _ = writeln!(out, "- under way on it besides, as load average at the end: {}", load());
    let _ = writeln!(out, "- versions: {}", versions(stand).join(", "));
    let _ = writeln!(out, "- code: {}", hash(workspace));
    out
}

/// Returns a hash of everything that the figures depend on: our sources and the versions of others.
pub fn hash(workspace: &Path) -> String {
    code::hash(workspace, &["Cargo.lock", "Cargo.toml"], &["src", "crates", "benches"])
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
        for helm in ["HELM3", "HELM4"] {
            let helm =
                stand.get(helm).and_then(|helm| stand.ask(helm, &["version", "--template={{.Version}}"]));
            out.push(format!("Helm {}", told(helm)));
        }
    }
    out
}
