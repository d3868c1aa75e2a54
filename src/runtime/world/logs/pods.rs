//! The kubelets' lines of the pods that are there.
//!
//! Bounded in containers and bytes; what was not read is counted, and read on later where that can be done.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, stream};

use super::Ask;
use crate::app::effect::LogPage;
use crate::core::{Error, Kind, Name, Result, Span, Ts, Window};
use crate::runtime::world::{KUBERNETES, World};
use crate::sources::kube::answer::Fail;
use crate::sources::kube::logs::{self as kubelet, Wanted};
use crate::store::batch::Cuts;
use crate::store::logs::{Entry, Place};

/// Containers whose kubelet logs are read for one question.
pub const CONTAINERS: usize = 40;
/// How many of them at once.
const AT_ONCE: usize = 6;
/// The last so many lines of a container that ended; an incident's are rarely more.
const PREVIOUS: usize = 5_000;
/// The most bytes of one container.
const KUBELET: usize = 4 << 20;

/// What the kubelet gave.
#[derive(Default)]
pub struct PodLogs {
    /// Whether any kubelet was asked.
    pub asked: bool,
    /// Containers that were read, those without any line too.
    pub answered: usize,
    window: Window,
    /// Up to when those were read that were not cut short.
    end: Ts,
    /// Whether some of it is to be read again: what failed had lines, or may have had.
    pub again: bool,
    /// The lines, oldest first.
    pub entries: Vec<Entry>,
    /// Why a container could not be read.
    pub error: Option<Error>,
    /// What was cut.
    pub cuts: Cuts,
    /// Containers that were cut short, each with its last line's time.
    short: Vec<(Wanted, Ts)>,
    /// Containers of which only the last lines were read.
    tailed: Vec<Place>,
    /// Pods, and whether any container of theirs could be read.
    pods: BTreeMap<Name, bool>,
}

/// Reads the kubelet's lines, unless the API server that they come through is down.
pub async fn read(world: &World, ask: &Ask, now: Ts) -> Result<PodLogs> {
    tokio::select! {
        read = read_kubelet(world, ask, now) => read,
        error = world.health.lost(KUBERNETES) => Err(error),
    }
}

/// Returns the part of time that the kubelet is asked for.
fn kubelet_window(ask: &Ask, now: Ts) -> Option<Window> {
    let window = match ask.page {
        LogPage::Around(at) => Window { start: ask.window.start.min(at), end: ask.window.end },
        // The clocks of nodes may be ahead.
        LogPage::Newest => Window { start: Ts(0), end: now + Span::secs(60) },
        // Older pages are Loki's: the kubelet's part of the window has been read whole.
        LogPage::Older(_) => return None,
        LogPage::Newer { window, kubelet } => {
            Window { start: kubelet, end: window.end.min(now + Span::secs(60)) }
        }
    };
    Some(window).filter(|w| w.start < w.end)
}

/// Reads the kubelet's lines of the pods that are there, for the part of time that is asked.
async fn read_kubelet(world: &World, ask: &Ask, now: Ts) -> Result<PodLogs> {
    let client = world.client()?;
    let Some(window) = kubelet_window(ask, now) else { return Ok(PodLogs::default()) };
    let tail = (ask.page == LogPage::Newest).then_some(if ask.previous { PREVIOUS } else { ask.limit });
    let Some(namespace) = Name::new(&ask.scope.target.namespace) else { return Ok(PodLogs::default()) };
    let containers: Vec<(&Name, &Name)> =
        ask.scope.pods.iter().flat_map(|p| p.containers.iter().map(|c| (&p.pod, c))).collect();
    let since = (window.start > Ts(0)).then_some(window.start);
    let reads: Vec<_> = containers
        .iter()
        .take(CONTAINERS)
        .map(|(pod, container)| {
            let whose = Wanted::all(namespace.clone(), (*pod).clone(), Some((*container).clone()));
            let wanted = Wanted { previous: ask.previous, since, tail, bytes: KUBELET, ..whose };
            async move { (kubelet::read(client, &wanted).await, wanted) }
        })
        .collect();
    let asked = !reads.is_empty();
    let mut out = PodLogs { asked, window, end: window.end.min(now), ..PodLogs::default() };
    out.cuts.unasked = containers.len() - reads.len();
    for (read, wanted) in stream::iter(reads).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await {
        out.take(read, wanted);
    }
    out.settle();
    Ok(out)
}

