//! The thread that takes the signals which concern the terminal and passes them on as inputs.
//!
//! SIGTERM, SIGINT, SIGQUIT and SIGHUP also start the last resort. Never does the work of a signal inside
//! a handler. Proven by the pty tests.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::{Handle, Signals as Stream};

use super::exit::LastResort;
use super::guard::Guard;
use super::input::{Input, Sink};

/// How long the program has to end by itself after SIGTERM.
const TERMINATE_LIMIT: Duration = Duration::from_secs(4);
/// The same after SIGHUP, whose sender expects a dead terminal.
const HANG_UP_LIMIT: Duration = Duration::from_millis(1500);

/// The signals' thread.
#[derive(Debug)]
pub(super) struct Signals {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
    away: Arc<AtomicBool>,
}

impl Signals {
    /// Installs the handlers and starts the thread.
    pub(super) fn start(guard: Arc<Guard>, sink: Sink, resort: LastResort) -> io::Result<Self> {
        let wanted = [SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH];
        let mut stream = Stream::new(wanted)?;
        let handle = stream.handle();
        let away = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&away);
        let work = move || {
            for signal in stream.forever() {
                take(signal, &guard, &sink, &resort, seen.load(Ordering::SeqCst));
            }
        };
        let thread = std::thread::Builder::new().name("term-signals".to_owned()).spawn(work)?;
        Ok(Self { handle, thread: Some(thread), away })
    }

    /// Notes that the terminal is another program's (`true`) or ours again.
    pub(super) fn away(&self, on: bool) {
        self.away.store(on, Ordering::SeqCst);
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
