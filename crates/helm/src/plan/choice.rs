//! Which revision a rollback goes to, and which records it removes.

use super::refusal::Refusal;
use crate::record::{Info, RecordError, Status, StoredRecord, parse_object_name};

/// A revision that was passed over, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The revision.
    pub revision: i64,
    /// Why it is not the default.
    pub why: String,
}

/// The revision that a rollback goes to unless another is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetChoice {
    /// The last revision, which is being left.
    pub current: i64,
    /// The newest earlier revision that was deployed and not failed, or where a rollback was going that was not finished.
    pub target: i64,
    /// Whether the last revision is a rollback that was never finished, and this goes where it was going.
    pub goes_on: bool,
    /// What was passed over, newest first.
    pub skipped: Vec<Skipped>,
    /// What Helm would pick: the last revision's number less one.
    pub helm_picks: i64,
    /// Whether that revision is still in the history.
    pub helm_pick_exists: bool,
}

/// Chooses the revision to roll back to: the newest before the last that was deployed and did not fail.
///
/// Being superseded alone is no proof: a failing rollback marks its predecessor so. A rollback that was never finished is
/// gone on with: what it was leaving is, by the records, still the last good one.
pub fn choose_target(history: &[StoredRecord]) -> Result<TargetChoice, Refusal> {
    let mut revisions: Vec<(i64, Result<Info, RecordError>)> =
        history.iter().filter_map(|stored| Some((revision_of(stored)?, stored.record.info()))).collect();
    revisions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    let mut newest_first = revisions.into_iter();
    let (current, info) = newest_first.next().ok_or(Refusal::NoHistory)?;
    let info = info.map_err(|err| unreadable(current, &err))?;
    let going =
        (info.status == Status::PendingRollback).then(|| info.description.strip_prefix("Rollback to "));
    let going: Option<i64> = going.flatten().and_then(|revision| revision.parse().ok());
    let going = going.filter(|to| history.iter().filter_map(revision_of).any(|revision| revision == *to));
    let mut skipped = Vec::new();
    let helm_picks = current - 1;
    let (mut target, mut helm_pick_exists) = (None, false);
    for (revision, info) in newest_first {
        helm_pick_exists |= revision == helm_picks;
        match info.map_or_else(|err| Some(format!("its record cannot be read: {err}")), |info| why_not(&info))
        {
            _ if target.is_some() => {}
            _ if going == Some(revision) => target = going,
            _ if going.is_some_and(|to| to < revision) => {
                skipped.push(Skipped { revision, why: "a rollback was leaving it".to_owned() });
            }
            None => target = Some(revision),
            Some(why) => skipped.push(Skipped { revision, why }),
        }
    }
    let target = target.ok_or(Refusal::NoGoodRevision)?;
    let goes_on = going == Some(target);
    Ok(TargetChoice { current, target, goes_on, skipped, helm_picks, helm_pick_exists })
}

/// Returns the revisions whose objects and fields may still be in the cluster though the last one does not tell of them: where
/// it failed or was never finished, all from the last good one before it on, the earliest first. Empty where the last one is
/// good; `None` where no good one is left to begin with.
pub fn left_behind(history: &[StoredRecord]) -> Option<Vec<&StoredRecord>> {
    let mut all: Vec<(i64, &StoredRecord)> =
        history.iter().filter_map(|stored| Some((revision_of(stored)?, stored))).collect();
    all.sort_by_key(|(revision, _)| *revision);
    let is_good = |stored: &StoredRecord| stored.record.info().is_ok_and(|info| why_not(&info).is_none());
    let (_, last) = all.pop()?;
    if is_good(last) {
        return Some(Vec::new());
    }
    let base = all.iter().rposition(|(_, stored)| is_good(stored))?;
    Some(all.split_off(base).into_iter().map(|(_, stored)| stored).collect())
}

/// Returns the revision that `helm rollback` goes to without one: the last revision's number less one, whatever that
/// revision is, and whether there is one or not. Helm passes over records that it cannot read.
pub fn helm_picks(history: &[StoredRecord]) -> Result<i64, Refusal> {
    let last = history.iter().filter_map(|stored| stored.record.version().ok()).max();
    last.map(|last| last - 1).ok_or(Refusal::NoHistory)
}

/// The revision that a record is of: what it says itself, else what its object's name says.
fn revision_of(stored: &StoredRecord) -> Option<i64> {
    let by_name = || parse_object_name(&stored.object_name).map(|(_, revision)| revision);
    stored.record.version().ok().or_else(by_name)
}

pub(super) fn unreadable(revision: i64, err: &RecordError) -> Refusal {
    Refusal::Unreadable { revision, why: err.to_string() }
}

/// Why a revision was not good; `None` when it was.
fn why_not(info: &Info) -> Option<String> {
    match &info.status {
        Status::Deployed | Status::Superseded if is_failure(&info.description) => {
            Some(format!("it failed: {}", info.description))
        }
        Status::Deployed | Status::Superseded => None,
        status => Some(format!("it is {status}")),
    }
}

/// Whether a description is one that Helm writes of a failure: `Upgrade "x" failed: …`.
pub(super) fn is_failure(description: &str) -> bool {
    let operation = ["Upgrade ", "Rollback ", "Release ", "Install ", "Uninstallation "];
    operation.iter().any(|word| description.starts_with(word)) && description.contains(" failed")
}

/// Returns the revisions whose records Helm removes before it creates another, oldest first, with a limit of `max` records;
/// 0 is no limit. The newest record whose label says that it is deployed is spared.
pub fn prune(history: &[StoredRecord], max: usize) -> Vec<i64> {
    if max == 0 {
        return Vec::new();
    }
    let keep = max - 1;
    let mut all: Vec<(i64, bool)> = history
        .iter()
        .filter_map(|stored| {
            let deployed = stored.labels.get("status").is_some_and(|status| status == "deployed");
            Some((stored.record.version().ok()?, deployed))
        })
        .collect();
    all.sort_unstable();
    let spared = all.iter().filter(|(_, deployed)| *deployed).map(|(version, _)| *version).next_back();
    let surplus = all.len().saturating_sub(keep);
    let removable = all.iter().map(|(version, _)| *version).filter(|version| Some(*version) != spared);
    removable.take(surplus).collect()
}
