//! `rollout status` and `rollout history`: what kubectl says of the rollout of a workload.

use std::time::{Duration, Instant};

use serde_json::json;

use super::deeds::here;
use super::{PATIENCE, headless, print, print_json};
use crate::app::effect::Query;
use crate::app::msg::Answer;
use crate::app::views::View;
use crate::cli::args::{Output, Place};
use crate::core::{Error, Kind, ObjectRef, Result, Safe};
use crate::ops::deed::parse;
use crate::ops::deed::rollout::{self, Past, Rollout};
use crate::runtime::headless::Headless;

/// How often it is looked how far it is.
const REST: Duration = Duration::from_secs(1);

fn open(place: &Place, text: &str) -> Result<(Headless, ObjectRef)> {
    let home = View::open("sources").ok_or_else(|| Error::new(Kind::Internal, "open sources"))?;
    let headless = headless(place, home, (160, 60))?;
    match here(&headless, text) {
        Ok(object) => Ok((headless, object)),
        Err(error) => {
            headless.finish();
            Err(error)
        }
    }
}

/// Prints how far a rollout is, a line for each change, until it is done. Returns 1 where it failed, or did not end in
/// time.
///
/// # Errors
/// What can't be read.
pub fn status(place: &Place, text: &str, watch: bool, timeout: Option<&str>) -> Result<u8> {
    let wrong = |why: &crate::ops::deed::Refusal| why.error("rollout status", text);
    let limit = timeout.map(parse::timeout).transpose().map_err(|why| wrong(&why))?;
    let (mut headless, object) = open(place, text)?;
    let end = limit.map(|limit| Instant::now() + limit.to_std());
    let code = follow(&mut headless, &object, watch, end);
    headless.finish();
    code
}

fn follow(headless: &mut Headless, object: &ObjectRef, watch: bool, end: Option<Instant>) -> Result<u8> {
    let mut last: Option<Safe> = None;
    loop {
        let Answer::Object(now) = headless.ask(Query::Object(object.clone()), PATIENCE)? else {
            return Err(Error::new(Kind::Internal, "rollout status"));
        };
        let far = rollout::status(&now);
        if last.as_ref() != Some(far.text()) {
            print(&format!("{}\n", far.text()))?;
            last = Some(far.text().clone());
        }
        match far {
            Rollout::Done(_) => return Ok(0),
            Rollout::Failed(_) => return Ok(1),
            Rollout::Waiting(_) if !watch => return Ok(0),
            Rollout::Waiting(_) => {}
        }
        if end.is_some_and(|end| Instant::now() >= end) {
            let error = Error::new(Kind::Timeout, "rollout status").on(object.to_string());
            return Err(error.detail("it is not done in time"));
        }
        headless.run_until(REST, |_, _| false);
    }
}

/// Prints the revisions of a workload.
///
/// # Errors
/// What can't be read.
pub fn history(place: &Place, text: &str, output: Output) -> Result<u8> {
    let (mut headless, object) = open(place, text)?;
    let answer = headless.ask(Query::Revisions(object.clone()), PATIENCE);
    headless.finish();
    let Answer::Revisions(past) = answer? else {
        return Err(Error::new(Kind::Internal, "rollout history"));
    };
    match output {
        Output::Json => print_json(&document(&object, &past)),
        Output::Text => {
            let kind = format!("{}.apps", object.gvk.kind.to_lowercase());
            print(&format!("{kind}/{}\n{}", object.name.as_str(), rollout::history_table(&past)))
        }
    }
}

fn document(object: &ObjectRef, past: &[Past]) -> serde_json::Value {
    let row = |p: &Past| {
        json!({ "revision": p.revision, "change_cause": p.change_cause, "name": p.name, "made_at": p.made_at,
            "current": p.current })
    };
    json!({ "schema": "deckwatch.revisions/1", "object": object, "revisions": past.iter().map(row).collect::<Vec<_>>() })
}
