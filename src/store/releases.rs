//! Helm releases as the metadata of their records tells them, without reading a single payload.

use crate::core::{Error, Name, Safe, Ts, Untrusted};

/// Which object kind holds the records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Driver {
    /// Secrets of type `helm.sh/release.v1`.
    #[default]
    Secret,
    /// ConfigMaps labelled `owner=helm`.
    ConfigMap,
}

/// One record of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Its number.
    pub number: u32,
    /// The label `status`: `deployed`, `superseded`, `failed`, `pending-upgrade`, …
    pub status: Untrusted,
    /// When the record was created.
    pub created: Ts,
    /// The label `modifiedAt`, where it was changed later.
    pub modified: Option<Ts>,
}

/// One release with all its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Namespace of the records.
    pub namespace: Name,
    /// Name.
    pub name: Name,
    /// Where the records are kept.
    pub driver: Driver,
    /// Records, oldest first; never empty.
    pub revisions: Vec<Revision>,
}

impl Release {
    /// Returns the newest record.
    pub fn latest(&self) -> Option<&Revision> {
        self.revisions.last()
    }

    /// Returns the newest record's status.
    pub fn status(&self) -> Safe {
        self.latest().map_or_else(Safe::default, |r| r.status.safe())
    }

    /// Returns when the newest record was made.
    pub fn updated(&self) -> Option<Ts> {
        self.latest().map(|r| r.created)
    }
}

/// An object of a revision, and how it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectNow {
    /// `v1` or `group/version`, as the manifest says.
    pub api_version: Untrusted,
    /// The kind, as the manifest says.
    pub kind: Untrusted,
    /// The namespace; empty for kinds that have none.
    pub namespace: Untrusted,
    /// The name.
    pub name: Untrusted,
    /// How it is now.
    pub state: State,
}

/// How an object of a revision is now, by the rules of `helm --wait`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is there and ready.
    Ready,
    /// It is there and not ready, and why.
    Unready(Untrusted),
    /// It is not there.
    Missing,
    /// It is not known how it is, and why.
    Unknown(Error),
}

/// Returns release and revision of a record's name, `sh.helm.release.v1.NAME.vN`.
pub fn parse_record_name(name: &str) -> Option<(&str, u32)> {
    let (release, revision) = name.strip_prefix("sh.helm.release.v1.")?.rsplit_once(".v")?;
    Some((release, revision.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_names_tell_release_and_revision() {
        assert_eq!(parse_record_name("sh.helm.release.v1.momo.v7"), Some(("momo", 7)));
        assert_eq!(parse_record_name("sh.helm.release.v1.a.v2.v11"), Some(("a.v2", 11)));
        assert_eq!(parse_record_name("sh.helm.release.v1.momo.vx"), None);
        assert_eq!(parse_record_name("other"), None);
    }
}
