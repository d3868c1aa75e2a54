//! The simulated cluster: its objects, its controllers, its kubelets.
//!
//! Owns: the store, the API server's rules for writes, and controllers that are stepped by a clock
//! from outside, seeded and without threads of their own. Never opens a socket and never reads the
//! observability side; it publishes the lives of its pods. Tested on a fake clock.

pub mod api;
pub mod clock;
mod controllers;
pub mod defaults;
mod events;
pub mod fields;
pub mod json;
pub mod kinds;
mod kubelet;
mod lives;
pub mod seed;
pub mod selector;
pub mod status;
pub mod store;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::{Notify, watch};

use self::clock::{Clock, Rng, SECOND};
use self::kinds::K;
use self::store::Store;
use crate::life::{Lives, Nanos};

/// Changes that watches can go back over.
const HISTORY: usize = 8192;

/// Everything that the cluster is at one instant.
#[derive(Clone, Debug)]
pub struct World {
    /// The objects.
    pub store: Store,
    rng: Rng,
    speed: f64,
    recorder: events::Recorder,
    kubelet: kubelet::Kubelet,
    orphans: BTreeSet<String>,
    next_service_ip: u32,
    settled: u64,
    passed: u64,
    heartbeat: Nanos,
}

impl World {
    /// Returns an empty cluster.
    pub fn new(seed: u64, speed: f64) -> Self {
        Self {
            store: Store::new(HISTORY),
            rng: Rng::new(seed),
            speed: if speed.is_finite() && speed > 0.0 { speed } else { 1.0 },
            recorder: events::Recorder::default(),
            kubelet: kubelet::Kubelet::default(),
            orphans: BTreeSet::new(),
            next_service_ip: 0,
            settled: 0,
            passed: 0,
            heartbeat: 0,
        }
    }

    /// Returns how long a process of `span` nanoseconds takes at this stand's speed.
    fn scaled(&self, span: Nanos) -> Nanos {
        (span as f64 / self.speed) as Nanos
    }

    /// Sets the speed of what happens from now on.
    pub const fn set_speed(&mut self, speed: f64) {
        self.speed = speed;
    }

    /// Lets controllers and kubelets do all that is due at `now`.
    pub fn step(&mut self, now: Nanos) {
        for _ in 0..64 {
            let before = self.store.version();
            let dirty = self.dirty();
            if !dirty.is_clean() {
                controllers::run(self, &dirty, now);
            }
            kubelet::run(self, &dirty, now);
            if self.store.version() == before {
                self.settled = before;
                break;
            }
        }
        controllers::timed(self, now);
        events::expire(self, now);
        lives::forget(self, now);
    }

    /// Returns what has changed since this was asked last; events and heartbeats do not count.
    fn dirty(&mut self) -> Dirty {
        let mut dirty = Dirty::default();
        let (changes, forgotten) = self.store.changes(self.passed);
        dirty.everything = forgotten;
        for change in changes.filter(|c| c.kind != K::Event) {
            dirty.deletions |= change.verb == store::Verb::Deleted;
            // A node's heartbeat is nobody's business, a new node is everybody's.
            dirty.everything |= change.kind == K::Node && change.verb != store::Verb::Modified;
            if let (K::Pod | K::Service, Some((namespace, _))) = (change.kind, change.key.split_once('/')) {
                dirty.namespaces.insert(namespace.to_owned());
            }
            let owner = json::controller(&change.object).map(|o| json::text(o, &["uid"]));
            dirty
                .touched
                .extend([Some(json::uid(&change.object)), owner].into_iter().flatten().map(str::to_owned));
        }
        if dirty.everything {
            dirty.deletions = true;
            dirty.namespaces.extend(self.store.all(K::Namespace).map(|n| json::name(n).to_owned()));
        }
        self.passed = self.store.version();
        dirty
    }

    /// Returns the next instant at which something happens by itself.
    pub fn next_due(&self) -> Option<Nanos> {
        if self.settled == self.store.version() { self.kubelet.next_due() } else { Some(0) }
    }

