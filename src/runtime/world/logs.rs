//! Log lines from Loki and the kubelet, in one batch that says what each of them holds.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures::StreamExt as _;

use super::{KUBERNETES, Named, World};
use crate::app::effect::{LogPage, LogScope};
use crate::core::{Error, Kind, Name, Result, Safe, Span, Ts, Window};
use crate::query::logql::LogQuery;
use crate::query::profile::Mapping;
use crate::sources::kube::logs::{self as kubelet, Wanted};
use crate::sources::loki::Loki;
use crate::sources::loki::around::drive::{Read, drive, read_window};
use crate::sources::loki::around::{Machine, Plan, Reach, Side};
use crate::sources::loki::detect::detect;
use crate::store::batch::{Batch, Cuts, LogReach};
use crate::store::logs::{Entry, Place, join};

/// How far older and newer lines are looked for at once.
const STRIDE: Span = Span::hours(12);
/// The most bytes that Loki may be made to read for one widening.
const BUDGET: u64 = 20 << 30;
/// The most lines that are kept on each side.
const CAP: usize = 50_000;
/// Containers whose kubelet logs are read for one question.
const CONTAINERS: usize = 40;
/// How many of them at once.
const AT_ONCE: usize = 6;
/// The most bytes of one container.
const KUBELET: usize = 4 << 20;

/// Which labels each namespace's lines have, as found out.
#[derive(Default)]
pub struct Mappings(Mutex<HashMap<(u8, String), Mapping>>);

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
    older: Option<bool>,
    newer: Option<bool>,
    cuts: Cuts,
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
    let (loki, kubelet) = futures::future::join(loki, from_kubelet(world, &ask, now)).await;
    Ok(merge(loki, kubelet, &ask, now))
}

async fn mapping(world: &World, named: &Named<Loki>, ask: &Ask, now: Ts) -> Result<Mapping> {
    let key = (named.id.index, ask.scope.target.namespace.clone());
    let known = world.mappings.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    if let Some(mapping) = known {
        return Ok(mapping);
    }
    let window = Window {
        start: ask.window.start - Span::hours(1),
        end: ask.window.end.max(ask.window.start + Span::mins(1)).min(now),
    };
    let pod = ask.scope.pods.first().map(|p| p.pod.as_str());
    let found =
        detect(&named.source, &ask.scope.target.namespace, pod, window, world.cluster.0.raw()).await?;
    world.mappings.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, found.mapping.clone());
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
    let mut out = match ask.page {
        LogPage::Around(at) => around(loki, &query, at, ask, now).await?,
        LogPage::Newest => {
            let window = Window { start: now - STRIDE, end: now + Span::secs(1) };
            of_read(read_window(loki, &query, window, true, ask.limit).await?, window, true)
        }
        LogPage::Older(at) => {
            let window = Window { start: at - STRIDE, end: Ts(at.0 + 1) };
            of_read(read_window(loki, &query, window, true, ask.limit).await?, window, true)
        }
        LogPage::Newer(at) => {
            let window = Window { start: at, end: (at + STRIDE).min(now + Span::secs(1)).max(Ts(at.0 + 1)) };
            of_read(read_window(loki, &query, window, false, ask.limit).await?, window, false)
        }
    };
    out.query = Safe::of(&query.to_string());
    Ok(out)
}

fn of_read(read: Read, window: Window, backward: bool) -> FromLoki {
    let more = !read.rest.is_done();
    let (older, newer) = if backward { (Some(more), None) } else { (None, Some(more)) };
    let cuts = Cuts { clipped: read.cut, ..Cuts::default() };
    FromLoki { entries: read.entries, older, newer, cuts, window: Some(window), ..FromLoki::default() }
}

async fn around(loki: &Loki, query: &LogQuery, at: Ts, ask: &Ask, now: Ts) -> Result<FromLoki> {
    let plan = Plan { at, now, page: ask.limit, most: loki.most_entries(), budget: BUDGET, cap: CAP };
    let mut machine = Machine::new(plan);
    drive(loki, query, &mut machine).await;
    let failed = [Side::Before, Side::After].into_iter().find_map(|side| match machine.reach(side) {
        Reach::Failed(error) => Some(error),
        _ => None,
    });
    let entries: Vec<Entry> = machine.entries().cloned().collect();
    if let Some(error) = machine.tie_error().cloned().or(failed).filter(|_| entries.is_empty()) {
        return Err(error);
    }
    let more = |side| match machine.reach(side) {
        Reach::More | Reach::Budget(_) | Reach::Full => Some(true),
        Reach::NothingWithin(_) | Reach::Now => Some(false),
        Reach::Reading | Reach::Failed(_) => None,
    };
    let (clipped, _) = machine.counted();
    let window = Window { start: machine.read_until(Side::Before), end: machine.read_until(Side::After) };
    Ok(FromLoki {
        entries,
        older: more(Side::Before),
        newer: more(Side::After),
        cuts: Cuts { clipped, ..Cuts::default() },
        window: Some(window),
        ..FromLoki::default()
    })
}

