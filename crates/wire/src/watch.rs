//! A watch's events from its bytes, however they are cut on their way.
//!
//! Owns the framing: four bytes of length before each protobuf message, one line for each JSON object. An event whose
//! object can't be read is told of, so that it can be shown; a frame that can't be read ends the watch, because an event
//! is then lost and only a new list helps. Never holds more than one event's limit and what was last pushed. Tested in
//! `tests/watch.rs` of the crate's tests.

use std::marker::PhantomData;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::decode::{
    Undecodable, decode_status, object_from_json, object_from_protobuf, which_json, which_protobuf,
};
use crate::encoding::{Encoding, Limits};
use crate::envelope;
use crate::error::{Error, clip};
use crate::object::Object;
use crate::raw::{Field, Fields};
use crate::status::Status;

/// The annotation of the bookmark that ends a watch's initial list.
pub(crate) const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";
const WHAT: &str = "a watch event";
/// Memory kept between events; larger buffers are given back.
const KEPT: usize = 64 << 10;

/// What happened to an object since the list.
#[derive(Clone, Debug, PartialEq)]
pub enum WatchEvent<K> {
    /// It is new, or was there when the watch began.
    Added(K),
    /// It changed.
    Modified(K),
    /// It is gone; this is its last state.
    Deleted(K),
    /// Nothing happened up to this version.
    Bookmark {
        /// The version from which a watch may go on.
        resource_version: String,
        /// Whether all objects that were there at the beginning have been sent.
        initial_events_end: bool,
    },
    /// The server ends the watch; code 410 asks for a new list.
    Error(Box<Status>),
    /// Something happened to an object that can't be read.
    Undecodable {
        /// `ADDED`, `MODIFIED`, `DELETED` or `BOOKMARK`.
        kind: &'static str,
        /// Which object, and what is wrong with it.
        object: Undecodable,
    },
}

/// Takes a watch's bytes in any pieces and gives its events.
///
/// Take all events after each push: what was pushed and not taken is kept.
#[derive(Debug)]
pub struct WatchDecoder<K> {
    encoding: Encoding,
    limits: Limits,
    buffer: Vec<u8>,
    /// Where the next event begins.
    start: usize,
    /// Up to where no line's end was found.
    searched: usize,
    failed: bool,
    kind: PhantomData<fn() -> K>,
}

impl<K: Object> WatchDecoder<K> {
    /// Makes a decoder for a watch that has not sent anything yet.
    pub fn new(encoding: Encoding, limits: Limits) -> Self {
        Self { encoding, limits, buffer: Vec::new(), start: 0, searched: 0, failed: false, kind: PhantomData }
    }

    /// Takes the next bytes; after an error they are thrown away.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed {
            return;
        }
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        if self.buffer.is_empty() {
            self.buffer.shrink_to(KEPT);
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns the next event, or `None` until more bytes come; after an error there is no other event.
    pub fn next_event(&mut self) -> Option<Result<WatchEvent<K>, Error>> {
        if self.failed {
            return None;
        }
        let event = match self.encoding {
            Encoding::Protobuf => self.next_message(),
            Encoding::Json => self.next_line(),
        };
        if matches!(event, Some(Err(_))) {
            self.failed = true;
            self.buffer = Vec::new();
        }
        event
    }

    /// Returns an error if the stream ended within an event.
    pub fn finish(self) -> Result<(), Error> {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let blank = self.encoding == Encoding::Json && rest.trim_ascii().is_empty();
        if rest.is_empty() || blank { Ok(()) } else { Err(Error::Unfinished { bytes: rest.len() }) }
    }

    /// Returns the bytes of memory that the decoder holds.
    pub fn held_bytes(&self) -> usize {
        self.buffer.capacity()
    }

    fn next_message(&mut self) -> Option<Result<WatchEvent<K>, Error>> {
        let (length, rest) = self.buffer.get(self.start..)?.split_first_chunk::<4>()?;
        let length = u32::from_be_bytes(*length) as usize;
        if let Err(error) = self.check_size(length) {
            return Some(Err(error));
        }
        let event = message_event(rest.get(..length)?, &self.limits);
        self.start += 4 + length;
        self.searched = self.start;
        Some(event)
    }

    fn next_line(&mut self) -> Option<Result<WatchEvent<K>, Error>> {
        loop {
            let new = self.buffer.get(self.searched..)?;
            let Some(end) = new.iter().position(|byte| *byte == b'\n').map(|at| self.searched + at) else {
                self.searched = self.buffer.len();
                return self.check_size(self.buffer.len() - self.start).err().map(Err);
            };
            let line = self.buffer.get(self.start..end)?;
            if let Err(error) = self.check_size(line.len()) {
                return Some(Err(error));
            }
            let event = (!line.trim_ascii().is_empty()).then(|| line_event(line, &self.limits));
            self.start = end + 1;
            self.searched = self.start;
            if event.is_some() {
                return event;
            }
        }
    }

    fn check_size(&self, bytes: usize) -> Result<(), Error> {
        let limit = self.limits.event_bytes;
        if bytes > limit { Err(Error::TooLarge { what: WHAT, bytes, limit }) } else { Ok(()) }
    }
}

