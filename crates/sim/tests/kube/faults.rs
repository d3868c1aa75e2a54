use std::time::Duration;

use deckwatch_sim::kube::faults::Deny;
use http::Method;
use pretty_assertions::assert_eq;
use serde_json::json;

use crate::client::{Watch, fake, get, send};

#[tokio::test]
async fn a_frozen_server_answers_nothing_until_it_thaws() {
    let (stand, _) = fake().await;
    stand.faults().freeze(true);
    let asked = get(&stand, "/version");
    tokio::pin!(asked);
    // The request has been taken in before it is held: then it can only wait for the thaw.
    let held = async {
        while stand.faults().requests().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = &mut asked => panic!("answered while frozen"),
        () = held => {}
    }
    stand.faults().freeze(false);
    assert_eq!(asked.await.status, 200);
}

#[tokio::test]
async fn open_watches_can_be_dropped() {
    let (stand, _) = fake().await;
    let mut watch = Watch::open(&stand, "/api/v1/namespaces?watch=1").await;
    while watch.next().await.expect("an event")["object"]["metadata"]["name"] != "monitoring" {}
    stand.faults().drop_watches();
    assert_eq!(watch.next().await, None);
}

#[tokio::test]
async fn the_next_answers_can_be_refusals() {
    let (stand, _) = fake().await;
    stand.faults().answer_next(2, 429, "/pods");
    stand.faults().answer_next(1, 503, "");
    let busy = get(&stand, "/api/v1/pods").await;
    assert_eq!((busy.status.as_u16(), busy.header("retry-after")), (429, "1"));
    let codes = [
        get(&stand, "/api/v1/nodes").await.status.as_u16(),
        get(&stand, "/api/v1/nodes").await.status.as_u16(),
        get(&stand, "/api/v1/pods").await.status.as_u16(),
        get(&stand, "/api/v1/pods").await.status.as_u16(),
    ];
    assert_eq!(codes, [503, 200, 429, 200]);
}

#[tokio::test]
async fn rights_can_be_taken_away_and_requests_are_remembered() {
    let (stand, _) = fake().await;
    stand.faults().deny(Deny { namespace: "momo-store".to_owned(), ..Deny::new("list", "secrets") });
    let denied = get(&stand, "/api/v1/namespaces/momo-store/secrets?limit=1").await;
    assert_eq!((denied.status.as_u16(), denied.json()["reason"].clone()), (403, json!("Forbidden")));
    assert_eq!(get(&stand, "/api/v1/namespaces/data/secrets").await.status, 200);
    stand.faults().allow_all();
    assert_eq!(get(&stand, "/api/v1/namespaces/momo-store/secrets?limit=1").await.status, 200);
    let seen: Vec<(String, String)> = stand
        .faults()
        .requests()
        .into_iter()
        .map(|r| (r.method, format!("{}?{}", r.path, r.query)))
        .collect();
    let get = |path: &str| ("GET".to_owned(), path.to_owned());
    assert_eq!(
        seen,
        [
            get("/api/v1/namespaces/momo-store/secrets?limit=1"),
            get("/api/v1/namespaces/data/secrets?"),
            get("/api/v1/namespaces/momo-store/secrets?limit=1"),
        ]
    );
}

#[tokio::test]
async fn a_server_that_speaks_json_only_refuses_those_who_take_protobuf_alone() {
    let (stand, _) = fake().await;
    stand.faults().json_only(true);
    let asked = async |accept: &str| {
        let answer = send(&stand, Method::GET, "/api/v1/nodes", &[("accept", accept)], "").await;
        (answer.status.as_u16(), answer.header("content-type").to_owned())
    };
    let json = "application/json".to_owned();
    assert_eq!(asked("application/vnd.kubernetes.protobuf").await, (406, json.clone()));
    assert_eq!(asked("application/vnd.kubernetes.protobuf,application/json").await, (200, json));
}

#[tokio::test]
async fn a_stand_that_is_stopped_takes_its_server_along() {
    let (stand, _) = fake().await;
    let address = stand.address();
    let mut watch = Watch::open(&stand, "/api/v1/pods?watch=1").await;
    assert!(watch.next().await.is_some());
    stand.stop().await;
    let gone = tokio::time::timeout(Duration::from_secs(10), async {
        while tokio::net::TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    });
    assert!(gone.await.is_ok());
}
