//! Why a patch cannot be made or applied. The texts follow the API machinery's, as Helm writes them into records.

use serde_json::Value;
use thiserror::Error;

use super::value::go_text;

/// Why a patch cannot be made or applied.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum MergeError {
    /// An item of a list that is merged by a key has no such key.
    #[error("map: {item} does not contain declared merge key: {key}")]
    NoMergeKey {
        /// The item.
        item: String,
        /// The key.
        key: String,
    },
    /// A field that both sides hold differently is not known to the type.
    #[error("unable to find api field in struct {owner} for the json field \"{field}\"")]
    UnknownField {
        /// The type.
        owner: String,
        /// The field.
        field: String,
    },
    /// A value where the type says that there are no fields.
    #[error("merging an object in json but data type is not struct, instead is: {0}")]
    NotAStruct(String),
    /// A list where the type has none.
    #[error("expected slice or array type, but got: {0}")]
    NotAList(String),
    /// Items of a list are not all of one type.
    #[error("list element types are not identical: {0}")]
    MixedList(String),
    /// A list of lists cannot be merged.
    #[error("lists of lists are not supported")]
    ListOfLists,
    /// A list that is merged by a key has no key declared.
    #[error("cannot merge lists without merge key for {0}")]
    NoKeyDeclared(String),
    /// A directive of a patch makes no sense.
    #[error("{0}")]
    BadDirective(String),
    /// A document is not an object.
    #[error("invalid JSON document")]
    NotAnObject,
    /// A list that is merged item by item is too long.
    #[error("the list has more than {limit} items")]
    TooLong {
        /// The most items that are merged.
        limit: usize,
    },
    /// A document is nested too deeply.
    #[error("the document is nested too deeply")]
    TooDeep,
}

impl MergeError {
    pub(super) fn no_key(item: &Value, key: &str) -> Self {
        Self::NoMergeKey { item: go_text(item), key: key.to_owned() }
    }

    pub(super) fn wrong_type(item: &Value, wanted: &str) -> Self {
        Self::BadDirective(format!("expected a {wanted}, but received a {}", super::value::go_type(item)))
    }
}
