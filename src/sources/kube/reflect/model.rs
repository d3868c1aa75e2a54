//! A model of an API server, and random faults: whatever happens, what was told equals a fresh list.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use deckwatch_wire::{Encoding, WatchEvent};
use http::Request;
use proptest::prelude::*;
use tokio::sync::mpsc;

use super::tests::{Rows, frame, page, pod};
use super::*;
use crate::sources::kube::testing::{Answer, Chunk, Server, chunked, clock, status, typed};

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Put(u8),
    Delete(u8),
    Bookmark,
    /// All watches end, cleanly or torn.
    End {
        torn: bool,
    },
    /// All watches get half an event and end.
    Half,
    /// The history before now is forgotten: continue tokens and old versions are gone.
    Compact,
    /// The next requests are refused with this status.
    Refuse(u16, u8),
    /// The server stands still for so many seconds.
    Freeze(u8),
    /// No connection comes about for so many seconds.
    Away(u8),
    /// The state of the last compaction comes back, with its older version.
    Restore,
    /// So many tenths of a second pass.
    Pass(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0_u8..12).prop_map(Step::Put),
        4 => (0_u8..12).prop_map(Step::Delete),
        2 => Just(Step::Bookmark),
        2 => any::<bool>().prop_map(|torn| Step::End { torn }),
        1 => Just(Step::Half),
        2 => Just(Step::Compact),
        2 => (prop_oneof![Just(410), Just(429), Just(500), Just(503), Just(403), Just(406)], 1_u8..4)
            .prop_map(|(code, times)| Step::Refuse(code, times)),
        1 => (1_u8..40).prop_map(Step::Freeze),
        1 => (1_u8..40).prop_map(Step::Away),
        1 => Just(Step::Restore),
        6 => (0_u8..60).prop_map(Step::Pass),
    ];
    proptest::collection::vec(step, 1..40)
}

#[derive(Default)]
struct World {
    version: u64,
    pods: BTreeMap<u8, u64>,
    /// Every event since the last compaction.
    history: Vec<(u64, WatchEvent<deckwatch_wire::core::Pod>)>,
    compacted: u64,
    /// What a restore brings back.
    saved: Option<(u64, BTreeMap<u8, u64>)>,
    /// Lists that are being paged through, by version.
    lists: BTreeMap<u64, Vec<(u8, u64)>>,
    watchers: Vec<(Encoding, mpsc::Sender<Chunk>)>,
    refusals: Vec<u16>,
}

const PAGE: usize = 3;

impl World {
    fn put(&mut self, key: u8) {
        self.version += 1;
        let now = pod(&format!("p{key}"), self.version);
        let event = if self.pods.insert(key, self.version).is_some() {
            WatchEvent::Modified(now)
        } else {
            WatchEvent::Added(now)
        };
        self.happened(event);
    }

    fn delete(&mut self, key: u8) {
        if self.pods.remove(&key).is_some() {
            self.version += 1;
            self.happened(WatchEvent::Deleted(pod(&format!("p{key}"), self.version)));
        }
    }

    fn happened(&mut self, event: WatchEvent<deckwatch_wire::core::Pod>) {
        self.tell(&event, |bytes| bytes);
        self.history.push((self.version, event));
    }

    /// Sends an event to every watcher; one that is too slow is cut off, as the real server does.
    fn tell(&mut self, event: &WatchEvent<deckwatch_wire::core::Pod>, cut: fn(bytes::Bytes) -> bytes::Bytes) {
        self.watchers
            .retain(|(encoding, feed)| feed.try_send(Chunk::Data(cut(frame(*encoding, event)))).is_ok());
    }

    fn bookmark(&mut self) {
        let resource_version = self.version.to_string();
        self.tell(&WatchEvent::Bookmark { resource_version, initial_events_end: false }, |bytes| bytes);
    }

    fn compact(&mut self) {
        self.history.clear();
        self.lists.clear();
        self.compacted = self.version;
        self.saved = Some((self.version, self.pods.clone()));
    }

    fn restore(&mut self) {
        if let Some((version, pods)) = self.saved.clone() {
            self.watchers.clear();
            self.history.clear();
            self.lists.clear();
            (self.version, self.compacted, self.pods) = (version, version, pods);
        }
    }

    fn answer(&mut self, request: &Request<bytes::Bytes>) -> Answer {
        let uri = request.uri().to_string();
        if uri == "/readyz" {
            return typed(200, "text/plain", "ok");
        }
        let protobuf = request.headers()["accept"].to_str().unwrap().starts_with("application/vnd");
        if let Some(code) = self.refusals.pop()
            && (code != 406 || protobuf)
        {
            return status(code, if code == 410 { "Expired" } else { "" }, "refused by the test");
        }
        let encoding = if protobuf { Encoding::Protobuf } else { Encoding::Json };
        let value = |name: &str| {
            let pairs = url::form_urlencoded::parse(request.uri().query().unwrap().as_bytes());
            pairs.into_iter().find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
        };
        if value("watch").is_some() {
            self.watch(encoding, value("resourceVersion").unwrap().parse().unwrap())
        } else {
            self.list(encoding, value("continue").as_deref())
        }
    }

