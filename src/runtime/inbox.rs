//! The one place where messages wait for the loop: keys first, data merged by object.
//!
//! Two lanes. What comes from the terminal is never dropped and always taken first. Data is merged
//! while it waits: of an object only its last state, of a source only its last health, so that a slow
//! loop costs memory by the number of objects, not of events. Nothing else can pile up: of questions
//! there is one open in each slot.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::app::Msg;
use crate::app::effect::{Feed, Scope};
use crate::app::msg::FeedMsg;
use crate::core::Uid;
use crate::store::health::{Health, SourceId};
use crate::store::objects::Object;
use crate::term::Input;

/// What the loop takes next.
#[derive(Debug)]
pub enum Next {
    /// Something from the terminal.
    Input(Input),
    /// A message.
    Msg(Msg),
}

/// Changes of one list that wait, the last state of each object.
#[derive(Debug, Default)]
struct Pending {
    objects: HashMap<Uid, Option<Object>>,
}

#[derive(Debug, Default)]
struct Lanes {
    input: VecDeque<Input>,
    data: VecDeque<Queued>,
    changes: BTreeMap<(Feed, Scope), Pending>,
    health: BTreeMap<SourceId, Health>,
}

#[derive(Debug)]
enum Queued {
    Msg(Box<Msg>),
    Changes(Feed, Scope),
    Health(SourceId),
}

/// The inbox; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    shared: Arc<(Mutex<Lanes>, Condvar)>,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Lanes> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts something from the terminal in.
    pub fn input(&self, input: Input) {
        self.lock().input.push_back(input);
        self.shared.1.notify_one();
    }

    /// Puts a message in, merged with what waits where that is possible.
    pub fn send(&self, msg: Msg) {
        let mut lanes = self.lock();
        match msg {
            Msg::Health(health) => {
                let id = health.id;
                if lanes.health.insert(id, health).is_none() {
                    lanes.data.push_back(Queued::Health(id));
                }
            }
            Msg::Feed(feed, scope, FeedMsg::Changes { applied, removed }) => {
                let key = (feed, scope.clone());
                let new = !lanes.changes.contains_key(&key);
                let pending = lanes.changes.entry(key).or_default();
                pending.objects.extend(removed.into_iter().map(|uid| (uid, None)));
                pending.objects.extend(applied.into_iter().map(|o| (o.uid(), Some(o))));
                if new {
                    lanes.data.push_back(Queued::Changes(feed, scope));
                }
            }
            Msg::Feed(feed, scope, other) => {
                // Whatever else is said of a list comes after the changes before it.
                if lanes.changes.contains_key(&(feed, scope.clone())) {
                    let at = lanes
                        .data
                        .iter()
                        .position(|q| matches!(q, Queued::Changes(f, s) if *f == feed && *s == scope));
                    if let Some(queued) = at.and_then(|i| lanes.data.remove(i)) {
                        let settled = settle(&mut lanes, queued);
                        lanes.data.extend(settled.map(|m| Queued::Msg(Box::new(m))));
                    }
                }
                lanes.data.push_back(Queued::Msg(Box::new(Msg::Feed(feed, scope, other))));
            }
            other => lanes.data.push_back(Queued::Msg(Box::new(other))),
        }
        drop(lanes);
        self.shared.1.notify_one();
    }

    /// Takes what is next, input before data, without waiting.
    pub fn try_next(&self) -> Option<Next> {
        let mut lanes = self.lock();
        if let Some(input) = lanes.input.pop_front() {
            return Some(Next::Input(input));
        }
        loop {
            let queued = lanes.data.pop_front()?;
            if let Some(msg) = settle(&mut lanes, queued) {
                return Some(Next::Msg(msg));
            }
        }
    }

    /// Returns whether input waits.
    pub fn has_input(&self) -> bool {
        !self.lock().input.is_empty()
    }

    /// Waits until something is there, or for a time.
    pub fn wait(&self, limit: Option<Duration>) {
        let empty = |l: &mut Lanes| l.input.is_empty() && l.data.is_empty();
        let lanes = self.lock();
        match limit {
            Some(limit) => drop(self.shared.1.wait_timeout_while(lanes, limit, empty)),
            None => drop(self.shared.1.wait_while(lanes, empty)),
        }
    }
}

fn settle(lanes: &mut Lanes, queued: Queued) -> Option<Msg> {
    match queued {
        Queued::Msg(msg) => Some(*msg),
        Queued::Health(id) => lanes.health.remove(&id).map(Msg::Health),
        Queued::Changes(feed, scope) => {
            let pending = lanes.changes.remove(&(feed, scope.clone()))?;
            let (mut applied, mut removed) = (Vec::new(), Vec::new());
            for (uid, object) in pending.objects {
                match object {
                    Some(object) => applied.push(object),
                    None => removed.push(uid),
                }
            }
            Some(Msg::Feed(feed, scope, FeedMsg::Changes { applied, removed }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Resource;

    const PODS: Feed = Feed::Objects(Resource::Pod);

    fn pod(uid: &str, version: &str) -> Object {
        let mut pod = deckwatch_wire::core::Pod::default();
        pod.metadata.uid = uid.to_owned();
        pod.metadata.resource_version = version.to_owned();
        Object::Pod(std::sync::Arc::new(pod))
    }

    fn changes(applied: Vec<Object>, removed: &[&str]) -> Msg {
        Msg::Feed(
            PODS,
            Scope::All,
            FeedMsg::Changes { applied, removed: removed.iter().map(|u| Uid::new(u)).collect() },
        )
    }

    #[test]
    fn data_never_comes_before_keys() {
        let inbox = Inbox::default();
        inbox.send(Msg::Focus(true));
        inbox.input(Input::Continued);
        assert!(matches!(inbox.try_next(), Some(Next::Input(Input::Continued))));
        assert!(matches!(inbox.try_next(), Some(Next::Msg(Msg::Focus(true)))));
        assert!(inbox.try_next().is_none());
    }

    #[test]
    fn of_an_object_only_its_last_state_waits() {
        let inbox = Inbox::default();
        for n in 0..1_000 {
            inbox.send(changes(vec![pod("a", &n.to_string())], &[]));
        }
        inbox.send(changes(vec![pod("b", "1")], &["c"]));
        let Some(Next::Msg(Msg::Feed(_, _, FeedMsg::Changes { mut applied, removed }))) = inbox.try_next()
        else {
            panic!("no changes")
        };
        applied.sort_by_key(Object::uid);
        assert_eq!((applied, removed), (vec![pod("a", "999"), pod("b", "1")], vec![Uid::new("c")]));
        assert!(inbox.try_next().is_none());
    }

    #[test]
    fn a_list_that_is_whole_comes_after_the_changes_before_it() {
        let inbox = Inbox::default();
        inbox.send(changes(vec![pod("a", "1")], &[]));
        inbox.send(Msg::Feed(PODS, Scope::All, FeedMsg::Synced(Vec::new())));
        inbox.send(changes(vec![pod("a", "2")], &[]));
        let kinds: Vec<&str> = std::iter::from_fn(|| inbox.try_next())
            .map(|n| match n {
                Next::Msg(Msg::Feed(_, _, FeedMsg::Changes { .. })) => "changes",
                Next::Msg(Msg::Feed(_, _, FeedMsg::Synced(_))) => "synced",
                _ => "other",
            })
            .collect();
        assert_eq!(kinds, ["changes", "synced", "changes"]);
    }
}
