//! Objects, lists, watch events and refusals to bytes, in both encodings, as the API server writes them.
//!
//! For simulated servers and for tests; what slim messages leave out is not there. Tested by the round trips of the crate.

use prost::Message;
use serde::Serialize;

use crate::encoding::Encoding;
use crate::envelope::{put_bytes, seal};
use crate::error::Error;
use crate::meta::{ListMeta, ObjectMeta};
use crate::object::{Object, api_version};
use crate::status::Status;
use crate::watch::WatchEvent;

/// A JSON object with the two fields that name its kind.
#[derive(Serialize)]
struct Named<'a, T: Serialize> {
    kind: &'a str,
    #[serde(rename = "apiVersion")]
    api_version: &'a str,
    #[serde(flatten)]
    object: &'a T,
}

#[derive(Serialize)]
struct JsonList<'a, T: Serialize> {
    kind: &'a str,
    #[serde(rename = "apiVersion")]
    api_version: &'a str,
    metadata: &'a ListMeta,
    items: Vec<T>,
}

#[derive(Serialize)]
struct JsonEvent<'a, T: Serialize> {
    r#type: &'a str,
    object: T,
}

/// Writes one object.
pub fn encode_object<K: Object>(encoding: Encoding, object: &K) -> Result<Vec<u8>, Error> {
    let api_version = api_version::<K>();
    match encoding {
        Encoding::Protobuf => Ok(seal(&api_version, K::KIND, &object.encode_to_vec())),
        Encoding::Json => json(K::KIND, &Named { kind: K::KIND, api_version: &api_version, object }),
    }
}

/// Writes one page of a list.
pub fn encode_list<'a, K: Object>(
    encoding: Encoding,
    meta: &ListMeta,
    items: impl IntoIterator<Item = &'a K>,
) -> Result<Vec<u8>, Error> {
    let (kind, api_version) = (format!("{}List", K::KIND), api_version::<K>());
    match encoding {
        Encoding::Protobuf => {
            let mut list = Vec::new();
            put_bytes(1, &meta.encode_to_vec(), &mut list);
            for item in items {
                put_bytes(2, &item.encode_to_vec(), &mut list);
            }
            Ok(seal(&api_version, &kind, &list))
        }
        Encoding::Json => {
            let items = items.into_iter().collect();
            json(K::KIND, &JsonList { kind: &kind, api_version: &api_version, metadata: meta, items })
        }
    }
}

/// Writes a refusal or another answer about an operation.
pub fn encode_status(encoding: Encoding, status: &Status) -> Result<Vec<u8>, Error> {
    match encoding {
        Encoding::Protobuf => Ok(seal("v1", "Status", &status.encode_to_vec())),
        Encoding::Json => json("Status", &Named { kind: "Status", api_version: "v1", object: status }),
    }
}

/// Writes one event of a watch with its frame: the length before it, or the line's end after it.
///
/// An event whose object could not be read has nothing to be written and is an error.
pub fn encode_watch_event<K: Object>(encoding: Encoding, event: &WatchEvent<K>) -> Result<Vec<u8>, Error> {
    let bookmark;
    let (name, object) = match event {
        WatchEvent::Added(object) => ("ADDED", encode_object(encoding, object)?),
        WatchEvent::Modified(object) => ("MODIFIED", encode_object(encoding, object)?),
        WatchEvent::Deleted(object) => ("DELETED", encode_object(encoding, object)?),
        WatchEvent::Bookmark { resource_version, initial_events_end } => {
            bookmark = bookmark_of::<K>(resource_version, *initial_events_end);
            ("BOOKMARK", encode_object(encoding, &bookmark)?)
        }
        WatchEvent::Error(status) => ("ERROR", encode_status(encoding, status)?),
        WatchEvent::Undecodable { .. } => {
            return Err(Error::damaged(K::KIND, "an event that could not be read"));
        }
    };
    match encoding {
        Encoding::Protobuf => {
            let (mut extension, mut message) = (Vec::new(), Vec::new());
            put_bytes(1, &object, &mut extension);
            put_bytes(1, name.as_bytes(), &mut message);
            put_bytes(2, &extension, &mut message);
            let length = u32::try_from(message.len()).map_err(|_| Error::TooLarge {
                what: "a watch event",
                bytes: message.len(),
                limit: u32::MAX as usize,
            })?;
            Ok([&length.to_be_bytes()[..], &message].concat())
        }
        Encoding::Json => {
            let object: &serde_json::value::RawValue =
                serde_json::from_slice(&object).map_err(|error| Error::json(K::KIND, &error, K::PRIVATE))?;
            json(K::KIND, &JsonEvent { r#type: name, object })
        }
    }
}

fn bookmark_of<K: Object>(resource_version: &str, initial_events_end: bool) -> K {
    let mut object = K::default();
    let meta: &mut ObjectMeta = object.meta_mut();
    resource_version.clone_into(&mut meta.resource_version);
    if initial_events_end {
        meta.annotations.insert(crate::watch::INITIAL_EVENTS_END.to_owned(), "true".to_owned());
    }
    object
}

/// Writes JSON and ends the line, as the server does.
fn json<T: Serialize>(what: &'static str, value: &T) -> Result<Vec<u8>, Error> {
    let mut bytes = serde_json::to_vec(value).map_err(|error| Error::json(what, &error, true))?;
    bytes.push(b'\n');
    Ok(bytes)
}
