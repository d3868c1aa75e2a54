//! How a rollback is carried out, in the terms of `helm rollback`'s own flags.
//!
//! Owns what a caller may choose and what each choice means for the two generations of Helm; decides nothing else.

use serde::{Deserialize, Serialize};

use crate::record::Generation;

/// Helm's own time limit, in nanoseconds.
const FIVE_MINUTES_NS: i64 = 300_000_000_000;

/// What a caller chose. The default is what `helm rollback` does without flags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of helm's own")]
pub struct Options {
    /// Which Helm's ways are followed; as the release's records tell when left out.
    pub helm: Option<Generation>,
    /// What is waited for after the objects (`--wait`).
    pub wait: Wait,
    /// Whether jobs are waited for until they are complete (`--wait-for-jobs`).
    pub wait_for_jobs: bool,
    /// How long a hook, a deletion before a hook, and the waiting may take, each, in nanoseconds (`--timeout`).
    pub timeout_ns: i64,
    /// Whether hooks are left out (`--no-hooks`).
    pub no_hooks: bool,
    /// Whether objects that were created are deleted again when it fails (`--cleanup-on-fail`).
    pub cleanup_on_fail: bool,
    /// Whether pods are deleted so that they start anew (`--recreate-pods`, Helm 3 only).
    pub recreate_pods: bool,
    /// Whether objects are replaced instead of patched (`--force`, `--force-replace`).
    pub force_replace: bool,
    /// Whether objects are applied by the server (`--server-side`, Helm 4 only).
    pub server_side: ServerSide,
    /// Whether fields that others own are taken over (`--force-conflicts`, Helm 4 only).
    pub force_conflicts: bool,
    /// How many records the release may have; 0 is no limit (`--history-max`).
    pub max_history: usize,
    /// The new record's description, instead of `Rollback to N` (`--description`, from Helm 4.3 on).
    pub description: Option<String>,
    /// Whether what earlier failures left behind is taken away (`--repair`); Helm never does.
    pub repair: bool,
    /// Whether everything is done as Helm does it, also where it is known to do wrong (`--strict-helm`).
    pub strict: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            helm: None,
            wait: Wait::None,
            wait_for_jobs: false,
            timeout_ns: FIVE_MINUTES_NS,
            no_hooks: false,
            cleanup_on_fail: false,
            recreate_pods: false,
            force_replace: false,
            server_side: ServerSide::Auto,
            force_conflicts: false,
            max_history: 10,
            description: None,
            repair: false,
            strict: false,
        }
    }
}

/// What is waited for after the objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wait {
    /// Nothing but hooks.
    None,
    /// Readiness as Helm 3 judges it, by looking again and again (`--wait` there, `--wait=legacy` from Helm 4 on).
    Legacy,
    /// Readiness as kstatus judges it (`--wait` from Helm 4 on).
    Watcher,
}

impl Wait {
    /// Returns what a plain `--wait` means.
    pub fn plain(helm: Generation) -> Self {
        match helm {
            Generation::V3 => Self::Legacy,
            Generation::V4 => Self::Watcher,
        }
    }
}

/// Whether the server merges what is applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerSide {
    /// As the revision that is rolled back to was applied.
    #[default]
    Auto,
    /// Always.
    Yes,
    /// Never.
    No,
}

/// How objects are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// By patches that are computed here from the old manifest, the new one and the live object.
    ClientSide,
    /// By the server, which knows who owns each field.
    ServerSide,
}

impl Method {
    /// Returns the word that records say.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientSide => "csa",
            Self::ServerSide => "ssa",
        }
    }
}
