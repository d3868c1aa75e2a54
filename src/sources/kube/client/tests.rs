use std::io::Write as _;
use std::sync::atomic::Ordering;
use std::time::Duration;

use pretty_assertions::assert_eq;
use secrecy::SecretString;

use super::*;
use crate::sources::auth::Login;
use crate::sources::auth::exec::tests::{held, script, token_answer};
use crate::sources::kube::config::Impersonation;
use crate::sources::kube::testing::{Answer, Chunk, Server, chunked, json, status, target, typed};

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn with_header(answer: Answer, name: HeaderName, text: &str) -> Answer {
    let Answer::Whole(mut response) = answer else { panic!("not whole") };
    response.headers_mut().insert(name, text.parse().unwrap());
    Answer::Whole(response)
}

async fn fail(server: &Arc<Server>, path: &str) -> Fail {
    server.client().get(Get::json(path)).await.unwrap_err()
}

#[tokio::test]
async fn requests_say_who_we_are_and_whom_we_act_as() {
    let server = Server::new(|_| json(200, &serde_json::json!({"a": 1})));
    let mut target = target();
    target.server = "http://127.0.0.1/k8s/clusters/c-1".parse().unwrap();
    target.login = Login::Token(SecretString::from("t0k"));
    target.impersonate = Some(Impersonation {
        user: "bob".to_owned(),
        uid: Some("7".to_owned()),
        groups: vec!["a".to_owned(), "b".to_owned()],
        extra: vec![("acme.com/scope".to_owned(), "x".to_owned())],
    });
    let client = server.client_for(&target);
    let value: serde_json::Value = client.get_json("/api/v1/pods?limit=5").await.unwrap();
    assert_eq!(value, serde_json::json!({"a": 1}));
    assert_eq!(server.log(), ["GET /k8s/clusters/c-1/api/v1/pods?limit=5"]);
    let seen = server.requests();
    let headers: Vec<_> =
        seen[0].headers().iter().map(|(n, v)| format!("{n}: {}", v.to_str().unwrap())).collect();
    assert_eq!(
        headers,
        [
            "accept: application/json",
            "accept-encoding: gzip",
            "authorization: Bearer t0k",
            "impersonate-user: bob",
            "impersonate-uid: 7",
            "impersonate-group: a",
            "impersonate-group: b",
            "impersonate-extra-acme.com%2Fscope: x".to_lowercase().as_str(),
            concat!("user-agent: deckwatch/", env!("CARGO_PKG_VERSION")),
            "host: 127.0.0.1",
        ]
    );
    assert!(!format!("{client:?}").contains("t0k"));
}

#[tokio::test(start_paused = true)]
async fn after_a_401_the_plugin_runs_once_more_and_the_request_is_repeated_once() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let plugin = script(
        folder.path(),
        &format!(
            "echo run >> {r}; n=$(wc -l < {r})\ncat <<EOF\n{{\"kind\":\"ExecCredential\",\"apiVersion\":\
             \"client.authentication.k8s.io/v1\",\"status\":{{\"token\":\"t$n\"}}}}\nEOF",
            r = runs.display()
        ),
    );
    let server = Server::new(|request| match request.headers()[header::AUTHORIZATION].to_str().unwrap() {
        "Bearer t2" => json(200, &serde_json::json!({})),
        _ => status(401, "Unauthorized", "Unauthorized"),
    });
    let mut target = target();
    target.login = Login::Plugin(Arc::new(plugin));
    let client = server.client_for(&target);
    held(client.get(Get::json("/api"))).await.unwrap();
    held(client.get(Get::json("/api"))).await.unwrap();
    let count = || std::fs::read_to_string(&runs).unwrap().lines().count();
    assert_eq!((count(), server.log().len()), (2, 3));

    // A server that refuses every token is asked twice, and the plugin run once more, not for ever.
    let never = Server::new(|_| status(401, "Unauthorized", "Unauthorized"));
    let client = never.client_for(&target);
    let fail = held(client.get(Get::json("/api"))).await.unwrap_err();
    assert_eq!((fail.error.kind, count(), never.log().len()), (Kind::Auth, 4, 2));
}

#[tokio::test]
async fn a_refused_token_that_cannot_be_renewed_is_not_tried_twice() {
    let server = Server::new(|_| status(401, "Unauthorized", "Unauthorized"));
    let mut target = target();
    target.login = Login::Token(SecretString::from("t"));
    let fail = server.client_for(&target).get(Get::json("/api")).await.unwrap_err();
    assert_eq!((fail.error.kind, server.log().len()), (Kind::Auth, 1));
    assert_eq!(fail.error.hint.as_deref(), Some("the credentials were refused: log in again"));
}

