//! Plans that were confirmed and whose end nobody has seen: found in the journals of earlier processes.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::journal::files::{self, Set};
use super::super::journal::read::{self, Entry, is_live};
use super::child::plan_file;
use crate::core::{Error, Kind, Name, Result, Safe, Span, Ts};
use crate::ops::{Ended, Plan, PlanId, Record, What, WriteState};
use crate::sources::kube::Client;

/// How many journals are looked through, the newest ones: every command that reads keeps a small one.
const JOURNALS: usize = 5_000;
/// How long a process that is to carry a plan out may take to say so: before that nothing is said of the plan.
const BEGINNING: Span = Span::secs(60);
/// How long ago a plan may have been confirmed.
const REACH: Span = Span::hours(24 * 14);
/// The most bytes of a plan's file.
const PLAN: u64 = 64 << 20;

/// A plan without an end.
#[derive(Clone, Debug)]
pub struct Unfinished {
    /// Which.
    pub plan: PlanId,
    /// When it was confirmed.
    pub confirmed: Ts,
    /// What it was to do, in words.
    pub aim: Safe,
    /// The context that it was for.
    pub context: Safe,
    /// The API server, as the process says that carries it out.
    pub server: Option<Safe>,
    /// The journal of the process that carries it out, where one has begun.
    pub runner: Option<Runner>,
    /// Its writes: what, when, and how far the last word on it is.
    pub writes: Vec<(Safe, Ts, WriteState)>,
    /// The plan as it was shown, where it was kept.
    pub shown: Option<Box<Plan>>,
    /// How it ended, as the process says that carried it out: nobody looked on.
    pub ended: Option<(Ended, Safe, Option<Safe>)>,
}

/// A process that carries a plan out, or did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runner {
    /// The name of its journal.
    pub journal: String,
    /// Its process id.
    pub pid: u32,
    /// Whether it is still there.
    pub live: bool,
}

#[derive(Default)]
struct Told {
    confirmed: Option<Ts>,
    aim: Safe,
    context: Safe,
    runner: Option<Runner>,
    writes: Vec<(Safe, Ts, WriteState)>,
    server: Option<Safe>,
    ended: Option<(Ts, Ended, Safe, Option<Safe>)>,
    /// Somebody has seen its end.
    seen: bool,
    /// When its end was looked up last.
    found: Option<Ts>,
    /// A process that is still there is about it, and is no runner.
    held: bool,
}

/// Returns the plans of other processes that were confirmed and whose end nobody has seen, oldest first. `own` is this process's
/// journal.
///
/// # Errors
/// `Io`, when the folder can't be read. Journals that can't be read are passed over.
pub fn find(state: &Path, own: &str, now: Ts) -> Result<Vec<Unfinished>> {
    let sets = files::sets(state).map_err(|e| {
        Error::new(Kind::Io, "look for unfinished plans")
            .on(state.display().to_string())
            .detail(e.to_string())
    })?;
    let mut plans: BTreeMap<PlanId, Told> = BTreeMap::new();
    for set in sets.iter().rev().take(JOURNALS).filter(|set| set.id != own) {
        gather(set, &mut plans);
    }
    let open = plans.into_iter().filter(|(_, told)| told.is_open());
    let found = open.filter_map(|(plan, told)| told.of(plan, state));
    let due = |plan: &Unfinished| {
        let age = now - plan.confirmed;
        age < REACH && (plan.runner.is_some() || age > BEGINNING)
    };
    Ok(found.filter(due).collect())
}

/// Returns whether a rollback to a revision that makes another was begun by a process of ours that is gone: that took the
/// lock, which is the record that it made, so nobody else can be at work on it. Looks through the journals of the newest
/// runners on this host.
pub fn abandoned(
    state: &Path,
    client: &Client,
    namespace: &Name,
    release: &Name,
    (to, makes): (u32, u32),
) -> bool {
    let Ok(sets) = files::sets(state) else { return false };
    let at = Safe::of(client.server().raw());
    sets.iter().rev().take(JOURNALS).any(|set| {
        let Some(plan) = shown(state, &set.id) else { return false };
        let rollback = plan.rollback();
        let same = rollback.is_some_and(|r| r.release == *release && r.makes == makes && r.to.revision == to);
        let here = || server(set).is_some_and(|s| s.as_str().trim_end_matches('/') == at.as_str());
        same && plan.namespace == *namespace && !is_live(&set.first()) && here() && took_lock(set)
    })
}

