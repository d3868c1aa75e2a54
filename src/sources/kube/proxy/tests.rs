use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use http::{Method, Response, StatusCode};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Bytes as Data, Message};

use super::*;
use crate::core::Span;
use crate::sources::kube::testing::{Answer, Server, json, status, typed};
use crate::sources::transport::{Proxied, Request, Transport, Unanswered, Write};
use crate::store::health::Via;

fn backend(port: Port) -> Backend {
    Backend {
        namespace: Name::new("monitoring").unwrap(),
        service: Name::new("prometheus").unwrap(),
        port,
        https: false,
        prefix: "/prom/".to_owned(),
    }
}

fn get(path: &str) -> Request {
    Request {
        method: Method::GET,
        path: path.to_owned(),
        headers: vec![("x-scope-orgid".parse().unwrap(), "team".parse().unwrap())],
        form: None,
        limit: Span::secs(5),
        cap: 1 << 20,
    }
}

fn post(path: &str, form: &str) -> Request {
    Request { method: Method::POST, form: Some(form.to_owned()), ..get(path) }
}

fn write(method: Method) -> Write {
    let json = (method == Method::POST).then(|| "{}".to_owned());
    let Request { path, headers, limit, cap, .. } = get("/api/v2/silences");
    Write { method, path, headers, json, limit, cap }
}

mod service {
    use pretty_assertions::assert_eq;

    use super::*;

    async fn asked(server: &Arc<Server>, backend: Backend, request: Request) -> Result<(u16, String)> {
        let answer = ServiceProxy::new(server.client(), backend).send(request).await?;
        Ok((answer.status, String::from_utf8_lossy(&answer.body).into_owned()))
    }

    #[tokio::test]
    async fn requests_go_to_the_services_path_with_their_headers_and_form() {
        let server = Server::new(|request| {
            let tenant = request.headers()["x-scope-orgid"].to_str().unwrap().to_owned();
            typed(200, "text/plain", format!("{tenant} {}", String::from_utf8_lossy(request.body())))
        });
        let https =
            Backend { https: true, prefix: String::new(), ..backend(Port::Name(Name::new("web").unwrap())) };
        let plain = backend(Port::Number(9090));
        assert_eq!(asked(&server, plain, get("/api/v1/query?query=up")).await, Ok((200, "team ".to_owned())));
        assert_eq!(
            asked(&server, https, post("/api", "query=up")).await,
            Ok((200, "team query=up".to_owned()))
        );
        assert_eq!(
            server.log(),
            [
                "GET /api/v1/namespaces/monitoring/services/prometheus:9090/proxy/prom/api/v1/query?query=up",
                "POST /api/v1/namespaces/monitoring/services/https:prometheus:web/proxy/api",
            ]
        );
    }

