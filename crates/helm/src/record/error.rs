//! What can be wrong with a record. Never a panic: records are data from outside.

use thiserror::Error;

/// Why a record cannot be read or written.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RecordError {
    /// The stored text is longer than the limit.
    #[error("the stored text is {len} bytes long, more than {limit}")]
    TextTooLong {
        /// Length of the text in bytes.
        len: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The stored text is not base64.
    #[error("the stored text is not base64: {0}")]
    Base64(String),
    /// The bytes begin like gzip but cannot be unpacked.
    #[error("the packed bytes cannot be unpacked: {0}")]
    Gzip(String),
    /// Unpacked, the record would be larger than the limit.
    #[error("the record unpacks to more than {limit} bytes")]
    TooBig {
        /// The limit in bytes.
        limit: usize,
    },
    /// The unpacked bytes are not the JSON of a record.
    #[error("the record is not valid JSON: {0}")]
    Json(String),
    /// A field that every record has is absent.
    #[error("the record has no `{0}`")]
    Missing(&'static str),
    /// A field does not hold what it holds in every record.
    #[error("`{field}` of the record is not {wanted}: {detail}")]
    WrongType {
        /// The field's path.
        field: &'static str,
        /// What it should be.
        wanted: &'static str,
        /// What the parser said.
        detail: String,
    },
    /// The object holds no record.
    #[error("{kind} `{name}` holds no release record: {why}")]
    NotARecord {
        /// `Secret` or `ConfigMap`, or what else it is.
        kind: String,
        /// The object's name.
        name: String,
        /// What is missing or wrong.
        why: String,
    },
}
