//! Log lines from Loki and the kubelet, in one batch that says what each of them holds.

mod pods;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use self::pods::PodLogs;
use super::{Named, World};
use crate::app::effect::{LogPage, LogScope};
use crate::core::{Error, Kind, Result, Safe, Span, Ts, Untrusted, Window};
use crate::query::logql::LogQuery;
use crate::query::profile::Mapping;
use crate::sources::loki::Loki;
use crate::sources::loki::around::drive::{Read, drive, read_window};
use crate::sources::loki::around::{Machine, Plan, Reach, Side};
use crate::sources::loki::detect::{Confirmed, detect};
use crate::store::batch::{Batch, Cuts, Edge, LogReach};
use crate::store::logs::{Entry, join};

/// How far back the newest lines are looked for.
const STRIDE: Span = Span::hours(12);
/// The most bytes that Loki may be made to read for one widening.
const BUDGET: u64 = 20 << 30;
/// The most lines that are kept on each side.
const CAP: usize = 50_000;

/// How long labels are kept that merely look like it: lines of a new namespace soon show better ones, and
/// lines that are followed are not to ask for labels every time.
const GUESSED: Span = Span::secs(20);

/// Labels, and until when they hold where they were only guessed.
type Kept = (Mapping, Option<Ts>);

/// Which labels each namespace's lines have, as found out.
#[derive(Default)]
pub struct Mappings(Mutex<HashMap<(u8, String), Kept>>);

/// What is asked.
pub struct Ask {
    /// Whose lines.
    pub scope: LogScope,
    /// Which.
    pub page: LogPage,
    /// How far around.
    pub window: Window,
    /// How many.
    pub limit: usize,
    /// Whether the container before the last restart is meant.
    pub previous: bool,
}

/// What Loki gave.
#[derive(Default)]
struct FromLoki {
    entries: Vec<Entry>,
    query: Safe,
    older: Edge,
    newer: Edge,
    cuts: Cuts,
    warnings: Vec<Untrusted>,
    window: Option<Window>,
}

/// Reads lines.
pub async fn read(world: &World, ask: Ask) -> Result<Batch> {
    let sources = world.sources().await?;
    let now = (world.clock)();
    let loki = async {
        match sources.lokis.first() {
            Some(named) if !ask.previous => Some(from_loki(world, named, &ask, now).await),
            _ => None,
        }
    };
    let (loki, mut kubelet) = futures::future::join(loki, pods::read(world, &ask, now)).await;
    if let (Some(Ok(loki)), Ok(lines)) = (&loki, &mut kubelet) {
        lines.read_on(world, &loki.entries).await;
    }
    merge(loki, kubelet, &ask, now)
}

async fn mapping(world: &World, named: &Named<Loki>, ask: &Ask, now: Ts) -> Result<Mapping> {
    let key = (named.id.index, ask.scope.target.namespace.clone());
    let known = world.mappings.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    if let Some((mapping, _)) = known.filter(|(_, until)| until.is_none_or(|until| now < until)) {
        return Ok(mapping);
    }
    let window = Window {
        start: ask.window.start - Span::hours(1),
        end: ask.window.end.max(ask.window.start + Span::mins(1)).min(now),
    };
    let pod = ask.scope.pods.first().map(|p| p.pod.as_str());
    let found =
        detect(&named.source, &ask.scope.target.namespace, pod, window, world.cluster.0.raw()).await?;
    let until = (found.confirmed == Confirmed::No).then(|| now + GUESSED);
    let kept = (found.mapping.clone(), until);
    world.mappings.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, kept);
    Ok(found.mapping)
}

async fn from_loki(world: &World, named: &Named<Loki>, ask: &Ask, now: Ts) -> Result<FromLoki> {
    world.through(named.id, ask_loki(world, named, ask, now)).await
}

