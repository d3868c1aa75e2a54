use std::sync::Arc;

use super::around::{Machine, Plan, Reach, Side, drive, read_window};
use super::detect::{Confirmed, detect};
use super::*;
use crate::query::logql::LogQuery;
use crate::query::matcher::Matcher;
use crate::sources::http::fake::{Fake, answer, parameters};
use crate::store::logs::{Entry, Origin};

const JSON: &str = "application/json";
const AT: Ts = Ts::from_secs(1_763_733_600);

fn loki(transport: SharedTransport) -> Loki {
    Loki::new(transport, Span::secs(5))
}

fn window() -> Window {
    Window { start: AT - Span::mins(5), end: AT }
}

fn lines(limit: usize) -> Lines {
    Lines { start: AT - Span::mins(5), end: AT, limit, backward: true }
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().copied().collect()
}

fn streams(flags: &str, result: &str) -> String {
    format!(
        r#"{{"status":"success","data":{{"resultType":"streams","result":[{result}],{flags}"stats":{{}}}}}}"#
    )
}

const CATEGORIZED: &str = r#""encodingFlags":["categorize-labels"],"#;

#[tokio::test]
async fn lines_are_asked_in_whole_nanoseconds_with_metadata_apart() {
    let result = r#"{"stream":{"namespace":"n"},"values":[["1763733599000000007","a \"q\"",{"structuredMetadata":{"pod":"p"},"parsed":{"x":"y"}}],["1763733599000000001","b",{}],["1763733598000000000","c"]]}"#;
    let body = streams(CATEGORIZED, result);
    let fake = Fake::new(move |r| {
        assert_eq!(r.headers, [(FLAGS, HeaderValue::from_static("categorize-labels"))]);
        Ok(answer(200, JSON, &body))
    });
    let page = loki(fake.clone()).lines(r#"{namespace="n"}"#, lines(100)).await.unwrap();
    assert_eq!(
        fake.asked(),
        [
            "GET /loki/api/v1/query_range?start=1763733300000000000&end=1763733600000000000&query=%7Bnamespace%3D%22n%22%7D&limit=100&direction=backward"
        ]
    );
    let entry = |ts, line: &str, metadata: &[(&str, &str)]| Entry {
        ts: Ts(ts),
        line: line.into(),
        labels: labels(&[("namespace", "n")]),
        metadata: labels(metadata),
        origin: Origin::Loki,
    };
    assert_eq!(
        page.entries,
        [
            entry(1_763_733_599_000_000_007, "a \"q\"", &[("pod", "p")]),
            entry(1_763_733_599_000_000_001, "b", &[]),
            entry(1_763_733_598_000_000_000, "c", &[]),
        ]
    );
    assert!(page.categorized && !page.is_full());
}

#[tokio::test]
async fn where_metadata_is_mixed_in_the_index_labels_are_asked_once() {
    let fake = Fake::new(|r| {
        let body = if r.path.starts_with("/loki/api/v1/labels") {
            r#"{"status":"success","data":["namespace","app"]}"#.to_owned()
        } else {
            streams(
                "",
                r#"{"stream":{"namespace":"n","trace_id":"1"},"values":[["1763733599000000001","a"]]},{"stream":{"namespace":"n"},"values":[["1763733599000000002","b"]]}"#,
            )
        };
        Ok(answer(200, JSON, &body))
    });
    let loki = loki(fake.clone());
    for _ in 0..2 {
        let page = loki.lines("{namespace=\"n\"}", lines(10)).await.unwrap();
        let split: Vec<_> = page.entries.iter().map(|e| (e.labels.len(), e.metadata.len())).collect();
        assert_eq!(split, [(1, 1), (1, 0)]);
    }
    assert_eq!(fake.asked().iter().filter(|a| a.contains("/labels")).count(), 1);
}

#[tokio::test]
async fn a_limit_beyond_the_servers_is_asked_once_more_and_remembered() {
    let fake = Fake::new(|r| {
        let limit: usize = parameters(r).iter().find(|p| p.0 == "limit").unwrap().1.parse().unwrap();
        if limit > 1_000 {
            let text = format!(
                "max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > 1000)"
            );
            return Ok(answer(400, "text/plain", &text));
        }
        Ok(answer(200, JSON, &streams(CATEGORIZED, "")))
    });
    let loki = loki(fake.clone());
    assert_eq!(loki.lines("{a=\"b\"}", lines(4_000)).await.unwrap().limit, 1_000);
    assert_eq!(loki.lines("{a=\"b\"}", lines(4_000)).await.unwrap().limit, 1_000);
    assert_eq!(fake.asked().len(), 3);
}

#[tokio::test]
async fn long_lines_are_cut_and_counted() {
    let long = "é".repeat(LONGEST_LINE);
    let body = streams(
        CATEGORIZED,
        &format!(
            r#"{{"stream":{{}},"values":[["1763733599000000001","{long}"],["1763733599000000002","short"]]}}"#
        ),
    );
    let page = loki(Fake::always(200, JSON, &body)).lines("{a=\"b\"}", lines(10)).await.unwrap();
    assert_eq!(
        (page.cut, page.entries[0].line.raw().len(), page.entries[1].line.raw()),
        (1, LONGEST_LINE, "short")
    );
}

#[tokio::test]
async fn what_is_not_lines_is_an_error_that_says_so() {
    for (status, body, kind) in [
        (200, r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#, Kind::Decode),
        (200, "<html>", Kind::Decode),
        (
            200,
            r#"{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[["x","y"]]}]}}"#,
            Kind::Decode,
        ),
        (
            200,
            r#"{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[["1"]]}]}}"#,
            Kind::Decode,
        ),
        (401, "no org id", Kind::Auth),
        (400, "parse error at line 1, col 3: x", Kind::BadQuery),
        (503, r#"{"kind":"Status","message":"error trying to reach service"}"#, Kind::Unreachable),
    ] {
        let error =
            loki(Fake::always(status, "text/plain", body)).lines("{a=\"b\"}", lines(10)).await.unwrap_err();
        assert_eq!(error.kind, kind, "{body}");
    }
}

#[tokio::test]
async fn labels_series_stats_and_numbers_are_read() {
    let fake = Fake::new(|r| {
        let body = match r.path.split('?').next().unwrap() {
            "/loki/api/v1/labels" => r#"{"status":"success","data":["a"]}"#,
            "/loki/api/v1/label/a/values" => r#"{"status":"success","data":["1","2"]}"#,
            "/loki/api/v1/series" => r#"{"status":"success","data":[{"a":"1"}]}"#,
            "/loki/api/v1/index/stats" => r#"{"streams":1,"chunks":2,"entries":3,"bytes":4}"#,
            "/loki/api/v1/query_range" => {
                r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1763733600,"5"]]}],"stats":{}}}"#
            }
            other => panic!("{other}"),
        };
        Ok(answer(200, JSON, body))
    });
    let loki = loki(fake.clone());
    assert_eq!(loki.labels(window()).await.unwrap(), ["a"]);
    assert_eq!(loki.label_values("a", window(), Some("{x=\"y\"}")).await.unwrap(), ["1", "2"]);
    assert_eq!(loki.series("{a=\"1\"}", window()).await.unwrap(), [labels(&[("a", "1")])]);
    assert_eq!(
        loki.stats("{a=\"1\"}", window()).await.unwrap(),
        Stats { streams: 1, chunks: 2, entries: 3, bytes: 4 }
    );
    let matrix = loki.metric("rate({a=\"1\"}[1m])", window(), Span::secs(15)).await.unwrap();
    assert_eq!(&matrix.series[0].points[..], &[(AT, 5.0)]);
    let asked = fake.asked();
    assert!(
        asked[1].ends_with("&query=%7Bx%3D%22y%22%7D") && asked[2].contains("&match%5B%5D=%7Ba%3D%221%22%7D"),
        "{asked:?}"
    );
    assert!(asked[4].ends_with("&step=15000ms"), "{asked:?}");
}

