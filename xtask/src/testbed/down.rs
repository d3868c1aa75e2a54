//! Taking the stand down: its processes end, its files go.
//!
//! Owns the removal of `run/` and `env.sh`; the binaries stay. Never removes files of a stand
//! whose processes could not be ended, so that they can still be found. Tested by
//! `cargo xtask testbed down` on the real servers.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use super::dirs::Dirs;
use super::error::{Error, On, Result};
use super::proc;
use super::up;

/// Ends every process of the stand and removes all files of its run.
pub fn down(dirs: &Dirs) -> Result<()> {
    if !dirs.root().is_dir() {
        println!("there is no testbed in {}", dirs.root().display());
        return Ok(());
    }
    let ended = end(dirs)?;
    println!("the testbed is down: {ended} processes ended");
    Ok(())
}

/// Does the same without a word; returns how many processes it ended.
pub fn end(dirs: &Dirs) -> Result<usize> {
    let _lock = up::lock(dirs)?;
    let processes = proc::all(&dirs.run(""));
    let left = proc::stop(&processes, Duration::from_secs(3));
    if !left.is_empty() {
        return Err(Error::new("taking the testbed down", format!("still running: {}", left.join(", ")))
            .hint(format!("Their pids are in {}.", dirs.run("pids").display())));
    }
    gone(dirs.run("").as_path(), |path| fs::remove_dir_all(path))?;
    gone(&dirs.env_sh(), |path| fs::remove_file(path))?;
    Ok(processes.len())
}

fn gone(path: &Path, remove: impl Fn(&Path) -> std::io::Result<()>) -> Result<()> {
    match remove(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(e).on(path.display()),
        _ => Ok(()),
    }
}