impl PodLogs {
    /// Takes the lines of one container.
    fn take(&mut self, read: Result<kubelet::Read, Fail>, wanted: Wanted) {
        let here = self.pods.entry(wanted.pod.clone()).or_default();
        match read {
            Ok(read) => {
                *here = true;
                self.answered += 1;
                self.cuts.clipped += read.cuts.clipped;
                self.cuts.clipped_bytes += read.cuts.clipped_bytes;
                self.cuts.bad_utf8 += read.cuts.bad_utf8;
                self.cuts.undated += read.undated;
                if wanted.tail.is_some_and(|tail| read.entries.len() >= tail) {
                    self.tailed.push(place(&wanted));
                }
                if read.more {
                    let last = read.entries.last().map_or(self.window.start, |e| e.ts);
                    self.short.push((wanted, last));
                }
                let window = self.window;
                self.entries.extend(read.entries.into_iter().filter(|e| window.contains(e.ts)));
            }
            // A container without an earlier run has no previous lines: that is no failure.
            Err(fail) if wanted.previous && fail.error.kind == Kind::BadQuery => *here = true,
            // The pod went meanwhile.
            Err(fail) if fail.error.kind == Kind::NotFound => {}
            Err(fail) => {
                // A container that has not begun has no lines that could be missed.
                let begun = fail.error.kind != Kind::BadQuery;
                *here |= !begun;
                self.again |= begun;
                self.error = Some(fail.error);
            }
        }
    }

    fn settle(&mut self) {
        self.entries.sort_by_key(|e| e.ts);
        self.cuts.capped = self.short.len();
    }

    /// Returns up to when all were read; what was cut short is read on from its last line. One that has more
    /// in a single second than is read at once does not hold the others up.
    pub fn end(&self) -> Ts {
        let last = self.short.iter().map(|(_, last)| *last).filter(|t| *t > self.window.start);
        last.fold(self.end, Ts::min)
    }

    /// Reads what was cut short once more, from Loki's newest line of it on: what is before is Loki's.
    pub async fn read_on(&mut self, world: &World, loki: &[Entry]) {
        let Ok(client) = world.client() else { return };
        let newest = newest(loki);
        let (on, short) =
            std::mem::take(&mut self.short).into_iter().partition::<Vec<_>, _>(|(wanted, last)| {
                of(&newest, &place(wanted)).is_some_and(|newest| newest > *last)
            });
        self.short = short;
        let reads: Vec<_> = on
            .into_iter()
            .map(|(wanted, _)| {
                let since = of(&newest, &place(&wanted));
                let wanted = Wanted { since, ..wanted };
                async move { (kubelet::read(client, &wanted).await, wanted) }
            })
            .collect();
        for (read, wanted) in stream::iter(reads).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await {
            self.take(read, wanted);
        }
        self.settle();
    }

    /// Counts the containers and pods whose lines are only here, and not whole or not at all. Where Loki has
    /// more than what was read, it may have those of the pods.
    pub fn only_here(&mut self, loki: &[Entry], has_more: bool) {
        let newest = newest(loki);
        self.cuts.tailed = self.tailed.iter().filter(|p| of(&newest, p).is_none()).count();
        if !has_more {
            let pods: BTreeSet<&str> = newest.keys().map(|p| p.pod.as_str()).collect();
            let lost = |(pod, here): &(&Name, &bool)| !**here && !pods.contains(pod.as_str());
            self.cuts.unreachable_pods = self.pods.iter().filter(lost).count();
        }
    }
}

fn place(wanted: &Wanted) -> Place {
    let container = wanted.container.as_ref().map(|c| c.as_str().to_owned());
    Place { pod: wanted.pod.as_str().to_owned(), container }
}

/// Returns Loki's newest line of each container; of each pod where it tells pods only.
fn newest(loki: &[Entry]) -> BTreeMap<Place, Ts> {
    // They come oldest first.
    loki.iter().filter_map(|e| Some((e.place()?, e.ts))).collect()
}

fn of(newest: &BTreeMap<Place, Ts>, place: &Place) -> Option<Ts> {
    let whole_pod = Place { container: None, ..place.clone() };
    newest.get(place).or_else(|| newest.get(&whole_pod)).copied()
}
