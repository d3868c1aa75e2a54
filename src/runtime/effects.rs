//! Carries out effects: questions, lists and watches, the journal, confirmed plans.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::runtime::{Handle, Runtime};
use tokio::task::{AbortHandle, JoinHandle};
use tokio_util::sync::CancellationToken;

use super::inbox::Inbox;
use super::log::{self, Log};
use super::memory::Memory;
use super::runners::Handle as RunnerHandle;
use super::world::{World, answer, fault, feeds, releases};
use crate::act::journal::Journal;
use crate::act::{self, Prepared};
use crate::app::effect::{Feed, Query, QueryId, Scope, Slot};
use crate::app::msg::Answer;
use crate::app::{Effect, Msg};
use crate::core::hold::Holds;
use crate::core::{Error, Kind, ObjectRef, Safe, Untrusted};
use crate::ops::{Confirmed, JobMsg, Outcome, Plan, PlanId, Record, What};
use crate::sources::auth::WallClock;

/// Carries out effects on a runtime of its own; nothing here makes the loop wait.
pub struct Executor {
    handle: Handle,
    runtime: Option<Runtime>,
    pub(super) world: Arc<World>,
    pub(super) inbox: Inbox,
    pub(super) journal: Journal,
    memory: Memory,
    questions: HashMap<Slot, AbortHandle>,
    feeds: HashMap<(Feed, Scope), AbortHandle>,
    plans: HashMap<PlanId, Running>,
    /// How plans of earlier processes are reached that are still being carried out.
    pub(super) followed: Followed,
    /// Plans that this process carries out itself: what stops them, and the work.
    own: HashMap<PlanId, (CancellationToken, JoinHandle<()>)>,
    /// Written to the end when this is gone.
    log: Option<Log>,
}

/// Handles of plans that earlier processes began.
pub(super) type Followed = Arc<std::sync::Mutex<HashMap<PlanId, RunnerHandle>>>;

/// A plan that a process of its own carries out.
struct Running {
    /// What is done, in words.
    deed: String,
    handle: RunnerHandle,
    /// Follows the process.
    task: JoinHandle<()>,
}

impl Executor {
    /// Returns an executor that ends its runtime when it ends.
    pub fn new(runtime: Runtime, world: Arc<World>, inbox: Inbox, journal: Journal) -> Self {
        let handle = runtime.handle().clone();
        Self { runtime: Some(runtime), ..Self::on(handle, world, inbox, journal) }
    }

    /// Returns an executor on somebody else's runtime.
    pub fn on(handle: Handle, world: Arc<World>, inbox: Inbox, journal: Journal) -> Self {
        // The journal is kept in a folder of the state folder.
        let memory = Memory::new(journal.path().parent().and_then(Path::parent).unwrap_or(Path::new(".")));
        Self {
            memory,
            handle,
            runtime: None,
            world,
            inbox,
            journal,
            questions: HashMap::new(),
            feeds: HashMap::new(),
            plans: HashMap::new(),
            followed: Followed::default(),
            own: HashMap::new(),
            log: None,
        }
    }

    /// Keeps the log for as long as this lives.
    pub fn keep(&mut self, log: Option<Log>) {
        self.log = log;
    }

    /// Returns what keeps the process from being ended or stopped while the journal is written.
    pub fn holds(&self) -> Holds {
        self.journal.holds().clone()
    }

    /// Fails in a task behind the cockpit, where a test wants it.
    #[cfg(debug_assertions)]
    #[expect(clippy::panic, reason = "a panic is what is wanted")]
    pub fn fail(&self) {
        self.spawn(async { panic!("a failpoint in a source") });
    }

    /// Returns the clock that everything outside goes by.
    pub fn clock(&self) -> WallClock {
        Arc::clone(&self.world.clock)
    }