    #[tokio::test]
    async fn the_services_own_errors_are_answers() {
        for (code, content_type, body) in [
            (503, "text/plain", "Service Unavailable"),
            (400, "application/json", r#"{"status":"error","errorType":"bad_data"}"#),
            (401, "text/html", "<html>"),
            (302, "text/html", "moved"),
        ] {
            let server = Server::new(move |_| typed(code, content_type, body));
            assert_eq!(
                asked(&server, backend(Port::Number(9090)), get("/x")).await,
                Ok((code, body.to_owned()))
            );
        }
    }

    #[tokio::test]
    async fn the_api_servers_own_errors_are_errors_of_the_way() {
        let no_way = "error trying to reach service: dial tcp 10.0.0.1:9090: i/o timeout";
        let old = "Error: 'dial tcp: i/o timeout'\nTrying to reach: 'http://10.0.0.1:9090/'";
        for (answer, kind, hint) in [
            (
                status(403, "Forbidden", "services is forbidden"),
                Kind::Denied,
                "ask for get and create on services/proxy named prometheus:9090 in namespace monitoring",
            ),
            (status(404, "NotFound", "services \\\"prometheus\\\" not found"), Kind::NotFound, ""),
            (
                status(503, "ServiceUnavailable", "no endpoints available for service"),
                Kind::Unreachable,
                "the API server does not",
            ),
            (status(503, "ServiceUnavailable", no_way), Kind::Unreachable, "the API server does not"),
            (typed(503, "text/plain", no_way), Kind::Unreachable, "the API server does not"),
            (typed(502, "text/plain", old), Kind::Unreachable, "the API server does not"),
        ] {
            let answer = Mutex::new(Some(answer));
            let server = Server::new(move |_| answer.lock().unwrap().take().unwrap());
            let error = asked(&server, backend(Port::Number(9090)), get("/x")).await.unwrap_err();
            assert_eq!((error.kind, error.on.raw()), (kind, "http://monitoring/prometheus:9090/prom/"));
            assert!(error.hint.as_deref().unwrap_or("").starts_with(hint), "{error:?}");
        }
    }

    #[tokio::test]
    async fn a_write_goes_to_the_services_path_once_with_its_body() {
        for method in [Method::POST, Method::DELETE] {
            let server = Server::new(|request| {
                let kind = request.headers().get("content-type").map(|v| v.to_str().unwrap().to_owned());
                typed(200, "application/json", format!("{kind:?} {:?}", request.body()))
            });
            let proxy = ServiceProxy::new(server.client(), backend(Port::Number(9093)));
            let answer = proxy.send_once(write(method.clone())).await.unwrap();
            let said =
                if method == Method::POST { r#"Some("application/json") b"{}""# } else { r#"None b"""# };
            assert_eq!((answer.status, answer.body), (200, Bytes::from(said)));
            let path = "/api/v1/namespaces/monitoring/services/prometheus:9093/proxy/prom/api/v2/silences";
            assert_eq!(server.log(), [format!("{method} {path}")]);
            let segment = "prometheus:9093".to_owned();
            assert_eq!(proxy.proxied(), Some(Proxied { namespace: "monitoring".to_owned(), segment }));
        }
    }

    #[tokio::test]
    async fn what_the_api_server_did_not_pass_on_is_told_from_what_it_may_have() {
        let reset = "error trying to reach service: read tcp 10.0.0.1:9093: connection reset by peer";
        let dial = "error trying to reach service: dial tcp 10.0.0.1:9093: connect: connection refused";
        for (answer, kind, maybe) in [
            (status(403, "Forbidden", "services is forbidden"), Kind::Denied, false),
            (status(404, "NotFound", "services not found"), Kind::NotFound, false),
            (
                status(503, "ServiceUnavailable", "no endpoints available for service"),
                Kind::Unreachable,
                false,
            ),
            (status(503, "ServiceUnavailable", dial), Kind::Unreachable, false),
            (status(503, "ServiceUnavailable", reset), Kind::Unreachable, true),
            (typed(502, "text/plain", reset), Kind::Unreachable, true),
            (status(504, "Timeout", "request did not complete"), Kind::Server, true),
        ] {
            let answer = Mutex::new(Some(answer));
            let server = Server::new(move |_| answer.lock().unwrap().take().unwrap());
            let proxy = ServiceProxy::new(server.client(), backend(Port::Number(9093)));
            let Unanswered { error, maybe_sent } = proxy.send_once(write(Method::POST)).await.unwrap_err();
            assert_eq!((error.kind, maybe_sent), (kind, maybe), "{error:?}");
            if kind == Kind::Denied {
                assert!(error.hint.unwrap().starts_with("ask for create and delete on services/proxy named"));
            }
            assert_eq!(server.log().len(), 1);
        }
    }

    #[tokio::test]
    async fn only_queries_are_sent_and_only_below_the_prefix() {
        let server = Server::new(|_| typed(200, "text/plain", ""));
        for request in [
            Request { method: Method::DELETE, ..get("/x") },
            Request { method: Method::POST, ..get("/x") },
            get("/../../pods"),
            get("x"),
        ] {
            asked(&server, backend(Port::Number(9090)), request).await.unwrap_err();
        }
        assert_eq!(server.log(), [""; 0]);
        let proxy = ServiceProxy::new(server.client(), backend(Port::Number(1)));
        assert_eq!(proxy.via(), Via::ServiceProxy);
    }
}

mod forward {
    use pretty_assertions::assert_eq;

    use super::*;

    /// What the pod does with a connection.
    #[derive(Clone)]
    enum Pod {
        /// Answers each request with this text and never ends the stream.
        Answers(&'static str),
        /// Says that nobody listens.
        Complains,
        /// Says nothing.
        Silent,
        /// Answers once and then ends the stream.
        Once(&'static str),
    }

    /// Speaks the port-forward protocol: a channel of data and one of errors, each begun with the port.
    async fn speak(
        mut socket: WebSocketStream<hyper_util::rt::TokioIo<hyper::upgrade::Upgraded>>,
        port: u16,
        pod: Pod,
    ) {
        for channel in [0_u8, 1] {
            let [low, high] = port.to_le_bytes();
            socket.send(Message::binary(vec![channel, low, high])).await.unwrap();
        }
        let mut heard = Vec::new();
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Binary(data) = message {
                heard.extend_from_slice(&data[1..]);
            }
            if !heard.windows(4).any(|w| w == b"\r\n\r\n") {
                continue;
            }
            let (channel, said) = match &pod {
                Pod::Silent => continue,
                Pod::Complains => (1, "error forwarding port 9090: connection refused".to_owned()),
                Pod::Answers(text) | Pod::Once(text) => {
                    let head = String::from_utf8_lossy(&heard);
                    let line = head.lines().next().unwrap_or("").to_owned();
                    let host = head.lines().find(|l| l.starts_with("host: ")).unwrap_or("").to_owned();
                    let body = format!("{text} | {line} | {host}");
                    (
                        0,
                        format!(
                            "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{body}",
                            body.len()
                        ),
                    )
                }
            };
            heard.clear();
            let mut frame = vec![channel];
            frame.extend(said.into_bytes());
            socket.send(Message::binary(Data::from(frame))).await.unwrap();
            if matches!(pod, Pod::Once(_)) {
                socket.close(None).await.ok();
                return;
            }
        }
    }

    fn upgrade(request: &http::Request<Bytes>, pod: Pod) -> Answer {
        let key = request.headers()["sec-websocket-key"].as_bytes();
        let response = Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-accept", derive_accept_key(key))
            .header("sec-websocket-protocol", "v4.channel.k8s.io");
        let port = request.uri().query().unwrap().split('=').nth(1).unwrap().parse().unwrap();
        Answer::Upgrade(
            response.body(()).unwrap(),
            Box::new(move |upgraded| {
                Box::pin(async move {
                    let io = hyper_util::rt::TokioIo::new(upgraded);
                    let socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
                    speak(socket, port, pod).await;
                })
            }),
        )
    }

    fn slice(pods: &[(&str, bool)]) -> Answer {
        let endpoints: Vec<_> = pods
            .iter()
            .map(|(name, ready)| {
                serde_json::json!({"addresses": ["10.0.0.1"], "conditions": {"ready": ready},
                    "targetRef": {"kind": "Pod", "name": name}})
            })
            .collect();
        json(
            200,
            &serde_json::json!({"kind": "EndpointSliceList", "metadata": {}, "items": [{"metadata": {"name": "s"},
            "addressType": "IPv4", "endpoints": endpoints, "ports": [{"name": "web", "port": 19090}]}]}),
        )
    }

    fn service() -> Answer {
        json(
            200,
            &serde_json::json!({"kind": "Service", "metadata": {"name": "prometheus"}, "spec": {
            "selector": {"app": "prom"},
            "ports": [{"name": "grpc", "port": 9091, "targetPort": 1}, {"name": "web", "port": 9090, "targetPort": "http"}]}}),
        )
    }

    type Opened = Box<dyn Fn(&http::Request<Bytes>, &str) -> Answer + Send + Sync>;

    /// An API server with one service, whose slices come from a queue (the last one stays).
    fn cluster(slices: Vec<Answer>, opened: Opened) -> Arc<Server> {
        let slices = Mutex::new(slices.into_iter().collect::<VecDeque<_>>());
        Server::new(move |request| {
            let path = request.uri().path();
            if path.ends_with("/services/prometheus") {
                service()
            } else if path.ends_with("/endpointslices") {
                slices.lock().unwrap().pop_front().unwrap_or_else(|| slice(&[]))
            } else if path.ends_with("/pods") {
                json(
                    200,
                    &serde_json::json!({"kind": "PodList", "metadata": {}, "items": [
                    {"metadata": {"name": "old"}, "status": {"conditions": [{"type": "Ready", "status": "False"}]}},
                    {"metadata": {"name": "prom-1"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]},
                     "spec": {"containers": [{"name": "c", "ports": [{"name": "http", "containerPort": 29090}]}]}}]}),
                )
            } else {
                opened(request, path.split('/').nth(6).unwrap())
            }
        })
    }

    async fn text(forward: &PortForward, request: Request) -> Result<String> {
        forward.send(request).await.map(|a| String::from_utf8_lossy(&a.body).into_owned())
    }

    fn opened_pods(server: &Server) -> Vec<String> {
        server.log().iter().filter(|l| l.contains("/portforward")).cloned().collect()
    }

    #[tokio::test]
    async fn http_is_spoken_on_the_stream_and_the_connection_is_used_again() {
        let server = cluster(
            vec![slice(&[("prom-0", false), ("prom-1", true)])],
            Box::new(|request, _| upgrade(request, Pod::Answers("ok"))),
        );
        let forward = PortForward::new(server.client(), backend(Port::Number(9090)));
        assert_eq!(
            text(&forward, get("/api?x=1")).await,
            Ok("ok | GET /prom/api?x=1 HTTP/1.1 | host: prometheus.monitoring.svc:9090".to_owned())
        );
        assert!(
            text(&forward, post("/api", "query=up"))
                .await
                .unwrap()
                .starts_with("ok | POST /prom/api HTTP/1.1")
        );
        assert_eq!(
            opened_pods(&server),
            ["GET /api/v1/namespaces/monitoring/pods/prom-1/portforward?&ports=19090"]
        );
        assert_eq!(forward.via(), Via::PortForward);
        assert_eq!(forward.address().raw(), "http://monitoring/prometheus:9090/prom/");
    }

    #[tokio::test]
    async fn a_connection_that_ended_in_the_pool_is_replaced() {
        let server = cluster(
            vec![slice(&[("prom-0", true)])],
            Box::new(|request, _| upgrade(request, Pod::Once("ok"))),
        );
        let forward = PortForward::new(server.client(), backend(Port::Name(Name::new("web").unwrap())));
        for _ in 0..3 {
            assert!(text(&forward, get("/")).await.unwrap().starts_with("ok"));
        }
        assert_eq!(opened_pods(&server).len(), 3);
    }

    #[tokio::test]
    async fn a_write_has_a_connection_of_its_own_and_is_not_sent_again() {
        let server = cluster(
            vec![slice(&[("prom-0", true)])],
            Box::new(|request, _| upgrade(request, Pod::Answers("ok"))),
        );
        let forward = PortForward::new(server.client(), backend(Port::Number(9090)));
        text(&forward, get("/")).await.unwrap();
        let answer = forward.send_once(write(Method::POST)).await.unwrap();
        assert!(answer.body.starts_with(b"ok | POST /prom/api/v2/silences HTTP/1.1"), "{:?}", answer.body);
        assert_eq!(opened_pods(&server).len(), 2);
        let silent = cluster(
            vec![slice(&[("prom-0", true)])],
            Box::new(|request, _| upgrade(request, Pod::Complains)),
        );
        let forward = PortForward::new(silent.client(), backend(Port::Number(9090)));
        let lost = forward.send_once(write(Method::POST)).await.unwrap_err();
        assert_eq!((lost.maybe_sent, opened_pods(&silent).len()), (true, 1));
        let denied = cluster(
            vec![slice(&[("prom-0", true)])],
            Box::new(|_, _| status(403, "Forbidden", "pods is forbidden")),
        );
        let forward = PortForward::new(denied.client(), backend(Port::Number(9090)));
        let unsent = forward.send_once(write(Method::POST)).await.unwrap_err();
        assert_eq!((unsent.maybe_sent, unsent.error.kind), (false, Kind::Denied));
    }

    #[tokio::test]
    async fn a_pod_that_is_gone_is_looked_for_anew() {
        let server = cluster(
            vec![slice(&[("prom-0", true)]), slice(&[("prom-2", true)])],
            Box::new({
                let first = Mutex::new(true);
                move |request, pod| match (pod, std::mem::take(&mut *first.lock().unwrap())) {
                    ("prom-0", true) => upgrade(request, Pod::Once("zero")),
                    ("prom-0", false) => status(404, "NotFound", "pods \\\"prom-0\\\" not found"),
                    _ => upgrade(request, Pod::Answers("two")),
                }
            }),
        );
        let forward = PortForward::new(server.client(), backend(Port::Number(9090)));
        assert!(text(&forward, get("/")).await.unwrap().starts_with("zero"));
        assert!(text(&forward, get("/")).await.unwrap().starts_with("two"));
    }

    #[tokio::test]
    async fn what_the_pods_side_says_about_the_port_is_told() {
        let server = cluster(
            vec![slice(&[("prom-0", true)])],
            Box::new(|request, _| upgrade(request, Pod::Complains)),
        );
        let forward = PortForward::new(server.client(), backend(Port::Number(9090)));
        let error = text(&forward, get("/")).await.unwrap_err();
        assert_eq!(error.kind, Kind::Unreachable);
        assert_eq!(error.detail.unwrap().raw(), "error forwarding port 9090: connection refused");
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_pod_is_given_up_at_the_requests_limit() {
        let server =
            cluster(vec![slice(&[("prom-0", true)])], Box::new(|request, _| upgrade(request, Pod::Silent)));
        let forward = PortForward::new(server.client(), backend(Port::Number(9090)));
        let began = Instant::now();
        assert_eq!(text(&forward, get("/")).await.unwrap_err().kind, Kind::Timeout);
        assert_eq!(began.elapsed(), Duration::from_secs(5));
    }

    #[tokio::test]
    async fn refusals_and_missing_pods_are_named() {
        let denied = cluster(
            vec![slice(&[("prom-0", true)])],
            Box::new(|_, _| status(403, "Forbidden", "pods is forbidden")),
        );
        let forward = PortForward::new(denied.client(), backend(Port::Number(9090)));
        let error = text(&forward, get("/")).await.unwrap_err();
        assert_eq!(error.kind, Kind::Denied);
        assert_eq!(
            error.hint.as_deref(),
            Some("ask for get and create on pods/portforward in namespace monitoring")
        );
        let nobody = cluster(vec![slice(&[("prom-0", false)])], Box::new(|_, _| Answer::Hang));
        let forward = PortForward::new(nobody.client(), backend(Port::Number(9090)));
        let error = text(&forward, get("/")).await.unwrap_err();
        assert_eq!(
            (error.kind, error.detail.unwrap().raw()),
            (Kind::Unreachable, "no pod behind it is ready")
        );
        let forward = PortForward::new(nobody.client(), backend(Port::Number(1)));
        assert_eq!(text(&forward, get("/")).await.unwrap_err().kind, Kind::NotFound);
    }

    #[tokio::test]
    async fn without_the_right_to_read_slices_the_selectors_pods_are_looked_at() {
        let server = cluster(
            vec![status(403, "Forbidden", "endpointslices is forbidden")],
            Box::new(|request, _| upgrade(request, Pod::Answers("ok"))),
        );
        let forward = PortForward::new(server.client(), backend(Port::Number(9090)));
        assert!(text(&forward, get("/")).await.unwrap().starts_with("ok"));
        assert_eq!(
            opened_pods(&server),
            ["GET /api/v1/namespaces/monitoring/pods/prom-1/portforward?&ports=29090"]
        );
        assert!(server.log().iter().any(|l| l.contains("labelSelector=app%3Dprom")));
    }
}
