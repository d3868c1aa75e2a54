//! Each fault by itself, with a scripted server and the clock held still.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use deckwatch_wire::core::Pod;
use deckwatch_wire::{Encoding, ObjectMeta, PartialObjectMetadata, WatchEvent};
use http::Request;
use pretty_assertions::assert_eq;
use tokio::time::Instant;

use super::*;
use crate::sources::kube::testing::{Answer, Chunk, Server, chunked, clock, status, typed};

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// Applies news as a receiver must.
#[derive(Default)]
pub struct Rows {
    pub known: BTreeMap<Uid, (String, String)>,
    pub states: Vec<String>,
    pub undecodable: usize,
    pub synced: usize,
}

impl Rows {
    pub fn apply(&mut self, event: Event) {
        match event {
            Event::Page { objects, undecodable, .. } => {
                self.undecodable += undecodable.len();
                for object in &objects {
                    self.put(object);
                }
            }
            Event::Synced { uids, .. } => {
                self.synced += 1;
                self.known.retain(|uid, _| uids.contains(uid));
            }
            Event::Changes(changes) => {
                for change in changes {
                    match change {
                        Change::Apply(object) => self.put(&object),
                        Change::Remove(uid, _) => drop(self.known.remove(&uid)),
                        Change::Undecodable(_) => self.undecodable += 1,
                    }
                }
            }
            Event::State(state) => self.states.push(word(&state)),
        }
    }

    fn put(&mut self, object: &Object) {
        let row = (object.name().to_owned(), object.resource_version().to_owned());
        self.known.insert(object.uid(), row);
    }

    pub fn names(&self) -> Vec<&str> {
        self.known.values().map(|(name, _)| name.as_str()).collect()
    }
}

pub fn word(state: &State) -> String {
    match state {
        State::Loading => "loading".to_owned(),
        State::Live => "live".to_owned(),
        State::Resync { why } => format!("resync: {why}"),
        State::Stale { .. } => "stale".to_owned(),
        State::Denied { .. } => "denied".to_owned(),
        State::Failed { .. } => "failed".to_owned(),
    }
}

/// A reflector of pods with what it has told.
struct Scene {
    rows: Rows,
    events: mpsc::Receiver<Event>,
    retry: RetryNow,
    _pulse: Pulse,
    _reflector: Reflector,
}

impl Scene {
    fn new(server: &Arc<Server>) -> Self {
        Self::of(server, Spec::all(Resource::Pod, Scope::All))
    }

    fn of(server: &Arc<Server>, spec: Spec) -> Self {
        let (client, retry) = (server.client(), RetryNow::default());
        let pulse = Pulse::spawn(client.clone(), clock(), retry.clone());
        let (reflector, events) = Reflector::spawn(client, spec, &pulse, retry.clone(), clock());
        Self { rows: Rows::default(), events, retry, _pulse: pulse, _reflector: reflector }
    }

    /// Reads news until a state of that word comes.
    async fn until(&mut self, state: &str) -> State {
        loop {
            let event = self.events.recv().await.unwrap();
            let told = if let Event::State(s) = &event { Some(s.clone()) } else { None };
            self.rows.apply(event);
            if let Some(told) = told.filter(|t| word(t).starts_with(state)) {
                return told;
            }
        }
    }

    /// Reads the next changes.
    async fn changes(&mut self) -> usize {
        loop {
            let event = self.events.recv().await.unwrap();
            let count = if let Event::Changes(changes) = &event { changes.len() } else { 0 };
            self.rows.apply(event);
            if count > 0 {
                return count;
            }
        }
    }
}

pub fn pod(name: &str, version: u64) -> Pod {
    let metadata = ObjectMeta {
        name: name.to_owned(),
        namespace: "n".to_owned(),
        uid: format!("uid-{name}"),
        resource_version: version.to_string(),
        ..ObjectMeta::default()
    };
    Pod { metadata, ..Pod::default() }
}

pub fn page(encoding: Encoding, version: u64, next: &str, pods: &[Pod]) -> Answer {
    let meta = deckwatch_wire::ListMeta {
        resource_version: version.to_string(),
        r#continue: next.to_owned(),
        remaining_item_count: None,
    };
    let body = deckwatch_wire::encode_list(encoding, &meta, pods).unwrap();
    typed(200, encoding.content_type(), body)
}

pub fn frame(encoding: Encoding, event: &WatchEvent<Pod>) -> bytes::Bytes {
    deckwatch_wire::encode_watch_event(encoding, event).unwrap().into()
}

