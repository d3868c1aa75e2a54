use std::io::Write as _;

use super::scripted::{Script, Server, testdata};
use super::*;
use crate::config::Secret;
use crate::config::source::Basic;
use crate::store::health::SourceKind;

fn source(url: &str) -> Source {
    Source { url: Some(url.parse().unwrap()), ..Source::new(SourceKind::Prometheus, "test") }
}

fn at(server: &Server) -> Source {
    source(&format!("http://{}", server.address))
}

fn request(limit: Span, cap: usize) -> Request {
    Request {
        method: http::Method::GET,
        path: "/api/v1/query?query=up".into(),
        headers: vec![],
        form: None,
        limit,
        cap,
    }
}

fn plain(status: &str, extra: &str, body: &str) -> Script {
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{extra}\r\n", body.len());
    Script::Bytes((head + body).into_bytes())
}

async fn send(source: &Source) -> Result<Answer> {
    Direct::new(source)?.send(request(Span::secs(5), 1 << 20)).await
}

async fn fails(source: &Source) -> (Kind, String) {
    let error = send(source).await.unwrap_err();
    (error.kind, error.detail.map_or(String::new(), |d| d.safe().as_str().to_owned()))
}

#[tokio::test]
async fn an_answer_of_any_status_is_an_answer() {
    let server = Server::plain(plain("422 x", "content-type: application/json\r\n", "{}"));
    let answer = send(&at(&server)).await.unwrap();
    assert_eq!(
        (answer.status, answer.content_type.as_deref(), &answer.body[..]),
        (422, Some("application/json"), &b"{}"[..])
    );
    assert!(answer.took.0 > 0);
}

#[tokio::test]
async fn every_credential_is_sent_and_the_prefix_comes_before_the_path() {
    let server = Server::plain(plain("200 OK", "", ""));
    let dir = tempfile::tempdir().unwrap();
    let token = dir.path().join("token");
    std::fs::write(&token, "first\n").unwrap();
    let mut given = at(&server);
    given.prefix = "/select/0/prometheus/".into();
    given.tenant = Some("a|b".into());
    given.headers = vec![("X-Own".into(), Secret::Plain("v".into()))];
    given.bearer = Some(Secret::File(token.clone()));
    let direct = Direct::new(&given).unwrap();
    direct.send(request(Span::secs(5), 10)).await.unwrap();
    let heard = server.heard();
    for expected in [
        "GET /select/0/prometheus/api/v1/query?query=up HTTP/1.1",
        "authorization: Bearer first",
        "x-scope-orgid: a|b",
        "x-own: v",
        "user-agent: deckwatch/",
        "accept-encoding: gzip",
    ] {
        assert!(heard.contains(expected), "{expected} in {heard}");
    }
    std::fs::write(&token, "second").unwrap();
    direct.send(request(Span::secs(5), 10)).await.unwrap();
    assert!(server.heard().contains("authorization: Bearer second"));
}

#[tokio::test]
async fn user_and_password_come_from_the_url_or_the_configuration() {
    let server = Server::plain(plain("200 OK", "", ""));
    let mut given = source(&format!("http://me:p%40ss@{}", server.address));
    let direct = Direct::new(&given).unwrap();
    assert_eq!(direct.address().raw(), format!("http://{}/", server.address));
    direct.send(request(Span::secs(5), 10)).await.unwrap();
    assert!(server.heard().contains("authorization: Basic bWU6cEBzcw=="), "me:p@ss");
    given.basic = Some(Basic { user: "u".into(), password: Secret::Plain("p".into()) });
    send(&given).await.unwrap();
    assert!(server.heard().contains("authorization: Basic dTpw"), "u:p");
}

