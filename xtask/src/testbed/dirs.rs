//! Where the testbed's files lie.
//!
//! Owns the paths; never reads or writes the files. Everything of a run is below `run/`, so that
//! taking the stand down is removing one folder and `env.sh`.

use std::path::{Path, PathBuf};

use super::error::{Error, On, Result};

/// The folders of the workspace and of the testbed.
#[derive(Clone, Debug)]
pub struct Dirs {
    workspace: PathBuf,
    root: PathBuf,
    bin: PathBuf,
}

impl Dirs {
    /// Returns the folders of the workspace that this command was called for.
    ///
    /// `DECKWATCH_TESTBED_DIR` puts the stand elsewhere than `target/testbed`, and
    /// `DECKWATCH_TESTBED_BIN` lets several stands share one folder of binaries.
    pub fn find() -> Result<Self> {
        let workspace = workspace()?;
        let root = match std::env::var_os("DECKWATCH_TESTBED_DIR") {
            Some(dir) => std::path::absolute(&dir).on("DECKWATCH_TESTBED_DIR")?,
            None => workspace.join("target/testbed"),
        };
        let bin = match std::env::var_os("DECKWATCH_TESTBED_BIN") {
            Some(dir) => std::path::absolute(&dir).on("DECKWATCH_TESTBED_BIN")?,
            None => root.join("bin"),
        };
        Ok(Self { workspace, root, bin })
    }

    /// Returns the folders of a stand beside this one, on the same binaries.
    pub fn beside(&self, name: &str) -> Self {
        Self { workspace: self.workspace.clone(), root: self.root.join(name), bin: self.bin.clone() }
    }

    /// Returns the workspace's root.
    pub fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// Returns the committed `testbed/`.
    pub fn testbed(&self) -> PathBuf {
        self.workspace.join("testbed")
    }

    /// Returns a path below the committed `testbed/`.
    pub fn source(&self, path: &str) -> PathBuf {
        self.workspace.join("testbed").join(path)
    }

    /// Returns the folder that holds binaries, run and `env.sh`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the folder of the built binaries.
    pub fn bin(&self) -> &Path {
        &self.bin
    }

    /// Returns a built binary's path.
    pub fn tool(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// Returns a path below the run's folder.
    pub fn run(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.join("run") } else { self.root.join("run").join(path) }
    }

    /// Returns the file to be sourced by a shell.
    pub fn env_sh(&self) -> PathBuf {
        self.root.join("env.sh")
    }
}

/// Returns the workspace's root: cargo says it, else the first folder upwards that has the modules.
fn workspace() -> Result<PathBuf> {
    let from_cargo = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let here = std::env::current_dir().on("the current folder")?;
    from_cargo
        .iter()
        .flat_map(|dir| dir.ancestors())
        .chain(here.ancestors())
        .find(|dir| dir.join("testbed/mods").is_dir())
        .map(Path::to_path_buf)
        .ok_or_else(|| {
            Error::new("the workspace", "no testbed/mods in this folder or above it")
                .hint("Call it inside the workspace.")
        })
}
