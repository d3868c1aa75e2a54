//! Real sockets on loopback: TLS with certificates of every kind, and proxies before it.

use std::sync::Mutex;

use pretty_assertions::assert_eq;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::SecretSlice;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::sources::auth::{Blob, proxy};
use crate::sources::kube::testing::target;

const CA: &[u8] = include_bytes!("../../auth/testdata/ca.pem");
const SERVER: &[u8] = include_bytes!("../../auth/testdata/server.pem");
const SERVER_KEY: &[u8] = include_bytes!("../../auth/testdata/server.key");
const V1: &[u8] = include_bytes!("../../auth/testdata/v1.pem");
const V1_KEY: &[u8] = include_bytes!("../../auth/testdata/v1.key");
const CLIENT: &[u8] = include_bytes!("../../auth/testdata/client.pem");
const CLIENT_KEY: &[u8] = include_bytes!("../../auth/testdata/client.key");

fn given(pem: &[u8]) -> Authority {
    Authority::Given(Blob::Inline(SecretSlice::from(pem.to_vec())))
}

/// Serves TLS, greets with the number of the client's certificates, and returns its port.
async fn tls_server(chain: &'static [u8], key: &'static [u8], ask: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(CA).unwrap()).unwrap();
    let builder = rustls::ServerConfig::builder();
    let builder = if ask {
        let verifier = rustls::server::WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let chain = vec![CertificateDer::from_pem_slice(chain).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key).unwrap();
    let provider = rustls::crypto::ring::default_provider();
    let signing = provider.key_provider.load_private_key(key).unwrap();
    let resolver = rustls::sign::SingleCertAndKey::from(CertifiedKey::new(chain, signing));
    let config = Arc::new(builder.with_cert_resolver(Arc::new(resolver)));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut tls) = tokio_rustls::TlsAcceptor::from(Arc::clone(&config)).accept(stream).await {
                let count = tls.get_ref().1.peer_certificates().map_or(0, <[_]>::len);
                tls.write_all(format!("{count}").as_bytes()).await.ok();
                tls.shutdown().await.ok();
            }
        }
    });
    port
}

fn to(port: u16, authority: Authority) -> Target {
    Target { server: format!("https://localhost:{port}").parse().unwrap(), authority, ..target() }
}

async fn greeting(target: &Target, identity: Option<&Arc<CertifiedKey>>) -> Result<String> {
    let tls = tls(target, identity).await?;
    let mut stream = Net::new(target).dial(tls).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await.map_err(|e| tls_error(&e, &Untrusted::from("server")))?;
    Ok(text)
}

async fn why(target: &Target) -> (Kind, String, String) {
    let error = greeting(target, None).await.unwrap_err();
    let text = |t: Option<&str>| t.unwrap_or("").to_owned();
    (error.kind, text(error.detail.as_ref().map(Untrusted::raw)), text(error.hint.as_deref()))
}

#[tokio::test]
async fn a_server_is_believed_by_the_given_authority_and_name() {
    let port = tls_server(SERVER, SERVER_KEY, false).await;
    assert_eq!(greeting(&to(port, given(CA)), None).await, Ok("0".to_owned()));
    let address =
        Target { server: format!("https://127.0.0.1:{port}").parse().unwrap(), ..to(port, given(CA)) };
    assert_eq!(greeting(&address, None).await, Ok("0".to_owned()));

    let named = |name: &str| Target { tls_server_name: Some(name.to_owned()), ..to(port, given(CA)) };
    let (kind, _, hint) = why(&named("kubernetes.other")).await;
    assert_eq!((kind, hint.as_str()), (Kind::Tls, "set tls-server-name to a name of the certificate"));
    assert_eq!(greeting(&named("localhost"), None).await, Ok("0".to_owned()));

    let (kind, _, hint) = why(&to(port, given(CLIENT))).await;
    assert_eq!(
        (kind, hint.as_str()),
        (Kind::Tls, "is certificate-authority in the kubeconfig the right one?")
    );
    assert_eq!(greeting(&to(port, Authority::Unchecked), None).await, Ok("0".to_owned()));
}

#[tokio::test]
async fn a_version_1_certificate_of_the_server_is_named_as_such() {
    let port = tls_server(V1, V1_KEY, false).await;
    let (kind, detail, hint) = why(&to(port, given(CA))).await;
    assert_eq!((kind, detail.as_str()), (Kind::Tls, "the server's certificate is X.509 version 1"));
    assert_eq!(hint, pem::V1_HINT);
}

