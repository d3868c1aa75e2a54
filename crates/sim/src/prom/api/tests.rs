use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use pretty_assertions::assert_eq;
use serde_json::Value as Json;
use tokio::sync::watch;
use tower::ServiceExt;

use super::*;
use crate::shop::Feed;
use crate::shop::testing::{self, BAD, START};

/// Path, parameters, status, kind of error and its text.
type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, u16, &'a str, &'a str);

fn app() -> Router {
    let (_, lives) = watch::channel(Arc::new(testing::lives()));
    router(RuleBook::new(Feed::new(lives, 1, 1.0, START, Arc::new(|| START))).unwrap())
}

async fn send(app: &Router, request: Request<Body>) -> (u16, String) {
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 1 << 26).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn get(app: &Router, path: &str, params: &[(&str, &str)]) -> (u16, Json) {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
    let request = Request::get(format!("{path}?{query}")).body(Body::empty()).unwrap();
    let (status, body) = send(app, request).await;
    (status, serde_json::from_str(&body).unwrap_or(Json::String(body)))
}

#[tokio::test]
async fn a_query_is_answered_by_get_and_by_post_alike() {
    let app = app();
    let query = [("query", "sum by (service) (rate(http_requests_total{code=~\"5..\"}[1m]))")];
    let (status, got) = get(&app, "/api/v1/query", &query).await;
    assert_eq!(status, 200);
    assert_eq!(got["data"]["resultType"], "vector");
    assert_eq!(got["data"]["result"][0]["value"][0], START / 1_000_000_000);
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let request = Request::post("/api/v1/query")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .unwrap();
    let (status, posted) = send(&app, request).await;
    assert_eq!((status, serde_json::from_str::<Json>(&posted).unwrap()), (200, got));
}

#[tokio::test]
async fn range_points_equal_instant_ones_and_every_panel_has_data() {
    let app = app();
    let at = |t: i64| (t / 1_000_000_000).to_string();
    for query in [
        "sum by (code) (rate(http_requests_total{namespace=\"momo-store\",service=\"backend\"}[1m]))",
        "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{service=\"backend\"}[1m])))",
        "sum by (pod) (rate(container_cpu_usage_seconds_total{namespace=\"momo-store\",pod=~\"backend-.*\"}[1m]))",
        "sum by (pod) (container_memory_working_set_bytes{namespace=\"momo-store\"})",
        "sum by (pod) (kube_pod_container_status_restarts_total{namespace=\"momo-store\"})",
        "kube_deployment_metadata_generation{deployment=\"backend\"}",
        "kube_deployment_status_replicas_available",
        "kube_pod_info * on (namespace, pod) group_left (owner_name) kube_pod_owner",
    ] {
        let params = [("query", query), ("start", &*at(BAD)), ("end", &*at(START)), ("step", "30s")];
        let (status, ranged) = get(&app, "/api/v1/query_range", &params).await;
        assert_eq!(status, 200, "{query}: {ranged}");
        let series = ranged["data"]["result"].as_array().unwrap();
        assert!(!series.is_empty(), "{query}");
        for time in [BAD + 90_000_000_000, START] {
            let (_, instant) = get(&app, "/api/v1/query", &[("query", query), ("time", &at(time))]).await;
            for one in instant["data"]["result"].as_array().unwrap() {
                let same = series.iter().find(|s| s["metric"] == one["metric"]).unwrap();
                assert!(same["values"].as_array().unwrap().contains(&one["value"]), "{query} {one}");
            }
        }
    }
    let spec = [
        ("query", "kube_deployment_metadata_generation{deployment=\"backend\"}"),
        ("time", &at(BAD - 60_000_000_000)),
    ];
    let (_, before) = get(&app, "/api/v1/query", &spec).await;
    assert_eq!(before["data"]["result"][0]["value"][1], "6", "one generation less before the release");
}

