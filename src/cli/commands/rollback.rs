//! `deckwatch rollback`: the plan, or the plan carried out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::{PATIENCE, note, print, print_json, release};
use crate::app::Effect;
use crate::app::Model;
use crate::app::effect::{Feed, Query};
use crate::app::model::Job;
use crate::app::msg::Answer;
use crate::app::views::plan::plan_json;
use crate::cli::args::{Output, Place, Rollback};
use crate::core::{Error, Kind, Result, Safe, Span};
use crate::ops::gate::Consent;
use crate::ops::{How, Outcome, Plan, PlanId, Wanted, What};
use crate::runtime::headless::Headless;

/// Prints the plan, or carries it out.
pub fn run(place: &Place, asked: &Rollback) -> Result<u8> {
    if !asked.plan && !asked.write {
        return Err(Error::new(Kind::Usage, "roll back")
            .on(asked.release.clone())
            .detail("nothing was sent: it says neither --plan nor --write")
            .hint("--plan prints the plan; --write with --yes or --confirm NAME carries it out"));
    }
    if asked.write && !asked.yes && asked.confirm.is_none() {
        return Err(Error::new(Kind::Usage, "roll back")
            .on(asked.release.clone())
            .detail("nothing was sent: --write is not confirmed")
            .hint("add --yes, or --confirm NAME in a protected context"));
    }
    let wait = Span::parse(&asked.timeout).ok_or_else(|| {
        Error::new(Kind::Usage, "roll back")
            .on(asked.timeout.clone())
            .detail("--timeout is a length, as in 5m")
    })?;
    let (mut headless, namespace, name) = release::locate(place, &asked.release)?;
    let wanted = Wanted::Rollback { namespace, release: name, to: asked.revision };
    let answer = headless.ask(Query::Plan(wanted.clone()), PATIENCE);
    let plan = match answer {
        Ok(Answer::Plan(plan)) => plan,
        Ok(_) => return Err(Error::new(Kind::Internal, "plan a rollback")),
        Err(error) => {
            headless.finish();
            return Err(error);
        }
    };
    if asked.plan {
        headless.finish();
        let code = u8::from(!plan.refusals.is_empty());
        return if asked.printed.output == Output::Json {
            print_json(&plan_json(Some(&plan)))
        } else {
            print(&text(&plan))
        }
        .map(|_| code);
    }
    let consent =
        asked.confirm.as_ref().map_or(Consent::Yes(How::Yes), |name| Consent::Name(name, How::Confirm));
    let now = crate::runtime::now();
    let outcome =
        headless.model.shared.gate.confirm(&plan, consent, asked.wait.then_some(wait), "command line", now);
    let confirmed = match outcome {
        Ok(confirmed) => confirmed,
        Err(why) => {
            headless.finish();
            return Err(Error::new(Kind::Refused, "roll back").on(asked.release.clone()).detail(why));
        }
    };
    let mut effects = Vec::new();
    let id = plan.id;
    headless.model.shared.journal(now, What::made(&plan), &mut effects);
    headless.model.shared.journal(
        now,
        What::Intent { plan: id, how: confirmed.how, reason: Safe::own("command line"), user: None },
        &mut effects,
    );
    let job = Job::begun(Arc::clone(&plan), wanted, now, crate::app::model::jobs::Check::default());
    headless.model.shared.jobs.0.insert(id, job);
    effects.push(Effect::Run(Box::new(confirmed)));
    if asked.wait {
        // What is waited for is told by the workloads and their pods.
        let pods = headless.model.watched.iter().filter(|(f, _)| matches!(f, Feed::Objects(_)));
        effects.extend(pods.map(|(feed, scope)| Effect::Watch(*feed, scope.clone())));
    }
    let told = signalled()?;
    headless.do_all(effects);
    let limit = Duration::from_mins(10) + if asked.wait { wait.to_std() } else { Duration::ZERO };
    let stopping = follow(&mut headless, id, limit, &told);
    let job = headless.model.shared.jobs.0.get(&id).cloned();
    let said = headless.finish();
    if job.as_ref().is_none_or(|j| j.ended.is_none()) {
        for line in &said {
            note(line.as_str());
        }
    }
    let told = job.as_ref().map_or_else(Safe::default, |j| j.told.clone());
    let ended = job.and_then(|j| j.ended);
    let ended = ended.map_or_else(
        || {
            let late = Error::new(Kind::OutcomeUnknown, "roll back").on(asked.release.clone());
            Outcome::Unknown(late.detail("it did not end in time"))
        },
        |(_, outcome)| outcome,
    );
    let error = match &ended {
        Outcome::Done => None,
        Outcome::Failed(error) | Outcome::Unknown(error) => Some(error.clone()),
    };
    if asked.printed.output == Output::Json {
        print_json(&outcome_json(
            &plan,
            &ended,
            asked.wait.then_some(ended == Outcome::Done && !stopping),
            error.as_ref(),
        ))?;
    } else if error.is_none() {
        print(&format!("{}: {told} (plan {id})\n", past(&plan)))?;
    }
    match (ended, error) {
        // A lost reply may come as any kind of error; what is not known is always told by its own code.
        (Outcome::Unknown(_), Some(error)) => {
            super::complain(&error);
            Ok(Kind::OutcomeUnknown.exit_code())
        }
        (_, Some(error)) => Err(error),
        (_, None) => Ok(0),
    }
}

