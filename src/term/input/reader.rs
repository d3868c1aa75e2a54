//! The thread that reads the terminal. It sleeps in `poll`, so it can be stopped from reading at any
//! moment (another program then gets every key), and it sees the end of the terminal at once and does
//! not spin on it.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::decode::Decoder;
use super::{Input, Sink};
use crate::term::exit::LastResort;
use crate::term::guard::Guard;
use crate::term::sys::{self, Found, Want};
use crate::term::wake::{Wake, Woken};

/// The longest sleep: the terminal is looked at again even where `poll` does not report its end.
const LOOK: Duration = Duration::from_secs(1);
/// After this long without a byte, ESC is the key.
const ESCAPE_WAIT: Duration = Duration::from_millis(40);
/// After this long without a byte, a paste has ended without its mark.
const PASTE_WAIT: Duration = Duration::from_secs(2);
/// How long the program has to end by itself when the terminal is gone.
const HANG_UP_LIMIT: Duration = Duration::from_millis(1500);
/// The exit code after a hang-up: 128 and the number of SIGHUP.
pub(crate) const HANG_UP_CODE: i32 = 129;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Reading,
    PauseAsked,
    Paused,
    EndAsked,
    Ended,
}

#[derive(Debug)]
struct Control {
    phase: Mutex<Phase>,
    changed: Condvar,
}

impl Control {
    fn lock(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, phase: Phase) {
        *self.lock() = phase;
        self.changed.notify_all();
    }
}

/// The reading thread.
#[derive(Debug)]
pub(crate) struct Reader {
    control: Arc<Control>,
    wake: Wake,
    thread: Option<JoinHandle<()>>,
}

struct Worker {
    guard: Arc<Guard>,
    control: Arc<Control>,
    woken: Woken,
    sink: Sink,
    resort: LastResort,
    decoder: Decoder,
}

impl Reader {
    /// Starts the thread.
    pub(crate) fn start(
        guard: Arc<Guard>,
        (wake, woken): (Wake, Woken),
        sink: Sink,
        resort: LastResort,
    ) -> io::Result<Self> {
        let control = Arc::new(Control { phase: Mutex::new(Phase::Reading), changed: Condvar::new() });
        let worker =
            Worker { guard, control: Arc::clone(&control), woken, sink, resort, decoder: Decoder::default() };
        let thread = std::thread::Builder::new().name("term-input".to_owned()).spawn(move || worker.run())?;
        Ok(Self { control, wake, thread: Some(thread) })
    }

    /// Stops reading; when this returns `true`, no byte is taken from the terminal any more.
    pub(crate) fn pause(&self, limit: Duration) -> bool {
        {
            let mut phase = self.control.lock();
            if *phase == Phase::Reading {
                *phase = Phase::PauseAsked;
            }
        }
        self.wake.wake();
        let waiting = |p: &mut Phase| *p == Phase::PauseAsked;
        self.control
            .changed
            .wait_timeout_while(self.control.lock(), limit, waiting)
            .is_ok_and(|(_, wait)| !wait.timed_out())
    }

    /// Reads again.
    pub(crate) fn resume(&self) {
        let mut phase = self.control.lock();
        if matches!(*phase, Phase::Paused | Phase::PauseAsked) {
            *phase = Phase::Reading;
        }
        drop(phase);
        self.wake.wake();
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut phase = self.control.lock();
        if *phase != Phase::Ended {
            *phase = Phase::EndAsked;
        }
        drop(phase);
        self.wake.wake();
        // The sink may wait for someone who is gone; then the thread is left behind.
        let running = |p: &mut Phase| *p != Phase::Ended;
        let ended = self
            .control
            .changed
            .wait_timeout_while(self.control.lock(), Duration::from_millis(300), running)
            .is_ok_and(|(_, wait)| !wait.timed_out());
        if let Some(thread) = self.thread.take().filter(|_| ended) {
            thread.join().ok();
        }
    }
}

impl Worker {
    fn run(mut self) {
        loop {
            let asked = *self.control.lock();
            let paused = match asked {
                Phase::EndAsked | Phase::Ended => break,
                Phase::PauseAsked => {
                    // What was half typed belongs to nobody now.
                    self.decoder = Decoder::default();
                    self.control.set(Phase::Paused);
                    true
                }
                Phase::Paused => true,
                Phase::Reading => self.guard.tty().is_held(),
            };
            let want = if paused { Want::HangUp } else { Want::Read };
            let fds = [(self.guard.tty().fd(), want), (self.woken.fd(), Want::Read)];
            let Ok([tty, woken]) = sys::poll(fds, Some(self.patience())) else {
                self.hang_up();
                break;
            };
            if woken.readable {
                self.woken.drain();
                if self.guard.crashed() {
                    (self.sink)(Input::Crashed);
                    break;
                }
            }
            if !self.take(tty, woken.readable, paused) {
                self.hang_up();
                break;
            }
        }
        self.control.set(Phase::Ended);
    }

    fn patience(&self) -> Duration {
        match (self.decoder.is_pending(), self.decoder.in_paste()) {
            (false, _) => LOOK,
            (true, false) => ESCAPE_WAIT,
            (true, true) => PASTE_WAIT,
        }
    }

    /// Takes what is there; returns `false` when the terminal is gone.
    fn take(&mut self, tty: Found, woken: bool, paused: bool) -> bool {
        let Self { guard, decoder, sink, .. } = self;
        let mut out = |input| sink(input);
        if tty.readable && !guard.tty().is_held() {
            let mut buf = [0_u8; 4096];
            return match guard.tty().read(&mut buf) {
                Ok(0) => false,
                Ok(n) => {
                    decoder.feed(buf.get(..n).unwrap_or(&[]), &mut out);
                    true
                }
                Err(e) => matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted),
            };
        }
        if tty.hung_up {
            return false;
        }
        if !woken && !paused && decoder.is_pending() {
            decoder.idle(&mut out);
        }
        true
    }

    fn hang_up(&self) {
        // First the last resort: the sink may wait for a thread that hangs.
        self.resort.after(HANG_UP_LIMIT, HANG_UP_CODE);
        (self.sink)(Input::HangUp);
    }
}