/// Returns whether the server has agreed to the record that a runner made first.
fn took_lock(set: &Set) -> bool {
    let mut took = false;
    let read = read::each(set, |line, _| {
        if let Some(Entry::Known(Record { what: What::Write { text, state, .. }, .. })) = Entry::of(line) {
            let makes =
                ["POST Secret ", "POST ConfigMap "].iter().any(|start| text.as_str().starts_with(start));
            took |= makes && state == WriteState::Done;
        }
        !took
    });
    drop(read);
    took
}

/// Returns the API server that a runner talked to.
fn server(set: &Set) -> Option<Safe> {
    let mut found = None;
    let read = read::each(set, |line, _| {
        if let Some(Entry::Known(Record { what: What::Opened { server, .. }, .. })) = Entry::of(line) {
            found = server;
        }
        // It is the first entry.
        false
    });
    drop(read);
    found
}

/// Returns what the journal of a process tells of the plan that it carried out.
pub fn of(state: &Path, journal: &str, plan: PlanId) -> Option<Unfinished> {
    let set = files::set_of(&state.join("journal").join(files::name(journal, 0))).ok()?;
    let mut plans = BTreeMap::new();
    gather(&set, &mut plans);
    plans.remove(&plan)?.of(plan, state)
}

impl Told {
    /// Whether nobody knows its end; a process that ended after it had been given up tells more than what was looked up.
    fn is_open(&self) -> bool {
        let newer = self.ended.as_ref().zip(self.found).is_some_and(|((ended, ..), found)| *ended > found);
        !self.seen && !self.held && (self.found.is_none() || newer)
    }

    fn of(self, plan: PlanId, state: &Path) -> Option<Unfinished> {
        let shown = self.runner.as_ref().and_then(|r| shown(state, &r.journal));
        let Self { confirmed, aim, context, server, runner, writes, ended, .. } = self;
        let ended = ended.map(|(_, ended, text, hint)| (ended, text, hint));
        Some(Unfinished { plan, confirmed: confirmed?, aim, context, server, runner, writes, shown, ended })
    }
}

fn gather(set: &Set, plans: &mut BTreeMap<PlanId, Told>) {
    let live = is_live(&set.first());
    let (mut context, mut server) = (Safe::default(), None);
    // Whether it is the journal of a process that carries a plan out.
    let mut runs = false;
    let read = read::each(set, |line, _| {
        let Some(Entry::Known(Record { at, what })) = Entry::of(line) else { return true };
        if let What::Opened { context: on, server: at, .. } = &what {
            (context, server) = (on.clone(), at.clone());
        }
        let Some(plan) = what.plan() else { return true };
        let told = plans.entry(plan).or_default();
        match &what {
            What::Plan { .. } => told.aim = Safe::of(&what.aim()),
            What::Intent { .. } => {
                told.confirmed = told.confirmed.or(Some(at));
                told.context = context.clone();
                told.held |= live;
            }
            What::Runner { pid, .. } => {
                runs = true;
                told.server.clone_from(&server);
                told.runner = Some(Runner { journal: set.id.clone(), pid: *pid, live });
            }
            What::Write { text, state, .. } => match told.writes.iter_mut().find(|(t, ..)| t == text) {
                Some(known) => known.2 = *state,
                None => told.writes.push((text.clone(), at, *state)),
            },
            What::Outcome { outcome, text, hint, .. } if runs => {
                told.ended = Some((at, *outcome, text.clone(), hint.clone()));
            }
            What::Outcome { .. } => told.seen = true,
            What::Found { .. } => told.found = told.found.max(Some(at)),
            _ => {}
        }
        true
    });
    // What can't be read can't be told of: `deckwatch journal verify` names it.
    drop(read);
    // A runner that is there is followed: it is not what holds its plan.
    for told in plans.values_mut().filter(|t| t.runner.as_ref().is_some_and(|r| r.journal == set.id)) {
        told.held = false;
    }
}

fn shown(state: &Path, journal: &str) -> Option<Box<Plan>> {
    let path = plan_file(state, journal);
    let reader = files::open(&path).ok()?;
    if reader.get_ref().metadata().ok()?.len() > PLAN {
        return None;
    }
    serde_json::from_reader(reader).ok()
}