#[tokio::test]
async fn a_command_gives_a_token_once_and_again_after_a_refusal() {
    let server = Server::plain(plain("401 no", "", ""));
    let dir = tempfile::tempdir().unwrap();
    let count = dir.path().join("count");
    let script = format!("echo x >> {0}; wc -l < {0} | tr -d ' '", count.display());
    let mut given = at(&server);
    given.bearer = Some(Secret::Command(vec!["sh".into(), "-c".into(), script]));
    let direct = Direct::new(&given).unwrap();
    direct.credentials.headers().await.unwrap();
    direct.credentials.headers().await.unwrap();
    direct.send(request(Span::secs(5), 10)).await.unwrap();
    assert!(server.heard().contains("Bearer 1\r\n"), "kept for a short time");
    direct.send(request(Span::secs(5), 10)).await.unwrap();
    assert!(server.heard().contains("Bearer 2\r\n"), "asked anew after 401");
}

#[tokio::test]
async fn a_secret_that_cannot_be_had_says_where_and_why() {
    let mut given = source("http://127.0.0.1:9");
    for (secret, on, detail) in [
        (
            Secret::Env("DECKWATCH_NO_SUCH_VARIABLE".into()),
            "environment variable DECKWATCH_NO_SUCH_VARIABLE",
            "not set",
        ),
        (Secret::File("/no/such/file".into()), "/no/such/file", "No such file or directory (os error 2)"),
        (
            Secret::Command(vec!["sh".into(), "-c".into(), "echo why >&2; exit 3".into()]),
            "sh",
            "exit status: 3: why",
        ),
        (Secret::Command(vec!["true".into()]), "true", "it printed nothing"),
    ] {
        given.bearer = Some(secret);
        let error = send(&given).await.unwrap_err();
        assert_eq!((error.kind, error.on.raw(), error.detail.unwrap().raw()), (Kind::Auth, on, detail));
    }
}

#[tokio::test]
async fn redirects_are_refused_and_their_host_is_named() {
    for (location, kind, named) in [
        ("https://evil.example/x", Kind::Decode, "302 redirect to evil.example"),
        ("https://sso.example/login?x", Kind::Auth, "302 redirect to sso.example"),
        ("/graph", Kind::Decode, "302 redirect to 127.0.0.1"),
    ] {
        let server = Server::plain(plain("302 Found", &format!("location: {location}\r\n"), ""));
        assert_eq!(fails(&at(&server)).await, (kind, named.to_owned()));
    }
}