/// Lets a plan run to its end, for a time at most. Returns whether it was told to stop.
///
/// Who is told to end stops before the next object and says so in the records: what is half done must not stay pending,
/// which nobody could change any more.
fn follow(headless: &mut Headless, id: PlanId, limit: Duration, told: &AtomicBool) -> bool {
    let end = Instant::now() + limit;
    let over = |m: &Model| m.shared.jobs.0.get(&id).is_some_and(|j| j.ended.is_some());
    let mut stopping = false;
    while !headless.run_until(LOOK, |m, _| over(m)) && Instant::now() < end {
        if told.load(Ordering::Relaxed) && !stopping {
            stopping = true;
            headless.do_all(vec![Effect::Stop(id)]);
            note("told to end: it stops before the next object …");
        }
    }
    stopping
}

/// How often it is looked whether the process is told to end.
const LOOK: Duration = Duration::from_millis(100);

/// Returns what becomes true when the process is told to end, which from now on does not end it.
fn signalled() -> Result<Arc<AtomicBool>> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    let told = Arc::new(AtomicBool::new(false));
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&told)).map_err(|e| {
            Error::new(Kind::Io, "roll back")
                .detail(format!("nothing was sent: signals can't be watched: {e}"))
        })?;
    }
    Ok(told)
}

fn outcome_json(
    plan: &Plan,
    outcome: &Outcome,
    ready: Option<bool>,
    error: Option<&Error>,
) -> serde_json::Value {
    let Some(rollback) = plan.rollback() else { return serde_json::Value::Null };
    json!({
        "schema": "deckwatch.rollback/1",
        "plan": plan.id, "namespace": plan.namespace, "release": rollback.release,
        "from": rollback.from.revision, "to": rollback.to.revision, "makes": rollback.makes,
        "outcome": outcome.word(), "ready": ready, "error": error.map(Error::line),
    })
}

/// Returns what was done, with both revisions.
fn past(plan: &Plan) -> String {
    let target = plan.target();
    plan.rollback().map_or_else(String::new, |r| {
        format!("{} {target} from {} to {}", plan.past(), r.from.revision, r.to.revision)
    })
}

fn text(plan: &Plan) -> String {
    let charts = plan.rollback().map(|r| format!("   ({} → {})", r.from.chart, r.to.chart));
    let mut out = format!("{}{}   plan {}\n", plan.title(), charts.unwrap_or_default(), plan.id);
    let mut line = |label: &str, text: &str| out.push_str(&format!("  {label:<10} {text}\n"));
    for refusal in &plan.refusals {
        line("refused", refusal);
    }
    for why in &plan.why {
        line("why", why.as_str());
    }
    line("owner", plan.owner.as_str());
    line("rights", plan.rights.as_str());
    line("changes", &format!("{}, {} pods restart", plan.summary(), plan.restarts()));
    for item in &plan.items {
        let fields: Vec<&str> = item.fields.iter().map(Safe::as_str).collect();
        line("", &format!("{} {}  {}", item.change.glyph(), item.object, fields.join(", ")));
    }
    for note in &plan.notes {
        line("note", note.as_str());
    }
    if let Some(rollback) = plan.rollback() {
        line("makes", &rollback.makes_words());
    }
    out
}
