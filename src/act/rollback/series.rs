//! The objects of a release, announced in the journal together before the first of them is written.
//!
//! A disk takes some milliseconds to say that an entry is safely there. The objects' writes follow one another at once, and
//! waiting for the disk before each would take longer than they do. So one entry names them all and is waited for; their own
//! entries are in the file before each is sent, and on the disk a moment later: what ends the process takes none of them
//! away, and what ends the machine leaves the entry that names them.

use std::collections::BTreeSet;

use deckwatch_helm::step::{Job, Place, Request};

use super::super::said;
use crate::act::order::Carry;
use crate::core::{Result, Safe};
use crate::ops::{Record, What, WriteState};

/// How many objects are named at most; a thousand paths are well within the longest entry.
const NAMED: usize = 1_000;

/// The objects that are written one after the other.
pub struct Series {
    places: Vec<Place>,
    paths: BTreeSet<String>,
    announced: bool,
}

impl Series {
    /// Returns those that a job visits.
    pub fn of(job: &Job) -> Self {
        let mut places = job.objects();
        places.retain(|place| !place.name.is_empty());
        // More than are named are not announced, and each is waited for.
        let paths = places.iter().take(NAMED).map(Place::path).collect();
        Self { places, paths, announced: false }
    }

    /// Notes that a write is about to be sent: together with all others where it is one of these.
    ///
    /// # Errors
    /// The journal can't be written: then nothing is sent.
    pub fn note(&mut self, carry: &Carry<'_>, request: &Request, text: &Safe) -> Result<()> {
        if !self.paths.contains(&path(request)) {
            return carry.note(text, WriteState::Sending, None);
        }
        if !self.announced {
            let name = |place: &Place| said(format!("{} {}", place.kind, place.path()));
            let what = What::Series {
                plan: carry.confirmed.token.plan(),
                of: self.places.len(),
                objects: self.places.iter().take(NAMED).map(name).collect(),
            };
            carry.journal.append(&Record { at: (carry.clock)(), what })?;
            self.announced = true;
        }
        carry.note_announced(text)
    }
}

/// Returns where the object of a request is; one that is made is named in what is sent.
fn path(request: &Request) -> String {
    let made = || request.body.as_ref()?.pointer("/metadata/name")?.as_str();
    match made() {
        Some(name) if request.place.name.is_empty() => {
            Place { name: name.to_owned(), ..request.place.clone() }.path()
        }
        _ => request.place.path(),
    }
}
