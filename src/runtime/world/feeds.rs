//! Lists and watches: from the reflector's news to the loop's messages.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt as _;

use super::{KUBERNETES, World, fault};
use crate::app::Msg;
use crate::app::effect::{Feed, Scope};
use crate::app::msg::{FeedMsg, FeedState, Unreadable};
use crate::core::{Resource, Span, Uid};
use crate::runtime::inbox::Inbox;
use crate::sources::kube::pace::Pace;
use crate::sources::kube::reflect::{Change, Event, Reflector, Scope as KubeScope, Spec, State};

/// Returns the reflector's form of a scope.
pub fn scope_of(scope: &Scope) -> KubeScope {
    match scope {
        Scope::All => KubeScope::All,
        Scope::Namespace(name) => KubeScope::Namespace(name.clone()),
    }
}

/// Returns the loop's form of a reflector's state.
pub fn state_of(state: State) -> FeedState {
    match state {
        State::Loading => FeedState::Loading,
        State::Live => FeedState::Live,
        State::Resync { .. } => FeedState::Resync,
        State::Stale { since, error, .. } => FeedState::Stale { since, error },
        State::Denied { error, .. } => FeedState::Denied(error),
        State::Failed { error, .. } => FeedState::Failed(error),
    }
}

/// Follows a kind until it is dropped. A fault of our own in it is told, and it is begun anew.
pub async fn follow(world: Arc<World>, feed: Feed, resource: Resource, scope: Scope, inbox: Inbox) {
    let again = || once(&world, feed, resource, &scope, &inbox);
    begun_anew(&world, feed, &scope, &inbox, again).await;
}

/// Runs what follows a list, again and again; it only ends by a fault of our own, or at once where there
/// is no cluster.
pub async fn begun_anew<W: Future<Output = ()>>(
    world: &World,
    feed: Feed,
    scope: &Scope,
    inbox: &Inbox,
    work: impl Fn() -> W,
) {
    let tell = |state| inbox.send(Msg::Feed(feed, scope.clone(), FeedMsg::State(state)));
    if let Err(error) = &world.kube {
        return tell(FeedState::Failed(error.clone()));
    }
    let mut pace = Pace::new(1);
    loop {
        let began = (world.clock)();
        AssertUnwindSafe(work()).catch_unwind().await.ok();
        let (error, now) = (fault("follow a list"), (world.clock)());
        world.health.bad(KUBERNETES, &error, now);
        tell(FeedState::Stale { since: now, error: Some(error) });
        if now - began > Span::mins(1) {
            pace.reset();
        }
        world.retry.wait(pace.next(None)).await;
    }
}

async fn once(world: &World, feed: Feed, resource: Resource, scope: &Scope, inbox: &Inbox) {
    let Ok(kube) = &world.kube else { return };
    let spec = Spec::all(resource, scope_of(scope));
    let (_reflector, mut events) = Reflector::spawn(
        kube.client.clone(),
        spec,
        &kube.pulse,
        world.retry.clone(),
        Arc::clone(&world.clock),
    );
    while let Some(event) = events.recv().await {
        for news in news(event) {
            inbox.send(Msg::Feed(feed, scope.clone(), news));
        }
    }
}

/// Returns what is known of an object that can't be read.
pub fn unreadable(object: deckwatch_wire::Undecodable) -> Unreadable {
    Unreadable {
        uid: object.uid.filter(|u| !u.is_empty()).map(|u| Uid::new(&u)),
        namespace: object.namespace.unwrap_or_default(),
        name: object.name.unwrap_or_default(),
        why: object.why.into(),
    }
}

/// Returns the messages of an event: what can't be read is told after what can.
fn news(event: Event) -> Vec<FeedMsg> {
    let with_bad = |news: FeedMsg, bad: Vec<Unreadable>| {
        let bad = (!bad.is_empty()).then_some(FeedMsg::Unreadable(bad));
        std::iter::once(news).chain(bad).collect()
    };
    match event {
        Event::Page { objects, undecodable, .. } => {
            with_bad(FeedMsg::Page(objects), undecodable.into_iter().map(unreadable).collect())
        }
        Event::Synced { uids, .. } => vec![FeedMsg::Synced(uids)],
        Event::Changes(changes) => {
            let (mut applied, mut removed, mut bad) = (Vec::new(), Vec::new(), Vec::new());
            for change in changes {
                match change {
                    Change::Apply(object) => applied.push(object),
                    Change::Remove(uid, _) => removed.push(uid),
                    Change::Undecodable(object) => bad.push(unreadable(object)),
                }
            }
            with_bad(FeedMsg::Changes { applied, removed }, bad)
        }
        Event::State(state) => vec![FeedMsg::State(state_of(state))],
    }
}
