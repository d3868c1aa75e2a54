use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use deckwatch_sim::kube::logs::PodLogs;
use deckwatch_sim::life::Nanos;
use deckwatch_sim::stand::Stand;
use futures::{SinkExt, StreamExt};
use http::Method;
use pretty_assertions::assert_eq;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::client::{NOW, fake, get, pass, send};

/// Answers each connection once with the request's head and body, as far as they came in one piece.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = vec![0; 8192];
            let n = stream.read(&mut buffer).await.unwrap_or(0);
            let body = String::from_utf8_lossy(&buffer[..n]).into_owned();
            let head =
                format!("HTTP/1.1 418 Teapot\r\ncontent-length: {}\r\nx-mine: yes\r\n\r\n", body.len());
            if stream.write_all((head + &body).as_bytes()).await.is_err() {
                return;
            }
        }
    });
    address
}

async fn stand() -> Stand {
    let (stand, _) = fake().await;
    stand.links().lead("monitoring", "loki", 3100, echo().await);
    stand
}

#[tokio::test]
async fn the_service_proxy_passes_requests_on_without_credentials() {
    let stand = stand().await;
    let path = "/api/v1/namespaces/monitoring/services/http:loki:3100/proxy/loki/api/v1/query?query=%7Ba%3D%22b%22%7D";
    let headers = [("x-scope-orgid", "shop")];
    let answer = send(&stand, Method::POST, path, &headers, "body").await;
    assert_eq!((answer.status.as_u16(), answer.header("x-mine")), (418, "yes"));
    let text = answer.text().to_ascii_lowercase();
    assert!(text.starts_with("post /loki/api/v1/query?query=%7ba%3d%22b%22%7d http/1.1"), "{text}");
    assert!(text.contains("x-scope-orgid: shop") && text.ends_with("body"), "{text}");
    assert!(!text.contains("authorization"), "{text}");
    for spelling in ["loki", "loki:3100", "loki:http-metrics", "http:loki:http-metrics"] {
        let path = format!("/api/v1/namespaces/monitoring/services/{spelling}/proxy/");
        assert_eq!(get(&stand, &path).await.status, 418, "{spelling}");
    }
}

#[tokio::test]
async fn what_the_service_proxy_cannot_reach_is_said() {
    let stand = stand().await;
    let said = async |service: &str| {
        let answer = get(&stand, &format!("/api/v1/namespaces/monitoring/services/{service}/proxy/")).await;
        (answer.status.as_u16(), answer.json()["message"].as_str().unwrap_or("").to_owned())
    };
    assert_eq!(said("nope").await, (404, "services \"nope\" not found".to_owned()));
    assert_eq!(said("loki:1").await, (503, "no service port \"1\" found for service \"loki\"".to_owned()));
    let no_end = "no endpoints available for service \"prometheus-operated\"".to_owned();
    assert_eq!(said("prometheus-operated:9090").await, (503, no_end));
}

#[tokio::test]
async fn ports_are_forwarded_over_a_websocket() {
    let stand = stand().await;
    let prefix = format!("/k8s/clusters/{}", stand.token());
    let url = format!(
        "ws://{}{prefix}/api/v1/namespaces/monitoring/pods/loki-0/portforward?ports=3100,99",
        stand.address()
    );
    let mut request = tokio_tungstenite::tungstenite::client::IntoClientRequest::into_client_request(url)
        .expect("a request");
    request
        .headers_mut()
        .insert("sec-websocket-protocol", "v5.channel.k8s.io, v4.channel.k8s.io".parse().expect("a header"));
    let (mut socket, answer) = tokio_tungstenite::connect_async(request).await.expect("a socket");
    assert_eq!(answer.headers()["sec-websocket-protocol"], "v5.channel.k8s.io");
    let mut frames: Vec<(u8, Vec<u8>)> = Vec::new();
    let mut body = Vec::new();
    socket.send(b"\0GET / HTTP/1.1\r\nhost: x\r\n\r\n".to_vec().into()).await.expect("sent");
    while let Some(Ok(message)) = socket.next().await {
        let data = message.into_data();
        let Some((channel, rest)) = data.split_first() else { break };
        if frames.len() < 5 {
            frames.push((*channel, rest.to_vec()));
        } else {
            body.extend_from_slice(rest);
        }
        if String::from_utf8_lossy(&body).ends_with("\r\n\r\n") && body.len() > 80 {
            break;
        }
    }
    let port = |n: u16| n.to_le_bytes().to_vec();
    let why = "error forwarding port 99 to pod: failed to connect to localhost:99 inside namespace: connection refused";
    let wanted =
        vec![(0, port(3100)), (1, port(3100)), (2, port(99)), (3, port(99)), (3, why.as_bytes().to_vec())];
    assert_eq!(frames, wanted);
    let text = String::from_utf8_lossy(&body).into_owned();
    assert!(
        text.starts_with("HTTP/1.1 418") && text.ends_with("GET / HTTP/1.1\r\nhost: x\r\n\r\n"),
        "{text}"
    );
}

