//! The states of a revision.

use std::fmt;

/// The state of a revision, as its record says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Helm does not know.
    Unknown,
    /// Pushed to the cluster.
    Deployed,
    /// Removed, its history kept.
    Uninstalled,
    /// A later revision took its place. It may have failed before: failing rollbacks mark their predecessor so.
    Superseded,
    /// An operation did not succeed.
    Failed,
    /// An uninstall is under way, or died.
    Uninstalling,
    /// An install is under way, or died.
    PendingInstall,
    /// An upgrade is under way, or died.
    PendingUpgrade,
    /// A rollback is under way, or died.
    PendingRollback,
    /// A state that this crate does not know.
    Other(String),
}

impl Status {
    /// Reads a state.
    pub fn parse(text: &str) -> Self {
        match text {
            "unknown" => Self::Unknown,
            "deployed" => Self::Deployed,
            "uninstalled" => Self::Uninstalled,
            "superseded" => Self::Superseded,
            "failed" => Self::Failed,
            "uninstalling" => Self::Uninstalling,
            "pending-install" => Self::PendingInstall,
            "pending-upgrade" => Self::PendingUpgrade,
            "pending-rollback" => Self::PendingRollback,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Returns the text that Helm writes.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unknown => "unknown",
            Self::Deployed => "deployed",
            Self::Uninstalled => "uninstalled",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
            Self::Uninstalling => "uninstalling",
            Self::PendingInstall => "pending-install",
            Self::PendingUpgrade => "pending-upgrade",
            Self::PendingRollback => "pending-rollback",
            Self::Other(text) => text,
        }
    }

    /// Returns whether an operation is, or seems to be, under way.
    pub fn is_pending(&self) -> bool {
        matches!(
            self,
            Self::PendingInstall | Self::PendingUpgrade | Self::PendingRollback | Self::Uninstalling
        )
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
