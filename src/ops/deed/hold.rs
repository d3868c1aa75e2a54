//! Who holds an object back from the controller that deploys it, why and until when: annotations on the object itself, for
//! everybody to see.
//!
//! Owns their keys. What is not told is left out: others hold objects back too, and say nothing.

use serde_json::{Map, Value};

use super::live::tag;
use super::refusal::Refusal;
use crate::core::{Safe, Ts, Zone};

const BY: &str = "deckwatch.dev/suspended-by";
const AT: &str = "deckwatch.dev/suspended-at";
const WHY: &str = "deckwatch.dev/suspended-why";
const UNTIL: &str = "deckwatch.dev/suspended-until";
/// How long a reason may be, in bytes.
const LONGEST: usize = 500;

/// What an object tells of being held back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hold {
    /// Who holds it.
    pub by: Option<Safe>,
    /// Since when.
    pub at: Option<Ts>,
    /// Why.
    pub why: Option<Safe>,
    /// Until when it is meant to be held.
    pub until: Option<Ts>,
}

impl Hold {
    /// Reads what an object tells.
    pub fn of(object: &Value) -> Self {
        let text = |key: &str| tag(object, "annotations", key).filter(|text| !text.is_empty());
        let time = |key: &str| text(key).and_then(Ts::parse_rfc3339);
        let said = |key: &str| text(key).map(|text| crate::core::Untrusted::from(text).clipped(LONGEST));
        Self { by: said(BY), at: time(AT), why: said(WHY), until: time(UNTIL) }
    }

    /// Returns it in one line: `suspended by ops since …, until …: 5xx`.
    pub fn words(&self, zone: Zone) -> String {
        let told = |what: &str, at: Option<Ts>| at.map(|at| format!("{what} {}", at.rfc3339_in(zone)));
        let by = self.by.as_ref().map_or_else(|| "by whom is not told".to_owned(), |by| format!("by {by}"));
        let times: Vec<String> =
            [told(" since", self.at), told(", until", self.until)].into_iter().flatten().collect();
        let why = self.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        format!("suspended {by}{}{why}", times.concat())
    }
}

/// Checks a reason and an end before they are written.
pub(super) fn check(why: &str, until: Option<Ts>, now: Ts) -> Result<(), Refusal> {
    if why.len() > LONGEST {
        return Err(Refusal::invalid("the reason is longer than 500 bytes"));
    }
    if until.is_some_and(|until| until <= now) {
        return Err(Refusal::invalid("until when it is suspended is in the past"));
    }
    Ok(())
}

/// Returns the annotations that tell it.
pub(super) fn annotations(by: &str, why: &str, until: Option<Ts>, now: Ts) -> Map<String, Value> {
    let mut all = Map::new();
    all.insert(BY.to_owned(), by.into());
    all.insert(AT.to_owned(), now.rfc3339_in(Zone::Utc).into());
    if !why.trim().is_empty() {
        all.insert(WHY.to_owned(), why.into());
    }
    all.extend(until.map(|until| (UNTIL.to_owned(), until.rfc3339_in(Zone::Utc).into())));
    all
}

/// Returns the keys that an object has of them.
pub(super) fn keys_of(object: &Value) -> Vec<&'static str> {
    [BY, AT, WHY, UNTIL].into_iter().filter(|key| tag(object, "annotations", key).is_some()).collect()
}
