//! Lists and objects from bytes, in both encodings.
//!
//! A list's shell is read first, with its items as raw bytes; then each item by itself, so that one that can't be read
//! becomes an [`Undecodable`] and the page stands. Never trusts counts. Tested by the round trips and samples of the crate.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::encoding::{Encoding, Limits};
use crate::envelope;
use crate::error::{Error, clip};
use crate::meta::ListMeta;
use crate::object::Object;
use crate::raw::{self, Field, Fields};
use crate::status::Status;

/// One page of objects.
#[derive(Clone, Debug, PartialEq)]
pub struct List<K> {
    /// The version of the list, from which a watch goes on.
    pub resource_version: String,
    /// The token for the next page; empty on the last.
    pub continue_: String,
    /// How many objects follow this page, where the server knows.
    pub remaining: Option<i64>,
    /// The objects that could be read.
    pub items: Vec<K>,
    /// Those that could not.
    pub undecodable: Vec<Undecodable>,
}

/// An object that could not be read, as far as it could be told which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecodable {
    /// Its namespace, if found.
    pub namespace: Option<String>,
    /// Its name, if found.
    pub name: Option<String>,
    /// Its uid, if found.
    pub uid: Option<String>,
    /// What is wrong with it.
    pub why: String,
}

/// Reads one page of a list.
pub fn decode_list<K: Object>(encoding: Encoding, bytes: &[u8], limits: &Limits) -> Result<List<K>, Error> {
    match encoding {
        Encoding::Protobuf => list_from_protobuf(bytes, limits),
        Encoding::Json => list_from_json(bytes, limits),
    }
}

/// Reads one object; a [`Status`] in its place is an error that holds it.
pub fn decode_object<K: Object>(encoding: Encoding, bytes: &[u8], limits: &Limits) -> Result<K, Error> {
    match encoding {
        Encoding::Protobuf => {
            let opened = envelope::open(K::KIND, bytes)?;
            check_kind::<K>(encoding, opened.kind, "", bytes)?;
            object_from_protobuf(opened.object, limits.object_parts)
        }
        Encoding::Json => {
            let text = utf8(K::KIND, bytes)?;
            check_kind::<K>(encoding, &kind_of(text, K::KIND)?, "", bytes)?;
            object_from_json(text, limits.object_parts)
        }
    }
}

/// Reads a [`Status`], the body of most refusals.
pub fn decode_status(encoding: Encoding, bytes: &[u8]) -> Result<Status, Error> {
    const WHAT: &str = "Status";
    let mut parts = Limits::default().object_parts;
    match encoding {
        Encoding::Protobuf => {
            let opened = envelope::open(WHAT, bytes)?;
            if opened.kind != WHAT {
                return Err(Error::kind(WHAT, opened.kind));
            }
            raw::decode(WHAT, opened.object, &mut parts)
        }
        Encoding::Json => {
            let text = utf8(WHAT, bytes)?;
            let kind = kind_of(text, WHAT)?;
            if kind != WHAT {
                return Err(Error::kind(WHAT, &kind));
            }
            json_value(WHAT, text, parts, false)
        }
    }
}

fn list_from_protobuf<K: Object>(bytes: &[u8], limits: &Limits) -> Result<List<K>, Error> {
    let opened = envelope::open(K::KIND, bytes)?;
    check_kind::<K>(Encoding::Protobuf, opened.kind, "List", bytes)?;
    let mut list = List::empty(ListMeta::default());
    let mut parts = limits.list_parts;
    let mut count = 0usize;
    for field in Fields::of(opened.object) {
        match field.map_err(|why| Error::damaged(K::KIND, why))? {
            (1, Field::Bytes(meta)) => list.set_meta(raw::decode("a list's metadata", meta, &mut parts)?),
            (2, Field::Bytes(item)) => {
                count += 1;
                if count > limits.list_items {
                    return Err(Error::TooMany { what: "a list", limit: limits.list_items });
                }
                let granted = parts.min(limits.object_parts);
                let mut left = granted;
                let decoded = message_of::<K>(item, &mut left);
                parts -= granted - left;
                if parts == 0 {
                    return Err(Error::TooMany { what: "a list", limit: limits.list_parts });
                }
                list.push(decoded, || which_protobuf(item));
            }
            _ => {}
        }
    }
    Ok(list)
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(default, borrow)]
    kind: Option<std::borrow::Cow<'a, str>>,
}

#[derive(Deserialize)]
struct JsonList<'a> {
    #[serde(default)]
    metadata: Option<ListMeta>,
    #[serde(default, borrow)]
    items: Option<Vec<&'a RawValue>>,
}

fn list_from_json<K: Object>(bytes: &[u8], limits: &Limits) -> Result<List<K>, Error> {
    let text = utf8(K::KIND, bytes)?;
    check_kind::<K>(Encoding::Json, &kind_of(text, K::KIND)?, "List", bytes)?;
    let shell: JsonList<'_> =
        serde_json::from_str(text).map_err(|error| Error::json(K::KIND, &error, K::PRIVATE))?;
    let items = shell.items.unwrap_or_default();
    if items.len() > limits.list_items {
        return Err(Error::TooMany { what: "a list", limit: limits.list_items });
    }
    let mut list = List::empty(shell.metadata.unwrap_or_default());
    for item in items {
        list.push(object_from_json(item.get(), limits.object_parts), || {
            which_json(item.get(), limits.object_parts)
        });
    }
    Ok(list)
}

