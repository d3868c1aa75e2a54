//! Identities: which cluster, which object, which alert, which question.

use std::fmt;
use std::sync::Arc;

use super::resource::Resource;
use super::text::{Name, Untrusted};

/// A cluster: the name of the kubeconfig context that is pinned for the session.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ClusterId(pub Untrusted);

impl fmt::Debug for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A uid as the API server draws it.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Uid(pub Name);

impl Uid {
    /// Returns the uid of a server's text; characters that a uid cannot have become `?`.
    pub fn new(text: &str) -> Self {
        if text.is_empty() { Self::default() } else { Self(Name::lossy(text)) }
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A uid is looked up by the server's own text without a copy of it.
impl std::borrow::Borrow<str> for Uid {
    fn borrow(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// An alert: Alertmanager's fingerprint of its labels, 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// Returns the fingerprint of labels as `prometheus/common` computes it: FNV-1a over the labels
    /// sorted by name, name and value each followed by the byte 255.
    pub fn of<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut sorted: Vec<_> = labels.into_iter().collect();
        sorted.sort_unstable();
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        let mut eat = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        for (name, value) in sorted {
            name.bytes().chain([255]).chain(value.bytes()).chain([255]).for_each(&mut eat);
        }
        Self(hash)
    }

    /// Reads 16 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        u64::from_str_radix(text, 16).ok().map(Self)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl serde::Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Fingerprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a fingerprint"))
    }
}

/// Group, version and kind of an object, for kinds that have no view of their own too.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Gvk {
    /// API group, empty for core.
    pub group: Arc<str>,
    /// API version.
    pub version: Arc<str>,
    /// Kind.
    pub kind: Arc<str>,
}

impl From<Resource> for Gvk {
    fn from(resource: Resource) -> Self {
        let n = resource.names();
        Self { group: n.group.into(), version: n.version.into(), kind: n.kind.into() }
    }
}

/// One object of one cluster. Two objects of the same name are told apart by uid; a reference that
/// was only read from text (an alert's label, a manifest) has an empty one.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct ObjectRef {
    /// The cluster.
    pub cluster: ClusterId,
    /// Group, version, kind.
    pub gvk: Gvk,
    /// Namespace, empty for cluster-wide kinds.
    pub namespace: Name,
    /// Name.
    pub name: Name,
    /// uid, empty when not known.
    pub uid: Uid,
}

impl ObjectRef {
    /// Returns a reference to an object of a built-in kind.
    pub fn new(cluster: &ClusterId, resource: Resource, namespace: &str, name: &str, uid: &str) -> Self {
        let namespace = if namespace.is_empty() { Name::default() } else { Name::lossy(namespace) };
        Self {
            cluster: cluster.clone(),
            gvk: resource.into(),
            namespace,
            name: Name::lossy(name),
            uid: Uid::new(uid),
        }
    }

    /// Returns the built-in kind, if it is one.
    pub fn resource(&self) -> Option<Resource> {
        Resource::of_kind(&self.gvk.group, &self.gvk.kind)
    }

    /// Returns whether both mean the same object: by uid where both know it, else by kind, namespace and name.
    pub fn same(&self, other: &Self) -> bool {
        if !self.uid.is_empty() && !other.uid.is_empty() {
            return self.uid == other.uid && self.cluster == other.cluster;
        }
        self.cluster == other.cluster
            && self.gvk.kind == other.gvk.kind
            && self.gvk.group == other.gvk.group
            && self.namespace == other.namespace
            && self.name == other.name
    }
}

impl fmt::Display for ObjectRef {
    /// Prints `Deployment momo-store/backend`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = Untrusted::from(Arc::clone(&self.gvk.kind)).safe();
        if self.namespace.is_empty() {
            write!(f, "{kind} {}", self.name)
        } else {
            write!(f, "{kind} {}/{}", self.namespace, self.name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_those_of_prometheus() {
        // An empty label set hashes to FNV's offset basis.
        assert_eq!(Fingerprint::of([]).to_string(), "cbf29ce484222325");
        let one = Fingerprint::of([("b", "2"), ("a", "1")]);
        assert_eq!(one, Fingerprint::of([("a", "1"), ("b", "2")]));
        assert_eq!(Fingerprint::parse(&one.to_string()), Some(one));
    }

    #[test]
    fn the_same_name_with_another_uid_is_another_object() {
        let cluster = ClusterId("demo".into());
        let a = ObjectRef::new(&cluster, Resource::Pod, "ns", "p", "u1");
        let b = ObjectRef::new(&cluster, Resource::Pod, "ns", "p", "u2");
        let unknown = ObjectRef::new(&cluster, Resource::Pod, "ns", "p", "");
        assert!(!a.same(&b) && a.same(&unknown) && b.same(&unknown));
        assert_eq!(a.to_string(), "Pod ns/p");
    }
}