    /// Steps through every instant up to `end` at which something happens, moving `now` along.
    pub fn run(&mut self, mut now: Nanos, end: Nanos) {
        self.step(now);
        while let Some(due) = self.next_due().filter(|due| *due <= end) {
            now = due.max(now);
            self.step(now);
        }
        self.step(end);
    }

    /// Returns the lives of all pods that are remembered.
    pub fn lives(&self) -> Lives {
        lives::of(self)
    }
}

/// Where controllers have to look.
#[derive(Debug, Default)]
struct Dirty {
    /// Whether what has changed is not known.
    everything: bool,
    /// Whether something is gone.
    deletions: bool,
    /// The uids of what has changed and of its controllers.
    touched: BTreeSet<String>,
    /// Namespaces whose pods or Services have changed.
    namespaces: BTreeSet<String>,
}

impl Dirty {
    fn is_clean(&self) -> bool {
        !self.everything && self.touched.is_empty()
    }

    /// Returns the objects of a kind that have changed or whose dependents have.
    fn owners(&self, world: &World, kind: K) -> Vec<Arc<Value>> {
        let all = world.store.all(kind).filter(|o| self.everything || self.touched.contains(json::uid(o)));
        all.cloned().collect()
    }

    /// Returns the objects of a kind in namespaces whose pods or Services have changed.
    fn neighbours(&self, world: &World, kind: K) -> Vec<Arc<Value>> {
        let within = |ns: &String| world.store.within(kind, ns).cloned().collect::<Vec<_>>();
        self.namespaces.iter().flat_map(within).collect()
    }
}

struct Inner {
    world: Mutex<World>,
    clock: Arc<dyn Clock>,
    versions: watch::Sender<u64>,
    lives: watch::Sender<Arc<Lives>>,
    wake: Notify,
}

/// A handle on the cluster that servers and tests share.
#[derive(Clone)]
pub struct Cluster(Arc<Inner>);

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("version", &*self.0.versions.borrow()).finish_non_exhaustive()
    }
}

impl Cluster {
    /// Returns a handle on a world that lives by `clock`.
    pub fn new(world: World, clock: Arc<dyn Clock>) -> Self {
        let (versions, _) = watch::channel(world.store.version());
        let (lives, _) = watch::channel(Arc::new(world.lives()));
        Self(Arc::new(Inner { world: Mutex::new(world), clock, versions, lives, wake: Notify::new() }))
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.0.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the time now.
    pub fn now(&self) -> Nanos {
        self.0.clock.now()
    }

    /// Reads or writes the world at this instant; what it changed is seen by watches at once.
    pub fn with<T>(&self, f: impl FnOnce(&mut World, Nanos) -> T) -> T {
        let now = self.now();
        let (answer, version) = {
            let mut world = self.lock();
            let answer = f(&mut world, now);
            (answer, world.store.version())
        };
        let changed = self.0.versions.send_if_modified(|v| std::mem::replace(v, version) != version);
        if changed {
            self.0.wake.notify_one();
        }
        answer
    }

    /// Lets everything happen that is due now.
    pub fn step(&self) {
        let lives = self.with(|world, now| {
            world.step(now);
            world.lives()
        });
        self.0.lives.send_if_modified(|old| {
            let changed = **old != lives;
            if changed {
                *old = Arc::new(lives);
            }
            changed
        });
    }

    /// Returns a receiver of the newest version, for watches.
    pub fn versions(&self) -> watch::Receiver<u64> {
        self.0.versions.subscribe()
    }

    /// Returns a receiver of the pods' lives.
    pub fn lives(&self) -> watch::Receiver<Arc<Lives>> {
        self.0.lives.subscribe()
    }

    /// Steps the cluster by its clock for as long as it is polled.
    pub async fn drive(self) {
        loop {
            self.step();
            let due = self.lock().next_due();
            let wait = due.map_or(SECOND, |due| (due - self.now()).clamp(10_000_000, SECOND));
            let wait = std::time::Duration::from_nanos(u64::try_from(wait).unwrap_or(0));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.0.wake.notified() => {
                    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                }
            }
        }
    }
}
