//! An HTTP server on loopback for tests, which says exactly the bytes that it is told to, plain or by TLS.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What the server does with a connection once it has read the request.
#[derive(Clone)]
pub(crate) enum Script {
    /// Sends these bytes and closes.
    Bytes(Vec<u8>),
    /// Says nothing until the client goes away.
    Hang,
    /// Sends these bytes, then says nothing more.
    Begin(Vec<u8>),
}

/// See the module. Its thread ends with it.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    heard: Mutex<Receiver<String>>,
}

impl Server {
    pub(crate) fn plain(script: Script) -> Self {
        Self::start(script, None)
    }

    /// Serves by TLS with the certificate of `testdata/NAME.pem`.
    pub(crate) fn tls(name: &str, script: Script) -> Self {
        let dir = testdata();
        let certs = CertificateDer::pem_file_iter(dir.join(format!("{name}.pem"))).unwrap();
        let key = PrivateKeyDer::from_pem_file(dir.join("key.pem")).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(certs.map(Result::unwrap).collect(), key)
            .unwrap();
        Self::start(script, Some(Arc::new(config)))
    }

    fn start(script: Script, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, heard) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { break };
                let head = match &tls {
                    None => talk(&mut stream, &script),
                    Some(config) => {
                        let session = rustls::ServerConnection::new(Arc::clone(config)).unwrap();
                        talk(&mut rustls::StreamOwned::new(session, stream), &script)
                    }
                };
                // Nobody listens any more: the test is over.
                if tell.send(head).is_err() {
                    break;
                }
            }
        });
        Self { address, heard: Mutex::new(heard) }
    }

    /// Returns the next request as it came.
    pub(crate) fn heard(&self) -> String {
        self.heard.lock().unwrap().recv_timeout(std::time::Duration::from_secs(10)).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        *self.heard.lock().unwrap() = channel().1;
        // Wakes the thread from its wait for a connection.
        drop(TcpStream::connect(self.address));
    }
}

/// Returns where the certificates are.
pub(crate) fn testdata() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sources/http/testdata")
}

fn talk(stream: &mut (impl Read + Write), script: &Script) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let Ok(n @ 1..) = stream.read(&mut buffer) else { return String::new() };
        request.extend_from_slice(&buffer[..n]);
        if request.first() == Some(&0x16) {
            break; // a TLS handshake, which a plain server answers with its words all the same
        }
        let text = String::from_utf8_lossy(&request).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .split("content-length: ")
                .nth(1)
                .map_or(0, |l| l.lines().next().unwrap().parse().unwrap());
            if body.len() >= length {
                break;
            }
        }
    }
    match script {
        Script::Bytes(bytes) => {
            stream.write_all(bytes).and_then(|()| stream.flush()).ok();
        }
        Script::Hang => while matches!(stream.read(&mut buffer), Ok(1..)) {},
        Script::Begin(bytes) => {
            stream.write_all(bytes).and_then(|()| stream.flush()).ok();
            while matches!(stream.read(&mut buffer), Ok(1..)) {}
        }
    }
    String::from_utf8_lossy(&request).into_owned()
}
