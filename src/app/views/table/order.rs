//! The rows of a table in their order, and kept in it: a change costs by the rows that it touches, a filter one pass over
//! all of them, and only another column sorts anew.
//!
//! Pure; knows neither the cursor nor the columns' names. Tested against sorting everything from scratch.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::core::{Ts, Uid};
use crate::store::columns;
use crate::store::objects::Object;

/// An object with the row that was made of it.
pub type Entry = (Object, Arc<columns::Row>);

/// The rows by object.
pub type Cache = HashMap<Uid, Entry>;

/// What rows are sorted by: a column, and which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct By {
    /// The column of the kind.
    pub column: usize,
    /// Whether the greatest comes first.
    pub reverse: bool,
    /// Whether the first column means the object's place: its namespace, then its name.
    pub placed: bool,
}

impl By {
    fn compare(self, a: &Entry, b: &Entry, now: Ts) -> Ordering {
        let place = || {
            let namespace = a.0.namespace().cmp(b.0.namespace());
            let name = || a.0.name().cmp(b.0.name());
            namespace.then_with(name).then_with(|| a.0.meta().uid.cmp(&b.0.meta().uid))
        };
        let first = if self.placed && self.column == 0 {
            place()
        } else {
            match (a.1.cells.get(self.column), b.1.cells.get(self.column)) {
                (Some(a), Some(b)) => a.key(now).cmp(&b.key(now)),
                (a, b) => a.is_some().cmp(&b.is_some()),
            }
        };
        if self.reverse { first.reverse() } else { first }.then_with(place)
    }
}

/// What became of one row: made anew, or gone.
#[derive(Debug)]
pub struct Change {
    uid: Uid,
    now: Option<Entry>,
}

impl Change {
    /// Returns that a row is gone.
    pub fn gone(uid: Uid) -> Self {
        Self { uid, now: None }
    }

    /// Returns which object it is about.
    pub fn uid(&self) -> &Uid {
        &self.uid
    }

    /// Returns whether the row is gone.
    pub fn is_gone(&self) -> bool {
        self.now.is_none()
    }
}

/// Returns how these objects, which may have changed, differ from the rows; `None` for one that is gone.
pub fn changes<'a>(
    cache: &Cache,
    objects: impl Iterator<Item = (&'a Uid, Option<&'a Object>)>,
) -> Vec<Change> {
    let mut seen = HashSet::new();
    let mut out = Vec::new();
    for (uid, object) in objects {
        let before = cache.get(uid);
        let differs = match (before, object) {
            (Some((old, _)), Some(object)) => !old.same_data(object),
            (None, None) => false,
            _ => true,
        };
        if differs && seen.insert(uid) {
            out.push(Change { uid: uid.clone(), now: object.map(|o| (o.clone(), Arc::new(o.row()))) });
        }
    }
    out
}

/// Returns how the rows differ from all objects that there are.
pub fn compared(cache: &Cache, objects: &[&Object]) -> Vec<Change> {
    let mut out = Vec::new();
    for object in objects {
        let same = cache.get(object.meta().uid.as_str()).is_some_and(|(old, _)| old.same_data(object));
        if !same {
            out.push(Change { uid: object.uid(), now: Some(((*object).clone(), Arc::new(object.row()))) });
        }
    }
    let new = out.iter().filter(|c| !cache.contains_key(&c.uid)).count();
    if cache.len() + new > objects.len() {
        let here: HashSet<Uid> = objects.iter().map(|o| o.uid()).collect();
        let gone = cache.keys().filter(|uid| !here.contains(*uid));
        out.extend(gone.map(|uid| Change { uid: uid.clone(), now: None }));
    }
    out
}

/// Takes changes into the rows. Returns the objects that they were about.
pub fn apply(cache: &mut Cache, changes: Vec<Change>) -> Vec<Uid> {
    let one = |Change { uid, now }| {
        match now {
            Some(entry) => cache.insert(uid.clone(), entry),
            None => cache.remove(&uid),
        };
        uid
    };
    changes.into_iter().map(one).collect()
}

/// Returns all rows in order.
pub fn sorted(cache: &Cache, by: By, now: Ts) -> Vec<Uid> {
    let mut rows: Vec<(&Uid, &Entry)> = cache.iter().collect();
    rows.sort_unstable_by(|a, b| by.compare(a.1, b.1, now));
    rows.into_iter().map(|(uid, _)| uid.clone()).collect()
}

