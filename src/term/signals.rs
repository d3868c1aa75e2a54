//! The thread that takes the signals which concern the terminal and passes them on as inputs.
//!
//! SIGTERM, SIGINT, SIGQUIT and SIGHUP also start the last resort. Never does the work of a signal inside
//! a handler. Proven by the pty tests.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::{Handle, Signals as Stream};
use signal_hook::low_level::raise;

use super::exit::LastResort;
use super::guard::Guard;
use super::input::{Input, Sink};

/// How long the program has to end by itself after SIGTERM.
const TERMINATE_LIMIT: Duration = Duration::from_secs(4);
/// The same after SIGHUP, whose sender expects a dead terminal.
const HANG_UP_LIMIT: Duration = Duration::from_millis(1500);

/// How long is waited for the thread to look at what has arrived.
const LOOK_LIMIT: Duration = Duration::from_secs(1);

/// The signals' thread.
#[derive(Debug)]
pub(super) struct Signals {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
    away: Arc<AtomicBool>,
    looks: Arc<Looks>,
}

/// How often the thread has looked at all signals there are.
#[derive(Debug, Default)]
struct Looks {
    count: Mutex<u64>,
    changed: Condvar,
}

impl Looks {
    fn count(&self) -> u64 {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self) {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_all();
    }

    /// Waits until there are more than `before`, for a while.
    fn wait_beyond(&self, before: u64) {
        let count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.changed.wait_timeout_while(count, LOOK_LIMIT, |count| *count <= before));
    }
}

impl Signals {
    /// Installs the handlers and starts the thread.
    pub(super) fn start(guard: Arc<Guard>, sink: Sink, resort: LastResort) -> io::Result<Self> {
        let wanted = [SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH];
        let mut stream = Stream::new(wanted)?;
        let handle = stream.handle();
        let away = Arc::new(AtomicBool::new(false));
        let looks = Arc::new(Looks::default());
        let (seen, looked) = (Arc::clone(&away), Arc::clone(&looks));
        let work = move || {
            while !stream.is_closed() {
                for signal in stream.wait() {
                    take(signal, &guard, &sink, &resort, seen.load(Ordering::SeqCst));
                }
                looked.add();
            }
        };
        let thread = std::thread::Builder::new().name("term-signals".to_owned()).spawn(work)?;
        Ok(Self { handle, thread: Some(thread), away, looks })
    }

    /// Notes that the terminal is another program's (`true`) or ours again.
    pub(super) fn away(&self, on: bool) {
        if !on {
            self.take_what_came();
        }
        self.away.store(on, Ordering::SeqCst);
    }

    /// Returns when everything that has arrived is taken: a key of the other program must not be taken for a wish to end
    /// us because the thread comes to it late.
    fn take_what_came(&self) {
        // The thread may be in the midst of a look, and past what has arrived: then the second one is whole.
        for _ in 0..2 {
            let before = self.looks.count();
            if raise(SIGWINCH).is_ok() {
                self.looks.wait_beyond(before);
            }
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.handle.close();
        // Not joined when the sink may be waiting for this very thread.
        if let Some(thread) = self.thread.take().filter(JoinHandle::is_finished) {
            thread.join().ok();
        }
    }
}

fn take(signal: i32, guard: &Arc<Guard>, sink: &Sink, resort: &LastResort, away: bool) {
    match signal {
        SIGHUP => {
            resort.after(HANG_UP_LIMIT, 128 + signal);
            sink(Input::HangUp);
        }
        // Keys of the other program: the terminal sends them to the whole group.
        SIGINT | SIGQUIT if away => {}
        SIGTERM | SIGINT | SIGQUIT => {
            resort.after(TERMINATE_LIMIT, 128 + signal);
            sink(Input::Terminate(signal));
        }
        SIGTSTP if !away => sink(Input::Stop),
        SIGCONT if !away => {
            // Stopped by someone who did not ask (SIGSTOP): the shell has set its own modes since.
            guard.reenter().ok();
            sink(Input::Continued);
        }
        SIGWINCH if !away => {
            if let Ok(size) = guard.tty().size() {
                sink(Input::Resize(size));
            }
        }
        _ => {}
    }
}
