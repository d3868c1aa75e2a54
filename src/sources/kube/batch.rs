//! Changes between two sends, merged: of each object the last one.
//!
//! Keeps at most as many objects as it is told; the reader stops reading then, and the server's own
//! flow control does the rest. Tested below.

use std::collections::HashMap;

use deckwatch_wire::Undecodable;

use crate::store::objects::Object;

use super::reflect::Change;

/// The objects of a batch that is sent at once.
pub const FULL: usize = 512;
/// The objects that are merged at most while the receiver is busy.
pub const MOST: usize = 4096;

/// Changes that wait to be sent.
#[derive(Debug, Default)]
pub struct Batch {
    places: HashMap<Box<str>, usize>,
    changes: Vec<Change>,
}

impl Batch {
    /// Adds a change; it replaces an earlier one of the same object.
    pub fn add(&mut self, change: Change) {
        let key = match &change {
            Change::Apply(object) | Change::Remove(_, object) => key(object),
            Change::Undecodable(object) => undecodable_key(object),
        };
        if let Some(earlier) = self.places.get(&*key).and_then(|at| self.changes.get_mut(*at)) {
            *earlier = change;
        } else {
            self.places.insert(key, self.changes.len());
            self.changes.push(change);
        }
    }

    /// Returns how many objects have changed.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Returns whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Takes the changes, in the order in which their objects were first heard of.
    pub fn take(&mut self) -> Vec<Change> {
        self.places.clear();
        std::mem::take(&mut self.changes)
    }
}

/// Two objects of one name are told apart by uid: their changes must not replace each other.
fn key(object: &Object) -> Box<str> {
    let meta = object.meta();
    if meta.uid.is_empty() {
        format!("{}/{}", meta.namespace, meta.name).into()
    } else {
        meta.uid.as_str().into()
    }
}

fn undecodable_key(object: &Undecodable) -> Box<str> {
    let text = |t: &Option<String>| t.clone().unwrap_or_default();
    match &object.uid {
        Some(uid) if !uid.is_empty() => uid.as_str().into(),
        _ => format!("{}/{}", text(&object.namespace), text(&object.name)).into(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pretty_assertions::assert_eq;

    use super::*;
    use crate::core::Uid;

    fn pod(name: &str, uid: &str, version: &str) -> Object {
        let text =
            format!(r#"{{"metadata":{{"name":"{name}","uid":"{uid}","resourceVersion":"{version}"}}}}"#);
        Object::Pod(Arc::new(serde_json::from_str(&text).unwrap()))
    }

    #[test]
    fn the_last_change_of_each_object_stands() {
        let mut batch = Batch::default();
        let gone = pod("a", "1", "4");
        batch.add(Change::Apply(pod("a", "1", "2")));
        batch.add(Change::Apply(pod("b", "2", "3")));
        batch.add(Change::Remove(Uid::new("1"), gone.clone()));
        batch.add(Change::Apply(pod("a", "9", "5")));
        assert_eq!(batch.len(), 3);
        assert_eq!(
            batch.take(),
            [
                Change::Remove(Uid::new("1"), gone),
                Change::Apply(pod("b", "2", "3")),
                Change::Apply(pod("a", "9", "5")),
            ]
        );
        assert!(batch.is_empty());
    }
}