impl<K> List<K> {
    fn empty(meta: ListMeta) -> Self {
        Self {
            resource_version: meta.resource_version,
            continue_: meta.r#continue,
            remaining: meta.remaining_item_count,
            items: Vec::new(),
            undecodable: Vec::new(),
        }
    }

    fn set_meta(&mut self, meta: ListMeta) {
        self.resource_version = meta.resource_version;
        self.continue_ = meta.r#continue;
        self.remaining = meta.remaining_item_count;
    }

    fn push(&mut self, item: Result<K, Error>, which: impl FnOnce() -> Undecodable) {
        match item {
            Ok(item) => self.items.push(item),
            Err(error) => self.undecodable.push(which().because(&error)),
        }
    }
}

impl Undecodable {
    pub(crate) fn because(self, error: &Error) -> Self {
        Self { why: clip(&error.to_string()), ..self }
    }

    fn unknown() -> Self {
        Self { namespace: None, name: None, uid: None, why: String::new() }
    }
}

fn check_kind<K: Object>(encoding: Encoding, found: &str, suffix: &str, bytes: &[u8]) -> Result<(), Error> {
    match found {
        "" => Ok(()),
        found if found.strip_suffix(suffix) == Some(K::KIND) => Ok(()),
        "Status" => Err(Error::Status(Box::new(decode_status(encoding, bytes)?))),
        found => Err(Error::kind(&format!("{}{suffix}", K::KIND), found)),
    }
}

fn utf8<'a>(what: &'static str, bytes: &'a [u8]) -> Result<&'a str, Error> {
    std::str::from_utf8(bytes).map_err(|error| Error::damaged(what, &error.to_string()))
}

fn kind_of(text: &str, what: &'static str) -> Result<String, Error> {
    let head: Head<'_> = serde_json::from_str(text).map_err(|error| Error::json(what, &error, true))?;
    Ok(head.kind.unwrap_or_default().into_owned())
}

fn message_of<K: Object>(bytes: &[u8], parts: &mut usize) -> Result<K, Error> {
    let mut object: K = raw::decode(K::KIND, bytes, parts)?;
    object.tidy();
    Ok(object)
}

/// Reads an object's own bytes, without its envelope.
pub(crate) fn object_from_protobuf<K: Object>(bytes: &[u8], mut parts: usize) -> Result<K, Error> {
    message_of(bytes, &mut parts)
}

/// Reads an object's own text.
pub(crate) fn object_from_json<K: Object>(text: &str, parts: usize) -> Result<K, Error> {
    let mut object: K = json_value(K::KIND, text, parts, K::PRIVATE)?;
    object.tidy();
    Ok(object)
}

/// Reads text into a structure; where that fails, once more without its nulls, which stand for "not set".
fn json_value<T: serde::de::DeserializeOwned>(
    what: &'static str,
    text: &str,
    limit: usize,
    private: bool,
) -> Result<T, Error> {
    if raw::json_parts(text) > limit {
        return Err(Error::TooMany { what, limit });
    }
    serde_json::from_str(text).or_else(|error| {
        let mut value: Value =
            serde_json::from_str(text).map_err(|error| Error::json(what, &error, private))?;
        drop_nulls(&mut value);
        serde_json::from_value(value).map_err(|_| Error::json(what, &error, private))
    })
}

/// Removes null members. The depth is bounded by the parser that made the value.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(elements) => elements.iter_mut().for_each(drop_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Looks for an object's name where it should be, whatever else is wrong.
pub(crate) fn which_protobuf(object: &[u8]) -> Undecodable {
    let mut which = Undecodable::unknown();
    let metadata = Fields::of(object).map_while(Result::ok).find_map(|field| match field {
        (1, Field::Bytes(metadata)) => Some(metadata),
        _ => None,
    });
    for field in Fields::of(metadata.unwrap_or_default()).map_while(Result::ok) {
        if let (tag @ (1 | 3 | 5), Field::Bytes(text)) = field {
            let text = std::str::from_utf8(text).ok().filter(|text| !text.is_empty()).map(clip);
            match tag {
                1 => which.name = text,
                3 => which.namespace = text,
                _ => which.uid = text,
            }
        }
    }
    which
}

/// Looks for an object's name where it should be, whatever else is wrong.
pub(crate) fn which_json(text: &str, parts: usize) -> Undecodable {
    if raw::json_parts(text) > parts {
        return Undecodable::unknown();
    }
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let find = |path| value.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty()).map(clip);
    Undecodable {
        namespace: find("/metadata/namespace"),
        name: find("/metadata/name"),
        uid: find("/metadata/uid"),
        ..Undecodable::unknown()
    }
}