    fn list(&mut self, encoding: Encoding, token: Option<&str>) -> Answer {
        let (version, from) = match token.map(|t| t.split_once(':').unwrap()) {
            None => {
                self.lists.insert(self.version, self.pods.iter().map(|(k, v)| (*k, *v)).collect());
                (self.version, 0)
            }
            Some((version, from)) => (version.parse().unwrap(), from.parse().unwrap()),
        };
        let Some(all) = self.lists.get(&version) else { return status(410, "Expired", "continue") };
        let part: Vec<_> = all.iter().skip(from).take(PAGE).map(|(k, v)| pod(&format!("p{k}"), *v)).collect();
        let next = from + PAGE;
        let token = if next < all.len() { format!("{version}:{next}") } else { String::new() };
        page(encoding, version, &token, &part)
    }

    fn watch(&mut self, encoding: Encoding, from: u64) -> Answer {
        if from > self.version {
            return status(
                504,
                "Timeout",
                &format!("Too large resource version: {from}, current: {}", self.version),
            );
        }
        if from < self.compacted {
            return status(410, "Expired", "too old resource version");
        }
        let (feed, answer) = chunked(encoding.watch_content_type());
        for (_, event) in self.history.iter().filter(|(version, _)| *version > from) {
            if feed.try_send(Chunk::Data(frame(encoding, event))).is_err() {
                return answer; // too much to catch up with at once: the watch ends early
            }
        }
        self.watchers.push((encoding, feed));
        answer
    }

    fn truth(&self) -> BTreeMap<Uid, (String, String)> {
        let row = |(key, version): (&u8, &u64)| {
            (Uid::new(&format!("uid-p{key}")), (format!("p{key}"), version.to_string()))
        };
        self.pods.iter().map(row).collect()
    }
}

async fn happen(step: Step, server: &Server, world: &Mutex<World>) {
    let seconds = |n: u8| tokio::time::sleep(Duration::from_secs(u64::from(n)));
    match step {
        Step::Put(key) => world.lock().unwrap().put(key),
        Step::Delete(key) => world.lock().unwrap().delete(key),
        Step::Bookmark => world.lock().unwrap().bookmark(),
        Step::End { torn } => {
            for (_, feed) in world.lock().unwrap().watchers.drain(..) {
                if torn {
                    feed.try_send(Chunk::Break).ok();
                }
            }
        }
        Step::Half => {
            let mut world = world.lock().unwrap();
            world.tell(&WatchEvent::Added(pod("never", 1)), |bytes| bytes.slice(..bytes.len() / 2));
            world.watchers.clear();
        }
        Step::Compact => world.lock().unwrap().compact(),
        Step::Refuse(code, times) => {
            let refusals = std::iter::repeat_n(code, usize::from(times));
            world.lock().unwrap().refusals.extend(refusals);
        }
        Step::Freeze(n) => {
            server.freeze();
            seconds(n).await;
            server.thaw();
        }
        Step::Away(n) => {
            server.refuse.store(true, std::sync::atomic::Ordering::SeqCst);
            world.lock().unwrap().watchers.clear();
            seconds(n).await;
            server.refuse.store(false, std::sync::atomic::Ordering::SeqCst);
        }
        Step::Restore => {
            // A version that the restored server has reached again cannot be told from the old one by
            // anybody: it stands still until the watch has noticed.
            world.lock().unwrap().restore();
            seconds(90).await;
        }
        Step::Pass(tenths) => tokio::time::sleep(Duration::from_millis(100 * u64::from(tenths))).await,
    }
}

async fn converges(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let world = Arc::new(Mutex::new(World { version: 100, ..World::default() }));
    for key in 0..5 {
        world.lock().unwrap().put(key);
    }
    let answering = Arc::clone(&world);
    let server = Server::new(move |request| answering.lock().unwrap().answer(request));
    let (client, retry) = (server.client(), RetryNow::default());
    let pulse = Pulse::spawn(client.clone(), clock(), retry.clone());
    let spec = Spec::all(Resource::Pod, Scope::All);
    let (_reflector, mut events) = Reflector::spawn(client, spec, &pulse, retry, clock());
    let rows = Arc::new(Mutex::new(Rows::default()));
    let told = Arc::clone(&rows);
    let reading = tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            told.lock().unwrap().apply(event);
        }
    });
    for step in steps {
        happen(step, &server, &world).await;
    }
    // All faults end; the longest that anything may take is a minute's rest after a denial.
    world.lock().unwrap().refusals.clear();
    tokio::time::sleep(Duration::from_secs(200)).await;
    world.lock().unwrap().put(200);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let truth = world.lock().unwrap().truth();
    let (known, last) = {
        let rows = rows.lock().unwrap();
        (rows.known.clone(), rows.states.last().cloned())
    };
    prop_assert_eq!(known, truth);
    prop_assert_eq!(last.as_deref(), Some("live"));
    reading.abort();
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn after_any_schedule_of_faults_what_was_told_is_a_fresh_list(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(converges(steps))?;
    }
}
