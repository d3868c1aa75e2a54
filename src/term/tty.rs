//! The terminal device: opened anew and non-blocking, so that neither a stalled link nor an unread key
//! can hold a thread, and so that our flags are not seen by the shell that shares its own descriptors.
//!
//! Owns the one place where bytes go out; never knows what they mean. A write that is told to stop marks
//! the stream as torn, and the next one starts with CAN, which ends a half-written sequence.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use ratatui_core::layout::Size;

use super::sys::{self, Termios, Want};

/// How long one wait for room lasts before the stop flag is looked at again.
const SLICE: Duration = Duration::from_millis(50);

/// The terminal device.
#[derive(Debug)]
pub struct Tty {
    file: File,
    /// Whether the last write was cut: a sequence may be half out.
    torn: Mutex<bool>,
    /// Frames stop at the next chunk while this is set.
    held: AtomicBool,
}

impl Tty {
    /// Opens the terminal of standard input or output, or the controlling one.
    pub fn open() -> io::Result<Self> {
        let mut names = Vec::new();
        let (stdin, stdout) = (io::stdin(), io::stdout());
        if stdin.is_terminal() {
            names.extend(sys::tty_name(stdin.as_fd()));
        }
        if stdout.is_terminal() {
            names.extend(sys::tty_name(stdout.as_fd()));
        }
        names.push("/dev/tty".into());
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for name in names {
            let flags = libc::O_NOCTTY | libc::O_NONBLOCK | libc::O_CLOEXEC;
            match OpenOptions::new().read(true).write(true).custom_flags(flags).open(name) {
                Ok(file) => return Ok(Self::of(file)),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Wraps a device that is open and non-blocking.
    pub fn of(file: File) -> Self {
        Self { file, torn: Mutex::new(false), held: AtomicBool::new(false) }
    }

    /// Returns the size in cells; zero where the terminal does not know.
    pub fn size(&self) -> io::Result<Size> {
        sys::size(self.fd())
    }

    /// Returns the line settings.
    pub fn termios(&self) -> io::Result<Termios> {
        Termios::get(self.fd())
    }

    /// Sets the line settings.
    pub fn set_termios(&self, termios: &Termios) -> io::Result<()> {
        termios.set(self.fd())
    }

    /// Throws away what was typed and not yet read.
    pub fn flush_input(&self) -> io::Result<()> {
        sys::flush_input(self.fd())
    }

    /// Returns the descriptor, for waiting.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Reads what is there; `WouldBlock` when there is nothing.
    pub fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        (&self.file).read(buf)
    }

    /// Returns whether the other side is gone.
    pub fn hung_up(&self) -> bool {
        sys::poll([(self.fd(), Want::HangUp)], Some(Duration::ZERO)).is_ok_and(|[f]| f.hung_up)
    }

    /// Makes frames stop at the next chunk (`true`) or lets them through again; meanwhile nothing is read
    /// either, for what is typed is no longer ours.
    pub fn hold(&self, on: bool) {
        self.held.store(on, Ordering::SeqCst);
    }

    /// Returns whether frames and keys are held.
    pub fn is_held(&self) -> bool {
        self.held.load(Ordering::SeqCst)
    }

    /// Writes a frame, however long the terminal takes, unless frames are held; returns whether all is out.
    pub fn write_frame(&self, bytes: &[u8]) -> io::Result<bool> {
        let mut torn = self.torn.lock().unwrap_or_else(PoisonError::into_inner);
        self.push(bytes, &mut torn, None)
    }

    /// Writes modes: also while frames are held, but for `limit` at most.
    pub fn write_modes(&self, bytes: &[u8], limit: Duration) -> io::Result<bool> {
        let end = Instant::now() + limit;
        match self.lock_until(end) {
            Some(mut torn) => self.push(bytes, &mut torn, Some(end)),
            // Someone died or hangs in the middle of a write: the modes matter more than the order.
            None => self.push(bytes, &mut true, Some(end + limit)),
        }
    }

    fn lock_until(&self, end: Instant) -> Option<MutexGuard<'_, bool>> {
        loop {
            match self.torn.try_lock() {
                Ok(guard) => return Some(guard),
                Err(TryLockError::Poisoned(e)) => return Some(e.into_inner()),
                Err(TryLockError::WouldBlock) if Instant::now() >= end => return None,
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    fn push(&self, bytes: &[u8], torn: &mut bool, end: Option<Instant>) -> io::Result<bool> {
        // CAN ends a half-written sequence, the rest a half-written synchronised update.
        let cured = torn.then(|| [b"\x18\x1b[?2026l", bytes].concat());
        let whole = cured.as_deref().unwrap_or(bytes);
        let mut rest = whole;
        while !rest.is_empty() {
            let stop = match end {
                Some(end) => Instant::now() >= end,
                None => self.is_held(),
            };
            if stop {
                *torn = *torn || rest.len() < whole.len();
                return Ok(false);
            }
            match (&self.file).write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => rest = rest.get(n..).unwrap_or(&[]),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    let [found] = sys::poll([(self.fd(), Want::Write)], Some(SLICE))?;
                    if found.hung_up && !found.writable {
                        return Err(io::ErrorKind::BrokenPipe.into());
                    }
                }
                Err(e) => return Err(e),
            }
        }
        *torn = false;
        Ok(true)
    }
}