#[tokio::test]
async fn a_client_certificate_is_shown_and_its_lack_is_told() {
    let port = tls_server(SERVER, SERVER_KEY, true).await;
    let identity = pem::identity(CLIENT, CLIENT_KEY, &Untrusted::from("test")).unwrap();
    assert_eq!(greeting(&to(port, given(CA)), Some(&identity)).await, Ok("1".to_owned()));
    let (kind, detail, _) = why(&to(port, given(CA))).await;
    assert_eq!((kind, detail.as_str()), (Kind::Tls, "the server ended the handshake: CertificateRequired"));
}

#[tokio::test]
async fn a_port_that_speaks_no_tls_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.ok();
    });
    let (kind, _, hint) = why(&to(port, given(CA))).await;
    assert_eq!((kind, hint.as_str()), (Kind::Tls, "does this port speak https?"));
}

#[tokio::test]
async fn a_refused_connection_and_an_unknown_name_are_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let (kind, detail, _) = why(&to(port, given(CA))).await;
    assert!(kind == Kind::Unreachable && detail.contains("onnection refused"), "{detail}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_accepts_and_says_nothing_is_given_up_after_five_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = to(listener.local_addr().unwrap().port(), given(CA));
    let began = tokio::time::Instant::now();
    assert_eq!(why(&target).await, (Kind::Timeout, "no connection within 5 s".to_owned(), String::new()));
    assert_eq!(began.elapsed(), LIMIT);
}

/// A proxy that answers CONNECT with `refusal`, or connects; it remembers what it was asked.
async fn http_proxy(refusal: Option<&'static str>) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heads = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(near.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            let target = head.split(' ').nth(1).unwrap().to_owned();
            log.lock().unwrap().push(head);
            if let Some(refusal) = refusal {
                near.write_all(refusal.as_bytes()).await.unwrap();
                continue;
            }
            let mut far = TcpStream::connect(target).await.unwrap();
            near.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await.ok() });
        }
    });
    (port, heads)
}

fn by(target: &Target, address: &str) -> Target {
    let proxy = proxy::Proxy::parse(address, "HTTPS_PROXY").unwrap();
    Target { proxy: Some(proxy), ..target.clone() }
}

#[tokio::test]
async fn tls_goes_through_the_proxy_to_the_server() {
    let server = tls_server(SERVER, SERVER_KEY, false).await;
    let (port, heads) = http_proxy(None).await;
    let target = by(&to(server, given(CA)), &format!("http://me:pw@127.0.0.1:{port}"));
    assert_eq!(greeting(&target, None).await, Ok("0".to_owned()));
    assert_eq!(
        *heads.lock().unwrap(),
        [format!(
            "CONNECT localhost:{server} HTTP/1.1\r\nHost: localhost:{server}\r\nProxy-Authorization: Basic bWU6cHc=\r\n\r\n"
        )]
    );
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named() {
    let (port, _) = http_proxy(Some("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")).await;
    let target = by(&to(1, given(CA)), &format!("http://127.0.0.1:{port}"));
    let error = greeting(&target, None).await.unwrap_err();
    assert_eq!(
        error.line(),
        format!(
            "go through the proxy: credentials rejected on http://127.0.0.1:{port}: the proxy said 407: it wants a login"
        )
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = listener.local_addr().unwrap().port();
    drop(listener);
    let error = greeting(&by(&target, &format!("http://127.0.0.1:{gone}")), None).await.unwrap_err();
    assert_eq!((error.kind, &*error.what), (Kind::Unreachable, "connect to the proxy"));
    assert_eq!(error.hint.as_deref(), Some("this proxy was set by HTTPS_PROXY"));
}

#[tokio::test]
async fn an_unreadable_authority_is_told_before_anything_is_sent() {
    let (kind, detail, _) = why(&to(1, given(b"not pem"))).await;
    assert_eq!((kind, detail.as_str()), (Kind::Tls, "it holds no PEM certificate"));
    let missing = Authority::Given(Blob::File("/nowhere/ca.pem".into()));
    assert_eq!(why(&to(1, missing)).await.0, Kind::Io);
    assert!(tls(&to(1, Authority::System), None).await.unwrap().is_some());
}
