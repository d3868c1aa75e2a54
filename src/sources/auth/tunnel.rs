//! The way through a proxy: HTTP CONNECT and SOCKS5, spoken on a stream that is already open.
//!
//! Never sends anything but the server's name and the proxy's own login; what the proxy says is
//! bounded and named as the proxy's words. Time limits are the caller's. Tested on in-memory streams.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::proxy::Proxy;
use crate::core::{Error, Kind, Result};

/// The most bytes that a proxy's answer to CONNECT may have.
const HEAD: usize = 16 << 10;

/// Asks an HTTP proxy for a tunnel to `host:port`.
///
/// Errors: `Auth` for 407, `Unreachable` for every other refusal.
pub async fn connect(
    io: &mut (impl AsyncRead + AsyncWrite + Unpin),
    proxy: &Proxy,
    host: &str,
    port: u16,
) -> Result<()> {
    let failed = |detail: &str| refused(proxy, Kind::Unreachable, detail);
    let target = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let Some((user, password)) = &proxy.login {
        let pair = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
        request.push_str("Proxy-Authorization: Basic ");
        request.push_str(&pair);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    io.write_all(request.as_bytes()).await.map_err(|e| failed(&e.to_string()))?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        // Byte by byte, so that nothing of the tunnel itself is taken; the head is a few hundred bytes.
        match io.read_u8().await {
            Ok(byte) if head.len() < HEAD => head.push(byte),
            Ok(_) => return Err(failed("its answer has more than 16 KiB of headers")),
            Err(_) => return Err(failed("it closed the connection before answering")),
        }
    }
    let head = String::from_utf8_lossy(&head);
    let line = head.lines().next().unwrap_or("");
    match line.split_whitespace().nth(1) {
        Some("200") => Ok(()),
        Some("407") => Err(refused(proxy, Kind::Auth, "the proxy said 407: it wants a login")
            .hint("put user and password into the proxy's address")),
        Some(code) if code.len() == 3 => Err(failed(&format!("the proxy said: {line}"))),
        _ => Err(failed("it does not speak HTTP")),
    }
}

/// Asks a SOCKS5 proxy for a connection to `host:port`; the proxy resolves the name.
///
/// Errors: `Auth` for a refused login, `Unreachable` for every other refusal.
pub async fn socks5(
    io: &mut (impl AsyncRead + AsyncWrite + Unpin),
    proxy: &Proxy,
    host: &str,
    port: u16,
) -> Result<()> {
    let broken = |_| refused(proxy, Kind::Unreachable, "it closed the connection while being asked");
    let greeting: &[u8] = if proxy.login.is_some() { &[5, 2, 0, 2] } else { &[5, 1, 0] };
    io.write_all(greeting).await.map_err(broken)?;
    let mut chosen = [0_u8; 2];
    io.read_exact(&mut chosen).await.map_err(broken)?;
    match (chosen, &proxy.login) {
        ([5, 0], _) => {}
        ([5, 2], Some((user, password))) => login(io, proxy, user, password).await?,
        ([5, _], _) => return Err(refused(proxy, Kind::Auth, "the proxy wants a login")),
        _ => return Err(refused(proxy, Kind::Unreachable, "it does not speak SOCKS5")),
    }
    let mut request = vec![5, 1, 0];
    match host.parse() {
        Ok(std::net::IpAddr::V4(ip)) => {
            request.push(1);
            request.extend(ip.octets());
        }
        Ok(std::net::IpAddr::V6(ip)) => {
            request.push(4);
            request.extend(ip.octets());
        }
        Err(_) => {
            let length = u8::try_from(host.len())
                .map_err(|_| refused(proxy, Kind::Config, "the server's name is too long for SOCKS5"))?;
            request.extend([3, length]);
            request.extend(host.as_bytes());
        }
    }
    request.extend(port.to_be_bytes());
    io.write_all(&request).await.map_err(broken)?;
    let mut answer = [0_u8; 4];
    io.read_exact(&mut answer).await.map_err(broken)?;
    let [_, code, _, address] = answer;
    if code != 0 {
        return Err(refused(proxy, Kind::Unreachable, &format!("the proxy said: {}", socks_word(code))));
    }
    let length = match address {
        1 => 4,
        4 => 16,
        _ => usize::from(io.read_u8().await.map_err(broken)?),
    };
    let mut bound = vec![0_u8; length + 2];
    io.read_exact(&mut bound).await.map_err(broken)?;
    Ok(())
}

async fn login(
    io: &mut (impl AsyncRead + AsyncWrite + Unpin),
    proxy: &Proxy,
    user: &str,
    password: &SecretString,
) -> Result<()> {
    let broken = |_| refused(proxy, Kind::Unreachable, "it closed the connection at the login");
    let long = |_| refused(proxy, Kind::Config, "user or password are too long for SOCKS5");
    let password = password.expose_secret();
    let mut request = vec![1, u8::try_from(user.len()).map_err(long)?];
    request.extend(user.as_bytes());
    request.push(u8::try_from(password.len()).map_err(long)?);
    request.extend(password.as_bytes());
    io.write_all(&request).await.map_err(broken)?;
    let mut answer = [0_u8; 2];
    io.read_exact(&mut answer).await.map_err(broken)?;
    if answer == [1, 0] { Ok(()) } else { Err(refused(proxy, Kind::Auth, "the proxy refused the login")) }
}

fn socks_word(code: u8) -> &'static str {
    match code {
        1 => "general failure",
        2 => "not allowed by its rules",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "expired on its way",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "unknown failure",
    }
}

fn refused(proxy: &Proxy, kind: Kind, detail: &str) -> Error {
    Error::new(kind, "go through the proxy").on(proxy.address()).detail(detail)
}

#[cfg(test)]
mod tests;
