//! Objects of the cluster by kind, each kind with its state and age.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use crate::app::effect::Scope;
use crate::app::msg::{FeedMsg, FeedState, Unreadable};
use crate::core::{Resource, Span, Ts, Uid};
use crate::store::objects::Object;

/// How long an object that is gone is still told.
pub const GONE_FOR: Span = Span::secs(30);
/// How many of them are kept at most.
const GONE: usize = 500;

/// An object that can't be read, and whether the list that is being read has named it.
#[derive(Debug)]
struct Bad {
    what: Unreadable,
    named: bool,
}

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
    unreadable: BTreeMap<String, Bad>,
    gone: VecDeque<(Object, Ts)>,
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

    /// Returns how many objects exist that could not be read.
    pub fn undecodable(&self) -> usize {
        self.unreadable.len()
    }

    /// Returns the objects that could not be read, in order of their places.
    pub fn unreadable(&self) -> impl Iterator<Item = &Unreadable> {
        self.unreadable.values().map(|b| &b.what)
    }

    /// Returns the objects that went within the last [`GONE_FOR`], each with when that was seen.
    pub fn gone(&self, now: Ts) -> impl Iterator<Item = (&Object, Ts)> {
        self.gone.iter().filter(move |(_, at)| now - *at < GONE_FOR).map(|(o, at)| (o, *at))
    }

    fn bury(&mut self, uid: &Uid, now: Ts) {
        while self.gone.front().is_some_and(|(_, at)| now - *at >= GONE_FOR) || self.gone.len() >= GONE {
            self.gone.pop_front();
        }
        if let Some(object) = self.objects.get(uid) {
            self.gone.push_back((object.clone(), now));
        }
        self.remove(uid);
        self.note(uid.clone());
    }

    fn suspect(&mut self, bad: Unreadable) {
        // Its older state may no longer be shown as if it were true.
        if let Some(uid) = &bad.uid {
            self.remove(uid);
            self.note(uid.clone());
        }
        self.unreadable.insert(key(&bad), Bad { what: bad, named: true });
    }

    fn readable(&mut self, uid: &Uid) {
        if !self.unreadable.is_empty() {
            self.unreadable.retain(|_, b| b.what.uid.as_ref() != Some(uid));
        }
    }

    fn apply(&mut self, object: Object) {
        let uid = object.uid();
        self.readable(&uid);
        if !self.gone.is_empty() {
            self.gone.retain(|(o, _)| o.meta().uid != uid.0.as_str());
        }
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
                for uid in &gone {
                    self.bury(uid, now);
                }
                // The list tells the uids of the unreadable ones too, where they were found.
                self.unreadable.retain(|_, b| match &b.what.uid {
                    Some(uid) => keep.contains(uid),
                    None => std::mem::take(&mut b.named),
                });
                self.state = FeedState::Live;
            }
            FeedMsg::Changes { applied, removed } => {
                for uid in &removed {
                    self.readable(uid);
                    self.bury(uid, now);
                }
                for object in applied {
                    self.apply(object);
                }
            }
            FeedMsg::Unreadable(bad) => bad.into_iter().for_each(|b| self.suspect(b)),
            FeedMsg::State(state) => {
                if matches!(state, FeedState::Denied(_)) {
                    // What may no longer be read is no longer shown.
                    self.objects.clear();
                    self.by_name.clear();
                    self.by_owner.clear();
                    self.log.clear();
                    self.unreadable.clear();
                    self.gone.clear();
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

/// What an unreadable object is known by: its uid, else its place.
fn key(bad: &Unreadable) -> String {
    match &bad.uid {
        Some(uid) => uid.0.to_string(),
        None => format!("{}/{}", bad.namespace, bad.name),
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

    const NOW: Ts = Ts::from_secs(1_000_000);

    fn bad(uid: Option<&str>, name: &str) -> Unreadable {
        Unreadable {
            uid: uid.map(Uid::new),
            namespace: "n".to_owned(),
            name: name.to_owned(),
            why: "cut".into(),
        }
    }

    fn gone(pods: &Collection, now: Ts) -> Vec<(String, Ts)> {
        pods.gone(now).map(|(o, at)| (o.name().to_owned(), at)).collect()
    }

    #[test]
    fn what_has_gone_is_told_for_a_while_and_forgotten_when_it_is_back() {
        let mut pods = Collection::default();
        pods.take(FeedMsg::Page(vec![pod("1", "a"), pod("2", "b"), pod("3", "c")]), NOW);
        pods.take(FeedMsg::Synced(vec![Uid::new("1"), Uid::new("2")]), NOW);
        let later = NOW + Span::secs(10);
        pods.take(FeedMsg::Changes { applied: Vec::new(), removed: vec![Uid::new("2")] }, later);
        assert_eq!(gone(&pods, later), [("c".to_owned(), NOW), ("b".to_owned(), later)]);
        assert_eq!(gone(&pods, NOW + GONE_FOR), [("b".to_owned(), later)]);
        pods.take(FeedMsg::Changes { applied: vec![pod("2", "b")], removed: Vec::new() }, later);
        assert_eq!((gone(&pods, later).len(), pods.len()), (1, 2));
    }

    #[test]
    fn what_may_no_longer_be_read_has_not_gone() {
        let mut pods = Collection::default();
        pods.take(FeedMsg::Page(vec![pod("1", "a")]), NOW);
        pods.take(FeedMsg::Changes { applied: Vec::new(), removed: vec![Uid::new("1")] }, NOW);
        let error = crate::core::Error::new(crate::core::Kind::Denied, "list pods");
        pods.take(FeedMsg::State(FeedState::Denied(error)), NOW);
        assert_eq!(gone(&pods, NOW), []);
    }

    #[test]
    fn of_many_that_go_at_once_only_so_many_are_told() {
        let mut pods = Collection::default();
        let all: Vec<Object> = (0..2 * GONE).map(|i| pod(&format!("u{i}"), &format!("p{i}"))).collect();
        pods.take(FeedMsg::Page(all), NOW);
        pods.take(FeedMsg::Synced(Vec::new()), NOW);
        assert_eq!((pods.len(), pods.gone(NOW).count()), (0, GONE));
    }

    #[test]
    fn an_object_that_cannot_be_read_is_counted_until_it_can_or_is_gone() {
        let mut pods = Collection::default();
        pods.take(FeedMsg::Page(vec![pod("1", "a")]), NOW);
        pods.take(FeedMsg::Unreadable(vec![bad(Some("1"), "a"), bad(Some("2"), "b"), bad(None, "c")]), NOW);
        // Its older state is not shown as if it were true.
        assert_eq!((pods.undecodable(), pods.len()), (3, 0));
        pods.take(FeedMsg::Changes { applied: vec![pod("1", "a")], removed: vec![Uid::new("2")] }, NOW);
        assert_eq!((pods.undecodable(), pods.len()), (1, 1));
        // One without a uid lasts as long as lists name it.
        pods.take(FeedMsg::Synced(vec![Uid::new("1")]), NOW);
        assert_eq!(pods.undecodable(), 1);
        pods.take(FeedMsg::Synced(vec![Uid::new("1")]), NOW);
        assert_eq!(pods.undecodable(), 0);
    }
}