#[tokio::test]
async fn bodies_are_capped_after_decompression() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&vec![b'0'; 4 << 20]).unwrap();
    let bomb = gzip.finish().unwrap();
    assert!(bomb.len() < 10_000);
    let mut bytes =
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", bomb.len())
            .into_bytes();
    bytes.extend(&bomb);
    let server = Server::plain(Script::Bytes(bytes.clone()));
    assert_eq!(fails(&at(&server)).await, (Kind::TooLarge, "more than 1048576 bytes".to_owned()));
    let whole = Direct::new(&at(&server)).unwrap().send(request(Span::secs(5), 4 << 20)).await.unwrap();
    assert_eq!(whole.body.len(), 4 << 20);

    let announced =
        Server::plain(Script::Begin(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n".to_vec()));
    assert_eq!(fails(&at(&announced)).await.0, Kind::TooLarge);
    let endless = Server::plain(Script::Bytes(
        [&b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"[..], &vec![b'x'; 2 << 20]].concat(),
    ));
    assert_eq!(fails(&at(&endless)).await.0, Kind::TooLarge);
}

#[tokio::test]
async fn a_broken_body_is_unreadable_and_a_cut_one_is_a_lost_connection() {
    let garbage = Server::plain(plain("200 OK", "content-encoding: gzip\r\n", "not gzip at all"));
    assert_eq!(fails(&at(&garbage)).await.0, Kind::Decode);
    let cut = Server::plain(Script::Bytes(
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\nconnection: close\r\n\r\nhalf".to_vec(),
    ));
    assert_eq!(fails(&at(&cut)).await.0, Kind::Unreachable);
    let silent = Server::plain(Script::Bytes(vec![]));
    assert_eq!(fails(&at(&silent)).await.0, Kind::Unreachable);
}

#[tokio::test]
async fn no_answer_within_the_limit_is_a_timeout_also_in_the_middle_of_a_body() {
    for script in
        [Script::Hang, Script::Begin(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_vec())]
    {
        let server = Server::plain(script);
        let error =
            Direct::new(&at(&server)).unwrap().send(request(Span::millis(150), 1000)).await.unwrap_err();
        assert_eq!(
            (error.kind, error.on.raw()),
            (Kind::Timeout, format!("http://{}/", server.address).as_str())
        );
    }
}

#[tokio::test]
async fn the_real_cause_of_an_unreachable_source_is_told() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(
        fails(&source(&format!("http://{free}"))).await,
        (Kind::Unreachable, "connection refused".to_owned())
    );
    let (kind, detail) = fails(&source(&format!("http://{}:9090", "label".repeat(20)))).await;
    // A label of 100 characters is refused by the resolver itself: nothing is asked of any network.
    assert_eq!(kind, Kind::Unreachable);
    assert!(detail.starts_with("the name is not resolved"), "{detail}");
}

#[tokio::test]
async fn certificates_that_fail_say_how() {
    let with_ca = |server: &Server| Source {
        ca: Some(testdata().join("ca.pem")),
        ..source(&format!("https://localhost:{}", server.address.port()))
    };
    let good = Server::tls("server", plain("200 OK", "", "x"));
    assert_eq!(send(&with_ca(&good)).await.unwrap().status, 200);
    let untrusted = source(&format!("https://localhost:{}", good.address.port()));
    let (kind, detail) = fails(&untrusted).await;
    assert_eq!(
        (kind, detail.as_str()),
        (Kind::Tls, "the server's certificate is of an issuer that is not trusted")
    );
    assert_eq!(send(&Source { insecure: true, ..untrusted }).await.unwrap().status, 200);

    let other = Server::tls("elsewhere", plain("200 OK", "", ""));
    let (kind, detail) = fails(&with_ca(&other)).await;
    assert_eq!(kind, Kind::Tls);
    assert!(
        detail.starts_with("the server's certificate is for another name")
            && detail.contains("elsewhere.example"),
        "{detail}"
    );

    let expired = Server::tls("expired", plain("200 OK", "", ""));
    assert_eq!(
        fails(&with_ca(&expired)).await,
        (Kind::Tls, "the server's certificate has expired".to_owned())
    );

    let plain_http = Server::plain(plain("400 x", "", ""));
    assert_eq!(fails(&with_ca(&plain_http)).await.0, Kind::Tls);
}

#[tokio::test]
async fn what_cannot_be_used_is_a_fault_of_the_configuration() {
    let fine = || source("https://localhost");
    let bad = [
        source("ftp://host/"),
        source("http://169.254.169.254/latest"),
        source("http://[fe80::1]/"),
        Source { url: None, ..fine() },
        Source { headers: vec![("bad header".into(), Secret::Plain("x".into()))], ..fine() },
        Source { tenant: Some("a\nb".into()), ..fine() },
        Source { ca: Some("/no/such/file".into()), ..fine() },
        Source { ca: Some(testdata().join("README.md")), ..fine() },
        Source { cert: Some(testdata().join("server.pem")), ..fine() },
        Source { proxy: Proxy::Url("::".into()), ..fine() },
    ];
    for given in bad {
        assert_eq!(Direct::new(&given).unwrap_err().kind, Kind::Config, "{given:?}");
    }
}

#[tokio::test]
async fn a_path_never_leaves_the_origin() {
    let direct = Direct::new(&source("http://host:9090/x")).unwrap();
    for path in ["", "@evil.example/", ".evil.example/", "api"] {
        assert_eq!(direct.url(path).unwrap_err().kind, Kind::Internal, "{path}");
    }
    assert_eq!(direct.url("//evil.example/").unwrap().host_str(), Some("host"));
}

mod once {
    use std::io::Read as _;
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use pretty_assertions::assert_eq;

    use super::*;
    use crate::sources::transport::{Unanswered, Write};

    fn write(limit: Span) -> Write {
        Write {
            method: http::Method::POST,
            path: "/api/v2/silences".into(),
            headers: Vec::new(),
            json: Some("{}".into()),
            limit,
            cap: 1000,
        }
    }

    /// Reads one request; returns its method, none where the other side has gone.
    fn heard(stream: &mut std::net::TcpStream) -> Option<String> {
        let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
        loop {
            let Ok(n @ 1..) = stream.read(&mut buffer) else { return None };
            all.extend_from_slice(&buffer[..n]);
            let text = String::from_utf8_lossy(&all);
            let body = if text.starts_with("POST") { "\r\n\r\n{}" } else { "\r\n\r\n" };
            if text.ends_with(body) {
                return text.split(' ').next().map(str::to_owned);
            }
        }
    }

    /// Serves connections one by one: each request is answered by what stands next; nothing closes it. Counts writes.
    fn server(answers: Vec<&'static str>) -> (Source, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let source = source(&format!("http://{}", listener.local_addr().unwrap()));
        let writes = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&writes);
        std::thread::spawn(move || {
            let mut answers = answers.into_iter();
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                while let Some(method) = heard(&mut stream) {
                    count.fetch_add(usize::from(method == "POST"), Ordering::SeqCst);
                    match answers.next() {
                        Some("") | None => break,
                        Some("hang") => std::thread::sleep(std::time::Duration::from_secs(2)),
                        Some(answer) => std::io::Write::write_all(&mut stream, answer.as_bytes()).unwrap(),
                    }
                }
            }
        });
        (source, writes)
    }

    async fn sent(answers: Vec<&'static str>) -> (Result<u16, Unanswered>, usize) {
        let (source, writes) = server(answers);
        let limit = Span::millis(700);
        let answer = Direct::new(&source).unwrap().send_once(write(limit)).await;
        // A second one would come at once.
        tokio::time::sleep(Duration::from_millis(100)).await;
        (answer.map(|a| a.status), writes.load(Ordering::SeqCst))
    }

    #[tokio::test]
    async fn a_write_is_sent_once_whatever_comes_of_it() {
        for status in [200, 302, 307, 401, 429, 503] {
            let location = "location: http://127.0.0.1:1/\r\nretry-after: 0\r\n";
            let answer = format!("HTTP/1.1 {status} x\r\n{location}content-length: 0\r\n\r\n");
            let (answer, writes) = sent(vec![Box::leak(answer.into_boxed_str())]).await;
            assert_eq!((answer.unwrap(), writes), (status, 1));
        }
        for lost in ["", "hang", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"] {
            let (answer, writes) = sent(vec![lost]).await;
            let unanswered = answer.unwrap_err();
            assert!(unanswered.maybe_sent, "{lost:?}: {unanswered:?}");
            assert_eq!(writes, 1, "{lost:?}");
        }
    }

    #[tokio::test]
    async fn what_reached_nobody_is_known_not_to_have_left() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let direct = Direct::new(&source(&format!("http://{address}"))).unwrap();
        let unanswered = direct.send_once(write(Span::secs(2))).await.unwrap_err();
        assert_eq!((unanswered.maybe_sent, unanswered.error.kind), (false, Kind::Unreachable));
    }

    #[tokio::test]
    async fn a_kept_connection_that_dies_does_not_make_two_of_one() {
        // The first answer keeps the connection; with the write it ends without a word.
        let kept = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        let (source, writes) = server(vec![kept, "", kept]);
        let direct = Direct::new(&source).unwrap();
        direct.send(request(Span::secs(2), 1000)).await.unwrap();
        let unanswered = direct.send_once(write(Span::secs(2))).await.unwrap_err();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!((unanswered.maybe_sent, writes.load(Ordering::SeqCst)), (true, 1));
    }
}
