//! `deckwatch rollback`: the plan, or the plan carried out.

use serde_json::json;

use super::carry::{self, Ran};
use super::{deeds, print, print_json, release};
use crate::app::views::release::freeing;
use crate::cli::args::{Output, Place, Sent};
use crate::cli::rollback::Rollback;
use crate::core::{Error, Kind, Result};
use crate::ops::{Outcome, Plan, Wanted};

/// Prints the plan, or carries it out.
pub fn run(place: &Place, asked: &Rollback) -> Result<u8> {
    carry::said(&asked.sent, "roll back", &asked.release)?;
    let (options, wait) = asked.options()?;
    let (mut headless, namespace, name) = release::locate(place, &asked.release)?;
    let wanted = Wanted::Rollback { namespace, release: name, to: asked.revision, options };
    let plan = match carry::plan(&mut headless, &wanted) {
        Ok(plan) => plan,
        Err(error) => {
            headless.finish();
            return Err(error);
        }
    };
    let output = asked.sent.printed.output;
    if asked.sent.plan {
        headless.finish();
        return carry::show(&plan, output);
    }
    let ran = carry::carry_out(headless, &plan, wanted, &asked.sent, wait)?;
    if output == Output::Json {
        print_json(&outcome_json(&plan, &ran, wait.is_some()))?;
    } else if ran.error().is_none() {
        print(&format!("{}: {} (plan {})\n", past(&plan), ran.told, plan.id))?;
    }
    ran.code()
}

/// Prints the plan that frees a release, or carries it out.
///
/// # Errors
/// No such release, and why it was refused or failed.
pub fn free(place: &Place, release: &str, sent: &Sent) -> Result<u8> {
    carry::said(sent, "free", release)?;
    let (mut headless, namespace, name) = release::locate(place, release)?;
    let wanted = freeing(&headless.model.shared, &namespace, &name)
        .ok_or_else(|| Error::new(Kind::NotFound, "free").on(release.to_owned()));
    let made = wanted.and_then(|wanted| carry::plan(&mut headless, &wanted).map(|plan| (plan, wanted)));
    let (plan, wanted) = match made {
        Ok(made) => made,
        Err(error) => {
            headless.finish();
            return Err(error);
        }
    };
    if sent.plan {
        headless.finish();
        return carry::show(&plan, sent.printed.output);
    }
    let ran = carry::carry_out(headless, &plan, wanted, sent, None)?;
    deeds::ended(&plan, ran, sent.printed.output)
}

fn outcome_json(plan: &Plan, ran: &Ran, waited: bool) -> serde_json::Value {
    let Some(rollback) = plan.rollback() else { return serde_json::Value::Null };
    json!({
        "schema": "deckwatch.rollback/1",
        "plan": plan.id, "namespace": plan.namespace, "release": rollback.release,
        "from": rollback.from.revision, "to": rollback.to.revision, "makes": rollback.makes,
        "outcome": ran.outcome.word(),
        "ready": waited.then_some(ran.outcome == Outcome::Done && !ran.stopped),
        "error": ran.error().map(Error::line),
    })
}

/// Returns what was done, with both revisions.
fn past(plan: &Plan) -> String {
    let target = plan.target();
    plan.rollback().map_or_else(String::new, |r| {
        format!("{} {target} from {} to {}", plan.past(), r.from.revision, r.to.revision)
    })
}