fn bookmark(version: u64) -> bytes::Bytes {
    let resource_version = version.to_string();
    frame(Encoding::Protobuf, &WatchEvent::Bookmark { resource_version, initial_events_end: false })
}

/// A server that answers the probe, and everything else from two queues; it hangs when they are empty.
#[derive(Default)]
struct Script {
    lists: Mutex<VecDeque<Answer>>,
    watches: Mutex<VecDeque<Answer>>,
}

impl Script {
    fn new(lists: impl IntoIterator<Item = Answer>, watches: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        Arc::new(Self {
            lists: Mutex::new(lists.into_iter().collect()),
            watches: Mutex::new(watches.into_iter().collect()),
        })
    }

    fn server(self: &Arc<Self>) -> Arc<Server> {
        let script = Arc::clone(self);
        Server::new(move |request: &Request<bytes::Bytes>| {
            let uri = request.uri().to_string();
            let queue = if uri == "/readyz" {
                return typed(200, "text/plain", "ok");
            } else if uri.contains("watch=true") {
                &script.watches
            } else {
                &script.lists
            };
            queue.lock().unwrap().pop_front().unwrap_or(Answer::Hang)
        })
    }

    fn also_list(&self, answer: Answer) {
        self.lists.lock().unwrap().push_back(answer);
    }

    fn also_watch(&self, answer: Answer) {
        self.watches.lock().unwrap().push_back(answer);
    }
}

fn requests(server: &Server) -> Vec<String> {
    server.log().into_iter().filter(|line| !line.contains("/readyz")).collect()
}

