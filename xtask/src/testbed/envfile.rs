//! `env.sh`, and the configuration that frees the stand's context.
//!
//! Owns the names that the stand gives to others. Never sets anything in this process.

use std::fmt::Write as _;
use std::fs;

use super::certs;
use super::error::{On, Result};
use super::stand::Stand;

/// Writes `env.sh` and the configuration folder.
pub fn write(stand: &Stand) -> Result<()> {
    let config = stand.dirs.run("deckwatch");
    fs::create_dir_all(&config).on(config.display())?;
    let file = config.join("config.toml");
    fs::write(
        &file,
        "# The testbed's context is free to be changed.\n[contexts.testbed]\nprotected = false\n",
    )
    .on(file.display())?;
    let mut text = String::from("# To be sourced: the testbed's addresses and tools.\n");
    for (name, value) in values(stand) {
        let _ = writeln!(text, "export {name}={}", quoted(&value));
    }
    let _ = writeln!(text, "export PATH={}:\"$PATH\"", quoted(&stand.dirs.bin().display().to_string()));
    let path = stand.dirs.env_sh();
    fs::write(&path, text).on(path.display())
}

/// Returns the variables by which others find the stand, without `PATH`.
pub fn values(stand: &Stand) -> Vec<(&'static str, String)> {
    let run = stand.run();
    vec![
        ("KUBECONFIG", certs::kubeconfig(&run, "admin").display().to_string()),
        ("KUBECONFIG_READER", certs::kubeconfig(&run, "reader").display().to_string()),
        ("KUBECONFIG_CONFINED", certs::kubeconfig(&run, "confined").display().to_string()),
        ("PROMETHEUS_URL", stand.url("prometheus")),
        ("LOKI_ADDR", stand.url("loki")),
        ("ALERTMANAGER_URL", stand.url("alertmanager")),
        ("DECKWATCH_CONFIG_DIR", stand.dirs.run("deckwatch").display().to_string()),
        ("DECKWATCH_TESTBED_RUN", run.display().to_string()),
        ("HELM3", stand.dirs.tool("helm3").display().to_string()),
        ("HELM4", stand.dirs.tool("helm4").display().to_string()),
    ]
}

/// Returns a value as one word of a shell.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_quote_stays_one_word() {
        assert_eq!(quoted("/it's here"), r"'/it'\''s here'");
    }
}
