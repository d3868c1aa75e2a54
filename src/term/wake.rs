//! A byte that wakes a thread out of `poll`: safe to send from any thread, never waits, never allocates.

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

/// The sending end.
#[derive(Clone, Debug)]
pub(super) struct Wake(Arc<UnixStream>);

/// The waiting end.
#[derive(Debug)]
pub(super) struct Woken(UnixStream);

/// Returns both ends.
pub(super) fn pair() -> io::Result<(Wake, Woken)> {
    let (a, b) = UnixStream::pair()?;
    a.set_nonblocking(true)?;
    b.set_nonblocking(true)?;
    Ok((Wake(Arc::new(a)), Woken(b)))
}

impl Wake {
    /// Wakes the other end; when its buffer is full it is awake already.
    pub(super) fn wake(&self) {
        let mut stream: &UnixStream = &self.0;
        stream.write_all(&[1]).ok();
    }
}

impl Woken {
    /// Takes the bytes that were sent.
    pub(super) fn drain(&self) {
        let mut stream = &self.0;
        let mut buf = [0_u8; 64];
        while stream.read(&mut buf).is_ok_and(|n| n > 0) {}
    }

    /// Returns the descriptor, for waiting.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
