//! Which cluster, as whom, and how: kubeconfig files merged as kubectl merges them, one context chosen.
//!
//! The result is a [`Target`], pinned for the session: a kubeconfig that changes later changes nothing
//! here. The environment is an argument. Never falls back to a service account of the pod it may run
//! in, never runs a plugin, never connects. Tested with files in temporary folders.

mod file;
mod handover;
mod target;

pub use target::{Authority, Impersonation, Target};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::core::{Error, Kind, Result, Untrusted};
use file::{Cluster, Context, Document, Named, User};

/// The environment variables that matter, and nothing else of the process.
#[derive(Clone, Default)]
pub struct Env(BTreeMap<String, String>);

impl Env {
    /// Takes the process's environment.
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// Returns a variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(iter: I) -> Self {
        Self(iter.into_iter().map(|(n, v)| (n.into(), v.into())).collect())
    }
}

impl std::fmt::Debug for Env {
    /// Prints names only: values may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What the command line says about the cluster.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// `--kubeconfig`: this file and no other.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`.
    pub context: Option<String>,
    /// `-n`.
    pub namespace: Option<String>,
    /// `--as`.
    pub as_user: Option<String>,
    /// `--as-group`, any number of times.
    pub as_groups: Vec<String>,
}

/// An entry with the folder of the file that it came from, for its relative paths.
struct Entry<T> {
    value: T,
    folder: PathBuf,
}

/// The merged kubeconfig.
pub struct Kubeconfig {
    files: Vec<PathBuf>,
    clusters: BTreeMap<String, Entry<Cluster>>,
    users: BTreeMap<String, Entry<User>>,
    contexts: BTreeMap<String, Context>,
    current: Option<String>,
}

impl std::fmt::Debug for Kubeconfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kubeconfig")
            .field("files", &self.files)
            .field("contexts", &self.contexts.keys())
            .finish_non_exhaustive()
    }
}

impl Kubeconfig {
    /// Reads the files that the choice or the environment names.
    ///
    /// Of entries with the same name, and of `current-context`, the first one stands, whole. Files of
    /// the `KUBECONFIG` list that do not exist are left out, as kubectl does. Errors are of kind
    /// `Config`, or `Refused` when a `KUBE_RS_DEBUG_…` variable would redirect the client.
    pub fn load(choice: &Choice, env: &Env) -> Result<Self> {
        if let Some(name) = env.0.keys().find(|name| name.starts_with("KUBE_RS_DEBUG_")) {
            return Err(Error::new(Kind::Refused, "start")
                .on(name.as_str())
                .detail("this variable redirects Kubernetes clients")
                .hint("unset it"));
        }
        let mut merged = Self {
            files: Vec::new(),
            clusters: BTreeMap::new(),
            users: BTreeMap::new(),
            contexts: BTreeMap::new(),
            current: None,
        };
        let must_exist = choice.kubeconfig.is_some();
        let paths = paths(choice, env);
        for path in &paths {
            if let Some(text) = read(path, must_exist)? {
                let shown = Untrusted::from(path.to_string_lossy().as_ref());
                merged.add(path, file::parse(&text, &shown)?);
            }
        }
        if merged.files.is_empty() {
            let tried: Vec<_> = paths.iter().map(|p| p.to_string_lossy()).collect();
            return Err(Error::new(Kind::Config, "read the kubeconfig")
                .on(tried.join(", "))
                .detail("there is no such file")
                .hint("set KUBECONFIG or give --kubeconfig; `deckwatch demo` needs none"));
        }
        Ok(merged)
    }

    /// Returns the files that were read, in order.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Returns the names of all contexts, sorted.
    pub fn contexts(&self) -> impl Iterator<Item = &str> {
        self.contexts.keys().map(String::as_str)
    }

    /// Returns the context that the files say is current.
    pub fn current(&self) -> Option<&str> {
        self.current.as_deref()
    }

    /// Resolves a context, `current-context` where the choice names none, into all that a connection needs.
    pub fn target(&self, choice: &Choice, env: &Env) -> Result<Target> {
        target::resolve(self, choice, env)
    }

    fn add(&mut self, path: &Path, document: Document) {
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        for (name, value) in named(document.clusters) {
            self.clusters.entry(name).or_insert_with(|| Entry { value, folder: folder.clone() });
        }
        for (name, value) in named(document.users) {
            self.users.entry(name).or_insert_with(|| Entry { value, folder: folder.clone() });
        }
        for (name, value) in named(document.contexts) {
            self.contexts.entry(name).or_insert(value);
        }
        let current = document.current_context.filter(|c| !c.is_empty());
        self.current = self.current.take().or(current);
        self.files.push(path.to_path_buf());
    }
}

fn named<T: Default>(list: Option<Vec<Named<T>>>) -> impl Iterator<Item = (String, T)> {
    list.unwrap_or_default().into_iter().map(|n| (n.name, n.value.unwrap_or_default()))
}

fn paths(choice: &Choice, env: &Env) -> Vec<PathBuf> {
    if let Some(path) = &choice.kubeconfig {
        return vec![path.clone()];
    }
    let listed = env.get("KUBECONFIG").map(|list| std::env::split_paths(list).collect::<Vec<_>>());
    let mut paths = Vec::new();
    for path in listed.unwrap_or_default() {
        if !path.as_os_str().is_empty() && !paths.contains(&path) {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        let home = env.get("HOME").or_else(|| env.get("USERPROFILE")).unwrap_or("");
        paths.push(Path::new(home).join(".kube").join("config"));
    }
    paths
}

fn read(path: &Path, must_exist: bool) -> Result<Option<String>> {
    let failed = |kind, detail: String| {
        Error::new(kind, "read the kubeconfig").on(path.to_string_lossy().as_ref()).detail(detail)
    };
    let meta = match std::fs::metadata(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && !must_exist => return Ok(None),
        Err(e) => return Err(failed(Kind::Config, e.to_string())),
        Ok(meta) => meta,
    };
    if meta.len() > file::LARGEST {
        return Err(failed(Kind::TooLarge, "it has more than 4 MiB".to_owned()));
    }
    let bytes = std::fs::read(path).map_err(|e| failed(Kind::Config, e.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| failed(Kind::Config, "it is not UTF-8".to_owned()))?;
    Ok(Some(text.trim_start_matches('\u{feff}').to_owned()))
}

#[cfg(test)]
mod tests;
