//! A stand of the tests' own, beside the one that people use.
//!
//! Owns its beginning and its end: it starts from nothing, and nothing of it is left when it is
//! dropped. Never touches another stand. Tested by every run of the suites on it.

use std::path::PathBuf;

use super::build;
use super::dirs::Dirs;
use super::down;
use super::envfile;
use super::error::Result;
use super::extras::{self, Extra};
use super::stand::Stand;
use super::up;

/// Builds the tools that are missing of a stand that has these; fails at once where it could not run.
pub fn build_tools(with: &[Extra]) -> Result<()> {
    extras::check(with)?;
    build::build_missing(&Dirs::find()?, with)
}

/// Builds one tool if it is missing; returns its path.
pub fn build_tool(name: &str) -> Result<PathBuf> {
    build::build_one(&Dirs::find()?, name)
}

/// A running stand; it is taken down when this is dropped.
#[derive(Debug)]
pub struct Own {
    dirs: Dirs,
}

impl Own {
    /// Brings one up that has these; what an interrupted run has left of it goes first.
    pub fn up(with: &[Extra]) -> Result<Self> {
        let dirs = Dirs::find()?.beside("suite");
        if dirs.root().is_dir() {
            down::down(&dirs)?;
        }
        // Made before the servers start, so that a failure on the way takes down what runs already.
        let own = Self { dirs };
        up::up(own.dirs.clone(), with)?;
        Ok(own)
    }

    /// Returns the variables that tests find it by.
    pub fn variables(&self) -> Result<Vec<(&'static str, String)>> {
        let stand = Stand::existing(self.dirs.clone())?;
        let mut all = envfile::values(&stand);
        all.push(("DECKWATCH_TESTBED_DIR", self.dirs.root().display().to_string()));
        all.push(("DECKWATCH_TESTBED_BIN", self.dirs.bin().display().to_string()));
        Ok(all)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if let Err(error) = down::down(&self.dirs) {
            println!("✖ the tests' stand: {error}");
        }
    }
}
