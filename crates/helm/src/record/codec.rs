//! The stored text of a record: base64 of gzip of JSON.
//!
//! Owns the bounds: the length of the text, the size that it unpacks to (counted while unpacking, so a small text that
//! unpacks to gigabytes costs no more than the limit), and JSON that is not an object. It never looks into values.

use std::io::{Read, Write};

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};

use super::{RawMap, Record, RecordError};

/// Records from before Helm packed them do not begin with this.
const GZIP_MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];

/// Go's decoder wants padding but does not look at the unused bits.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// How large a record may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Limits {
    /// Length of the stored text in bytes. A Secret holds 1 MiB; base64 of base64 makes that larger on the wire.
    pub text: usize,
    /// Size of the unpacked JSON in bytes.
    pub unpacked: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { text: 16 << 20, unpacked: 64 << 20 }
    }
}

/// Decodes the text that Helm stores into a record.
pub fn decode(text: &str, limits: Limits) -> Result<Record, RecordError> {
    let bytes = decode_base64(text, limits.text)?;
    // The magic and at least one byte more, as Helm asks.
    let json = if bytes.len() > GZIP_MAGIC.len() && bytes.starts_with(&GZIP_MAGIC) {
        unpack(&bytes, limits.unpacked)?
    } else if bytes.len() > limits.unpacked {
        return Err(RecordError::TooBig { limit: limits.unpacked });
    } else {
        bytes
    };
    let top: RawMap = serde_json::from_slice(&json).map_err(|err| RecordError::Json(err.to_string()))?;
    Ok(Record::from_top(top))
}

/// Encodes a record as the text that Helm stores.
pub fn encode(record: &Record) -> Result<String, RecordError> {
    let json = serde_json::to_vec(record.top()).map_err(|err| RecordError::Json(err.to_string()))?;
    let mut packer = GzBuilder::new().operating_system(255).write(Vec::new(), Compression::best());
    packer.write_all(&json).map_err(|err| RecordError::Gzip(err.to_string()))?;
    let packed = packer.finish().map_err(|err| RecordError::Gzip(err.to_string()))?;
    Ok(BASE64.encode(packed))
}

/// Decodes base64, which may be broken into lines.
pub(super) fn decode_base64(text: &str, limit: usize) -> Result<Vec<u8>, RecordError> {
    if text.len() > limit {
        return Err(RecordError::TextTooLong { len: text.len(), limit });
    }
    let broken = text.bytes().any(|c| matches!(c, b'\n' | b'\r'));
    let result = if broken {
        let joined: Vec<u8> = text.bytes().filter(|c| !matches!(c, b'\n' | b'\r')).collect();
        BASE64.decode(joined)
    } else {
        BASE64.decode(text)
    };
    result.map_err(|err| RecordError::Base64(err.to_string()))
}

/// Encodes bytes as base64 in one line.
pub(super) fn encode_base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

fn unpack(packed: &[u8], limit: usize) -> Result<Vec<u8>, RecordError> {
    let mut json = Vec::new();
    let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    MultiGzDecoder::new(packed)
        .take(one_more)
        .read_to_end(&mut json)
        .map_err(|err| RecordError::Gzip(err.to_string()))?;
    if json.len() > limit {
        return Err(RecordError::TooBig { limit });
    }
    Ok(json)
}
