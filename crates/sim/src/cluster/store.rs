//! The store: objects by kind and name under one sequence of resource versions, with the history
//! that watches read.
//!
//! Owns: versions, the bounded history, and what the cluster held at an earlier version. Never
//! judges an object: `api` does that before it writes here. Tested through lists and watches.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use super::json::set;
use super::kinds::K;

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// It was created.
    Added,
    /// It was changed.
    Modified,
    /// It is gone.
    Deleted,
}

impl Verb {
    /// Returns the event type of a watch.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
        }
    }
}

/// One step of the history.
#[derive(Clone, Debug)]
pub struct Change {
    /// The version that it made.
    pub version: u64,
    /// The object's kind.
    pub kind: K,
    /// `namespace/name`, or the name alone.
    pub key: String,
    /// What happened.
    pub verb: Verb,
    /// The object after it (of a deletion: its last state, at the deletion's version).
    pub object: Arc<Value>,
    /// The object before it.
    pub before: Option<Arc<Value>>,
}

/// Objects and their history.
#[derive(Clone, Debug)]
pub struct Store {
    objects: BTreeMap<K, BTreeMap<String, Arc<Value>>>,
    history: VecDeque<Change>,
    version: u64,
    floor: u64,
    capacity: usize,
}

/// Returns the key of an object.
pub fn key(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}

impl Store {
    /// Returns an empty store that remembers the last `capacity` changes.
    pub fn new(capacity: usize) -> Self {
        Self { objects: BTreeMap::new(), history: VecDeque::new(), version: 1000, floor: 1000, capacity }
    }

    /// Returns the newest version.
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Returns the version before which nothing is remembered.
    pub const fn floor(&self) -> u64 {
        self.floor
    }

    /// Returns an object.
    pub fn get(&self, kind: K, namespace: &str, name: &str) -> Option<&Arc<Value>> {
        self.objects.get(&kind)?.get(&key(namespace, name))
    }

    /// Returns all objects of a kind in the order of their keys.
    pub fn all(&self, kind: K) -> impl Iterator<Item = &Arc<Value>> {
        self.objects.get(&kind).into_iter().flat_map(BTreeMap::values)
    }

    /// Returns all objects of a kind in a namespace; an empty namespace is all of them.
    pub fn within<'a>(&'a self, kind: K, namespace: &'a str) -> impl Iterator<Item = &'a Arc<Value>> {
        let prefix = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
        let start = prefix.clone();
        self.objects
            .get(&kind)
            .into_iter()
            .flat_map(move |m| m.range(start.clone()..))
            .take_while(move |(k, _)| k.starts_with(&prefix))
            .map(|(_, v)| v)
    }

    /// Writes an object under the next version and returns it.
    pub fn put(&mut self, kind: K, mut object: Value) -> Arc<Value> {
        self.version += 1;
        set(&mut object, &["metadata", "resourceVersion"], self.version.to_string());
        let key = key(super::json::namespace(&object), super::json::name(&object));
        let object = Arc::new(object);
        let before = self.objects.entry(kind).or_default().insert(key.clone(), Arc::clone(&object));
        let verb = if before.is_some() { Verb::Modified } else { Verb::Added };
        self.remember(Change { version: self.version, kind, key, verb, object: Arc::clone(&object), before });
        object
    }

    /// Removes an object and returns its last state at the deletion's version.
    pub fn remove(&mut self, kind: K, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let key = key(namespace, name);
        let before = self.objects.get_mut(&kind)?.remove(&key)?;
        self.version += 1;
        let mut last = Value::clone(&before);
        set(&mut last, &["metadata", "resourceVersion"], self.version.to_string());
        let object = Arc::new(last);
        self.remember(Change {
            version: self.version,
            kind,
            key,
            verb: Verb::Deleted,
            object: Arc::clone(&object),
            before: Some(before),
        });
        Some(object)
    }

    /// Returns the changes of a kind after `version`; `Err` with the floor when they are forgotten.
    pub fn since(&self, kind: K, version: u64) -> Result<impl Iterator<Item = &Change>, u64> {
        if version < self.floor {
            return Err(self.floor);
        }
        let start = self.history.partition_point(|c| c.version <= version);
        Ok(self.history.range(start..).filter(move |c| c.kind == kind))
    }

    /// Returns every change after `version` that is still remembered, and whether some are forgotten.
    pub fn changes(&self, version: u64) -> (impl Iterator<Item = &Change>, bool) {
        let start = self.history.partition_point(|c| c.version <= version);
        (self.history.range(start..), version < self.floor)
    }

    /// Returns the objects of a kind as they were at `version`; `Err` with the floor when forgotten.
    pub fn at(&self, kind: K, version: u64) -> Result<BTreeMap<String, Arc<Value>>, u64> {
        let mut objects = self.objects.get(&kind).cloned().unwrap_or_default();
        if version < self.floor {
            return Err(self.floor);
        }
        for change in self.history.iter().rev().take_while(|c| c.version > version) {
            if change.kind != kind {
                continue;
            }
            match &change.before {
                Some(before) => objects.insert(change.key.clone(), Arc::clone(before)),
                None => objects.remove(&change.key),
            };
        }
        Ok(objects)
    }

    /// Forgets the history up to now, as a compaction does.
    pub fn compact(&mut self) {
        self.history.clear();
        self.floor = self.version;
    }

    fn remember(&mut self, change: Change) {
        self.history.push_back(change);
        while self.history.len() > self.capacity {
            if let Some(old) = self.history.pop_front() {
                self.floor = old.version;
            }
        }
    }
}
