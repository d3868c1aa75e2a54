//! Why a patch cannot be made or applied. The texts follow the API machinery's, as Helm writes them into records.

use serde_json::{Map, Value};
use thiserror::Error;

use super::value::{go_text, go_text_only};

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
    #[error("unable to find api field in struct {owner} for the json field {field}")]
    UnknownField {
        /// The type.
        owner: String,
        /// The field, in quotes.
        field: String,
    },
    /// A value where the type says that there are no fields.
    #[error("merging an object in json but data type is not struct, instead is: {0}")]
    NotAStruct(String),
    /// A list where the type has none.
    #[error("expected slice or array type, but got: {0}")]
    NotAList(String),
    /// Items of a list are not all of one type.
    #[error("list element types are not identical: [{0}]")]
    MixedList(String),
    /// A list of lists cannot be merged.
    #[error("lists of lists are not supported")]
    ListOfLists,
    /// The type has a list of lists.
    #[error("unexpected slice of slice")]
    SliceOfSlice,
    /// A list of nothing cannot be merged.
    #[error("no elements in any of the given slices")]
    NoItems,
    /// A list that is merged by a key has no key declared.
    #[error("cannot merge lists without merge key for {0}")]
    NoKeyDeclared(String),
    /// A directive of a patch makes no sense.
    #[error("{0}")]
    BadDirective(String),
    /// Something that Helm does not survive.
    #[error("{0}, which Helm ends with a panic for")]
    Panics(&'static str),
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
    /// Returns whether the text is Go's; only those of our own limits and of what ends Helm with a panic are not.
    pub fn is_gos(&self) -> bool {
        !matches!(self, Self::Panics(_) | Self::TooLong { .. } | Self::TooDeep)
    }

    pub(super) fn no_key(item: &Map<String, Value>, key: &str) -> Self {
        Self::NoMergeKey { item: go_text(&Value::Object(item.clone())), key: key.to_owned() }
    }

    pub(super) fn cannot_compare() -> Self {
        Self::Panics("maps or lists stand where they would have to be compared")
    }

    pub(super) fn bad_patch_type(directive: &Value, map: &Map<String, Value>) -> Self {
        let map = go_text(&Value::Object(map.clone()));
        Self::BadDirective(format!("unknown patch type: {} in map: {map}", go_text_only(directive)))
    }

    pub(super) fn wrong_type(item: &Value, wanted: &str) -> Self {
        let found = if item.is_null() { "%!s(<nil>)" } else { super::value::go_type(item) };
        Self::BadDirective(format!("expected a {wanted}, but received a {found}"))
    }
}