#[tokio::test]
async fn a_plugins_failure_is_the_requests_failure_and_nothing_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new(|_| json(200, &serde_json::json!({})));
    let mut target = target();
    target.login = Login::Plugin(Arc::new(script(folder.path(), "echo sorry >&2; exit 1")));
    let fail = server.client_for(&target).get(Get::json("/api")).await.unwrap_err();
    assert_eq!(
        fail.error.line(),
        format!(
            "run the credential plugin: credentials rejected on {}/plugin: exit status: 1: sorry",
            folder.path().display()
        )
    );
    assert_eq!((server.log().len(), server.dials.load(Ordering::SeqCst)), (0, 0));
    let good = script(folder.path(), &token_answer("t", "2030-01-01T00:00:00Z"));
    target.login = Login::Plugin(Arc::new(good));
    server.client_for(&target).get(Get::json("/api")).await.unwrap();
}

#[tokio::test]
async fn nothing_is_retried_or_followed_in_hiding() {
    for (code, kind) in
        [(503, Kind::Server), (429, Kind::Throttled), (504, Kind::Server), (302, Kind::Server)]
    {
        let server = Server::new(move |_| {
            let answer = with_header(status(code, "", "no"), header::RETRY_AFTER, "86400");
            with_header(answer, header::LOCATION, "http://elsewhere.test/")
        });
        let fail = fail(&server, "/api/v1/pods").await;
        assert_eq!(
            (fail.error.kind, fail.status, fail.retry_after, server.log().len()),
            (kind, code, Some(Span::hours(24)), 1)
        );
    }
    let closing = Server::new(|_| Answer::Close);
    assert_eq!(fail(&closing, "/api").await.error.kind, Kind::Unreachable);
    assert_eq!((closing.log().len(), closing.dials.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_given_up_after_ten_seconds() {
    let server = Server::new(|_| Answer::Hang);
    let began = Instant::now();
    let fail = fail(&server, "/api/v1/nodes").await;
    assert_eq!((fail.error.kind, began.elapsed()), (Kind::Timeout, HEADERS));
    assert_eq!(fail.error.line(), "list nodes: no answer on http://k8s.test: no answer for 10 s");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_is_given_up_and_one_that_breaks_off_is_told() {
    let (stalls, answer) = chunked("application/json");
    stalls.send(Chunk::Data("{\"a\":".into())).await.unwrap();
    let answer = std::sync::Mutex::new(Some(answer));
    let server = Server::new(move |_| answer.lock().unwrap().take().unwrap());
    let began = Instant::now();
    let error = fail(&server, "/api").await.error;
    assert_eq!((error.kind, began.elapsed()), (Kind::Timeout, body::IDLE));
    drop(stalls);

    let (breaks, answer) = chunked("application/json");
    breaks.send(Chunk::Data("{\"a\":".into())).await.unwrap();
    breaks.send(Chunk::Break).await.unwrap();
    let answer = std::sync::Mutex::new(Some(answer));
    let server = Server::new(move |_| answer.lock().unwrap().take().unwrap());
    assert_eq!(fail(&server, "/api").await.error.kind, Kind::Unreachable);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_trickles_is_ended_by_the_requests_own_limit() {
    let server = Server::with_async(|_| {
        let (feed, answer) = chunked("application/json");
        tokio::spawn(async move {
            while feed.send(Chunk::Data(" ".into())).await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        Box::pin(std::future::ready(answer))
    });
    let began = Instant::now();
    assert_eq!(fail(&server, "/api").await.error.kind, Kind::Timeout);
    assert_eq!(began.elapsed(), TOTAL.to_std());
}

#[tokio::test]
async fn a_connection_that_fails_is_told_as_what_it_is() {
    let server = Server::new(|_| Answer::Hang);
    server.refuse.store(true, Ordering::SeqCst);
    let error = fail(&server, "/api").await.error;
    assert_eq!(error.line(), "connect: unreachable: connection refused");
}

#[tokio::test]
async fn compressed_answers_are_unpacked_up_to_the_cap_and_no_further() {
    let page = br#"{"items":[1,2,3]}"#;
    let encoded = |body: Vec<u8>, coding: &'static str| {
        Server::new(move |_| with_header(typed(200, JSON, body.clone()), header::CONTENT_ENCODING, coding))
    };
    let (first, second) = page.split_at(5);
    let members = [gzip(first), gzip(second)].concat();
    for body in [gzip(page), members] {
        let reply = encoded(body, "gzip").client().get(Get::json("/x")).await.unwrap();
        assert_eq!(reply.body.as_ref(), page);
    }
    let bomb = gzip(&vec![b' '; 100 << 20]);
    assert!(bomb.len() < 1 << 20);
    let error = fail(&encoded(bomb, "gzip"), "/x").await.error;
    assert_eq!(
        (error.kind, error.detail.unwrap().raw()),
        (Kind::TooLarge, "the answer has more than 16 MiB")
    );
    let mut cut = gzip(&[7; 4096]);
    cut.truncate(20);
    assert_eq!(fail(&encoded(cut, "gzip"), "/x").await.error.kind, Kind::Decode);
    assert_eq!(fail(&encoded(b"plain".to_vec(), "gzip"), "/x").await.error.kind, Kind::Decode);
    assert_eq!(fail(&encoded(page.to_vec(), "br"), "/x").await.error.kind, Kind::Decode);
    let large = Server::new(|_| typed(200, JSON, vec![b' '; (16 << 20) + 1]));
    assert_eq!(fail(&large, "/x").await.error.kind, Kind::TooLarge);
}

#[tokio::test]
async fn streams_are_asked_for_uncompressed_and_read_piece_by_piece() {
    let (feed, answer) = chunked("application/json");
    let answer = std::sync::Mutex::new(Some(answer));
    let server = Server::new(move |_| answer.lock().unwrap().take().unwrap());
    let mut stream = server.client().stream("/api/v1/pods?watch=true", JSON).await.unwrap();
    assert_eq!(server.requests()[0].headers()[header::ACCEPT_ENCODING], "identity");
    feed.send(Chunk::Data("ab".into())).await.unwrap();
    assert_eq!(stream.chunk().await.unwrap().as_deref(), Some(b"ab".as_slice()));
    drop(feed);
    assert_eq!(stream.chunk().await.unwrap(), None);
    let refused = Server::new(|_| status(403, "Forbidden", "no"));
    let fail = refused.client().stream("/api/v1/pods?watch=true", JSON).await.err().unwrap();
    assert_eq!(fail.error.hint.as_deref(), Some("ask for the verb `watch` on pods in the whole cluster"));
}

#[tokio::test]
async fn reviews_are_posts_to_fixed_paths() {
    let server = Server::new(|request| {
        json(201, &serde_json::json!({"got": String::from_utf8_lossy(request.body())}))
    });
    let client = server.client();
    let subjects = Since::ALL.into_iter().flat_map(|since| [Review::Subject(since), Review::Login(since)]);
    for review in [Review::Access, Review::Rules].into_iter().chain(subjects) {
        let said = client.review(review, &serde_json::json!({"spec": {}})).await.unwrap();
        assert_eq!(said, serde_json::json!({"got": r#"{"spec":{}}"#}));
    }
    assert_eq!(
        server.log(),
        [
            "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            "POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
            "POST /apis/authentication.k8s.io/v1/selfsubjectreviews",
            "POST /apis/authentication.k8s.io/v1/selfsubjectreviews",
            "POST /apis/authentication.k8s.io/v1beta1/selfsubjectreviews",
            "POST /apis/authentication.k8s.io/v1beta1/selfsubjectreviews",
            "POST /apis/authentication.k8s.io/v1alpha1/selfsubjectreviews",
            "POST /apis/authentication.k8s.io/v1alpha1/selfsubjectreviews",
        ]
    );
}

#[tokio::test]
async fn dry_runs_cannot_be_anything_else() {
    let server = Server::new(|_| json(200, &serde_json::json!({})));
    let client = server.client();
    let path = "/apis/apps/v1/namespaces/n/deployments/d";
    let query = [("fieldManager", "helm"), ("DryRun", ""), ("dryRun", "None")];
    client.dry_run(Method::PATCH, path, &query, "application/merge-patch+json", "{}".into()).await.unwrap();
    client.dry_run(Method::DELETE, path, &[], JSON, r#"{"kind":"DeleteOptions"}"#.into()).await.unwrap();
    client.dry_run(Method::PUT, &format!("{path}/scale"), &[], JSON, "{}".into()).await.unwrap();
    let eviction = "/api/v1/namespaces/n/pods/p/eviction";
    let body = r#"{"deleteOptions":{"dryRun":["All"]}}"#;
    client.dry_run(Method::POST, eviction, &[], JSON, body.into()).await.unwrap();
    assert_eq!(
        server.log(),
        [
            format!("PATCH {path}?dryRun=All&fieldManager=helm"),
            format!("DELETE {path}?dryRun=All"),
            format!("PUT {path}/scale?dryRun=All"),
            format!("POST {eviction}?dryRun=All"),
        ]
    );
    assert!(server.requests()[1].body().is_empty());
    for (method, path) in [
        (Method::POST, "/api/v1/namespaces/n/pods/p/exec"),
        (Method::POST, "/api/v1/namespaces/n/pods/p/eviction"),
        (Method::POST, "/api/v1/namespaces/n/serviceaccounts/s/token"),
        (Method::POST, "/api/v1/namespaces/n/services/s/proxy"),
        (Method::PATCH, "/api/v1/namespaces/n/pods/p?dryRun=None"),
        (Method::GET, "/api/v1/namespaces/n/pods/p"),
        (Method::POST, "/logs"),
    ] {
        let fail = client.dry_run(method, path, &[], JSON, Bytes::new()).await.unwrap_err();
        assert_eq!(fail.error.kind, Kind::Refused, "{path}");
    }
    assert_eq!(server.log().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn raw_requests_are_sent_once_each_on_a_connection_of_its_own() {
    let server = Server::new(|request| match request.uri().path() {
        "/ok" => json(200, &serde_json::json!({})),
        "/unauthorised" => status(401, "Unauthorized", "no"),
        "/close" => Answer::Close,
        _ => Answer::Hang,
    });
    let raw = server.client().raw_service();
    let send = |path: &'static str| {
        let request =
            Request::post(path).header(header::USER_AGENT, "deckwatch/0 (op 1)").body(Bytes::from("x"));
        raw.send_once(request.unwrap(), Span::secs(15), OBJECT)
    };
    assert_eq!(send("/ok").await.unwrap().status, 200);
    assert_eq!(send("/unauthorised").await.unwrap().status, 401);
    assert_eq!((server.log().len(), server.dials.load(Ordering::SeqCst)), (2, 2));
    assert_eq!(server.requests()[0].headers()[header::USER_AGENT], "deckwatch/0 (op 1)");

    let closed = send("/close").await.unwrap_err();
    assert_eq!((closed.error.kind, closed.maybe_sent), (Kind::Unreachable, true));
    let silent = send("/hang").await.unwrap_err();
    assert_eq!((silent.error.kind, silent.maybe_sent), (Kind::Timeout, true));
    server.refuse.store(true, Ordering::SeqCst);
    assert!(!send("/ok").await.unwrap_err().maybe_sent);
    assert_eq!(server.log().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn the_writes_of_a_series_share_a_connection_that_has_not_rested_and_reads_have_theirs() {
    let server = Server::new(|_| json(200, &serde_json::json!({})));
    let raw = server.client().raw_service();
    let request = |method: Method| Request::builder().method(method).uri("/ok").body(Bytes::new()).unwrap();
    let dials = || server.dials.load(Ordering::SeqCst);
    for _ in 0..3 {
        raw.send_next(request(Method::PATCH), Span::secs(15), OBJECT).await.unwrap();
        raw.read_once(request(Method::GET), Span::secs(15), OBJECT).await.unwrap();
    }
    assert_eq!((server.log().len(), dials()), (6, 2));
    tokio::time::sleep(Duration::from_secs(1)).await;
    raw.send_next(request(Method::PATCH), Span::secs(15), OBJECT).await.unwrap();
    assert_eq!(dials(), 3, "it had rested");
    // What is no read, and what is sent alone, has a connection of its own.
    raw.read_once(request(Method::PATCH), Span::secs(15), OBJECT).await.unwrap();
    raw.send_once(request(Method::PATCH), Span::secs(15), OBJECT).await.unwrap();
    assert_eq!((server.log().len(), dials()), (9, 5));
}

#[tokio::test]
async fn a_connection_that_the_server_ends_between_two_writes_of_a_series_leaves_no_doubt() {
    let server = Server::new(|request| match request.uri().path() {
        "/last" => with_header(json(200, &serde_json::json!({})), header::CONNECTION, "close"),
        _ => json(200, &serde_json::json!({})),
    });
    let raw = server.client().raw_service();
    for path in ["/first", "/last", "/next", "/last", "/next"] {
        let request = Request::patch(path).body(Bytes::new()).unwrap();
        assert_eq!(raw.send_next(request, Span::secs(15), OBJECT).await.unwrap().status, 200, "{path}");
    }
    assert_eq!((server.log().len(), server.dials.load(Ordering::SeqCst)), (5, 3));
}

#[tokio::test]
async fn what_the_service_proxy_brings_is_an_answer_whatever_its_status() {
    let server = Server::new(|request| match request.uri().path() {
        p if p.ends_with("/html") => typed(401, "text/html", "<h1>log in</h1>"),
        _ => typed(200, "text/plain", request.body().clone()),
    });
    let client = server.client();
    let base = "/api/v1/namespaces/m/services/prom:9090/proxy";
    let get = client.proxied(&format!("{base}/html"), Vec::new(), None, TOTAL, OBJECT).await.unwrap();
    assert_eq!((get.status, get.body.as_ref()), (401, b"<h1>log in</h1>".as_slice()));
    let form = Some("query=up".to_owned());
    let post = client.proxied(&format!("{base}/api"), Vec::new(), form, TOTAL, OBJECT).await.unwrap();
    assert_eq!(post.body.as_ref(), b"query=up");
    let refused =
        client.proxied("/api/v1/namespaces/m/pods/p", Vec::new(), Some(String::new()), TOTAL, OBJECT).await;
    assert_eq!(refused.unwrap_err().kind, Kind::Refused);
    assert_eq!(server.log().len(), 2);
}
