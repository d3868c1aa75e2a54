//! The testbed as measurements need it: its variables, its tools, and the bare API.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use super::Result;
use super::bare::Api;

/// A testbed that is up.
pub struct Stand {
    /// What `env.sh` exports, `PATH` aside.
    pub variables: Vec<(String, String)>,
    path: String,
}

impl Stand {
    /// Returns the stand that is up.
    pub fn find(workspace: &Path) -> Result<Self> {
        let root = std::env::var_os("DECKWATCH_TESTBED_DIR")
            .map_or_else(|| workspace.join("target/testbed"), PathBuf::from);
        let file = root.join("env.sh");
        let text = std::fs::read_to_string(&file)
            .map_err(|_| "it is not up: `cargo xtask testbed up` starts it".to_owned())?;
        let all = exports(&text);
        let path = all.iter().find(|(n, _)| n == "PATH").map(|(_, v)| v.clone()).unwrap_or_default();
        let variables = all.into_iter().filter(|(n, _)| n != "PATH").collect();
        Ok(Self { variables, path })
    }

    /// Returns the stand that is up, or starts one; then what is returned beside it says so.
    pub fn find_or_start(workspace: &Path) -> Result<(Self, bool)> {
        match Self::find(workspace) {
            Ok(stand) => Ok((stand, false)),
            Err(_) => testbed(&["up"]).and_then(|()| Ok((Self::find(workspace)?, true))),
        }
    }

    /// Takes the one down that is up.
    pub fn down() -> Result<()> {
        testbed(&["down"])
    }

    /// Returns a variable.
    pub fn get(&self, name: &str) -> Result<&str> {
        let found = self.variables.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        found.ok_or_else(|| format!("the testbed's env.sh has no {name}"))
    }

    /// Returns a program's command with the stand's variables; the stand's own tools come first.
    pub fn command(&self, program: &str) -> Command {
        let own = Path::new(&self.path).join(program);
        let mut command = if own.is_file() { Command::new(own) } else { Command::new(program) };
        command.envs(self.variables.iter().map(|(n, v)| (n, v))).stdin(std::process::Stdio::null());
        command
    }

    /// Runs a program of the stand and returns what it printed.
    pub fn ask(&self, program: &str, args: &[&str]) -> Result<String> {
        let output = self.command(program).args(args).output();
        said(program, &output.map_err(|e| format!("{program}: {e}"))?)
    }

    /// Returns the bare API as the administrator.
    pub fn api(&self) -> Result<Api> {
        let text = self.ask("kubectl", &["config", "view", "--raw", "--minify", "-o", "json"])?;
        let value: Value = serde_json::from_str(&text).map_err(|e| format!("kubectl config view: {e}"))?;
        Api::of(&value)
    }

    /// Lets at least that many pods run.
    pub fn fill(&self, pods: u32) -> Result<()> {
        if self.pods()? >= pods as usize {
            return Ok(());
        }
        testbed(&["fill", &pods.to_string()])
    }

    /// Returns how many pods there are.
    pub fn pods(&self) -> Result<usize> {
        Ok(self.ask("kubectl", &["get", "pods", "-A", "-o", "name"])?.lines().count())
    }
}

/// Runs one of the testbed's own commands.
fn testbed(args: &[&str]) -> Result<()> {
    let own = std::env::current_exe().map_err(|e| format!("find this program: {e}"))?;
    match Command::new(own).arg("testbed").args(args).status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!("`testbed {}` failed", args.join(" "))),
    }
}

fn said(program: &str, output: &Output) -> Result<String> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program}: {}", words.lines().last().unwrap_or("it says nothing")))
}

/// Returns the variables of a file for shells: `export NAME='value'`; of PATH its first folder.
fn exports(text: &str) -> Vec<(String, String)> {
    let one = |line: &str| {
        let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
        let quoted = value.strip_suffix(r#":"$PATH""#).unwrap_or(value);
        let inner = quoted.strip_prefix('\'')?.strip_suffix('\'')?;
        Some((name.to_owned(), inner.replace(r"'\''", "'")))
    };
    text.lines().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_stand_exports_is_read_as_a_shell_would() {
        let text =
            "# a remark\nexport KUBECONFIG='/a b/c'\nexport X='it'\\''s'\nexport PATH='/bin dir':\"$PATH\"\n";
        let expected = [("KUBECONFIG", "/a b/c"), ("X", "it's"), ("PATH", "/bin dir")];
        assert_eq!(exports(text), expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }
}
