//! Label sets, sorted by name, cheap to copy. Owns their order and equality; tested by its users.

use std::sync::Arc;

/// The label that holds a metric's name.
pub const NAME: &str = "__name__";

/// A sorted set of labels without empty values.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labels(Arc<Vec<(Arc<str>, Arc<str>)>>);

impl Labels {
    /// Returns the labels of a list of pairs; empty values are left out, the last of a name wins.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut labels = Self::default();
        for (name, value) in pairs {
            labels.set(name, value);
        }
        labels
    }

    /// Sets a label; an empty value removes it.
    pub fn set(&mut self, name: &str, value: &str) {
        let found = self.0.binary_search_by(|(n, _)| (**n).cmp(name));
        let pairs = Arc::make_mut(&mut self.0);
        match found {
            Ok(i) if value.is_empty() => {
                pairs.remove(i);
            }
            Ok(i) => {
                if let Some(pair) = pairs.get_mut(i) {
                    pair.1 = value.into();
                }
            }
            Err(_) if value.is_empty() => {}
            Err(i) => pairs.insert(i, (name.into(), value.into())),
        }
    }

    /// Returns the labels with one more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    /// Returns a label's value, empty when it is absent.
    pub fn get(&self, name: &str) -> &str {
        self.0
            .binary_search_by(|(n, _)| (**n).cmp(name))
            .ok()
            .and_then(|i| self.0.get(i))
            .map_or("", |p| &p.1)
    }

    /// Returns the metric's name.
    pub fn metric(&self) -> &str {
        self.get(NAME)
    }

    /// Returns the pairs in the order of names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (&**n, &**v))
    }

    /// Returns the labels for whose names `keep` holds.
    #[must_use]
    pub fn keep(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        if self.0.iter().all(|(n, _)| keep(n)) {
            return self.clone();
        }
        Self(Arc::new(self.0.iter().filter(|(n, _)| keep(n)).cloned().collect()))
    }

    /// Returns the labels without the metric's name.
    #[must_use]
    pub fn nameless(&self) -> Self {
        self.keep(|n| n != NAME)
    }

    /// Returns how many labels there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns a JSON object of the labels.
    pub fn json(&self) -> serde_json::Value {
        let pairs = self.iter().map(|(n, v)| (n.to_owned(), serde_json::Value::from(v)));
        serde_json::Value::Object(pairs.collect())
    }
}

impl std::fmt::Display for Labels {
    /// Writes `name{a="b", c="d"}`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.metric())?;
        f.write_str("{")?;
        for (i, (name, value)) in self.iter().filter(|(n, _)| *n != NAME).enumerate() {
            write!(f, "{}{name}={value:?}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str("}")
    }
}