#[tokio::test]
async fn a_loki_without_streams_leaves_the_list_out() {
    let loki = loki(Fake::always(200, JSON, r#"{"status":"success"}"#));
    assert_eq!(loki.labels(window()).await.unwrap(), [] as [&str; 0]);
    assert_eq!(loki.series("{a=\"b\"}", window()).await.unwrap(), []);
    assert_eq!(loki.lines("{a=\"b\"}", lines(1)).await.unwrap_err().kind, Kind::Decode);
    loki.probe().await.unwrap();
}

#[tokio::test]
async fn a_long_query_is_sent_as_a_form() {
    let fake = Fake::new(|_| Ok(answer(200, JSON, &streams(CATEGORIZED, ""))));
    let query = format!("{{pod=~\"{}\"}}", "x".repeat(LONGEST_URL));
    loki(fake.clone()).lines(&query, lines(1)).await.unwrap();
    assert!(fake.asked()[0].starts_with("POST /loki/api/v1/query_range start="));
}

/// A Loki with one stream, a line each second from 100 s before to 100 s after the moment.
fn seconds() -> Arc<Fake> {
    Fake::new(|r| {
        if r.path.contains("/index/stats") {
            return Ok(answer(404, "text/plain", "404 page not found"));
        }
        let get = |name: &str| parameters(r).into_iter().find(|p| p.0 == name).unwrap().1;
        let (start, end): (i64, i64) = (get("start").parse().unwrap(), get("end").parse().unwrap());
        let limit: usize = get("limit").parse().unwrap();
        let mut all: Vec<i64> =
            (-100..=100).map(|s| (AT + Span::secs(s)).0).filter(|ts| (start..end).contains(ts)).collect();
        if get("direction") == "backward" {
            all.reverse();
        }
        let values: Vec<String> =
            all.into_iter().take(limit).map(|ts| format!(r#"["{ts}","line {ts}"]"#)).collect();
        Ok(answer(
            200,
            JSON,
            &streams(CATEGORIZED, &format!(r#"{{"stream":{{"a":"b"}},"values":[{}]}}"#, values.join(","))),
        ))
    })
}

#[tokio::test]
async fn the_machine_is_driven_to_enough_lines_on_both_sides() {
    let (fake, query) = (seconds(), LogQuery::new([Matcher::equal("a", "b")]));
    let loki = loki(fake.clone());
    let plan = Plan { at: AT, now: AT + Span::hours(1), page: 40, most: 5_000, budget: 1, cap: 1_000 };
    let mut machine = Machine::new(plan);
    drive(&loki, &query, &mut machine).await;
    let times: Vec<i64> = machine.entries().map(|e| (e.ts - AT).as_secs()).collect();
    assert!(times.is_sorted() && times.len() >= 81, "{}", times.len());
    assert_eq!(
        times,
        (-(machine.mark() as i64)..=(times.len() - machine.mark() - 1) as i64).collect::<Vec<_>>()
    );
    for _ in 0..9 {
        machine.more(Side::Before);
        machine.more(Side::After);
        drive(&loki, &query, &mut machine).await;
    }
    assert_eq!(machine.entries().count(), 201);
    assert_eq!(
        (machine.reach(Side::Before), machine.reach(Side::After)),
        (Reach::NothingWithin(Span::hours(12)), Reach::Now)
    );
}

#[tokio::test]
async fn a_bounded_window_is_read_in_pages_and_gone_on_with() {
    let (fake, query) = (seconds(), LogQuery::new([Matcher::equal("a", "b")]));
    let loki = loki(fake);
    let window = Window { start: AT - Span::secs(50), end: AT + Span::secs(50) };
    let first = read_window(&loki, &query, window, true, 30).await.unwrap();
    assert_eq!((first.entries.len(), first.rest.is_done()), (30, false));
    assert_eq!(first.entries.last().unwrap().ts, AT + Span::secs(49));
    let rest = super::around::drive::go_on(&loki, &query, first.rest.clone(), true, 1_000).await.unwrap();
    assert_eq!(
        (rest.entries.len(), rest.rest.is_done(), rest.entries[0].ts),
        (70, true, AT - Span::secs(50))
    );
}

/// Answers as a Loki with these labels, streams and metadata.
fn labelled(labels: &'static str, series: fn(&str) -> &'static str, metadata: &'static str) -> Loki {
    loki(Fake::new(move |r| {
        let get = |name: &str| parameters(r).into_iter().find(|p| p.0 == name).map_or(String::new(), |p| p.1);
        let body = match r.path.split('?').next().unwrap() {
            "/loki/api/v1/labels" => format!(r#"{{"status":"success","data":[{labels}]}}"#),
            "/loki/api/v1/series" => {
                format!(r#"{{"status":"success","data":[{}]}}"#, series(&get("match[]")))
            }
            "/loki/api/v1/label/cluster/values" => {
                r#"{"status":"success","data":["prod","stage"]}"#.to_owned()
            }
            _ => streams(
                CATEGORIZED,
                &format!(
                    r#"{{"stream":{{"namespace":"n"}},"values":[["1763733599000000001","a",{{"structuredMetadata":{{{metadata}}}}}]]}}"#
                ),
            ),
        };
        Ok(answer(200, JSON, &body))
    }))
}

#[tokio::test]
async fn the_labels_of_pods_are_found_and_confirmed() {
    let by_pod =
        labelled(r#""namespace","pod","container","cluster""#, |_| r#"{"namespace":"n","pod":"p"}"#, "");
    let found = detect(&by_pod, "n", Some("p"), window(), "admin@stage").await.unwrap();
    assert_eq!((found.mapping.profile, found.confirmed), ("promtail or alloy", Confirmed::ByPod));
    assert_eq!(found.mapping.cluster, Some(("cluster".into(), "stage".into())));

    let gone = labelled(
        r#""namespace","pod""#,
        |m| if m.contains("pod=") { "" } else { r#"{"namespace":"n","pod":"q"}"# },
        "",
    );
    let found = detect(&gone, "n", Some("p"), window(), "x").await.unwrap();
    assert_eq!((found.mapping.pod_key.as_str(), found.confirmed), ("pod", Confirmed::ByNamespace));

    let metadata = labelled(
        r#""namespace","container""#,
        |_| r#"{"namespace":"n","container":"c"}"#,
        r#""k8s_pod_name":"p""#,
    );
    let found = detect(&metadata, "n", Some("p"), window(), "x").await.unwrap();
    assert_eq!(
        (found.mapping.pod_key.as_str(), found.mapping.pod_is_metadata, found.confirmed),
        ("k8s_pod_name", true, Confirmed::ByMetadata)
    );

    // `instance` is here, but it is not the pod's name: the pod is in the metadata.
    let instance = labelled(
        r#""namespace","container","instance""#,
        |m| if m.contains("instance=") { "" } else { r#"{"namespace":"n","instance":"10.0.0.1:80"}"# },
        r#""pod":"p""#,
    );
    let found = detect(&instance, "n", Some("p"), window(), "x").await.unwrap();
    assert_eq!((found.mapping.pod_key.as_str(), found.confirmed), ("pod", Confirmed::ByMetadata));

    let unseen = labelled(r#""namespace","pod""#, |_| "", "");
    assert_eq!(detect(&unseen, "n", None, window(), "x").await.unwrap().confirmed, Confirmed::No);
}

#[tokio::test]
async fn a_loki_without_labels_or_without_namespaces_says_what_it_has() {
    let empty = labelled("", |_| "", "");
    let error = detect(&empty, "n", None, window(), "x").await.unwrap_err();
    assert_eq!(error.detail.unwrap().raw(), "Loki has no streams in this window");
    let other = labelled(r#""job","level""#, |_| "", "");
    let error = detect(&other, "n", None, window(), "x").await.unwrap_err();
    assert_eq!(
        (error.kind, error.detail.unwrap().raw()),
        (Kind::NotFound, "no label holds a namespace, there are: job, level")
    );
}
