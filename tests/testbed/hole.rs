//! A way to a server that can be turned into a black hole: what is sent into it is taken and never arrives.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A proxy for bytes; it ends when it is dropped.
pub struct Hole {
    address: SocketAddr,
    open: watch::Sender<bool>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Hole {
    /// Starts one before a server on loopback.
    pub fn before(port: u16) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (open, state) = watch::channel(true);
        runtime.spawn(serve(listener, port, state));
        Self { address, open, runtime: Some(runtime) }
    }

    /// Returns its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Lets bytes through, or swallows them.
    pub fn let_through(&self, open: bool) {
        self.open.send_replace(open);
    }
}

impl Drop for Hole {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_millis(100));
        }
    }
}

async fn serve(listener: TcpListener, port: u16, state: watch::Receiver<bool>) {
    let state = Arc::new(state);
    while let Ok((near, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let mut open = (*state).clone();
            if open.wait_for(|open| *open).await.is_err() {
                return;
            }
            let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { return };
            let (near_read, near_write) = near.into_split();
            let (far_read, far_write) = far.into_split();
            tokio::join!(
                pass(near_read, far_write, (*state).clone()),
                pass(far_read, near_write, (*state).clone())
            );
        });
    }
}

/// Passes bytes on; while it is closed nothing moves, and nobody is told.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut open: watch::Receiver<bool>) {
    let mut buffer = vec![0; 65536];
    loop {
        let Ok(n) = from.read(&mut buffer).await else { return };
        if n == 0 {
            return;
        }
        if open.wait_for(|open| *open).await.is_err() || to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
}