/// Lines at fixed instants, more of which can come.
#[derive(Default)]
struct Lines(Mutex<Vec<(Nanos, String)>>);

impl PodLogs for Lines {
    fn lines(&self, _: &str, container: &str, previous: bool, since: Nanos) -> Vec<(Nanos, String)> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mark = if previous { "previous" } else { container };
        lines.iter().filter(|(at, _)| *at > since).map(|(at, l)| (*at, format!("{mark} {l}"))).collect()
    }
}

#[tokio::test]
async fn logs_are_cut_as_asked_and_followed() {
    let logs = Arc::new(Lines::default());
    let push = |seconds: i64, text: &str| {
        logs.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((NOW + seconds * 1_000_000_000, text.to_owned()));
    };
    for n in -3..1 {
        push(n, &format!("line {n}"));
    }
    let (stand, clock) = fake().await;
    stand.links().take_logs(Arc::clone(&logs) as Arc<dyn PodLogs>);
    let list =
        get(&stand, "/api/v1/namespaces/momo-store/pods?labelSelector=app.kubernetes.io/name%3Dbackend")
            .await;
    let list = list.json();
    let crashed = list["items"]
        .as_array()
        .expect("items")
        .iter()
        .find(|p| p["status"]["containerStatuses"][0]["lastState"]["terminated"]["exitCode"] == 137);
    let name = crashed.expect("a crashed pod")["metadata"]["name"].as_str().expect("a name").to_owned();
    let base = format!("/api/v1/namespaces/momo-store/pods/{name}/log");
    let log = async |query: &str| get(&stand, &format!("{base}?{query}")).await.text();
    assert_eq!(log("").await, "backend line -3\nbackend line -2\nbackend line -1\nbackend line 0\n");
    assert_eq!(log("tailLines=1").await, "backend line 0\n");
    assert_eq!(log("previous=true&tailLines=1").await, "previous line 0\n");
    assert_eq!(log("sinceSeconds=1&limitBytes=9").await, "backend l");
    assert_eq!(log("tailLines=1&timestamps=true").await, "2026-09-21T14:13:20.000000000Z backend line 0\n");
    assert_eq!(log("sinceTime=2026-09-21T14:13:20Z").await, "backend line 0\n");
    let wrong = get(&stand, &format!("{base}?container=other")).await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.json()["message"].clone()),
        (400, serde_json::json!(format!("container other is not valid for pod {name}")))
    );
    let follow = format!("{base}?follow=true&tailLines=1");
    let mut body = crate::client::open(&stand, crate::client::request(&stand, Method::GET, &follow, &[], ""))
        .await
        .into_body();
    let mut text = String::new();
    for wanted in ["backend line 0\n", "backend line 0\nbackend line 9\n"] {
        while text != wanted {
            let frame = http_body_util::BodyExt::frame(&mut body).await.expect("more").expect("a frame");
            text.push_str(&String::from_utf8_lossy(frame.data_ref().map_or(&[], |d| d)));
        }
        push(9, "line 9");
    }
    drop(body);
    pass(&stand, &clock, 1);
}