/// What the kubelet gave.
#[derive(Default)]
struct PodLogs {
    asked: bool,
    entries: Vec<Entry>,
    error: Option<Error>,
    cuts: Cuts,
}

/// Reads the kubelet's lines, unless the API server that they come through is down.
async fn from_kubelet(world: &World, ask: &Ask, now: Ts) -> Result<PodLogs> {
    tokio::select! {
        read = read_kubelet(world, ask, now) => read,
        error = world.health.lost(KUBERNETES) => Err(error),
    }
}

/// Reads the kubelet's lines of the pods that are there, for the part of time that is asked.
async fn read_kubelet(world: &World, ask: &Ask, now: Ts) -> Result<PodLogs> {
    let client = world.client()?;
    let (window, tail) = match ask.page {
        LogPage::Around(at) => (Window { start: ask.window.start.min(at), end: ask.window.end }, None),
        LogPage::Newest => (Window { start: Ts(0), end: now + Span::secs(60) }, Some(ask.limit)),
        // Older pages are Loki's: the kubelet's part of the window has been read whole.
        LogPage::Older(_) => return Ok(PodLogs::default()),
        LogPage::Newer(at) => (Window { start: at, end: now + Span::secs(60) }, None),
    };
    let Some(namespace) = Name::new(&ask.scope.target.namespace) else { return Ok(PodLogs::default()) };
    let containers =
        ask.scope.pods.iter().flat_map(|p| p.containers.iter().map(|c| (p.pod.clone(), c.clone())));
    let reads = containers.take(CONTAINERS).map(|(pod, container)| {
        let since = (window.start > Ts(0)).then_some(window.start);
        let wanted = Wanted {
            previous: ask.previous,
            since,
            tail,
            bytes: KUBELET,
            ..Wanted::all(namespace.clone(), pod, Some(container))
        };
        async move { kubelet::read(client, &wanted).await }
    });
    let mut out = PodLogs { asked: true, ..PodLogs::default() };
    for read in
        futures::stream::iter(reads.collect::<Vec<_>>()).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await
    {
        match read {
            Ok(read) => {
                out.entries.extend(read.entries.into_iter().filter(|e| window.contains(e.ts)));
                out.cuts.clipped += read.cuts.clipped;
                out.cuts.clipped_bytes += read.cuts.clipped_bytes;
                out.cuts.bad_utf8 += read.cuts.bad_utf8;
            }
            // A container without an earlier run has no previous lines: that is no failure.
            Err(fail) if ask.previous && fail.error.kind == Kind::BadQuery => {}
            Err(fail) if fail.error.kind == Kind::NotFound => {}
            Err(fail) => out.error = Some(fail.error),
        }
    }
    out.entries.sort_by_key(|e| e.ts);
    Ok(out)
}

fn place(entry: &Entry) -> Option<Place> {
    let get = |keys: &[&str]| {
        keys.iter().find_map(|k| entry.labels.get(k).or_else(|| entry.metadata.get(k))).map(str::to_owned)
    };
    let pod = get(&["pod", "k8s_pod_name", "kubernetes_pod_name", "pod_name", "instance"])?;
    Some(Place {
        pod,
        container: get(&["container", "k8s_container_name", "kubernetes_container_name", "container_name"]),
    })
}

fn reach(entries: &[Entry], error: Option<Error>) -> LogReach {
    LogReach {
        lines: entries.len(),
        oldest: entries.first().map(|e| e.ts),
        newest: entries.last().map(|e| e.ts),
        asked: true,
        error,
    }
}

fn merge(loki: Option<Result<FromLoki>>, kubelet: Result<PodLogs>, ask: &Ask, now: Ts) -> Batch {
    let (loki, loki_reach) = match loki {
        None => (FromLoki::default(), LogReach::default()),
        Some(Ok(found)) => {
            let reach = reach(&found.entries, None);
            (found, reach)
        }
        Some(Err(error)) => (FromLoki::default(), reach(&[], Some(error))),
    };
    let (lines, kubelet_reach) = match kubelet {
        Ok(found) => {
            let reach = LogReach { asked: found.asked, ..reach(&found.entries, found.error.clone()) };
            (found, reach)
        }
        Err(error) => (PodLogs::default(), reach(&[], Some(error))),
    };
    let read_until = loki.window.filter(|_| loki.newer == Some(true)).map(|w| w.end);
    let joined = join(loki.entries, lines.entries, read_until, place);
    let mut cuts = loki.cuts;
    cuts.doubles += joined.duplicates + joined.covered;
    cuts.clipped += lines.cuts.clipped;
    cuts.clipped_bytes += lines.cuts.clipped_bytes;
    cuts.bad_utf8 += lines.cuts.bad_utf8;
    let window = loki.window.or(Some(Window { start: ask.window.start, end: ask.window.end.min(now) }));
    Batch {
        entries: joined.entries,
        query: loki.query,
        window,
        loki: loki_reach,
        kubelet: kubelet_reach,
        older: loki.older,
        newer: loki.newer,
        cuts,
    }
}
