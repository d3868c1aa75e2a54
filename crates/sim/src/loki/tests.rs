use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use pretty_assertions::assert_eq;
use serde_json::{Value as Json, json};
use tokio::sync::watch;
use tower::ServiceExt;

use super::*;
use crate::life::Nanos;
use crate::shop::logs::Scribe;
use crate::shop::testing::{self, BAD, START};
use crate::shop::{Feed, SECOND};

fn app() -> Router {
    let (_, lives) = watch::channel(Arc::new(testing::lives()));
    router(Feed::new(lives, 1, 1.0, START, Arc::new(|| START)))
}

async fn ask(app: &Router, path: &str, params: &[(&str, &str)], categorize: bool) -> (u16, String) {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
    let mut request = Request::get(format!("/loki/api/v1/{path}?{query}"));
    if categorize {
        request = request.header("X-Loki-Response-Encoding-Flags", "categorize-labels");
    }
    let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 26).await.unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

async fn get(app: &Router, path: &str, params: &[(&str, &str)]) -> Json {
    let (status, body) = ask(app, path, params, false).await;
    assert_eq!(status, 200, "{path} {params:?}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// A page: instants, pods and lines, in the order of the answer's streams.
async fn page(
    app: &Router,
    query: &str,
    (start, end): (Nanos, Nanos),
    direction: &str,
    limit: usize,
) -> Vec<(Nanos, String, String)> {
    let (start, end, limit) = (start.to_string(), end.to_string(), limit.to_string());
    let params =
        [("query", query), ("start", &start), ("end", &end), ("direction", direction), ("limit", &limit)];
    let (status, body) = ask(app, "query_range", &params, true).await;
    assert_eq!(status, 200, "{body}");
    let body: Json = serde_json::from_str(&body).unwrap();
    assert_eq!(body["data"]["encodingFlags"], json!(["categorize-labels"]));
    let mut entries = Vec::new();
    for stream in body["data"]["result"].as_array().unwrap() {
        let pod = stream["stream"]["pod"].as_str().unwrap();
        for value in stream["values"].as_array().unwrap() {
            let text = |i: usize| value[i].as_str().unwrap().to_owned();
            entries.push((text(0).parse().unwrap(), pod.to_owned(), text(1)));
        }
    }
    entries.sort();
    if direction == "backward" {
        entries.reverse();
    }
    entries
}

/// Every line of a window, from the shop itself.
fn all(start: Nanos, end: Nanos, service: &str) -> Vec<(Nanos, String, String)> {
    let shop = testing::stand(1);
    let entries = Scribe::new(&shop, start, end).window(start, end, |p| p.life.service == service);
    let mut list: Vec<_> =
        entries.into_iter().map(|e| (e.line.at, e.pod.life.name.clone(), e.line.text)).collect();
    list.sort();
    list
}

const BACKEND: &str = r#"{namespace="momo-store",container="backend"}"#;

#[tokio::test]
async fn a_window_holds_its_start_and_not_its_end() {
    let app = app();
    let lines = all(BAD, BAD + 60 * SECOND, "backend");
    let (first, last) = (lines[0].0, lines.last().unwrap().0);
    let whole = page(&app, BACKEND, (first, last + 1), "forward", 5_000).await;
    assert_eq!(whole, lines);
    let without_last = page(&app, BACKEND, (first, last), "forward", 5_000).await;
    assert!(without_last.iter().all(|e| e.0 < last) && without_last.len() < lines.len());
    let without_first = page(&app, BACKEND, (first + 1, last + 1), "forward", 5_000).await;
    assert!(without_first.iter().all(|e| e.0 > first) && without_first.len() < lines.len());
}

/// Pages through a window as the cockpit does: a full page's last instant is read again.
async fn paged(
    app: &Router,
    window: (Nanos, Nanos),
    direction: &str,
) -> (Vec<(Nanos, String, String)>, usize) {
    let (mut start, mut end) = window;
    let (mut got, mut pages) = (Vec::new(), 0);
    loop {
        let mut entries = page(app, BACKEND, (start, end), direction, 100).await;
        pages += 1;
        let full = entries.len() == 100;
        let cut = entries.last().map(|e| e.0);
        if full {
            entries.retain(|e| Some(e.0) != cut);
        }
        got.extend(entries);
        match (full, cut, direction) {
            (true, Some(at), "forward") => start = at,
            (true, Some(at), _) => end = at + 1,
            _ => return (got, pages),
        }
    }
}

#[tokio::test]
async fn pages_in_both_directions_hold_each_line_once() {
    let app = app();
    let window = (BAD, BAD + 120 * SECOND);
    let lines = all(window.0, window.1, "backend");
    let (forward, pages) = paged(&app, window, "forward").await;
    assert!(pages > 3, "{pages} pages");
    assert_eq!(forward, lines);
    let (mut backward, pages) = paged(&app, window, "backward").await;
    assert!(pages > 3, "{pages} pages");
    backward.reverse();
    assert_eq!(backward, lines);
}

#[tokio::test]
async fn streams_have_promtails_labels_and_categories_are_told_apart_when_asked() {
    let app = app();
    let at = |t: Nanos| t.to_string();
    let params = [("query", BACKEND), ("start", &*at(BAD)), ("end", &*at(START)), ("limit", "1")];
    let plain = get(&app, "query_range", &params).await;
    let stream = &plain["data"]["result"][0]["stream"];
    let names: Vec<&str> = stream.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "app",
        "container",
        "detected_level",
        "filename",
        "job",
        "namespace",
        "node_name",
        "pod",
        "service_name",
        "stream",
    ];
    assert_eq!(names, expected);
    assert_eq!((&stream["job"], &stream["app"]), (&json!("momo-store/backend"), &json!("backend")));
    let query = format!("{BACKEND} | json | status >= 500");
    let params = [("query", &*query), ("start", &*at(BAD)), ("end", &*at(START)), ("limit", "1")];
    let (_, body) = ask(&app, "query_range", &params, true).await;
    let body: Json = serde_json::from_str(&body).unwrap();
    let result = &body["data"]["result"][0];
    assert!(result["stream"].get("detected_level").is_none(), "{result}");
    let apart = &result["values"][0][2];
    assert_eq!(apart["structuredMetadata"], json!({"detected_level": "error"}));
    assert_eq!(apart["parsed"]["status"].as_str().map(|s| s.starts_with('5')), Some(true), "{apart}");
}

#[tokio::test]
async fn counts_are_those_of_the_lines() {
    let app = app();
    // A whole minute, since steps are multiples of the step.
    let minute = (BAD / SECOND / 60 + 3) * 60;
    let at = minute * SECOND;
    let lines = all(at - 60 * SECOND + 1, at + 1, "backend").len();
    let query = format!("sum(count_over_time({BACKEND}[1m]))");
    let time = at.to_string();
    let instant = get(&app, "query", &[("query", &query), ("time", &time)]).await;
    assert_eq!(instant["data"]["result"][0]["value"], json!([minute, lines.to_string()]));
    let (start, end) = ((BAD / SECOND).to_string(), (START / SECOND).to_string());
    let params = [("query", &*query), ("start", &start), ("end", &end), ("step", "60")];
    let ranged = get(&app, "query_range", &params).await;
    let points = ranged["data"]["result"][0]["values"].as_array().unwrap();
    let expected = json!([minute, lines.to_string()]);
    assert!(points.contains(&expected), "{expected} of {points:?}");
    assert!(points.iter().all(|p| p[0].as_i64().unwrap() % 60 == 0), "steps are multiples of the step");
    let by = format!("sum by (detected_level) (rate({BACKEND}[1m]))");
    let levels = get(&app, "query", &[("query", &by), ("time", &time)]).await;
    let names: Vec<&str> = levels["data"]["result"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["metric"]["detected_level"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["error", "info", "unknown", "warn"]);
}

#[tokio::test]
async fn wrong_requests_get_plain_text_as_from_the_real_loki() {
    let app = app();
    for (path, params, error) in [
        (
            "query_range",
            vec![("query", BACKEND), ("limit", "6000")],
            "max entries limit per query exceeded, limit > max_entries_limit_per_query (6000 > 5000)",
        ),
        (
            "query_range",
            vec![("query", BACKEND), ("limit", "x")],
            "strconv.Atoi: parsing \"x\": invalid syntax",
        ),
        ("query_range", vec![("query", BACKEND), ("limit", "0")], "limit must be a positive value"),
        ("query_range", vec![("query", BACKEND), ("direction", "x")], "invalid direction 'x'"),
        (
            "query_range",
            vec![("query", BACKEND), ("start", "x")],
            "could not parse 'start' parameter: strconv.ParseInt: parsing \"x\": invalid syntax",
        ),
        (
            "query_range",
            vec![("query", BACKEND), ("start", "20"), ("end", "10")],
            "end timestamp must not be before or equal to start time",
        ),
        (
            "query_range",
            vec![("query", "{a=\"b\"")],
            "parse error at line 1, col 7: syntax error: unexpected $end, expecting } or ,",
        ),
        (
            "query_range",
            vec![
                ("query", "rate({a=\"b\"}[1m])"),
                ("start", "1000000000"),
                ("end", "1000020000"),
                ("step", "1"),
            ],
            "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter",
        ),
        (
            "query",
            vec![("query", BACKEND)],
            "log queries are not supported as an instant query type, please change your query to a range query type",
        ),
        (
            "series",
            vec![("match[]", "{a=\"b\"")],
            "parse error at line 1, col 7: syntax error: unexpected $end, expecting } or ,",
        ),
        ("index/stats", vec![("query", "{a=\"b\"} |= \"x\"")], "only label matchers are supported"),
    ] {
        assert_eq!(ask(&app, path, &params, false).await, (400, error.to_owned()), "{path} {params:?}");
    }
    assert_eq!(ask(&app, "patterns", &[], false).await, (404, "404 page not found\n".to_owned()));
}

#[tokio::test]
async fn labels_series_and_statistics_are_of_the_window() {
    let app = app();
    let labels = get(&app, "labels", &[]).await;
    let expected =
        ["app", "container", "filename", "job", "namespace", "node_name", "pod", "service_name", "stream"];
    assert_eq!(labels["data"], json!(expected));
    let apps = get(&app, "label/app/values", &[]).await;
    assert_eq!(apps["data"], json!(["backend", "catalog", "frontend", "payments"]));
    let (start, end) = ((BAD - 600 * SECOND).to_string(), (BAD - 300 * SECOND).to_string());
    let params = [("match[]", BACKEND), ("start", &*start), ("end", &*end)];
    let series = get(&app, "series", &params).await;
    let pods: Vec<&str> =
        series["data"].as_array().unwrap().iter().map(|s| s["pod"].as_str().unwrap()).collect();
    assert_eq!(pods.len(), 4, "only the old pods ran then: {pods:?}");
    let stats = get(&app, "index/stats", &[("query", BACKEND)]).await;
    assert!(stats["streams"].as_u64().unwrap() >= 8, "{stats}");
    assert!(stats["entries"].as_u64().unwrap() > 10_000, "{stats}");
    let none = get(&app, "index/stats", &[("query", r#"{namespace="none"}"#)]).await;
    assert_eq!(none, json!({"streams": 0, "chunks": 0, "bytes": 0, "entries": 0}));
}

#[tokio::test]
async fn a_seconds_window_and_a_nanoseconds_window_are_told_by_their_digits() {
    let app = app();
    let seconds = [("query", BACKEND), ("start", "1795000000"), ("end", "1795000010"), ("limit", "5000")];
    let nanos = [
        ("query", BACKEND),
        ("start", "1795000000000000000"),
        ("end", "1795000010000000000"),
        ("limit", "5000"),
    ];
    let (a, b) = (get(&app, "query_range", &seconds).await, get(&app, "query_range", &nanos).await);
    assert_eq!(a["data"]["result"], b["data"]["result"]);
    assert!(!a["data"]["result"].as_array().unwrap().is_empty());
    let millis = [("query", BACKEND), ("start", "1795000000000"), ("end", "1795000010000")];
    assert_eq!(get(&app, "query_range", &millis).await["data"]["result"], json!([]), "1970");
}
