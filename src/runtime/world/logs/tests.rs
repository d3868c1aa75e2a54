use std::sync::Arc;

use pretty_assertions::assert_eq;
use tokio::sync::watch;

use super::pods::CONTAINERS;
use super::*;
use crate::app::effect::PodContainers;
use crate::core::{ClusterId, Name};
use crate::query::profile;
use crate::runtime::inbox::Inbox;
use crate::runtime::world::{Kube, Sources, alerts, health};
use crate::sources::http::fake::{Fake, answer, parameters};
use crate::sources::kube::testing::{Answer, Server, clock, status, typed};
use crate::sources::kube::{Pulse, RetryNow};
use crate::store::health::{SourceId, SourceKind, Via};

const NOON: &str = "2026-11-21T12:00:00Z";

fn noon() -> Ts {
    Ts::parse_rfc3339(NOON).unwrap()
}

fn ago(secs: i64) -> Ts {
    noon() - Span::secs(secs)
}

/// A Loki that holds these lines of the pod `web-1`, the oldest first.
struct Lines(Vec<(Ts, &'static str)>);

impl Lines {
    fn answer(&self, pairs: &[(String, String)]) -> String {
        let get = |name: &str| pairs.iter().find(|p| p.0 == name).map(|p| p.1.as_str()).unwrap();
        let number = |name: &str| get(name).parse::<i64>().unwrap();
        let window = Window { start: Ts(number("start")), end: Ts(number("end")) };
        let mut found: Vec<_> = self.0.iter().filter(|l| window.contains(l.0)).collect();
        if get("direction") == "backward" {
            found.reverse();
        }
        let values: Vec<_> = found
            .iter()
            .take(number("limit") as usize)
            .map(|(ts, line)| serde_json::json!([ts.0.to_string(), line, {}]))
            .collect();
        let labels = serde_json::json!({ "namespace": "shop", "pod": "web-1", "container": "app" });
        serde_json::json!({ "status": "success", "data": { "resultType": "streams",
            "encodingFlags": ["categorize-labels"], "result": [{ "stream": labels, "values": values }] } })
        .to_string()
    }
}

type Told = Result<crate::sources::transport::Answer>;

/// Answers as that Loki does; `refuse` may answer instead.
fn loki(
    lines: Lines,
    refuse: impl Fn(&str, &[(String, String)]) -> Option<Told> + Send + Sync + 'static,
) -> Arc<Fake> {
    Fake::new(move |request| {
        let (path, pairs) = (request.path.split('?').next().unwrap(), parameters(request));
        if let Some(told) = refuse(path, &pairs) {
            return told;
        }
        let body = match path {
            "/loki/api/v1/labels" => {
                r#"{"status":"success","data":["namespace","pod","container"]}"#.to_owned()
            }
            "/loki/api/v1/series" => {
                r#"{"status":"success","data":[{"namespace":"shop","pod":"web-1"}]}"#.to_owned()
            }
            "/loki/api/v1/index/stats" => r#"{"streams":1,"chunks":1,"entries":1,"bytes":1}"#.to_owned(),
            _ => lines.answer(&pairs),
        };
        Ok(answer(200, "application/json", &body))
    })
}

fn none(_: &str, _: &[(String, String)]) -> Option<Told> {
    None
}

fn failed() -> crate::sources::transport::Answer {
    answer(504, "text/plain", "request timed out, decrease the duration of the request")
}

/// Returns what a kubelet prints.
fn printed(lines: &[(Ts, &str)]) -> String {
    let print = |text: String, (ts, line): &(Ts, &str)| text + &format!("{} {line}\n", ts.rfc3339());
    lines.iter().fold(String::new(), print)
}

/// A world of one kubelet, and one Loki where there is one.
fn world(
    loki: Option<Arc<Fake>>,
    pods: impl Fn(&str) -> Answer + Send + Sync + 'static,
) -> (World, Arc<Server>) {
    let server = Server::new(move |request| pods(&request.uri().to_string()));
    let (client, clock, retry, inbox) = (server.client(), clock(), RetryNow::default(), Inbox::default());
    let pulse = Pulse::spawn(client.clone(), Arc::clone(&clock), retry.clone());
    let book = health::Book::new(inbox);
    let id = SourceId { kind: SourceKind::Loki, index: 0 };
    book.enter(id, Untrusted::from("http://fake"), Untrusted::from("test"), Via::Direct, clock());
    let lokis = loki.map(|fake| Named {
        id,
        name: "loki".to_owned().into(),
        source: Arc::new(Loki::new(fake, Span::secs(5))),
    });
    let sources = Sources { lokis: lokis.into_iter().collect(), ..Sources::default() };
    let (_, sources) = watch::channel(Some(Arc::new(sources)));
    let world = World {
        cluster: ClusterId(Untrusted::from("test")),
        kube: Ok(Kube { client, pulse }),
        sources,
        repositories: Vec::new(),
        mappings: Mappings::default(),
        heard: alerts::Heard::default(),
        health: book,
        retry,
        clock,
        runners: None,
        plans: Mutex::default(),
    };
    (world, server)
}

fn ask(page: LogPage, limit: usize) -> Ask {
    let name = |n: &str| Name::new(n).unwrap();
    let pods = vec![PodContainers { pod: name("web-1"), containers: vec![name("app")] }];
    let target = profile::Target {
        namespace: "shop".to_owned(),
        pod: Some("web-1".to_owned()),
        ..profile::Target::default()
    };
    let scope = LogScope { scope: profile::Scope::Pod, target, pods };
    let window = Window { start: ago(300), end: ago(-300) };
    Ask { scope, page, window, limit, previous: false }
}

fn texts(batch: &Batch) -> Vec<&str> {
    batch.entries.iter().map(|e| e.line.raw()).collect()
}

/// Returns noon's second, for the clock of the tests goes on by fractions.
fn second(edge: &Edge) -> Edge {
    match edge {
        Edge::Now(at) => Edge::Now(at.align_down(Span::secs(1))),
        other => other.clone(),
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_looked_at_is_told_and_older_lines_are_read_from_there() {
    let hours = |n: i64| ago(n * 3_600);
    let held = vec![(hours(40), "oldest"), (hours(20), "older"), (ago(60), "near")];
    let (world, _server) = world(Some(loki(Lines(held), none)), |_| typed(200, "text/plain", ""));
    let batch = read(&world, ask(LogPage::Around(ago(30)), 300)).await.unwrap();
    assert_eq!(texts(&batch), ["near"]);
    assert_eq!(batch.older, Edge::Looked(ago(30) - STRIDE));
    assert_eq!(second(&batch.newer), Edge::Now(noon()));
    let Edge::Looked(end) = batch.older else { panic!() };
    let next = Window { start: end - STRIDE, end };
    let batch = read(&world, ask(LogPage::Older(next), 300)).await.unwrap();
    assert_eq!((texts(&batch), &batch.older), (vec!["older"], &Edge::Looked(next.start)));
}

#[tokio::test(start_paused = true)]
async fn a_full_page_ends_between_two_nanoseconds_and_the_next_begins_there() {
    let held: Vec<_> = [(9, "a"), (8, "b"), (8, "c"), (7, "d")].map(|(s, l)| (ago(s), l)).to_vec();
    let (world, _server) = world(Some(loki(Lines(held), none)), |_| typed(200, "text/plain", ""));
    let mut window = Window { start: ago(60), end: ago(0) };
    let mut seen = Vec::new();
    for _ in 0..3 {
        let batch = read(&world, ask(LogPage::Older(window), 2)).await.unwrap();
        seen.splice(0..0, texts(&batch).iter().map(|l| (*l).to_owned()));
        match batch.older {
            Edge::More(at) => window.end = at,
            other => {
                assert_eq!(other, Edge::Looked(window.start));
                break;
            }
        }
    }
    assert_eq!(seen, ["a", "b", "c", "d"]);
}

#[tokio::test(start_paused = true)]
async fn a_side_or_the_moments_own_nanosecond_that_failed_is_told_beside_the_lines() {
    let at = ago(30);
    for (what, older, newer) in [("before", true, false), ("tie", false, true), ("after", false, true)] {
        let refuse = move |path: &str, pairs: &[(String, String)]| {
            let get = |name: &str| pairs.iter().find(|p| p.0 == name).map(|p| p.1.clone());
            let (from, to) = (get("start")?.parse::<i64>().ok()?, get("end")?.parse::<i64>().ok()?);
            let part = match (from, to) {
                _ if to <= at.0 => "before",
                _ if from == at.0 && to == at.0 + 1 => "tie",
                _ => "after",
            };
            (path.ends_with("query_range") && part == what).then(|| Ok(failed()))
        };
        let held = vec![(ago(31), "before"), (at, "tie"), (ago(29), "after")];
        let (world, _server) = world(Some(loki(Lines(held), refuse)), |_| typed(200, "text/plain", ""));
        let batch = read(&world, ask(LogPage::Around(at), 300)).await.unwrap();
        assert_eq!(batch.entries.len(), 2, "{what}");
        assert_eq!(batch.loki.error.map(|e| e.kind), Some(Kind::Timeout), "{what}");
        assert_eq!((batch.older.error().is_some(), batch.newer.error().is_some()), (older, newer), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn where_loki_fails_both_sides_are_still_to_be_read_and_the_kubelet_is_there() {
    let (world, _server) = world(Some(loki(Lines(Vec::new()), |_, _| Some(Ok(failed())))), |_| {
        typed(200, "text/plain", printed(&[(ago(20), "k")]))
    });
    let batch = read(&world, ask(LogPage::Around(ago(30)), 300)).await.unwrap();
    assert_eq!(texts(&batch), ["k"]);
    assert_eq!((batch.older.at(), batch.newer.at()), (Some(ago(30)), Some(ago(30))));
    assert!(batch.older.error().is_some() && batch.newer.error().is_some());
    assert_eq!(batch.kubelet.until.map(|t| t.align_down(Span::secs(1))), Some(noon()));
}

#[tokio::test(start_paused = true)]
async fn newer_lines_are_asked_of_each_source_from_where_it_was_read() {
    let fake = loki(Lines(vec![(ago(20), "late"), (ago(1), "new")]), none);
    let (world, server) = world(Some(Arc::clone(&fake)), |path| {
        let lines = [(ago(20), "late"), (ago(1), "new"), (ago(0), "newest")];
        typed(200, "text/plain", if path.ends_with("app") { String::new() } else { printed(&lines) })
    });
    let window = Window { start: ago(25), end: ago(-600) };
    let batch = read(&world, ask(LogPage::Newer { window, kubelet: ago(5) }, 300)).await.unwrap();
    assert_eq!((texts(&batch), batch.cuts.doubles), (vec!["late", "new", "newest"], 1));
    assert_eq!(second(&batch.newer), Edge::Now(noon()));
    let asked = server.log().into_iter().find(|l| l.contains("/log?")).unwrap();
    assert!(asked.contains("sinceTime=2026-11-21T11%3A59%3A55Z"), "{asked}");
    assert!(fake.asked().iter().any(|a| a.contains(&format!("start={}", ago(25).0))), "{:?}", fake.asked());
}

#[tokio::test(start_paused = true)]
async fn a_kubelet_that_failed_is_read_again_from_where_it_was_read() {
    let (world, _server) = world(None, |_| status(500, "InternalError", "dial tcp: i/o timeout"));
    let window = Window { start: ago(25), end: ago(-600) };
    let batch = read(&world, ask(LogPage::Newer { window, kubelet: ago(5) }, 300)).await.unwrap();
    assert_eq!((batch.kubelet.until, batch.kubelet.error.map(|e| e.kind)), (None, Some(Kind::Server)));
    let (world, _server) = self::world(None, |_| {
        status(400, "BadRequest", "container \"app\" in pod \"web-1\" is waiting to start: ContainerCreating")
    });
    let batch = read(&world, ask(LogPage::Newer { window, kubelet: ago(5) }, 300)).await.unwrap();
    assert!(batch.kubelet.until.is_some(), "a container that has not begun has no lines to miss");
}

fn forbidden() -> Answer {
    status(403, "Forbidden", "pods \"web-1\" is forbidden: User \"jane\" cannot get resource \"pods/log\"")
}

#[tokio::test(start_paused = true)]
async fn where_every_source_refuses_what_is_missing_is_told_of_each() {
    let refuse = |_: &str, _: &[(String, String)]| Some(Ok(answer(403, "text/plain", "not for you")));
    let (world, _server) = world(Some(loki(Lines(Vec::new()), refuse)), |_| forbidden());
    for page in [LogPage::Around(ago(30)), LogPage::Newest] {
        let error = read(&world, ask(page, 300)).await.unwrap_err();
        assert_eq!(error.kind, Kind::Denied);
        let line = error.line();
        for part in
            ["read logs: denied on shop", "get pods/log: denied on shop/web-1", "denied on http://fake"]
        {
            assert!(line.contains(part), "{part:?} in {line}");
        }
        assert!(error.hint.is_some_and(|h| h.contains("pods/log")));
    }
    let (world, _server) = self::world(None, |_| forbidden());
    let error = read(&world, ask(LogPage::Newest, 300)).await.unwrap_err();
    assert_eq!((error.kind, &*error.what), (Kind::Denied, "get pods/log"));
}

#[tokio::test(start_paused = true)]
async fn one_source_that_answers_makes_it_a_part_and_one_that_fails_no_denial() {
    let (world, _server) = world(Some(loki(Lines(Vec::new()), none)), |_| forbidden());
    let batch = read(&world, ask(LogPage::Around(ago(30)), 300)).await.unwrap();
    assert_eq!((batch.loki.error, batch.kubelet.error.map(|e| e.kind)), (None, Some(Kind::Denied)));
    let (world, _server) =
        self::world(Some(loki(Lines(Vec::new()), |_, _| Some(Ok(failed())))), |_| forbidden());
    let error = read(&world, ask(LogPage::Around(ago(30)), 300)).await.unwrap_err();
    assert_eq!(error.kind, Kind::Timeout);
    assert!(error.line().contains("get pods/log: denied"), "{}", error.line());
}

#[tokio::test(start_paused = true)]
async fn a_scope_without_pods_asks_no_kubelet() {
    let (world, _server) = world(None, |_| forbidden());
    let mut ask = ask(LogPage::Newest, 300);
    ask.scope.pods.clear();
    let batch = read(&world, ask).await.unwrap();
    assert!(!batch.kubelet.asked && !batch.loki.asked);
}

#[tokio::test(start_paused = true)]
async fn labels_that_were_guessed_are_asked_for_again_and_confirmed_ones_are_kept() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let there = Arc::new(AtomicBool::new(false));
    let streams = Arc::clone(&there);
    let refuse = move |path: &str, _: &[(String, String)]| {
        let nothing = path.ends_with("series") && !streams.load(Ordering::SeqCst);
        nothing.then(|| Ok(answer(200, "application/json", r#"{"status":"success","data":[]}"#)))
    };
    let fake = loki(Lines(Vec::new()), refuse);
    let (world, _server) = world(Some(Arc::clone(&fake)), |_| typed(200, "text/plain", ""));
    let looked = async || {
        read(&world, ask(LogPage::Newest, 300)).await.unwrap();
        fake.asked().iter().filter(|a| a.contains("/v1/labels")).count()
    };
    assert_eq!((looked().await, looked().await), (1, 1), "not at every question");
    there.store(true, Ordering::SeqCst);
    tokio::time::advance(GUESSED.to_std()).await;
    assert_eq!(looked().await, 2);
    tokio::time::advance(GUESSED.to_std() * 100).await;
    assert_eq!(looked().await, 2, "what streams have confirmed is kept");
}

#[tokio::test(start_paused = true)]
async fn containers_beyond_the_limit_and_lines_without_a_time_are_counted() {
    let (world, server) = world(None, |_| typed(200, "text/plain", "unable to retrieve container logs\n"));
    let mut ask = ask(LogPage::Around(ago(30)), 300);
    ask.scope.pods[0].containers = (0..43).map(|n| Name::new(&format!("c{n}")).unwrap()).collect();
    let batch = read(&world, ask).await.unwrap();
    assert_eq!((batch.cuts.unasked, batch.cuts.undated), (3, CONTAINERS));
    assert_eq!(server.log().iter().filter(|l| l.contains("/log?")).count(), CONTAINERS);
}

#[tokio::test(start_paused = true)]
async fn a_container_that_is_cut_short_is_counted_and_read_on_from_its_last_line() {
    let (world, _server) = world(None, |path| {
        let line = "x".repeat(1 << 20);
        let lines: Vec<_> = (0..4).map(|n| (ago(100 - n), line.as_str())).collect();
        let short = path.contains("T11%3A59");
        typed(200, "text/plain", printed(if short { &lines[..1] } else { &lines }))
    });
    let batch = read(&world, ask(LogPage::Around(ago(30)), 300)).await.unwrap();
    assert_eq!((batch.cuts.capped, batch.cuts.clipped), (1, 4));
    assert_eq!((batch.kubelet.until, batch.newer), (Some(ago(97)), Edge::More(ago(97))));
    let window = Window { start: ago(50), end: ago(-300) };
    let batch = read(&world, ask(LogPage::Newer { window, kubelet: ago(50) }, 300)).await.unwrap();
    assert_eq!((batch.cuts.capped, second(&batch.newer)), (0, Edge::Now(noon())));
}

#[tokio::test(start_paused = true)]
async fn what_was_cut_short_but_is_in_loki_is_read_on_from_lokis_newest_line() {
    let (world, server) = world(Some(loki(Lines(vec![(ago(90), "l"), (ago(20), "m")]), none)), |path| {
        let line = "x".repeat(1 << 20);
        let early: Vec<_> = (0..4).map(|n| (ago(100 - n), line.as_str())).collect();
        let late = [(ago(20), "m"), (ago(10), "n")];
        let on = path.contains("sinceTime=2026-11-21T11%3A59%3A40Z");
        typed(200, "text/plain", printed(if on { &late } else { &early }))
    });
    let batch = read(&world, ask(LogPage::Around(ago(30)), 300)).await.unwrap();
    assert_eq!((texts(&batch), batch.cuts.capped), (vec!["l", "m", "n"], 0));
    assert_eq!(batch.kubelet.until.map(|t| t.align_down(Span::secs(1))), Some(noon()));
    assert_eq!(server.log().iter().filter(|l| l.contains("/log?")).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn last_lines_are_counted_where_nothing_else_has_those_before() {
    let pods = |_: &str| typed(200, "text/plain", printed(&[(ago(3), "a"), (ago(2), "b")]));
    let (world, server) = world(None, pods);
    let batch = read(&world, ask(LogPage::Newest, 2)).await.unwrap();
    assert_eq!(batch.cuts.tailed, 1);
    assert_eq!(read(&world, ask(LogPage::Newest, 3)).await.unwrap().cuts.tailed, 0);
    let (with_loki, _server) = self::world(Some(loki(Lines(vec![(ago(3), "a")]), none)), pods);
    assert_eq!(read(&with_loki, ask(LogPage::Newest, 2)).await.unwrap().cuts.tailed, 0);
    read(&world, Ask { previous: true, ..ask(LogPage::Newest, 2) }).await.unwrap();
    let last = server.log().pop().unwrap();
    assert!(last.contains("previous=true") && last.contains("tailLines=5000"), "{last}");
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_neither_kubelet_nor_loki_tells_of_is_out_of_reach() {
    let gone = |_: &str| status(404, "NotFound", "pods \"web-1\" not found");
    for (held, count) in [(Vec::new(), 1), (vec![(ago(40), "x")], 0)] {
        let (world, _server) = world(Some(loki(Lines(held), none)), gone);
        let batch = read(&world, ask(LogPage::Around(ago(30)), 300)).await.unwrap();
        assert_eq!((batch.cuts.unreachable_pods, batch.kubelet.error), (count, None));
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_loki_and_a_nanosecond_with_too_many_lines_are_counted() {
    let held = vec![(ago(20), "a"), (ago(20), "b"), (ago(20), "c"), (ago(10), "d")];
    let refuse = |path: &str, pairs: &[(String, String)]| {
        let limit: usize = pairs.iter().find(|p| p.0 == "limit")?.1.parse().ok()?;
        let text = format!(
            "max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > 2)"
        );
        (path.ends_with("query_range") && limit > 2).then(|| Ok(answer(400, "text/plain", &text)))
    };
    let (world, _server) =
        world(Some(loki(Lines(held), refuse)), |_| typed(200, "text/plain", printed(&[(ago(5), "k")])));
    let window = Window { start: ago(30), end: ago(-60) };
    let batch = read(&world, ask(LogPage::Newer { window, kubelet: ago(30) }, 2)).await.unwrap();
    assert_eq!((batch.cuts.overfull, batch.cuts.held), (1, 1));
    assert_eq!(batch.kubelet.until, batch.newer.at(), "what waits is asked for again");
}

#[tokio::test(start_paused = true)]
async fn warnings_of_loki_come_with_its_lines() {
    let warn = |path: &str, _: &[(String, String)]| {
        let body = r#"{"status":"success","warnings":["partial"],"data":{"resultType":"streams","result":[],
            "encodingFlags":["categorize-labels"]}}"#;
        path.ends_with("query_range").then(|| Ok(answer(200, "application/json", body)))
    };
    let (world, _server) = world(Some(loki(Lines(Vec::new()), warn)), |_| typed(200, "text/plain", ""));
    let older = LogPage::Older(Window { start: ago(60), end: ago(30) });
    for page in [LogPage::Around(ago(30)), LogPage::Newest, older] {
        assert_eq!(read(&world, ask(page, 300)).await.unwrap().loki.warnings, [Untrusted::from("partial")]);
    }
}
