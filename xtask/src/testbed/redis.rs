//! One PING to a Redis on loopback.
//!
//! Owns just enough of its protocol to ask whether it answers. Never reads or writes a key. Tested against a
//! listener of its own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// What it answers.
const PONG: &[u8] = b"+PONG\r\n";

/// Asks `127.0.0.1:port`, or says why there is no answer.
pub fn ping(port: u16, patience: Duration) -> Result<(), String> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut stream = TcpStream::connect_timeout(&address, patience).map_err(|e| e.to_string())?;
    stream.set_write_timeout(Some(patience)).map_err(|e| e.to_string())?;
    stream.set_read_timeout(Some(patience)).map_err(|e| e.to_string())?;
    stream.write_all(b"PING\r\n").map_err(|e| e.to_string())?;
    let mut answer = [0_u8; PONG.len()];
    stream.read_exact(&mut answer).map_err(|e| e.to_string())?;
    if answer == PONG {
        return Ok(());
    }
    Err(format!("it answers {:?} to PING", String::from_utf8_lossy(&answer)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn served(answer: &'static [u8]) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 6];
            stream.read_exact(&mut asked).unwrap();
            assert_eq!(&asked, b"PING\r\n");
            stream.write_all(answer).unwrap();
        });
        port
    }

    #[test]
    fn one_that_answers_is_well() {
        assert_eq!(ping(served(b"+PONG\r\n"), Duration::from_secs(5)), Ok(()));
    }

    #[test]
    fn one_that_loads_its_data_is_not_well() {
        let port = served(b"-LOADING Redis is loading the dataset in memory\r\n");
        assert!(ping(port, Duration::from_secs(5)).unwrap_err().contains("-LOADI"));
    }
}
