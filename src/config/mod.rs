//! The configuration: `config.toml` and, as the second place, the environment.
//!
//! Owns what may be configured, where it was found, and how a mistake is told: with its place, a caret
//! and a hint, all mistakes at once. Never opens a network connection and never reads a secret: it
//! keeps where a secret is to be had. Tested with files in `tests/config`, one mistake each.

mod entry;
mod environment;
mod file;
mod freeze;
mod locate;
mod problem;
mod repository;
mod schema;
pub mod source;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use environment::environment;
pub use file::{Section, keys, parse};
pub use freeze::Freezes;
pub use locate::{Environment, directory};
pub use problem::{Problem, Problems};
pub use repository::Repository;
pub use source::{Secret, Service, Source, Way};

use crate::core::{Error, Kind, Result, Zone};
use crate::store::health::SourceKind;

const LARGEST: u64 = 1 << 20;

/// The configuration as it is used: defaults where the file says nothing.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Looks and keys.
    pub general: General,
    /// What is said of single contexts; ask [`Config::context`].
    pub contexts: BTreeMap<String, Context>,
    /// The sources by kind, of one kind in the file's order.
    pub sources: Vec<Source>,
    /// Where charts come from, in the file's order.
    pub repositories: Vec<Repository>,
    /// When nothing is to be changed, in the file's order.
    pub freezes: Freezes,
}

/// Looks and keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct General {
    /// The theme's name.
    pub theme: String,
    /// The keymap's name.
    pub keymap: String,
    /// The zone that times are shown in.
    pub zone: Zone,
    /// The kubeconfig context to open instead of the current one.
    pub context: Option<String>,
    /// From which level on events are logged.
    pub log: LogLevel,
    /// Whether secrets may stand in the file itself.
    pub allow_plain_secrets: bool,
}

impl Default for General {
    fn default() -> Self {
        Self {
            theme: "dark".to_owned(),
            keymap: "default".to_owned(),
            zone: Zone::Local,
            context: None,
            log: LogLevel::Info,
            allow_plain_secrets: false,
        }
    }
}

/// From which level on events are logged into the file in the state folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// None.
    Off,
    /// What failed for good.
    Error,
    /// What failed.
    Warn,
    /// Requests, changes of state and steps of plans as well.
    #[default]
    Info,
    /// Probes and effects as well.
    Debug,
}

/// Whether a context can be written to at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Readonly {
    /// Read-only until armed.
    #[default]
    UntilArmed,
    /// Never: nothing overrides it.
    Locked,
}

/// What is said of one context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Whether destructive and disruptive plans are confirmed by typing a name.
    pub protected: bool,
    /// Whether it can be written to at all.
    pub readonly: Readonly,
    /// The namespace to open instead of the kubeconfig's.
    pub namespace: Option<String>,
    /// What the label `cluster` of its alerts says, beside the context's own name.
    pub clusters: Vec<String>,
}

impl Default for Context {
    fn default() -> Self {
        Self { protected: true, readonly: Readonly::UntilArmed, namespace: None, clusters: Vec::new() }
    }
}

impl Config {
    /// Reads `config.toml` in a directory; no file is the default configuration.
    ///
    /// # Errors
    /// `Config` with every mistake of the file, `Io` where it cannot be read.
    pub fn load(directory: &Path, home: Option<&Path>) -> Result<Self> {
        use std::io::Read as _;
        let path = directory.join("config.toml");
        let name = path.display().to_string();
        let fail = |e: &dyn std::fmt::Display| {
            Error::new(Kind::Io, "read the configuration").on(name.clone()).detail(e.to_string())
        };
        let file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(e) => return Err(fail(&e)),
        };
        let mut text = String::new();
        file.take(LARGEST + 1).read_to_string(&mut text).map_err(|e| fail(&e))?;
        if text.len() as u64 > LARGEST {
            return Err(fail(&format!("it is larger than {LARGEST} bytes")));
        }
        parse(&text, &name, &Base { directory: directory.to_owned(), home: home.map(Path::to_owned) })
            .map_err(Error::from)
    }

    /// Returns what holds for a context: protected, unless the file frees it by name.
    pub fn context(&self, name: &str) -> Context {
        self.contexts.get(name).cloned().unwrap_or_default()
    }

    /// Returns the sources of a kind for a context: those of the file, else those of the environment;
    /// none means that they are to be looked for in the cluster.
    pub fn sources(&self, kind: SourceKind, context: &str, environment: &[Source]) -> Vec<Source> {
        let of = |all: &[Source]| -> Vec<Source> {
            all.iter().filter(|s| s.kind == kind && s.serves(context)).cloned().collect()
        };
        let configured = of(&self.sources);
        if configured.is_empty() { of(environment) } else { configured }
    }
}

/// What paths in the file are relative to.
#[derive(Clone, Debug, Default)]
pub struct Base {
    /// The directory of the file.
    pub directory: PathBuf,
    /// The home directory, for `~/`.
    pub home: Option<PathBuf>,
}

impl Base {
    fn resolve(&self, path: &str) -> PathBuf {
        match (path.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => self.directory.join(path),
        }
    }
}

#[cfg(test)]
mod tests;