async fn send(feed: &mpsc::Sender<Chunk>, data: bytes::Bytes) {
    feed.send(Chunk::Data(data)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn pages_are_told_as_they_come_and_the_watch_follows_from_the_lists_version() {
    for encoding in [Encoding::Protobuf, Encoding::Json] {
        let (feed, watch) = chunked(encoding.watch_content_type());
        let script = Script::new(
            [page(encoding, 10, "t/1+", &[pod("a", 1), pod("b", 2)]), page(encoding, 10, "", &[pod("c", 3)])],
            [watch],
        );
        let server = script.server();
        let mut scene = Scene::new(&server);
        scene.until("live").await;
        send(&feed, frame(encoding, &WatchEvent::Added(pod("d", 11)))).await;
        send(&feed, frame(encoding, &WatchEvent::Modified(pod("a", 12)))).await;
        send(&feed, frame(encoding, &WatchEvent::Deleted(pod("b", 13)))).await;
        assert_eq!(scene.changes().await, 3);
        assert_eq!(
            scene.rows.known.into_values().collect::<Vec<_>>(),
            [("a", "12"), ("c", "3"), ("d", "11")].map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
        assert_eq!(scene.rows.states, ["loading", "live"]);
        assert_eq!(
            requests(&server),
            [
                "GET /api/v1/pods?limit=500",
                "GET /api/v1/pods?limit=500&continue=t%2F1%2B",
                "GET /api/v1/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=290&resourceVersion=10",
            ]
        );
        let accept = server.requests();
        let accept =
            accept.iter().find(|r| r.uri().path() == "/api/v1/pods").unwrap().headers()["accept"].clone();
        assert!(accept.to_str().unwrap().starts_with(PROTOBUF));
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_ends_goes_on_from_its_last_event_or_bookmark() {
    let (first, one) = chunked(PROTOBUF);
    let (second, two) = chunked(PROTOBUF);
    let (third, three) = chunked(PROTOBUF);
    let script = Script::new([page(Encoding::Protobuf, 10, "", &[])], [one, two, three]);
    let server = script.server();
    let mut scene = Scene::new(&server);
    scene.until("live").await;
    send(&first, frame(Encoding::Protobuf, &WatchEvent::Added(pod("a", 12)))).await;
    scene.changes().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    drop(first);
    send(&second, bookmark(40)).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    // Half an event, then the end: the event comes again on the next watch, whole.
    let whole = frame(Encoding::Protobuf, &WatchEvent::Added(pod("b", 41)));
    send(&second, whole.slice(..whole.len() / 2)).await;
    drop(second);
    send(&third, whole).await;
    assert_eq!((scene.changes().await, scene.rows.names()), (1, vec!["a", "b"]));
    let versions: Vec<_> = requests(&server)
        .iter()
        .filter_map(|r| r.split("resourceVersion=").nth(1).map(str::to_owned))
        .collect();
    assert_eq!(versions, ["10", "12", "40"]);
    assert_eq!((scene.rows.states, scene.rows.synced), (vec!["loading".to_owned(), "live".to_owned()], 1));
}

#[tokio::test(start_paused = true)]
async fn a_list_that_becomes_too_old_between_pages_begins_anew() {
    let (_feed, watch) = chunked(PROTOBUF);
    let script = Script::new(
        [
            page(Encoding::Protobuf, 10, "t", &[pod("gone", 1), pod("a", 2)]),
            status(410, "Expired", "The provided continue parameter is too old"),
            page(Encoding::Protobuf, 20, "", &[pod("a", 15)]),
        ],
        [watch],
    );
    let server = script.server();
    let mut scene = Scene::new(&server);
    scene.until("resync: the list became too old").await;
    assert_eq!(scene.rows.names(), ["a", "gone"]);
    scene.until("live").await;
    assert_eq!(scene.rows.names(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_too_old_leads_to_a_new_list_while_old_rows_stay() {
    let gone = deckwatch_wire::Status { code: 410, reason: "Expired".to_owned(), ..Default::default() };
    let in_stream = frame(Encoding::Protobuf, &WatchEvent::Error(Box::new(gone)));
    let (feed, watch) = chunked(PROTOBUF);
    let (_quiet, last) = chunked(PROTOBUF);
    let script = Script::new(
        [page(Encoding::Protobuf, 10, "", &[pod("a", 1), pod("b", 2)])],
        [watch, status(410, "Gone", "too old"), last],
    );
    let server = script.server();
    let mut scene = Scene::new(&server);
    scene.until("live").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    send(&feed, in_stream).await;
    scene.until("resync: it is too long ago").await;
    assert_eq!(scene.rows.names(), ["a", "b"]);
    script.also_list(page(Encoding::Protobuf, 20, "", &[pod("b", 12)]));
    script.also_list(page(Encoding::Protobuf, 30, "", &[pod("c", 22)]));
    // The second watch is refused at once: a third list.
    scene.until("resync").await;
    scene.until("live").await;
    assert_eq!((scene.rows.names(), scene.rows.synced), (vec!["c"], 3));
}

#[tokio::test(start_paused = true)]
async fn a_frozen_server_makes_rows_stale_within_ten_seconds_and_they_recover() {
    for moment in 0..8_u64 {
        let (_a, one) = chunked(PROTOBUF);
        let (feed, two) = chunked(PROTOBUF);
        let script = Script::new([page(Encoding::Protobuf, 10, "", &[pod("a", 1)])], [one, two]);
        let server = script.server();
        let mut scene = Scene::new(&server);
        scene.until("live").await;
        tokio::time::sleep(Duration::from_millis(8_000 + 530 * moment)).await;
        let frozen = Instant::now();
        server.freeze();
        let State::Stale { error: Some(error), .. } = scene.until("stale").await else { panic!("no error") };
        assert!(frozen.elapsed() <= Duration::from_secs(10), "{:?}", frozen.elapsed());
        assert_eq!((error.kind, scene.rows.names()), (Kind::Timeout, vec!["a"]));
        tokio::time::sleep(Duration::from_mins(1)).await;
        let thawed = Instant::now();
        server.thaw();
        scene.until("live").await;
        assert!(thawed.elapsed() <= Duration::from_secs(10), "{:?}", thawed.elapsed());
        send(&feed, frame(Encoding::Protobuf, &WatchEvent::Added(pod("b", 11)))).await;
        scene.changes().await;
        assert_eq!((scene.rows.names(), scene.rows.synced), (vec!["a", "b"], 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_watch_is_renewed_after_ninety_seconds_though_the_server_lives() {
    let (_a, one) = chunked(PROTOBUF);
    let (_b, two) = chunked(PROTOBUF);
    let script = Script::new([page(Encoding::Protobuf, 10, "", &[])], [one, two]);
    let server = script.server();
    let mut scene = Scene::new(&server);
    scene.until("live").await;
    tokio::time::sleep(Duration::from_secs(91)).await;
    assert_eq!(requests(&server).iter().filter(|r| r.contains("watch")).count(), 2);
    assert_eq!(scene.rows.states, ["loading", "live"]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_right_is_told_and_tried_again_every_minute_or_on_wish() {
    let denied = || status(403, "Forbidden", "pods is forbidden");
    let script = Script::new([denied(), denied()], []);
    let server = script.server();
    let mut scene = Scene::new(&server);
    let began = Instant::now();
    let State::Denied { error, .. } = scene.until("denied").await else { panic!() };
    assert_eq!(error.hint.as_deref(), Some("ask for the verb `list` on pods in the whole cluster"));
    scene.until("denied").await;
    assert_eq!(began.elapsed().as_secs(), 60);
    let (_feed, watch) = chunked(PROTOBUF);
    script.also_list(page(Encoding::Protobuf, 10, "", &[pod("a", 1)]));
    script.also_watch(watch);
    scene.retry.now();
    scene.until("live").await;
    assert_eq!(began.elapsed().as_secs(), 60);
    assert_eq!(scene.rows.states, ["loading", "denied", "denied", "loading", "live"]);
}

#[tokio::test(start_paused = true)]
async fn a_failing_server_is_tried_again_more_and_more_slowly() {
    let script = Script::new((0..6).map(|_| status(500, "InternalError", "etcd")), []);
    let server = script.server();
    let mut scene = Scene::new(&server);
    let mut waits = Vec::new();
    for _ in 0..6 {
        let State::Failed { next_try, .. } = scene.until("failed").await else { panic!() };
        waits.push((next_try - clock()()).as_secs_f64());
    }
    for (wait, base) in waits.windows(2).map(|w| w[1] - w[0]).zip([0.5, 1.0, 2.0, 4.0, 8.0]) {
        assert!(wait > base * 0.4 && wait < 16.0, "{wait} after {base}");
    }
    assert_eq!(requests(&server).len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_protobuf_is_asked_for_json_from_then_on() {
    let (_feed, watch) = chunked("application/json");
    let (_other, again) = chunked("application/json");
    let script = Script::new(
        [
            status(406, "NotAcceptable", "only json"),
            page(Encoding::Json, 10, "", &[pod("a", 1)]),
            page(Encoding::Json, 10, "", &[]),
        ],
        [watch, again],
    );
    let server = script.server();
    let client = server.client();
    let pulse = Pulse::spawn(client.clone(), clock(), RetryNow::default());
    for resource in [Resource::Pod, Resource::Node] {
        let spec = Spec::all(resource, Scope::All);
        let (_reflector, mut events) =
            Reflector::spawn(client.clone(), spec, &pulse, RetryNow::default(), clock());
        while events.recv().await.unwrap() != Event::State(State::Live) {
            if resource == Resource::Node {
                break; // its list is one of pods: only the request counts
            }
        }
        while requests(&server).len() < if resource == Resource::Pod { 3 } else { 4 } {
            tokio::task::yield_now().await;
        }
    }
    let seen = server.requests();
    let accepts: Vec<_> = seen
        .iter()
        .filter(|r| r.uri() != "/readyz")
        .map(|r| r.headers()["accept"].to_str().unwrap().starts_with(PROTOBUF))
        .collect();
    assert_eq!(accepts, [true, false, false, false]);
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_mangles_protobuf_is_got_around_and_a_login_page_is_told() {
    let (_feed, watch) = chunked("application/json");
    let script =
        Script::new([typed(200, PROTOBUF, "garbage"), page(Encoding::Json, 10, "", &[pod("a", 1)])], [watch]);
    let mut scene = Scene::new(&script.server());
    scene.until("live").await;
    assert_eq!(scene.rows.names(), ["a"]);

    let html = || typed(200, "text/html", "<title>Log in</title>");
    let mut scene = Scene::new(&Script::new([html(), html()], []).server());
    let State::Failed { error, .. } = scene.until("failed").await else { panic!() };
    assert_eq!(
        (error.kind, error.detail.unwrap().raw()),
        (Kind::Decode, "the answer is no Kubernetes object: Log in")
    );
}

#[tokio::test(start_paused = true)]
async fn an_object_that_cannot_be_read_is_counted_and_the_rest_stands() {
    let list = r#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"10"},"items":[
        {"metadata":{"name":"a","uid":"1"}},{"metadata":{"name":"bad","uid":"2","labels":7}}]}"#;
    let (feed, watch) = chunked("application/json");
    let script = Script::new([typed(200, "application/json", list)], [watch]);
    let mut scene = Scene::new(&script.server());
    scene.until("live").await;
    assert_eq!((scene.rows.names(), scene.rows.undecodable), (vec!["a"], 1));
    let event = "{\"type\":\"MODIFIED\",\"object\":{\"kind\":\"Pod\",\"metadata\":{\"name\":\"bad\",\"uid\":\"2\",\"labels\":8}}}\n";
    send(&feed, event.into()).await;
    scene.changes().await;
    assert_eq!((scene.rows.names(), scene.rows.undecodable), (vec!["a"], 2));
}

#[tokio::test(start_paused = true)]
async fn an_event_older_than_the_last_one_means_that_the_cluster_went_back() {
    let (feed, watch) = chunked(PROTOBUF);
    let (_quiet, last) = chunked(PROTOBUF);
    let script = Script::new([page(Encoding::Protobuf, 900, "", &[pod("a", 1), pod("b", 2)])], [watch, last]);
    let server = script.server();
    let mut scene = Scene::new(&server);
    scene.until("live").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    script.also_list(page(Encoding::Protobuf, 50, "", &[pod("a", 1)]));
    send(&feed, frame(Encoding::Protobuf, &WatchEvent::Modified(pod("a", 40)))).await;
    scene.until("resync: the cluster's state went back").await;
    scene.until("live").await;
    assert_eq!(scene.rows.names(), ["a"]);
    assert!(scene.rows.states.contains(&"resync: the cluster's state is older than before".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_fails_otherwise_or_cannot_be_read_is_listed_again_after_a_wait() {
    let broken = deckwatch_wire::Status { code: 500, message: "etcd".to_owned(), ..Default::default() };
    let error = frame(Encoding::Protobuf, &WatchEvent::Error(Box::new(broken)));
    for bytes in
        [error, bytes::Bytes::from_static(&[0, 0, 0, 3, 1, 2, 3]), bytes::Bytes::from_static(&[255; 9])]
    {
        let (feed, watch) = chunked(PROTOBUF);
        let (_quiet, last) = chunked(PROTOBUF);
        let first = page(Encoding::Protobuf, 10, "", &[pod("a", 1)]);
        let script = Script::new([first, page(Encoding::Protobuf, 20, "", &[pod("b", 2)])], [watch, last]);
        let mut scene = Scene::new(&script.server());
        scene.until("live").await;
        send(&feed, bytes).await;
        scene.until("stale").await;
        let told = Instant::now();
        scene.until("live").await;
        assert!(told.elapsed() >= Duration::from_millis(375));
        assert_eq!(scene.rows.names(), ["b"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_receiver_gets_merged_changes_and_loses_nothing() {
    let (feed, watch) = chunked(PROTOBUF);
    let script = Script::new([page(Encoding::Protobuf, 10, "", &[])], [watch]);
    let mut scene = Scene::new(&script.server());
    scene.until("live").await;
    let sending = tokio::spawn(async move {
        for version in 11..20_011_u64 {
            let name = format!("p{}", version % 700);
            send(&feed, frame(Encoding::Protobuf, &WatchEvent::Modified(pod(&name, version)))).await;
        }
        feed
    });
    tokio::time::sleep(Duration::from_secs(30)).await;
    let mut told = 0;
    while scene.rows.known.values().filter_map(|(_, v)| v.parse().ok()).max().unwrap_or(0_u64) < 20_010 {
        told += scene.changes().await;
    }
    sending.await.unwrap();
    assert_eq!(scene.rows.known.len(), 700);
    assert!(scene.rows.known.values().all(|(_, v)| v.parse::<u64>().unwrap() > 20_010 - 700));
    assert!(told < 20_000, "{told}");
}

#[tokio::test(start_paused = true)]
async fn config_maps_and_secrets_are_read_as_metadata_by_their_selectors() {
    let record = PartialObjectMetadata { metadata: pod("r", 1).metadata };
    let meta = deckwatch_wire::ListMeta { resource_version: "7".to_owned(), ..Default::default() };
    let body = deckwatch_wire::encode_list(Encoding::Protobuf, &meta, [&record]).unwrap();
    let (_feed, watch) = chunked(PROTOBUF);
    let script = Script::new([typed(200, PROTOBUF, body)], [watch]);
    let server = script.server();
    let scope = Scope::Namespace(Name::new("shop").unwrap());
    let mut scene = Scene::of(&server, Spec::releases(Resource::Secret, scope));
    scene.until("live").await;
    assert_eq!(scene.rows.names(), ["r"]);
    let selectors = "labelSelector=owner%3Dhelm&fieldSelector=type%3Dhelm.sh%2Frelease.v1";
    assert_eq!(requests(&server)[0], format!("GET /api/v1/namespaces/shop/secrets?limit=500&{selectors}"));
    let seen = server.requests();
    for request in seen.iter().filter(|r| r.uri() != "/readyz") {
        let accept = request.headers()["accept"].to_str().unwrap();
        assert!(accept.split(',').all(|a| a.contains("as=PartialObjectMetadata")), "{accept}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_without_end_is_given_up() {
    let server = Server::new(|request| match request.uri().path() {
        "/readyz" => typed(200, "text/plain", "ok"),
        _ => page(Encoding::Protobuf, 10, "again", &[]),
    });
    let mut scene = Scene::new(&server);
    let State::Failed { error, .. } = scene.until("failed").await else { panic!() };
    assert_eq!(error.kind, Kind::TooLarge);
}
