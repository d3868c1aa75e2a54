//! What changed: one row for each thing that happened to the cluster, whatever told of it.

use crate::core::{Error, Name, ObjectRef, Safe, Ts, num};

/// One write to an object, as its managedFields tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The object.
    pub object: ObjectRef,
    /// The field manager: `helm`, `kubectl-edit`, `kube-controller-manager`.
    pub manager: Safe,
    /// `Update` or `Apply`.
    pub operation: Safe,
    /// `status`, `scale`, or nothing.
    pub subresource: Safe,
    /// When.
    pub at: Ts,
    /// Which fields, the outermost ones.
    pub fields: Safe,
}

/// The edits of an object and of the ConfigMaps and Secrets that it refers to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edits {
    /// The edits, newest first.
    pub edits: Vec<Edit>,
    /// What could not be read, and why.
    pub lacks: Vec<Error>,
    /// References that were left out because there are too many.
    pub skipped: usize,
}

impl Edits {
    /// Says what is missing, if anything is: `2 references not read (denied)`.
    pub fn missing(&self) -> Option<Safe> {
        let mut words: Vec<&str> = self.lacks.iter().map(|e| e.kind.word()).collect();
        words.sort_unstable();
        words.dedup();
        let read = (!words.is_empty()).then(|| {
            let count = num::counted(self.lacks.len(), "reference", "references");
            format!("{count} not read ({})", words.join(", "))
        });
        let left = num::counted(self.skipped, "more reference", "more references");
        let left = (self.skipped > 0).then(|| format!("{left} not looked at"));
        let parts: Vec<String> = read.into_iter().chain(left).collect();
        (!parts.is_empty()).then(|| Safe::of(&parts.join(", ")))
    }
}

/// What kind of change a row tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// A Helm revision.
    Release,
    /// A new ReplicaSet: a rollout.
    Rollout,
    /// An edited object.
    Edit,
    /// A change of replicas.
    Scaled,
    /// A node's condition.
    Node,
    /// An alert's condition began.
    Alert,
    /// A container ended and was restarted.
    Restart,
    /// A warning event.
    Warning,
    /// Something that was done here.
    Own,
}

impl Sort {
    /// Returns the word of the row.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Rollout => "rollout",
            Self::Edit => "edited",
            Self::Scaled => "scaled",
            Self::Node => "node",
            Self::Alert => "alert",
            Self::Restart => "restart",
            Self::Warning => "warning",
            Self::Own => "own",
        }
    }
}

/// One row of the timeline.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Change {
    /// When.
    pub at: Ts,
    /// What kind.
    pub sort: Sort,
    /// The object.
    pub object: Option<ObjectRef>,
    /// The release and its revision.
    #[serde(serialize_with = "release")]
    pub release: Option<(Name, Name, u32)>,
    /// What happened: `6 → 7`, `image 0.0.1042 → 0.0.1043`.
    pub text: Safe,
    /// Where it was read: `helm records`, `replicasets`, `managedFields of …`.
    pub source: Safe,
}

#[allow(clippy::ref_option, reason = "serde hands over the field as it is")]
fn release<S: serde::Serializer>(
    release: &Option<(Name, Name, u32)>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeStruct as _;
    let Some((namespace, name, revision)) = release else { return serializer.serialize_none() };
    let mut map = serializer.serialize_struct("release", 3)?;
    map.serialize_field("namespace", namespace)?;
    map.serialize_field("name", name)?;
    map.serialize_field("revision", revision)?;
    map.end()
}

/// How far back a source of changes reaches.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Reach {
    /// The source: `events`, `helm records`.
    pub source: &'static str,
    /// The oldest that it still knows; none when it knows nothing.
    pub since: Option<Ts>,
    /// Why it is missing or partial.
    pub lacks: Option<Safe>,
}

/// A change with the reasons why it is suspected.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Suspect {
    /// The change.
    #[serde(flatten)]
    pub change: Change,
    /// Its weight: the larger the likelier.
    pub weight: i64,
    /// Why, in words.
    pub reasons: Vec<Safe>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Kind;

    #[test]
    fn what_could_not_be_read_is_counted_with_its_reasons() {
        let missing = |kinds: &[Kind], skipped| {
            let lacks = kinds.iter().map(|k| Error::new(*k, "read")).collect();
            Edits { edits: Vec::new(), lacks, skipped }.missing().map(|m| m.to_string())
        };
        assert_eq!(missing(&[], 0), None);
        assert_eq!(missing(&[Kind::Denied], 0).unwrap(), "1 reference not read (denied)");
        assert_eq!(
            missing(&[Kind::Timeout, Kind::Denied, Kind::Denied], 24).unwrap(),
            "3 references not read (denied, no answer), 24 more references not looked at"
        );
    }
}
