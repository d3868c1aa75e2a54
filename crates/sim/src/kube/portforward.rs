//! `pods/portforward` over a WebSocket, as kube-rs and newer clients speak it.
//!
//! Owns: the channels of the protocol `v4.channel.k8s.io` (and `v5`, which adds closing them): for
//! each port a data and an error channel, each opened by the port's number. Tested by a client.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::IntoResponse;
use bytes::{BufMut, Bytes, BytesMut};
use http::{Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::mpsc;

use super::answer;
use crate::cluster::status::ApiError;

/// Bytes that are read from a local server at once.
const CHUNK: usize = 16 * 1024;
/// Messages that wait for the client.
const WAITING: usize = 64;
/// The channel by which `v5` closes others.
const CLOSE: u8 = 255;

/// Returns the ports of a request: `?ports=1,2` or `?ports=1&ports=2`.
pub fn ports(query: &str) -> Vec<u16> {
    url::form_urlencoded::parse(query.as_bytes())
        .filter(|(k, _)| k == "ports")
        .flat_map(|(_, v)| v.split(',').filter_map(|p| p.trim().parse().ok()).collect::<Vec<u16>>())
        .collect()
}

/// Answers a request to forward ports to addresses; `None` is a port that leads nowhere.
pub async fn serve(request: Request<Body>, to: Vec<(u16, Option<SocketAddr>)>) -> Response<Body> {
    let (mut parts, _) = request.into_parts();
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &()).await else {
        return answer::refusal(&ApiError::bad_request("unable to upgrade: unable to negotiate protocol"));
    };
    upgrade
        .protocols(["v5.channel.k8s.io", "v4.channel.k8s.io"])
        .on_upgrade(move |socket| run(socket, to))
        .into_response()
}

async fn run(mut socket: WebSocket, to: Vec<(u16, Option<SocketAddr>)>) {
    let (out, mut outbox) = mpsc::channel::<(u8, Bytes)>(WAITING);
    let mut writers = Vec::new();
    for (n, (port, address)) in to.iter().enumerate() {
        let Ok(channel) = u8::try_from(n * 2) else { return };
        for c in [channel, channel + 1] {
            if send(&mut socket, c, &port.to_le_bytes()).await.is_err() {
                return;
            }
        }
        let stream = match address {
            Some(address) => TcpStream::connect(address).await.map_err(|e| e.to_string()),
            None => Err("connection refused".to_owned()),
        };
        match stream {
            Ok(stream) => {
                let (read, write) = stream.into_split();
                tokio::spawn(pump(read, channel, out.clone()));
                writers.push(Some(write));
            }
            Err(why) => {
                let text = format!(
                    "error forwarding port {port} to pod: failed to connect to localhost:{port} inside namespace: {why}"
                );
                if send(&mut socket, channel + 1, text.as_bytes()).await.is_err() {
                    return;
                }
                writers.push(None);
            }
        }
    }
    drop(out);
    loop {
        tokio::select! {
            message = socket.recv() => match message {
                Some(Ok(Message::Binary(bytes))) => {
                    let Some((channel, data)) = bytes.split_first() else { continue };
                    if *channel == CLOSE {
                        if let Some(slot) = data.first().and_then(|c| writers.get_mut(usize::from(c / 2))) {
                            *slot = None;
                        }
                        continue;
                    }
                    let Some(Some(writer)) = writers.get_mut(usize::from(channel / 2)) else { continue };
                    if writer.write_all(data).await.is_err() {
                        return;
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Text(_))) => {}
                _ => return,
            },
            message = outbox.recv() => {
                let Some((channel, data)) = message else {
                    // Every local connection is at its end: so is the forwarding.
                    if let Err(error) = socket.send(Message::Close(None)).await {
                        tracing::debug!(%error, "the client of a forwarded port is gone");
                    }
                    return;
                };
                if send(&mut socket, channel, &data).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn send(socket: &mut WebSocket, channel: u8, data: &[u8]) -> Result<(), axum::Error> {
    let mut frame = BytesMut::with_capacity(data.len() + 1);
    frame.put_u8(channel);
    frame.put_slice(data);
    socket.send(Message::Binary(frame.freeze())).await
}

async fn pump(mut from: OwnedReadHalf, channel: u8, out: mpsc::Sender<(u8, Bytes)>) {
    let mut buffer = vec![0; CHUNK];
    loop {
        match from.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(n) => {
                let data = Bytes::copy_from_slice(buffer.get(..n).unwrap_or_default());
                if out.send((channel, data)).await.is_err() {
                    return;
                }
            }
        }
    }
}
