//! Helm releases from the metadata of their records, Secrets and ConfigMaps alike.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::World;
use super::feeds::{begun_anew, scope_of, state_of, unreadable};
use crate::app::Msg;
use crate::app::effect::{Feed, Scope};
use crate::app::msg::{FeedMsg, FeedState, Unreadable};
use crate::core::{Name, Resource, Ts, Uid, Untrusted};
use crate::runtime::inbox::Inbox;
use crate::sources::kube::reflect::{Change, Event, Reflector, Spec};
use crate::store::objects::Object;
use crate::store::releases::{Driver, Release, Revision, parse_record_name};

/// The records of one kind of storage.
#[derive(Default)]
struct Records {
    objects: BTreeMap<Uid, Object>,
    /// Records whose metadata could not be read.
    bad: Vec<Unreadable>,
    state: FeedState,
}

/// Follows the records until it is dropped. A fault of our own in it is told, and it is begun anew.
pub async fn follow(world: Arc<World>, scope: Scope, inbox: Inbox) {
    begun_anew(&world, Feed::Releases, &scope, &inbox, || once(&world, &scope, &inbox)).await;
}

async fn once(world: &World, scope: &Scope, inbox: &Inbox) {
    let Ok(kube) = &world.kube else { return };
    let start = |resource| {
        let spec = Spec::releases(resource, scope_of(scope));
        Reflector::spawn(
            kube.client.clone(),
            spec,
            &kube.pulse,
            world.retry.clone(),
            Arc::clone(&world.clock),
        )
    };
    let (_secrets, mut from_secrets) = start(Resource::Secret);
    let (_maps, mut from_maps) = start(Resource::ConfigMap);
    let mut known = [Records::default(), Records::default()];
    loop {
        let (which, event) = tokio::select! {
            event = from_secrets.recv() => (0, event),
            event = from_maps.recv() => (1, event),
        };
        let Some(event) = event else { return };
        let Some(records) = known.get_mut(which) else { return };
        let objects = records.take(event);
        if objects {
            let list = collect(&known);
            inbox.send(Msg::Feed(Feed::Releases, scope.clone(), FeedMsg::Releases(list)));
            let bad = known.iter().flat_map(|r| r.bad.iter().cloned()).collect();
            inbox.send(Msg::Feed(Feed::Releases, scope.clone(), FeedMsg::Unreadable(bad)));
        }
        inbox.send(Msg::Feed(Feed::Releases, scope.clone(), FeedMsg::State(state(&known))));
    }
}

/// Secrets are where Helm keeps its records unless told otherwise: their state counts, and ConfigMaps that are denied make
/// no release unknown. But before both have been listed nobody can say that there is no such release.
fn state(known: &[Records; 2]) -> FeedState {
    let [secrets, maps] = known;
    match (&secrets.state, &maps.state) {
        (FeedState::Live | FeedState::Denied(_), FeedState::Loading) => FeedState::Loading,
        (FeedState::Denied(_), FeedState::Live) if !maps.objects.is_empty() => FeedState::Live,
        (state, _) => state.clone(),
    }
}

impl Records {
    /// Takes a record that can't be read in the place of what was known of it.
    fn suspect(&mut self, bad: Unreadable) {
        if let Some(uid) = &bad.uid {
            self.objects.remove(uid);
        }
        self.bad.retain(|b| (&b.uid, &b.namespace, &b.name) != (&bad.uid, &bad.namespace, &bad.name));
        self.bad.push(bad);
    }

    fn readable(&mut self, object: &Object) {
        self.bad.retain(|b| {
            b.uid.as_ref() != Some(&object.uid())
                && (b.namespace.as_str(), b.name.as_str()) != (object.namespace(), object.name())
        });
    }

    /// Takes news in. Returns whether the records changed.
    fn take(&mut self, event: Event) -> bool {
        match event {
            Event::Page { objects, undecodable, .. } => {
                undecodable.into_iter().map(unreadable).for_each(|b| self.suspect(b));
                self.objects.extend(objects.into_iter().map(|o| (o.uid(), o)));
                true
            }
            Event::Synced { uids, .. } => {
                let keep: HashSet<Uid> = uids.into_iter().collect();
                self.objects.retain(|uid, _| keep.contains(uid));
                self.bad.retain(|b| b.uid.as_ref().is_none_or(|uid| keep.contains(uid)));
                true
            }
            Event::Changes(changes) => {
                for change in changes {
                    match change {
                        Change::Apply(object) => {
                            self.readable(&object);
                            self.objects.insert(object.uid(), object);
                        }
                        Change::Remove(uid, _) => {
                            self.bad.retain(|b| b.uid.as_ref() != Some(&uid));
                            self.objects.remove(&uid);
                        }
                        Change::Undecodable(object) => self.suspect(unreadable(object)),
                    }
                }
                true
            }
            Event::State(state) => {
                self.state = state_of(state);
                if matches!(self.state, FeedState::Denied(_)) {
                    self.objects.clear();
                    self.bad.clear();
                }
                false
            }
        }
    }
}

fn collect(known: &[Records; 2]) -> Vec<Release> {
    let mut out: BTreeMap<(String, String), Release> = BTreeMap::new();
    for (records, driver) in known.iter().zip([Driver::Secret, Driver::ConfigMap]) {
        for object in records.objects.values() {
            let Some((name, number)) = parse_record_name(object.name()) else { continue };
            let (Some(namespace), Some(name)) = (Name::new(object.namespace()), Name::new(name)) else {
                continue;
            };
            let seconds = |label: &str| object.label(label).and_then(|t| t.parse().ok()).map(Ts::from_secs);
            let revision = Revision {
                number,
                status: Untrusted::from(object.label("status").unwrap_or("unknown")),
                // The label goes when Helm writes the record again; the object's own birth stays.
                created: object.created().or_else(|| seconds("createdAt")).unwrap_or_default(),
                modified: seconds("modifiedAt"),
            };
            let key = (namespace.to_string(), name.to_string());
            let release =
                out.entry(key).or_insert_with(|| Release { namespace, name, driver, revisions: Vec::new() });
            release.revisions.push(revision);
        }
    }
    let mut list: Vec<Release> = out.into_values().collect();
    for release in &mut list {
        release.revisions.sort_by_key(|r| r.number);
    }
    list
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::core::{Error, Kind};

    #[test]
    fn the_list_is_whole_when_both_kinds_of_records_are() {
        let of = |secrets: FeedState, maps: FeedState| {
            let records = |state| Records { state, ..Records::default() };
            state(&[records(secrets), records(maps)])
        };
        let denied = || FeedState::Denied(Error::new(Kind::Denied, "list configmaps"));
        assert_eq!(of(FeedState::Live, FeedState::Loading), FeedState::Loading);
        assert_eq!(of(FeedState::Loading, FeedState::Live), FeedState::Loading);
        assert_eq!(of(denied(), FeedState::Loading), FeedState::Loading);
        assert_eq!(of(FeedState::Live, FeedState::Live), FeedState::Live);
        assert_eq!(of(FeedState::Live, denied()), FeedState::Live);
        assert_eq!(of(denied(), FeedState::Live), denied());
    }
}
