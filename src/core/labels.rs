//! Label sets of series, streams and alerts: text from outside, sorted by name, shared.

use std::sync::Arc;

use super::ids::Fingerprint;
use super::text::Untrusted;

/// A label set, sorted by name; cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labels(Arc<[(Untrusted, Untrusted)]>);

impl Labels {
    /// Returns the value of a label.
    pub fn get(&self, name: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(n, _)| n.raw().cmp(name)).ok()?;
        self.0.get(at).map(|(_, v)| v.raw())
    }

    /// Returns the labels in order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> + '_ {
        self.0.iter().map(|(n, v)| (n.raw(), v.raw()))
    }

    /// Returns the number of labels.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the same labels without those that `drop` names.
    #[must_use]
    pub fn without(&self, drop: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|(n, _)| !drop(n.raw())).cloned().collect())
    }

    /// Returns Alertmanager's fingerprint of these labels.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.iter())
    }
}

impl<N: Into<Untrusted>, V: Into<Untrusted>> FromIterator<(N, V)> for Labels {
    /// Collects labels; of a name that comes twice, the last one stays.
    fn from_iter<I: IntoIterator<Item = (N, V)>>(iter: I) -> Self {
        let sorted: std::collections::BTreeMap<Untrusted, Untrusted> =
            iter.into_iter().map(|(n, v)| (n.into(), v.into())).collect();
        Self(sorted.into_iter().collect())
    }
}

impl serde::Serialize for Labels {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> serde::Deserialize<'de> for Labels {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::collections::BTreeMap::<String, String>::deserialize(deserializer)
            .map(|m| m.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found_by_name_whatever_their_order_was() {
        let labels: Labels = [("pod", "b"), ("namespace", "a"), ("pod", "c")].into_iter().collect();
        assert_eq!(
            (labels.get("pod"), labels.get("namespace"), labels.get("x")),
            (Some("c"), Some("a"), None)
        );
        assert_eq!(labels.len(), 2);
        assert_eq!(labels.without(|n| n == "pod").len(), 1);
    }
}
