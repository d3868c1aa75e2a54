//! The two encodings, the media types that ask for them, and the bounds of what is read.

use crate::meta::PartialObjectMetadata;
use crate::object::Object;

/// How the API server writes objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Protobuf in Kubernetes' envelope: built-in kinds only.
    Protobuf,
    /// JSON: all kinds.
    Json,
}

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
const JSON: &str = "application/json";

impl Encoding {
    /// Returns the encoding that a `Content-Type` header names, parameters and case aside.
    pub fn from_content_type(value: &str) -> Option<Self> {
        let media = value.split(';').next().unwrap_or_default().trim();
        [(PROTOBUF, Self::Protobuf), (JSON, Self::Json)]
            .into_iter()
            .find_map(|(name, encoding)| media.eq_ignore_ascii_case(name).then_some(encoding))
    }

    /// Returns the `Content-Type` of an object or a list.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => PROTOBUF,
            Self::Json => JSON,
        }
    }

    /// Returns the `Content-Type` of a watch.
    pub fn watch_content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/vnd.kubernetes.protobuf;stream=watch",
            Self::Json => JSON,
        }
    }

    /// Returns the `Accept` header for one object; protobuf names JSON as second choice.
    pub fn accept<K: Object>(self) -> String {
        self.header(&partial::<K>(""))
    }

    /// Returns the `Accept` header for a list; protobuf names JSON as second choice.
    pub fn accept_list<K: Object>(self) -> String {
        self.header(&partial::<K>("List"))
    }

    /// Returns the `Accept` header for a watch; protobuf names JSON as second choice.
    pub fn accept_watch<K: Object>(self) -> String {
        let parameters = partial::<K>("");
        match self {
            Self::Protobuf => format!("{PROTOBUF}{parameters};stream=watch,{JSON}{parameters}"),
            Self::Json => format!("{JSON}{parameters}"),
        }
    }

    fn header(self, parameters: &str) -> String {
        match self {
            Self::Protobuf => format!("{PROTOBUF}{parameters},{JSON}{parameters}"),
            Self::Json => format!("{JSON}{parameters}"),
        }
    }
}

/// The parameters that ask for metadata only, where that is the kind.
fn partial<K: Object>(suffix: &str) -> String {
    if K::KIND == PartialObjectMetadata::KIND {
        format!(";as={}{suffix};g={};v={}", K::KIND, K::GROUP, K::VERSION)
    } else {
        String::new()
    }
}

/// Bounds of what is read. The size of a list's body is bounded by whoever fetches it.
///
/// A *part* is a step of decoding: a field's key, length or value in protobuf, a brace, bracket or comma in JSON. Counting
/// them bounds the memory that many tiny parts would take once they are structures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one watch event.
    pub event_bytes: usize,
    /// Parts of one object.
    pub object_parts: usize,
    /// Objects of one list.
    pub list_items: usize,
    /// Parts of all objects of one list together.
    pub list_parts: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { event_bytes: 8 << 20, object_parts: 250_000, list_items: 50_000, list_parts: 40_000_000 }
    }
}