async fn ask_loki(world: &World, named: &Named<Loki>, ask: &Ask, now: Ts) -> Result<FromLoki> {
    let mapping = mapping(world, named, ask, now).await?;
    let query = mapping.query(ask.scope.scope, &ask.scope.target).ok_or_else(|| {
        Error::new(Kind::BadQuery, "read logs")
            .detail("the labels that this Loki has can't tell this scope: choose another with `s`")
    })?;
    let loki = &named.source;
    // A clock that is a little behind the agents' still sees their newest lines.
    let soon = now + Span::secs(1);
    let mut out = match ask.page {
        LogPage::Around(at) => around(loki, &query, at, ask, now).await?,
        LogPage::Newest => {
            let window = Window { start: now - STRIDE, end: soon };
            let read = of_read(read_window(loki, &query, window, true, ask.limit).await?, window, true, now);
            FromLoki { newer: Edge::Now(now), ..read }
        }
        LogPage::Older(window) => {
            of_read(read_window(loki, &query, window, true, ask.limit).await?, window, true, now)
        }
        LogPage::Newer { window: Window { start, end }, .. } => {
            let window = Window { start, end: end.min(soon).max(start) };
            of_read(read_window(loki, &query, window, false, ask.limit).await?, window, false, now)
        }
    };
    out.query = Safe::of(&query.to_string());
    Ok(out)
}

/// Says how far the newer side is read when a window is read to its end.
fn read_to(end: Ts, now: Ts) -> Edge {
    if end > now { Edge::Now(now) } else { Edge::Looked(end) }
}

fn of_read(read: Read, window: Window, backward: bool, now: Ts) -> FromLoki {
    let edge = match (read.rest.is_done(), backward) {
        (false, _) => Edge::More(read.rest.reached()),
        (true, true) => Edge::Looked(window.start),
        (true, false) => read_to(window.end, now),
    };
    let (older, newer) = if backward { (edge, Edge::Unknown) } else { (Edge::Unknown, edge) };
    let (overfull, stray) = (read.overfull.len(), read.stray);
    FromLoki {
        entries: read.entries,
        older,
        newer,
        cuts: Cuts { clipped: read.cut, overfull, stray, ..Cuts::default() },
        warnings: read.warnings,
        window: Some(window),
        ..FromLoki::default()
    }
}

async fn around(loki: &Loki, query: &LogQuery, at: Ts, ask: &Ask, now: Ts) -> Result<FromLoki> {
    let plan = Plan { at, now, page: ask.limit, most: loki.most_entries(), budget: BUDGET, cap: CAP };
    let mut machine = Machine::new(plan);
    drive(loki, query, &mut machine).await;
    let edge = |side| {
        let until = machine.read_until(side);
        match machine.reach(side) {
            Reach::More | Reach::Budget(_) | Reach::Full | Reach::Reading => Edge::More(until),
            Reach::NothingWithin(_) => Edge::Looked(until),
            Reach::Now => Edge::Now(now),
            Reach::Failed(error) => Edge::Failed(until, error),
        }
    };
    let (older, mut newer) = (edge(Side::Before), edge(Side::After));
    if let Some(error) = machine.tie_error() {
        // The moment's own lines are missing: the newer side begins with them.
        newer = Edge::Failed(at, error.clone());
    }
    let entries: Vec<Entry> = machine.entries().cloned().collect();
    if let Some(error) = newer.error().or(older.error()).filter(|_| entries.is_empty()) {
        return Err(error.clone());
    }
    let (clipped, stray) = machine.counted();
    let window = Window { start: machine.read_until(Side::Before), end: machine.read_until(Side::After) };
    let cuts = Cuts { clipped, stray, overfull: machine.overfull().len(), ..Cuts::default() };
    let warnings = machine.warnings().to_vec();
    Ok(FromLoki { entries, older, newer, cuts, warnings, window: Some(window), ..FromLoki::default() })
}

fn reach(entries: &[Entry], error: Option<Error>) -> LogReach {
    LogReach {
        lines: entries.len(),
        oldest: entries.first().map(|e| e.ts),
        newest: entries.last().map(|e| e.ts),
        asked: true,
        error,
        ..LogReach::default()
    }
}

/// Says how far the sides are read where Loki tells nothing: there is none, or it failed.
fn edges(ask: &Ask, loki: Option<&Error>, now: Ts) -> (Edge, Edge) {
    match (ask.page, loki) {
        // Nothing of it is read on either side.
        (LogPage::Around(at), Some(e)) => (Edge::Failed(at, e.clone()), Edge::Failed(at, e.clone())),
        (LogPage::Newest, Some(e)) => (Edge::Failed(now, e.clone()), Edge::Failed(now, e.clone())),
        (LogPage::Older(window), Some(e)) => (Edge::Failed(window.end, e.clone()), Edge::Unknown),
        (LogPage::Newer { window, .. }, Some(e)) => (Edge::Unknown, Edge::Failed(window.start, e.clone())),
        // The kubelet gives all that it has of a window.
        (LogPage::Around(at), None) => (Edge::Looked(ask.window.start.min(at)), read_to(ask.window.end, now)),
        (LogPage::Newest, None) => (Edge::Unknown, Edge::Now(now)),
        (LogPage::Older(_), None) => (Edge::Unknown, Edge::Unknown),
        (LogPage::Newer { window, .. }, None) => (Edge::Unknown, read_to(window.end, now)),
    }
}

