//! One plain GET to a server on loopback.
//!
//! Owns just enough HTTP to ask a server how it is: status and the first bytes of the body. Never
//! leaves 127.0.0.1, never follows anything. Tested against a listener of its own.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// The longest answer that is read.
const CAP: usize = 64 * 1024;

/// An answer: its status and the start of its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, up to the cap; chunk sizes may be in it.
    pub body: String,
}

/// Asks `http://127.0.0.1:port/path`, or says why there is no answer.
pub fn get(port: u16, path: &str, patience: Duration) -> Result<Answer, String> {
    let end = Instant::now() + patience;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut stream = TcpStream::connect_timeout(&address, patience).map_err(|e| e.to_string())?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    stream.set_write_timeout(Some(patience)).map_err(|e| e.to_string())?;
    stream.write_all(request.as_bytes()).map_err(|e| e.to_string())?;
    let mut answer = Vec::new();
    let mut chunk = [0_u8; 8192];
    while answer.len() < CAP {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err("no answer in time".to_owned());
        }
        stream.set_read_timeout(Some(left)).map_err(|e| e.to_string())?;
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(n) => answer.extend_from_slice(chunk.get(..n).unwrap_or_default()),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Err("no answer in time".to_owned());
            }
            Err(e) => return Err(e.to_string()),
        }
    }
    parse(&String::from_utf8_lossy(&answer)).ok_or_else(|| "an answer that is not HTTP".to_owned())
}

fn parse(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    Some(Answer { status, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn served(answer: &'static str) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _request = stream.read(&mut [0; 1024]).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        port
    }

    #[test]
    fn an_answer_is_its_status_and_body() {
        let port = served("HTTP/1.1 503 Service Unavailable\r\nA: b\r\n\r\nnot yet");
        let answer = get(port, "/ready", Duration::from_secs(5));
        assert_eq!(answer, Ok(Answer { status: 503, body: "not yet".into() }));
    }

    #[test]
    fn a_server_that_accepts_and_says_nothing_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(get(port, "/", Duration::from_millis(50)).unwrap_err() == "no answer in time");
        drop(listener);
    }
}
