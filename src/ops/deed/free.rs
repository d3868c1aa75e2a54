//! Freeing a release whose last operation was never finished.
//!
//! Helm refuses to upgrade a release whose newest record is pending, for ever. The record is marked as failed, in the
//! words that Flux uses for the same; its objects stay as they are.

use deckwatch_helm::record::{Limits, Status, StoredRecord, parse_object_name};
use serde_json::json;

use super::act::{Act, Content};
use super::live::Live;
use super::refusal::Refusal;
use crate::core::{Safe, Ts};

/// A pending record, as far as it tells.
pub struct Pending {
    /// The release.
    pub release: String,
    /// The revision.
    pub revision: i64,
    /// The state.
    pub status: Status,
    /// When the operation began.
    pub began: Option<Ts>,
    /// The record with its object.
    pub stored: StoredRecord,
}

/// Reads the pending record that an object holds.
///
/// # Errors
/// It is no record, or nothing is pending.
pub fn pending(live: &Live<'_>) -> Result<Pending, Refusal> {
    let Some((release, revision)) = parse_object_name(&live.place.name) else {
        return Err(Refusal::invalid("it is no record of a Helm release"));
    };
    let stored = StoredRecord::from_object(live.object, Limits::default())
        .map_err(|error| Refusal::unreadable(&error.to_string()))?;
    let info = stored.record.info().map_err(|error| Refusal::unreadable(&error.to_string()))?;
    if !info.status.is_pending() {
        return Err(Refusal::NotPending { revision, status: Safe::of(info.status.as_str()) });
    }
    let began = info.last_deployed.map(|stamp| Ts(stamp.ns));
    Ok(Pending { release: release.to_owned(), revision, status: info.status, began, stored })
}

pub(super) fn free(live: &Live<'_>, now: Ts) -> Result<Act, Refusal> {
    let pending = pending(live)?;
    let description = format!("Release unlocked from stale '{}' state", pending.status);
    let unreadable = |error: deckwatch_helm::record::RecordError| Refusal::unreadable(&error.to_string());
    let mut stored = pending.stored;
    stored.record = stored.record.with_status(&Status::Failed, Some(&description)).map_err(unreadable)?;
    let written =
        stored.to_update(deckwatch_helm::time::Now { ns: now.0, offset_minutes: 0 }).map_err(unreadable)?;
    let body = json!({
        "metadata": {"labels": written.pointer("/metadata/labels")},
        "data": {"release": written.pointer("/data/release")},
    });
    let mut act = Act::patch(live, Content::Merge, body)?;
    act.fields = vec![
        Safe::of(&format!("status {} → failed", pending.status)),
        Safe::of(&format!("description → {description}")),
    ];
    Ok(act)
}