/// Returns why nothing can be said: no source that was asked gave an answer. One that was refused is named
/// with what is missing and on what, and so is the other.
fn refused(loki: Option<&Error>, kubelet: Option<&Error>, ask: &Ask) -> Option<Error> {
    let (loki, kubelet) = match (loki, kubelet) {
        (None, None) => return None,
        (Some(one), None) | (None, Some(one)) => return Some(one.clone()),
        (Some(loki), Some(kubelet)) => (loki, kubelet),
    };
    let denied = |e: &Error| matches!(e.kind, Kind::Denied | Kind::Auth);
    let kind = match (denied(loki), denied(kubelet)) {
        (true, true) => Kind::Denied,
        (false, _) => loki.kind,
        (true, false) => kubelet.kind,
    };
    let short = |e: &Error| Untrusted::from(e.line()).clipped(220);
    let hints: Vec<&str> = [kubelet, loki].into_iter().filter_map(|e| e.hint.as_deref()).collect();
    let error = Error::new(kind, "read logs").on(ask.scope.target.namespace.as_str()).detail(format!(
        "kubelet: {}; Loki: {}",
        short(kubelet),
        short(loki)
    ));
    Some(if hints.is_empty() { error } else { error.hint(hints.join("; ")) })
}

fn merge(loki: Option<Result<FromLoki>>, kubelet: Result<PodLogs>, ask: &Ask, now: Ts) -> Result<Batch> {
    let silent = |error: Option<&Error>| {
        let (older, newer) = edges(ask, error, now);
        FromLoki { older, newer, ..FromLoki::default() }
    };
    let alone = loki.is_none();
    let (mut loki, mut loki_reach) = match loki {
        None => (silent(None), LogReach::default()),
        Some(Ok(found)) => {
            let failed = found.newer.error().or(found.older.error()).cloned();
            let reach = reach(&found.entries, failed);
            (found, reach)
        }
        Some(Err(error)) => (silent(Some(&error)), reach(&[], Some(error))),
    };
    loki_reach.warnings = std::mem::take(&mut loki.warnings);
    let (mut lines, mut kubelet_reach) = match kubelet {
        Ok(found) => {
            let reach = LogReach { asked: found.asked, ..reach(&found.entries, found.error.clone()) };
            (found, reach)
        }
        Err(error) => (PodLogs::default(), reach(&[], Some(error))),
    };
    // Where Loki has more, it may have the lines of the pods that are gone too.
    let has_more = loki_reach.asked && loki_reach.error.is_none() && matches!(loki.older, Edge::More(_));
    lines.only_here(&loki.entries, has_more);
    let read_to = lines.end();
    if alone && lines.cuts.capped > 0 && read_to < now {
        loki.newer = Edge::More(read_to);
    }
    // Beyond what is read of Loki the kubelet's lines wait, for Loki may have them too.
    let read_until = match loki.newer {
        Edge::More(at) => Some(at),
        _ => None,
    };
    if lines.asked && !lines.again {
        kubelet_reach.until = Some(read_until.map_or(read_to, |at| at.min(read_to)));
    }
    let joined = join(loki.entries, lines.entries, read_until, Entry::place);
    let mut cuts = loki.cuts;
    cuts.count(lines.cuts);
    cuts.doubles += joined.duplicates + joined.covered;
    (cuts.held, cuts.capped) = (joined.held, lines.cuts.capped);
    let begins = matches!(ask.page, LogPage::Around(_) | LogPage::Newest);
    let answered = lines.answered > 0 || (loki_reach.asked && loki_reach.error.is_none());
    if begins && !answered && joined.entries.is_empty() {
        let error = refused(loki_reach.error.as_ref(), kubelet_reach.error.as_ref(), ask);
        error.map_or(Ok(()), Err)?;
    }
    let window = loki.window.or(Some(Window { start: ask.window.start, end: ask.window.end.min(now) }));
    Ok(Batch {
        entries: joined.entries,
        query: loki.query,
        window,
        loki: loki_reach,
        kubelet: kubelet_reach,
        older: loki.older,
        newer: loki.newer,
        cuts,
    })
}

#[cfg(test)]
mod tests;