    /// Carries out one effect. Those of the terminal and the timers are the loop's.
    pub fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Ask(id, query) => self.ask(id, query),
            Effect::Cancel(slot) => self.cancel(slot),
            Effect::Watch(feed, scope) => self.watch(feed, scope),
            Effect::Unwatch(feed, scope) => {
                if let Some(task) = self.feeds.remove(&(feed, scope)) {
                    task.abort();
                }
            }
            Effect::RetrySources => self.world.try_again(),
            Effect::Journal(record) => self.write(record),
            Effect::Run(confirmed) => self.run(*confirmed),
            Effect::Stop(plan) => self.stop(plan),
            Effect::ExportJournal => self.export(),
            Effect::ReadBindings => self.recall(),
            Effect::Recover => self.recover(),
            Effect::Bind(alert, object) => {
                if let Err(error) = self.memory.write(&self.world.cluster, alert, object.as_ref()) {
                    self.inbox.send(Msg::Notice(error));
                }
            }
            Effect::Open(object) => self.open(object),
            Effect::After(..)
            | Effect::Copy(_)
            | Effect::Edit(..)
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Quit => {}
        }
    }

    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        self.handle.spawn(work).abort_handle()
    }

    fn ask(&mut self, id: QueryId, query: Query) {
        self.cancel(id.slot);
        let (world, inbox) = (Arc::clone(&self.world), self.inbox.clone());
        let task = self.spawn(async move {
            // A question that a fault of our own ends is answered all the same: its place waits for it.
            let asking = AssertUnwindSafe(answer::answer(&world, query)).catch_unwind();
            let outcome = asking.await.unwrap_or_else(|_| Err(fault("answer a question")));
            inbox.send(Msg::Answer(id, outcome));
        });
        self.questions.retain(|_, t| !t.is_finished());
        self.questions.insert(id.slot, task);
    }

    /// Reads an object to be edited.
    fn open(&self, object: ObjectRef) {
        let (world, inbox) = (Arc::clone(&self.world), self.inbox.clone());
        self.spawn(async move {
            let asking =
                AssertUnwindSafe(answer::answer(&world, Query::Object(object.clone()))).catch_unwind();
            let read = match asking.await.unwrap_or_else(|_| Err(fault("read an object"))) {
                Ok(Answer::Object(read)) => Ok(read),
                Ok(_) => Err(fault("read an object")),
                Err(error) => Err(error),
            };
            inbox.send(Msg::Opened(object, read));
        });
    }

    /// Returns the folder of texts that are edited.
    pub fn folder(&self) -> PathBuf {
        let journal = self.journal.path();
        journal.parent().and_then(Path::parent).unwrap_or(Path::new(".")).join("edit")
    }

    fn cancel(&mut self, slot: Slot) {
        if let Some(task) = self.questions.remove(&slot) {
            task.abort();
        }
    }

    fn watch(&mut self, feed: Feed, scope: Scope) {
        let (world, inbox) = (Arc::clone(&self.world), self.inbox.clone());
        let key = (feed, scope.clone());
        let task = match feed {
            Feed::Objects(resource) => self.spawn(feeds::follow(world, feed, resource, scope, inbox)),
            Feed::Releases => self.spawn(releases::follow(world, scope, inbox)),
        };
        if let Some(old) = self.feeds.insert(key, task) {
            old.abort();
        }
    }

    /// Reads what alerts were bound to; the loop does not wait for the file.
    fn recall(&self) {
        let (world, inbox, memory) = (Arc::clone(&self.world), self.inbox.clone(), self.memory.clone());
        self.spawn(async move {
            inbox.send(match memory.read(&world.cluster) {
                Ok(bound) => Msg::Bound(bound),
                Err(error) => Msg::Notice(error),
            });
        });
    }

    fn write(&mut self, record: Record) {
        let outcome = self.journal.append(&record);
        self.inbox.send(Msg::Journalled(record, outcome));
    }

    /// Begins a confirmed plan: its intent is on disk, or nothing is sent.
    fn run(&mut self, confirmed: Confirmed) {
        let id = confirmed.plan.id;
        let ending = Ending {
            plan: Arc::clone(&confirmed.plan),
            journal: self.journal.clone(),
            clock: self.clock(),
            inbox: self.inbox.clone(),
        };
        let prepared = self.world.plans.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&id);
        let gone =
            || Error::new(Kind::Refused, "carry out the plan").detail("it is no longer held: make it anew");
        let now = (self.world.clock)();
        let order = match prepared.ok_or_else(gone) {
            Ok(Prepared::Silence(silence)) => return self.silence(*silence, confirmed, ending),
            Ok(prepared) => prepared.order(confirmed, now),
            Err(error) => Err(error),
        };
        let order = match order {
            Ok(order) => order,
            Err(error) => return ending.failed(error),
        };
        if let Err(error) = self.journal.sync() {
            return ending.failed(error);
        }
        // Without a cluster there is no plan either.
        let Some(runners) = self.world.runners.clone() else {
            let none = Error::new(Kind::Refused, "carry out the plan").detail("there is no cluster");
            return ending.failed(self.world.client().err().unwrap_or(none));
        };
        let deed = order.confirmed.plan.deed();
        let journal = PlanId::new((self.world.clock)(), super::random());
        let handle = RunnerHandle::default();
        let (follow, world) = (handle.clone(), Arc::clone(&self.world));
        let task = self.handle.spawn(async move {
            let tell = |news| {
                log::plan(id, &news);
                ending.inbox.send(Msg::Job(id, news));
            };
            match runners.run(journal, order, follow, &tell).await {
                Ok(Some((outcome, text))) => ending.told(outcome, text),
                Ok(None) => {
                    let (outcome, text) = super::recover::silent(&world, journal, id).await;
                    ending.told(outcome, text);
                }
                Err(error) => ending.failed(error),
            }
        });
        self.plans.insert(id, Running { deed, handle, task });
    }

    /// Carries silences out in this process: they are short. Their intent is on disk, or nothing is sent.
    fn silence(&mut self, silence: act::silence::Prepared, confirmed: Confirmed, ending: Ending) {
        let id = confirmed.plan.id;
        let checked = silence.check(&confirmed, (self.world.clock)());
        if let Err(error) = checked.and_then(|()| self.journal.sync()) {
            return ending.failed(error);
        }
        let stop = CancellationToken::new();
        let (journal, clock, told) = (self.journal.clone(), self.clock(), stop.clone());
        let task = self.handle.spawn(async move {
            let tell = |news| {
                log::plan(id, &news);
                ending.inbox.send(Msg::Job(id, news));
            };
            let running = act::silence::run(silence, &clock, confirmed, journal, told, &tell);
            // A plan that a fault of our own ends has an end all the same.
            let ended = AssertUnwindSafe(running).catch_unwind().await.unwrap_or_else(|_| {
                let outcome = Outcome::Unknown(fault("carry out the plan"));
                let text = outcome.words();
                (outcome, text)
            });
            ending.told(ended.0, ended.1);
        });
        self.own.insert(id, (stop, task));
    }

    /// Tells a running plan to stop before its next object; its process notes that it was told.
    fn stop(&self, plan: PlanId) {
        if let Some((stop, _)) = self.own.get(&plan) {
            stop.cancel();
        }
        if let Some(running) = self.plans.get(&plan).filter(|r| !r.task.is_finished()) {
            running.handle.stop();
        }
        let followed = self.followed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(handle) = followed.get(&plan) {
            handle.stop();
        }
    }

    fn export(&self) {
        let outcome = self.journal.export_markdown();
        self.inbox.send(match outcome {
            Ok(path) => Msg::Done(Untrusted::from(format!("journal written to {}", path.display()))),
            Err(error) => Msg::Notice(error),
        });
    }

    /// Ends: everything is dropped; plans go on in processes of their own. Returns what is said of each that was still
    /// running.
    pub fn finish(mut self) -> Vec<Safe> {
        for task in self.questions.values().chain(self.feeds.values()) {
            task.abort();
        }
        let goes_on = |running: Running| {
            let by = running.handle.pid().map_or_else(String::new, |pid| format!(" in process {pid}"));
            Safe::of(&format!("{} goes on{by}", running.deed))
        };
        let running = self.plans.drain().map(|(_, running)| running).filter(|r| !r.task.is_finished());
        let said = running.map(goes_on).collect();
        // What was sent to an Alertmanager is answered soon; what is not is told by the next start.
        let own: Vec<JoinHandle<()>> = self.own.drain().map(|(_, (_, task))| task).collect();
        if let Some(runtime) = &self.runtime {
            runtime.block_on(async {
                tokio::time::timeout(OWN, futures::future::join_all(own)).await.ok();
            });
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::ZERO);
        }
        self.journal.sync().ok();
        // What still runs is ended by the process's end, but not in the middle of an entry. It stays so.
        std::mem::forget(self.journal.holds().pause(ENTRY));
        said
    }
}

/// How long plans that this process carries out itself are waited for at the end.
const OWN: Duration = Duration::from_secs(5);

/// How long an entry of the journal that is being written is waited for at the end.
const ENTRY: Duration = Duration::from_secs(5);

/// Writes and tells how a plan ended.
struct Ending {
    plan: Arc<Plan>,
    journal: Journal,
    clock: WallClock,
    inbox: Inbox,
}

impl Ending {
    /// It ended like this: on disk before it is on the screen.
    fn told(&self, outcome: Outcome, text: Safe) {
        let plan = &self.plan;
        let what = What::ended(plan, &outcome, text);
        let record = Record { at: (self.clock)(), what };
        let written = self.journal.append(&record);
        self.inbox.send(Msg::Journalled(record.clone(), written));
        let news = JobMsg::Ended(outcome, Box::new(record));
        log::plan(plan.id, &news);
        self.inbox.send(Msg::Job(plan.id, news));
    }

    /// It failed before anything was sent.
    fn failed(&self, error: Error) {
        let outcome = Outcome::Failed(error);
        let text = outcome.words();
        self.told(outcome, text);
    }
}