fn message_event<K: Object>(message: &[u8], limits: &Limits) -> Result<WatchEvent<K>, Error> {
    let (mut name, mut extension): (&[u8], &[u8]) = (&[], &[]);
    for field in Fields::of(message) {
        match field.map_err(|why| Error::damaged(WHAT, why))? {
            (1, Field::Bytes(bytes)) => name = bytes,
            (2, Field::Bytes(bytes)) => extension = bytes,
            _ => {}
        }
    }
    let mut sealed: &[u8] = &[];
    for field in Fields::of(extension) {
        if let (1, Field::Bytes(bytes)) = field.map_err(|why| Error::damaged(WHAT, why))? {
            sealed = bytes;
        }
    }
    let kind = Type::of(&String::from_utf8_lossy(name))?;
    if kind == Type::Error {
        return Ok(WatchEvent::Error(Box::new(decode_status(Encoding::Protobuf, sealed)?)));
    }
    let opened = envelope::open(WHAT, sealed)?;
    check_kind::<K>(opened.kind)?;
    let object = object_from_protobuf(opened.object, limits.object_parts);
    Ok(kind.event(object, || which_protobuf(opened.object)))
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default)]
    r#type: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, default)]
    kind: std::borrow::Cow<'a, str>,
}

fn line_event<K: Object>(line: &[u8], limits: &Limits) -> Result<WatchEvent<K>, Error> {
    let line: Line<'_> =
        serde_json::from_slice(line).map_err(|error| Error::json(WHAT, &error, K::PRIVATE))?;
    let text = line.object.get();
    let kind = Type::of(&line.r#type)?;
    if kind == Type::Error {
        return Ok(WatchEvent::Error(Box::new(decode_status(Encoding::Json, text.as_bytes())?)));
    }
    let head: Head<'_> = serde_json::from_str(text).map_err(|error| Error::json(WHAT, &error, K::PRIVATE))?;
    check_kind::<K>(&head.kind)?;
    Ok(kind.event(object_from_json(text, limits.object_parts), || which_json(text, limits.object_parts)))
}

fn check_kind<K: Object>(found: &str) -> Result<(), Error> {
    if found.is_empty() || found == K::KIND { Ok(()) } else { Err(Error::kind(K::KIND, found)) }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Added,
    Modified,
    Deleted,
    Bookmark,
    Error,
}

impl Type {
    fn of(name: &str) -> Result<Self, Error> {
        match name {
            "ADDED" => Ok(Self::Added),
            "MODIFIED" => Ok(Self::Modified),
            "DELETED" => Ok(Self::Deleted),
            "BOOKMARK" => Ok(Self::Bookmark),
            "ERROR" => Ok(Self::Error),
            other => Err(Error::EventType(clip(other))),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
            Self::Bookmark => "BOOKMARK",
            Self::Error => "ERROR",
        }
    }

    fn event<K: Object>(
        self,
        object: Result<K, Error>,
        which: impl FnOnce() -> Undecodable,
    ) -> WatchEvent<K> {
        match (object, self) {
            (Err(error), _) => WatchEvent::Undecodable { kind: self.name(), object: which().because(&error) },
            (Ok(object), Self::Added) => WatchEvent::Added(object),
            (Ok(object), Self::Modified) => WatchEvent::Modified(object),
            (Ok(object), Self::Deleted) => WatchEvent::Deleted(object),
            (Ok(object), Self::Bookmark | Self::Error) => {
                let meta = object.meta();
                WatchEvent::Bookmark {
                    resource_version: meta.resource_version.clone(),
                    initial_events_end: meta.annotations.get(INITIAL_EVENTS_END).is_some_and(|v| v == "true"),
                }
            }
        }
    }
}
