//! A connection to the API server that is kept: requests one after another, and a watch.
//!
//! Owns as much of HTTP/1.1 as that needs: answers with a length or in pieces. Nothing is decompressed.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use rustls::{ClientConnection, StreamOwned};

use super::Result;

/// A request.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The method.
    pub method: &'a str,
    /// Path and query.
    pub path: &'a str,
    /// What is accepted.
    pub accept: &'a str,
    /// The type of the body, and the body.
    pub body: Option<(&'a str, &'a str)>,
}

impl<'a> Ask<'a> {
    /// Returns a request for JSON without a body.
    pub fn get(path: &'a str) -> Self {
        Self { method: "GET", path, accept: "application/json", body: None }
    }
}

/// How long the body of an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Bytes(usize),
    Pieces,
}

/// A connection.
pub struct Wire {
    stream: StreamOwned<ClientConnection, TcpStream>,
    host: String,
    /// What was read and not used yet.
    rest: Vec<u8>,
}

impl Wire {
    /// Takes a connection over.
    pub fn new(stream: StreamOwned<ClientConnection, TcpStream>, host: &str) -> Self {
        Self { stream, host: host.to_owned(), rest: Vec::new() }
    }

    /// Sends a request and reads its answer: the status and the body.
    pub fn ask(&mut self, ask: Ask<'_>) -> Result<(u16, Vec<u8>)> {
        let (status, length) = self.begin(ask)?;
        let body = match length {
            Length::Bytes(bytes) => self.take(bytes)?,
            Length::Pieces => {
                let mut body = Vec::new();
                loop {
                    let piece = self.piece()?;
                    if piece.is_empty() {
                        break body;
                    }
                    body.extend_from_slice(&piece);
                }
            }
        };
        Ok((status, body))
    }

    /// Sends a request whose answer has no end: it is read by [`Self::event`].
    pub fn watch(&mut self, ask: Ask<'_>) -> Result<()> {
        match self.begin(ask)? {
            (200, Length::Pieces) => Ok(()),
            (status, _) => Err(format!("{} {}: {status}, where a watch was asked for", ask.method, ask.path)),
        }
    }

    /// Waits for the end of an event of the watch. Returns false when the connection has ended.
    pub fn event(&mut self) -> bool {
        loop {
            match self.piece() {
                Ok(piece) if piece.is_empty() => return false,
                Ok(piece) if piece.ends_with(b"\n") => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    /// Returns what ends the connection from another thread.
    pub fn end(&self) -> Result<impl Fn() + use<>> {
        let socket = self.stream.sock.try_clone().map_err(|e| format!("keep a connection: {e}"))?;
        // Whoever reads it is told that it has ended; that it had ended already changes nothing.
        Ok(move || drop(socket.shutdown(Shutdown::Both)))
    }

    fn begin(&mut self, ask: Ask<'_>) -> Result<(u16, Length)> {
        let (kind, body) = ask.body.unwrap_or_default();
        let typed = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
        let request = format!(
            "{} {} HTTP/1.1\r\nHost: {}\r\nAccept: {}\r\nAccept-Encoding: identity\r\n{typed}Content-Length: {}\r\n\r\n{body}",
            ask.method,
            ask.path,
            self.host,
            ask.accept,
            body.len()
        );
        self.stream
            .write_all(request.as_bytes())
            .and_then(|()| self.stream.flush())
            .map_err(|e| format!("{} {}: {e}", ask.method, ask.path))?;
        let end = self.until(b"\r\n\r\n")?;
        head(&self.take(end)?).ok_or_else(|| format!("{} {}: no answer of HTTP", ask.method, ask.path))
    }

    /// Reads a piece; an empty one is the last.
    fn piece(&mut self) -> Result<Vec<u8>> {
        let end = self.until(b"\r\n")?;
        let line = self.take(end)?;
        let text = String::from_utf8_lossy(&line);
        let bytes = usize::from_str_radix(text.trim(), 16).map_err(|e| format!("a piece's length: {e}"))?;
        let mut piece = self.take(bytes + 2)?;
        piece.truncate(bytes);
        Ok(piece)
    }

    /// Reads until something has come. Returns where it ends.
    fn until(&mut self, mark: &[u8]) -> Result<usize> {
        loop {
            let found = self.rest.windows(mark.len()).position(|w| w == mark);
            if let Some(at) = found {
                return Ok(at + mark.len());
            }
            self.more()?;
        }
    }

    fn take(&mut self, bytes: usize) -> Result<Vec<u8>> {
        while self.rest.len() < bytes {
            self.more()?;
        }
        Ok(self.rest.drain(..bytes).collect())
    }

    fn more(&mut self) -> Result<()> {
        let mut chunk = [0_u8; 1 << 14];
        match self.stream.read(&mut chunk) {
            Ok(0) => Err("the connection has ended".to_owned()),
            Ok(n) => {
                self.rest.extend_from_slice(chunk.get(..n).unwrap_or_default());
                Ok(())
            }
            Err(error) => Err(format!("read from the API server: {error}")),
        }
    }
}

/// Returns the status of an answer's head, and how long its body is.
fn head(head: &[u8]) -> Option<(u16, Length)> {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let mut lines = text.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(&str, &str)> = lines.filter_map(|l| l.split_once(':')).collect();
    let of = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.trim());
    let length = match (of("content-length"), of("transfer-encoding")) {
        (Some(bytes), _) => Length::Bytes(bytes.parse().ok()?),
        (None, Some("chunked")) => Length::Pieces,
        (None, _) => return None,
    };
    Some((status, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_says_how_long_the_body_is_or_that_it_comes_in_pieces() {
        assert_eq!(head(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n"), Some((200, Length::Bytes(12))));
        let pieces = b"HTTP/1.1 409 Conflict\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(head(pieces), Some((409, Length::Pieces)));
        assert_eq!(head(b"HTTP/1.1 200 OK\r\n\r\n"), None);
        assert_eq!(head(b"nonsense"), None);
    }
}
