//! Objects of the cluster by kind, each kind with its state and age.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use crate::app::effect::Scope;
use crate::app::msg::{FeedMsg, FeedState};
use crate::core::{Resource, Ts, Uid};
use crate::store::objects::Object;

/// Every object of one kind that is known.
#[derive(Debug, Default)]
pub struct Collection {
    objects: HashMap<Uid, Object>,
    by_name: HashMap<(String, String), Uid>,
    by_owner: HashMap<Uid, HashSet<Uid>>,
    /// What changed last, each with the version that it came with.
    log: VecDeque<(u64, Uid)>,
    /// The version up to which changes are no longer in the log.
    forgotten: u64,
    /// How true it is.
    pub state: FeedState,
    /// Grows with every change of an object.
    pub version: u64,
    /// When it was last known to be true.
    pub as_of: Option<Ts>,
    /// Objects that could not be read.
    pub undecodable: usize,
    /// Where it is listed.
    pub scope: Scope,
}

/// How many changes are remembered one by one.
const REMEMBERED: usize = 4096;

impl Collection {
    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Returns all objects, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Object> {
        self.objects.values()
    }

    /// Returns an object by uid.
    pub fn get(&self, uid: &Uid) -> Option<&Object> {
        self.objects.get(uid)
    }

    /// Returns an object by namespace (empty for cluster-wide kinds) and name.
    pub fn named(&self, namespace: &str, name: &str) -> Option<&Object> {
        self.objects.get(self.by_name.get(&(namespace.to_owned(), name.to_owned()))?)
    }

    /// Returns the objects that an owner controls.
    pub fn owned_by(&self, owner: &Uid) -> impl Iterator<Item = &Object> {
        self.by_owner.get(owner).into_iter().flatten().filter_map(|uid| self.objects.get(uid))
    }

    /// Returns the objects that changed or went after a version; `None` when that is too long ago to be known.
    pub fn changed_since(&self, version: u64) -> Option<impl Iterator<Item = &Uid>> {
        let known = (self.forgotten..=self.version).contains(&version);
        known.then(|| self.log.iter().rev().take_while(move |(at, _)| *at > version).map(|(_, uid)| uid))
    }

    fn note(&mut self, uid: Uid) {
        if self.log.len() == REMEMBERED
            && let Some((at, _)) = self.log.pop_front()
        {
            self.forgotten = at;
        }
        self.log.push_back((self.version + 1, uid));
    }

    fn apply(&mut self, object: Object) {
        let uid = object.uid();
        self.remove(&uid);
        self.note(uid.clone());
        let place = (object.namespace().to_owned(), object.name().to_owned());
        // The same name with another uid: the older object is gone, whatever order the news came in.
        if let Some(old) = self.by_name.insert(place, uid.clone()) {
            self.forget(&old);
            self.note(old);
        }
        for owner in object.owners() {
            self.by_owner.entry(Uid::new(&owner.uid)).or_default().insert(uid.clone());
        }
        self.objects.insert(uid, object);
    }

    fn forget(&mut self, uid: &Uid) {
        let Some(object) = self.objects.remove(uid) else { return };
        for owner in object.owners() {
            let owner = Uid::new(&owner.uid);
            if let Some(owned) = self.by_owner.get_mut(&owner) {
                owned.remove(uid);
                if owned.is_empty() {
                    self.by_owner.remove(&owner);
                }
            }
        }
    }

    fn remove(&mut self, uid: &Uid) {
        if let Some(object) = self.objects.get(uid) {
            let place = (object.namespace().to_owned(), object.name().to_owned());
            if self.by_name.get(&place) == Some(uid) {
                self.by_name.remove(&place);
            }
        }
        self.forget(uid);
    }

