//! The envelope around every protobuf object: four bytes, then a message that names the kind and holds the object.

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};

use crate::error::{Error, clip};
use crate::raw::{Field, Fields};

const MAGIC: &[u8] = b"k8s\0";

/// The name of a kind, as the envelope carries it.
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct TypeMeta {
    #[prost(string, tag = "1")]
    pub api_version: String,
    #[prost(string, tag = "2")]
    pub kind: String,
}

/// An opened envelope: the kind, and the object's bytes.
pub(crate) struct Opened<'a> {
    pub kind: &'a str,
    pub object: &'a [u8],
}

/// Opens an envelope without copying what is in it.
pub(crate) fn open<'a>(what: &'static str, bytes: &'a [u8]) -> Result<Opened<'a>, Error> {
    let Some(unknown) = bytes.strip_prefix(MAGIC) else {
        let start = String::from_utf8_lossy(bytes.get(..16).unwrap_or(bytes)).into_owned();
        return Err(Error::Envelope { start });
    };
    let (mut kind, mut object) = ("", None);
    for field in Fields::of(unknown) {
        match field.map_err(|why| Error::damaged(what, why))? {
            (1, Field::Bytes(type_meta)) => kind = kind_of(type_meta),
            (2, Field::Bytes(bytes)) => object = Some(bytes),
            (3 | 4, Field::Bytes(form)) if !form.is_empty() => check_form(what, form)?,
            _ => {}
        }
    }
    // An answer that was cut off here must not pass for an empty list.
    let object = object.ok_or_else(|| Error::damaged(what, "the envelope is empty"))?;
    Ok(Opened { kind, object })
}

fn kind_of(type_meta: &[u8]) -> &str {
    let kind = Fields::of(type_meta).filter_map(Result::ok).find_map(|field| match field {
        (2, Field::Bytes(kind)) => Some(kind),
        _ => None,
    });
    std::str::from_utf8(kind.unwrap_or_default()).unwrap_or_default()
}

fn check_form(what: &'static str, form: &[u8]) -> Result<(), Error> {
    match form {
        b"application/vnd.kubernetes.protobuf" => Ok(()),
        other => Err(Error::Form { what, form: clip(&String::from_utf8_lossy(other)) }),
    }
}

/// Puts an object into an envelope.
pub(crate) fn seal(api_version: &str, kind: &str, object: &[u8]) -> Vec<u8> {
    let type_meta = TypeMeta { api_version: api_version.to_owned(), kind: kind.to_owned() }.encode_to_vec();
    let mut sealed = Vec::with_capacity(MAGIC.len() + type_meta.len() + object.len() + 24);
    sealed.extend_from_slice(MAGIC);
    put_bytes(1, &type_meta, &mut sealed);
    put_bytes(2, object, &mut sealed);
    // The server writes the two forms too, empty.
    put_bytes(3, &[], &mut sealed);
    put_bytes(4, &[], &mut sealed);
    sealed
}

/// Writes one field that consists of bytes.
pub(crate) fn put_bytes(tag: u32, bytes: &[u8], into: &mut Vec<u8>) {
    encode_key(tag, WireType::LengthDelimited, into);
    encode_varint(bytes.len() as u64, into);
    into.extend_from_slice(bytes);
}
