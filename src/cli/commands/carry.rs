//! Plans of every kind on the command line: printed, or confirmed and carried out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{PATIENCE, complain, note, print, print_json, signals};
use crate::app::Effect;
use crate::app::Model;
use crate::app::effect::{Feed, Query};
use crate::app::model::{Job, jobs::Check};
use crate::app::msg::Answer;
use crate::app::views::plan::plan_json;
use crate::cli::args::{Output, Sent};
use crate::core::{Error, Kind, Result, Safe, Span, Zone};
use crate::ops::gate::{Confirmation, Consent};
use crate::ops::{How, Outcome, Plan, PlanId, Wanted, What};
use crate::runtime::headless::Headless;

/// How long a plan may take, beside what it waits for.
const LONGEST: Duration = Duration::from_mins(10);

/// How a plan went.
pub struct Ran {
    /// How it ended.
    pub outcome: Outcome,
    /// What is said of its end.
    pub told: Safe,
    /// Its steps: text, and whether it is finished.
    pub steps: Vec<(Safe, bool)>,
    /// Whether it was told to stop.
    pub stopped: bool,
}

impl Ran {
    /// Returns the error, where it is none of success.
    pub fn error(&self) -> Option<&Error> {
        match &self.outcome {
            Outcome::Done => None,
            Outcome::Failed(error) | Outcome::Unknown(error) => Some(error),
        }
    }

    /// Returns the exit code.
    ///
    /// # Errors
    /// Why it failed.
    pub fn code(self) -> Result<u8> {
        match self.outcome {
            Outcome::Done => Ok(0),
            Outcome::Failed(error) => Err(error),
            // A lost reply may come as any kind of error; what is not known is always told by its own code.
            Outcome::Unknown(error) => {
                complain(&error);
                Ok(Kind::OutcomeUnknown.exit_code())
            }
        }
    }
}

/// Refuses a command that says neither that it only plans nor that it writes, or is not confirmed.
///
/// # Errors
/// `Usage`: nothing was sent.
pub fn said(sent: &Sent, what: &'static str, on: &str) -> Result<()> {
    let wrong = |detail: &str, hint: &str| {
        Err(Error::new(Kind::Usage, what).on(on).detail(format!("nothing was sent: {detail}")).hint(hint))
    };
    if !sent.plan && !sent.write {
        return wrong(
            "it says neither --plan nor --write",
            "--plan prints the plan; --write with --yes or --confirm NAME carries it out",
        );
    }
    if sent.write && !sent.yes && sent.confirm.is_none() {
        return wrong("--write is not confirmed", "add --yes, or --confirm NAME in a protected context");
    }
    Ok(())
}

/// Makes a plan.
///
/// # Errors
/// Why there is none.
pub fn plan(headless: &mut Headless, wanted: &Wanted) -> Result<Arc<Plan>> {
    match headless.ask(Query::Plan(wanted.clone()), PATIENCE)? {
        Answer::Plan(plan) => Ok(plan),
        _ => Err(Error::new(Kind::Internal, "make a plan")),
    }
}

/// Prints a plan. Returns 1 where it is refused, and 4 where rights are missing.
///
/// # Errors
/// Those of printing.
pub fn show(plan: &Plan, output: Output) -> Result<u8> {
    match output {
        Output::Json => print_json(&plan_json(Some(plan)))?,
        Output::Text => print(&text(plan))?,
    };
    Ok(match (plan.is_denied(), plan.refusals.is_empty()) {
        (true, _) => Kind::Denied.exit_code(),
        (false, is_free) => u8::from(!is_free),
    })
}

/// Confirms a plan and carries it out; `wait` is how long it may wait until everything is ready. Ends the headless
/// cockpit.
///
/// # Errors
/// `Refused` by the gate: nothing was sent.
pub fn carry_out(
    mut headless: Headless,
    plan: &Arc<Plan>,
    wanted: Wanted,
    sent: &Sent,
    wait: Option<Span>,
) -> Result<Ran> {
    let consent =
        sent.confirm.as_ref().map_or(Consent::Yes(How::Yes), |name| Consent::Name(name, How::Confirm));
    let now = crate::runtime::now();
    let reason = sent.reason.as_deref().unwrap_or("command line");
    let asked = Confirmation { consent, wait, reason, overrides: sent.override_freeze };
    let confirmed = match headless.model.shared.gate.confirm(plan, asked, now) {
        Ok(confirmed) => confirmed,
        Err(why) => {
            headless.finish();
            let kind = if plan.is_denied() { Kind::Denied } else { Kind::Refused };
            return Err(Error::new(kind, "carry out the plan").on(plan.target()).detail(why));
        }
    };
    let told = signals::told()?;
    let mut effects = Vec::new();
    let id = plan.id;
    let intent = confirmed.intent();
    headless.model.shared.journal(now, What::made(plan), &mut effects);
    headless.model.shared.journal(now, intent, &mut effects);
    let job = Job::begun(Arc::clone(plan), wanted, now, Check::default());
    headless.model.shared.jobs.0.insert(id, job);
    effects.push(Effect::Run(Box::new(confirmed)));
    if wait.is_some() {
        // What is waited for is told by the workloads and their pods.
        let pods = headless.model.watched.iter().filter(|(f, _)| matches!(f, Feed::Objects(_)));
        effects.extend(pods.map(|(feed, scope)| Effect::Watch(*feed, scope.clone())));
    }
    headless.do_all(effects);
    let limit = LONGEST + plan.lasts().to_std() + wait.map_or(Duration::ZERO, Span::to_std);
    let stopped = follow(&mut headless, id, limit, &told);
    let job = headless.model.shared.jobs.0.get(&id).cloned();
    let left = headless.finish();
    if job.as_ref().is_none_or(|j| j.ended.is_none()) {
        for line in &left {
            note(line.as_str());
        }
    }
    let late = || {
        let error = Error::new(Kind::OutcomeUnknown, "carry out the plan").on(plan.target());
        Outcome::Unknown(error.detail("it did not end in time"))
    };
    let (told, steps, ended) = job.map(|j| (j.told, j.steps, j.ended)).unwrap_or_default();
    let outcome = ended.map_or_else(late, |(_, outcome)| outcome);
    Ok(Ran { outcome, told, steps, stopped })
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
    for (label, text) in plan.silences().map(|s| s.lines(plan.made_at, Zone::Utc)).unwrap_or_default() {
        line(label, &text);
    }
    // Of a refused plan there may be none.
    if !plan.items.is_empty() {
        line("changes", &format!("{}, {} pods restart", plan.summary(), plan.restarts()));
    }
    for item in &plan.items {
        let fields: Vec<&str> = item.fields.iter().map(Safe::as_str).collect();
        line("", &format!("{} {}  {}", item.change.glyph(), item.object, fields.join(", ")));
    }
    for hook in plan.rollback().map(|r| r.hooks.as_slice()).unwrap_or_default() {
        line("hook", hook.as_str());
    }
    for loss in plan.rollback().map(|r| r.losses.as_slice()).unwrap_or_default() {
        line("loses", &format!("{} {}", loss.object, loss.what));
    }
    for note in &plan.notes {
        line("note", note.as_str());
    }
    if let Some(rollback) = plan.rollback() {
        line("makes", &rollback.makes_words());
    }
    out
}
