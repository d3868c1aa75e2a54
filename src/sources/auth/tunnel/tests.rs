use pretty_assertions::assert_eq;
use tokio::io::duplex;

use super::*;

fn proxy(address: &str) -> Proxy {
    Proxy::parse(address, "proxy-url").unwrap()
}

/// Plays the proxy's part: answers `answer` and returns what it was sent.
async fn connected(address: &str, host: &str, answer: &[u8]) -> (Result<()>, String) {
    let (mut near, mut far) = duplex(4096);
    far.write_all(answer).await.unwrap();
    let result = connect(&mut near, &proxy(address), host, 6443).await;
    drop(near);
    let mut sent = String::new();
    far.read_to_string(&mut sent).await.unwrap();
    (result, sent)
}

#[tokio::test]
async fn connect_names_the_server_and_logs_in_at_the_proxy_only() {
    let answer = b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n";
    let (result, sent) = connected("http://u:p@proxy:1", "k.example", answer).await;
    assert_eq!(result, Ok(()));
    assert_eq!(
        sent,
        "CONNECT k.example:6443 HTTP/1.1\r\nHost: k.example:6443\r\nProxy-Authorization: Basic dTpw\r\n\r\n"
    );
    let (_, sent) = connected("http://proxy:1", "fd00::1", answer).await;
    assert_eq!(sent, "CONNECT [fd00::1]:6443 HTTP/1.1\r\nHost: [fd00::1]:6443\r\n\r\n");
}

#[tokio::test]
async fn refusals_name_the_proxy_and_what_it_said() {
    for (answer, kind, detail) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Type: text/html\r\n\r\n<html>",
            Kind::Auth,
            "the proxy said 407: it wants a login",
        ),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", Kind::Unreachable, "the proxy said: HTTP/1.1 502 Bad Gateway"),
        ("SSH-2.0-x\r\n\r\n", Kind::Unreachable, "it does not speak HTTP"),
    ] {
        let (result, _) = connected("http://proxy:1", "k", answer.as_bytes()).await;
        let error = result.unwrap_err();
        assert_eq!(
            (error.kind, error.on.raw(), error.detail.as_ref().unwrap().raw()),
            (kind, "http://proxy:1", detail)
        );
    }
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(HEAD));
    let (mut near, mut far) = duplex(1 << 20);
    far.write_all(endless.as_bytes()).await.unwrap();
    let error = connect(&mut near, &proxy("http://p:1"), "k", 1).await.unwrap_err();
    assert_eq!(error.detail.unwrap().raw(), "its answer has more than 16 KiB of headers");
}

async fn socks(address: &str, host: &str, answers: &[u8]) -> (Result<()>, Vec<u8>) {
    let (mut near, mut far) = duplex(4096);
    far.write_all(answers).await.unwrap();
    far.shutdown().await.unwrap();
    let result = socks5(&mut near, &proxy(address), host, 443).await;
    drop(near);
    let mut sent = Vec::new();
    far.read_to_end(&mut sent).await.unwrap();
    (result, sent)
}

#[tokio::test]
async fn socks_lets_the_proxy_resolve_the_name() {
    let ok = [&[5, 0][..], &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]].concat();
    let (result, sent) = socks("socks5://p", "k.io", &ok).await;
    assert_eq!((result, sent), (Ok(()), [&[5, 1, 0, 5, 1, 0, 3, 4][..], b"k.io", &[1, 187]].concat()));
    let (result, sent) = socks("socks5://p", "10.0.0.1", &ok).await;
    assert_eq!((result, sent), (Ok(()), vec![5, 1, 0, 5, 1, 0, 1, 10, 0, 0, 1, 1, 187]));
}

#[tokio::test]
async fn socks_logs_in_and_names_refusals() {
    let ok = [&[5, 2][..], &[1, 0], &[5, 0, 0, 3, 1, b'x', 0, 0]].concat();
    let (result, sent) = socks("socks5://u:pw@p", "k", &ok).await;
    let told = [&[5, 2, 0, 2][..], &[1, 1, b'u', 2, b'p', b'w'], &[5, 1, 0, 3, 1, b'k', 1, 187]].concat();
    assert_eq!((result, sent), (Ok(()), told));
    for (answers, kind, detail) in [
        (&[5, 2, 1, 1][..], Kind::Auth, "the proxy refused the login"),
        (&[5, 255], Kind::Auth, "the proxy wants a login"),
        (&[4, 0], Kind::Unreachable, "it does not speak SOCKS5"),
        (&[5, 0, 5, 5, 0, 1], Kind::Unreachable, "the proxy said: connection refused"),
        (&[5], Kind::Unreachable, "it closed the connection while being asked"),
    ] {
        let (result, _) = socks("socks5://u:pw@p", "k", answers).await;
        let error = result.unwrap_err();
        assert_eq!((error.kind, error.detail.as_ref().unwrap().raw()), (kind, detail));
        assert!(!format!("{error:?}").contains("pw"));
    }
}