/// Takes the rows that will change out of an order, while the rows are still as they were when they were put in.
pub fn take_out(order: &mut Vec<Uid>, changes: &[Change], cache: &Cache, by: By, now: Ts) {
    for change in changes {
        let Some(entry) = cache.get(&change.uid) else { continue };
        let found = order.binary_search_by(|other| {
            cache.get(other).map_or(Ordering::Less, |other| by.compare(other, entry, now))
        });
        let here = found.ok().filter(|at| order.get(*at) == Some(&change.uid));
        if let Some(at) = here.or_else(|| order.iter().position(|uid| *uid == change.uid)) {
            order.remove(at);
        }
    }
}

/// Puts rows that have changed into an order, where they belong and are admitted.
pub fn put_in(
    order: &mut Vec<Uid>,
    touched: &[Uid],
    cache: &Cache,
    by: By,
    now: Ts,
    admits: impl Fn(&Entry) -> bool,
) {
    for uid in touched {
        let Some(entry) = cache.get(uid).filter(|e| admits(e)) else { continue };
        let before = |other: &Uid| cache.get(other).is_some_and(|o| by.compare(o, entry, now).is_lt());
        let at = order.partition_point(before);
        order.insert(at, uid.clone());
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    const NOW: Ts = Ts(1_800_000_000_000_000_000);

    fn pod(uid: u8, version: u32, restarts: i32) -> Object {
        let text = serde_json::json!({
            "metadata": {"name": format!("p-{}", uid % 7), "namespace": format!("n-{}", uid % 3), "uid": format!("u-{uid}"),
                "resourceVersion": version.to_string()},
            "status": {"containerStatuses": [{"name": "c", "restartCount": restarts}]},
        });
        Object::Pod(Arc::new(serde_json::from_value(text).unwrap()))
    }

    fn faulty(entry: &Entry) -> bool {
        matches!(&entry.0, Object::Pod(p) if p.status.container_statuses.iter().any(|c| c.restart_count > 4))
    }

    proptest! {
        #[test]
        fn rows_kept_in_order_are_those_that_sorting_anew_gives(
            steps in prop::collection::vec(prop::collection::vec((0_u8..20, 0_i32..9, any::<bool>()), 0..6), 1..12),
            column in prop::sample::select(vec![0_usize, 3]),
            reverse in any::<bool>(),
        ) {
            let by = By { column, reverse, placed: true };
            let mut objects: std::collections::BTreeMap<u8, Object> = std::collections::BTreeMap::new();
            let (mut cache, mut all, mut some) = (Cache::new(), Vec::new(), Vec::new());
            for (version, step) in steps.into_iter().enumerate() {
                for (uid, restarts, stays) in step {
                    if stays {
                        objects.insert(uid, pod(uid, version as u32 + 1, restarts));
                    } else {
                        objects.remove(&uid);
                    }
                }
                let new = compared(&cache, &objects.values().collect::<Vec<_>>());
                take_out(&mut all, &new, &cache, by, NOW);
                take_out(&mut some, &new, &cache, by, NOW);
                let touched = apply(&mut cache, new);
                put_in(&mut all, &touched, &cache, by, NOW, |_| true);
                put_in(&mut some, &touched, &cache, by, NOW, faulty);
                let anew = sorted(&cache, by, NOW);
                let passing: Vec<Uid> = anew.iter().filter(|u| faulty(&cache[*u])).cloned().collect();
                prop_assert_eq!(&some, &passing);
                prop_assert_eq!(&all, &anew);
                let expected: HashSet<Uid> = objects.values().map(Object::uid).collect();
                prop_assert_eq!(anew.into_iter().collect::<HashSet<_>>(), expected);
            }
        }
    }

    #[test]
    fn only_what_changed_is_touched() {
        let (one, two, newer) = (pod(1, 1, 0), pod(2, 1, 0), pod(2, 2, 5));
        let mut cache = Cache::new();
        let mut take = |objects: &[&Object]| {
            let new = compared(&cache, objects);
            apply(&mut cache, new)
        };
        assert_eq!(take(&[&one, &two]), [one.uid(), two.uid()]);
        assert_eq!(take(&[&two, &one]), []);
        assert_eq!(take(&[&one, &newer]), [newer.uid()]);
        assert_eq!(take(&[&newer]), [one.uid()]);
        let (third, uids) = (pod(3, 1, 0), [one.uid(), newer.uid(), pod(3, 1, 0).uid()]);
        let news =
            [(&uids[0], None), (&uids[1], Some(&newer)), (&uids[2], Some(&third)), (&uids[2], Some(&third))];
        let touched = changes(&cache, news.into_iter());
        assert_eq!(apply(&mut cache, touched), [third.uid()]);
    }
}