#[tokio::test]
async fn counters_fall_only_where_a_container_was_restarted() {
    let app = app();
    let query = "http_requests_total{namespace=\"momo-store\"}[10m]";
    let (_, got) = get(&app, "/api/v1/query", &[("query", query)]).await;
    let mut falls = 0;
    for series in got["data"]["result"].as_array().unwrap() {
        let values: Vec<f64> = series["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p[1].as_str().unwrap().parse().unwrap())
            .collect();
        falls += values.windows(2).filter(|w| w[1] < w[0]).count();
    }
    let killed = 1;
    let classes_of_the_killed_pod = 9;
    assert!((1..=killed * classes_of_the_killed_pod).contains(&falls), "{falls} resets");
}

#[tokio::test]
async fn wrong_requests_get_the_errors_of_the_real_one() {
    let app = app();
    let cases: [Case<'_>; 9] = [
        (
            "query",
            vec![],
            400,
            "bad_data",
            "invalid parameter \"query\": 1:1: parse error: no expression found in input",
        ),
        (
            "query",
            vec![("query", "sum(up")],
            400,
            "bad_data",
            "invalid parameter \"query\": 1:7: parse error: unclosed left parenthesis",
        ),
        (
            "query",
            vec![("query", "up"), ("time", "x")],
            400,
            "bad_data",
            "invalid parameter \"time\": cannot parse \"x\" to a valid timestamp",
        ),
        (
            "query",
            vec![("query", "hour(up)")],
            422,
            "execution",
            "the function \"hour\" is not held by the demo stand",
        ),
        (
            "query_range",
            vec![("query", "up"), ("start", "10"), ("end", "5"), ("step", "1")],
            400,
            "bad_data",
            "invalid parameter \"end\": end timestamp must not be before start time",
        ),
        (
            "query_range",
            vec![("query", "up"), ("start", "0"), ("end", "5"), ("step", "0")],
            400,
            "bad_data",
            "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer",
        ),
        (
            "query_range",
            vec![("query", "up"), ("start", "0"), ("end", "11001"), ("step", "1")],
            400,
            "bad_data",
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
        ),
        (
            "query_range",
            vec![("query", "up"), ("start", "0"), ("end", "5"), ("step", "x")],
            400,
            "bad_data",
            "invalid parameter \"step\": cannot parse \"x\" to a valid duration",
        ),
        ("series", vec![], 400, "bad_data", "no match[] parameter provided"),
    ];
    for (path, params, status, kind, error) in cases {
        let (got, body) = get(&app, &format!("/api/v1/{path}"), &params).await;
        let expected = json!({"status": "error", "errorType": kind, "error": error});
        assert_eq!((got, body), (status, expected), "{path} {params:?}");
    }
    let (status, body) = get(&app, "/api/v1/admin/tsdb/snapshot", &[]).await;
    assert_eq!((status, body), (404, Json::String("404 page not found\n".into())));
}

#[tokio::test]
async fn names_values_and_series_are_found() {
    let app = app();
    let (_, names) = get(&app, "/api/v1/label/__name__/values", &[]).await;
    let names: Vec<&str> = names["data"].as_array().unwrap().iter().map(|n| n.as_str().unwrap()).collect();
    for name in ["http_requests_total", "kube_pod_info", "container_memory_working_set_bytes", "ALERTS", "up"]
    {
        assert!(names.contains(&name), "{name} of {names:?}");
    }
    let (_, codes) =
        get(&app, "/api/v1/label/code/values", &[("match[]", "http_requests_total{service=\"payments\"}")])
            .await;
    assert_eq!(codes["data"], json!(["201", "402", "503"]));
    let (_, labels) = get(&app, "/api/v1/labels", &[("match[]", "kube_deployment_spec_replicas")]).await;
    assert_eq!(labels["data"], json!(["__name__", "deployment", "instance", "job", "namespace"]));
    let (_, series) =
        get(&app, "/api/v1/series", &[("match[]", "kube_deployment_spec_replicas"), ("limit", "2")]).await;
    assert_eq!(series["data"].as_array().unwrap().len(), 2);
    assert_eq!(series["warnings"], json!(["results truncated due to limit"]));
    let (_, metadata) = get(&app, "/api/v1/metadata", &[("metric", "http_requests_total")]).await;
    assert_eq!(metadata["data"]["http_requests_total"][0]["type"], "counter");
}

#[tokio::test]
async fn rules_and_alerts_have_the_shape_of_the_real_ones() {
    let app = app();
    let params = [("rule_name[]", "Backend5xxHigh"), ("type", "alert")];
    let (_, rules) = get(&app, "/api/v1/rules", &params).await;
    let groups = rules["data"]["groups"].as_array().unwrap();
    assert_eq!((groups.len(), &groups[0]["name"]), (1, &json!("momo-store.requests")));
    let rule = &groups[0]["rules"][0];
    assert_eq!(
        (&rule["state"], &rule["duration"], &rule["health"], &rule["type"], &rule["labels"]["severity"]),
        (&json!("firing"), &json!(30.0), &json!("ok"), &json!("alerting"), &json!("critical"))
    );
    let query = "sum by (namespace, service) (rate(http_requests_total{code=~\"5..\"}[1m])) / \
                 sum by (namespace, service) (rate(http_requests_total[1m])) > 0.05";
    assert_eq!(rule["query"], query);
    let (_, alerts) = get(&app, "/api/v1/alerts", &[]).await;
    let list = alerts["data"]["alerts"].as_array().unwrap();
    let alert = list.iter().find(|a| a["labels"]["alertname"] == "Backend5xxHigh").unwrap();
    assert_eq!(&rule["alerts"][0], alert);
    assert!(alert["activeAt"].as_str().unwrap().ends_with('Z'), "{alert}");
    assert!(alert["value"].as_str().unwrap().ends_with("e-01"), "{alert}");
    let (_, none) = get(&app, "/api/v1/rules", &[("type", "record")]).await;
    assert_eq!(none["data"]["groups"], json!([]));
}

#[tokio::test]
async fn it_says_what_it_is() {
    let app = app();
    let (_, build) = get(&app, "/api/v1/status/buildinfo", &[]).await;
    assert_eq!(build["data"]["version"], "3.8.0");
    let (_, targets) = get(&app, "/api/v1/targets", &[]).await;
    assert_eq!(targets["data"]["activeTargets"][0]["scrapeInterval"], "5s");
    let request = Request::get("/-/ready").body(Body::empty()).unwrap();
    assert_eq!(send(&app, request).await, (200, "Prometheus Server is Ready.\n".into()));
}

#[tokio::test]
async fn the_server_ends_when_it_is_told_to() {
    let (_, lives) = watch::channel(Arc::new(testing::lives()));
    let book = RuleBook::new(Feed::new(lives, 1, 1.0, START, Arc::new(|| START))).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let server = tokio::spawn(serve(listener, book, stop.clone()));
    let socket = tokio::net::TcpStream::connect(address).await.unwrap();
    stop.cancel();
    server.await.unwrap().unwrap();
    drop(socket);
}
