//! The thread that writes frames, with a slot for one: a terminal that does not read lowers the rate of
//! frames and never holds keys or data.
//!
//! Knows nothing of what it writes. Tested with a terminal of its own that can be blocked.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Writes one frame; returns whether all of it is out (`false`: it was told to stop).
pub(super) type Out = Box<dyn FnMut(&[u8]) -> io::Result<bool> + Send>;

/// What has been written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Bytes.
    pub bytes: u64,
    /// Frames.
    pub frames: u64,
}

#[derive(Debug)]
enum Slot {
    /// Nothing to write; the buffer of the last frame, to be used again.
    Idle(Vec<u8>),
    /// A frame waits.
    Full(Vec<u8>),
    /// A frame is being written.
    Writing,
    /// The terminal is gone.
    Failed,
    /// The thread is to end.
    End,
}

#[derive(Debug)]
struct State {
    slot: Slot,
    /// Someone looked while a frame was under way and wants to be told.
    asked: bool,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    bytes: AtomicU64,
    frames: AtomicU64,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The writing thread.
#[derive(Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread; `ready` is called when a frame is out that [`Writer::ready`] had found under way.
    pub(super) fn start(out: Out, ready: Box<dyn Fn() + Send>) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State { slot: Slot::Idle(Vec::new()), asked: false }),
            changed: Condvar::new(),
            bytes: AtomicU64::new(0),
            frames: AtomicU64::new(0),
        });
        let worker = Arc::clone(&shared);
        let work = move || run(&worker, out, &ready);
        let thread = std::thread::Builder::new().name("term-writer".to_owned()).spawn(work)?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Returns an empty buffer when the last frame is out, else `None`, and `ready` will be called.
    pub(super) fn take_buffer(&self) -> Option<Vec<u8>> {
        let mut state = self.shared.lock();
        match &mut state.slot {
            Slot::Idle(buffer) => Some(std::mem::take(buffer)),
            Slot::Full(_) | Slot::Writing => {
                state.asked = true;
                None
            }
            Slot::Failed | Slot::End => None,
        }
    }

    /// Returns whether the last frame is out.
    pub(super) fn ready(&self) -> bool {
        matches!(self.shared.lock().slot, Slot::Idle(_))
    }

    /// Gives a frame to the thread; returns `false`, and drops it, when the slot is taken.
    pub(super) fn submit(&self, frame: Vec<u8>) -> bool {
        let mut state = self.shared.lock();
        if !matches!(state.slot, Slot::Idle(_)) {
            return false;
        }
        state.slot = if frame.is_empty() { Slot::Idle(frame) } else { Slot::Full(frame) };
        drop(state);
        self.shared.changed.notify_all();
        true
    }

    /// Waits until the last frame is out, for `limit` at most; returns whether it is.
    pub(super) fn drain(&self, limit: Duration) -> bool {
        let busy = |s: &mut State| matches!(s.slot, Slot::Full(_) | Slot::Writing);
        self.shared
            .changed
            .wait_timeout_while(self.shared.lock(), limit, busy)
            .is_ok_and(|(_, wait)| !wait.timed_out())
    }

    /// Returns what has been written so far.
    pub(super) fn written(&self) -> Written {
        Written {
            bytes: self.shared.bytes.load(Ordering::Relaxed),
            frames: self.shared.frames.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Whoever drops it has drained or held the terminal: the write, if any, ends soon.
        let mut state = self.shared.lock();
        let busy = matches!(state.slot, Slot::Writing);
        state.slot = Slot::End;
        drop(state);
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take().filter(|_| !busy) {
            thread.join().ok();
        }
    }
}

fn run(shared: &Shared, mut out: Out, ready: &(dyn Fn() + Send)) {
    loop {
        let mut state = shared
            .changed
            .wait_while(shared.lock(), |s| matches!(s.slot, Slot::Idle(_)))
            .unwrap_or_else(PoisonError::into_inner);
        let Slot::Full(frame) = std::mem::replace(&mut state.slot, Slot::Writing) else {
            state.slot = Slot::End;
            return;
        };
        drop(state);
        let outcome = out(&frame);
        if outcome.is_ok() {
            shared.bytes.fetch_add(frame.len() as u64, Ordering::Relaxed);
            shared.frames.fetch_add(1, Ordering::Relaxed);
        }
        let mut state = shared.lock();
        if matches!(state.slot, Slot::End) {
            return;
        }
        let mut frame = frame;
        frame.clear();
        state.slot = if outcome.is_ok() { Slot::Idle(frame) } else { Slot::Failed };
        let tell = std::mem::take(&mut state.asked) && outcome.is_ok();
        drop(state);
        shared.changed.notify_all();
        if tell {
            ready();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_secs(10);

    /// A writer whose terminal takes a frame only when the test lets it.
    fn gated() -> (Writer, mpsc::Sender<()>, mpsc::Receiver<Vec<u8>>, mpsc::Receiver<()>) {
        let (go, gate) = mpsc::channel::<()>();
        let (seen, frames) = mpsc::channel();
        let (told, ready) = mpsc::channel();
        let out: Out = Box::new(move |bytes| {
            gate.recv().map_err(io::Error::other)?;
            seen.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(true)
        });
        let writer = Writer::start(out, Box::new(move || told.send(()).unwrap_or(()))).unwrap();
        (writer, go, frames, ready)
    }

    #[test]
    fn a_blocked_terminal_holds_one_frame_and_no_caller() {
        let (writer, go, frames, ready) = gated();
        assert!(writer.submit(b"one".to_vec()));
        assert_eq!((writer.ready(), writer.take_buffer()), (false, None));
        assert!(!writer.submit(b"two".to_vec()));
        assert!(!writer.drain(Duration::from_millis(1)));
        go.send(()).unwrap();
        ready.recv_timeout(LONG).unwrap();
        assert!(writer.ready());
        assert_eq!(frames.recv_timeout(LONG).unwrap(), b"one");
        assert!(writer.submit(b"three".to_vec()));
        go.send(()).unwrap();
        assert!(writer.drain(LONG));
        assert_eq!(frames.recv_timeout(LONG).unwrap(), b"three");
        assert_eq!(writer.written(), Written { bytes: 8, frames: 2 });
    }

    #[test]
    fn a_terminal_that_is_gone_ends_the_writing_and_not_the_program() {
        let out: Out = Box::new(|_| Err(io::ErrorKind::BrokenPipe.into()));
        let writer = Writer::start(out, Box::new(|| {})).unwrap();
        assert!(writer.submit(b"x".to_vec()));
        assert!(writer.drain(LONG));
        assert_eq!((writer.ready(), writer.submit(b"y".to_vec())), (false, false));
        assert_eq!(writer.written(), Written::default());
    }
}