    /// Takes news in. Returns whether anything that is shown changed.
    pub fn take(&mut self, news: FeedMsg, now: Ts) -> bool {
        match news {
            FeedMsg::Page(objects) => {
                for object in objects {
                    self.apply(object);
                }
            }
            FeedMsg::Synced(uids) => {
                let keep: HashSet<Uid> = uids.into_iter().collect();
                let gone: Vec<Uid> = self.objects.keys().filter(|u| !keep.contains(*u)).cloned().collect();
                for uid in gone {
                    self.remove(&uid);
                    self.note(uid);
                }
                self.state = FeedState::Live;
            }
            FeedMsg::Changes { applied, removed } => {
                for uid in removed {
                    self.remove(&uid);
                    self.note(uid);
                }
                for object in applied {
                    self.apply(object);
                }
            }
            FeedMsg::State(state) => {
                if matches!(state, FeedState::Denied(_)) {
                    // What may no longer be read is no longer shown.
                    self.objects.clear();
                    self.by_name.clear();
                    self.by_owner.clear();
                    self.log.clear();
                    self.forgotten = self.version + 1;
                }
                let changed = self.state != state;
                self.state = state;
                if self.state == FeedState::Live {
                    self.as_of = Some(now);
                }
                self.version += 1;
                return changed;
            }
            FeedMsg::Releases(_) => return false,
        }
        self.as_of = Some(now);
        self.version += 1;
        true
    }
}

/// All kinds that are watched.
#[derive(Debug, Default)]
pub struct Cluster {
    kinds: BTreeMap<Resource, Collection>,
    empty: Collection,
    /// How many collections there have been: none uses the versions of another.
    born: u64,
}

impl Cluster {
    /// Returns the objects of a kind; an empty collection that is loading when it is not watched.
    pub fn of(&self, resource: Resource) -> &Collection {
        self.kinds.get(&resource).unwrap_or(&self.empty)
    }

    /// Returns whether a kind is watched.
    pub fn has(&self, resource: Resource) -> bool {
        self.kinds.contains_key(&resource)
    }

    /// Returns the objects of a kind, to be changed.
    pub fn of_mut(&mut self, resource: Resource) -> &mut Collection {
        let born = &mut self.born;
        self.kinds.entry(resource).or_insert_with(|| {
            *born += 1;
            let version = *born << 32;
            Collection { version, forgotten: version, ..Collection::default() }
        })
    }

    /// Forgets a kind that is no longer watched.
    pub fn drop_kind(&mut self, resource: Resource) {
        self.kinds.remove(&resource);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn pod(uid: &str, name: &str) -> Object {
        let text = serde_json::json!({"metadata": {"name": name, "namespace": "n", "uid": uid, "resourceVersion": "1"}});
        Object::Pod(Arc::new(serde_json::from_value(text).unwrap()))
    }

    fn changes(applied: Vec<Object>, removed: &[&str]) -> FeedMsg {
        FeedMsg::Changes { applied, removed: removed.iter().map(|u| Uid::new(u)).collect() }
    }

    fn since(kind: &Collection, version: u64) -> Option<Vec<&str>> {
        kind.changed_since(version).map(|uids| uids.map(|u| u.0.as_str()).collect())
    }

    #[test]
    fn what_changed_since_a_version_is_known_one_by_one() {
        let mut cluster = Cluster::default();
        let kind = cluster.of_mut(Resource::Pod);
        let first = kind.version;
        assert_eq!(since(kind, first), Some(vec![]));
        kind.take(changes(vec![pod("a", "one"), pod("b", "two")], &[]), Ts(1));
        let second = kind.version;
        // Another object of the same name, and one that goes.
        kind.take(changes(vec![pod("c", "one")], &["b"]), Ts(2));
        assert_eq!(since(kind, second), Some(vec!["a", "c", "b"]));
        assert_eq!(since(kind, first), Some(vec!["a", "c", "b", "b", "a"]));
        assert_eq!(since(kind, kind.version), Some(vec![]));
        assert_eq!((since(kind, kind.version + 1), since(kind, u64::MAX)), (None, None));
    }

    #[test]
    fn what_is_too_long_ago_or_of_another_list_is_not_known() {
        let mut cluster = Cluster::default();
        let kind = cluster.of_mut(Resource::Pod);
        let first = kind.version;
        kind.take(
            changes((0..=REMEMBERED).map(|i| pod(&i.to_string(), &i.to_string())).collect(), &[]),
            Ts(1),
        );
        let second = kind.version;
        assert_eq!((since(kind, first), since(kind, second)), (None, Some(vec![])));
        cluster.drop_kind(Resource::Pod);
        let kind = cluster.of_mut(Resource::Pod);
        kind.take(changes(vec![pod("a", "one")], &[]), Ts(2));
        assert_eq!(since(kind, second), None);
        let third = kind.version;
        let denied = crate::core::Error::new(crate::core::Kind::Denied, "list pods");
        kind.take(FeedMsg::State(FeedState::Denied(denied)), Ts(3));
        assert_eq!(since(kind, third), None);
    }
}
