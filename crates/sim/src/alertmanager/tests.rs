use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use pretty_assertions::assert_eq;
use serde_json::{Value as Json, json};
use tokio::sync::watch;
use tower::ServiceExt;

use super::*;
use crate::shop::Feed;
use crate::shop::testing::{self, START};

fn app() -> Router {
    let (_, lives) = watch::channel(Arc::new(testing::lives()));
    let book = RuleBook::new(Feed::new(lives, 1, 1.0, START, Arc::new(|| START))).unwrap();
    router(Alertmanager::new(book))
}

async fn send(app: &Router, method: &str, path: &str, body: &str) -> (u16, Json) {
    let request = Request::builder()
        .method(method)
        .uri(format!("/api/v2{path}"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 24).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Json::Null))
}

async fn get(app: &Router, path: &str) -> (u16, Json) {
    send(app, "GET", path, "").await
}

fn names(alerts: &Json) -> Vec<&str> {
    let mut names: Vec<&str> =
        alerts.as_array().unwrap().iter().map(|a| a["labels"]["alertname"].as_str().unwrap()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[tokio::test]
async fn firing_alerts_are_told_in_the_real_shape() {
    let app = app();
    let (status, alerts) = get(&app, "/alerts?filter=alertname%3DBackend5xxHigh").await;
    assert_eq!(status, 200);
    let alert = &alerts[0];
    let keys: Vec<&str> = alert.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "annotations",
        "endsAt",
        "fingerprint",
        "receivers",
        "startsAt",
        "status",
        "updatedAt",
        "generatorURL",
        "labels",
    ];
    assert_eq!(keys, expected);
    assert_eq!(
        alert["status"],
        json!({"inhibitedBy": [], "mutedBy": [], "silencedBy": [], "state": "active"})
    );
    assert_eq!(alert["receivers"], json!([{"name": "nobody"}]));
    let url = url::Url::parse(alert["generatorURL"].as_str().unwrap()).unwrap();
    let expr = url.query_pairs().find(|(n, _)| n == "g0.expr").unwrap().1.into_owned();
    assert!(
        expr.starts_with("sum by (namespace, service) (rate(http_requests_total{code=~\"5..\"}[1m]))"),
        "{expr}"
    );
    let (_, all) = get(&app, "/alerts").await;
    let prints: Vec<&str> =
        all.as_array().unwrap().iter().map(|a| a["fingerprint"].as_str().unwrap()).collect();
    assert!(prints.is_sorted() && prints.iter().all(|p| p.len() == 16), "{prints:?}");
    assert!(names(&all).contains(&"Watchdog"), "{:?}", names(&all));
}

#[tokio::test]
async fn groups_hold_the_same_alerts() {
    let app = app();
    let (_, groups) = get(&app, "/alerts/groups").await;
    let (_, alerts) = get(&app, "/alerts").await;
    let count: usize = groups.as_array().unwrap().iter().map(|g| g["alerts"].as_array().unwrap().len()).sum();
    assert_eq!(count, alerts.as_array().unwrap().len());
    let group =
        groups.as_array().unwrap().iter().find(|g| g["labels"]["alertname"] == "Backend5xxHigh").unwrap();
    assert_eq!(group["labels"], json!({"alertname": "Backend5xxHigh", "namespace": "momo-store"}));
    assert_eq!(group["receiver"], json!({"name": "nobody"}));
}

#[tokio::test]
async fn filters_choose_and_wrong_ones_get_the_real_errors() {
    let app = app();
    let (_, none) = get(&app, "/alerts?filter=severity%3D~%22warn%22").await;
    assert_eq!(none, json!([]), "expressions match the whole value");
    let (_, critical) =
        get(&app, "/alerts?filter=severity%3D%22critical%22&filter=alertname%21~%22SLO.%2B%22").await;
    assert_eq!(names(&critical), ["Backend5xxHigh"]);
    assert_eq!(get(&app, "/alerts?active=false").await, (200, json!([])));
    assert_eq!(get(&app, "/alerts?receiver=some.%2B").await, (200, json!([])));
    for (path, status, body) in [
        ("/alerts?filter=bad", 400, json!("bad matcher format: bad")),
        ("/alerts?filter=a%3D~%22(%22", 400, json!("error parsing regexp: missing closing ): `^(?:()$`")),
        (
            "/alerts?receiver=(",
            400,
            json!("failed to parse receiver param: error parsing regexp: missing closing ): `^(?:()$`"),
        ),
        ("/silences?filter=bad", 400, json!("bad matcher format: bad")),
        ("/silence/x", 422, json!({"code": 601, "message": "silenceID in path must be of type uuid: \"x\""})),
        ("/silence/00000000-0000-4000-8000-000000000000", 404, Json::Null),
        ("/x", 404, json!({"code": 404, "message": "path /api/v2/x was not found"})),
    ] {
        assert_eq!(get(&app, path).await, (status, body), "{path}");
    }
    let (status, _) = send(&app, "POST", "/alerts", "[]").await;
    assert_eq!(status, 405);
}

fn silence(id: &str, value: &str, ends: &str) -> String {
    json!({
        "id": id,
        "matchers": [{"name": "service", "value": value, "isRegex": false, "isEqual": true}],
        "startsAt": alerts::time(START / 1_000_000),
        "endsAt": ends,
        "createdBy": "on-call",
        "comment": "rolling back",
    })
    .to_string()
}

#[tokio::test]
async fn a_silence_hides_its_alerts_until_it_is_expired() {
    let app = app();
    let end = "2027-01-01T00:00:00.000Z";
    let (status, made) = send(&app, "POST", "/silences", &silence("", "backend", end)).await;
    assert_eq!(status, 200, "{made}");
    let id = made["silenceID"].as_str().unwrap().to_owned();
    let (_, alerts) = get(&app, "/alerts?filter=alertname%3DBackend5xxHigh").await;
    let status = &alerts[0]["status"];
    assert_eq!((&status["state"], &status["silencedBy"]), (&json!("suppressed"), &json!([id])));
    let (_, shown) = get(&app, "/alerts?silenced=false").await;
    assert!(!names(&shown).contains(&"Backend5xxHigh"));
    let (_, longer) =
        send(&app, "POST", "/silences", &silence(&id, "backend", "2027-02-01T00:00:00.000Z")).await;
    assert_eq!(longer["silenceID"], id.as_str(), "a later end keeps the id");
    let (_, other) = send(&app, "POST", "/silences", &silence(&id, "frontend", end)).await;
    assert_ne!(other["silenceID"], id.as_str(), "other matchers make another silence");
    let (_, old) = get(&app, &format!("/silence/{id}")).await;
    assert_eq!(old["status"]["state"], "expired");
    let new = other["silenceID"].as_str().unwrap();
    assert_eq!(send(&app, "DELETE", &format!("/silence/{new}"), "").await.0, 200);
    let (_, list) = get(&app, "/silences").await;
    let states: Vec<&str> =
        list.as_array().unwrap().iter().map(|s| s["status"]["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["expired", "expired"]);
    let (_, alerts) = get(&app, "/alerts?filter=alertname%3DBackend5xxHigh").await;
    assert_eq!(alerts[0]["status"]["state"], "active");
}

#[tokio::test]
async fn silences_that_cannot_be_get_the_real_errors() {
    let app = app();
    let of = |matchers: Json, starts: &str, ends: &str| {
        json!({"matchers": matchers, "startsAt": starts, "endsAt": ends, "createdBy": "a", "comment": "c"})
            .to_string()
    };
    let matcher = |value: &str, regex: bool| json!([{"name": "a", "value": value, "isRegex": regex}]);
    let (now, later, past) = ("2026-11-21T00:00:00Z", "2027-11-21T00:00:00Z", "2020-11-21T00:00:00Z");
    let cases = [
        ("{}".to_owned(), 422, json!({"code": 602, "message": "comment in body is required"})),
        (
            of(json!([]), now, later),
            422,
            json!({"code": 612, "message": "matchers in body should have at least 1 items"}),
        ),
        (
            of(matcher("", false), now, later),
            400,
            json!("invalid silence: at least one matcher must not match the empty string"),
        ),
        (
            of(matcher("b", false), later, now),
            400,
            json!("Failed to create silence: start time must be before end time"),
        ),
        (
            of(matcher("b", false), past, "2021-11-21T00:00:00Z"),
            400,
            json!("Failed to create silence: end time can't be in the past"),
        ),
        (
            of(matcher("(", true), now, later),
            400,
            json!(
                "invalid silence: invalid label matcher 0: invalid regular expression \"(\": error parsing regexp: missing closing ): `(`"
            ),
        ),
        (silence("00000000-0000-4000-8000-000000000000", "b", later), 404, json!("silence not found")),
    ];
    for (body, status, answer) in cases {
        assert_eq!(send(&app, "POST", "/silences", &body).await, (status, answer), "{body}");
    }
    let (status, answer) = send(&app, "POST", "/silences", "x").await;
    assert_eq!((status, &answer["code"]), (400, &json!(400)));
}

#[tokio::test]
async fn a_silence_that_only_excludes_is_taken_and_a_filter_chooses_by_matchers() {
    let app = app();
    let body = json!({
        "matchers": [{"name": "service", "value": "backend", "isRegex": false, "isEqual": false}],
        "startsAt": alerts::time(START / 1_000_000), "endsAt": "2027-01-01T00:00:00.000Z",
        "createdBy": "a", "comment": "c",
    });
    assert_eq!(send(&app, "POST", "/silences", &body.to_string()).await.0, 200);
    for (filter, count) in [("service%21%3Dbackend", 1), ("service%3Dbackend", 0), ("service%3Dother", 0)] {
        let (_, list) = get(&app, &format!("/silences?filter={filter}")).await;
        assert_eq!(list.as_array().unwrap().len(), count, "{filter}");
    }
}

#[tokio::test]
async fn a_lost_reply_tells_nothing_of_what_was_done_and_writes_are_counted() {
    use super::faults::Lost;
    let (_, lives) = watch::channel(Arc::new(testing::lives()));
    let book = RuleBook::new(Feed::new(lives, 1, 1.0, START, Arc::new(|| START))).unwrap();
    let alertmanager = Alertmanager::new(book);
    let faults = alertmanager.faults();
    let app = router(alertmanager);
    let body = silence("", "backend", "2027-01-01T00:00:00.000Z");
    for (lost, there) in [(Lost::NotDone, 0), (Lost::Done, 1)] {
        faults.lose_reply(lost);
        assert_eq!(send(&app, "POST", "/silences", &body).await, (502, Json::Null));
        let (_, list) = get(&app, "/silences").await;
        assert_eq!(list.as_array().unwrap().len(), there, "{lost:?}");
    }
    assert_eq!(faults.writes(), ["POST /api/v2/silences"; 2]);
}
