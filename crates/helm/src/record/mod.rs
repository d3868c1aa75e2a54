//! Release records: what Helm stores of a release, one Secret or ConfigMap per revision.
//!
//! Owns the codec (base64, gzip, JSON), views of what a record says, the labels, and the objects that hold records.
//! It never re-models what Helm stores: a record is an ordered list of keys with the bytes of their values, so fields
//! that this crate does not know, the order of keys and the spelling of numbers survive a decode and an encode. Only
//! `info`, `version`, `apply_method` and `hooks[].last_run` are ever rewritten.
//! Tested by properties (decode, encode, decode), by hostile inputs, and by records as both Helm generations write them.

mod codec;
mod edit;
mod error;
mod metadata;
mod object;
mod raw;
mod status;
mod strict;
mod view;

pub use codec::{Limits, decode, encode};
pub use edit::{Generation, RollbackInfo};
pub use error::RecordError;
pub use metadata::Metadata;
pub use object::{Driver, SECRET_TYPE, StoredRecord, object_name, parse_object_name, user_labels};
pub use raw::RawMap;
pub use status::Status;
pub use view::{ChartMeta, Hook, HookRun, Info};

/// A release's revision, as its record holds it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Record {
    top: RawMap,
}

impl Record {
    /// Wraps the top level of a record's JSON.
    pub fn from_top(top: RawMap) -> Self {
        Self { top }
    }

    /// Returns the top level of the record's JSON: keys in order, values as written.
    pub fn top(&self) -> &RawMap {
        &self.top
    }
}

#[cfg(test)]
mod tests;
