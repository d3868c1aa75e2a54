//! Argo CD and Argo Rollouts on the stand, and what they are given to do.
//!
//! Owns the namespaces `argocd` and `argo-rollouts`, the stand's git repositories, and the commands that make an
//! Application or a Rollout; `up` makes neither. Never judges what the controllers do. Tested on the real servers.

mod app;
mod repository;
mod rollout;
pub mod servers;

use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::error::{Error, On, Result};
use super::extras::{self, Extra};
use super::stand::Stand;

/// The application that the stand's first repository holds.
const APP: &str = "newsletter";

/// How long a controller may take to do its work.
const PATIENCE: Duration = Duration::from_mins(2);

/// What to do with Argo.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Make an Application with auto-sync and self-heal, and lead it through its repository's history.
    App(app::Args),
    /// Commit another image tag to an application's repository, and let Argo CD look.
    Commit(app::CommitArgs),
    /// Make a Rollout with a canary, or give it another image tag; returns when it is done or paused.
    Rollout(rollout::Args),
}

/// Runs a command on a stand that has Argo.
pub fn run(stand: &Stand, command: &Command) -> Result<()> {
    if !extras::of(&stand.dirs, &[]).contains(&Extra::Argo) {
        return Err(Error::new("the testbed", "it has no Argo")
            .hint("Bring it up with `cargo xtask testbed up --with argo`."));
    }
    match command {
        Command::App(args) => app::make(stand, args),
        Command::Commit(args) => app::commit(stand, args),
        Command::Rollout(args) => rollout::make(stand, args),
    }
}

/// Prepares what the servers need: their folders, the namespaces with their settings, the first repository.
pub fn prepare(stand: &Stand) -> Result<()> {
    for folder in servers::FOLDERS {
        let folder = stand.dirs.run(folder);
        fs::create_dir_all(&folder).on(folder.display())?;
    }
    stand.apply("Argo's namespaces and settings", &stand.config("argo/settings.yaml")?)?;
    repository::ensure(stand, APP).map(drop)
}

/// Waits until an object is as it shall be; the judge says what it lacks.
fn wait_for(
    stand: &Stand,
    object: (&str, &str, &str),
    mut lacks: impl FnMut(&Value) -> Option<String>,
) -> Result<Value> {
    let (kind, namespace, name) = object;
    let end = Instant::now() + PATIENCE;
    loop {
        let text = stand.kubectl(&["get", kind, name, "-n", namespace, "-o", "json"])?;
        let value: Value = serde_json::from_str(&text).on(name)?;
        let Some(why) = lacks(&value) else { return Ok(value) };
        if Instant::now() >= end {
            return Err(Error::new(format!("{kind} {namespace}/{name}"), why).hint(format!(
                "Not done after {PATIENCE:.0?}. The logs are in {}.",
                stand.dirs.run("logs").display()
            )));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Returns a text of an object by its path; an empty one where there is none.
fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
