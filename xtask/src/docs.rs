//! `cargo xtask docs`: writes the generated references, each as the program itself prints it.

use std::path::Path;
use std::process::{Command, ExitCode};

/// The references: the topic as `deckwatch reference` knows it, and the file.
const FILES: [(&str, &str); 4] = [
    ("keys", "docs/keys.md"),
    ("configuration", "docs/configuration.md"),
    ("command-line", "docs/command-line.md"),
    ("views", "docs/views.md"),
];

fn printed(root: &Path, topic: &str) -> Result<String, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["run", "--quiet", "--package", "deckwatch", "--", "reference", topic])
        .current_dir(root)
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|e| format!("start cargo: {e}"))?;
    if !output.status.success() {
        return Err(format!("deckwatch reference {topic}: {}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|e| format!("deckwatch reference {topic}: {e}"))
}

/// Writes every reference that has changed.
pub fn run() -> ExitCode {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.parent().unwrap_or(here);
    for (topic, file) in FILES {
        let path = root.join(file);
        let outcome = printed(root, topic).and_then(|text| {
            if std::fs::read_to_string(&path).is_ok_and(|old| old == text) {
                return Ok("as it was");
            }
            std::fs::write(&path, text).map_err(|e| format!("write {file}: {e}"))?;
            Ok("written")
        });
        match outcome {
            Ok(what) => println!("{file}: {what}"),
            Err(error) => {
                eprintln!("✖ {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
