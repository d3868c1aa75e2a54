//! From a kind that is known at run time to the messages that are known at compile time.
//!
//! The one table that pairs each [`Resource`] with its message; ConfigMaps and Secrets are read as
//! metadata only, whatever is asked. Never does I/O. Tested through the reflector, with both encodings.

use std::sync::Arc;

use deckwatch_wire::apps::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use deckwatch_wire::batch::Job;
use deckwatch_wire::core::{Event, Namespace, Node, Pod, Service};
use deckwatch_wire::discovery::EndpointSlice;
use deckwatch_wire::{
    Encoding, Error, Limits, PartialObjectMetadata, Status, Undecodable, WatchDecoder, WatchEvent,
    decode_list,
};

use crate::core::Resource;
use crate::store::objects::Object;

/// One page of a list.
#[derive(Debug)]
pub struct Page {
    /// The objects.
    pub objects: Vec<Object>,
    /// Those that could not be read.
    pub undecodable: Vec<Undecodable>,
    /// The list's version.
    pub version: String,
    /// The token for the next page; empty on the last.
    pub next: String,
    /// How many objects follow.
    pub remaining: Option<usize>,
}

/// One event of a watch.
#[derive(Debug)]
pub enum Change {
    /// An object is new or has changed.
    Applied(Object),
    /// An object is gone; its last state.
    Deleted(Object),
    /// Nothing happened up to this version.
    Bookmark(String),
    /// The server ends the watch.
    Ended(Box<Status>),
    /// Something happened to an object that can't be read.
    Undecodable {
        /// Whether it was deleted.
        deleted: bool,
        /// Which one.
        object: Undecodable,
    },
}

/// Reads a watch of one kind.
pub trait Watching: Send {
    /// Takes bytes as they come.
    fn push(&mut self, bytes: &[u8]);
    /// Returns the next event, if it is there whole; after an error there is none.
    fn next_change(&mut self) -> Option<Result<Change, Error>>;
}

/// What is to be done with the message of a kind.
trait With {
    type Out;
    fn with<K: deckwatch_wire::Object>(self, wrap: fn(K, Resource) -> Object) -> Self::Out;
}

fn dispatch<W: With>(resource: Resource, work: W) -> W::Out {
    match resource {
        Resource::Pod => work.with::<Pod>(|o, _| Object::Pod(Arc::new(o))),
        Resource::Deployment => work.with::<Deployment>(|o, _| Object::Deployment(Arc::new(o))),
        Resource::StatefulSet => work.with::<StatefulSet>(|o, _| Object::StatefulSet(Arc::new(o))),
        Resource::DaemonSet => work.with::<DaemonSet>(|o, _| Object::DaemonSet(Arc::new(o))),
        Resource::ReplicaSet => work.with::<ReplicaSet>(|o, _| Object::ReplicaSet(Arc::new(o))),
        Resource::Job => work.with::<Job>(|o, _| Object::Job(Arc::new(o))),
        Resource::Node => work.with::<Node>(|o, _| Object::Node(Arc::new(o))),
        Resource::Service => work.with::<Service>(|o, _| Object::Service(Arc::new(o))),
        Resource::EndpointSlice => work.with::<EndpointSlice>(|o, _| Object::EndpointSlice(Arc::new(o))),
        Resource::Event => work.with::<Event>(|o, _| Object::Event(Arc::new(o))),
        Resource::Namespace => work.with::<Namespace>(|o, _| Object::Namespace(Arc::new(o))),
        Resource::ConfigMap | Resource::Secret => {
            work.with::<PartialObjectMetadata>(|o, resource| Object::Meta(Arc::new(o), resource))
        }
    }
}

/// Returns the `Accept` header for lists of a kind.
pub fn accept_list(resource: Resource, encoding: Encoding) -> String {
    struct Accept(Encoding);
    impl With for Accept {
        type Out = String;
        fn with<K: deckwatch_wire::Object>(self, _: fn(K, Resource) -> Object) -> String {
            self.0.accept_list::<K>()
        }
    }
    dispatch(resource, Accept(encoding))
}

/// Returns the `Accept` header for watches of a kind.
pub fn accept_watch(resource: Resource, encoding: Encoding) -> String {
    struct Accept(Encoding);
    impl With for Accept {
        type Out = String;
        fn with<K: deckwatch_wire::Object>(self, _: fn(K, Resource) -> Object) -> String {
            self.0.accept_watch::<K>()
        }
    }
    dispatch(resource, Accept(encoding))
}

/// Reads one page of a list.
pub fn page(resource: Resource, encoding: Encoding, bytes: &[u8]) -> Result<Page, Error> {
    struct Read<'a>(Resource, Encoding, &'a [u8]);
    impl With for Read<'_> {
        type Out = Result<Page, Error>;
        fn with<K: deckwatch_wire::Object>(self, wrap: fn(K, Resource) -> Object) -> Self::Out {
            let list = decode_list::<K>(self.1, self.2, &Limits::default())?;
            Ok(Page {
                objects: list.items.into_iter().map(|o| wrap(o, self.0)).collect(),
                undecodable: list.undecodable,
                version: list.resource_version,
                next: list.continue_,
                remaining: list.remaining.and_then(|n| usize::try_from(n).ok()),
            })
        }
    }
    dispatch(resource, Read(resource, encoding, bytes))
}

/// Makes a reader for a watch of a kind.
pub fn watching(resource: Resource, encoding: Encoding) -> Box<dyn Watching> {
    struct Make(Resource, Encoding);
    impl With for Make {
        type Out = Box<dyn Watching>;
        fn with<K: deckwatch_wire::Object>(self, wrap: fn(K, Resource) -> Object) -> Self::Out {
            let decoder = WatchDecoder::<K>::new(self.1, Limits::default());
            Box::new(Typed { decoder, wrap, resource: self.0 })
        }
    }
    dispatch(resource, Make(resource, encoding))
}

struct Typed<K> {
    decoder: WatchDecoder<K>,
    wrap: fn(K, Resource) -> Object,
    resource: Resource,
}

impl<K: deckwatch_wire::Object> Watching for Typed<K> {
    fn push(&mut self, bytes: &[u8]) {
        self.decoder.push(bytes);
    }

    fn next_change(&mut self) -> Option<Result<Change, Error>> {
        let event = match self.decoder.next_event()? {
            Ok(event) => event,
            Err(error) => return Some(Err(error)),
        };
        let wrap = |object| (self.wrap)(object, self.resource);
        Some(Ok(match event {
            WatchEvent::Added(object) | WatchEvent::Modified(object) => Change::Applied(wrap(object)),
            WatchEvent::Deleted(object) => Change::Deleted(wrap(object)),
            WatchEvent::Bookmark { resource_version, .. } => Change::Bookmark(resource_version),
            WatchEvent::Error(status) => Change::Ended(status),
            WatchEvent::Undecodable { kind, object } => {
                Change::Undecodable { deleted: kind == "DELETED", object }
            }
        }))
    }
}
