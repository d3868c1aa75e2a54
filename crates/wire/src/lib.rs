//! What the Kubernetes API sends and takes, in as few bytes of memory as the cockpit needs.
//!
//! The crate declares *slim* messages: the fields that rows, joins and explanations use, under the numbers of Kubernetes'
//! own protobuf definitions, so that everything else is skipped while decoding. Each message is its own JSON twin. Around
//! them: [`decode_list`] and [`decode_object`], in which one bad object never spoils a page; [`WatchDecoder`], fed with
//! bytes as they come; and the encoders that a simulated server and the tests use.
//!
//! It never does I/O, keeps no state but a watch's unfinished event, and trusts nothing: sizes, counts and depths are
//! bounded by [`Limits`]. Proven by round trips through both encodings, by input cut at every byte, and by damaged input.
//!
//! ```
//! use deckwatch_wire::{Encoding, Limits, core::Pod, decode_list};
//! let page = br#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},
//!                 "items":[{"metadata":{"name":"web-0"}},{"metadata":{"name":9}}]}"#;
//! let list = decode_list::<Pod>(Encoding::Json, page, &Limits::default())?;
//! assert_eq!((list.resource_version.as_str(), list.items.len(), list.undecodable.len()), ("7", 1, 1));
//! # Ok::<(), deckwatch_wire::Error>(())
//! ```

pub mod apps;
pub mod batch;
pub mod core;
mod decode;
pub mod discovery;
mod encode;
mod encoding;
mod envelope;
mod error;
mod meta;
mod object;
mod raw;
mod scalar;
mod status;
mod time;
mod watch;

#[cfg(test)]
mod tests;

pub use decode::{List, Undecodable, decode_list, decode_object, decode_status};
pub use encode::{encode_list, encode_object, encode_status, encode_watch_event};
pub use encoding::{Encoding, Limits};
pub use error::Error;
pub use meta::{
    Condition, LabelSelector, LabelSelectorRequirement, ListMeta, ManagedFieldsEntry, ObjectMeta,
    OwnerReference, PartialObjectMetadata,
};
pub use object::{Keep, Object, Resource};
pub use scalar::{FieldsV1, IntOrString, Quantity};
pub use status::{Status, StatusCause, StatusDetails};
pub use time::{MicroTime, Stamp, Time};
pub use watch::{WatchDecoder, WatchEvent};

/// Returns whether a value is its type's default: such values are left out of JSON, as the server does.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
